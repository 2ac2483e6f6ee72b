"""Generated cases on our side: the handle of the process that draws them, and the messages made of them.

Values that could reach real people (phone numbers, mail and web addresses) are replaced in
whatever was drawn.
"""

from __future__ import annotations

import atexit
import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from conformance.model import Contract, Operation, Parameter
from conformance.scenarios import Depth
from conformance.suite.client import Client
from conformance.suite.drawing import NEGATIVE, POSITIVE
from conformance.transport.message import Message
from conformance.values import ABSENT

Drawn = Mapping[str, Any]


class Drawing:
    """Cases for some operations of a contract, and programs of mixed walks, being drawn.

    Starts at once, is waited for at the first look.
    """

    def __init__(
        self,
        contract: Contract,
        wanted: tuple[tuple[str, str], ...],
        count: int,
        programs: int,
        seed: int,
    ) -> None:
        self._wanted = wanted
        request = {
            "document": contract.document,
            "count": count,
            "programs": programs,
            "seed": seed,
            "operations": [
                {
                    "method": contract.operations[name].method,
                    "path": contract.operations[name].path,
                    "mode": mode,
                }
                for name, mode in wanted
            ],
        }
        command = [sys.executable, "-P", "-m", "conformance.suite.drawing"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._end)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request))
        self._process.stdin.close()
        self._process.stdin = None
        self._drawn: dict[str, Any] | None = None

    def cases(self, operation: Operation, mode: str) -> list[Drawn]:
        """The cases of one operation and mode. Raises RuntimeError where drawing failed."""
        drawn: list[list[Drawn]] = self._all()["cases"]
        return dict(zip(self._wanted, drawn, strict=True)).get((operation.id, mode), [])

    def programs(self) -> list[list[list[Any]]]:
        """The programs of mixed walks. Raises RuntimeError where drawing failed."""
        found: list[list[list[Any]]] = self._all()["programs"]
        return found

    def _all(self) -> dict[str, Any]:
        if self._drawn is None:
            output, errors = self._process.communicate()
            if self._process.returncode:
                raise RuntimeError("drawing failed: " + errors.strip().splitlines()[-1])
            self._drawn = json.loads(output)
        return self._drawn

    def _end(self) -> None:
        """End the process where nobody has waited for it, as in a run that was stopped."""
        self._process.kill()
        self._process.wait()


COUNT = {Depth.QUICK: 1, Depth.FULL: 2, Depth.DEEP: 20}
"""Cases of each operation and mode."""

_DRAWINGS: dict[tuple[str, tuple[tuple[str, str], ...], Depth, int, int], Drawing] = {}


def draw(client: Client) -> Drawing | None:
    """What a run wants drawn: drawn once a process, begun at the first call; None where it wants nothing."""
    wanted, programs = client.planned("generated"), len(client.planned("mixed-walk"))
    key = (client.contract.digest, wanted, client.depth, programs, client.seed)
    if key not in _DRAWINGS and (wanted or programs):
        _DRAWINGS[key] = Drawing(
            client.contract, wanted, COUNT[client.depth], programs, client.seed
        )
    return _DRAWINGS.get(key)


def message(client: Client, operation: Operation, case: Drawn, mode: str) -> Message | None:
    """The message of a drawn case for one mode of its operation, made safe; None if it cannot be written."""
    others = _selecting(client.contract, operation)
    query = {name: value for name, value in case["query"].items() if name not in others}
    when = operation.parameter(operation.when) if operation.when else None
    path = operation.path
    for parameter in operation.parameters:
        known = (
            client.value(parameter)
            if parameter.references or parameter.name == client.contract.tenant
            else ABSENT
        )
        if parameter.place == "path":
            given = case["path"].get(parameter.name, "x")
            path = path.replace(
                f"{{{parameter.name}}}",
                _path_text(given if mode == NEGATIVE or known is ABSENT else known),
            )
        elif (
            parameter.place == "query"
            and known is not ABSENT
            and (parameter.required or parameter.name in query)
        ):
            query[parameter.name] = known if mode == POSITIVE else query.get(parameter.name, known)
    if when and when.place == "query":
        if not str(query.get(when.name) or "").strip():
            query[when.name] = (
                "unknown"  # an empty value may count as absent, and mean another mode
            )
        if not isinstance(query[when.name], str):
            return None
    body = _body(client, operation, case, mode, others)
    if body is None and when and when.place == "body":
        return None
    try:
        pairs = tuple(pair for name, value in query.items() for pair in _pairs(name, value))
        for text in (path, *(part for pair in pairs for part in pair)):
            text.encode()
    except UnicodeEncodeError:
        return None
    headers = [("Content-Type", "application/json")] if body is not None else []
    headers += [(p.name, str(client.value(p))) for p in operation.parameters if p.place == "header"]
    return Message(operation.method, path, pairs, tuple(headers), body)


def _selecting(contract: Contract, operation: Operation) -> set[str]:
    """What would select another mode of the method and path."""
    twins = [
        o
        for o in contract.operations.values()
        if (o.path, o.method) == (operation.path, operation.method)
    ]
    return {twin.when for twin in twins if twin.when} - {operation.when or ""}


def _path_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return quote(text, safe="") or "x"


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    for one in value if isinstance(value, list) else [value]:
        yield name, one if isinstance(one, str) else json.dumps(one)


def _body(
    client: Client, operation: Operation, case: Drawn, mode: str, others: set[str]
) -> bytes | None:
    if operation.method in ("GET", "HEAD", "DELETE"):
        return None
    chosen = operation.when if any(p.name == operation.when for p in operation.body) else None
    value = case.get("body")
    if isinstance(value, Mapping):
        kept = {name: member for name, member in value.items() if name not in others}
        made = {
            name: _safe(client, operation.parameter(name), member, mode)
            for name, member in kept.items()
        }
        parameter = operation.parameter(chosen) if chosen else None
        if parameter and not made.get(parameter.name):
            made[parameter.name] = client.value(parameter)
            if made[parameter.name] is ABSENT:
                return None
        return json.dumps(made).encode()
    if chosen:
        return None  # a body that is no object selects no mode
    return (
        base64.b64decode(case["base64"])
        if "base64" in case
        else json.dumps(value).encode()
        if "body" in case
        else b""
    )


def _safe(client: Client, parameter: Parameter | None, value: Any, mode: str) -> Any:
    """A drawn value, or in its place one that reaches nobody and refers to something that exists."""
    if parameter is None or not isinstance(value, str):
        return value
    if (parameter.references or parameter.name == client.contract.tenant) and parameter.schema.get(
        "type"
    ) != "array":
        known = client.value(parameter)
        return value if mode == NEGATIVE or known is ABSENT else known
    reaches = parameter.phone or "@" in value or parameter.schema.get("format") in ("uri", "email")
    dialled = sum(char.isdigit() for char in value) >= 6
    if (
        (reaches and mode == POSITIVE)
        or (parameter.phone and dialled)
        or "@" in value
        or "://" in value
    ):
        return client.value(parameter)
    return value
