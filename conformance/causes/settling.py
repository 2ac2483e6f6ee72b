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
    OBJECTS,
    SHAPE,
    STATUS,
    TAKEN,
    TYPED,
    Key,
    depth,
    is_fault,
)
from conformance.causes.instances import wrong_values
from conformance.causes.provoked import (
    of_garbled_bodies,
    of_null_characters,
    of_parameters,
    of_unread_bodies,
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
"""The steps whose requests name such an object in a member, if they do not select an object."""

FORMS = (ERROR, SHAPE, LABEL_RULE)
"""Rules about the form of a response."""


def settled(
    contract: Contract,
    seen: Sequence[Sighting],
    exchanges: Mapping[str, Exchange],
    stored: Mapping[str, Stored],
) -> Settled:
    """The sightings, each with its key as far as the log explains it.

    ``stored`` has the odd value that makes an exchange fail, by the id of the exchange.
    """
    with_keys = _of_operations(seen, exchanges, stored)
    with_keys = of_garbled_bodies(with_keys, exchanges, stored)
    with_keys = of_unread_bodies(with_keys, exchanges)
    with_keys = of_null_characters(of_parameters(with_keys, exchanges))
    with_keys = _of_references(contract, with_keys, exchanges)
    with_keys = _without_shapes(contract, with_keys, exchanges)
    with_keys = _of_accepted_values(contract, with_keys, exchanges)
    return with_consequences(contract, _of_labels(_explained(with_keys)), exchanges)


# --- operations that never work, or are open to all -----------------------------------------------


def _of_operations(
    seen: Iterable[Sighting], exchanges: Mapping[str, Exchange], stored: Mapping[str, Stored]
) -> Settled:
    """The flaw of a server fault is not what is odd in a request if something else makes it fail.

    Either valid requests never work, or the fault is on a stored value. If an operation is one of a
    few that need no key, its other key findings have the same key.
    """
    failing = _never_working(exchanges.values())
    opened = {
        one.cell.operation: one.key
        for one in seen
        if one.key.rule == NO_KEY and one.shown_by in exchanges and exchanges[one.shown_by].ok
    }
    if len(opened) > FEW_OPEN:
        opened.clear()

    def key(one: Sighting) -> Key:
        operation = one.cell.operation
        if one.key.rule.startswith(OF_KEYS):
            return opened.get(operation, one.key)
        if one.key.rule != FAULT:
            return one.key
        if operation in failing:
            return replace(one.key, flaw="")
        value = stored.get(one.shown_by)
        return replace(one.key, flaw=value.flaw) if value else one.key

    return [(one, key(one)) for one in seen]


def _never_working(exchanges: Iterable[Exchange]) -> set[str]:
    """The operations without a success whose valid requests, or all requests, are server faults."""
    responses: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        if exchange.response is not None:
            responses[exchange.operation].append(exchange)
    return {operation for operation, found in responses.items() if _never_works(found)}


def _never_works(responses: Sequence[Exchange]) -> bool:
    """Whether some responses of one operation show that it never works."""
    if any(exchange.ok for exchange in responses):
        return False
    faults = [exchange for exchange in responses if is_fault(exchange.status or 0)]
    if len(faults) == len(responses):
        return True
    return any(not exchange.facts.mistake for exchange in faults)


# --- references -----------------------------------------------------------------------------------


def _of_references(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Writes that accepted an id in the same member have the same key, whatever shows that.

    One check of the member is missing, even if several operations lack it.
    """
    controls = {
        (exchange.case, exchange.operation): exchange
        for exchange in exchanges.values()
        if exchange.role is Role.CONTROL
    }

    def settled_key(one: Sighting, key: Key) -> Key:
        exchange = exchanges.get(one.shown_by)
        if key.rule not in OF_REFERENCES or exchange is None or not exchange.ok:
            return key
        valid = controls.get((exchange.case, exchange.operation))
        member = _member_named(contract, exchange, valid)
        return key if member is None else Key(key.rule, f"/{member}", actual=TAKEN)

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _member_named(contract: Contract, exchange: Exchange, valid: Exchange | None) -> str | None:
    """The member that names an object which it must not name; None if there is none.

    It is labelled, or it is the reference in which the request differs from the valid one.
    """
    if exchange.facts.step not in NAMING:
        return None
    if exchange.facts.tied:
        return next(iter(exchange.facts.tied))
    operation = contract.operations.get(exchange.operation)
    if operation is None or operation.selector is not None or valid is None:
        return None
    sent, usual = sent_members(exchange), sent_members(valid)
    for parameter in operation.body:
        if parameter.references and sent.get(parameter.name) != usual.get(parameter.name):
            return parameter.name
    return None


# --- wrong values that were accepted --------------------------------------------------------------


def _of_accepted_values(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """A member that shows a wrong value belongs to the request with that value, if accepted.

    An operation that accepts one wrong value does not check the others, either.
    """
    accepted = _accepted_values(contract, with_keys, exchanges)

    def settled_key(one: Sighting, key: Key) -> Key:
        member = one.finding.where.rpartition("/")[2]
        value, is_typed, _ = one.finding.actual.partition(TYPED)
        is_shown = is_typed and key.rule == SHAPE
        return accepted.get((member, value), key) if is_shown else key

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _accepted_values(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> dict[tuple[str, str], Key]:
    """The keys of the wrong values that were accepted, by member and by the value's ``repr``.

    That is how findings show a value. Once an operation has accepted a wrong value, all values of
    its accepted requests with a mistake count.
    """
    accepted: dict[tuple[str, str], Key] = {}
    unchecked: dict[str, Key] = {}  # by operation
    for operation, member, value, key in _refusable_values(contract, with_keys, exchanges):
        accepted[member, repr(value)] = unchecked[operation] = key
    for exchange in exchanges.values():
        known = unchecked.get(exchange.operation)
        if known is not None and exchange.ok and exchange.facts.mistake:
            for member, value in _shown_values(contract.operations[exchange.operation], exchange):
                accepted.setdefault((member, repr(value)), known)
    return accepted


def _refusable_values(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Iterator[tuple[str, str, Any, Key]]:
    """The operation, member and key of each value that no reading accepts, and that was taken."""
    for one, key in with_keys:
        exchange = exchanges.get(one.shown_by)
        operation = contract.operations.get(exchange.operation) if exchange else None
        if exchange is not None and operation is not None and key.actual == TAKEN:
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
    """Keys lose their shapes if these do not tell causes apart.

    Correct errors may have the same shape. Or a finding is on the form of errors, and none of the
    errors of its operations is correct: then all of them come from one place.
    """
    correct = [each for each in exchanges.values() if _is_correct_error(contract, each)]
    usual = {shape_of(exchange) for exchange in correct}
    shapes: dict[Key, set[str]] = defaultdict(set)
    operations: dict[Key, set[str]] = defaultdict(set)
    for one, key in with_keys:
        if key.rule == ERROR:
            whole = replace(key, shape="")
            shapes[whole].add(_form(key))
            operations[whole].add(one.cell.operation)
    working = {exchange.operation for exchange in correct}

    def settled_key(key: Key) -> Key:
        whole = replace(key, shape="")
        is_usual = _form(key) in usual
        is_of_one_place = shapes[whole] & usual or not operations[whole] & working
        return whole if is_usual or (key.rule == ERROR and is_of_one_place) else key

    return [(one, settled_key(key)) for one, key in with_keys]


def _of_labels(with_keys: Settled) -> Settled:
    """The wrong label of errors is that of the successes, if the same operations have it."""
    labels: dict[str, Key] = {}  # by label
    operations: dict[tuple[str, str], set[str]] = defaultdict(set)  # by rule and label
    for one, key in with_keys:
        if key.where == CONTENT_TYPE:
            operations[key.rule, key.actual].add(one.cell.operation)
            if key.rule == LABEL_RULE:
                labels[key.actual] = key

    def settled_key(key: Key) -> Key:
        if key.rule != ERROR or key.where != CONTENT_TYPE or key.actual not in labels:
            return key
        of_errors, of_successes = [
            operations[rule, key.actual] - {WHOLE_API} for rule in (ERROR, LABEL_RULE)
        ]
        return labels[key.actual] if of_errors == of_successes else key

    return [(one, settled_key(key)) for one, key in with_keys]


def _form(key: Key) -> str:
    """The shape in a key, without the status."""
    return key.shape.partition(" ")[2]


def _is_correct_error(contract: Contract, exchange: Exchange) -> bool:
    """Whether a response is an error with a registered code and a message."""
    if exchange.ok:
        return False
    code = pointed(exchange.json, contract.code_pointer)
    message = pointed(exchange.json, contract.message_pointer)
    return isinstance(code, str) and code in contract.errors and isinstance(message, str)


def _explained(with_keys: Settled) -> Settled:
    """Findings on the form of a response belong to a problem with more of that response."""
    deepest: dict[str, Key] = {}
    for one, key in with_keys:
        if len(one.names) == 1 and (depth(key) <= STATUS or key.rule == ERROR):
            known = deepest.setdefault(one.names[0], key)
            if depth(key) < depth(known):
                deepest[one.names[0]] = key

    def settled_key(one: Sighting, key: Key) -> Key:
        if len(one.names) != 1 or not key.rule.startswith(FORMS):
            return key
        deeper = deepest.get(one.names[0], key)
        return deeper if depth(deeper) < depth(key) else key

    return [(one, settled_key(one, key)) for one, key in with_keys]
