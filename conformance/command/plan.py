"""The plan of a run, as text and as data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from statistics import mode
from typing import Any

from conformance import checks
from conformance.base.options import Depth
from conformance.base.text import amount
from conformance.judging import verdict
from conformance.judging.coverage import OVER_BUDGET
from conformance.log.evidence import Log
from conformance.model import Case, Cell, mildest_first
from conformance.plan.build import Plan
from conformance.plan.leaves import Leaves, expected
from conformance.plan.selection import judged, wanted
from conformance.report import curve
from conformance.run.lanes import lanes
from conformance.run.planning import Prepared
from conformance.run.session import OWN_MS

NAME = 28
"""Columns for the name of an area or a scenario."""
SEVERAL = ""
"""Replaces the area of a case that feeds no rule of its own."""
RESPONSES = (10, 100, 300)
"""Response times in milliseconds for which the duration is estimated."""


def all_as_data(prepared: Prepared) -> dict[str, Any]:
    """The chosen cases as data, with what they leave on the target and spend there."""
    left = left_by(prepared)
    return as_data(prepared.chosen) | {"leaves": left.objects, "spends": left.spent}


def as_data(plan: Plan) -> dict[str, Any]:
    """The cases in order, and the expected number of requests by effect."""
    return {
        "cases": [_case_as_data(case) for case in plan.cases],
        "requests": {effect.value: count for effect, count in plan.requests().items()},
    }


def _case_as_data(case: Case) -> dict[str, Any]:
    """A case as data: also why it cannot run or, if it can, what it lacks to try more."""
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
    """The plan as text, by area; optionally with every scenario and case."""
    chosen = prepared.chosen
    lines = [
        prepared.announcement,
        "",
        f"{'':<{NAME}}{'cases':>6}{'run':>6}{'requests':>10}  effects",
    ]
    for title, cases in _by_area(prepared).items():
        lines.append(_row(title, cases))
        if with_cases:
            lines += _scenarios(cases)
    gaps = [case.gap for case in chosen.cases if case.gap]
    lacks = [advice for case in chosen.runnable for advice in case.lacks]
    missing = [*_counted("Not run:", gaps), *_counted("Run, but would try more:", lacks)]
    return "\n".join([*lines, "", *_sums(prepared), *missing])


def _by_area(prepared: Prepared) -> dict[str, list[Case]]:
    """The cases by the title of the area whose rules they feed most, in the order of the areas.

    A case that feeds no rule of its own is among "Several areas", because the rules for every
    response judge it.
    """
    area_of: dict[str, str] = {}
    for clause in prepared.contract.clauses.values():
        for rule in clause.rules:
            area_of.setdefault(rule, clause.area)
    titles = {**prepared.contract.areas, SEVERAL: "Several areas"}
    groups: dict[str, list[Case]] = {title: [] for title in titles.values()}
    for case in prepared.chosen.cases:
        areas = [area_of[rule] for rule in case.rules if rule in area_of]
        area = mode(areas) if areas else SEVERAL
        groups[titles[area]].append(case)
    return {title: cases for title, cases in groups.items() if cases}


def _scenarios(cases: list[Case]) -> Iterator[str]:
    """A row for each scenario, and a line for each of its cases."""
    of_scenario: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        of_scenario[case.scenario].append(case)
    for name, alike in of_scenario.items():
        yield _row(f"  {name}", alike)
        for case in alike:
            yield _case_line(case)


def _row(name: str, cases: list[Case]) -> str:
    """A row of the table: the number of cases, and of those that run, with their requests.

    At its end are the effects of the cases that run.
    """
    runnable = Plan(tuple(cases)).runnable
    effects = mildest_first({case.effect for case in runnable})
    requests = sum(case.cost for case in runnable)
    return (
        f"{name:<{NAME}}{len(cases):>6,}{len(runnable):>6,}{requests:>10,}"
        f"  {', '.join(effects) or '-'}"
    )


def _case_line(case: Case) -> str:
    if case.gap:
        return f"    {case.id}  untested: {case.gap}"
    return f"    {case.id}"


def _sums(prepared: Prepared) -> list[str]:
    """Lines about the whole plan: cases, cells, requests, time, and what a run leaves or spends."""
    chosen = prepared.chosen
    clauses = wanted(prepared.contract, prepared.choice.areas, prepared.choice.clauses)
    cells = _cells(prepared, {clause.id for clause in clauses})
    return [
        f"{len(chosen.runnable)} of {len(chosen.cases)} cases run, "
        f"covering {len(cells)} cells of {len(clauses)} clauses",
        requests(prepared),
        duration(prepared),
        *leavings(prepared),
        *bounds(prepared),
    ]


def requests(prepared: Prepared) -> str:
    """The approximate number of requests of a run, and those of each effect, as text."""
    counts = prepared.chosen.requests()
    each = [f"{count:,} {effect}" for effect, count in counts.items() if count]
    return f"about {amount(sum(counts.values()), 'request')}: {', '.join(each) or 'none'}"


def left_by(prepared: Prepared) -> Leaves:
    """What a run leaves on its target and spends there."""
    reuse, turns = prepared.choice.reuse is not None, prepared.choice.turns
    return expected(prepared.chosen.runnable, reuse=reuse, turns=turns)


def leavings(prepared: Prepared) -> Iterator[str]:
    """What a run leaves that the API cannot delete, and its accepted requests that cost money."""
    found = left_by(prepared)
    if found.objects:
        kinds = [amount(count, kind) for kind, count in found.objects.items()]
        yield f"leaves about {', '.join(kinds)}, which the API cannot delete"
    if found.spent:
        spent = [f"{count:,} {operation}" for operation, count in found.spent.items()]
        yield f"spends about {', '.join(spent)}"


def duration(prepared: Prepared) -> str:
    """The time that a run takes, as text, for each response time in RESPONSES.

    It is in minutes, or in seconds if two response times give the same number of minutes. The suite
    spends a fixed time on each request. Only the waits for responses overlap, of cases that run at
    the same time.
    """
    lane_of = lanes(prepared.contract, prepared.chosen.runnable)
    own_seconds, seconds_per_ms = 0.0, 0.0
    for case in prepared.chosen.runnable:
        own_seconds += case.cost * OWN_MS / 1000
        seconds_per_ms += case.cost / lane_of[case.id].usual_overlap(prepared.workers) / 1000
    seconds = {ms: own_seconds + seconds_per_ms * ms for ms in RESPONSES}
    minutes = {ms: max(1, round(long / 60)) for ms, long in seconds.items()}
    differ_in_minutes = len(set(minutes.values())) == len(minutes)
    if differ_in_minutes:
        times = [f"{amount(long, 'minute')} at {ms} ms" for ms, long in minutes.items()]
    else:
        times = [
            f"{amount(max(1, round(long)), 'second')} at {ms} ms" for ms, long in seconds.items()
        ]
    return f"takes about {', '.join(times)} per response"


def bounds(prepared: Prepared) -> Iterator[str]:
    """Lines on what limits a run: the clauses that its budget covers, and the time by its rate.

    If only a part of the plan for the packaged contract runs, although the user chose no areas,
    clauses or shard, a line says what so few requests can show.
    """
    target, chosen = prepared.target, prepared.chosen
    left_out = sum(case.gap == OVER_BUDGET for case in chosen.cases)
    if left_out:
        clauses = amount(len(judged(chosen, prepared.contract)), "clause")
        cases = amount(left_out, "case")
        yield f"the budget of {target.budget:,} requests covers {clauses}; {cases} will not run"
    choice = prepared.choice
    is_part = left_out or choice.depth == Depth.QUICK
    is_narrowed = choice.areas or choice.clauses or choice.shard
    if is_part and prepared.contract.packaged and not is_narrowed:
        yield curve.standing(sum(chosen.requests().values()))
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
    """A heading, then each piece of advice with its number of cases, most frequent first.

    Nothing without advice.
    """
    counts = Counter(advice).most_common()
    if not counts:
        return []
    return ["", heading, *(f"  {count:>4}  {text}" for text, count in counts)]
