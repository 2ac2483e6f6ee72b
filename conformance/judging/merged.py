"""Merges the violations of a cell into findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from conformance.base.values import cut
from conformance.causes.telling import plainness
from conformance.judging.outcomes import Violation
from conformance.judging.rules import Rule
from conformance.model import Clause, Exchange, Finding

LONGEST = 2_000
"""The most characters of each text of a finding. The target chooses some of them."""


def merged(
    clause: Clause,
    operation: str,
    violations: list[tuple[Rule, Violation]],
    exchanges: Mapping[str, Exchange],
) -> tuple[Finding, ...]:
    """One finding for each expectation of a rule that was not met.

    It names every exchange that violates the expectation, and quotes the first. If each shows it on
    its own, and not by its status, which any of them could quote, the plainest comes first.
    """
    by_expectation: dict[tuple[str, str, str], list[Violation]] = {}  # rule, where and expected
    for rule, violation in violations:
        key = (rule.id, cut(violation.where, LONGEST), cut(violation.expected, LONGEST))
        by_expectation.setdefault(key, []).append(violation)
    findings = []
    for (rule_id, where, expected), alike in by_expectation.items():
        apart = all(len(violation.exchanges) == 1 for violation in alike)  # each shows it alone
        quoted = alike[0]
        if apart and where != "status":
            quoted = min(alike, key=lambda each: plainness(exchanges[each.exchanges[0]]))
        actual = cut(quoted.actual, LONGEST)
        ids = unique(ids_of([quoted, *alike]))
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
