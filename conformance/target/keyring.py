"""The keys of a target file, and what each can be used for: roles, scopes, businesses.

A file gives keys by role, or as a list with the scopes that a dashboard gave them. A listed key
without a role gets the one that its scopes and its business fit.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.base import files
from conformance.base.errors import TargetError
from conformance.base.yaml_file import Place, YamlFile
from conformance.model import NAMED, SCOPE, Business, Contract, Effect, key_role

VARIABLE = re.compile(r"\$\{(\w+)\}")
"""How a target file names the variable of the environment that holds a key."""
STANDARD_INPUT = Path("-")
LONGEST_KEY = 10_000
"""Characters that are read of a file with a key."""
ASSIGNMENT = re.compile(r"\s*(?:export\s+)?[A-Z][A-Z0-9_]*=")
"""How a file begins that sets variables of the environment."""


@dataclass(frozen=True)
class GivenKey:
    """A key as the target file gives it. ``text`` is the key, or the variable that holds it."""

    role: str
    text: str
    place: Place
    scopes: tuple[str, ...] | None = None  # None for all that the role has


def read(contract: Contract, file: YamlFile) -> list[GivenKey]:
    """The keys of a target file that fits its schema, in the order of the file."""
    keys = file.value.get("keys", {})
    if isinstance(keys, list):
        given = [_listed(contract, entry, index) for index, entry in enumerate(keys)]
    else:
        given = [GivenKey(role, text, ("keys", role)) for role, text in keys.items()]
    for scope, text in file.value.get("scoped_keys", {}).items():
        given.append(GivenKey(SCOPE + scope, text, ("scoped_keys", scope)))
    return given


def scopes(given: list[GivenKey]) -> Mapping[str, tuple[str, ...]]:
    """The scopes of the keys that the file lists scopes for, by role."""
    return {key.role: key.scopes for key in given if key.scopes is not None}


def warnings(path: Path, given: Iterable[GivenKey]) -> tuple[str, ...]:
    """What should be changed about a target file with these keys."""
    holds_keys = any(not VARIABLE.fullmatch(key.text) for key in given)
    if holds_keys and files.open_to_others(path):
        return (
            f"{path} holds keys, and other users can read it. Give keys as ${{NAME}}, "
            "or take the right away from them (chmod 600).",
        )
    return ()


def stored_in(path: Path) -> str:
    """The key that a file holds, ``-`` for standard input. Raises TargetError if it holds none."""
    where = "standard input" if path == STANDARD_INPUT else str(path)
    try:
        if path == STANDARD_INPUT:
            text = sys.stdin.readline(LONGEST_KEY)
        else:
            with path.open(encoding="ascii") as file:
                text = file.read(LONGEST_KEY)
    except UnicodeDecodeError:
        raise TargetError(f"{where}: a key is plain ASCII text") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise TargetError(f"{where}: no key can be read: {reason}") from None
    words = text.split()
    if ASSIGNMENT.match(text):
        raise TargetError(f"{where}: it holds an assignment; it must hold the key alone")
    if len(words) != 1:
        raise TargetError(f"{where}: it holds {len(words)} words; it must hold the key alone")
    return checked(words[0], where)


def from_environment(text: str) -> str:
    """The text, or for ``${NAME}`` the variable of that name. Raises TargetError without one."""
    variable = VARIABLE.fullmatch(text)
    if variable is None:
        return text
    value = os.environ.get(variable[1])
    if not value:
        raise TargetError(f"the environment variable {variable[1]} is not set")
    return value


def checked(key: str, where: str) -> str:
    """The key itself. Raises TargetError, with the place but without the text, if it is no key."""
    if not re.fullmatch(r"[\x21-\x7e]{8,}", key):
        raise TargetError(
            f"{where}: a key is at least 8 characters of printable ASCII without spaces"
        )
    return key


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
