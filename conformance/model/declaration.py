"""The target side of the model: what a target declares, in public, and what its keys are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from conformance.model.operation import Effect, Operation

SCOPE = "scope:"
"""How the role of a key with a single scope begins; the scope follows."""
NAMED = "name:"
"""How the role of a key begins whose scopes the target file lists; its name follows."""

ANNOUNCED, PLAIN = "announced", "plain"
IDENTITIES = {
    ANNOUNCED: "announced, by its name in the User-Agent",
    PLAIN: "plain, with the headers of an ordinary client",
}
"""The client that the suite poses as, in words."""


class Business(StrEnum):
    """The businesses that keys belong to, as a target file names them."""

    MAIN = "main"
    OTHER = "other"
    EMPTY = "empty"


class KeyName(StrEnum):
    """The names of the keys of a target file, those of a single scope aside."""

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
    LISTED = "listed"  # those that the target file lists


@dataclass(frozen=True)
class KeyRole:
    """A key that a target file may give: what it is for, whose it is, and what it may do."""

    name: str
    what: str  # the key in words, after "give"
    reach: Reach = Reach.EVERY
    business: Business | None = Business.MAIN  # None where it may be any
    dead: bool = False  # was valid once, and must be refused

    @property
    def advice(self) -> str:
        """What to put into the target file for this key to be there."""
        scope = self.name.removeprefix(SCOPE)
        place = f"scoped_keys: {scope}" if self.reach is Reach.ONE else f"keys: {self.name}"
        return f"give {self.what} ({place} in the target file)"

    def has(self, scope: str, reads: bool) -> bool:
        """Whether a key of this role has a scope, which opens reads or something else."""
        if self.reach is Reach.READS:
            return reads
        if self.reach is Reach.EVERY:
            return True
        return scope == self.name.removeprefix(SCOPE)


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
"""Every key of a target file by name, those of a single scope aside.

The schema of target files, ``init``, the documentation, the advice of a plan and the keys of the
reference server are made from this table.
"""

DEAD_KEYS = tuple(role.name for role in KEY_ROLES.values() if role.dead)
"""Names of the keys that were valid once, and must be refused."""


MAIN_KEYS = (KeyName.FULL, KeyName.TEST, KeyName.READ_ONLY)
"""The keys that may make most requests of a run. The first one that is given does."""


def key_role(name: str) -> KeyRole | None:
    """The role of that name, such as ``full`` or ``scope:calls:read``; None if there is none."""
    if name.startswith(SCOPE):
        return KeyRole(name, f"a key with only the scope {name.removeprefix(SCOPE)}", Reach.ONE)
    if name.startswith(NAMED):
        return KeyRole(name, f"the key {name.removeprefix(NAMED)}", Reach.LISTED)
    return KEY_ROLES.get(name)


def business_of(name: str) -> Business | None:
    """The business that a key belongs to, by the name of its role; None where it may be any."""
    role = key_role(name)
    if role is None:
        return None
    return role.business


DISK = 200
"""Megabytes that the files of a run may take, if the target file does not say it."""


@dataclass(frozen=True)
class Trigger:
    """A recipe that makes the target answer with a code: an operation and members of its input.

    ``query`` and ``headers`` go out with what the contract names. ``payment`` is a proof of
    payment that the target accepts for this input, where the code asks for one; without
    ``payment_header`` it goes out under each usual name. A ``robust`` trigger also works if its
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


@dataclass(frozen=True)
class Waiver:
    """A failure that is accepted for a time: clause, operations (all if empty), why, who, when."""

    clause: str
    operations: tuple[str, ...]
    reason: str
    owner: str
    expires: date  # the last day on which it counts

    def covers(self, clause: str, operation: str) -> bool:
        """Whether it is about a cell; one without operations is about all of its clause."""
        if clause != self.clause:
            return False
        return not self.operations or operation in self.operations


@dataclass(frozen=True)
class Declaration:
    """The public half of a target: no secret in it. ``keys`` names the roles that have a key."""

    name: str
    url: str
    allow: frozenset[Effect]
    keys: frozenset[str]
    full_declared: bool  # keys.full is declared to have every scope (a bare --key is not)
    key_scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # as listed, by role
    businesses: Mapping[str, str] = field(default_factory=dict)  # id by Business
    phone_numbers: tuple[str, ...] = ()
    maximum: Mapping[str, int] = field(default_factory=dict)  # items of a page, by list
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
    disk: int = DISK  # megabytes of the files of a run, at most

    @cached_property
    def main_key(self) -> str | None:
        """The role of the key that makes most requests; None without a key of that kind.

        Of keys whose scopes are listed it is the one with most, and else one of a single scope.
        """
        for role in MAIN_KEYS:
            if role in self.keys:
                return role
        listed = [role for role in self.keys if role.startswith(NAMED)]
        if listed:
            return min(listed, key=lambda role: -len(self.key_scopes[role]))
        return min((role for role in self.keys if role.startswith(SCOPE)), default=None)

    @property
    def lacking(self) -> list[str]:
        """What it declares that the target lacks: operations, and parameters of operations."""
        absent = [f"{name} of {each}" for each, names in self.absent.items() for name in names]
        return [*sorted(self.inapplicable), *absent]

    def opens(self, operation: Operation, role: str | None = None) -> bool:
        """Whether a key has the scope of an operation, as far as the target file says.

        Without ``role`` it is the main key; False if there is none.
        """
        role = role or self.main_key
        known = key_role(role or "")
        if role is None or known is None:
            return False
        if not operation.scopes:
            return True
        if role in self.key_scopes:
            return not set(operation.scopes).isdisjoint(self.key_scopes[role])
        reads = operation.effect is Effect.READ
        return any(known.has(scope, reads) for scope in operation.scopes)

    def opens_all(self, role: str | None) -> bool:
        """Whether a key has every scope, as far as the target file says."""
        known = key_role(role or "")
        if known is None:
            return False
        if role in self.key_scopes:
            return False
        return known.reach is Reach.EVERY
