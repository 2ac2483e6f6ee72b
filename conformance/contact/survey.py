"""Plain reads of a target: what is there, and what each key is shown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from itertools import filterfalse
from operator import attrgetter

from conformance.judging.answers import code_of
from conformance.model import PREFLIGHT, WHOLE_API, Case, Effect, Operation, Remark, State
from conformance.reading import Answer
from conformance.run.preflight import plain_reads
from conformance.run.session import Session
from conformance.suite.client import Client
from conformance.suite.memory import Memory
from conformance.transport.message import message_for

CASE = Case("survey[api]", PREFLIGHT, WHOLE_API, "", (), Effect.READ)


def looked_at(about: str, seen: str, mend: str, *, wrong: object) -> Remark:
    """A remark on what was seen, with what to do if it is wrong."""
    return Remark(State.MEND, about, seen, mend) if wrong else Remark(State.WORKS, about, seen)


def untold(about: str, why: str, mend: str = "") -> Remark:
    """A remark on what nothing tells."""
    return Remark(State.OPEN, about, why, mend)


class Survey:
    """Asks a target for what needs nothing but a key. Each request is sent once.

    ``most`` bounds the reads that it has with its main key.
    """

    def __init__(self, session: Session, most: int | None = None) -> None:
        self.contract = session.contract
        self.target = session.target.declaration
        self.client = Client(session.sender, CASE, 1, Memory(), seed=0)
        self._asked = cache(self._ask)
        self.reads = plain_reads(session.contract.operations.values())
        self.offered = list(filterfalse(self.is_lacking, self.reads))[:most]

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
        """What the read of a name shows with a key."""
        return self._asked(name, key)

    def _ask(self, name: str, key: str) -> Answer:
        """The same, asked anew.

        One that the target is said to lack is sent without its name: nothing may expect an answer.
        """
        operation = self.contract.operations[name]
        send = partial(self.client.call, operation, {})
        if self.is_lacking(operation):
            send = partial(self.client.raw, message_for(operation, {}))
        return Answer(self.contract, operation, send(key=key))


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
