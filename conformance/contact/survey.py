"""Plain reads of a target: what is there, and what each key is shown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from itertools import filterfalse, takewhile
from operator import attrgetter

from conformance.judging.answers import code_of
from conformance.model import PREFLIGHT, WHOLE_API, Case, Effect, Operation, Remark, State
from conformance.reading import Answer
from conformance.run.preflight import plain_reads
from conformance.run.session import Session
from conformance.suite.client import Client
from conformance.suite.memory import Memory
from conformance.transport.message import message_for
from conformance.transport.patience import OverBudget

CASE = Case("survey[api]", PREFLIGHT, WHOLE_API, "", (), Effect.READ)
REFUSED_VALUE = 400
"""The status of a read with a limit that its list does not take."""


def looked_at(about: str, seen: str, mend: str, *, wrong: object) -> Remark:
    """A remark on what was seen, with what to do if it is wrong."""
    return Remark(State.MEND, about, seen, mend) if wrong else Remark(State.WORKS, about, seen)


def untold(about: str, why: str, mend: str = "") -> Remark:
    """A remark on what nothing tells."""
    return Remark(State.OPEN, about, why, mend)


class Survey:
    """Asks a target for what needs nothing but a key. Each request is sent once.

    ``limit`` is what lists are asked for until one refuses it. From then on they are asked plainly.
    """

    def __init__(self, session: Session, limit: int | None = None) -> None:
        self.contract = session.contract
        self.target = session.target.declaration
        self.client = Client(session.sender, CASE, 1, Memory(), seed=0)
        self._limit = limit
        self._asked, self._page = cache(self._first), cache(self._ask)
        self.reads = plain_reads(session.contract.operations.values())
        self.offered = list(filterfalse(self.is_lacking, self.reads))

    def narrow(self) -> None:
        """From now on, offer the reads alone that the request budget has room for."""
        self.offered = list(takewhile(self._is_affordable, self.offered))

    def _is_affordable(self, operation: Operation) -> bool:
        """Whether a read was asked for, or could be."""
        try:
            self.ask(operation.id)
        except OverBudget:
            return False
        return True

    def is_lacking(self, operation: Operation) -> bool:
        """Whether the target is said to lack an operation."""
        return operation.id in self.target.inapplicable

    def opened(self, key: str) -> list[Operation]:
        """The reads that a key opens, those first that ask for a scope."""
        opened = filter(partial(self.target.opens, role=key), self.offered)
        return sorted(filter(attrgetter("keyed"), opened), key=_asks_for_none)

    def closed(self, key: str) -> list[Operation]:
        """The reads that a key lacks the scope of."""
        return list(filterfalse(partial(self.target.opens, role=key), self.offered))

    def ask(self, name: str, key: str = "full") -> Answer:
        """What the read of a name shows with a key. Raises OverBudget."""
        return self._asked(name, key)

    def _first(self, name: str, key: str) -> Answer:
        """The same, asked anew: a list for as many items as the survey wants."""
        page = self._page(name, key, self._limit)
        if not is_refused(page):
            return page
        self._limit = None
        return self._page(name, key, None)

    def sized(self, name: str, limit: int | None) -> Answer:
        """What a list shows the main key in a page of a size. Raises OverBudget."""
        return self._page(name, "full", limit)

    def _ask(self, name: str, key: str, limit: int | None) -> Answer:
        """What a read shows with a key, in a page of a size if it is a list.

        One that the target is said to lack is sent without its name: nothing may expect an answer.
        """
        operation = self.contract.operations[name]
        paging = operation.paging
        values = {paging.limit: str(limit)} if paging and limit else {}
        send = partial(self.client.call, operation, values)
        if self.is_lacking(operation):
            send = partial(self.client.raw, message_for(operation, {}))
        return Answer(self.contract, operation, send(key=key))


def is_refused(page: Answer) -> bool:
    """Whether a list does not take the limit of a page."""
    return page.exchange.status == REFUSED_VALUE


def _asks_for_none(operation: Operation) -> bool:
    """Whether an operation asks for no scope."""
    return not operation.scopes


def said(answers: Iterable[Answer]) -> str:
    """What was asked and what came, such as ``GET /calls answered 401 unauthorized``."""
    return "; ".join(map(_said, answers))


def _said(answer: Answer) -> str:
    """The same for one answer."""
    exchange = answer.exchange
    came = exchange.failure or str(exchange.status)
    code = code_of(answer.contract, exchange)
    return " ".join(filter(None, (answer.operation.route, "answered", came, code)))
