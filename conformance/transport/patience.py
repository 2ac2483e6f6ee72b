"""How often a run sends: its budget, its pace, what it sends again, and how long it waits first."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from conformance.model import UNAVAILABLE, Headers, header_in
from conformance.target import Target
from conformance.transport.wire import WireFailure, WireResponse

LIMITED = 429
NOT_FOUND = 404

LONGEST_WAIT = 8.0
"""The most seconds that one 429 is waited for."""

HOPELESS = 80.0
"""A 429 that asks for more seconds than this is not waited for if no other address is left."""

USUAL_WAIT = 1.0
"""Seconds to wait where Retry-After says nothing that can be read."""

SHOWN_WITHIN = 1.0
"""Seconds until a request is repeated whose object was not found but should be there."""

AFTER_BREAK = 0.2
"""Seconds until a request is repeated that a broken connection or a proxy spoilt."""

SAFE_METHODS = ("GET", "HEAD")


class OverBudget(Exception):  # noqa: N818 - it is nobody's error
    """The request budget of the run is used up."""


class Allowance:
    """The request budget and the rate cap of a run."""

    def __init__(self, target: Target, sleep: Callable[[float], None]) -> None:
        self._target = target
        self._sleep = sleep
        self._last = 0.0
        self.used = 0

    def take(self) -> int:
        """Wait until the rate allows the next request; returns its number, from 1.

        Raises OverBudget once the budget is used up.
        """
        if self.used >= self._target.budget:
            raise OverBudget
        self._keep_pace()
        self.used += 1
        return self.used

    def _keep_pace(self) -> None:
        if not self._target.rate:
            return
        wait = self._last + 1 / self._target.rate - time.monotonic()
        if wait > 0:
            self._sleep(wait)
        self._last = time.monotonic()


class Reason(Enum):
    """Why a request is sent again."""

    BROKEN = auto()  # the way to the target failed: a connection, or a proxy
    LIMITED = auto()
    MISSING = auto()  # not found, though it should be there


@dataclass(frozen=True)
class Patience:
    """Which answers to a request are not taken as final."""

    limits: bool = True  # wait a 429 out
    hopeless: bool = True  # also where it asks for a very long wait
    missing: bool = False  # ask again for what was not found

    def reason(self, method: str, answer: WireResponse | WireFailure) -> Reason | None:
        """Why a request should be sent again after an answer; None if the answer is final."""
        if isinstance(answer, WireFailure):
            repeatable = answer.stale or method in SAFE_METHODS
            return Reason.BROKEN if repeatable else None
        reasons = dict.fromkeys(UNAVAILABLE, Reason.BROKEN)
        if self._waits_for(answer.headers):
            reasons[LIMITED] = Reason.LIMITED
        if self.missing:
            reasons[NOT_FOUND] = Reason.MISSING
        return reasons.get(answer.status)

    def _waits_for(self, headers: Headers) -> bool:
        """Whether a limit is waited out. A date in Retry-After never counts as hopeless."""
        if not self.limits:
            return False
        if self.hopeless:
            return True
        seconds = _whole_number(header_in(headers, "Retry-After"))
        return seconds is None or seconds <= HOPELESS


def told_to_wait(headers: Headers) -> float:
    """The seconds that Retry-After asks for: a number, or a date by the clock of the target.

    USUAL_WAIT if neither can be read, or if the number has more than five digits.
    """
    told = header_in(headers, "Retry-After")
    seconds = _whole_number(told)
    if seconds is not None:
        return seconds if seconds < 100_000 else USUAL_WAIT
    try:
        until = parsedate_to_datetime(told).replace(tzinfo=UTC)  # HTTP knows no other zone
        now = parsedate_to_datetime(header_in(headers, "Date")).replace(tzinfo=UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, OverflowError):
        return USUAL_WAIT


def _whole_number(text: str) -> float | None:
    """The number that some digits write; infinite if they are too many, None for other texts."""
    return float(text) if re.fullmatch("[0-9]+", text) else None
