"""Scenarios of keys. Each request differs from one that succeeds only in its key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.model import (
    Effect,
    Exchange,
    Facts,
    KeyName,
    Operation,
    Params,
    Placeholder,
    Role,
    Side,
    Step,
)
from conformance.model.placeholder import ISSUED
from conformance.plan.registry import KEY, Draft, Planning, operations, roles_with_keys, scenario
from conformance.reading import Answer, members_of
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.member_changes import changes_of_one
from conformance.scenarios.keys import key_forms
from conformance.scenarios.keys.bad_keys import send_bad_keys, send_dead_keys_beside_options
from conformance.scenarios.keys.let_in import passes_key_check
from conformance.scenarios.keys.scopes import named_keys, other_scopes
from conformance.scenarios.keys.widened import (
    has_options,
    narrowed_page,
    valid_values,
    widened_values,
)

KEY_RULES = ("auth.missing", "auth.scheme", "auth.invalid", "auth.expired", "auth.revoked")
SPELLING = "auth.spelling"


def keyed(planning: Planning) -> Iterator[Operation]:
    """The operations that require a key."""
    return (operation for operation in operations(planning) if operation.keyed)


def scoped(planning: Planning) -> Iterator[Operation]:
    """The operations that require a key with a scope."""
    return (operation for operation in keyed(planning) if operation.scopes)


@dataclass(frozen=True)
class Keys(Params):
    """The roles of the keys that an operation is called with."""

    roles: tuple[str, ...]


# --- bad keys ---


def refused_keys(planning: Planning) -> Iterator[Draft]:
    """Each operation that requires a key, with every form of a bad key that the target allows."""
    wanted = list(keyed(planning))
    chosen = key_forms.bad_keys(planning, wanted)
    for operation, tried in zip(wanted, chosen, strict=True):
        rules = (*KEY_RULES, SPELLING) if operation.method == "GET" else KEY_RULES
        yield Draft(
            operation,
            needs=(KEY,),
            cost=4 + tried.count,
            bad_keys=tried.never_issued,
            params=tried,
            rules=rules,
        )


@scenario(refused_keys, rules=(*KEY_RULES, SPELLING), phase=1)
def test_refused_key(client: Client) -> None:
    """Send a valid request without a key, and with misplaced, malformed, unknown and dead keys."""
    values = client.valid(client.operation)
    if values is None:
        return
    refused = send_bad_keys(client, values)
    if client.target.opens(client.operation):
        # after all these, a valid key must still work
        client.control_after(values, refused)
    send_dead_keys_beside_options(client, values)


def with_each_prefix(planning: Planning) -> Iterator[Draft]:
    """Each operation that requires a key, if keys have several prefixes."""
    if len(planning.contract.authentication.prefixes) > 1:
        for operation in keyed(planning):
            yield Draft(operation, needs=(KeyName.FULL, KeyName.TEST))


@scenario(with_each_prefix, rules=("auth.prefixes",))
def test_prefixes(client: Client) -> None:
    """Send a valid key with the other prefix. It may belong to a business without the object."""
    values = client.valid(client.operation)
    if values is not None and not passes_key_check(client, values, KeyName.TEST, beside=None):
        client.call(client.operation, values, key=KeyName.TEST)


# --- scopes ---


def with_scope(planning: Planning) -> Iterator[Draft]:
    """Each operation that requires a scope, with keys that have it.

    If the target file has no such key, a read-only key is tried where it suffices, and otherwise
    the full key.
    """
    for operation in scoped(planning):
        # a key with only one scope may be rejected if a second one may be required
        scopes = () if operation.beside else operation.scopes
        wanted = tuple(f"scope:{scope}" for scope in scopes)
        keys = (*roles_with_keys(planning, wanted), *named_keys(planning, operation, opening=True))
        if not keys and planning.target.opens(operation, KeyName.READ_ONLY):
            keys = roles_with_keys(planning, (KeyName.READ_ONLY,))
        params = Keys(keys or (KeyName.FULL,))
        yield Draft(operation, needs=(KeyName.FULL,), wants=wanted, params=params)


@scenario(with_scope, rules=("scope.opens",))
def test_scope_opens(client: Client) -> None:
    """Send a key with only the operation's scope, or one with every scope if that is not enough."""
    for key in client.params(Keys).roles:
        values = client.valid(client.operation)
        if values is None:
            continue
        if not passes_key_check(client, values, key, beside=KeyName.NO_SCOPE):
            client.call(client.operation, values, key=key)


