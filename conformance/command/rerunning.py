"""``rerun``: repeats the requests that showed a failure, and reports whether it is fixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.base.errors import Exit, UsageError
from conformance.base.options import Choice
from conformance.command.choosing import with_target, with_yes
from conformance.command.commands import load
from conformance.command.concluding import placed, terminal
from conformance.command.preparing import embedded, execute, prepared_for
from conformance.command.replay import LATEST, RUN
from conformance.command.sametarget import require_consistent, require_same, require_same_server
from conformance.command.saying import say

if TYPE_CHECKING:
    from conformance.model import Case, Cause, Exchange, Run
    from conformance.run.fates import Sought
    from conformance.run.planning import Prepared

STORED = "rerun"
"""The directory for repeated requests, beside the run that found the failure."""
SPREAD = 1.0
"""Seconds over which repeated spot checks are spread."""
WRITES = 10
"""Number of preceding writes that are sent again with a finding."""


@click.command()
@click.argument("what", metavar="CAUSE|CLAUSE|CELL")
@click.option(
    "--of", "found_in", type=RUN, default=LATEST, show_default=True, help="The run that found it."
)
@with_target
@with_yes
def rerun(what: str, found_in: Path, choice: Choice, yes: bool) -> int:
    """Repeat the requests that showed a failure, on the same target, and report if it is fixed.

    CAUSE is the number or the id of a cause in the report; a CELL looks like status-404[read_call].
    Specify the target and its keys as for the run. Exit codes: 0 fixed, 1 still broken, 3 could not
    be judged or no longer tested.
    """
    from conformance.base.text import amount
    from conformance.run import runfile
    from conformance.run.fates import Fate, fates_of

    stored = placed(runfile.replay(found_in, load(choice.spec)).run, found_in)
    sought = broken(stored, what)
    _require_target(stored, choice, what)
    choice = replace(choice, seed=stored.seed, depth=stored.depth, edition=stored.contract.edition)
    with embedded(choice) as server:
        prepared = _with_spot_plan(prepared_for(choice, server), stored)
        if server:
            require_same_server(stored, prepared.target.declaration)
        else:
            require_same(stored, prepared.target.declaration.url)
        run, directory = _run_and_store(
            _narrowed(prepared, stored, sought), found_in.parent / STORED, yes
        )
    counts: Counter[Fate] = Counter()
    for each, fate, why in fates_of(sought, stored, run):
        counts[fate] += 1
        reason = f": {why}" if why else ""
        say(f"{fate}: {each.cell.name}{reason}")
    summary = ", ".join(f"{amount(count, 'cell')} {fate}" for fate, count in counts.items())
    where = ", on the embedded server" if server else ""
    say(f"{_title(stored, what)}{summary}{where}")
    if directory:
        say(f"Report: {directory / 'report.html'}")
    if counts[Fate.STILL]:
        return Exit.VIOLATED
    return Exit.CONFORMS if set(counts) == {Fate.FIXED} else Exit.UNJUDGED


def _require_target(stored: Run, choice: Choice, what: str) -> None:
    """Raise UsageError if no target is given, unless the run used the embedded server."""
    from conformance.report import rerun as reports
    from conformance.report import view

    require_consistent(stored)
    if choice.url or choice.target or reports.is_embedded(stored):
        return
    raise UsageError(
        f"That run tested {view.shown(stored.target.url)}. "
        "Specify that target and its keys, as for the run:\n"
        f"  {reports.command(stored, what)}"
    )


def _cause_of(run: Run, what: str) -> Cause | None:
    """The cause that a number, from 1, or an id stands for; None for anything else."""
    for number, cause in enumerate(run.causes, 1):
        if what in (str(number), cause.id):
            return cause
    return None


def _title(run: Run, what: str) -> str:
    """The title of the cause that ``what`` names, and a colon; empty if it names no cause."""
    from conformance.report import view

    cause = _cause_of(run, what)
    return f"{view.shown(cause.title)}: " if cause else ""


def broken(run: Run, what: str) -> list[Sought]:
    """The broken cells that a cause, a clause or the name of a cell stands for.

    A cause is named by its number, from 1, or by its id. Raises UsageError if nothing matches.
    """
    from conformance.run.fates import sought_in_cells, sought_of_cause

    cause = _cause_of(run, what)
    if cause:
        return sought_of_cause(run, cause)
    meant = [cell for cell in run.broken if what in (cell.name, cell.clause)]
    if not meant:
        raise UsageError(
            f"Nothing that matches {what} is broken in that run. Its report lists the numbers and "
            "ids of its causes, and the broken clauses."
        )
    return sought_in_cells(run, meant)


def _run_and_store(prepared: Prepared, output: Path, yes: bool) -> tuple[Run, Path | None]:
    """Execute a prepared run and store it below ``output``; returns the judged run and its place.

    If no case can run, nothing is sent, and there is no directory.
    """
    from conformance.run.preflight import require_key
    from conformance.run.storing import store

    require_key(prepared.target)
    if not prepared.chosen.runnable:
        return prepared.begun(datetime.now(UTC), require_complete=False), None
    run, directory = execute(prepared, output, terminal(), yes=yes)
    run = placed(run, directory)
    store(run, prepared.selected, directory)
    return run, directory


def _with_spot_plan(prepared: Prepared, stored: Run) -> Prepared:
    """The prepared run, with the plan of the stored one if that is a run of spot checks."""
    from conformance.run import spots

    if stored.spread is None or stored.selection is None:
        return prepared
    target, budget = spots.as_plain_client(prepared.target), stored.selection.budget
    plans = spots.plans_for(prepared.contract, target.declaration, stored.seed, budget)
    spread = replace(stored.spread, seconds=SPREAD)
    return replace(prepared, target=target, plan=plans.plan, chosen=plans.chosen, spread=spread)


def _narrowed(prepared: Prepared, stored: Run, sought: Sequence[Sought]) -> Prepared:
    """The plan reduced to the cases that showed some cells broken, and those of earlier writes.

    The earlier writes are the last ones to the same objects. What the target file no longer allows
    or provides is not sent. A case that a quick run cuts short runs to its end, because some cells
    pass only then.
    """
    from conformance.plan.build import Plan

    shown_by = [exchange for each in sought for exchange in each.first_exchanges(stored)]
    wanted = {exchange.case for exchange in [*shown_by, *_writes_before(stored, shown_by)]}
    cases = [case for case in prepared.plan.cases if case.id in wanted]
    if any(case.at_most for case in cases):
        uncut = _uncut_cases(prepared)
        cases = [uncut.get(case.id, case) if case.at_most else case for case in cases]
    plan = Plan(tuple(cases))
    return replace(prepared, plan=plan, chosen=plan)


def _uncut_cases(prepared: Prepared) -> dict[str, Case]:
    """The cases of the suite for the target by id, none of them cut short. Some may not run."""
    from conformance.base.options import Depth
    from conformance.run.planning import planned

    choice, target = prepared.choice, prepared.target
    depth = Depth(choice.depth)
    plan = planned(prepared.contract, target.declaration, choice.seed, depth, target.budget)
    return {case.id: case for case in plan.cases}


def _writes_before(run: Run, shown: Sequence[Exchange]) -> list[Exchange]:
    """Before the last of some exchanges, the last WRITES writes that name something they name.

    Such a write may have caused what they show, for example by moving an object to another
    business. A write that only names the same business does not count.
    """
    from conformance.causes.origins import values_of

    if not shown:
        return []
    named = {value for exchange in shown for value in values_of(exchange)}
    named -= set(run.target.businesses.values())
    before = run.exchanges[: run.exchanges.index(shown[-1])]
    writes = [exchange for exchange in before if exchange.request.method != "GET"]
    related = [write for write in writes if not named.isdisjoint(values_of(write))]
    return related[-WRITES:]
