"""Waivers in reports: those that need attention, and the entries that would waive a cause."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from conformance.base.text import wrapped
from conformance.model import WHOLE_API, Cause, Cell, Run, Verdict, Waiver
from conformance.model.waiver import free_day
from conformance.report.view import first_of, shown

DURATION = timedelta(days=90)
"""How long a suggested waiver lasts, if that day is free."""
LIMIT = 100
"""Characters of an owner or a ticket that are shown."""
WIDTH = 80
"""The columns of an entry, at most."""
DEFINED = (
    ("owner", "who is responsible for it"),
    ("ticket", "an issue, its address or an id"),
    ("statement", "why it is accepted, in at least ten characters"),
)
"""The members of an entry that a person has to fill in, with descriptions."""


class IdleReason(StrEnum):
    """Why a waiver covers no failure."""

    EXPIRED = "expired"
    STALE = "stale"
    UNMATCHED = "matches nothing"
    UNKNOWN = "untested"


WORDS = {
    IdleReason.STALE: "is stale{where}: what it covers passes now; remove {what}",
    IdleReason.UNMATCHED: "matches no failing cell{where}; remove {what}",
    IdleReason.UNKNOWN: "covers no failure of this run{where}: its cells are untested",
}
"""What a sentence says of a waiver that has not expired, by the reason why it is idle."""


@dataclass(frozen=True)
class Idle:
    """A waiver that covers no failure, the reason, and a sentence for people."""

    waiver: Waiver
    reason: IdleReason
    text: str

    @property
    def is_wrong(self) -> bool:
        """Whether the target file needs a change. Untested cells do not show that it does."""
        return self.reason is not IdleReason.UNKNOWN


def idle(run: Run) -> list[Idle]:
    """The waivers that expired before the day of a run, or that cover no failure of it, in order.

    A waiver appears once for each reason. Cells that were not selected say nothing about it.
    """
    found: list[Idle] = []
    for waiver in run.target.waivers:
        if waiver.expires < date.fromisoformat(run.judged_on):
            words = f"{_named(waiver)} expired on {waiver.expires}"
            found.append(Idle(waiver, IdleReason.EXPIRED, words))
        else:
            found += _idle_parts(run, waiver)
    return found


def _named(waiver: Waiver) -> str:
    """A waiver in a sentence, with its owner, so that the sentence reaches that person."""
    owner, ticket = shown(waiver.owner, LIMIT), shown(waiver.ticket, LIMIT)
    return f"the waiver for {shown(waiver.clause, LIMIT)} ({owner}, {ticket})"


def _idle_parts(run: Run, waiver: Waiver) -> Iterator[Idle]:
    """The parts of a waiver, not expired, that cover no failure: one entry for each reason.

    If the waiver names operations, each part consists of some of them, and its sentence names them.
    """
    groups = _covered(run, waiver)
    idle_operations: dict[IdleReason, list[str]] = defaultdict(list)
    for name, cells in groups.items():
        reason = _idle_reason(cells)
        if reason is not None:
            idle_operations[reason].append(shown(name, LIMIT))
    for reason, names in idle_operations.items():
        where = f" on {first_of(names)}" if waiver.operations else ""
        what = "it"
        if len(names) < len(groups):  # the waiver also names other operations
            what = "those operations from it" if len(names) > 1 else "that operation from it"
        words = WORDS[reason].format(where=where, what=what)
        yield Idle(waiver, reason, f"{_named(waiver)} {words}")


def _covered(run: Run, waiver: Waiver) -> dict[str, list[Cell]]:
    """The cells that a waiver covers, by operation; all under "" if it names no operation."""
    cells = [cell for cell in run.cells if waiver.covers(cell.clause, cell.operation)]
    if not waiver.operations:
        return {"": cells}
    by_operation = {cell.operation: [cell] for cell in cells}  # a clause has one cell on each
    return {name: by_operation.get(name, []) for name in waiver.operations}


def _idle_reason(cells: Sequence[Cell]) -> IdleReason | None:
    """Why a waiver covers no failure among the cells that it is for.

    None if it does waive a failure, or if at least one of the cells was not selected.
    """
    verdicts = {cell.verdict for cell in cells}
    if Verdict.WAIVED in verdicts or not all(cell.chosen for cell in cells):
        return None
    if verdicts & {Verdict.UNTESTED, Verdict.ERROR}:
        return IdleReason.UNKNOWN
    return IdleReason.STALE if Verdict.PASSED in verdicts else IdleReason.UNMATCHED


# --- entries for the target file ------------------------------------------------------------------


def entries(run: Run) -> dict[str, str]:
    """The lines for the target file that would waive each failed cause, by the id of the cause.

    A person has to fill in owner, ticket and statement. The days of expiry are spread, so that no
    day has too many waivers, even if all entries are used.
    """
    today = date.fromisoformat(run.judged_on)
    expiries = Counter(waiver.expires for waiver in run.target.waivers)
    operations = {*run.contract.operations, WHOLE_API}  # a forged log may name others
    cells = {
        cell.name: cell
        for cell in run.cells
        if cell.verdict is Verdict.FAILED and cell.operation in operations
    }
    found = {}
    for cause in run.causes:
        lines = list(_entry(cause, cells, expiries, today))
        if lines:
            found[cause.id] = "\n".join(["waivers:", *lines])
    return found


def _entry(
    cause: Cause, cells: Mapping[str, Cell], expiries: Counter[date], today: date
) -> Iterator[str]:
    """The lines for a cause: one waiver for each clause of its failed cells, if it has any.

    ``cells`` are all failed cells by name. ``expiries`` counts waivers by their last day; those of
    the new waivers are added.
    """
    operations: dict[str, list[str]] = defaultdict(list)
    for name in cause.cells:
        if name in cells:
            operations[cells[name].clause].append(cells[name].operation)
    for clause, names in operations.items():
        yield f"  - clause: {clause}"
        if WHOLE_API in names:
            yield "    # on every operation, because the failure belongs to no single one"
        else:
            yield from wrapped(f"operations: [{', '.join(names)}]", WIDTH, "    ", "      ")
        for member, what in DEFINED:
            yield f'    {member}: ""  # {what}'
        day = free_day(expiries, today + DURATION, today)
        if day is None:
            yield '    expires: ""  # a day on which fewer than five others expire'
        else:
            expiries[day] += 1
            yield f'    expires: "{day}"'
