"""Failures that keep other rules from judging: a list that cannot be read, a rejected creation.

A rule that saw nothing may depend on responses that another rule blames. In that case nobody has to
provide anything. The failure has to be fixed first, and the reason names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from conformance.judging.capabilities import kinds_of
from conformance.judging.judge import Outcomes, is_finding
from conformance.judging.outcomes import Pass, Violation
from conformance.judging.responses import ids_of
from conformance.model import (
    NEW_ID,
    Case,
    Contract,
    Exchange,
    Level,
    Operation,
    Reason,
    ReasonKind,
)

READ_BACK = "create.read-back"
"""The rule that finds a creation whose response does not show the id of the new object."""


class Blocked:
    """Finds the failure that explains why a rule had nothing to judge."""

    def __init__(
        self, contract: Contract, outcomes: Outcomes, exchanges: Iterable[Exchange]
    ) -> None:
        self._contract = contract
        self._outcomes = outcomes
        self._exchanges = exchanges

    def reason(self, rests_on: Iterable[str], operation: str, cases: list[Case]) -> Reason | None:
        """Why a rule had nothing to judge in its ``cases`` on an operation; None without a failure.

        ``rests_on`` are the rules whose failures may be the cause, the likeliest first. They are
        looked for at the operation, at those that the cases requested, and at the lists of the
        objects that the operation must name. A rule without cases rests on all accepted requests.
        """
        sent = [each for case in cases for each in self._by_case.get(case.id, [])]
        ids = set(ids_of(sent)) if cases else self._accepted
        requested = [exchange.operation for exchange in sent]
        places = dict.fromkeys([operation, *requested, *self._lists_of(operation)])
        for rule in rests_on:
            for place in places:
                found = _reason(self._broken_clause(rule, place, ids), place)
                if found is not None:
                    return found
        return None

    def by_creation(self, operation: str) -> Reason | None:
        """Why an object that an operation must name cannot be recognized once it is created.

        None if the creations of its kinds show the ids of the new objects.
        """
        for creation in self._creations_for(operation):
            for about, outcome in self._outcomes.get((READ_BACK, creation.id), ()):
                lacks_id = isinstance(outcome, Violation) and outcome.expected == NEW_ID
                if lacks_id:
                    return _reason(self._clause_of(READ_BACK, about), creation.id)
        return None

    def _creations_for(self, operation: str) -> Iterator[Operation]:
        """The creations of the objects which an operation must name, or else of its own kind.

        Nothing for a list, which needs no particular object.
        """
        documented = self._contract.operations.get(operation)
        if documented is None or documented.paging is not None:
            return
        for kind in sorted(kinds_of(documented)):
            yield from self._contract.operations_by("create", kind)

    def _broken_clause(self, rule: str, operation: str, ids: set[str]) -> str | None:
        """The clause that a rule found broken on an operation; None without a finding that counts.

        A finding counts if it is about one of the exchanges ``ids``, or if nothing passed there.
        """
        outcomes = self._outcomes.get((rule, operation), ())
        some_passed = any(isinstance(outcome, Pass) for _, outcome in outcomes)
        for about, outcome in outcomes:
            if not is_finding(outcome):
                continue
            is_about_ids = any(each in ids for each in outcome.exchanges)
            if is_about_ids or not some_passed:
                return self._clause_of(rule, about)
        return None

    def _lists_of(self, operation: str) -> Iterator[str]:
        """The lists that show the objects which an operation must name, or else its own objects."""
        documented = self._contract.operations.get(operation)
        if documented is None:
            return
        kinds = kinds_of(documented)
        for listing in self._contract.operations.values():
            if listing.paging is not None and listing.kind in kinds:
                yield listing.id

    @cached_property
    def _accepted(self) -> set[str]:
        """The ids of all exchanges whose request was accepted."""
        return {exchange.id for exchange in self._exchanges if exchange.ok}

    @cached_property
    def _by_case(self) -> dict[str, list[Exchange]]:
        """The exchanges of each case, by its id."""
        by_case: dict[str, list[Exchange]] = defaultdict(list)
        for exchange in self._exchanges:
            by_case[exchange.case].append(exchange)
        return by_case

    def _clause_of(self, rule: str, about: str | None) -> str | None:
        """The first graded clause that a rule verifies and that concerns a code or status.

        ``about`` is that code or status; None for no particular one.
        """
        for clause in self._contract.clauses.values():
            graded = clause.level is not Level.NOTE
            verifies = rule in clause.rules and clause.concerns(about)
            if graded and verifies:
                return clause.id
        return None


def _reason(clause: str | None, place: str) -> Reason | None:
    """The reason that names a broken clause at an operation; None without a clause."""
    if clause is None:
        return None
    text = f"blocked by a failure: {clause} at {place}"
    return Reason(ReasonKind.BLOCKED, text, by=f"{clause}[{place}]")
