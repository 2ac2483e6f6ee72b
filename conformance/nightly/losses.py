"""What a night no longer judges, compared with the last good night, and why.

A night must judge every cell that the last good night judged, whatever else it judges. Only cells
that the contract no longer has, or that an accepted challenge excludes, do not count, nor cells
that were judged in passing although the selection of the nights leaves them out. What the target
file now declares does count: that has to be accepted once, with ``--accept-less``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from conformance.base.text import amount
from conformance.base.values import cut
from conformance.model import Verdict
from conformance.model.judgement import JUDGED
from conformance.nightly.facts import Night
from conformance.nightly.notices import LISTED, LONGEST, inactive
from conformance.nightly.state import Good

UNKNOWN = "the report says why"
"""The reason for a cell that has none."""
WAY_OUT = "Provide it again, or accept that less is judged: run once with --accept-less."
"""What to do if a night judges less."""


def no_longer_judged(good: Mapping[str, Verdict], night: Night) -> list[str]:
    """The names of the cells that the last good night judged, and that a night did not.

    ``good`` has the verdicts of the last good night, by cell.
    """
    allowed = {*JUDGED, Verdict.EXCLUDED, None}  # None: the contract no longer has the cell
    must_be_judged = [
        name for name, verdict in good.items() if verdict in JUDGED and name not in night.unselected
    ]
    return [name for name in must_be_judged if night.verdicts.get(name) not in allowed]


def lost_without_cause(good: Mapping[str, Verdict], night: Night) -> list[str]:
    """The names of the cells that are no longer judged, and that no cause of the night blocks."""
    return [name for name in no_longer_judged(good, night) if name not in night.blocked]


def judges_less(last: Good | None, good: Mapping[str, Verdict], night: Night) -> bool:
    """Whether a night judges less than the last good one; False if there is no good night yet.

    Without the verdicts of the last good night, because its run is gone, or if this night was not
    judged to the end, only the numbers of judged cells are compared.
    """
    if last is None:
        return False
    if not good or night.stopped:
        return night.judged < last.judged
    return bool(no_longer_judged(good, night))


def judges_fewer_than_before(before: int, good: Mapping[str, Verdict], night: Night) -> bool:
    """Whether a night judges fewer cells than the night before, and lacks some of the good one.

    ``before`` is the number of cells that were judged the night before. Cells that a cause of the
    night blocks count as judged. The number alone does not suffice, because other cells are judged
    in passing each night. But without the verdicts of a good night, the number alone decides.
    """
    blocked = [name for name in night.blocked if not good or good.get(name) in JUDGED]
    if night.judged + len(blocked) >= before:
        return False
    return not good or bool(lost_without_cause(good, night))


def lost_by_reason(good: Mapping[str, Verdict], night: Night) -> list[str]:
    """A line for each clause and reason, with the number of cells no longer judged, most first.

    Cells that a cause of the night blocks are left out.
    """
    count_of = Counter(
        (name.partition("[")[0], night.reasons.get(name, UNKNOWN))
        for name in lost_without_cause(good, night)
    )
    most_first = sorted(count_of, key=lambda pair: (-count_of[pair], pair))
    return [
        f"{clause} ({amount(count_of[clause, why], 'cell')}): {why}" for clause, why in most_first
    ]


def details(last: Good | None, good: Mapping[str, Verdict], night: Night) -> Sequence[str]:
    """The lines about a night that judges less: since when, what and why, and the way out.

    No lines if the night judges no less, lacks only cells that its causes block, or was not judged
    to the end, which is said elsewhere. The way out is left out if the user cannot change anything.
    """
    if night.stopped or last is None or not judges_less(last, good, night):
        return ()
    lost = lost_without_cause(good, night)
    if good and not lost:
        return ()
    counts = f"{night.judged:,} cells are judged, and {last.judged:,} then. That run is gone."
    lines = lost_by_reason(good, night) or [counts]
    only_a_fix_helps = night.red and night.limited.issuperset(lost) and bool(lost)
    return (
        f"No longer judged, unlike in the last good night, {last.run}:",
        *shortened(lines),
        *([] if only_a_fix_helps else [WAY_OUT]),
    )


def shortened(texts: Sequence[str]) -> list[str]:
    """The first LISTED texts, shortened and made inert, then a line that counts the others."""
    lines = [cut(inactive(text), LONGEST) for text in texts[:LISTED]]
    more = len(texts) - LISTED
    return [*lines, f"and {more} more"] if more > 0 else lines
