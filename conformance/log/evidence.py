"""The evidence log, exchanges.jsonl: one flushed line per exchange, and per end of a case.

Judges see nothing but the log, both during the run and in a replay. They judge what ``parse``
returns, never what was received directly. So anything that the log has no room for is not judged.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, TextIO

from conformance.base import files, stored
from conformance.base.errors import Unjudgeable, UsageError, reason
from conformance.base.stored import Bounds
from conformance.base.values import DEEPEST, without
from conformance.log import convert, exchanges, schemas, size_limit
from conformance.log.appender import Appender
from conformance.log.archive import KINDS, Archive, Place, digest_of
from conformance.log.chain import CONTAINED, CONTENT, LINK, Chain
from conformance.log.size_limit import Room
from conformance.model import DISK, Exchange, Json, Remark

INLINE = 4096
"""Maximum bytes of a body, as JSON, to be stored in the line of its exchange."""

LEVELS = DEEPEST + 10
"""Maximum nesting of a line, whose facts may contain a value from a body."""


@dataclass
class Log:
    """The content of a log: exchanges in order, outcomes of cases, and how the run ended.

    ``setup`` holds the remarks of the first look, before the first case. ``void`` holds the ids of
    exchanges that must not be judged, because the target was down. ``incomplete`` says why the run
    broke off. Unless it has ``ended``, the log was cut off. ``chain`` links its lines.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)  # outcome by id of the case
    incomplete: str | None = None
    void: frozenset[str] = frozenset()
    ended: bool = False
    setup: tuple[Remark, ...] = ()
    archive: Archive = field(default_factory=Archive, compare=False)
    chain: Chain = field(default_factory=Chain, compare=False)
    lines: list[int] = field(default_factory=list, compare=False)  # of exchanges that were read

    @property
    def without_void(self) -> Log:
        """The log that is to be judged: without void exchanges and the ends of their cases."""
        if not self.void:
            return self
        kept = [exchange for exchange in self.exchanges if exchange.id not in self.void]
        void_cases = {exchange.case for exchange in self.exchanges if exchange.id in self.void}
        return replace(self, exchanges=kept, ends=without(self.ends, void_cases))

    def join(self, other: Log) -> None:
        """Add the exchanges, ends and void ids of another log; skip exchanges with a known id.

        The remarks of its first look are added only if this log has none. The reason why it broke
        off is never added.
        """
        known = {exchange.id for exchange in self.exchanges}
        self.exchanges += [each for each in other.exchanges if each.id not in known]
        self.ends |= other.ends
        self.void |= other.void
        self.setup = self.setup or other.setup

    def join_early(self, other: Log) -> None:
        """Add what this log lacks of ``other``, the log of requests sent before their turn.

        Both have the exchanges of a case in the same order, so those that are missing here are the
        last ones of a case in the other log. Shared requests are never in the other log.
        """
        present = Counter(each.case for each in self.exchanges if each.part is None)
        sent: Counter[str] = Counter()
        for each in other.exchanges:
            sent[each.case] += 1
            if sent[each.case] > present[each.case]:
                self.exchanges.append(each)


CUT_OFF = "The log has no end: the run was interrupted, or the file was truncated."


