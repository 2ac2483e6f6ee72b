"""Plain reads of a target: what is there, and what each key can see."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cache

from conformance.judging.responses import code_of
from conformance.model import PREFLIGHT, WHOLE_API, Case, Effect, Operation, Remark, State
from conformance.reading import Answer
from conformance.run.preflight import plain_reads
from conformance.run.session import Session
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.memory import Memory
from conformance.transport.message import message_for
from conformance.transport.patience import OverBudget

CASE = Case("survey[api]", PREFLIGHT, WHOLE_API, "", (), Effect.READ)
REFUSED_VALUE = 400
"""The status of a read with a limit that its list does not take."""


def looked_at(about: str, seen: str, fix: str, *, wrong: bool) -> Remark:
    """A remark on what was seen, with how to fix it if it is wrong."""
    return Remark(State.MEND, about, seen, fix) if wrong else Remark(State.WORKS, about, seen)


def undecided(about: str, why: str, fix: str = "") -> Remark:
    """A remark on what the reads do not show."""
    return Remark(State.OPEN, about, why, fix)


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
        self.offered = [read for read in self.reads if not self.is_lacking(read)]

    def narrow(self) -> None:
        """From now on, offer only the reads that the request budget has room for."""
        affordable = []
        with suppress(OverBudget):
            for operation in self.offered:
                self.ask(operation.id)
                affordable.append(operation)
        self.offered = affordable

    def is_lacking(self, operation: Operation) -> bool:
        """Whether the target is said to lack an operation."""
        return operation.id in self.target.inapplicable

    def opened(self, key: str) -> list[Operation]:
        """The reads that a key opens, those first that ask for a scope."""
        opened = [
            operation
            for operation in self.offered
            if operation.keyed and self.target.opens(operation, key)
        ]
        return sorted(opened, key=lambda operation: not operation.scopes)

    def closed(self, key: str) -> list[Operation]:
        """The reads that a key lacks the scope of."""
        return [read for read in self.offered if not self.target.opens(read, key)]

    def ask(self, name: str, key: str = "full") -> Answer:
        """What the read of a name shows with a key. Raises OverBudget."""
        return self._asked(name, key)

    def _first(self, name: str, key: str) -> Answer:
        """The same, when it is asked for the first time: a list in pages of ``limit`` items."""
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

        A read that the target is said to lack is logged without its name, so that nothing expects
        it to succeed.
        """
        operation = self.contract.operations[name]
        paging = operation.paging
        if self.is_lacking(operation):
            exchange = self.client.raw(message_for(operation, {}), key=key)
        else:
            values = {paging.limit: str(limit)} if paging and limit else {}
            exchange = self.client.call(operation, values, key=key)
        return Answer(self.contract, operation, exchange)


def is_refused(page: Answer) -> bool:
    """Whether a list does not take the limit of a page."""
    return page.exchange.status == REFUSED_VALUE


def said(answers: Iterable[Answer]) -> str:
    """What was asked and what came, such as ``GET /calls answered 401 unauthorized``."""
    return "; ".join(_said(answer) for answer in answers)


def _said(answer: Answer) -> str:
    """The same for one answer."""
    exchange = answer.exchange
    came = exchange.failure or str(exchange.status)
    text = f"{answer.operation.route} answered {came}"
    code = code_of(answer.contract, exchange)
    return f"{text} {code}" if code else text
