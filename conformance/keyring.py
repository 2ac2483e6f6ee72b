"""The keys of a target file, and what each can be used for: roles, scopes, businesses.

A file gives keys by role, or as a list with the scopes that a dashboard gave them. A listed key
without a role gets the one that its scopes and its business fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.model import NAMED, SCOPE, Business, Contract, Effect, key_role
from conformance.yamlfile import Place, YamlFile


@dataclass(frozen=True)
class GivenKey:
    """A key as the target file gives it. ``text`` is the key, or the variable that holds it."""

    role: str
    text: str
    place: Place
    scopes: tuple[str, ...] | None = None  # None for all that the role has


def read(contract: Contract, file: YamlFile) -> list[GivenKey]:
    """The keys of a target file that fits its schema, in the order of the file."""
    given = []
    keys = file.value.get("keys", {})
    if isinstance(keys, list):
        given += [_listed(contract, entry, index) for index, entry in enumerate(keys)]
    else:
        given += [GivenKey(role, text, ("keys", role)) for role, text in keys.items()]
    for scope, text in file.value.get("scoped_keys", {}).items():
        given.append(GivenKey(SCOPE + scope, text, ("scoped_keys", scope)))
    return given


def scopes(given: list[GivenKey]) -> Mapping[str, tuple[str, ...]]:
    """The scopes of the keys that the file lists scopes for, by role."""
    return {key.role: key.scopes for key in given if key.scopes is not None}


def _listed(contract: Contract, entry: Mapping[str, Any], index: int) -> GivenKey:
    """A key of a list. One that has just the scopes of a role needs no scopes of its own."""
    place: Place = ("keys", index, "key")
    listed = entry.get("scopes")
    if listed is None:
        return GivenKey(entry["role"], entry["key"], place)
    role = entry.get("role") or _role(contract, entry)
    usual = set(_scopes_of(contract, role))
    own = None if set(listed) == usual else tuple(listed)
    return GivenKey(role, entry["key"], place, own)


def _role(contract: Contract, entry: Mapping[str, Any]) -> str:
    """The role of a key that has only a name.

    A key of another business stands for that business, whatever its scopes.
    """
    business = entry.get("business", Business.MAIN)
    if business != Business.MAIN:
        return str(business)
    for role in ("full", "read_only", "no_scope"):
        if set(entry["scopes"]) == set(_scopes_of(contract, role)):
            return role
    if len(entry["scopes"]) == 1:
        return SCOPE + str(entry["scopes"][0])
    return NAMED + str(entry["name"])


def _scopes_of(contract: Contract, role: str) -> Iterator[str]:
    """The scopes that a key of a role has."""
    known = key_role(role)
    if known is None:
        return
    for operation in contract.operations.values():
        reads = operation.effect is Effect.READ
        for scope in operation.scopes:
            if known.has(scope, reads):
                yield scope
