"""``history``: lists the runs that an output directory remembers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.command.choosing import with_output
from conformance.command.saying import print_json, say

if TYPE_CHECKING:
    from conformance.model import Past

BARS = "▁▂▃▄▅▆▇█"
LAST = 30
"""Maximum number of runs listed per target."""
NAMED = 5
"""Maximum number of new, and of gone, causes listed per run."""
UNSTABLE = 10
"""Maximum number of unstable causes listed."""


@click.command()
@click.option("--rebuild", is_flag=True, help="Rebuild the history from the stored runs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_output
def history(rebuild: bool, as_json: bool, output: Path) -> None:
    """List the runs in the history of an output directory, with the causes that came and went.

    A run that --keep removed stays in the history until you use --rebuild.
    """
    from conformance.log import convert
    from conformance.run import history_file as histories

    past = histories.rebuild(output) if rebuild else histories.read(output)
    if as_json:
        print_json([convert.to_json(each) for each in past])
    elif past:
        say("\n".join(lines(past)))
    else:
        say(f"{output / histories.NAME} contains no runs.")


def lines(past: Sequence[Past]) -> Iterator[str]:
    """The runs as text, grouped by target and scope, oldest first; of each group the LAST ones.

    A run that could not be judged also counts as having the causes of the run before it, so no
    cause is gone in it, or new after it. Its own line shows what it stored.
    """
    from conformance.model import with_carried_causes

    for (target, scope), runs in groupby(
        sorted(past, key=_target_and_scope), key=_target_and_scope
    ):
        listed = list(runs)
        runs_to_compare = with_carried_causes(listed)[-LAST:]
        yield f"{target} ({scope})"
        yield f"  causes: {_bars([len(run.causes) for run in runs_to_compare])}"
        before: Past | None = None
        for stored, to_compare in zip(listed[-LAST:], runs_to_compare, strict=True):
            yield _line(stored)
            if before is not None:
                yield from _changes(before, to_compare)
            before = to_compare
        yield from _unstable(runs_to_compare)
        yield ""


def _target_and_scope(past: Past) -> tuple[str, str]:
    """The target and scope, which two comparable runs have in common."""
    return past.target, past.scope


def _line(past: Past) -> str:
    """One line: name, exit code, number of causes, and cells by verdict."""
    words = [f"  {past.run}", f"exit {past.exit_code}", f"causes {len(past.causes):>3}"]
    if past.stopped:
        words.append("ended early")
    for verdict, count in past.counts.items():
        if count:
            words.append(f"{count:,} {verdict}")
    return "  ".join(words)


def _changes(before: Past, now: Past) -> Iterator[str]:
    """Lines for the causes that are new in the run ``now``, and for those that are gone.

    At most NAMED of each are listed, and the rest are counted.
    """
    from conformance.base.text import clean
    from conformance.base.values import without

    changed = {
        "new": without(now.causes, before.causes),
        "gone": without(before.causes, now.causes),
    }
    for word, causes in changed.items():
        for words in list(causes.values())[:NAMED]:
            yield f"    {word}: {clean(words)}"
        if len(causes) > NAMED:
            yield f"    {word}: and {len(causes) - NAMED} more"


def _bars(figures: Sequence[int]) -> str:
    """A bar for each figure, scaled to the highest one."""
    top = max([*figures, 1])
    return "".join(BARS[(len(BARS) - 1) * figure // top] for figure in figures)


def _unstable(runs: Sequence[Past]) -> Iterator[str]:
    """A line for each cause that keeps appearing and disappearing over some runs.

    At most UNSTABLE are listed, and the rest are counted.
    """
    from conformance.base.text import amount, clean
    from conformance.model import flips

    described: dict[str, str] = {}
    for run in runs:
        described |= run.causes
    changing = flips([run.causes for run in runs])
    for cause, count in list(changing.items())[:UNSTABLE]:
        many = amount(len(runs), "run")
        yield f"  unstable: {clean(described[cause])} changed {count} times in {many}"
    if len(changing) > UNSTABLE:
        yield f"  and {len(changing) - UNSTABLE} more unstable causes"
