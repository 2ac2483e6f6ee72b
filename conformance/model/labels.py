"""The labels with which scenarios describe their requests to the judges.

Scenarios write labels, judges read them, and the log stores them. Each name is defined once, here,
so a misspelt label is a type error; ``tests/test_labels.py`` fails for a label that is never
written or never read. The values are part of the evidence format: they never change.
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
    """A valid request. It must succeed, or else a refusal of the probe proves nothing."""
    ARRANGE = "setup"
    """Prepares the case, or reads the state before it."""
    BYSTANDER = "bystander"
    """Judged by the rules that apply to every exchange, but by no rule of the case."""
    RETRY = "retry"
    """An attempt that the transport repeated. It is not part of any trial."""


class Side(StrEnum):
    """Whose data a list shows, seen from the main business."""

    OWN = "own"
    FOREIGN = "foreign"


class Form(StrEnum):
    """How a request is wrong."""

    MISSING = "missing"  # no key
    SCHEME = "scheme"  # a header that is not the scheme and a key
    MISPLACED = "misplaced"  # a key in a place where no server may accept it
    SPELLED = "spelled"  # no key, and another spelling of the path
    UNKNOWN = "unknown"  # a key that was never issued
    ALTERED = "altered"  # a key that differs from a valid one in a few characters
    EXPIRED = "expired"
    REVOKED = "revoked"
    OMITTED = "omitted"  # a required parameter is left out
    NULL = "null"  # a required parameter is null
    INVENTED = "invented"  # a path that no server can have


class Step(StrEnum):
    """The position of a request in its case."""

    BEFORE = "before"  # reads the state before the probe
    AFTER = "after"  # reads the state after it
    OLDER_BEFORE = "older-before"  # the same for an older object, which must not change
    OLDER_AFTER = "older-after"
    NEWER_BEFORE = "newer-before"
    NEWER_AFTER = "newer-after"
    LISTED_BEFORE = "listed-before"  # the same in a list
    LISTED_AFTER = "listed-after"
    LISTED = "listed"  # looks for a new, changed or deleted object in a list
    FILTERED = "filtered"  # looks for a changed object in a filtered list
    LOOK = "look"  # looks for effects of refused requests

    WRITE = "write"  # creates or changes
    REPEATED = "repeated"  # repeats a creation
    FIRST = "first"  # an earlier change to other members
    READ = "read"  # reads the written object back
    DELETE = "delete"
    DELETED = "deleted"  # uses a deleted object
    ATTEMPT = "attempt"  # a write that must be refused
    SEQUENCE = "sequence"  # one of many writes of an object, or a look at it between them

    OWNER = "owner"  # the owner reads an object
    FOREIGN = "foreign"  # another business asks for it
    NOBODY = "nobody"  # the same for an object that does not exist
    REFERENCE = "reference"  # a required reference to an object of another business
    OPTIONAL = "optional"  # an optional one
    TIED = "tied"  # checks whether the object shows that reference
    TAKING = "taking"  # asks for an item that another business has taken from a pool
    NAMED = "named"  # creates an object with every member that may have to be unique
    NAMESAKE = "namesake"  # another business does the same with the same values
    LISTING = "listing"  # reads the list of the other business
    UNFILTERED = "unfiltered"  # the list without the filter
    NARROWED = "narrowed"  # a report with a parameter that filters it
    UNCACHED = "uncached"  # a report under a URL that was not requested before
    CACHED = "cached"  # the same under the usual URL

    MADE = "made"  # issues a key
    USED = "used"  # uses it

    COUNT = "count"  # one of the requests that fill a rate limit
    EVASION = "evasion"  # pretends to come from another client once the limit is reached
    EARLIER = "earlier"  # comes from another address before the limit is reached
    ELSEWHERE = "elsewhere"  # comes from another address afterwards
    SHORTLY = "shortly"  # some seconds after a limit was reached
    SOON = "soon"  # before half of the window is over
    LATER = "later"  # after the window
    AGAIN = "again"  # fills the limit again
    TICK = "tick"  # advances the clock of the target

    TAKEN = "taken"  # a valid request next to a trigger
    PAID = "paid"  # with a false proof of payment
    SETTLED = "settled"  # with a proof that the target accepts


@dataclass(frozen=True)
class Facts:
    """The labels of one request. A field that is not set has no meaning."""

    step: Step | None = None
    form: Form | None = None
    side: Side | None = None
    mistake: bool = False  # the client made a mistake, so a 5xx is the server's fault
    odd: bool = False  # the request may have a status that the contract does not list
    flaw: str | None = None  # what is wrong or odd in the request, such as "nul in name"
    mendable: bool = False  # a wrong path that a server may serve anyway
    refusable: bool = False  # a page that may be refused
    placed: bool = False  # has a cursor of the main business, or several filters
    printed_cursor: bool = False  # the cursor is the one that the page prints
    moving: bool = False  # the list changes during the walk
    walk: str | None = None  # the walk that a page belongs to
    filters: Mapping[str, str] = field(default_factory=dict)  # filter values, by parameter
    sought: str | None = None  # the id of the object being looked for
    position: str | None = None  # the position of that object in time
    sent: Mapping[str, Any] = field(default_factory=dict)  # the members that a write sent
    beside: Mapping[str, Any] = field(default_factory=dict)  # sent too: values of other objects
    tied: Mapping[str, Any] = field(default_factory=dict)  # references to another business
    fresh: tuple[str, ...] = ()  # texts that occur in no other request
    serves: tuple[str, ...] = ()  # the ids of other cases whose control the request is, too
    address: str | None = None  # the local address that the transport sent from
    broken: str | None = None  # what was wrong with this transfer, and with the one before it
    again: str | None = None  # the id of the exchange that this one repeats at the end of the run

    @staticmethod
    def of(members: Mapping[str, Any]) -> Facts:
        """The facts in a log line. Unknown names are left out; unknown words become None.

        Raises TypeError for a member of the wrong kind.
        """
        if not members:
            return NOTHING
        values: dict[str, Any] = {}
        for member, value in members.items():
            name = _RENAMED.get(member, member)
            if name in _KNOWN:
                read = _READERS.get(name, _plain)
                values[name] = read(value)
        return Facts(**values)

    def to_json(self) -> dict[str, Any]:
        """The facts that are set, by the names that they have in the log."""
        members: dict[str, Any] = {}
        for name in _NAMES:
            value = getattr(self, name)
            if value:
                members[_WRITTEN.get(name, name)] = _json(value)
        return members


def _word(kind: type[StrEnum]) -> Any:
    """A function that turns a word into a member of ``kind``, and anything else into None."""
    words: dict[object, StrEnum] = {word.value: word for word in kind}

    def read(value: Any) -> StrEnum | None:
        return words.get(value) if isinstance(value, str) else None

    return read


def _plain(value: Any) -> Any:
    return value


def _json(value: Any) -> Any:
    """A value as written to the log: an enumeration member as its word, a tuple as a list."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return list(value)
    return value


_NAMES = tuple(each.name for each in fields(Facts))
_KNOWN = frozenset(_NAMES)
_RENAMED = {"from": "address"}
_WRITTEN = {"address": "from"}
_READERS: Mapping[str, Any] = {
    "step": _word(Step),
    "form": _word(Form),
    "side": _word(Side),
    "fresh": tuple,
    "serves": tuple,
}
NOTHING = Facts()
"""The facts of a request that needs none."""
