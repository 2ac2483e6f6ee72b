"""What an example is, how it is judged, and how the examples of a rule are written.

    @examples_of("list.items")
    def the_member_is_wrong() -> Iterator[Example]:
        \"\"\"The items must stand in the member that the contract names.\"\"\"
        yield refused("a bare array", answer(200, [call(1)]))

An example goes through the log before it is judged, like everything that a judge ever sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from conformance.checks import RULES
from conformance.judging.outcomes import (
    Gap,
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
    WholeLog,
)
from conformance.judging.rules import Rule
from conformance.model import Case, Contract, Declaration, Effect, Exchange, Operation, Role
from tests.support.contracts import TARGET, real
from tests.support.exchanges import labelled, numbered


class Expected(StrEnum):
    """What a judge makes of an example, in a word."""

    ACCEPTED = "accepted"  # it passes
    REFUSED = "refused"  # there is a violation
    NOTE = "note"  # there is a violation that is never graded
    GAP = "gap"  # something is missing
    JUDGE_ERROR = "judge error"  # the suite could not judge
    SILENT = "silent"  # it is no matter of the rule


@dataclass(frozen=True)
class Example:
    """What a judge makes of some exchanges.

    ``operation`` is that of the case. ``altered`` stands for the operation of the contract, which
    is the real one unless ``contract`` is given. ``mentions`` is a part of what the outcomes say.
    """

    rule: str
    expected: Expected
    sentence: str
    exchanges: tuple[Exchange, ...]
    operation: str = "list_calls"
    about: str | None = None
    target: Declaration = TARGET
    contract: Contract | None = None
    altered: Operation | None = None
    mentions: str = ""

    @property
    def name(self) -> str:
        """A short unique name."""
        return f"{self.rule}: {self.expected}, {self.sentence}"


# --- writing examples -----------------------------------------------------------------------------

Group = Callable[[], Iterable[Example]]


@dataclass(frozen=True)
class Entry:
    """A group of examples, registered for a rule."""

    rule: str
    group: Group
    form: str | None
    members: dict[str, Any]

    def examples(self) -> Iterator[Example]:
        """Build the examples: with their rule, and with the form of their probes."""
        for example in self.group():
            exchanges = tuple(self._formed(exchange) for exchange in example.exchanges)
            yield replace(example, rule=self.rule, exchanges=exchanges, **self.members)

    def _formed(self, exchange: Exchange) -> Exchange:
        if self.form is None or exchange.role is not Role.PROBE or exchange.facts.form:
            return exchange
        return labelled(exchange, form=self.form)


ENTRIES: list[Entry] = []
"""Every group of the subjects that have been imported."""


def examples_of(*rules: str, form: str | None = None, **members: Any) -> Callable[[Group], Group]:
    """Register a function that yields examples, for each of these rules.

    ``form`` labels every probe that has no form of its own. The members (operation, about) are
    those of each example.
    """

    def register(group: Group) -> Group:
        ENTRIES.extend(Entry(rule, group, form, members) for rule in rules)
        return group

    return register


def example(expected: Expected, sentence: str, *exchanges: Exchange, **members: Any) -> Example:
    """An example of the rule that its group is registered for."""
    return Example("", expected, sentence, exchanges, **members)


def accepted(sentence: str, *exchanges: Exchange, **members: Any) -> Example:
    """An example that passes."""
    return example(Expected.ACCEPTED, sentence, *exchanges, **members)


def refused(sentence: str, *exchanges: Exchange, **members: Any) -> Example:
    """An example of a violation."""
    return example(Expected.REFUSED, sentence, *exchanges, **members)


def noted(sentence: str, *exchanges: Exchange, **members: Any) -> Example:
    """An example of a violation that is never graded."""
    return example(Expected.NOTE, sentence, *exchanges, **members)


def gap(sentence: str, *exchanges: Exchange, **members: Any) -> Example:
    """An example that cannot be judged because something is missing."""
    return example(Expected.GAP, sentence, *exchanges, **members)


def judge_error(sentence: str, *exchanges: Exchange, **members: Any) -> Example:
    """An example that cannot be judged although nothing is missing."""
    return example(Expected.JUDGE_ERROR, sentence, *exchanges, **members)


def silent(sentence: str, *exchanges: Exchange, **members: Any) -> Example:
    """An example that the rule says nothing about."""
    return example(Expected.SILENT, sentence, *exchanges, **members)


# --- judging examples -----------------------------------------------------------------------------


def case_of(given: Example) -> Case:
    """The case that an example stands for."""
    return Case(
        "example[list_calls]",
        "example",
        given.operation,
        "",
        (given.rule,),
        Effect.READ,
        about=given.about,
    )


def outcomes(given: Example) -> list[Outcome]:
    """Everything that the judge of an example yields."""
    rule, exchanges = RULES[given.rule], numbered(given.exchanges)
    if rule.passive:
        return list(_passive_outcomes(rule, given, exchanges))
    assert rule.trial is not None
    context = replace(_context(given, given.operation), log=WholeLog.of(exchanges))
    return list(rule.trial(context, Trial(case_of(given), exchanges)))


def _passive_outcomes(
    rule: Rule, given: Example, exchanges: Sequence[Exchange]
) -> Iterator[Outcome]:
    assert rule.passive is not None
    log = WholeLog.of(exchanges)
    for exchange in exchanges:
        context = replace(_context(given, exchange.operation), log=log)
        yield from rule.passive(context, exchange)


def _context(given: Example, operation: str) -> JudgeContext:
    contract = given.contract or real()
    return JudgeContext(contract, given.target, given.altered or contract.operations.get(operation))


def is_met(given: Example, yielded: Sequence[Outcome]) -> bool:
    """Whether outcomes are what the example says."""
    told = " ".join(str(outcome) for outcome in yielded)
    return in_a_word(yielded) is given.expected and given.mentions in told


def in_a_word(yielded: Iterable[Outcome]) -> Expected:
    """What outcomes come to: the first of the gravest kind."""
    words = [_word(outcome) for outcome in yielded]
    gravest_first = (
        {Expected.REFUSED},
        {Expected.GAP, Expected.JUDGE_ERROR},
        {Expected.NOTE},
        {Expected.ACCEPTED},
    )
    for kind in gravest_first:
        for word in words:
            if word in kind:
                return word
    return Expected.SILENT


def _word(outcome: Outcome) -> Expected:
    if isinstance(outcome, Violation):
        return Expected.NOTE if outcome.note else Expected.REFUSED
    if isinstance(outcome, Pass):
        return Expected.ACCEPTED
    return Expected.GAP if isinstance(outcome, Gap) else Expected.JUDGE_ERROR
