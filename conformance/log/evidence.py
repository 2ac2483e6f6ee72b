"""The evidence log, exchanges.jsonl: a flushed line for each exchange, and for each end.

The log is all that a judge ever sees, during the run as well as at a replay. What is judged is
what ``parse`` gives back, never what came over the wire. So what the log has no room for is not
judged, either.
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
from conformance.base.errors import UsageError, reason
from conformance.base.stored import Bounds
from conformance.base.values import DEEPEST, without
from conformance.log import convert, schemas, size_limit
from conformance.log.archive import KINDS, Archive, Place, StoredBody, digest_of, packed
from conformance.log.size_limit import Room
from conformance.model import DISK, Exchange, Json, Remark

INLINE = 4096
"""Bytes of a body, as JSON, up to which it is kept in the line of its exchange."""

LEVELS = DEEPEST + 10
"""Levels of nesting of a line: its facts may hold a value of a body."""


@dataclass
class Log:
    """What was logged: exchanges in order, outcomes of cases, why the run broke off, and its end.

    ``setup`` is what was looked at before the first case.

    ``void`` are the ids of exchanges by which nothing is judged: the target was out. A log that
    does not say that the run ended was broken off.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)  # outcome by id of the case
    incomplete: str | None = None
    void: frozenset[str] = frozenset()
    ended: bool = False
    setup: tuple[Remark, ...] = ()
    archive: Archive = field(default_factory=Archive, compare=False)

    @property
    def judged(self) -> Log:
        """The log without void exchanges, and without the ends of their cases."""
        if not self.void:
            return self
        kept = [exchange for exchange in self.exchanges if exchange.id not in self.void]
        spoilt = {exchange.case for exchange in self.exchanges if exchange.id in self.void}
        return replace(self, exchanges=kept, ends=without(self.ends, spoilt))

    def join(self, other: Log) -> None:
        """Add what another log holds and this one does not."""
        known = {exchange.id for exchange in self.exchanges}
        self.exchanges += [each for each in other.exchanges if each.id not in known]
        self.ends |= other.ends
        self.void |= other.void
        self.setup = self.setup or other.setup

    def join_early(self, other: Log) -> None:
        """Add what cases sent before their turn and this log does not show yet.

        It shows the exchanges of a case in their order, so these are the last of each case.
        """
        shown = Counter(each.case for each in self.exchanges if each.part is None)
        sent: Counter[str] = Counter()
        for each in other.exchanges:
            sent[each.case] += 1
            if sent[each.case] > shown[each.case]:
                self.exchanges.append(each)


CUT_OFF = "The log has no end: the run was broken off, or the file was cut."


class Recorder:
    """Appends lines to a log file, each flushed, and keeps what they parse to.

    ``disk`` bounds the whole run in megabytes.
    """

    def __init__(self, stream: TextIO | None, disk: int = DISK) -> None:
        self._stream = stream
        self._end = 0 if stream is None else stream.tell()
        path = None if stream is None or isinstance(stream, io.StringIO) else Path(stream.name)
        self.log = Log(archive=Archive(path))
        self._room = Room(disk)

    def exchange(self, exchange: Exchange) -> Exchange:
        """Log an exchange as far as there is room; returns it as the log holds it."""
        entry = exchange_to_json(self._room.fitted(exchange))
        for part in ("request", "response"):
            self._store(entry.get(part), droppable=part == "response")
        line = json.dumps(entry, ensure_ascii=True)
        self._write(line)
        logged = _exchange(json.loads(line), self.log.archive)
        self.log.exchanges.append(logged)
        return logged

    def _store(self, message: Json, *, droppable: bool) -> None:
        """Put the digest of a long body in the place of its content, which gets a line once.

        Where there is no room for that line any more, the body is marked as left out.
        """
        body = (message or {}).get("body") or {}
        for kind, name in KINDS.items():
            content = body.get(kind)
            if content is None or _is_short(content):
                continue
            digest = digest_of(content)
            if digest not in self.log.archive and not self._keep(digest, content, droppable):
                del body[kind]
                body["left_out"] = True
                continue
            del body[kind]
            body[name] = digest

    def _keep(self, digest: str, content: str, droppable: bool) -> bool:
        """Log a content of its own; False if there is no room for it."""
        line = {"content": digest, "zlib": packed(content)}
        if not self._room.takes_body(len(line["zlib"]), len(content)) and droppable:
            return False
        self.log.archive.hold(line, self._write(json.dumps(line)))
        return True

    def setup(self, remarks: Iterable[Remark]) -> None:
        """Log what was looked at before the first case."""
        self.log.setup = tuple(remarks)
        self._write(json.dumps({"setup": [convert.to_json(remark) for remark in self.log.setup]}))

    def end(self, case: str, outcome: str) -> None:
        """Log that a case ended."""
        self._write(json.dumps({"case_end": case, "outcome": outcome}))
        self.log.ends[case] = outcome

    def break_off(self, reason: str, void: Iterable[str] = ()) -> None:
        """Log that the run ends before its plan does; the first reason stays.

        Nothing is judged by the exchanges with the ids ``void``.
        """
        if self.log.incomplete is None:
            void = sorted(void)
            members = {"incomplete": reason, **({"void": void} if void else {})}
            self._write(json.dumps(members))
            self.log.incomplete = reason
            self.log.void |= frozenset(void)

    def void(self, exchanges: Iterable[str]) -> None:
        """Log that nothing is judged by some more exchanges, by their ids."""
        names = sorted(exchanges)
        self._write(json.dumps({"void": names}))
        self.log.void |= frozenset(names)

    def close(self) -> None:
        """Log that the run ended: nothing comes after it."""
        if not self.log.ended:
            self._write(json.dumps({"run_end": True}))
            self.log.ended = True

    def merge(self, other: Log) -> None:
        """Log all of another log, such as that of a worker."""
        for exchange in other.exchanges:
            self.exchange(exchange)
        for case, outcome in other.ends.items():
            self.end(case, outcome)
        if other.incomplete:
            self.break_off(other.incomplete, other.void)

    @property
    def is_full(self) -> bool:
        """Whether the log is so near to its bounds that the run must end."""
        return self._room.is_full

    def recall(self, path: Path) -> None:
        """Take the log for what its file holds."""
        bounds = size_limit.bounds(size_limit.MOST)
        with stored.opened(path) as file:
            lines = stored.lines(file, str(path), bounds)
            self.log = parse(lines, str(path), Archive(path), bounds)
        self._end = path.stat().st_size

    def _write(self, line: str) -> Place:
        """Write a line; returns its place in the file."""
        place = Place(self._end, len(line))
        self._end += len(line) + 1
        self._room.write(line)
        if self._stream is not None:
            self._stream.write(line + "\n")  # at once: a signal must not come between the two
            self._stream.flush()
        return place


