"""Scenarios of authentication: each request differs from one that succeeds in its key alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.model import (
    DEAD_KEYS,
    Effect,
    Exchange,
    Facts,
    Form,
    Operation,
    Params,
    Placeholder,
    Role,
    SecretKind,
    Side,
    Step,
)
from conformance.reading import items_of, object_of
from conformance.scenarios import BAD_KEYS_ALLOWED, Depth, Draft, Planning, operations, scenario
from conformance.suite.client import Client
from conformance.transport.message import encoded, message_for
from conformance.transport.near_misses import ALTERATIONS, BASIC, NO_PREFIX, OTHER_PREFIX

MISPLACED = ("Basic", "Token", "user", "query")
"""Where a valid key is put that no server must take it from: after another scheme, as a user of Basic, in the query.

In the query, where servers log it, only where floods are allowed: such a target is no service that others use.
"""
ALTERED_ALWAYS = ("last-char", "longer")
ENDLESS = "x" * 2_000
"""A key far longer than any."""
BAD = ("unknown", "altered")
"""Forms of a key that was never issued."""
FORM_RULES = {
    "missing": "auth.missing",
    "misplaced": "auth.scheme",
    "malformed": "auth.scheme",
    "unknown": "auth.invalid",
    "altered": "auth.invalid",
    "expired": "auth.expired",
    "revoked": "auth.revoked",
}
KEY_RULES = (*dict.fromkeys(FORM_RULES.values()), "auth.spelling")
DEAD_FORMS = tuple(Form(role) for role in DEAD_KEYS)
SCOPES_TRIED = 2
"""Keys with another scope that each operation is tried with."""


def keyed(planning: Planning) -> Iterator[Operation]:
    """The operations that want a key."""
    return (operation for operation in operations(planning) if operation.keyed)


@dataclass(frozen=True)
class RefusedKeys(Params):
    """What each request carries in place of a valid key, by the form of the mistake."""

    by_form: Mapping[str, list[str]]


@dataclass(frozen=True)
class Keys(Params):
    """The roles of the keys that an operation is called with."""

    roles: tuple[str, ...]


def refused_keys(planning: Planning) -> Iterator[Draft]:
    """Each operation that wants a key, with everything that is no valid one and that the target allows.

    Few requests with a bad key may be sent unless floods are allowed: one form of each operation comes before the next form.
    """
    wanted = list(keyed(planning))
    forms: dict[str, dict[str, list[str]]] = {operation.id: {} for operation in wanted}
    left = sys.maxsize if Effect.FLOOD in planning.target.allow else BAD_KEYS_ALLOWED
    for form in FORM_RULES:
        for number, operation in enumerate(wanted):
            keys = _keys(planning, form, number)
            bad = len(keys) if form in BAD and operation.effect in planning.target.allow else 0
            if bad <= left:
                forms[operation.id][form] = keys
                left -= bad
    for operation in wanted:
        keys_of = forms[operation.id]
        bad = sum(len(keys_of.get(form, ())) for form in BAD)
        cost = 2 + sum(len(tried) for tried in keys_of.values())
        rules = [rule for rule in KEY_RULES if operation.method == "GET" or rule != "auth.spelling"]
        yield Draft(
            operation,
            needs=("full",),
            cost=cost,
            bad_keys=bad,
            params=RefusedKeys(keys_of),
            rules=tuple(rules),
        )


def _keys(planning: Planning, form: str, number: int) -> list[str]:
    """What a request of some form carries; of the rarer alterations each operation is tried with one, in turn."""
    authentication = planning.contract.authentication
    if form == "unknown":
        prefixes = authentication.prefixes or ("",)
        return [Placeholder(SecretKind.UNKNOWN, prefix).identity for prefix in prefixes]
    if form == "altered":
        rarer = [OTHER_PREFIX] if len(authentication.prefixes) > 1 else []
        rarer += [NO_PREFIX] if authentication.prefixes else []
        rarer += [name for name in ALTERATIONS if name not in ALTERED_ALWAYS]
        return [f"full~{name}" for name in (*ALTERED_ALWAYS, rarer[number % len(rarer)])]
    if form == "malformed":
        own = authentication.scheme
        texts = [f"{own} not a key", own, f"{own} {own}", "?"] if own else ["not a key"]
        if own and Effect.FLOOD in planning.target.allow:
            texts += [f"{own} {token}" for token in (*authentication.prefixes, ENDLESS)]
        return [texts[number % len(texts)]]
    if form == "misplaced":
        places = MISPLACED if Effect.FLOOD in planning.target.allow else MISPLACED[:-1]
        return [places[number % len(places)]] if authentication.scheme else []
    return [form] if form in planning.target.keys else []


@scenario(refused_keys, rules=KEY_RULES, phase=1)
def test_refused_key(client: Client) -> None:
    """A valid request but for its key: none, after another scheme, malformed, never issued, altered, expired, revoked."""
    operation, keys = client.operation, client.params(RefusedKeys).by_form
    values = client.valid(operation)
    if values is None:
        return
    gone = operation.action in ("delete", "perform")  # after which there is nothing left to ask for
    if gone:
        client.control(operation, values)
    message = message_for(operation, values)
    # no address that a request tells of itself stands for a key, and an error is JSON for who takes anything
    message = replace(
        message, headers=(*message.headers, ("X-Forwarded-For", "127.0.0.1"), ("Accept", "*/*"))
    )
    client.raw(
        message, operation.id, carried=(), key=None, facts=Facts(mistake=True, form=Form.MISSING)
    )
    if operation.method == "GET":
        _spelled(client, values)
    authentication = client.contract.authentication
    for place in keys["misplaced"]:
        _misplaced(client, values, place)
    for text in keys["malformed"]:
        carried = ((authentication.header, text),)
        token = text.removeprefix(f"{authentication.scheme} ")
        form = Form.UNKNOWN if token in (*authentication.prefixes, ENDLESS) else Form.SCHEME
        client.raw(
            message_for(operation, values),
            operation.id,
            carried=carried,
            key=None,
            facts=Facts(mistake=True, form=form),
        )
    for form in (Form.UNKNOWN, Form.ALTERED, *DEAD_FORMS):
        for key in keys.get(form, ()):
            client.mistake(operation, values, key=key, facts=Facts(form=form))
    if not gone:  # after all that was refused, what is valid is still taken
        control = client.control(operation, values)
        cursor = _place(operation, control)
        few = (
            {operation.paging.limit: str(client.knowledge.within(operation, 2))}
            if operation.paging
            else {}
        )
        for form in DEAD_FORMS if cursor else ():
            for key in keys.get(form, ()):
                client.mistake(
                    operation, {**values, **cursor, **few}, key=key, facts=Facts(form=form)
                )


def _place(operation: Operation, page: Exchange) -> dict[str, Any]:
    """The cursor of a page; nothing where it has none."""
    items = items_of(operation, page.response.json) if operation.paging and page.response else None
    position = (
        items[-1].get(operation.paging.position)
        if operation.paging and items and isinstance(items[-1], dict)
        else None
    )
    return (
        {operation.paging.after: position} if operation.paging and isinstance(position, str) else {}
    )


def _spelled(client: Client, values: dict[str, Any]) -> None:
    """The path with another spelling, and no key: what a server takes for the same path it must guard alike."""
    message = message_for(client.operation, values)
    path, found, query = encoded(message).partition("?")
    for spelled in (f"{path}/", f"/{path}", path.upper())[: 3 if client.depth is Depth.DEEP else 1]:
        plain = replace(message, plain=spelled + found + query)
        client.raw(
            plain, carried=(), key=None, facts=Facts(mistake=True, odd=True, form=Form.SPELLED)
        )  # it may be no path of the API


def _misplaced(client: Client, values: dict[str, Any], place: str) -> None:
    """A valid key where none belongs."""
    operation, held, own = (
        client.operation,
        Placeholder.of_identity("full"),
        client.contract.authentication.header,
    )
    message = replace(message_for(operation, values), misplaced=True)
    if place == "query":
        known = {name for other in client.contract.operations.values() for name in other.secrets}
        message = replace(
            message,
            query=(
                *message.query,
                *((name, str(held)) for name in ("key", "access_token", *sorted(known))),
            ),
        )
    else:
        told = f"Basic {replace(held, suffix=BASIC)}" if place == "user" else f"{place} {held}"
        message = replace(message, headers=(*message.headers, (own, told)))
    form = Form.MISPLACED if place == "query" else Form.SCHEME
    client.raw(message, operation.id, carried=(), key="full", facts=Facts(mistake=True, form=form))


def with_each_prefix(planning: Planning) -> Iterator[Draft]:
    """Each operation that reads, with keys of both prefixes."""
    if len(planning.contract.authentication.prefixes) > 1:
        for operation in keyed(planning):
            yield Draft(operation, needs=("full", "test"))


@scenario(with_each_prefix, rules=("auth.prefixes",))
def test_prefixes(client: Client) -> None:
    """A valid key of each prefix."""
    values = client.valid(client.operation)
    if values is not None:
        client.call(
            client.operation, values, key="test"
        )  # it may be of another business, and not reach what is asked for


def with_scope(planning: Planning) -> Iterator[Draft]:
    """Each operation that has a scope, with keys that have it."""
    for operation in keyed(planning):
        if operation.scopes:
            keys = (
                ["full"]
                if operation.beside
                else [*(f"scope:{scope}" for scope in operation.scopes), "full"]
            )
            yield Draft(operation, needs=("full", *keys), params=Keys(tuple(keys)))


@scenario(with_scope, rules=("scope.opens",))
def test_scope_opens(client: Client) -> None:
    """A key with only the scope of the operation, and one with every scope."""
    for key in client.params(Keys).roles:
        values = client.valid(client.operation)
        if values is not None:
            client.call(client.operation, values, key=key)


def without_scope(planning: Planning) -> Iterator[Draft]:
    """Each operation that has a scope, with a key that has none, and with keys that have others."""
    for operation in keyed(planning):
        if operation.scopes:
            yield Draft(operation, "none", needs=("full", "no_scope"), params=Keys(("no_scope",)))
            keys = [f"scope:{scope}" for scope in _others(planning, operation)]
            if operation.effect is not Effect.READ and "read_only" in planning.target.keys:
                keys.append("read_only")
            if keys:
                yield Draft(
                    operation,
                    "another",
                    needs=("full", *keys),
                    cost=1 + len(keys),
                    params=Keys(tuple(keys)),
                )


def _narrowed(operation: Operation, item: dict[str, Any]) -> dict[str, str]:
    """The first plain filter that an item tells a value of."""
    plain = [p for p in operation.filters if not p.required and not p.compare and not p.references]
    known = {
        p.name: item[p.filters] for p in plain if p.filters and isinstance(item.get(p.filters), str)
    }
    return dict(list(known.items())[:1])


def _others(planning: Planning, operation: Operation) -> list[str]:
    """Scopes that do not open an operation, the likeliest to be let in first: what may be wanted beside its own, the
    reads of its own kind if it writes, the writes of what it refers to, one of the same verb, one of another.

    Not those that may include its own: other writes of the same kind.
    """
    known: dict[str, list[Operation]] = {}
    for other in operations(planning):
        for scope in other.scopes:
            if scope not in operation.scopes:
                known.setdefault(scope, []).append(other)
    writes = operation.effect is not Effect.READ
    own = [s for s, users in known.items() if any(u.kind == operation.kind for u in users)]
    reads = [s for s in own if writes and all(u.effect is Effect.READ for u in known[s])]
    foreign = [s for s in known if s not in own]
    start = sum(map(ord, operation.id)) % len(foreign) if foreign else 0
    turned = foreign[start:] + foreign[:start]
    referred = {p.references for p in operation.parameters if p.required}
    near = (
        [
            s
            for s in turned
            if any(u.kind in referred and u.effect is not Effect.READ for u in known[s])
        ]
        if writes
        else []
    )
    alike = [s for s in turned if any((u.effect is not Effect.READ) == writes for u in known[s])]
    beside = [operation.beside] if operation.beside else []
    chosen = dict.fromkeys([*beside, *reads, *near[:1], *alike[:1], *turned])
    return list(chosen)[: SCOPES_TRIED + 2 * writes]


@scenario(without_scope, rules=("scope.refused",), phase=1)
def test_missing_scope(client: Client) -> None:
    """Valid keys that lack the scope; those with another one also on a later page of a list."""
    operation, paging = client.operation, client.operation.paging
    values = client.valid(operation) if paging is None else client.knowledge.listing(operation)
    if values is None:
        return
    if paging is not None and client.case.variant == "another":
        items = client.knowledge.listed(operation.kind or "")
        place = items[0].get(paging.position) if items and isinstance(items[0], dict) else None
        if isinstance(place, str):
            values |= {
                paging.after: place,
                paging.limit: str(client.knowledge.within(operation, 2)),
                **_narrowed(operation, items[0]),
            }
    client.control(operation, values)
    for key in client.params(Keys).roles:
        client.mistake(operation, values, key=key)


def handing_out(planning: Planning) -> Iterator[Draft]:
    """Each operation that answers with a key."""
    for operation in operations(planning):
        if operation.key is not None:
            yield Draft(operation, needs=("full",), cost=6)


@scenario(handing_out, rules=("account.key", "account.rows"), phase=2)
def test_new_key(client: Client) -> None:
    """Two keys are handed out, and each lists what it can, the first one before and after there is a second."""
    plain = [o for o in client.contract.operations_by("list") if o.keyed and not o.pool]
    listing = next(
        (o for o in plain if not any(p.required or p.advised for p in o.parameters)), None
    )
    if listing is None:
        return
    client.call(listing, {}, role=Role.ARRANGE, facts=Facts(side=Side.OWN))
    keys: list[str] = []
    for _ in range(2):
        values = client.valid(client.operation)
        key = (
            _handed_out(
                client, client.control(client.operation, values, facts=Facts(step=Step.MADE))
            )
            if values is not None
            else None
        )
        if key is None:
            return
        keys.append(key)
        for used in keys:
            client.call(listing, {}, key=used, facts=Facts(step=Step.USED, side=Side.FOREIGN))


def _handed_out(client: Client, exchange: Exchange) -> str | None:
    """The name of the key in a success: the log and this process know no more of it."""
    if exchange.response is None or not exchange.response.ok or client.operation.key is None:
        return None
    shown = object_of(client.contract, client.operation, exchange.response.json)
    value = shown.get(client.operation.key) if isinstance(shown, dict) else None
    key = Placeholder.parse(value) if isinstance(value, str) else None
    return key.identity if key is not None and key.kind is SecretKind.SECRET else None
