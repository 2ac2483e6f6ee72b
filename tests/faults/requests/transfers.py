"""Faults of the transfer: answers that do not arrive whole, or are no proper HTTP."""

from __future__ import annotations

import gzip

from conformance.server.messages import Reply, Request
from tests.faults.base import Faulty, fault


class Zipped(Faulty):
    """An answer that is said to be compressed with gzip."""

    def all_headers(self, request: Request, reply: Reply, body: bytes) -> list[tuple[str, str]]:
        headers = super().all_headers(request, reply, body)
        return [*headers, ("Content-Encoding", "gzip")]

    def encode(self, reply: Reply) -> bytes:
        return self.spoilt(gzip.compress(super().encode(reply)))

    def spoilt(self, body: bytes) -> bytes:
        """The compressed body as it is sent."""
        return body


@fault("http-complete", by="plain-read", socket=True)
class GzipWithoutEnd(Zipped):
    """A compressed answer lacks its checksum and its length."""

    def spoilt(self, body: bytes) -> bytes:
        return body[:-8]


@fault("http-complete", by="plain-read", socket=True)
class GzipOfSomethingElse(Zipped):
    """The checksum of a compressed answer is wrong."""

    def spoilt(self, body: bytes) -> bytes:
        return body[:-8] + bytes(4) + body[-4:]
