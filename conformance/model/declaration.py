"""The target side of the model: the public declarations of a target, and its key roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlsplit

from conformance.model.operation import Effect, Operation
from conformance.model.waiver import Waiver

SCOPE = "scope:"
"""Prefix of the role of a single-scope key; the scope follows."""
NAMED = "name:"
"""Prefix of the role of a key whose scopes the target file lists; the name of the key follows."""
EVERY_SCOPE = "*"
"""The scope that grants everything."""

ANNOUNCED, PLAIN = "announced", "plain"
IDENTITIES = {
    ANNOUNCED: "announced: the User-Agent names the suite",
    PLAIN: "plain, with the headers of an ordinary client",
}
"""The identities that the suite can send as a client, with descriptions."""


class Business(StrEnum):
    """The businesses that keys belong to, by their names in a target file."""

    MAIN = "main"
    OTHER = "other"
    EMPTY = "empty"


class KeyName(StrEnum):
    """The names of the keys of a target file, except single-scope keys."""

    FULL = "full"
    READ_ONLY = "read_only"
    TEST = "test"
    EXPIRED = "expired"
    REVOKED = "revoked"
    NO_SCOPE = "no_scope"
    OTHER = "other"
    EMPTY = "empty"


class Reach(StrEnum):
    """Which scopes a key has."""

    EVERY = "every"
    READS = "reads"
    NONE = "none"
    ONE = "one"
    LISTED = "listed"  # the scopes that the target file lists


@dataclass(frozen=True)
class KeyRole:
    """A key that a target file may provide: its purpose, its business, and its scopes."""

    name: str
    what: str  # a description of the key that can follow "give"
    reach: Reach = Reach.EVERY
    business: Business | None = Business.MAIN  # None if it may be any
    dead: bool = False  # no longer valid, so it must be refused

    @property
    def place(self) -> str:
        """Where a target file gives this key."""
        if self.reach is Reach.ONE:
            return f"scoped_keys: {self.name.removeprefix(SCOPE)}"
        return f"keys: {self.name}"

    @property
    def advice(self) -> str:
        """Advice on how to provide this key in the target file."""
        return f"give {self.what} ({self.place} in the target file)"

    def has(self, scope: str, reads: bool) -> bool:
        """Whether a key with this role has a scope. ``reads`` says whether it is a read scope.

        False for a key whose scopes the target file lists, because its role does not say.
        """
        if self.reach is Reach.READS:
            return reads
        if self.reach is Reach.EVERY:
            return True
        return scope == self.name.removeprefix(SCOPE)  # no other key is named like a scope


KEY_ROLES: Mapping[str, KeyRole] = {
    role.name: role
    for role in (
        KeyRole(KeyName.FULL.value, "a key with every scope"),
        KeyRole(
            KeyName.READ_ONLY.value, "a key with every scope that reads, and no other", Reach.READS
        ),
        KeyRole(KeyName.TEST.value, "a key with every scope and the test prefix", business=None),
        KeyRole(KeyName.EXPIRED.value, "an expired key", dead=True),
        KeyRole(KeyName.REVOKED.value, "a revoked key", dead=True),
        KeyRole(KeyName.NO_SCOPE.value, "a valid key without any scope", Reach.NONE),
        KeyRole(
            KeyName.OTHER.value,
            "a key with every scope for another business, which has data",
            business=Business.OTHER,
        ),
        KeyRole(KeyName.EMPTY.value, "a key for a business without data", business=Business.EMPTY),
    )
}
"""The keys of a target file by name, except single-scope keys.

