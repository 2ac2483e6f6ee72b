"""Judges of the waiting time that a response asks for."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.base.values import http_date
from conformance.checks.limits import NEEDS_LIMIT
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Violation
from conformance.judging.rules import passive
from conformance.model import (
    Clause,
    Contract,
    Exchange,
    Operation,
    Rate,
    compact,
)

TOO_LONG, LONGEST_WAIT = 2, 12
"""The most windows that a client may be asked to wait, and the digits of the seconds to read."""


def _has_limit(_contract: Contract, operation: Operation, _clause: Clause) -> bool:
    """Applies where a limit is documented."""
    return operation.rate is not None


@passive("rate.retry-after", applies=_has_limit, hint=NEEDS_LIMIT)
def retry_after(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """Retry-After, if sent, is a number of seconds or an HTTP date, and not too far ahead."""
    response = exchange.response
    if response is None:
        return
    text = response.header("Retry-After").strip()
    wanted = _wanted_wait(context.operation.rate, text) if text else None
    if wanted is not None:
        yield Violation("Retry-After", wanted, compact(text), (exchange.id,))
    elif text or response.status == 429:
        yield Pass((exchange.id,))


def _wanted_wait(rate: Rate | None, text: str) -> str | None:
    """What a waiting time should be, in words; None for a correct one."""
    if not text.isdecimal() and http_date(text) is None:
        return "a whole number of seconds, or an HTTP date"
    if rate is None or not text.isdecimal():
        return None
    too_long = int(text[:LONGEST_WAIT]) > TOO_LONG * rate.seconds
    return f"at most {rate.seconds} s, the length of the window" if too_long else None
