"""What messages and the log hold in place of a secret, such as ``{key:full~last-char}``.

This is the one spelling of placeholders. The transport writes them and fills them, scenarios and
judges read them, and the report turns them into shell variables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class SecretKind(StrEnum):
    """Where a secret comes from."""

    KEY = "key"  # of the target file; the name is its role
    UNKNOWN = "unknown"  # a key that nobody issued; the name is its public prefix
    # handed out by a success; its name is "member-number", as those of the kinds below
    SECRET = "secret"  # noqa: S105
    LINK = "link"  # a link that opens something, such as a magic link
    FOUND = "found"  # looks like a key, and the target showed it without handing it out
    VALUE = "value"  # no secret: what a step of a report takes from the response to an earlier one
    PLAIN = "plain"  # taken out to be safe, but reads like an example or an ordinary address


PART = "part"
"""The suffix of a piece of a secret, or of a secret in an encoding."""

FOUND_KEY = "key"
"""In place of the member of a found secret that is known as a key by its public prefix alone."""

PATTERN = re.compile(
    rf"\{{(?P<kind>{'|'.join(SecretKind)}):"
    r"(?P<name>[\w.:/@+-]{0,120})(?:~(?P<suffix>[a-z-]+))?\}"
)


@dataclass(frozen=True)
class Placeholder:
    """The name of a secret. ``suffix`` says what was made of the secret: a near miss, or a part."""

    kind: SecretKind
    name: str
    suffix: str = ""

    def __str__(self) -> str:
        return f"{{{self._inside}}}"

    @property
    def _inside(self) -> str:
        return f"{self.kind}:{self.name}{self.suffix and '~'}{self.suffix}"

    @property
    def whole(self) -> Placeholder:
        """The placeholder of the secret itself, without a suffix."""
        return replace(self, suffix="")

    @property
    def part(self) -> Placeholder:
        """The placeholder of a part of the secret."""
        return replace(self, suffix=PART)

    @property
    def member(self) -> str:
        """The member that showed the secret, for the kinds whose name is "member-number"."""
        member, _, number = self.name.rpartition("-")
        return member if number.isdecimal() else ""

    @property
    def identity(self) -> str:
        """How an exchange names the key that it carries: the role of a key, else kind and name."""
        return self._inside.removeprefix(f"{SecretKind.KEY}:")

    @classmethod
    def of_identity(cls, identity: str) -> Placeholder:
        """The placeholder of the key that an exchange names so.

        The inverse of ``identity``: a text without a kind before a colon is the role of a key.
        """
        kind, colon, name = identity.partition(":")
        if not colon or kind not in (SecretKind.UNKNOWN, SecretKind.SECRET):
            kind, name = SecretKind.KEY, identity
        name, _, suffix = name.partition("~")
        return cls(SecretKind(kind), name, suffix)

    @classmethod
    def parse(cls, text: str) -> Placeholder | None:
        """The placeholder that a text is; None for any other text."""
        match = PATTERN.fullmatch(text)
        if match is None:
            return None
        return cls.of_match(match)

    @classmethod
    def all_in(cls, text: str) -> Iterator[Placeholder]:
        """The placeholders that a text holds, from left to right."""
        return (cls.of_match(match) for match in PATTERN.finditer(text))

    @classmethod
    def of_match(cls, match: re.Match[str]) -> Placeholder:
        """The placeholder in a match of PATTERN."""
        return cls(SecretKind(match["kind"]), match["name"], match["suffix"] or "")
