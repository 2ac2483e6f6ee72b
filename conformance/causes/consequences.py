"""Finds what only follows from an earlier wrong write, and belongs to the cause of that.

A deletion that also removes other objects makes later requests fail that name them. A change that
is refused and made all the same shows in later responses. A request that succeeds for any id
succeeds for those of other tenants. A created object without an id cannot be read. A later write
wipes what an earlier one stored. A value that is stored as another type shows in every response
that has it. A list that loses items also lacks the object that a write looks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from conformance.base.values import as_text, texts_in
from conformance.causes.altered_texts import with_altered_texts
from conformance.causes.deletions import with_deletions
from conformance.causes.finding_key import OBJECTS, READ_BACK, SHAPE, TAKEN, TYPED, UNKNOWN, Key
from conformance.causes.handlers import by_handler
from conformance.causes.losing_lists import (
    with_lists_that_lose,
    without_cursors,
    without_empty_lists,
    without_filters,
)
from conformance.causes.shape import shape_of
from conformance.causes.sightings import Settled, Sighting
from conformance.causes.wrong_writes import of_lacking_ids, with_wrong_writes
from conformance.model import Contract, Exchange, Operation
from conformance.reading import as_shown, sent_members

GONE, DELETES_OTHERS = "delete.gone", "delete.others"
"""Rules about a deleted object that is still there, and about others that are not."""
GROWN = "figures.grown"
"""The rule that finds a report which counts what another tenant created."""
APPLIED = "refused.effect"
"""The rule that finds the effect of a refused request."""
SHOWS_FOREIGN = ("owner.", OBJECTS)
"""Prefixes of the rules that find an object that names one of another tenant."""
ALONE, NOT_SENT = "update.alone", "as it was not sent"
"""The rule that finds a member changed by a write, and the end of what it expects then."""
LASTING = (GONE, DELETES_OTHERS, APPLIED)
"""Rules that find what a server did to its objects, so that later requests break other rules."""
REFUSED = "4"


def with_consequences(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """The sightings; those that follow from another one have its key."""
    with_keys = with_deletions(contract, with_keys, exchanges)
    with_keys = _of_applied_changes(contract, with_keys, exchanges)
    with_keys = _of_figures(_of_unknown_ids(with_keys, exchanges), exchanges)
    with_keys = of_lacking_ids(with_keys)
    with_keys = _of_wiped_members(contract, with_keys, exchanges)
    with_keys = with_wrong_writes(contract, with_keys, exchanges)
    with_keys = with_altered_texts(contract, with_keys)
    with_keys = without_empty_lists(without_cursors(without_filters(with_keys)))
    with_keys = with_lists_that_lose(contract, with_keys, exchanges)
    with_keys = _of_stored_types(contract, with_keys)
    return by_handler(contract, with_keys)


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
        if key.rule == OBJECTS and not is_taken:
            reached.add(one.cell.operation)

    def settled_key(one: Sighting, key: Key) -> Key:
        operation = one.cell.operation
        is_foreign = key.rule == OBJECTS and one.shown_by in exchanges
        if not is_foreign or operation in reached:
            return key
        return of_unknown.get((operation, shape_of(exchanges[one.shown_by])), key)

    return [(one, settled_key(one, key)) for one, key in with_keys]


# --- reports ---


def _of_figures(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """A report that shows objects of another tenant counts them for the same reason."""
    showing = {one.cell.operation: key for one, key in with_keys if key.rule.startswith("owner.")}

    def settled_key(one: Sighting, key: Key) -> Key:
        report = exchanges.get(one.names[-1]) if key.rule == GROWN else None
        return key if report is None else showing.get(report.operation, key)

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