def _is_short(content: str) -> bool:
    """Whether a body is kept in the line of its exchange."""
    return len(content) <= INLINE and len(json.dumps(content)) <= INLINE


def _exchange(entry: dict[str, Json], archive: Archive) -> Exchange:
    """An exchange of a log, whose bodies may stand in the archive."""
    exchange = exchange_from_json(entry)
    for part in ("request", "response"):
        reference = entry.get(part, {}).get("body", {})
        if not reference.keys().isdisjoint(KINDS.values()):
            message = replace(getattr(exchange, part), body=StoredBody(archive, reference))
            exchange = replace(exchange, **{part: message})
    return exchange


def exchange_to_json(exchange: Exchange) -> dict[str, Json]:
    """The line of an exchange as an object, without members that say nothing."""
    members: dict[str, Json] = convert.to_json(exchange)
    return members


def exchange_from_json(line: Json) -> Exchange:
    """The inverse of ``exchange_to_json``, for an object that fits the schema."""
    return convert.from_json(line, Exchange)


def read(path: Path, bounds: Bounds | None = None) -> Log:
    """Read a log file. One without the end of its run is incomplete.

    The file may be compressed. ``bounds`` has less left afterwards. Raises UsageError for a file
    that cannot be read, or holds another line.
    """
    bounds = bounds or size_limit.bounds(DISK)
    archive = Archive(path, bounds.size)
    with _opened(path, archive) as file:
        log = parse(stored.lines(file, str(path), bounds), str(path), archive, bounds)
    if not log.ended and log.incomplete is None:
        log.incomplete = CUT_OFF
    return log


def _opened(path: Path, archive: Archive) -> BinaryIO:
    """The file of a log, or a copy if it is compressed. Raises UsageError without one."""
    try:
        return stored.opened(archive.file())
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {reason(error)}; a run needs its log to be judged again"
        ) from None


def copy(path: Path, to: Path, bounds: Bounds) -> None:
    """Write a log that ``read`` takes to another file, each line as it was read.

    Nothing else that the file holds is copied, such as white space or a member that appears twice.
    """
    with _opened(path, Archive(path, bounds.size)) as file, files.lines(to) as stream:
        for line in stored.lines(file, str(path), bounds):
            entry, fault = _entry(line, bounds)
            if not fault:
                stream.write(json.dumps(entry) + "\n")


def parse(
    lines: Iterable[str], name: str, archive: Archive | None = None, bounds: Bounds | None = None
) -> Log:
    """Read a log back, within bounds. A last line that a kill cut off is left out.

    Raises UsageError, with ``name``, line and place, for another line that does not fit the schema.
    """
    log = Log(archive=archive or Archive())
    bounds = bounds or size_limit.bounds(DISK)
    start = 0
    for number, (line, following) in enumerate(_with_next(lines), 1):
        place = Place(start, len(line.encode("utf-8", "surrogatepass")))
        start += place.length
        fault = _add(log, line, place, bounds) if line.strip() else None
        cut_off = following is None and not line.endswith("\n")
        if fault and not cut_off:
            what = f"this is no line of an evidence log: {fault}"
            raise UsageError(f"{name}:{number}: {what}. {stored.REMEDY}")
    return log


def _with_next(lines: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Each line with the one after it, None after the last."""
    given = iter(lines)
    line = next(given, None)
    while line is not None:
        following = next(given, None)
        yield line, following
        line = following


def _entry(line: str, bounds: Bounds) -> tuple[Json, str | None]:
    """What a line holds, and what is wrong with it."""
    try:
        entry = convert.modern(stored.parsed(line, bounds, LEVELS))
    except ValueError as error:
        return None, str(error)
    return entry, schemas.fault(schemas.EXCHANGES, entry)


def _add(log: Log, line: str, place: Place, bounds: Bounds) -> str | None:
    """Add a line to a log; returns what is wrong with one that does not belong there."""
    entry, fault = _entry(line, bounds)
    if fault:
        return fault
    if "content" in entry:
        return log.archive.add(entry, place, bounds)
    if "exchange" in entry:
        return _add_exchange(log, entry)
    _add_note(log, entry)
    return None


def _add_note(log: Log, entry: dict[str, Json]) -> None:
    """Add to a log what is no request: the set-up, ends, and what is void."""
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
    """Add an exchange to a log; returns what is wrong with one whose bodies it does not hold."""
    for part in ("request", "response"):
        body = entry.get(part, {}).get("body", {})
        for name in KINDS.values():
            digest = body.get(name)
            if digest and digest not in log.archive:
                return f"{part}/body: no line before this one holds the content {digest}"
    log.exchanges.append(_exchange(entry, log.archive))
    return None
