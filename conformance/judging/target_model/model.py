"""The model of a target: a history of each object that a run wrote, and what departs from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

from conformance.judging.outcomes import JudgeContext, Outcome, WholeLog
from conformance.judging.target_model.departures import Comparison, Judged, Listed, Senders
from conformance.judging.target_model.events import (
    Fate,
    Name,
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
"""The outcomes by the exchange that they are about, and by rule."""

_FOUND: WeakKeyDictionary[WholeLog, Found] = WeakKeyDictionary()
"""The outcomes of each log that is being judged. It is folded once."""
NONE: list[Outcome] = []


def outcomes_at(context: JudgeContext, exchange: Exchange, rule: str) -> list[Outcome]:
    """The outcomes of a rule that are about an exchange."""
    log = context.log
    assert log is not None  # rules that ask for it wait for the whole log
    found = _FOUND.get(log)
    if found is None:
        _FOUND[log] = {}  # it is folded once, even if that fails
        found = _FOUND[log] = Model(context, log).judged()
    return found.get((exchange.id, rule), NONE)


class Model:
    """The histories of the objects of a run."""

    def __init__(self, context: JudgeContext, log: WholeLog) -> None:
        self._context = context
        self._timed = sorted(spans_of(log.exchanges), key=lambda timed: timed[1].begin)
        self._histories: dict[Name, History] = {}
        self._kinds: dict[str, Kind] = {}
        self._effective: list[Write] = []  # writes that were not refused
        self._refused: list[Write] = []
        self._positions = Positions(context.contract)
        self._lists = Lists(context)
        self._unread = Unread(context)

    def judged(self) -> Found:
        """All outcomes, by the exchange that they are about, and by rule."""
        writes = [write for each in self._timed if (write := write_of(self._context, *each))]
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

        A list that never shows a member as it was sent, although reads may, has a form of its own.
        """
        agreed: set[Listed] = set()
        found: list[Judged] = []
        for history in self._histories.values():
            found += Comparison(history, senders, agreed).judged()
        return [each for each in found if each.listed is None or each.listed in agreed]

    def _senders(self) -> Senders:
        """Who sent which text of its own. A change is a likelier reason than a creation."""
        taken = frozenset(chain.from_iterable(write.mentions for write in self._effective))
        others = [stray_texts(self._context, exchange) for exchange, _ in self._timed]
        changes_last = sorted(self._effective, key=lambda write: write.operation.action == "update")
        return Senders(
            [*self._effective, *self._refused],
            {text: write for write in changes_last for text in write.fresh},
            {text: write for write in self._refused for text in write.fresh if text not in taken},
            frozenset(chain.from_iterable(others)),
        )

    def _note_writes(self, writes: list[Write]) -> None:
        """Give each write to the histories of the objects that it names."""
        self._effective = [write for write in writes if write.fate is not Fate.REFUSED]
        self._refused = [write for write in writes if write.fate is Fate.REFUSED]
        for write in self._effective:
            if write.name is not None:
                self._history(write.name).writes.append(write)
        self._note_mentions(self._effective)
        self._note_refused()
        for history in self._histories.values():
            history.fold()

    def _note_refused(self) -> None:
        """Give each refused write to the history of its object, with the texts it alone sent."""
        taken = frozenset(chain.from_iterable(write.mentions for write in self._effective))
        for write in self._refused:
            if write.name is not None:
                history = self._history(write.name)
                history.attempts.append(write)
                texts = {name: text for name, text in write.sent.items() if text not in taken}
                history.refused.append((write, texts))

    def _note_mentions(self, writes: list[Write]) -> None:
        """Give each write to the histories of the other objects that it mentions."""
        by_id: dict[str, list[History]] = defaultdict(list)
        for history in self._histories.values():
            by_id[history.name[2]].append(history)
        for write in writes:
            for text in write.mentions & by_id.keys():
                for history in by_id[text]:
                    if history.name != write.name:
                        history.mentions.append(write)

    def _history(self, name: Name) -> History:
        """The history of an object, which may be new."""
        if name not in self._histories:
            kind = name[1]
            if kind not in self._kinds:
                self._kinds[kind] = Kind.of(self._context.contract, kind)
            self._histories[name] = History(name, self._kinds[kind])
        return self._histories[name]

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
        """Give the items or the object of a response to their histories."""
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
