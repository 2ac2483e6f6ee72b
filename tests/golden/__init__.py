"""What the suite plans, sends and concludes, frozen for both contracts.

Each folder holds the plan, the log of one whole run of the embedded server, and the cells of that
log. ``python -m tests.golden`` writes those anew that are stale; a commit that changes one of them
says why.
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from conformance.base.errors import ConformanceError
from conformance.base.options import Choice
from conformance.checks import RULES
from conformance.command import plan
from conformance.judging import verdict
from conformance.log import evidence
from conformance.model import Cell
from conformance.run.planning import Prepared, prepare
from conformance.run.session import Session
from conformance.server import Application, application
from tests.faults.harness import target_of
from tests.support.contracts import contract_of
from tests.support.inprocess import execute
from tests.support.wsgi import WsgiWire

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Ids that the server makes; of requests that overlap, any may get the first one."""
SENT = ("case", "attempt", "operation", "role", "identity", "facts", "request")
"""The members of a logged exchange that the suite decides on."""

FOLDER = Path(__file__).parent
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}(?::|%3A)[0-9]{2}(?::|%3A)[0-9]{2}(?:\.[0-9]+)?"
)
"""Times that the server or the suite takes from the clock, in a body or in a URL."""


@cache
def prepared(name: str) -> tuple[Application, Prepared]:
    """The embedded server of a contract, and what a whole run of it needs."""
    contract = contract_of(name)
    app = application(contract, 0)
    target = target_of(contract, app, "http://127.0.0.1:1", {})
    return app, prepare(contract, target, Choice())


@cache
def run(name: str) -> str:
    """The log of a whole run of the embedded server in this process."""
    app, ready = prepared(name)
    stream = StringIO()
    execute(Session(ready, WsgiWire(app), stream, sleep=lambda _seconds: None))
    return stream.getvalue()


def planned(name: str) -> str:
    """The plan of a contract as ``plan --json`` prints it."""
    return json.dumps(plan.as_data(prepared(name)[1].plan), indent=1) + "\n"


def cells(name: str, log: evidence.Log) -> Iterator[str]:
    """The cells of a log: a line for each cell, and one for each of its findings."""
    contract, ready = contract_of(name), prepared(name)[1]
    declared, cases = ready.target.declaration, ready.plan.cases
    found = verdict.cells(
        contract, declared, RULES, cases, log, today=date(2026, 1, 1), selected=None
    )
    for cell in sorted(found, key=_place):
        yield f"{cell.clause} [{cell.operation}] {cell.verdict}, on {len(cell.exchanges)} exchanges"
        yield from (f"  {finding.rule} {finding.where}" for finding in cell.findings)


def _place(cell: Cell) -> tuple[str, str]:
    return cell.clause, cell.operation


def stored_log(name: str) -> str:
    """The frozen log of a contract."""
    return lzma.decompress((FOLDER / name / "exchanges.jsonl.xz").read_bytes()).decode()


def sent(lines: Iterable[str]) -> Iterator[str]:
    """The requests of a log with their labels, a line for each, without times of the clock."""
    for line in lines:
        entry: dict[str, Any] = json.loads(line)
        if "exchange" in entry:
            text = json.dumps({name: entry.get(name) for name in SENT}, sort_keys=True)
            masked = MOMENT.sub("TIME", text)
            yield ID.sub("ID", masked) if entry["case"].startswith("overlapping") else masked


def write(name: str) -> None:
    """Freeze what the suite does now, in the files that are stale."""
    folder = FOLDER / name
    folder.mkdir(exist_ok=True)
    _put(folder / "plan.json", planned(name))
    log = run(name)
    if not _is_frozen(name, log):
        (folder / "exchanges.jsonl.xz").write_bytes(lzma.compress(log.encode(), preset=9))
        print(f"{name}/exchanges.jsonl.xz written")
    _put(folder / "cells.txt", "".join(f"{line}\n" for line in judged(name, stored_log(name))))


def judged(name: str, log: str) -> list[str]:
    """The cells of a log as lines."""
    return list(cells(name, evidence.parse(log.splitlines(), name)))


def _is_frozen(name: str, log: str) -> bool:
    """Whether the frozen log has the requests and the verdicts of another one.

    Its times differ in each run, and with them how many exchanges some judges can use.
    """
    try:
        frozen = stored_log(name)
        return _told(name, frozen) == _told(name, log)
    except (OSError, lzma.LZMAError, ConformanceError):
        return False  # there is none, or it is of a form that is no more


def _told(name: str, log: str) -> tuple[list[str], list[str]]:
    """The requests of a log, and its verdicts and findings."""
    verdicts = [line.partition(", on ")[0] for line in judged(name, log)]
    return list(sent(log.splitlines())), verdicts


def _put(path: Path, text: str) -> None:
    """Write a file if its text changes, and say so."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(FOLDER)} written")
