"""Joins the findings on a status that the server never sends, because one mistake replaces it.

A server that maps an error to a wrong status does so whatever led to the error. One that does not
handle invalid requests fails on all of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from conformance.causes.finding_key import FAULT, TAKEN, Key
from conformance.causes.sightings import Settled, Sighting
from conformance.model import Exchange

INVALID = 400
"""The status for invalid requests."""
REFUSALS = (INVALID, 401, 403, 404)
"""The statuses that a server sends for several reasons, so that it cannot lack one by chance."""
ANY_INVALID = "invalid requests"
"""The flaw of server faults if no invalid request is refused properly."""
MANY, SEVERAL = 3, 2
"""The fewest different mistakes, and operations, that must make the server fail to show that all
of them do."""

Replaced = tuple[str, str, str]
"""A status that is due, and the status and shape of the response in its place."""


def join_lost_statuses(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give all findings on one status that is never sent the most frequent of their keys.

    That is so if the responses in its place have the same status and shape.
    """
    sent = {exchange.status for exchange in exchanges.values()}
    lost = {str(status) for status in REFUSALS if status not in sent}
    if str(INVALID) in lost:
        with_keys = _join_faults(with_keys)
    keys: dict[Replaced, Counter[Key]] = defaultdict(Counter)
    for _, key in with_keys:
        if _status_due(key) in lost:
            keys[_replaced(key)][key] += 1
    most_frequent = {replaced: _first_of(counted) for replaced, counted in keys.items()}
    return [(sighting, most_frequent.get(_replaced(key), key)) for sighting, key in with_keys]


def _status_due(key: Key) -> str:
    """The status of the refusal that a request should have got; empty if it got a success."""
    if key.where != "status" or key.actual == TAKEN:
        return ""
    return key.expected.partition(" ")[0]


def _replaced(key: Key) -> Replaced:
    return _status_due(key), key.actual, key.shape


def _first_of(counted: Counter[Key]) -> Key:
    """The most frequent key, and of several the first in their order."""
    return min(counted, key=lambda key: (-counted[key], key))


def _join_faults(with_keys: Settled) -> Settled:
    """Give faults on invalid requests one key, if many mistakes lead to responses of one shape."""
    flaws: dict[str, set[str]] = defaultdict(set)  # by shape
    operations: dict[str, set[str]] = defaultdict(set)  # by shape
    for sighting, key in with_keys:
        if _is_on_invalid_request(sighting, key):
            flaws[key.shape].add(key.flaw)
            operations[key.shape].add(sighting.cell.operation)
    general = {
        shape for shape in flaws if len(flaws[shape]) >= MANY and len(operations[shape]) >= SEVERAL
    }

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if key.shape in general and _is_on_invalid_request(sighting, key):
            return replace(key, flaw=ANY_INVALID)
        return key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _is_on_invalid_request(sighting: Sighting, key: Key) -> bool:
    """Whether a server fault was provoked by a request that should have been refused."""
    return key.rule == FAULT and bool(key.flaw) and sighting.finding.expected.startswith("4")
