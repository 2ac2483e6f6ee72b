"""The causes that a run in progress has seen so far, from the violations that its cases found.

They are provisional: some rules need the whole log, and a later finding may explain an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conformance.causes import Key, causes_of, sightings_of
from conformance.checks import RULES
from conformance.judging.outcomes import Violation
from conformance.model import WHOLE_API, Cause, Cell, Contract, Exchange, Finding, Level, Verdict

MOST = 200
"""Maximum number of different findings. A target with more is broken at random."""


class SeenCauses:
    """Collects violations. The causes are derived again only if a finding is of a new kind."""

    def __init__(self, contract: Contract) -> None:
        self.causes: tuple[Cause, ...] = ()
        self._contract = contract
        self._cells: list[Cell] = []
        self._keys: set[Key] = set()
        self._by_id: dict[str, Exchange] = {}

    def add(
        self,
        found: Iterable[tuple[str, Violation]],
        exchanges: Sequence[Exchange],
        operation: str = "",
    ) -> list[Cause]:
        """Add the violations of a case, each with its rule; returns the causes that are new.

        ``exchanges`` are those of the run so far, and ``operation`` is that of the case. Beyond
        MOST kinds of findings, none is new.
        """
        for exchange in exchanges[len(self._by_id) :]:  # those since the last call
            self._by_id[exchange.id] = exchange
        cells = [
            cell for rule, violation in found for cell in self._broken(rule, violation, operation)
        ]
        self._cells += cells
        keys = {sighting.own_key for sighting in sightings_of(cells, self._by_id)}
        if keys <= self._keys or len(self._keys) > MOST:
            return []
        self._keys |= keys
        ids_before = {cause.id for cause in self.causes}
        self.causes = causes_of(self._contract, self._cells, exchanges)
        return [cause for cause in self.causes if cause.id not in ids_before]

    def _broken(self, rule: str, violation: Violation, of_case: str) -> Iterator[Cell]:
        """A cell for each clause that a violation breaks on its operation.

        Notes are left out, and clauses that an accepted challenge excludes there.
        """
        operation = self._operation(rule, violation, of_case)
        for clause in self._contract.clauses.values():
            is_broken = rule in clause.rules and clause.concerns(violation.about)
            is_excluded = self._contract.challenges.exclude(clause.id, operation, rule)
            if not is_broken or is_excluded or clause.level is Level.NOTE:
                continue
            finding = Finding(
                clause.id,
                operation,
                rule,
                violation.where,
                violation.expected,
                violation.actual,
                violation.exchanges,
                clause.level,
                apart=len(violation.exchanges) == 1,
            )
            verdict = Verdict.WARNED if clause.level is Level.SHOULD else Verdict.FAILED
            yield Cell(clause.id, operation, verdict, violation.exchanges, (finding,))

    def _operation(self, rule: str, violation: Violation, of_case: str) -> str:
        """The operation that a violation counts for: that of its case.

        For a rule that judges exchanges alone, it is that of the last exchange that is known, or
        else the whole API.
        """
        if of_case and not RULES[rule].passive:
            return of_case
        known = [self._by_id[name] for name in violation.exchanges if name in self._by_id]
        return known[-1].operation if known else WHOLE_API
