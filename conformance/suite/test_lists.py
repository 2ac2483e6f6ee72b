"""Stimuli of pagination: walks over the same stretch of a list in several page sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from conformance.checks.base import items_of
from conformance.checks.walks import takes
from conformance.model import Effect, Exchange, Operation, Parameter
from conformance.plan import Depth, Draft, Planning, operations, stimulus
from conformance.suite.client import Client
from conformance.values import instant, rendered, respelled

SIZES = (1, 2, 3, 7)
SIZES_AGAIN = ((2, 3), (1, 7))
"""Page sizes of the walks that begin at other places than the head, in turn."""
WINDOW = 12
"""Items of the stretch that is walked in every size."""
LARGE = 100
BASE_PAGES = 3
DEEP_PAGES = 8
WALK_RULES = (
    "paging.order",
    "paging.advances",
    "paging.exclusive",
    "paging.complete",
    "paging.precision",
    "paging.more-false",
    "paging.more-true",
    "paging.ties",
)


class Walker:
    """Asks for pages of one list, as one walk after another."""

    def __init__(self, client: Client, operation: Operation) -> None:
        assert operation.paging is not None
        self._client = client
        self._operation = operation
        self.paging = operation.paging
        self.given = client.listing(operation)
        self.repeated = client.repeated
        self.deeply = client.depth is Depth.DEEP

    def page(
        self,
        walk: str,
        after: str | None = None,
        limit: int | None = None,
        filters: Mapping[str, str] | None = None,
        *,
        served: bool = True,
    ) -> Exchange:
        """One page, labelled as part of a walk; a cursor that the target has not ``served`` in this list may be refused."""
        values: dict[str, Any] = {**(self.given or {}), **(filters or {})}
        if limit is not None:
            values[self.paging.limit] = str(limit)
        if after is not None:
            values[self.paging.after] = after
        first = after is None
        role = "control" if first and limit is None else "probe"
        above = limit is not None and limit > max(SIZES)  # perhaps above the maximum
        facts: dict[str, Any] = {"refusable": True} if above or not served else {}
        facts |= {} if served else {"mistake": True}
        return self._client.call(self._operation, values, role=role, walk=walk, filters=dict(filters or {}), **facts)

    def items(self, exchange: Exchange) -> list[Any]:
        """The items of a page; none where it has no readable ones."""
        response = exchange.response
        return (items_of(self._operation, response.json) if response and response.ok else None) or []

    def cursor(self, items: list[Any]) -> str | None:
        """The position of the last item."""
        text = items[-1].get(self.paging.position) if items and isinstance(items[-1], dict) else None
        return text if isinstance(text, str) else None

    def deep(self, name: str) -> list[Any]:
        """The list in large pages, to its end or to a bound."""
        return self.walk(name, None, LARGE, items=LARGE * DEEP_PAGES, pages=DEEP_PAGES)

    def stretch(self, name: str, filters: Mapping[str, str] | None = None) -> list[Any]:
        """The first items in large pages, or in pages of the default size where a large limit is refused."""
        large = self.walk(name, None, LARGE, items=LARGE, pages=2, filters=filters)
        return large or self.walk(f"{name}-by-default", None, None, items=LARGE, pages=2 * BASE_PAGES, filters=filters)

    def walk(
        self, name: str, after: str | None, limit: int | None, *, items: int, pages: int, filters: Mapping[str, str] | None = None
    ) -> list[Any]:
        """Pages one after another, whatever the flag says, until enough is seen or a page is empty."""
        seen: list[Any] = []
        for _ in range(pages):
            page = self.items(self.page(name, after, limit, filters))
            seen += page
            after = self.cursor(page)
            if not page or after is None or len(seen) >= items:
                break
        return seen


def every_list(planning: Planning) -> Iterator[Draft]:
    """A walk over each list; in a quick run a whole one over the first list, and across one border of a page of the rest."""
    for number, operation in enumerate(operations(planning, "list")):
        brief = planning.depth is Depth.QUICK and number > 0
        params = {"quick": True, "brief": brief} if planning.depth is Depth.QUICK else {}
        yield Draft(operation, cost=4 if brief else 60, needs=("full",) if operation.keyed else (), params=params)


@stimulus(every_list, rules=WALK_RULES)
def test_walk(client: Client) -> None:
    """The stretch around the most telling neighbours in every page size, then the end of the list."""
    walker = Walker(client, client.operation)
    if walker.given is None:
        return
    if client.case.params.get("brief"):
        _border(walker)
        return
    if client.repeated:
        walker.deep("opening")
    base = walker.walk("base", None, None, items=3 * WINDOW, pages=BASE_PAGES)
    large = walker.deep("large")
    known = large if len(large) >= len(base) else base
    if len(known) < 2:
        return
    for number, start in enumerate(_starts(walker, known)):
        after = walker.cursor(known[: start + 1])
        for size in SIZES_AGAIN[number % 2] if number and not walker.deeply else SIZES:
            reach = 2 * size + 1 if number else min(WINDOW, len(known) - start - 1)
            walker.walk(f"from-{start}-by-{size}", after, size, items=reach, pages=WINDOW + 1)
    walker.walk("head-by-1", None, 1, items=2, pages=2)
    walker.walk("head-by-2", None, 2, items=5, pages=3)
    _positions(walker, known)
    _end(walker, known)
    if client.repeated:  # what was there before and after a page was there in between
        walker.deep("closing")


def _border(walker: Walker) -> None:
    """Five items in one page, and the same ones across two borders."""
    walker.walk("head-by-5", None, 5, items=5, pages=1)
    walker.walk("head-by-2", None, 2, items=5, pages=3)
    if walker.repeated:
        walker.walk("head-again", None, 5, items=5, pages=1)


def _positions(walker: Walker, known: list[Any]) -> None:
    """Cursors that mean a position but are no text that was served: spelled otherwise, between two items, beyond both ends."""
    texts = [text for text in (walker.cursor([item]) for item in known) if text is not None]
    times = [moment for moment in map(instant, texts) if moment is not None]
    if len(times) != len(known) or len(known) < 4 or times[0] == times[-1]:
        return
    descending = times[0] > times[-1]
    for hours in (0, 2):
        again = respelled(texts[2], hours)
        if again is not None:
            walker.page(f"respelled-by-{hours}-hours", again, 3, served=False)
    apart = next((i for i, (a, b) in enumerate(pairwise(times)) if abs(a - b) > 3), None)
    if apart is not None:
        walker.page("between", rendered((times[apart] + times[apart + 1]) / 2), 3, served=False)
    first, last = ("2999-01-01T00:00:00Z", "1970-01-01T00:00:00Z")[:: 1 if descending else -1]
    walker.page("from-before-the-head", first, 3, served=False)
    walker.page("from-beyond-the-end", last, 3, served=False)


def _end(walker: Walker, known: list[Any]) -> None:
    """Pages that end at, just before and just past the last item that is known."""
    last = walker.cursor(known)
    beyond = walker.items(walker.page("past-the-end", last, 2))
    if beyond or len(known) < 5:
        return
    for limit in (2, 3, 4):
        walker.walk(f"last-3-by-{limit}", walker.cursor(known[:-3]), limit, items=4, pages=2)
    walker.walk("last-1-by-1", walker.cursor(known[:-1]), 1, items=2, pages=2)


def _starts(walker: Walker, known: list[Any]) -> list[int]:
    """Where to start: just after the head, and where neighbours are closest in time, also deep in the list."""
    starts = [0]
    times = [instant(item.get(walker.paging.position)) if isinstance(item, dict) else None for item in known]
    gaps = [
        (abs(one - other), index)
        for index, (one, other) in enumerate(pairwise(times))
        if one is not None and other is not None and one != other and one // 1 == other // 1
    ]
    telling = sorted(index for _, index in gaps)
    often = 2 if walker.deeply else 1
    middles = [len(known) * part // (often + 1) for part in range(1, often + 1)] if len(known) > 3 * WINDOW else []
    chosen = telling[:often] + telling[-often:] + middles
    starts += [max(0, index - 1) for index in chosen if index > 1]
    return list(dict.fromkeys(starts))


def every_filter(planning: Planning) -> Iterator[Draft]:
    """A walk over each list with each of its filters."""
    for operation in operations(planning, "list"):
        for parameter in operation.filters:
            if not parameter.required:
                yield Draft(operation, parameter.name, cost=20, needs=("full",), params={"filter": parameter.name})


@stimulus(every_filter, rules=("paging.filter", "paging.exclusive", "paging.complete", "paging.more-false", "paging.more-true"))
def test_filtered_walk(client: Client) -> None:
    """A filtered list in small pages, beside the same stretch without the filter."""
    walker = Walker(client, client.operation)
    parameter = client.operation.parameter(client.case.params["filter"])
    assert parameter is not None
    if walker.given is None:
        return
    known = walker.stretch("unfiltered")
    value = _value_of(known, parameter)
    if value is None:
        return
    filters = {parameter.name: value}
    matching = sum(takes(parameter, item, value) is True for item in known)
    if client.repeated:
        walker.stretch("filtered-before", filters)
    walker.stretch("filtered", filters)
    for size in (2, 5):
        walker.walk(f"filtered-by-{size}", None, size, items=min(matching, WINDOW) + 1, pages=WINDOW, filters=filters)
    outside = [item for item in known if takes(parameter, item, value) is False]
    if outside:
        walker.page("from-outside", walker.cursor(outside[:1]), 3, filters, served=False)
    other = _composable(known, client.operation, parameter, value)
    if other is not None:
        walker.page("composed", None, None, {**filters, **other})
    if client.repeated:
        walker.stretch("unfiltered-after")
        walker.stretch("filtered-after", filters)


def _composable(known: list[Any], operation: Operation, parameter: Parameter, value: str) -> dict[str, str] | None:
    """Another filter, with a value that some items which pass the first one have, and some have not."""
    passing = [item for item in known if takes(parameter, item, value) is True]
    for other in operation.filters:
        if other.name == parameter.name or other.required or other.compare or other.filters == parameter.filters:
            continue
        texts = Counter(_text(item.get(other.filters)) for item in passing)
        found = next((text for text, count in texts.most_common() if text and count < len(passing)), None)
        if found is not None:
            return {other.name: found}
    return None


def _value_of(known: list[Any], parameter: Parameter) -> str | None:
    """A value that few items pass, but enough for a second page; for a bound one that about half of them pass."""
    values = [_text(item.get(parameter.filters)) for item in known if isinstance(item, dict) and item.get(parameter.filters)]
    texts = [text for text in values if text is not None]
    if parameter.compare:
        ordered = sorted(set(texts), key=lambda text: instant(text) or (Fraction(text) if _number(text) else Fraction(0)))
        return ordered[len(ordered) // 2] if len(ordered) > 5 else None
    counts = Counter(text for text in texts if not (parameter.joined and "," in text))
    enough = [(count, text) for text, count in counts.items() if count >= 3]
    if parameter.joined and len(counts) > 2:
        rare = sorted(counts.items(), key=lambda pair: (pair[1], pair[0]))[:2]
        if sum(count for _, count in rare) >= 3:
            return ",".join(text for text, _ in rare)
    return min(enough)[1] if enough else None


def _text(value: Any) -> str | None:
    """A value as a query takes it; None for what it cannot take."""
    return (
        value
        if isinstance(value, str)
        else str(value)
        if isinstance(value, int | float) and not isinstance(value, bool)
        else None
    )


def _number(text: str) -> bool:
    try:
        return bool(Fraction(text)) or True
    except (ValueError, ZeroDivisionError):
        return False


def lists_that_lose_an_item(planning: Planning) -> Iterator[Draft]:
    """Each list of objects that can be made and deleted."""
    contract = planning.contract
    for operation in operations(planning, "list"):
        making, deleting = (next(iter(contract.operations_by(a, operation.kind)), None) for a in ("create", "delete"))
        if making and deleting and not operation.pool and not any(p.required for p in operation.parameters):
            effect = max((making.effect, deleting.effect), key=list(Effect).index)
            yield Draft(operation, effect=effect, needs=("full",), cost=5, optional=True)


@stimulus(lists_that_lose_an_item, rules=("paging.advances", "paging.exclusive", "paging.complete"), phase=2)
def test_cursor_of_a_deleted_item(client: Client) -> None:
    """The cursor of an item goes on to mean its position when the item is gone."""
    walker = Walker(client, client.operation)
    deleting = client.contract.operations_by("delete", client.operation.kind)[0]
    values = client.valid(deleting)
    if values is None or deleting.selector is None or walker.given is None:
        return
    sought = values[deleting.selector.name]
    position = client.position(client.look(client.operation.kind or "", sought, role="control"))
    walker.walk("before", None, None, items=WINDOW, pages=1)
    gone = client.call(deleting, values, role="control").response
    if position is not None and gone is not None and gone.ok:
        walker.page("after-a-deleted-item", position, 3)


def lists_of_the_empty(planning: Planning) -> Iterator[Draft]:
    """Each list, with the key of a business without data."""
    for operation in operations(planning, "list"):
        if operation.keyed and not operation.pool and not any(p.required for p in operation.parameters):
            yield Draft(operation, needs=("empty",), cost=2)


@stimulus(lists_of_the_empty, rules=("paging.empty",))
def test_empty_list(client: Client) -> None:
    """The list of a business without data, plain, with a limit and with a cursor."""
    paging = client.operation.paging
    assert paging is not None
    values = client.valid(client.operation, "empty") or {}
    client.call(client.operation, values, key="empty")
    client.call(client.operation, {**values, paging.limit: "1"}, key="empty")


def large_pages(planning: Planning) -> Iterator[Draft]:
    """A page beyond the declared maximum of each list."""
    for operation in operations(planning, "list"):
        yield Draft(operation, cost=2, needs=("full",) if operation.keyed else (), rules=())


@stimulus(large_pages)
def test_large_page(client: Client) -> None:
    """A limit just above the maximum, and one far above."""
    paging = client.operation.paging
    assert paging is not None
    maximum = client.target.maximum.get(client.operation.id, LARGE)
    values = client.listing(client.operation)
    for limit in (maximum + 1, 100 * maximum) if values is not None else ():
        client.call(client.operation, {**(values or {}), paging.limit: str(limit)})


def odd_positions(planning: Planning) -> Iterator[Draft]:
    """Each list with a limit or a cursor that cannot be parsed."""
    for operation in operations(planning, "list"):
        yield Draft(operation, cost=4, needs=("full",) if operation.keyed else ())


@stimulus(odd_positions, rules=("parameter.unparsable",), phase=1)
def test_unparsable_parameter(client: Client) -> None:
    """Values of limit and cursor that are no number and no timestamp."""
    paging = client.operation.paging
    assert paging is not None
    values = client.listing(client.operation)
    if values is None:
        return
    for value in ("abc", "-1"):
        client.mistake(client.operation, {**values, paging.limit: value}, tolerable=True)
    for value in ("not-a-time", "2026-13-45T99:99:99Z"):
        client.mistake(client.operation, {**values, paging.after: value}, tolerable=True)


def printed_samples(planning: Planning) -> Iterator[Draft]:
    """Each request that the page prints."""
    for entry in planning.contract.page.values():
        example = entry.example or {}
        if "method" in example:
            operation = _printed(planning, example)
            if operation is not None:
                yield Draft(operation, entry.place.replace(" ", "-"), needs=("full",), params={"query": example.get("query", {})})


def _printed(planning: Planning, example: dict[str, Any]) -> Operation | None:
    return next((o for o in operations(planning, "list") if o.method == example["method"] and o.path == example["path"]), None)


@stimulus(printed_samples, rules=("sample.accepted",))
def test_printed_sample(client: Client) -> None:
    """A printed request as it stands, and with a cursor of the target in the place of the printed one."""
    paging = client.operation.paging
    assert paging is not None
    query = client.case.params["query"]
    if paging.after in query:
        client.call(client.operation, query, printed_cursor=True)
        items = client.listed(client.operation.kind or "")
        own = items[-1].get(paging.position) if items and isinstance(items[-1], dict) else None
        query = {**query, paging.after: own} if isinstance(own, str) else {k: v for k, v in query.items() if k != paging.after}
    client.call(client.operation, query)
