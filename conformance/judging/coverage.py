"""Which cases of a plan have run, and why a rule had nothing to judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import mode

from conformance.judging.capabilities import IN_VAIN, Asked, Shown
from conformance.judging.rules import Rule
from conformance.log.evidence import Log
from conformance.model import Case, Clause, Contract, Reason, ReasonKind, Role

OVER_BUDGET = "the request budget is used up (budget: in the target file)"
DONE = "done"
CUT_SHORT = "cut short: the plan has only the first requests of the case"
NOT_RUN = "not run: the run ended before it"
ENDS = (DONE, CUT_SHORT, OVER_BUDGET)
"""How a case ends if it does not crash."""
BEYOND_BUDGET = Reason(ReasonKind.NOT_RUN, OVER_BUDGET)
NOT_SELECTED = Reason(ReasonKind.NOT_SELECTED, "left out by the depth or options of this run")
NOTHING_ASKED = Reason(
    ReasonKind.PROVIDE,
    "No valid request could be built because the target has no suitable objects. "
    "Supply values under inputs: in the target file.",
)


@dataclass(frozen=True)
class Coverage:
    """The cases of a plan and how they ended.

    ``selected`` holds the ids of the cases that were to run; None for all. Verdicts take from here
    the reasons of cells on which nothing was judged.
    """

    contract: Contract
    main_key: str | None
    cases: tuple[Case, ...]
    log: Log
    selected: frozenset[str] | None

    def feeding(self, rule: Rule, clause: Clause) -> Mapping[str, list[Case]]:
        """The cases that feed a rule of a clause, by operation, in the order of the plan.

        A case about one code or status feeds only the clauses that speak of it.
        """
        by_operation = self._fed.get((rule.id, clause.id))
        if by_operation is None:
            cases = self._by_rule.get(rule.id, ())
            by_operation = _by_operation(case for case in cases if clause.concerns(case.about))
            self._fed[rule.id, clause.id] = by_operation
        return by_operation

    @cached_property
    def _fed(self) -> dict[tuple[str, str], Mapping[str, list[Case]]]:
        """What ``feeding`` has found, by the ids of rule and clause."""
        return {}

    @cached_property
    def _by_rule(self) -> dict[str, list[Case]]:
        """The cases that feed each rule, by its id."""
        cases: dict[str, list[Case]] = {}
        for case in self.cases:
            for rule in case.rules:
                cases.setdefault(rule, []).append(case)
        return cases

    def expects(self, rule: Rule, clause: Clause, operation: str, cases: list[Case]) -> bool:
        """Whether a rule should have judged something on an operation.

        ``cases`` feed a trial rule there. A passive rule says itself where it applies.
        """
        if rule.trial:
            return bool(self._without_unrun_optional(cases))
        documented = self.contract.operations.get(operation)
        if documented is None:
            return False
        return rule.applies(self.contract, documented, clause)

    def crashes(self, cases: Iterable[Case]) -> list[str]:
        """The errors with which scenarios crashed, from the log; none for a case without a crash.

        A case that never ended did not crash.
        """
        ends = [self.log.ends.get(case.id, DONE) for case in cases]
        return [end for end in ends if end not in ENDS]

    def gaps(self, cases: Iterable[Case]) -> list[Reason]:
        """Why cases have not run, one reason each.

        Cases that have run are left out, and so are optional ones that have not.
        """
        return self.why_unrun(self._without_unrun_optional(cases))

    def why_unrun(self, cases: Iterable[Case]) -> list[Reason]:
        """Why cases have not run, optional ones included, one reason each.

        Cases that have run are left out.
        """
        gaps = [self._gap_of(case) for case in cases]
        return [gap for gap in gaps if gap is not None]

    def why_nothing_judged(self, rule: Rule, operation: str) -> Reason:
        """Why a rule had nothing to judge on an operation, as far as the cases show.

        A failure that explains it takes precedence; callers look for one first. If the plan leaves
        cases out because of the budget, it is the budget. A passive rule may judge all cases of the
        operation: if any was not selected, that is the reason. A trial rule judges only the cases
        that feed it.
        """
        if self._is_over_budget:
            return BEYOND_BUDGET
        cases = self._without_unrun_optional(self._applicable.get(operation, ()))
        if rule.trial:
            feeding = [case for case in cases if rule.id in case.rules]
            return self._why_trial_judged_nothing(rule, operation, feeding)
        if not all(self._is_selected(case) for case in cases):
            return NOT_SELECTED
        return self._why_passive_judged_nothing(rule, operation, cases)

    @cached_property
    def _applicable(self) -> Mapping[str, list[Case]]:
        """The cases of each operation that the target does not rule out."""
        return _by_operation(case for case in self.cases if not case.inapplicable)

    def _why_passive_judged_nothing(self, rule: Rule, operation: str, cases: list[Case]) -> Reason:
        """The commonest gap of the cases that could have run but did not.

        Without such a case, it is the hint of the rule if any case has run or there are no cases.
        Otherwise, it is the commonest of all gaps.
        """
        gaps = self.gaps(cases)
        not_run = [gap for gap in gaps if gap.kind is ReasonKind.NOT_RUN]
        if not_run:
            return mode(not_run)
        has_run = len(gaps) < len(cases)
        if has_run or not cases:
            return self._hint(rule, operation)
        return mode(gaps)

    def _why_trial_judged_nothing(self, rule: Rule, operation: str, feeding: list[Case]) -> Reason:
        """The hint of a rule if a case that feeds it sent a control or a probe.

        Otherwise, the reason is that no valid request could be built.
        """
        if any(case.id in self._with_control_or_probe for case in feeding):
            return self._hint(rule, operation)
        return self.unless_shown(NOTHING_ASKED, Asked.OBJECT, operation)

    def _hint(self, rule: Rule, operation: str) -> Reason:
        """The hint of a rule as a reason, or another one if the log shows what it asks for."""
        kind = ReasonKind.PROVIDE if rule.provide else ReasonKind.OWN_LIMIT
        return self.unless_shown(Reason(kind, rule.hint, place=rule.place), rule.asks, operation)

    def unless_shown(self, reason: Reason, asked: Asked | None, operation: str) -> Reason:
        """A reason that asks for something, or another one if the log shows that it exists."""
        if asked is not None and self._shown.has(asked, operation):
            return Reason(ReasonKind.OWN_LIMIT, IN_VAIN[asked])
        return reason

    @cached_property
    def _shown(self) -> Shown:
        """What the log shows of the target."""
        return Shown(self.contract, self.log.exchanges, self.main_key)

    def _gap_of(self, case: Case) -> Reason | None:
        """Why a case has not run; None if it has.

        The selection comes first, then what the plan knows, then how the case ended. A case that
        was cut short has not run.
        """
        if not self._is_selected(case):
            return NOT_SELECTED
        if case.gap:
            return _gap_of_plan(case, case.gap)
        end = self.log.ends.get(case.id)
        if end is None:
            why = f"not run: {self.log.incomplete}" if self.log.incomplete else NOT_RUN
            return Reason(ReasonKind.NOT_RUN, why)
        if end == CUT_SHORT:
            return self._why_cut_short
        return BEYOND_BUDGET if end == OVER_BUDGET else None

    @cached_property
    def _is_over_budget(self) -> bool:
        """Whether the plan leaves cases out because of the budget."""
        return any(case.gap == OVER_BUDGET for case in self.cases)

    @cached_property
    def _why_cut_short(self) -> Reason:
        """Why the plan cuts a case short: because of the budget, or of the depth of the run.

        If all cases were to run, it can only be the budget.
        """
        if self.selected is None or self._is_over_budget:
            return BEYOND_BUDGET
        return NOT_SELECTED

    def _without_unrun_optional(self, cases: Iterable[Case]) -> list[Case]:
        """The cases without those optional ones that have not run."""
        return [case for case in cases if not case.optional or case.id in self.log.ends]

    def _is_selected(self, case: Case) -> bool:
        """Whether a case was to run."""
        return self.selected is None or case.id in self.selected

    @cached_property
    def _with_control_or_probe(self) -> frozenset[str]:
        """The ids of the cases that sent a control or a probe.

        The rest could not build a valid request.
        """
        case_ids = set[str]()
        for exchange in self.log.exchanges:
            if exchange.role in (Role.CONTROL, Role.PROBE):
                case_ids.add(exchange.case)
        return frozenset(case_ids)


def _gap_of_plan(case: Case, gap: str) -> Reason:
    """Why the plan leaves a case out."""
    if gap == OVER_BUDGET:
        return BEYOND_BUDGET
    kind = ReasonKind.DECLARED if case.inapplicable else ReasonKind.PROVIDE
    return Reason(kind, gap, place=case.place)


def _by_operation(cases: Iterable[Case]) -> Mapping[str, list[Case]]:
    """Some cases by their operation, in their order."""
    by_operation: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_operation[case.operation].append(case)
    return by_operation
