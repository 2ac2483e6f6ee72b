"""Plans a run: every case of the suite for a target, and the cases that the user chose."""

from __future__ import annotations

import importlib
import pkgutil
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib.metadata import version

from conformance import checks, scenarios
from conformance import target as targets
from conformance.base.clock import Clock, now
from conformance.base.errors import UsageError
from conformance.base.options import Choice, Depth
from conformance.base.text import amount
from conformance.contract.drawn import drawn
from conformance.judging import verdict
from conformance.judging.coverage import OVER_BUDGET
from conformance.log.evidence import Log
from conformance.model import (
    ANNOUNCED,
    Case,
    Contract,
    Declaration,
    Given,
    Reuse,
    Run,
    Selection,
    Spread,
    Verdict,
)
from conformance.plan.build import Plan, build, with_inapplicable
from conformance.plan.order import QUICK
from conformance.plan.registry import REGISTRY, Planning, Scenario
from conformance.plan.selection import affordable, select, wanted
from conformance.report.view import first_of, operation_name
from conformance.run.binding import Challenged, Stamping
from conformance.run.conclusion import begun
from conformance.run.lanes import lanes
from conformance.run.shards import Shard, parse_shard
from conformance.target import Target, faulty, keyring, scope, with_collections

USUAL = 5_800
"""Number of requests in a full plan if the budget allows it, without checks and repetitions."""


DRAWING = ("hypothesis", "schemathesis")
"""The libraries that draw generated cases."""

WORKERS = 4
"""Default number of cases that may overlap."""


def load_suite() -> None:
    """Import every scenario module, so that all scenarios are registered."""
    for module in pkgutil.walk_packages(scenarios.__path__, f"{scenarios.__name__}."):
        if ".test_" in module.name:
            importlib.import_module(module.name)


def planned(
    contract: Contract,
    target: Declaration,
    seed: int,
    depth: Depth = Depth.FULL,
    budget: int = 0,
) -> Plan:
    """The plan of the whole suite for a target.

    A full plan spends the rest of the request budget, up to USUAL requests in all, on more odd
    requests and longer walks.
    """
    load_suite()
    registered = sorted(REGISTRY.values(), key=_position)
    planning = Planning(scope.offered(contract, target), target, seed, depth.of_cases)
    plan = build(planning, registered)
    spare = min(budget, USUAL) - sum(plan.requests().values())
    if depth is Depth.FULL and spare > 0:
        return build(replace(planning, spare=spare), registered)
    return plan


def _position(scenario: Scenario) -> tuple[str, int]:
    """The sort key: the position in the code, so that the order of imports does not matter."""
    function = scenario.function
    return function.__module__.rpartition(".")[2], function.__code__.co_firstlineno


def with_key(choice: Choice) -> Choice:
    """The choice with the key read from its key file.

    Raises TargetError if the file has no key, and UsageError if another key is given, too.
    """
    if choice.key_file is None:
        return choice
    if choice.key:
        raise UsageError("Two keys for one target: use either --key or --key-file.")
    return replace(choice, key=keyring.stored_in(choice.key_file), key_file=None)


def target_of(contract: Contract, choice: Choice, today: date | None = None) -> Target:
    """The chosen target. Raises TargetError if its file or address is not valid.

    ``today`` is the day of the run; by default the current one.
    """
    if choice.target:
        return targets.from_file(contract, choice.target, choice.url, choice.key, today=today)
    return targets.from_flags(contract, choice.url or "", choice.key)


