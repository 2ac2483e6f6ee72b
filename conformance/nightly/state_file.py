"""nightly.json: the state of the nights in a directory, one file for one target."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from conformance.base import files, stored
from conformance.base.errors import UsageError, reason
from conformance.log import convert, schemas
from conformance.nightly.notices import Message
from conformance.nightly.state import State

NAME, OUTSIDE = "nightly.json", "nightly.check.json"
"""The file of the nights, and that of what watches them from outside."""
Stored = TypeVar("Stored")


@dataclass(frozen=True)
class Watch:
    """What ``nightly check`` remembers: the mark of the last silence, and its unsent messages."""

    told: str = ""
    unsent: tuple[Message, ...] = ()


def read(directory: Path) -> State | None:
    """The state in a directory; None if there is none.

    Raises UsageError, with how to fix it, if the file cannot be read or is invalid.
    """
    return _read(directory / NAME, schemas.NIGHTLY, State)


def read_watch(directory: Path) -> Watch:
    """What the watch of a directory remembers. Raises UsageError as ``read`` does."""
    return _read(directory / OUTSIDE, schemas.WATCH, Watch) or Watch()


def write(state: State, directory: Path) -> None:
    """Write the state into a directory, completely or not at all."""
    _write(state, directory / NAME)


def write_watch(watch: Watch, directory: Path) -> None:
    """Write what the watch remembers into a directory, completely or not at all."""
    _write(watch, directory / OUTSIDE)


def _write(value: State | Watch, path: Path) -> None:
    """Write a value to a file. Raises UsageError if that is impossible."""
    try:
        with files.replacing_text(path) as stream:
            stream.write(json.dumps(convert.to_json(value), indent=1) + "\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {reason(error)}") from None


def _read(path: Path, schema: str, kind: type[Stored]) -> Stored | None:
    """The value in a file; None if there is no file. Raises UsageError if it is invalid."""
    if not os.path.lexists(path):
        return None
    try:
        value = schemas.checked(schema, stored.text_of(path))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: not a state of `nightly`: {reason(error)}. Restore the file, or remove it: "
            "the next night then begins afresh, and reports every cause as new."
        ) from None
    return convert.from_json(value, kind)
