"""Learns what cases are worth from what shows each fault of the catalogue."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from conformance.model import Case
from conformance.plan import values
from conformance.plan.build import Plan
from conformance.plan.order import EVERYWHERE
from conformance.plan.values import FaultKind, Values
from tests.faults.faults import FAULTS
from tests.shown import Sighting, Sightings
from tests.support.contracts import real


def learnt(whole: Plan, sightings: Sightings) -> Values:
    """The kinds of faults that some sightings show, and how many of each there are."""
    learner = _Learner(whole)
    counts: Counter[str] = Counter()
    kinds: dict[str, FaultKind] = {}
    for name, found in sightings.items():
        for kind in learner.kinds(found, everywhere=not FAULTS[name].at):
            key = json.dumps([kind.everywhere, kind.shows], sort_keys=True)
            kinds[key] = kind
            counts[key] += round(kind.weight * 1000)
    known = [
        FaultKind(counts[key] / 1000, kinds[key].everywhere, kinds[key].shows)
        for key in sorted(kinds)
    ]
    return Values(tuple(known), frozenset(case.scenario for case in whole.runnable))


class _Learner:
    """Turns the sightings of a fault into its kind."""

    def __init__(self, whole: Plan) -> None:
        self._cases = {case.id: case for case in whole.runnable}
        self._actions = {each.id: each.action for each in real().operations.values()}
        self._alike = Counter((case.scenario, case.operation) for case in whole.runnable)

    def kinds(self, found: Iterable[Sighting], *, everywhere: bool) -> list[FaultKind]:
        """The kind of a fault: one for each of its operations, unless it is everywhere."""
        alone = [next(iter(each.items())) for each in found if len(each) == 1]
        seen: dict[str, list[tuple[Case, int]]] = defaultdict(list)
        for name, number in alone:
            if name in self._cases:
                seen[self._cases[name].operation].append((self._cases[name], number))
        if everywhere:
            return [FaultKind(1, everywhere, self._shows(seen))] if seen else []
        return [
            FaultKind(1 / len(seen), everywhere, self._shows({operation: sightings}))
            for operation, sightings in seen.items()
        ]

    def _shows(
        self, seen: Mapping[str, list[tuple[Case, int]]]
    ) -> dict[str, dict[str, values.Shares]]:
        """The shares of cases that show a fault, by action and scenario."""
        counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        alike: Counter[tuple[str, str]] = Counter()
        for operation, sightings in seen.items():
            action = self._actions.get(operation, EVERYWHERE)
            for scenario in {case.scenario for case, _ in sightings}:
                alike[action, scenario] += self._alike[scenario, operation]
            for case, number in sightings:
                counts[action, case.scenario][number] += 1
        shows: dict[str, dict[str, values.Shares]] = defaultdict(dict)
        for (action, scenario), numbers in sorted(counts.items()):
            total = alike[action, scenario]
            shows[action][scenario] = tuple(
                (number, round(count / total, 2)) for number, count in sorted(numbers.items())
            )
        return dict(shows)
