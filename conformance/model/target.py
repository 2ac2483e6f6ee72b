"""The target side of the model: what a target declares, in public, and what its keys are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from conformance.model.operation import Effect, Operation

SCOPE = "scope:"
"""How the role of a key with a single scope begins; the scope follows."""


class Business(StrEnum):
    """The businesses that keys belong to, as a target file names them."""

    MAIN = "main"
    OTHER = "other"
    EMPTY = "empty"


class Reach(StrEnum):
    """Which scopes a key has."""

    EVERY = "every"
    READS = "reads"
    NONE = "none"
    ONE = "one"


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

    def opens(self, operation: Operation) -> bool:
        """Whether a key of this role has the scope of an operation."""
        if self.reach is Reach.EVERY or not operation.scopes:
            return True
        if self.reach is Reach.READS:
            return operation.effect is Effect.READ
        return self.name.removeprefix(SCOPE) in operation.scopes


KEY_ROLES: Mapping[str, KeyRole] = {
    role.name: role
    for role in (
        KeyRole("full", "a key with every scope"),
        KeyRole("read_only", "a key with every scope that reads, and no other", Reach.READS),
        KeyRole("test", "a key with every scope and the test prefix", business=None),
        KeyRole("expired", "an expired key", dead=True),
        KeyRole("revoked", "a revoked key", dead=True),
        KeyRole("no_scope", "a valid key without any scope", Reach.NONE),
        KeyRole(
            "other",
            "a key with every scope for another business, which has data",
            business=Business.OTHER,
        ),
        KeyRole("empty", "a key for a business without data", business=Business.EMPTY),
    )
}
"""Every key of a target file by name, those of a single scope aside.

The schema of target files, ``init``, the documentation, the advice of a plan and the keys of the
reference server are made from this table.
"""

DEAD_KEYS = tuple(role.name for role in KEY_ROLES.values() if role.dead)
"""Names of the keys that were valid once, and must be refused."""


MAIN_KEYS = ("full", "test", "read_only")
"""The keys that may make most requests of a run. The first one that is given does."""


def key_role(name: str) -> KeyRole | None:
    """The role of that name, such as ``full`` or ``scope:calls:read``; None if there is none."""
    if name.startswith(SCOPE):
        return KeyRole(name, f"a key with only the scope {name.removeprefix(SCOPE)}", Reach.ONE)
    return KEY_ROLES.get(name)


@dataclass(frozen=True)
class Trigger:
    """A recipe that makes the target answer with a code: an operation and members of its input.

    ``query`` and ``headers`` go out beside what the contract names. ``payment`` is a proof of
    payment that the target accepts for this input, where the code asks for one; without
    ``payment_header`` it goes out under each usual name. A ``robust`` trigger also works if its
    text stands inside a longer text, in capitals, or beside optional references.
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


@dataclass(frozen=True)
class Declaration:
    """The public half of a target: no secret in it. ``keys`` names the roles that have a key."""

    name: str
    url: str
    allow: frozenset[Effect]
    keys: frozenset[str]
    full_declared: bool  # keys.full is declared to have every scope (a bare --key is not)
    businesses: Mapping[str, str] = field(default_factory=dict)  # id by Business
    phone_numbers: tuple[str, ...] = ()
    maximum: Mapping[str, int] = field(default_factory=dict)  # items of a page, by list
    collections: Mapping[str, str] = field(default_factory=dict)  # member with the items, by list
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # values, by operation
    triggers: tuple[Trigger, ...] = ()
    clock: Mapping[str, str] | None = None
    addresses: tuple[str, ...] = ()
    inapplicable: frozenset[str] = frozenset()
    waivers: tuple[Waiver, ...] = ()

    @property
    def main_key(self) -> str | None:
        """The role of the key that makes most requests; None without a key of that kind."""
        scoped = sorted(role for role in self.keys if role.startswith(SCOPE))
        given = [role for role in (*MAIN_KEYS, *scoped) if role in self.keys]
        return given[0] if given else None

    def opens(self, operation: Operation) -> bool:
        """Whether the main key has the scope of an operation, as far as the target file says."""
        role = key_role(self.main_key or "")
        return role is not None and role.opens(operation)
