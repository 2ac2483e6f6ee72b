"""Contract, declaration, plan, log and date -> a verdict per cell. Pure: this is what a replay repeats.

A clause is judged on an operation by all of its rules: the worst of their verdicts is the cell's.
Cells are planned: by the cases that feed a trial rule, and by the operations that a passive rule
applies to. A finding outside the plan (a code paired with a wrong status somewhere) makes a cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from statistics import mode

from conformance.evidence import Log
from conformance.judging.rules import (
    Gap,
    JudgeContext,
    JudgeError,
    Outcome,
    Pass,
    Rule,
    Trial,
    Violation,
)
from conformance.model import (
    Case,
    Cell,
    Clause,
    Contract,
    Declaration,
    Exchange,
    Finding,
    Level,
    Role,
    Verdict,
)
from conformance.plan import Plan
from conformance.selection import same_row

NOT_RUN = "not run: the run ended before it"
NOT_SELECTED = "not selected"
NOTHING_ASKED = "no valid request could be made: the target shows nothing to make it with (inputs: in the target file may give it)"
OVER_BUDGET = "the request budget is used up (budget: in the target file)"
DONE = "done"
PREFLIGHT = "preflight"
"""The scenario of requests that ask only whether this is a target at all; they are not judged."""
ANY_DAY = date.min
"""For a look at the cells alone, where no waiver counts."""


@dataclass
class _Tally:
    """What the rules of a clause gave on one operation."""

    problems: list[tuple[Rule, Violation]] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    troubles: list[JudgeError] = field(default_factory=list)


Outcomes = dict[tuple[str, str], list[tuple[str | None, Outcome]]]
"""By rule and operation: what it is about (a code or status, or None) and the outcome."""


def judge(
    contract: Contract,
    target: Declaration,
    rules: Mapping[str, Rule],
    cases: Iterable[Case],
    exchanges: Iterable[Exchange],
) -> Outcomes:
    """Run every rule on the exchanges that it applies to."""
    found: Outcomes = defaultdict(list)
    by_id = {case.id: case for case in cases}
    trials: dict[tuple[str, int], list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        context = JudgeContext(contract, target, contract.operations.get(exchange.operation))
        for rule in rules.values():
            if rule.passive and context.case_operation:
                for outcome in _guarded(rule, rule.passive, context, exchange, (exchange.id,)):
                    found[rule.id, exchange.operation].append(
                        (getattr(outcome, "about", None), outcome)
                    )
        if exchange.role is not Role.RETRY:
            trials[exchange.case, exchange.attempt].append(exchange)
    for case_id in dict.fromkeys(case for case, _ in trials):
        if case_id in by_id:
            attempts = [tuple(trials[key]) for key in sorted(k for k in trials if k[0] == case_id)]
            _judge_case(contract, target, rules, by_id[case_id], attempts, found)
    return found


def _judge_case(
    contract: Contract,
    target: Declaration,
    rules: Mapping[str, Rule],
    case: Case,
    attempts: list[tuple[Exchange, ...]],
    found: Outcomes,
) -> None:
    context = JudgeContext(contract, target, contract.operations.get(case.operation))
    trials = [Trial(case, exchanges) for exchanges in attempts]
    for rule_id in case.rules:
        rule = rules[rule_id]
        assert rule.trial is not None
        runs = [_guarded(rule, rule.trial, context, trial, ()) for trial in trials]
        for index, outcomes in enumerate(runs):
            unconfirmed = rule.confirm and not all(
                any(isinstance(o, Violation) and not o.note for o in run) for run in runs
            )
            for outcome in outcomes:
                if isinstance(outcome, Violation) and unconfirmed and not outcome.note:
                    outcome = Violation(  # noqa: PLW2901
                        outcome.where,
                        outcome.expected,
                        f"{outcome.actual} (seen once, not when repeated)",
                        outcome.exchanges,
                        note=True,
                    )
                elif isinstance(outcome, Violation) and rule.confirm and index:
                    continue  # the first attempt has said it
                found[rule_id, case.operation].append(
                    (case.about or getattr(outcome, "about", None), outcome)
                )


def _guarded(
    rule: Rule, judge_: object, context: JudgeContext, subject: object, ids: tuple[str, ...]
) -> list[Outcome]:
    """The outcomes of a judge; a crash of it is our error, never the target's."""
    try:
        return list(judge_(context, subject))  # type: ignore[operator]
    except Exception as error:
        return [JudgeError(f"the judge {rule.id} crashed: {type(error).__name__}: {error}", ids)]


