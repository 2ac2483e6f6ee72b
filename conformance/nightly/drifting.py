"""Drift each night: a notice when the OpenAPI document of the target changes against the contract.

If the target publishes no document, or is down, nothing is said, and what is known stays known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.base.errors import Unjudgeable
from conformance.base.text import amount
from conformance.drift import fetching
from conformance.drift.change import Alike, Drift
from conformance.model import Contract
from conformance.nightly.notices import Kind, Notice
from conformance.target import Target

MOST = 1_000
"""Maximum number of changes that are remembered."""


@dataclass(frozen=True)
class Look:
    """A look at the document of a target: the drift, what there is to say, and what to remember.

    ``found`` is None if there is no document to compare.
    """

    found: Drift | None
    notices: tuple[Notice, ...]
    ids: tuple[str, ...] | None


def look(contract: Contract, target: Target, seed: int, before: tuple[str, ...] | None) -> Look:
    """Fetch the document that a target publishes, without a key, and compare it with the contract.

    ``before`` has the ids of the changes that the last look found, None if this is the first one.
    """
    try:
        found = fetching.drift_of_target(contract, target, seed)
    except Unjudgeable:
        return Look(None, (), before)
    said = notice(before, found)
    return Look(found, (said,) if said else (), ids_of(found))


def ids_of(found: Drift) -> tuple[str, ...]:
    """The ids of the changes that are remembered until the next night."""
    return tuple(change.id for change in found.changes[:MOST])


def notice(before: Sequence[str] | None, found: Drift) -> Notice | None:
    """What there is to say about a drift; None if nothing changed since the last look.

    ``before`` has the ids of the changes that the last look found. If it is None, this is the first
    look, and there is a notice only if a change breaks clients.
    """
    known = set(before or ())
    fresh = [change for change in found.changes[:MOST] if change.id not in known]
    gone = len(known.difference(ids_of(found)))
    noteworthy = fresh
    if before is None:
        noteworthy = [change for change in fresh if change.breaks]
    if not noteworthy and not gone:
        return None
    return Notice(Kind.DRIFT, "; ".join(_words(fresh, gone)))


def _words(fresh: Sequence[Alike], gone: int) -> Iterator[str]:
    """In words: how many changes are new, and the first of them; how many are gone."""
    if fresh:
        first = fresh[0]
        breaking = sum(change.breaks for change in fresh)
        does = "breaks" if breaking == 1 else "break"
        count = f"{amount(len(fresh), 'new difference')}, {breaking} of which {does} clients"
        yield f"{count}: {first.sentence}, {amount(len(first.routes), 'operation')}"
    if gone:
        yield f"{amount(gone, 'difference')} gone"
