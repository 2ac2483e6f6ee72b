"""``rerun``: sends again what a stored run found broken, and says what has become of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.command.choosing import with_target, with_yes
from conformance.command.commands import load
from conformance.command.concluding import terminal
from conformance.command.preparing import embedded, prepared_for, sent
from conformance.command.saying import say
from conformance.command.storedruns import LATEST, RUN
from conformance.errors import Exit, UsageError
from conformance.options import Choice

if TYPE_CHECKING:
    from conformance.model import Cell, Exchange, Run
    from conformance.run.planning import Prepared

OUTPUT = Path("reports/rerun")
FIXED, STILL, UNJUDGED = "fixed", "still broken", "could not be judged"
FEW = 3
"""Findings of a cell that are shown again."""
WRITES = 10
"""Writes before a finding that are sent again with it."""
CODES = {FIXED: Exit.CONFORMS, STILL: Exit.VIOLATED, UNJUDGED: Exit.UNJUDGED}


@click.command()
@click.argument("what", metavar="CAUSE|CLAUSE|CELL")
@click.option(
    "--of", "found_in", type=RUN, default=LATEST, show_default=True, help="The run that found it."
)
@with_target
@with_yes
def rerun(what: str, found_in: Path, choice: Choice, yes: bool) -> int:
    """Send again what showed a failure, to the same target, and say whether it is fixed.

    CAUSE is the number or the id of a cause in the report, CELL such as status-404[read_call]. Give
    the target and its keys as for the run. Exit codes: 0 fixed, 1 still broken, 3 could not judge.
    """
    from conformance.run import runfile
    from conformance.run.storing import store
    from conformance.text import amount

    stored = runfile.replay(found_in, load(choice.spec)).run
    cells = broken(stored, what)
    choice = replace(choice, seed=stored.seed, depth=stored.depth)
    with embedded(choice) as server:
        prepared = _narrowed(prepared_for(choice, server), stored, cells)
        run, directory = sent(prepared, OUTPUT, terminal(), embedded=bool(server), yes=yes)
    store(run, prepared.selected, directory)
    outcomes = list(compared(cells, run))
    for outcome, cell, why in outcomes:
        say(f"{outcome}: {cell}{why}")
    counts = Counter(outcome for outcome, _, _ in outcomes)
    say(", ".join(f"{amount(count, 'cell')} {outcome}" for outcome, count in counts.items()))
    say(f"Report: {directory / 'report.html'}")
    return next(CODES[outcome] for outcome in (STILL, UNJUDGED, FIXED) if counts[outcome])


def broken(run: Run, what: str) -> list[Cell]:
    """The cells with findings that a cause, a clause or a name means. Raises UsageError for none.

    A cause is named by its number, from 1, or by its id.
    """
    names = {what}
    for number, cause in enumerate(run.causes, 1):
        if what in (str(number), cause.id):
            names.update(cause.cells)
    meant = [cell for cell in run.broken if not names.isdisjoint((cell.name, cell.clause))]
    if not meant:
        raise UsageError(
            f"Nothing of {what} is broken in that run; its report has the numbers and the ids of "
            "its causes, and the names of broken clauses"
        )
    return meant


def _narrowed(prepared: Prepared, stored: Run, cells: Sequence[Cell]) -> Prepared:
    """What is to be sent for some cells: the cases whose exchanges showed them broken.

    Writes to the same objects come with them. What the target file does not allow any more, and
    what it does not have, is not sent.
    """
    from conformance.plan import Plan

    findings = chain.from_iterable(cell.findings[:FEW] for cell in cells)
    shown = chain.from_iterable(map(attrgetter("exchanges"), findings))
    exchanges = list(filter(None, map(stored.exchange.get, shown)))
    wanted = set(map(attrgetter("case"), [*exchanges, *_writes_before(stored, exchanges)]))
    plan = Plan(tuple(case for case in prepared.plan.cases if case.id in wanted))
    return replace(prepared, plan=plan, chosen=plan)


def _writes_before(run: Run, shown: Sequence[Exchange]) -> list[Exchange]:
    """The last writes before some exchanges that name what these name.

    They may have done what the exchanges show, such as to move an object to another business.
    """
    from conformance.report.origins import values_of

    if not shown:
        return []
    named = set(chain.from_iterable(map(values_of, shown))) - set(run.target.businesses.values())
    before = run.exchanges[: run.exchanges.index(shown[-1])]
    writes = filter(lambda exchange: exchange.request.method != "GET", before)
    return [write for write in writes if not named.isdisjoint(values_of(write))][-WRITES:]


def compared(before: Sequence[Cell], run: Run) -> Iterator[tuple[str, str, str]]:
    """What became of each broken cell: the outcome, the name of the cell, and why."""
    from conformance.model import Verdict
    from conformance.report import view

    now = {cell.name: cell for cell in run.cells}
    for old in before:
        cell = now.get(old.name)
        if cell is None:
            yield UNJUDGED, old.name, ": nothing that shows it could be sent"
        elif cell.findings:
            yield STILL, cell.name, f": {view.message(cell)}"
        elif cell.verdict is Verdict.PASSED:
            yield FIXED, cell.name, ""
        else:
            yield UNJUDGED, cell.name, f": {view.message(cell)}"
