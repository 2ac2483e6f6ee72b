"""The keys of a target file, and what each is for: roles, scopes, businesses.

A file gives keys by role, or as a list with the scopes that a dashboard shows. A listed key without
a role gets the role that matches its scopes and its business.
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
from conformance.model import (
    EVERY_SCOPE,
    NAMED,
    SCOPE,
    Business,
    Contract,
    Effect,
    KeyName,
    key_role,
)

VARIABLE = re.compile(r"\$\{(\w+)\}")
"""How a target file names the environment variable that holds a key."""
STANDARD_INPUT = Path("-")
LONGEST_KEY = 10_000
"""Maximum number of characters read from a key file."""
ASSIGNMENT = re.compile(r"\s*(?:export\s+)?[A-Z][A-Z0-9_]*=")
"""The beginning of a file that sets environment variables instead of holding only a key."""


@dataclass(frozen=True)
class GivenKey:
    """A key in a target file. ``text`` is the key itself, or ``${NAME}`` of a variable."""

    role: str
    text: str
    place: Place
    scopes: tuple[str, ...] | None = None  # None for those of the role


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


def contains_keys(data: Mapping[str, Any]) -> bool:
    """Whether a target file that fits its schema contains a key, not only names of variables."""
    keys = data.get("keys", {})
    listed = [entry["key"] for entry in keys] if isinstance(keys, list) else keys.values()
    texts = [*listed, *data.get("scoped_keys", {}).values()]
    return any(not VARIABLE.fullmatch(text) for text in texts)


def scopes(given: list[GivenKey]) -> Mapping[str, tuple[str, ...]]:
    """The scopes that the file lists for keys, by role; only those that differ from the role's."""
    return {key.role: key.scopes for key in given if key.scopes is not None}


def warnings(path: Path, given: Iterable[GivenKey]) -> tuple[str, ...]:
    """Advice for a target file that contains keys and that other users can read; else empty."""
    holds_keys = any(not VARIABLE.fullmatch(key.text) for key in given)
    if holds_keys and files.open_to_others(path):
        return (
            f"{path} contains keys and is readable by other users. Write keys as ${{NAME}}, "
            "or remove their read permission (chmod 600).",
        )
    return ()


def stored_in(path: Path) -> str:
    """The key in a file; ``-`` reads standard input. Raises TargetError if there is none."""
    where = "standard input" if path == STANDARD_INPUT else str(path)
    try:
        if path == STANDARD_INPUT:
            text = sys.stdin.readline(LONGEST_KEY)
        else:
            with path.open(encoding="ascii") as file:
                text = file.read(LONGEST_KEY)
    except UnicodeDecodeError:
        raise TargetError(f"{where}: a key must be ASCII text") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise TargetError(f"{where}: the key cannot be read: {reason}") from None
    words = text.split()
    if ASSIGNMENT.match(text):
        raise TargetError(f"{where}: contains an assignment, but must contain only the key")
    if len(words) != 1:
        raise TargetError(f"{where}: contains {len(words)} words, but must contain only the key")
    return checked(words[0], where)


def from_environment(text: str) -> str:
    """The text itself, or for ``${NAME}`` the value of that environment variable.

    Raises TargetError if the variable is not set.
    """
    variable = VARIABLE.fullmatch(text)
    if variable is None:
        return text
    value = os.environ.get(variable[1])
    if not value:
        raise TargetError(f"the environment variable {variable[1]} is not set")
    return value


def checked(key: str, where: str) -> str:
    """The key, unchanged. Raises TargetError if it is malformed, naming ``where``, not the key."""
    if not re.fullmatch(r"[\x21-\x7e]{8,}", key):
        raise TargetError(
            f"{where}: a key must have at least 8 printable ASCII characters and no spaces"
        )
    return key


def _listed(contract: Contract, entry: Mapping[str, Any], index: int) -> GivenKey:
    """A key of a list. Its scopes are None if they equal those of its role."""
    place: Place = ("keys", index, "key")
    if "scopes" not in entry:
        return GivenKey(entry["role"], entry["key"], place)
    scopes = _scopes_that_matter(contract, entry["scopes"])
    role = entry.get("role") or _role(contract, entry, scopes)
    if set(scopes) == set(_scopes_of(contract, role)):
        return GivenKey(role, entry["key"], place)
    return GivenKey(role, entry["key"], place, tuple(scopes))


def _scopes_that_matter(contract: Contract, listed: list[str]) -> list[str]:
    """The listed scopes that an operation requires; EVERY_SCOPE means all of these."""
    required = dict.fromkeys(_scopes_of(contract, KeyName.FULL))
    if EVERY_SCOPE in listed:
        return list(required)
    return [scope for scope in listed if scope in required]


def _role(contract: Contract, entry: Mapping[str, Any], scopes: list[str]) -> str:
    """The role of a listed key that names none.

    A key of another business represents that business whatever its scopes. Otherwise it is the role
    with the same scopes, that of a key with a single scope, or else one named after the key.
    """
    business = entry.get("business", Business.MAIN)
    if business != Business.MAIN:
        return str(business)
    for role in (KeyName.FULL, KeyName.READ_ONLY, KeyName.NO_SCOPE):
        if set(scopes) == set(_scopes_of(contract, role)):
            return role
    if len(scopes) == 1:
        return SCOPE + scopes[0]
    return NAMED + str(entry["name"])


def _scopes_of(contract: Contract, role: str) -> Iterator[str]:
    """The scopes of a key with a role, as operations require them; none for an unknown role."""
    known = key_role(role)
    if known is None:
        return
    for operation in contract.operations.values():
        reads = operation.effect is Effect.READ
        for scope in operation.scopes:
            if known.has(scope, reads):
                yield scope
