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
FIRST_SENT = 0.5
"""The value of the first request to an operation, in faults; its response feeds many rules."""
FED_AGAIN = 0.1
"""The value of each further case there, compared with the one before it."""
EVERYWHERE = "*"
"""Replaces the operation for faults that any operation shows, and the action of the whole API."""


@dataclass(frozen=True)
class Step:
    """A case that the order adds: to its end, or ``at_most`` some requests of it.

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
    """The cases of the first steps that a budget pays for: where each is cut short, by id."""
    kept: dict[str, int] = {}
    for step in steps:
        budget -= step.price
        if budget < 0:
            break
        kept[step.case] = step.at_most
    return kept


def cut(case: Case, at_most: int) -> Case:
    """The case, cut short after some requests."""
    return replace(case, at_most=at_most, cost=at_most) if at_most else case


@dataclass(frozen=True)
class _Hope:
    """Faults that a case may show.

    ``faults`` names their operation, or EVERYWHERE, and the number of their kind. ``likely`` says
    how likely the case shows them, by the number of requests after which it is cut short: for all
    CUTS, as cases of one scenario share it.
    """

    faults: tuple[str, int]
    likely: Mapping[int, float]


@dataclass(frozen=True)
class _Shown:
    """A kind of faults that a scenario shows, by its number; ``likely`` as for a ``_Hope``."""

    number: int
    everywhere: bool
    likely: Mapping[int, float]


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
        self._heap: list[tuple[float, int, str, int]] = []  # see _entry
        self._shown: dict[tuple[str, str], list[_Shown]] = {}  # by action and scenario
        self._initialise_values()
        self._hopes = {case.id: self._hopes_of(case) for case in plan.runnable}
        self._usual = self._usual_value()

    # --- what there is to find ---

    def _initialise_values(self) -> None:
        """Set what is left to find and the value of feeding each rule, before the first step.

        For each action that shows a kind of faults, the weight of the kind is spread over the
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

    def _hopes_of(self, case: Case) -> list[_Hope]:
        """The faults that a case may show. What a scenario shows is computed once per action."""
        action, scenario = self._action(case), case.scenario
        if (action, scenario) not in self._shown:
            self._shown[action, scenario] = [
                _Shown(
                    number,
                    kind.everywhere,
                    {cut_: kind.found(action, scenario, cut_) for cut_ in (*CUTS, WHOLE)},
                )
                for number, kind in enumerate(self._values.kinds)
                if scenario in kind.shows.get(action, {})
            ]
        hopes = []
        for shown in self._shown[action, scenario]:
            operation = EVERYWHERE if shown.everywhere else case.operation
            hopes.append(_Hope((operation, shown.number), shown.likely))
        return hopes

    def _usual_value(self) -> float:
        """The expected faults for each request of known scenarios, on average.

        It is the value of a request of a scenario about which nothing is known.
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
        whose value has fallen goes back into the heap.
        """
        for case in self._cases.values():
            self._offer(case)
        spent = 0
        waiting = {number: list(cases) for number, cases in due.items()}
        while self._heap:
            rank, _, case_id, cut_ = heapq.heappop(self._heap)
            case = self._cases[case_id]
            if not self._adds(case, cut_):
                continue
            entry = self._entry(case, cut_)
            rank_now = entry[0]
            if rank_now > rank:
                heapq.heappush(self._heap, entry)
                continue
            urgent = self._urgent(waiting, spent + self._price(case, cut_))
            if urgent is not None:
                heapq.heappush(self._heap, entry)
                case, cut_ = urgent, WHOLE
            step = Step(case.id, cut_, self._price(case, cut_))
            self._take(case, cut_)
            self._offer(case)
            spent += step.price
            yield step

    def _offer(self, case: Case) -> None:
        """Put the steps that a case still has into the heap, at their present prices."""
        for cut_ in (*CUTS, WHOLE):
            is_possible = cut_ == WHOLE or cut_ < case.cost
            if is_possible and self._adds(case, cut_):
                heapq.heappush(self._heap, self._entry(case, cut_))

    def _urgent(self, waiting: dict[int, list[Case]], spent: int) -> Case | None:
        """The cheapest case that would be late if it waited for a step; None if none would be.

        ``waiting`` has the cases by the number of requests within which they must run, and
        ``spent`` is the number of requests after that step.
        """
        for number, cases in waiting.items():
            prices = {
                each.id: self._price(each, WHOLE) for each in cases if self._adds(each, WHOLE)
            }
            if prices and spent + sum(prices.values()) > number:
                return self._cases[min(prices, key=lambda name: prices[name])]
        return None

    def _entry(self, case: Case, cut_: int) -> tuple[float, int, str, int]:
        """The entry of a step in the heap: its negative value per request, and its place first.

        The case and where it is cut short follow.
        """
        value = self._value(case, cut_) / self._price(case, cut_)
        return -value, self._places[case.id], case.id, cut_

    def _adds(self, case: Case, cut_: int) -> bool:
        """Whether a step adds anything to what was taken of its case."""
        taken = self._taken.get(case.id)
        if taken is None:
            return True
        return taken != WHOLE and (cut_ == WHOLE or cut_ > taken)

    def _price(self, case: Case, cut_: int) -> int:
        """The requests that a step adds."""
        return max(1, (cut_ or case.cost) - self._taken.get(case.id, 0))

    def _value(self, case: Case, cut_: int) -> float:
        """The faults that a step is expected to show, and what it is worth to feed its rules."""
        known = case.scenario in self._values.scenarios
        value = 0.0 if known else self._usual * self._price(case, cut_)
        taken = self._taken.get(case.id)
        for hope in self._hopes[case.id]:
            value += self._left[hope.faults] * _more_likely(hope, taken, cut_)
        if case.operation not in self._reached:
            value += FIRST_SENT
        if cut_ == WHOLE:
            value += math.fsum(self._feeding[rule, case.operation] for rule in case.rules)
        return value

    def _take(self, case: Case, cut_: int) -> None:
        """Take a step: expect fewer faults of those that it may show, and feed its rules."""
        taken = self._taken.get(case.id)
        for hope in self._hopes[case.id]:
            self._left[hope.faults] *= 1 - _more_likely(hope, taken, cut_)
        if cut_ == WHOLE:
            for rule in case.rules:
                self._feeding[rule, case.operation] *= FED_AGAIN
        self._taken[case.id] = cut_
        self._reached.add(case.operation)


def _more_likely(hope: _Hope, taken: int | None, cut_: int) -> float:
    """How likely a step shows the faults, if earlier requests of its case have not.

    ``taken`` is after how many requests the case is cut short so far; None if it is not taken.
    """
    if taken is None:
        return hope.likely[cut_]
    before = hope.likely[taken]
    return (hope.likely[cut_] - before) / (1 - before) if before < 1 else 0.0
