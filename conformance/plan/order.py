"""The order by value of the cases of a plan: what a run of few requests sends.

A case has a price, its requests, and a value: the faults that it is expected to show and that no
case before it shows. A case may be cut short after its first requests. The order is greedy: at each
step it takes what is worth most for each request. A quick run and any budget take its beginning.
It only chooses cases, which then run in the order of the plan.

Another process must get the same order, to recompute the plan of a stored run. So nothing depends
on the order of a set, and ``fsum`` adds alike in each version of Python.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from conformance.model import Case, Contract
from conformance.plan.build import Plan
from conformance.plan.values import WHOLE, Values

QUICK = 400
"""The requests of a quick run."""
CUTS = (1, 2, 3, 4, 6, 8)
"""The numbers of requests after which a case may be cut short."""
FIRST_FED = 0.003
"""The value of the first case that feeds a rule on an operation, in faults."""
FIRST_SENT = 1.0
"""The value of the first request to an operation, in faults; its response feeds many rules."""
FED_AGAIN = 0.1
"""The value of each further case that feeds it, as a share of that of the case before."""
EVERYWHERE = "*"
"""Replaces the operation for faults that any operation shows, and the action of the whole API."""


@dataclass(frozen=True)
class Step:
    """A case that the order adds, cut short after ``at_most`` requests; WHOLE means not cut short.

    ``price`` is the number of requests that this adds to earlier steps of the same case.
    """

    case: str
    at_most: int
    price: int


Due = Mapping[int, Iterable[Case]]
"""By a number of requests, the cases that must run to their end within it, whatever their worth."""


def ordered(plan: Plan, contract: Contract, values: Values, due: Due) -> Iterator[Step]:
    """The steps of a plan, the most valuable first, and those in ``due`` in time."""
    return _Order(plan, contract, values).steps(due)


def within(steps: Iterable[Step], budget: int) -> dict[str, int]:
    """The cases of the first steps that a budget pays for, by id, each with its ``at_most``."""
    kept: dict[str, int] = {}
    for step in steps:
        budget -= step.price
        if budget < 0:
            break
        kept[step.case] = step.at_most
    return kept


def cut(case: Case, at_most: int) -> Case:
    """The case, cut short after ``at_most`` requests; unchanged if that is WHOLE."""
    return case if at_most == WHOLE else replace(case, at_most=at_most, cost=at_most)


@dataclass(frozen=True)
class _Expected:
    """Faults that a case may show.

    ``faults`` is their operation, or EVERYWHERE, and the number of their kind. ``chances`` says how
    likely the case shows them, by the number of requests after which it is cut short. It has all
    CUTS and WHOLE, even for a short case, because the cases of a scenario share it.
    """

    faults: tuple[str, int]
    chances: Mapping[int, float]


@dataclass(frozen=True)
class _Kind:
    """A kind of faults that a scenario may show; ``chances`` are those of ``_Expected``."""

    number: int  # of the kind
    everywhere: bool
    chances: Mapping[int, float]


class _Order:
    """Takes one step after another, and knows what is left to find."""

    def __init__(self, plan: Plan, contract: Contract, values: Values) -> None:
        self._cases = {case.id: case for case in plan.runnable}
        self._values = values
        self._operations = contract.operations
        self._places = {case.id: place for place, case in enumerate(plan.runnable)}
        # the number of faults that are still expected, by operation or EVERYWHERE, and kind
        self._left: dict[tuple[str, int], float] = {}
        # the value of one more case that feeds a rule on an operation, by rule and operation
        self._feeding: dict[tuple[str, str], float] = {}
        self._taken: dict[str, int] = {}  # by case, after how many requests it is cut short
        self._reached: set[str] = set()  # operations
        self._heap: list[tuple[float, int, str, int]] = []  # see _heap_entry
        self._kinds: dict[tuple[str, str], list[_Kind]] = {}  # by action and scenario
        self._initialise_values()
        self._expected = {case.id: self._expected_of(case) for case in plan.runnable}
        self._average = self._average_value()

    # --- what there is to find ---

    def _initialise_values(self) -> None:
        """Set what is left to find and the value of feeding each rule, before the first step.

        For each action that shows a kind of faults, the full weight of the kind is spread over the
        operations with that action, more of it on larger ones.
        """
        sizes: dict[str, dict[str, float]] = defaultdict(dict)  # by action, then by operation
        for case in self._cases.values():
            sizes[self._action(case)][case.operation] = self._size(case.operation)
            for rule in case.rules:
                self._feeding[rule, case.operation] = FIRST_FED
        for number, kind in enumerate(self._values.kinds):
            if kind.everywhere:
                self._left[EVERYWHERE, number] = kind.weight
                continue
            for action in kind.shows:
                total = math.fsum(sizes[action].values())
                for operation, size in sizes[action].items():
                    self._left[operation, number] = kind.weight * size / total

    def _size(self, operation: str) -> float:
        """How much may be wrong with an operation, relative to others: it grows with its input."""
        known = self._operations.get(operation)
        return math.sqrt(1 + len(known.parameters)) if known else 1.0

    def _expected_of(self, case: Case) -> list[_Expected]:
        """The faults that a case may show. The kinds are found once per action and scenario."""
        action, scenario = self._action(case), case.scenario
        if (action, scenario) not in self._kinds:
            kinds = []
            for number, kind in enumerate(self._values.kinds):
                if scenario in kind.shows.get(action, {}):
                    chances = {n: kind.chance(action, scenario, n) for n in (*CUTS, WHOLE)}
                    kinds.append(_Kind(number, kind.everywhere, chances))
            self._kinds[action, scenario] = kinds
        expected = []
        for shown in self._kinds[action, scenario]:
            operation = EVERYWHERE if shown.everywhere else case.operation
            expected.append(_Expected((operation, shown.number), shown.chances))
        return expected

    def _average_value(self) -> float:
        """The expected faults per request of the scenarios with known faults.

        It is used as the value of a request of any other scenario.
        """
        scenarios = self._values.scenarios
        known = [case for case in self._cases.values() if case.scenario in scenarios]
        requests = sum(case.cost for case in known)
        return math.fsum(self._left.values()) / requests if requests else 1.0

    def _action(self, case: Case) -> str:
        """The action of a case's operation; EVERYWHERE for the whole API."""
        operation = self._operations.get(case.operation)
        return operation.action if operation else EVERYWHERE

    # --- the steps ---

    def steps(self, due: Due) -> Iterator[Step]:
        """All steps; those that are ``due`` come in time, the others by their value.

        A value only falls from step to step, so a value in the heap is an upper bound. An entry
        whose value has fallen goes back into the heap with its new value. The rank of an entry is
        its negative value, so a value that has fallen has a higher rank.
        """
        for case in self._cases.values():
            self._offer(case)
        spent = 0
        waiting = {number: list(cases) for number, cases in due.items()}
        while self._heap:
            rank, _, case_id, at_most = heapq.heappop(self._heap)
            case = self._cases[case_id]
            if not self._adds(case, at_most):
                continue
            entry = self._heap_entry(case, at_most)
            has_fallen = entry[0] > rank
            if has_fallen:
                heapq.heappush(self._heap, entry)
                continue
            urgent = self._urgent(waiting, spent + self._price(case, at_most))
            if urgent is not None:
                heapq.heappush(self._heap, entry)
                case, at_most = urgent, WHOLE
            step = Step(case.id, at_most, self._price(case, at_most))
            self._take(case, at_most)
            self._offer(case)
            spent += step.price
            yield step

    def _offer(self, case: Case) -> None:
        """Put every step that would still add to a case into the heap, at its present price."""
        for at_most in (*CUTS, WHOLE):
            is_possible = at_most == WHOLE or at_most < case.cost
            if is_possible and self._adds(case, at_most):
                heapq.heappush(self._heap, self._heap_entry(case, at_most))

    def _urgent(self, waiting: dict[int, list[Case]], spent: int) -> Case | None:
        """The case to take instead of the next step, so that no case in ``waiting`` is late.

        ``waiting`` has cases by the number of requests within which they must run, and ``spent`` is
        the number of requests sent once the next step is taken. If the cases that have not run to
        their end would then no longer fit, returns the cheapest of them; otherwise None.
        """
        for limit, cases in waiting.items():
            prices = {
                each.id: self._price(each, WHOLE) for each in cases if self._adds(each, WHOLE)
            }
            if prices and spent + sum(prices.values()) > limit:
                return self._cases[min(prices, key=lambda name: prices[name])]
        return None

    def _heap_entry(self, case: Case, at_most: int) -> tuple[float, int, str, int]:
        """The entry of a step in the heap, which yields the smallest entry first.

        It holds the negative value per request, the place of the case in the plan for ties, the id
        of the case, and after how many requests it is cut short.
        """
        value = self._value(case, at_most) / self._price(case, at_most)
        return -value, self._places[case.id], case.id, at_most

    def _adds(self, case: Case, at_most: int) -> bool:
        """Whether a step sends more of its case than the steps taken so far."""
        taken = self._taken.get(case.id)
        if taken is None:
            return True
        return taken != WHOLE and (at_most == WHOLE or at_most > taken)

    def _price(self, case: Case, at_most: int) -> int:
        """The requests that a step adds."""
        requests = case.cost if at_most == WHOLE else at_most
        return max(1, requests - self._taken.get(case.id, 0))

    def _value(self, case: Case, at_most: int) -> float:
        """The faults that a step is expected to show, and what it is worth to feed its rules."""
        has_known_faults = case.scenario in self._values.scenarios
        value = 0.0 if has_known_faults else self._average * self._price(case, at_most)
        taken = self._taken.get(case.id)
        for expected in self._expected[case.id]:
            value += self._left[expected.faults] * _chance_of_step(expected, taken, at_most)
        if case.operation not in self._reached:
            value += FIRST_SENT
        if at_most == WHOLE:
            value += math.fsum(self._feeding[rule, case.operation] for rule in case.rules)
        return value

    def _take(self, case: Case, at_most: int) -> None:
        """Record a step as taken, and lower what further steps are worth accordingly."""
        taken = self._taken.get(case.id)
        for expected in self._expected[case.id]:
            self._left[expected.faults] *= 1 - _chance_of_step(expected, taken, at_most)
        if at_most == WHOLE:
            for rule in case.rules:
                self._feeding[rule, case.operation] *= FED_AGAIN
        self._taken[case.id] = at_most
        self._reached.add(case.operation)


def _chance_of_step(expected: _Expected, taken: int | None, at_most: int) -> float:
    """How likely a step shows the faults, if earlier requests of its case have not.

    ``taken`` is after how many requests the case is cut short so far; None if it is not taken.
    """
    chance = expected.chances[at_most]
    if taken is None:
        return chance
    before = expected.chances[taken]
    if before >= 1:
        return 0.0
    return (chance - before) / (1 - before)