def without_scope(planning: Planning) -> Iterator[Draft]:
    """Each operation that requires a scope, with a key without scopes and with keys for others.

    A read-only key is tried with every write. One of these keys is enough to judge the operation.
    """
    for operation in scoped(planning):
        with_others = [f"scope:{scope}" for scope in other_scopes(planning, operation)]
        wanted = [KeyName.NO_SCOPE, *with_others]
        if operation.effect is not Effect.READ:
            wanted.append(KeyName.READ_ONLY)
        named = named_keys(planning, operation, opening=False)
        keys = (*roles_with_keys(planning, wanted), *named)
        needs = (KEY,) if keys else (KEY, KeyName.NO_SCOPE)
        yield Draft(
            operation,
            needs=needs,
            wants=tuple(wanted),
            cost=3 + len(keys),
            params=Keys(keys),
        )


@scenario(without_scope, rules=("scope.refused",), phase=1)
def test_missing_scope(client: Client) -> None:
    """Send valid keys without the scope, then the same request with the main key.

    Keys with another scope also send every optional parameter. For a list, the first of these keys
    requests a later page with one filter instead. It also changes each member by itself, as does a
    key that lacks only one of two scopes.
    """
    values = valid_values(client)
    if values is None:
        return
    roles = client.params(Keys).roles
    without_any = [role for role in roles if role == KeyName.NO_SCOPE]
    others = [role for role in roles if role != KeyName.NO_SCOPE]
    valid = {**values, **narrowed_page(client)}
    narrowed = valid
    if without_any:  # those keys leave out the business, so others may name it
        narrowed = {**valid, **client.own_business(client.operation, values)}
    count = _count_like_control(client, values, others)
    like_control, wider = others[:count], others[count:]
    refused = [*_send(client, without_any, values), *_send(client, like_control, narrowed)]
    if client.target.opens(client.operation):
        client.control_after(valid, refused)
    widened = widened_values(client, values) if wider else narrowed
    _send(client, wider, widened)
    _change_one_member(client, values, widened, others)


def _change_one_member(
    client: Client, values: dict[str, Any], accepted: dict[str, Any], others: list[str]
) -> None:
    """Change one member at a time, with the first of ``others`` and the key of a second scope.

    ``accepted`` are values with which the target accepted the operation.
    """
    second = f"scope:{client.operation.beside}"
    keys = others[:1]
    if second in others and second not in keys:
        keys = [*keys, second]
    for change in changes_of_one(client, values, accepted):
        _send(client, keys, change)


def _count_like_control(client: Client, values: dict[str, Any], others: list[str]) -> int:
    """How many of the other keys, counted from the first, send the same request as the control.

    The rest send every optional parameter, too.
    """
    if client.operation.paging is not None:
        return 1
    comes_too_late = client.own.acts_once(client.operation)  # for a request with more parameters
    if comes_too_late or not has_options(client, values):
        return len(others)
    return 0


def _send(client: Client, keys: list[str], values: dict[str, Any]) -> list[Exchange]:
    """Send the request with each of some keys."""
    return [client.mistake(client.operation, values, key=key) for key in keys]


# --- keys that the target hands out ---


def handing_out(planning: Planning) -> Iterator[Draft]:
    """Each operation whose response issues a key."""
    for operation in operations(planning):
        if operation.key:
            yield Draft(operation, needs=(KeyName.FULL,), cost=7)


@scenario(handing_out, rules=("account.key", "account.prefix", "account.rows"), phase=2)
def test_new_key(client: Client) -> None:
    """Issue two keys, and list what each sees; the first lists again after the second is issued.

    Then repeat the last request for a key, as anybody could who knows what was sent.
    """
    operation, listing = client.operation, _plain_list(client)
    if listing is None:
        return
    client.call(listing, {}, role=Role.ARRANGE, facts=Facts(side=Side.OWN))
    keys: list[str] = []
    sent: dict[str, Any] = {}
    for _ in range(2):
        values = client.valid(operation)
        key = _issue_key(client, values)
        if values is None or key is None:
            return
        sent = values
        keys.append(key)
        for used in keys:
            client.call(listing, {}, key=used, facts=Facts(step=Step.USED, side=Side.FOREIGN))
    client.mistake(operation, sent, Facts(step=Step.REPEATED), role=Role.BYSTANDER)


def _plain_list(client: Client) -> Operation | None:
    """The first list of a business for which neither contract nor target file need a parameter."""
    for listing in client.contract.operations_by("list"):
        if not listing.owned or listing.required:
            continue
        advised = any(parameter.advised for parameter in listing.parameters)
        if not advised and listing.id not in client.target.inputs:
            return listing
    return None


def _issue_key(client: Client, values: Mapping[str, Any] | None) -> str | None:
    """Request a key; returns the name under which it is sent, because its text is not kept.

    None if no valid values are known, or the response shows no key.
    """
    member = client.operation.key
    if values is None or member is None:
        return None
    exchange = client.control(client.operation, values, facts=Facts(step=Step.MADE))
    account = members_of(Answer(client.contract, client.operation, exchange).object)
    key = Placeholder.parse(str(account.get(member)))
    if key is None or key.kind not in ISSUED:
        return None
    return key.identity
