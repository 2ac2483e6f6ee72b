"""Every label is written by a scenario and read by a judge: in the code, and in a whole run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from conformance.checks import RULES
from conformance.judging import verdict
from conformance.judging.outcomes import JudgeContext, Outcome, Trial
from conformance.judging.rules import Rule
from conformance.log import evidence
from conformance.model import Facts, Form, Role, Side, Step
from tests import golden
from tests.support.contracts import contract_of

PACKAGE = Path(__file__).parent.parent / "conformance"
WRITERS = ("run/replay_steps.py", "scenarios", "transport")
READERS = (
    "causes",
    "checks",
    "judging",
    "model/judgement.py",
    "model/mistake_names.py",
    "model/run.py",
    "reading",
    "report",
    "plan/selection.py",
)
ASSUMED = {Role.PROBE, Role.ARRANGE, Role.BYSTANDER}
"""Roles that need no reader: what is not otherwise, and what no trial rule selects."""
FROM_KEYS = {Form.EXPIRED, Form.REVOKED}
"""Forms that are made from the role of a key."""

WORDS = [word for kind in (Role, Side, Form, Step) for word in kind]
FIELDS = [each.name for each in fields(Facts)]

# --- in the code ----------------------------------------------------------------------------------


@cache
def syntax(places: tuple[str, ...]) -> list[ast.AST]:
    """The nodes of the syntax trees of some folders and modules of the package."""
    return [
        node
        for place in places
        for path in _modules(PACKAGE / place)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]


def _modules(place: Path) -> Iterable[Path]:
    return place.rglob("*.py") if place.is_dir() else [place]


def words_in(places: tuple[str, ...]) -> set[str]:
    """The members of enumerations that the code of some places names, such as ``Step.WRITE``."""
    return {ast.unparse(node) for node in syntax(places) if isinstance(node, ast.Attribute)}


def facts_written() -> set[str]:
    """The facts that scenarios and transport set: keywords of ``Facts(...)`` and ``replace``."""
    calls = [node for node in syntax(WRITERS) if isinstance(node, ast.Call)]
    setting = [call for call in calls if ast.unparse(call.func) in ("Facts", "replace")]
    return {str(keyword.arg) for call in setting for keyword in call.keywords}


def facts_read() -> set[str]:
    """The facts that judges and reports read: attributes of something called ``facts``."""
    reads = [node for node in syntax(READERS) if isinstance(node, ast.Attribute)]
    return {read.attr for read in reads if ast.unparse(read.value).endswith("facts")}


@pytest.mark.parametrize("word", WORDS, ids=repr)
def test_every_word_is_written_and_read(word: Role | Side | Form | Step) -> None:
    """A word that no scenario writes, or that no judge reads, has no place among the labels."""
    spelled = f"{type(word).__name__}.{word.name}"
    assert spelled in words_in(WRITERS) or word in FROM_KEYS
    assert spelled in words_in(READERS) or word in ASSUMED


@pytest.mark.parametrize("name", FIELDS)
def test_every_fact_is_written_and_read(name: str) -> None:
    """A fact that no scenario writes, or that no judge reads, has no place among the labels."""
    assert name in facts_written()
    assert name in facts_read()


# --- in a whole run -------------------------------------------------------------------------------

Label = Step | Form | str
"""A step, a form, or the name of a fact."""
Place = tuple[str, str, Label]
"""A rule, the scenario whose trials it judges, and a label that it looks for there."""

UNUSED: dict[tuple[str, str], set[Label]] = {
    ("create.listed", "counted-creation"): {Step.LISTED},
    ("create.one", "overlapping-creations"): {Step.LISTED},
    ("figures.own", "foreign-figures"): {Step.AFTER},
    ("id.reference", "unknown-id"): {Step.TIED},
    ("refused.effect", "refused-creation"): {Step.BEFORE, "sought"},
    ("refused.effect", "refused-write"): {Step.LISTED_BEFORE, "position"},
    ("tenant.object", "object-for-an-empty-business"): {
        Step.AFTER,
        Step.BEFORE,
        Step.LISTING,
        Step.NAMESAKE,
        Step.NOBODY,
        Step.OPTIONAL,
        Step.TAKING,
        Step.TIED,
    },
    ("create.others", "write-beside-others"): {"sought"},
    ("delete.others", "write-beside-others"): {"sent"},
    ("id.unknown", "unknown-id"): {"sought"},
    ("owner.nested", "foreign-object"): {"mistake", "side"},
    ("owner.nested", "rows-of-two-businesses"): {"step"},
    ("paging.advances", "cursor-of-a-deleted-item"): {"filters", "moving"},
    ("paging.advances", "item-made-between-pages"): {"filters", "moving"},
    ("paging.advances", "rows-of-two-keys"): {"refusable"},
    ("paging.exclusive", "burst"): {"filters", "moving"},
    ("paging.filter", "filtered-walk"): {"moving"},
    ("paging.more-false", "printed-sample"): {"filters", "moving"},
    ("paging.order", "mixed-walk"): {"filters"},
    ("paging.order", "rows-of-two-keys"): {"moving"},
    ("paging.order", "walk"): {"moving"},
    ("paging.order", "walk-with-option"): {"moving"},
}
"""By rule and scenario: labels that the rule looks for and that another of its scenarios writes."""


@dataclass
class Lookup:
    """The labels that each rule looks for in the trials of each scenario, and those it finds."""

    judging: tuple[str, str] | None = None  # the rule and the scenario at work
    sought: set[Place] = field(default_factory=set)
    found: set[Place] = field(default_factory=set)

    def note(self, label: Label, *, is_there: bool) -> None:
        """A label was looked for."""
        if self.judging is not None:
            place = (*self.judging, label)
            self.sought.add(place)
            if is_there:
                self.found.add(place)

    def watched(self, rule: Rule) -> Rule:
        """A rule whose judge is watched at its work."""
        judge = rule.trial
        if judge is None:
            return rule

        def watched(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
            outer, self.judging = self.judging, (rule.id, trial.case.scenario)
            outcomes = list(judge(context, trial))
            self.judging = outer
            return iter(outcomes)

        return replace(rule, trial=watched)


def test_each_rule_finds_the_labels_that_it_looks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a whole run, each scenario writes every step and fact that its rules look for.

    So a label that is valid, but not the one that a rule looks for, is noticed.
    """
    lookup = Lookup()
    _watch(monkeypatch, lookup)
    contract, ready = contract_of("real"), golden.prepared("real")[1]
    log = evidence.parse(golden.run("real").splitlines(), "real")
    rules = {name: lookup.watched(rule) for name, rule in RULES.items()}
    declared, cases, today = ready.target.declaration, ready.plan.cases, date(2026, 1, 1)
    list(verdict.cells(contract, declared, rules, cases, log, today=today, selected=None))
    unused = {(*place, label) for place, labels in UNUSED.items() for label in labels}
    assert lookup.sought - lookup.found == unused


