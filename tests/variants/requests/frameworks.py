"""Habits of frameworks that the contract allows."""

from __future__ import annotations

from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote_to_bytes

from conformance.model import Operation
from conformance.server.messages import Refusal, Reply, Request
from tests.faults.base import Faulty, variant


@variant("L49")
class PathsInAnyCase(Faulty):
    """Paths are case-insensitive and may end with a slash. Each needs its key all the same."""

    def local_path(self, request: Request) -> str | None:
        path = super().local_path(request)
        return path.lower().rstrip("/") if path else path


@variant("L65")
class RepeatedParametersRefused(Faulty):
    """A query parameter that is repeated, or that has brackets in its name, returns 400."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        names = [name for name, _ in parse_qsl(request.query_text, keep_blank_values=True)]
        if len(names) > len(set(names)) or any("[" in name for name in names):
            raise Refusal("invalid_parameter")
        return super().query_values(operation, request)


@variant("L65")
class BrokenBytesRefused(Faulty):
    """A query whose bytes are no UTF-8 returns 400."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        try:
            unquote_to_bytes(request.query_text).decode()
        except UnicodeDecodeError:
            raise Refusal("invalid_parameter") from None
        return super().query_values(operation, request)


@variant("L68")
class OtherEncodingsRefused(Faulty):
    """A body labelled with a different encoding than UTF-8 returns 415 in the envelope."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        if "charset=latin1" not in (request.header("content-type") or ""):
            return super().answer(request)
        reply = Reply(415, self.envelope("invalid_request", "Only UTF-8 is taken"))
        return reply, self.encode(reply)


@variant("L06")
class EmptyParametersRefused(Faulty):
    """An empty query parameter returns 400."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        for parameter in operation.parameters_in("query"):
            if request.query.get(parameter.name) == "":
                self.invalid_query(parameter.name)
        return super().query_values(operation, request)

    def invalid_query(self, name: str) -> NoReturn:
        """Raise the Refusal of a parameter."""
        raise Refusal("invalid_parameter", f"{name} must not be empty")
