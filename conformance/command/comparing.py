"""``compare`` and ``--baseline``: what changed between two stored runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.base.errors import Exit
from conformance.command.choosing import with_spec
from conformance.command.commands import load
from conformance.command.replay import RUN
from conformance.command.saying import hand_out, say

if TYPE_CHECKING:
    from conformance.model import Cause, Contract, Run
    from conformance.run.comparison import Comparison

NAMED = 10
"""Maximum number of cells listed per kind of change."""
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

    Both logs are judged again by the current contract. Exit code 1 if a cell fails that did not
    fail before.
    """
    found = comparison(older, newer, load(spec))
    if form == "json":
        hand_out(as_data(found))
    else:
        say("\n".join(markdown(found) if form else lines(found)))
    return int(bool(found.broken))


def require_run(directory: Path) -> None:
    """Raise UsageError if a directory does not hold a run."""
    from conformance.run import runfile

    runfile.before(directory)


def since(baseline: Path, directory: Path, contract: Contract, finished: Run) -> int:
    """Print what changed from a baseline to the run ``finished``, stored in ``directory``.

    Returns 1 if there are new failures, else the exit code of the run without its failures.
    """
    found = comparison(baseline, directory, contract)
    say("\n".join(["", f"Since {baseline}:", *lines(found)]))
    return Exit.VIOLATED if found.broken else finished.code_but_for_failures


def comparison(older: Path, newer: Path, contract: Contract) -> Comparison:
    """What changed between two stored runs. Raises UsageError if one of them is not a run."""
    from conformance.run import runfile
    from conformance.run.comparison import compared

    after = runfile.replay(newer, contract).run
    again = runfile.replay(older, contract).run
    declared = runfile.replay(older, contract, after.target).run
    return compared(runfile.before(older), again, declared, after)


def lines(found: Comparison) -> Iterator[str]:
    """The comparison as text: causes first, then cells grouped by their change."""
    yield from _of_causes("New", found.new)
    yield from _of_causes("Fixed", found.fixed)
    yield from _of_causes("Still there", found.still)
    alike: dict[str, list[str]] = defaultdict(list)
    for cell in found.cells:
        verdicts = f"{cell.before or 'not planned'} -> {cell.after or 'not planned'}"
        alike[f"{cell.change}, by the {cell.by}"].append(f"{cell.name}: {verdicts}")
    for title, cells in alike.items():
        yield f"{title}: {len(cells)}"
        yield from _first_of(cells)
        if len(cells) > NAMED:
            yield f"  and {len(cells) - NAMED} more"
    if not found.cells:
        yield "No verdict changed."


def _of_causes(title: str, causes: tuple[Cause, ...]) -> Iterator[str]:
    """A title with the number of causes, then a line for each of the first few."""
    from conformance.base.text import amount

    if causes:
        yield f"{title}: {amount(len(causes), 'cause')}"
        yield from _first_of([_words(cause) for cause in causes])


def _first_of(texts: Sequence[str]) -> list[str]:
    return [f"  {text}" for text in texts[:NAMED]]


def _words(cause: Cause) -> str:
    from conformance.run.history_file import words

    return f"{cause.id} {words(cause)}"


def markdown(found: Comparison) -> Iterator[str]:
    """The comparison as a Markdown page for a ticket: the causes, and a table of cells."""
    from conformance.report.markdown import inert

    yield "# What changed"
    yield ""
    for title, causes in (("New", found.new), ("Fixed", found.fixed), ("Still", found.still)):
        for cause in causes:
            yield f"- {title}: {inert(_words(cause))}"
    if not found.cells:
        yield "No verdict changed."
        return
    yield ""
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
    }
