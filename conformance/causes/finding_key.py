"""What makes two findings alike: rule, place, and the kinds of what was expected and what came.

Ids, times, numbers and quoted texts differ from run to run, so a key holds none of them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import astuple, dataclass

from conformance.base.values import cut
from conformance.model import NOT_PARSED, Exchange, Finding, mistake_of

LONGEST = 80
"""Characters of a text that a key holds."""
ALIKE = ("tenant.rows", "owner.named")
"""Rules that all say: a list shows what belongs to another business."""
FILTER, PAGE = "paging.filter", "paging.advances"
"""Rules that both say: a page that the list owes does not come."""
ERROR, OF_ERRORS = "error", ("error.", "route.unknown")
"""In place of the rules of the form of an error."""
FAULT = "fault of the server"
"""In place of the rule where the status is one of a server fault."""
UNREAD = "a body that is no JSON"
"""In place of the oddness of a body that no parser takes."""
TAKEN = "taken"
"""In place of the status where a request was not refused."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ][0-9:.,]+(Z|[+-]\d\d:?\d\d)?")
_TYPED = re.compile(r"^.* is not of type ", re.DOTALL)
_QUOTED = re.compile(r'"[^"]*"')
_ID = re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b|\b(?=[a-zA-Z_]*\d)\w{10,}\b")
_NUMBER = re.compile(r"\d+([.,]\d+)*")
_INDEX = re.compile(r"/\d+(?=/|$)")
_COLLECTION = re.compile(r"^/[^/]+(?=/\*)")


@dataclass(frozen=True, order=True)
class Key:
    """What findings of one cause have in common."""

    rule: str
    where: str = ""
    expected: str = ""
    actual: str = ""
    flaw: str = ""

    @property
    def id(self) -> str:
        """A short name that is the same in every run."""
        digest = hashlib.sha256("\0".join(astuple(self)).encode(errors="replace")).hexdigest()
        return f"cause-{digest[:8]}"


def key_of(finding: Finding, shown_by: list[Exchange]) -> Key:
    """The key of a finding, as some of its exchanges show it."""
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

    Which others are as good depends on what a request holds besides its mistake, so the same
    mistake of a server shows with and without them.
    """
    return finding.expected.partition(" or ")[0]


def _rule(finding: Finding) -> str:
    """The rule of a finding; one word for all rules of the form of an error."""
    if finding.rule.startswith(OF_ERRORS):
        return ERROR
    return finding.rule


def place_of(finding: Finding) -> str:
    """Where a finding is, without the numbers of items and the name that a list has for them.

    A member of the wrong type is the same one in a list and in an object.
    """
    place = _COLLECTION.sub("", _INDEX.sub("/*", cut(finding.where, LONGEST)))
    return place.removeprefix("/*") if _TYPED.search(finding.actual) else place


def _key_of_status(finding: Finding, shown_by: list[Exchange]) -> Key:
    """The key of a response with a wrong status.

    What provoked a fault of the server tells it from others. To a judge of keys, whatever else came
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
    """Whether a status says that the server failed."""
    return status >= 500


def _flaw(exchange: Exchange) -> str:
    """What is odd in a request; empty for one without a mistake."""
    if not exchange.facts.mistake:
        return ""
    mistake = mistake_of(exchange) or f"what the scenario {exchange.scenario} sends"
    return UNREAD if mistake in NOT_PARSED else mistake


def kind(text: str) -> str:
    """A text without what differs from run to run. Of an object or a list only the beginning."""
    text = cut(text, 10 * LONGEST)
    text = _TYPED.sub("V is not of type ", text)
    for pattern, word in ((_TIME, "T"), (_QUOTED, '""'), (_ID, "ID"), (_NUMBER, "N")):
        text = pattern.sub(word, text)
    if text.startswith(("{", "[")):
        return text[0]
    return cut(text, LONGEST)
