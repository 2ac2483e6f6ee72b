"""The cases of the write scenarios: which operations they try, and what each case needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.model import DEAD_KEYS, Contract, Effect, KeyName, Operation, Parameter, Params
from conformance.plan.registry import (
    KEY,
    Depth,
    Draft,
    Planning,
    key_needs,
    operations,
    roles_with_keys,
)
from conformance.scenarios.client.member_changes import changeable
from conformance.scenarios.client.writing import takes_any_text, visible_change

TEXTS, BACKWARDS = "texts", "backwards"
WORK_RULES = ("update.besides", "secret.new")
CREATIONS = {Depth.FULL: 3, Depth.DEEP: 100}
"""Kinds of objects that are created at the same time."""


def is_visible(contract: Contract, kind: str | None) -> bool:
    """Whether objects of a kind can be read or listed."""
    return bool(contract.operations_by("read", kind) or contract.operations_by("list", kind))


def creations(planning: Planning) -> Iterator[Draft]:
    """Each creation of something that can be read or listed.

    The object can be found in a list only if the request contains a text that no other has.
    """
    for operation in operations(planning, "create"):
        if is_visible(planning.contract, operation.kind):
            rules = ["create.read-back", "create.one", "create.position"]
            lists = planning.contract.operations_by("list", operation.kind)
            if lists and _sends_fresh_text(operation):
                rules.append("create.listed")
            yield Draft(operation, needs=(KeyName.FULL,), cost=8, rules=tuple(rules))


def _sends_fresh_text(operation: Operation) -> bool:
    """Whether a valid request contains a text that no other request contains."""
    return any(member.usual for member in operation.fresh_members)


def counted_creations(planning: Planning) -> Iterator[Draft]:
    """Each creation whose list can be compared before and after.

    An operation that costs money also creates something, whatever it is called.
    """
    for operation in operations(planning, "create", "perform"):
        if _makes_one(operation) and _has_open_list(planning.contract, operation.kind):
            rules = ["create.count"]
            if operation.action == "create":
                rules.append("create.listed")
                if not planning.contract.takes_from_pool(operation):
                    rules.append("create.newest")
            yield Draft(operation, needs=(KeyName.FULL,), cost=3, rules=tuple(rules))


def _makes_one(operation: Operation) -> bool:
    """Whether an operation with a key names no object, and creates one or costs money."""
    if not operation.keyed or operation.selector is not None:
        return False
    return operation.action == "create" or operation.effect is Effect.SPEND


def _has_open_list(contract: Contract, kind: str | None) -> bool:
    """Whether a kind has a list that requires no parameters and is not a pool."""
    listing = contract.list_of(kind)
    if listing is None or listing.pool:
        return False
    return not listing.required


def repeatable_creations(planning: Planning) -> Iterator[Draft]:
    """Each creation, except of keys, which another scenario repeats."""
    for operation in operations(planning, "create"):
        if not operation.key:
            cost = 11 if operation.naming_header else 2
            yield Draft(operation, needs=key_needs(operation), cost=cost)


def overlapping_creations(planning: Planning) -> Iterator[Draft]:
    """The first few creations with a key of something that can be read, and that costs no money."""
    suitable = []
    for operation in operations(planning, "create"):
        is_free_of_charge = operation.effect is Effect.WRITE
        is_read = planning.contract.operations_by("read", operation.kind)
        if operation.keyed and is_free_of_charge and is_read:
            suitable.append(operation)
    for operation in suitable[: CREATIONS[planning.depth]]:
        yield Draft(operation, needs=(KeyName.FULL, KeyName.OTHER), cost=7, optional=True)


def starts(planning: Planning) -> Iterator[Draft]:
    """Each action on no object that returns the id of something that can be read."""
    contract = planning.contract
    for operation in operations(planning, "perform"):
        shows_id = contract.identifier_of(operation.kind) in operation.schema.get("properties", {})
        is_read = contract.operations_by("read", operation.kind)
        if operation.selector is None and shows_id and is_read:
            yield Draft(operation, needs=(KeyName.FULL,), cost=2)


def updates(planning: Planning) -> Iterator[Draft]:
    """Each change that a read or a list shows, unless it is one mode of a request with several."""
    for operation, selector in _selecting_changes(planning):
        has_no_mode = operation.when in (None, selector.name)
        if has_no_mode and visible_change(planning.contract, operation):
            yield Draft(operation, needs=(KeyName.FULL,), cost=7)


def _selecting_changes(planning: Planning) -> Iterator[tuple[Operation, Parameter]]:
    """The changes that name the object to change, each with the parameter that names it."""
    for operation in operations(planning, "update"):
        selector = operation.selector
        if selector is not None and selector.references == operation.kind:
            yield operation, selector


def works(planning: Planning) -> Iterator[Draft]:
    """Each operation that works on one object, but is none of the changes in ``updates``."""
    changes = [draft.operation for draft in updates(planning)]
    for operation in operations(planning, "update", "perform"):
        if operation not in changes and _works_on(planning.contract, operation):
            rules = WORK_RULES if operation.secrets else ("update.besides",)
            yield Draft(operation, needs=(KeyName.FULL,), cost=7, optional=True, rules=rules)


def _works_on(contract: Contract, operation: Operation) -> bool:
    """Whether an operation works on an object that clients write and that can be read."""
    selector = operation.selector
    if selector is None or not operation.keyed:
        return False
    kind = selector.references
    return bool(contract.operations_by("create", kind)) and is_visible(contract, kind)


def with_options(planning: Planning) -> Iterator[Draft]:
    """Each action that takes optional parameters."""
    for operation in operations(planning, "perform"):
        if any(not parameter.required for parameter in operation.parameters):
            yield Draft(operation, needs=key_needs(operation), cost=2, optional=True)


def zeroes(operation: Operation) -> dict[str, int]:
    """0 for each optional number that may be 0 and is not 0 in the contract, by name."""
    return {member.name: 0 for member in operation.body if _may_become_zero(member)}


def _may_become_zero(member: Parameter) -> bool:
    """Whether a member is an optional number that may be 0 and is not 0 in the contract."""
    if member.required or not member.example:
        return False
    if member.schema.get("type") not in ("integer", "number"):
        return False
    return bool(member.schema.get("minimum", 0) <= 0)


def blanks(operation: Operation, variant: str) -> dict[str, Any]:
    """0 for each number of a change that may be 0; for the variant ``TEXTS``, empty free texts."""
    if variant != TEXTS:
        return zeroes(operation)
    texts = [member for member in changeable(operation) if takes_any_text(member)]
    return {text.name: "" for text in texts if not text.schema.get("minLength")}


def changes_to_zero(planning: Planning) -> Iterator[Draft]:
    """Each change of a number or a free text of an object that the request names."""
    for operation, _ in _selecting_changes(planning):
        for variant in ("", TEXTS):
            if blanks(operation, variant):
                yield Draft(operation, variant, needs=(KeyName.FULL,), cost=5, optional=True)


def changes_of_members(planning: Planning) -> Iterator[Draft]:
    """Each change of a visible object with several members to change, in both orders."""
    for operation, selector in _selecting_changes(planning):
        members = changeable(operation)
        has_no_mode = operation.when in (None, selector.name)
        visible = is_visible(planning.contract, operation.kind)
        if has_no_mode and visible and len(members) > 1:
            for variant in ("", BACKWARDS):
                cost = 3 + len(members)
                yield Draft(operation, variant, needs=(KeyName.FULL,), cost=cost, optional=True)


LEAVING_OTHERS = {
    "create": "create.others",
    "update": "update.others",
    "perform": "update.others",
    "delete": "delete.others",
}
"""By action, the rule that a write leaves other objects alone."""


def writes_beside_others(planning: Planning) -> Iterator[Draft]:
    """Each write with a key of a kind whose list needs no parameters and is not a pool."""
    for operation in operations(planning, *LEAVING_OTHERS):
        has_open_list = _has_open_list(planning.contract, operation.kind)
        is_write = operation.effect is not Effect.READ  # some actions only read
        if operation.keyed and has_open_list and is_write:
            rules = (LEAVING_OTHERS[operation.action],)
            yield Draft(
                operation,
                needs=(KeyName.FULL,),
                wants=(KeyName.OTHER,),
                cost=9,
                optional=True,
                rules=rules,
            )


@dataclass(frozen=True)
class WrongKeys(Params):
    """The roles of the keys with which a write is rejected."""

    roles: tuple[str, ...]


def refused_creations(planning: Planning) -> Iterator[Draft]:
    """Each write that names no object and whose effect would appear in its list."""
    return (draft for draft in _refused_writes(planning) if not _names_object(draft))


def refused_changes(planning: Planning) -> Iterator[Draft]:
    """Each write that names an object and whose effect would be visible."""
    return (draft for draft in _refused_writes(planning) if _names_object(draft))


def _names_object(draft: Draft) -> bool:
    """Whether the write of a case names the object that it works on."""
    return draft.operation is not None and draft.operation.selector is not None


def _refused_writes(planning: Planning) -> Iterator[Draft]:
    """Each write with a visible effect, with the wrong keys that the target file gives."""
    for operation in operations(planning, "create", "update", "delete", "perform"):
        if _shows_effect(planning.contract, operation):
            wrong = list(DEAD_KEYS)
            if operation.scopes:
                wrong += [KeyName.NO_SCOPE, KeyName.READ_ONLY]
            tried = roles_with_keys(planning, wrong)
            yield Draft(
                operation,
                needs=(KEY,),
                wants=tuple(wrong),
                cost=6 + len(tried),
                params=WrongKeys(tried),
            )


def _shows_effect(contract: Contract, operation: Operation) -> bool:
    """Whether a write would have a visible effect: on its object, or as a new one in a list."""
    if not is_visible(contract, operation.kind) or operation.effect is Effect.READ:
        return False
    if operation.selector is None:
        return _makes_one(operation) and _has_open_list(contract, operation.kind)
    return operation.keyed


def deletions(planning: Planning) -> Iterator[Draft]:
    """Each deletion of something that can be created, and read or listed.

    A deletion that returns something to a pool runs early; otherwise the pool would soon be empty.
    """
    contract = planning.contract
    for operation in operations(planning, "delete"):
        creatable = contract.operations_by("create", operation.kind)
        if operation.selector and creatable and is_visible(contract, operation.kind):
            pooled = any(contract.takes_from_pool(creation) for creation in creatable)
            yield Draft(operation, needs=(KeyName.FULL,), cost=15, early=pooled)
