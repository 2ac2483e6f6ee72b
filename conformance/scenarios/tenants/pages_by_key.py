"""Pages of a list as the keys of several businesses see them."""

from __future__ import annotations

from conformance.model import Facts, KeyName, Role, Side
from conformance.reading import Answer
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.filter_values import IDENTIFYING, widest_bounds
from conformance.scenarios.tenants.cross_tenant import with_query
from conformance.scenarios.tenants.foreign import PAGE_SIZE, Values, texts_of_member
from conformance.scenarios.tenants.report_figures import with_tenant_headers
from conformance.scenarios.walks.walker import Walker
from conformance.transport.message import message_for

SIDES: dict[str, Side] = {
    KeyName.FULL: Side.OWN,
    KeyName.READ_ONLY: Side.OWN,
    KeyName.OTHER: Side.FOREIGN,
    KeyName.EMPTY: Side.FOREIGN,
}
"""Whose data a list shows, by the key that requests it."""


def more_pages(client: Client, key: str, first: Answer | None) -> None:
    """Request the page after the first one, and the first one in another size."""
    paging = client.operation.paging
    assert paging is not None
    if first is not None and first.cursor is not None:
        request_page(client, key, {paging.after: first.cursor})
    shown = len(first.listed) if first is not None else 0
    limit = max(1, min(shown, PAGE_SIZE))  # no maximum is below what a page shows
    request_page(client, key, {paging.limit: str(limit)})


def walk_as(client: Client, key: str) -> None:
    """Walk over the list as a key sees it, in pages of the usual length and in small ones.

    A case that confirms its first run requests the first page again at the end.
    """
    walker = Walker(client, key=key, side=SIDES[key])
    if walker.base_values is None:
        return
    first = walker.page("whole")
    if first.cursor is not None:
        walker.page("whole", first.cursor)
    walker.walk("by-2", None, 2, items=4, pages=2)
    if walker.confirming:
        walker.page("whole-again")


def request_page(client: Client, key: str, values: Values) -> Answer | None:
    """Request a page of the list; None if no valid values for it are known.

    A read-only key sends the values of the full key, because it must see the same.
    """
    operation = client.operation
    known = client.knowledge.listing(operation, KeyName.FULL if key == KeyName.READ_ONLY else key)
    if known is None:
        return None
    facts = Facts(side=SIDES[key])
    # a read-only key may not reach the object whose items the list shows
    may_miss = key == KeyName.READ_ONLY and bool(operation.required)
    role = Role.ARRANGE if may_miss else Role.CONTROL
    exchange = client.call(operation, known | values, role=role, key=key, facts=facts)
    return Answer(client.contract, operation, exchange)


def request_naming_another(client: Client) -> None:
    """Request the list while headers and the query name another business.

    If the query may name a business, it names the main one, if known, and then the other.
    """
    operation, tenant = client.operation, client.contract.tenant
    values, business = client.knowledge.listing(operation), client.knowledge.business(KeyName.OTHER)
    if values is None or business is None or tenant is None:
        return
    own = client.knowledge.business()
    if operation.parameter(tenant) and own is not None:
        values[tenant] = own
    message = with_query(message_for(operation, values), tenant, business)
    message = with_tenant_headers(message, business)
    client.raw(message, operation.id, facts=Facts(mistake=True, side=Side.OWN))


def request_narrowed(client: Client, rows: list[Values]) -> None:
    """Request the main list under each plain filter, with the first value that the rows show.

    ``rows`` begin with those of the other business, because a value that only it has reveals most.
    A server may refuse a value that may identify something of the other business. Both businesses
    then request the list within the widest bounds.
    """
    for parameter in client.operation.plain_filters:
        texts = texts_of_member(rows, parameter.filters)
        if not texts or parameter.name == client.contract.tenant:
            continue
        narrowed = {parameter.name: texts[0]}
        if IDENTIFYING.search(texts[0]):
            _page_under(client, KeyName.FULL, narrowed)
        else:
            request_page(client, KeyName.FULL, narrowed)
    wide = widest_bounds(client.operation, rows)
    if wide:  # the other business requests the same, which a server may have cached
        for key in (KeyName.FULL, KeyName.OTHER):
            _page_under(client, key, wide)


def _page_under(client: Client, key: str, filters: dict[str, str]) -> None:
    """Request a page under filters that a server may refuse, such as bounds too far apart."""
    known = client.knowledge.listing(client.operation, key)
    if known is not None:
        client.mistake(client.operation, known | filters, key=key, facts=Facts(side=SIDES[key]))