def _watch(monkeypatch: pytest.MonkeyPatch, lookup: Lookup) -> None:
    """Let the methods of trials and facts that look for labels say what they look for."""
    at, of_form, read = Trial.at, Trial.of_form, Facts.__getattribute__

    def watched_at(trial: Trial, step: Step) -> Any:
        exchanges = at(trial, step)
        lookup.note(step, is_there=bool(exchanges))
        return exchanges

    def watched_form(trial: Trial, form: Form) -> Any:
        exchanges = of_form(trial, form)
        lookup.note(form, is_there=bool(exchanges))
        return exchanges

    def watched_read(facts: Facts, name: str) -> Any:
        value = read(facts, name)
        if name in FIELDS:
            lookup.note(name, is_there=bool(value))
        return value

    monkeypatch.setattr(Trial, "at", watched_at)
    monkeypatch.setattr(Trial, "of_form", watched_form)
    monkeypatch.setattr(Facts, "__getattribute__", watched_read)


# --- in the log -----------------------------------------------------------------------------------


def test_facts_come_back_from_the_log() -> None:
    """What ``to_json`` writes, ``of`` reads; what today's judges do not read is left out."""
    whole = Facts(
        step=Step.WRITE,
        form=Form.OMITTED,
        side=Side.OWN,
        mistake=True,
        walk="base",
        sent={"name": "A"},
        fresh=("A",),
        address="127.0.0.2",
    )
    assert Facts.of(whole.to_json()) == whole
    assert whole.to_json()["from"] == "127.0.0.2"
    assert Facts.of({"seconds": 60, "step": "wrong", "form": "nul-in-name"}) == Facts()
