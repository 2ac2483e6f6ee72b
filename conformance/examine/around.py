"""Examines the target's clock, and the addresses that this machine sends from."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

from conformance.base.values import http_date
from conformance.examine.survey import Survey, looked_at, undecided
from conformance.model import Effect, Remark
from conformance.plan.build import ADDRESSES

TOLERATED = 5
"""Seconds by which the two clocks may differ without a problem."""
CERTAIN = 3
"""Seconds from which a difference is certain: a Date has whole seconds, and may be cached."""
ABOUT_ADDRESSES = "addresses"
"""What remarks on the addresses of this machine are about."""
TRIED = 3
"""Number of addresses that are tried."""


def clock_offset(survey: Survey) -> Iterator[Remark]:
    """Compare the target's clock with this machine's, by the Date of a response."""
    seconds = _seconds_apart(survey)
    if seconds is None:
        yield undecided("time", "no response has a valid Date header")
        return
    seen = "its clock and this one agree"
    if seconds >= CERTAIN:
        seen = f"its clock and this one are {seconds} s apart"
    fix = (
        "Correct whichever clock is wrong: the times of objects are compared with this machine's "
        "clock."
    )
    yield looked_at("time", seen, fix, wrong=seconds > TOLERATED)


def _seconds_apart(survey: Survey) -> int | None:
    """Seconds between our clock and the Date of the first plain read; None without a Date."""
    if not survey.offered:
        return None
    exchange = survey.ask(survey.offered[0].id).exchange
    if exchange.response is None:
        return None
    date = http_date(exchange.response.header("Date"))
    if date is None:
        return None
    started = datetime.fromisoformat(exchange.started)
    return round(abs((started - date).total_seconds()))


def clock(survey: Survey) -> Iterator[Remark]:
    """Check that the declared request can move the target's clock, by moving it one second."""
    declared = survey.target.clock
    if declared is None:
        return
    if Effect.WRITE not in survey.target.allow:
        yield undecided("clock", "not tried, because allow: does not include write")
        return
    moved = survey.client.advance_clock(1)
    assert moved is not None  # the target declares a clock
    result = moved.failure or str(moved.status)
    seen = f"{declared['method']} {declared['path']} returned {result}"
    fix = "Specify the request that moves the clock in clock:."
    yield looked_at("clock", seen, fix, wrong=not moved.ok)


def addresses(survey: Survey) -> Iterator[Remark]:
    """Check that this machine can send from the declared addresses."""
    tried = survey.target.addresses[:TRIED]
    if not tried:
        return
    failed = [address for address in tried if not _can_bind(address)]
    if failed:
        seen = f"this machine cannot send from {', '.join(failed)}"
    else:
        seen = f"this machine can send from {', '.join(tried)}"
    fix = "List addresses of this machine in addresses:."
    yield looked_at(ABOUT_ADDRESSES, seen, fix, wrong=bool(failed))
    count = len(survey.target.addresses)
    if count < ADDRESSES:
        fix = f"List {ADDRESSES}: cases of rate limits need that many."
        yield undecided(ABOUT_ADDRESSES, f"only {count} listed", fix)


def _can_bind(address: str) -> bool:
    """Whether this machine can send from an address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family)) as bound:
        try:
            bound.bind((address, 0))
        except OSError:
            return False
    return True
