"""What stands around a target: its clock, the time that it has, and addresses to send from."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import filterfalse

from conformance.contact.data import answers
from conformance.contact.survey import Survey, looked_at, untold
from conformance.model import Effect, Remark
from conformance.plan import ADDRESSES
from conformance.values import http_date

SKEW = 5
"""Seconds that two clocks may be apart without a word."""
CAN = {True: "can", False: "cannot"}
"""The word for what a machine does."""
TRIED = 3
"""Addresses that are tried."""


def time_of_day(survey: Survey) -> Iterator[Remark]:
    """The clock of the target is right, by the Date of an answer."""
    apart = _apart(survey)
    if apart is None:
        yield untold("time", "no answer says what time it is (Date)")
        return
    seen = f"its clock and this one are {apart} s apart"
    mend = "set one of them: times of objects are compared with it"
    yield looked_at("time", seen, mend, wrong=apart > SKEW)


def _apart(survey: Survey) -> int | None:
    """The seconds between the time that the first plain read tells and ours; None without one."""
    first = next(answers(survey, survey.offered), None)
    if first is None or first.exchange.response is None:
        return None
    told = http_date(first.exchange.response.header("Date"))
    if told is None:
        return None
    asked = datetime.fromisoformat(first.exchange.started)
    return round(abs((asked - told).total_seconds()))


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
    yield looked_at("clock", seen, "give the request that moves the clock", wrong=not moved.ok)


def addresses(survey: Survey) -> Iterator[Remark]:
    """Local addresses can be sent from."""
    tried = survey.target.addresses[:TRIED]
    failed = list(filterfalse(_can_bind, tried))
    if not tried:
        return
    seen = f"this machine {CAN[not failed]} send from {', '.join(failed or tried)}"
    yield looked_at("addresses", seen, "give addresses of this machine", wrong=failed)
    given = len(survey.target.addresses)
    if given < ADDRESSES:
        yield untold("addresses", f"{given} are given", f"give {ADDRESSES}: limits need so many")


def _can_bind(address: str) -> bool:
    """Whether this machine can send from an address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family)) as bound:
        try:
            bound.bind((address, 0))
        except OSError:
            return False
    return True
