"""What the log shows of a target, so that nobody is asked for something that already exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from typing import Any

from conformance.base.values import instant
from conformance.model import Contract, Exchange, Operation
from conformance.reading import Answer, position_of

ENOUGH_ITEMS = 3
"""Items with created times that differ, which make more than one page."""


class Asked(StrEnum):
    """What a hint or a gap asks a person for, where the log can show that it exists."""

    OBJECT = "object"
    ITEMS = "items"


IN_VAIN = {
    Asked.OBJECT: "The target has such an object, but the case did not come to its probe.",
    Asked.ITEMS: "The list shows enough items, but its walks did not meet what is judged.",
}
"""What replaces a hint that asks for something that exists."""


class Shown:
    """What the exchanges of a log show, to the main key, of the objects of a target."""

    def __init__(
        self, contract: Contract, exchanges: Iterable[Exchange], main_key: str | None
    ) -> None:
        self._contract = contract
        self._exchanges = exchanges
        self._main_key = main_key

    def has(self, asked: Asked | None, operation: str) -> bool:
        """Whether the log shows that the target has what is ``asked`` for an operation.

        Those are enough items in its list, or an object of each kind that it must name.
        """
        documented = self._contract.operations.get(operation)
        if documented is None or asked is None:
            return False
        if asked is Asked.ITEMS:
            return self._most_items.get(operation, 0) >= ENOUGH_ITEMS
        kinds = kinds_of(documented)
        return bool(kinds) and kinds <= self._listed_kinds

    @cached_property
    def _most_items(self) -> dict[str, int]:
        """By list: the most different creation times in one walk, counted up to ENOUGH_ITEMS.

        A page that belongs to no walk is a walk of its own.
        """
        times_of: dict[tuple[str, ...], set[Any]] = {}  # by list, case, attempt and walk
        for exchange, operation, items in self._pages():
            walk = exchange.facts.walk or exchange.id
            key = (operation.id, exchange.case, str(exchange.attempt), walk)
            times = times_of.setdefault(key, set())
            for item in items:
                if len(times) >= ENOUGH_ITEMS:
                    break
                time = instant(position_of(operation, item))
                if time is not None:
                    times.add(time)
        most: dict[str, int] = {}
        for (listing, *_), times in times_of.items():
            most[listing] = max(most.get(listing, 0), len(times))
        return most

    @cached_property
    def _listed_kinds(self) -> set[str]:
        """The kinds of the objects that are shown in lists."""
        kinds = {operation.kind for _, operation, _ in self._pages()}
        return kinds - {""}

    def _pages(self) -> Iterator[tuple[Exchange, Operation, list[Any]]]:
        """Each page with items that the main key got, with its list and its items."""
        for exchange in self._exchanges:
            operation = self._contract.operations.get(exchange.operation)
            if operation is None or operation.paging is None:
                continue
            if exchange.identity != self._main_key:
                continue
            items = Answer(self._contract, operation, exchange).items
            if items:
                yield exchange, operation, items


def kinds_of(operation: Operation) -> set[str]:
    """The kinds of the objects that an operation must name, or else the kind of its own objects."""
    named = {parameter.references for parameter in operation.required}
    kinds = (named - {""}) or {operation.kind}
    return kinds - {""}
