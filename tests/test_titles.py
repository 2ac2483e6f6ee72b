"""The titles of causes: short sentences of harm, for everything that a rule can find."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from conformance.causes.finding_key import ERROR, FAULT, NOT_REFUSED, Key, key_of
from conformance.causes.forms import ACCEPTED, ANY, CODE, LACKING, STATUS
from conformance.causes.sightings import OFFSET
from conformance.causes.templates import TEMPLATES
from conformance.causes.titles import DETAILS, LONGEST, Title, title_of, told_apart
from conformance.checks import RULES
from conformance.judging.outcomes import Violation
from conformance.model import Finding
from tests.examples import examples_about
from tests.examples.base import Example, Expected, outcomes
from tests.subjects import SUBJECTS
from tests.support.contracts import real
from tests.support.exchanges import numbered
from tests.titles import faults_of_title

ROOT = Path(__file__).parent.parent
MARKERS = {ANY, CODE, LACKING, STATUS, ACCEPTED}
"""The cases of templates that are no part of an expectation."""
SEVERAL = ("list_calls", "read_agent", "create_lead")
"""Operations of several kinds."""


def titles_in(given: Example) -> Iterator[str]:
    """The titles of the findings in an example, for one operation and for several."""
    contract = given.contract or real()
    exchanges = {exchange.id: exchange for exchange in numbered(given.exchanges)}
    for outcome in outcomes(given):
        if not isinstance(outcome, Violation) or outcome.note:
            continue
        shown_by = [exchanges[name] for name in outcome.exchanges]
        operation = shown_by[-1].operation if RULES[given.rule].passive else given.operation
        finding = Finding(
            clause="status-listed",  # its name is the title if there is no template
            operation=operation,
            rule=given.rule,
            where=outcome.where,
            expected=outcome.expected,
            actual=outcome.actual,
            exchanges=outcome.exchanges,
        )
        key = key_of(finding, shown_by)
        for operations in ([operation], SEVERAL):
            yield title_of(contract, key, finding, operations).text


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_rule_has_titles(subject: str) -> None:
    """Each finding of the examples has one: short, a sentence, without a value of the target."""
    faults = []
    for given in examples_about(subject):
        if given.expected is Expected.REFUSED:
            for title in titles_in(given):
                faults += [f"{given.name}: {title}: {fault}" for fault in faults_of_title(title)]
    assert faults == []


def judges_say() -> set[str]:
    """All texts in the source of the judges."""
    texts: set[str] = set()
    for package in ("checks", "judging", "model"):
        for path in (ROOT / "conformance" / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.add(node.value)
    return texts


def test_every_case_of_a_template_is_said_by_a_judge() -> None:
    """A sentence of a judge that is reworded must not leave its title behind."""
    said = judges_say()
    cases = {case for cases in TEMPLATES.values() for case in cases} - MARKERS
    assert [case for case in sorted(cases) if not any(case in text for text in said)] == []


def test_templates_are_for_rules() -> None:
    """No template is left behind by a rule that is gone, and none is missing."""
    assert TEMPLATES.keys() - {ERROR, FAULT, OFFSET} <= RULES.keys()
    assert {rule for rule in RULES if not rule.startswith(ERROR)} <= TEMPLATES.keys()


FOUND = Finding("status-401", "list_calls", "auth.revoked", "status", "401 x", "200 {}", ())
"""A revoked key that is accepted."""


@pytest.mark.parametrize(
    ("key", "finding", "operations", "expected"),
    [
        (
            Key("auth.revoked", "status", "401", NOT_REFUSED),
            FOUND,
            SEVERAL,
            "A revoked key still works",
        ),
        (
            Key("create.count", "/"),
            Finding(
                "created-resource", "create_workspace", "create.count", "/", "one object", "", ()
            ),
            ["create_workspace"],
            "POST /workspaces creates two objects",
        ),
        (
            Key(FAULT, "status", "", "500", "half a character in a text"),
            FOUND,
            SEVERAL,
            "The server fails on half a character in a text",
        ),
        (
            Key("success.shape", "/", "{", "'N"),
            Finding(
                "success-members",
                "read_call",
                "success.shape",
                "/",
                "{}",
                "'status' is a required property",
                (),
            ),
            ["read_call"],
            'A call lacks "status"',
        ),
    ],
)
def test_a_title_is_a_sentence_of_harm(
    key: Key, finding: Finding, operations: Sequence[str], expected: str
) -> None:
    """It names the route, the object, the member or what provokes a failure."""
    assert title_of(real(), key, finding, operations).text == expected


def test_a_title_repeats_nothing_that_the_target_chose() -> None:
    """A member that the contract does not know is not named, and nothing is too long."""
    where = "/" + "x" * 500
    finding = Finding("success-members", "read_call", "success.shape", where, "{}", "1 is", ())
    title = title_of(real(), Key("success.shape", where), finding, ["read_call"]).text
    assert title == "GET /calls?id returns wrong types"


def test_equal_titles_are_told_apart() -> None:
    """By the first detail in which they differ, unless the title becomes too long."""
    details = [("GET /a", "name"), ("GET /a", "score"), ("GET /a", "")]
    others = [""] * (len(DETAILS) - 2)
    alike = [Title("Lists lie", (*each, *others)) for each in details]
    assert told_apart(alike) == ["Lists lie (name)", "Lists lie (score)", "Lists lie"]
    long = [Title("x" * LONGEST, (route, "", *others)) for route in ("GET /a", "GET /b")]
    assert told_apart(long) == ["x" * LONGEST] * 2
