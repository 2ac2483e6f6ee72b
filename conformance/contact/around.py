"""What stands around a target: its clock, the time that it has, and addresses to send from."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import filterfalse

from conformance.contact.survey import Remark, Survey, looked_at, untold
from conformance.model import Effect

SKEW = 5
"""Seconds that two clocks may be apart without a word."""
TRIED = 3
"""Addresses that are tried."""


def time_of_day(survey: Survey) -> Iterator[Remark]:
    """The clock of the target is right, by the Date of an answer."""
    moment = _told(survey)
    if moment is None:
        yield untold("time", "no answer says what time it is (Date)")
        return
    apart = round(abs((datetime.now(UTC) - moment).total_seconds()))
    seen = f"its clock and this one are {apart} s apart"
    if apart > SKEW:
        yield looked_at("time", seen, "set one of them: times of objects are compared with it")
    else:
        yield looked_at("time", seen)


def _told(survey: Survey) -> datetime | None:
    """The time that the first plain read tells; None where it tells none."""
    response = survey.ask(survey.offered[0].id).exchange.response
    if response is None:
        return None
    try:
        return parsedate_to_datetime(response.header("Date") or "")
    except ValueError:
        return None


def clock(survey: Survey) -> Iterator[Remark]:
    """The request that moves the clock of the target is taken. It moves it by a second."""
    declared = survey.target.clock
    if declared is None:
        return
    if Effect.WRITE not in survey.target.allow:
        yield untold("clock", "not tried, as allow: has no write")
        return
    moved = survey.client.tick(1)
    assert moved is not None  # there is a clock
    came = moved.failure or str(moved.status)
    seen = f"{declared['method']} {declared['path']} answered {came}"
    if moved.ok:
        yield looked_at("clock", seen)
    else:
        yield looked_at("clock", seen, "is that the request that moves the clock?")


def addresses(survey: Survey) -> Iterator[Remark]:
    """Local addresses can be sent from."""
    tried = survey.target.addresses[:TRIED]
    failed = list(filterfalse(_can_bind, tried))
    if failed:
        seen = f"this machine cannot send from {', '.join(failed)}"
        yield looked_at("addresses", seen, "give addresses of this machine")
    elif tried:
        yield looked_at("addresses", f"this machine can send from {', '.join(tried)}")


def _can_bind(address: str) -> bool:
    """Whether this machine can send from an address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family)) as bound:
        try:
            bound.bind((address, 0))
        except OSError:
            return False
    return True
