"""Scenarios that create, change and delete, and that check what a rejected write leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.model import Facts, KeyName, Role, Step
from conformance.plan.registry import scenario
from conformance.reading import as_shown, lacks_new_object
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.member_changes import change_each, look_before_change
from conformance.scenarios.client.writing import (
    look_in_list,
    observed_values,
    other_values,
    read_back,
    read_with,
    visible_change,
)
from conformance.scenarios.sequences.planned import sequences, take_turns
from conformance.scenarios.tenants.foreign import id_text
from conformance.scenarios.writes.attempts import Attempts
from conformance.scenarios.writes.creating import (
    create,
    create_under_names,
    create_with_id,
    create_with_options,
)
from conformance.scenarios.writes.deleting import delete_one
from conformance.scenarios.writes.filtered_lists import look_through_filters
from conformance.scenarios.writes.generated_writes import RULES as GENERATED_RULES
from conformance.scenarios.writes.generated_writes import generated, send_generated
from conformance.scenarios.writes.neighbour_lists import write_beside_others
from conformance.scenarios.writes.planned_writes import (
    BACKWARDS,
    LEAVING_OTHERS,
    WORK_RULES,
    WrongKeys,
    blanks,
    changes_of_members,
    changes_to_zero,
    counted_creations,
    creations,
    deletions,
    overlapping_creations,
    refused_changes,
    refused_creations,
    repeatable_creations,
    starts,
    updates,
    with_options,
    works,
    writes_beside_others,
)
from conformance.scenarios.writes.working import work_on_one

# --- all writes -----------------------------------------------------------------------------------


@scenario(writes_beside_others, rules=tuple(dict.fromkeys(LEAVING_OTHERS.values())), phase=2)
def test_write_beside_others(client: Client) -> None:
    """Read the lists of two businesses, write, and read them again: other objects are unchanged."""
    write_beside_others(client)


# --- creations ------------------------------------------------------------------------------------


@scenario(
    creations,
    rules=("create.read-back", "create.one", "create.listed", "create.position"),
    phase=2,
)
def test_creation(client: Client) -> None:
    """Create with the required members, and with all members; read each back.

    If an earlier case has created the first object for this case, too, it is only read. Then create
    with the id of that object, although the request has no such member: the server may reject or
    ignore it. The last two creations may be left to the turn of another run.
    """
    operation, remembered = client.operation, client.shared.remembered()
    if remembered is None:
        values, served_cases = client.shared.due()
        if values is None:
            return
        _, first, read = create(client, values, serves=served_cases)
    else:
        values, first = remembered
        read = read_back(client, operation, first, values)
    look_in_list(client, operation, first, values, client.position(read))
    # where each run creates an object anyway, to count it, the one with all members takes turns
    is_also_counted = client.shared.cases_of("counted-creation")
    if not is_also_counted or client.shared.has_turn("options"):
        create_with_options(client)
    if first is not None and client.shared.has_turn("id"):
        create_with_id(client, first)


@scenario(
    counted_creations,
    rules=("create.count", "create.newest", "create.listed"),
    phase=2,
    alone=True,
)
def test_counted_creation(client: Client) -> None:
    """Read the list of a kind, create one object, and read again until it appears.

    If the API cannot delete the object, the creation serves the case that judges creations, too.
    """
    operation = client.operation
    ask, values = client.lister(operation.kind), client.valid(operation)
    if ask is None or values is None:
        return
    sent = as_shown(operation, operation.in_body(values))
    ask(role=Role.ARRANGE, facts=Facts(step=Step.BEFORE))
    served_cases = client.shared.cases_of("creation") if client.shared.creates_undeletable else ()
    facts = Facts(step=Step.WRITE, sent=sent, serves=served_cases)
    written = client.control(operation, values, facts=facts)
    created, position = client.created_id(written), client.position(written)
    facts = Facts(step=Step.AFTER)
    if created is not None:
        facts = replace(facts, sought=str(created), position=position)
    client.until(
        lambda: ask(role=Role.ARRANGE, facts=facts),
        lambda page: created is None or not lacks_new_object(client.contract, page),
    )


@scenario(repeatable_creations, phase=2)
def test_repeated_creation(client: Client) -> None:
    """Send a creation twice, with every member that may have to be unique; both may succeed.

    If a header names requests, the second has a new name, and a third that of the first. Then come
    creations at the same time under one name, and creations under names that differ a little.
    """
    values = client.valid(client.operation)
    if values is not None and client.shared.has_turn():
        for member in client.operation.fresh_members:
            values.setdefault(member.name, client.value(member))
        made = client.call(client.operation, values, role=Role.ARRANGE)
        if made.response is not None:
            facts = Facts(step=Step.REPEATED)
            client.mistake(client.operation, values, facts=facts, role=Role.BYSTANDER)
            if client.reuse_names():
                client.mistake(client.operation, values, facts=facts, role=Role.BYSTANDER)
                create_under_names(client)


# --- changes --------------------------------------------------------------------------------------


@scenario(updates, rules=("update.read-back", "update.alone"), phase=2)
def test_update(client: Client) -> None:
    """Change all other members, then one that is visible; read whether that one alone has changed.

    The object is new, and it has a twin. Filters of its list must find it by its new values.
    """
    operation = client.operation
    client.own.twin(operation)
    values, member = client.valid(operation), visible_change(client.contract, operation)
    assert operation.selector is not None
    if values is None or member is None:
        return
    sought = values[operation.selector.name]
    first = _change_other_members(client, values, member.name)
    sent = {member.name: client.value(member)}
    before = look_before_change(client, sought, first)
    facts = Facts(step=Step.WRITE, sent=sent, sought=str(sought))
    client.control(operation, {**values, **sent}, facts=facts)
    after = read_back(client, operation, sought, sent)
    look_in_list(client, operation, sought, {**first.sent, **sent}, client.position(after))
    look_through_filters(client, sought, {**first.beside, **first.sent, **sent}, before, after)


def _change_other_members(client: Client, values: Mapping[str, Any], member: str) -> Facts:
    """Change the optional members other than ``member``, except switches, in one request.

    The facts that are returned record the new values: ``sent`` those that the contract gives,
    ``beside`` those that other objects show. Without any, nothing is sent.
    """
    operation, selector = client.operation, client.operation.selector
    assert selector is not None
    sent = client.optional(operation, switches=False)
    sent.pop(member, None)
    observed = observed_values(client, operation, values[selector.name])
    facts = Facts(step=Step.FIRST, sent=sent, beside=observed)
    if sent or observed:
        client.call(operation, {**values, **observed, **sent}, role=Role.ARRANGE, facts=facts)
    return facts


@scenario(changes_to_zero, rules=("update.read-back",), phase=2)
def test_change_to_zero(client: Client) -> None:
    """Change numbers to 0, or free texts to empty ones, which the server may reject.

    Before that, each gets the value that it has in the contract, or a fresh one.
    """
    operation, values = client.operation, client.valid(client.operation)
    assert operation.selector is not None
    if values is None:
        return
    sought, sent = values[operation.selector.name], blanks(operation, client.case.variant)
    before = {p.name: client.value(p) for p in operation.body if p.name in sent}
    client.call(operation, {**values, **before}, role=Role.ARRANGE)
    look_before_change(client, sought, Facts(sent=before))
    facts = Facts(step=Step.WRITE, sent=sent, sought=str(sought))
    if client.mistake(operation, {**values, **sent}, facts=facts).ok:
        read_back(client, operation, sought, sent)


@scenario(changes_of_members, rules=("update.read-back", "update.alone"), phase=2)
def test_change_of_each_member(client: Client) -> None:
    """Change each optional member by itself: switches to off, texts to odd characters.

    Side effects of a change on other members show only if those were changed before it. So the
    members are changed in their order, and in a case of its own backwards.
    """
    change_each(client, backwards=client.case.variant == BACKWARDS)


@scenario(works, rules=WORK_RULES, phase=2)
def test_work_on_object(client: Client) -> None:
    """Read two objects, work on one, and read again: what clients wrote must be unchanged."""
    work_on_one(client)


@scenario(with_options, phase=2)
def test_work_with_options(client: Client) -> None:
    """Work on an object with every optional parameter, which the target may reject."""
    operation, values = client.operation, client.valid(client.operation)
    if values is not None:
        request = {**other_values(client, operation), **values}
        client.mistake(operation, request, role=Role.BYSTANDER)


@scenario(starts, rules=("create.read-back",), phase=2)
def test_start(client: Client) -> None:
    """Start something, such as a run of a test, and read it by the id in the response."""
    values = client.valid(client.operation)
    if values is not None:
        create(client, values)


# --- rejected writes ------------------------------------------------------------------------------


@scenario(refused_creations, rules=("refused.effect",), phase=2, alone=True)
def test_refused_creation(client: Client) -> None:
    """Send writes that name no object and must be rejected; look for new rows in the list."""
    values, ask = client.valid(client.operation), client.lister(client.operation.kind)
    if values is None:
        return
    attempts = Attempts(client, values)
    if ask is not None:
        ask(role=Role.ARRANGE, facts=Facts(step=Step.LISTED_BEFORE))
    attempts.send_all(client.params(WrongKeys).roles)
    if ask is not None:
        ask(facts=Facts(step=Step.LOOK, fresh=attempts.fresh))


@scenario(refused_changes, rules=("refused.effect",), phase=2)
def test_refused_write(client: Client) -> None:
    """Send writes that must be rejected for their key or their input; look for their effect.

    The object is not the shared one, because other cases may have put that into another state.
    """
    client.own.isolate(client.operation)
    kind, selector = client.operation.kind, client.operation.selector
    values = client.valid(client.operation)
    if values is None or selector is None:
        return
    attempts, sought = Attempts(client, values), id_text(values[selector.name])
    before = client.settled(kind, sought, facts=Facts(step=Step.BEFORE))
    position = client.position(before)
    attempts.send_all(client.params(WrongKeys).roles)
    facts = Facts(step=Step.LOOK, fresh=attempts.fresh, position=position)
    client.until(lambda: client.look(kind, sought, facts), client.is_found)


# --- creations at the same time -------------------------------------------------------------------

CREATORS = (KeyName.FULL, KeyName.OTHER, KeyName.FULL)
"""The keys that create at the same time: two of one business and one of another."""


@scenario(overlapping_creations, rules=("create.read-back", "create.one"), phase=2)
def test_overlapping_creations(client: Client) -> None:
    """Create objects at the same time, for two businesses, and read each back."""
    operation = client.operation
    if not client.shared.has_turn():
        return
    requests: list[tuple[str, dict[str, Any], Facts]] = []
    for key in CREATORS:
        values = client.valid(operation, key)
        if values is None:
            return
        facts = Facts(step=Step.WRITE, sent=operation.in_body(values))
        requests.append((key, values, facts))
    written = client.together(operation, requests, role=Role.CONTROL)
    for key, exchange in zip(CREATORS, written, strict=True):
        created = client.created_id(exchange)
        if created is not None:
            read_with(client, key, created)


# --- deletions ------------------------------------------------------------------------------------


@scenario(deletions, rules=("delete.gone",), phase=2)
def test_deletion(client: Client) -> None:
    """Create three objects, delete the second, and read each before and after.

    If objects can be read by id, their list is read, too. Then the deleted object is used.
    """
    delete_one(client)


# --- drawn writes, and wrong values of all operations ---------------------------------------------


@scenario(generated, rules=GENERATED_RULES, phase=3)
def test_generated(client: Client) -> None:
    """Send writes with rare texts and read them back, or send requests with wrong values."""
    send_generated(client)


# --- sequences ------------------------------------------------------------------------------------


@scenario(sequences, phase=2)
def test_sequence(client: Client) -> None:
    """Create an object, and take turns of writes to it in an order drawn by the seed.

    Each turn ends with a look at the object. The last one deletes it, if the API can.
    """
    take_turns(client)
