"""Joins the findings on a status that the server never sends, because one mistake replaces it.

A server that maps an error to a wrong status does so whatever led to the error. One that does not
handle invalid requests fails on all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from conformance.base.values import as_text, pointed
from conformance.causes.finding_key import FAULT, NOT_REFUSED, Key
from conformance.causes.handlers import INVALID as INVALID_VALUE
from conformance.causes.sightings import Settled, Sighting
from conformance.model import Contract, Exchange
from conformance.model.mistake_names import OF_LOOKUPS, UNKNOWN_ID

PAIRING = "code.pairing"
"""The rule that finds an error code with another status than its own."""
INVALID, NOT_FOUND = "400", "404"
"""The statuses for invalid requests, and for ids that name nothing."""
REFUSALS = (INVALID, "401", "403", NOT_FOUND)
"""The statuses that a server sends for several reasons. Only these can be lost."""
OTHER_REFUSALS = ("401", "403", "404")
"""The beginnings of what is expected of requests whose mistake is of another kind."""
ANY_REFUSAL = ("4",)
"""The beginning of what is expected of any request with a mistake."""
ANY_INVALID = "invalid requests"
"""The flaw of server faults if no invalid request is refused properly."""
MANY, SEVERAL = 3, 2
"""A server that fails on this many different mistakes, in this many operations, fails on all."""

Replaced = tuple[str, str, str]
"""A status that is due, and the status and shape of the response in its place."""


def join_lost_statuses(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give all findings on one status that is never sent the key found on the most operations.

    Findings are joined only if the responses in its place have the same status and shape.
    """
    lost = set(REFUSALS) - {str(exchange.status) for exchange in exchanges.values()}
    if INVALID in lost:
        with_keys = _join_invalid_requests(with_keys)
    if NOT_FOUND in lost:
        with_keys = _join_lookups(with_keys)
    operations: dict[Key, list[str]] = defaultdict(list)  # one for each sighting
    for sighting, key in with_keys:
        if _status_due(key) in lost:
            operations[replace(key, kind="")].append(sighting.finding.operation)
    by_width = sorted(operations, key=lambda key: _width(key, operations[key]))
    widest = {_replaced(key): key for key in by_width}  # of several keys, the last one remains
    return [(sighting, widest.get(_replaced(key), key)) for sighting, key in with_keys]


def join_errors_sent_as_success(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give a request that should be refused the key of its code, if only the status says success.

    The body is that of an error, and the code comes with a wrong status elsewhere, too.
    """

    def answered(sighting: Sighting) -> tuple[int | None, str | None]:
        exchange = exchanges.get(sighting.shown_by)
        if exchange is None:
            return None, None
        return exchange.status, as_text(pointed(exchange.json, contract.code_pointer))

    mispaired = {answered(sighting): key for sighting, key in with_keys if key.rule == PAIRING}

    def settled_key(sighting: Sighting, key: Key) -> Key:
        is_accepted = key.where == "status" and key.actual == NOT_REFUSED
        return mispaired.get(answered(sighting), key) if is_accepted else key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _width(key: Key, operations: Sequence[str]) -> tuple[int, bool, int]:
    """A sort key: the more operations a key was found on, the later it comes.

    ``operations`` has one for each sighting. Of keys on as many operations, that of an invalid
    value comes last, because it is the least specific; of all others, the one with most sightings.
    """
    return len(set(operations)), key.rule == INVALID_VALUE, len(operations)


def _status_due(key: Key) -> str:
    """The status of the refusal that a request should have got.

    Empty if it got a success, and for the rules about API keys.
    """
    if key.where != "status" or key.actual == NOT_REFUSED:
        return ""
    return key.expected.partition(" ")[0]


def _replaced(key: Key) -> Replaced:
    return _status_due(key), key.actual, key.shape


def _join_lookups(with_keys: Settled) -> Settled:
    """Give faults on wrong ids of any kind the key of those on unknown ids with the same shape."""
    shapes = {key.shape for _, key in with_keys if key.rule == FAULT and key.flaw == UNKNOWN_ID}

    def settled_key(key: Key) -> Key:
        is_lookup = key.rule == FAULT and key.flaw in OF_LOOKUPS and key.shape in shapes
        return replace(key, flaw=UNKNOWN_ID) if is_lookup else key

    return [(sighting, settled_key(key)) for sighting, key in with_keys]


def _join_invalid_requests(with_keys: Settled) -> Settled:
    """Give faults on invalid requests one key for each shape of response that is common.

    A shape is common if at least MANY mistakes, in at least SEVERAL operations, lead to it.
    """
    on_invalid = _faults_on_invalid_requests(with_keys)
    flaws: dict[str, set[str]] = defaultdict(set)  # by shape
    operations: dict[str, set[str]] = defaultdict(set)  # by shape
    for sighting, key in on_invalid:
        flaws[key.shape].add(key.flaw)
        operations[key.shape].add(sighting.cell.operation)
    joined = {
        _provoked(key)
        for _, key in on_invalid
        if len(flaws[key.shape]) >= MANY and len(operations[key.shape]) >= SEVERAL
    }

    def settled_key(key: Key) -> Key:
        is_joined = key.rule == FAULT and _provoked(key) in joined
        return replace(key, flaw=ANY_INVALID) if is_joined else key

    return [(sighting, settled_key(key)) for sighting, key in with_keys]


def _faults_on_invalid_requests(with_keys: Settled) -> Settled:
    """The server faults on requests that should have been refused with 400, not another status.

    A fault of the same shape and flaw must not have come where another refusal was due.
    """
    faults = [(sighting, key) for sighting, key in with_keys if key.rule == FAULT and key.flaw]
    due_other_refusal = {
        _provoked(key) for sighting, key in faults if _is_due(sighting, OTHER_REFUSALS)
    }
    return [
        (sighting, key)
        for sighting, key in faults
        if _is_due(sighting, ANY_REFUSAL)
        and key.flaw not in OF_LOOKUPS
        and _provoked(key) not in due_other_refusal
    ]


def _provoked(key: Key) -> tuple[str, str]:
    """The shape of a server fault, and what provoked it."""
    return key.shape, key.flaw


def _is_due(sighting: Sighting, statuses: tuple[str, ...]) -> bool:
    return sighting.finding.expected.startswith(statuses)
