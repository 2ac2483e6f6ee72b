"""What the answer to a list or a read shows: its items, its object, and what tells one from another."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

from conformance.model import Contract, Exchange, Open, Operation, Paging, Parameter, Rate, compact
from conformance.values import instant


def items_of(operation: Operation, value: Any) -> list[Any] | None:
    """The items of a list response: its collection member, or its only array, or of several the usual one. None without.

    Where the usual one is not among several, it is the only one that holds objects with a position; where none holds
    objects, the only empty one.
    """
    if not isinstance(value, dict) or operation.paging is None:
        return None
    arrays = {name: member for name, member in value.items() if isinstance(member, list)}
    name = operation.paging.collection
    if name is not None or operation.paging.usual in arrays:
        return arrays.get(name or operation.paging.usual or "")
    if len(arrays) > 1:
        objects = {
            name: [item for item in member if isinstance(item, dict)]
            for name, member in arrays.items()
        }
        placed = [
            name
            for name, items in objects.items()
            if any(operation.paging.position in item for item in items)
        ]
        wanted = (
            placed
            if any(objects.values())
            else [name for name, member in arrays.items() if not member]
        )
        arrays = {name: arrays[name] for name in wanted}
    return (
        next(iter(arrays.values()), None) if len(arrays) == 1 or not any(arrays.values()) else None
    )


def object_of(contract: Contract, operation: Operation, value: Any) -> Any:
    """The object that a success shows: in the wrapper of the operation, or bare, or in the only member that has an id.

    Of several such members it is the one that is called by the kind of the object.
    """
    if not isinstance(value, dict):
        return value
    if operation.wrapper is not None:
        return value.get(operation.wrapper)
    name = contract.identifier_of(operation.kind)
    if name in value:
        return value
    inner = {
        key: member for key, member in value.items() if isinstance(member, dict) and name in member
    }
    return next(iter(inner.values())) if len(inner) == 1 else inner.get(operation.kind or "", value)


def runs_forward(paging: Paging, items: list[Any]) -> bool:
    """Whether a list runs from old to new, as far as its first and last item tell."""
    told = [instant(item.get(paging.position)) for item in items if isinstance(item, dict)]
    times = [moment for moment in told if moment is not None]
    return len(times) > 1 and times[0] < times[-1]


def before_last(positions: list[str], count: int) -> str | None:
    """Of positions from old to new the last that has ``count`` behind it and is older than the last, and than what comes next."""
    last = instant(positions[-1]) if positions else None
    older = [
        (moment, text)
        for text in positions[:-count]
        if (moment := instant(text)) is not None and last is not None
    ]
    return next(
        (text for moment, text in reversed(older) if last is not None and moment < last), None
    )


def sought_in(contract: Contract, exchange: Exchange) -> tuple[Any, bool]:
    """The object that an exchange sought, as a read or a list shows it (None: not), and whether a list may go on with it."""
    operation, response = contract.operations.get(exchange.operation), exchange.response
    if operation is None or response is None or not response.ok:
        return None, False
    if operation.paging is None:
        return object_of(contract, operation, response.json), False
    name, sought = contract.identifier_of(operation.kind), exchange.facts.sought
    items = items_of(operation, response.json) or []
    found = next(
        (item for item in items if isinstance(item, dict) and str(item.get(name)) == sought), None
    )
    more = response.json.get(operation.paging.more) if isinstance(response.json, dict) else None
    goes_on = found is None and more is True
    return found, goes_on and not _passed(operation.paging, items, exchange.facts.position)


def _passed(paging: Paging, items: list[Any], position: Any) -> bool:
    """Whether a page holds items on both sides of a position, in a list that runs by it."""
    told = [item.get(paging.position) for item in items if isinstance(item, dict)]
    times, at = [moment for moment in map(instant, told) if moment is not None], instant(position)
    return at is not None and bool(times) and min(times) < at < max(times)


def id_of(contract: Contract, kind: str | None, item: Any) -> str | None:
    """The id of an item, else the member that tells its kind apart."""
    shown = (
        [item.get(name) for name in (contract.identifier, contract.identifier_of(kind))]
        if isinstance(item, dict)
        else []
    )
    return next((compact(value, sys.maxsize) for value in shown if value is not None), None)


def newly(contract: Contract, listing: Operation, old: list[Any], new: list[Any]) -> list[Any]:
    """The items that a list shows now and did not show before.

    An item without an id may look different the next time. It is new only if no old item stands at
    its moment.
    """
    known = {identity_of(contract, listing.kind, item) for item in old}
    moments = {moment_of(listing, item) for item in old} - {None}
    added = [item for item in new if identity_of(contract, listing.kind, item) not in known]
    return [
        item
        for item in added
        if id_of(contract, listing.kind, item) is not None
        or moment_of(listing, item) not in moments
    ]


def position_of(listing: Operation, item: Any) -> Any:
    """The member of an item that is the cursor of the page after it; None without one."""
    return item.get(listing.paging.position) if listing.paging and isinstance(item, dict) else None


def moment_of(listing: Operation, item: Any) -> Fraction | None:
    """Where an item of a list stands in time."""
    return instant(position_of(listing, item))


def identity_of(contract: Contract, kind: str | None, item: Any) -> str:
    """What tells an item from another: what names it, else the whole of it."""
    return id_of(contract, kind, item) or compact(item, sys.maxsize)


def takes(parameter: Parameter | None, item: Any, value: str) -> bool | None:
    """Whether a filter takes an item, by what the item shows; None where it does not tell.

    Whether a bound takes what stands exactly on it is open.
    """
    shown = item.get(parameter.filters) if parameter and isinstance(item, dict) else None
    if parameter is None or shown is None or isinstance(shown, dict | list):
        return None
    if parameter.compare is None:
        wanted = value.split(",") if parameter.joined else [value]
        return _text(shown).casefold() in {one.casefold() for one in wanted}
    at, bound = instant(shown), instant(value)
    if Open.TIME_BOUND in parameter.open and bound is not None:
        sides = {moment > bound for moment in map(instant, item.values()) if moment is not None}
        if True in sides and False in sides:
            return None
    if at is None or bound is None:
        try:
            at, bound = Fraction(_text(shown)), Fraction(value)
        except (ValueError, ZeroDivisionError):
            return None
    return None if at == bound else (at > bound) == (parameter.compare == "at-least")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else compact(value)


def shown(operation: Operation, sent: Mapping[str, Any], got: Any) -> list[str]:
    """The members that were sent and that a read shows.

    An optional member may be left out. It may be null, too, unless it takes free text.
    """
    if not isinstance(got, dict):
        return []
    kept = {p.shows_as or p.name for p in operation.body if p.required or p.fresh}
    return [name for name in sent if name in got and (got[name] is not None or name in kept)]


def as_shown(operation: Operation, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The members that were sent, by the names under which the object shows them."""
    other_names = {p.name: p.shows_as for p in operation.body if p.shows_as}
    return {other_names.get(name, name): value for name, value in sent.items()}