@dataclass(frozen=True)
class Prepared:
    """Everything that a run needs before it sends a request.

    ``contract`` is adapted to the target. ``plan`` contains every case, and ``chosen`` the cases to
    run, for a ``shard`` only its own. The target may be the ``embedded`` server. ``spread`` says
    over which time spot checks are spread. ``salt`` makes the texts of the run differ from those
    of other runs. ``reuse`` holds the objects of earlier runs that it may use; None for a run that
    makes its own. The run may be ``challenged`` by a certifier, and ask for time stamps. ``clock``
    says when it begins and ends.
    """

    contract: Contract
    target: Target
    choice: Choice
    plan: Plan
    chosen: Plan
    shard: Shard | None = None
    embedded: bool = False
    spread: Spread | None = None
    salt: str = ""
    reuse: Reuse | None = None
    challenged: Challenged | None = None
    stamping: Stamping | None = None
    clock: Clock = now

    @property
    def workers(self) -> int:
        """The number of cases that may overlap. With a rate limit, requests do not overlap."""
        return self.choice.workers or (1 if self.target.rate else WORKERS)

    @property
    def announcement(self) -> str:
        """One line with the contract, the server and the number of cases."""
        declaration = self.target.declaration
        cases = amount(len(self.chosen.runnable), "case")
        line = f"{self.contract.name} against {declaration.url}: {cases}"
        return line if declaration.identity == ANNOUNCED else f"{line}, as an ordinary client"

    @property
    def selected(self) -> frozenset[str] | None:
        """The ids of the chosen cases; None if every case was chosen."""
        if self.chosen is self.plan:
            return None
        return frozenset(case.id for case in self.chosen.cases)

    @property
    def given(self) -> Given:
        """How the target was specified on the command line."""
        spec = str(self.choice.spec or "")
        if self.embedded:
            return Given(embedded=True, spec=spec)
        return Given(target=str(self.choice.target or ""), url=bool(self.choice.url), spec=spec)

    def begun(self, now: datetime, *, require_complete: bool) -> Run:
        """The run before its first request."""
        run = begun(
            self.contract,
            self.target.declaration,
            self.plan.cases,
            seed=self.choice.seed,
            depth=self.choice.depth,
            started=now.isoformat(timespec="seconds"),
            today=now.date(),
            require_complete=require_complete,
        )
        run = replace(
            run,
            given=self.given,
            selection=selection_of(self.choice, self.target),
            spread=self.spread,
            salts=(self.salt,),
            reuse=self.reuse,
            drawn_by=drawing_versions(),
        )
        if self.challenged is None:
            return run
        challenge = self.challenged
        return replace(run, nonce=challenge.nonce, challenge_digest=challenge.digest)


def drawing_versions() -> dict[str, str]:
    """The versions of what draws generated cases. Other versions may draw others for a seed."""
    libraries = {name: version(name) for name in DRAWING}
    return {"python": platform.python_version(), **libraries}


def prepare(contract: Contract, target: Target, choice: Choice) -> Prepared:
    """Plan a run.

    Raises UsageError for an unknown area or clause, and for a time limit below one second. Raises
    TargetError for an excluded area if the target offers some of its operations.
    """
    if choice.max_seconds < 1:
        raise UsageError(f"--max-seconds {choice.max_seconds}: a run needs at least 1 second")
    if choice.budget:
        target = replace(target, budget=choice.budget)
    selection = selection_of(choice, target)
    plans = plans_for(contract, target.declaration, choice.seed, Depth(choice.depth), selection)
    _check_areas(plans.contract, target, plans.plan)
    return Prepared(plans.contract, target, choice, plans.plan, plans.chosen, plans.shard)


def selection_of(choice: Choice, target: Target) -> Selection:
    """What the user chose, with the budget of the target unless another was chosen."""
    budget = choice.budget or target.budget
    return Selection(tuple(choice.areas), tuple(choice.clauses), budget, choice.shard or "")


@dataclass(frozen=True)
class Plans:
    """The plan of the whole suite for a target, and what a selection leaves of it.

    ``contract`` is adapted to the target. The selection may be a ``shard``.
    """

    contract: Contract
    plan: Plan
    chosen: Plan
    shard: Shard | None = None

    @property
    def selected(self) -> frozenset[str] | None:
        """The ids of the chosen cases; None if every case was chosen."""
        if self.chosen is self.plan:
            return None
        return frozenset(case.id for case in self.chosen.cases)


