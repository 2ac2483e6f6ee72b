"""A verdict for each cell, from contract, declaration, cases, log and date alone.

A clause is judged on an operation by all of its rules: the worst of their verdicts is the cell's.
The plan gives the cells: the cases that feed a trial rule, and the operations that a passive rule
applies to. A finding outside the plan, such as a code with a wrong status, also creates a cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from conformance.judging.blocked import Blocked
from conformance.judging.coverage import CUT_SHORT, DONE, OVER_BUDGET, Coverage
from conformance.judging.judge import Judgements, Outcomes, findings_of, is_finding, is_note, judge
from conformance.judging.merged import ids_of, merged, unique
from conformance.judging.outcomes import Gap, JudgeError, Outcome, Pass, Violation, WholeLog
from conformance.judging.rules import CODED, Rule
from conformance.log.evidence import Log
from conformance.model import (
    PREFLIGHT,
    Case,
    Cell,
    Challenge,
    Clause,
    Contract,
    Declaration,
    Exchange,
    Level,
    Reason,
    ReasonKind,
    Verdict,
    Waiver,
)

__all__ = ["ANY_DAY", "CUT_SHORT", "DONE", "OVER_BUDGET", "cells"]

ANY_DAY = date.min
"""A day for reading the cells alone, on which no waiver counts."""
WITHOUT_CODE = "the error has no code, which the clauses of the error structure blame"
OTHER = "businesses: other"
"""The place of the id of the other business in a target file."""
NOT_THERE = Reason(ReasonKind.DECLARED, "the target declares that it has no such operation")


def cells(
    contract: Contract,
    target: Declaration,
    rules: Mapping[str, Rule],
    cases: tuple[Case, ...],
    log: Log,
    *,
    today: date,
    selected: frozenset[str] | None = None,
    known: Judgements | None = None,
) -> tuple[Cell, ...]:
    """The verdict of every cell, clause by clause.

    ``selected`` holds the ids of the cases that were to run; None for all. A waiver counts if it
    has not expired before ``today``. ``known`` holds earlier outcomes. The cells come in the order
    of the ledger, and those of a clause in the order of the contract.
    """
    log = log.without_void
    judged = tuple(each for each in log.exchanges if each.scenario != PREFLIGHT)
    outcomes = judge(contract, target, rules, cases, judged, known, WholeLog.of(judged))
    coverage = Coverage(contract, target.main_key, cases, log, selected)
    blocked = Blocked(contract, outcomes, judged)
    by_id = {each.id: each for each in judged}
    return _Evaluation(contract, target, rules, today, coverage, outcomes, blocked, by_id).cells()


@dataclass
class _Tally:
    """The outcomes of the rules of a clause on one operation."""

    violations: list[tuple[Rule, Violation]] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)  # ids of exchanges
    reasons: list[Reason] = field(default_factory=list)  # why something could not be judged
    errors: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether no rule gave an outcome or a reason."""
        judged = self.violations or self.passed
        return not judged and not self.reasons and not self.errors

    def add(self, rule: Rule, outcome: Outcome) -> None:
        """Count one outcome, except gaps, which the caller turns into reasons."""
        if isinstance(outcome, Pass):  # most of them
            self.passed += outcome.exchanges
        elif isinstance(outcome, Violation):
            self.violations.append((rule, outcome))
        elif isinstance(outcome, JudgeError):
            self.errors.append(outcome.reason)


