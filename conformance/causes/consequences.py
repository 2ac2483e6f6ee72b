"""Finds what only follows from another mistake, and gives it the key of that mistake.

A deletion that also removes other objects makes later requests fail that name them. A change that
is refused and made all the same shows in later responses. A request that succeeds for any id
succeeds for those of other tenants. A created object without an id cannot be read. A later write
wipes what an earlier one stored. A value that is stored as another type shows in every response
that has it. A list that loses items also lacks the object that a write looks for. An object that
a change moved to another tenant is in the lists of that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from conformance.base.values import as_text, texts_in
from conformance.causes.altered_texts import with_altered_texts
from conformance.causes.deletions import with_deletions
from conformance.causes.finding_key import (
    NOT_REFUSED,
    OBJECTS,
    READ_BACK,
    SHAPE,
    TYPED,
    UNKNOWN,
    Key,
)
from conformance.causes.handlers import by_handler
from conformance.causes.losing_lists import (
    UPDATE_ALONE,
    join_empty_lists,
    join_filtered_walks,
    join_lists_that_lose,
    join_moved_items,
    join_refused_lists,
    join_repeated_pages,
    join_unfound_matches,
)
from conformance.causes.shape import shape_of
from conformance.causes.sightings import Settled, Sighting
from conformance.causes.unmasked_secrets import join_unmasked_secrets
from conformance.causes.wrong_writes import join_lacking_ids, with_wrong_writes
from conformance.model import Contract, Exchange, Operation
from conformance.reading import answer_of, as_shown, sent_members

GONE, DELETES_OTHERS = "delete.gone", "delete.others"
"""Rules about a deleted object that is still there, and about other objects that are gone."""
OF_FIGURES = ("figures.own", "figures.grown")
"""The rules that find a report with data of another tenant, or which counts what it created."""
EFFECT_OF_REFUSED = "refused.effect"
"""The rule that finds the effect of a refused request."""
SHOWS_FOREIGN = ("owner.", OBJECTS)
"""Prefixes of the rules that find a response which names an object of another tenant."""
NOT_SENT = "as it was not sent"
"""The end of what is expected of a member that a write changed without sending it."""
BELONGS, MOVES = "tenant.belongs", "may not move"
"""The rule that finds an object of another tenant in a list, and what a change may not do."""
OF_LASTING_EFFECTS = (GONE, DELETES_OTHERS, EFFECT_OF_REFUSED)
"""Rules that find what a server did to its objects, so that later requests break other rules."""
LASTING, SHOWN = "update.lasting", "update.shown"
"""Rules that find a change taken back by a later write, and one that a response does not show."""
REFUSED = "4"
"""The first digit of the status of a refusal."""


def with_consequences(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give each sighting that follows from another one the key of that one.

    Each step sees the keys that the steps before it gave. The last one, ``by_handler``, also splits
    keys: a mistake that is made for only a few kinds of object gets a key for each kind.
    """
    with_keys = with_deletions(contract, with_keys, exchanges)
    with_keys = _join_applied_changes(contract, with_keys, exchanges)
    with_keys = _join_figures(_join_unknown_ids(with_keys, exchanges), exchanges)
    with_keys = _join_moved_objects(contract, with_keys, exchanges)
    with_keys = join_lacking_ids(with_keys)
    with_keys = _join_wiped_members(contract, with_keys, exchanges)
    with_keys = _join_lost_changes(with_keys)
    with_keys = with_wrong_writes(contract, with_keys, exchanges)
    with_keys = with_altered_texts(contract, with_keys)
    with_keys = join_empty_lists(join_repeated_pages(join_filtered_walks(with_keys)))
    with_keys = join_refused_lists(join_unfound_matches(with_keys, exchanges))
    with_keys = join_moved_items(with_keys, exchanges)
    with_keys = join_lists_that_lose(contract, with_keys, exchanges)
    with_keys = _join_stored_types(contract, with_keys)
    with_keys = join_unmasked_secrets(contract, with_keys)
    return by_handler(contract, with_keys, exchanges)


