"""What differs between the contract and the document of a target."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from conformance.base.text import clean
from conformance.base.values import cut

LONGEST = 120
"""Maximum characters of a name or a value from a document."""
MOST = 5_000
"""Maximum number of changes that are kept: the document may be hostile."""


class Kind(StrEnum):
    """How the document of a target differs from the contract."""

    NEW = "new"
    GONE = "gone"
    WIDER = "wider"
    NARROWER = "narrower"


class Side(StrEnum):
    """The side of an exchange that a change is about."""

    REQUEST = "request"
    RESPONSE = "response"


BREAKING = {Side.REQUEST: Kind.NARROWER, Side.RESPONSE: Kind.WIDER}
"""What breaks clients: narrower requests are refused, and wider responses are unexpected."""


@dataclass(frozen=True, order=True)
class Change:
    """One difference on one operation.

    ``route`` is a text such as ``GET /calls``. ``subject`` names the part of the operation that
    differs, and ``words`` say how. ``breaks`` says whether it breaks clients of the contract.
    """

    route: str
    kind: Kind
    breaks: bool
    subject: str
    words: str


@dataclass(frozen=True)
class Alike:
    """One change, with all operations on which it occurs."""

    kind: Kind
    breaks: bool
    subject: str
    words: str
    routes: tuple[str, ...]

    @property
    def id(self) -> str:
        """An id that stays the same as long as kind, subject, words and operations do."""
        parts = (self.kind, self.subject, self.words, *self.routes)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    @property
    def sentence(self) -> str:
        """The change in words, without its operations."""
        return f"{self.subject} {self.words}"


@dataclass(frozen=True)
class Drift:
    """The changes of a document, those that break clients first.

    ``more`` is the number of changes that were left out.
    """

    changes: tuple[Alike, ...]
    more: int = 0

    @property
    def breaking(self) -> tuple[Alike, ...]:
        """The changes that break clients of the contract."""
        return tuple(each for each in self.changes if each.breaks)


def drift_of(changes: Iterable[Change]) -> Drift:
    """The drift that consists of some changes, those that break clients first.

    A change that occurs twice counts once. The same change on several operations becomes one
    ``Alike``. After the first MOST changes, further ones are only counted.
    """
    kept: dict[Change, None] = {}  # a set that keeps the order
    more = 0
    for change in changes:
        if change in kept:
            continue
        if len(kept) == MOST:
            more += 1
            continue
        kept[change] = None
    routes: dict[tuple[bool, Kind, str, str], list[str]] = {}
    for each in kept:
        is_harmless = not each.breaks  # False sorts first
        key = (is_harmless, each.kind, each.subject, each.words)
        routes.setdefault(key, []).append(each.route)
    alike = [
        Alike(kind, not is_harmless, subject, words, tuple(sorted(found)))
        for (is_harmless, kind, subject, words), found in sorted(routes.items())
    ]
    return Drift(tuple(alike), more)


def named(text: object) -> str:
    """A name or value from a document, bounded and without control characters."""
    return cut(clean(str(text)[: LONGEST + 1]), LONGEST)
