"""Objects that the API cannot delete, and that the cases of a run therefore share.

They come from earlier runs, or from this one. A case takes one as if it were new: a change puts
it into the state of a new object first.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from conformance.base.values import ABSENT, present
from conformance.model import Contract, Operation, Parameter
from conformance.scenarios.client.ids import Id

ENOUGH = 3
"""Objects of a kind that take turns. With fewer, a new one is created."""


class Pool:
    """The objects of each kind, oldest first, and whose turn it is.

    ``linked`` holds the oldest object of each kind that has more than ENOUGH. It takes no turns, so
    no case changes it, and requests of other kinds may name it at any time.
    """

    def __init__(self, objects: Mapping[str, list[Id]]) -> None:
        self.linked = {kind: ids[0] for kind, ids in objects.items() if len(ids) > ENOUGH}
        self._objects = {
            kind: [name for name in ids if name != self.linked.get(kind)]
            for kind, ids in objects.items()
        }
        self._turn: dict[str, int] = {}

    def next(self, kind: str, in_use: Container[Id]) -> Id | None:
        """The next object of a kind that is not ``in_use``; None if too few are free."""
        free = [each for each in self._objects.get(kind, []) if each not in in_use]
        if len(free) < ENOUGH:
            return None
        turn = self._turn.get(kind, 0)
        self._turn[kind] = turn + 1
        return free[turn % len(free)]

    def add(self, kind: str, made: Id) -> None:
        """Add an object that was just created."""
        self._objects.setdefault(kind, []).append(made)

    def drop(self, kind: str, name: Id) -> None:
        """Remove an object that could not be changed."""
        self._objects[kind].remove(name)


def resetting(contract: Contract, kind: str) -> Operation | None:
    """The change that puts an object of a kind into the state of a new one.

    Of several changes, it is the one with the most members in common with the creation. None
    without a creation or a suitable change. Also None if objects of the kind can be deleted,
    because then none are reset.
    """
    creations = contract.operations_by("create", kind)
    if contract.operations_by("delete", kind) or not creations:
        return None
    created = {member.name for member in creations[0].body}
    best, most_common = None, 0
    for operation in contract.operations_by("update", kind):
        common = len(created & {member.name for member in operation.body})
        if _can_reset(operation) and common > most_common:
            best, most_common = operation, common
    return best


def _can_reset(operation: Operation) -> bool:
    """Whether a change names its object, gives it a fresh text, and is selected by no member."""
    selector = operation.selector
    if selector is None or selector.references != operation.kind:
        return False
    return operation.when is None and bool(operation.fresh_members)


def state_of(
    change: Operation, creation: Operation, values: Mapping[str, Any], name: Id
) -> dict[str, Any]:
    """The values of a change that makes an object like one newly created from ``values``.

    Members that a creation lacks get values other than those of the contract, because a later
    change to the contract's values would otherwise change nothing.
    """
    assert change.selector is not None
    created = {member.name for member in creation.body}
    state: dict[str, Any] = {}
    for member in change.body:
        if member.name in values:
            state[member.name] = values[member.name]
        elif member.name not in created and not member.fresh:
            state[member.name] = unlike(member)
    return {**present(state), change.selector.name: name}


def unlike(member: Parameter) -> Any:
    """A value for a member other than the one in the contract; ABSENT if there is none to use."""
    if member.references or member.phone:
        return ABSENT
    if "enum" in member.schema:
        return next((each for each in member.schema["enum"] if each != member.example), ABSENT)
    return _altered(member.example, member.schema)


def _altered(example: Any, schema: Mapping[str, Any]) -> Any:
    """A number off by one, an empty object or a longer free text; ABSENT for other examples."""
    if isinstance(example, int | float) and not isinstance(example, bool):
        return example - 1 if "maximum" in schema else example + 1
    if isinstance(example, dict):
        return {}
    is_free = not {"format", "pattern"} & set(schema)
    return f"{example}." if isinstance(example, str) and is_free else ABSENT
