"""What a site is built from: the facts of a fleet, and one line for each of its targets.

Titles, names and links in these files come from targets. Ids must be safe as names of files, and of
a link only the fragment is kept, so no link leaves the site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cattrs.preconf.json import make_converter

from conformance.base import stored
from conformance.base.errors import UsageError
from conformance.base.stored import Bounds
from conformance.model import BROKEN, Verdict

FLEET, INDEX, TARGETS = "fleet.json", "index.jsonl", "targets"
"""The files of collected results, and the directory with one directory for each target."""
JUDGED = "judged"
"""The state of a target that was judged for this collection."""

LETTERS = {
    "F": Verdict.FAILED,
    "E": Verdict.ERROR,
    "V": Verdict.WAIVED,
    "W": Verdict.WARNED,
    "U": Verdict.UNTESTED,
    "X": Verdict.EXCLUDED,
    "P": Verdict.PASSED,
    "I": Verdict.INAPPLICABLE,
}
"""The verdicts by their letters in a grid. A full stop stands for a clause that was not planned."""
NOT_PLANNED = "."
BROKEN_LETTERS = "".join(letter for letter, verdict in LETTERS.items() if verdict in BROKEN)

LARGEST_INDEX = 1_000_000_000
"""Maximum bytes of the lines of all targets: 10,000 targets have about 30,000,000."""
_CONVERTER = make_converter(detailed_validation=False)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FRAGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

Record = TypeVar("Record")


@dataclass(frozen=True)
class Clause:
    """A clause of the contract of a fleet."""

    id: str
    title: str
    level: str
    area: str


@dataclass(frozen=True)
class Contract:
    """The contract that a fleet is judged by."""

    name: str
    version: str
    digest: str

    @property
    def full_name(self) -> str:
        """The name and the version of the contract."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Problem:
    """Why a target has no result in this collection, or a doubtful one. ``words`` explain it."""

    target: str
    kind: str
    words: str = ""


@dataclass(frozen=True)
class Fleet:
    """The facts of a collection."""

    date: str
    suite: str
    contract: Contract
    clauses: tuple[Clause, ...]
    missing: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Change:
    """A cause that is new or fixed."""

    id: str
    title: str


@dataclass(frozen=True)
class Night:
    """A past result of a target: the number of its causes, and whether or how much was judged."""

    date: str
    causes: int | None = None
    judged: Any = True


@dataclass(frozen=True)
class Certificate:
    """What a certificate of a target says."""

    product: str
    version: str
    until: str
    signers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """The line of a target. ``grid`` has a letter for each clause of the fleet, in its order."""

    id: str
    name: str
    state: str
    verdict: str
    grid: str
    words: str = ""
    judged_on: str | None = None
    origin: str = "fleet"
    certificate: Certificate | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    causes: int = 0
    new: tuple[Change, ...] = ()
    fixed: tuple[Change, ...] = ()
    untested: tuple[str, ...] = ()
    trend: tuple[Night, ...] = ()
    report: str | None = None


def fleet(path: Path) -> Fleet:
    """The facts of a collection. Raises UsageError if the file does not hold them."""
    try:
        return _record(stored.parsed(stored.text_of(path), Bounds()), Fleet)
    except ValueError as error:
        raise UsageError(f"{path}: {error}. {stored.REMEDY}") from None


def targets(path: Path, clauses: int) -> Iterator[tuple[int, Target]]:
    """Each target, after the offset in bytes of its line in a file.

    ``clauses`` is the number of clauses of the fleet. Raises UsageError, with the number of the
    line, if a line is not that of a target.
    """
    with stored.opened(path) as file:
        offset = 0
        lines = stored.lines(file, str(path), Bounds(LARGEST_INDEX, memory=LARGEST_INDEX))
        for number, line in enumerate(lines, start=1):
            try:
                yield offset, target(line, clauses)
            except ValueError as error:
                raise UsageError(f"{path}:{number}: {error}. {stored.REMEDY}") from None
            offset = file.tell()


def target(line: str, clauses: int) -> Target:
    """The target that a line describes. Raises ValueError, with the reason, if it is not valid."""
    read = _record(stored.parsed(line, Bounds()), Target)
    if not _ID.fullmatch(read.id):
        raise ValueError(f"the id {read.id[:100]!r} is not safe to use as a directory name")
    if set(read.grid) - {*LETTERS, NOT_PLANNED}:
        raise ValueError("its grid has a letter that stands for no verdict")
    if read.report is not None and len(read.grid) != clauses:
        raise ValueError(f"its grid has {len(read.grid)} letters for {clauses} clauses")
    return read


def report_of(target: str) -> str:
    """The path of the report of a target in the site."""
    return f"{TARGETS}/{target}/report.html"


def links(directory: Path, target: Target) -> Mapping[str, object]:
    """The links to what explains each clause, from ``target.json``; empty if it has none."""
    path = directory / TARGETS / target.id / "target.json"
    try:
        cells = stored.parsed(stored.text_of(path), Bounds())["cells"]
    except (OSError, ValueError, UsageError, KeyError, TypeError):
        return {}
    return cells if isinstance(cells, dict) else {}


def link(target: str, href: object) -> str:
    """A link into the report of a target. Only the fragment of ``href`` is used, if it is safe."""
    fragment = str(href).rpartition("#")[2]
    page = report_of(target)
    return f"{page}#{fragment}" if _FRAGMENT.fullmatch(fragment) else page


def _record(value: object, kind: type[Record]) -> Record:
    """The value as a record. Raises ValueError if a member is missing or of another type."""
    try:
        return _CONVERTER.structure(value, kind)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"a member is missing or wrong ({error})") from None
