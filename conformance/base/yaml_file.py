"""Reads YAML as strictly as JSON, with the line of every value.

PyYAML accepts more than JSON: dates, ``yes``, octal numbers, duplicate keys. Each of these can turn
a typo into a wrong contract, so here they are plain text or rejected.
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

from conformance.base.errors import reason
from conformance.base.text import nearest
from conformance.base.values import cut

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Place = tuple[str | int, ...]
"""Keys and indexes from the top of a document to a value."""
LONGEST = 300
"""Maximum number of characters of a message."""
INDENTED = " (is this line, or one before it, indented like the others of its member?)"
HINTS = {
    "did not find expected key": INDENTED,
    "mapping values are not allowed in this context": INDENTED,
}
"""What is added to messages of PyYAML that few people understand."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """SafeLoader, in C if available, with only the scalars of JSON."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own form
    yaml_constructors = {  # noqa: RUF012
        tag: make
        for tag, make in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.rpartition(":")[2] in ("str", "seq", "int", "float", "bool", "null")
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ARG002
        """An object with plain keys and no duplicates. PyYAML passes ``deep``."""
        members: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _error_at(key, "a member name must be plain text")
            if key.value in members:
                raise _error_at(key, f"the key {key.value} appears twice")
            members[key.value] = self.construct_object(value, deep=True)
        return members


def _error_at(node: Any, problem: str) -> yaml.MarkedYAMLError:
    """An error at the position of a node or an event."""
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


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
    """A parsed file: its value, its YAML tree and its text."""

    name: str
    value: Any
    node: yaml.Node
    text: str

    @cached_property
    def lines(self) -> dict[Place, int]:
        """The line number, from 1, of each place. Computed only to report a fault."""
        return dict(_lines(self.node))

    def fault(self, place: Sequence[str | int], message: str) -> str:
        """``file:line: message`` for the nearest place that has a line."""
        return f"{self.where(place)}: {message}"

    def where(self, place: Sequence[str | int]) -> str:
        """``file:line`` of the nearest place that has a line."""
        return f"{self.name}:{self.line(place)}"

    def line(self, place: Sequence[str | int]) -> int:
        """The line number of the nearest place that has one."""
        at = tuple(place)
        while at not in self.lines and at:
            at = at[:-1]
        return self.lines.get(at, 1)


def _lines(node: yaml.Node, place: Place = ()) -> Iterator[tuple[Place, int]]:
    """Each place at and below a node, with its line. The line of a member is that of its key."""
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*place, key.value))
            # last, so that it replaces the line of the value
            yield (*place, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*place, index))


def read(path: Path, name: str, faults: list[str]) -> YamlFile | None:
    """The parsed file. On failure None, with a ``file:line: message`` added to ``faults``."""
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        faults.append(f"{name}:1: the file is missing")
        return None
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{name}:1: cannot be read: {reason(error)}")
        return None
    return parse(text, name, faults)


def parse(text: str, name: str, faults: list[str]) -> YamlFile | None:
    """The parsed text. On failure None, with a ``file:line: message`` added to ``faults``."""
    try:
        _refuse_aliases(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            faults.append(f"{name}:1: the file is empty")
            return None
        return YamlFile(name, loader.construct_document(node), node, text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = error.problem or error.context
        faults.append(f"{name}:{line}: {problem}{HINTS.get(str(problem), '')}")
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        faults.append(f"{name}:1: {str(error).splitlines()[0]}")
    return None


def _refuse_aliases(text: str) -> None:
    """Raise MarkedYAMLError at the first alias.

    JSON has none, and a few lines with aliases can represent billions of values.
    """
    if "&" not in text:  # an alias without an anchor is an error anyway
        return
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise _error_at(event, f"aliases (*{event.anchor}) are not allowed")


def validate(
    file: YamlFile,
    schema: dict[str, Any],
    faults: list[str],
    below: Place = (),
    secret: tuple[str, ...] = (),
) -> bool:
    """Whether the value at the place ``below`` satisfies a JSON Schema; adds faults if not.

    Messages never quote values below the members named in ``secret``.
    """
    value = file.value
    for step in below:
        value = value[step]
    if _fits(schema, value):
        return True
    from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415 - slow to import
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    errors = sorted(
        validator.iter_errors(value), key=lambda e: [str(step) for step in e.absolute_path]
    )
    for error in errors:
        deepest = best_match([error]) or error
        place = (*below, *deepest.absolute_path, *_unknown_member(deepest))
        hidden = bool(place) and place[0] in secret
        faults.append(file.fault(place, _message(deepest, hidden)))
    return not errors


def _fits(schema: dict[str, Any], value: Any) -> bool:
    """A quick check. jsonschema is slow to import, but has better error messages."""
    try:
        return jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(value)
    except (ValueError, RecursionError):  # a value that the validator cannot represent
        return False


EMPTY = ("minItems", "minLength", "minProperties")
"""JSON Schema keywords that require a value not to be empty."""


def _message(error: ValidationError, hidden: bool) -> str:
    """The error message, truncated, and without the value if ``hidden``."""
    message = _explained(error)
    if hidden and error.validator != "additionalProperties":
        message = f"invalid value: {error.validator} {error.validator_value}"
    return cut(message, LONGEST)


def _explained(error: ValidationError) -> str:
    """What is wrong and how to fix it, or else the message of the validator."""
    schema: Any = error.schema
    unknown = _unknown_member(error)
    if unknown:
        return f"there is no member {unknown[0]}{nearest(unknown[0], schema.get('properties', {}))}"
    if error.validator in EMPTY and not error.instance and error.absolute_path:
        return f"{error.absolute_path[-1]} is empty: give it a value, or remove it"
    if error.validator == "anyOf":
        needed = [name for each in schema["anyOf"] for name in each.get("required", ())]
        return f"it needs at least one of {', '.join(needed)}" if needed else error.message
    return error.message


def _unknown_member(error: ValidationError) -> tuple[str, ...]:
    """The first unknown member, as a tuple; empty if that is not the error."""
    if error.validator != "additionalProperties":
        return ()
    if not isinstance(error.instance, dict):
        return ()
    schema: Any = error.schema
    patterns = schema.get("patternProperties", {})
    for name in error.instance:
        matched = any(re.search(pattern, name) for pattern in patterns)
        if name not in schema.get("properties", {}) and not matched:
            return (name,)
    return ()
