"""Faults of the transfer: answers that do not arrive whole, or are no proper HTTP."""

from __future__ import annotations

import gzip

from conformance.server.messages import Reply, Request
from tests.faults.base import Faulty, fault


class Zipped(Faulty):
    """An error that is said to be compressed with gzip."""

    def all_headers(self, request: Request, reply: Reply, body: bytes) -> list[tuple[str, str]]:
        headers = super().all_headers(request, reply, body)
        return [*headers, ("Content-Encoding", "gzip")] if reply.status >= 400 else headers

    def encode(self, reply: Reply) -> bytes:
        body = super().encode(reply)
        return self.spoilt(gzip.compress(body)) if reply.status >= 400 else body

    def spoilt(self, body: bytes) -> bytes:
        """The compressed body as it is sent."""
        return body


@fault("http-complete", by="unknown-id", socket=True)
class GzipWithoutEnd(Zipped):
    """A compressed error lacks its checksum and its length."""

    def spoilt(self, body: bytes) -> bytes:
        return body[:-8]


@fault("http-complete", by="unknown-id", socket=True)
class GzipOfSomethingElse(Zipped):
    """The checksum of a compressed error is wrong."""

    def spoilt(self, body: bytes) -> bytes:
        return body[:-8] + bytes(4) + body[-4:]
