"""Builds the cases of a run, with permanent ids, effects and costs.

A scenario defines its cases and what each needs. This module decides whether the target offers
that. A case that cannot run stays in the plan, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from conformance.base.drawing import stable_hash
from conformance.model import (
    HARMLESS,
    KEY_ROLES,
    WHOLE_API,
    Business,
    Case,
    Declaration,
    Effect,
    KeyName,
    Operation,
    key_role,
)
from conformance.plan.registry import BAD_KEYS_ALLOWED, KEY, Draft, Planning, Scenario

BUSINESS = "business:"
"""The prefix of the need for the id of a business, followed by its name."""
OTHER_NEEDS = frozenset({KEY, "clock", "addresses", *(BUSINESS + name for name in Business)})
"""What a case may need apart from keys with a given role."""
ADDRESSES = 16
"""Local addresses that rate-limit cases need; half of them are reserved for these cases."""
LEFT_OUT = (
    "the target file declares an operation or a parameter absent that this case needs "
    "(inapplicable:, only: or absent:)"
)
ALLOW = "allow: "
"""The beginning of the place that allows an effect in a target file."""
OPENING, CHEAP = 12, 3
"""How many cases the seed draws to open a run, and the most requests that each may cost."""
READS = 0, False, False
"""The sort key of the cases of the first phase, if they only read."""
FIRST_CHANGES = 2
"""The first phase in which requests may change the target."""


@dataclass(frozen=True)
class Missing:
    """What a target file does not give: its place there, and advice in words."""

    place: str
    advice: str


NO_FULL_KEY = Missing(KEY_ROLES[KeyName.FULL].place, KEY_ROLES[KeyName.FULL].advice)


@dataclass(frozen=True)
class Plan:
    """The cases of a run, in the order in which they run."""

    cases: tuple[Case, ...]

    @property
    def runnable(self) -> tuple[Case, ...]:
        """The cases that can run."""
        return tuple(case for case in self.cases if case.gap is None)

    def requests(self) -> dict[Effect, int]:
        """The expected number of requests of the cases that can run, by effect."""
        requests = dict.fromkeys(Effect, 0)
        for case in self.runnable:
            requests[case.effect] += case.cost
        return requests


def build(planning: Planning, scenarios: Iterable[Scenario]) -> Plan:
    """Every case of every scenario, in the order of their phases.

    Within a phase, cases that may change the target come last. Otherwise they keep the order of the
    scenarios and of their drafts, except for a few reads with which the run opens. Raises
    ValueError for a duplicate id, and for a need that no target file can meet.
    """
    bad_keys = _BadKeys(planning.target)
    sortable: list[tuple[tuple[int, bool, bool], Case]] = []  # each case after its sort key
    for scenario, draft in _drafts(planning, scenarios):
        effect = bad_keys.effect_of(draft)
        case = _case(scenario, draft, effect, planning.target)
        sortable.append((_sort_key(scenario, draft, effect), case))
    sortable.sort(key=lambda pair: pair[0])
    cases = [case for _, case in sortable]
    _check_ids(cases)
    first_reads = [case for key, case in sortable if key == READS]
    opening = _opening_reads(first_reads, planning.seed)
    return Plan((*opening, *(case for case in cases if case not in opening)))


def _opening_reads(reads: list[Case], seed: int) -> list[Case]:
    """A few cheap cases that the seed draws from some reads, at most one for each operation.

    They make the first requests of a run differ from run to run.
    """
    drawn: dict[str, Case] = {}
    for case in sorted(reads, key=lambda case: stable_hash(f"{seed} {case.id}")):
        is_cheap = case.gap is None and case.cost <= CHEAP
        if is_cheap and case.operation != WHOLE_API and len(drawn) < OPENING:
            drawn.setdefault(case.operation, case)
    return list(drawn.values())


def with_inapplicable(plan: Plan, complete: Plan) -> Plan:
    """The plan, followed by the cases of the complete plan that it lacks, marked inapplicable.

    ``plan`` is for a target that lacks something, ``complete`` for one that lacks nothing. The
    added cases never run, but their cells are part of the contract.
    """
    kept = {case.id for case in plan.cases}
    lacking = [case for case in complete.cases if case.id not in kept]
    marked = [
        replace(case, gap=LEFT_OUT, place="", lacks=(), wants=(), inapplicable=True)
        for case in lacking
    ]
    return Plan((*plan.cases, *marked))


def _drafts(planning: Planning, scenarios: Iterable[Scenario]) -> Iterator[tuple[Scenario, Draft]]:
    """The drafts of all scenarios. Raises ValueError for a need that no target file can meet."""
    for scenario in scenarios:
        for draft in scenario.drafts(planning):
            _check_needs(scenario, draft)
            yield scenario, draft


def _check_needs(scenario: Scenario, draft: Draft) -> None:
    """Raise ValueError for a need that no target file can meet."""
    for need in (*draft.needs, *draft.wants):
        if need not in OTHER_NEEDS and key_role(need) is None:
            raise ValueError(
                f"the scenario {scenario.name} needs {need!r}, "
                f"which is neither a key role nor one of {', '.join(sorted(OTHER_NEEDS))}"
            )


def _check_ids(cases: Iterable[Case]) -> None:
    """Raise ValueError if two cases have the same id."""
    counts = Counter(case.id for case in cases)
    twice = sorted(case_id for case_id, count in counts.items() if count > 1)
    if twice:
        raise ValueError(f"several cases have the same id: {', '.join(twice)}")


class _BadKeys:
    """Counts requests with bad keys, and gives the effect FLOOD to cases that would send too many.

    Too many such requests may trip a rate limit.
    """

    def __init__(self, target: Declaration) -> None:
        self._target = target
        self._allowed = BAD_KEYS_ALLOWED

    def effect_of(self, draft: Draft) -> Effect:
        """The effect of a case: that of the draft, or FLOOD if it sends too many bad keys.

        Call it once for each draft, in order: it deducts the bad keys of a case that can run from
        those still allowed. Nothing is deducted if the target file allows FLOOD.
        """
        effect = _effect_of(draft)
        if Effect.FLOOD in self._target.allow:
            return effect
        if draft.bad_keys > self._allowed:
            return Effect.FLOOD
        if _gap(draft, effect, self._target) is None:
            self._allowed -= draft.bad_keys
        return effect


def _effect_of(draft: Draft) -> Effect:
    """The effect that a draft states, or that of its operation if it states none."""
    if draft.effect is not None:
        return draft.effect
    return _operation_effect(draft)


def _operation_effect(draft: Draft) -> Effect:
    """The effect of the operation of a draft; READ for a draft for the whole API."""
    if draft.operation is None:
        return Effect.READ
    return draft.operation.effect


def _sort_key(scenario: Scenario, draft: Draft, effect: Effect) -> tuple[int, bool, bool]:
    """The sort key of a case: its phase, whether it may change the target, and whether it is late.

    Cases that may change the target run in the phase FIRST_CHANGES at the earliest. They come last
    in their phase, and of these ``early`` ones first.
    """
    if effect in HARMLESS and _operation_effect(draft) is Effect.READ:
        return scenario.phase, False, False
    return max(scenario.phase, FIRST_CHANGES), True, not draft.early


def _case(scenario: Scenario, draft: Draft, effect: Effect, target: Declaration) -> Case:
    """The case of a draft. Its id is ``scenario[operation-variant]``, and never changes."""
    operation, label = WHOLE_API, "api"
    lacking = list(_unmet_needs(draft.wants, None, target))
    missing = Missing(draft.place, draft.gap) if draft.gap else _gap(draft, effect, target)
    if draft.operation is not None:
        operation = label = draft.operation.id
    if draft.variant:
        label = f"{label}-{draft.variant}"
    return Case(
        id=f"{scenario.name}[{label}]",
        scenario=scenario.name,
        operation=operation,
        variant=draft.variant,
        rules=scenario.rules if draft.rules is None else draft.rules,
        effect=effect,
        cost=draft.cost,
        about=draft.about,
        params=draft.params,
        gap=missing.advice if missing else None,
        place=missing.place if missing else "",
        lacks=tuple(each.advice for each in lacking),
        wants=tuple(each.place for each in lacking),
        optional=draft.optional,
    )


def _gap(draft: Draft, effect: Effect, target: Declaration) -> Missing | None:
    """The first thing to provide so that a case can run; None if it can."""
    for first_missing in _unmet_needs(draft.needs, draft.operation, target):
        return first_missing
    if KeyName.FULL in draft.needs and not _main_key_opens(draft.operation, effect, target):
        return NO_FULL_KEY
    harms = [effect]
    if effect is Effect.FLOOD:  # a flood of writes needs both to be allowed
        harms.append(_operation_effect(draft))
    for harm in harms:
        if harm not in target.allow:
            advice = f"add {harm} to allow: in the target file (its requests may {_HARM[harm]})"
            return Missing(f"{ALLOW}{harm}", advice)
    return None


def _unmet_needs(
    needs: Iterable[str], operation: Operation | None, target: Declaration
) -> Iterator[Missing]:
    """What to provide for each need that the target does not meet.

    A key of another business that lacks the scope of the operation does not meet its need. Without
    ``operation``, scopes do not matter.
    """
    for need in needs:
        is_foreign_key = need in (KeyName.OTHER, KeyName.EMPTY)
        if not _is_given(need, target):
            yield _missing_for(need)
        elif operation is not None and is_foreign_key and not target.opens(operation, need):
            yield Missing(KEY_ROLES[need].place, KEY_ROLES[need].advice)


def _main_key_opens(operation: Operation | None, effect: Effect, target: Declaration) -> bool:
    """Whether the main key has the scopes for the requests of a case.

    For a case whose effect is not harmless, the key needs every scope, because such a case may also
    call operations other than its own.
    """
    if target.opens_all(target.main_key):
        return True
    if effect not in HARMLESS:
        return False
    if operation is None:
        return True
    return target.opens(operation)


_HARM = {
    Effect.READ: "read data",
    Effect.WRITE: "create or change objects",
    Effect.SPEND: "place calls, send texts or open accounts",
    Effect.FLOOD: "trip rate limits",
}


def _is_given(need: str, target: Declaration) -> bool:
    """Whether a target meets a need: a key role, or a member of OTHER_NEEDS."""
    if need in (KEY, KeyName.FULL):
        return target.main_key is not None
    if key_role(need) is not None:
        return need in target.keys
    if need == "clock":
        return bool(target.clock)
    if need == "addresses":
        return len(target.addresses) >= ADDRESSES
    return need.removeprefix(BUSINESS) in target.businesses


def _missing_for(need: str) -> Missing:
    """What to provide for a need that the target does not meet."""
    role = KEY_ROLES[KeyName.FULL] if need == KEY else key_role(need)
    if role is not None:
        return Missing(role.place, role.advice)
    if need == "clock":
        advice = "give a request that advances the target's clock (clock: in the target file)"
        return Missing("clock", advice)
    if need == "addresses":
        advice = f"give at least {ADDRESSES} local addresses (addresses: in the target file)"
        return Missing("addresses", advice)
    name = need.removeprefix(BUSINESS)
    advice = f"give the id of the {name} business (businesses: {name} in the target file)"
    return Missing(f"businesses: {name}", advice)
