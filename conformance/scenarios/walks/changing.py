"""Lists that change: the operations that write their objects, and walks mixed with writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from conformance.base.values import as_text
from conformance.model import Contract, Effect, Facts, KeyName, Operation, Role, mildest_first
from conformance.plan.registry import Draft, Planning, operations
from conformance.reading import Answer, position_of
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.ids import Id, identifier
from conformance.scenarios.generated.drawing import STEPS
from conformance.scenarios.walks.walker import SETTLED, Walker

Writes = dict[str, Operation]
"""The first operation that creates, updates and deletes objects of a kind, by action."""

BURST = 2
"""Objects that are created at the same time."""


def writes_of(contract: Contract, kind: str) -> Writes:
    """The first operations of the contract that write the objects of a kind, by action."""
    writes = {}
    for action in ("create", "update", "delete"):
        found = contract.operations_by(action, kind)
        if found:
            writes[action] = found[0]
    return writes


def worst_effect(writes: Iterable[Operation]) -> Effect:
    """The most severe effect among some operations."""
    return mildest_first(operation.effect for operation in writes)[-1]


def changeable_lists(planning: Planning) -> Iterator[tuple[Operation, Writes]]:
    """Each list of objects that can be created, with the operations that write them.

    Lists that need a parameter are left out, and so are lists of objects from a pool.
    """
    for operation in operations(planning, "list"):
        writes = writes_of(planning.contract, operation.kind)
        is_left_out = operation.required or operation.pool
        if "create" in writes and not is_left_out:
            yield operation, writes


def lists_that_lose_an_item(planning: Planning) -> Iterator[Draft]:
    """Each list of objects that can be created and deleted."""
    for operation, writes in changeable_lists(planning):
        if "delete" in writes:
            effect = worst_effect([writes["create"], writes["delete"]])
            yield Draft(operation, effect=effect, needs=(KeyName.FULL,), cost=9, optional=True)


def _growing_lists(planning: Planning) -> Iterator[tuple[Operation, Writes]]:
    """Each list of objects that can be created with a key, with the operations that write them."""
    for operation, writes in changeable_lists(planning):
        if writes["create"].keyed:
            yield operation, writes


def lists_that_gain_an_item(planning: Planning) -> Iterator[Draft]:
    """Each list of objects that can be created with a key."""
    for operation, writes in _growing_lists(planning):
        effect = writes["create"].effect
        yield Draft(operation, effect=effect, needs=(KeyName.FULL,), cost=4, optional=True)


def lists_that_gain_several(planning: Planning) -> Iterator[Draft]:
    """Each list of objects that can be created with a key, and whose creation costs no money."""
    requests = 2 * BURST + 2
    for operation, writes in _growing_lists(planning):
        if writes["create"].effect is Effect.WRITE:
            yield Draft(
                operation, effect=Effect.WRITE, needs=(KeyName.FULL,), cost=requests, optional=True
            )


def moving_lists(planning: Planning) -> Iterator[Draft]:
    """Each list of objects that can be created with a key.

    The effect of the case is the most severe one of the writes, any of which may be sent.
    """
    for operation, writes in _growing_lists(planning):
        effect, cost = worst_effect(writes.values()), STEPS + 3
        yield Draft(operation, effect=effect, needs=(KeyName.FULL,), cost=cost, optional=True)


def create_together(client: Client) -> list[Id | None]:
    """Create BURST objects of the kind of a case at the same time.

    Returns an id for each, None if its response shows none; empty if their values are not known. An
    attempt that confirms a finding waits until every copy of their list should show them.
    """
    creation = writes_of(client.contract, client.operation.kind)["create"]
    bodies = [client.valid(creation) for _ in range(BURST)]
    requests = [(KeyName.FULL, values, Facts()) for values in bodies if values is not None]
    if len(requests) < BURST:
        return []
    exchanges = client.together(creation, requests, role=Role.ARRANGE)
    if client.confirming:
        client.pause(SETTLED)
    return [client.created_id(exchange) for exchange in exchanges]


def shows_apart(page: Answer, operation: Operation, made: Iterable[Id | None]) -> bool:
    """Whether a page shows all of some objects, each at a position of its own.

    ``made`` are their ids. An object without a position counts as not shown.
    """
    position_by_id = {
        identifier(page.contract, item, operation.kind): as_text(position_of(operation, item))
        for item in page.listed
    }
    positions = [position_by_id.get(each) for each in made]
    all_are_shown = None not in positions
    return all_are_shown and len(set(positions)) == len(positions)


class Mixed:
    """Runs a program on the list of a case.

    The first walk starts after the cursor ``after``, among older items, which are further apart.
    Later walks start at the head. Steps that the contract or the target makes impossible are left
    out.
    """

    def __init__(self, client: Client, walker: Walker, after: str | None) -> None:
        self._client = client
        self._walker = walker
        self._writes = writes_of(client.contract, client.operation.kind)
        self._made: list[Id] = []  # what may be deleted
        self._walks = 0
        self._after = after

    def run(self, program: Iterable[list[Any]]) -> None:
        """Carry out the steps of a program. Each is a word, followed by its arguments."""
        steps: dict[str, Callable[..., None]] = {
            "turn": self._turn,
            "restart": self._restart,
            "make": self._make,
            "change": self._change,
            "remove": self._remove,
        }
        for word, *arguments in program:
            steps[word](*arguments)

    def _turn(self, limit: int) -> None:
        """Request the next page; a walk that has reached its end starts again."""
        self._after = self._walker.page(f"mixed-{self._walks}", self._after, limit).cursor
        if self._after is None:
            self._restart()

    def _restart(self) -> None:
        """Let the next page be the first one of a new walk."""
        self._walks += 1
        self._after = None

    def _make(self) -> None:
        """Create an object, and remember it."""
        answer = self._send_write("create")
        if answer is not None and answer.id is not None:
            self._made.append(answer.id)

    def _change(self) -> None:
        """Change an object; the change itself is not judged here."""
        self._send_write("update")

    def _send_write(self, action: str) -> Answer | None:
        """Send a valid write; returns its answer, or None if no valid write is known."""
        operation = self._writes.get(action)
        if operation is None:
            return None
        values = self._client.valid(operation)
        if values is None:
            return None
        exchange = self._client.call(operation, values, role=Role.ARRANGE)
        return Answer(self._client.contract, operation, exchange)

    def _remove(self) -> None:
        """Delete the object that was created last."""
        deletion = self._writes.get("delete")
        if deletion is None or deletion.selector is None or not self._made:
            return
        values = {parameter.name: self._client.value(parameter) for parameter in deletion.required}
        values[deletion.selector.name] = self._made.pop()
        self._client.call(deletion, values, role=Role.ARRANGE)
