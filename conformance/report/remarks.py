"""What a run shows about its target file: waivers without effect, keys that may be wrong.

Remarks are never graded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from conformance.model import DEAD_KEYS, Cell, Declaration, Exchange, Run, Verdict


def of(run: Run) -> list[str]:
    """A sentence for each thing in the target file that deserves a look."""
    waivers = idle_waivers(run.target, run.cells, run.judged_on)
    return [*waivers, *doubtful_keys(run.target, run.exchanges)]


def idle_waivers(target: Declaration, cells: Iterable[Cell], judged_on: str) -> list[str]:
    """A sentence for each waiver that covers no failure, or had expired on the day ``judged_on``.

    ``judged_on`` is an ISO 8601 date.
    """
    sentences = []
    waived = [cell for cell in cells if cell.verdict is Verdict.WAIVED]
    for waiver in target.waivers:
        if waiver.expires.isoformat() < judged_on:
            sentences.append(f"the waiver of {waiver.clause} expired on {waiver.expires}")
        elif not any(waiver.covers(cell.clause, cell.operation) for cell in waived):
            sentences.append(f"the waiver of {waiver.clause} covers no failure of this run")
    return sentences


def doubtful_keys(target: Declaration, exchanges: Iterable[Exchange]) -> list[str]:
    """A sentence for each key that should be valid and was answered 401 every time."""
    statuses: dict[str, list[int]] = defaultdict(list)
    valid = target.keys.difference(DEAD_KEYS)
    for exchange in exchanges:
        if exchange.identity not in valid or exchange.facts.form:
            continue
        if exchange.response is not None:
            statuses[str(exchange.identity)].append(exchange.response.status)
    sentences = []
    for role, answered in sorted(statuses.items()):
        if set(answered) == {401}:
            sentences.append(
                f"every request with the key {role} ({len(answered)}) was answered 401: "
                "is the key in the target file one of this target?"
            )
    return sentences
