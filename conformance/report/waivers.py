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

USUAL = timedelta(days=90)
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


class State(StrEnum):
    """Why a waiver is of no use."""

    EXPIRED = "expired"
    STALE = "stale"
    UNMATCHED = "matches nothing"
    UNKNOWN = "untested"


WORDS = {
    State.STALE: "is stale{where}: what it covers passes now; remove {what}",
    State.UNMATCHED: "matches no failing cell{where}; remove {what}",
    State.UNKNOWN: "covers no failure of this run{where}: its cells are untested",
}
"""What a sentence says of a waiver that has not expired."""


@dataclass(frozen=True)
class Idle:
    """A waiver that covers no failure, the reason, and a sentence for people."""

    waiver: Waiver
    state: State
    text: str

    @property
    def is_wrong(self) -> bool:
        """Whether the target file needs a change. An untested cell proves nothing."""
        return self.state is not State.UNKNOWN


def idle(run: Run) -> list[Idle]:
    """The waivers that expired before the day of a run, are stale, or match nothing, in order.

    Cells that were not selected say nothing about a waiver.
    """
    found: list[Idle] = []
    for waiver in run.target.waivers:
        if waiver.expires < date.fromisoformat(run.judged_on):
            words = f"{_named(waiver)} expired on {waiver.expires}"
            found.append(Idle(waiver, State.EXPIRED, words))
        else:
            found += _useless(run, waiver)
    return found


def _named(waiver: Waiver) -> str:
    """A waiver in a sentence, with its owner, so that the sentence reaches that person."""
    owner, ticket = shown(waiver.owner, LIMIT), shown(waiver.ticket, LIMIT)
    return f"the waiver for {shown(waiver.clause, LIMIT)} ({owner}, {ticket})"


def _useless(run: Run, waiver: Waiver) -> Iterator[Idle]:
    """Why a waiver that has not expired is of no use, for each reason.

    The sentences name the operations concerned, if the waiver names any.
    """
    groups = _covered(run, waiver)
    states: dict[State, list[str]] = defaultdict(list)
    for name, group in groups.items():
        state = _state(group)
        if state is not None:
            states[state].append(shown(name, LIMIT))
    for state, names in states.items():
        where = f" on {first_of(names)}" if waiver.operations else ""
        some = "those operations" if len(names) > 1 else "that operation"
        what = "it" if len(names) == len(groups) else f"{some} from it"
        words = WORDS[state].format(where=where, what=what)
        yield Idle(waiver, state, f"{_named(waiver)} {words}")


def _covered(run: Run, waiver: Waiver) -> dict[str, list[Cell]]:
    """The cells that a waiver covers, by operation; all under "" if it names no operation."""
    cells = [cell for cell in run.cells if waiver.covers(cell.clause, cell.operation)]
    if not waiver.operations:
        return {"": cells}
    by_operation = {cell.operation: [cell] for cell in cells}  # a clause has one on each
    return {name: by_operation.get(name, []) for name in waiver.operations}


def _state(cells: Sequence[Cell]) -> State | None:
    """Why a waiver is of no use for some cells.

    None if it waives a failure, or if the run did not select all of the cells.
    """
    verdicts = {cell.verdict for cell in cells}
    if Verdict.WAIVED in verdicts or not all(cell.chosen for cell in cells):
        return None
    if verdicts & {Verdict.UNTESTED, Verdict.ERROR}:
        return State.UNKNOWN
    return State.STALE if Verdict.PASSED in verdicts else State.UNMATCHED


# --- entries for the target file ------------------------------------------------------------------


def entries(run: Run) -> dict[str, str]:
    """The lines for the target file that would waive each failed cause, by the id of the cause.

    A person has to fill in owner, ticket and statement. The days of expiry are spread, so that
    even all entries together have no day with too many.
    """
    today = date.fromisoformat(run.judged_on)
    taken = Counter(waiver.expires for waiver in run.target.waivers)
    operations = {*run.contract.operations, WHOLE_API}  # a forged log may name others
    cells = {
        cell.name: cell
        for cell in run.cells
        if cell.verdict is Verdict.FAILED and cell.operation in operations
    }
    found = {}
    for cause in run.causes:
        lines = list(_entry(cause, cells, taken, today))
        if lines:
            found[cause.id] = "\n".join(["waivers:", *lines])
    return found


def _entry(
    cause: Cause, cells: Mapping[str, Cell], taken: Counter[date], today: date
) -> Iterator[str]:
    """The lines for a cause, one waiver for each clause of its failed cells.

    ``cells`` are all failed cells by name. The days of expiry are added to ``taken``.
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
        day = free_day(taken, today + USUAL, today)
        if day is None:
            yield '    expires: ""  # a day on which fewer than five others expire'
        else:
            taken[day] += 1
            yield f'    expires: "{day}"'
