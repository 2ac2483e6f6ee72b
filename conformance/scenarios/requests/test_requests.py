"""Scenarios of valid reads, and of requests with one mistake in an id, a parameter or a body."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.base.values import without
from conformance.model import Facts, Form, Open, Operation, Parameter, Params, Role
from conformance.plan.registry import Depth, Draft, Planning, key_needs, operations, scenario
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.filter_values import strange_words, windows
from conformance.scenarios.client.ids import MALFORMED
from conformance.scenarios.client.member_changes import clearable
from conformance.scenarios.client.writing import all_options, is_mandatory
from conformance.scenarios.odd.odd_values import (
    BEYOND_64_BITS,
    CUT_OFF,
    NO_OBJECT,
    odd_value,
)
from conformance.scenarios.requests.near_ids import SIMILAR, choose_older
from conformance.scenarios.requests.odd_bounds import (
    ODD_LIMITS,
    ODD_POSITIONS,
    bound,
    far_away,
    perhaps_valid,
)
from conformance.scenarios.tenants.foreign import id_text
from conformance.scenarios.tenants.references import name_nothing, referring_writes
from conformance.scenarios.tenants.report_figures import untried_narrowings


def plain_reads(planning: Planning) -> Iterator[Draft]:
    """Each operation that reads one object or a report; lists are read by other cases.

    The cost includes the reads of similar ids, or of the report with each narrowing.
    """
    similar = SIMILAR[planning.depth]
    for operation in operations(planning, "read", "fetch"):
        narrowings = untried_narrowings(planning.target, operation)
        more = similar if operation.selector else len(narrowings)
        yield Draft(operation, cost=1 + more, needs=key_needs(operation))


@scenario(plain_reads)
def test_plain_read(client: Client) -> None:
    """Send a valid read, of an object that is not the newest if there are several.

    The read is labelled as JSON, as some clients label every request. For an object, reads of
    similar ids come first. A report is then narrowed, unless a case with another key does that, and
    requested for a nonexistent thing if a parameter picks what it shows.
    """
    operation, values = client.operation, client.valid(client.operation)
    if values is None:
        return
    if operation.selector is not None:
        choose_older(client, values, operation.selector)
    client.call(operation, values, role=Role.CONTROL, label=True)
    if operation.selector is not None:
        return
    narrowings = untried_narrowings(client.target, operation)
    for narrowing in (*narrowings, *_unknown_pick(client, values)):
        client.mistake(operation, {**values, **narrowing}, role=Role.BYSTANDER)


def _unknown_pick(client: Client, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A nonexistent value for the parameter that picks what a report shows, if there is one."""
    pick = client.operation.pick
    if pick is not None and pick.name in values:
        yield {pick.name: client.unknown_id(str(values[pick.name]))}


# --- unknown ids ----------------------------------------------------------------------------------


def selecting(planning: Planning) -> Iterator[Draft]:
    """Each operation on one object; then each write without one whose members name objects."""
    acting = operations(planning, "read", "update", "delete", "perform")
    for operation in acting:
        if operation.selector:
            yield Draft(operation, needs=key_needs(operation), cost=3, rules=("id.unknown",))
    for operation, members in referring_writes(planning):
        needs, cost = key_needs(operation), 2 + len(members)
        yield Draft(operation, needs=needs, cost=cost, rules=("id.reference",))


@scenario(selecting, rules=("id.unknown", "id.reference"), phase=1)
def test_unknown_id(client: Client) -> None:
    """Send an id of the right form that does not exist, and one of a form that no id has.

    If ids are numbers, send one beyond 64 bits, too. A write without an object of its own names one
    in each member that refers to an object.
    """
    values, selector = client.valid(client.operation), client.operation.selector
    if values is None:
        return
    if selector is None:
        client.control_unless_shared(values)
        name_nothing(client)
        return
    known = values[selector.name]
    unknown: Any = client.unknown_id(id_text(known))
    malformed: Any = MALFORMED
    if isinstance(known, list):
        unknown, malformed = [unknown], [malformed]
    client.mistake(client.operation, {**values, selector.name: unknown})
    client.control(client.operation, values)
    client.mistake(client.operation, {**values, selector.name: malformed}, role=Role.BYSTANDER)
    if str(known).isdecimal():
        huge = {**values, selector.name: BEYOND_64_BITS}
        client.mistake(client.operation, huge, Facts(flaw=odd_value("an id")), role=Role.BYSTANDER)


