"""The evidence log, exchanges.jsonl: a flushed line for each exchange, and for each end.

The log is all that a judge ever sees, during the run as well as at a replay. What is judged is
what ``parse`` gives back, never what came over the wire.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

from conformance import convert, schemas
from conformance.errors import UsageError
from conformance.model import Exchange, Json
from conformance.values import without

MEND = "Only the suite writes this file: restore it, or run again."
"""What to do about a stored file that does not fit its schema."""


@dataclass
class Log:
    """What was logged: exchanges in order, outcomes of cases, why the run broke off, and its end.

    ``void`` are the ids of exchanges by which nothing is judged: the target was out. A log that
    does not say that the run ended was broken off.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)  # outcome by id of the case
    incomplete: str | None = None
    void: frozenset[str] = frozenset()
    ended: bool = False

    @property
    def judged(self) -> Log:
        """The log without void exchanges, and without the ends of their cases."""
        if not self.void:
            return self
        kept = [exchange for exchange in self.exchanges if exchange.id not in self.void]
        spoilt = {exchange.case for exchange in self.exchanges if exchange.id in self.void}
        ends = without(self.ends, spoilt)
        return replace(self, exchanges=kept, ends=ends)

    def join(self, other: Log) -> None:
        """Add what another log holds and this one does not."""
        known = {exchange.id for exchange in self.exchanges}
        self.exchanges += [each for each in other.exchanges if each.id not in known]
        self.ends |= other.ends
        self.void |= other.void


CUT_OFF = "The log has no end: the run was broken off, or the file was cut."


class Recorder:
    """Appends lines to a log file, each flushed, and keeps what they parse to."""

    def __init__(self, stream: TextIO | None, log: Log | None = None) -> None:
        self.log = log or Log()
        self._stream = stream

    def exchange(self, exchange: Exchange) -> Exchange:
        """Log an exchange; returns it as the log holds it."""
        line = json.dumps(exchange_to_json(exchange), ensure_ascii=True)
        self._write(line)
        logged = exchange_from_json(json.loads(line))
        self.log.exchanges.append(logged)
        return logged

    def end(self, case: str, outcome: str) -> None:
        """Log that a case ended."""
        self._write(json.dumps({"case_end": case, "outcome": outcome}))
        self.log.ends[case] = outcome

    def break_off(self, reason: str, void: Iterable[str] = ()) -> None:
        """Log that the run ends before its plan does; the first reason stands.

        Nothing is judged by the exchanges with the ids ``void``.
        """
        if self.log.incomplete is None:
            void = sorted(void)
            members = {"incomplete": reason, **({"void": void} if void else {})}
            self._write(json.dumps(members))
            self.log.incomplete = reason
            self.log.void = frozenset(void)

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

    def recall(self, path: Path) -> None:
        """Take the log for what its file holds."""
        with path.open(encoding="utf-8") as stream:
            self.log = parse(stream, str(path))

    def _write(self, line: str) -> None:
        if self._stream is not None:
            self._stream.write(line + "\n")  # at once: a signal must not come between the two
            self._stream.flush()


def exchange_to_json(exchange: Exchange) -> dict[str, Json]:
    """The line of an exchange as an object, without members that say nothing."""
    members: dict[str, Json] = convert.to_json(exchange)
    return members


def exchange_from_json(line: Json) -> Exchange:
    """The inverse of ``exchange_to_json``, for an object that fits the schema."""
    return convert.from_json(line, Exchange)


def read(path: Path) -> Log:
    """Read a log file. One without the end of its run is incomplete.

    Raises UsageError for a file that cannot be read, or holds another line.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            log = parse(stream, str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    if not log.ended and log.incomplete is None:
        log.incomplete = CUT_OFF
    return log


def parse(lines: Iterable[str], name: str) -> Log:
    """Read a log back. A last line that a kill cut off is left out.

    Raises UsageError, with ``name``, line and place, for another line that does not fit the schema.
    """
    log = Log()
    numbered = list(enumerate(lines, 1))
    for number, line in numbered:
        fault = _add(log, line) if line.strip() else None
        cut_off = number == len(numbered) and not line.endswith("\n")
        if fault and not cut_off:
            what = f"this is no line of an evidence log: {fault}"
            raise UsageError(f"{name}:{number}: {what}. {MEND}")
    return log


def _add(log: Log, line: str) -> str | None:
    """Add a line to a log; returns what is wrong with one that does not belong there."""
    try:
        entry = convert.modern(json.loads(line))
    except (ValueError, RecursionError) as error:
        return f"no JSON ({str(error) or type(error).__name__})"
    fault = schemas.fault(schemas.EXCHANGES, entry)
    if fault:
        return fault
    if "case_end" in entry:
        log.ends[entry["case_end"]] = entry["outcome"]
    elif "run_end" in entry:
        log.ended = True
    elif "incomplete" in entry:
        log.incomplete = entry["incomplete"]
        log.void = frozenset(entry.get("void", ()))
    else:
        log.exchanges.append(exchange_from_json(entry))
    return None
