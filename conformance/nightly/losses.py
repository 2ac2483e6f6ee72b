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

    ``good`` has the verdicts of the last good night.
    """
    allowed = {*JUDGED, Verdict.EXCLUDED, None}
    must_be_judged = [
        name for name, verdict in good.items() if verdict in JUDGED and name not in night.unasked
    ]
    return [name for name in must_be_judged if night.verdicts.get(name) not in allowed]


def unexplained(good: Mapping[str, Verdict], night: Night) -> list[str]:
    """The names of the cells that are no longer judged, and that no cause of the night blocks."""
    return [name for name in no_longer_judged(good, night) if name not in night.blocked]


def is_thinner(last: Good | None, good: Mapping[str, Verdict], night: Night) -> bool:
    """Whether a night does not judge all that the last good one judged.

    If the run of the last good night is gone, or the night was not judged to the end, only the
    numbers of judged cells are compared.
    """
    if last is None:
        return False
    if not good or night.stopped:
        return night.judged < last.judged
    return bool(no_longer_judged(good, night))


def is_less_than_before(before: int, good: Mapping[str, Verdict], night: Night) -> bool:
    """Whether a night judges fewer cells than the night before, and lacks some of the good one.

    Cells that a cause of the night blocks are not missing: they are a consequence of that.
    Which cells are judged in passing may differ each night. Without a good night, the number of
    cells ``before`` decides.
    """
    blocked = [name for name in night.blocked if not good or good.get(name) in JUDGED]
    reached = night.judged + len(blocked)
    return reached < before and (not good or bool(unexplained(good, night)))


def explained(good: Mapping[str, Verdict], night: Night) -> list[str]:
    """For each clause and reason, the number of cells that are no longer judged, most cells first.

    Cells that a cause of the night blocks are left out.
    """
    count_of = Counter(
        (name.partition("[")[0], night.reasons.get(name, UNKNOWN))
        for name in unexplained(good, night)
    )
    most_first = sorted(count_of, key=lambda pair: (-count_of[pair], pair))
    return [
        f"{clause} ({amount(count_of[clause, why], 'cell')}): {why}" for clause, why in most_first
    ]


def details(last: Good | None, good: Mapping[str, Verdict], night: Night) -> Sequence[str]:
    """The lines about a night that judges less: since when, what and why, and the way out.

    No lines if it judges no less, or lacks only cells that its causes block. A night that was not
    judged to the end says so elsewhere. The way out is only for what the user can change.
    """
    if night.stopped or last is None or not is_thinner(last, good, night):
        return ()
    counts = f"{night.judged:,} cells are judged, and {last.judged:,} then. That run is gone."
    lost = unexplained(good, night)
    if good and not lost:
        return ()
    lines = explained(good, night) or [counts]
    is_limited = night.red and night.limited.issuperset(lost) and bool(lost)
    return (
        f"No longer judged, unlike in the last good night, {last.run}:",
        *shortened(lines),
        *([] if is_limited else [WAY_OUT]),
    )


def shortened(texts: Sequence[str]) -> list[str]:
    """Short texts on which no channel acts; beyond LISTED, it counts the others."""
    lines = [cut(inactive(text), LONGEST) for text in texts[:LISTED]]
    more = len(texts) - LISTED
    return [*lines, f"and {more} more"] if more > 0 else lines
