"""The suite's side of generated cases: the process that draws them, and the messages made of them.

Drawn values that could reach people (phone numbers, mail and web addresses) are always replaced.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from conformance.base.values import ABSENT, without
from conformance.model import Contract, Operation, Parameter
from conformance.plan.registry import Depth
from conformance.scenarios.client.client import Client
from conformance.scenarios.generated.drawing import POSITIVE
from conformance.transport.message import Message, query_text

Drawn = Mapping[str, Any]


class Drawing:
    """Cases for some operations of a contract, and programs of mixed walks, while they are drawn.

    The process starts at once. The first call of a method waits for it.
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
        operations = [(contract.operations[name], mode) for name, mode in wanted]
        request = {
            "document": contract.document,
            "count": count,
            "programs": programs,
            "seed": seed,
            "operations": [
                {"method": operation.method, "path": operation.path, "mode": mode}
                for operation, mode in operations
            ],
        }
        self._process = _started(json.dumps(request))
        atexit.register(self._end)
        self._drawn: dict[str, Any] | None = None
        self._lock = threading.Lock()

    def cases(self, operation: Operation, mode: str) -> list[Drawn]:
        """The cases of one operation and mode; empty if they were not requested.

        The first call waits for the process. Raises RuntimeError if drawing failed.
        """
        drawn: list[list[Drawn]] = self._all()["cases"]
        return dict(zip(self._wanted, drawn, strict=True)).get((operation.id, mode), [])

    def programs(self) -> list[list[list[Any]]]:
        """The programs of mixed walks. Raises RuntimeError if drawing failed."""
        found: list[list[list[Any]]] = self._all()["programs"]
        return found

    def _all(self) -> dict[str, Any]:
        with self._lock:
            if self._drawn is None:
                output, errors = self._process.communicate()
                if self._process.returncode:
                    raise RuntimeError("drawing failed: " + errors.strip().splitlines()[-1])
                self._drawn = json.loads(output)
            return self._drawn

    def _end(self) -> None:
        """End the process if nobody has waited for it, as in an interrupted run."""
        self._process.kill()
        self._process.wait()


def _environment() -> dict[str, str]:
    """The environment in which Hypothesis keeps its character tables in the user's cache.

    For a user without a home directory, they go to the working directory.
    """
    with suppress(RuntimeError):
        cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
        tables = cache / "kaicalls-conformance" / "hypothesis"
        return {"HYPOTHESIS_STORAGE_DIRECTORY": str(tables), **os.environ}
    return dict(os.environ)


def _started(request: str) -> subprocess.Popen[str]:
    """The drawing process, with its request already sent."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "conformance.scenarios.generated.drawing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(),
        process_group=0,  # Ctrl-C in a terminal is for the run alone
    )
    assert process.stdin is not None
    process.stdin.write(request)
    process.stdin.close()
    process.stdin = None
    return process


COUNT = {Depth.QUICK: 1, Depth.FULL: 1, Depth.DEEP: 20}
"""Cases of each operation and mode."""
DIALLED = 6
"""Digits of the shortest text that may be somebody's phone number."""

_DRAWINGS: dict[tuple[str, tuple[tuple[str, str], ...], Depth, int, int], Drawing] = {}


def draw(client: Client) -> Drawing | None:
    """The drawn cases that a run needs; None if it needs none.

    They are drawn once per process, starting at the first call. The digest of the contract, the
    seed and the depth determine what is drawn.
    """
    wanted, programs = client.planned("generated"), len(client.planned("mixed-walk"))
    key = (client.contract.digest, wanted, client.depth, programs, client.seed)
    if key not in _DRAWINGS and (wanted or programs):
        _DRAWINGS[key] = Drawing(
            client.contract, wanted, COUNT[client.depth], programs, client.seed
        )
    return _DRAWINGS.get(key)


class _UnwritableError(Exception):
    """A drawn case cannot be written as a request of the mode that it was drawn for."""


def message(client: Client, operation: Operation, case: Drawn, mode: str) -> Message | None:
    """The message of a drawn case for one mode of its operation, made safe.

    None if it cannot be written, because it is not Unicode or would be a request of another mode.
    """
    try:
        return _Writer(client, operation, case, positive=mode == POSITIVE).message()
    except _UnwritableError:
        return None


