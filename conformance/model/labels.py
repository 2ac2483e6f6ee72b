"""What a scenario says of a request for the judges: the labels that both sides agree on.

Scenarios write labels, judges read them, and the log keeps them. Every name stands here once, so a
misspelt label is a type error; ``tests/test_labels.py`` fails for one that nobody writes or reads.
The values are part of the evidence format: they never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """Why a request was sent."""

    PROBE = "probe"
    """The request that the case is about."""
    CONTROL = "control"
    """A valid request: it must succeed for a refusal of the probe to prove anything."""
    ARRANGE = "setup"
    """Prepares the case, or looks at the state before it."""
    BYSTANDER = "bystander"
    """Judged by the rules for every exchange, and by no rule of the case."""
    RETRY = "retry"
    """An attempt that the transport repeated; no trial contains it."""


class Side(StrEnum):
    """Whose data a list shows, seen from the main business."""

    OWN = "own"
    FOREIGN = "foreign"


class Form(StrEnum):
    """How a request is wrong."""

    MISSING = "missing"  # no key
    SCHEME = "scheme"  # a key that is not written as the scheme and one token
    MISPLACED = "misplaced"  # a key where no server may take it
    SPELLED = "spelled"  # no key, and another spelling of the path
    UNKNOWN = "unknown"  # a key that was never issued
    ALTERED = "altered"  # a key that differs from a valid one in a few characters
    EXPIRED = "expired"
    REVOKED = "revoked"
    OMITTED = "omitted"  # a required parameter is left out
    NULL = "null"  # a required parameter is null
    INVENTED = "invented"  # a path that no server can have


class Step(StrEnum):
    """The place of a request in its case."""

    BEFORE = "before"  # a look at the state before the probe
    AFTER = "after"  # a look at the state after it
    OLDER_BEFORE = "older-before"  # the same looks at an older object, which must stay as it is
    OLDER_AFTER = "older-after"
    NEWER_BEFORE = "newer-before"
    NEWER_AFTER = "newer-after"
    LISTED_BEFORE = "listed-before"  # the same looks in a list
    LISTED_AFTER = "listed-after"
    LISTED = "listed"  # a look for a new or changed object in its list
    LOOK = "look"  # a look for the effect of refused requests

    WRITE = "write"  # creates or changes
    REPEATED = "repeated"  # the same creation a second time
    FIRST = "first"  # an earlier change of other members
    READ = "read"  # reads the written object back
    DELETE = "delete"
    DELETED = "deleted"  # works on what was deleted
    ATTEMPT = "attempt"  # a write that must be refused

    OWNER = "owner"  # the owner reads an object
    FOREIGN = "foreign"  # another business asks for it
    NOBODY = "nobody"  # the same for an object that nobody has
    REFERENCE = "reference"  # a required reference to an object of another business
    OPTIONAL = "optional"  # an optional one
    TIED = "tied"  # a look whether the object shows that reference
    TAKING = "taking"  # asks for what another business has taken from a pool
    NAMED = "named"  # creates with every member that may have to be unique
    NAMESAKE = "namesake"  # another business does so with the same values
    LISTING = "listing"  # a look into the list of the other business
    UNFILTERED = "unfiltered"  # the list without the filter
    NARROWED = "narrowed"  # a report with a parameter that narrows it
    UNCACHED = "uncached"  # a report under a URL that nobody asked for before
    CACHED = "cached"  # the same under the usual URL

    MADE = "made"  # hands out a key
    USED = "used"  # uses it

    COUNT = "count"  # one of the requests that fill a rate limit
    EVASION = "evasion"  # pretends to come from another client, once the limit is met
    EARLIER = "earlier"  # comes from another address before the limit is met
    ELSEWHERE = "elsewhere"  # comes from another address afterwards
    SOON = "soon"  # before half of the window is over
    LATER = "later"  # after the window
    AGAIN = "again"  # fills the limit a second time
    TICK = "tick"  # moves the clock of the target on

    TAKEN = "taken"  # a valid request beside a trigger
    PAID = "paid"  # with a false proof of payment
    SETTLED = "settled"  # with a proof that the target accepts


@dataclass(frozen=True)
class Facts:
    """The labels of one request. A field that is not set says nothing."""

    step: Step | None = None
    form: Form | None = None
    side: Side | None = None
    mistake: bool = False  # the client is wrong in something, so a 5xx is the server's fault
    odd: bool = False  # the request may have a status that the contract does not list
    flaw: str | None = None  # what is wrong or odd in the request, such as "nul in name"
    mendable: bool = False  # a wrong path that a server may well serve
    refusable: bool = False  # a page that may be refused
    placed: bool = (
        False  # the list was asked for with a cursor of the main business, or two filters
    )
    printed_cursor: bool = False  # the cursor is the one that the page prints
    moving: bool = False  # the list is changed while it is walked
    walk: str | None = None  # the walk that a page belongs to
    filters: Mapping[str, str] = field(
        default_factory=dict
    )  # what the page is narrowed to, by parameter
    sought: str | None = None  # the id of the object that is looked for
    position: str | None = None  # where that object stands in time
    sent: Mapping[str, Any] = field(default_factory=dict)  # the members that a write sent
    beside: Mapping[str, Any] = field(
        default_factory=dict
    )  # more of them, taken from other objects
    tied: Mapping[str, Any] = field(
        default_factory=dict
    )  # the references of an object to another business
    fresh: tuple[str, ...] = ()  # texts that no other request holds
    address: str | None = None  # the local address that the transport sent from
    broken: str | None = None  # what was wrong with this transfer, and with the one before it
    again: str | None = None  # the exchange that this one repeats at the end of the run, by its id

    @staticmethod
    def of(members: Mapping[str, Any]) -> Facts:
        """The facts of a line of a log. Names and words that no judge reads are left out.

        Raises TypeError for a member of the wrong kind.
        """
        values: dict[str, Any] = {}
        for member, value in members.items():
            name = _RENAMED.get(member, member)
            if name in _NAMES:
                values[name] = _READERS.get(name, _plain)(value)
        return Facts(**values)

    def to_json(self) -> dict[str, Any]:
        """The facts that are set, by their names in the log."""
        members: dict[str, Any] = {}
        for name in _NAMES:
            value = getattr(self, name)
            if value:
                members[_WRITTEN.get(name, name)] = _json(value)
        return members


def _word(kind: type[StrEnum]) -> Any:
    """A function that reads a word of an enumeration; None for any other value."""
    words: dict[object, StrEnum] = {word.value: word for word in kind}

    def read(value: Any) -> StrEnum | None:
        return words.get(value) if isinstance(value, str) else None

    return read


def _plain(value: Any) -> Any:
    return value


def _json(value: Any) -> Any:
    """A value as the log holds it: the word of an enumeration, a list for a tuple."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return list(value)
    return value


_NAMES = tuple(each.name for each in fields(Facts))
_RENAMED = {"from": "address"}
_WRITTEN = {"address": "from"}
_READERS: Mapping[str, Any] = {
    "step": _word(Step),
    "form": _word(Form),
    "side": _word(Side),
    "fresh": tuple,
}
NOTHING = Facts()
"""The facts of a request that needs none."""
