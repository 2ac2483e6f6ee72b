"""Scenarios of pagination: walks over the same stretch of a list in several page sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from conformance.model import Effect, Operation, Parameter, Params, Role
from conformance.reading import takes
from conformance.scenarios import Depth, Draft, Planning, operations, scenario
from conformance.suite.client import Client
from conformance.suite.drawing import STEPS
from conformance.suite.generate import draw
from conformance.suite.ids import Id
from conformance.suite.knowledge import LARGE, SEVERAL
from conformance.suite.walker import BASE_PAGES, Walker
from conformance.values import instant, rendered, respelled

SIZES = (1, 2, 3, 7)
ZONES = (120, -300, 330, -210)
"""Offsets in minutes that a cursor is spelled with, in turn."""
SIZES_AGAIN = ((2, 3), (1, 7))
"""Page sizes of the walks that begin at other places than the head, in turn."""
SINGLES = 8
"""Items of it that are walked one by one."""
LENGTHS = (25, 10, 50, 20)
"""Usual lengths of a page, of which each list is asked for one, in turn."""
WINDOW = 12
"""Items of the stretch that is walked in every size."""
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


@dataclass(frozen=True)
class WalkParams(Params):
    """``brief``: across one border of a page alone."""

    brief: bool


def every_list(planning: Planning) -> Iterator[Draft]:
    """A walk over each list; in a quick run a whole one over the first list, and across one border of a page of the rest."""
    for number, operation in enumerate(operations(planning, "list")):
        brief = planning.depth is Depth.QUICK and number > 0
        narrowed = any(p.required and p.name != planning.contract.tenant for p in operation.filters)
        rules = (*WALK_RULES, "paging.filter") if narrowed else WALK_RULES
        yield Draft(
            operation,
            cost=4 if brief else 60,
            needs=("full",) if operation.keyed else (),
            params=WalkParams(brief),
            quick=planning.depth is Depth.QUICK,
            rules=rules,
        )


@scenario(every_list, rules=(*WALK_RULES, "paging.filter"))
def test_walk(client: Client) -> None:
    """The stretch around the most telling neighbours in every page size, then the end of the list."""
    walker = Walker(client, client.operation)
    if walker.given is None:
        return
    if client.params(WalkParams).brief:
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
            reach = (
                2 * size + 1
                if number
                else min(WINDOW if size > 1 else SINGLES, len(known) - start - 1)
            )
            walker.walk(f"from-{start}-by-{size}", after, size, items=reach, pages=WINDOW + 1)
    walker.page("head-again", None, 1)  # what was just asked for is what comes again
    walker.walk("head-by-1", None, 1, items=2, pages=2)
    walker.page("head-at-length", None, LENGTHS[sum(map(ord, walker.operation.id)) % len(LENGTHS)])
    walker.walk("head-by-2", None, 2, items=5, pages=3)
    walker.page(
        "above-the-maximum",
        None,
        client.target.maximum.get(client.operation.id, LARGE) + 1,
        served=False,
    )
    _positions(walker, known)
    _end(walker, known)
    if client.repeated:  # what was there before and after a page was there in between
        walker.deep("closing")
        walker.walk("closing-border", walker.cursor(known[: LARGE - 1]), 2, items=4, pages=2)


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
    for minutes in (0, ZONES[sum(map(ord, walker.operation.id)) % len(ZONES)]):
        again = respelled(texts[2], minutes)
        if again is not None:
            walker.page(f"respelled-by-{minutes}-minutes", again, 3, served=False)
    apart = next((i for i, (a, b) in enumerate(pairwise(times)) if abs(a - b) > 3), None)
    if apart is not None:
        walker.page("between", rendered((times[apart] + times[apart + 1]) / 2), 3, served=False)
    first, last = ("2999-01-01T00:00:00Z", "1970-01-01T00:00:00Z")[:: 1 if descending else -1]
    walker.page("from-before-the-head", first, 3, served=False)
    walker.page("from-beyond-the-end", last, 3, served=False)
    walker.page("from-the-first-year", "0001-01-01T00:00:00Z", 3, served=False)


def _end(walker: Walker, known: list[Any]) -> None:
    """Pages that end at, just before and just past the last item that is known."""
    last = walker.cursor(known)
    beyond = walker.items(walker.page("past-the-end", last, 2))
    if beyond or len(known) < 5:
        return
    for limit in (2, 3, 4):
        walker.walk(f"last-3-by-{limit}", walker.cursor(known[:-3]), limit, items=4, pages=2)
    walker.walk("last-2-by-1", walker.cursor(known[:-2]), 1, items=2, pages=2)
    plain = [
        p
        for p in walker.operation.filters
        if not p.required and not p.compare and p.name != walker.tenant
    ]
    shown = [
        (p.name, _text(known[-1].get(p.filters))) for p in plain if isinstance(known[-1], dict)
    ]
    told = next(((name, text) for name, text in shown if text), None)
    if told is not None:
        walker.page("last-3-filtered", walker.cursor(known[:-3]), 4, dict([told]), served=False)


def _starts(walker: Walker, known: list[Any]) -> list[int]:
    """Where to start: after the head, where neighbours are closest in time, and in the middle or at the end of a large page."""
    starts = [0]
    times = [
        instant(item.get(walker.paging.position)) if isinstance(item, dict) else None
        for item in known
    ]
    gaps = [
        (abs(one - other), index)
        for index, (one, other) in enumerate(pairwise(times))
        if one is not None and other is not None and one != other and one // 1 == other // 1
    ]
    telling = sorted(index for _, index in gaps)
    often = 2 if walker.deeply else 1
    middles = (
        [len(known) * part // (often + 1) for part in range(1, often + 1)]
        if len(known) > 3 * WINDOW
        else []
    )
    if len(known) > LARGE + 2:
        middles[-1] = LARGE - 1
    chosen = telling[:often] + telling[-often:] + middles
    starts += [max(0, index - 1) for index in chosen if index > 1]
    return list(dict.fromkeys(starts))


FILTER_RULES = (
    "paging.order",
    "paging.exclusive",
    "paging.complete",
    "paging.precision",
    "paging.more-false",
    "paging.more-true",
)


@dataclass(frozen=True)
class FilterParams(Params):
    """The filter of a walk, and the page sizes that it is walked in."""

    filter: str
    sizes: tuple[int, ...]


def every_filter(planning: Planning) -> Iterator[Draft]:
    """A walk over each list with each of its filters; a quick run owes the borders of pages to the plain walks alone."""
    rules = ("paging.filter",) if planning.depth is Depth.QUICK else None
    for operation in operations(planning, "list"):
        for number, parameter in enumerate(operation.filters):
            if not parameter.required:
                sizes = (2, 5) if planning.depth is Depth.DEEP or number % 2 == 0 else (3,)
                params = FilterParams(parameter.name, sizes)
                yield Draft(
                    operation,
                    parameter.name,
                    cost=20,
                    needs=("full",),
                    params=params,
                    rules=rules,
                )


@scenario(every_filter, rules=("paging.filter", *FILTER_RULES))
def test_filtered_walk(client: Client) -> None:
    """A filtered list in small pages, beside the same stretch without the filter."""
    walker = Walker(client, client.operation)
    parameter = client.operation.parameter(client.params(FilterParams).filter)
    assert parameter is not None
    if walker.given is None:
        return
    known = walker.stretch("unfiltered")
    value = _value_of(known, parameter)
    if value is None:
        shown = [_text(item.get(parameter.filters)) for item in known if isinstance(item, dict)]
        single = next((text for text in shown if text), None)
        if single is not None and not parameter.compare:
            walker.page("single", None, None, {parameter.name: single}, served=False)
        return
    filters = {parameter.name: value}
    served = parameter.compare is None  # whether a cursor goes together with a bound is open
    matching = sum(takes(parameter, item, value) is True for item in known)
    if client.repeated:
        walker.stretch("filtered-before", filters, served=served)
    walker.stretch("filtered", filters, served=served)
    for size in client.params(FilterParams).sizes:
        walker.walk(
            f"filtered-by-{size}",
            None,
            size,
            items=min(matching, WINDOW) + 1,
            pages=WINDOW,
            filters=filters,
            served=served,
        )
    another = _another_value(known, parameter, value)
    if another is not None:
        walker.page("another-value", None, 3, {parameter.name: another})
    outside = [item for item in known if takes(parameter, item, value) is False]
    if outside:
        both = [
            one
            for one, after in pairwise(known)
            if takes(parameter, one, value) is takes(parameter, after, value) is False
        ]
        walker.page(
            "from-outside",
            walker.cursor((both or outside)[:1]),
            1 if both else 3,
            filters,
            served=False,
        )
    other = _composable(known, client.operation, parameter, value)
    if other is not None:
        first = walker.items(walker.page("composed", None, 2, {**filters, **other}))
        walker.page("composed", walker.cursor(first), None, {**filters, **other}, served=served)
    if client.repeated:
        walker.stretch("unfiltered-after")
        walker.stretch("filtered-after", filters, served=served)


def _another_value(known: list[Any], parameter: Parameter, value: str) -> str | None:
    """The value that most items have beside one that was tried."""
    shown = [_text(item.get(parameter.filters)) for item in known if isinstance(item, dict)]
    counts = Counter(
        text for text in shown if text and "," not in text and text not in value.split(",")
    )
    return (
        None
        if parameter.compare or not counts
        else min(counts, key=lambda text: (-counts[text], text))
    )


@dataclass(frozen=True)
class OptionParams(Params):
    """The parameter that narrows the list by something its items do not show."""

    option: str


def every_option(planning: Planning) -> Iterator[Draft]:
    """Each list with each parameter that narrows it by something its items do not show."""
    for operation in operations(planning, "list"):
        own = (operation.paging.after, operation.paging.limit) if operation.paging else ()
        for parameter in operation.parameters:
            plain = not (parameter.required or parameter.filters or parameter.name in own)
            if parameter.place == "query" and plain and parameter.example is not None:
                params = OptionParams(parameter.name)
                yield Draft(
                    operation, parameter.name, cost=2, needs=("full",), params=params, optional=True
                )


@scenario(every_option, rules=("paging.order", "paging.advances", "paging.exclusive"))
def test_walk_with_option(client: Client) -> None:
    """Two pages with an option, and nothing to compare them with but each other."""
    walker, parameter = (
        Walker(client, client.operation),
        client.operation.parameter(client.params(OptionParams).option),
    )
    if walker.given is not None and parameter is not None:
        walker.walk(
            "with-option",
            None,
            2,
            items=4,
            pages=2,
            filters={parameter.name: str(parameter.example)},
            served=False,
        )


def _composable(
    known: list[Any], operation: Operation, parameter: Parameter, value: str
) -> dict[str, str] | None:
    """The next filter with a value that few items which pass the first one have, but enough for a second page if possible."""
    passing = [item for item in known if takes(parameter, item, value) is True]
    found: list[tuple[bool, int, int, str, str]] = []
    place = operation.filters.index(parameter)
    for turn, other in enumerate((*operation.filters[place + 1 :], *operation.filters[:place])):
        if other.required or other.compare or other.filters == parameter.filters:
            continue
        texts = Counter(_text(item.get(other.filters)) for item in passing)
        found += [
            (count < 3, turn, count, other.name, text)
            for text, count in texts.items()
            if text and count < len(passing)
        ]
    return dict([min(found)[3:]]) if found else None


def _value_of(known: list[Any], parameter: Parameter) -> str | None:
    """A value that few items pass, but enough for a second page; for a bound one that about half of them pass."""
    values = [
        _text(item.get(parameter.filters))
        for item in known
        if isinstance(item, dict) and item.get(parameter.filters)
    ]
    texts = [text for text in values if text is not None]
    if parameter.compare:
        ordered = sorted(
            set(texts),
            key=lambda text: instant(text) or (Fraction(text) if _number(text) else Fraction(0)),
        )
        return ordered[len(ordered) // 2] if len(ordered) > 5 else None
    counts = Counter(text for text in texts if not (parameter.joined and "," in text))
    enough = [(count < SEVERAL, count, text) for text, count in counts.items() if count >= 3]
    if parameter.joined and len(counts) > 2:
        rare = sorted(counts.items(), key=lambda pair: (pair[1], pair[0]))[:2]
        if sum(count for _, count in rare) >= 3:
            return ",".join(text for text, _ in rare)
    return min(enough)[2] if enough else None


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


MOVED_RULES = ("paging.advances", "paging.exclusive", "paging.complete", "paging.precision")


def lists_that_lose_an_item(planning: Planning) -> Iterator[Draft]:
    """Each list of objects that can be made and deleted."""
    contract = planning.contract
    for operation in operations(planning, "list"):
        making, deleting = (
            next(iter(contract.operations_by(a, operation.kind)), None)
            for a in ("create", "delete")
        )
        if (
            making
            and deleting
            and not operation.pool
            and not any(p.required for p in operation.parameters)
        ):
            effect = max((making.effect, deleting.effect), key=list(Effect).index)
            yield Draft(operation, effect=effect, needs=("full",), cost=5, optional=True)


@scenario(lists_that_lose_an_item, rules=MOVED_RULES, phase=2)
def test_cursor_of_a_deleted_item(client: Client) -> None:
    """The cursor of an item goes on to mean its position when the item is gone."""
    walker = Walker(client, client.operation)
    deleting = client.contract.operations_by("delete", client.operation.kind)[0]
    values = client.valid(deleting)
    if values is None or deleting.selector is None or walker.given is None:
        return
    sought = values[deleting.selector.name]
    position = client.position(client.settled(client.operation.kind or "", sought))
    walker.walk("before", None, None, items=WINDOW, pages=1)
    gone = client.call(deleting, values, role=Role.CONTROL).response
    if position is not None and gone is not None and gone.ok:
        walker.page("after-a-deleted-item", position, 3)


def lists_that_gain_an_item(planning: Planning) -> Iterator[Draft]:
    """Each list of objects that can be made."""
    for operation in operations(planning, "list"):
        making = next(iter(planning.contract.operations_by("create", operation.kind)), None)
        if (
            making
            and making.keyed
            and not operation.pool
            and not any(p.required for p in operation.parameters)
        ):
            yield Draft(operation, effect=making.effect, needs=("full",), cost=4, optional=True)


@scenario(lists_that_gain_an_item, rules=MOVED_RULES, phase=2)
def test_item_made_between_pages(client: Client) -> None:
    """The cursor is a position, and no number of rows: what is made between two pages shifts nothing."""
    walker = Walker(client, client.operation)
    making = client.contract.operations_by("create", client.operation.kind)[0]
    values = client.valid(making)
    if values is None or walker.given is None:
        return
    walker.walk("whole", None, 5, items=5, pages=1)
    cursor = walker.cursor(walker.items(walker.page("interrupted", None, 2)))
    client.call(making, values, role=Role.ARRANGE)
    if cursor is not None:
        walker.page("interrupted", cursor, 2)


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


MIXED_RULES = (
    "paging.order",
    "paging.advances",
    "paging.exclusive",
    "paging.complete",
    "paging.precision",
    "paging.more-false",
)


@scenario(moving_lists, rules=MIXED_RULES, phase=2)
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
            self._client.created_id(self._client.call(making, values, role=Role.ARRANGE))
            if making and values is not None
            else None
        )
        self._own += [] if made is None else [made]

    def _change(self) -> None:
        changing = self._operation("update")
        values = self._client.valid(changing) if changing else None
        if changing and values is not None:
            self._client.call(changing, values, role=Role.ARRANGE)

    def _remove(self) -> None:
        removing = self._operation("delete")
        if removing and removing.selector and self._own:
            given = {p.name: self._client.value(p) for p in removing.parameters if p.required}
            self._client.call(
                removing, {**given, removing.selector.name: self._own.pop()}, role=Role.ARRANGE
            )

    def _operation(self, action: str) -> Operation | None:
        return next(
            iter(self._client.contract.operations_by(action, self._client.operation.kind)), None
        )
