"""Which cases of a plan have run, and why a rule had nothing to judge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import mode

from conformance.evidence import Log
from conformance.judging.rules import Rule
from conformance.model import Case, Clause, Contract, Role

NOT_RUN = "not run: the run ended before it"
NOT_SELECTED = "not selected"
NOTHING_ASKED = (
    "No valid request could be built because the target has no suitable objects. "
    "Supply values under inputs: in the target file."
)
OVER_BUDGET = "the request budget is used up (budget: in the target file)"
DONE = "done"


@dataclass(frozen=True)
class Coverage:
    """The cases of a plan and how they ended.

    ``selected`` holds the ids of the cases that were to run; None for all. The verdict asks it for
    the reasons of cells that nothing was judged on.
    """

    contract: Contract
    cases: tuple[Case, ...]
    log: Log
    selected: frozenset[str] | None

    def feeding(self, rule: Rule, clause: Clause) -> list[Case]:
        """The cases that feed a rule of a clause, in the order of the plan.

        A case about one code or status feeds only the clauses that speak of it.
        """
        cases = self._by_rule.get(rule.id, ())
        return [case for case in cases if clause.concerns(case.about)]

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

        ``cases`` feed it there. A passive rule has none: it says itself where it applies.
        """
        if rule.trial:
            return any(map(self._counts, cases))
        known = self.contract.operations.get(operation)
        if known is None:
            return False
        return rule.applies(self.contract, known, clause)

    def crashes(self, cases: Iterable[Case]) -> list[str]:
        """How cases ended that neither finished nor ran out of budget.

        These are the errors of the scenarios, as the log has them; a case that never ended has
        none.
        """
        ends = [self.log.ends.get(case.id, DONE) for case in cases]
        return [end for end in ends if end not in (DONE, OVER_BUDGET)]

    def gaps(self, cases: Iterable[Case]) -> list[str]:
        """Why cases have not run, one reason each; those that have are left out."""
        gaps = map(self._gap_of, self._counted(cases))
        return [gap for gap in gaps if gap is not None]

    def silence(self, rule: Rule, operation: str) -> str:
        """Why a rule had nothing to judge on an operation, in the words of the report.

        A passive rule rests on all cases of the operation, a trial rule on those that feed it.
        """
        cases = self._counted(case for case in self.cases if case.operation == operation)
        if rule.trial:
            return self._silence_of_trial(rule, cases)
        if not all(map(self._is_selected, cases)):
            return NOT_SELECTED
        some_ran = any(self._gap_of(case) is None for case in cases)
        if some_ran or not cases:
            return rule.hint
        return mode(self.gaps(cases))  # the commonest reason

    def _silence_of_trial(self, rule: Rule, cases: list[Case]) -> str:
        """The hint of a rule if one of its cases asked for something; else that nothing did."""
        for case in cases:
            if rule.id in case.rules and case.id in self._asking:
                return rule.hint
        return NOTHING_ASKED

    def _gap_of(self, case: Case) -> str | None:
        """Why a case has not run; None if it has.

        What the plan knows comes first, then the selection, then how the case ended.
        """
        if case.gap:
            return case.gap
        if not self._is_selected(case):
            return NOT_SELECTED
        end = self.log.ends.get(case.id, NOT_RUN)
        return end if end in (NOT_RUN, OVER_BUDGET) else None

    def _counted(self, cases: Iterable[Case]) -> list[Case]:
        """The cases that must run; an optional one counts only once it has run."""
        return list(filter(self._counts, cases))

    def _counts(self, case: Case) -> bool:
        """Whether a case must run, or has run."""
        return not case.optional or case.id in self.log.ends

    def _is_selected(self, case: Case) -> bool:
        """Whether a case was to run."""
        return self.selected is None or case.id in self.selected

    @cached_property
    def _asking(self) -> frozenset[str]:
        """The ids of the cases that sent more than what prepares them.

        The others could not build a valid request.
        """
        cases = set[str]()
        for exchange in self.log.exchanges:
            if exchange.role in (Role.CONTROL, Role.PROBE):
                cases.add(exchange.case)
        return frozenset(cases)
