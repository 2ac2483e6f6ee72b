"""What lists must not show: objects that a filter excludes, and objects of another business."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.judging.outcomes import JudgeContext, Violation
from conformance.judging.target_model.departures import SETTLED, Departure
from conformance.judging.target_model.events import Name, View, Write, is_plain
from conformance.judging.target_model.history import History
from conformance.model import Business, Open, Parameter, compact
from conformance.reading import Answer, asked, takes

MATCHES, BELONGS = "paging.matches", "tenant.belongs"


class Lists:
    """The filtered lists of a run, and those of one business that may show another's objects."""

    def __init__(self, context: JudgeContext) -> None:
        self._context = context
        self._filtered: list[tuple[Answer, list[tuple[Parameter, str]], list[Any]]] = []
        self._listed: list[tuple[Business, Answer]] = []

    def add(self, business: Business, answer: Answer, shown: list[tuple[History, View]]) -> None:
        """Note a list, and the objects of the run that it shows."""
        if not is_plain(answer.exchange) or answer.operation.pool:
            return
        if answer.rows:
            self._listed.append((business, answer))
        if shown and answer.operation.filters:
            filters = self._filters_of(answer)
            if filters:
                self._filtered.append((answer, filters, shown))

    def _filters_of(self, answer: Answer) -> list[tuple[Parameter, str]]:
        """The filters of a list that take one exact value, each with that value.

        Which spelling of an address or a number matches is open.
        """
        filters = []
        for parameter in answer.operation.filters:
            value = asked(answer.exchange, parameter.name)
            is_open = Open.FILTER_IGNORED in parameter.open or parameter.phone
            if value and not is_open and not parameter.compare and not parameter.formatted:
                filters.append((parameter, value))
        return filters

    def departures(self, histories: Mapping[Name, History]) -> Iterator[Departure]:
        """The first departure of each list."""
        for answer, filters, shown in self._filtered:
            yield from self._misfits(answer, filters, shown)
        yield from self._strangers(histories)

    def _misfits(
        self,
        answer: Answer,
        filters: list[tuple[Parameter, str]],
        shown: list[tuple[History, View]],
    ) -> Iterator[Departure]:
        """The first object of the run in a list that a filter of it excludes."""
        for history, view in shown:
            state = history.at(view)
            if state is None or state.deletion is not None:
                continue
            for parameter, value in filters:
                known = state.members.get(parameter.filters)
                if known is None or view.span.begin - known[1].span.end < SETTLED:
                    continue
                member = parameter.filters
                item = {member: view.members.get(member, known[0])}
                if takes(parameter, item, value) is False:
                    yield self._misfit(answer, parameter, value, item[member], known[1])
                    return

    def _misfit(
        self, answer: Answer, parameter: Parameter, value: str, actual: Any, write: Write
    ) -> Departure:
        """The departure of a list that shows an object which a filter excludes."""
        ids = (write.exchange.id, answer.exchange.id)
        where = f"/{parameter.filters}"
        violation = Violation(where, compact(value), compact(actual), ids)
        return Departure(MATCHES, answer.exchange.id, violation)

    def _strangers(self, histories: Mapping[Name, History]) -> Iterator[Departure]:
        """The first object in each list that another business created in this run.

        Each business may number its objects alike, so what was sent must be shown, too.
        """
        owners: dict[tuple[str, str], list[History]] = {}
        for (_, kind, identifier), history in histories.items():
            owners.setdefault((kind, identifier), []).append(history)
        for business, answer in self._listed:
            identifier = self._context.contract.identifier_of(answer.operation.kind)
            for row in answer.rows:
                key = answer.operation.kind, str(row.get(identifier))
                for history in owners.get(key, ()):
                    creation = _creation_shown(history, business, row)
                    if creation is not None:
                        yield self._stranger(answer, row, creation)
                        break

    def _stranger(self, answer: Answer, row: dict[str, Any], creation: Write) -> Departure:
        """The departure of a list that shows an object which another business created."""
        ids = (creation.exchange.id, answer.exchange.id)
        expected = f"nothing that another business created with {creation.exchange.id}"
        return Departure(BELONGS, answer.exchange.id, Violation("/", expected, compact(row), ids))


def _creation_shown(history: History, business: Business, row: dict[str, Any]) -> Write | None:
    """The creation of an object by another business, if an item shows a text that only it sent."""
    apart = {history.name[0], business} == {Business.MAIN, Business.OTHER}
    creation = next((write for write in history.writes if write.is_new), None)
    if not apart or creation is None:
        return None
    for member in creation.operation.fresh_members:
        sent = creation.sent.get(member.shown_as)
        if sent and row.get(member.shown_as) == sent:
            return creation
    return None