@dataclass(frozen=True)
class _Evaluation:
    """Everything that a verdict depends on."""

    contract: Contract
    target: Declaration
    rules: Mapping[str, Rule]
    today: date
    coverage: Coverage
    outcomes: Outcomes
    blocked: Blocked
    exchanges: Mapping[str, Exchange]

    def cells(self) -> tuple[Cell, ...]:
        """The cells in the order of the ledger, and of the operations within a clause."""
        cells: list[Cell] = []
        for clause in self.contract.clauses.values():
            operations = self._planned(clause) | self._blamed(clause)
            unknown = sorted(operations - self.contract.operations.keys())
            documented = [name for name in self.contract.operations if name in operations]
            cells += [self._cell(clause, operation) for operation in [*unknown, *documented]]
        return tuple(cells)

    # --- which cells there are ---

    def _planned(self, clause: Clause) -> set[str]:
        """The operations on which a clause is to be judged."""
        operations = self._where_passive(clause)
        for rule_id in clause.rules:
            operations.update(self.coverage.feeding(self.rules[rule_id], clause))
        return operations

    def _where_passive(self, clause: Clause) -> set[str]:
        """The operations that passive rules of a clause apply to, with or without cases."""
        operations: set[str] = set()
        for rule_id in clause.rules:
            rule = self.rules[rule_id]
            for operation in self.contract.operations.values():
                if rule.applies(self.contract, operation, clause):
                    operations.add(operation.id)
        return operations

    def _blamed(self, clause: Clause) -> set[str]:
        """The operations on which a rule of a clause has a finding that counts for the clause."""
        blamed = set()
        for rule, operation in self._places_with_findings:
            if rule not in clause.rules:
                continue
            counting = self._outcomes_of(self.rules[rule], clause, operation)
            if findings_of(counting):
                blamed.add(operation)
        return blamed

    @cached_property
    def _places_with_findings(self) -> list[tuple[str, str]]:
        """Ids of a rule and an operation, for each pair with a finding."""
        return [
            place
            for place, outcomes in self.outcomes.items()
            if any(is_finding(outcome) for _, outcome in outcomes)
        ]

    # --- one cell ---

    def _cell(self, clause: Clause, operation: str) -> Cell:
        """The cell of a clause on an operation, from the outcomes of all rules of the clause."""
        cases: list[Case] = []
        for rule_id in clause.rules:
            cases += self._feeding(clause, rule_id, operation)
        reason = self._inapplicable(clause, operation, cases)
        if reason is not None:
            return Cell(clause.id, operation, Verdict.INAPPLICABLE, reasons=(reason,))
        challenges = self.contract.challenges.on(clause.id, operation)
        if challenges:
            return self._excluded(clause, operation, challenges)
        tally = self._tally(clause, operation, clause.rules)
        if tally.is_empty:
            tally.reasons += self.coverage.why_unrun(cases)  # here, optional cases are reasons, too
        return self._weighed(clause, operation, tally)

    def _excluded(self, clause: Clause, operation: str, challenges: Sequence[Challenge]) -> Cell:
        """The cell without the rules that accepted challenges exclude. It never passes.

        It counts as broken if another rule shows that, and as an error if another rule crashed.
        """
        accepted = self.contract.challenges
        rules = [each for each in clause.rules if not accepted.exclude(clause.id, operation, each)]
        tally = self._tally(clause, operation, rules)
        left = self._weighed(clause, operation, tally)
        reasons = tuple(Reason(ReasonKind.CHALLENGED, str(each)) for each in challenges)
        numbers = tuple(each.number for each in challenges)
        if left.findings or left.verdict is Verdict.ERROR:
            return replace(left, reasons=(*left.reasons, *reasons), challenges=numbers)
        return Cell(clause.id, operation, Verdict.EXCLUDED, reasons=reasons, challenges=numbers)

    def _weighed(self, clause: Clause, operation: str, tally: _Tally) -> Cell:
        """The cell of a tally, with the worst verdict of its rules."""
        graded: list[tuple[Rule, Violation]] = []
        noted: list[tuple[Rule, Violation]] = []
        for rule, violation in tally.violations:
            note = violation.note or clause.level is Level.NOTE
            group = noted if note else graded
            group.append((rule, violation))
        findings = merged(clause, operation, graded, self.exchanges)
        waiver = self._waiver(clause, operation)
        verdict, reasons = _verdict(clause, tally, bool(findings), waiver)
        return Cell(
            clause=clause.id,
            operation=operation,
            verdict=verdict,
            exchanges=unique([*tally.passed, *ids_of(findings)]),
            findings=findings,
            notes=merged(clause, operation, noted, self.exchanges),
            reasons=tuple(dict.fromkeys(reasons)),
            waiver=str(waiver) if verdict is Verdict.WAIVED else None,
        )

    def _tally(self, clause: Clause, operation: str, rules: Iterable[str]) -> _Tally:
        """The outcomes of some rules of a clause on an operation."""
        tally = _Tally()
        for rule_id in rules:
            self._add(tally, self.rules[rule_id], clause, operation)
        return tally

    def _inapplicable(self, clause: Clause, operation: str, cases: list[Case]) -> Reason | None:
        """Why a clause cannot apply on an operation of this target; None if it can.

        It cannot if the target lacks the operation, or what all ``cases`` of the cell need. In the
        latter case, it still can where a passive rule applies or found something.
        """
        if operation in self.target.inapplicable:
            return NOT_THERE
        if not cases or not all(case.inapplicable for case in cases):
            return None
        if operation in self._where_passive(clause) | self._blamed(clause):
            return None
        return Reason(ReasonKind.DECLARED, cases[0].gap or "")

    def _feeding(self, clause: Clause, rule_id: str, operation: str) -> list[Case]:
        """The cases that feed a rule of a clause on an operation."""
        return self.coverage.feeding(self.rules[rule_id], clause).get(operation, [])

    def _waiver(self, clause: Clause, operation: str) -> Waiver | None:
        """The waiver that covers a cell on the day of judgement."""
        for waiver in self.target.waivers:
            if waiver.covers(clause.id, operation) and self.today <= waiver.expires:
                return waiver
        return None

    def _add(self, tally: _Tally, rule: Rule, clause: Clause, operation: str) -> None:
        """Count a rule's outcomes, and its reasons: gaps, cases that did not run, or silence."""
        outcomes = self._outcomes_of(rule, clause, operation)
        feeding = self._feeding(clause, rule.id, operation)
        cases = [case for case in feeding if not case.inapplicable]
        for outcome in outcomes:
            if isinstance(outcome, Gap):
                tally.reasons.append(self._reason_of_gap(rule, operation, cases, outcome))
            else:
                tally.add(rule, outcome)
        missing = self.coverage.gaps(cases)
        tally.reasons += missing
        tally.errors += self.coverage.crashes(cases)
        was_judged = any(not is_note(outcome) for outcome in outcomes)
        if missing or was_judged:
            return
        if self.coverage.expects(rule, clause, operation, cases):
            tally.reasons.append(self._reason_of_silence(rule, operation, cases))

    def _reason_of_silence(self, rule: Rule, operation: str, cases: list[Case]) -> Reason:
        """Why a rule had nothing to judge: the failure that explains it, or else its own reason.

        If nobody can provide anything, creations without an id are the reason, if there are any.
        Nobody is asked for the id of another business that the target file already gives.
        """
        failure = self.blocked.reason(rule.rests_on, operation, cases)
        reason = failure or self.coverage.why_nothing_judged(rule, operation)
        is_given = "other" in self.target.businesses
        if reason.place == OTHER and is_given:
            reason = Reason(ReasonKind.OWN_LIMIT, "No request succeeded.")
        if reason.kind is ReasonKind.OWN_LIMIT:
            return self.blocked.by_creation(operation) or reason
        return reason

    def _reason_of_gap(self, rule: Rule, operation: str, cases: list[Case], gap: Gap) -> Reason:
        """Why a judge could not judge: the failure that explains the gap, or else the gap."""
        lacks_code = gap.kind is ReasonKind.BLOCKED
        rests_on = CODED if lacks_code else rule.rests_on
        failure = self.blocked.reason(rests_on, operation, cases)
        reason = Reason(gap.kind, gap.reason, place=gap.place)
        reason = failure or self.coverage.unless_shown(reason, gap.asks, operation)
        if reason.kind is ReasonKind.OWN_LIMIT:
            return self.blocked.by_creation(operation) or reason
        return reason

    def _outcomes_of(self, rule: Rule, clause: Clause, operation: str) -> list[Outcome]:
        """The outcomes of a rule on an operation that count for a clause."""
        outcomes = self.outcomes.get((rule.id, operation), ())
        if clause.about is None:
            return [outcome for _, outcome in outcomes]
        return [
            _as_seen_by(clause, outcome)
            for about, outcome in outcomes
            if _concerns(clause, about, outcome)
        ]


