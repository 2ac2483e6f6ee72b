"""Contract + Target + scenarios -> the cases, with permanent ids, effects and cost.

A scenario says which cases it has and what each needs; whether the target offers that is decided
here, once, and a case that cannot run keeps its place in the plan with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from conformance.checks import RULES
from conformance.errors import UsageError
from conformance.model import Case, Clause, Contract, Effect, Level, Operation
from conformance.options import Depth as Depth
from conformance.target import Declaration

BAD_KEYS_ALLOWED = 20
"""Requests with a bad key that a run may send without ``flood``."""


@dataclass(frozen=True)
class Draft:
    """A case as a scenario asks for it.

    ``needs`` names prerequisites: a role of a key, ``scope:NAME``, ``business:NAME``, ``clock``,
    ``addresses``. ``effect`` is the worst that any of its requests does if it is wrongly accepted.
    """

    operation: Operation | None
    variant: str = ""
    effect: Effect | None = None
    needs: tuple[str, ...] = ()
    cost: int = 2
    bad_keys: int = 0
    about: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    gap: str | None = None
    optional: bool = False
    rules: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Planning:
    """What a scenario may look at when it drafts its cases."""

    contract: Contract
    target: Declaration
    seed: int
    depth: Depth = Depth.FULL


@dataclass(frozen=True)
class Scenario:
    """A way to provoke the target: a test function, the rules it feeds, the cases it has.

    ``phase`` orders a run: 0 reads, 1 refused requests, 2 writes, 3 odd writes, 4 limits and clock.
    """

    name: str
    function: Callable[..., None]
    drafts: Callable[[Planning], Iterable[Draft]]
    rules: tuple[str, ...]
    phase: int


REGISTRY: dict[str, Scenario] = {}


def scenario(
    drafts: Callable[[Planning], Iterable[Draft]], *, rules: tuple[str, ...] = (), phase: int = 0
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a test function as a scenario under its name without ``test_``."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        name = function.__name__.removeprefix("test_").replace("_", "-")
        known = REGISTRY.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise ValueError(f"two scenarios have the name {name}")
        REGISTRY[name] = Scenario(name, function, drafts, rules, phase)
        return function

    return register


@dataclass(frozen=True)
class Plan:
    """The cases of a run, in the order in which they run."""

    cases: tuple[Case, ...]

    @property
    def runnable(self) -> tuple[Case, ...]:
        """The cases that nothing keeps from running."""
        return tuple(case for case in self.cases if case.gap is None)

    def requests(self) -> dict[Effect, int]:
        """The usual number of requests by safety class."""
        return {
            effect: sum(c.cost for c in self.runnable if c.effect is effect) for effect in Effect
        }


def build(planning: Planning, scenarios: Iterable[Scenario]) -> Plan:
    """Every case of every scenario, in phases."""
    bad_keys = 0
    cases: list[tuple[int, Case]] = []
    for one in scenarios:
        for draft in one.drafts(planning):
            operation = draft.operation
            if operation and operation.id in planning.target.inapplicable:
                continue
            effect = draft.effect or (operation.effect if operation else Effect.READ)
            if draft.bad_keys and Effect.FLOOD not in planning.target.allow:
                if bad_keys + draft.bad_keys > BAD_KEYS_ALLOWED:
                    effect = Effect.FLOOD
                elif _gap(draft, effect, planning.target) is None:
                    bad_keys += draft.bad_keys
            writes = effect not in (Effect.READ, Effect.FLOOD) or (
                operation is not None and operation.effect is not Effect.READ
            )
            cases.append(
                (max(one.phase, 2) if writes else one.phase, _case(one, draft, effect, planning))
            )
    ordered = [case for _, case in sorted(cases, key=lambda pair: pair[0])]
    counts = Counter(case.id for case in ordered)
    twice = [case_id for case_id, count in counts.items() if count > 1]
    if twice:
        raise ValueError(f"two cases have one id: {', '.join(sorted(twice))}")
    return Plan(tuple(ordered))


def _case(one: Scenario, draft: Draft, effect: Effect, planning: Planning) -> Case:
    operation = draft.operation.id if draft.operation else "*"
    label = "-".join(
        part for part in (draft.operation.id if draft.operation else "api", draft.variant) if part
    )
    return Case(
        id=f"{one.name}[{label}]",
        scenario=one.name,
        operation=operation,
        variant=draft.variant,
        rules=one.rules if draft.rules is None else draft.rules,
        effect=effect,
        cost=draft.cost,
        about=draft.about,
        params=draft.params,
        gap=draft.gap or _gap(draft, effect, planning.target),
        optional=draft.optional,
    )


def _gap(draft: Draft, effect: Effect, target: Declaration) -> str | None:
    """What the target does not offer, as an advice; None if it offers everything."""
    for need in draft.needs:
        advice = _lacking(need, target)
        if advice:
            return advice
    if effect not in target.allow:
        return f"add {effect} to allow: in the target file (such requests may {_HARM[effect]})"
    return None


_HARM = {
    Effect.READ: "read data",
    Effect.WRITE: "create or change objects",
    Effect.SPEND: "place calls, send texts or open accounts",
    Effect.FLOOD: "trip rate limits",
}
_KEYS = {
    "full": "a key with every scope",
    "test": "a key with the test prefix",
    "expired": "an expired key",
    "revoked": "a revoked key",
    "no_scope": "a valid key without any scope",
    "other": "a key with every scope for another business, which has data",
    "empty": "a key for a business without data",
}


def _lacking(need: str, target: Declaration) -> str | None:
    kind, _, name = need.partition(":")
    if kind == "scope":
        return (
            None
            if need in target.keys
            else f"give a key with only the scope {name} (scoped_keys: {name} in the target file)"
        )
    if kind == "business":
        return (
            None
            if name in target.businesses
            else f"give the id of the {name} business (businesses: {name} in the target file)"
        )
    if need == "clock":
        return (
            None
            if target.clock
            else "give a request that moves the target's clock on (clock: in the target file)"
        )
    if need == "addresses":
        return (
            None
            if len(target.addresses) > 1
            else "give local source addresses (addresses: in the target file)"
        )
    if need in target.keys:
        return None
    return f"give {_KEYS.get(need, 'a key')} (keys: {need} in the target file)"


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
    chosen = {case.id: case for case in plan.runnable if case.params.get("quick")}
    for clause in contract.clauses.values():
        feeding: dict[str, list[Case]] = {}
        for case in plan.cases if clause.level is Level.MUST else ():
            if (
                set(clause.rules) & set(case.rules)
                and same_row(contract, clause, case.about)
                and not case.optional
            ):
                feeding.setdefault(case.operation, []).append(case)
        whole = [cases for cases in feeding.values() if all(case.gap is None for case in cases)]
        added = [[case for case in cases if case.id not in chosen] for cases in whole]
        for case in min(added, key=lambda cases: sum(case.cost for case in cases), default=[]):
            chosen[case.id] = case
    return Plan(tuple(case for case in plan.cases if case.id in chosen))


def same_row(contract: Contract, clause: Clause, about: str | None) -> bool:
    """Whether a clause about one row of a table is meant by what a case or an outcome is about: a code or a status."""
    if clause.about is None or about is None:
        return True
    if clause.about.code is not None:
        return about == clause.about.code
    row = contract.errors.get(about)
    return str(clause.about.status) in (about, str(row.status) if row else None)


def _verifies(case: Case, contract: Contract, clause: Clause) -> bool:
    """Whether a case feeds a trial rule of a clause; a clause of passive rules alone takes any case where they apply."""
    trials = [rule for rule in clause.rules if RULES[rule].trial]
    if trials:
        return any(rule in case.rules for rule in trials) and same_row(contract, clause, case.about)
    operation = contract.operations.get(case.operation)
    return operation is not None and any(
        RULES[rule].applies(contract, operation, clause) for rule in clause.rules
    )


def nearest(name: str, names: Iterable[str]) -> str:
    """`` (did you mean X?)`` for a name that is close to one of some names, else nothing."""
    close = get_close_matches(name, list(names), 1)
    return f" (did you mean {close[0]}?)" if close else ""


def operations(planning: Planning, *actions: str) -> Iterator[Operation]:
    """The operations of some actions, or all."""
    return (o for o in planning.contract.operations.values() if not actions or o.action in actions)
