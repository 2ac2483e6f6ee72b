"""Failures that keep other rules from judging: a list that cannot be read, a refused creation.

A rule that saw nothing may rest on answers that another rule blames. Then nobody has to provide
anything: the failure has to be mended first, and the reason names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from conformance.judging.judge import Outcomes, is_finding
from conformance.judging.outcomes import Pass, Violation
from conformance.judging.shown import kinds_of
from conformance.model import Case, Contract, Exchange, Level, Reason, ReasonKind


class Blocked:
    """Finds the failure that explains why a rule had nothing to judge."""

    def __init__(
        self, contract: Contract, outcomes: Outcomes, exchanges: Iterable[Exchange]
    ) -> None:
        self._contract = contract
        self._outcomes = outcomes
        self._exchanges = exchanges

    def reason(
        self, rests_on: Iterable[str], operation: str, cases: Iterable[Case]
    ) -> Reason | None:
        """Why the ``cases`` of a rule showed it nothing on an operation; None without a failure.

        ``rests_on`` are the rules whose failures may be the cause, those that tell most first.
        """
        sent = [each for case in cases for each in self._by_case.get(case.id, ())]
        ids = {exchange.id for exchange in sent}
        places = dict.fromkeys([operation, *(exchange.operation for exchange in sent)])
        places |= dict.fromkeys(self._lists_of(operation))
        for rule in rests_on:
            clause = self._clause_of.get(rule)
            for place in places if clause else ():
                if self._fails(rule, place, ids):
                    text = f"blocked by a failure: {clause} at {place}"
                    return Reason(ReasonKind.BLOCKED, text)
        return None

    def _fails(self, rule: str, place: str, ids: set[str]) -> bool:
        """Whether a rule blames one of some exchanges, or every answer of an operation."""
        outcomes = [outcome for _, outcome in self._outcomes.get((rule, place), ())]
        violations = [each for each in outcomes if is_finding(each)]
        if any(isinstance(each, Pass) for each in outcomes):
            violations = [each for each in violations if _names_one(each, ids)]
        return bool(violations)

    def _lists_of(self, operation: str) -> Iterator[str]:
        """The lists that show the objects which an operation must name."""
        known = self._contract.operations.get(operation)
        kinds = kinds_of(known) if known else set()
        for listing in self._contract.operations.values():
            if listing.paging is not None and listing.kind in kinds:
                yield listing.id

    @cached_property
    def _by_case(self) -> dict[str, list[Exchange]]:
        """The exchanges of each case, by its id."""
        by_case: dict[str, list[Exchange]] = defaultdict(list)
        for exchange in self._exchanges:
            by_case[exchange.case].append(exchange)
        return by_case

    @cached_property
    def _clause_of(self) -> dict[str, str]:
        """The first graded clause that each rule verifies."""
        clauses: dict[str, str] = {}
        for clause in self._contract.clauses.values():
            if clause.level is not Level.NOTE:
                for rule in clause.rules:
                    clauses.setdefault(rule, clause.id)
        return clauses


def _names_one(outcome: object, ids: set[str]) -> bool:
    """Whether a violation names one of some exchanges."""
    return isinstance(outcome, Violation) and not ids.isdisjoint(outcome.exchanges)
