"""Habits of frameworks that the contract allows."""

from __future__ import annotations

from typing import Any, NoReturn

from conformance.model import Operation
from conformance.server.messages import Refusal, Request
from tests.faults.base import Faulty, variant


@variant("L49")
class PathsInAnyCase(Faulty):
    """Paths are case-insensitive and may end with a slash. Each needs its key all the same."""

    def local_path(self, request: Request) -> str | None:
        path = super().local_path(request)
        return path.lower().rstrip("/") if path else path


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