def plans_for(
    contract: Contract, target: Declaration, seed: int, depth: Depth, selection: Selection
) -> Plans:
    """The plans of a run; they follow from the arguments alone.

    Raises UsageError for an unknown area or clause, and for a malformed shard.
    """
    complete = drawn(with_collections(contract, target), seed)
    fitting = scope.fitted(complete, target)
    plan = planned(fitting, target, seed, depth, selection.budget)
    if target.absent or target.inapplicable:
        offering_all = replace(target, inapplicable=frozenset())
        complete_plan = planned(complete, offering_all, seed, depth)
        plan = with_inapplicable(plan, complete_plan)
    chosen = select(plan, fitting, wanted(fitting, selection.areas, selection.clauses))
    plans = _within_budget(Plans(fitting, plan, chosen), selection.budget)
    if depth is Depth.QUICK:
        plans = _within_quick_run(plans)
    return _of_shard(plans, selection.shard) if selection.shard else plans


def _check_areas(contract: Contract, target: Target, plan: Plan) -> None:
    """Raise TargetError for excluded areas with operations that the target offers.

    These are the operations of which an empty log has a cell that is not inapplicable.
    """
    if not target.areas:
        return
    # by area, the names of the operations that the target offers, as an ordered set
    offered: dict[str, dict[str, None]] = {area: {} for area in contract.areas}
    declared, nothing = target.declaration, Log()
    cells = verdict.cells(
        contract, declared, checks.RULES, plan.cases, nothing, today=verdict.ANY_DAY
    )
    for cell in cells:
        if cell.verdict is not Verdict.INAPPLICABLE:
            area = contract.clauses[cell.clause].area
            offered[area][operation_name(cell.operation)] = None
    faults = [
        f"{place}: the target offers operations of the area {area} "
        f"({first_of(list(offered[area]))}); instead of the area, list the operations that it lacks"
        for area, place in target.areas.items()
        if offered[area]
    ]
    if faults:
        raise faulty(faults)


def _of_shard(plans: Plans, text: str) -> Plans:
    """The plans reduced to a shard, such as ``2/5``. Raises UsageError for a malformed shard."""
    number, of = parse_shard(text)
    selected = plans.selected
    shard = Shard(number, of, None if selected is None else sorted(selected))
    lane_of = lanes(plans.contract, plans.chosen.cases)
    cases = (case for case in plans.chosen.cases if shard.holds(case.id, lane_of[case.id]))
    return replace(plans, chosen=Plan(tuple(cases)), shard=shard)


def _within_quick_run(plans: Plans) -> Plans:
    """The plans of a quick run, which chooses only the most valuable cases if there are too many.

    Some of these are cut short, in both plans. The others stay in the plan of the whole suite.
    """
    if sum(plans.chosen.requests().values()) <= QUICK:
        return plans
    few = affordable(plans.chosen, plans.contract, QUICK)
    cases = {case.id: case for case in few.cases}
    plan = Plan(tuple(cases.get(case.id, case) for case in plans.plan.cases))
    return replace(plans, plan=plan, chosen=few)


def _within_budget(plans: Plans, budget: int) -> Plans:
    """The plans with the cases beyond the budget marked as over it, so that they stay untested."""
    chosen = plans.chosen
    if sum(chosen.requests().values()) <= budget:
        return plans
    kept = {case.id: case for case in affordable(chosen, plans.contract, budget).cases}
    if not kept:  # run anyway, until the budget is used up
        return plans
    dropped = {case.id for case in chosen.runnable} - kept.keys()
    fewer = _marked_over_budget(chosen, kept, dropped)
    # if every case was chosen, both plans stay the same object, see Plans.selected
    plan = fewer if chosen is plans.plan else _marked_over_budget(plans.plan, kept, dropped)
    return replace(plans, plan=plan, chosen=fewer)


def _marked_over_budget(plan: Plan, kept: Mapping[str, Case], dropped: set[str]) -> Plan:
    """The plan with the ``kept`` cases, which may be cut short, and a gap in the dropped ones."""
    cases: list[Case] = []
    for case in plan.cases:
        if case.id in dropped:
            cases.append(replace(case, gap=OVER_BUDGET, place=""))
        else:
            cases.append(kept.get(case.id, case))
    return Plan(tuple(cases))
