"""run.json: a finished run as data, and a stored run judged again.

What decides a verdict (declaration, plan, selection, date) is stored beside exchanges.jsonl; the
verdicts in the file are for readers, a replay computes its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from conformance import evidence
from conformance.conclusion import finished
from conformance.errors import UsageError
from conformance.model import Case, Contract, Effect, Run
from conformance.plan import Plan
from conformance.target import declaration_from_json, declaration_to_json, named

FORMAT = 1
RUN, LOG, PYTEST_PAGE = "run.json", "exchanges.jsonl", "pytest.html"


def to_json(run: Run, selected: frozenset[str] | None) -> dict[str, Any]:
    """The members of run.json."""
    return {
        "format": FORMAT,
        "suite": {"name": "kaicalls-conformance", "version": run.suite},
        "spec": {
            "title": run.contract.title,
            "version": run.contract.version,
            "digest": run.contract.digest,
        },
        "seed": run.seed,
        "target": declaration_to_json(run.target),
        "started": run.started,
        "finished": run.finished,
        "judged_on": run.judged_on,
        "incomplete": run.incomplete,
        "require_complete": run.require_complete,
        "exit_code": run.exit_code,
        "counts": run.counts,
        "cells": [_lean(asdict(cell)) for cell in run.cells],
        "uncovered": {
            c.id: c.uncovered for c in run.contract.clauses.values() if not run.by_clause[c.id]
        },
        "selected": None if selected is None else sorted(selected),
        "plan": [_lean(asdict(case)) for case in run.cases],
    }


def _lean(members: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value not in (None, (), {}, "", False)}


def write(run: Run, selected: frozenset[str] | None, directory: Path) -> None:
    """Write run.json."""
    text = json.dumps(to_json(run, selected), indent=1, ensure_ascii=True)
    (directory / RUN).write_text(text + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Stored:
    """A stored run, judged again: the run, what was selected, and whether it was made with another contract."""

    run: Run
    selected: frozenset[str] | None
    other_contract: str | None


def replay(directory: Path, contract: Contract) -> Stored:
    """Judge a stored run again, from its log alone. Raises UsageError where it is not one."""
    path = directory / RUN
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise UsageError(f"{path}: its format is {data['format']}, this suite reads {FORMAT}")
        if data["spec"]["title"] != contract.title:
            raise UsageError(
                f"{path}: the run is of {data['spec']['title']!r}; give its contract with --spec"
            )
        target, plan = (
            declaration_from_json(data["target"]),
            Plan(tuple(_case(evidence.renamed(row)) for row in data["plan"])),
        )
        selected = None if data["selected"] is None else frozenset(data["selected"])
        digest, meta = (
            data["spec"]["digest"],
            {name: data[name] for name in ("seed", "started", "require_complete")},
        )
        ended, today = data["finished"], date.fromisoformat(data["judged_on"])
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: cannot be read: {error}; give the directory of a run, such as reports/latest"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path}: this is no run.json of this suite ({type(error).__name__}: {error})"
        ) from None
    log = evidence.read(directory / LOG)
    contract = named(contract, target)
    run = finished(contract, target, plan, log, ended=ended, today=today, selected=selected, **meta)
    other = (
        None
        if digest == contract.digest
        else f"the run was made with contract {digest[:12]}, it is judged by {contract.digest[:12]}"
    )
    return Stored(run, selected, other)


def _case(row: Mapping[str, Any]) -> Case:
    return Case(
        id=row["id"],
        scenario=row["scenario"],
        operation=row["operation"],
        variant=row.get("variant", ""),
        rules=tuple(row.get("rules", ())),
        effect=Effect(row["effect"]),
        cost=row.get("cost", 0),
        about=row.get("about"),
        params=row.get("params", {}),
        gap=row.get("gap"),
        optional=row.get("optional", False),
    )
