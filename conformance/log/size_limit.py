"""How much a log may hold: a run is bounded, whatever the target answers.

What a run writes and what is read of a stored run have the same bounds, so that no run writes what
its replay refuses.
"""

from __future__ import annotations

import json
from dataclasses import replace

from conformance.base.stored import LONGEST_BODY, Bounds
from conformance.base.values import weight
from conformance.model import DISK, Exchange

MEGABYTE = 1_000_000

MOST = 1_000
"""Megabytes of a log, whatever ``disk:`` says: a stored run that claims more is not believed."""

UNPACKED = 5
"""How many times as long as the log all long bodies may be, of which it holds the packed form."""

MOST_UNPACKED = 2_000
"""Megabytes of all long bodies, whatever ``disk:`` says."""

SHARE = 0.4
"""The share of the bound up to which every body is logged. Short ones are logged beyond it."""

HEADERS, FEWER = 16_384, 2_048
"""Bytes of the headers of a response that are logged, as JSON: at first, and once many came."""

MANY_HEADERS = 16 * MEGABYTE
"""Bytes of headers from which on fewer are logged, because memory holds them all."""


RESERVE = 0.1
"""The share of a bound that a full log has left, for what is sent and noted at the end."""


def bounds(disk: int) -> Bounds:
    """What is read of the log of a run of ``disk`` megabytes.

    Short bodies are logged beyond ``disk``, so that even a small one is read like the usual one.
    """
    megabytes = min(max(disk, DISK), MOST)
    return Bounds(
        size=megabytes * MEGABYTE,
        unpacked=min(megabytes * UNPACKED, MOST_UNPACKED) * MEGABYTE,
    )


class Room:
    """The room that a log has left. ``used`` are the bytes that it has, ``disk`` megabytes."""

    def __init__(self, disk: int) -> None:
        self._ample = int(min(disk, MOST) * MEGABYTE * SHARE)
        self._headers = 0
        self._whole, self._left = bounds(disk), bounds(disk)
        self.used = 0

    @property
    def is_full(self) -> bool:
        """Whether the log is so near to its bounds that a run must end."""
        whole, left = self._whole, self._left
        return (
            left.size < RESERVE * whole.size
            or left.lines < RESERVE * whole.lines
            or left.memory < RESERVE * whole.memory
        )

    def write(self, line: str) -> None:
        """Count a line that is written."""
        self.used += len(line)
        self._left.take_line(len(line))
        self._left.memory -= weight(line)

    def takes_body(self, packed: int, length: int) -> bool:
        """Whether there is room for a long body: for its packed form, and for what it unpacks to.

        It counts as written if there is.
        """
        fits = self.takes(packed) and length <= min(LONGEST_BODY, self._left.unpacked)
        if fits:
            self._left.unpacked -= length
        return fits

    def takes(self, size: int) -> bool:
        """Whether there is room for some bytes more."""
        return self.used + size <= self._ample

    def fitted(self, exchange: Exchange) -> Exchange:
        """An exchange with the headers of its response that there is room for."""
        response = exchange.response
        if response is None:
            return exchange
        limit = HEADERS if self.takes(HEADERS) and self._headers < MANY_HEADERS else FEWER
        kept, size = [], 0
        for header in response.headers:
            size += len(json.dumps(header))
            if size > limit:
                break
            kept.append(header)
        self._headers += min(size, limit)
        if size <= limit:
            return exchange
        response = replace(response, headers=tuple(kept), headers_cut=True)
        return replace(exchange, response=response)
