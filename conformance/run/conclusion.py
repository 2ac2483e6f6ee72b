"""A log becomes a Run: the one place where a live run and a replay meet."""

from __future__ import annotations

from datetime import date

from conformance import __version__, checks
from conformance.evidence import Log
from conformance.judging import verdict
from conformance.model import Contract, Declaration, Run
from conformance.plan import Plan


def finished(
    contract: Contract,
    target: Declaration,
    plan: Plan,
    log: Log,
    *,
    seed: int,
    started: str,
    ended: str,
    today: date,
    selected: frozenset[str] | None,
    require_complete: bool,
) -> Run:
    """The judged run that a log holds.

    ``contract`` is the contract as the target has it, from ``target.named``. ``selected`` are the
    ids of the cases that were to run, None for all. Waivers count as on the day ``today``.
    """
    cells = verdict.cells(
        contract, target, checks.RULES, plan.cases, log, today=today, selected=selected
    )
    return Run(
        contract=contract,
        suite=__version__,
        seed=seed,
        target=target,
        started=started,
        finished=ended,
        judged_on=today.isoformat(),
        incomplete=log.incomplete,
        cases=plan.cases,
        cells=cells,
        exchanges=tuple(log.exchanges),
        require_complete=require_complete,
    )
