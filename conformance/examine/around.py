"""What surrounds a target: its clock, and addresses to send from."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

from conformance.base.values import http_date
from conformance.examine.survey import Survey, looked_at, undecided
from conformance.model import Effect, Remark
from conformance.plan.build import ADDRESSES

SKEW = 5
"""Seconds that two clocks may be apart without a word."""
TRIED = 3
"""Addresses that are tried."""


def time_of_day(survey: Survey) -> Iterator[Remark]:
    """The clock of the target is right, by the Date of a response."""
    apart = _apart(survey)
    if apart is None:
        yield undecided("time", "no response says what time it is (Date)")
        return
    seen = f"its clock and this one are {apart} s apart"
    fix = "set one of them: times of objects are compared with it"
    yield looked_at("time", seen, fix, wrong=apart > SKEW)


def _apart(survey: Survey) -> int | None:
    """The seconds between our clock and the Date of the first plain read; None without a Date."""
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
    """The target accepts the request that moves its clock. It moves it by a second."""
    declared = survey.target.clock
    if declared is None:
        return
    if Effect.WRITE not in survey.target.allow:
        yield undecided("clock", "not tried, as allow: has no write")
        return
    moved = survey.client.tick(1)
    assert moved is not None  # there is a clock
    came = moved.failure or str(moved.status)
    seen = f"{declared['method']} {declared['path']} answered {came}"
    yield looked_at("clock", seen, "give the request that moves the clock", wrong=not moved.ok)


def addresses(survey: Survey) -> Iterator[Remark]:
    """This machine can send from the local addresses."""
    tried = survey.target.addresses[:TRIED]
    if not tried:
        return
    failed = [address for address in tried if not _can_bind(address)]
    if failed:
        seen = f"this machine cannot send from {', '.join(failed)}"
    else:
        seen = f"this machine can send from {', '.join(tried)}"
    yield looked_at("addresses", seen, "give addresses of this machine", wrong=bool(failed))
    given = len(survey.target.addresses)
    if given < ADDRESSES:
        yield undecided("addresses", f"{given} are given", f"give {ADDRESSES}: limits need so many")


def _can_bind(address: str) -> bool:
    """Whether this machine can send from an address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family)) as bound:
        try:
            bound.bind((address, 0))
        except OSError:
            return False
    return True
