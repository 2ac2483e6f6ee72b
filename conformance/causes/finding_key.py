"""The key of a finding: rule, place, and the kinds of the expected and the actual response.

Findings with the same key belong together. The key of an error also has the shape of the response,
because responses of different shapes come from different places in a server. Ids, times, numbers
and quoted texts differ from run to run, so a key contains none of them. The words of a key are part
of the id of its cause.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import astuple, dataclass, replace
from functools import lru_cache

from conformance.base.values import cut
from conformance.causes.shape import shape_of
from conformance.model import NOT_PARSED, Exchange, Finding
from conformance.model.mistake_names import SCENARIOS, oddity_of

LONGEST = 80
"""Maximum characters of a text in a key."""
ALIKE = {
    "tenant.rows": "tenant.rows",
    "owner.named": "tenant.rows",
    "figures.grown": "figures.grown",
}
"""Rules of which all findings show one missing check, with the rule that their key has."""
ITEMS, NO_ARRAY = "list.items", ("null", "no array")
"""The rule that finds a list without items, and what it finds where there is nothing at all."""
FILTER, PAGE = "paging.filter", "paging.advances"
"""Rules that both find a missing page of a list."""
OBJECTS, LISTS, UNKNOWN = "tenant.object", "tenant.rows", "id.unknown"
"""Rules that find an object of another tenant, a list of them, and an id that names nothing."""
MISSING = "parameter.missing"
"""The rule that finds a request accepted without a required parameter."""
CONTENT_TYPE = "Content-Type"
"""The place of a finding on the label of a body."""
RECIPE = "trigger.answer"
"""The rule that judges the result of a recipe in the target file. Nothing else proves a recipe."""
READ_BACK = ("create.read-back", "update.read-back")
"""Rules that compare what an object shows with what was sent."""
AS_SENT = ", as it was sent"
"""What findings may append to an expected value that was sent."""
OF_WALKS = (
    *("paging.complete", "paging.exclusive", "paging.order"),
    *("paging.more-false", "paging.more-early", "paging.more-true"),
)
"""Rules about the items of walks, and about whether more follows."""
OF_PAGES = "paging."
"""Prefix of the rules about the pages of lists."""
FILTERED = "a filter"
"""The flaw of a walk with a filter, which a server mostly handles in another place."""
UNROUTED = "route.unknown"
"""The rule about errors for unknown paths and methods."""
ERROR, OF_ERRORS = "error", ("error.", UNROUTED)
"""What replaces the rules about the form of errors in a key, and the beginnings of these rules."""
LABEL_RULE = "success.label"
"""The rule about the media type of successes, which a body that is not JSON breaks, too."""
SHAPE, MEMBERS = "success.shape", "success.members"
"""Rules that both find a member of another type: in a list or a read, and after a write."""
A_VALUE = "a JSON value"
"""What the rules about the form of a response expect of a body that is not JSON."""
FAULT = "fault of the server"
"""Replaces the rule if the status is that of a server fault."""
UNREAD = "a body that is no JSON"
"""Replaces the oddity of a body that no parser accepts."""
LACKED = re.compile(r"'([^']+)' is a required property")
"""What a finding says of a body without a required member, with the name of the member."""
TYPED = " is not of type "
"""What a finding says between a value of a wrong type and the right types."""
DRAWN = SCENARIOS["generated"]
"""The oddity of generated requests, in which anything may be odd."""
ANOTHER = "another object"
"""The flaw of a change whose response shows a different object than the one that it names."""
PHONE = "an invalid phone number"
"""The flaw of accepted requests whose only wrong values are phone numbers."""
NOT_REFUSED = "taken"
"""Replaces the status if a request was not refused."""

OF_SUCCESS = ("success.", "status.")
"""Prefixes of the rules about successes."""
TRANSFER, STATUS, LABEL, BODY, CODE, DETAIL, OTHER = range(7)
"""How much a key explains: problems with a whole response come before problems with its parts."""
DEPTH_IN_ERRORS = {CONTENT_TYPE: LABEL, "/": BODY, "/error": BODY, "/error/code": CODE}
"""How much findings on the form of errors explain, by place."""
DEPTH_ELSEWHERE = {"status": STATUS, "/error/code": DETAIL, CONTENT_TYPE: DETAIL}
"""How much all other findings on one response explain, by place."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ][0-9:.,]+(Z|[+-]\d\d:?\d\d)?")
_TYPED = re.compile(r"^.* is not of type ", re.DOTALL)
_QUOTED = re.compile(r'"[^"]*"')
_ID = re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b|\b(?=[a-zA-Z_]*\d)\w{10,}\b")
_NUMBER = re.compile(r"\d+([.,]\d+)*")
_INDEX = re.compile(r"/\d+(?=/|$)")
_COLLECTION = re.compile(r"^/[^/]+(?=/\*)")


