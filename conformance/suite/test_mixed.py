"""Walks mixed with writes, by programs that a state machine drew: pages are turned while objects come, change and go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model import Effect, Operation
from conformance.plan import Draft, Planning, operations, scenario
from conformance.suite.client import Client
from conformance.suite.drawing import STEPS
from conformance.suite.generate import draw
from conformance.suite.sending import Id
from conformance.suite.walker import Walker


def moving_lists(planning: Planning) -> Iterator[Draft]:
    """Each list of objects that can be made; what else can be done to them decides how bad it may get."""
    contract = planning.contract
    for operation in operations(planning, "list"):
        writes = [
            o
            for action in ("create", "update", "delete")
            for o in contract.operations_by(action, operation.kind)[:1]
        ]
        made = (
            bool(writes) and writes[0].action == "create" and writes[0].keyed and not operation.pool
        )
        if made and not any(p.required for p in operation.parameters):
            effect = max((one.effect for one in writes), key=list(Effect).index)
            yield Draft(operation, effect=effect, needs=("full",), cost=STEPS + 3, optional=True)


RULES = (
    "paging.order",
    "paging.advances",
    "paging.exclusive",
    "paging.complete",
    "paging.precision",
    "paging.more-false",
)


@scenario(moving_lists, rules=RULES, phase=2)
def test_mixed_walk(client: Client) -> None:
    """One drawn program, between two looks at the first page: what both show was there in between."""
    drawing = draw(client)
    programs = drawing.programs() if drawing else []
    place = [operation for operation, _ in client.planned("mixed-walk")].index(client.operation.id)
    walker = Walker(client, client.operation, moving=True)
    if walker.given is None or place >= len(programs):
        return
    known = walker.stretch("opening")
    _Mixed(client, walker, walker.cursor(known[: 3 * len(known) // 4])).run(programs[place])
    walker.stretch("closing")


class _Mixed:
    """Does what a program says; its first walk starts among older items, which stand further apart, the others at the head."""

    def __init__(self, client: Client, walker: Walker, after: str | None) -> None:
        self._client = client
        self._walker = walker
        self._own: list[Id] = []
        self._walks = 0
        self._after = after

    def run(self, program: list[list[Any]]) -> None:
        """Step by step; a step that the contract or the target has no way for is left out."""
        for word, *told in program:
            getattr(self, f"_{word}")(*told)

    def _turn(self, limit: int) -> None:
        page = self._walker.page(f"mixed-{self._walks}", self._after, limit)
        self._after = self._walker.cursor(self._walker.items(page))
        if self._after is None:
            self._restart()

    def _restart(self) -> None:
        self._walks += 1
        self._after = None

    def _make(self) -> None:
        making = self._operation("create")
        values = self._client.valid(making) if making else None
        made = (
            self._client.created_id(self._client.call(making, values, role="setup"))
            if making and values is not None
            else None
        )
        self._own += [] if made is None else [made]

    def _change(self) -> None:
        changing = self._operation("update")
        values = self._client.valid(changing) if changing else None
        if changing and values is not None:
            self._client.call(changing, values, role="setup")

    def _remove(self) -> None:
        removing = self._operation("delete")
        if removing and removing.selector and self._own:
            given = {p.name: self._client.value(p) for p in removing.parameters if p.required}
            self._client.call(
                removing, {**given, removing.selector.name: self._own.pop()}, role="setup"
            )

    def _operation(self, action: str) -> Operation | None:
        return next(
            iter(self._client.contract.operations_by(action, self._client.operation.kind)), None
        )