def _concerns(clause: Clause, about: str | None, outcome: Outcome) -> bool:
    """Whether an outcome counts for a clause.

    For a clause about a status, a violation elsewhere in the response does not count.
    """
    if not clause.concerns(about):
        return False
    if clause.about is None or clause.about.status is None:
        return True
    is_elsewhere = isinstance(outcome, Violation) and outcome.where != "status"
    return not is_elsewhere


def _as_seen_by(clause: Clause, outcome: Outcome) -> Outcome:
    """An outcome as it counts for a clause.

    Other clauses blame an error without a code, because it breaks the error structure. It proves
    nothing for a clause about a code.
    """
    about_code = clause.about is not None and clause.about.code is not None
    if about_code and isinstance(outcome, Pass) and outcome.without_code:
        return Gap(WITHOUT_CODE, ReasonKind.BLOCKED)
    return outcome


def _verdict(
    clause: Clause, tally: _Tally, broken: bool, waiver: Waiver | None
) -> tuple[Verdict, list[Reason]]:
    """The verdict of a tally, and the reasons for an error or an untested cell."""
    if broken:
        return _verdict_of_broken(clause, waiver), []
    if tally.errors:
        return Verdict.ERROR, [Reason(ReasonKind.ERROR, text) for text in tally.errors]
    if tally.reasons or not tally.passed:
        return Verdict.UNTESTED, tally.reasons
    return Verdict.PASSED, []


def _verdict_of_broken(clause: Clause, waiver: Waiver | None) -> Verdict:
    """The verdict of a cell with findings."""
    if clause.level is Level.SHOULD:
        return Verdict.WARNED
    if waiver is not None:
        return Verdict.WAIVED
    return Verdict.FAILED
