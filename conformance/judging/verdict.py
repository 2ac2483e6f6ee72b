"""Contract, declaration, cases, log and date -> a verdict per cell. Pure: a replay repeats it.

A clause is judged on an operation by all of its rules: the worst of their verdicts is the cell's.
The plan gives the cells: the cases that feed a trial rule, and the operations that a passive rule
applies to. A finding outside the plan, such as a code with a wrong status, makes a cell as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from statistics import mode

from conformance.evidence import Log
from conformance.judging.judge import Outcomes, is_finding, judge
from conformance.judging.outcomes import Gap, JudgeError, Outcome, Pass, Violation
from conformance.judging.rules import Rule
from conformance.model import (
    Case,
    Cell,
    Clause,
    Contract,
    Declaration,
    Finding,
    Level,
    Role,
    Verdict,
    Waiver,
)

NOT_RUN = "not run: the run ended before it"
NOT_SELECTED = "not selected"
NOTHING_ASKED = (
    "No valid request could be built because the target has no suitable objects. "
    "Supply values under inputs: in the target file."
)
OVER_BUDGET = "the request budget is used up (budget: in the target file)"
DONE = "done"
PREFLIGHT = "preflight"
"""The scenario of requests that only ask whether this is a target; they are not judged."""
ANY_DAY = date.min
"""For a look at the cells alone, where no waiver counts."""
NOT_THERE = "the target declares that it has no such operation"


def cells(
    contract: Contract,
    target: Declaration,
    rules: Mapping[str, Rule],
    cases: tuple[Case, ...],
    log: Log,
    *,
    today: date,
    selected: frozenset[str] | None = None,
) -> tuple[Cell, ...]:
    """The verdict of every cell, clause by clause.

    ``selected`` holds the ids of the cases that were to run; None for all.
    """
    judged = [exchange for exchange in log.exchanges if exchange.scenario != PREFLIGHT]
    outcomes = judge(contract, target, rules, cases, judged)
    return _Evaluation(contract, target, rules, cases, log, today, selected, outcomes).cells()


@dataclass
class _Tally:
    """What the rules of a clause gave on one operation."""

    violations: list[tuple[Rule, Violation]] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)  # ids of exchanges
    gaps: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, rule: Rule, outcome: Outcome) -> None:
        """Count one outcome."""
        if isinstance(outcome, Violation):
            self.violations.append((rule, outcome))
        elif isinstance(outcome, Pass):
            self.passed += outcome.exchanges
        elif isinstance(outcome, Gap):
            self.gaps.append(outcome.reason)
        elif isinstance(outcome, JudgeError):
            self.errors.append(outcome.reason)


@dataclass(frozen=True)
class _Evaluation:
    """Everything that a verdict rests on."""

    contract: Contract
    target: Declaration
    rules: Mapping[str, Rule]
    cases: tuple[Case, ...]
    log: Log
    today: date
    selected: frozenset[str] | None
    outcomes: Outcomes

    def cells(self) -> tuple[Cell, ...]:
        """The cells in the order of the ledger, and of the operations within a clause."""
        found = []
        for clause in self.contract.clauses.values():
            operations = self._planned(clause) | self._blamed(clause)
            unknown = sorted(operations - self.contract.operations.keys())
            known = [name for name in self.contract.operations if name in operations]
            found += [self._cell(clause, operation) for operation in (*unknown, *known)]
        return tuple(found)

    # --- which cells there are ---

    def _planned(self, clause: Clause) -> set[str]:
        """The operations on which a clause is to be judged."""
        found: set[str] = set()
        for rule_id in clause.rules:
            rule = self.rules[rule_id]
            if rule.passive:
                found |= self._where_applies(rule, clause)
            else:
                found |= {case.operation for case in self._feeding(rule, clause)}
        return found

    def _where_applies(self, rule: Rule, clause: Clause) -> set[str]:
        operations = self.contract.operations.values()
        return {one.id for one in operations if rule.applies(self.contract, one, clause)}

    def _feeding(self, rule: Rule, clause: Clause) -> list[Case]:
        """The cases that feed a rule of a clause."""
        cases = self._by_rule.get(rule.id, ())
        return [case for case in cases if clause.concerns(case.about)]

    @cached_property
    def _by_rule(self) -> dict[str, list[Case]]:
        found: dict[str, list[Case]] = {}
        for case in self.cases:
            for rule in case.rules:
                found.setdefault(rule, []).append(case)
        return found

    def _blamed(self, clause: Clause) -> set[str]:
        """The operations on which a clause was seen broken."""
        found = set()
        for (rule, operation), given in self.outcomes.items():
            if rule in clause.rules and any(_breaks(clause, *each) for each in given):
                found.add(operation)
        return found

    # --- one cell ---

    def _cell(self, clause: Clause, operation: str) -> Cell:
        if operation in self.target.inapplicable:
            return Cell(clause.id, operation, Verdict.INAPPLICABLE, reasons=(NOT_THERE,))
        tally = _Tally()
        for rule_id in clause.rules:
            self._add(tally, self.rules[rule_id], clause, operation)
        return _weighed(clause, operation, tally, self._waiver(clause, operation))

    def _waiver(self, clause: Clause, operation: str) -> Waiver | None:
        """The waiver that covers a cell on the day of judgement."""
        for waiver in self.target.waivers:
            covers = not waiver.operations or operation in waiver.operations
            if waiver.clause == clause.id and covers and self.today <= waiver.expires:
                return waiver
        return None

    def _add(self, tally: _Tally, rule: Rule, clause: Clause, operation: str) -> None:
        """Count what a rule gave, and what keeps it from giving anything."""
        given = self.outcomes.get((rule.id, operation), ())
        heard = [outcome for about, outcome in given if _concerns(clause, about, outcome)]
        for outcome in heard:
            tally.add(rule, outcome)
        cases = [case for case in self._feeding(rule, clause) if case.operation == operation]
        gaps = self._gaps_of(cases)
        tally.gaps += gaps
        tally.errors += self._crashes(cases)
        silent = all(isinstance(outcome, Violation) and outcome.note for outcome in heard)
        if silent and not gaps and self._is_wanted(rule, clause, operation, cases):
            tally.gaps.append(self._unseen(rule, operation))

    def _crashes(self, cases: Iterable[Case]) -> list[str]:
        """Why cases ended that neither came to their end nor ran out of budget."""
        ends = [self.log.ends.get(case.id, DONE) for case in cases]
        return [end for end in ends if end not in (DONE, OVER_BUDGET)]

    def _is_wanted(self, rule: Rule, clause: Clause, operation: str, cases: list[Case]) -> bool:
        """Whether a rule should have given something on an operation."""
        if rule.trial:
            return any(self._counts(case) for case in cases)
        known = self.contract.operations.get(operation)
        return known is not None and rule.applies(self.contract, known, clause)

    def _counts(self, case: Case) -> bool:
        """Whether a case must run; an optional one counts only once it has run."""
        return not case.optional or case.id in self.log.ends

    # --- why nothing was judged ---

    def _gaps_of(self, cases: Iterable[Case]) -> list[str]:
        """Why cases that a cell rests on have not run."""
        gaps = [self._gap_of(case) for case in cases if self._counts(case)]
        return [gap for gap in gaps if gap is not None]

    def _gap_of(self, case: Case) -> str | None:
        ended = self.log.ends.get(case.id)
        if case.gap:
            return case.gap
        if not self._is_selected(case):
            return NOT_SELECTED
        if ended is None:
            return NOT_RUN
        return OVER_BUDGET if ended == OVER_BUDGET else None

    def _is_selected(self, case: Case) -> bool:
        return self.selected is None or case.id in self.selected

    @cached_property
    def _asked(self) -> frozenset[str]:
        """The cases that sent more than what prepares them."""
        judged = (Role.CONTROL, Role.PROBE)
        return frozenset(e.case for e in self.log.exchanges if e.role in judged)

    def _unseen(self, rule: Rule, operation: str) -> str:
        """Why a rule has seen nothing."""
        cases = [case for case in self.cases if case.operation == operation]
        cases = [case for case in cases if self._counts(case)]
        if rule.trial:
            feeding = (case for case in cases if rule.id in case.rules)
            return rule.hint if any(case.id in self._asked for case in feeding) else NOTHING_ASKED
        if not all(self._is_selected(case) for case in cases):
            return NOT_SELECTED
        gaps = [self._gap_of(case) for case in cases]
        common = [gap for gap in gaps if gap is not None]
        # where no case of the operation could run, say what keeps most of them from it
        return mode(common) if common and len(common) == len(gaps) else rule.hint


def _concerns(clause: Clause, about: str | None, outcome: Outcome) -> bool:
    """Whether an outcome counts for a clause: a clause about a status hears of the status alone."""
    by_status = clause.about is not None and clause.about.status is not None
    elsewhere = by_status and isinstance(outcome, Violation) and outcome.where != "status"
    return clause.concerns(about) and not elsewhere


def _breaks(clause: Clause, about: str | None, outcome: Outcome) -> bool:
    return is_finding(outcome) and _concerns(clause, about, outcome)


def _weighed(clause: Clause, operation: str, tally: _Tally, waiver: Waiver | None) -> Cell:
    """The cell of a tally: the worst of what was found."""
    graded = clause.level is not Level.NOTE
    findings = [(r, v) for r, v in tally.violations if graded and not v.note]
    notes = [(r, v) for r, v in tally.violations if not graded or v.note]
    merged = _merged(clause, operation, findings)
    verdict, reasons = _verdict(clause, tally, bool(findings), waiver)
    covered = waiver if verdict is Verdict.WAIVED else None
    ids = [*tally.passed, *(one for finding in merged for one in finding.exchanges)]
    return Cell(
        clause.id,
        operation,
        verdict,
        tuple(dict.fromkeys(ids)),
        merged,
        _merged(clause, operation, notes),
        tuple(dict.fromkeys(reasons)),
        _worded(covered),
    )


def _worded(waiver: Waiver | None) -> str | None:
    """A waiver in the words of the report."""
    if waiver is None:
        return None
    return f"{waiver.reason} ({waiver.owner}, until {waiver.expires})"


def _verdict(
    clause: Clause, tally: _Tally, broken: bool, waiver: Waiver | None
) -> tuple[Verdict, list[str]]:
    """The verdict of a tally, and why nothing was judged where that is so."""
    if broken and clause.level is Level.SHOULD:
        return Verdict.WARNED, []
    if broken:
        return Verdict.WAIVED if waiver else Verdict.FAILED, []
    if tally.errors:
        return Verdict.ERROR, tally.errors
    if tally.gaps or not tally.passed:
        return Verdict.UNTESTED, tally.gaps
    return Verdict.PASSED, []


def _merged(
    clause: Clause, operation: str, violations: list[tuple[Rule, Violation]]
) -> tuple[Finding, ...]:
    """A finding for each thing that was not as expected.

    It names every exchange that shows it, and quotes the first.
    """
    alike: dict[tuple[str, str, str], list[Violation]] = {}
    for rule, violation in violations:
        key = (rule.id, violation.where, violation.expected)
        alike.setdefault(key, []).append(violation)
    return tuple(
        Finding(clause.id, operation, *key, same[0].actual, _ids(same), clause.level)
        for key, same in alike.items()
    )


def _ids(violations: list[Violation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in violations for name in one.exchanges))
