"""The facts of one night: what its run judged, and the causes that count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from conformance.base.text import amount
from conformance.model import Cause, Cell, ReasonKind, Run, Verdict, operation_of
from conformance.model.judgement import JUDGED, id_of_cause
from conformance.nightly.state import Place
from conformance.report import phrases, remarks

MOST = 200
"""Maximum number of causes of a night that are followed."""
LIMITS = {ReasonKind.BLOCKED, ReasonKind.OWN_LIMIT}
"""The kinds of reasons that no key, selection or budget removes."""
COUNTING = (Verdict.FAILED, Verdict.WARNED)
"""The verdicts of causes that count. A waived cause is accepted, so nobody is told about it."""


@dataclass(frozen=True)
class Seen:
    """A cause as a night showed it.

    ``words`` are its ``title`` and how far it reaches. ``number`` is its number in the report, from
    1. ``cell`` is the name of its main cell. ``parts`` are the ids that it would have in each of
    its operations alone, and ``places`` says where they are. ``blocks`` are the cells that cannot
    be judged because of it. ``spoils`` are the cells of its operations that were not judged for
    reasons which the user cannot change. ``lapsed`` is the last day of a waiver that covered it;
    empty without one.
    """

    id: str
    words: str
    number: int
    cell: str
    parts: tuple[str, ...] = ()
    lapsed: str = ""
    title: str = ""
    blocks: frozenset[str] = frozenset()
    spoils: frozenset[str] = frozenset()
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True)
class Night:
    """One night: its run, and what the run showed.

    ``run`` is the name of its directory; empty if nothing was stored. ``stopped`` says why the
    night could not be judged to the end; empty if it was. ``red`` means that a cell failed, and
    ``errors`` is the number of cells that a lost connection or a bug kept from being judged.
    ``judged`` is the number of judged cells. ``reasons`` say, by cell, why the others were not.
    ``unselected`` are the cells that the selection leaves out, and that were not judged in passing.
    ``limited`` are the cells that were not judged for reasons which the user cannot change, except
    by fixing a failure. ``setup`` has sentences on what is wrong with the target file, such as a
    key that is rejected.
    """

    run: str = ""
    stopped: str = ""
    red: bool = False
    errors: int = 0
    judged: int = 0
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    causes: tuple[Seen, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    unselected: frozenset[str] = frozenset()
    limited: frozenset[str] = frozenset()
    setup: tuple[str, ...] = ()

    @property
    def blocked(self) -> frozenset[str]:
        """The cells that could not be judged because of a cause of the night."""
        return frozenset(name for seen in self.causes for name in (*seen.blocks, *seen.spoils))

    @property
    def is_complete(self) -> bool:
        """Whether the run ended, and no lost connection or bug kept a cell from being judged."""
        return not self.stopped and not self.errors


def night_of(run: Run, name: str) -> Night:
    """The facts of a finished run. ``name`` is the name of its directory."""
    stopped = run.incomplete or ("" if run.judged else "No cell was judged.")
    day = date.fromisoformat(run.judged_on)
    return Night(
        run=name,
        stopped=stopped,
        red=bool(run.counts[Verdict.FAILED]),
        errors=run.counts[Verdict.ERROR],
        judged=run.judged,
        verdicts={cell.name: cell.verdict for cell in run.cells},
        causes=tuple(
            _seen(run, cause, number, day)
            for number, cause in enumerate(run.causes[:MOST], 1)
            if cause.verdict in COUNTING
        ),
        reasons={cell.name: cell.why[0] for cell in run.cells if cell.why},
        unselected=frozenset(cell.name for cell in run.cells if not cell.chosen),
        limited=_limited(run.cells),
        setup=tuple(remarks.of_setup(run)),
    )


def _limited(cells: Iterable[Cell]) -> frozenset[str]:
    """The cells that were not judged for reasons which the user cannot change."""
    return frozenset(cell.name for cell in cells if _is_limited(cell))


def _is_limited(cell: Cell) -> bool:
    """Whether a cell was not judged, only for reasons that the user cannot change."""
    kinds = {reason.kind for reason in cell.reasons}
    return cell.verdict is Verdict.UNTESTED and bool(kinds) and LIMITS.issuperset(kinds)


def _seen(run: Run, cause: Cause, number: int, day: date) -> Seen:
    """A cause as a run shows it. ``number`` is that in the report, ``day`` when it was judged."""
    operations = cause.operations
    title = cause.title or cause.finding.clause
    where = _example(run, cause, title, several=len(operations) > 1)
    doubt = f" (not certain: {cause.doubt})" if cause.doubt else ""
    return Seen(
        id=cause.id,
        words=f"{title}, {amount(len(operations), 'operation')}{where}{doubt}",
        number=number,
        cell=cause.cells[0] if cause.cells else cause.finding.clause,
        parts=tuple(sorted(cause.parts)),
        lapsed=_lapsed(run, cause, day),
        title=title,
        places=_places(run, cause),
        blocks=frozenset(cause.blocks),
        spoils=_limited(cell for cell in run.cells if cell.operation in operations),
    )


def _example(run: Run, cause: Cause, title: str, *, several: bool) -> str:
    """The route that shows a cause best, in brackets, as one of ``several`` or the only one.

    Empty if the title names that route, or if the finding is on no operation.
    """
    route = phrases.route(run, cause.finding.operation)
    if route in title or cause.finding.operation not in run.contract.operations:
        return ""
    return f" (such as {route})" if several else f" ({route})"


def _places(run: Run, cause: Cause) -> dict[str, Place]:
    """Where each part of a cause is, by the id of the part, with the first of its cells there.

    Empty for a cause without a family, which has no parts.
    """
    if not cause.family:
        return {}
    first_cell: dict[str, str] = {}
    for name in cause.cells:
        first_cell.setdefault(operation_of(name), name)
    return {
        id_of_cause(cause.family, [operation]): Place(_route(run, operation), name)
        for operation, name in first_cell.items()
    }


def _route(run: Run, name: str) -> str:
    """The method and path of an operation, with its name if others have the same ones."""
    route = phrases.route(run, name)
    alike = [each for each in run.contract.operations if phrases.route(run, each) == route]
    return f"{route} ({name})" if len(alike) > 1 else route


def _lapsed(run: Run, cause: Cause, day: date) -> str:
    """The last day of the waiver that covered a cause, as ISO 8601; empty without one.

    A waiver counts if it ended before ``day``, and covered a cell of the cause. Of several, the one
    that ended last counts.
    """
    cells = [(name.partition("[")[0], operation_of(name)) for name in cause.cells]
    ended = [waiver for waiver in run.target.waivers if waiver.expires < day]
    last_days = [
        waiver.expires
        for waiver in ended
        if any(waiver.covers(clause, operation) for clause, operation in cells)
    ]
    return max(last_days).isoformat() if last_days else ""


def unjudged_now(before: Mapping[str, Verdict], night: Night) -> dict[str, int]:
    """By clause, the number of cells that were judged before and that a night could not judge.

    A cell that the target file now leaves out, or that a challenge excludes, is not counted. Nor is
    a cell that the selection leaves out, which was judged before only in passing.
    """
    lost: dict[str, int] = {}
    for name, verdict in before.items():
        now = night.verdicts.get(name)
        is_unjudged = now in (Verdict.UNTESTED, Verdict.ERROR) and name not in night.unselected
        if verdict in JUDGED and is_unjudged:
            clause = name.partition("[")[0]
            lost[clause] = lost.get(clause, 0) + 1
    return lost
