"""Settles the key of each sighting by what the rest of the log shows.

The key of a finding says what one exchange shows. The log shows more: that an operation never
works, that a wrong status explains the wrong body, or which check is missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from conformance.base.values import pointed
from conformance.causes.consequences import with_consequences
from conformance.causes.finding_key import (
    CONTENT_TYPE,
    ERROR,
    FAULT,
    LABEL_RULE,
    NOT_REFUSED,
    OBJECTS,
    SHAPE,
    STATUS,
    TYPED,
    Key,
    depth,
    is_fault,
    shape_in,
)
from conformance.causes.instances import wrong_values
from conformance.causes.lost_statuses import join_errors_sent_as_success, join_lost_statuses
from conformance.causes.provoked import (
    join_garbled_bodies,
    join_null_characters,
    join_parameters,
    join_unread_bodies,
)
from conformance.causes.shape import shape_of
from conformance.causes.sightings import Settled, Sighting
from conformance.causes.stored_values import Stored
from conformance.model import WHOLE_API, Contract, Exchange, Operation, Role, Step
from conformance.reading import sent_members

NO_KEY, OF_KEYS = "auth.missing", ("auth.", "scope.refused", OBJECTS)
"""The rule that finds an operation open without a key, and the rules such an operation breaks."""
FEW_OPEN = 10
"""Up to this many open operations are separate oversights. More share a single mistake."""

OF_REFERENCES = (OBJECTS, "id.reference")
"""Rules that find a write that accepts the id of a foreign or nonexistent object."""
NAMING = {Step.REFERENCE, Step.OPTIONAL, Step.TIED, Step.FOREIGN}
"""The steps whose requests may name such an object in a member."""

FORMS = (ERROR, SHAPE, LABEL_RULE)
"""Rules about the form of a response."""


def with_settled_keys(
    contract: Contract,
    sightings: Sequence[Sighting],
    exchanges: Mapping[str, Exchange],
    stored: Mapping[str, Stored],
) -> Settled:
    """The sightings, each with its own key, or with that of the sighting that explains it.

    ``stored`` has the stored odd value that makes an exchange fail, by the id of the exchange.
    """
    with_keys = _with_flaws_settled(sightings, exchanges, stored)
    with_keys = join_garbled_bodies(with_keys, exchanges, stored)
    with_keys = join_unread_bodies(with_keys, exchanges)
    with_keys = join_null_characters(join_parameters(with_keys, exchanges))
    with_keys = _join_references(contract, with_keys, exchanges)
    with_keys = _without_shapes(contract, with_keys, exchanges)
    with_keys = _join_accepted_values(contract, with_keys, exchanges)
    with_keys = join_errors_sent_as_success(contract, with_keys, exchanges)
    with_keys = with_consequences(contract, _join_labels(_join_forms(with_keys)), exchanges)
    return join_lost_statuses(with_keys, exchanges)


# --- operations that never work, or are open to all -----------------------------------------------


def _with_flaws_settled(
    sightings: Iterable[Sighting], exchanges: Mapping[str, Exchange], stored: Mapping[str, Stored]
) -> Settled:
    """The sightings with their own keys, corrected where the rest of the log shows more.

    Faults of an operation that never works have no flaw, and any other fault on a stored value has
    the flaw of that value. If at most FEW_OPEN operations work without a key, all findings about
    API keys on one of these operations get the same key.
    """
    never_working = _never_working(exchanges.values())
    open_without_key = {
        sighting.cell.operation: sighting.own_key
        for sighting in sightings
        if sighting.own_key.rule == NO_KEY
        and sighting.shown_by in exchanges
        and exchanges[sighting.shown_by].ok
    }
    if len(open_without_key) > FEW_OPEN:
        open_without_key.clear()

    def settled_key(sighting: Sighting) -> Key:
        own_key, operation = sighting.own_key, sighting.cell.operation
        if own_key.rule.startswith(OF_KEYS):
            return open_without_key.get(operation, own_key)
        if own_key.rule != FAULT:
            return own_key
        if operation in never_working:
            return replace(own_key, flaw="")
        culprit = stored.get(sighting.shown_by)  # the stored value that this request failed on
        return replace(own_key, flaw=culprit.flaw) if culprit else own_key

    return [(sighting, settled_key(sighting)) for sighting in sightings]


def _never_working(exchanges: Iterable[Exchange]) -> set[str]:
    """The operations that never work, as their responses show."""
    responses: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        if exchange.response is not None:
            responses[exchange.operation].append(exchange)
    return {operation for operation, found in responses.items() if _never_works(found)}


def _never_works(responses: Sequence[Exchange]) -> bool:
    """Whether all responses of one operation show that it never works.

    No response is a success. Either all are server faults, or a request without a mistake got one.
    """
    if any(exchange.ok for exchange in responses):
        return False
    faults = [exchange for exchange in responses if is_fault(exchange.status or 0)]
    if len(faults) == len(responses):
        return True
    return any(not exchange.facts.mistake for exchange in faults)


# --- references -----------------------------------------------------------------------------------


def _join_references(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give all writes that accept a wrong id in the same member one key.

    One check of the member is missing, even if several operations lack it.
    """
    controls = {
        (exchange.case, exchange.operation): exchange
        for exchange in exchanges.values()
        if exchange.role is Role.CONTROL
    }

    def settled_key(sighting: Sighting, key: Key) -> Key:
        exchange = exchanges.get(sighting.shown_by)
        if key.rule not in OF_REFERENCES or exchange is None or not exchange.ok:
            return key
        valid = controls.get((exchange.case, exchange.operation))
        member = _member_named(contract, exchange, valid)
        return key if member is None else Key(key.rule, f"/{member}", actual=NOT_REFUSED)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _member_named(contract: Contract, exchange: Exchange, valid: Exchange | None) -> str | None:
    """The member in which a request names an object that it must not name; None if there is none.

    It is the member that the scenario has labelled as tied. Without such a label, it is the first
    reference in which the request differs from the ``valid`` one. For an operation that selects an
    object, only the label counts.
    """
    if exchange.facts.step not in NAMING:
        return None
    if exchange.facts.tied:
        member, *_ = exchange.facts.tied
        return member
    operation = contract.operations.get(exchange.operation)
    if operation is None or operation.selector is not None or valid is None:
        return None
    sent, sent_by_valid = sent_members(exchange), sent_members(valid)
    for parameter in operation.body:
        if parameter.references and sent.get(parameter.name) != sent_by_valid.get(parameter.name):
            return parameter.name
    return None


