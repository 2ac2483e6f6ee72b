"""Settles what provokes a failure, where more than one request shows it.

A parser fails on every body that is not JSON, and on every odd value of a parameter. A stored value
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
)
from conformance.reading import query_of

HUGE = re.compile(r"[+-]?\d{10,}")
"""An integer that may overflow."""

# --- successes that are no JSON ------------------------------------------------------------------


def join_garbled_bodies(
    with_keys: Settled, exchanges: Mapping[str, Exchange], stored: Mapping[str, Stored]
) -> Settled:
    """Give successes that are no JSON because of an odd value a key for that value.

    The value was stored earlier, or the request itself wrote it. Findings on the members of an
    unreadable success have the key of its form.
    """

    def key_of_value(sighting: Sighting, key: Key) -> Key:
        exchange = exchanges.get(sighting.shown_by)
        if exchange is None or not is_garbled(exchange):
            return key
        value = stored.get(exchange.id)
        flaw = value.flaw if value else flaw_of_write(exchange)
        return Key(SHAPE, "/", A_VALUE, flaw=flaw) if flaw else key

    value_keys = {sighting: key_of_value(sighting, key) for sighting, key in with_keys}
    # without a finding on the shape of a response, no group would break the rule of such a key
    shape_keys = {key for sighting, key in value_keys.items() if sighting.own_key.rule == SHAPE}
    with_keys = [
        (sighting, value_keys[sighting] if value_keys[sighting] in shape_keys else key)
        for sighting, key in with_keys
    ]
    return _join_unreadable(with_keys, exchanges)


def _join_unreadable(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give a success that is not JSON one key: findings on its body get that of its shape."""
    key_of_shape = {
        sighting.shown_by: key
        for sighting, key in with_keys
        if key.rule == SHAPE
        and sighting.shown_by in exchanges
        and is_garbled(exchanges[sighting.shown_by])
    }

    def settled_key(sighting: Sighting, key: Key) -> Key:
        is_in_body = sighting.finding.where.startswith("/")
        return key_of_shape.get(sighting.shown_by, key) if is_in_body else key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


# --- bodies that are no JSON ----------------------------------------------------------------------


def join_unread_bodies(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give an operation that fails on bodies that are no JSON one key for all such failures.

    Whatever else is odd in such a request, the server fails before reading it. The same oddity may
    also be sent as JSON, such as a number beyond all bounds. Failures on that get the same key,
    except for DRAWN, which stands for any oddity.
    """
    faults = [(sighting, key) for sighting, key in with_keys if key.rule == FAULT]
    parser_keys = _keys_of_parsers(faults)
    if not parser_keys:
        return with_keys
    unread = {sighting for sighting, _ in faults if _is_unread(exchanges.get(sighting.shown_by))}
    keys_of_unread = {key for sighting, key in faults if sighting in unread and key.flaw != DRAWN}

    def settled_key(sighting: Sighting, key: Key) -> Key:
        is_fault_of_parser = key in keys_of_unread or (key.rule == FAULT and sighting in unread)
        if not is_fault_of_parser:
            return key
        return parser_keys.get((sighting.cell.operation, replace(key, flaw="")), key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _keys_of_parsers(faults: Settled) -> dict[tuple[str, Key], Key]:
    """The keys of faults on bodies that are no JSON, by operation and the key without its flaw."""
    return {
        (sighting.cell.operation, replace(key, flaw="")): key
        for sighting, key in faults
        if key.flaw == UNREAD
    }


def _is_unread(exchange: Exchange | None) -> bool:
    """Whether the body of a request is no JSON; False if the log does not contain all of it."""
    body = exchange.request.body if exchange else None
    if body is None or body.cut or body.withheld or body.left_out:
        return False
    if body.base64 is not None:
        return True
    return bool(body.written) and read_json(body.written).value is NOT_JSON


# --- null characters ------------------------------------------------------------------------------


def join_null_characters(with_keys: Settled) -> Settled:
    """Give faults on a null character among other odd ones the flaw of a lone null character.

    This applies only if the server fails on a lone null character, too.
    """
    if not any(key.rule == FAULT and key.flaw == NUL for _, key in with_keys):
        return with_keys
    return [
        (sighting, replace(key, flaw=NUL) if (key.rule, key.flaw) == (FAULT, NUL_AND_MORE) else key)
        for sighting, key in with_keys
    ]


# --- odd values of a parameter --------------------------------------------------------------------


def join_parameters(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give an operation that fails on odd values of a parameter one key for all these failures.

    The key also covers failures on an empty value of the parameter, and failures of requests that
    send the parameter with any value, unless another parameter is known to be odd in them.
    """
    with_keys = _split_huge_values(with_keys, exchanges)
    # by operation, and by the key with the name of the parameter as its flaw
    failing: dict[tuple[str, Key], Key] = {}
    for sighting, key in with_keys:
        if key.rule == FAULT and key.flaw.startswith(ODD_VALUE):
            name = key.flaw.removeprefix(ODD_VALUE)
            failing[sighting.cell.operation, replace(key, flaw=name)] = key

    def settled_key(sighting: Sighting, key: Key) -> Key:
        exchange = exchanges.get(sighting.shown_by)
        if exchange is None or key.rule != FAULT or key.flaw.startswith(ODD_VALUE):
            return key
        for name, values in query_of(exchange.request.url).items():
            of_parameter = failing.get((sighting.cell.operation, replace(key, flaw=name)))
            if of_parameter is not None and (key.flaw != EMPTY or "" in values):
                return of_parameter
        return key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _split_huge_values(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give operations that fail only on huge values of a parameter a flaw of their own for these.

    This does not apply if at least as many operations fail on other odd values of the parameter.
    """
    huge: dict[Key, set[str]] = defaultdict(set)  # operations that fail on huge values
    other: dict[Key, set[str]] = defaultdict(set)  # operations that fail on other odd values
    for sighting, key in with_keys:
        if key.rule == FAULT and key.flaw.startswith(ODD_VALUE):
            found = huge if _has_huge_value(key, exchanges.get(sighting.shown_by)) else other
            found[key].add(sighting.cell.operation)
    apart = {
        key: operations - other[key]
        for key, operations in huge.items()
        if len(operations - other[key]) > len(other[key])
    }

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if sighting.cell.operation not in apart.get(key, ()):
            return key
        return replace(key, flaw=HUGE_VALUE + key.flaw.removeprefix(ODD_VALUE))

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _has_huge_value(key: Key, exchange: Exchange | None) -> bool:
    """Whether the parameter that a key names has a huge number in a request."""
    values = query_of(exchange.request.url) if exchange else {}
    texts = values.get(key.flaw.removeprefix(ODD_VALUE), [])
    return any(HUGE.fullmatch(text) for text in texts)