class _Writer:
    """Writes the message of one drawn case.

    A ``positive`` case refers to objects that exist; a negative one keeps what was drawn.
    """

    def __init__(self, client: Client, operation: Operation, case: Drawn, *, positive: bool):
        self._client = client
        self._operation = operation
        self._case = case
        self._positive = positive
        self._other_modes = _selecting(client.contract, operation)
        self._known = self._references()

    def _references(self) -> dict[str, Any]:
        """Valid values of the parameters that refer to something, if they are known."""
        known = {}
        for parameter in self._operation.parameters:
            if not self._client.contract.refers(parameter):
                continue
            value = self._existing_value(parameter)
            if value is not ABSENT:
                known[parameter.name] = value
        return known

    def _existing_value(self, parameter: Parameter) -> Any:
        """Something that a reference may name. From a pool, it is an object that is still free.

        An operation that does more than read works on one of the run's own objects, if there can be
        one.
        """
        operation = self._operation
        if self._positive and operation.works_on(parameter):
            return self._client.worked_on(operation)
        return self._client.value(parameter)

    def message(self) -> Message:
        """The message. Raises _UnwritableError if it cannot be written."""
        path, query = self._path(), self._query()
        body = self._body()
        pairs: list[tuple[str, str]] = []
        for name, value in query.items():
            pairs += _pairs(name, value)
        _require_unicode([path, *(text for pair in pairs for text in pair)])
        headers = [] if body is None else [("Content-Type", "application/json")]
        for parameter in self._operation.parameters_in("header"):
            headers.append((parameter.name, str(self._client.value(parameter))))
        return Message(self._operation.method, path, tuple(pairs), tuple(headers), body)

    def _path(self) -> str:
        """The path, with a value for each of its parameters."""
        path = self._operation.path
        for parameter in self._operation.parameters_in("path"):
            name = parameter.name
            value = self._referred(name, self._case["path"].get(name, "x"))
            segment = quote(query_text(value), safe="") or "x"  # a segment is never empty
            path = path.replace(f"{{{name}}}", segment)
        return path

    def _referred(self, name: str, drawn: Any) -> Any:
        """The value of a parameter. In a positive case, an existing object if one is known."""
        if not self._positive:
            return drawn
        return self._known.get(name, drawn)

    def _query(self) -> dict[str, Any]:
        """The query parameters, with a text for the one that selects the mode."""
        query = self._of_this_mode(self._case["query"])
        for parameter in self._operation.parameters_in("query"):
            name = parameter.name
            is_sent = parameter.required or name in query
            if is_sent and name in self._known:
                drawn = query.get(name, self._known[name])
                query[name] = self._referred(name, drawn)
        selector = self._selector("query")
        if selector is not None:
            query[selector.name] = self._selecting_text(query.get(selector.name))
        return query

    def _selecting_text(self, drawn: Any) -> str:
        """A drawn value of the parameter that selects the mode.

        An empty value may count as absent and select another mode, so another text replaces it.
        """
        if not str(drawn or "").strip():
            return "unknown"
        if not isinstance(drawn, str):
            raise _UnwritableError
        return drawn

    def _body(self) -> bytes | None:
        """The body; None for a method that has none."""
        if self._operation.method in ("GET", "HEAD", "DELETE"):
            return None
        value = self._case.get("body")
        if isinstance(value, Mapping):
            return json.dumps(self._members(value)).encode()
        if self._selector("body") is not None:
            raise _UnwritableError  # only an object selects a mode
        if "base64" in self._case:
            return base64.b64decode(self._case["base64"])
        return json.dumps(value).encode() if "body" in self._case else b""

    def _members(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The members of the body, with a value for the one that selects the mode."""
        members = {}
        for name, value in self._of_this_mode(drawn).items():
            members[name] = self._safe(self._operation.parameter(name), value)
        selector = self._selector("body")
        if selector is not None and not members.get(selector.name):
            members[selector.name] = self._existing_value(selector)
            if members[selector.name] is ABSENT:
                raise _UnwritableError
        return members

    def _of_this_mode(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The drawn members, without those that would select another mode."""
        return without(drawn, self._other_modes)

    def _selector(self, place: str) -> Parameter | None:
        """The parameter that selects the mode, if it is in this place."""
        for parameter in self._operation.parameters_in(place):
            if parameter.name == self._operation.when:
                return parameter
        return None

    def _safe(self, parameter: Parameter | None, drawn: Any) -> Any:
        """A drawn value of a member, or a valid one if the drawn one could do harm."""
        if parameter is None:
            return drawn
        if not isinstance(drawn, str):
            return drawn
        names_one = (
            self._client.contract.refers(parameter) and parameter.schema.get("type") != "array"
        )
        if names_one:
            return self._existing(parameter, drawn)
        if self._reaches_somebody(parameter, drawn):
            return self._client.value(parameter)
        return drawn

    def _existing(self, parameter: Parameter, drawn: str) -> Any:
        """What a reference names in a positive case: something that exists, if any is known."""
        known = self._existing_value(parameter)
        if self._positive and known is not ABSENT:
            return known
        return drawn

    def _reaches_somebody(self, parameter: Parameter, drawn: str) -> bool:
        """Whether a text may be somebody's number or address.

        In a positive case, any text of such a parameter may be, because it has the right form.
        """
        if "@" in drawn:
            return True
        if "://" in drawn:
            return True
        digits = sum(character.isdigit() for character in drawn)
        if parameter.phone:
            return self._positive or digits >= DIALLED
        is_address = parameter.schema.get("format") in ("uri", "email")
        return is_address and self._positive


def _selecting(contract: Contract, operation: Operation) -> set[str | None]:
    """The names of the parameters that would select another mode of the method and path."""
    selecting = set()
    for other in contract.operations.values():
        if (other.path, other.method) == (operation.path, operation.method):
            selecting.add(other.when)
    return selecting - {operation.when}


def _require_unicode(texts: Iterable[str]) -> None:
    """Raise _UnwritableError for a text that contains a lone surrogate."""
    try:
        for text in texts:
            text.encode()
    except UnicodeEncodeError as error:
        raise _UnwritableError from error


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """A query parameter as pairs, one for each item of a list."""
    items = value if isinstance(value, list) else [value]
    for item in items:
        yield name, query_text(item)