@dataclass(frozen=True, order=True)
class Key:
    """What the findings of one cause have in common.

    ``where`` is the place of the finding, ``flaw`` what is odd in the requests, and ``shape`` the
    status and shape of a wrong response.
    """

    rule: str
    where: str = ""
    expected: str = ""
    actual: str = ""
    flaw: str = ""
    shape: str = ""
    kind: str = ""  # of the objects, if each kind has a mistake of its own

    @property
    def names_in_member(self) -> bool:
        """Whether requests were accepted although they name an object in a member."""
        return self.actual == NOT_REFUSED and self.where != "status"

    @property
    def id(self) -> str:
        """A short id that is the same in every run."""
        *parts, shape, kind = astuple(self)
        # empty parts are left out, so that these ids are the same as in earlier versions
        if shape or kind:
            parts.append(shape)
        if kind:
            parts.append(kind)
        digest = hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()
        return f"cause-{digest[:8]}"


def key_of(finding: Finding, shown_by: list[Exchange]) -> Key:
    """The key of a finding, given the exchanges that show it, of which the last one decides.

    For the rules in ALIKE, and for a filter that is not applied, the rule alone is the key.
    """
    if finding.rule in ALIKE:
        return Key(ALIKE[finding.rule])
    if finding.where == "status":
        return _key_of_status(finding, shown_by)
    if finding.rule == FILTER:
        return Key(FILTER)
    key = _key_of_body(finding, shown_by)
    is_filtered = any(each.facts.filters for each in shown_by)
    return replace(key, flaw=FILTERED) if is_filtered and key.rule in OF_WALKS else key


def _key_of_body(finding: Finding, shown_by: list[Exchange]) -> Key:
    """The key of a finding about anything but the status.

    The code of an error stays in the key as it is, because it does not differ from run to run.
    """
    is_error_code = finding.actual.startswith('"') and finding.where.endswith("/code")
    actual = cut(finding.actual, LONGEST) if is_error_code else stable_text(finding.actual)
    expected = _first_choice(finding) if is_error_code else finding.expected
    rule, place = _rule(finding), place_of(finding)
    if rule in (SHAPE, LABEL_RULE) and finding.expected == A_VALUE:  # the body is not JSON
        return Key(SHAPE, place, A_VALUE, _media_type(shown_by))
    if rule == ITEMS and actual in NO_ARRAY:  # the contract does not name all collections
        return Key(rule, "/", expected, NO_ARRAY[-1])
    if rule != ERROR:
        return Key(rule, place, stable_text(expected.removesuffix(AS_SENT)), actual)
    if place == "/":  # the shape says what the body is
        return Key(rule, place, stable_text(expected), shape=_shape(shown_by))
    return Key(rule, place, stable_text(expected), actual, shape=_shape(shown_by))


def _shape(shown_by: list[Exchange]) -> str:
    """The status and the shape of the last response; empty for a success, or without a response."""
    if not shown_by or shown_by[-1].status is None or shown_by[-1].ok:
        return ""
    return f"{shown_by[-1].status} {shape_of(shown_by[-1])}"


