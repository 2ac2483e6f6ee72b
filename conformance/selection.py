"""Which cases of a plan run: by clause and area, or a few for a quick run."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from conformance.errors import UsageError
from conformance.judging.rules import RULES
from conformance.model import Case, Clause, Contract, Level
from conformance.plan import Plan


def wanted(
    contract: Contract, areas: tuple[str, ...], clauses: tuple[str, ...]
) -> tuple[Clause, ...]:
    """The clauses that are named, or that stand in areas that are; all where nothing is named.

    Raises UsageError for a name that matches nothing.
    """
    for area in areas:
        if area not in contract.areas:
            raise UsageError(
                f"there is no area {area}{nearest(area, contract.areas)}; the areas are {', '.join(contract.areas)}"
            )
    for clause in clauses:
        if clause not in contract.clauses:
            raise UsageError(
                f"there is no clause {clause}{nearest(clause, contract.clauses)}; `clauses` lists them"
            )
    everything = not areas and not clauses
    return tuple(
        c for c in contract.clauses.values() if everything or c.area in areas or c.id in clauses
    )


def select(plan: Plan, contract: Contract, clauses: tuple[Clause, ...]) -> Plan:
    """The cases that verify some clauses."""
    if len(clauses) == len(contract.clauses):
        return plan
    return Plan(
        tuple(
            case
            for case in plan.cases
            if any(_verifies(case, contract, clause) for clause in clauses)
        )
    )


def quick(plan: Plan, contract: Contract) -> Plan:
    """A few cases of a plan: those marked so by their scenario, and of each MUST clause all that feed it on one operation.

    A cell that only some of its cases have run for is untested; so it is the operation that costs least.
    """
    chosen = {case.id: case for case in plan.runnable if case.quick}
    for clause in contract.clauses.values():
        feeding: dict[str, list[Case]] = {}
        for case in plan.cases if clause.level is Level.MUST else ():
            if (
                set(clause.rules) & set(case.rules)
                and clause.concerns(case.about)
                and not case.optional
            ):
                feeding.setdefault(case.operation, []).append(case)
        whole = [cases for cases in feeding.values() if all(case.gap is None for case in cases)]
        added = [[case for case in cases if case.id not in chosen] for cases in whole]
        for case in min(added, key=lambda cases: sum(case.cost for case in cases), default=[]):
            chosen[case.id] = case
    return Plan(tuple(case for case in plan.cases if case.id in chosen))


def _verifies(case: Case, contract: Contract, clause: Clause) -> bool:
    """Whether a case feeds a trial rule of a clause; a clause of passive rules alone takes any case where they apply."""
    trials = [rule for rule in clause.rules if RULES[rule].trial]
    if trials:
        return any(rule in case.rules for rule in trials) and clause.concerns(case.about)
    operation = contract.operations.get(case.operation)
    return operation is not None and any(
        RULES[rule].applies(contract, operation, clause) for rule in clause.rules
    )


def nearest(name: str, names: Iterable[str]) -> str:
    """`` (did you mean X?)`` for a name that is close to one of some names, else nothing."""
    close = get_close_matches(name, list(names), 1)
    return f" (did you mean {close[0]}?)" if close else ""
