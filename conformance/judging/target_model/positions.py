"""The position of each object, which must be the same in every response that shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from conformance.base.values import instant
from conformance.judging.outcomes import Pass, Violation
from conformance.judging.target_model.departures import Judged
from conformance.judging.target_model.events import Fate, Name, Write
from conformance.model import Business, Contract, Exchange, compact
from conformance.reading import Answer, Span

SAME_TIME = 1
"""Seconds by which one position may differ from place to place, because it may be rounded."""
DATED = "create.dated"
_First = tuple[Any, Exchange, Span]
"""The position that a response shows first."""


@dataclass(frozen=True)
class _Place:
    """A position that a response shows of an object."""

    text: Any
    moment: Fraction
    exchange: Exchange
    span: Span


class Positions:
    """What all responses show of the positions of objects.

    Only a place that differs from the first one is kept, and the first one that agrees after it.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        selectors = [operation.selector for operation in contract.operations.values()]
        self._named = {selector.references for selector in selectors if selector is not None}
        self._first: dict[Name, _First] = {}
        self._shown: dict[Name, list[_Place]] = defaultdict(list)
        self._agreed: dict[str, tuple[str, str]] = {}  # two exchanges that agree, by operation
        self._created: dict[Name, list[Span]] = defaultdict(list)

    def add(
        self, business: Business, answer: Answer, rows: list[dict[str, Any]], span: Span
    ) -> None:
        """Note the positions that a response shows.

        Where something other than an id identifies the objects, it may pass from one to another.
        An id by which no operation names an object may be unique within another object only.
        """
        kind, position = answer.operation.kind, self._contract.position
        identifier = self._contract.identifier_of(kind)
        if identifier != self._contract.identifier or kind not in self._named:
            return
        first_of, exchange = self._first, answer.exchange
        agreed = None
        for row in rows:
            text = row.get(position)
            if text is None:
                continue
            name = business, kind, str(row.get(identifier))
            first = first_of.get(name)
            if first is None:
                first_of[name] = text, exchange, span
            elif text != first[0] or name in self._shown:
                self._note(name, first, text, exchange, span)
            else:
                agreed = first
        if agreed is not None:
            self._agreed.setdefault(answer.operation.id, (agreed[1].id, exchange.id))

    def _note(self, name: Name, first: _First, text: Any, exchange: Exchange, span: Span) -> None:
        """Note the position of an object that was not always shown alike."""
        moment, of_first = instant(text), instant(first[0])
        if moment is None or of_first is None:
            return
        places = self._shown[name]
        if not places:
            places.append(_Place(first[0], of_first, first[1], first[2]))
        places.append(_Place(text, moment, exchange, span))

    def add_writes(self, writes: Iterable[Write]) -> None:
        """Note when objects were created, because a new object may have the id of an old one."""
        for write in writes:
            is_creation = write.operation.action in ("create", "delete")
            if write.name is not None and is_creation and write.fate is not Fate.REFUSED:
                self._created[write.name].append(write.span)

    def judged(self) -> Iterator[Judged]:
        """The responses with another position than responses before and after them show.

        A position that only changes once has moved, which other rules judge. Two responses that
        agree pass, for each operation.
        """
        for ids in self._agreed.values():
            yield Judged(DATED, ids[1], Pass(ids))
        for name, shown in self._shown.items():
            places = sorted(shown, key=lambda place: place.span.begin)
            other = self._other_place(places, self._created.get(name, []))
            if other is not None:
                yield self._departure(places[0], other)

    def _other_place(self, places: list[_Place], creations: list[Span]) -> _Place | None:
        """The first place that differs from the first, and that others like that follow.

        None if the object was created again in the meantime.
        """
        first = places[0]
        agree = [abs(place.moment - first.moment) <= SAME_TIME for place in places]
        last = len(agree) - 1 - agree[::-1].index(True)
        end = places[last].span.begin
        if any(first.span.end < each.begin <= end for each in creations) or all(agree[:last]):
            return None
        return places[agree.index(False)]

    def _departure(self, first: _Place, place: _Place) -> Judged:
        """A departure of a response from the first one."""
        expected = f"{compact(first.text)}, as {first.exchange.id} shows it"
        ids = (first.exchange.id, place.exchange.id)
        where = f"/{self._contract.position}"
        violation = Violation(where, expected, compact(place.text), ids)
        return Judged(DATED, place.exchange.id, violation)