def differences(
    operation: Operation, sent: Mapping[str, Any], got: Any
) -> Iterator[tuple[str, str, str]]:
    """Each member that a read shows with another value than was sent: where, expected, actual."""
    sent = as_shown(operation, sent)
    for name in shown(operation, sent, got):
        if not same(sent[name], got[name]):
            yield f"/{name}", compact(sent[name]), compact(got[name])


def same(sent: Any, got: Any) -> bool:
    """Whether a value came back as it was sent.

    White space of a text may be trimmed or folded, and an object may show more members.
    """
    if isinstance(sent, dict) and isinstance(got, dict):
        return all(name in got and same(value, got[name]) for name, value in sent.items())
    if isinstance(sent, list) and isinstance(got, list):
        return len(sent) == len(got) and all(map(same, sent, got))
    if isinstance(sent, str) and isinstance(got, str):
        return _folded(sent) == _folded(got)
    if isinstance(sent, bool) != isinstance(got, bool):  # true equals 1 in Python
        return False
    return bool(sent == got)


def _folded(text: str) -> str:
    """A text with each run of white space as one blank, and none at its ends."""
    return re.sub(r"\s+", " ", text).strip()


def absent(contract: Contract, page: Exchange) -> bool:
    """Whether a page of a list lacks the new object that it must show.

    It must show it if no page follows, or if the list runs from new to old and its first item is
    older. A page that may begin behind the object proves nothing.
    """
    answer = answer_of(contract, page)
    if answer is None or answer.items is None or sought_in(contract, page)[0] is not None:
        return False
    position = instant(page.facts.position)
    moments = [moment for moment in map(instant, answer.positions) if moment is not None]
    if _begins_later(answer, position, moments):
        return False
    if answer.more is False:
        return True
    return position is not None and bool(moments) and position > moments[0] > moments[-1]


