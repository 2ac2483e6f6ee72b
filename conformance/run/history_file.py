"""history.jsonl: an append-only file with one line per run in an output directory.

The file is a summary, which ``rebuild`` recreates from the stored runs.
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
from conformance.base.text import amount
from conformance.log import convert, schemas
from conformance.model import PUBLISHED, Cause, Past, Run
from conformance.run import members, runfile

NAME = "history.jsonl"
REMEMBERED = 10
"""Maximum number of earlier runs that a run is compared with."""
MOST = 200
"""Maximum number of causes in the line of a run."""
MOST_PARTS = 1_000
"""Maximum number of ``parts`` in the line of a run."""


def entry_of(run: Run, selected: frozenset[str] | None, name: str) -> Past:
    """The entry of a run in the history. ``name`` is that of its directory.

    ``selected`` holds the ids of the cases that were to run; None means all.
    """
    return _entry_from({**members.summary(run), "selected": members.chosen(selected)}, name)


def words(cause: Cause) -> str:
    """A cause in a few words: its title, and the number of operations that it breaks."""
    extent = amount(len(cause.operations), "operation")
    return f"{cause.title or cause.finding.clause} ({extent})"


def _scope(depth: str, edition: str, selected: list[str] | None) -> str:
    """The scope of a run in words, which comparable runs have in common.

    ``selected`` are the ids of the selected cases, sorted; None means all.
    """
    if edition != PUBLISHED:
        depth = f"{depth}, {edition} edition"
    if selected is None:
        return depth
    digest = hashlib.sha256("\n".join(selected).encode()).hexdigest()
    return f"{depth}, selection {digest[:8]}"


def add(past: Past, directory: Path) -> None:
    """Append the line of a run to the history in an output directory.

    Raises UsageError if it cannot be written.
    """
    path = directory / NAME
    try:
        with files.open_to_append(path) as stream:
            stream.write(json.dumps(convert.to_json(past)) + "\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {reason(error)}") from None


def read(directory: Path) -> list[Past]:
    """The history in an output directory, in file order; empty if there is no file.

    Raises UsageError, with file and line, for an invalid line.
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
    """The entry in a line. Raises UsageError, with file and line, if it is invalid."""
    try:
        value = stored.parsed(text, bounds)
    except ValueError as error:
        fault = str(error)
    else:
        fault = schemas.fault(schemas.PAST, value) or ""
    if fault:
        raise UsageError(
            f"{path}:{number}: not a line of a history: {fault}. "
            "Recreate the file with `kaicalls-conformance history --rebuild`."
        )
    past: Past = convert.from_json(value, Past)
    return past


def with_history(run: Run, selected: frozenset[str] | None, directory: Path) -> Run:
    """The run with comparable earlier runs from the history next to its ``directory``.

    Raises UsageError if the history cannot be read.
    """
    now = entry_of(run, selected, directory.name)
    return replace(run, past=before(read(directory.parent), now))


def before(past: list[Past], now: Past) -> tuple[Past, ...]:
    """The last runs with the same target and scope before this one, oldest first."""
    alike = [each for each in past if (each.target, each.scope) == (now.target, now.scope)]
    names = [each.run for each in alike]
    earlier = alike[: names.index(now.run)] if now.run in names else alike
    return tuple(earlier[-REMEMBERED:])


def rebuild(directory: Path) -> list[Past]:
    """Recreate the history of an output directory from the runs that it still contains."""
    found = sorted(_stored_entries(directory), key=lambda past: past.finished)
    with files.replacing_text(directory / NAME) as stream:
        for past in found:
            stream.write(json.dumps(convert.to_json(past)) + "\n")
    return found


def _stored_entries(directory: Path) -> Iterator[Past]:
    """The entry of each finished run in a directory."""
    for path in sorted(directory.glob(f"*/{runfile.RUN}")):
        if path.parent.is_symlink():
            continue
        data = runfile.read(path)
        if data["finished"]:
            yield _entry_from(data, path.parent.name)


def _entry_from(data: dict[str, Any], name: str) -> Past:
    """The entry of a run, from the content of its run.json."""
    causes = [convert.from_json(row, Cause) for row in data.get("causes", ())][:MOST]
    joined = [cause for cause in causes if cause.id == cause.family]  # of several operations
    parts = [part for cause in joined for part in sorted(cause.parts)]
    edition = data["spec"].get("edition", PUBLISHED)
    return Past(
        run=name,
        finished=data["finished"],
        target=data["target"]["name"],
        scope=_scope(data.get("depth", Depth.FULL), edition, data["selected"]),
        suite=data["suite"]["version"],
        contract=data["spec"]["digest"],
        edition=edition,
        exit_code=data["exit_code"],
        counts=data["counts"],
        causes={cause.id: words(cause) for cause in causes},
        # the clauses on a status come first, and cannot be judged in every run
        cells={cause.id: cause.cells[-1] for cause in causes if cause.cells},
        parts=tuple(parts[:MOST_PARTS]),
        stopped=bool(data.get("incomplete")),
    )
