"""Stimuli of authentication: each request differs from one that succeeds in its key alone."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Effect, Operation
from conformance.plan import Draft, Planning, operations, stimulus
from conformance.suite.client import Client
from conformance.transport.sender import message_for

FOREIGN_SCHEMES = ("Basic", "Token")
SCOPES_TRIED = 3
"""Keys with another scope that each operation is tried with."""


def keyed(planning: Planning) -> Iterator[Operation]:
    """The operations that want a key."""
    return (operation for operation in operations(planning) if operation.keyed)


def without_key(planning: Planning) -> Iterator[Draft]:
    """Each operation that wants a key."""
    for operation in keyed(planning):
        yield Draft(operation, needs=("full",))


@stimulus(without_key, rules=("auth.missing",), phase=1)
def test_missing_key(client: Client) -> None:
    """No header for the key at all."""
    values = client.valid(client.operation)
    if values is not None:
        client.control(client.operation, values)
        client.mistake(client.operation, values, key=None)


def with_bad_keys(planning: Planning) -> Iterator[Draft]:
    """Each operation with a key that is not one; the forms that matter most come first."""
    prefixes = planning.contract.authentication.prefixes or ("",)
    forms = {"unknown": [f"unknown:{prefix}" for prefix in prefixes], "altered": ["full~last-char", "full~longer"]}
    for variant, keys in forms.items():
        for operation in keyed(planning):
            yield Draft(operation, variant, needs=("full",), cost=len(keys) + 1, bad_keys=len(keys), params={"keys": keys})
    more = ["full~middle-char", "full~shorter", "full~case"]
    for operation in keyed(planning):
        yield Draft(operation, "altered-more", needs=("full",), cost=4, bad_keys=len(more), params={"keys": more}, optional=True)


@stimulus(with_bad_keys, rules=("auth.invalid",), phase=1)
def test_bad_key(client: Client) -> None:
    """Keys that were never issued, and keys that differ a little from one that was."""
    values = client.valid(client.operation)
    if values is not None:
        client.control(client.operation, values)
        for key in client.case.params["keys"]:
            client.mistake(client.operation, values, key=key)


def with_dead_keys(planning: Planning) -> Iterator[Draft]:
    """Each operation with an expired and with a revoked key."""
    for role in ("expired", "revoked"):
        for operation in keyed(planning):
            yield Draft(operation, role, needs=("full", role), params={"key": role}, rules=(f"auth.{role}",))


@stimulus(with_dead_keys, rules=("auth.expired", "auth.revoked"), phase=1)
def test_dead_key(client: Client) -> None:
    """A key that was valid once."""
    values = client.valid(client.operation)
    if values is not None:
        client.control(client.operation, values)
        client.mistake(client.operation, values, key=client.case.params["key"])


@stimulus(without_key, rules=("auth.scheme",), phase=1)
def test_other_scheme(client: Client) -> None:
    """The valid key after another scheme, and a header that is no key at all."""
    values = client.valid(client.operation)
    if values is None:
        return
    client.control(client.operation, values)
    authentication = client.contract.authentication
    if authentication.scheme:
        for scheme in FOREIGN_SCHEMES:
            client.mistake(client.operation, values, scheme=scheme)
    own = authentication.scheme
    for text in (f"{own} not a key", own) if own else ("not a key",):
        malformed = ((authentication.header, text),)
        client.raw(message_for(client.operation, values), client.operation.id, carried=malformed, key=None, mistake=True)


def with_each_prefix(planning: Planning) -> Iterator[Draft]:
    """Each operation that reads, with keys of both prefixes."""
    if len(planning.contract.authentication.prefixes) > 1:
        for operation in keyed(planning):
            yield Draft(operation, needs=("full", "test"))


@stimulus(with_each_prefix, rules=("auth.prefixes",))
def test_prefixes(client: Client) -> None:
    """A valid key of each prefix."""
    values = client.valid(client.operation)
    if values is not None:
        client.control(client.operation, values)
        client.control(
            client.operation,
            values if client.operation.action != "create" else client.valid(client.operation) or values,
            key="test",
        )


def with_scope(planning: Planning) -> Iterator[Draft]:
    """Each operation that has a scope, with keys that have it."""
    for operation in keyed(planning):
        if operation.scope:
            yield Draft(
                operation, needs=("full", f"scope:{operation.scope}"), params={"keys": [f"scope:{operation.scope}", "full"]}
            )


@stimulus(with_scope, rules=("scope.opens",))
def test_scope_opens(client: Client) -> None:
    """A key with only the scope of the operation, and one with every scope."""
    for key in client.case.params["keys"]:
        values = client.valid(client.operation)
        if values is not None:
            client.call(client.operation, values, key=key)


def without_scope(planning: Planning) -> Iterator[Draft]:
    """Each operation that has a scope, with a key that has none, and with one that has another.

    A read is not probed with the write scope of its own resource, which may include it.
    """
    scopes = {o.scope: o for o in operations(planning) if o.scope}
    for operation in keyed(planning):
        if not operation.scope:
            continue
        yield Draft(operation, "none", needs=("full", "no_scope"), params={"keys": ["no_scope"]})
        keys = [f"scope:{scope}" for scope in _others(operation, scopes)]
        if keys:
            params = {"keys": keys}
            yield Draft(operation, "another", needs=("full", *keys), cost=1 + len(keys), params=params)


def _others(operation: Operation, scopes: dict[str, Operation]) -> list[str]:
    """The scopes that are nearest but do not open an operation: of its own kind if it writes, then of other kinds."""
    own = [scope for scope, other in scopes.items() if scope != operation.scope and other.kind == operation.kind]
    foreign = [scope for scope, other in scopes.items() if other.kind != operation.kind]
    return (own + foreign if operation.effect is not Effect.READ else foreign)[:SCOPES_TRIED]


@stimulus(without_scope, rules=("scope.refused",), phase=1)
def test_missing_scope(client: Client) -> None:
    """Valid keys that lack the scope."""
    values = client.valid(client.operation)
    if values is not None:
        client.control(client.operation, values)
        for key in client.case.params["keys"]:
            client.mistake(client.operation, values, key=key)