# --- missing and invalid parameters ---------------------------------------------------------------


@dataclass(frozen=True)
class OneParameter(Params):
    """The parameter that is wrong in the request."""

    name: str


def required_parameters(planning: Planning) -> Iterator[Draft]:
    """Each required parameter that can be omitted without selecting another operation."""
    for operation in operations(planning):
        for parameter in operation.required:
            if _may_be_omitted(operation, parameter):
                yield _omission(operation, parameter)


def _may_be_omitted(operation: Operation, parameter: Parameter) -> bool:
    """Whether a required parameter can be omitted from a request, which must then be rejected."""
    if parameter.place == "path":
        return False
    if Open.OMISSION in parameter.open:
        return False
    if parameter.name == operation.when:
        return operation.only  # otherwise another operation would accept the request
    return True


def _omission(operation: Operation, parameter: Parameter) -> Draft:
    """The case of one required parameter, which must not be null in a body either."""
    rules: tuple[str, ...] = ("parameter.missing",)
    may_clear = operation.action == "update" and not parameter.references
    if parameter.place == "body" and not may_clear:
        rules += ("parameter.blank",)
    return Draft(
        operation,
        parameter.name,
        needs=key_needs(operation),
        params=OneParameter(parameter.name),
        rules=rules,
        cost=3 + len(clearable(operation)),
    )


@scenario(required_parameters, rules=("parameter.missing", "parameter.blank"), phase=1)
def test_missing_parameter(client: Client) -> None:
    """Send a request that is valid except that one required parameter is missing or null.

    In a change, null may clear a member that names no object, so a server may accept or reject it.
    """
    values = client.valid(client.operation)
    if values is None:
        return
    client.control_unless_shared(values)
    fresh = client.valid_or(values, client.operation)
    omitted = client.params(OneParameter).name
    client.mistake(client.operation, without(fresh, {omitted}), facts=Facts(form=Form.OMITTED))
    if "parameter.blank" in client.case.rules:
        client.mistake(client.operation, {**fresh, omitted: None}, facts=Facts(form=Form.NULL))
    for member in clearable(client.operation):
        facts = Facts(flaw="null for a text")
        client.mistake(client.operation, {**fresh, member: None}, facts, role=Role.BYSTANDER)


def refused_values(planning: Planning) -> Iterator[Draft]:
    """Each operation with a parameter for which the contract lists values to be rejected."""
    for operation in operations(planning):
        values = sum(len(parameter.refuse) for parameter in operation.parameters)
        if values:
            yield Draft(operation, needs=key_needs(operation), cost=1 + values)


@scenario(refused_values, rules=("parameter.invalid",), phase=1)
def test_invalid_parameter(client: Client) -> None:
    """Send requests that are valid except for one value, which no reading can accept.

    Every second request of a parameter includes the optional members. The object of a change is
    new, because a server may store the value.
    """
    operation = client.operation
    client.own.renew(operation)
    values = client.valid(operation)
    if values is None:
        return
    has_enum = any("enum" in each.schema for each in operation.body)
    may_change_state = operation.selector is not None and has_enum
    if not may_change_state:
        client.control_unless_shared(values)
    for parameter in operation.parameters:
        for number, value in enumerate(parameter.refuse):
            fresh = client.valid_or(values, operation)
            is_every_second = number % 2 == 1
            if is_every_second:
                fresh = {**all_options(client), **fresh}
            client.mistake(operation, {**fresh, parameter.name: value})
    if may_change_state:  # in the new state a server may refuse everything, so it comes last
        client.control_unless_shared(values)


# --- broken bodies --------------------------------------------------------------------------------

NO_OBJECTS = (b"null", b"", b"[1, 2]")
"""Bodies that are not objects, for every operation."""
IN_TURN = (b'"text"', b"{")
"""Further such bodies, which operations get in turn."""
WITHOUT_MEMBERS = b"{}"
"""Replaces the last one if several members are required: a server may then list all of them."""
FLAWS = {b"": "an empty body", b"{": CUT_OFF, WITHOUT_MEMBERS: "a body without members"}
"""What is odd in a body. All others are of another type."""


@dataclass(frozen=True)
class Turns(Params):
    """The places in ``IN_TURN`` of the bodies that an operation gets in addition."""

    places: tuple[int, ...]