def cells(
    contract: Contract,
    target: Declaration,
    rules: Mapping[str, Rule],
    plan: Plan,
    log: Log,
    *,
    today: date,
    selected: frozenset[str] | None = None,
) -> tuple[Cell, ...]:
    """The verdict of every cell. ``selected`` are the ids of the cases that were to run, None for all."""
    judged = [exchange for exchange in log.exchanges if exchange.scenario != PREFLIGHT]
    outcomes = judge(contract, target, rules, plan.cases, judged)
    return _Evaluation(contract, target, rules, plan, log, today, selected, outcomes).cells()


@dataclass(frozen=True)
class _Evaluation:
    """Everything that a verdict rests on."""

    contract: Contract
    target: Declaration
    rules: Mapping[str, Rule]
    plan: Plan
    log: Log
    today: date
    selected: frozenset[str] | None
    outcomes: Outcomes

    @cached_property
    def _asked(self) -> frozenset[str]:
        """The cases that have sent what is judged, beside what only prepares it."""
        return frozenset(
            exchange.case
            for exchange in self.log.exchanges
            if exchange.role in (Role.CONTROL, Role.PROBE)
        )

    def cells(self) -> tuple[Cell, ...]:
        known, found = self.contract.operations, []
        for clause in self.contract.clauses.values():
            operations = self._planned(clause) | self._blamed(clause)
            ordered = [
                *sorted(operations - known.keys()),
                *(name for name in known if name in operations),
            ]
            found += [self._cell(clause, operation) for operation in ordered]
        return tuple(found)

    def _planned(self, clause: Clause) -> set[str]:
        """The operations on which a clause is judged."""
        found: set[str] = set()
        for rule_id in clause.rules:
            if self.rules[rule_id].passive:
                found |= {
                    o.id
                    for o in self.contract.operations.values()
                    if self.rules[rule_id].applies(self.contract, o, clause)
                }
            else:
                found |= {
                    case.operation for case in self.plan.cases if self._feeds(case, rule_id, clause)
                }
        return found

    def _blamed(self, clause: Clause) -> set[str]:
        """The operations on which a clause was seen broken."""
        return {
            operation
            for (rule, operation), given in self.outcomes.items()
            if rule in clause.rules
            and any(
                _is_finding(outcome) and self._concerns(clause, about, outcome)
                for about, outcome in given
            )
        }

    def _feeds(self, case: Case, rule_id: str, clause: Clause) -> bool:
        return rule_id in case.rules and same_row(self.contract, clause, case.about)

    def _concerns(self, clause: Clause, about: str | None, outcome: Outcome) -> bool:
        """Whether an outcome counts for a clause: its row, and for a clause about a status the status alone."""
        by_status = clause.about is not None and clause.about.status is not None
        elsewhere = by_status and isinstance(outcome, Violation) and outcome.where != "status"
        return same_row(self.contract, clause, about) and not elsewhere

    def _cell(self, clause: Clause, operation: str) -> Cell:
        if operation in self.target.inapplicable:
            return Cell(
                clause.id,
                operation,
                Verdict.INAPPLICABLE,
                reasons=("the target declares that it has no such operation",),
            )
        pile = _Tally()
        for rule_id in clause.rules:
            self._add(pile, self.rules[rule_id], clause, operation)
        return _weighed(clause, operation, pile, self.target, self.today)

    def _add(self, pile: _Tally, rule: Rule, clause: Clause, operation: str) -> None:
        """Add what a rule gave, and what keeps it from giving anything."""
        given = [
            o
            for about, o in self.outcomes.get((rule.id, operation), ())
            if self._concerns(clause, about, o)
        ]
        cases = [
            case
            for case in self.plan.cases
            if case.operation == operation and self._feeds(case, rule.id, clause)
        ]
        gaps = self._gaps_of(cases)
        _sort(pile, rule, given)
        pile.gaps += gaps
        pile.troubles += [
            JudgeError(self.log.ends[c.id])
            for c in cases
            if self.log.ends.get(c.id, DONE) not in (DONE, OVER_BUDGET)
        ]
        known = self.contract.operations.get(operation)
        counted = [case for case in cases if not case.optional or case.id in self.log.ends]
        wanted = (
            bool(counted)
            if rule.trial
            else known is not None and rule.applies(self.contract, known, clause)
        )
        silent = not any(isinstance(o, Gap | JudgeError | Pass) or _is_finding(o) for o in given)
        if wanted and silent and not gaps:
            pile.gaps.append(self._unseen(rule, operation))

    def _gaps_of(self, cases: Iterable[Case]) -> list[str]:
        """Why cases that a cell rests on have not run."""
        gaps = []
        for case in cases:
            ended = self.log.ends.get(case.id)
            if case.optional and ended is None:
                continue
            if case.gap:
                gaps.append(case.gap)
            elif self.selected is not None and case.id not in self.selected:
                gaps.append(NOT_SELECTED)
            elif ended in (None, OVER_BUDGET):
                gaps.append(ended or NOT_RUN)
        return gaps

    def _unseen(self, rule: Rule, operation: str) -> str:
        """Why a rule has seen nothing: what keeps most cases of the operation from running if none runs, else its own hint."""
        own = [
            case
            for case in self.plan.cases
            if case.operation == operation and (not case.optional or case.id in self.log.ends)
        ]
        if (
            rule.passive
            and self.selected is not None
            and any(case.id not in self.selected for case in own)
        ):
            return NOT_SELECTED
        if rule.trial and not any(case.id in self._asked for case in own if rule.id in case.rules):
            return NOTHING_ASKED
        gaps = [self._gaps_of([case]) for case in own]
        return mode(gap for [gap] in gaps) if rule.passive and gaps and all(gaps) else rule.hint


