"""A month of nights: what happens in each, and exactly the notices that it must give.

``test_nightly`` spends these nights, and ``python -m tests.generated`` writes them into
docs/nightly.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import groupby

YEAR, MONTH = 2026, 11
HOUR = timedelta(hours=3, minutes=15)
"""When each night begins, in UTC."""
ENDS = date(YEAR, MONTH, 28)
"""The last day of the waiver."""

ADDRESS = "https://host/api/v1"
"""The address of the target, as the documentation shows it."""
WAIVED = "envelope-message"
"""The clause of the waiver."""
KEYS = "A missing key gets 403 from GET /agents?id, 1 operation"
"""The fault that comes and goes."""
SILENT = "Errors of PATCH /agents have no message text, 1 operation"
"""The fault that is waived at first."""
REJECTED = (
    f"{ADDRESS} rejects the main key on every read (401). "
    "Does that key (--key, or full under keys: in the target file) belong to this server?"
)
DUE = f"{WAIVED}, Ann, X-1"


class Event(StrEnum):
    """What happens in a night, as the documentation says it."""

    QUIET = "Nothing."
    FIRST = "The first night. A waiver covers a failure until 28 November."
    BROKEN = "A fault comes."
    STILL = "The fault is still there."
    REPAIRED = "The fault goes."
    ABSENT = "The machine is off: no night."
    THINNER = "Two keys are missing from the target file, so less is judged."
    KILLED = "The night is killed in the middle."
    UNHEARD = "The fault is back, and the channel is down."
    DEAF = "The fault goes, and the channel is still down."
    HEARD = "The channel works again."
    LOCKED = "The target rejects every key."
    UNLOCKED = "The target accepts keys again."
    LAPSED = "The waiver has ended, and its failure is still there."


@dataclass(frozen=True)
class Spent:
    """A night: its day of the month, what happens, its exit code, and its notices.

    ``code`` is None if the night does not end.
    """

    day: int
    event: Event = Event.QUIET
    code: int | None = 0
    notices: tuple[str, ...] = ()

    @property
    def at(self) -> datetime:
        """When it begins."""
        return datetime(YEAR, MONTH, self.day, tzinfo=UTC) + HOUR


NIGHTS = (
    Spent(1, Event.FIRST, notices=(f"Waiver due: in 27 days, {DUE}",)),
    Spent(2),
    Spent(3),
    Spent(4, Event.BROKEN, 1, (f"New: {KEYS}",)),
    Spent(5, Event.STILL, 1),
    Spent(6, Event.REPAIRED, notices=(f"Fixed: {KEYS}",)),
    Spent(7),
    Spent(8, Event.ABSENT, None),
    Spent(9, notices=("Missed: no night since the one that ended at 2026-11-07 03:15 UTC",)),
    Spent(10),
    Spent(
        11,
        Event.THINNER,
        3,
        (
            "Judged less: 74 cells, and 87 the night before",
            "Newly untested: key-expired (4 cells), key-revoked (4 cells), status-401 (4 cells)",
        ),
    ),
    Spent(12),
    Spent(13, Event.KILLED, None),
    Spent(
        14,
        notices=(
            "Missed: the night that began at 2026-11-13 03:15 UTC did not end",
            f"Waiver due: in 14 days, {DUE}",
        ),
    ),
    Spent(15),
    Spent(16, Event.UNHEARD, 1, (f"New: {KEYS}",)),
    Spent(17, Event.DEAF, 3, (f"Fixed: {KEYS}",)),
    Spent(18, Event.HEARD),
    Spent(19, Event.BROKEN, 1, (f"Unstable: {KEYS}, came and went within 10 nights",)),
    Spent(20, Event.REPAIRED),
    Spent(21),
    Spent(22, Event.LOCKED, 3, (f"Not judged: {REJECTED}",)),
    Spent(23, Event.UNLOCKED, notices=("Judged again: 87 cells, after 1 night not judged",)),
    Spent(24),
    Spent(25, notices=(f"Waiver due: in 3 days, {DUE}",)),
    Spent(26),
    Spent(27, notices=(f"Fixed: {KEYS}, no longer unstable",)),
    Spent(28),
    Spent(29, Event.LAPSED, 1, (f"New: {SILENT} (its waiver ended on 2026-11-28)",)),
    Spent(30, Event.STILL, 1),
)


def rows() -> Iterator[tuple[str, str, str, str]]:
    """The nights for a table; quiet nights that follow each other are one row."""
    for is_plain, alike in groupby(NIGHTS, key=lambda night: night == Spent(night.day)):
        nights = list(alike)
        if is_plain:
            days = f"{nights[0].day} to {nights[-1].day}" if len(nights) > 1 else f"{nights[0].day}"
            yield days, Event.QUIET.value, "0", ""
            continue
        for night in nights:
            code = "none" if night.code is None else f"{night.code}"
            yield f"{night.day}", night.event.value, code, "<br>".join(night.notices)
