"""Splits a run into shards for several machines."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from conformance.base import files, stored
from conformance.base.errors import UsageError, reason
from conformance.log import schemas
from conformance.run.lanes import Lane

NAME = "shard.json"
"""The file that says which shard a directory holds, written before the first request."""


@dataclass(frozen=True)
class Shard:
    """One of several parts of a run.

    ``chosen`` holds the ids of the cases chosen for all shards together; None means every case.
    """

    number: int
    of: int
    chosen: list[str] | None = None

    def holds(self, case: str, lane: Lane) -> bool:
        """Whether a case belongs to this shard.

        For a case that changes nothing, this depends only on its id. For any other case, it depends
        only on its kind, so that writes of one kind stay together, and requests that share a rate
        limit. A new case therefore moves no other.
        """
        name = case if lane.harmless else f"kind {lane.kind}"
        digest = hashlib.sha256(name.encode()).digest()
        return int.from_bytes(digest[:8]) % self.of == self.number - 1

    def store(self, directory: Path) -> None:
        """Write shard.json into a directory."""
        with files.replacing_text(directory / NAME) as stream:
            stream.write(json.dumps(asdict(self)) + "\n")


def parse_shard(text: str) -> tuple[int, int]:
    """The shard and the number of shards in a text such as ``2/5``.

    Raises UsageError for a malformed text.
    """
    match = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    number, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= of:
        raise UsageError(f"--shard {text}: write the shard and the number of shards, such as 2/5")
    return number, of


def stored_in(directory: Path) -> Shard:
    """The shard in a directory. Raises UsageError if there is none."""
    path = directory / NAME
    try:
        said = schemas.checked(schemas.SHARD, stored.text_of(path))
        if said["number"] > said["of"]:
            raise ValueError(f"number: there is no shard {said['number']} of {said['of']}")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: not a shard of a run: {reason(error)}. "
            "Specify directories written by `run --shard`."
        ) from None
    return Shard(**said)
