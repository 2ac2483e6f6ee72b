"""The model of a target: a history of each object that a run wrote, and what departs from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

from conformance.base.values import without
from conformance.judging.outcomes import JudgeContext, Outcome, WholeLog
from conformance.judging.target_model.departures import Comparison, Judged, Listed, Senders
from conformance.judging.target_model.events import (
    Fate,
    ObjectKey,
    View,
    Write,
    business_shown,
    read_answer,
    stray_texts,
    write_of,
)
from conformance.judging.target_model.history import History, Kind
from conformance.judging.target_model.lists import Lists
from conformance.judging.target_model.names import judged_names
from conformance.judging.target_model.positions import Positions
from conformance.judging.target_model.unread import Unread
from conformance.model import Business, Exchange
from conformance.reading import Answer, Span, members_of, spans_of

Found = Mapping[tuple[str, str], list[Outcome]]
"""The outcomes, by the id of the exchange that they are about and the id of their rule."""

_FOUND: WeakKeyDictionary[WholeLog, Found] = WeakKeyDictionary()
"""The outcomes of each log that is being judged, so that each log is read only once."""


def outcomes_at(context: JudgeContext, exchange: Exchange, rule: str) -> list[Outcome]:
    """The outcomes of a rule that are about an exchange."""
    log = context.log
    assert log is not None  # the rules that call this wait for the whole log
    found = _FOUND.get(log)
    if found is None:
        # unlike with once_for_each_log, a log is not read again if reading it fails
        _FOUND[log] = {}
        found = _FOUND[log] = Model(context, log).judged()
    return found.get((exchange.id, rule), [])


class Model:
    """The histories of the objects of a run."""

    def __init__(self, context: JudgeContext, log: WholeLog) -> None:
        self._context = context
        self._timed = sorted(spans_of(log.exchanges), key=lambda timed: timed[1].begin)
        self._histories: dict[ObjectKey, History] = {}
        self._kinds: dict[str, Kind] = {}
        self._effective: list[Write] = []  # writes that were not refused
        self._refused: list[Write] = []
        self._positions = Positions(context.contract)
        self._lists = Lists(context)
        self._unread = Unread(context)

    def judged(self) -> Found:
        """All outcomes, by the exchange that they are about, and by rule."""
        found_writes = [write_of(self._context, exchange, span) for exchange, span in self._timed]
        writes = [write for write in found_writes if write is not None]
        self._note_writes(writes)
        self._note_views()
        self._positions.add_writes(writes)
        senders = self._senders()
        found: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
        for one in [
            *self._of_objects(senders),
            *self._lists.judged(self._histories, senders.refused),
            *self._positions.judged(),
            *self._unread.judged(self._histories, self._effective),
            *judged_names(self._context, writes),
        ]:
            found[one.exchange, one.rule].append(one.outcome)
        return found

    def _of_objects(self, senders: Senders) -> list[Judged]:
        """The outcomes of the history of each object.

        Left out are departures of members that a list never shows as sent: it has its own form.
        """
        agreed: set[Listed] = set()
        found: list[Judged] = []
        for history in self._histories.values():
            found += Comparison(history, senders, agreed).judged()
        return [each for each in found if each.listed is None or each.listed in agreed]

    def _senders(self) -> Senders:
        """Who sent which text that no other request should hold.

        Of several senders that were not refused, a change counts rather than a creation. A text
        counts as that of a refused write only if no write that was not refused mentions it.
        """
        not_refused = frozenset(chain.from_iterable(write.mentions for write in self._effective))
        others = [stray_texts(self._context, exchange) for exchange, _ in self._timed]
        changes_last = sorted(self._effective, key=lambda write: write.operation.action == "update")
        by_refused = {text: write for write in self._refused for text in write.fresh}
        return Senders(
            writes=[*self._effective, *self._refused],
            accepted={text: write for write in changes_last for text in write.fresh},
            refused=without(by_refused, not_refused),
            unknown_effect=frozenset(chain.from_iterable(others)),
        )

    def _note_writes(self, writes: list[Write]) -> None:
        """Give each write to the histories of the objects that it names or mentions; fold them."""
        self._effective = [write for write in writes if write.fate is not Fate.REFUSED]
        self._refused = [write for write in writes if write.fate is Fate.REFUSED]
        for write in self._effective:
            if write.key is not None:
                self._history(write.key).writes.append(write)
        self._note_mentions(self._effective)
        self._note_refused()
        for history in self._histories.values():
            history.fold()

    def _note_refused(self) -> None:
        """Give each refused write to the history of its object.

        With it go the texts that it sent and that no write mentions which was not refused.
        """
        not_refused = frozenset(chain.from_iterable(write.mentions for write in self._effective))
        for write in self._refused:
            if write.key is not None:
                history = self._history(write.key)
                history.refused_writes.append(write)
                sent = write.sent.items()
                texts = {name: text for name, text in sent if text not in not_refused}
                history.refused.append((write, texts))

    def _note_mentions(self, writes: list[Write]) -> None:
        """Give each write to the histories of the other objects that it mentions."""
        by_id: dict[str, list[History]] = defaultdict(list)
        for (_, _, object_id), history in self._histories.items():
            by_id[object_id].append(history)
        for write in writes:
            for text in write.mentions & by_id.keys():
                for history in by_id[text]:
                    if history.key != write.key:
                        history.mentions.append(write)

    def _history(self, key: ObjectKey) -> History:
        """The history of an object, which is created if there is none."""
        if key not in self._histories:
            _, kind, _ = key
            if kind not in self._kinds:
                self._kinds[kind] = Kind.of(self._context.contract, kind)
            self._histories[key] = History(key, self._kinds[kind])
        return self._histories[key]

    def _note_views(self) -> None:
        """Give what each response shows to the histories of its objects."""
        for exchange, span in self._timed:
            self._unread.add(exchange, span)
            business = business_shown(exchange)
            if business is None:
                continue
            answer = read_answer(self._context, exchange)
            if answer is not None:
                self._note_answer(business, answer, span)

    def _note_answer(self, business: Business, answer: Answer, span: Span) -> None:
        """Give the items or the object of a response to their histories, positions and lists."""
        kind = answer.operation.kind
        identifier = self._context.contract.identifier_of(kind)
        is_list = answer.operation.paging is not None
        rows: list[dict[str, Any]] = answer.rows if is_list else [members_of(answer.object)]
        self._positions.add(business, answer, rows, span)
        shown: list[tuple[History, View]] = []
        for row in rows:
            history = self._histories.get((business, kind, str(row.get(identifier))))
            if history is not None:
                view = View(answer.exchange, answer.operation, span, row)
                history.views.append(view)
                shown.append((history, view))
        if is_list:
            self._lists.add(business, answer, span, shown)
