"""New objects that cannot be read: reads of their ids find nothing, and no response shows them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from conformance.judging.outcomes import JudgeContext, Violation
from conformance.judging.responses import role_of, said
from conformance.judging.target_model.departures import CREATED, SETTLED, Judged
from conformance.judging.target_model.events import (
    Fate,
    Name,
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
        self._nothing: dict[Name, list[tuple[Exchange, Span]]] = defaultdict(list)
        self._working: set[str] = set()  # reads that have shown an object

    def add(self, exchange: Exchange, span: Span) -> None:
        """Note a request, if it is a plain read of one object."""
        operation = self._context.contract.operations.get(exchange.operation)
        business = business_shown(exchange)
        if operation is None or operation.action != "read" or business is None:
            return
        named = named_id(operation, exchange, sent_members(exchange))
        if exchange.ok and Answer(self._context.contract, operation, exchange).id is not None:
            self._working.add(operation.id)
        elif named is not None and self._finds_nothing(exchange):
            self._nothing[business, operation.kind, named].append((exchange, span))

    def _finds_nothing(self, exchange: Exchange) -> bool:
        """Whether the server itself says that there is nothing, to a key that may see it."""
        if exchange.identity not in READERS or exchange.facts.mistake or not is_plain(exchange):
            return False
        is_coded = role_of(self._context.contract, exchange) is CodeRole.NOT_FOUND
        return is_coded and exchange.status == NOT_FOUND

    def judged(self, histories: Mapping[Name, History], writes: list[Write]) -> Iterator[Judged]:
        """The first read that should have shown each new object that cannot be read.

        ``writes`` are all that were not refused.
        """
        for name, reads in self._nothing.items():
            history = histories.get(name)
            creation = None if history is None else _creation_of(history)
            if history is None or creation is None:
                continue
            # what names it may have deleted it, even if it was refused
            others = [*history.writes[1:], *history.mentions, *history.attempts]
            due = _due(reads, creation, [*_equal(creation, writes), *others])
            if due and due[0].operation in self._working:
                ids = (creation.exchange.id, due[0].id)
                violation = Violation("status", UNSTORED, said(due[0]), ids)
                yield Judged(CREATED, creation.exchange.id, violation)


def _equal(creation: Write, writes: Iterable[Write]) -> list[Write]:
    """The creations of equal objects, of which a target may keep only one."""
    sent = sent_members(creation.exchange)
    return [
        write
        for write in writes
        if write is not creation
        and write.operation is creation.operation
        and sent_members(write.exchange) == sent
    ]


def _due(
    reads: Iterable[tuple[Exchange, Span]], creation: Write, others: Iterable[Write]
) -> list[Exchange]:
    """The reads that must find a new object: those before other writes, which may remove it."""
    until = min((each.span.begin for each in others), default=math.inf)
    return [
        exchange
        for exchange, span in reads
        if creation.span.end + SETTLED <= span.begin and span.end <= until
    ]


def _creation_of(history: History) -> Write | None:
    """The creation of an object that no other response shows; None if there is none."""
    creation = history.writes[0] if history.writes else None
    if creation is None or creation.fate is not Fate.DONE or not creation.is_new:
        return None
    is_shown = any(view.exchange is not creation.exchange for view in history.views)
    return None if is_shown else creation
