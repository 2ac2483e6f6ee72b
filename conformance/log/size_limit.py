"""Limits the size of a log, so that a run is bounded whatever the target returns.

Writing a run and reading a stored run have the same bounds, so that no run writes a log that its
replay rejects.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from conformance.base.signs import weight
from conformance.base.stored import LONGEST_BODY, Bounds
from conformance.model import DISK, Exchange

MEGABYTE = 1_000_000

MOST = 1_000
"""Maximum megabytes of a log whatever ``disk:`` says, because a stored run may be forged."""

UNPACKED = 5
"""Maximum total size of all long bodies, unpacked, as a multiple of the size of the log."""

MOST_UNPACKED = 2_000
"""Maximum megabytes of all long bodies, unpacked, whatever ``disk:`` says."""

SHARE = 0.4
"""The share of the bound up to which all bodies are logged. Beyond it, only short ones are."""

HEADERS, FEWER = 16_384, 2_048
"""Maximum bytes, as JSON, of the logged headers of a response: normally, and after many headers."""

MANY_HEADERS = 16 * MEGABYTE
"""Total bytes of headers after which fewer are logged, because all are held in memory.

A header that repeats, such as a long policy, is held once and counted once.
"""

SHARED_HEADERS = 1_000
"""Maximum number of different headers that are held only once."""


RESERVE = 0.1
"""The share of a bound that a full log has left for the requests and notes at the end."""


def bounds(disk: int) -> Bounds:
    """The bounds for reading the log of a run with a limit of ``disk`` megabytes.

    Short bodies are logged even beyond ``disk``, so no bound is below that of the default limit.
    """
    megabytes = min(max(disk, DISK), MOST)
    return Bounds(
        size=megabytes * MEGABYTE,
        unpacked=min(megabytes * UNPACKED, MOST_UNPACKED) * MEGABYTE,
    )


class Room:
    """The room left in a log. ``used`` is its size in bytes; ``disk`` is in megabytes."""

    def __init__(self, disk: int) -> None:
        self._ample = int(min(disk, MOST) * MEGABYTE * SHARE)  # bytes up to which all bodies fit
        self._headers = 0  # bytes of the headers that are held in memory
        self._known_headers: set[tuple[str, str]] = set()
        self._whole, self._left = bounds(disk), bounds(disk)
        self.used = 0

    @property
    def is_full(self) -> bool:
        """Whether the log is so close to its bounds that a run must end."""
        whole, left = self._whole, self._left
        return (
            left.size < RESERVE * whole.size
            or left.lines < RESERVE * whole.lines
            or left.memory < RESERVE * whole.memory
        )

    def write(self, line: str) -> None:
        """Count a written line."""
        self.used += len(line)
        self._left.take_line(len(line))
        self._left.memory -= weight(line)

    def take_body(self, packed: int, length: int) -> bool:
        """Reserve room for a long body; returns whether there is enough, packed and unpacked.

        Only the unpacked size is counted here; ``write`` counts the packed one.
        """
        fits = self.has_room_for(packed) and length <= min(LONGEST_BODY, self._left.unpacked)
        if fits:
            self._left.unpacked -= length
        return fits

    def has_room_for(self, size: int) -> bool:
        """Whether there is room for another ``size`` bytes."""
        return self.used + size <= self._ample

    def fitted(self, exchange: Exchange) -> Exchange:
        """The exchange with as many headers of its response as there is room for."""
        response = exchange.response
        if response is None:
            return exchange
        self._count(response.headers)
        is_ample = self.has_room_for(HEADERS) and self._headers < MANY_HEADERS
        limit = HEADERS if is_ample else FEWER
        if len(json.dumps(response.headers)) <= limit:
            return exchange
        kept, size_kept = [], 0
        for header in response.headers:
            size_kept += len(json.dumps(header)) + len(", ")
            if size_kept > limit:
                break
            kept.append(header)
        response = replace(response, headers=tuple(kept), headers_cut=True)
        return replace(exchange, response=response)

    def _count(self, headers: Iterable[tuple[str, str]]) -> None:
        """Count the bytes of headers that are held in memory for the first time.

        Only the first SHARED_HEADERS are remembered; any other counts each time. No header counts
        for more than may be logged.
        """
        for header in headers:
            if header not in self._known_headers:
                self._headers += min(len(json.dumps(header)), HEADERS)
                if len(self._known_headers) < SHARED_HEADERS:
                    self._known_headers.add(header)