The target file schema, ``init``, the documentation, the advice in a plan and the keys of the
reference server are derived from this table.
"""

DEAD_KEYS = tuple(role.name for role in KEY_ROLES.values() if role.dead)
"""The names of the keys that are no longer valid and must be refused."""


MAIN_KEYS = (KeyName.FULL, KeyName.TEST, KeyName.READ_ONLY)
"""The keys that can send most requests of a run, in order of preference."""


def key_role(name: str) -> KeyRole | None:
    """The role with a name such as ``full`` or ``scope:calls:read``; None if there is none."""
    if name.startswith(SCOPE):
        return KeyRole(name, f"a key with only the scope {name.removeprefix(SCOPE)}", Reach.ONE)
    if name.startswith(NAMED):
        return KeyRole(name, f"the key {name.removeprefix(NAMED)}", Reach.LISTED)
    return KEY_ROLES.get(name)


def resource_of(scope: str) -> str:
    """The resource in the name of a scope, as ``sms`` in ``sms:read``; or else the whole name."""
    return scope.rpartition(":")[0] or scope


@lru_cache(maxsize=256)
def business_of(name: str) -> Business | None:
    """The business of a key, by the name of its role; None if unknown, or if it may be any."""
    role = key_role(name)
    if role is None:
        return None
    return role.business


DISK = 200
"""Default limit for the size of the files of a run, in megabytes."""


@dataclass(frozen=True)
class Trigger:
    """A recipe that makes the target return an error code: an operation and members of its input.

    ``query`` and ``headers`` are sent in addition to what the contract names. ``payment`` is a
    proof of payment that the target accepts for this input, if the code asks for one; without
    ``payment_header`` it is sent under each usual name. A ``robust`` trigger also works if its
    text is part of a longer text, in capitals, or sent with other optional members.
    """

    code: str
    operation: str
    input: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    payment: str | None = None
    payment_header: str | None = None
    robust: bool = False

    def proof_headers(self, usual: tuple[str, ...]) -> tuple[str, ...]:
        """The names of the headers with the proof of payment: its own, or else the usual ones."""
        return (self.payment_header,) if self.payment_header else usual

    @property
    def is_for_any_input(self) -> bool:
        """Whether it needs nothing in the request, because the target always returns the code."""
        return not (self.input or self.query or self.headers)


@dataclass(frozen=True)
class Declaration:
    """The public half of a target, without secrets. ``keys`` has the roles that have a key."""

    name: str
    url: str
    allow: frozenset[Effect]
    keys: frozenset[str]
    full_declared: bool  # keys.full is declared to have every scope (a bare --key is not)
    key_scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # as listed, by role
    businesses: Mapping[str, str] = field(default_factory=dict)  # ids, by Business
    phone_numbers: tuple[str, ...] = ()
    maximum: Mapping[str, int] = field(default_factory=dict)  # maximum page size, by list
    collections: Mapping[str, str] = field(default_factory=dict)  # member with the items, by list
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # values, by operation
    triggers: tuple[Trigger, ...] = ()
    clock: Mapping[str, str] | None = None
    addresses: tuple[str, ...] = ()
    verify: bool = True  # the certificate of the server must be valid
    inapplicable: frozenset[str] = frozenset()  # operations
    absent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # parameters, by operation
    waivers: tuple[Waiver, ...] = ()
    identity: str = ANNOUNCED  # or PLAIN
    disk: int = DISK  # maximum size of the files of a run, in megabytes

    @cached_property
    def origin(self) -> str:
        """The address without its path, such as ``https://api.example.com``."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @cached_property
    def main_key(self) -> str | None:
        """The role of the key that sends most requests; None if no key is suitable.

        The first of MAIN_KEYS, or else the key with the most listed scopes, or else the
        single-scope key that comes first in the alphabet.
        """
        for role in MAIN_KEYS:
            if role in self.keys:
                return role
        listed = [role for role in self.keys if role.startswith(NAMED)]
        if listed:
            return max(listed, key=lambda role: len(self.key_scopes[role]))
        return min((role for role in self.keys if role.startswith(SCOPE)), default=None)

    @property
    def lacking(self) -> list[str]:
        """What the target lacks according to its file: operations, and parameters of operations."""
        absent = [f"{name} of {each}" for each, names in self.absent.items() for name in names]
        return [*sorted(self.inapplicable), *absent]

    def opens(self, operation: Operation, role: str | None = None) -> bool:
        """Whether a key has one of the scopes of an operation according to the target file.

        Without ``role`` this is about the main key; False if there is none. Every key of a known
        role opens an operation without scopes.
        """
        role = role or self.main_key
        key = key_role(role or "")
        if role is None or key is None:
            return False
        if not operation.scopes:
            return True
        if role in self.key_scopes:
            return not set(operation.scopes).isdisjoint(self.key_scopes[role])
        reads = operation.effect is Effect.READ
        return any(key.has(scope, reads) for scope in operation.scopes)

    def named_scopes(self, role: str) -> tuple[str, ...]:
        """The scopes of a key that the target file names; empty if its role says which it has."""
        if role.startswith(SCOPE):
            return (role.removeprefix(SCOPE),)
        return self.key_scopes.get(role, ())

    def opens_all(self, role: str | None) -> bool:
        """Whether a key has every scope according to its role; False if its scopes are listed."""
        key = key_role(role or "")
        if key is None or role in self.key_scopes:
            return False
        return key.reach is Reach.EVERY
