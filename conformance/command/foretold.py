"""What a run would do: the plan for people, and the same as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import chain
from typing import Any

from conformance import checks
from conformance.evidence import Log
from conformance.judging import verdict
from conformance.model import Case, Cell, Effect
from conformance.plan import Plan
from conformance.run.planning import Prepared
from conformance.selection import wanted


def as_data(plan: Plan) -> dict[str, Any]:
    """The cases in their order, and the usual number of requests by safety class."""
    return {
        "cases": [_case_as_data(case) for case in plan.cases],
        "requests": {effect.value: count for effect, count in plan.requests().items()},
    }


def _case_as_data(case: Case) -> dict[str, Any]:
    members = {
        "id": case.id,
        "scenario": case.scenario,
        "operation": case.operation,
        "rules": list(case.rules),
        "effect": case.effect.value,
        "requests": case.cost,
    }
    if case.gap:
        members["untested"] = case.gap
    elif case.lacks:
        members["lacks"] = list(case.lacks)
    return members


def text(prepared: Prepared, with_cases: bool) -> str:
    """What a run would do, as text, on request with every case."""
    contract, chosen = prepared.contract, prepared.chosen
    lines = [
        f"{contract.title} {contract.version} against {prepared.target.declaration.url}",
        "",
        f"{'scenario':<26}{'cases':>6}{'run':>6}{'requests':>10}  effects",
    ]
    for name in dict.fromkeys(case.scenario for case in chosen.cases):
        cases = [case for case in chosen.cases if case.scenario == name]
        lines.append(_scenario_row(name, cases))
        if with_cases:
            lines += [_case_line(case) for case in cases]
    gaps = _counted("Not run:", (case.gap for case in chosen.cases if case.gap))
    lacks = _counted("Run, and would try more:", chain(*(case.lacks for case in chosen.runnable)))
    return "\n".join([*lines, "", *_sums(prepared), *gaps, *lacks])


def _scenario_row(name: str, cases: Iterable[Case]) -> str:
    cases = list(cases)
    runnable = [case for case in cases if not case.gap]
    present = {case.effect for case in runnable}
    effects = ", ".join(effect for effect in Effect if effect in present) or "-"
    requests = sum(case.cost for case in runnable)
    return f"{name:<26}{len(cases):>6}{len(runnable):>6}{requests:>10}  {effects}"


def _case_line(case: Case) -> str:
    return f"    {case.id}  untested: {case.gap}" if case.gap else f"    {case.id}"


def _sums(prepared: Prepared) -> list[str]:
    """The numbers of cases, cells, clauses and requests."""
    chosen = prepared.chosen
    clauses = wanted(prepared.contract, prepared.choice.areas, prepared.choice.clauses)
    cells = len(_cells(prepared, {clause.id for clause in clauses}))
    requests = [f"{count} {effect}" for effect, count in chosen.requests().items() if count]
    return [
        f"{len(chosen.runnable)} of {len(chosen.cases)} cases run, "
        f"for {cells} cells of {len(clauses)} clauses",
        f"requests, about: {', '.join(requests) or 'none'}",
    ]


def _cells(prepared: Prepared, clauses: Collection[str]) -> list[Cell]:
    """The cells of some clauses, as a run that sends nothing has them."""
    cells = verdict.cells(
        prepared.contract,
        prepared.target.declaration,
        checks.RULES,
        prepared.chosen.cases,
        Log(),
        today=verdict.ANY_DAY,
    )
    return [cell for cell in cells if cell.clause in clauses]


def _counted(heading: str, advice: Iterable[str]) -> list[str]:
    """The advice below a heading, each with its number of cases, the most frequent first."""
    counts = Counter(advice).most_common()
    if not counts:
        return []
    return ["", heading, *(f"  {count:>4}  {text}" for text, count in counts)]
