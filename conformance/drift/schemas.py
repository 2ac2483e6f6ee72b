"""Compares a schema of the contract with that of a target, in requests or in responses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from conformance.drift.change import BREAKING, Change, Kind, Side, named
from conformance.drift.limits import INCOMPARABLE, TYPE_OF_LIMIT, Limit, is_as_tight
from conformance.drift.view import View, Views

SHOWN = 5
"""Values that a change names."""
_NEVER = {Side.REQUEST: "must not be", Side.RESPONSE: "is never"}
_ONLY = {Side.REQUEST: "must be", Side.RESPONSE: "is always"}
"""Words before values that the target does not allow, and before the only ones that it allows."""
DEEPEST = 12
"""Maximum nesting of members that are compared. Schemas may contain themselves."""


@dataclass(frozen=True)
class Spot:
    """Where in an operation something is compared.

    ``subject`` names the part, such as ``response 200``, and ``path`` the member in it, such as
    ``calls[].id``. ``codes`` is the path of the member with the error code; None if there is none.
    """

    route: str
    side: Side
    subject: str
    path: str = ""
    codes: str | None = None
    impossible: frozenset[str] = frozenset()  # types that values here cannot have
    depth: int = 0

    def inside(self, step: str) -> Spot:
        """The spot of a member, by ``.name``, or of the items of an array, by ``[]``."""
        return replace(self, path=f"{self.path}{step}", depth=self.depth + 1)

    def change(self, kind: Kind, words: str, *, breaks: bool | None = None) -> Change:
        """A change here. Unless ``breaks`` is given, BREAKING says whether it breaks clients."""
        path = self.path.removeprefix(".")
        subject = f"{self.subject}, member {path}" if path else self.subject
        if breaks is None:
            breaks = kind is BREAKING[self.side]
        return Change(self.route, kind, breaks, named(subject), words)


class Schemas:
    """Compares schemas of the contract (``ours``) with those of the target (``theirs``)."""

    def __init__(self, ours: Views, theirs: Views, codes: frozenset[str] = frozenset()) -> None:
        self._ours = ours
        self._theirs = theirs
        self._codes = codes  # every code of the contract, as JSON

    def compare(self, ours: object, theirs: object, spot: Spot) -> Iterator[Change]:
        """What differs between two schemas. Raises TooMuchError.

        If the schema of the target allows everything, or cannot be followed, only that is reported.
        Otherwise, nothing is reported if the schema of the contract cannot be followed.
        """
        one = self._ours.view(ours)
        other = self._theirs.view(True if theirs is None else theirs)
        self._theirs.spend(other.size)
        if other == View():  # a schema that allows everything does not contradict the contract
            if one != View():
                yield spot.change(Kind.WIDER, "is not described", breaks=False)
        elif not other.known:
            yield spot.change(Kind.WIDER, "is described by a reference that leads nowhere")
        elif one.known:
            yield from self._views(one, other, spot)

    def _views(self, ours: View, theirs: View, spot: Spot) -> Iterator[Change]:
        """What differs between two schemas and, down to DEEPEST, the parts that both describe.

        If they have no type in common, only the types are compared.
        """
        yield from _types(ours, theirs, spot)
        if ours.types.isdisjoint(theirs.types):
            return
        yield from self._values(ours, theirs, spot)
        yield from _limits(ours, theirs, spot)
        yield from _members(ours, theirs, spot)
        if spot.depth == DEEPEST:
            return
        for name in sorted(ours.members.keys() & theirs.members.keys()):
            inside = spot.inside(f".{name}")
            yield from self.compare(ours.members[name], theirs.members[name], inside)
        if ours.items is not None and "array" in theirs.types:
            items = True if theirs.items is None else theirs.items
            yield from self.compare(ours.items, items, spot.inside("[]"))
        if ours.rest is not None and theirs.rest is not None:
            yield from self.compare(ours.rest, theirs.rest, spot.inside(".*"))

    def _values(self, ours: View, theirs: View, spot: Spot) -> Iterator[Change]:
        """The values that only one side lists.

        Error codes are an exception: a document may list none of them, or all codes of the API for
        every status, without breaking clients.
        """
        is_code = spot.path == spot.codes
        if theirs.values is None:
            if ours.values is not None:
                breaks = spot.side is Side.RESPONSE and not is_code
                yield spot.change(Kind.WIDER, "may have any value: none are listed", breaks=breaks)
            return
        if ours.values is None:
            shown = [_value(each) for each in sorted(theirs.values)]
            yield spot.change(Kind.NARROWER, f"{_ONLY[spot.side]} one of {_listed(shown)}")
            return
        more, fewer = theirs.values - ours.values, ours.values - theirs.values
        if is_code and not fewer:
            more -= self._codes
        for value in sorted(more):
            yield spot.change(Kind.WIDER, f"may also be {_value(value)}")
        for value in sorted(fewer):
            yield spot.change(Kind.NARROWER, f"{_NEVER[spot.side]} {_value(value)}")


def _types(ours: View, theirs: View, spot: Spot) -> Iterator[Change]:
    """The types that only one side allows."""
    more = theirs.types - ours.types - spot.impossible
    fewer = ours.types - theirs.types - spot.impossible
    if more:
        yield spot.change(Kind.WIDER, f"may also be {_listed(_types_in(more))}")
    if fewer:
        yield spot.change(Kind.NARROWER, f"{_NEVER[spot.side]} {_listed(_types_in(fewer))}")


def _types_in(types: Iterable[str]) -> list[str]:
    """The names of types, sorted; ``integer`` is left out beside ``number``."""
    names = set(types)
    return sorted(names - {"integer"} if "number" in names else names)


def _limits(ours: View, theirs: View, spot: Spot) -> Iterator[Change]:
    """The limits that differ, for types that both sides allow.

    A limit that the target does not state breaks no client, not even in a response.
    """
    types = ours.types & theirs.types
    if "integer" in types:
        types |= {"number"}
    for name, limited_type in TYPE_OF_LIMIT.items():
        one, other = ours.limits.get(name), theirs.limits.get(name)
        if one == other or limited_type not in types:
            continue
        if other is None:
            words = f"has no {name}, instead of {_limit(one)}"
            yield spot.change(Kind.WIDER, words, breaks=False)
        elif one is None:
            yield spot.change(Kind.NARROWER, f"has the {name} {_limit(other)}")
        else:
            words = f"has the {name} {_limit(other)} instead of {_limit(one)}"
            yield spot.change(_kind(name, one, other, spot.side), words)


def _kind(name: str, ours: Limit, theirs: Limit, side: Side) -> Kind:
    """How two different limits compare.

    Two patterns, or two values of multipleOf, cannot be compared, so they count as the kind that
    breaks clients.
    """
    if name in INCOMPARABLE:
        return BREAKING[side]
    return Kind.NARROWER if is_as_tight(name, theirs, ours) else Kind.WIDER


def _members(ours: View, theirs: View, spot: Spot) -> Iterator[Change]:
    """The members that are gone, and those that only one side requires.

    A new member is no drift, unless a request needs it. If the target allows objects but describes
    no members at all, this is reported in place of the members that are gone.
    """
    if ours.members and not theirs.members and "object" in theirs.types:
        yield spot.change(Kind.WIDER, "has no members that are described", breaks=False)
    else:
        for name in sorted(ours.members.keys() - theirs.members.keys()):
            breaks = spot.side is Side.REQUEST or name in ours.required
            yield spot.inside(f".{name}").change(Kind.GONE, "is gone", breaks=breaks)
    yield from _required(ours, theirs, spot)


def _required(ours: View, theirs: View, spot: Spot) -> Iterator[Change]:
    """The members that only one side requires.

    A required member that only the target describes matters only in requests. For a member that is
    gone, ``_members`` reports that alone.
    """
    is_request = spot.side is Side.REQUEST
    for name in sorted(theirs.required - ours.required):
        member = spot.inside(f".{name}")
        if name in ours.members:
            words = "must be sent" if is_request else "is always there"
            yield member.change(Kind.NARROWER, words)
        elif is_request:
            yield member.change(Kind.NEW, "is required", breaks=True)
    for name in sorted((ours.required - theirs.required) & theirs.members.keys()):
        words = "may be left out" if is_request else "may be missing"
        yield spot.inside(f".{name}").change(Kind.WIDER, words)


def _listed(words: list[str]) -> str:
    """The first few of some words, joined by commas, and the number of others if there are more."""
    more = [f"{len(words) - SHOWN:,} more"] if len(words) > SHOWN else []
    return named(", ".join([*words[:SHOWN], *more]))


def _value(text: str) -> str:
    """A JSON value for people: a text without its quotes, unless it is empty."""
    value = json.loads(text)
    return named(value if isinstance(value, str) and value else text)


def _limit(limit: Limit) -> str:
    """A limit for people."""
    if isinstance(limit, tuple):
        number, excluded = limit
        return f"{number} (excluded)" if excluded else str(number)
    return named(limit)
