"""Faults of the transfer: responses that arrive incomplete, or are not valid HTTP."""

from __future__ import annotations

import gzip

from conformance.server.messages import Reply, Request
from tests.faults.base import Faulty, fault


class Zipped(Faulty):
    """Some responses are compressed with gzip, and damaged on the way."""

    def is_spoilt(self, request: Request, reply: Reply) -> bool:
        """Whether a response is damaged: here, an error."""
        return reply.status >= 400

    def spoilt(self, body: bytes) -> bytes:
        """A compressed body without its checksum and its length."""
        return body[:-8]

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        if self.is_spoilt(request, reply):
            body = self.spoilt(gzip.compress(body))
        return reply, body

    def all_headers(self, request: Request, reply: Reply, body: bytes) -> list[tuple[str, str]]:
        headers = super().all_headers(request, reply, body)
        coding = [("Content-Encoding", "gzip")] if self.is_spoilt(request, reply) else []
        return [*headers, *coding]


@fault("http-complete", by="unknown-id", socket=True)
class GzipWithoutEnd(Zipped):
    """A compressed error lacks its checksum and its length."""


@fault("http-complete", by="unknown-id", socket=True)
class GzipOfSomethingElse(Zipped):
    """The checksum of a compressed error is wrong."""

    def spoilt(self, body: bytes) -> bytes:
        return body[:-8] + bytes(4) + body[-4:]


@fault("http-complete", at="create_agent", by="creation", socket=True, depth=3)
class CreationCutOff(Zipped):
    """The compressed response to the creation of an agent lacks its checksum and length."""

    def is_spoilt(self, request: Request, reply: Reply) -> bool:
        return self.operation_of(request) == "create_agent" and reply.status == 201
