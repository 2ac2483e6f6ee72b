"""The placeholders for secrets in messages and in the log, such as ``{key:full~last-char}``.

This module is the only definition of their syntax. The transport writes and fills placeholders,
scenarios and judges read them, and the report turns them into shell variables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class SecretKind(StrEnum):
    """Where a secret comes from."""

    KEY = "key"  # from the target file; the name is its role
    UNKNOWN = "unknown"  # a key that was never issued; the name is its public prefix
    # issued in a success; the name is "member-number", as for the kinds below
    SECRET = "secret"  # noqa: S105
    UNPREFIXED = "unprefixed"  # a key issued in a success that starts with no public prefix
    LINK = "link"  # a link that opens something, such as a magic link
    FOUND = "found"  # looks like a key that the target showed without issuing it
    VALUE = "value"  # not a secret: a value that a step in a report takes from an earlier response
    PLAIN = "plain"  # removed to be safe, but probably an example or an ordinary address


ISSUED = (SecretKind.SECRET, SecretKind.UNPREFIXED)
"""The kinds of secrets that a success issues."""

PART = "part"
"""The suffix for a piece of a secret, or for an encoded secret."""

FOUND_KEY = "key"
"""Replaces the member name of a found secret recognized as a key only by its public prefix."""

PATTERN = re.compile(
    rf"\{{(?P<kind>{'|'.join(SecretKind)}):"
    r"(?P<name>[\w.:/@+-]{0,120})(?:~(?P<suffix>[a-z-]+))?\}"
)


@dataclass(frozen=True)
class Placeholder:
    """The name of a secret. ``suffix`` tells what was derived from it: a near miss, or a part."""

    kind: SecretKind
    name: str
    suffix: str = ""

    def __str__(self) -> str:
        return f"{{{self._inside}}}"

    @property
    def _inside(self) -> str:
        suffix = f"~{self.suffix}" if self.suffix else ""
        return f"{self.kind}:{self.name}{suffix}"

    @property
    def without_suffix(self) -> Placeholder:
        """The placeholder of the secret itself, without a suffix."""
        return replace(self, suffix="")

    @property
    def part(self) -> Placeholder:
        """The placeholder for a part of the secret."""
        return replace(self, suffix=PART)

    @property
    def member(self) -> str:
        """The member that contained the secret, for the kinds whose name is "member-number"."""
        member, _, number = self.name.rpartition("-")
        return member if number.isdecimal() else ""

    @property
    def identity(self) -> str:
        """The identity in an exchange: the role of a target file key, or else kind and name."""
        return self._inside.removeprefix(f"{SecretKind.KEY}:")

    @classmethod
    def of_identity(cls, identity: str) -> Placeholder:
        """The placeholder of the key with an identity; the inverse of ``identity``.

        A text that does not begin with ``unknown:`` or the kind of an issued secret is the role of
        a key, such as ``full`` or ``scope:calls:read``.
        """
        kind, colon, name = identity.partition(":")
        if not colon or kind not in (SecretKind.UNKNOWN, *ISSUED):
            kind, name = SecretKind.KEY, identity
        name, _, suffix = name.partition("~")
        return cls(SecretKind(kind), name, suffix)

    @classmethod
    def parse(cls, text: str) -> Placeholder | None:
        """The placeholder that a text consists of; None for any other text."""
        match = PATTERN.fullmatch(text)
        if match is None:
            return None
        return cls.of_match(match)

    @classmethod
    def all_in(cls, text: str) -> Iterator[Placeholder]:
        """The placeholders in a text, from left to right."""
        return (cls.of_match(match) for match in PATTERN.finditer(text))

    @classmethod
    def of_match(cls, match: re.Match[str]) -> Placeholder:
        """The placeholder in a match of PATTERN."""
        return cls(SecretKind(match["kind"]), match["name"], match["suffix"] or "")
