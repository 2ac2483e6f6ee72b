"""What the suite plans, sends and concludes, frozen for both contracts.

Each folder holds the plan, the requests of one whole run of the embedded server, a line each, and
the cells of that run. ``python -m tests.golden`` rewrites what is stale; a commit that changes one
of them says why.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from conformance.base.options import Choice
from conformance.checks import RULES
from conformance.command import plan
from conformance.judging import verdict
from conformance.judging.rules import Rule
from conformance.log import evidence
from conformance.model import Cell
from conformance.run.planning import Prepared, prepare
from conformance.run.session import Session
from conformance.server import Application, application
from tests.faults.harness import SimulatedClock, target_of
from tests.support.contracts import contract_of
from tests.support.inprocess import execute
from tests.support.wsgi import WsgiWire

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Ids that the server makes."""
OVERLAPPING = re.compile(r"overlapping|.*-burst\]")
"""The cases that send several requests at once: any of them may be the first one."""
SENT = ("case", "attempt", "operation", "role", "identity", "facts", "request")
"""The members of a logged exchange that the suite decides on."""

BY_CHANCE = "paging.precision"
"""The rule whose number of exchanges depends on the moments in which objects are made."""

FOLDER = Path(__file__).parent
HOST = "http://127.0.0.1:1"
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}(?::|%3A)[0-9]{2}(?::|%3A)[0-9]{2}(?:\.[0-9]+)?"
)
"""Times that the server or the suite takes from the clock, in a body or in a URL."""


@cache
def prepared(name: str) -> tuple[Application, Prepared]:
    """The embedded server of a contract, and what a whole run of it needs."""
    contract = contract_of(name)
    app = application(contract, 0)
    target = target_of(contract, app, HOST, {})
    return app, prepare(contract, target, Choice())


@cache
def run(name: str) -> str:
    """The log of a whole run of the embedded server in this process."""
    app, ready = prepared(name)
    stream, clock = StringIO(), SimulatedClock(lambda _seconds: None)
    timed = replace(ready, clock=clock)
    execute(Session(timed, WsgiWire(app), stream, sleep=clock.wait))
    return stream.getvalue()


def planned(name: str) -> str:
    """The plan of a contract as ``plan --json`` prints it."""
    return json.dumps(plan.as_data(prepared(name)[1].plan), indent=1) + "\n"


def cells(name: str, log: evidence.Log, rules: Mapping[str, Rule]) -> Iterator[str]:
    """The cells of a log: a line for each cell, and one for each of its findings."""
    contract, ready = contract_of(name), prepared(name)[1]
    declared, cases = ready.target.declaration, ready.plan.cases
    found = verdict.cells(
        contract, declared, rules, cases, log, today=date(2026, 1, 1), selected=None
    )
    for cell in sorted(found, key=_place):
        is_by_chance = BY_CHANCE in contract.clauses[cell.clause].rules
        count = "some" if is_by_chance else len(cell.exchanges)
        yield f"{cell.clause} [{cell.operation}] {cell.verdict}, on {count} exchanges"
        yield from (f"  {finding.rule} {finding.where}" for finding in cell.findings)


def _place(cell: Cell) -> tuple[str, str]:
    return cell.clause, cell.operation


def frozen(name: str, file: str) -> list[str]:
    """The lines of a golden file of a contract."""
    return (FOLDER / name / file).read_text(encoding="utf-8").splitlines()


def sent(lines: Iterable[str]) -> Iterator[str]:
    """The requests of a log, a line for each, without times of the clock.

    The digest at the end covers all that the suite decides on: labels, headers and body, too.
    """
    for line in lines:
        entry: dict[str, Any] = json.loads(line)
        if "exchange" not in entry:
            continue
        request, response = entry["request"], entry.get("response") or {}
        whole = json.dumps({name: entry.get(name) for name in SENT}, sort_keys=True)
        words = [
            entry["case"],
            f"#{entry['attempt']}",
            entry.get("facts", {}).get("step", "-"),
            entry["role"],
            entry.get("identity") or "-",
            request["method"],
            _masked(entry, request["url"].removeprefix(HOST)),
            "-" if _overlaps(entry) else str(response.get("status", "-")),
            hashlib.sha256(_masked(entry, whole).encode()).hexdigest()[:12],
        ]
        yield " ".join(words)


def _masked(entry: dict[str, Any], text: str) -> str:
    """A text of an exchange without the times, and the ids, that differ from run to run."""
    masked = MOMENT.sub("TIME", text)
    return ID.sub("ID", masked) if _overlaps(entry) else masked


def _overlaps(entry: dict[str, Any]) -> bool:
    """Whether an exchange is of a case that sends several requests at once."""
    return OVERLAPPING.match(entry["case"]) is not None


def write(name: str) -> None:
    """Freeze what the suite does now, in the files that are stale."""
    (FOLDER / name).mkdir(exist_ok=True)
    _put(FOLDER / name / "plan.json", planned(name))
    log = run(name).splitlines()
    for file, lines in (("requests.txt", sent(log)), ("cells.txt", judged(name, log))):
        _put(FOLDER / name / file, "".join(f"{line}\n" for line in lines))


def judged(name: str, log: Iterable[str], rules: Mapping[str, Rule] = RULES) -> list[str]:
    """The cells of a log as lines."""
    return list(cells(name, evidence.parse(log, name), rules))


def _put(path: Path, text: str) -> None:
    """Write a file if its text changes, and say so."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(FOLDER)} written")
