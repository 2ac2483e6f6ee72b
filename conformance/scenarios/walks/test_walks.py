"""Scenarios of pagination: walks over the same stretch of a list in several page sizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.model import KeyName, Operation, Params, Role
from conformance.plan.registry import Depth, Draft, Planning, key_needs, operations, scenario
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.filter_values import options_of, shared_filter, value_for
from conformance.scenarios.client.knowledge import LARGE
from conformance.scenarios.client.writing import other_values
from conformance.scenarios.generated.generate import draw
from conformance.scenarios.walks.changing import (
    BURST,
    Mixed,
    create_together,
    lists_that_gain_an_item,
    lists_that_gain_several,
    lists_that_lose_an_item,
    moving_lists,
    shows_apart,
    writes_of,
)
from conformance.scenarios.walks.cursors import (
    REACHES,
    WINDOW,
    in_turn,
    starts,
    uncovered_sizes,
    unserved_cursors,
)
from conformance.scenarios.walks.narrowed import Narrowed, request_single, request_unknown
from conformance.scenarios.walks.walker import BASE_PAGES, TIMES_SHOWN, Walker

SIZES_AGAIN = ((1, 7), (2, 3))
"""Page sizes of the walks that begin at other places, in turn."""
COST_OF_PLACE = 30
"""Requests of the walks from one more place of each kind."""
MOST_PLACES = 8
"""The most places of each kind that a list is walked from, besides the first one."""
LENGTHS = (25, 10, 50, 20)
"""Usual page lengths, of which each list gets one, in turn."""
PAGE_RULES = ("paging.exclusive", "paging.complete", "paging.precision")
FLAG_RULES = ("paging.more-false", "paging.more-true")
MOVED_RULES = ("paging.advances", *PAGE_RULES)
FILTER_RULES = ("paging.order", *PAGE_RULES, *FLAG_RULES)
WALK_RULES = ("paging.order", *MOVED_RULES, *FLAG_RULES, "paging.ties")
BURST_RULES = ("paging.exclusive", "paging.precision", "paging.ties")
MIXED_RULES = ("paging.order", *MOVED_RULES, "paging.more-false")


# --- plain walks ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class WalkParams(Params):
    """How many places of each kind, such as between two equal times, a list is walked from."""

    places: int


def every_list(planning: Planning) -> Iterator[Draft]:
    """A walk over each list."""
    lists = list(operations(planning, "list"))
    places = _places(planning, len(lists))
    for operation in lists:
        yield Draft(
            operation,
            cost=60 + (places - 1) * COST_OF_PLACE,
            needs=key_needs(operation),
            params=WalkParams(places),
            rules=_rules_of_walk(operation, planning.contract.tenant),
        )


def _places(planning: Planning, lists: int) -> int:
    """How many places of each kind a list is walked from: two in a deep run, otherwise one or more.

    Half of the requests that the budget has to spare are for more places, the same for each list.
    """
    if planning.depth is Depth.DEEP:
        return 2
    spare_of_list = planning.spare // 2 // max(1, lists)
    return 1 + min(MOST_PLACES, spare_of_list // COST_OF_PLACE)


def _rules_of_walk(operation: Operation, tenant: str | None) -> tuple[str, ...]:
    """The rules that a walk feeds, also for filters if the list requires one besides ``tenant``."""
    for parameter in operation.filters:
        if parameter.required and parameter.name != tenant:
            return (*WALK_RULES, "paging.filter")
    return WALK_RULES


@scenario(every_list, rules=(*WALK_RULES, "paging.filter"))
def test_walk(client: Client) -> None:
    """Walk parts of the list in every page size, most of them around close neighbours, and its end.

    An attempt that confirms a finding also reads the list before and after.
    """
    walker = Walker(client)
    if walker.base_values is None:
        return
    if client.confirming:
        walker.deep("opening")
    base = walker.walk("base", None, None, items=3 * WINDOW, pages=BASE_PAGES)
    large = walker.deep("large")
    known = large if len(large) >= len(base) else base  # the longer of the two
    if len(known) < 2:
        return
    _walk_inside(walker, known, client.params(WalkParams).places)
    _request_head(walker, client.target.maximum.get(client.operation.id, LARGE))
    cursors = unserved_cursors(walker.positions(known), client.operation)
    for name, cursor in cursors.items():
        walker.page(name, cursor, 3, must_serve=False)
    _request_end(walker, known)
    if client.confirming:  # an item that appears before and after a page existed in between
        walker.deep("closing")
        near_end_of_large_page = walker.cursor(known[: LARGE - 1])
        walker.walk("closing-border", near_end_of_large_page, 2, items=4, pages=2)


def _walk_inside(walker: Walker, known: list[Any], places: int) -> None:
    """Walk from the first known item in every size, and from others in sizes with new borders."""
    positions = walker.positions(known)
    for size, most_items in REACHES.items():
        items = min(most_items, len(known) - 1)
        walker.walk(f"from-0-by-{size}", positions[0], size, items=items, pages=WINDOW + 1)
    for number, start in enumerate(starts(positions, places)):
        sizes = tuple(REACHES) if walker.deeply else SIZES_AGAIN[number % 2]
        for size, borders in uncovered_sizes(start, sizes):
            name, items = f"from-{start}-by-{size}", borders * size + 1
            walker.walk(name, positions[start], size, items=items, pages=WINDOW + 1)


def _request_head(walker: Walker, maximum: int) -> None:
    """Request pages at the head of the list: small ones, a usual one, and one above the maximum."""
    walker.page("head-again", None, 1)  # repeats items that were just requested
    walker.page("head-by-1", None, 1)
    walker.page("head-at-length", None, in_turn(LENGTHS, walker.operation))
    walker.walk("head-by-2", None, 2, items=5, pages=3)
    walker.page("above-the-maximum", None, maximum + 1, must_serve=False)


def _request_end(walker: Walker, known: list[Any]) -> None:
    """Request a page past the last known item, and pages before it if the list ends there.

    Those pages need at least five known items.
    """
    beyond = walker.page("past-the-end", walker.cursor(known), 2)
    if beyond.items or len(known) < 5:
        return
    before_last_three = walker.cursor(known[:-3])
    walker.walk("last-3-by-2", before_last_three, 2, items=4, pages=2)
    for limit in (3, 4):
        walker.page(f"last-3-by-{limit}", before_last_three, limit)
    walker.walk("last-2-by-1", walker.cursor(known[:-2]), 1, items=2, pages=2)
    filter_of_last = shared_filter([known[-1]], walker.operation, walker.tenant)
    if filter_of_last:
        walker.page("last-3-filtered", before_last_three, 4, filter_of_last, must_serve=False)


# --- filters --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FilterParams(Params):
    """The filter of a walk, and the page sizes that it is walked in."""

    filter: str
    sizes: tuple[int, ...]


def every_filter(planning: Planning) -> Iterator[Draft]:
    """A walk over each list with each of its optional filters."""
    for operation in operations(planning, "list"):
        for number, parameter in enumerate(operation.filters):
            if parameter.required:
                continue
            has_two_sizes = planning.depth is Depth.DEEP or number % 2 == 0
            yield Draft(
                operation,
                parameter.name,
                cost=20,
                needs=(KeyName.FULL,),
                params=FilterParams(parameter.name, (2, 5) if has_two_sizes else (3,)),
            )


@scenario(every_filter, rules=("paging.filter", *FILTER_RULES))
def test_filtered_walk(client: Client) -> None:
    """Walk a filtered list in small pages, and the same stretch without the filter.

    If no value of the filter is frequent enough for a walk, only pages with single values follow.
    """
    walker, params = Walker(client), client.params(FilterParams)
    parameter = client.operation.parameter(params.filter)
    if walker.base_values is None or parameter is None:
        return
    known = walker.stretch("unfiltered")
    request_unknown(client, walker, parameter, known)
    value = value_for(known, parameter)
    if value is None:
        request_single(walker, parameter, known)
        return
    narrowed = Narrowed(walker, parameter, value, known)
    if client.confirming:
        narrowed.stretch("filtered-before")
    narrowed.stretch("filtered")
    narrowed.in_small_pages(params.sizes)
    narrowed.at_the_end()
    narrowed.with_another_value()
    narrowed.from_outside()
    narrowed.in_another_zone()
    narrowed.with_second_filter()
    if client.confirming:
        walker.stretch("unfiltered-after")
        narrowed.stretch("filtered-after")


@dataclass(frozen=True)
class OptionParams(Params):
    """The parameter that narrows the list by something its items do not show."""

    option: str


def every_option(planning: Planning) -> Iterator[Draft]:
    """Each list with each parameter that narrows it by something its items do not show."""
    for operation in operations(planning, "list"):
        for parameter in options_of(operation):
            yield Draft(
                operation,
                parameter.name,
                cost=2,
                needs=(KeyName.FULL,),
                params=OptionParams(parameter.name),
                optional=True,
            )


@scenario(every_option, rules=("paging.order", "paging.advances", "paging.exclusive"))
def test_walk_with_option(client: Client) -> None:
    """Read two pages with an option. They can only be compared with each other."""
    walker = Walker(client)
    parameter = client.operation.parameter(client.params(OptionParams).option)
    if walker.base_values is None or parameter is None:
        return
    filters = {parameter.name: str(parameter.example)}
    walker.walk("with-option", None, 2, items=4, pages=2, filters=filters, must_serve=False)


@scenario(lists_that_lose_an_item, rules=(*MOVED_RULES, *FLAG_RULES), phase=2)
def test_cursor_of_a_deleted_item(client: Client) -> None:
    """Follow the cursor of a deleted item, which must still mean the same position.

    A newer item stays next to its place. The list must end as before, with the same flags. At the
    end, the newer item is deleted, too, with every optional parameter.
    """
    walker, kind = Walker(client), client.operation.kind
    deletion = writes_of(client.contract, kind)["delete"]
    values = client.valid(deletion)
    if values is None or deletion.selector is None or walker.base_values is None:
        return
    older = values[deletion.selector.name]
    position = client.position(client.settled(kind, older))
    newer = client.own.id_for(deletion)
    walker.settle()
    known = walker.deep("before")
    deleted = client.call(deletion, values, role=Role.CONTROL).ok
    if position is not None and deleted:
        walker.page("after-a-deleted-item", position, 3)
        walker.walk("last-items", walker.cursor(known[:-2]), 1, items=3, pages=3)
        if walker.confirming:
            walker.walk("after", None, None, items=WINDOW, pages=1)
    if newer is not None:  # if it stayed, a second attempt would create its item next to it
        request = {**other_values(client, deletion), **values, deletion.selector.name: newer}
        client.mistake(deletion, request, role=Role.BYSTANDER)


@scenario(lists_that_gain_an_item, rules=MOVED_RULES, phase=2)
def test_item_made_between_pages(client: Client) -> None:
    """Create an item between two pages, which must not shift the second: cursors are positions."""
    walker, creation = Walker(client), writes_of(client.contract, client.operation.kind)["create"]
    values = client.valid(creation)
    if values is None or walker.base_values is None:
        return
    if not client.shared.has_turn(operation=creation):  # another run creates an item that stays
        return
    walker.settle()
    walker.walk("whole", None, 5, items=5, pages=1)
    cursor = walker.page("interrupted", None, 2).cursor
    client.call(creation, values, role=Role.ARRANGE)
    if cursor is not None:
        walker.page("interrupted", cursor, 2)
        if walker.confirming:
            walker.walk("whole-again", None, 5, items=5, pages=1)


@scenario(lists_that_gain_several, rules=BURST_RULES, phase=2)
def test_burst(client: Client) -> None:
    """Create objects at the same time; pages must be able to end between them.

    The scenario stops if the list does not show them all, or shows two with the same time. It
    does nothing if another run has the turn to create objects that stay.
    """
    walker, creation = Walker(client), writes_of(client.contract, client.operation.kind)["create"]
    if walker.base_values is None or not client.shared.has_turn(operation=creation):
        return
    made = create_together(client)
    if not made:
        return
    for _ in range(TIMES_SHOWN if walker.confirming else 1):  # another copy may lag behind
        if not shows_apart(walker.page("whole", None, BURST + 1), client.operation, made):
            return
    walker.walk("one-by-one", None, 1, items=BURST + 1, pages=BURST + 1)
    if walker.confirming:
        walker.walk("whole-again", None, BURST + 1, items=BURST + 1, pages=1)


@scenario(moving_lists, rules=MIXED_RULES, phase=2)
def test_mixed_walk(client: Client) -> None:
    """Run a drawn program of pages and writes between two reads of the first items of a list.

    An item that both reads show must have been in the list all the time. Each list has a program of
    its own, which starts among older items. Nothing is walked if too few programs were drawn, or if
    another run has the turn to create objects that stay.
    """
    drawing = draw(client)
    programs = drawing.programs() if drawing else []
    lists = [operation for operation, _ in client.planned("mixed-walk")]
    program_number = lists.index(client.operation.id)
    walker = Walker(client, moving=True)
    creation = writes_of(client.contract, client.operation.kind)["create"]
    if walker.base_values is None or not client.shared.has_turn(operation=creation):
        return
    if program_number >= len(programs):
        return
    walker.settle()
    known = walker.stretch("opening")
    older = walker.cursor(known[: 3 * len(known) // 4])
    Mixed(client, walker, older).run(programs[program_number])
    walker.stretch("closing")
