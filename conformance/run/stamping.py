"""Time stamps (RFC 3161) of the head of the log: at the start of a run, at intervals, at its end.

They prove that the evidence is at least as old as it claims. Requests to the authority are bounded,
and do not count in the log or the budget. An authority that fails never stops or slows a run: what
is missing is noted, and shows when somebody verifies the run.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from conformance.base import files
from conformance.base.errors import reason
from conformance.base.text import clean
from conformance.log.chain import Chain
from conformance.run.binding import NoStamp, Stamping

INDEX, FOLDER = "stamps.json", "stamps"
"""The list of the stamps of a run, and the directory that holds them."""

PATIENCE = 6.0
"""Maximum seconds that the end of a run waits for the last stamp."""
MOST = 2_000
"""Maximum number of stamps of a run."""
POLL = 0.2
"""Seconds between two checks of whether a stamp is due or the run has ended."""


@dataclass(frozen=True)
class Stamp:
    """A stamp of the head of the log after one of its lines, counted from 1."""

    line: int
    head: str
    file: str


class Stamper:
    """Asks an authority for stamps on a thread, between ``start`` and ``end``, and stores them.

    ``chain`` returns the chain of the log so far. ``failures`` says why stamps are missing.
    """

    def __init__(self, stamping: Stamping, directory: Path, chain: Callable[[], Chain]) -> None:
        self._stamping = stamping
        self._directory = directory
        self._chain = chain
        self._ended = threading.Event()
        self._last = True  # whether to ask for a stamp at the end
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._stamps: list[Stamp] = []
        self.failures: list[str] = []

    def start(self) -> None:
        """Ask for stamps from now on."""
        self._thread.start()

    def end(self, *, last: bool) -> None:
        """Ask for no more stamps; with ``last``, for one of the end of the log.

        Waits ``PATIENCE`` seconds at most.
        """
        self._last = last
        self._ended.set()
        if last:
            self._thread.join(PATIENCE)
            if self._thread.is_alive():
                self.failures.append("the authority took too long at the end")

    @property
    def note(self) -> str:
        """What is missing, as a sentence; empty if nothing is."""
        if not self.failures:
            return ""
        asked = len(self._stamps) + len(self.failures)
        return f"{len(self.failures)} of {asked} time stamps are missing: {self.failures[-1]}"

    def _work(self) -> None:
        """Ask for a stamp as soon as the log has a line, then regularly, and perhaps at the end."""
        due = time.monotonic()
        while not self._ended.wait(POLL):
            if time.monotonic() >= due and self._chain().heads and len(self._stamps) < MOST:
                self._stamp_head()
                due = time.monotonic() + self._stamping.every
        if self._last:
            self._stamp_head()

    def _stamp_head(self) -> None:
        """Ask for a stamp of the head, unless it has one or the log is empty.

        Stores the stamp, or notes why there is none.
        """
        heads = self._chain().heads
        line = len(heads)
        last_stamped = self._stamps[-1].line if self._stamps else 0
        if line == last_stamped:
            return
        head = heads[line - 1]
        try:
            self._store(line, head, self._stamping.ask(head))
        except NoStamp as error:
            self.failures.append(clean(str(error)))
        except OSError as error:
            self.failures.append(reason(error))

    def _store(self, line: int, head: str, content: bytes) -> None:
        """Write a stamp to a file of its own, and the list of all stamps again."""
        (self._directory / FOLDER).mkdir(mode=0o700, exist_ok=True)
        name = f"{FOLDER}/{len(self._stamps) + 1:04d}.tsr"
        with files.replacing(self._directory / name) as written:
            written.write_bytes(content)
        self._stamps.append(Stamp(line, head, name))
        rows = [json.dumps(asdict(each)) for each in self._stamps]
        with files.replacing(self._directory / INDEX) as written:
            written.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")
