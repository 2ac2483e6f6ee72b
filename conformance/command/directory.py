"""The directory of a run, which appears under its name only once a replay can read it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from conformance.base import files
from conformance.base.clock import Clock, now
from conformance.base.errors import StorageError, UsageError, reason

RUN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}Z(-[0-9]+)?")
"""The name of a run directory: its start time, with a number if that name was taken."""


def new(output: Path, fill: Callable[[Path], None], clock: Clock = now) -> Path:
    """Create ``output/<time>`` with what ``fill`` writes, and point ``output/latest`` to it.

    Raises UsageError if no name is free or nothing can be written there, and StorageError if there
    is no room.
    """
    try:
        return _create_filled(output, fill, clock)
    except OSError as error:
        kind = StorageError if error.errno in files.FULL else UsageError
        raise kind(
            f"{output}: cannot be written: {reason(error)}. "
            "Specify another directory with --output."
        ) from None


def _create_filled(output: Path, fill: Callable[[Path], None], clock: Clock) -> Path:
    """Create the directory of a run under a temporary name, fill it, rename it, and link to it.

    If it cannot be filled or renamed, nothing is left of it.
    """
    output.mkdir(parents=True, exist_ok=True)
    hidden = Path(tempfile.mkdtemp(prefix=".", dir=output))
    try:
        fill(hidden)
        directory = _rename_to_now(hidden, output, clock)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    _point_link(output / "latest", directory.name)
    return directory


def prune(output: Path, keep: int | None, spared: Path | None = None) -> list[Path]:
    """Remove all runs in ``output`` except the last ``keep``; returns the removed directories.

    If ``keep`` is None, nothing is removed. ``spared``, an absolute path, and the run that
    ``latest`` points to are never removed, nor is a directory whose name is not that of a run.
    """
    if keep is None:
        return []
    output = output.resolve()
    runs = sorted(path for path in output.iterdir() if _is_run(path))
    stay = {*runs[-keep:], (output / "latest").resolve(), spared}
    old = [path for path in runs if path not in stay]
    for path in old:
        shutil.rmtree(path)
    return old


def _is_run(path: Path) -> bool:
    """Whether a directory has the name of a run and is not a link."""
    return RUN.fullmatch(path.name) is not None and not path.is_symlink()


def _rename_to_now(hidden: Path, output: Path, clock: Clock) -> Path:
    """Rename a directory to the current time, with a number if that is taken; returns its path."""
    stamp = clock().strftime("%Y-%m-%dT%H-%M-%SZ")
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        try:
            return hidden.rename(output / (stamp + suffix))
        except OSError:  # there may already be a run of that name
            if not os.path.lexists(output / (stamp + suffix)):
                raise
    raise UsageError(f"{output}: no directory name is free for {stamp}")


def _point_link(link: Path, name: str) -> None:
    """Point a link to a name. Does nothing if something other than a link is in its place."""
    if link.exists() and not link.is_symlink():
        return
    with tempfile.TemporaryDirectory(prefix=".", dir=link.parent) as directory:
        fresh = Path(directory, link.name)
        fresh.symlink_to(name)
        fresh.replace(link)
