"""Merges the violations of a cell into findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conformance.base.values import cut
from conformance.judging.outcomes import Violation
from conformance.judging.rules import Rule
from conformance.model import Clause, Finding

LONGEST = 2_000
"""The most characters of each text of a finding. The target chooses some of them."""


def merged(
    clause: Clause, operation: str, violations: list[tuple[Rule, Violation]]
) -> tuple[Finding, ...]:
    """One finding for each expectation of a rule that was not met.

    It names every exchange that violates the expectation, and quotes the first.
    """
    by_expectation: dict[tuple[str, str, str], list[Violation]] = {}  # rule, where and expected
    for rule, violation in violations:
        key = (rule.id, cut(violation.where, LONGEST), cut(violation.expected, LONGEST))
        by_expectation.setdefault(key, []).append(violation)
    findings = []
    for (rule_id, where, expected), alike in by_expectation.items():
        actual = cut(alike[0].actual, LONGEST)
        ids = unique(ids_of(alike))
        apart = all(len(violation.exchanges) == 1 for violation in alike)  # each shows it alone
        level = clause.level
        findings.append(
            Finding(clause.id, operation, rule_id, where, expected, actual, ids, level, apart)
        )
    return tuple(findings)


def ids_of(findings: Sequence[Finding | Violation]) -> Iterator[str]:
    """The ids of the exchanges that show some findings."""
    for finding in findings:
        yield from finding.exchanges


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Some texts in their order, each once."""
    return tuple(dict.fromkeys(texts))
