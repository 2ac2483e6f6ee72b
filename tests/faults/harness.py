"""Runs the suite against an application in this process; no time passes in it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from conformance import contract as contracts
from conformance import target
from conformance.checks import RULES
from conformance.model import Contract, Run
from conformance.options import Choice
from conformance.plan import Plan
from conformance.run.planning import prepare
from conformance.run.session import Session
from conformance.server import Application, declaration
from conformance.transport.http import HttpWire
from conformance.transport.wire import Wire
from conformance.transport.wsgi import WsgiWire
from tests.inprocess import execute
from tests.servers import serving

EVERYTHING = bool(os.environ.get("FAULTS_FULL"))
"""Run every case against every fault: slow, and shows what else a fault is blamed for."""


CORE = (
    "*",
    "list_calls",
    "read_call",
    "create_call",
    "list_agents",
    "read_agent",
    "create_agent",
    "update_agent",
    "create_eval",
    "update_eval",
    "delete_eval",
    "list_evals",
    "read_eval",
    "send_sms",
    "list_messages",
    "sign_up",
    "read_openapi",
)
"""Operations of every kind: those that are tried first."""


@dataclass(frozen=True)
class Aim:
    """What part of the suite to run: what verifies some clauses (None: everything), and some scenarios.

    Only at some operations, if any is named, and without some scenarios.
    """

    clauses: tuple[str, ...] | None = None
    scenarios: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def contract() -> Contract:
    """The packaged contract."""
    return contracts.load(rules=frozenset(RULES))


def target_of(
    loaded: Contract, app: Application, origin: str, changes: Mapping[str, Any]
) -> target.Target:
    """The target that an application declares, with changes; None takes a member out."""
    told = {**declaration(app, origin + loaded.base_path), **changes}
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "target.yaml"
        file.write_text(
            yaml.safe_dump({name: value for name, value in told.items() if value is not None}),
            encoding="utf-8",
        )
        return target.from_file(loaded, file)


def feeding(loaded: Contract, plan: Plan, aim: Aim) -> frozenset[str]:
    """The cases of an aim."""
    rules = {rule for clause in aim.clauses or () for rule in loaded.clauses[clause].rules}
    cases = [
        c
        for c in plan.runnable
        if aim.clauses is None or rules & set(c.rules) or c.scenario in aim.scenarios
    ]
    cases = [c for c in cases if c.scenario not in aim.without]
    return frozenset(c.id for c in cases if not aim.operations or c.operation in aim.operations)


def run(
    loaded: Contract,
    app: Application,
    *,
    aim: Aim | None = None,
    changes: Mapping[str, Any] | None = None,
    socket: bool = False,
    seed: int = 0,
) -> Run:
    """The whole suite with a seed, or the part of it that is aimed at."""
    try:
        if not socket:
            return _run(
                loaded,
                WsgiWire(app),
                target_of(loaded, app, "http://127.0.0.1:1", changes or {}),
                aim,
                seed,
            )
        with serving(app) as origin:
            return _run(
                loaded, HttpWire(15.0), target_of(loaded, app, origin, changes or {}), aim, seed
            )
    finally:
        app.store.close()


def _run(loaded: Contract, wire: Wire, aimed_at: target.Target, aim: Aim | None, seed: int) -> Run:
    prepared = prepare(loaded, aimed_at, Choice(seed=seed))
    plan = prepared.plan
    selected = None if aim is None or EVERYTHING else feeding(loaded, plan, aim)
    cases = [case for case in plan.runnable if selected is None or case.id in selected]
    session = Session(prepared, wire, sleep=lambda _seconds: None)
    session.selected = selected
    return execute(session, cases)
