"""Which labels the rules look for in a log, and which of them they find there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import pytest

from conformance.judging.outcomes import JudgeContext, Outcome, Trial
from conformance.judging.rules import Rule
from conformance.model import Facts, Form, Step

FIELDS = [each.name for each in fields(Facts)]

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


def watch(monkeypatch: pytest.MonkeyPatch, lookup: Lookup) -> None:
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
