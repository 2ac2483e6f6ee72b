"""Draws values in a separate process: a JSON request on stdin, what was drawn on stdout.

Drawing takes seconds, during which the run sends its reads. Hypothesis also collects constants from
all imported modules. A separate process always imports the same modules, and the collection is
disabled, so a checkout and a wheel draw the same values for one seed. Values are drawn from a copy
of the document without ``security``; otherwise most wrong values would be those of a key.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

STEPS = 9
"""The most steps of a walk that is mixed with writes."""

WRONG = (
    *("incorrect_type", "invalid_enum_value", "invalid_format", "invalid_pattern"),
    *("value_below_minimum", "value_above_maximum"),
    *("string_below_min_length", "string_above_max_length"),
    *("array_below_min_items", "array_above_max_items"),
)
"""What Schemathesis calls the mistakes of one value, in its coverage of a schema."""

FILLED = {"key": "value"}
"""Replaces an empty object, which a server could take for a missing value."""


@contextmanager
def _no_local_constants() -> Iterator[None]:
    """Keep Hypothesis from drawing constants that it finds in the source of imported modules."""
    from hypothesis.internal.conjecture import providers

    # a private function, which other versions may lack
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


def _wrong_values(operation: Any) -> list[list[Any]]:
    """The values that violate a schema in one place: lists of place, name, mistake and value.

    Only the mistakes in WRONG count. One inside a member makes a wrong value of that member. Each
    value occurs once.
    """
    from schemathesis import GenerationMode

    cases = operation.schema.iter_coverage_cases(
        operation=operation,
        generation_modes=[GenerationMode.NEGATIVE],
        generation_config=operation.schema.config.generation,
    )
    found: dict[str, list[Any]] = {}
    for case in cases:
        data = case.meta.phase.data
        mistake, place = str(data.scenario), str(getattr(data.parameter_location, "value", ""))
        parts = {"query": case.query, "path": case.path_parameters, "body": case.body}
        values, name = parts.get(place), data.parameter
        if place == "body":  # the member is named only in the description
            name = (data.description or "").partition(":")[0]
        if mistake in WRONG and isinstance(values, dict) and name in values:
            value = FILLED if values[name] == {} else values[name]
            key = json.dumps([place, name, value], sort_keys=True)
            found.setdefault(key, [place, name, mistake, value])
    return list(found.values())


def main() -> None:
    """Draw wrong values of some operations, numbers and texts, and programs of mixed walks."""
    wanted = json.load(sys.stdin)
    wrong, texts, numbers, programs = [], {}, {}, []
    with _no_local_constants():
        if wanted["operations"]:
            from conformance.scenarios.generated.texts import drawn_numbers, drawn_texts

            known = _operations(wanted["document"])
            wrong = [
                _wrong_values(known[operation["method"], operation["path"]])
                for operation in wanted["operations"]
            ]
            texts, numbers = drawn_texts(wanted["seed"]), drawn_numbers(wanted["seed"])
        if wanted["programs"]:
            from conformance.scenarios.generated.programs import programs as drawn_programs

            programs = drawn_programs(wanted["programs"], STEPS, wanted["seed"])
    drawn = {"wrong": wrong, "texts": texts, "numbers": numbers, "programs": programs}
    json.dump(drawn, sys.stdout)


if __name__ == "__main__":
    main()
