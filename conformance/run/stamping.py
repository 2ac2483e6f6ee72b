"""Time stamps (RFC 3161) of the head of the log: at the start of a run, every while, at its end.

So nobody can make the evidence later than it claims. Requests to the authority are no part of the
log or the budget, and are bounded. An authority that fails never stops or slows a run: what is
missing is noted, and shows when somebody verifies the run.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from conformance.base import files
from conformance.base.errors import UsageError, reason
from conformance.base.text import clean
from conformance.log.chain import Chain
from conformance.run.binding import Stamping
from conformance.transport.http import HttpWire
from conformance.transport.wire import WireFailure, WireRequest

INDEX, FOLDER = "stamps.json", "stamps"
"""The list of the stamps of a run, and the directory that holds them."""

SECONDS = 8.0
"""Maximum seconds for a request to the authority. The end of a run waits for one."""
LARGEST = 64 * 1024
"""Maximum bytes of a stamp. One with its certificates has 2,000 to 8,000."""
MOST = 2_000
"""Maximum number of stamps of a run."""
POLL = 0.2
"""Seconds between two looks whether the log has its first line, or the run has ended."""

HEADERS = (
    ("Content-Type", "application/timestamp-query"),
    ("Accept", "application/timestamp-reply"),
)


@dataclass(frozen=True)
class Stamp:
    """A stamp of the head of the log after one of its lines, counted from 1."""

    line: int
    head: str
    file: str


class Stamper:
    """Asks an authority for stamps on a thread, while a context lasts, and stores them.

    ``chain`` returns the chain of the log so far. ``failures`` says why stamps are missing.
    """

    def __init__(self, stamping: Stamping, directory: Path, chain: Callable[[], Chain]) -> None:
        self._stamping = stamping
        self._directory = directory
        self._chain = chain
        self._wire = HttpWire(SECONDS)
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

        Waits a little longer than ``SECONDS`` at most.
        """
        self._last = last
        self._ended.set()
        if last:
            self._thread.join(SECONDS + 2 * POLL)
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
        due = time.monotonic()
        while not self._ended.wait(POLL):
            if time.monotonic() >= due and self._chain().heads and len(self._stamps) < MOST:
                self._try()
                due = time.monotonic() + self._stamping.every
        if self._last:
            self._try()

    def _try(self) -> None:
        """Ask for a stamp of the present head, and store it or note why there is none."""
        heads = self._chain().heads
        line = len(heads)
        if not line:
            return
        head = heads[line - 1]
        try:
            self._store(line, head, stamp_of(head, self._stamping.url, self._wire))
        except WireFailure as failure:
            self.failures.append(clean(str(failure)))
        except OSError as error:
            self.failures.append(reason(error))
        except BaseException as error:  # the parser of a hostile response may even panic
            self.failures.append(clean(f"{type(error).__name__}: {error}")[:200])

    def _store(self, line: int, head: str, content: bytes) -> None:
        (self._directory / FOLDER).mkdir(mode=0o700, exist_ok=True)
        name = f"{FOLDER}/{len(self._stamps) + 1:04d}.tsr"
        with files.whole(self._directory / name) as written:
            written.write_bytes(content)
        self._stamps.append(Stamp(line, head, name))
        rows = [json.dumps(asdict(each)) for each in self._stamps]
        with files.whole(self._directory / INDEX) as written:
            written.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


def stamp_of(head: str, url: str, wire: HttpWire) -> bytes:
    """The response of an authority that stamps a head: a granted stamp of this very text.

    Raises WireFailure if there is no response, and ValueError for any other response. Nobody is
    trusted yet: whoever verifies the run decides that.
    """
    from rfc3161_client import (  # noqa: PLC0415 - an extra
        HashAlgorithm,
        PKIStatus,
        TimestampRequestBuilder,
        decode_timestamp_response,
    )

    builder = TimestampRequestBuilder().data(head.encode()).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.build()
    body = request.as_bytes()
    headers = (*HEADERS, ("Content-Length", str(len(body))))
    answer = wire.send(WireRequest("POST", url, headers, body, most=LARGEST))
    if answer.status != 200 or answer.cut:
        raise ValueError(f"the authority returned status {answer.status}")
    response = decode_timestamp_response(answer.body)
    if PKIStatus(response.status) is not PKIStatus.GRANTED:
        raise ValueError(f"the authority refused: {PKIStatus(response.status).name}")
    info = response.tst_info
    stamped = (info.message_imprint.message, info.nonce)
    if stamped != (request.message_imprint.message, request.nonce):
        raise ValueError("the authority stamped something else")
    return answer.body


def require_client() -> None:
    """Raise UsageError without the packages that time stamps need."""
    try:
        import rfc3161_client  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise UsageError(
            "Time stamps need more packages: pip install 'kaicalls-conformance[certify]'"
        ) from None
