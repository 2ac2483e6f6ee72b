"""Runs the suite against an application in this process, without ever sleeping."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from conformance import target
from conformance.base.clock import now
from conformance.base.options import Choice
from conformance.model import Case, Contract, Reuse, Run
from conformance.plan.build import Plan
from conformance.run.planning import Prepared, prepare
from conformance.run.reusing import still_there
from conformance.run.session import Session
from conformance.server import Application, application, declaration
from conformance.transport.http import HttpWire
from conformance.transport.wire import Wire
from tests.faults.base import OF_A_REQUEST, Faulty
from tests.servers import serving
from tests.support.inprocess import execute
from tests.support.wsgi import WsgiWire

NOTHING_MORE: Mapping[str, Any] = {}
EVERY_CASE = Choice()
ALL_TURNS = Reuse()
"""Every additional creation is sent."""
EVERYTHING = bool(os.environ.get("FAULTS_FULL"))
"""Run every case against every fault: slow, but shows what else a fault is blamed for."""


HALVES = (
    (
        *("*", "list_calls", "read_call", "create_call", "sign_up"),
        *("list_agents", "read_agent", "create_agent", "update_agent"),
    ),
    (
        *("*", "list_evals", "read_eval", "create_eval", "update_eval", "delete_eval"),
        *("update_lead", "send_sms", "list_messages", "read_openapi"),
    ),
)
"""Operations of every kind, in two halves."""
CORE = tuple(dict.fromkeys(chain(*HALVES)))
"""Both halves, for faults that are everywhere."""


def half_for(name: str) -> tuple[str, ...]:
    """One of the halves, by the name of a server: always the same one."""
    return HALVES[sum(ord(letter) for letter in name) % len(HALVES)]


@dataclass(frozen=True)
class Aim:
    """The part of the suite to run.

    ``clauses`` selects the cases that verify them (None: every case), ``scenarios`` adds cases.
    ``operations`` limits the cases to these, if there are any; ``without`` excludes scenarios.
    """

    clauses: tuple[str, ...] | None = None
    scenarios: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Both:
    """The parts of two aims."""

    one: Aim
    other: Aim


def target_of(
    loaded: Contract, app: Application, origin: str, changes: Mapping[str, Any]
) -> target.Target:
    """The target that an application declares, with changes; None takes a member out."""
    members = {**declaration(app, origin + loaded.base_path), **changes}
    given = {name: value for name, value in members.items() if value is not None}
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "target.yaml"
        file.write_text(yaml.safe_dump(given), encoding="utf-8")
        return target.from_file(loaded, file)


def feeding(loaded: Contract, plan: Plan, aim: Aim | Both) -> frozenset[str]:
    """The ids of the cases of an aim, or of two."""
    if isinstance(aim, Both):
        return feeding(loaded, plan, aim.one) | feeding(loaded, plan, aim.other)
    rules = None
    if aim.clauses is not None:
        rules = {rule for clause in aim.clauses for rule in loaded.clauses[clause].rules}
    return frozenset(case.id for case in plan.runnable if _is_aimed_at(case, aim, rules))


def _is_aimed_at(case: Case, aim: Aim, rules: set[str] | None) -> bool:
    """Whether a case is part of an aim, whose clauses have some rules (None: every rule)."""
    if case.scenario in aim.without:
        return False
    if aim.operations and case.operation not in aim.operations:
        return False
    return rules is None or case.scenario in aim.scenarios or not rules.isdisjoint(case.rules)


def run(
    loaded: Contract,
    app: Application,
    *,
    aim: Aim | Both | None = None,
    changes: Mapping[str, Any] | None = None,
    socket: bool = False,
    seed: int = 0,
    reuse: bool = False,
    turns: Reuse = ALL_TURNS,
    choice: Choice = EVERY_CASE,
) -> Run:
    """Run the suite, or the part in ``aim``, and close the store of the application.

    With ``reuse``, a run on a server without the fault comes first, and its objects are used again.
    ``turns`` says which additional creations are sent. ``changes`` alter the target file, and
    ``socket`` sends the requests over HTTP. ``choice`` may be a quick run or a budget. Nobody
    sleeps: a faulty server is told how long the suite waits.
    """
    wait = app.wait if isinstance(app, Faulty) else lambda _seconds: None
    try:
        if not socket:
            aimed_at = target_of(loaded, app, "http://127.0.0.1:1", changes or {})
            before = [_first_night(loaded, app, aimed_at, seed)] if reuse else []
            direct = WsgiWire(app)
            return _run(loaded, direct, aimed_at, aim, seed, wait, before, turns, choice=choice)
        with serving(app) as origin:
            aimed_at = target_of(loaded, app, origin, changes or {})
            before = [_first_night(loaded, app, aimed_at, seed)] if reuse else []
            with closing(HttpWire(15.0)) as wire:
                return _run(loaded, wire, aimed_at, aim, seed, wait, before, turns, choice=choice)
    finally:
        app.store.close()


class SimulatedClock:
    """A clock that each request moves by what it takes over a network, and each wait by its length.

    Nobody sleeps: who waits is told how long.
    """

    def __init__(self, wait: Callable[[float], None]) -> None:
        self._wait = wait
        self._now = now()

    def __call__(self) -> datetime:
        """The current moment; the next one is a request later."""
        self._now += timedelta(seconds=OF_A_REQUEST)
        return self._now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)
        self._wait(seconds)


FIRST_NIGHT = Aim(scenarios=("update", "change-of-each-member", "refused-write"), clauses=())
"""The part of an earlier run that leaves objects of every kind which can be changed."""


def _first_night(loaded: Contract, app: Application, aimed_at: target.Target, seed: int) -> Run:
    """An earlier run on the data of an application, which has no fault then."""
    without_fault = application(loaded, seed=app.seed)
    without_fault.store.close()
    without_fault.store, without_fault.clock = app.store, app.clock
    wire, salted = WsgiWire(without_fault), {"salt": "first", "reuse": Reuse()}
    return _run(loaded, wire, aimed_at, FIRST_NIGHT, seed, lambda _seconds: None, more=salted)


_PLANS: list[tuple[Contract, Choice, Prepared]] = []
"""The last few plans: most servers declare the same."""
PLANS_KEPT = 4


def prepared(loaded: Contract, aimed_at: target.Target, choice: Choice) -> Prepared:
    """The plan for a target, with its keys."""
    for contract_of_plan, choice_of_plan, known in _PLANS:
        same = contract_of_plan is loaded and choice_of_plan == choice
        if same and known.target.declaration == aimed_at.declaration:
            return replace(known, target=aimed_at)
    planned = prepare(loaded, aimed_at, choice)
    _PLANS[:] = [*_PLANS[1 - PLANS_KEPT :], (loaded, choice, planned)]
    return planned


def _run(
    loaded: Contract,
    wire: Wire,
    aimed_at: target.Target,
    aim: Aim | Both | None,
    seed: int,
    wait: Callable[[float], None],
    before: Sequence[Run] = (),
    turns: Reuse = ALL_TURNS,
    more: Mapping[str, Any] = NOTHING_MORE,
    choice: Choice = EVERY_CASE,
) -> Run:
    """A run, after the runs ``before`` whose objects it uses again; ``more`` prepares it."""
    clock = SimulatedClock(wait)
    seeded = replace(choice, seed=seed)
    planned = replace(prepared(loaded, aimed_at, seeded), clock=clock, **more)
    if before:
        found = still_there(Session(planned, wire, sleep=clock.wait), before)
        planned = replace(planned, reuse=replace(turns, objects=found), salt="second")
    plan = planned.chosen
    selected = planned.selected if aim is None or EVERYTHING else feeding(loaded, plan, aim)
    cases = [case for case in plan.runnable if selected is None or case.id in selected]
    session = Session(planned, wire, sleep=clock.wait)
    session.selected = selected
    return execute(session, cases)
