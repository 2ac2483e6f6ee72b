"""Which requests of which cases show each fault, as measured and stored in ``docs/shown.txt``.

Each line is a fault and its sightings. A sighting names the cases that a finding needs, each with
the number of its own requests after which it is there: ``walk[list_calls]:3``. ``&`` joins cases
that show a fault only together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from conformance import checks
from conformance.judging.judge import findings_of, judge
from conformance.judging.outcomes import Violation, WholeLog
from conformance.model import Run
from tests.faults import harness
from tests.faults.base import Fault, words
from tests.faults.rows import BLAMED, aim_at
from tests.support.contracts import real

DATA = Path(__file__).parents[1] / "docs" / "shown.txt"
COSTLY = words(
    "walk filtered-walk refused-key odd-request missing-scope unparsable-parameter "
    "write-beside-others refused-write rate-limit generated broken-body mixed-walk "
    "figures-beside-creations burst"
)
"""Scenarios of many requests, which run only for faults that they aim at."""

Sighting = Mapping[str, int]
"""The cases that a finding needs, each with the number of its own requests."""
Sightings = dict[str, list[Sighting]]
"""What shows each fault, by its name."""


# --- measuring ---


def measured(fault: Fault) -> list[Sighting]:
    """The sightings of a fault by the cases that aim at it, and by short cases there."""
    core = harness.half_for(fault.name)
    narrow = aim_at(fault, core)
    aims: list[harness.Aim | harness.Both] = [narrow, aim_at(fault)]
    if not fault.socket and (fault.at or "odd-request" not in fault.by):
        short = harness.Aim(operations=fault.at or core, without=COSTLY)
        aims.insert(0, harness.Both(narrow, short))
    for aim in aims:
        run = harness.run(real(), fault.make(real()), aim=aim, socket=fault.socket)
        found = list(_sightings(fault, run))
        if found:
            return _smallest(found)
    return []


def _sightings(fault: Fault, run: Run) -> Iterator[Sighting]:
    """The cases and requests of each violation that the findings of a fault consist of."""
    places, cases = _places(run), {case.id for case in run.cases}
    for violation in _violations(fault, run):
        needed: dict[str, int] = {}
        for exchange in violation.exchanges:
            case, place = places.get(exchange, ("", 0))
            if case in cases:
                needed[case] = max(place, needed.get(case, 1))
        if needed:
            yield needed


def _places(run: Run) -> dict[str, tuple[str, int]]:
    """The case of each exchange, and its place among those that the case sent for itself."""
    counts: Counter[tuple[str, int]] = Counter()
    places = {}
    for exchange in run.exchanges:
        attempt = (exchange.case, exchange.attempt)
        if exchange.part is None:
            counts[attempt] += 1
        places[exchange.id] = exchange.case, max(1, counts[attempt])
    return places


def _violations(fault: Fault, run: Run) -> Iterator[Violation]:
    """The violations of the clauses that a fault breaks."""
    clauses, found = {*fault.breaks, *fault.also}, set()
    for cell in run.cells:
        if cell.verdict in BLAMED and cell.clause in clauses:
            found |= {(each.rule, each.operation, each.where) for each in cell.findings}
    log = WholeLog.of(run.exchanges)
    outcomes = judge(run.contract, run.target, checks.RULES, run.cases, run.exchanges, log=log)
    for (rule, operation), rated in outcomes.items():
        for violation in findings_of([outcome for _, outcome in rated]):
            if (rule, operation, violation.where) in found:
                yield violation


def _smallest(found: Iterable[Sighting]) -> list[Sighting]:
    """The sightings of the fewest requests, without those that contain another one."""
    by_cases: dict[frozenset[str], Sighting] = {}
    for each in found:
        known = by_cases.get(frozenset(each))
        if known is None or max(each.values()) < max(known.values()):
            by_cases[frozenset(each)] = each
    alone = {case for cases in by_cases if len(cases) == 1 for case in cases}
    return [each for cases, each in by_cases.items() if len(cases) == 1 or not cases & alone]


# --- storing ---


def line(name: str, sightings: Iterable[Sighting]) -> str:
    """A fault and its sightings as they are stored."""
    words = sorted("&".join(f"{case}:{n}" for case, n in sorted(s.items())) for s in sightings)
    return f"{name}\t{' '.join(words)}\n"


def stored(path: Path = DATA) -> Sightings:
    """What is stored of each fault."""
    known: Sightings = {}
    if path.exists():
        for row in path.read_text(encoding="utf-8").splitlines():
            name, _, words = row.partition("\t")
            known[name] = [_sighting(word) for word in words.split()]
    return known


def _sighting(word: str) -> Sighting:
    parts = [part.rpartition(":") for part in word.split("&")]
    return {case: int(number) for case, _, number in parts}
