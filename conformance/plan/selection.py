"""Which cases of a plan run: those of some clauses or areas, or a few for a quick run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from conformance.base.errors import UsageError
from conformance.base.text import nearest
from conformance.judging.rules import RULES
from conformance.model import Case, Clause, Contract, Level
from conformance.plan.build import Plan


def wanted(
    contract: Contract, areas: tuple[str, ...], clauses: tuple[str, ...]
) -> tuple[Clause, ...]:
    """The clauses that are named, and those of the areas that are named; all if nothing is.

    They come in the order of the ledger. Raises UsageError for a name that does not exist.
    """
    known_areas = f"the areas are {', '.join(contract.areas)}"
    _check_names("area", areas, contract.areas, known_areas)
    _check_names("clause", clauses, contract.clauses, "`clauses` lists them")
    if not areas and not clauses:
        return tuple(contract.clauses.values())
    named = [c for c in contract.clauses.values() if c.area in areas or c.id in clauses]
    return tuple(named)


def _check_names(noun: str, names: Iterable[str], known: Collection[str], advice: str) -> None:
    """Raise UsageError for the first name that is not known."""
    for name in names:
        if name not in known:
            suggestion = nearest(name, known)
            raise UsageError(f"there is no {noun} {name}{suggestion}; {advice}")


def select(plan: Plan, contract: Contract, clauses: tuple[Clause, ...]) -> Plan:
    """The cases that verify some clauses, in the order of the plan.

    For all clauses it is the whole plan, also with cases that feed no clause.
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

    It feeds a trial rule of the clause. If all rules of the clause are passive, any case of an
    operation where one of them applies will do.
    """
    trial_rules = [rule for rule in clause.rules if RULES[rule].trial]
    if trial_rules:
        return _feeds(case, clause, trial_rules)
    operation = contract.operations.get(case.operation)
    if operation is None:
        return False
    return any(RULES[rule].applies(contract, operation, clause) for rule in clause.rules)


def _feeds(case: Case, clause: Clause, rules: Iterable[str]) -> bool:
    """Whether a case feeds one of some rules of a clause, and the row that the clause is about."""
    if set(rules).isdisjoint(case.rules):
        return False
    return clause.concerns(case.about)


def quick(plan: Plan, contract: Contract) -> Plan:
    """A few cases of a plan: the quick ones, and enough to judge each MUST clause once.

    A clause is judged on the operation that adds the fewest requests. All cases that feed the
    clause there are taken, because a cell is untested while one of them has not run.
    """
    chosen = {case.id for case in plan.runnable if case.quick}
    for clause in contract.clauses.values():
        if clause.level is Level.MUST:
            chosen |= _cheapest(_feeding(plan, clause), chosen)
    return Plan(tuple(case for case in plan.cases if case.id in chosen))


def affordable(plan: Plan, contract: Contract, budget: int) -> set[str]:
    """The ids of the cases of a plan that a budget of requests has room for.

    Each clause comes once before any comes again, a MUST before the others, and what adds few
    requests before what adds many.
    """
    levels = list(Level)
    clauses = sorted(contract.clauses.values(), key=lambda clause: levels.index(clause.level))
    feeding = {clause.id: _runnable(_feeding(plan, clause)) for clause in clauses}
    chosen: set[str] = set()
    for level in levels:
        first = [clause.id for clause in clauses if clause.level is level]
        while first:
            costs = {each: _cost(_least(feeding[each], chosen), chosen) for each in first}
            cheapest = min(first, key=lambda each: costs[each])
            first.remove(cheapest)
            chosen |= _if_room(_least(feeding[cheapest], chosen), chosen, plan, budget)
    lists = [cases for clause in clauses for cases in feeding[clause.id]]
    for cases in sorted(lists, key=lambda cases: _cost(cases, set())):
        chosen |= _if_room(cases, chosen, plan, budget)
    return chosen


def judged(plan: Plan, contract: Contract) -> list[Clause]:
    """The clauses that the cases of a plan judge on one operation at least."""
    return [clause for clause in contract.clauses.values() if _is_judged(plan, contract, clause)]


def _is_judged(plan: Plan, contract: Contract, clause: Clause) -> bool:
    if any(RULES[rule].trial for rule in clause.rules):
        return bool(_runnable(_feeding(plan, clause)))
    return any(_verifies(case, contract, clause) for case in plan.runnable)


def _runnable(candidates: list[list[Case]]) -> list[list[Case]]:
    """Those of some lists of cases that can run whole."""
    return [cases for cases in candidates if not any(case.gap for case in cases)]


def _least(candidates: list[list[Case]], chosen: set[str]) -> list[Case]:
    """The list of cases that adds the fewest requests; empty without any."""
    return min(candidates, key=lambda cases: _cost(cases, chosen), default=[])


def _cost(cases: Iterable[Case], chosen: set[str]) -> int:
    """The requests that some cases add to those chosen."""
    return sum(case.cost for case in cases if case.id not in chosen)


def _if_room(cases: list[Case], chosen: set[str], plan: Plan, budget: int) -> set[str]:
    """The ids of some cases if the budget has room for them, too; else none."""
    spent = sum(case.cost for case in plan.runnable if case.id in chosen)
    fits = spent + _cost(cases, chosen) <= budget
    return {case.id for case in cases} if fits else set()


def _feeding(plan: Plan, clause: Clause) -> list[list[Case]]:
    """The cases that must run for a clause: a list for each operation, in the order of the plan."""
    feeding: dict[str, list[Case]] = defaultdict(list)
    for case in plan.cases:
        if case.optional or case.inapplicable:
            continue
        if _feeds(case, clause, clause.rules):
            feeding[case.operation].append(case)
    return list(feeding.values())


def _cheapest(candidates: list[list[Case]], chosen: set[str]) -> set[str]:
    """The ids of the list of cases that adds the fewest requests to those chosen.

    A list with a case that cannot run is taken only if there is no other: it says what to provide.
    """
    return {case.id for case in _least(_runnable(candidates) or candidates, chosen)}
