"""Maps method and path to an operation: exact paths first, then templates, then the mode."""

# ruff: noqa: ARG002 - a method may ignore an argument that an overriding one needs

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from conformance.model import Operation
from conformance.server.core import Core
from conformance.server.messages import Refusal, Request


class Routing(Core):
    """Finds the operation of a request. A mode is one operation of a method and path."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._exact: dict[tuple[str, str], list[Operation]] = {}
        self._templates: list[tuple[str, re.Pattern[str], list[Operation]]] = []
        modes_of: dict[tuple[str, str], list[Operation]] = {}
        for operation in self.contract.operations.values():
            modes_of.setdefault((operation.method, operation.path), []).append(operation)
        for (method, path), modes in modes_of.items():
            if "{" in path:
                self._templates.append((method, _template(path), modes))
            else:
                self._exact[method, path] = modes

    def local_path(self, request: Request) -> str | None:
        """The path below the base path of the API, or None if it is outside."""
        base = self.contract.base_path
        if not request.path.startswith(base + "/"):
            return None
        return request.path.removeprefix(base)

    def find_route(self, request: Request) -> tuple[list[Operation], dict[str, str]] | None:
        """The modes of a route and the values in the path, or None if there is no route."""
        path = self.local_path(request)
        if path is None:
            return None
        if (request.method, path) in self._exact:
            return self._exact[request.method, path], {}
        for method, template, modes in self._templates:
            match = template.fullmatch(path)
            if method == request.method and match:
                return modes, match.groupdict()
        return None

    def choose_mode(self, modes: list[Operation], request: Request) -> Operation:
        """The first mode whose selecting parameter has a value in the request.

        If there is none, the first mode without such a parameter, or else the first mode.
        """
        values = self._selecting_values(modes, request)
        for mode in modes:
            if mode.when and values.get(mode.when):
                return mode
        for mode in modes:
            if not mode.when:
                return mode
        return modes[0]

    def _selecting_values(self, modes: list[Operation], request: Request) -> Mapping[str, Any]:
        """The values that may select a mode: body members if any mode needs one, or the query."""
        for mode in modes:
            if mode.when in [parameter.name for parameter in mode.body]:
                return self.peek(request)
        return request.query

    def peek(self, request: Request) -> dict[str, Any]:
        """The body members before validation, which depends on the mode.

        Empty if the body is not a JSON object.
        """
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError):
            return {}
        return body if isinstance(body, dict) else {}

    def unknown_route(self, request: Request) -> Refusal:
        """The refusal of a path or method that the contract does not have."""
        return Refusal("not_found", "There is no such path or method")

    def route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        """The operation of a request, and the values in its path.

        Raises Refusal if there is none.
        """
        found = self.find_route(request)
        if found is None:
            raise self.unknown_route(request)
        modes, values = found
        return self.choose_mode(modes, request), values


def _template(path: str) -> re.Pattern[str]:
    """The pattern for a path template, with a named group for each placeholder."""
    pattern = ""
    for index, part in enumerate(re.split(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", path)):
        is_placeholder = index % 2 == 1
        pattern += f"(?P<{part}>[^/]+)" if is_placeholder else re.escape(part)
    return re.compile(pattern)
