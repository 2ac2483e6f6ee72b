"""Finds what only follows from a write that was accepted although it names the wrong object.

A write that succeeds for any id also succeeds for that of a deleted object. What a key of another
tenant was allowed to write shows in later responses. A change that works on another object than
the one that it names breaks many rules. An object whose creation returns no id, or one of a wrong
type, cannot be found under it, and one that its creation does not store cannot be found at all.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.base.values import as_text
from conformance.causes.deletions import is_refusal, named_in
from conformance.causes.finding_key import (
    ANOTHER,
    LACKED,
    OBJECTS,
    SHAPE,
    TAKEN,
    TYPED,
    UNKNOWN,
    Key,
)
from conformance.causes.instances import wrong_values
from conformance.causes.shape import shape_of
from conformance.causes.sightings import Settled, Sighting
from conformance.model import (
    HELD,
    NEW_ID,
    UNSTORED,
    Business,
    Contract,
    Exchange,
    business_of,
)
from conformance.reading import Answer, sent_members

GONE = "delete.gone"
"""The rule about requests that name an object which was deleted."""
CREATED = "nothing created in another business"
"""What is expected of the lists of a business after a request of another one."""
SHOWN = ("update.", "delete.", "refused.")
"""Prefixes of the rules that compare what objects show with what was written."""
BY_ID = ("read.asked", "create.dated")
"""Rules that find another object than the one with an id."""
NOT_READ = ("create.read-back", "create.shown")
"""The rules that find an object that cannot be read."""
OF_CREATIONS = "create."
"""Prefix of the rules about new objects."""
INVALID = "parameter.invalid"
"""The rule that finds a wrong value accepted."""
OF_CHANGES = ("update.read-back", "update.shown")
"""The rules that find that an object does not show what a change sent."""


def with_wrong_writes(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """The sightings; those that follow from a write to the wrong object have its key."""
    with_keys = _of_deleted_ids(with_keys, exchanges)
    with_keys = _of_other_objects(contract, with_keys, exchanges)
    with_keys = _of_unchecked_names(contract, with_keys, exchanges)
    with_keys = _of_foreign_writes(with_keys, exchanges)
    with_keys = _of_lost_creations(contract, with_keys, exchanges)
    return _of_wrong_ids(contract, with_keys)


def _of_deleted_ids(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """A write to a deleted object succeeds just as one to an object that never existed does."""
    of_unknown: dict[tuple[str, str], Key] = {}  # by operation and shape of the response
    for one, key in with_keys:
        if key.rule == UNKNOWN and key.actual == TAKEN and one.shown_by in exchanges:
            shape = shape_of(exchanges[one.shown_by])
            of_unknown.setdefault((one.cell.operation, shape), key)

    def settled_key(one: Sighting, key: Key) -> Key:
        write = exchanges.get(one.shown_by)
        if write is None or key.rule != GONE or key.where != "status":
            return key
        return of_unknown.get((write.operation, shape_of(write)), key)

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _of_foreign_writes(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """An object shows what a key of another tenant was allowed to write."""
    reached: dict[str, Key] = {}  # by operation
    for one, key in with_keys:
        if key.rule == OBJECTS and key.actual == TAKEN:
            reached.setdefault(one.cell.operation, key)

    def settled_key(one: Sighting, key: Key) -> Key:
        if one.cell.operation not in reached:
            return key
        if key.rule == OBJECTS and key.expected == CREATED:
            return reached[one.cell.operation]
        if not key.rule.startswith(SHOWN):
            return key
        shown_by = [exchanges[name] for name in one.names if name in exchanges]
        is_foreign = any(_is_foreign_write(exchange) for exchange in shown_by)
        return reached[one.cell.operation] if is_foreign else key

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _is_foreign_write(exchange: Exchange) -> bool:
    """Whether a request of another tenant's key that may change something was accepted."""
    owner = business_of(exchange.identity or "")
    is_own = owner in (None, Business.MAIN)
    return exchange.ok and exchange.request.method != "GET" and not is_own


