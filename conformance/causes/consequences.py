"""Finds what only follows from an earlier wrong write, and belongs to the cause of that.

A deletion that also removes other objects makes later requests fail that name them. A change that
is refused and made all the same shows in later responses. A request that succeeds for any id
succeeds for those of other tenants. A created object without an id cannot be read. A later write
wipes what an earlier one stored. A value that is stored as another type shows in every response
that has it. A list that loses items also lacks the object that a write looks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance.base.values import as_text, texts_in
from conformance.causes.altered_texts import with_altered_texts
from conformance.causes.finding_key import READ_BACK, SHAPE, TAKEN, TYPED, Key
from conformance.causes.handlers import by_handler
from conformance.causes.losing_lists import (
    with_lists_that_lose,
    without_cursors,
    without_empty_lists,
    without_filters,
)
from conformance.causes.origins import SHORTEST
from conformance.causes.shape import shape_of
from conformance.causes.sightings import Settled, Sighting
from conformance.causes.wrong_writes import of_lacking_ids, with_wrong_writes
from conformance.model import Contract, Exchange, Operation
from conformance.reading import as_shown, asked, sent_members

NOT_DELETED = "which was not deleted"
"""The end of what a deletion must keep."""
GONE, DELETES_OTHERS = "delete.gone", "delete.others"
APPLIED = "refused.effect"
"""The rule that finds the effect of a refused request."""
SHOWS_FOREIGN = ("owner.", "tenant.object")
"""Prefixes of the rules that find an object that names one of another tenant."""
UNKNOWN, FOREIGN = "id.unknown", "tenant.object"
"""Rules about requests that name an unknown id, and an object of another tenant."""
OF_ACCESS = ("auth.", "scope.", FOREIGN)
"""Prefixes of the rules that find a key which is accepted although it must be refused."""
NOT_FOUND = "404"
HELD = "another business has it"
"""The end of what is expected of a request for something that is already taken."""
ALONE, NOT_SENT = "update.alone", "as it was not sent"
"""The rule that finds a member changed by a write, and the end of what it expects then."""
LASTING = (GONE, DELETES_OTHERS, APPLIED)
"""Rules that find what a server did to its objects, so that later requests break other rules."""
REFUSED = "4"

_ID = re.compile(rf"[\w+:.@-]{{{SHORTEST},}}")


def with_consequences(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """The sightings; those that follow from another one have its key."""
    with_keys = _of_removed_objects(contract, with_keys, exchanges)
    with_keys = _of_wrong_deletions(contract, with_keys, exchanges)
    with_keys = _of_applied_changes(contract, with_keys, exchanges)
    with_keys = _of_unknown_ids(with_keys, exchanges)
    with_keys = of_lacking_ids(with_keys)
    with_keys = _of_wiped_members(contract, with_keys, exchanges)
    with_keys = with_wrong_writes(contract, with_keys, exchanges)
    with_keys = with_altered_texts(contract, with_keys)
    with_keys = without_empty_lists(without_cursors(without_filters(with_keys)))
    with_keys = with_lists_that_lose(contract, with_keys, exchanges)
    with_keys = _of_stored_types(contract, with_keys)
    return by_handler(contract, with_keys)


# --- objects that a deletion also removed ---------------------------------------------------------


def _of_removed_objects(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """A valid request is refused for an object that a deletion of another one removed."""
    deletions: dict[str, Key] = {}
    for one, key in with_keys:
        if key.rule == DELETES_OTHERS or one.finding.expected.endswith(NOT_DELETED):
            deletions.setdefault(one.cell.operation, key)
    for name, key in deletions.items():
        refused = [exchanges[one.shown_by] for one, _ in with_keys if _is_refusal(one, exchanges)]
        gone = set(_for_removed(contract, contract.operations[name], refused, exchanges.values()))
        with_keys = [(one, key if one.shown_by in gone else own) for one, own in with_keys]
    return with_keys


def _of_wrong_deletions(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """A request fails, or finds something free, because a key without access deleted the object."""
    deleted: dict[str, Key] = {}  # by id of the object
    for one, key in with_keys:
        operation = contract.operations.get(one.cell.operation)
        is_taken = key.rule.startswith(OF_ACCESS) and key.actual == TAKEN
        if (
            is_taken
            and one.shown_by in exchanges
            and operation is not None
            and operation.action == "delete"
        ):
            named = _named(contract, exchanges[one.shown_by], operation.kind)
            deleted |= dict.fromkeys(named, key)

    def settled_key(one: Sighting, key: Key) -> Key:
        operation = contract.operations.get(one.cell.operation)
        if operation is None or one.shown_by not in exchanges:
            return key
        request = exchanges[one.shown_by]
        is_gone = key.rule.startswith(OF_ACCESS) and key.actual == NOT_FOUND
        if is_gone or _is_refusal(one, exchanges):
            named = list(_named(contract, request, operation.kind))
        elif key.rule == FOREIGN and key.expected.endswith(HELD):
            named = texts_in(sent_members(request).values())
        else:
            named = []
        return next((deleted[name] for name in named if name in deleted), key)

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _is_refusal(one: Sighting, exchanges: Mapping[str, Exchange]) -> bool:
    """Whether a sighting is on a request that had to succeed, and was refused."""
    is_known = one.shown_by in exchanges
    due = one.finding.where == "status" and one.finding.expected.startswith("2")
    return is_known and due and one.key.actual.startswith(REFUSED)


def _for_removed(
    contract: Contract,
    deletion: Operation,
    refused: Iterable[Exchange],
    log: Iterable[Exchange],
) -> Iterator[str]:
    """The ids of refused requests for an object that disappeared when another one was deleted.

    It was shown before a deletion, is not deleted itself, and is never shown again.
    """
    named = {each.id: set(_named(contract, each, deletion.kind)) for each in refused}
    if not any(named.values()):
        return
    past = _past_of(contract, deletion, log)
    for exchange_id, names in named.items():
        if any(past.has_removed(name, past.places[exchange_id]) for name in names):
            yield exchange_id


def _past_of(contract: Contract, deletion: Operation, log: Iterable[Exchange]) -> _Past:
    """What a log shows of the objects that an operation deletes."""
    past = _Past()
    for place, exchange in enumerate(log):
        past.places[exchange.id] = place
        operation = contract.operations.get(exchange.operation)
        if operation is None or operation.kind != deletion.kind or not exchange.ok:
            continue
        if operation.id == deletion.id:
            past.deletions.append(place)
            past.deleted.update(_named(contract, exchange, deletion.kind))
        elif exchange.response is not None:
            shown = _ID.findall(exchange.response.body.kept)
            past.shown.update(dict.fromkeys(shown, place))
    return past


@dataclass
class _Past:
    """What a log shows of the objects of one kind, by their places in the log.

    ``shown`` has the last success that contains a text, and ``deleted`` the ids of the objects that
    requests deleted.
    """

    places: dict[str, int] = field(default_factory=dict)
    deletions: list[int] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    shown: dict[str, int] = field(default_factory=dict)

    def has_removed(self, name: str, now: int) -> bool:
        """Whether an object was shown for the last time before the deletion of another one."""
        shown = self.shown.get(name)
        if shown is None or name in self.deleted:
            return False
        return any(shown < place < now for place in self.deletions)


def _named(contract: Contract, exchange: Exchange, kind: str) -> Iterator[str]:
    """The ids of objects of a kind that a request names."""
    operation = contract.operations.get(exchange.operation)
    for parameter in operation.parameters if operation else ():
        if parameter.references == kind:
            name = parameter.name
            value = as_text(sent_members(exchange).get(name)) or asked(exchange, name)
            if value:
                yield value


# --- changes that were refused and made -----------------------------------------------------------


def _of_applied_changes(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """An object names one of another tenant because a refused change was made all the same."""
    applied = {one.cell.operation: key for one, key in with_keys if key.rule == APPLIED}
    for name, key in applied.items():
        made = _made_by_refused(contract.operations[name], exchanges.values())
        with_keys = [
            (one, key if _shows_one(one, made, exchanges) else own) for one, own in with_keys
        ]
    return with_keys


def _made_by_refused(change: Operation, log: Iterable[Exchange]) -> set[tuple[str, str]]:
    """The texts that only refused changes sent, each with the id of the object to change."""
    refused: set[tuple[str, str]] = set()
    accepted: set[tuple[str, str]] = set()
    for exchange in log:
        if exchange.operation != change.id or change.selector is None:
            continue
        members = dict(sent_members(exchange))
        selected = as_text(members.pop(change.selector.name, None))
        pairs = {(selected, text) for text in texts_in(members.values()) if selected}
        if exchange.ok:
            accepted |= pairs
        else:
            refused |= pairs
    return refused - accepted


def _shows_one(
    one: Sighting, made: set[tuple[str, str]], exchanges: Mapping[str, Exchange]
) -> bool:
    """Whether a sighting is on a text that a refused change gave to an object."""
    exchange = exchanges.get(one.shown_by)
    if not made or exchange is None or not exchange.ok or exchange.response is None:
        return False
    if not one.finding.rule.startswith(SHOWS_FOREIGN):
        return False
    quoted = one.finding.actual.strip('"')
    body = exchange.response.body.kept
    return any(text == quoted and selected in body for selected, text in made)


# --- requests that succeed whatever they name ---


def _of_unknown_ids(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """A request for another tenant's object succeeds just as one for an unknown id does.

    That is so if the responses have the same shape, and nothing else shows that the object was
    reached.
    """
    of_unknown: dict[tuple[str, str], Key] = {}  # by operation and shape of the response
    reached: set[str] = set()  # operations
    for one, key in with_keys:
        is_refusal_due = key.where == "status" and key.expected.startswith(REFUSED)
        is_taken = is_refusal_due and key.actual == TAKEN
        if key.rule == UNKNOWN and is_taken and one.shown_by in exchanges:
            shape = shape_of(exchanges[one.shown_by])
            of_unknown.setdefault((one.cell.operation, shape), key)
        if key.rule == FOREIGN and not is_taken:
            reached.add(one.cell.operation)

    def settled_key(one: Sighting, key: Key) -> Key:
        operation = one.cell.operation
        is_foreign = key.rule == FOREIGN and one.shown_by in exchanges
        if not is_foreign or operation in reached:
            return key
        return of_unknown.get((operation, shape_of(exchanges[one.shown_by])), key)

    return [(one, settled_key(one, key)) for one, key in with_keys]


# --- members that a later write wiped ---


def _of_wiped_members(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """A member is not as sent because a later write changed it, which did not send it."""
    wiped: dict[tuple[str, str], Key] = {}  # by operation and place
    for one, key in with_keys:
        if key.rule == ALONE and one.finding.expected.endswith(NOT_SENT):
            wiped.setdefault((one.cell.operation, one.finding.where), key)

    def settled_key(one: Sighting, key: Key) -> Key:
        wiping = wiped.get((one.cell.operation, one.finding.where))
        if wiping is None or key.rule not in READ_BACK:
            return key
        return key if _sent_last(contract, one, exchanges) else wiping

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _sent_last(contract: Contract, one: Sighting, exchanges: Mapping[str, Exchange]) -> bool:
    """Whether a write that a sighting compares with a read sent the member that is wrong."""
    operation = contract.operations[one.cell.operation]
    writes = [exchanges[name] for name in one.names if name in exchanges]
    sent = [
        as_shown(operation, sent_members(write))
        for write in writes
        if write.operation == operation.id
    ]
    return any(one.finding.where.removeprefix("/") in members for members in sent)


# --- values of a wrong type -----------------------------------------------------------------------


def _of_stored_types(contract: Contract, with_keys: Settled) -> Settled:
    """A member is not as sent because it has a wrong type wherever the object is shown."""
    wrong: dict[tuple[str, str, str], Key] = {}  # by kind of object, member, and kind of value
    for one, key in with_keys:
        value, is_typed, _ = one.finding.actual.partition(TYPED)
        if is_typed and key.rule == SHAPE:
            wrong.setdefault(_member(contract, one, value), key)

    def settled_key(one: Sighting, key: Key) -> Key:
        if key.rule not in READ_BACK:
            return key
        return wrong.get(_member(contract, one, one.finding.actual), key)

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _member(contract: Contract, one: Sighting, value: str) -> tuple[str, str, str]:
    """The kind of object and the member that a sighting is about, and the kind of a value."""
    operation = contract.operations.get(one.cell.operation)
    first = value[:1].lower().replace('"', "'")  # written in JSON or in Python
    sort = "a number" if first.isdigit() or first == "-" else first
    return operation.kind if operation else "", one.finding.where.rpartition("/")[2], sort
