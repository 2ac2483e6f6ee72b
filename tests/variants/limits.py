"""Legal variants of limits."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.moments import MICRO
from tests.faults.base import Faulty, variant
from tests.faults.shared import Interrupted


@variant("L36")
class RefusedSignUpsCount(Faulty):
    """Refused sign-ups count towards the limit."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if operation.rate:
            super().check_rate(Context(operation, request, None))
        return super().take_in(operation, request, in_path)

    def check_rate(self, context: Context) -> None:
        pass


@variant("L35")
class SlidingWindow(Faulty):
    """The limit counts the hour before each request."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._times: defaultdict[str, deque[int]] = defaultdict(deque)

    def check_rate(self, context: Context) -> None:
        rate = context.operation.rate
        if rate is None:
            return
        now, times = self.clock.now(), self._times[context.request.address]
        while times and times[0] <= now - rate.seconds * MICRO:
            times.popleft()
        if len(times) >= rate.requests:
            raise self.too_many(60)
        times.append(now)


@variant("L35")
class WindowEdge(Faulty):
    """The windows of all addresses end together, once while the suite counts."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._taken: defaultdict[str, int] = defaultdict(int)
        self._edge = True

    def check_rate(self, context: Context) -> None:
        address = context.request.address
        if (
            context.operation.rate
            and self._edge
            and self._taken[address] == 3
            and address == "127.0.0.201"
        ):
            self._windows.clear()
            self._edge = False
        super().check_rate(context)
        self._taken[address] += 1


@variant("L32")
class NoRetryAfter(Faulty):
    """A 429 comes without Retry-After."""

    def too_many(self, retry_after: int) -> Refusal:
        return Refusal("rate_limited")


@variant("L33 L34")
class RetryAfterAsDate(Faulty):
    """Retry-After is a date."""

    def too_many(self, retry_after: int) -> Refusal:
        return Refusal(
            "rate_limited",
            headers=(("Retry-After", "Wed, 21 Oct 2037 07:28:00 GMT"), ("x-ratelimit-reset", "1")),
        )


@variant("L64", untested="signup-per-address")
class BusyNowAndThen(Interrupted):
    """Every sixtieth request returns 429 and asks the client to retry."""

    def interruption(self, request: Request) -> Reply:
        return Reply(
            429, self.envelope("rate_limit_exceeded", "Slow down"), (("Retry-After", "1"),)
        )


@variant("L64")
class BusyAtThirdSignUp(Faulty):
    """A limit of another kind returns 429 for the third sign-up from one address."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._busy = "127.0.0.200"
        self._count = 0

    def check_rate(self, context: Context) -> None:
        if context.operation.rate and context.request.address == self._busy:
            self._count += 1
            if self._count == 3:
                raise self.too_many(1)
        super().check_rate(context)
