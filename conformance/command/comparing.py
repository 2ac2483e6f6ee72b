"""``compare`` and ``--baseline``: what changed between two stored runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.base.options import Choice
from conformance.command.choosing import with_spec
from conformance.command.commands import load
from conformance.command.replay import RUN, opened_fitting
from conformance.command.saying import print_json, say

if TYPE_CHECKING:
    from conformance.model import Cause, Run
    from conformance.run.comparison import Comparison
    from conformance.run.runfile import Opened

NAMED = 10
"""Maximum number of causes, and of cells, listed per kind of change."""
ROWS = 200
"""Maximum number of cells in a table."""


@click.command()
@click.argument("older", type=RUN)
@click.argument("newer", type=RUN)
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--markdown", "form", flag_value="markdown", help="Print a Markdown page.")
@with_spec
def compare(older: Path, newer: Path, form: str | None, spec: Path | None) -> int:
    """Show what changed from one stored run to another, and what caused each change.

    Logs are judged again by the current contract, which takes some seconds. Exit code 1 if a cell
    fails that did not fail before.
    """
    from conformance.run import runfile

    contract = load(spec)
    first, second = (runfile.open_run(each, contract) for each in (older, newer))
    with _judging("newer", second):
        after = second.judged()
    found = comparison(first, after)
    if form == "json":
        print_json(as_data(found))
    else:
        say("\n".join(markdown(found) if form == "markdown" else lines(found)))
    return int(bool(found.broken))


def opened_baseline(directory: Path, choice: Choice) -> Opened:
    """A stored run to compare with. Raises UsageError if a directory does not hold one."""
    return opened_fitting(directory, load(choice.spec, choice.challenges))


def with_baseline(finished: Run, older: Opened, directory: Path) -> tuple[Run, Comparison]:
    """A finished run with the stored run in ``directory`` as its baseline, and what changed.

    Prints what changed from one to the other.
    """
    from conformance.model import Baseline

    found = comparison(older, finished)
    say("\n".join([f"Since {directory}:", *lines(found), ""]))
    return replace(finished, baseline=Baseline(directory.name, len(found.broken))), found


def comparison(older: Opened, after: Run) -> Comparison:
    """What changed from a stored run to a judged one.

    If anything changed, the log of the stored run is judged again. If the declarations differ, this
    log is also judged with the declaration of the judged run, ``after``. This tells changes of the
    contract and of the declaration from changes of the target.
    """
    from conformance.run.comparison import UNCHANGED, compare, is_unchanged, judged_alike

    if is_unchanged(older.results, after):
        return UNCHANGED
    with _judging("older", older):
        again = older.judged()
        alike = judged_alike(again.target, after.target)
        declared = again if alike else older.judged(after.target)
    return compare(older.results, again, declared, after)


@contextmanager
def _judging(which: str, opened: Opened) -> Iterator[None]:
    """On a terminal, show on stderr that a run is being judged."""
    from rich.console import Console

    what = f"Judging the {which} run again: {len(opened.log.exchanges):,} exchanges"
    with Console(stderr=True).status(what):
        yield


def lines(found: Comparison) -> Iterator[str]:
    """The comparison as text: causes first, then cells grouped by their change."""
    from conformance.base.text import amount
    from conformance.run.history_file import words

    for kind, causes in kinds(found).items():
        yield from _first_of([f"{kind}: {words(cause)}" for cause in causes], f"{kind}: ")
    lines_by_change: dict[str, list[str]] = defaultdict(list)
    for cell in found.cells:
        verdicts = f"{cell.before or 'not planned'} -> {cell.after or 'not planned'}"
        lines_by_change[f"{cell.change}, by the {cell.by}"].append(f"  {cell.name}: {verdicts}")
    for title, cells in lines_by_change.items():
        yield f"{title}: {amount(len(cells), 'cell')}"
        yield from _first_of(cells, "  ")
    if not found.cells:
        yield "No verdict changed."


def kinds(found: Comparison) -> dict[str, tuple[Cause, ...]]:
    """The causes under headings that say whether they are new, fixed or still there."""
    return {"New": found.new, "Fixed": found.fixed, "Still there": found.still}


def _first_of(texts: Sequence[str], prefix: str) -> Iterator[str]:
    """The first NAMED texts and, if there are more, a line with the prefix that counts them."""
    yield from texts[:NAMED]
    if len(texts) > NAMED:
        yield f"{prefix}and {len(texts) - NAMED} more"


def markdown(found: Comparison) -> Iterator[str]:
    """The comparison as a Markdown page for a ticket: the causes, and a table of cells."""
    from conformance.report.markdown import inert
    from conformance.run.history_file import words

    yield "# What changed"
    yield ""
    for kind, causes in kinds(found).items():
        for cause in causes:
            yield f"- {kind}: {inert(words(cause))}"
        if causes:
            yield ""
    if not found.cells:
        yield "No verdict changed."
        return
    yield "| Cell | Before | After | Change | By |"
    yield "|---|---|---|---|---|"
    for cell in found.cells[:ROWS]:
        before, after = cell.before or "not planned", cell.after or "not planned"
        yield f"| {inert(cell.name)} | {before} | {after} | {cell.change} | {cell.by} |"
    if len(found.cells) > ROWS:
        yield ""
        yield f"and {len(found.cells) - ROWS} more cells."


def as_data(found: Comparison) -> dict[str, Any]:
    """The comparison as data for JSON."""
    from conformance.run.history_file import words

    return {
        "cells": [
            {
                "name": cell.name,
                "before": cell.before,
                "after": cell.after,
                "change": cell.change,
                "by": cell.by,
            }
            for cell in found.cells
        ],
        "causes": {
            "new": [cause.id for cause in found.new],
            "fixed": [cause.id for cause in found.fixed],
            "still": [cause.id for cause in found.still],
        },
        "titles": {cause.id: words(cause) for causes in kinds(found).values() for cause in causes},
    }
