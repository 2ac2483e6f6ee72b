"""Near-miss keys: a valid key with one thing changed, which a server must refuse.

The scenarios for keys select an alteration by name. The secret store applies it, because only the
store knows the key. This module is below both of them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _next(char: str) -> str:
    """The next character of the alphabet; the first for the last one or for any not in it."""
    return _ALPHABET[(_ALPHABET.find(char) + 1) % len(_ALPHABET)]


def _changed_at(key: str, place: int) -> str:
    """The key with another character at one place."""
    return key[:place] + _next(key[place]) + key[place + 1 :]


IN_OTHER_CASE = "case"
"""The alteration that changes only the case of letters."""
ALTERATIONS: Mapping[str, Callable[[str], str]] = {
    "last-char": lambda key: key[:-1] + _next(key[-1]),
    "middle-char": lambda key: _changed_at(key, len(key) * 2 // 3),
    "first-char": lambda key: _changed_at(key, len(key) // 5),
    "early-char": lambda key: _changed_at(key, len(key) * 2 // 5),
    "longer": lambda key: key + "A",
    "shorter": lambda key: key[:-1],
    "dotted": lambda key: key + ".",
    "wildcard": lambda key: key[:-1] + "%",
    IN_OTHER_CASE: lambda key: key[: len(key) // 2] + key[len(key) // 2 :].swapcase(),
    "late-char": lambda key: _changed_at(key, len(key) * 5 // 6),
}
"""The alterations of a key, by the suffix of their placeholders."""

OTHER_PREFIX, NO_PREFIX = "other-prefix", "no-prefix"
"""Alterations for contracts whose keys have several public prefixes, or one."""

BASIC = "basic"
"""The key as the user name of Basic authentication, with an empty password."""


def altered(key: str, alteration: str, prefixes: Sequence[str]) -> str | None:
    """The altered key; None if there is no alteration with that name.

    ``prefixes`` are the public prefixes of keys. If there is no other prefix, OTHER_PREFIX leaves
    the key as it is.
    """
    if alteration == BASIC:
        return base64.b64encode(f"{key}:".encode()).decode()
    prefix = prefix_of(key, prefixes)
    private = key.removeprefix(prefix)
    if alteration == NO_PREFIX:
        return private
    if alteration == OTHER_PREFIX:
        others = [other for other in prefixes if other != prefix]
        new_prefix = others[0] if others else prefix
        return new_prefix + private
    if alteration not in ALTERATIONS:
        return None
    return ALTERATIONS[alteration](key)


def prefix_of(key: str, prefixes: Sequence[str]) -> str:
    """The public prefix of a key, or an empty string."""
    for prefix in prefixes:
        if key.startswith(prefix):
            return prefix
    return ""
