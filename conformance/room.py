"""How much a log may hold: a run is bounded, whatever the target answers."""

from __future__ import annotations

import json
from dataclasses import replace

from conformance.model import Exchange

MEGABYTE = 1_000_000

SHARE = 0.4
"""The share of the bound up to which every body is logged. Short ones are logged beyond it."""

HEADERS, FEWER = 16_384, 2_048
"""Bytes of the headers of a response that are logged, as JSON: at first, and once many came."""

MANY_HEADERS = 16 * MEGABYTE
"""Bytes of headers from which on fewer are logged, because memory holds them all."""


class Room:
    """The room that a log has left. ``used`` are the bytes that it has, ``disk`` megabytes."""

    def __init__(self, disk: int) -> None:
        self._ample = int(disk * MEGABYTE * SHARE)
        self._headers = 0
        self.used = 0

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
