"""Scenarios of tenants: data of another business is neither shown nor changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.base.values import ABSENT
from conformance.model import (
    Effect,
    Facts,
    KeyName,
    Open,
    Operation,
    Parameter,
    Params,
    Role,
    Side,
    Step,
)
from conformance.plan.registry import Depth, Draft, Planning, operations, other_business, scenario
from conformance.reading import rows_of
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.filter_values import widest_bounds
from conformance.scenarios.client.ids import MALFORMED
from conformance.scenarios.tenants.cross_tenant import (
    ask_naming_main,
    change_across,
    read_across,
)
from conformance.scenarios.tenants.foreign import (
    ask_beside_others,
    ask_for_both,
    foreign_filter,
    foreign_object,
    later_page,
    owning_references,
)
from conformance.scenarios.tenants.foreign_creations import create_inside
from conformance.scenarios.tenants.pages_by_key import (
    SIDES,
    more_pages,
    request_naming_another,
    request_narrowed,
    request_page,
    walk_as,
)
from conformance.scenarios.tenants.report_figures import (
    compare_figures,
    narrow_empty_figures,
    reports,
    reports_beside_creations,
    reports_for_the_empty,
    watch_figures,
)

OVERLAPPING = {Depth.FULL: 2, Depth.DEEP: 100}
"""Lists that two businesses request at the same time."""
ROUNDS = 2
"""Requests of each business that are in flight at the same time."""


BRIEF_RULES = (
    "paging.order",
    "paging.advances",
    "paging.exclusive",
    "paging.complete",
    "paging.more-false",
)
"""The rules of pages that a brief walk can feed."""


# --- rows ---


def owned_lists(planning: Planning) -> Iterator[Operation]:
    """The lists of objects that belong to a business."""
    if planning.contract.tenant:
        yield from (listing for listing in operations(planning, "list") if listing.owned)


def lists_of_two(planning: Planning) -> Iterator[Draft]:
    """Each list, seen by the keys of two businesses."""
    for operation in owned_lists(planning):
        yield Draft(operation, needs=(KeyName.FULL, KeyName.OTHER), cost=7)


@scenario(lists_of_two, rules=("tenant.rows", "owner.nested"))
def test_rows_of_two_businesses(client: Client) -> None:
    """Read pages of a list as two businesses: in two sizes, with a cursor, and filtered.

    The main business also names the other one in a request for its list.
    """
    foreign = request_page(client, KeyName.OTHER, {})
    own = request_page(client, KeyName.FULL, {})
    more_pages(client, KeyName.OTHER, foreign)
    more_pages(client, KeyName.FULL, own)
    request_naming_another(client)
    rows_of_each = [page.rows for page in (foreign, own) if page is not None]
    request_narrowed(client, [row for rows in rows_of_each for row in rows])


# --- filters ---


@dataclass(frozen=True)
class ForeignFilter(Params):
    """The filter that names another business or its object."""

    filter: str


def foreign_filters(planning: Planning) -> Iterator[Draft]:
    """Each list with a filter that names another business, or one of its objects."""
    for operation in operations(planning, "list"):
        for parameter in operation.filters:
            if not parameter.references:
                continue
            names_business = parameter.name == planning.contract.tenant
            other = other_business(planning) if names_business else KeyName.OTHER
            yield Draft(
                operation,
                parameter.name,
                needs=(KeyName.FULL, other),
                params=ForeignFilter(parameter.name),
                cost=6,
            )


@scenario(foreign_filters, rules=("tenant.filter",), phase=1)
def test_foreign_filter(client: Client) -> None:
    """Filter a list by a value of another business, alone and with other parameters.

    The other parameters are a cursor, then further filters, then the id of the main business.
    Before that, the main key filters by a value of its own; at the end, the filter has odd values.
    """
    operation = client.operation
    parameter = operation.parameter(client.params(ForeignFilter).filter)
    assert parameter is not None
    value = foreign_filter(client, parameter)
    values = client.valid(operation)
    if value is ABSENT or values is None:
        return
    own = client.value(parameter)
    if value == own:
        return
    if Open.FILTER_IGNORED in parameter.open:
        client.control(operation, values, facts=Facts(step=Step.UNFILTERED))
    if own is not ABSENT:  # the target may reject the filter itself
        facts = Facts(mistake=True)
        client.call(operation, {**values, parameter.name: own}, role=Role.ARRANGE, facts=facts)
    client.mistake(operation, {**values, parameter.name: value})
    page = later_page(client)
    has_cursor = len(page) > 1  # besides the limit
    facts = Facts(placed=has_cursor)
    client.mistake(operation, {**values, parameter.name: value, **page}, facts=facts)
    ask_beside_others(client, parameter, {**values, parameter.name: value})
    ask_for_both(client, parameter, values, value)
    for text in (MALFORMED, ""):
        client.mistake(operation, {**values, parameter.name: text}, role=Role.BYSTANDER)


# --- objects ---

OBJECT_RULES = ("tenant.object", "owner.nested")


def on_objects(planning: Planning) -> Iterator[tuple[Operation, Parameter]]:
    """The operations on one object of a business, each with the parameter that names it."""
    acting = operations(planning, "read", "update", "delete", "perform")
    for operation in acting:
        if operation.keyed and operation.selector is not None and operation.kind:
            yield operation, operation.selector


def foreign_objects(planning: Planning) -> Iterator[Draft]:
    """Each operation on one object, for an object of another business; then creations inside it.

    Actions that name an object without working on it count as creations.
    """
    for operation, _ in on_objects(planning):
        rules = OBJECT_RULES if operation.effect is Effect.READ else ("tenant.object",)
        yield Draft(operation, needs=(KeyName.FULL, KeyName.OTHER), cost=8, rules=rules)
    for operation in operations(planning, "create", "perform"):
        if not operation.keyed or operation.selector:
            continue
        if operation.action == "create" or owning_references(planning.contract, operation):
            yield Draft(
                operation, needs=(KeyName.FULL, KeyName.OTHER), cost=8, rules=("tenant.object",)
            )


@scenario(foreign_objects, rules=OBJECT_RULES, phase=1)
def test_foreign_object(client: Client) -> None:
    """Send the owner's request, which succeeds, then the same with another business's key.

    For an operation that works on no object, create inside the other business instead.
    """
    operation, selector = client.operation, client.operation.selector
    if selector is None:
        create_inside(client)
        return
    foreign = foreign_object(client, operation, selector)
    values = client.valid(operation)
    if foreign is ABSENT:
        return
    if values is None or foreign == values[selector.name]:
        return
    if operation.effect is Effect.READ:
        read_across(client, values, selector, foreign)
    else:
        change_across(client, values, selector, foreign)


@scenario(reports, rules=("figures.own",), phase=1)
def test_foreign_figures(client: Client) -> None:
    """Request a report of figures in the name of another business."""
    compare_figures(client)


@scenario(reports_beside_creations, rules=("figures.grown",), phase=2, alone=True)
def test_figures_beside_creations(client: Client) -> None:
    """Read the reports of one business before and after another one has created objects."""
    watch_figures(client)


@scenario(reports_for_the_empty, rules=("figures.empty",), phase=1)
def test_empty_figures(client: Client) -> None:
    """Read a report of a business without data, plain and narrowed."""
    narrow_empty_figures(client)


# --- a business without data ---


def lists_of_the_empty(planning: Planning) -> Iterator[Draft]:
    """Each list that needs no parameter, with the key of a business without data."""
    for operation in operations(planning, "list"):
        if operation.owned and not operation.required:
            yield Draft(operation, needs=(KeyName.EMPTY,))


@scenario(lists_of_the_empty, rules=("tenant.empty",))
def test_empty_list(client: Client) -> None:
    """Read the list of a business without data: plain, with a limit, and within wide bounds."""
    paging = client.operation.paging
    assert paging is not None
    values = client.valid_or({}, client.operation, KeyName.EMPTY)
    client.call(client.operation, values, key=KeyName.EMPTY, facts=Facts(side=Side.FOREIGN))
    client.call(client.operation, {**values, paging.limit: "1"}, key=KeyName.EMPTY)
    rows = rows_of(client.knowledge.listed(client.operation.kind))
    bounds = widest_bounds(client.operation, rows)
    if bounds:
        facts = Facts(side=Side.FOREIGN, refusable=True)
        client.call(client.operation, {**values, **bounds}, key=KeyName.EMPTY, facts=facts)


# --- requests at the same time ---


def overlapping_lists(planning: Planning) -> Iterator[Draft]:
    """A few lists, because the state that overlapping requests share is rarely specific to one."""
    wanted = list(owned_lists(planning))
    for operation in wanted[: OVERLAPPING[planning.depth]]:
        yield Draft(operation, needs=(KeyName.FULL, KeyName.OTHER), cost=2 * ROUNDS, optional=True)


@scenario(overlapping_lists, rules=("tenant.rows",))
def test_overlapping_lists(client: Client) -> None:
    """Read one list as two businesses at the same time."""
    requests = []
    for key in (KeyName.FULL, KeyName.OTHER):
        values = client.knowledge.listing(client.operation, key)
        if values is None:
            return
        requests.append((key, values, Facts(side=SIDES[key])))
    client.together(client.operation, requests * ROUNDS, role=Role.CONTROL)


# --- keys that not every target gives ---


@dataclass(frozen=True)
class TwoKeys(Params):
    """The roles of two keys of different businesses that request one list."""

    own: str
    foreign: str


def lists_of_more_keys(planning: Planning) -> Iterator[Draft]:
    """Each list with a read-only key; and with that of an empty business, if it may show rows."""
    for operation in owned_lists(planning):
        yield _comparison(
            operation, "read-only", TwoKeys(KeyName.READ_ONLY, KeyName.OTHER), optional=True
        )
        if Open.EMPTY_TENANT in operation.open:
            yield _comparison(
                operation,
                KeyName.EMPTY,
                TwoKeys(KeyName.FULL, KeyName.EMPTY),
                rules=("tenant.rows",),
            )


def _comparison(operation: Operation, variant: str, keys: TwoKeys, **more: Any) -> Draft:
    """A case that compares what two keys see of one list."""
    needs = (KeyName.FULL, keys.own, keys.foreign)
    return Draft(operation, variant, needs=needs, params=keys, cost=5, **more)


@scenario(lists_of_more_keys, rules=("tenant.rows", *BRIEF_RULES))
def test_rows_of_two_keys(client: Client) -> None:
    """Read the first page of a list with two keys; the key of another business walks further."""
    keys = client.params(TwoKeys)
    walk_as(client, keys.foreign)
    request_page(client, keys.own, {})


def reads_for_the_empty(planning: Planning) -> Iterator[Draft]:
    """Each read of one object by its id, with the key of a business without data."""
    for operation, selector in on_objects(planning):
        if operation.effect is Effect.READ and selector.by is None:
            yield Draft(operation, needs=(KeyName.FULL, KeyName.EMPTY), optional=True)


@scenario(reads_for_the_empty, rules=("tenant.object",), phase=1)
def test_object_for_an_empty_business(client: Client) -> None:
    """Read an object of the main business with the key of a business without data."""
    operation, selector = client.operation, client.operation.selector
    assert selector is not None
    values = client.valid(operation)
    if values is not None:
        client.control(operation, values, facts=Facts(step=Step.OWNER))
        ask_naming_main(client, values, selector, KeyName.EMPTY)
