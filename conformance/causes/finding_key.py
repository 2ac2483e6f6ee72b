"""The key of a finding: rule, place, and the kinds of the expected and the actual response.

Findings with the same key belong together. Ids, times, numbers and quoted texts differ from run to
run, so a key contains none of them. The words of a key are part of the id of its cause.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import astuple, dataclass

from conformance.base.values import cut
from conformance.model import NOT_PARSED, Exchange, Finding
from conformance.model.mistake_names import oddity_of

LONGEST = 80
"""Maximum characters of a text in a key."""
ALIKE = ("tenant.rows", "owner.named")
"""Rules that all find a list that shows another business's data."""
FILTER, PAGE = "paging.filter", "paging.advances"
"""Rules that both find a missing page of a list."""
ERROR, OF_ERRORS = "error", ("error.", "route.unknown")
"""Replaces the rules about the form of errors."""
FAULT = "fault of the server"
"""Replaces the rule if the status is that of a server fault."""
UNREAD = "a body that is no JSON"
"""Replaces the oddity of a body that no parser accepts."""
TAKEN = "taken"
"""Replaces the status if a request was not refused."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ][0-9:.,]+(Z|[+-]\d\d:?\d\d)?")
_TYPED = re.compile(r"^.* is not of type ", re.DOTALL)
_QUOTED = re.compile(r'"[^"]*"')
_ID = re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b|\b(?=[a-zA-Z_]*\d)\w{10,}\b")
_NUMBER = re.compile(r"\d+([.,]\d+)*")
_INDEX = re.compile(r"/\d+(?=/|$)")
_COLLECTION = re.compile(r"^/[^/]+(?=/\*)")


@dataclass(frozen=True, order=True)
class Key:
    """What the findings of one cause have in common."""

    rule: str
    where: str = ""
    expected: str = ""
    actual: str = ""
    flaw: str = ""

    @property
    def id(self) -> str:
        """A short id that is the same in every run."""
        digest = hashlib.sha256("\0".join(astuple(self)).encode(errors="replace")).hexdigest()
        return f"cause-{digest[:8]}"


def key_of(finding: Finding, shown_by: list[Exchange]) -> Key:
    """The key of a finding as shown by some of its exchanges."""
    if finding.rule in ALIKE:
        return Key(ALIKE[0])
    if finding.where == "status":
        return _key_of_status(finding, shown_by)
    if finding.rule == FILTER:
        return Key(FILTER)
    is_code = finding.actual.startswith('"') and finding.where.endswith("/code")
    actual = cut(finding.actual, LONGEST) if is_code else kind(finding.actual)
    expected = _first_choice(finding) if is_code else finding.expected
    return Key(_rule(finding), place_of(finding), kind(expected), actual)


def _first_choice(finding: Finding) -> str:
    """The refusal that the contract names first.

    Which other refusals are equally valid depends on the rest of the request, so the same server
    mistake appears both with and without them.
    """
    return finding.expected.partition(" or ")[0]


def _rule(finding: Finding) -> str:
    """The rule of a finding, or ERROR for all rules about the form of errors."""
    if finding.rule.startswith(OF_ERRORS):
        return ERROR
    return finding.rule


def place_of(finding: Finding) -> str:
    """The place of a finding, without the indexes and the collection name of items.

    A member of the wrong type has the same place in a list as in an object.
    """
    place = _COLLECTION.sub("", _INDEX.sub("/*", cut(finding.where, LONGEST)))
    return place.removeprefix("/*") if _TYPED.search(finding.actual) else place


def _key_of_status(finding: Finding, shown_by: list[Exchange]) -> Key:
    """The key of a response with a wrong status.

    Server faults are distinguished by what provoked them. To a judge of keys, any other status
    means that the key was not refused.
    """
    status = (shown_by[-1].status or 0) if shown_by else 0
    if is_fault(status):
        return Key(FAULT, "status", actual=str(status), flaw=_flaw(shown_by[-1]))
    rule = PAGE if finding.rule == FILTER else finding.rule
    refusal_owed = not finding.expected.startswith("2")
    is_taken = 200 <= status < 300 or rule.startswith("auth.")
    actual = TAKEN if refusal_owed and is_taken else str(status)
    return Key(rule, "status", cut(_first_choice(finding), LONGEST), actual)


def is_fault(status: int) -> bool:
    """Whether a status is that of a server fault."""
    return status >= 500


def _flaw(exchange: Exchange) -> str:
    """What is odd about a request; empty if it has no mistake."""
    oddity = oddity_of(exchange)
    return UNREAD if oddity in NOT_PARSED else oddity


def kind(text: str) -> str:
    """A text without what differs from run to run; only the first character of JSON values."""
    text = cut(text, 10 * LONGEST)
    text = _TYPED.sub("V is not of type ", text)
    for pattern, word in ((_TIME, "T"), (_QUOTED, '""'), (_ID, "ID"), (_NUMBER, "N")):
        text = pattern.sub(word, text)
    if text.startswith(("{", "[")):
        return text[0]
    return cut(text, LONGEST)
