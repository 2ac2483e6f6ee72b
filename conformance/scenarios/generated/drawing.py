"""Draws generated cases in a separate process: a JSON request on stdin, the cases on stdout.

Drawing takes seconds, during which the run sends its reads. Hypothesis also collects constants from
all imported modules. A separate process always imports the same modules, and the collection is
disabled, so a checkout and a wheel draw the same cases for one seed. Cases are drawn from a copy of
the document without ``security``; otherwise most negative cases would only change the key.
"""

from __future__ import annotations

import base64
import copy
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

POSITIVE, NEGATIVE = "positive", "negative"
STEPS = 9
"""The most steps of a walk that is mixed with writes."""


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


def _operations(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """The operations of a document as Schemathesis sees them, by method and path."""
    from schemathesis import Config, openapi

    document = copy.deepcopy(document)
    document.pop("security", None)
    for item in document["paths"].values():
        for definition in item.values():
            if isinstance(definition, dict):
                definition.pop("security", None)
    config = Config.from_dict({"base-url": "http://127.0.0.1/", "generation": {"database": "none"}})
    schema = openapi.from_dict(document, config=config)
    operations = {}
    results: list[Any] = list(schema.get_all_operations())
    for result in results:
        operation = result.ok()
        operations[operation.method.upper(), operation.path] = operation
    return operations


def _draw(source: Any, mode: str, count: int, seed: int) -> list[Any]:
    """Up to ``count`` cases; none if an operation has nothing to vary."""
    import hypothesis
    from hypothesis.errors import HypothesisException
    from schemathesis import GenerationMode

    from conformance.scenarios.generated.programs import settings

    drawn: list[Any] = []
    generation = GenerationMode.POSITIVE if mode == POSITIVE else GenerationMode.NEGATIVE

    @hypothesis.seed(seed)
    @settings(count)
    @hypothesis.given(case=source.as_strategy(generation_mode=generation))
    def collect(case: Any) -> None:
        drawn.append(case)

    try:
        collect()
    except HypothesisException:
        return []
    return drawn


def _plain(case: Any) -> dict[str, Any]:
    """A case as JSON: query, path parameters, and the body as a value, as base64, or absent."""
    plain: dict[str, Any] = {
        "query": dict(case.query or {}),
        "path": dict(case.path_parameters or {}),
    }
    if isinstance(case.body, bytes):
        plain["base64"] = base64.b64encode(case.body).decode()
    elif isinstance(case.body, dict | list | str | int | float | bool | None):
        plain["body"] = case.body
    return plain


def main() -> None:
    """Draw cases for each requested operation and mode, in order, and programs of mixed walks."""
    wanted = json.load(sys.stdin)
    count, seed = wanted["count"], wanted["seed"]
    cases, programs = [], []
    with _no_local_constants():
        known = _operations(wanted["document"]) if wanted["operations"] else {}
        for operation in wanted["operations"]:
            source = known[operation["method"], operation["path"]]
            drawn = _draw(source, operation["mode"], count, seed)
            cases.append([_plain(case) for case in drawn])
        if wanted["programs"]:
            from conformance.scenarios.generated.programs import programs as drawn_programs

            programs = drawn_programs(wanted["programs"], STEPS, seed)
    json.dump({"cases": cases, "programs": programs}, sys.stdout)


if __name__ == "__main__":
    main()
