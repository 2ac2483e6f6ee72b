"""Runs every rule on the exchanges of a log that it applies to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain, filterfalse
from operator import attrgetter
from typing import Any, TypeGuard

from conformance.judging.outcomes import JudgeContext, JudgeError, Outcome, Trial, Violation
from conformance.judging.rules import Rule
from conformance.model import Case, Contract, Declaration, Exchange, Role

Outcomes = dict[tuple[str, str], list[tuple[str | None, Outcome]]]
"""By rule and operation: each outcome, with the code or status that it is about, or None."""


def judge(
    contract: Contract,
    target: Declaration,
    rules: Mapping[str, Rule],
    cases: Iterable[Case],
    exchanges: Iterable[Exchange],
) -> Outcomes:
    """The outcomes of passive rules on every exchange, and of trial rules on every case.

    Requests that were only retried belong to no trial, and cases that are not among ``cases`` are
    not judged. A judge that crashes gives a JudgeError; nothing is raised.
    """
    judging = _Judging(contract, target, rules)
    trials: dict[str, dict[int, list[Exchange]]] = defaultdict(lambda: defaultdict(list))
    for exchange in exchanges:
        judging.exchange(exchange)
        if exchange.role is not Role.RETRY:
            trials[exchange.case][exchange.attempt].append(exchange)
    known = {case.id: case for case in cases}
    for case_id, attempts in trials.items():
        if case_id in known:
            ordered = [tuple(attempts[attempt]) for attempt in sorted(attempts)]
            judging.case(known[case_id], ordered)
    return judging.outcomes


class _Judging:
    """Collects the outcomes of the rules."""

    def __init__(self, contract: Contract, target: Declaration, rules: Mapping[str, Rule]) -> None:
        self._contract = contract
        self._target = target
        self._rules = rules
        self._passive = list(filter(attrgetter("passive"), rules.values()))
        self.outcomes: Outcomes = defaultdict(list)

    def _context(self, operation: str) -> JudgeContext:
        """What a judge knows of an operation; the contract alone if there is no such operation."""
        return JudgeContext(self._contract, self._target, self._contract.operations.get(operation))

    def exchange(self, exchange: Exchange) -> None:
        """Judge one exchange by the passive rules; requests of no operation have none."""
        if exchange.operation not in self._contract.operations:
            return
        context = self._context(exchange.operation)
        for rule in self._passive:
            outcomes = _guarded(rule, rule.passive, context, exchange, (exchange.id,))
            for outcome in outcomes:
                self.outcomes[rule.id, exchange.operation].append((outcome.about, outcome))

    def case(self, case: Case, attempts: list[tuple[Exchange, ...]]) -> None:
        """Judge the attempts of one case by the rules that it feeds."""
        context = self._context(case.operation)
        trials = list(map(partial(Trial, case), attempts))
        for rule_id in case.rules:
            rule = self._rules[rule_id]
            runs = [_guarded(rule, rule.trial, context, trial, ()) for trial in trials]
            combine = _confirmed if rule.confirm else _joined
            for outcome in combine(runs):
                about = case.about or outcome.about
                self.outcomes[rule_id, case.operation].append((about, outcome))


def _guarded(
    rule: Rule,
    judge_: Callable[[JudgeContext, Any], Iterable[Outcome]] | None,
    context: JudgeContext,
    subject: object,
    ids: tuple[str, ...],
) -> list[Outcome]:
    """The outcomes of a judge; if it crashes, that is our error and never the target's."""
    assert judge_ is not None
    try:
        return list(judge_(context, subject))
    except Exception as error:
        return [JudgeError(f"the judge {rule.id} crashed: {type(error).__name__}: {error}", ids)]


def _joined(runs: list[list[Outcome]]) -> list[Outcome]:
    """The outcomes of all attempts, in order."""
    return list(chain.from_iterable(runs))


def _confirmed(runs: list[list[Outcome]]) -> list[Outcome]:
    """The outcomes of repeated attempts: only what every attempt shows is a finding.

    The first attempt words it; what only one attempt shows becomes a note.
    """
    first, *repeated = runs
    later = _joined(repeated)
    if all(map(findings_of, runs)):
        return first + [outcome for outcome in later if not isinstance(outcome, Violation)]
    new = filterfalse(is_note, later)
    return list(map(_as_note, [*first, *new]))


def findings_of(outcomes: Iterable[Outcome]) -> list[Violation]:
    """Those of some outcomes that are violations, and graded."""
    return list(filter(is_finding, outcomes))


def is_finding(outcome: object) -> TypeGuard[Violation]:
    """Whether an outcome is a violation that is graded."""
    return isinstance(outcome, Violation) and not outcome.note


def is_note(outcome: Outcome) -> bool:
    """Whether an outcome is a violation that is not graded."""
    return isinstance(outcome, Violation) and outcome.note


def _as_note(outcome: Outcome) -> Outcome:
    """The outcome, as a note if it is a finding."""
    if is_finding(outcome):
        actual = f"{outcome.actual} (seen once, not when repeated)"
        return replace(outcome, actual=actual, about=None, note=True)
    return outcome
