"""Generated cases: drawn by Schemathesis before anything is sent, the same for one seed everywhere.

Drawn from a copy of the document without ``security`` (else most negative cases only change the
key). Hypothesis would take constants from imported modules, so that a checkout and a wheel would
differ; it is kept from that. Values that could reach real people (phone numbers, mail and web
addresses) are replaced in whatever was drawn.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from conformance.model import Contract, Operation, Parameter
from conformance.suite.client import Client
from conformance.transport.sender import Message
from conformance.values import ABSENT

POSITIVE, NEGATIVE = "positive", "negative"


@contextmanager
def _no_local_constants() -> Iterator[None]:
    from hypothesis.internal.conjecture import providers

    original = getattr(providers, "_get_local_constants", None)
    if original is not None:
        empty = type(providers._local_constants)()
        providers._get_local_constants = lambda: empty
    try:
        yield
    finally:
        if original is not None:
            providers._get_local_constants = original


class Drawer:
    """Draws cases for the operations of one contract. Costs a second to set up."""

    def __init__(self, contract: Contract) -> None:
        from schemathesis import Config
        from schemathesis import openapi as loader

        document = copy.deepcopy(dict(contract.document))
        document.pop("security", None)
        for item in document["paths"].values():
            for definition in item.values():
                if isinstance(definition, dict):
                    definition.pop("security", None)
        config = Config.from_dict({"base-url": "http://127.0.0.1/", "generation": {"database": "none"}})
        schema = loader.from_dict(document, config=config)
        self._operations = {(o.path, o.method.upper()): o for o in (result.ok() for result in schema.get_all_operations())}

    def draw(self, operation: Operation, mode: str, count: int, seed: int) -> list[Any]:
        """Up to ``count`` Schemathesis cases; none where an operation has nothing to vary."""
        import hypothesis
        from hypothesis.errors import HypothesisException
        from schemathesis import GenerationMode

        drawn: list[Any] = []
        source = self._operations[operation.path, operation.method]
        generation = GenerationMode.POSITIVE if mode == POSITIVE else GenerationMode.NEGATIVE

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=count,
            phases=[hypothesis.Phase.generate],
            database=None,
            deadline=None,
            derandomize=False,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=source.as_strategy(generation_mode=generation))
        def collect(case: Any) -> None:
            drawn.append(case)

        with _no_local_constants():
            try:
                collect()
            except HypothesisException:  # nothing can be varied
                return []
        return drawn


def message(client: Client, operation: Operation, case: Any, mode: str) -> Message | None:
    """The message of a drawn case for one mode of its operation, made safe; None if it cannot be written."""
    query = {name: value for name, value in (case.query or {}).items() if _means(client.contract, operation, name)}
    path = operation.path
    for parameter in operation.parameters:
        known = client.value(parameter) if parameter.refers or parameter.name == client.contract.tenant else ABSENT
        if parameter.place == "path":
            given = (case.path_parameters or {}).get(parameter.name, "x")
            path = path.replace(f"{{{parameter.name}}}", _path_text(given if mode == NEGATIVE or known is ABSENT else known))
        elif parameter.place == "query" and known is not ABSENT and (parameter.name == operation.when or parameter.name in query):
            query[parameter.name] = known if mode == POSITIVE else query.get(parameter.name, known)
    if operation.when and not str(query.get(operation.when) or "").strip():
        query[operation.when] = "unknown"  # an empty value may count as absent, and mean another mode
    if operation.when and not isinstance(query[operation.when], str):
        return None
    body = _body(client, operation, case, mode)
    try:
        pairs = tuple(pair for name, value in query.items() for pair in _pairs(name, value))
        for text in (path, *(part for pair in pairs for part in pair)):
            text.encode()
    except UnicodeEncodeError:
        return None
    headers = (("Content-Type", "application/json"),) if body is not None else ()
    return Message(operation.method, path, pairs, headers, body)


def _means(contract: Contract, operation: Operation, name: str) -> bool:
    """Whether a query parameter leaves the mode of an operation as it is."""
    twins = [o for o in contract.operations.values() if (o.path, o.method) == (operation.path, operation.method)]
    return name == operation.when or name not in {twin.when for twin in twins}


def _path_text(value: Any) -> str:
    from urllib.parse import quote

    text = value if isinstance(value, str) else json.dumps(value)
    return quote(text, safe="") or "x"


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    for one in value if isinstance(value, list) else [value]:
        yield name, one if isinstance(one, str) else json.dumps(one)


def _body(client: Client, operation: Operation, case: Any, mode: str) -> bytes | None:
    if operation.method in ("GET", "HEAD", "DELETE"):
        return None
    if isinstance(case.body, bytes):
        return case.body
    value = case.body
    if isinstance(value, Mapping):
        value = {name: _safe(client, operation.parameter(name), member, mode) for name, member in value.items()}
    elif not isinstance(value, list | str | int | float | bool | None):
        return b""
    return json.dumps(value).encode()


def _safe(client: Client, parameter: Parameter | None, value: Any, mode: str) -> Any:
    """A drawn value, or in its place one that reaches nobody and refers to something that exists."""
    if parameter is None or not isinstance(value, str):
        return value
    if parameter.refers or parameter.name == client.contract.tenant:
        known = client.value(parameter)
        return value if mode == NEGATIVE or known is ABSENT else known
    reaches = parameter.phone or "@" in value or parameter.schema.get("format") in ("uri", "email")
    dialled = sum(char.isdigit() for char in value) >= 6
    if (reaches and mode == POSITIVE) or (parameter.phone and dialled) or "@" in value or "://" in value:
        return client.value(parameter)
    return value
