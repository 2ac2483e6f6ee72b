"""``compare``, and the baseline of a run: what changed from one stored run to another."""

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
"""Cells of one kind that are named."""
ROWS = 200
"""Cells in a table."""


@click.command()
@click.argument("older", type=RUN)
@click.argument("newer", type=RUN)
@click.option("--json", "form", flag_value="json", help="As JSON.")
@click.option("--markdown", "form", flag_value="markdown", help="As a page of Markdown.")
@with_spec
def compare(older: Path, newer: Path, form: str | None, spec: Path | None) -> int:
    """Say what changed from one stored run to another, and who changed it.

    Both logs are judged again by the present contract. Exit code 1 if a cell fails that did not.
    """
    found = comparison(older, newer, load(spec))
    if form == "json":
        hand_out(as_data(found))
    else:
        say("\n".join(markdown(found) if form else lines(found)))
    return int(bool(found.broken))


def require_run(directory: Path) -> None:
    """Raise UsageError for a directory that holds no run."""
    from conformance.run import runfile

    runfile.before(directory)


def since(baseline: Path, directory: Path, contract: Contract, finished: Run) -> int:
    """Say what changed since a baseline, up to the run ``finished`` in a directory.

    Returns 1 for new failures, else the exit code that the run has but for its failures.
    """
    found = comparison(baseline, directory, contract)
    say("\n".join(["", f"Since {baseline}:", *lines(found)]))
    return Exit.VIOLATED if found.broken else finished.code_but_for_failures


def comparison(older: Path, newer: Path, contract: Contract) -> Comparison:
    """What changed from one stored run to another. Raises UsageError for one that is none."""
    from conformance.run import runfile
    from conformance.run.comparison import compared

    after = runfile.replay(newer, contract).run
    again = runfile.replay(older, contract).run
    declared = runfile.replay(older, contract, after.target).run
    return compared(runfile.before(older), again, declared, after)


def lines(found: Comparison) -> Iterator[str]:
    """What changed, for people: causes first, then cells by what became of them."""
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
    """A title with the number of some causes, and a line for each of the first."""
    if causes:
        yield f"{title}: {len(causes)} of the causes"
        yield from _first_of([_words(cause) for cause in causes])


def _first_of(texts: Sequence[str]) -> list[str]:
    """The first few of some texts, each on a line of its own."""
    return [f"  {text}" for text in texts[:NAMED]]


def _words(cause: Cause) -> str:
    """A cause on one line."""
    from conformance.run.history_file import words

    return f"{cause.id} {words(cause)}"


def markdown(found: Comparison) -> Iterator[str]:
    """What changed, as a page for a ticket: the causes, and a table of cells."""
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
    """What changed, for programs."""
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
