"""The position of each object, which must be the same in every response that shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from conformance.base.values import instant
from conformance.judging.outcomes import Pass, Violation
from conformance.judging.target_model.departures import Judged
from conformance.judging.target_model.events import Fate, ObjectKey, Write
from conformance.model import Business, Contract, Exchange, compact
from conformance.reading import Answer, Span

SAME_TIME = 1
"""Seconds by which one position may differ from place to place, because it may be rounded."""
DATED = "create.dated"


class _First(NamedTuple):
    """The position of an object in the first response that shows it."""

    text: Any
    exchange: Exchange
    span: Span


@dataclass(frozen=True)
class _Place:
    """The position of an object in a response, as text and in seconds since 1970."""

    text: Any
    moment: Fraction
    exchange: Exchange
    span: Span


class Positions:
    """What all responses show of the positions of objects.

    Of most objects, only the first place is kept. From the first one that differs, all are kept.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        selectors = [operation.selector for operation in contract.operations.values()]
        self._kinds = {selector.references for selector in selectors if selector is not None}
        self._first: dict[ObjectKey, _First] = {}
        self._places: dict[ObjectKey, list[_Place]] = defaultdict(list)  # if any differ
        self._agreed: dict[str, tuple[str, str]] = {}  # two exchanges that agree, by operation
        self._replaced: dict[ObjectKey, list[Span]] = defaultdict(list)  # creations and deletions

    def add(
        self, business: Business, answer: Answer, rows: list[dict[str, Any]], span: Span
    ) -> None:
        """Note the positions that a response shows.

        Objects that something other than an id identifies are left out, because that may pass from
        one object to another. So are objects whose id no operation takes: it may be unique only
        within another object.
        """
        kind, position = answer.operation.kind, self._contract.position
        identifier = self._contract.identifier_of(kind)
        if identifier != self._contract.identifier or kind not in self._kinds:
            return
        exchange = answer.exchange
        agreeing = None  # the first position of an object that this response shows again
        for row in rows:
            text = row.get(position)
            if text is None:
                continue
            key = business, kind, str(row.get(identifier))
            first = self._first.get(key)
            if first is None:
                self._first[key] = _First(text, exchange, span)
            elif text != first.text or key in self._places:
                self._note(key, first, text, exchange, span)
            else:
                agreeing = first
        if agreeing is not None:
            self._agreed.setdefault(answer.operation.id, (agreeing.exchange.id, exchange.id))

    def _note(
        self, key: ObjectKey, first: _First, text: Any, exchange: Exchange, span: Span
    ) -> None:
        """Note the place of an object that was not always shown alike, after its first place.

        A position that is not a timestamp is left out.
        """
        moment, first_moment = instant(text), instant(first.text)
        if moment is None or first_moment is None:
            return
        places = self._places[key]
        if not places:
            places.append(_Place(first.text, first_moment, first.exchange, first.span))
        places.append(_Place(text, moment, exchange, span))

    def add_writes(self, writes: Iterable[Write]) -> None:
        """Note creations and deletions, because a new object may have the id of an old one."""
        for write in writes:
            replaces = write.operation.action in ("create", "delete")
            if write.key is not None and replaces and write.fate is not Fate.REFUSED:
                self._replaced[write.key].append(write.span)

    def judged(self) -> Iterator[Judged]:
        """The responses with a different position than responses before and after them show.

        A position that only changes once has moved, which other rules judge. For each operation,
        one response passes that agrees with an earlier one.
        """
        for ids in self._agreed.values():
            yield Judged(DATED, ids[1], Pass(ids))
        for key, noted in self._places.items():
            places = sorted(noted, key=lambda place: place.span.begin)
            other = self._other_place(places, self._replaced.get(key, []))
            if other is not None:
                yield self._departure(places[0], other)

    def _other_place(self, places: list[_Place], replaced: list[Span]) -> _Place | None:
        """The earliest place that differs from the first one, if a later one agrees with the first.

        None if there is no such place, or if the object was created or deleted before the last
        place that agrees.
        """
        first = places[0]
        agrees = [abs(place.moment - first.moment) <= SAME_TIME for place in places]
        last_agreeing = max(number for number, is_alike in enumerate(agrees) if is_alike)
        end = places[last_agreeing].span.begin
        if any(first.span.end < each.begin <= end for each in replaced):
            return None
        if all(agrees[:last_agreeing]):
            return None
        return places[agrees.index(False)]

    def _departure(self, first: _Place, place: _Place) -> Judged:
        """A departure of a response from the first one."""
        expected = f"{compact(first.text)}, as exchange {first.exchange.id} shows it"
        ids = (first.exchange.id, place.exchange.id)
        where = f"/{self._contract.position}"
        violation = Violation(where, expected, compact(place.text), ids)
        return Judged(DATED, place.exchange.id, violation)