def bodies(planning: Planning) -> Iterator[Draft]:
    """Each operation with a body."""
    count = len(IN_TURN) if planning.depth is Depth.DEEP else 1
    for number, operation in enumerate(operations(planning)):
        if operation.body:
            yield Draft(
                operation,
                needs=key_needs(operation),
                cost=2 + len(NO_OBJECTS) + count,
                params=Turns(_turn(number, count)),
                rules=("body.broken",) if _wants_body(operation) else (),
            )


def _turn(number: int, count: int) -> tuple[int, ...]:
    """The places of ``count`` entries of ``IN_TURN``, starting with the one whose turn it is."""
    return tuple((number + step) % len(IN_TURN) for step in range(count))


def _wants_body(operation: Operation) -> bool:
    """Whether a request without a body must be rejected. Otherwise a broken one may be ignored."""
    selected_by_member = operation.when and not operation.only
    if selected_by_member:
        return False
    return any(member.required for member in operation.body)


@scenario(bodies, rules=("body.broken",), phase=1)
def test_broken_body(client: Client) -> None:
    """Send bodies that are truncated, of another JSON type, or empty.

    They are bystanders if the case feeds no rule, because the operation may then ignore its body.
    """
    values = client.valid(client.operation)
    if values is None:
        return
    client.control_unless_shared(values)
    role = Role.PROBE if client.case.rules else Role.BYSTANDER
    others = [IN_TURN[place] for place in client.params(Turns).places]
    if sum(is_mandatory(member) for member in client.operation.body) > 1:
        others[-1] = WITHOUT_MEMBERS
    cut_off = json.dumps(values).encode()[:-1]
    for content in (*NO_OBJECTS, *others):
        facts = Facts(flaw=FLAWS.get(content, NO_OBJECT))
        client.mistake(client.operation, values, facts, content=content, role=role)
    client.mistake(client.operation, values, Facts(flaw=CUT_OFF), content=cut_off, role=role)


# --- limits, cursors and bounds that cannot be parsed ---------------------------------------------


@dataclass(frozen=True)
class Bounds(Params):
    """The filters of a list that bound a member of its items."""

    names: tuple[str, ...]


def odd_positions(planning: Planning) -> Iterator[Draft]:
    """Each list, with all limits, cursors and bounds that are sent to it."""
    for operation in operations(planning, "list"):
        bounds = tuple(each.name for each in operation.filters if each.compare)
        mistakes = len(ODD_LIMITS) + len(ODD_POSITIONS) + len(bounds) + len(windows(operation))
        mistakes += len(strange_words(operation)) + len(perhaps_valid(operation))
        mistakes += len(far_away(operation))
        yield Draft(
            operation,
            cost=1 + mistakes,
            needs=key_needs(operation),
            params=Bounds(bounds),
        )


@scenario(odd_positions, rules=("parameter.unparsable",), phase=1)
def test_unparsable_parameter(client: Client) -> None:
    """Send limits, cursors and bounds that cannot be parsed, and some that are merely unusual.

    A valid request comes first, labelled as JSON, as some clients label every request.
    """
    values, paging = client.knowledge.listing(client.operation), client.operation.paging
    assert paging is not None
    if values is None:
        return
    client.call(client.operation, values, role=Role.CONTROL, label=True)
    for name, texts in ((paging.limit, ODD_LIMITS), (paging.after, ODD_POSITIONS)):
        for text in texts:
            _send_value(client, values, name, text)
    for name, text in perhaps_valid(client.operation):
        _send_value(client, values, name, text, Role.BYSTANDER)
    for name in client.params(Bounds).names:
        _send_value(client, values, name, "abc")
    for far in far_away(client.operation):
        facts = Facts(flaw="bounds beyond all times")
        client.mistake(client.operation, {**values, **far}, facts, role=Role.BYSTANDER)
    for strange in strange_words(client.operation):
        facts = Facts(flaw="words that no filter knows")
        client.mistake(client.operation, {**values, **strange}, facts, role=Role.BYSTANDER)
    for least, most in windows(client.operation):
        crossed = {least.name: bound(least, 2), most.name: bound(most, 1)}
        facts = Facts(flaw="bounds that cross")
        client.mistake(client.operation, {**values, **crossed}, facts, role=Role.BYSTANDER)


def _send_value(
    client: Client, values: dict[str, Any], name: str, text: str, role: Role = Role.PROBE
) -> None:
    """Request a list with an odd value of one parameter."""
    facts = Facts(flaw=odd_value(name))
    client.mistake(client.operation, {**values, name: text}, facts, role=role)
