"""The kinds of objects that sequences write, and the operations that write them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.model import Contract, Effect, Open, Operation, Parameter


@dataclass(frozen=True)
class Writes:
    """The operations that write the objects of a kind. ``works`` act on one object."""

    creation: Operation
    change: Operation
    works: tuple[Operation, ...]
    deletion: Operation | None


def writes_of_kinds(contract: Contract) -> Iterator[Writes]:
    """The writes of each kind of object that can be created, changed and seen at no cost."""
    for creation in contract.operations_by("create"):
        changes = _changes_of(contract, creation.kind)
        if changes and creation.keyed and creation.effect is Effect.WRITE:
            change = max(changes, key=lambda each: len(members_to_change(each)))
            works = [each for each in contract.operations.values() if _works_on(each, change)]
            deletions = contract.operations_by("delete", creation.kind)
            deletion = next((each for each in deletions if _names_one(each)), None)
            yield Writes(creation, change, tuple(works), deletion)


def _changes_of(contract: Contract, kind: str) -> list[Operation]:
    """The changes of one object of a kind, if a read or a list shows such objects.

    A change that one of its members selects counts as an action, and is left out.
    """
    if not contract.operations_by("read", kind) and not contract.operations_by("list", kind):
        return []
    changes = []
    for change in contract.operations_by("update", kind):
        selector = change.selector
        has_no_mode = selector is not None and change.when in (None, selector.name)
        if has_no_mode and _names_one(change) and members_to_change(change):
            changes.append(change)
    return changes


def members_to_change(change: Operation) -> list[Parameter]:
    """The members of a change that the contract has values for.

    Switches, ids, phone numbers, and members that a server may ignore are left out.
    """
    members = []
    for member in change.body:
        is_special = member.references or member.phone or member.is_switch
        if member.has_value and not is_special and Open.EFFECT not in member.open:
            members.append(member)
    return members


def _names_one(operation: Operation) -> bool:
    """Whether an operation names one object of its kind."""
    selector = operation.selector
    return selector is not None and selector.references == operation.kind


def _works_on(operation: Operation, change: Operation) -> bool:
    """Whether an operation works on an object of the kind of a change, at no cost."""
    if operation.id == change.id or operation.action not in ("update", "perform"):
        return False
    if not _names_one(operation) or operation.kind != change.kind or not operation.keyed:
        return False
    return operation.effect is Effect.WRITE and Open.ABSENT_OBJECT not in operation.open


def puts_into_state(operation: Operation) -> bool:
    """Whether an action puts its object into a state that the request names."""
    return any(member.required and "enum" in member.schema for member in operation.body)
