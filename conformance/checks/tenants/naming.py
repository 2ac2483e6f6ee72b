"""Judges of what answers name: no business that the key cannot reach."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any

from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Violation
from conformance.judging.rules import passive
from conformance.model import (
    Body,
    Business,
    Clause,
    Contract,
    Exchange,
    Operation,
    Side,
    business_of,
    compact,
)
from conformance.reading import Answer
from conformance.values import texts_in

BEYOND = {Side.OWN: Business.OTHER, Side.FOREIGN: Business.MAIN}
"""The business that a key cannot reach, by the side that it shows."""


def _owned(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies where a list belongs to a business."""
    if contract.tenant is None or operation.paging is None:
        return False
    return operation.owned


@passive(
    "owner.named",
    applies=_owned,
    hint="The items of the list must name their business.",
    rests_on=("success.status", "list.items"),
)
def tenant_named(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """No item of any page names a business that the key cannot reach."""
    answer = Answer(context.contract, context.operation, exchange)
    if answer.items is None:
        return
    if exchange.facts.side:
        return
    if context.operation.pool:
        return
    violations = map(partial(named_business, context, exchange), answer.rows)
    yield next(chain.from_iterable(violations), Pass((exchange.id,)))


def named_business(
    context: JudgeContext, exchange: Exchange, row: dict[str, Any]
) -> Iterator[Violation]:
    """An item does not name the business that the key cannot reach.

    An item of a third business may be within the reach of the key.
    """
    tenant = context.contract.tenant
    foreign = _unreachable(context, exchange)
    if tenant is None:
        return
    if not foreign:
        return
    if foreign in _named_in(row, tenant):
        expected = "no item of another business"
        yield Violation(f"/{tenant}", expected, compact(foreign), (exchange.id,))


def _named_in(value: Any, tenant: str) -> Iterator[str]:
    """The businesses that a value, or anything in it, says that it belongs to."""
    if isinstance(value, list):
        for item in value:
            yield from _named_in(item, tenant)
    if not isinstance(value, dict):
        return
    yield from texts_in([value.get(tenant)])
    for member in value.values():
        yield from _named_in(member, tenant)


def _shows_own(contract: Contract, operation: Operation, _: Clause | None = None) -> bool:
    """Applies to what shows an object of a business: a read, a creation or a change."""
    shows = operation.action in ("read", "create", "update")
    return all((contract.tenant, operation.owned, operation.kind, shows))


@passive("owner.inside", applies=_shows_own, hint="The target file must name the businesses.")
def tenant_inside(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The answer to a request for own objects holds none of another business."""
    foreign, tenant = _unreachable(context, exchange), str(context.contract.tenant)
    request = exchange.request.url + (exchange.request.body or Body()).kept
    if foreign is None or foreign in request:
        return
    if not _shows_own(context.contract, context.operation):
        return
    if exchange.response is None or not exchange.ok or exchange.facts.mistake:
        return
    if foreign in _named_in(exchange.response.json, tenant):
        expected = "nothing of another business"
        yield Violation(f"/{tenant}", expected, compact(foreign), (exchange.id,))
    else:
        yield Pass((exchange.id,))


def _unreachable(context: JudgeContext, exchange: Exchange) -> str | None:
    """The id of the business that the key of a request cannot reach; None if that is not known."""
    side = exchange.facts.side or _side(exchange.identity or "")
    if side is None:
        return None
    return context.target.businesses.get(BEYOND[side])


def _side(identity: str) -> Side | None:
    """Whose data a key shows; None for a key that may belong to any business."""
    business = business_of(identity)
    if business is None:
        return None
    return Side.OWN if business is Business.MAIN else Side.FOREIGN