class Recorder:
    """Appends lines to a log file, flushing each, and keeps the log that they parse to.

    ``disk`` is the bound of the whole run in megabytes.
    """

    def __init__(self, stream: TextIO | None, disk: int = DISK) -> None:
        self._file = Appender(stream)
        path = None if stream is None or isinstance(stream, io.StringIO) else Path(stream.name)
        self.log = Log(archive=Archive(path))
        self._room = Room(disk)
        self._reported = False  # whether a failure to write the file was raised

    def exchange(self, exchange: Exchange) -> Exchange:
        """Log an exchange, as far as there is room, and return it as logged.

        Raises Unjudgeable as ``record`` does.
        """
        logged = exchanges.from_json(json.loads(self.record(exchange)), self.log.archive)
        self.log.exchanges.append(logged)
        return logged

    def record(self, exchange: Exchange) -> str:
        """Log an exchange, and return its line.

        Raises Unjudgeable if the log cannot be written, but only once, so that requests that clean
        up can still be sent.
        """
        entry = exchanges.to_json(self._room.fitted(exchange))
        for part in ("request", "response"):
            self._store(exchange.operation, entry.get(part), droppable=part == "response")
        line = self.log.chain.link(entry)
        self._append(line)
        if self._file.failure and not self._reported:
            self._reported = True
            raise Unjudgeable(self._file.failure)
        return line

    def _store(self, operation: str, message: Json, *, droppable: bool) -> None:
        """Replace the content of a long body by its digest, and log the content once.

        If there is no more room for that line, a ``droppable`` body is marked as left out.
        """
        body = (message or {}).get("body") or {}
        for kind, name in KINDS.items():
            content = body.get(kind)
            if content is None or _is_short(content):
                continue
            digest = digest_of(content)
            is_logged = digest in self.log.archive
            if not is_logged:
                line = self.log.archive.line(operation, digest, content)
                is_logged = self._keep(line, len(content), droppable)
            del body[kind]
            if is_logged:
                body[name] = digest
            else:
                body["left_out"] = True

    def _keep(self, line: dict[str, Json], size: int, droppable: bool) -> bool:
        """Log the line of a content; returns False if it is droppable and does not fit."""
        has_room = self._room.take_body(len(line[CONTAINED]), size)
        if droppable and not has_room:
            return False
        self.log.archive.hold(line, self._write(line))
        return True

    def setup(self, remarks: Iterable[Remark]) -> None:
        """Log the remarks of the first look, before the first case."""
        self.log.setup = tuple(remarks)
        self._write({"setup": [convert.to_json(remark) for remark in self.log.setup]})

    def end(self, case: str, outcome: str) -> None:
        """Log that a case ended."""
        self._write({"case_end": case, "outcome": outcome})
        self.log.ends[case] = outcome

    def break_off(self, reason: str, void: Iterable[str] = ()) -> None:
        """Log that the run ends before its plan does; only the first reason is kept.

        ``void`` holds the ids of exchanges that must not be judged.
        """
        if self.log.incomplete is None:
            entry: dict[str, Json] = {"incomplete": reason}
            names = sorted(void)
            if names:
                entry["void"] = names
            self._write(entry)
            self.log.incomplete = reason
            self.log.void |= frozenset(names)

    def void(self, exchanges: Iterable[str]) -> None:
        """Log that further exchanges, given by their ids, must not be judged."""
        names = sorted(exchanges)
        self._write({"void": names})
        self.log.void |= frozenset(names)

    def close(self) -> None:
        """Log the end of the run, after which nothing is logged."""
        if not self.log.ended:
            self._write({"run_end": True})
            self.log.ended = True
            self.log.incomplete = self.log.incomplete or self._file.failure or None

    def merge(self, other: Log) -> None:
        """Log the exchanges and ends of another log, as of a worker, and why it broke off."""
        for exchange in other.exchanges:
            self.exchange(exchange)
        for case, outcome in other.ends.items():
            self.end(case, outcome)
        if other.incomplete:
            self.break_off(other.incomplete, other.void)

    @property
    def is_full(self) -> bool:
        """Whether the log is so close to its bounds that the run must end."""
        return self._room.is_full

    def recall(self, path: Path) -> None:
        """Replace the log in memory by that of its file, which may hold one line more."""
        bounds = size_limit.bounds(size_limit.MOST)
        with stored.opened(path) as file:
            lines = stored.lines(file, str(path), bounds)
            self.log = parse(lines, str(path), Archive(path), bounds)
        self.log.incomplete = self.log.incomplete or self._file.failure or None
        self._file.end = path.stat().st_size  # later lines are appended to both

    def _write(self, entry: dict[str, Json]) -> Place | None:
        """Write a line; returns its place in the file, None if it could not be written."""
        return self._append(self.log.chain.link(entry))

    def _append(self, line: str) -> Place | None:
        self._room.write(line)
        return self._file.write(line)


def _is_short(content: str) -> bool:
    """Whether a body is stored in the line of its exchange."""
    return len(content) <= INLINE and len(json.dumps(content)) <= INLINE


