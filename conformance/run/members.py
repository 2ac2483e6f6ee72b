"""The members of run.json: a run as data."""

from __future__ import annotations

from typing import Any

from conformance.log import convert
from conformance.model import Cell, Contract, Json, Run, Verdict

FORMAT = 1
NAMED = 3
"""Maximum number of exchanges that run.json lists for a passed cell. A replay finds all of them."""


def to_json(run: Run, selected: frozenset[str] | None) -> dict[str, Any]:
    """The members of run.json. ``selected`` holds the ids of the cases that were to run."""
    clauses = run.contract.clauses.values()
    uncovered = {clause.id: clause.uncovered for clause in clauses if not run.by_clause[clause.id]}
    return {
        **summary(run),
        "cells": [_cell(each) for each in run.cells],
        "uncovered": uncovered,
        "selected": chosen(selected),
        "plan": [convert.to_json(case) for case in run.cases],
    }


def chosen(selected: frozenset[str] | None) -> list[str] | None:
    """The ids of the cases that were to run, as run.json holds them."""
    return None if selected is None else sorted(selected)


def summary(run: Run) -> dict[str, Any]:
    """The members of run.json but for cells and plan, which take long to convert."""
    return {
        "format": FORMAT,
        "suite": {"name": "kaicalls-conformance", "version": run.suite},
        "spec": _spec(run.contract),
        "profiles": run.profiles,
        "seed": run.seed,
        "salts": list(run.salts),
        "depth": run.depth,
        "target": convert.to_json(run.target),
        "given": convert.to_json(run.given),
        "selection": None if run.selection is None else convert.to_json(run.selection),
        "started": run.started,
        "finished": run.finished,
        "judged_on": run.judged_on,
        "log_head": run.log_head,
        "drawn_by": run.drawn_by,
        **_challenge_and_peer(run),
        "incomplete": run.incomplete,
        "require_complete": run.require_complete,
        "exit_code": run.exit_code,
        **_of_some_runs(run),
        "challenges": convert.to_json(run.challenges),
        "counts": run.counts,
        "setup": [convert.to_json(each) for each in run.setup],
        "causes": [convert.to_json(each) for each in run.causes],
        "past": [convert.to_json(each) for each in run.past],
    }


def _spec(contract: Contract) -> Json:
    """What identifies the contract."""
    return {
        "title": contract.title,
        "version": contract.version,
        "digest": contract.digest,
        "packaged": contract.packaged,
        "edition": contract.edition,
    }


def _of_some_runs(run: Run) -> dict[str, Any]:
    """The members that only runs with a baseline, spot checks, or runs with reuse have."""
    members = {"baseline": run.baseline, "spread": run.spread, "reuse": run.reuse}
    return {name: convert.to_json(value) for name, value in members.items() if value is not None}


def _challenge_and_peer(run: Run) -> dict[str, Any]:
    """The members for the challenge that a run took, and for the deployment that it saw.

    Without a challenge or a peer, its members are left out.
    """
    members: dict[str, Any] = {}
    if run.challenge_digest:
        members |= {"nonce": run.nonce, "challenge_digest": run.challenge_digest}
    if run.peer is not None:
        members["peer"] = convert.to_json(run.peer)
    return members


def _cell(cell: Cell) -> Json:
    """A cell as data. If it passed, only its first exchanges are listed, and their number."""
    members = convert.to_json(cell)
    if cell.verdict is Verdict.PASSED and len(cell.exchanges) > NAMED:
        members["exchanges"] = list(cell.exchanges[:NAMED])
        members["seen"] = len(cell.exchanges)
    return members
