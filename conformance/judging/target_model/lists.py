"""What lists must show, and what not: objects that a filter passes or excludes, or of others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.judging.outcomes import JudgeContext, Pass, Violation
from conformance.judging.responses import quote
from conformance.judging.target_model.departures import REFUSED, SETTLED, Judged
from conformance.judging.target_model.events import ObjectKey, View, Write, is_plain
from conformance.judging.target_model.history import History
from conformance.model import Business, Open, Parameter, Step, compact
from conformance.reading import Answer, Span, lacks_new_object, query_value, takes

APART = {Business.MAIN: Business.OTHER, Business.OTHER: Business.MAIN}
"""Two businesses that must not see each other's objects."""
MATCHES, BELONGS = "paging.matches", "tenant.belongs"


@dataclass(frozen=True)
class Look:
    """A filtered list that should show an object of a business."""

    business: Business
    answer: Answer
    span: Span


FilterValues = list[tuple[Parameter, str]]
"""Filters of a list, each with the value that was sent for it."""
Shown = list[tuple[History, View]]
"""The objects of the run that a list shows: the history of each, and how it is shown."""


class Lists:
    """The filtered lists of a run, and those of one business that may show another's objects."""

    def __init__(self, context: JudgeContext) -> None:
        self._context = context
        self._filtered: list[tuple[Answer, FilterValues, Shown]] = []
        self._listed: list[tuple[Business, Answer]] = []  # lists with rows
        # by case, attempt, object and filters: only the last look counts
        self._looks: dict[tuple[Any, ...], Look] = {}

    def add(self, business: Business, answer: Answer, span: Span, shown: Shown) -> None:
        """Note a list, and the objects of the run that it shows.

        A list of something that businesses share, or whose meaning is not certain, counts only as a
        look for an object.
        """
        exchange, facts = answer.exchange, answer.exchange.facts
        if facts.step is Step.FILTERED:
            place = (exchange.case, exchange.attempt, facts.sought, *facts.filters.items())
            self._looks[place] = Look(business, answer, span)
        if not is_plain(answer.exchange) or answer.operation.pool:
            return
        if answer.rows and business in APART:
            self._listed.append((business, answer))
        if shown and answer.operation.filters:
            filters = self._filters_of(answer)
            if filters:
                self._filtered.append((answer, filters, shown))

    def _filters_of(self, answer: Answer) -> FilterValues:
        """The filters of a list that take one exact value, each with that value.

        A filter that servers may ignore is left out. So is one by an address or a phone number,
        because it is open which spelling matches.
        """
        filters: FilterValues = []
        for parameter in answer.operation.filters:
            value = query_value(answer.exchange, parameter.name)
            may_be_ignored = Open.FILTER_IGNORED in parameter.open
            has_spellings = parameter.phone or parameter.formatted
            if value and not may_be_ignored and not has_spellings and not parameter.compare:
                filters.append((parameter, value))
        return filters

    def judged(
        self, histories: Mapping[ObjectKey, History], refused: Mapping[str, Write]
    ) -> Iterator[Judged]:
        """The first departure of each list, or else passes.

        ``refused`` are the refused writes by the texts that only they have sent.
        """
        for answer, filters, shown in self._filtered:
            yield from self._excluded_objects(answer, filters, shown)
        for look in self._looks.values():
            yield from self._unfound(look, histories)
        yield from self._foreign_objects(histories)
        yield from self._left_by_refused(refused)

    def _excluded_objects(
        self, answer: Answer, filters: FilterValues, shown: Shown
    ) -> Iterator[Judged]:
        """The first object of the run that a list shows although its filter excludes the object.

        Objects before it pass. Only members are judged whose last write is known and has settled.
        If the list does not show the member, the value that was last sent for it is judged.
        """
        for history, view in shown:
            state = history.at(view.span)
            if state is None or state.deletion is not None:
                continue
            for parameter, value in filters:
                member = parameter.filters
                expected = state.members.get(member)
                if expected is None or view.span.begin - expected.write.span.end < SETTLED:
                    continue
                item = {member: view.members.get(member, expected.value)}
                ids = (expected.write.exchange.id, answer.exchange.id)
                if takes(parameter, item, value) is False:  # None if it is not certain
                    violation = Violation(f"/{member}", compact(value), compact(item[member]), ids)
                    yield Judged(MATCHES, answer.exchange.id, violation)
                    return
                yield Judged(MATCHES, answer.exchange.id, Pass(ids))

    def _unfound(self, look: Look, histories: Mapping[ObjectKey, History]) -> Iterator[Judged]:
        """The departure of a filtered list that lacks an object which it was to find.

        Only filters are judged that the object passes as it was last shown. A list that shows it,
        or may show it on a later page, passes. A filter may find an object only some time after a
        change.
        """
        exchange, facts = look.answer.exchange, look.answer.exchange.facts
        history = histories.get((look.business, look.answer.operation.kind, str(facts.sought)))
        view = history.shown_before(look.span) if history else None
        state = history.at(look.span) if history else None
        if view is None or state is None:
            return
        ids = (view.exchange.id, exchange.id)
        is_absent = lacks_new_object(self._context.contract, exchange)
        for name, value in facts.filters.items():
            parameter = look.answer.operation.parameter(name)
            if parameter is None or not takes(parameter, view.members, value):
                continue
            if not is_absent:
                yield Judged(MATCHES, exchange.id, Pass(ids))
            elif look.span.begin - state.since >= SETTLED:
                member = parameter.filters
                expected = f"{facts.sought}, whose {member} is {compact(view.members[member])}"
                yield Judged(MATCHES, exchange.id, Violation("/", expected, quote(exchange), ids))

    def _foreign_objects(self, histories: Mapping[ObjectKey, History]) -> Iterator[Judged]:
        """The first object in each list that another business created in this run, or else a pass.

        Each business may number its objects alike, so what was sent must be shown, too.
        """
        by_owner: dict[tuple[Business, str], dict[str, History]] = defaultdict(dict)
        for (business, kind, object_id), history in histories.items():
            by_owner[business, kind][object_id] = history
        for business, answer in self._listed:
            foreign = by_owner.get((APART[business], answer.operation.kind), {})
            if foreign:
                departures = list(self._foreign_objects_in(answer, foreign))
                passed = Judged(BELONGS, answer.exchange.id, Pass((answer.exchange.id,)))
                yield from departures[:1] or [passed]

    def _foreign_objects_in(
        self, answer: Answer, foreign: Mapping[str, History]
    ) -> Iterator[Judged]:
        """The objects in a list that another business created; ``foreign`` are those, by id."""
        identifier = self._context.contract.identifier_of(answer.operation.kind)
        for row in answer.rows:
            history = foreign.get(str(row.get(identifier)))
            creation = _creation_shown(history, row) if history else None
            if creation is not None:
                yield self._foreign_departure(answer, row, creation)

    def _left_by_refused(self, refused: Mapping[str, Write]) -> Iterator[Judged]:
        """The first item of each list that a refused creation of its kind has left behind."""
        creations: dict[str, dict[str, Write]] = defaultdict(dict)  # by kind and text
        for text, write in refused.items():
            if write.operation.action == "create":
                creations[write.operation.kind][text] = write
        for _, answer in self._listed:
            for row, write in _shown_of(creations.get(answer.operation.kind, {}), answer):
                ids = (write.exchange.id, answer.exchange.id)
                expected = f"nothing from exchange {write.exchange.id}, which was refused"
                violation = Violation("/", expected, compact(row), ids)
                yield Judged(REFUSED, write.exchange.id, violation)
                break

    def _foreign_departure(self, answer: Answer, row: dict[str, Any], creation: Write) -> Judged:
        """The departure of a list that shows an object which another business created."""
        ids = (creation.exchange.id, answer.exchange.id)
        expected = f"nothing that another business created with exchange {creation.exchange.id}"
        return Judged(BELONGS, answer.exchange.id, Violation("/", expected, compact(row), ids))


def _creation_shown(history: History, row: dict[str, Any]) -> Write | None:
    """The creation of an object, if an item shows a text that only the creation sent; or None."""
    for creation in history.writes:
        if not creation.is_new:
            continue
        for member in creation.operation.fresh_members:
            sent = creation.sent.get(member.shown_as)
            if sent and row.get(member.shown_as) == sent:
                return creation
    return None


def _shown_of(
    creations: Mapping[str, Write], answer: Answer
) -> Iterator[tuple[dict[str, Any], Write]]:
    """The items of a list that show a text of some creations, each with the creation.

    ``creations`` are by text. The item must show the text in the member for which it was sent.
    """
    if not creations:
        return
    members: set[str] = set()
    for creation in creations.values():
        members |= creation.sent.keys()
    for row in answer.rows:
        if members.isdisjoint(row):
            continue
        for member, text in row.items():
            write = creations.get(text) if isinstance(text, str) else None
            if write is not None and write.sent.get(member) == text:
                yield row, write