# --- wrong values that were accepted --------------------------------------------------------------


def _join_accepted_values(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give a member that shows a value of a wrong type the key of the request that sent the value.

    An operation that accepts one wrong value does not check its other values, either.
    """
    accepted = _accepted_values(contract, with_keys, exchanges)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        _, _, member = sighting.finding.where.rpartition("/")
        value, is_typed, _ = sighting.finding.actual.partition(TYPED)
        shows_wrong_type = is_typed and key.rule == SHAPE
        return accepted.get((member, value), key) if shows_wrong_type else key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _accepted_values(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> dict[tuple[str, str], Key]:
    """The keys of the wrong values that were accepted, by member and by the value's ``repr``.

    Findings quote a value by its ``repr``. If an operation has accepted a wrong value, all values
    in its accepted requests with a mistake count as wrong.
    """
    accepted: dict[tuple[str, str], Key] = {}
    unchecked: dict[str, Key] = {}  # by operation
    for operation, member, value, key in _wrongly_accepted_values(contract, with_keys, exchanges):
        accepted[member, repr(value)] = key
        unchecked[operation] = key
    for exchange in exchanges.values():
        operation_key = unchecked.get(exchange.operation)
        if operation_key is not None and exchange.ok and exchange.facts.mistake:
            for member, value in _shown_values(contract.operations[exchange.operation], exchange):
                accepted.setdefault((member, repr(value)), operation_key)
    return accepted


def _wrongly_accepted_values(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Iterator[tuple[str, str, Any, Key]]:
    """Each accepted value that had to be refused: operation, member that shows it, value, key."""
    for sighting, key in with_keys:
        exchange = exchanges.get(sighting.shown_by)
        operation = contract.operations.get(exchange.operation) if exchange else None
        if exchange is not None and operation is not None and key.actual == NOT_REFUSED:
            for parameter, value in wrong_values(operation, exchange):
                yield operation.id, parameter.shown_as, value, key


def _shown_values(operation: Operation, exchange: Exchange) -> Iterator[tuple[str, Any]]:
    """The values in the body of a request, by the members of the object that show them."""
    members = sent_members(exchange)
    for parameter in operation.body:
        if parameter.name in members:
            yield parameter.shown_as, members[parameter.name]


# --- the form of errors ---------------------------------------------------------------------------


def _without_shapes(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Remove the shape from keys in which it does not tell causes apart.

    A shape that correct errors have, too, tells nothing apart. Neither does the shape of wrong
    errors that come from one place: some of them have the shape of a correct error, or none of
    their operations has a correct error.
    """
    correct = [each for each in exchanges.values() if _is_correct_error(contract, each)]
    correct_shapes = {shape_of(exchange) for exchange in correct}
    shapes: dict[Key, set[str]] = defaultdict(set)  # by key without its shape
    operations: dict[Key, set[str]] = defaultdict(set)  # by key without its shape
    for sighting, key in with_keys:
        if key.rule == ERROR:
            shapeless = replace(key, shape="")
            shapes[shapeless].add(shape_in(key))
            operations[shapeless].add(sighting.cell.operation)
    with_correct_error = {exchange.operation for exchange in correct}

    def settled_key(key: Key) -> Key:
        shapeless = replace(key, shape="")
        if shape_in(key) in correct_shapes:
            return shapeless
        has_correct_shape = not shapes[shapeless].isdisjoint(correct_shapes)
        is_of_one_place = has_correct_shape or operations[shapeless].isdisjoint(with_correct_error)
        return shapeless if key.rule == ERROR and is_of_one_place else key

    return [(sighting, settled_key(key)) for sighting, key in with_keys]


def _join_labels(with_keys: Settled) -> Settled:
    """If errors have a wrong media type that successes also have, give both the key of successes.

    This applies only if exactly the same operations have both such errors and such successes.
    """
    labels: dict[str, Key] = {}  # the keys of successes by media type
    operations: dict[tuple[str, str], set[str]] = defaultdict(set)  # by rule and media type
    for sighting, key in with_keys:
        if key.where == CONTENT_TYPE:
            operations[key.rule, key.actual].add(sighting.cell.operation)
            if key.rule == LABEL_RULE:
                labels[key.actual] = key

    def settled_key(key: Key) -> Key:
        if key.rule != ERROR or key.where != CONTENT_TYPE or key.actual not in labels:
            return key
        of_errors = operations[ERROR, key.actual] - {WHOLE_API}
        of_successes = operations[LABEL_RULE, key.actual] - {WHOLE_API}
        return labels[key.actual] if of_errors == of_successes else key

    return [(sighting, settled_key(key)) for sighting, key in with_keys]


def _is_correct_error(contract: Contract, exchange: Exchange) -> bool:
    """Whether a response is an error with a registered code and a message."""
    if exchange.ok:
        return False
    code = pointed(exchange.json, contract.code_pointer)
    message = pointed(exchange.json, contract.message_pointer)
    return isinstance(code, str) and code in contract.errors and isinstance(message, str)


def _join_forms(with_keys: Settled) -> Settled:
    """Give a finding on the form of a response the key that explains most of that response.

    Only the keys of wrong statuses, broken transfers and errors explain others. Sightings of
    several exchanges are left out.
    """
    explaining: dict[str, Key] = {}  # by id of the exchange, the key that explains most
    for sighting, key in with_keys:
        if len(sighting.exchange_ids) != 1:
            continue
        may_explain = depth(key) <= STATUS or key.rule == ERROR
        best = explaining.get(sighting.shown_by)
        if may_explain and (best is None or depth(key) < depth(best)):
            explaining[sighting.shown_by] = key

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if len(sighting.exchange_ids) != 1 or not key.rule.startswith(FORMS):
            return key
        explanation = explaining.get(sighting.shown_by, key)
        return explanation if depth(explanation) < depth(key) else key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]
