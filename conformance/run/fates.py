"""Determines whether findings are fixed after their requests were repeated.

A finding is fixed only if the request that showed it was sent and judged again. Anything else that
a cell shows belongs to another cause.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit

from conformance.base.values import read_json
from conformance.causes import (
    Key,
    Sighting,
    following_by_cause,
    place_of,
    sightings_by_cause,
    sightings_of,
)
from conformance.causes.shown import probe_of
from conformance.model import (
    Cause,
    Cell,
    Declaration,
    Exchange,
    Run,
    Verdict,
    mistake_of,
)
from conformance.model.mistake_names import EMPTY, OPTIONAL
from conformance.reading import members_of
from conformance.report import view

FEW = 3
"""Number of findings per cell whose requests are repeated."""
NOT_PLANNED = "the case that showed it is no longer in the plan"
FOLLOWS = "it only follows from another failure, which is not fixed or was not repeated"
HANDLED = "the mistake that showed it no longer shows anything"
SAYING_NOTHING = {None, 401, 429, *range(500, 600)}
"""Statuses of a response that says nothing about the request; None without a response."""
REFUSALS = (400, 404)
"""Statuses with which a mistake in a request is refused."""
NOT_SEEN = "the request that showed it was not sent and judged again"
NAMING_NO_PARAMETER = (EMPTY, OPTIONAL)
"""Flaws in a key that do not say which parameter is odd."""


class Fate(StrEnum):
    """What became of a broken cell."""

    STILL = "still broken"
    UNJUDGED = "could not be judged"
    DROPPED = "no longer tested"
    FIXED = "fixed"


@dataclass(frozen=True)
class Sought:
    """A broken cell and what to look for: the sightings of one cause, or any finding.

    ``own`` holds those sightings, and ``others`` the keys of sightings of other causes in the cell.
    With ``any_finding``, every finding in the cell counts. A cell that ``follows`` is broken only
    because of another one.
    """

    cell: Cell
    own: tuple[Sighting, ...]
    others: frozenset[Key] = frozenset()
    any_finding: bool = False
    follows: bool = False

    def first_exchanges(self, run: Run) -> list[Exchange]:
        """The exchanges of the first few findings, in the run that found them."""
        findings = list(dict.fromkeys(sighting.finding for sighting in self.own))[:FEW]
        ids: dict[str, None] = {}  # an ordered set
        for sighting in self.own:
            if sighting.finding in findings:
                ids.update(dict.fromkeys(sighting.exchange_ids))
        return run.exchanges_of(ids)


def sought_in_cells(run: Run, cells: Collection[Cell]) -> list[Sought]:
    """What to look for in some broken cells of a run: any finding.

    A cell ``follows`` only if it does so for each cause that breaks it.
    """
    shown = _by_cell(sightings_of(cells, run.exchange))
    following_of = following_by_cause(run.contract, run.cells, run.exchanges)
    following = {name for names in following_of.values() for name in names}
    for cause in run.causes:
        broken_directly = set(cause.cells) - following_of[cause.id]
        following -= broken_directly
    return [
        Sought(cell, tuple(shown[cell.name]), any_finding=True, follows=cell.name in following)
        for cell in cells
    ]


def sought_of_cause(run: Run, cause: Cause) -> list[Sought]:
    """What to look for in the cells that a cause of a run breaks: findings of that cause alone."""
    own = _by_cell(sightings_by_cause(run.contract, run.cells, run.exchanges)[cause.id])
    every = _by_cell(sightings_of(run.broken, run.exchange))
    following = following_by_cause(run.contract, run.cells, run.exchanges)[cause.id]
    found = []
    for name, sightings in own.items():
        others = _keys(every[name]) - _keys(sightings)
        cell, follows = sightings[0].cell, name in following
        found.append(Sought(cell, tuple(sightings), others, follows=follows))
    return found


def _by_cell(sightings: Iterable[Sighting]) -> dict[str, list[Sighting]]:
    """Some sightings, by the names of their cells."""
    found: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        found[sighting.cell.name].append(sighting)
    return found


def _keys(sightings: Iterable[Sighting]) -> frozenset[Key]:
    return frozenset(sighting.own_key for sighting in sightings)


def fates_of(sought: Iterable[Sought], before: Run, after: Run) -> list[tuple[Sought, Fate, str]]:
    """What became of each of some cells, and the reason as text.

    A cell that only follows from others counts as fixed if all cells that do not follow are fixed.
    Otherwise it may pass just because what makes it fail did not happen again.
    """
    found = [(each, *fate_of(each, before, after)) for each in sought]
    fates_of_origins = {fate for each, fate, _ in found if not each.follows}
    if fates_of_origins == {Fate.FIXED}:
        return found
    revised: list[tuple[Sought, Fate, str]] = []
    for each, fate, why in found:
        if each.follows and fate is Fate.FIXED:
            revised.append((each, Fate.UNJUDGED, FOLLOWS))
        else:
            revised.append((each, fate, why))
    return revised


def fate_of(sought: Sought, before: Run, after: Run) -> tuple[Fate, str]:
    """What became of a cell in a run that repeated its requests, and the reason as text."""
    if _is_waived(after, sought.cell) and not _is_waived(before, sought.cell):
        return Fate.DROPPED, "the target file now has a waiver for it"
    cells = [cell for cell in after.cells if cell.name == sought.cell.name]
    for sighting in sightings_of(cells, after.exchange):
        if _is_same(sighting, sought, before, after):
            return Fate.STILL, view.sentence(sighting.finding)
    not_planned = _fate_if_not_planned(sought, before, after)
    return not_planned or _fate_if_planned(sought, cells, before, after)


def _fate_if_planned(
    sought: Sought, cells: list[Cell], before: Run, after: Run
) -> tuple[Fate, str]:
    """What became of a cell that no longer shows its cause, although all requests are planned.

    ``cells`` contains the current cell, if there is one.
    """
    if not cells or after.incomplete:
        return Fate.UNJUDGED, after.incomplete or NOT_SEEN
    now = cells[0]
    if now.verdict is Verdict.INAPPLICABLE:
        return Fate.DROPPED, view.message(now)
    if now.verdict is not Verdict.PASSED and not now.findings:
        are_gone = _are_mistakes_handled(sought, before, after)
        return (Fate.FIXED, HANDLED) if are_gone else (Fate.UNJUDGED, view.message(now))
    if not _is_judged_again(now, sought, before, after):
        return Fate.UNJUDGED, NOT_SEEN
    if now.findings:
        return Fate.FIXED, f"the cell now fails for another cause: {view.message(now)}"
    return Fate.FIXED, ""


# --- what was sent --------------------------------------------------------------------------------


def _is_waived(run: Run, cell: Cell) -> bool:
    """Whether a waiver covers a cell on the day of a run."""
    today = date.fromisoformat(run.judged_on)
    for waiver in run.target.waivers:
        if waiver.covers(cell.clause, cell.operation) and today <= waiver.expires:
            return True
    return False


def _newly_lacking(cell: Cell, exchanges: list[Exchange], before: Run, after: Run) -> list[str]:
    """What a cell and its requests use that the target is now declared to lack, but was not before.

    These are ids of operations, and names of parameters with their operation.
    """
    operations = {cell.operation, *(exchange.operation for exchange in exchanges)}
    declared = _lacking(before.target, operations)
    return sorted(_lacking(after.target, operations) - declared)


def _lacking(target: Declaration, operations: set[str]) -> set[str]:
    """Which of some operations, and of their parameters, a target is declared to lack."""
    absent = {f"{name} of {each}" for each in operations for name in target.absent.get(each, ())}
    return absent | (operations & target.inapplicable)


def _fate_if_not_planned(sought: Sought, before: Run, after: Run) -> tuple[Fate, str] | None:
    """The fate of a cell whose requests were not planned to be sent again, and why.

    None if they were planned, and the target file does not newly exclude what they use.
    """
    exchanges = sought.first_exchanges(before)
    lacking = _newly_lacking(sought.cell, exchanges, before, after)
    if lacking:
        return Fate.DROPPED, f"the target file now excludes {', '.join(lacking)}"
    planned = {case.id: case for case in after.cases}
    for name in dict.fromkeys(exchange.case for exchange in exchanges):
        case = planned.get(name)
        if case is None:
            return Fate.DROPPED, NOT_PLANNED
        if case.gap:
            fate = Fate.DROPPED if case.inapplicable else Fate.UNJUDGED
            return fate, case.gap
    return None


# --- what was seen --------------------------------------------------------------------------------


def _is_same(new: Sighting, sought: Sought, before: Run, after: Run) -> bool:
    """Whether a sighting of the cell shows what was sought. With ``any_finding``, each one does.

    Otherwise it must have the same key, or else the same request must still break the same rule in
    the same place, and not show another cause that was known. Equal keys prove nothing if they do
    not name the parameter that is odd, because another cause may have the same key.
    """
    naming = [each for each in sought.own if each.own_key.flaw not in NAMING_NO_PARAMETER]
    if sought.any_finding or new.own_key in _keys(naming):
        return True
    if new.own_key in sought.others:
        return False
    alike = [each for each in sought.own if _rule_and_place(each) == _rule_and_place(new)]
    earlier_requests = _telling_requests(alike, before)
    return not earlier_requests.isdisjoint(_telling_requests([new], after))


def _rule_and_place(sighting: Sighting) -> tuple[str, str]:
    """Which rule a sighting breaks, and where."""
    return sighting.finding.rule, place_of(sighting.finding)


def _telling_requests(sightings: Iterable[Sighting], run: Run) -> set[tuple[object, ...]]:
    """The identities of the requests that say most about the sightings; see _request_identity."""
    found = set()
    for sighting in sightings:
        exchange = probe_of(run, sighting.finding, sighting.exchange_ids)
        if exchange is not None:
            found.add(_request_identity(exchange))
    return found


def _is_judged_again(now: Cell, sought: Sought, before: Run, after: Run) -> bool:
    """Whether a cell passes after the requests that showed what was sought were sent again.

    The verdict rests on one of them, or all were sent again and the rule had nothing to say.
    """
    sent = {_request_identity(each) for each in after.exchanges_of(now.exchanges)}
    if not sent.isdisjoint(_telling_requests(sought.own, before)):
        return True
    return _are_sent_again(sought, before, after)


def _are_sent_again(sought: Sought, before: Run, after: Run) -> bool:
    """Whether all requests that showed what was sought were sent again, to the same effect.

    The last one of each sighting decides, so any response to it will do that says something. The
    others must succeed or fail as before.
    """
    again = _by_identity(after.exchanges)
    for sighting in sought.own:
        sent = before.exchanges_of(sighting.exchange_ids)
        deciding = again[_request_identity(sent[-1])] if sent else []
        if not deciding or any(each.status in SAYING_NOTHING for each in deciding):
            return False
        for each in sent[:-1]:
            if each.ok not in [later.ok for later in again[_request_identity(each)]]:
                return False
    return bool(sought.own)


def _are_mistakes_handled(sought: Sought, before: Run, after: Run) -> bool:
    """Whether single requests with a mistake showed what was sought, and were all handled again.

    A response that is neither a success nor a refusal of the mistake handles nothing.
    """
    again = _by_identity(after.exchanges)
    for sighting in sought.own:
        sent = before.exchanges_of(sighting.exchange_ids)
        if len(sent) != 1 or not sent[0].facts.mistake:
            return False
        repeated = again[_request_identity(sent[0])]
        if not repeated or not all(each.ok or each.status in REFUSALS for each in repeated):
            return False
    return bool(sought.own)


def _by_identity(
    exchanges: Iterable[Exchange],
) -> defaultdict[tuple[object, ...], list[Exchange]]:
    """Some exchanges, by what identifies their requests; see _request_identity."""
    found: defaultdict[tuple[object, ...], list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        found[_request_identity(exchange)].append(exchange)
    return found


def _request_identity(exchange: Exchange) -> tuple[object, ...]:
    """What identifies a request within its case, and is the same in every run."""
    request = exchange.request
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    members = members_of(read_json(request.body.kept).value) if request.body else {}
    return (
        exchange.case,
        exchange.operation,
        exchange.identity,
        request.method,
        mistake_of(exchange),
        tuple(sorted(name for name, _ in query)),
        tuple(sorted(members)),
    )
