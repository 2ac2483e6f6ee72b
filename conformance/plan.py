"""Contract + Target + scenarios -> the cases, with permanent ids, effects and cost.

A scenario says which cases it has and what each needs; whether the target offers that is decided
here, once, and a case that cannot run keeps its place in the plan with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.model import (
    Case,
    Declaration,
    Effect,
    key_role,
)
from conformance.scenarios import BAD_KEYS_ALLOWED, Draft, Planning, Scenario

BUSINESS = "business:"
"""How the need for the id of a business begins; its name follows."""


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
        quick=draft.quick,
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


def _lacking(need: str, target: Declaration) -> str | None:
    """What to provide for a prerequisite that the target lacks; None if it is there."""
    if need.startswith(BUSINESS):
        name = need.removeprefix(BUSINESS)
        advice = f"give the id of the {name} business (businesses: {name} in the target file)"
        return None if name in target.businesses else advice
    if need == "clock":
        advice = "give a request that moves the target's clock on (clock: in the target file)"
        return None if target.clock else advice
    if need == "addresses":
        advice = "give local source addresses (addresses: in the target file)"
        return None if len(target.addresses) > 1 else advice
    role = key_role(need)
    assert role is not None, need
    return None if need in target.keys else role.advice
