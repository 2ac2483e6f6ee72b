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

from conformance.causes.finding_key import TAKEN as NOT_REFUSED
from conformance.causes.finding_key import Key
from conformance.causes.forms import ANY, CODE, LACKING, STATUS, TAKEN, Cases, Forms
from conformance.causes.harm import was_refused
from conformance.causes.templates import TEMPLATES
from conformance.model import Contract, Finding, Json, Operation

LONGEST = 60
"""Maximum characters of a title."""
LONGEST_TENANT = 16
"""Maximum characters of the word for a tenant. Each last form of a template has room for it."""
ABSENT = "nothing"
"""What a finding says of a member that is not there."""
FLAWS: Mapping[str, str] = {
    "no key": "a request without a key",
    "drawn values": "random values",
}
"""Words for flaws that make no sense behind "fails on"."""
OF_SCENARIO, SOME_FLAW = "what the scenario ", "a wrong request"
"""The beginning of a flaw that nothing describes, and the words for it."""

_REQUIRED = re.compile(r"'([^']+)' is a required property")
_STATUS = re.compile(r"\d{3}\b")
_INDEX = re.compile(r"/\d+(/|$)")
_ID = re.compile(r"[_-]?id$", re.IGNORECASE)


@dataclass(frozen=True)
class Title:
    """A title, and details that tell it from an equal one, the most useful first."""

    text: str
    details: tuple[str, ...]


def title_of(contract: Contract, key: Key, finding: Finding, operations: Sequence[str]) -> Title:
    """The title of a cause, given the key, the main finding and the ids of the operations.

    A rule without a template is named by its clause.
    """
    words = dict(_words(contract, key, finding, operations))
    cases = TEMPLATES.get(key.rule, {})
    text = _filled(_forms(cases, contract, key, finding), words) or finding.clause
    return Title(text, tuple(words.get(name, "") for name in DETAILS))


DETAILS = ("route", "member", "flaw", "got", "code")
"""The words that tell equal titles apart, the most useful first."""


def told_apart(titles: Sequence[Title]) -> list[str]:
    """The texts of some titles; equal ones get a detail in which they differ, if there is one."""
    texts = [title.text for title in titles]
    for place in range(len(DETAILS)):
        details = defaultdict(set)
        for title, text in zip(titles, texts, strict=True):
            details[text].add(title.details[place])
        texts = [
            _with(text, title.details[place]) if len(details[text]) > 1 else text
            for title, text in zip(titles, texts, strict=True)
        ]
    return texts


def _with(text: str, detail: str) -> str:
    """A title with a detail in parentheses, if there is one and it is short enough."""
    longer = f"{text} ({detail})"
    return longer if detail and len(longer) <= LONGEST else text


# --- forms ---


def _forms(cases: Cases, contract: Contract, key: Key, finding: Finding) -> Forms:
    """The forms for what was wrong, or for what was expected."""
    wrong = _wrong(contract, key, finding)
    for case, forms in cases.items():
        if case in (wrong, ANY) or case in finding.expected:
            return forms
    return ()


def _wrong(contract: Contract, key: Key, finding: Finding) -> str:
    """What was wrong: TAKEN, STATUS, CODE or LACKING; ANY for anything else."""
    if finding.where == "status":
        return TAKEN if key.actual == NOT_REFUSED and not was_refused(finding) else STATUS
    if finding.where == "/" + "/".join(contract.code_pointer):
        return CODE
    if finding.actual == ABSENT or _REQUIRED.match(finding.actual):
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
) -> Iterator[tuple[str, str]]:
    """The words that are known of a cause, by name."""
    broken = [contract.operations[name] for name in operations if name in contract.operations]
    yield "tenant", _tenant(contract)
    routes = {operation.route for operation in broken}
    if len(operations) == len(routes) == 1:
        yield "route", broken[0].route
    kinds = {operation.kind for operation in broken}
    if len(kinds) == 1 and "" not in kinds and not _is_about_a_page(contract, finding):
        yield "object", _with_article(kinds.pop())
    member = _member(key, finding)
    if member in _members(contract, broken):
        yield "member", member
    if key.flaw:
        unnamed = key.flaw.startswith(OF_SCENARIO)
        yield "flaw", SOME_FLAW if unnamed else FLAWS.get(key.flaw, key.flaw)
    code = next((word for word in finding.expected.split() if word in contract.errors), None)
    if code:
        yield "code", code
    for name, text in (("wanted", key.expected), ("got", key.actual)):
        if finding.where == "status" and _STATUS.match(text):
            yield name, text[:3]


def _tenant(contract: Contract) -> str:
    """The word for a tenant, from the name of the member that identifies one."""
    word = _ID.sub("", contract.tenant or "").replace("_", " ")
    return word if 0 < len(word) <= LONGEST_TENANT else "tenant"


def _with_article(kind: str) -> str:
    """The word for an object of a kind, such as ``an agent``."""
    article = "an" if kind[0] in "aeio" else "a"
    return f"{article} {kind.replace('_', ' ')}"


def _is_about_a_page(contract: Contract, finding: Finding) -> bool:
    """Whether a finding is about a list, rather than about one of its items."""
    operation = contract.operations.get(finding.operation)
    is_list = operation is not None and operation.paging is not None
    return is_list and _INDEX.search(finding.where) is None


def _member(key: Key, finding: Finding) -> str:
    """The name of the member that a finding is about; empty if there is none."""
    lacking = _REQUIRED.match(finding.actual)
    return lacking[1] if lacking else key.where.rpartition("/")[2]


def _members(contract: Contract, operations: Iterable[Operation]) -> set[str]:
    """The names of the members that the contract knows in some operations.

    Any other name was chosen by the target.
    """
    names = {contract.position}
    for operation in operations:
        names.update(parameter.name for parameter in operation.parameters)
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
