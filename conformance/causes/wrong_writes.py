"""Finds what only follows from a write that was accepted although it names the wrong object.

A write that succeeds for any id also succeeds for that of a deleted object. What a key of another
tenant was allowed to write shows in later responses. A change that works on a different object than
the one that it names breaks many rules. An object whose creation returns no id, or one of a wrong
type, cannot be found under it, and one that its creation does not store cannot be found at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from conformance.base.values import as_text
from conformance.causes.deletions import NOT_FOUND, OF_REFUSED, is_wrong_refusal, named_in
from conformance.causes.finding_key import (
    LACKED,
    NOT_REFUSED,
    OBJECTS,
    SHAPE,
    TYPED,
    UNKNOWN,
    Key,
)
from conformance.causes.other_objects import join_changes_of_others
from conformance.causes.shape import shape_of
from conformance.causes.sightings import Settled, Sighting
from conformance.model import (
    NEW_ID,
    UNSTORED,
    Business,
    Contract,
    Exchange,
    Operation,
    Step,
    business_of,
)
from conformance.reading import Answer, sent_members

GONE = "delete.gone"
"""The rule about requests that name an object which was deleted."""
CREATED = "nothing created in another business"
"""What is expected of the lists of a business after a creation by a key of another business."""
KEPT_FROM_OTHERS = "as another business may not"
"""What findings say of an object that a key of another business changed or removed."""
SHOWN = ("update.", "delete.", OF_REFUSED)
"""Prefixes of the rules that compare what objects show with what was written."""
BY_ID = ("read.asked", "create.dated")
"""Rules that find a different object than the one with an id."""
NOT_READ = ("create.read-back", "create.shown")
"""The rules that find an object that cannot be read."""
OF_UNKNOWN = (UNKNOWN, "id.reference")
"""The rules that find that a request succeeds for an id that names nothing."""
OF_STORED = ("create.listed", "create.count", "create.read-back")
"""The rules that find that a new object is not there."""


def with_wrong_writes(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give each sighting that follows from a write to the wrong object the key of that write."""
    with_keys = join_changes_of_others(contract, with_keys, exchanges)
    with_keys = _join_deleted_ids(with_keys, exchanges)
    with_keys = _join_foreign_writes(with_keys, exchanges)
    with_keys = _join_foreign_refusals(with_keys, exchanges)
    with_keys = _join_lost_creations(contract, with_keys, exchanges)
    return _join_wrong_ids(contract, with_keys)


