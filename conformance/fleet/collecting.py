"""Collects the results of a fleet, one target at a time, so that memory does not grow with it.

A collection is a directory: ``fleet.json``, ``index.jsonl`` with a line for each target, and a
folder for each target with its report. A result that does not count changes nothing in the folder
of its target, so the last good one stays, with its date.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from conformance.base import files, stored
from conformance.base.errors import Exit, UsageError
from conformance.base.stored import Bounds
from conformance.base.text import clean
from conformance.fleet import received, rows
from conformance.fleet.accepting import Accepted, Trusted
from conformance.fleet.plan import Fleet, Member, digest_of
from conformance.fleet.rows import Row
from conformance.fleet.verified import Kind, Problem, failure
from conformance.log import convert
from conformance.model import Contract, Past
from conformance.report import badge, html
from conformance.report.overall import Overall
from conformance.run import history_file
from conformance.target import form

FORMAT = 1
FLEET, INDEX, TARGETS = "fleet.json", "index.jsonl", "targets"
ROW, REPORT, BADGE = "target.json", "report.html", "badge.svg"
"""The files in the folder of a target."""


@dataclass
class Summary:
    """The outcome of a collection. ``states`` counts the targets by their state.

    ``changed`` describes the targets with changes, and ``new`` counts their new causes.
    ``unjudged`` counts the targets that were not judged, or not on every clause as before.
    """

    states: Counter[str] = field(default_factory=Counter)
    changed: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    new: int = 0
    unjudged: int = 0

    @property
    def exit_code(self) -> Exit:
        """1 if a cause is new; else 3 if a target was not judged, or on fewer clauses; else 0."""
        if self.new:
            return Exit.VIOLATED
        return Exit.UNJUDGED if self.unjudged else Exit.CONFORMS


def collect(
    fleet: Fleet,
    results: Sequence[Path],
    output: Path,
    contract: Contract,
    trusted: Trusted | None = None,
) -> Summary:
    """Verify the results of a plan, and write or update the collection in ``output``.

    Raises UsageError if a target file changed after it was planned, or if there are no results.
    """
    _require_files(fleet)
    found = received.folders(results)
    summary = Summary(problems=received.unknown_folders(fleet, found))
    (output / TARGETS).mkdir(parents=True, exist_ok=True)
    collector = _Collector(fleet, contract, output, trusted, summary)
    with files.replacing_text(output / INDEX) as index:
        for member in fleet.targets:
            collector.add(member, found.get(member.id, ()), index)
    _write(output / FLEET, _facts(fleet, contract, summary.problems))
    return summary


def _require_files(fleet: Fleet) -> None:
    """Raise UsageError if a target file was changed after it was planned. Keys are not needed."""
    for member in fleet.targets:
        path = fleet.path_of(member)
        if digest_of(path) != member.digest:
            raise UsageError(f"{path}: the target file was changed after it was planned.")


def _facts(fleet: Fleet, contract: Contract, problems: Sequence[Problem]) -> dict[str, Any]:
    """The content of the fleet.json of a collection."""
    return {
        "format": FORMAT,
        "date": fleet.pins.date,
        "suite": fleet.pins.suite,
        "contract": {
            "name": contract.title,
            "version": contract.version,
            "digest": contract.digest,
        },
        "clauses": [
            {"id": each.id, "title": each.text, "level": each.level.value, "area": each.area}
            for each in contract.clauses.values()
        ],
        "missing": [each.target for each in problems if each.kind is Kind.MISSING],
        "problems": [asdict(each) for each in problems],
    }


def _write(path: Path, data: dict[str, Any]) -> None:
    with files.replacing_text(path) as stream:
        stream.write(json.dumps(data) + "\n")


@dataclass(frozen=True)
class _Collector:
    """Adds one target after the other to a collection."""

    fleet: Fleet
    contract: Contract
    output: Path
    trusted: Trusted | None
    summary: Summary

    def add(self, member: Member, paths: Sequence[Path], index: TextIO) -> None:
        """Judge the results of a target, write its row, and add its line to the index.

        A run that ended early counts only if the target has no row yet. A run that judged nothing
        never counts.
        """
        taken = received.take(self.fleet, member, paths, self.contract, self.trusted)
        problems = list(taken.problems)
        folder = self.output / TARGETS / member.id
        before = _stored_row(folder)
        accepted = taken.accepted
        if accepted is not None and (accepted.run.incomplete or not accepted.run.judged):
            problems.append(_not_judged(member, accepted))
            if not accepted.run.judged or before is not None:
                accepted = None
        row = None
        if accepted is not None:
            try:
                row = self._judged_row(member, accepted, before, folder)
            except (UsageError, OSError):  # the files of the collection are at fault
                raise
            except Exception as error:  # a hostile run may cause it, and must not stop the others
                words = clean(failure(error))[: rows.LONGEST]
                problems.append(Problem(member.id, Kind.REFUSED, words))
        if row is None:
            why = problems[-1].words  # a result that does not count always leaves a problem
            row = self._row_without_result(member, before, why)
        row["collected"] = self.fleet.pins.date
        folder.mkdir(exist_ok=True)
        _write(folder / ROW, row)
        index.write(json.dumps(rows.line(row)) + "\n")
        self._count(row, problems)

    def _row_without_result(self, member: Member, before: Row | None, why: str) -> Row:
        """The row of a target without a result that counts: its earlier row, if it was judged."""
        clauses = list(self.contract.clauses)
        if before is not None and before["judged_on"] is not None:
            return rows.kept(before, why, clauses)
        name = form.valid(self.fleet.path_of(member)).value.get("name", member.id)
        return rows.never(member.id, name, why, clauses)

    def _judged_row(
        self, member: Member, accepted: Accepted, before: Row | None, folder: Path
    ) -> Row:
        """Write report and badge of a judged target, and return its row.

        Adds a complete run to the history of the target, too. If the same run was already collected
        for a plan of another date, the row lists no changes.
        """
        folder.mkdir(exist_ok=True)
        history = history_file.read(folder)
        run = accepted.run
        run_name = f"{run.started} {run.log_head[:8]}"
        tonight = history_file.entry_of(run, accepted.selected, run_name)
        run = replace(run, past=history_file.before(history, tonight))
        other_nights = [night for night in history if night.run != tonight.run]
        nights = [*other_nights, tonight]
        judged = rows.JudgedTarget(member.id, replace(accepted, run=run), nights, before)
        row = rows.judged(judged, self.fleet.profile)
        is_same_run = before is not None and before["run"] == tonight.run
        if before is not None and is_same_run and before["collected"] != self.fleet.pins.date:
            row |= {"new": [], "fixed": [], "untested": []}
        for file_name, write in ((BADGE, badge.write), (REPORT, html.write)):
            with files.replacing(folder / file_name) as written:
                write(run, written)
        if not run.incomplete:
            _remember(folder, nights)
        return row

    def _count(self, row: Row, problems: Sequence[Problem]) -> None:
        """Add a target to the summary.

        A row has ``words`` if the target was not judged for this collection, or its run ended
        early.
        """
        summary = self.summary
        summary.problems += problems
        summary.states[row["state"]] += 1
        summary.new += len(row["new"])
        is_incomplete = bool(row["words"]) or row["verdict"] == Overall.UNJUDGED
        if is_incomplete or row["untested"]:
            summary.unjudged += 1
        if any(row[name] for name in ("new", "fixed", "untested")):
            summary.changed.append(rows.describe(row))


def _not_judged(member: Member, accepted: Accepted) -> Problem:
    """The problem of a run that judged nothing or ended early."""
    run = accepted.run
    judged = f"{run.judged:,} of {len(run.cells):,} cells judged"
    return Problem(member.id, Kind.UNJUDGED, f"{run.incomplete or 'Nothing to judge.'} ({judged})")


def _stored_row(folder: Path) -> Row | None:
    """The stored row of a target; None if there is none. Raises UsageError if it is damaged."""
    path = folder / ROW
    if not os.path.lexists(path):
        return None
    try:
        row: Row = stored.parsed(stored.text_of(path), Bounds())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}. Remove it.") from None
    return row


def _remember(folder: Path, history: Sequence[Past]) -> None:
    """Write the history of a target: a line for each of its last nights."""
    with files.replacing_text(folder / history_file.NAME) as stream:
        for night in history[-rows.TREND :]:
            stream.write(json.dumps(convert.to_json(night)) + "\n")
