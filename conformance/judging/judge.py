"""Runs every rule on the exchanges of a log to which it applies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeGuard

from conformance.judging.outcomes import (
    JudgeContext,
    JudgeError,
    Outcome,
    Trial,
    Violation,
    WholeLog,
)
from conformance.judging.rules import Rule
from conformance.judging.trials import cut_short, trials_of
from conformance.model import Case, Contract, Declaration, Exchange

Outcomes = dict[tuple[str, str], list[tuple[str | None, Outcome]]]
"""Each outcome by rule and operation, with the code or status that it is about, or None."""
Rated = list[tuple[str, Outcome]]
"""Ids of rules, each with an outcome."""


class Judgements:
    """The outcomes of earlier judgements, so that each exchange and trial is judged once in a run.

    They hold for one contract, target file and set of rules, and for one log.
    """

    def __init__(self) -> None:
        self._passive: dict[str, Rated] = {}
        self._trials: dict[tuple[str, ...], list[Outcome]] = {}

    def of_exchange(self, exchange: Exchange, find: Callable[[], Rated]) -> Rated:
        """The outcomes of the passive rules on an exchange; ``find`` is called the first time."""
        if exchange.id not in self._passive:
            self._passive[exchange.id] = find()
        return self._passive[exchange.id]

    def of_trial(
        self, rule: Rule, trial: Trial, find: Callable[[], list[Outcome]]
    ) -> list[Outcome]:
        """The outcomes of a rule on a trial; ``find`` is called the first time."""
        key = (rule.id, trial.case.id, *[exchange.id for exchange in trial.exchanges])
        if key not in self._trials:
            self._trials[key] = find()
        return self._trials[key]


class TrialJudgements(Judgements):
    """The outcomes of earlier trials only, for runs in which only some rules judge exchanges."""

    def of_exchange(self, exchange: Exchange, find: Callable[[], Rated]) -> Rated:  # noqa: ARG002
        """The outcomes that ``find`` returns for an exchange; they are not kept."""
        return find()


def judge(
    contract: Contract,
    target: Declaration,
    rules: Mapping[str, Rule],
    cases: Iterable[Case],
    exchanges: Iterable[Exchange],
    known: Judgements | None = None,
    log: WholeLog | None = None,
) -> Outcomes:
    """The outcomes of passive rules on every exchange, and of trial rules on every case.

    Requests that were only retried belong to no trial. Cases that are not among ``cases`` are not
    judged, nor attempts that were cut short. A request that serves other cases, too, belongs to
    their trials as well. A judge that crashes gives a JudgeError; nothing is raised. Anything
    already ``known`` is not judged again. Without a ``log``, the passive rules that look at the
    whole log are left out.
    """
    judging = _Judging(contract, target, rules, known or Judgements(), log)
    logged = list(exchanges)
    for exchange in logged:
        judging.judge_exchange(exchange)
    by_id = {case.id: case for case in cases}
    cut = cut_short(logged, by_id)
    for case_id, attempts in trials_of(logged, by_id).items():
        complete = [number for number in sorted(attempts) if (case_id, number) not in cut]
        if case_id in by_id and complete:
            judging.judge_case(by_id[case_id], [tuple(attempts[number]) for number in complete])
    return judging.outcomes


class _Judging:
    """Has the rules judge exchanges and cases, and collects their outcomes."""

    def __init__(
        self,
        contract: Contract,
        target: Declaration,
        rules: Mapping[str, Rule],
        known: Judgements,
        log: WholeLog | None,
    ) -> None:
        self._contract = contract
        self._target = target
        self._rules = rules
        self._known = known
        self._log = log
        passive = [rule for rule in rules.values() if rule.passive]
        self._for_errors = [rule for rule in passive if not rule.whole]
        self._for_any_status = [rule for rule in self._for_errors if not rule.errors]
        self._whole = [rule for rule in passive if rule.whole] if log else []
        self._contexts: dict[str, JudgeContext] = {}
        self.outcomes: Outcomes = defaultdict(list)

    def _context(self, operation: str) -> JudgeContext:
        """The context for judging an operation, by its id.

        ``case_operation`` is None in it if the contract has no such operation.
        """
        if operation not in self._contexts:
            documented = self._contract.operations.get(operation)
            context = JudgeContext(self._contract, self._target, documented, self._log)
            self._contexts[operation] = context
        return self._contexts[operation]

    def judge_exchange(self, exchange: Exchange) -> None:
        """Judge one exchange by the passive rules, unless it is of no documented operation.

        Rules about errors judge only statuses from 400. Outcomes are kept, except those of rules
        that look at the whole log.
        """
        if exchange.operation not in self._contract.operations:
            return
        is_error = exchange.status is not None and exchange.status >= 400
        rules = self._for_errors if is_error else self._for_any_status
        rated = self._known.of_exchange(
            exchange, lambda: self._outcomes_of_exchange(rules, exchange)
        )
        for rule_id, outcome in [*rated, *self._outcomes_of_exchange(self._whole, exchange)]:
            self.outcomes[rule_id, exchange.operation].append((outcome.about, outcome))

    def _outcomes_of_exchange(self, rules: list[Rule], exchange: Exchange) -> Rated:
        """The outcomes of some passive rules on an exchange, each with the id of its rule."""
        context, rated = self._context(exchange.operation), []
        for rule in rules:
            assert rule.passive is not None
            try:
                outcomes = list(rule.passive(context, exchange))
            except Exception as error:
                outcomes = [_crash(rule, error, (exchange.id,))]
            for outcome in outcomes:  # mostly none, so a comprehension would be slower
                rated.append((rule.id, outcome))
        return rated

    def judge_case(self, case: Case, attempts: list[tuple[Exchange, ...]]) -> None:
        """Judge the attempts of one case by the rules that it feeds.

        Each attempt is a trial of its own. An outcome is about the code or status of the case, or
        else about that which the judge names.
        """
        context = self._context(case.operation)
        trials = [Trial(case, exchanges) for exchanges in attempts]
        for rule_id in case.rules:
            rule = self._rules[rule_id]
            runs = [self._outcomes_of_trial(rule, context, trial) for trial in trials]
            for outcome in _confirmed(runs) if rule.confirm else _joined(runs):
                about = case.about or outcome.about
                self.outcomes[rule_id, case.operation].append((about, outcome))

    def _outcomes_of_trial(self, rule: Rule, context: JudgeContext, trial: Trial) -> list[Outcome]:
        """The outcomes of a rule on a trial: the earlier ones, unless it needs the whole log."""

        def find() -> list[Outcome]:
            assert rule.trial is not None
            try:
                return list(rule.trial(context, trial))
            except Exception as error:
                return [_crash(rule, error, ())]

        return find() if rule.whole else self._known.of_trial(rule, trial, find)


def _crash(rule: Rule, error: Exception, ids: tuple[str, ...]) -> Outcome:
    """The outcome of a judge that crashes, which is an error of the suite, not of the target."""
    return JudgeError(f"the judge {rule.id} crashed: {type(error).__name__}: {error}", ids)


def _joined(runs: list[list[Outcome]]) -> list[Outcome]:
    """The outcomes of all attempts, in order."""
    return [outcome for outcomes in runs for outcome in outcomes]


def _confirmed(runs: list[list[Outcome]]) -> list[Outcome]:
    """The outcomes of repeated attempts. Findings count only if every attempt has at least one.

    Then the first attempt words them, and the violations of the others are dropped. Otherwise, all
    findings become notes, and only the first attempt keeps notes of its own.
    """
    first, *repeated = runs
    later = _joined(repeated)
    if all(findings_of(outcomes) for outcomes in runs):
        return first + [outcome for outcome in later if not isinstance(outcome, Violation)]
    outcomes = [*first, *[outcome for outcome in later if not is_note(outcome)]]
    return [_as_note(outcome) for outcome in outcomes]


def findings_of(outcomes: Iterable[Outcome]) -> list[Violation]:
    """The outcomes that are graded violations."""
    return [outcome for outcome in outcomes if is_finding(outcome)]


def is_finding(outcome: object) -> TypeGuard[Violation]:
    """Whether an outcome is a violation that is graded."""
    return isinstance(outcome, Violation) and not outcome.note


def is_note(outcome: Outcome) -> bool:
    """Whether an outcome is a violation that is not graded."""
    return isinstance(outcome, Violation) and outcome.note


def _as_note(outcome: Outcome) -> Outcome:
    """The outcome; if it is a finding, as a note that says that only one attempt showed it."""
    if is_finding(outcome):
        actual = f"{outcome.actual} (seen once, not when repeated)"
        return replace(outcome, actual=actual, about=None, note=True)
    return outcome
