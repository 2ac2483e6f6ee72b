"""A sender that sends nothing: each request gets the stored response of the next one of its case.

What a case sends follows from its scenario and from the responses before. So a scenario that gets
the stored responses again makes the stored requests again.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from typing import NoReturn
from urllib.parse import urlsplit

from conformance.base.errors import Unjudgeable
from conformance.certify.requests_compared import Difference, Made, difference
from conformance.judging.coverage import OVER_BUDGET
from conformance.log.evidence import Log, Recorder
from conformance.model import Contract, Exchange, Role
from conformance.target import Target
from conformance.transport.carrier import Label
from conformance.transport.headers import all_headers
from conformance.transport.message import Message
from conformance.transport.patience import NOT_FOUND, OverBudget, Patience, Reason
from conformance.transport.sender import REPEATS, Sender
from conformance.transport.wire import Loss, WireFailure, WireRequest, WireResponse

MISSING = "another request follows from the run, which is missing"
FINAL = "its response was 404, so the run would have sent it again"


class NotMade(BaseException):
    """Raised if a case does not make the request that is stored. Scenarios must not catch it."""

    def __init__(self, case: str, exchange: Exchange | None, difference: Difference) -> None:
        super().__init__(difference.text)
        self.case = case
        self.exchange = exchange
        self.difference = difference


class NoWire:
    """The wire of a sender that sends nothing."""

    def send(self, request: WireRequest) -> NoReturn:
        """Refuse to send."""
        raise AssertionError(f"nothing is sent, not even {request.method} {request.url}")


class Tape:
    """The stored exchanges of a run by case, and how far each case has been played back."""

    def __init__(self, log: Log) -> None:
        self._ends = log.ends
        self._broke_off = log.incomplete is not None
        self._sent: dict[str, list[Exchange]] = defaultdict(list)
        for exchange in log.exchanges:
            self._sent[exchange.case].append(exchange)
        self._played: dict[str, int] = defaultdict(int)
        self.lacks_some = False  # whether a response so far lacks a part in the log

    def counts(self, without: Container[str]) -> dict[str, int]:
        """The number of exchanges of each case, ``without`` some cases and those that sent none."""
        counted = {case: len(sent) for case, sent in self._sent.items() if case not in without}
        return {case: count for case, count in counted.items() if count}

    def rest(self, case: str) -> list[Exchange]:
        """The exchanges of a case that have not been played back."""
        return self._sent[case][self._played[case] :]

    def next(self, case: str) -> Exchange:
        """The next exchange of a case, which counts as played back.

        If there is none, raises OverBudget if the budget ended the case, Unjudgeable if the run
        broke off in it, and NotMade otherwise.
        """
        sent, played = self._sent[case], self._played[case]
        if played == len(sent):
            if self._ends.get(case) == OVER_BUDGET:
                raise OverBudget
            if case not in self._ends and self._broke_off:
                raise Unjudgeable("the log has no more")
            raise NotMade(case, sent[-1] if sent else None, Difference(MISSING))
        self._played[case] += 1
        response = sent[played].response
        if response is not None and (response.headers_cut or response.body.left_out):
            self.lacks_some = True
        return sent[played]


class StoredSender(Sender):
    """Compares each message with the stored request, and returns the stored exchange."""

    def __init__(self, contract: Contract, target: Target, tape: Tape, seed: int) -> None:
        super().__init__(contract, target, NoWire(), Recorder(None), seed=seed)
        self._tape = tape

    def send(
        self,
        message: Message,
        label: Label,
        address: str | None = None,  # noqa: ARG002 - nothing is sent
        *,
        patient: bool = True,
        rotate: bool = False,
        again: Callable[[], Message] | None = None,
    ) -> Exchange:
        """The last stored exchange of a message, which the run may have sent several times.

        The earlier ones are compared, too. The options are those with which the run sent it:
        ``again`` makes the message that follows a 404. Raises NotMade if a stored request differs
        from the message, was sent again without a reason, or was not sent again after a 404.
        """
        self._permit(label)
        for _ in range(REPEATS):
            exchange = self._next_compared(message, label)
            if exchange.role is not Role.RETRY:
                if again and exchange.status == NOT_FOUND:
                    raise NotMade(exchange.case, exchange, Difference(FINAL))
                return exchange
            reason = _reason(exchange, patient=patient, missing=again is not None)
            if reason is Reason.BROKEN:  # repeated only once, unlike for other reasons
                return self._final(message, label)
            if again and reason is Reason.MISSING:
                message = again()
            elif rotate:
                self._addresses.advance()
        return self._final(message, label)

    def together(
        self,
        sends: Iterable[tuple[Message, Label]],
        address: str | None = None,
        *,
        patient: bool = True,
    ) -> list[Exchange]:
        """The stored exchanges for several messages that were sent at the same time."""
        return [self._one_of_several(*each, address, patient) for each in sends]

    def pause(self, seconds: float) -> None:
        """Do not wait."""

    def wait_as_told(self, exchange: Exchange) -> None:
        """Do not wait."""

    def _one_of_several(
        self, message: Message, label: Label, address: str | None, patient: bool
    ) -> Exchange:
        """The stored exchange for one of several messages that were sent at the same time.

        If the run then sent this message again, alone, this is the last of its exchanges.
        """
        self._permit(label)
        exchange = self._next_compared(message, label)
        if exchange.role is not Role.RETRY:
            return exchange
        if _reason(exchange, patient=patient, missing=False) is Reason.BROKEN:
            return self._final(message, label)
        return self.send(message, label, address)

    def _final(self, message: Message, label: Label) -> Exchange:
        """The next stored exchange of a message. Raises NotMade if the run sent it once more."""
        exchange = self._next_compared(message, label)
        if exchange.role is Role.RETRY:
            raise NotMade(exchange.case, exchange, Difference("it was sent again too often"))
        return exchange

    def _next_compared(self, message: Message, label: Label) -> Exchange:
        """The next stored exchange of a case. Raises NotMade if its request is not the message."""
        exchange = self._tape.next(label.case.id)
        host = urlsplit(self.target.declaration.url).netloc
        headers = all_headers(message, self.client, host)
        made = Made(message, label, headers, self._carrier.url(message), self.part)
        found = difference(exchange, made, self._secrets.redact, self._redactor.body)
        if found is not None:
            raise NotMade(exchange.case, exchange, found)
        self.sent.append(exchange)
        return exchange


def _reason(exchange: Exchange, *, patient: bool, missing: bool) -> Reason:
    """Why the run repeated an exchange. Raises NotMade if its response is no reason to do that.

    It is not known how long the run had waited before, so any wait counts as permitted.
    """
    patience = Patience(math.inf if patient else -1, silent=True, missing=missing)
    # the log does not say how a response was lost, but it was in a way that permits a repeat
    result: WireResponse | WireFailure = WireFailure("", Loss.CLOSED)
    if exchange.response is not None:
        result = WireResponse(exchange.response.status, tuple(exchange.response.headers), b"")
    reason = patience.reason(exchange.request.method, result)
    if reason is None:
        raise NotMade(exchange.case, exchange, Difference("it was sent again without a reason"))
    return reason
