"""How often a run sends: its budget, its pace, what it sends again, and how long it waits first."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto

from conformance.base.errors import Unjudgeable
from conformance.base.values import http_date
from conformance.model import UNAVAILABLE, Headers, header_in
from conformance.target import Target
from conformance.transport.wire import SAFE_METHODS, UNSENT, Loss, WireFailure, WireResponse

LIMITED = 429
UNSERVED = (None, LIMITED, *UNAVAILABLE)
"""Statuses of a request that the target had no time for; None stands for no response."""
NOT_FOUND = 404
OVERLOADED = 503
"""Nobody could take the request (RFC 9110, section 15.6.4), so it was not carried out."""

LONGEST_WAIT = 60.0
"""The most seconds that one 429 is waited for. One that asks for more is final."""

WAITED_IN_A_ROW = 60.0
"""The most seconds that are waited in a row for responses that say when to come back."""

USUAL_WAIT = 1.0
"""Seconds to wait where Retry-After says nothing that can be read."""

SHOWN_WITHIN = 1.0
"""Seconds until a request is repeated whose object was not found but should be there."""

AFTER_BREAK = 0.2
"""Seconds until a request is repeated that a broken connection or a proxy spoilt."""

RESTARTS_WITHIN = (0.2, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
"""Seconds between the requests to a target that takes no connection any more.

A server that restarts is back by then.
"""


class OverBudget(Exception):  # noqa: N818 - it is nobody's error
    """The request budget of the run is used up."""


class Allowance:
    """The request budget, the rate cap and the time of a run."""

    def __init__(self, target: Target, max_seconds: float, sleep: Callable[[float], None]) -> None:
        self._target = target
        self.budget: float = target.budget
        self._max_seconds = max_seconds
        self._sleep = sleep
        self._last = 0.0
        self._end = time.monotonic() + max_seconds
        self._lock = threading.Lock()
        self.used = 0
        self.waited = 0.0  # seconds in a row, for responses that said when to come back

    def take(self) -> None:
        """Wait until the rate allows the next request of the run, from any thread.

        Raises OverBudget once the budget is used up, and Unjudgeable once the time is.
        """
        with self._lock:
            if self.used >= self.budget:
                raise OverBudget
            self._keep_pace()
            self._check_time()
            self.used += 1

    def sent_together(self, requests: int) -> None:
        """Let the next request wait until so many would have gone out one after another."""
        with self._lock:
            if self._target.rate:
                self._last = time.monotonic() + (requests - 1) / self._target.rate

    def wait(self, seconds: float) -> None:
        """Wait, but not beyond the time of the run."""
        self._check_time()
        self._sleep(min(seconds, self._end - time.monotonic()))

    def _keep_pace(self) -> None:
        if not self._target.rate:
            return
        wait = self._last + 1 / self._target.rate - time.monotonic()
        if wait > 0:
            self.wait(wait)
        self._last = time.monotonic()

    def _check_time(self) -> None:
        if time.monotonic() >= self._end:
            raise Unjudgeable(
                f"The run reached its limit of {self._max_seconds:,} seconds. "
                "Raise it with --max-seconds, or choose less with --depth or --area."
            )


class Reason(Enum):
    """Why a request is sent again."""

    BROKEN = auto()  # the way to the target failed: a connection, or a proxy
    LIMITED = auto()
    MISSING = auto()  # not found, though it should be there


@dataclass(frozen=True)
class Patience:
    """Which responses to a request are not taken as final.

    What may have been carried out is never sent again: only reads are, and requests that were
    refused, or did not arrive.
    """

    longest: float = LONGEST_WAIT  # seconds that a 429 is waited for; below 0 it is final
    silent: bool = True  # ask a target again that did not respond
    missing: bool = False  # ask again for what was not found

    def reason(self, method: str, answer: WireResponse | WireFailure) -> Reason | None:
        """Why a request should be sent again after a response; None if the response is final."""
        if isinstance(answer, WireResponse):
            refused = self._after_refusal(answer)
            if refused is not None:
                return refused
        if method in SAFE_METHODS and self._is_spoilt(answer):
            return Reason.BROKEN
        return None

    def _after_refusal(self, answer: WireResponse) -> Reason | None:
        """Why a request is sent again that was refused, so that it was not carried out."""
        if answer.status == LIMITED and told_to_wait(answer.headers) <= self.longest:
            return Reason.LIMITED
        if answer.status == NOT_FOUND and self.missing:
            return Reason.MISSING
        if answer.status == OVERLOADED and pause_after(answer) <= self.longest:
            return Reason.BROKEN
        return None

    def _is_spoilt(self, answer: WireResponse | WireFailure) -> bool:
        """Whether the way to the target, or something on it, spoilt a response."""
        if isinstance(answer, WireFailure):
            silent = answer.loss is Loss.SILENT
            return self.silent if silent else answer.loss not in UNSENT
        return answer.status in UNAVAILABLE and pause_after(answer) <= self.longest


def pause_after(answer: WireResponse | WireFailure) -> float:
    """The seconds before a read is repeated that was spoilt: as Retry-After says, or a moment."""
    if isinstance(answer, WireResponse) and header_in(answer.headers, "Retry-After"):
        return told_to_wait(answer.headers)
    return AFTER_BREAK


def told_to_wait(headers: Headers) -> float:
    """The seconds that Retry-After asks for: a number, or a date by the clock of the target.

    Without a clock of the target, ours counts. USUAL_WAIT if neither form can be read.
    """
    text = header_in(headers, "Retry-After").strip()
    if re.fullmatch("[0-9]+", text):
        return float(text[:400])  # infinite if there are hundreds of digits
    until = http_date(text)
    if until is None:
        return USUAL_WAIT
    now = http_date(header_in(headers, "Date")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())
