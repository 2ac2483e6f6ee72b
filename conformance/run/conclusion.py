"""Turns a log into a judged Run, for live runs and replays alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from conformance import __version__, checks
from conformance.base.garbage import gc_disabled
from conformance.base.text import amount
from conformance.causes import causes_of
from conformance.causes.doubts import certain_first
from conformance.judging import verdict
from conformance.judging.judge import Judgements
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
    """A run before its first request: everything that a replay needs, without cells.

    ``contract`` is adapted to the target by ``target.with_collections``. Waivers apply as of the
    day ``today``.
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


@gc_disabled()
def finished(
    run: Run,
    log: Log,
    *,
    ended: str,
    selected: frozenset[str] | None,
    known: Judgements | None = None,
) -> Run:
    """The run judged by its log.

    ``selected`` holds the ids of the cases that were to run, None for all. ``known`` holds the
    judgements made during the run, which are not made again.
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
    judged = replace(
        run,
        finished=ended,
        incomplete=log.incomplete or why_unfinished(Plan(run.cases), log, selected),
        cells=cells,
        exchanges=exchanges,
        log_head=log.chain.head,
        setup=log.setup,
        causes=causes_of(contract, cells, exchanges),
    )
    return replace(judged, causes=certain_first(judged))


def why_unfinished(plan: Plan, log: Log, selected: frozenset[str] | None) -> str | None:
    """A sentence if some selected cases have no end in the log, which makes a run incomplete.

    None if all of them have one. A case with void exchanges counts as having none. ``selected``
    holds the ids of the cases; None means all.
    """
    runnable = {case.id for case in plan.runnable}
    chosen = runnable if selected is None else runnable & selected
    unfinished = len(chosen - log.without_void.ends.keys())
    if not unfinished:
        return None
    return f"{amount(unfinished, 'chosen case')} did not run to the end, according to the log."
