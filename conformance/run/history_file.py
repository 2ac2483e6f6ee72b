"""history.jsonl: a line for each run in a directory of runs. Lines are only added.

The file is a summary. ``rebuilt`` makes it from the stored runs.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.base import files, stored
from conformance.base.errors import UsageError, reason
from conformance.base.options import Depth
from conformance.base.stored import Bounds
from conformance.log import convert, schemas
from conformance.model import Cause, Past, Run
from conformance.run import runfile

NAME = "history.jsonl"
REMEMBERED = 10
"""Earlier runs that a run remembers."""
MOST = 200
"""Causes and cells of one run that its line holds."""


def line(run: Run, selected: frozenset[str] | None, name: str) -> Past:
    """A run as the history holds it. ``name`` is that of its directory."""
    return _of_file(runfile.to_json(run, selected), name)


def words(cause: Cause) -> str:
    """A cause in a few words: the cell and the place of the finding that says most."""
    finding = cause.finding
    return f"{finding.clause}[{finding.operation}] at {finding.where}"


def _scope(depth: str, selected: list[str] | None) -> str:
    """What a run was to try; equal for runs that can be compared. ``selected`` is sorted."""
    if selected is None:
        return depth
    digest = hashlib.sha256("\n".join(selected).encode()).hexdigest()
    return f"{depth}, selection {digest[:8]}"


def add(past: Past, directory: Path) -> None:
    """Add the line of a run to the history in a directory of runs."""
    with files.lines(directory / NAME) as stream:
        stream.write(json.dumps(convert.to_json(past)) + "\n")


def read(directory: Path) -> list[Past]:
    """The history of a directory of runs, in the order of its lines; empty if there is none.

    Raises UsageError, with file and line, for a line that does not fit.
    """
    path, bounds = directory / NAME, Bounds()
    if not os.path.lexists(path):
        return []
    try:
        with stored.opened(path) as file:
            lines = enumerate(stored.lines(file, str(path), bounds), 1)
            return [_past(path, number, text, bounds) for number, text in lines]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None


def _past(path: Path, number: int, text: str, bounds: Bounds) -> Past:
    """The run of a line. Raises UsageError, with file and line, for one that does not fit."""
    try:
        value = stored.parsed(text, bounds)
    except ValueError as error:
        fault = str(error)
    else:
        fault = schemas.fault(schemas.PAST, value) or ""
    if fault:
        raise UsageError(
            f"{path}:{number}: this is no line of a history: {fault}. "
            "`kaicalls-conformance history --rebuild` makes it again from the stored runs"
        )
    past: Past = convert.from_json(value, Past)
    return past


def remembered(run: Run, selected: frozenset[str] | None, directory: Path) -> Run:
    """The run with the runs before it, by the history next to its directory.

    Raises UsageError for a history that cannot be read.
    """
    now = line(run, selected, directory.name)
    return replace(run, past=before(read(directory.parent), now))


def before(past: list[Past], now: Past) -> tuple[Past, ...]:
    """The last runs of the same target and scope, oldest first."""
    alike = [each for each in past if (each.target, each.scope) == (now.target, now.scope)]
    return tuple(alike[-REMEMBERED:])


def rebuild(directory: Path) -> list[Past]:
    """Rewrite the history of a directory of runs from the runs that it still holds."""
    found = sorted(_stored(directory), key=lambda past: past.finished)
    with files.whole(directory / NAME) as written, files.own(written, "w") as stream:
        for past in found:
            stream.write(json.dumps(convert.to_json(past)) + "\n")
    return found


def _stored(directory: Path) -> Iterator[Past]:
    """The line of each run that a directory holds, and that has ended."""
    for path in sorted(directory.glob(f"*/{runfile.RUN}")):
        if path.parent.is_symlink():
            continue
        data = runfile.read(path)
        if data["finished"]:
            yield _of_file(data, path.parent.name)


def _of_file(data: dict[str, Any], name: str) -> Past:
    """The line of a run, from the content of its run.json."""
    causes = [convert.from_json(row, Cause) for row in data.get("causes", ())]
    broken = [f"{row['clause']}[{row['operation']}]" for row in data["cells"] if "findings" in row]
    return Past(
        run=name,
        finished=data["finished"],
        target=data["target"]["name"],
        scope=_scope(data.get("depth", Depth.FULL), data["selected"]),
        suite=data["suite"]["version"],
        contract=data["spec"]["digest"],
        exit_code=data["exit_code"],
        counts=data["counts"],
        causes={cause.id: words(cause) for cause in causes[:MOST]},
        broken=tuple(broken[:MOST]),
    )
