"""Selects the cases of a plan: by clause or area, or as many as a budget of requests allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import chain

from conformance.base.errors import UsageError
from conformance.base.text import nearest
from conformance.judging.rules import RULES
from conformance.model import Case, Clause, Contract, Level
from conformance.plan.build import Plan
from conformance.plan.order import QUICK, Due, cut, ordered, within
from conformance.plan.values import learnt

FEW = 8
"""A MUST clause that takes at most this many requests is judged by every quick run."""
SHARED = 58
"""The requests of a budget that are left for what several cases share."""
SHARED_OF_FEW = 0.3
"""The largest share of a budget that is left for what several cases share."""
LATER = 1_000
"""The number of requests within which every MUST clause is judged on one operation."""


def wanted(
    contract: Contract, areas: tuple[str, ...], clauses: tuple[str, ...]
) -> tuple[Clause, ...]:
    """The named clauses and those of the named areas, or all clauses if nothing is named.

    They are in the order of the ledger. Raises UsageError for an unknown name.
    """
    known_areas = f"The areas are {', '.join(contract.areas)}."
    _check_names("area", areas, contract.areas, known_areas)
    listing = "List them with `kaicalls-conformance clauses`."
    _check_names("clause", clauses, contract.clauses, listing)
    if not areas and not clauses:
        return tuple(contract.clauses.values())
    named = [c for c in contract.clauses.values() if c.area in areas or c.id in clauses]
    return tuple(named)


def _check_names(noun: str, names: Iterable[str], known: Collection[str], advice: str) -> None:
    """Raise UsageError for the first unknown name."""
    for name in names:
        if name not in known:
            suggestion = nearest(name, known)
            raise UsageError(f"There is no {noun} {name}{suggestion}. {advice}")


def select(plan: Plan, contract: Contract, clauses: tuple[Clause, ...]) -> Plan:
    """The cases that verify some clauses, in the order of the plan.

    For all clauses this is the whole plan, including cases that feed no clause.
    """
    if len(clauses) == len(contract.clauses):
        return plan
    chosen: list[Case] = []
    for case in plan.cases:
        if any(_verifies(case, contract, clause) for clause in clauses):
            chosen.append(case)
    return Plan(tuple(chosen))


def _verifies(case: Case, contract: Contract, clause: Clause) -> bool:
    """Whether a case may verify a clause.

    It must feed a trial rule of the clause. If all rules of the clause are passive, any case of an
    operation to which one of them applies is enough.
    """
    trial_rules = [rule for rule in clause.rules if RULES[rule].trial]
    if trial_rules:
        return _feeds(case, clause, trial_rules)
    operation = contract.operations.get(case.operation)
    if operation is None:
        return False
    return any(RULES[rule].applies(contract, operation, clause) for rule in clause.rules)


def _feeds(case: Case, clause: Clause, rules: Iterable[str]) -> bool:
    """Whether a case feeds one of the rules of a clause, for the code or status of the clause."""
    if set(rules).isdisjoint(case.rules):
        return False
    return clause.concerns(case.about)


def due(plan: Plan, contract: Contract) -> Due:
    """The cases that judge each MUST clause once, by the number of requests in which they must run.

    Clauses that take at most FEW requests are due within QUICK, all others within LATER.
    """
    clauses = [clause for clause in contract.clauses.values() if clause.level is Level.MUST]
    candidates = [_runnable(_feeding(plan, clause)) for clause in clauses]
    return {
        for_cases(QUICK): _essential(plan, candidates, FEW),
        for_cases(LATER): _essential(plan, candidates, LATER),
    }


def _essential(plan: Plan, candidates: list[list[list[Case]]], most: int) -> list[Case]:
    """The cases that judge each clause on the operation where that adds the fewest requests.

    ``candidates`` has a list of cases for each clause and operation. Running any of the lists of a
    clause judges it. A list has all cases that feed the clause on its operation, because a cell is
    untested until all of them have run. Clauses that add more than ``most`` requests are left out.
    """
    case_ids = [_ids(chain(*lists)) for lists in candidates]
    chosen: set[str] = set()
    # the cheapest list of each clause, by the index of the clause
    pending = {index: _least(lists, chosen) for index, lists in enumerate(candidates)}
    while pending:
        cheapest = min(pending, key=lambda index: _cost(pending[index], chosen))
        cases = pending.pop(cheapest)
        if _cost(cases, chosen) <= most:
            added = _ids(cases) - chosen
            chosen |= added
            for index in pending:
                shares_cases = not added.isdisjoint(case_ids[index])
                if shares_cases:  # so that another list may be the cheapest now
                    pending[index] = _least(candidates[index], chosen)
    return [case for case in plan.cases if case.id in chosen]


def affordable(plan: Plan, contract: Contract, budget: int) -> Plan:
    """The most valuable cases that a request budget allows, in the order of the plan.

    Some of them may be cut short.
    """
    steps = ordered(plan, contract, learnt(), due(plan, contract))
    kept = within(steps, for_cases(budget))
    return Plan(tuple(cut(case, kept[case.id]) for case in plan.cases if case.id in kept))


def for_cases(budget: int) -> int:
    """The requests of a budget that remain for the cases themselves, without those they share."""
    return budget - min(SHARED, int(budget * SHARED_OF_FEW))


def judged(plan: Plan, contract: Contract) -> list[Clause]:
    """The clauses that the cases of a plan judge on at least one operation."""
    return [clause for clause in contract.clauses.values() if _is_judged(plan, contract, clause)]


def _is_judged(plan: Plan, contract: Contract, clause: Clause) -> bool:
    """Whether the cases that can run judge a clause: by trials on one operation, or passively."""
    if any(RULES[rule].trial for rule in clause.rules):
        return bool(_runnable(_feeding(plan, clause)))
    return any(_verifies(case, contract, clause) for case in plan.runnable)


def _ids(cases: Iterable[Case]) -> set[str]:
    """The ids of some cases."""
    return {case.id for case in cases}


def _runnable(candidates: list[list[Case]]) -> list[list[Case]]:
    """The lists in which every case can run."""
    return [cases for cases in candidates if not any(case.gap for case in cases)]


def _least(candidates: list[list[Case]], chosen: set[str]) -> list[Case]:
    """The list of cases that adds the fewest requests; empty if there are no lists."""
    return min(candidates, key=lambda cases: _cost(cases, chosen), default=[])


def _cost(cases: Iterable[Case], chosen: set[str]) -> int:
    """The number of requests that some cases add to those chosen."""
    return sum(case.cost for case in cases if case.id not in chosen)


def _feeding(plan: Plan, clause: Clause) -> list[list[Case]]:
    """The cases that must run for a clause: one list per operation, in the order of the plan.

    Optional and inapplicable cases are left out, because no cell waits for them.
    """
    feeding: dict[str, list[Case]] = defaultdict(list)
    for case in plan.cases:
        if case.optional or case.inapplicable:
            continue
        if _feeds(case, clause, clause.rules):
            feeding[case.operation].append(case)
    return list(feeding.values())