def _media_type(shown_by: list[Exchange]) -> str:
    """The media type of the last response, without parameters; empty if there is none."""
    if not shown_by or shown_by[-1].response is None:
        return ""
    return shown_by[-1].response.header("Content-Type").partition(";")[0].strip().lower()


def _first_choice(finding: Finding) -> str:
    """The refusal that the contract names first, with the remark that follows the refusals.

    Which other refusals are equally valid depends on the rest of the request, so the same server
    mistake appears both with and without them.
    """
    refusals, comma, remark = finding.expected.partition(", ")
    return refusals.partition(" or ")[0] + comma + remark


def _rule(finding: Finding) -> str:
    """The rule for the key of a finding: ERROR for the form of any error, SHAPE for types."""
    if finding.rule.startswith(OF_ERRORS):
        return ERROR
    return SHAPE if finding.rule == MEMBERS else finding.rule


def place_of(finding: Finding) -> str:
    """The place of a finding, without the indexes and the collection name of items.

    A member of the wrong type has the same place in a list as in an object.
    """
    place = _COLLECTION.sub("", _INDEX.sub("/*", cut(finding.where, LONGEST)))
    return place.removeprefix("/*") if _TYPED.search(finding.actual) else place


def _key_of_status(finding: Finding, shown_by: list[Exchange]) -> Key:
    """The key of a response with a wrong status.

    Server faults are distinguished by what provoked them. If a request had to be refused, the key
    says NOT_REFUSED for any success, and in the rules about API keys for any status.
    """
    status = (shown_by[-1].status or 0) if shown_by else 0
    if is_fault(status):
        oddity = oddity_of(shown_by[-1])
        flaw = UNREAD if oddity in NOT_PARSED else oddity
        return Key(FAULT, "status", actual=str(status), flaw=flaw, shape=_shape(shown_by))
    rule = PAGE if finding.rule == FILTER else finding.rule  # both find that a page is missing
    had_to_be_refused = not finding.expected.startswith("2")
    counts_as_accepted = 200 <= status < 300 or rule.startswith("auth.")
    expected = cut(_ID.sub("ID", _first_choice(finding)), LONGEST)
    if had_to_be_refused and counts_as_accepted:
        return Key(rule, "status", expected, NOT_REFUSED)
    return Key(rule, "status", expected, str(status), shape=_shape(shown_by))


def is_fault(status: int) -> bool:
    """Whether a status is that of a server fault."""
    return status >= 500


@lru_cache  # the findings of a cause have few texts
def stable_text(text: str) -> str:
    """A text without what differs from run to run: the part of a finding that its key contains.

    Of a JSON object or array, only the first character is left.
    """
    text = cut(text, 10 * LONGEST)  # so that patterns do not search a long text
    text = _TYPED.sub("V is not of type ", text)
    for pattern, word in ((_TIME, "T"), (_QUOTED, '""'), (_ID, "ID"), (_NUMBER, "N")):
        text = pattern.sub(word, text)
    if text.startswith(("{", "[")):
        return text[0]
    return cut(text, LONGEST)


def shape_in(key: Key) -> str:
    """The shape in a key, without the status that it begins with."""
    return key.shape.partition(" ")[2]


def depth(key: Key) -> int:
    """How much of a response a key explains; 0 explains most.

    A broken transfer spoils a whole response, and a wrong status everything but the transfer.
    If a success has the status of another success, that is only a detail.
    """
    if key.rule == "transfer.whole":
        return TRANSFER
    if key.actual == NOT_REFUSED:
        return STATUS
    if key.rule == ERROR:
        return DEPTH_IN_ERRORS.get(key.where, CODE)
    if key.rule.startswith(OF_SUCCESS) and key.actual.startswith("2"):
        return DETAIL
    return DEPTH_ELSEWHERE.get(key.where, OTHER)
