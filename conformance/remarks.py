"""What a run tells of its target file: waivers that do nothing, keys that may be written wrong. Never graded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from conformance.model import DEAD_KEYS, Cell, Declaration, Exchange, Run, Verdict


def of(run: Run) -> list[str]:
    """A sentence for each thing in the target file that wants a look."""
    waivers = idle_waivers(run.target, run.cells, run.judged_on)
    return [*waivers, *doubtful_keys(run.target, run.exchanges)]


def idle_waivers(target: Declaration, found: Iterable[Cell], judged_on: str) -> list[str]:
    """Waivers that cover no failure, or had expired on the day of judgement: a sentence each."""
    waived = {(cell.clause, cell.operation) for cell in found if cell.verdict is Verdict.WAIVED}
    sentences = []
    for waiver in target.waivers:
        if waiver.expires.isoformat() < judged_on:
            sentences.append(f"the waiver of {waiver.clause} expired on {waiver.expires}")
        elif not any(
            c == waiver.clause and (not waiver.operations or o in waiver.operations)
            for c, o in waived
        ):
            sentences.append(f"the waiver of {waiver.clause} covers no failure of this run")
    return sentences


def doubtful_keys(target: Declaration, exchanges: Iterable[Exchange]) -> list[str]:
    """Keys that should be valid, and that the target has always called unauthorised: a sentence each."""
    statuses: dict[str, list[int]] = defaultdict(list)
    for exchange in exchanges:
        if (
            exchange.identity in target.keys.difference(DEAD_KEYS)
            and exchange.response is not None
            and not exchange.facts.form
        ):
            statuses[exchange.identity or ""].append(exchange.response.status)
    return [
        f"every request with the key {role} ({len(seen)}) was answered 401: is the key in the target file one of this target?"
        for role, seen in sorted(statuses.items())
        if set(seen) == {401}
    ]
