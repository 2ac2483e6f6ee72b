"""``history``: the runs of a directory of runs, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.command.choosing import with_output
from conformance.command.saying import hand_out, say

if TYPE_CHECKING:
    from conformance.model import Past

BARS = "▁▂▃▄▅▆▇█"
LAST = 30
"""Runs of a target that are listed."""
UNSTABLE = 10
"""Unstable cells that are named."""


@click.command()
@click.option("--rebuild", is_flag=True, help="Rebuild the history from the stored runs.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@with_output
def history(rebuild: bool, as_json: bool, output: Path) -> None:
    """List the runs that a directory remembers, and the cells that keep changing.

    A run that --keep has removed stays in the history, until --rebuild.
    """
    from conformance.log import convert
    from conformance.run import history_file as histories

    past = histories.rebuild(output) if rebuild else histories.read(output)
    if as_json:
        hand_out([convert.to_json(each) for each in past])
    elif past:
        say("\n".join(lines(past)))
    else:
        say(f"{output / histories.NAME} holds no run.")


def lines(past: Sequence[Past]) -> Iterator[str]:
    """The runs for people: by target and scope, oldest first."""
    for (target, scope), runs in groupby(sorted(past, key=_kind), key=_kind):
        shown = list(runs)[-LAST:]
        yield f"{target} ({scope})"
        yield f"  failed: {_drawn([run.counts.get('failed', 0) for run in shown])}"
        yield from (_line(each) for each in shown)
        yield from _unstable(shown)
        yield ""


def _kind(past: Past) -> tuple[str, str]:
    """What must be equal for two runs to be compared."""
    return past.target, past.scope


def _line(past: Past) -> str:
    """One run: its name, its exit code, its causes, and its cells by verdict."""
    words = [f"  {past.run}", f"exit {past.exit_code}", f"causes {len(past.causes):>3}"]
    for verdict, count in past.counts.items():
        if count:
            words.append(f"{count:,} {verdict}")
    return "  ".join(words)


def _drawn(figures: Sequence[int]) -> str:
    """Figures as bars, the highest as high as a letter."""
    top = max([*figures, 1])
    return "".join(BARS[(len(BARS) - 1) * figure // top] for figure in figures)


def _unstable(runs: Sequence[Past]) -> Iterator[str]:
    """The cells that changed to and fro over some runs."""
    from conformance.base.text import amount
    from conformance.model import flips

    changing = flips([run.broken for run in runs])
    for name, count in list(changing.items())[:UNSTABLE]:
        yield f"  unstable: {name} changed {count} times, over {amount(len(runs), 'run')}"
    if len(changing) > UNSTABLE:
        yield f"  and {len(changing) - UNSTABLE} more unstable cells"
