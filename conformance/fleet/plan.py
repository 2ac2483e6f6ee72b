"""fleet.json: the plan of a fleet, which pins what all runs of a night have in common."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from conformance import __version__
from conformance.base import files, stored
from conformance.base.errors import UsageError, reason
from conformance.base.options import Depth
from conformance.log import schemas
from conformance.model import Contract
from conformance.target import form

FORMAT = 1
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""The id of a target, which is the name of its folder, too."""
TIMEOUT = 3600
"""Default for the seconds after which the run of a target is killed."""


@dataclass(frozen=True)
class Pins:
    """What every run of a fleet has in common. ``plan`` is the SHA-256 digest of fleet.json."""

    plan: str
    suite: str
    contract: str
    seed: int
    date: str
    depth: str = Depth.FULL.value
    areas: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Member:
    """A target of a fleet. ``file`` is the path of its target file from the directory of the plan.

    ``digest`` is that of the target file, and ``timeout`` is in seconds. ``published`` is the path
    or address where the owner publishes a run or a bundle; None if they do not.
    """

    id: str
    file: str
    digest: str
    timeout: int = TIMEOUT
    published: str | None = None

    def is_in(self, number: int, of: int) -> bool:
        """Whether the target belongs to shard ``number``, counted from 1, of ``of`` shards.

        This depends only on its id, so adding or removing targets moves no other one.
        """
        digest = hashlib.sha256(self.id.encode()).digest()
        return int.from_bytes(digest[:8]) % of == number - 1


@dataclass(frozen=True)
class Fleet:
    """A plan: what it pins, and its targets. ``directory`` is that of fleet.json."""

    pins: Pins
    targets: tuple[Member, ...]
    profile: str | None = None
    directory: Path = field(default_factory=Path)

    def path_of(self, member: Member) -> Path:
        """The path of a target file."""
        return self.directory / member.file


def draw_up(
    contract: Contract,
    paths: Sequence[Path],
    output: Path,
    pins: Pins,
    *,
    timeout: int = TIMEOUT,
    profile: str | None = None,
) -> Fleet:
    """Write the plan of a fleet with some target files to ``output``, and return it.

    The keys of the targets are not needed. Raises UsageError for an unknown profile, for a target
    file whose name cannot be an id, and for two files with the same id. Raises TargetError for an
    invalid target file.
    """
    if profile is not None and profile not in contract.profiles:
        known = ", ".join(contract.profiles) or "none"
        raise UsageError(f"--profile {profile}: the contract has no such profile. It has: {known}.")
    directory = output.resolve().parent
    members = [_member(path, directory, timeout) for path in paths]
    _require_distinct_ids(members)
    ordered = tuple(sorted(members, key=lambda member: member.id))
    fleet = Fleet(pins, ordered, profile, directory)
    with files.replacing_text(output) as stream:
        stream.write(json.dumps(_as_data(fleet), indent=1) + "\n")
    return read(output)


def _member(path: Path, directory: Path, timeout: int) -> Member:
    """The target of a file, with the name of the file as its id. Raises UsageError, TargetError."""
    if not ID.fullmatch(path.stem):
        raise UsageError(
            f"{path}: the name of a target file is the id of its target: at most 80 letters, "
            "digits, dots, hyphens and underscores, and first a letter or a digit."
        )
    published = form.valid(path).value.get("published")
    place = os.path.relpath(path.resolve(), directory)
    return Member(path.stem, place, digest_of(path), timeout, published)


def _require_distinct_ids(members: Sequence[Member]) -> None:
    """Raise UsageError if two targets have the same id, whether in capitals or not."""
    by_id: dict[str, Member] = {}
    for member in members:
        key = member.id.casefold()
        if key in by_id:
            other = by_id[key]
            raise UsageError(
                f"{other.file} and {member.file}: two targets have the same id. Rename a file."
            )
        by_id[key] = member


def digest_of(path: Path) -> str:
    """The SHA-256 digest of a file. Raises UsageError if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None


def _as_data(fleet: Fleet) -> dict[str, Any]:
    """The content of fleet.json."""
    pins = asdict(fleet.pins)
    del pins["plan"]
    targets = [asdict(member) for member in fleet.targets]
    return {"format": FORMAT, **pins, "profile": fleet.profile, "targets": targets}


def read(path: Path) -> Fleet:
    """The plan in a file. The path may be a symbolic link, as in a Kubernetes volume.

    Raises UsageError if it is not a plan that ``draw_up`` writes.
    """
    path = path.resolve()
    try:
        text = stored.text_of(path)
        data = schemas.checked(schemas.FLEET, text)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: not the plan of a fleet: {reason(error)}. Write one with `fleet plan`."
        ) from None
    targets = tuple(Member(**row) for row in data["targets"])
    _require_distinct_ids(targets)
    pins = Pins(
        plan=hashlib.sha256(text.encode()).hexdigest(),
        suite=data["suite"],
        contract=data["contract"],
        seed=data["seed"],
        date=data["date"],
        depth=data["depth"],
        areas=tuple(data.get("areas", ())),
        clauses=tuple(data.get("clauses", ())),
    )
    return Fleet(pins, targets, data.get("profile"), path.parent)


def require_ours(fleet: Fleet, contract: Contract) -> None:
    """Raise UsageError if a plan pins a different suite than this one, or another contract."""
    pins = fleet.pins
    if pins.suite != __version__:
        raise UsageError(
            f"The plan pins version {pins.suite} of the suite, but this is {__version__}. "
            "Install that version, or plan again."
        )
    if pins.contract != contract.digest:
        raise UsageError(
            f"The plan pins the contract {pins.contract}, but this is {contract.digest}. "
            "Specify the contract with --spec, or plan again."
        )


def new_pins(contract: Contract, today: date, seed: int, depth: str) -> Pins:
    """What a plan of this suite and contract pins, before it is written."""
    return Pins("", __version__, contract.digest, seed, today.isoformat(), depth)
