"""A run in parts, for several machines: which part a case belongs to."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from conformance.base import files, stored
from conformance.base.errors import UsageError, reason
from conformance.base.stored import Bounds
from conformance.log import schemas
from conformance.run.lanes import Lane

NAME = "shard.json"
"""The file that says which part of a run a directory holds, before its first request."""


@dataclass(frozen=True)
class Shard:
    """One of several parts of a run. ``chosen`` are the ids of the cases of all; None for all."""

    number: int
    of: int
    chosen: list[str] | None = None

    def holds(self, case: str, lane: Lane) -> bool:
        """Whether a case belongs to this part.

        Its id decides alone, so that a new case moves no other. Writes of one kind stay together,
        and with them what is limited.
        """
        name = case if lane.harmless else f"kind {lane.kind}"
        digest = hashlib.sha256(name.encode()).digest()
        return int.from_bytes(digest[:8]) % self.of == self.number - 1

    def store(self, directory: Path) -> None:
        """Write the file of this part."""
        with files.whole(directory / NAME) as written, files.own(written, "w") as stream:
            stream.write(json.dumps(asdict(self)) + "\n")


def parsed(text: str) -> tuple[int, int]:
    """Number and count of ``2/5``. Raises UsageError for another text."""
    match = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    number, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= of:
        raise UsageError(f"--shard {text}: give the number of a part and how many, such as 2/5")
    return number, of


def stored_in(directory: Path) -> Shard:
    """The part that a directory holds. Raises UsageError for another directory."""
    path = directory / NAME
    try:
        said = stored.parsed(stored.text_of(path), Bounds())
        fault = schemas.fault(schemas.SHARD, said)
    except (OSError, ValueError) as error:
        fault = reason(error)
    if not fault and said["number"] > said["of"]:
        fault = f"number: there is no part {said['number']} of {said['of']}"
    if fault:
        raise UsageError(
            f"{path}: this is no part of a run: {fault}; give directories of `run --shard`"
        )
    return Shard(**said)