def _join_deleted_ids(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give writes that succeed for deleted and for unknown ids one key for both.

    This applies only if the responses have the same shape. If the unknown id was in a member, the
    deleted one must have been in the same member. Such a write may create the object again, so that
    later requests find it.
    """
    # by operation and shape of response
    of_unknown: dict[tuple[str, str], list[Key]] = defaultdict(list)
    for sighting, key in with_keys:
        own_key = sighting.own_key
        is_accepted = own_key.rule in OF_UNKNOWN and own_key.actual == NOT_REFUSED
        if is_accepted and sighting.shown_by in exchanges:
            shape = shape_of(exchanges[sighting.shown_by])
            of_unknown[sighting.cell.operation, shape].append(key)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if key.rule != GONE or key.where != "status":
            return key
        write = _first_after_deletion(sighting, exchanges)
        if write is None:
            return key
        for unknown_key in of_unknown[write.operation, shape_of(write)]:
            sent = sent_members(write).get(unknown_key.where.removeprefix("/"))
            if not unknown_key.names_in_member or as_text(sent) == write.facts.sought:
                return unknown_key
        return key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _first_after_deletion(sighting: Sighting, exchanges: Mapping[str, Exchange]) -> Exchange | None:
    """The first accepted request of a sighting that names a deleted object; None without one."""
    shown_by = [exchanges[name] for name in sighting.exchange_ids if name in exchanges]
    after = (each for each in shown_by if each.facts.step is Step.DELETED and each.ok)
    return next(after, None)


def _join_foreign_writes(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give what foreign writes left behind the key of the operation that allows such writes.

    A foreign write is one that a key of another tenant was allowed.
    """
    allowing: dict[str, Key] = {}  # by the operation that allows such writes
    for sighting, key in with_keys:
        if key.rule == OBJECTS and key.actual == NOT_REFUSED:
            allowing.setdefault(sighting.cell.operation, key)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if sighting.cell.operation not in allowing:
            return key
        if key.rule == OBJECTS and key.expected == CREATED:
            return allowing[sighting.cell.operation]
        if not key.rule.startswith(SHOWN):
            return key
        shown_by = [exchanges[name] for name in sighting.exchange_ids if name in exchanges]
        is_foreign = any(_is_foreign_write(exchange) for exchange in shown_by)
        return allowing[sighting.cell.operation] if is_foreign else key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _join_foreign_refusals(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give a refused write of another tenant that takes effect the key of that effect.

    A key stays unless all of its sightings are on refusals of other tenants alone.
    """
    effects = _foreign_effects(with_keys)
    of_refused = [
        (sighting, key)
        for sighting, key in with_keys
        if sighting.own_key.rule.startswith(OF_REFUSED)
    ]
    explained = {
        key: effects[sighting.cell.operation]
        for sighting, key in of_refused
        if sighting.cell.operation in effects
    }
    for sighting, key in of_refused:
        if not _is_foreign_refusal(sighting, exchanges):
            explained.pop(key, None)
    return [(sighting, explained.get(key, key)) for sighting, key in with_keys]


def _foreign_effects(with_keys: Settled) -> dict[str, Key]:
    """The key of what an operation does to objects of another tenant, by the operation."""
    effects: dict[str, Key] = {}
    for sighting, key in with_keys:
        if key.rule == OBJECTS and KEPT_FROM_OTHERS in key.expected:
            effects.setdefault(sighting.cell.operation, key)
    return effects


def _is_foreign_refusal(sighting: Sighting, exchanges: Mapping[str, Exchange]) -> bool:
    """Whether requests of the judged operation were refused, all with a key of another tenant."""
    shown_by = [exchanges[name] for name in sighting.exchange_ids if name in exchanges]
    of_operation = [each for each in shown_by if each.operation == sighting.cell.operation]
    refused = [each for each in of_operation if each.refused]
    return bool(refused) and all(_is_of_other_tenant(each) for each in refused)


def _is_foreign_write(exchange: Exchange) -> bool:
    """Whether a request of another tenant's key that may change something was accepted."""
    is_write = exchange.request.method != "GET"
    return exchange.ok and is_write and _is_of_other_tenant(exchange)


def _is_of_other_tenant(exchange: Exchange) -> bool:
    """Whether a request carries the key of a different tenant than the main one."""
    return business_of(exchange.identity or "") not in (None, Business.MAIN)


def _join_lost_creations(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give sightings on objects that were not stored the key of their creation.

    The object is not listed, and requests do not find it, because of its creation. If an operation
    has a finding UNSTORED, all objects count that it returned and no other success shows.
    """
    # by operation of the creation
    losing = {
        sighting.cell.operation: key
        for sighting, key in with_keys
        if sighting.finding.expected == UNSTORED
    }
    lost: dict[tuple[str, str], Key] = {}  # by kind and id of the object
    for name, key in losing.items():
        creation = contract.operations[name]
        for created in _never_shown(contract, creation, exchanges.values()):
            lost[creation.kind, created] = key
    if not lost:
        return with_keys

    def settled_key(sighting: Sighting, key: Key) -> Key:
        operation = contract.operations.get(sighting.cell.operation)
        if operation is None:
            return key
        named: Iterable[str] = ()
        if key.rule in OF_STORED:
            named = sighting.finding.expected.replace(",", " ").split()  # one word is the id
        elif key.actual == NOT_FOUND and is_wrong_refusal(sighting, exchanges):
            named = named_in(contract, exchanges[sighting.shown_by], operation.kind)
        places = [(operation.kind, name) for name in named]
        return next((lost[place] for place in places if place in lost), key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _never_shown(
    contract: Contract, creation: Operation, exchanges: Iterable[Exchange]
) -> set[str]:
    """The ids that a creation returned, and that no other success on the kind of object shows."""
    created: set[str] = set()
    bodies: list[str] = []  # of the other successes
    for exchange in exchanges:
        operation = contract.operations.get(exchange.operation)
        if operation is None or operation.kind != creation.kind or not exchange.ok:
            continue
        name = as_text(Answer(contract, operation, exchange).id)
        if operation is creation and name:
            created.add(name)
        elif exchange.response is not None:
            bodies.append(exchange.response.body.kept)
    shown = "\n".join(bodies)
    return {name for name in created if name not in shown}


def _join_wrong_ids(contract: Contract, with_keys: Settled) -> Settled:
    """Give sightings on an object that is not recognized by its id the key of the wrong id.

    The id that the responses of the operation show has a wrong type.
    """
    wrong: dict[str, Key] = {}  # by operation
    for sighting, key in with_keys:
        operation = contract.operations.get(sighting.cell.operation)
        if operation is None or key.rule != SHAPE or TYPED not in sighting.finding.actual:
            continue
        if sighting.finding.where == f"/{contract.identifier_of(operation.kind)}":
            wrong.setdefault(operation.id, key)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        cannot_be_read = key.rule in NOT_READ and key.where == "status"
        needs_id = cannot_be_read or key.rule in BY_ID
        return wrong.get(sighting.cell.operation, key) if needs_id else key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def join_lacking_ids(with_keys: Settled) -> Settled:
    """Give a new object without an id the key of the member that its responses lack.

    This applies only if that member is the one with the id.
    """
    lacking: dict[tuple[str, str], Key] = {}  # by operation and member
    for sighting, key in with_keys:
        lacked = LACKED.match(sighting.finding.actual)
        if lacked and key.rule == SHAPE:
            lacking.setdefault((sighting.cell.operation, f"/{lacked[1]}"), key)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if sighting.finding.expected != NEW_ID:
            return key
        return lacking.get((sighting.cell.operation, sighting.finding.where), key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]
