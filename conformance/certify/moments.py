"""Recomputes the times of a stored run, because whoever stored it may have edited them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from conformance.certify.codes import Code, Problem
from conformance.certify.commitment import moment
from conformance.model import Exchange
from conformance.run import spots
from conformance.run.runfile import Opened

SLACK = timedelta(seconds=2)
"""Times are stored to the second, and clocks are corrected by small steps."""
A_DAY = timedelta(days=1)
"""How far the clock of the run may be ahead of this machine, and its end of its last request."""


def mismatches(opened: Opened) -> Iterator[Problem]:
    """The times of a run that cannot be true.

    The run must not end more than a day in the future, or, if it was complete, more than a day
    after its last request. In each case, times must run forward from
    the start of the run to its end. A case of spot checks must not begin before the moment that the
    seed gives it. Waivers must have been judged as of the day, in UTC, on which the run began.
    """
    try:
        if moment(opened.ended) > datetime.now(UTC) + A_DAY:
            text = f"the run ended at {opened.ended}, which is in the future"
            yield Problem(Code.TIME_MISMATCH, text)
        yield from _backwards(opened)
        yield from _too_late(opened)
        yield from _too_early(opened)
        began = moment(opened.began.started).astimezone(UTC).date().isoformat()
        if opened.began.judged_on != began:
            yield Problem(
                Code.TIME_MISMATCH,
                f"waivers were judged as of {opened.began.judged_on}, but the run began on {began}",
            )
    except (ValueError, TypeError, OverflowError) as error:
        yield Problem(Code.TIME_MISMATCH, f"a time cannot be read: {error}")


def _backwards(opened: Opened) -> Iterator[Problem]:
    """A problem for the first time that is earlier than the time before it in the same case.

    A request on behalf of several cases is left out, because an earlier case may have sent it.
    Raises ValueError or TypeError if a time cannot be read.
    """
    began, ended = moment(opened.began.started), moment(opened.ended)
    by_case: dict[str, list[Exchange]] = {}
    for exchange in opened.log.exchanges:
        by_case.setdefault(exchange.case, []).append(exchange)
    for exchanges in by_case.values():
        moments = [moment(each.started) for each in exchanges if each.part is None]
        for before, after in pairwise([began, *moments, ended]):
            if before - after > SLACK:
                case = exchanges[0].case
                yield Problem(
                    Code.TIME_MISMATCH, f"in the case {case}, {after} comes after {before}"
                )
                return


def _too_late(opened: Opened) -> Iterator[Problem]:
    """A problem if a complete run ended long after its last request, so that it looks newer.

    Raises ValueError or TypeError if a time cannot be read.
    """
    if opened.log.incomplete or not opened.log.exchanges:
        return
    last = max(moment(exchange.started) for exchange in opened.log.exchanges)
    if moment(opened.ended) - last > A_DAY:
        text = f"the run ended at {opened.ended}, but sent its last request at {last.isoformat()}"
        yield Problem(Code.TIME_MISMATCH, text)


def _too_early(opened: Opened) -> Iterator[Problem]:
    """A problem for the first case of spot checks that began before its planned moment.

    Other runs have no such moments. Raises ValueError if a time cannot be read.
    """
    run = opened.began
    if run.spread is None:
        return
    moments = spots.moments(run.seed, len(run.cases), run.spread.seconds)
    due = {case.id: seconds for case, seconds in zip(run.cases, moments, strict=True)}
    for exchange in opened.log.exchanges:
        elapsed = moment(exchange.started) - moment(run.started)
        if elapsed + SLACK < timedelta(seconds=due.get(exchange.case, 0)):
            what = f"the case {exchange.case} began before its moment, at {exchange.started}"
            yield Problem(Code.TIME_MISMATCH, what)
            return
