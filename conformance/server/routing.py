"""From method and path to an operation: exact paths first, then templates, then the mode by its parameter."""

# ruff: noqa: ARG002 - what a method here has no use for, an overriding one may need

from __future__ import annotations

import json
import re
from typing import Any

from conformance.model import Operation
from conformance.server.core import Core
from conformance.server.messages import Refusal, Request


class Routing(Core):
    """Finds the operation that a request means."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._exact: dict[tuple[str, str], list[Operation]] = {}
        self._templates: list[tuple[str, re.Pattern[str], list[Operation]]] = []
        for operation in self.contract.operations.values():
            self._exact.setdefault((operation.method, operation.path), []).append(operation)
        for (method, path), modes in self._exact.items():
            if "{" in path:
                self._templates.append((method, _template(path), modes))

    def local_path(self, request: Request) -> str | None:
        """The path below the base of the API, or None outside it."""
        base = self.contract.base_path
        return request.path[len(base) :] if request.path.startswith(base + "/") else None

    def find_route(self, request: Request) -> tuple[list[Operation], dict[str, str]] | None:
        """The modes that a method and path have, and the values in the path."""
        path = self.local_path(request)
        if path is None:
            return None
        if "{" not in path and (request.method, path) in self._exact:
            return self._exact[request.method, path], {}
        for method, template, modes in self._templates:
            match = template.fullmatch(path)
            if method == request.method and match:
                return modes, match.groupdict()
        return None

    def choose_mode(self, modes: list[Operation], request: Request) -> Operation:
        """The first mode whose selecting parameter or member is given, else the one that needs none."""
        selecting = [mode for mode in modes if mode.when]
        in_body = any(p.name == mode.when for mode in selecting for p in mode.body)
        given = self.peek(request) if in_body else request.query
        chosen = next((mode for mode in selecting if given.get(mode.when or "")), None)
        return chosen or next((mode for mode in modes if not mode.when), modes[0])

    def peek(self, request: Request) -> dict[str, Any]:
        """The members of a body, as far as it can be read: its mode is chosen before it is checked."""
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError):
            return {}
        return body if isinstance(body, dict) else {}

    def unknown_route(self, request: Request) -> Refusal:
        """The refusal of a path or method that the contract does not have."""
        return Refusal("not_found", "There is no such path or method")

    def route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        """The operation that a request means, and the values in its path."""
        found = self.find_route(request)
        if found is None:
            raise self.unknown_route(request)
        modes, values = found
        return self.choose_mode(modes, request), values


def _template(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", path)
    return re.compile(
        "".join(
            f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part)
            for index, part in enumerate(parts)
        )
    )
