"""Whose data a response shows: that of the main business, or of another one."""

from __future__ import annotations

from conformance.model import Business, Exchange, Side, business_of

SIDES: dict[Business | None, Side] = {
    Business.MAIN: Side.OWN,
    Business.OTHER: Side.FOREIGN,
    Business.EMPTY: Side.FOREIGN,
}
"""Whose data the keys of a business show, seen from the main one."""
OPPOSITE = {Side.OWN: Side.FOREIGN, Side.FOREIGN: Side.OWN}


def side_of(exchange: Exchange) -> Side | None:
    """Whose data a response shows; None for a key that may belong to any business."""
    return exchange.facts.side or SIDES.get(business_of(exchange.identity or ""))
