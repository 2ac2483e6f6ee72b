"""``history``: lists the runs that an output directory remembers."""

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
"""Maximum number of runs listed per target."""
UNSTABLE = 10
"""Maximum number of unstable cells listed."""


@click.command()
@click.option("--rebuild", is_flag=True, help="Rebuild the history from the stored runs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_output
def history(rebuild: bool, as_json: bool, output: Path) -> None:
    """List the runs in the history of an output directory, and the cells that keep changing.

    A run that --keep removed stays in the history until you use --rebuild.
    """
    from conformance.log import convert
    from conformance.run import history_file as histories

    past = histories.rebuild(output) if rebuild else histories.read(output)
    if as_json:
        hand_out([convert.to_json(each) for each in past])
    elif past:
        say("\n".join(lines(past)))
    else:
        say(f"{output / histories.NAME} contains no runs.")


def lines(past: Sequence[Past]) -> Iterator[str]:
    """The runs as text, grouped by target and scope, oldest first."""
    for (target, scope), runs in groupby(sorted(past, key=_kind), key=_kind):
        shown = list(runs)[-LAST:]
        yield f"{target} ({scope})"
        yield f"  failed: {_drawn([run.counts.get('failed', 0) for run in shown])}"
        yield from (_line(each) for each in shown)
        yield from _unstable(shown)
        yield ""


def _kind(past: Past) -> tuple[str, str]:
    """The target and scope, which two comparable runs have in common."""
    return past.target, past.scope


def _line(past: Past) -> str:
    """One line: name, exit code, number of causes, and cells by verdict."""
    words = [f"  {past.run}", f"exit {past.exit_code}", f"causes {len(past.causes):>3}"]
    for verdict, count in past.counts.items():
        if count:
            words.append(f"{count:,} {verdict}")
    return "  ".join(words)


def _drawn(figures: Sequence[int]) -> str:
    """A bar per figure, scaled to the highest."""
    top = max([*figures, 1])
    return "".join(BARS[(len(BARS) - 1) * figure // top] for figure in figures)


def _unstable(runs: Sequence[Past]) -> Iterator[str]:
    """A line for each cell whose result keeps changing over some runs."""
    from conformance.base.text import amount
    from conformance.model import flips

    changing = flips([run.broken for run in runs])
    for name, count in list(changing.items())[:UNSTABLE]:
        yield f"  unstable: {name} changed {count} times in {amount(len(runs), 'run')}"
    if len(changing) > UNSTABLE:
        yield f"  and {len(changing) - UNSTABLE} more unstable cells"
