"""New objects that cannot be read: reads of their ids find nothing, and no response shows them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from conformance.judging.outcomes import JudgeContext, Violation
from conformance.judging.responses import quote, role_of
from conformance.judging.target_model.departures import CREATED, SETTLED, Judged
from conformance.judging.target_model.events import (
    Fate,
    ObjectKey,
    Write,
    business_shown,
    is_plain,
    named_id,
)
from conformance.judging.target_model.history import History
from conformance.model import UNSTORED, CodeRole, Exchange, KeyName
from conformance.reading import Answer, Span, sent_members

NOT_FOUND = 404
READERS = (KeyName.FULL, KeyName.OTHER)
"""The keys that may read all objects of their business."""


class Unread:
    """The reads of a run that found nothing, by the object that they name."""

    def __init__(self, context: JudgeContext) -> None:
        self._context = context
        self._found_nothing: dict[ObjectKey, list[tuple[Exchange, Span]]] = defaultdict(list)
        self._working: set[str] = set()  # ids of the read operations that have shown an object

    def add(self, exchange: Exchange, span: Span) -> None:
        """Note a read of one object: that its operation works, or else that it found nothing."""
        operation = self._context.contract.operations.get(exchange.operation)
        business = business_shown(exchange)
        if operation is None or operation.action != "read" or business is None:
            return
        object_id = named_id(operation, exchange, sent_members(exchange))
        if exchange.ok and Answer(self._context.contract, operation, exchange).id is not None:
            self._working.add(operation.id)
        elif object_id is not None and self._finds_nothing(exchange):
            self._found_nothing[business, operation.kind, object_id].append((exchange, span))

    def _finds_nothing(self, exchange: Exchange) -> bool:
        """Whether the server itself says that there is nothing, to a key that may see it."""
        if exchange.identity not in READERS or exchange.facts.mistake or not is_plain(exchange):
            return False
        is_coded = role_of(self._context.contract, exchange) is CodeRole.NOT_FOUND
        return is_coded and exchange.status == NOT_FOUND

    def judged(
        self, histories: Mapping[ObjectKey, History], writes: list[Write]
    ) -> Iterator[Judged]:
        """The first read that should have shown each new object that cannot be read.

        ``writes`` are all that were not refused. An operation that never shows any object is not
        judged here.
        """
        for key, reads in self._found_nothing.items():
            history = histories.get(key)
            creation = None if history is None else _unshown_creation(history)
            if history is None or creation is None:
                continue
            # each write that names the object may have deleted it, even a refused one
            others = [*history.writes[1:], *history.mentions, *history.refused_writes]
            removers = [*_equal_creations(creation, writes), *others]
            read = _first_due(reads, creation, removers)
            if read is not None and read.operation in self._working:
                ids = (creation.exchange.id, read.id)
                violation = Violation("status", UNSTORED, quote(read), ids)
                yield Judged(CREATED, creation.exchange.id, violation)


def _equal_creations(creation: Write, writes: Iterable[Write]) -> list[Write]:
    """The other creations that sent the same; a target may keep only one of the objects."""
    sent = sent_members(creation.exchange)
    others = [write for write in writes if write is not creation]
    alike = [write for write in others if write.operation is creation.operation]
    return [write for write in alike if sent_members(write.exchange) == sent]


def _first_due(
    reads: Iterable[tuple[Exchange, Span]], creation: Write, removers: Iterable[Write]
) -> Exchange | None:
    """The first read that must find a new object; None if there is none.

    It comes after the creation has settled, and before all writes that may remove the object.
    """
    until = min((each.span.begin for each in removers), default=math.inf)
    for exchange, span in reads:
        if creation.span.end + SETTLED <= span.begin and span.end <= until:
            return exchange
    return None


def _unshown_creation(history: History) -> Write | None:
    """The creation of an object that no other response shows.

    None if it is shown, or if it is not certain that the first write created it.
    """
    creation = history.writes[0] if history.writes else None
    if creation is None or creation.fate is not Fate.DONE or not creation.is_new:
        return None
    is_shown = any(view.exchange is not creation.exchange for view in history.views)
    return None if is_shown else creation
