"""results.ctrf.json: Common Test Report Format, with one test per cell.

``rawStatus`` is the verdict; ``status`` is the closest of CTRF's five values. The message of a
failure begins with its cause.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from conformance.base.text import clean
from conformance.model import Cause, Cell, Finding, Run, Verdict, transition
from conformance.report import unproven, view
from conformance.report.profiles import standings
from conformance.report.times import seconds_by_cell

STATUS = {
    Verdict.PASSED: "passed",
    Verdict.WARNED: "passed",
    Verdict.FAILED: "failed",
    Verdict.ERROR: "failed",
    Verdict.WAIVED: "other",
    Verdict.UNTESTED: "pending",
    Verdict.EXCLUDED: "skipped",
    Verdict.INAPPLICABLE: "skipped",
}
"""The CTRF status of each verdict."""


def write(run: Run, path: Path) -> None:
    """Write results.ctrf.json."""
    text = json.dumps(document(run), separators=(",", ":"))
    path.write_text(f"{text}\n", encoding="utf-8")


def document(run: Run) -> dict[str, Any]:
    """The run as a CTRF document."""
    contract, seconds = run.contract, seconds_by_cell(run)
    return {
        "reportFormat": "CTRF",
        "specVersion": "1.0.0",
        "generatedBy": "conformance",
        "results": {
            "tool": {"name": "conformance", "version": run.suite},
            "summary": _summary(run),
            "tests": [_test(run, cell, seconds[cell.name]) for cell in run.cells],
            "environment": {
                "reportName": f"{clean(contract.name)}: {view.headline(run)}",
                "appName": clean(run.target.name),
                "testEnvironment": clean(run.target.url),
                "healthy": run.exit_code == 0,
                "extra": {
                    "contract": {
                        "title": contract.title,
                        "version": contract.version,
                        "digest": contract.digest,
                        "packaged": contract.packaged,
                        "edition": contract.edition,
                    },
                    "profiles": _profiles(run),
                    "identity": run.target.identity,
                    "seed": run.seed,
                    "depth": run.depth,
                    "judgedOn": run.judged_on,
                    "exitCode": run.exit_code,
                    "leftOutButThere": run.still_there,
                    "challenges": asdict(run.challenges),
                    **({"incomplete": clean(run.incomplete)} if run.incomplete else {}),
                },
            },
        },
    }


def _profiles(run: Run) -> dict[str, Any]:
    """Version and digest of each profile, and what the run lacks to meet it."""
    found: dict[str, Any] = {}
    for each in standings(run):
        name = each.profile.name
        found[name] = {**run.profiles[name], **each.as_data()}
    return found


def _summary(run: Run) -> dict[str, Any]:
    """The numbers of tests by status, the times, and the causes."""
    counts = Counter(STATUS[cell.verdict] for cell in run.cells)
    return {
        "tests": len(run.cells),
        **{
            status: counts[status] for status in ("passed", "failed", "skipped", "pending", "other")
        },
        "start": view.epoch_ms(run.started),
        "stop": view.epoch_ms(run.finished),
        "extra": {
            "verdicts": run.counts,
            "requests": len(run.exchanges),
            "share": view.share(run),
            "causes": [_cause(run, cause) for cause in run.causes],
        },
    }


def _cause(run: Run, cause: Cause) -> dict[str, Any]:
    """A cause, and the names of the tests that it explains."""
    return {
        "transition": transition(cause, run.past),
        "id": cause.id,
        "title": clean(cause.title),
        "harm": cause.harm.value,
        "verdict": cause.verdict.value,
        "unproven": unproven.unproven(run, cause),
        "finding": _finding(cause.finding),
        "tests": list(cause.cells),
    }


def _test(run: Run, cell: Cell, seconds: float) -> dict[str, Any]:
    """A cell as a test; ``seconds`` is the time that it took."""
    clause = run.contract.clauses[cell.clause]
    test: dict[str, Any] = {
        "name": cell.name,
        "status": STATUS[cell.verdict],
        "rawStatus": cell.verdict.value,
        "duration": round(1000 * seconds),
        "suite": [clause.area, clause.id],
        "labels": {"level": clause.level.value},
    }
    if why := view.message_with_cause(run, cell):
        test["message"] = why
    if cell.verdict in view.PROBLEMS:
        test["trace"] = view.account(run, cell)
    if extra := _extra(cell):
        test["extra"] = extra
    return test


def _extra(cell: Cell) -> dict[str, Any]:
    """Data that CTRF has no member for: findings, notes, waiver and challenges, if any."""
    extra: dict[str, Any] = {}
    if cell.findings:
        extra["findings"] = [_finding(finding) for finding in cell.findings]
    if cell.notes:
        extra["notes"] = [_finding(note) for note in cell.notes]
    if cell.waiver:
        extra["waiver"] = clean(cell.waiver)
    if cell.challenges:
        extra["challenges"] = list(cell.challenges)
    return extra


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "where": view.shown(finding.where),
        "expected": view.shown(finding.expected),
        "actual": view.shown(finding.actual),
        "exchanges": list(finding.exchanges),
    }
