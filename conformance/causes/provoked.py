"""Settles what provokes a failure, where more than one request shows it.

A parser fails on every body that is no JSON, and on every odd value of a parameter. A stored value
spoils whatever shows it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from conformance.base.values import NOT_JSON, read_json
from conformance.causes.finding_key import A_VALUE, DRAWN, FAULT, SHAPE, UNREAD, Key
from conformance.causes.sightings import Settled, Sighting
from conformance.causes.stored_values import Stored, flaw_of_write, is_garbled
from conformance.model import Exchange
from conformance.model.mistake_names import (
    EMPTY,
    HUGE_VALUE,
    NUL,
    NUL_AND_MORE,
    ODD_VALUE,
    OPTIONAL,
)
from conformance.reading import query_of

HUGE = re.compile(r"[+-]?\d{10,}")
"""An integer that may overflow."""

# --- successes that are no JSON ------------------------------------------------------------------


def of_garbled_bodies(
    with_keys: Settled, exchanges: Mapping[str, Exchange], stored: Mapping[str, Stored]
) -> Settled:
    """A success is no JSON because of a stored value, which its writes may show as well."""

    def settled_key(one: Sighting, key: Key) -> Key:
        exchange = exchanges.get(one.shown_by)
        if exchange is None or not is_garbled(exchange):
            return key
        value = stored.get(exchange.id)
        flaw = value.flaw if value else flaw_of_write(exchange)
        return Key(SHAPE, "/", A_VALUE, flaw=flaw) if flaw else key

    settled_keys = [(one, settled_key(one, key)) for one, key in with_keys]
    found = {key for one, key in settled_keys if one.key.rule == SHAPE}
    with_keys = [
        (one, key if key in found else own)
        for (one, key), (_, own) in zip(settled_keys, with_keys, strict=True)
    ]
    return _of_unreadable(with_keys, exchanges)


def _of_unreadable(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """What the body of a success does not show is not missing if nobody can read it."""
    unreadable = {
        one.shown_by: key
        for one, key in with_keys
        if key.rule == SHAPE and one.shown_by in exchanges and is_garbled(exchanges[one.shown_by])
    }
    return [
        (one, unreadable.get(one.shown_by, key) if one.finding.where.startswith("/") else key)
        for one, key in with_keys
    ]


# --- bodies that are no JSON ----------------------------------------------------------------------


def of_unread_bodies(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """An operation that fails on every body that is no JSON fails on each for the same reason.

    Whatever else is odd in such a request, the server does not come to see it. An odd value that
    has a spelling in JSON as well, such as a number beyond all bounds, fails like the others.
    """
    parsers: dict[tuple[str, Key], Key] = {}  # by operation, and what the failures look like
    for one, key in with_keys:
        if key.rule == FAULT and key.flaw == UNREAD:
            parsers[one.cell.operation, replace(key, flaw="")] = key
    unread = {one for one, key in with_keys if _is_unread(exchanges.get(one.shown_by))}
    oddities = {key for one, key in with_keys if one in unread and key.flaw != DRAWN}

    def settled_key(one: Sighting, key: Key) -> Key:
        if key.rule != FAULT or (one not in unread and key not in oddities):
            return key
        return parsers.get((one.cell.operation, replace(key, flaw="")), key)

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _is_unread(exchange: Exchange | None) -> bool:
    """Whether the body of a request is no JSON, as far as the log has it."""
    body = exchange.request.body if exchange else None
    if body is None or body.cut or body.withheld or body.left_out:
        return False
    if body.base64 is not None:
        return True
    return bool(body.written) and read_json(body.written).value is NOT_JSON


# --- null characters ------------------------------------------------------------------------------


def of_null_characters(with_keys: Settled) -> Settled:
    """A server that fails on a null character fails on one among other signs for that reason."""
    if not any(key.rule == FAULT and key.flaw == NUL for _, key in with_keys):
        return with_keys
    return [
        (one, replace(key, flaw=NUL) if (key.rule, key.flaw) == (FAULT, NUL_AND_MORE) else key)
        for one, key in with_keys
    ]


# --- odd values of a parameter --------------------------------------------------------------------


def of_parameters(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """An operation that fails on odd values of a parameter fails on an empty one for that reason.

    So it does on one that is badly encoded, in a request that is not about the parameter.
    """
    with_keys = _of_huge_values(with_keys, exchanges)
    failing: dict[tuple[str, Key], Key] = {}  # by operation, and the key with the bare parameter
    for one, key in with_keys:
        if key.rule == FAULT and key.flaw.startswith(ODD_VALUE):
            name = key.flaw.removeprefix(ODD_VALUE)
            failing[one.cell.operation, replace(key, flaw=name)] = key

    def settled_key(one: Sighting, key: Key) -> Key:
        exchange = exchanges.get(one.shown_by)
        if exchange is None or key.rule != FAULT or key.flaw not in (EMPTY, OPTIONAL):
            return key
        for name, values in query_of(exchange.request.url).items():
            known = failing.get((one.cell.operation, replace(key, flaw=name)))
            if known is not None and (key.flaw == OPTIONAL or "" in values):
                return known
        return key

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _of_huge_values(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Operations that fail only on numbers they cannot hold do so for a reason of their own.

    That is so unless most of them fail on other odd values of the parameter, too.
    """
    huge: dict[Key, set[str]] = defaultdict(set)  # the operations that fail on huge values
    other: dict[Key, set[str]] = defaultdict(set)
    for one, key in with_keys:
        if key.rule == FAULT and key.flaw.startswith(ODD_VALUE):
            found = huge if _has_huge_value(key, exchanges.get(one.shown_by)) else other
            found[key].add(one.cell.operation)
    apart = {
        key: operations - other[key]
        for key, operations in huge.items()
        if len(operations - other[key]) > len(other[key])
    }

    def settled_key(one: Sighting, key: Key) -> Key:
        if one.cell.operation not in apart.get(key, ()):
            return key
        return replace(key, flaw=HUGE_VALUE + key.flaw.removeprefix(ODD_VALUE))

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _has_huge_value(key: Key, exchange: Exchange | None) -> bool:
    """Whether the parameter that a key names has a huge number in a request."""
    values = query_of(exchange.request.url) if exchange else {}
    texts = values.get(key.flaw.removeprefix(ODD_VALUE), [])
    return any(HUGE.fullmatch(text) for text in texts)
