"""YAML files read as JSON would be, with the line of every value.

PyYAML's own idea of values is wider than JSON (dates, ``yes``, octal numbers, silent duplicate
keys); each of these has turned a typo into a wrong contract somewhere, so they are refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import yaml

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Place = tuple[str | int, ...]
"""Keys and indexes from the top of a document to a value."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """SafeLoader, the one in C where it is built, with the scalars of JSON only."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own form
    yaml_constructors = {  # noqa: RUF012
        tag: make
        for tag, make in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.rpartition(":")[2] in ("str", "seq", "int", "float", "bool", "null")
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ARG002 - PyYAML's own form
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key must be plain text", problem_mark=key.start_mark
                )
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value} stands twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(true|false)\Z"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(null|~|)\Z"), ["n", "~", ""])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"-?(0|[1-9][0-9]*)\Z"), list("-0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)([eE][-+]?[0-9]+)?\Z"),
    list("-0123456789"),
)
_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.construct_mapping)


@dataclass(frozen=True)
class YamlFile:
    """A parsed file: its value, and the tree of YAML that it came from."""

    name: str
    value: Any
    node: yaml.Node

    @cached_property
    def lines(self) -> dict[Place, int]:
        """The line, from 1, of each place. Found only when a fault is to be named."""
        return dict(_lines(self.node))

    def fault(self, place: Sequence[str | int], message: str) -> str:
        """``file:line: message`` for the nearest place that has a line."""
        at = tuple(place)
        while at not in self.lines and at:
            at = at[:-1]
        return f"{self.name}:{self.lines.get(at, 1)}: {message}"


def _lines(node: yaml.Node, place: Place = ()) -> Iterator[tuple[Place, int]]:
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*place, key.value))
            yield (*place, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*place, index))


def read(path: Path, name: str, faults: list[str]) -> YamlFile | None:
    """Parse one file; on failure add ``file:line: message`` to ``faults`` and give None."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        faults.append(f"{name}:1: the file is missing")
        return None
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{name}:1: cannot be read: {error}")
        return None
    return parse(text, name, faults)


def parse(text: str, name: str, faults: list[str]) -> YamlFile | None:
    """Parse a text; on failure add ``file:line: message`` to ``faults`` and give None."""
    try:
        alias = _alias(text)
        if alias is not None:
            line = alias.start_mark.line + 1 if alias.start_mark else 1
            faults.append(f"{name}:{line}: aliases (*{alias.anchor}) are not allowed")
            return None
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            faults.append(f"{name}:1: the file is empty")
            return None
        return YamlFile(name, loader.construct_document(node), node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        faults.append(f"{name}:{mark.line + 1 if mark else 1}: {error.problem or error.context}")
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        faults.append(f"{name}:1: {str(error).splitlines()[0]}")
    return None


def _alias(text: str) -> yaml.AliasEvent | None:
    """The first alias: JSON has none, and a few lines of them can stand for billions of values."""
    if "&" not in text:  # without an anchor an alias is an error anyway
        return None
    events = yaml.parse(text, Loader=_Loader)
    return next((event for event in events if isinstance(event, yaml.AliasEvent)), None)


def validate(
    file: YamlFile,
    schema: dict[str, Any],
    faults: list[str],
    below: Place = (),
    secret: tuple[str, ...] = (),
) -> bool:
    """Check the value at a place against a JSON Schema; each error becomes a fault. True if none.

    Values under the members named in ``secret`` are quoted in no message.
    """
    value = file.value
    for step in below:
        value = value[step]
    if _fits(schema, value):
        return True
    from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    errors = sorted(validator.iter_errors(value), key=lambda e: list(map(str, e.absolute_path)))
    for error in errors:
        deepest = best_match([error]) or error
        place = (*below, *deepest.absolute_path, *_unknown_member(deepest))
        hidden = bool(place) and place[0] in secret and deepest.validator != "additionalProperties"
        message = (
            f"this does not fit: {deepest.validator} {deepest.validator_value}"
            if hidden
            else deepest.message
        )
        faults.append(file.fault(place, message if len(message) <= 300 else message[:299] + "…"))
    return not errors


def _fits(schema: dict[str, Any], value: Any) -> bool:
    """The quick answer. jsonschema is slow to import, and has the better words for what is wrong."""
    try:
        return jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(value)
    except (ValueError, RecursionError):  # a value that only Python can hold
        return False


def _unknown_member(error: ValidationError) -> tuple[str, ...]:
    """The member that an error is about, where it is about one that the schema does not know."""
    if error.validator != "additionalProperties" or not isinstance(error.instance, dict):
        return ()
    schema: Any = error.schema
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    return tuple(
        name
        for name in error.instance
        if name not in known and not any(re.search(p, name) for p in patterns)
    )[:1]
