"""Waivers: failures that a target file accepts until a day, and how long that may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

LONGEST = timedelta(days=180)
"""How far ahead of the day of a run a waiver may expire."""
MOST_A_DAY = 5
"""Maximum number of waivers that expire on one day."""
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Waiver:
    """A failure that is accepted for a time, with the reason for it as a ``statement``."""

    clause: str
    operations: tuple[str, ...]  # all if empty
    statement: str
    owner: str
    ticket: str  # an issue, an address or an id
    expires: date  # the last day on which it is valid, in UTC

    def __str__(self) -> str:
        """The statement, with who owns it, the ticket and the last day."""
        return f"{self.statement} ({self.owner}, {self.ticket}, until {self.expires})"

    def covers(self, clause: str, operation: str) -> bool:
        """Whether it applies to a cell. Without operations it covers the whole clause."""
        if clause != self.clause:
            return False
        return not self.operations or operation in self.operations


def wrong_days(waivers: Sequence[Waiver], today: date) -> Iterator[tuple[int, str]]:
    """The index of each waiver whose day of expiry is not allowed, and how to fix it.

    A day is not allowed if it is too far ahead of ``today``, the day of the run in UTC, or if
    MOST_A_DAY waivers before this one expire on it.
    """
    expiring = Counter(waiver.expires for waiver in waivers)  # how many, by day
    so_far = Counter[date]()
    for index, waiver in enumerate(waivers):
        day = waiver.expires
        so_far[day] += 1
        if day - today > LONGEST:
            yield (
                index,
                f"{day} is more than {LONGEST.days} days after {today}: choose a day up to "
                f"{today + LONGEST}, and extend the waiver then, with a new statement",
            )
        elif so_far[day] > MOST_A_DAY:
            free = free_day(expiring, day, today)
            other = f", such as {free}" if free else ""
            yield (
                index,
                f"{expiring[day]} waivers expire on {day}, but at most {MOST_A_DAY} may, so that "
                f"not all fail at once: choose another day{other}",
            )


def free_day(expiring: Mapping[date, int], wanted: date, today: date) -> date | None:
    """The wanted day, or else the next one on which one more waiver may expire.

    If there is none within LONGEST of ``today``, the last such day before the wanted one; None if
    there is none after ``today`` either. ``expiring`` counts the waivers by their last day.
    """
    later = min(wanted, today + LONGEST)
    while later - today <= LONGEST:
        if expiring.get(later, 0) < MOST_A_DAY:
            return later
        later += ONE_DAY
    earlier = wanted
    while earlier > today:
        if expiring.get(earlier, 0) < MOST_A_DAY:
            return earlier
        earlier -= ONE_DAY
    return None
