"""Requests to a target that change nothing: what exists, and what each key can access."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache

from conformance.base.drawing import stable_hash
from conformance.judging.responses import code_of
from conformance.model import (
    PREFLIGHT,
    WHOLE_API,
    Case,
    Effect,
    Exchange,
    KeyName,
    Operation,
    Remark,
    State,
    resource_of,
)
from conformance.model.routes import NO_SUCH_ROUTE, NOWHERE, bare_path, has_route
from conformance.reading import Answer
from conformance.run.preflight import REFUSED, plain_reads
from conformance.run.session import Session
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.memory import Memory
from conformance.transport.message import Message, message_for
from conformance.transport.patience import OverBudget

CASE = Case("survey[api]", PREFLIGHT, WHOLE_API, "", (), Effect.READ)
REFUSED_VALUE = 400
"""The status of a read whose list rejects the limit."""


def looked_at(about: str, seen: str, fix: str, *, wrong: bool) -> Remark:
    """A remark on what was seen, with the fix if it is wrong."""
    return Remark(State.MEND, about, seen, fix) if wrong else Remark(State.WORKS, about, seen)


def undecided(about: str, why: str, fix: str = "") -> Remark:
    """A remark on something that the reads cannot decide."""
    return Remark(State.OPEN, about, why, fix)


class Survey:
    """Sends the reads that need nothing but a key, each of them once.

    Lists are requested with ``limit`` until one rejects it, and without a limit from then on.
    ``checked`` are the operations that the target should have: the offered reads, or all offered
    operations if the survey is ``thorough``. ``single_reads`` are the reads of one object among
    them; without ``thorough`` there are none. ``excluded`` are the operations that the target
    should not have.
    """

    def __init__(self, session: Session, limit: int | None = None, *, thorough: bool = False):
        self.contract = session.contract
        self.target = session.target.declaration
        seed, key = session.choice.seed, session.key
        self.client = Client(session.sender, CASE, 1, Memory(), seed=seed, key=key)
        self._limit, self._thorough = limit, thorough
        self._read, self._send = cache(self._read_once), cache(self._send_once)
        self._bare, self._listed = cache(self._bare_once), cache(self._read_listed_once)
        self.reads = plain_reads(session.contract.operations.values())
        self.offered = [read for read in self.reads if not self.is_lacking(read)]
        others = [each for each in self.contract.operations.values() if not each.plain_read]
        offered_others = [each for each in others if not self.is_lacking(each)]
        self.excluded = self._excluded(others)
        self.checked, self.single_reads = self.offered, list[Operation]()
        if thorough:
            self.checked = [*self.offered, *offered_others]
            self.single_reads = [each for each in offered_others if each.effect is Effect.READ]

    def _excluded(self, others: Iterable[Operation]) -> list[Operation]:
        """The excluded plain reads, and the other operations whose whole route is excluded.

        ``others`` are all operations that are no plain reads.
        """
        operations = self.contract.operations.values()
        offered = {each.route for each in operations if not self.is_lacking(each)}
        reads = [read for read in self.reads if self.is_lacking(read)]
        return [*reads, *(each for each in others if each.route not in offered)]

    def narrow(self) -> None:
        """Reduce the operations of this survey to those that the request budget covers.

        To find out, it sends the requests that check them until the budget is used up.
        """
        self.checked = _affordable(self.checked, self.has)
        self.offered = [read for read in self.offered if read in self.checked]
        shown = self.routes(self.checked)
        existing = [each for each in self.single_reads if shown.get(each.route)]
        self.single_reads = _affordable(existing, self.read_listed)

    def is_lacking(self, operation: Operation) -> bool:
        """Whether the target file declares an operation inapplicable."""
        return operation.id in self.target.inapplicable

    def opened(self, key: str) -> list[Operation]:
        """The reads that a key may send, those that require a scope first.

        If the survey is not thorough, lists of what a business owns come first in both groups, and
        the seed shuffles what is left equal, differently for each key.
        """
        opened = [
            operation
            for operation in self.offered
            if operation.keyed and self.target.opens(operation, key)
        ]
        # each sort keeps the order of the one before among what is equal
        if not self._thorough:
            opened.sort(key=lambda read: stable_hash(f"{self.client.seed} {key} {read.id}"))
            opened.sort(key=lambda read: not (read.paging and read.owned))
        return sorted(opened, key=lambda operation: not operation.scopes)

    def closed(self, key: str) -> list[Operation]:
        """The reads for which a key lacks the scope.

        A write scope may include the reads of its resource, so these are left out.
        """
        resources = {resource_of(scope) for scope in self.target.named_scopes(key)}
        return [
            read
            for read in self.offered
            if not self.target.opens(read, key)
            and resources.isdisjoint(resource_of(scope) for scope in read.scopes)
        ]

    def routes(self, operations: Iterable[Operation]) -> dict[str, bool | None]:
        """Whether the target has each route of some operations; None if that is unknown.

        Only the first operation of a route is requested. Raises OverBudget.
        """
        shown: dict[str, bool | None] = {}
        for operation in operations:
            if operation.route not in shown:
                shown[operation.route] = self.has(operation)
        return shown

    def has(self, operation: Operation) -> bool | None:
        """Whether the target has the route of an operation; None if that is unknown.

        A plain read is requested as it is. If the target file declares it inapplicable, only a
        success shows the route. Any other operation is requested without an id, a body and, where
        possible, a key. A target that has it must reject this, so nothing happens. Raises
        OverBudget.
        """
        if operation.plain_read:
            plain = self.ask(operation.id)
            if self.is_lacking(operation):
                return plain.ok
            status = plain.exchange.status
            return None if status is None else status not in NO_SUCH_ROUTE
        key = KeyName.FULL if self._needs_key(operation) else None
        control = self._bare("GET", NOWHERE, key)
        shown = self._bare(operation.method, bare_path(operation), key)
        return has_route(self.contract, shown, control)

    def read_listed(self, operation: Operation) -> Exchange | None:
        """Read an object that a list shows; None if no list shows one. Raises OverBudget."""
        return self._listed(operation.id)

    def _read_listed_once(self, name: str) -> Exchange | None:
        operation = self.contract.operations[name]
        values = self.client.valid(operation)
        return None if values is None else self.client.call(operation, values)

    def _needs_key(self, operation: Operation) -> bool:
        """Whether an operation can be checked only with a key, and this is safe.

        Some targets check the key before the route. The request is safe if it leaves out a required
        input, and if the target file permits the effect of the operation.
        """
        is_permitted = operation.effect in (Effect.READ, *self.target.allow)
        is_safe = is_permitted and bool(operation.required)
        if not is_safe:
            return False
        return self._bare("GET", NOWHERE, None).status in REFUSED

    def _bare_once(self, method: str, path: str, key: str | None) -> Exchange:
        """Send a request without ids or other inputs, logged without an operation; uncached."""
        return self.client.raw(Message(method, path), key=key)

    def ask(self, name: str, key: str = KeyName.FULL) -> Answer:
        """The response to a read, by its id, with a key. Raises OverBudget."""
        return self._read(name, key)

    def _read_once(self, name: str, key: str) -> Answer:
        """The uncached response to a read; a list is requested with the limit of the survey.

        If a list rejects that limit, it is requested without one, and so are all lists from now on.
        """
        page = self._send(name, key, self._limit)
        if not is_refused(page):
            return page
        self._limit = None
        return self._send(name, key, None)

    def list_with_limit(self, name: str, limit: int | None) -> Answer:
        """The response to a list with the main key and a limit. Raises OverBudget."""
        return self._send(name, KeyName.FULL, limit)

    def _send_once(self, name: str, key: str, limit: int | None) -> Answer:
        """The uncached response to a read with a key; ``limit`` applies only to lists.

        A read that the target file declares inapplicable is logged without the operation, so that
        no rule expects it to succeed.
        """
        operation = self.contract.operations[name]
        paging = operation.paging
        if self.is_lacking(operation):
            exchange = self.client.raw(message_for(operation, {}), key=key)
        else:
            values = {paging.limit: str(limit)} if paging and limit else {}
            exchange = self.client.call(operation, values, key=key)
        return Answer(self.contract, operation, exchange)


def _affordable(
    operations: Iterable[Operation], send: Callable[[Operation], object]
) -> list[Operation]:
    """Send some operations until the request budget is used up; returns those that were sent."""
    sent = []
    with suppress(OverBudget):
        for operation in operations:
            send(operation)
            sent.append(operation)
    return sent


def is_refused(page: Answer) -> bool:
    """Whether a list rejected the limit of a page."""
    return page.exchange.status == REFUSED_VALUE


def said(answers: Iterable[Answer]) -> str:
    """Requests and their results, such as ``GET /calls returned 401 unauthorized``."""
    return "; ".join(_said(answer) for answer in answers)


def _said(answer: Answer) -> str:
    exchange = answer.exchange
    result = exchange.failure or str(exchange.status)
    text = f"{answer.operation.route} returned {result}"
    code = code_of(answer.contract, exchange)
    return f"{text} {code}" if code else text