def _begins_later(answer: Answer, position: Fraction | None, moments: list[Fraction]) -> bool:
    """Whether a page may begin behind a position, as the cursor that it was asked for with says."""
    paging = answer.operation.paging
    cursor = asked(answer.exchange, paging.after) if paging is not None else None
    if cursor is None:
        return False
    begin = instant(cursor)
    return position is None or begin is None or begin >= min([position, *moments])


def soon(rate: Rate) -> tuple[int, int]:
    """When to ask again before the time of a limit is over, and for how many requests.

    A little less than half of the time: of two windows in a row that begin at full hours not both can end in it.
    One request more than what has come free by then where requests come free one by one.
    """
    seconds = rate.seconds * 29 // 60
    return seconds, rate.requests * seconds // rate.seconds + 1


def asked(exchange: Exchange, name: str) -> str | None:
    """The value of a query parameter that was sent exactly once."""
    values = parse_qs(urlsplit(exchange.request.url).query, keep_blank_values=True).get(name, [])
    return values.pop() if len(values) == 1 else None


@dataclass(frozen=True)
class Answer:
    """What the answer to one request of an operation shows, read once."""

    contract: Contract
    operation: Operation
    exchange: Exchange

    @property
    def ok(self) -> bool:
        """Whether the request was accepted."""
        return self.exchange.response is not None and self.exchange.response.ok

    @cached_property
    def items(self) -> list[Any] | None:
        """The items of an accepted list; None for anything else, also for an unreadable list."""
        response = self.exchange.response
        return items_of(self.operation, response.json) if response and response.ok else None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The items that are objects."""
        return [item for item in self.items or [] if isinstance(item, dict)]

    @property
    def cursor(self) -> str | None:
        """The position of the last item, which is the cursor of the next page; None without one."""
        last = (self.items or [None])[-1]
        position = position_of(self.operation, last)
        return position if isinstance(position, str) else None

    @property
    def positions(self) -> list[str]:
        """The positions that the items show, in their order."""
        values = [position_of(self.operation, row) for row in self.rows]
        return [value for value in values if isinstance(value, str)]

    @property
    def more(self) -> bool | None:
        """What the list says of further pages; None where it says nothing."""
        paging, response = self.operation.paging, self.exchange.response
        body = response.json if response is not None and response.ok else None
        value = body.get(paging.more) if paging and isinstance(body, dict) else None
        return value if isinstance(value, bool) else None

    @cached_property
    def object(self) -> Any:
        """The object that an accepted request shows; None for anything else."""
        response = self.exchange.response
        if response is None or not response.ok:
            return None
        return object_of(self.contract, self.operation, response.json)

    @property
    def id(self) -> str | int | None:
        """The identifier of that object; None where it shows none."""
        name = self.contract.identifier_of(self.operation.kind)
        value = self.object.get(name) if isinstance(self.object, dict) else None
        return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def answer_of(contract: Contract, exchange: Exchange) -> Answer | None:
    """The answer to a request of a documented operation; None for any other request."""
    operation = contract.operations.get(exchange.operation)
    return None if operation is None else Answer(contract, operation, exchange)