def _of_other_objects(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """A change has no effect on its object, or succeeds for any id, because it works on another."""

    def is_of_another(one: Sighting) -> bool:
        changes = [exchanges[name] for name in one.names if name in exchanges]
        return any(
            each.operation == one.cell.operation and _returns_another(contract, each)
            for each in changes
        )

    leads: dict[str, Key] = {}  # by operation
    for one, key in with_keys:
        if key.rule in OF_CHANGES and one.cell.operation not in leads and is_of_another(one):
            leads[one.cell.operation] = Key(key.rule, "/", flaw=ANOTHER)
    return [
        (one, leads[one.cell.operation])
        if one.cell.operation in leads and is_of_another(one)
        else (one, key)
        for one, key in with_keys
    ]


def _returns_another(contract: Contract, exchange: Exchange) -> bool:
    """Whether a change was accepted, and its response shows another id than the request."""
    operation = contract.operations.get(exchange.operation)
    if operation is None or operation.action != "update" or operation.selector is None:
        return False
    if not exchange.ok or operation.selector.references != operation.kind:
        return False
    named = as_text(sent_members(exchange).get(operation.selector.name))
    returned = as_text(Answer(contract, operation, exchange).id)
    return named is not None and returned is not None and named != returned


def _of_unchecked_names(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """An operation takes what another tenant has because it accepts any value of that member."""
    unchecked: dict[tuple[str, str], Key] = {}  # by operation and member
    for one, key in with_keys:
        if key.rule == INVALID and key.actual == TAKEN and one.shown_by in exchanges:
            exchange = exchanges[one.shown_by]
            operation = contract.operations[exchange.operation]
            for parameter, _ in wrong_values(operation, exchange):
                unchecked.setdefault((operation.id, parameter.name), key)

    def settled_key(one: Sighting, key: Key) -> Key:
        if not key.expected.endswith(HELD) or one.shown_by not in exchanges:
            return key
        exchange = exchanges[one.shown_by]
        places = [(exchange.operation, name) for name in sent_members(exchange)]
        return next((unchecked[place] for place in places if place in unchecked), key)

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _of_lost_creations(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """An object that its creation did not store is not listed, and valid requests are refused."""
    losing = {one.cell.operation: key for one, key in with_keys if one.finding.expected == UNSTORED}
    lost: dict[str, Key] = {}  # by id of the object
    for exchange in exchanges.values() if losing else ():
        if exchange.operation in losing and exchange.ok:
            operation = contract.operations[exchange.operation]
            created = as_text(Answer(contract, operation, exchange).id)
            if created is not None:
                lost[created] = losing[exchange.operation]

    def settled_key(one: Sighting, key: Key) -> Key:
        operation = contract.operations.get(one.cell.operation)
        if operation is None or not losing:
            return key
        if key.rule.startswith(OF_CREATIONS):
            return losing.get(operation.id, key)
        if not is_refusal(one, exchanges):
            return key
        named = named_in(contract, exchanges[one.shown_by], operation.kind)
        return next((lost[name] for name in named if name in lost), key)

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _of_wrong_ids(contract: Contract, with_keys: Settled) -> Settled:
    """An object is not recognized because responses show an id of a wrong type."""
    wrong: dict[str, Key] = {}  # by operation
    for one, key in with_keys:
        operation = contract.operations.get(one.cell.operation)
        if operation is None or key.rule != SHAPE or TYPED not in one.finding.actual:
            continue
        if one.finding.where == f"/{contract.identifier_of(operation.kind)}":
            wrong.setdefault(operation.id, key)

    def settled_key(one: Sighting, key: Key) -> Key:
        is_unread = key.rule in NOT_READ and key.where == "status"
        needs_id = is_unread or key.rule in BY_ID
        return wrong.get(one.cell.operation, key) if needs_id else key

    return [(one, settled_key(one, key)) for one, key in with_keys]


def of_lacking_ids(with_keys: Settled) -> Settled:
    """A creation cannot be read because its response lacks the required id of the new object."""
    lacking: dict[tuple[str, str], Key] = {}  # by operation and member
    for one, key in with_keys:
        lacked = LACKED.match(one.finding.actual)
        if lacked and key.rule == SHAPE:
            lacking.setdefault((one.cell.operation, f"/{lacked[1]}"), key)

    def settled_key(one: Sighting, key: Key) -> Key:
        if one.finding.expected != NEW_ID:
            return key
        return lacking.get((one.cell.operation, one.finding.where), key)

    return [(one, settled_key(one, key)) for one, key in with_keys]
