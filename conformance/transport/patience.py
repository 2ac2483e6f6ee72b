"""When a run may send: its budget, its pace, which requests it repeats, and how long it waits."""

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
"""Statuses of a request that the target did not serve; None stands for no response."""
NOT_FOUND = 404
OVERLOADED = 503
"""The server could not handle the request (RFC 9110, section 15.6.4): it was not carried out."""

LONGEST_WAIT = 60.0
"""Maximum seconds to wait after a 429. A 429 that asks for more is final."""

WAITED_IN_A_ROW = 60.0
"""Maximum total seconds to wait in a row because of Retry-After."""

WAITED_PER_REQUEST = 0.1
"""Seconds of waiting in a whole run, for each planned request."""
LEAST_WAITED = 60.0
"""Seconds of waiting that any run may take, however few requests it plans."""

DEFAULT_WAIT = 1.0
"""Seconds to wait if Retry-After is missing or unreadable."""

SHOWN_WITHIN = 1.0
"""Seconds before repeating a request whose object was not found although it should exist."""

AFTER_BREAK = 0.2
"""Seconds before repeating a request that failed in a broken connection or a proxy."""

RESTARTS_WITHIN = (0.2, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
"""Seconds between attempts to reach a target that no longer accepts connections.

A restarting server is back by then.
"""


class OverBudget(Exception):  # noqa: N818 - it is not an error
    """The request budget of the run is used up."""


class CutShort(OverBudget):
    """A case has sent as many requests as it may."""


class Allowance:
    """The request budget, the rate cap and the time of a run, which has ``planned`` requests."""

    def __init__(
        self,
        target: Target,
        max_seconds: float,
        sleep: Callable[[float], None],
        planned: int = 0,
    ) -> None:
        self._target = target
        # seconds that the run may still wait for its target
        self._wait_left_in_all = max(LEAST_WAITED, WAITED_PER_REQUEST * planned)
        self.budget: float = target.budget
        self._max_seconds = max_seconds
        self._sleep = sleep
        self._last = 0.0  # when the last request was sent
        self._end = time.monotonic() + max_seconds
        self._lock = threading.Lock()
        self.used = 0
        self.waited = 0.0  # consecutive seconds, because of Retry-After

    def take(self) -> None:
        """Wait until the rate allows the next request of the run, on any thread.

        Raises OverBudget if the budget is used up, and Unjudgeable if the time is.
        """
        with self._lock:
            if self.used >= self.budget:
                raise OverBudget
            self._keep_pace()
            self._check_time()
            self.used += 1

    def end_within(self, seconds: float) -> None:
        """Allow no request once this many seconds have passed."""
        self._end = min(self._end, time.monotonic() + seconds)

    def sent_together(self, requests: int) -> None:
        """Delay the next request as if these requests had been sent one after another."""
        with self._lock:
            if self._target.rate:
                self._last = time.monotonic() + (requests - 1) / self._target.rate

    @property
    def wait_left(self) -> float:
        """How many seconds the run may still wait for its target, in a row and in all."""
        return max(0.0, min(WAITED_IN_A_ROW - self.waited, self._wait_left_in_all))

    def wait_for_target(self, seconds: float) -> None:
        """Wait because the target asks for it, or does not serve requests at the moment."""
        self.waited += seconds
        self._wait_left_in_all -= seconds
        self.wait(seconds)

    def wait(self, seconds: float) -> None:
        """Wait, but not beyond the time limit of the run."""
        self._check_time()
        self._sleep(min(seconds, self._end - time.monotonic()))

    def _keep_pace(self) -> None:
        """Wait until the rate allows another request, and record when that was."""
        if not self._target.rate:
            return
        wait = self._last + 1 / self._target.rate - time.monotonic()
        if wait > 0:
            self.wait(wait)
        self._last = time.monotonic()

    def _check_time(self) -> None:
        """Raise Unjudgeable if the time of the run is up."""
        if time.monotonic() >= self._end:
            raise Unjudgeable(
                f"The run reached its limit of {self._max_seconds:,} seconds. "
                "Raise it with --max-seconds, or run less with --depth or --area."
            )


class Reason(Enum):
    """Why a request is sent again."""

    BROKEN = auto()  # the connection or a proxy failed
    LIMITED = auto()
    MISSING = auto()  # not found although it should exist


@dataclass(frozen=True)
class Patience:
    """Which responses to a request are not final.

    A request that may have been carried out is never sent again. Only reads are, and requests that
    were refused or did not arrive.
    """

    longest: float = LONGEST_WAIT  # maximum seconds to wait after a 429; if negative, it is final
    silent: bool = True  # repeat a request without a response
    missing: bool = False  # repeat a request whose object was not found

    def reason(self, method: str, answer: WireResponse | WireFailure) -> Reason | None:
        """Why to send a request again after a response; None if the response is final."""
        if isinstance(answer, WireResponse):
            refused = self._after_refusal(answer)
            if refused is not None:
                return refused
        if method in SAFE_METHODS and self._is_spoilt(answer):
            return Reason.BROKEN
        return None

    def _after_refusal(self, answer: WireResponse) -> Reason | None:
        """Why to repeat a request that was refused, and so not carried out; None if not to."""
        if answer.status == LIMITED and retry_after_seconds(answer.headers) <= self.longest:
            return Reason.LIMITED
        if answer.status == NOT_FOUND and self.missing:
            return Reason.MISSING
        if answer.status == OVERLOADED and pause_after(answer) <= self.longest:
            return Reason.BROKEN  # as for a proxy, which sends this status, too
        return None

    def _is_spoilt(self, answer: WireResponse | WireFailure) -> bool:
        """Whether a response was spoilt by the connection or by a proxy.

        It is final, and so not spoilt, if the request never arrived, if it timed out and ``silent``
        is off, or if the proxy asks for a longer wait than permitted.
        """
        if isinstance(answer, WireFailure):
            if answer.loss is Loss.SILENT:
                return self.silent
            return answer.loss not in UNSENT
        return answer.status in UNAVAILABLE and pause_after(answer) <= self.longest


def pause_after(answer: WireResponse | WireFailure) -> float:
    """The seconds before repeating a request: as Retry-After says, or else AFTER_BREAK."""
    if isinstance(answer, WireResponse) and header_in(answer.headers, "Retry-After"):
        return retry_after_seconds(answer.headers)
    return AFTER_BREAK


def retry_after_seconds(headers: Headers) -> float:
    """The seconds that Retry-After asks for, as a number or as a date.

    A date is relative to the Date header, or to our clock without one. DEFAULT_WAIT if Retry-After
    has neither form.
    """
    text = header_in(headers, "Retry-After").strip()
    if re.fullmatch("[0-9]+", text):
        return float(text[:400])  # infinite if there are hundreds of digits
    until = http_date(text)
    if until is None:
        return DEFAULT_WAIT
    now = http_date(header_in(headers, "Date")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())
