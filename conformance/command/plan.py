"""The plan of a run, as text and as data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from conformance import checks
from conformance.base.text import amount
from conformance.judging import verdict
from conformance.judging.coverage import OVER_BUDGET
from conformance.log.evidence import Log
from conformance.model import Case, Cell, mildest_first
from conformance.plan.build import Plan
from conformance.plan.selection import judged, wanted
from conformance.run.planning import Prepared


def as_data(plan: Plan) -> dict[str, Any]:
    """The cases in order, and the expected number of requests by effect."""
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
    """The plan as text, optionally with every case."""
    chosen = prepared.chosen
    lines = [
        prepared.announcement,
        "",
        f"{'scenario':<26}{'cases':>6}{'run':>6}{'requests':>10}  effects",
    ]
    of_scenario: dict[str, list[Case]] = defaultdict(list)
    for case in chosen.cases:
        of_scenario[case.scenario].append(case)
    for name, cases in of_scenario.items():
        lines.append(_scenario_row(name, Plan(tuple(cases))))
        if with_cases:
            lines += [_case_line(case) for case in cases]
    gaps = [case.gap for case in chosen.cases if case.gap]
    lacks = [advice for case in chosen.runnable for advice in case.lacks]
    missing = [*_counted("Not run:", gaps), *_counted("Run, but would try more:", lacks)]
    return "\n".join([*lines, "", *_sums(prepared), *missing])


def _scenario_row(name: str, cases: Plan) -> str:
    effects = mildest_first({case.effect for case in cases.runnable})
    requests = sum(case.cost for case in cases.runnable)
    return (
        f"{name:<26}{len(cases.cases):>6}{len(cases.runnable):>6}{requests:>10}"
        f"  {', '.join(effects) or '-'}"
    )


def _case_line(case: Case) -> str:
    if case.gap:
        return f"    {case.id}  untested: {case.gap}"
    return f"    {case.id}"


def _sums(prepared: Prepared) -> list[str]:
    chosen = prepared.chosen
    clauses = wanted(prepared.contract, prepared.choice.areas, prepared.choice.clauses)
    cells = _cells(prepared, {clause.id for clause in clauses})
    return [
        f"{len(chosen.runnable)} of {len(chosen.cases)} cases run, "
        f"covering {len(cells)} cells of {len(clauses)} clauses",
        requests(prepared),
        *bounds(prepared),
    ]


def requests(prepared: Prepared) -> str:
    """The approximate number of requests of a run, and those of each effect, as text."""
    counts = prepared.chosen.requests()
    each = [f"{count:,} {effect}" for effect, count in counts.items() if count]
    return f"about {amount(sum(counts.values()), 'request')}: {', '.join(each) or 'none'}"


def bounds(prepared: Prepared) -> Iterator[str]:
    """How the budget and the rate limit a run: the clauses that fit, and the time it takes."""
    target, chosen = prepared.target, prepared.chosen
    left_out = sum(case.gap == OVER_BUDGET for case in chosen.cases)
    if left_out:
        clauses = amount(len(judged(chosen, prepared.contract)), "clause")
        cases = amount(left_out, "case")
        yield f"the budget of {target.budget:,} requests covers {clauses}; {cases} will not run"
    if target.rate:
        minutes = sum(chosen.requests().values()) / target.rate / 60
        yield f"at {target.rate:g} requests per second this takes at least {minutes:,.1f} minutes"


def _cells(prepared: Prepared, clauses: Collection[str]) -> list[Cell]:
    """The cells of some clauses, before anything is sent."""
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
    """A heading, then each piece of advice with its number of cases, most frequent first."""
    counts = Counter(advice).most_common()
    if not counts:
        return []
    return ["", heading, *(f"  {count:>4}  {text}" for text, count in counts)]
