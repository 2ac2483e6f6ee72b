"""Plans spot checks: which cases they consist of, and when each of them begins.

Both follow from the seed, which is drawn for each run, so that a target cannot foresee them and a
replay can make them again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from random import Random

from conformance.base.options import Depth
from conformance.contract.drawn import drawn
from conformance.model import PLAIN, Case, Contract, Declaration, Run
from conformance.plan.build import Plan, build
from conformance.plan.registry import SPOTS, Planning
from conformance.run import planning
from conformance.run.planning import Plans
from conformance.scenarios.spot import spots as _registered  # noqa: F401 - registers scenarios
from conformance.target import Target, scope, with_collections

MOST = 40
"""Default number of requests of a run of spot checks."""
APART = 0.25
"""The least time between two cases, relative to the average random time that is added to it."""


def as_plain_client(target: Target) -> Target:
    """The target as spot checks use it: they never announce the suite, whatever its file says."""
    return replace(target, declaration=replace(target.declaration, identity=PLAIN))


def possible(contract: Contract, target: Declaration, seed: int) -> tuple[Contract, Plan]:
    """The contract as adapted to the target, and every case of spot checks.

    That includes cases that cannot run.
    """
    fitting = scope.fitted(drawn(with_collections(contract, target), seed), target)
    asked = Planning(scope.offered(fitting, target), target, seed)
    return fitting, build(asked, SPOTS.values())


def plans_for(contract: Contract, target: Declaration, seed: int, budget: int) -> Plans:
    """The plan of spot checks, with the cases in the order in which they run.

    The scenarios take turns, each with its cases in random order, until the budget is used up.
    """
    fitting, plan = possible(contract, target, seed)
    random = Random(f"cases of spot checks {seed}")  # noqa: S311 - a plan, not a secret
    by_scenario: dict[str, list[Case]] = defaultdict(list)
    for case in plan.runnable:
        by_scenario[case.scenario].append(case)
    for cases in by_scenario.values():
        random.shuffle(cases)
    chosen = Plan(tuple(_taking_turns(list(by_scenario.values()), budget, random)))
    return Plans(fitting, chosen, chosen)


def plans_of(contract: Contract, run: Run) -> Plans:
    """The plans that a run, of spot checks or not, was made by. ``contract`` is as loaded."""
    selection = run.selection
    assert selection is not None  # pytest chooses cases that nobody can plan again
    if run.spread is not None:
        return plans_for(contract, run.target, run.seed, selection.budget)
    return planning.plans_for(contract, run.target, run.seed, Depth(run.depth), selection)


def _taking_turns(waiting: list[list[Case]], budget: int, random: Random) -> list[Case]:
    """Cases that fit into a budget, in random order, taken from each list in turn.

    A case that costs more than is left of the budget is skipped. Empties the ``waiting`` lists.
    """
    chosen: list[Case] = []
    left = budget
    while any(waiting):
        random.shuffle(waiting)
        for cases in waiting:
            case = cases.pop() if cases else None
            if case is not None and case.cost <= left:
                chosen.append(case)
                left -= case.cost
    random.shuffle(chosen)
    return chosen


def moments(seed: int, cases: int, seconds: float) -> list[float]:
    """When each of some cases begins, in seconds after the start of the run.

    The last one leaves some time, too, so that the end of the run tells nothing.
    """
    random = Random(f"moments of spot checks {seed}")  # noqa: S311 - a plan, not a secret
    pauses = [APART + random.expovariate(1) for _ in range(cases + 1)]
    total, elapsed, begins = sum(pauses), 0.0, []
    for pause in pauses[:-1]:
        elapsed += pause
        begins.append(seconds * elapsed / total)
    return begins
