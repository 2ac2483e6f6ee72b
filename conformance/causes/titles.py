"""The title of a cause: a sentence on what is wrong, for the person who has to fix it.

Titles contain no values of the target, so that they are short and the same in every run; the values
are in the details of a cause.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from conformance.causes.finding_key import ANOTHER, ERROR, LACKED, NOT_REFUSED, UNROUTED, Key
from conformance.causes.forms import ACCEPTED, ANY, CODE, LACKING, STATUS, Cases, Forms
from conformance.causes.groups import LIMITED
from conformance.causes.harm import was_refused
from conformance.causes.stored_values import EARLIER
from conformance.causes.templates import OF_UNROUTED, TEMPLATES
from conformance.model import WHOLE_API, Contract, Finding, Json, Operation
from conformance.model.mistake_names import REFUSABLE

LONGEST = 60
"""Maximum characters of a title."""
LONGEST_TENANT = 16
"""Maximum characters of the word for a tenant. Each last form of a template has room for it."""
ABSENT = "nothing"
"""What a finding says of a member that is not there."""
FLAWS: Mapping[str, str] = {
    "no key": "a request without a key",
    "drawn values": "random values",
    "a mistake in a write": "an invalid write",
    REFUSABLE: "unknown or unusual values",
}
"""Words for flaws that make no sense behind "fails on"."""
OF_SCENARIO = "what the scenario "
"""The beginning of a flaw that nothing describes."""
FLAWS_BY_RULE: Mapping[str, str] = {UNROUTED: "unknown paths and methods"}
"""Words for such a flaw, by the rule that finds it."""

_STATUS = re.compile(r"\d{3}\b")
_INDEX = re.compile(r"/\d+(/|$)")
_ID = re.compile(r"[_-]?id$", re.IGNORECASE)


@dataclass(frozen=True)
class Title:
    """A title, and the words for DETAILS that may tell it from an equal one; empty if not known."""

    text: str
    details: tuple[str, ...]


def title_of(
    contract: Contract,
    key: Key,
    finding: Finding,
    operations: Sequence[str],
    more: Mapping[str, str] | None = None,
) -> Title:
    """The title of a cause, given the key, the main finding and the ids of the operations.

    ``more`` are words that depend on all its findings together. If no form of the template fits, or
    the rule has no template, the title is the id of the clause.
    """
    words = {**_words(contract, key, finding, operations), **(more or {})}
    words["sort"] = "odd" if key.flaw else "valid"
    if key.flaw == ANOTHER:
        words["another"] = ANOTHER
    if finding.expected.startswith(LIMITED):
        words["sort"] = "too many"
        words.pop("coded", None)  # it names the limit, too
    cases = TEMPLATES.get(key.rule, {})
    if key.rule == ERROR and finding.rule == UNROUTED and {*operations} <= {WHOLE_API}:
        cases = OF_UNROUTED
    text = _filled(_forms(cases, contract, key, finding), words) or finding.clause
    return Title(text, tuple(words.get(name, "") for name in DETAILS))


DETAILS = ("route", "member", "flaw", "got", "code", "example")
"""The names of the words that tell equal titles apart, the most useful first."""


def told_apart(titles: Sequence[Title]) -> list[str]:
    """The texts of some titles; equal ones get a detail in which they differ, if there is one.

    Details are left out if they make a title too long.
    """
    texts = [title.text for title in titles]
    for place in range(len(DETAILS)):
        details = defaultdict(set)
        for title, text in zip(titles, texts, strict=True):
            details[text].add(title.details[place])
        for number, text in enumerate(texts):
            detail = titles[number].details[place]
            longer = f"{text} ({detail})"
            if detail and len(details[text]) > 1 and len(longer) <= LONGEST:
                texts[number] = longer
    return texts


# --- forms ---


def _forms(cases: Cases, contract: Contract, key: Key, finding: Finding) -> Forms:
    """The forms of the first case that is what was wrong, or a part of what was expected.

    The case ANY fits everything.
    """
    wrong = _wrong(contract, key, finding)
    for case, forms in cases.items():
        if case in (wrong, ANY) or case in finding.expected:
            return forms
    return ()


def _wrong(contract: Contract, key: Key, finding: Finding) -> str:
    """What was wrong: ACCEPTED, STATUS, CODE or LACKING; ANY for anything else."""
    if finding.where == "status":
        is_accepted = key.actual == NOT_REFUSED and not was_refused(finding)
        return ACCEPTED if is_accepted else STATUS
    if finding.where == "/" + "/".join(contract.code_pointer):
        return CODE
    if finding.actual == ABSENT or LACKED.match(finding.actual):
        return LACKING
    return ANY


def _filled(forms: Forms, words: Mapping[str, str]) -> str:
    """The first form whose words are all known, if it is short enough; empty if there is none."""
    for form in forms:
        fields = {field for _, field, _, _ in Formatter().parse(form) if field}
        if fields <= words.keys():
            text = form.format_map(words)
            if len(text) <= LONGEST:
                return text[0].upper() + text[1:]
    return ""


# --- words ---


def _words(
    contract: Contract, key: Key, finding: Finding, operations: Sequence[str]
) -> dict[str, str]:
    """The words that are known of a cause, by name."""
    broken = [contract.operations[name] for name in operations if name in contract.operations]
    shown = contract.operations.get(finding.operation)
    codes = [word for word in finding.expected.split() if word in contract.errors]
    words = {
        "tenant": _tenant(contract.tenant or ""),
        "route": _route(broken, operations),
        "example": f"such as {shown.route}" if shown else "",
        "object": _object(broken, finding, shown),
        "member": _member(contract, key, finding, broken),
        "flaw": _flaw(key, finding),
        "stored": "A stored value" if key.flaw.endswith(EARLIER) else "",
        "code": next(iter(codes), ""),
        "wanted": _status(finding, key.expected),
        "got": _status(finding, key.actual),
    }
    return {name: word for name, word in words.items() if word}


def _route(broken: Sequence[Operation], operations: Sequence[str]) -> str:
    """The route of some operations; empty if they have several, and for the whole API.

    ``broken`` are those that the contract knows. If there is only one, the route includes the
    parameter without which the same route is another operation.
    """
    routes = {operation.route for operation in broken}
    if len(routes) != 1 or len(operations) != len(broken):
        return ""
    (route,) = routes
    return broken[0].exact_route if len(broken) == 1 else route


def _status(finding: Finding, text: str) -> str:
    """The status at the beginning of ``text``, a part of the key of a finding on the status.

    If the key says that a request was not refused, the status is that of the finding. Empty if
    there is none, and for a finding on anything else.
    """
    match = _STATUS.match(finding.actual if text == NOT_REFUSED else text)
    return match[0] if match and finding.where == "status" else ""


def _tenant(member: str) -> str:
    """The word for a tenant, from the name of the member that identifies one."""
    word = _ID.sub("", member).replace("_", " ")
    if 0 < len(word) <= LONGEST_TENANT:
        return word
    return "tenant"


def _object(broken: Sequence[Operation], finding: Finding, shown: Operation | None) -> str:
    """The word for the objects of some operations, such as ``an agent``.

    Empty if their kinds differ, and for a finding about a list rather than one of its items.
    """
    kinds = {operation.kind for operation in broken}
    kind = kinds.pop() if len(kinds) == 1 else ""
    is_of_list = shown is not None and shown.paging is not None
    if not kind or (is_of_list and _INDEX.search(finding.where) is None):
        return ""
    article = "an" if kind[0] in "aeio" else "a"
    return f"{article} {kind.replace('_', ' ')}"


def _flaw(key: Key, finding: Finding) -> str:
    """What is odd about the requests that provoke a cause; empty if nothing is."""
    if key.flaw == ANOTHER:
        return ""
    if key.flaw.startswith(OF_SCENARIO):
        return FLAWS_BY_RULE.get(finding.rule, "a wrong request")
    return FLAWS.get(key.flaw, key.flaw)


def _member(contract: Contract, key: Key, finding: Finding, operations: Iterable[Operation]) -> str:
    """The member that a finding is about; empty if there is none, or the target chose its name."""
    lacking = LACKED.match(finding.actual)
    _, is_pointer, name = key.where.rpartition("/")
    member = lacking[1] if lacking else name
    is_known = member in _members(contract, operations)
    return member if is_known and (lacking or is_pointer) else ""


def _members(contract: Contract, operations: Iterable[Operation]) -> set[str]:
    """The names of the members that the contract knows in some operations."""
    names = {contract.position}
    for operation in operations:
        names.update(parameter.name for parameter in operation.parameters)
        names.update(parameter.shown_as for parameter in operation.body)
        names.update(_described(operation.schema))
        if operation.paging:
            names.add(operation.paging.more)
    return names - {""}


def _described(schema: Json) -> Iterator[str]:
    """The names of all members that a schema describes."""
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            yield from properties
        for part in schema.values():
            yield from _described(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _described(part)