# --- changes that were refused and made -----------------------------------------------------------


def _join_applied_changes(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give findings on what a change wrote although it was refused the key of that change.

    These are findings on responses that name an object of another tenant.
    """
    applied = {
        sighting.cell.operation: key for sighting, key in with_keys if key.rule == EFFECT_OF_REFUSED
    }
    for name, key_of_change in applied.items():
        written = _written_by_refused(contract.operations[name], exchanges.values())
        with_keys = [
            (sighting, key_of_change if _shows_text_of(sighting, written, exchanges) else key)
            for sighting, key in with_keys
        ]
    return with_keys


def _written_by_refused(change: Operation, log: Iterable[Exchange]) -> set[tuple[str, str]]:
    """The texts that only refused changes of an object sent, each after the id of the object."""
    refused: set[tuple[str, str]] = set()
    accepted: set[tuple[str, str]] = set()
    for exchange in log:
        if exchange.operation != change.id or change.selector is None:
            continue
        members = dict(sent_members(exchange))
        object_id = as_text(members.pop(change.selector.name, None))
        pairs = {(object_id, text) for text in texts_in(members.values()) if object_id}
        if exchange.ok:
            accepted |= pairs
        else:
            refused |= pairs
    return refused - accepted


def _shows_text_of(
    sighting: Sighting, written: set[tuple[str, str]], exchanges: Mapping[str, Exchange]
) -> bool:
    """Whether a sighting is on one of the texts that refused changes gave to an object.

    ``written`` has these texts, each after the id of the object, which the response must contain.
    """
    exchange = exchanges.get(sighting.shown_by)
    if not written or exchange is None or not exchange.ok or exchange.response is None:
        return False
    if not sighting.finding.rule.startswith(SHOWS_FOREIGN):
        return False
    quoted = sighting.finding.actual.strip('"')
    body = exchange.response.body.kept
    return any(text == quoted and object_id in body for object_id, text in written)


# --- objects that a change moved to another tenant ------------------------------------------------


def _join_moved_objects(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give a list that shows a moved object to its new tenant the key of the move.

    The first exchange of a sighting is the move, or for a list the creation of the object.
    """
    moves: dict[str | int, Key] = {}  # by id of the object
    for sighting, key in with_keys:
        if key.rule == OBJECTS and MOVES in sighting.finding.expected:
            moved_id = _id_returned_first(contract, sighting, exchanges)
            if moved_id is not None:
                moves[moved_id] = key

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if not moves or key.rule != BELONGS:
            return key
        listed_id = _id_returned_first(contract, sighting, exchanges)
        return key if listed_id is None else moves.get(listed_id, key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _id_returned_first(
    contract: Contract, sighting: Sighting, exchanges: Mapping[str, Exchange]
) -> str | int | None:
    """The id of the object that the first exchange of a sighting returned; None without one."""
    first = exchanges.get(sighting.exchange_ids[0]) if sighting.exchange_ids else None
    answer = answer_of(contract, first) if first is not None else None
    return answer.id if answer is not None else None


# --- requests that succeed whatever they name ---


def _join_unknown_ids(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give an operation that succeeds for unknown and for foreign ids one key for both.

    This applies only if the responses have the same shape, and the operation has no other finding
    on objects of another tenant, which would show that such an object was reached.
    """
    of_unknown: dict[tuple[str, str], Key] = {}  # by operation and shape of the response
    reaching: set[str] = set()  # operations with another finding on foreign objects
    for sighting, key in with_keys:
        is_refusal_due = key.where == "status" and key.expected.startswith(REFUSED)
        is_accepted = is_refusal_due and key.actual == NOT_REFUSED
        if key.rule == UNKNOWN and is_accepted and sighting.shown_by in exchanges:
            shape = shape_of(exchanges[sighting.shown_by])
            of_unknown.setdefault((sighting.cell.operation, shape), key)
        if key.rule == OBJECTS and not is_accepted:
            reaching.add(sighting.cell.operation)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        operation = sighting.cell.operation
        is_foreign = key.rule == OBJECTS and sighting.shown_by in exchanges
        if not is_foreign or operation in reaching:
            return key
        return of_unknown.get((operation, shape_of(exchanges[sighting.shown_by])), key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


# --- reports ---


def _join_figures(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give a report that shows and counts foreign objects one key for both.

    A finding on figures is filed under the whole API, so the response says which report it is on.
    """
    showing = {
        sighting.cell.operation: key for sighting, key in with_keys if key.rule.startswith("owner.")
    }

    def settled_key(sighting: Sighting, key: Key) -> Key:
        report = exchanges.get(sighting.shown_by) if key.rule in OF_FIGURES else None
        return key if report is None else showing.get(report.operation, key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


# --- members that a later write wiped ---


def _join_wiped_members(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give a member that is not as sent the key of a later write that wiped it.

    Another finding shows that this operation changes the member although it was not sent. If the
    last write of a sighting sent the member, nothing wiped it.
    """
    wiped: dict[tuple[str, str], Key] = {}  # by operation, and place of the member
    for sighting, key in with_keys:
        if key.rule == UPDATE_ALONE and sighting.finding.expected.endswith(NOT_SENT):
            wiped.setdefault((sighting.cell.operation, sighting.finding.where), key)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        wiping = wiped.get((sighting.cell.operation, sighting.finding.where))
        if wiping is None or key.rule not in READ_BACK:
            return key
        return key if _last_write_sent(contract, sighting, exchanges) else wiping

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _join_lost_changes(with_keys: Settled) -> Settled:
    """Give a change that a response does not show the key of the later write that took it back."""
    lost = {
        (sighting.shown_by, sighting.finding.where): key
        for sighting, key in with_keys
        if key.rule == LASTING
    }

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if key.rule != SHOWN:
            return key
        return lost.get((sighting.shown_by, sighting.finding.where), key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _last_write_sent(
    contract: Contract, sighting: Sighting, exchanges: Mapping[str, Exchange]
) -> bool:
    """Whether the last write that a sighting is on sent the member that is wrong."""
    operation = contract.operations[sighting.cell.operation]
    shown_by = [exchanges[name] for name in sighting.exchange_ids if name in exchanges]
    writes = [each for each in shown_by if each.operation == operation.id]
    sent = as_shown(operation, sent_members(writes[-1])) if writes else {}
    return sighting.finding.where.removeprefix("/") in sent


# --- values of a wrong type -----------------------------------------------------------------------


def _join_stored_types(contract: Contract, with_keys: Settled) -> Settled:
    """Give a member that is not as sent because it has a wrong type the key of the wrong type.

    The type is wrong wherever the object is shown.
    """
    wrong: dict[tuple[str, str, str], Key] = {}  # by kind of object, member, and kind of value
    for sighting, key in with_keys:
        value, is_typed, _ = sighting.finding.actual.partition(TYPED)
        if is_typed and key.rule == SHAPE:
            wrong.setdefault(_member_and_type(contract, sighting, value), key)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if key.rule not in READ_BACK:
            return key
        return wrong.get(_member_and_type(contract, sighting, sighting.finding.actual), key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _member_and_type(contract: Contract, sighting: Sighting, value: str) -> tuple[str, str, str]:
    """The kind of object and the member that a sighting is about, and the type of a quoted value.

    The type is ``a number``, or the first character of any other value.
    """
    operation = contract.operations.get(sighting.cell.operation)
    first_sign = value[:1].lower().replace('"', "'")  # written in JSON or in Python
    is_number = first_sign.isdigit() or first_sign == "-"
    type_of_value = "a number" if is_number else first_sign
    _, _, member = sighting.finding.where.rpartition("/")
    return operation.kind if operation else "", member, type_of_value