def _is_finding(outcome: Outcome) -> bool:
    return isinstance(outcome, Violation) and not outcome.note


def _sort(pile: _Tally, rule: Rule, given: Iterable[Outcome]) -> None:
    for outcome in given:
        if isinstance(outcome, Violation):
            pile.problems.append((rule, outcome))
        elif isinstance(outcome, Pass):
            pile.proofs += outcome.exchanges
        elif isinstance(outcome, Gap):
            pile.gaps.append(outcome.reason)
        else:
            pile.troubles.append(outcome)


def _weighed(
    clause: Clause, operation: str, pile: _Tally, target: Declaration, today: date
) -> Cell:
    graded = clause.level is not Level.NOTE
    findings = _merged(
        clause, operation, [(rule, p) for rule, p in pile.problems if graded and not p.note]
    )
    notes = _merged(
        clause, operation, [(rule, p) for rule, p in pile.problems if not graded or p.note]
    )
    ids = [*pile.proofs, *(i for finding in findings for i in finding.exchanges)]
    mine = [
        w
        for w in target.waivers
        if w.clause == clause.id and (not w.operations or operation in w.operations)
    ]
    waiver = next((w for w in mine if today <= w.expires), None)
    reasons: tuple[str, ...] = ()
    if findings and clause.level is Level.SHOULD:
        verdict = Verdict.WARNED
    elif findings:
        verdict = Verdict.WAIVED if waiver else Verdict.FAILED
    elif pile.troubles:
        verdict, reasons = Verdict.ERROR, tuple(dict.fromkeys(t.reason for t in pile.troubles))
    elif pile.gaps or not pile.proofs:
        verdict, reasons = Verdict.UNTESTED, tuple(dict.fromkeys(pile.gaps))
    else:
        verdict = Verdict.PASSED
    covered = waiver is not None and verdict is Verdict.WAIVED
    text = (
        f"{waiver.reason} ({waiver.owner}, until {waiver.expires})" if waiver and covered else None
    )
    return Cell(
        clause.id,
        operation,
        verdict,
        tuple(dict.fromkeys(ids)),
        tuple(findings),
        tuple(notes),
        reasons,
        text,
    )


def _merged(
    clause: Clause, operation: str, problems: list[tuple[Rule, Violation]]
) -> list[Finding]:
    """A finding for each thing that was expected in vain; it names every exchange that shows it, and quotes the first."""
    alike: dict[tuple[str, str, str], list[Violation]] = {}
    for rule, problem in problems:
        alike.setdefault((rule.id, problem.where, problem.expected), []).append(problem)
    return [
        Finding(
            clause.id, operation, rule, where, expected, same[0].actual, _ids(same), clause.level
        )
        for (rule, where, expected), same in alike.items()
    ]


def _ids(problems: list[Violation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(exchange for problem in problems for exchange in problem.exchanges))