def read(path: Path, bounds: Bounds | None = None) -> Log:
    """Read a log file, which may be compressed. A log without the end of its run is incomplete.

    ``bounds`` is reduced by what is read. Raises UsageError for a file that cannot be read or has
    an invalid line.
    """
    bounds = bounds or size_limit.bounds(DISK)
    archive = Archive(path, bounds.size)
    with _opened(path, archive) as file:
        log = parse(stored.lines(file, str(path), bounds), str(path), archive, bounds)
    if not log.ended and log.incomplete is None:
        log.incomplete = CUT_OFF
    return log


def _opened(path: Path, archive: Archive) -> BinaryIO:
    """The file of a log, or a decompressed copy. Raises UsageError if it cannot be read."""
    try:
        return stored.opened(archive.file())
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {reason(error)}. Judging a run again requires its log."
        ) from None


def copy(path: Path, to: Path, bounds: Bounds) -> None:
    """Copy a log that ``read`` accepts to another file, each line as it was read.

    Anything else in the file, such as white space, is not copied.
    """
    with _opened(path, Archive(path, bounds.size)) as file, files.open_to_append(to) as stream:
        for line in stored.lines(file, str(path), bounds):
            entry, fault = _entry(line, bounds)
            if not fault:
                stream.write(json.dumps(entry) + "\n")


def parse(
    lines: Iterable[str], name: str, archive: Archive | None = None, bounds: Bounds | None = None
) -> Log:
    """Parse the lines of a log, within bounds. A truncated last line is ignored.

    Raises UsageError, with ``name``, line and place, for any other line that violates the schema.
    """
    log = Log(archive=archive or Archive())
    bounds = bounds or size_limit.bounds(DISK)
    start = 0
    for number, (line, following) in enumerate(_with_next(lines), 1):
        place = Place(start, len(line.encode("utf-8", "surrogatepass")))
        start += place.length
        fault = _add(log, line.removesuffix("\n"), place, bounds) if line.strip() else None
        cut_off = following is None and not line.endswith("\n")
        if fault and not cut_off:
            what = f"not a line of an evidence log: {fault}"
            raise UsageError(f"{name}:{number}: {what}. {stored.REMEDY}")
    return log


def _with_next(lines: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Each line with the next one; None after the last."""
    remaining = iter(lines)
    line = next(remaining, None)
    while line is not None:
        following = next(remaining, None)
        yield line, following
        line = following


def _entry(line: str, bounds: Bounds) -> tuple[Json, str | None]:
    """The value of a line, and what is wrong with it; None if nothing is."""
    try:
        entry = convert.modern(stored.parsed(line, bounds, LEVELS))
    except ValueError as error:
        return None, str(error)
    return entry, schemas.fault(schemas.EXCHANGES, entry)


def _add(log: Log, line: str, place: Place, bounds: Bounds) -> str | None:
    """Add a line to a log; returns what is wrong with it if it is invalid."""
    entry, fault = _entry(line, bounds)
    if fault:
        return fault
    log.chain.read(line, entry)
    entry.pop(LINK, None)
    if CONTENT in entry:
        return log.archive.add(entry, place, bounds)
    if "exchange" in entry:
        return _add_exchange(log, entry)
    if entry.get("case_end") in log.ends:
        return "case_end: an earlier line ended the same case"
    _add_note(log, entry)
    return None


def _add_note(log: Log, entry: dict[str, Json]) -> None:
    """Add a line that is not an exchange to a log: set-up, ends, and void exchanges."""
    if "case_end" in entry:
        log.ends[entry["case_end"]] = entry["outcome"]
    elif "run_end" in entry:
        log.ended = True
    elif "incomplete" in entry:
        log.incomplete = entry["incomplete"]
        log.void |= frozenset(entry.get("void", ()))
    elif "void" in entry:
        log.void |= frozenset(entry["void"])
    elif "setup" in entry:
        log.setup = tuple(convert.from_json(each, Remark) for each in entry["setup"])


def _add_exchange(log: Log, entry: dict[str, Json]) -> str | None:
    """Add an exchange to a log; returns what is wrong if the log lacks one of its bodies."""
    for part in ("request", "response"):
        missing = log.archive.missing_in(entry.get(part, {}).get("body", {}))
        if missing:
            return f"{part}/body: no earlier line contains the content with the digest {missing}"
    log.exchanges.append(exchanges.from_json(entry, log.archive))
    log.lines.append(len(log.chain.heads))
    return None
