"""Scenarios that create and change, and what a refused one leaves behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from conformance.model import (
    Contract,
    Effect,
    Exchange,
    Facts,
    Open,
    Operation,
    Parameter,
    Role,
    Step,
)
from conformance.reading import absent, as_shown, differences, sought_in
from conformance.scenarios import Depth, Draft, Planning, operations, scenario
from conformance.suite.client import Client
from conformance.suite.ids import Id, identifier
from conformance.suite.sending import OVERRIDES
from conformance.transport.message import message_for
from conformance.values import ABSENT

SIGNS = "Zoë “O’Neil” & Söhne 🎉 100% \\ /"
"""Text that is no everyday ASCII, and that a server which takes it has to give back."""


def creations(planning: Planning) -> Iterator[Draft]:
    """Each creation of something that can be read or listed."""
    for operation in operations(planning, "create"):
        kind = operation.kind
        listing = planning.contract.operations_by("list", kind)
        told = any(p.fresh and (p.required or p.advised) for p in operation.body)
        rules = ("create.read-back", "create.one", *(["create.listed"] if listing and told else []))
        if planning.contract.operations_by("read", kind) or listing:
            yield Draft(operation, needs=("full",), cost=4, rules=rules)


@scenario(creations, rules=("create.read-back", "create.one", "create.listed"), phase=2)
def test_creation(client: Client) -> None:
    """Create with the members that are wanted, then with every member that takes any value, and read each back.

    Then with the id of the first one, which is no member of the request: it may be refused, or ignored.
    """
    operation = client.operation
    first: Id | None = None
    for form in ("wanted", "everything", "signs"):
        values = client.valid(operation)
        if values is None:
            return
        if form == "everything":
            values |= _optional(client, operation)
        if form == "signs":
            values |= {
                p.name: f"{SIGNS} {client.token()}"
                for p in _free_texts(operation)
                if p.name in values or p.advised
            }
        role = Role.PROBE if form == "signs" else Role.CONTROL
        written = client.call(
            operation,
            values,
            role=role,
            facts=Facts(step=Step.WRITE, sent=_kept(operation, values)),
        )
        sought = client.created_id(written)
        read = _read_back(client, operation, sought, values)
        if form == "wanted":
            _listed(client, operation, sought, values, client.position(read))
            first = sought
    again, name = client.valid(operation), client.contract.identifier_of(operation.kind)
    modes = [
        o
        for o in client.contract.operations.values()
        if (o.method, o.path) == (operation.method, operation.path)
    ]
    if again is not None and first is not None and not any(mode.parameter(name) for mode in modes):
        client.mistake(operation, {**again, name: first}, facts=Facts(step=Step.WRITE))


def counted_creations(planning: Planning) -> Iterator[Draft]:
    """Each creation of something that is listed; what is called otherwise, and costs as much, makes something, too."""
    for operation in operations(planning, "create", "perform"):
        listing = planning.contract.list_of(operation.kind)
        makes = (
            operation.keyed
            and operation.selector is None
            and (operation.action == "create" or operation.effect is Effect.SPEND)
        )
        if (
            makes
            and listing
            and not listing.pool
            and not any(p.required for p in listing.parameters)
        ):
            yield Draft(operation, needs=("full",), cost=3)


@scenario(counted_creations, rules=("create.count",), phase=2)
def test_counted_creation(client: Client) -> None:
    """The list of a kind before and after one of it was made."""
    operation = client.operation
    ask, values = client.lister(operation.kind), client.valid(operation)
    if ask is None or values is None:
        return
    ask(role=Role.ARRANGE, facts=Facts(step=Step.BEFORE))
    client.control(
        operation,
        values,
        facts=Facts(step=Step.WRITE, sent=as_shown(operation, _kept(operation, values))),
    )
    ask(role=Role.ARRANGE, facts=Facts(step=Step.AFTER))


def every_creation(planning: Planning) -> Iterator[Draft]:
    """Each creation."""
    for operation in operations(planning, "create"):
        yield Draft(operation, needs=("full",) if operation.keyed else (), cost=2)


@scenario(every_creation, phase=2)
def test_repeated_creation(client: Client) -> None:
    """The very same creation twice: whether there may be two of it is open, what the server says is not."""
    values = client.valid(client.operation)
    if values is not None:
        client.call(client.operation, values, role=Role.ARRANGE)
        client.mistake(client.operation, values, role=Role.BYSTANDER)


def _free_texts(operation: Operation) -> list[Parameter]:
    """The members that take any text: a fresh one, of no format."""
    free = [p for p in operation.body if p.fresh and not {"format", "pattern"} & set(p.schema)]
    return [p for p in free if "@" not in (p.fresh or "") and "://" not in (p.fresh or "")]


def _listed(
    client: Client,
    operation: Operation,
    sought: Id | None,
    values: dict[str, Any],
    position: str | None = None,
) -> None:
    """Look for what was made in the first page of its list; again after a moment while it does not show there."""
    fresh = _fresh(operation, values)
    ask = client.lister(operation.kind) if sought is not None and fresh else None
    if ask is None:
        return
    for pause in (0.5, 1.5, 0.0):
        page = ask(
            facts=Facts(step=Step.LISTED, sought=str(sought), fresh=tuple(fresh), position=position)
        )
        if not pause or not absent(client.contract, page):
            break
        client.pause(pause)


def _fresh(operation: Operation, values: dict[str, Any]) -> list[str]:
    """The texts among some values that no other request holds."""
    return [
        values[p.name] for p in operation.body if p.fresh and isinstance(values.get(p.name), str)
    ]


def _optional(client: Client, operation: Operation) -> dict[str, Any]:
    """Values for the optional members that take any: those with a sample, or a fresh text."""
    return {
        p.name: client.value(p)
        for p in operation.body
        if not p.required and (p.example is not None or p.fresh)
    }


def _kept(operation: Operation, values: dict[str, Any]) -> dict[str, Any]:
    """What of the values an object is made of: the body."""
    names = {p.name for p in operation.body}
    return {name: value for name, value in values.items() if name in names}


def _read_back(
    client: Client, operation: Operation, sought: Id | None, sent: dict[str, Any]
) -> Exchange | None:
    """Read what was written; again after a moment while it does not show, for a write may take time to."""
    if sought is None:
        return None
    for pause in (0.5, 1.5, 0.0):
        read = client.look(
            operation.kind or "", sought, role=Role.PROBE, facts=Facts(step=Step.READ)
        )
        got, goes_on = sought_in(client.contract, read) if read else (None, True)
        if goes_on or not pause or (got is not None and not any(differences(operation, sent, got))):
            break
        client.pause(pause)
    return read


def updates(planning: Planning) -> Iterator[Draft]:
    """Each change that can be seen: of a member that takes a fresh text and that a read or a list shows."""
    for operation in operations(planning, "update"):
        selector = operation.selector
        if (
            selector is None
            or selector.references != operation.kind
            or operation.when not in (None, selector.name)
        ):
            continue
        if _seen_change(planning.contract, operation):
            yield Draft(operation, needs=("full",), cost=4)


def _seen_change(contract: Contract, operation: Operation) -> Parameter | None:
    """The first member of a change that takes a fresh text and that the object shows, by its documented members."""
    readers = [o for o in contract.operations_by("read", operation.kind) if o.wrapper is None]
    shown: set[str] = {name for reader in readers for name in reader.schema.get("properties", {})}
    for listing in contract.operations_by("list", operation.kind):
        for member in listing.schema.get("properties", {}).values():
            shown |= set(member.get("items", {}).get("properties", {}))
    return next((p for p in operation.body if p.fresh and (p.shows_as or p.name) in shown), None)


@scenario(updates, rules=("update.read-back", "update.alone"), phase=2)
def test_update(client: Client) -> None:
    """Change what can be, then one member to a fresh value; read it back, and whether the rest is as it was."""
    operation = client.operation
    values, member = client.valid(operation), _seen_change(client.contract, operation)
    assert operation.selector is not None
    if values is None or member is None:
        return
    sought = values[operation.selector.name]
    first = {
        name: value for name, value in _optional(client, operation).items() if name != member.name
    }
    beside = _observed(client, operation, sought)
    if first or beside:
        client.call(
            operation,
            {**values, **beside, **first},
            role=Role.ARRANGE,
            facts=Facts(step=Step.FIRST, sent=first, beside=beside),
        )
    values |= {member.name: client.value(member)}
    sent = {member.name: values[member.name]}
    for pause in (0.5, 1.5, 0.0):
        before = client.settled(operation.kind or "", sought, facts=Facts(step=Step.BEFORE))
        got = sought_in(client.contract, before)[0] if before else None
        if not pause or got is None or not any(differences(operation, {**beside, **first}, got)):
            break
        client.pause(pause)
    client.control(operation, values, facts=Facts(step=Step.WRITE, sent=sent, sought=str(sought)))
    _read_back(client, operation, sought, sent)
    _listed(client, operation, sought, {**first, **sent})


def _observed(client: Client, operation: Operation, sought: Id) -> dict[str, Any]:
    """For the optional members that lists are narrowed by, values that other objects of the kind show; a phone number."""
    kind = operation.kind or ""
    narrowed = {p.filters for o in client.contract.operations_by("list", kind) for p in o.filters}
    found: dict[str, Any] = {}
    for parameter in operation.body:
        member = parameter.shows_as or parameter.name
        free = not (
            parameter.required
            or parameter.references
            or parameter.fresh
            or parameter.example is not None
        )
        if free and parameter.phone:
            found[parameter.name] = client.value(parameter)
        elif free and member in narrowed:
            others = [
                item
                for item in client.knowledge.listed(kind)
                if isinstance(item, dict) and identifier(client.contract, item, kind) != sought
            ]
            shown = Counter(item[member] for item in others if isinstance(item.get(member), str))
            found |= (
                {parameter.name: min(shown, key=lambda text: (shown[text], text))} if shown else {}
            )
    return found


def refused_writes(planning: Planning) -> Iterator[Draft]:
    """Each write whose effect would be seen, as far as it can be refused."""
    contract = planning.contract
    for operation in operations(planning, "create", "update", "delete", "perform"):
        seen = contract.operations_by("read", operation.kind) or contract.operations_by(
            "list", operation.kind
        )
        telling = operation.action == "delete" or any(
            p.fresh and p.place == "body" for p in operation.body
        )
        if operation.keyed and seen and telling and operation.effect is not Effect.READ:
            yield Draft(operation, needs=("full",), cost=6)


@scenario(refused_writes, rules=("refused.effect",), phase=2)
def test_refused_write(client: Client) -> None:
    """Requests that are refused for their key, their scope, or what they lack; then a look whether they had an effect."""
    operation, kind, keys = client.operation, client.operation.kind or "", client.target.keys
    values = client.valid(operation)
    if values is None:
        return
    selector = operation.selector if operation.action != "create" else None
    sought = values[selector.name] if selector is not None else None
    place = (
        client.position(client.settled(kind, sought, facts=Facts(step=Step.BEFORE)))
        if sought is not None
        else None
    )
    ask = client.lister(kind) if sought is None else None
    if ask:
        ask(role=Role.ARRANGE, facts=Facts(step=Step.LISTED_BEFORE))
    fresh: list[str] = []
    if operation.method != "GET" and operation.scopes and "read_only" in keys:
        fresh += _disguised(client, operation, values)
    dead = [role for role in ("revoked", "expired") if role in keys]
    tried = dead[len(operation.id) % len(dead) :][:1] if dead else []
    for key in (
        None,
        *tried,
        *(role for role in ("no_scope", "read_only") if role in keys and operation.scopes),
    ):
        fresh += _attempt(client, operation, values, key=key)
    for parameter in operation.body:
        if (
            parameter.required
            and parameter != selector
            and Open.OMISSION not in parameter.open
            and operation.action != "delete"
        ):
            fresh += _attempt(client, operation, values, without=parameter.name)
            break
    wrong = next((p for p in operation.body if p.refuse and p != selector), None)
    if wrong is not None and operation.action != "delete":
        fresh += _attempt(client, operation, values, instead={wrong.name: wrong.refuse[0]})
    fresh += _astray(client, operation, values)
    if sought is not None:
        client.look(kind, sought, facts=Facts(step=Step.LOOK, fresh=tuple(fresh), position=place))
    elif ask:
        ask(facts=Facts(step=Step.LOOK, fresh=tuple(fresh)))


def _astray(client: Client, operation: Operation, values: dict[str, Any]) -> list[str]:
    """Requests that name what does not exist, where they need not, or nothing where they must; gives texts of their own."""
    selector, fresh = operation.selector, list[str]()
    if operation.action == "delete":
        return fresh
    for parameter in operation.body:
        optional = (
            parameter.references
            and not parameter.required
            and parameter.name != client.contract.tenant
        )
        known = client.value(parameter) if optional and parameter != selector else ABSENT
        if isinstance(known, str):
            fresh += _attempt(
                client, operation, values, instead={parameter.name: client.unknown_id(known)}
            )
    if (
        operation.action == "update"
        and selector is not None
        and isinstance(values[selector.name], str)
    ):
        if selector.place == "body" and operation.when != selector.name:
            fresh += _attempt(client, operation, values, without=selector.name)
        if selector.references == operation.kind:
            unknown = client.unknown_id(
                values[selector.name], client.token()
            )  # no other request has made it known
            fresh += _attempt(client, operation, values, instead={selector.name: unknown})
        ask = client.lister(operation.kind)
        if ask:
            ask(facts=Facts(step=Step.LOOK, fresh=tuple(fresh)))
    return fresh


def _attempt(
    client: Client,
    operation: Operation,
    values: dict[str, Any],
    key: str | None = "full",
    without: str | None = None,
    instead: Mapping[str, Any] | None = None,
) -> list[str]:
    """One request that is to be refused, with texts of its own; gives them."""
    own = {
        p.name: client.value(p)
        for p in operation.body
        if p.fresh and (p.name in values or p.advised)
    }
    if operation.action == "update" and not own:
        own = {p.name: client.value(p) for p in [p for p in operation.body if p.fresh][:1]}
    sent = {
        name: value
        for name, value in {**values, **own, **(instead or {})}.items()
        if name != without
    }
    fresh = _fresh(operation, {name: value for name, value in sent.items() if name in own})
    client.mistake(operation, sent, key=key, facts=Facts(step=Step.ATTEMPT, fresh=tuple(fresh)))
    return fresh


def _disguised(client: Client, operation: Operation, values: dict[str, Any]) -> list[str]:
    """A read with a key that may only read, and headers that some frameworks take for the method; gives texts of its own."""
    own = {
        p.name: client.value(p)
        for p in operation.body
        if p.fresh and (p.name in values or p.advised)
    }
    message = message_for(operation, {**values, **own})
    headers = (*message.headers, *((name, operation.method) for name in OVERRIDES))
    disguised = replace(message, method="GET", headers=headers)
    client.raw(disguised, key="read_only", role=Role.BYSTANDER, facts=Facts(odd=True))
    return _fresh(operation, own)


CREATIONS = {Depth.QUICK: 0, Depth.FULL: 3, Depth.DEEP: 100}


def overlapping_creations(planning: Planning) -> Iterator[Draft]:
    """A few creations of what can be read."""
    wanted = [o for o in operations(planning, "create") if o.keyed and o.effect is Effect.WRITE]
    wanted = [o for o in wanted if planning.contract.operations_by("read", o.kind)]
    for operation in wanted[: CREATIONS[planning.depth]]:
        yield Draft(operation, needs=("full", "other"), cost=7, optional=True)


@scenario(overlapping_creations, rules=("create.read-back", "create.one"), phase=2)
def test_overlapping_creations(client: Client) -> None:
    """Objects made at the same time, two by one business and one by another; each is read back."""
    operation = client.operation
    names = {p.name for p in operation.body}
    requests: list[tuple[str, dict[str, Any], Facts]] = []
    for key in ("full", "other", "full"):
        values = client.valid(operation, key)
        if values is None:
            return
        sent = {name: value for name, value in values.items() if name in names}
        requests.append((key, values, Facts(step=Step.WRITE, sent=sent)))
    written = client.together(operation, requests, role=Role.CONTROL)
    for (key, _, _), exchange in zip(requests, written, strict=True):
        made = client.created_id(exchange)
        for pause in (0.5, 1.5, 0.0) if made is not None else ():
            read = client.look(
                operation.kind or "",
                made or "",
                role=Role.PROBE,
                key=key,
                facts=Facts(step=Step.READ),
            )
            if not pause or read is None or sought_in(client.contract, read)[0] is not None:
                break
            client.pause(pause)


def deletions(planning: Planning) -> Iterator[Draft]:
    """Each deletion of something that can be made, and read or listed."""
    contract = planning.contract
    for operation in operations(planning, "delete"):
        seen = contract.operations_by("read", operation.kind) or contract.operations_by(
            "list", operation.kind
        )
        if operation.selector and seen and contract.operations_by("create", operation.kind):
            yield Draft(operation, needs=("full",), cost=8)


@scenario(deletions, rules=("delete.gone",), phase=2)
def test_deletion(client: Client) -> None:
    """Make three objects, look at each, delete the second, and look again, also in the list where they can be read, too."""
    operation = client.operation
    kind, selector = operation.kind or "", operation.selector
    assert selector is not None
    older, values, newer = (
        client.knowledge.own_id(operation),
        client.valid(operation),
        client.knowledge.own_id(operation),
    )
    if values is None or older is None or newer is None:
        return
    sought = values[selector.name]
    places = {}
    for step, one in (
        (Step.BEFORE, sought),
        (Step.OLDER_BEFORE, older),
        (Step.NEWER_BEFORE, newer),
    ):
        places[one] = client.position(client.settled(kind, one, facts=Facts(step=step)))
    _look_in_list(client, kind, sought, Step.LISTED_BEFORE)
    client.control(operation, values, facts=Facts(step=Step.DELETE))
    for pause in (0.5, 1.5, 0.0):
        read = client.look(
            kind, sought, role=Role.PROBE, facts=Facts(step=Step.AFTER, position=places[sought])
        )
        if read is None or sought_in(client.contract, read)[0] is None or not pause:
            break
        client.pause(pause)
    for step, other in ((Step.OLDER_AFTER, older), (Step.NEWER_AFTER, newer)):
        client.look(kind, other, role=Role.PROBE, facts=Facts(step=step, position=places[other]))
    for pause in (0.5, 1.5, 0.0):
        listed = _look_in_list(client, kind, sought, Step.LISTED_AFTER)
        if listed is None or sought_in(client.contract, listed)[0] is None or not pause:
            break
        client.pause(pause)


def _look_in_list(client: Client, kind: str, sought: Id, step: Step) -> Exchange | None:
    """The first page of the list of a kind that can be read by its id, too."""
    ask = client.lister(kind) if client.contract.operations_by("read", kind) else None
    return ask(role=Role.PROBE, facts=Facts(step=step, sought=str(sought))) if ask else None
