"""A log becomes a Run: the one place where a live run and a replay meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from conformance import __version__, checks
from conformance.base.text import amount
from conformance.causes import causes_of
from conformance.judging import verdict
from conformance.judging.judge import Known
from conformance.log.evidence import CUT_OFF, Log
from conformance.model import Case, Contract, Declaration, Run
from conformance.plan.build import Plan


def begun(
    contract: Contract,
    target: Declaration,
    cases: tuple[Case, ...],
    *,
    seed: int,
    depth: str,
    started: str,
    today: date,
    require_complete: bool,
) -> Run:
    """A run before its first request: all that a replay needs, and no cell.

    ``contract`` is the contract as the target has it, from ``target.named``. Waivers count as on
    the day ``today``.
    """
    return Run(
        contract=contract,
        suite=__version__,
        seed=seed,
        depth=depth,
        target=target,
        started=started,
        finished=started,
        judged_on=today.isoformat(),
        incomplete=CUT_OFF,
        cases=cases,
        cells=(),
        exchanges=(),
        require_complete=require_complete,
    )


def finished(
    run: Run,
    log: Log,
    *,
    ended: str,
    selected: frozenset[str] | None,
    known: Known | None = None,
) -> Run:
    """The run that began, judged by what its log holds.

    ``selected`` are the ids of the cases that were to run, None for all. What is ``known`` of the
    log was judged while the run went on.
    """
    contract, today = run.contract, date.fromisoformat(run.judged_on)
    cells = verdict.cells(
        contract,
        run.target,
        checks.RULES,
        run.cases,
        log,
        today=today,
        selected=selected,
        known=known,
    )
    exchanges = tuple(log.exchanges)
    return replace(
        run,
        finished=ended,
        incomplete=log.incomplete or _without_end(_unended(Plan(run.cases), log, selected)),
        cells=cells,
        exchanges=exchanges,
        setup=log.setup,
        causes=causes_of(contract, cells, exchanges),
    )


def _unended(plan: Plan, log: Log, selected: frozenset[str] | None) -> int:
    """How many of the chosen cases have no end in the log."""
    runnable = {case.id for case in plan.runnable}
    chosen = runnable if selected is None else runnable & selected
    return len(chosen - log.judged.ends.keys())


def _without_end(cases: int) -> str | None:
    """Why a run is incomplete whose log lacks the end of some cases; None if it lacks none."""
    if not cases:
        return None
    return (
        f"{amount(cases, 'chosen case')} ran in part or not at all: the log holds no end of them."
    )
