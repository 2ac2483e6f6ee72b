"""Notices: what a night has to say, one sentence each, and the message that carries them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.base.text import amount, clean

LONGEST = 300
"""Maximum number of characters of a notice."""
ACTIVE = re.compile(r"[@<]|\](?=\()")
"""What begins a mention, a tag or a link in some channel. A space after it makes it inert."""
LISTED = 20
"""Maximum number of notices in a message; it counts the others."""


class Kind(StrEnum):
    """The kinds of notices, in the order in which a message lists them."""

    NEW = "New"
    """A cause that the night before did not have."""
    WIDER = "Wider"
    """An open cause reaches operations that it did not reach the night before."""
    UNSTABLE = "Unstable"
    """A cause, or a part of it, comes and goes. It is not new or fixed until it stays so."""
    STOPPED = "Not judged"
    """The night could not be judged to the end, unlike the one before."""
    MISSED = "Missed"
    """A night did not arrive: it never began, or never ended."""
    LESS = "Judged less"
    """Fewer cells were judged than the night before."""
    UNTESTED = "Newly untested"
    """Cells of a clause could not be judged, but were in the last good night."""
    DRIFT = "Drift"
    """The OpenAPI document of the target differs from the contract in a new way."""
    WAIVER = "Waiver due"
    """A waiver ends within 30, 14 or 3 days."""
    CERTIFICATE = "Certificate due"
    """A certificate ends within 30, 14 or 3 days, or has ended."""
    STILL = "Still broken"
    """After nights that could not be judged, a cause that was reported before them."""
    RESUMED = "Judged again"
    """A night was judged to the end, after one or more that were not."""
    NARROWER = "Narrower"
    """Some operations of an open cause are fixed."""
    FIXED = "Fixed"
    """A cause is gone, and its cell passed."""


GOOD = (Kind.NARROWER, Kind.FIXED, Kind.RESUMED)
"""The kinds of notices that need nobody to act."""
ALARMS = (Kind.NEW, Kind.WIDER, Kind.STOPPED, Kind.MISSED)
"""The kinds of notices that somebody should see at once."""
NEW_FAULTS = (Kind.NEW, Kind.WIDER)
"""The kinds of notices about a fault that the night before did not have."""


class Tone(StrEnum):
    """How serious a message is, in the words of Apprise."""

    FAILURE = "failure"
    WARNING = "warning"
    INFO = "info"


def inactive(text: str) -> str:
    """A text of a target without control characters, and without what a channel would act on."""
    return ACTIVE.sub(r"\g<0> ", clean(text))


@dataclass(frozen=True)
class Notice:
    """Something that changed, in a few words."""

    kind: Kind
    words: str

    def __str__(self) -> str:
        text = inactive(f"{self.kind}: {self.words}")
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


@dataclass(frozen=True)
class Message:
    """What is sent for one night. ``to`` names the channels that have not received it yet.

    ``rejected`` counts the nights in which a channel did not take it, but took another message.
    """

    title: str
    body: str
    tone: Tone
    to: tuple[str, ...] = ()
    rejected: int = 0


def ordered(notices: Sequence[Notice]) -> list[Notice]:
    """The notices in the order of their kinds."""
    kinds = list(Kind)
    return sorted(notices, key=lambda notice: kinds.index(notice.kind))


def message(notices: Sequence[Notice], details: Sequence[str]) -> Message:
    """The message for at least one notice, of which the first is the title.

    ``details`` are lines that follow the other notices.
    """
    listed = ordered(notices)
    more = len(listed) - 1
    title = f"{listed[0]}, and {amount(more, 'more notice')}" if more else str(listed[0])
    lines = [str(notice) for notice in listed[1:LISTED]]
    if len(listed) > LISTED:
        lines.append(f"and {len(listed) - LISTED} more")
    blank_line = [""] if lines else []
    return Message(title, "\n".join([*lines, *blank_line, *details]), tone_of(listed))


def tone_of(notices: Sequence[Notice]) -> Tone:
    """How serious some notices are together: FAILURE with an alarm, INFO if nobody has to act."""
    kinds = {notice.kind for notice in notices}
    if kinds.intersection(ALARMS):
        return Tone.FAILURE
    return Tone.INFO if kinds.issubset(GOOD) else Tone.WARNING
