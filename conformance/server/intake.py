"""Reads and validates the input of a request: query, path, headers and body.

Odd input is a client mistake and never a server fault. A body must be a JSON object in UTF-8, must
not be nested too deeply, and must not contain numbers or text that some parsers cannot represent.
"""

# ruff: noqa: ARG002 - a method may ignore an argument that an overriding one needs

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from conformance.base.values import instant
from conformance.model import Operation, Parameter
from conformance.server.catalog import JSON_TYPE, types_of
from conformance.server.core import Core
from conformance.server.messages import BODY_LIMIT, Refusal, Request

DEEPEST = 64
"""Maximum levels of nesting in a body."""
_LONGEST = 18
"""Maximum number of characters in a whole number."""
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL and lone surrogates."""
_BOOLEANS = {"true": True, "false": False}


def _add_format(name: str, is_valid: Callable[[str], bool]) -> None:
    """Make schemas check a string format. Values of other types are valid."""

    def check(value: object) -> bool:
        return not isinstance(value, str) or is_valid(value)

    _FORMATS.checks(name, raises=ValueError)(check)


def _is_email(text: str) -> bool:
    """Whether a text has an @ between two other parts."""
    return re.fullmatch(r"[^@\s]+@[^@\s]+", text) is not None


def _is_uri(text: str) -> bool:
    """Whether a text has a scheme, and no space or control character."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x20\x7f]+", text) is not None


def _is_moment(text: str) -> bool:
    """Whether a text is an ISO 8601 timestamp."""
    return instant(text) is not None


def _is_date(text: str) -> bool:
    """Whether a text is a timestamp with only a date."""
    return len(text) == len("2026-04-17") and _is_moment(text)


_FORMATS = FormatChecker(formats=())
_add_format("email", _is_email)
_add_format("uri", _is_uri)
_add_format("date-time", _is_moment)
_add_format("date", _is_date)


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Any:
    """Validate ``pattern``: yield an error unless the text matches.

    As in ECMA 262, ``$`` matches only at the very end, not before a final line end.
    """
    python_pattern = re.sub(r"\$$", r"\\Z", pattern)
    if isinstance(value, str) and not re.search(python_pattern, value):
        yield ValidationError("the text does not match")


_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"pattern": _pattern}
)


class Intake(Core):
    """Reads and checks the input of a request."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._validators: dict[tuple[str, str], Any] = {}
        for operation in self.contract.operations.values():
            for parameter in operation.parameters:
                validator = _Validator(parameter.schema, format_checker=_FORMATS)
                self._validators[operation.id, parameter.name] = validator

    # --- query, path and headers ---

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        """The known query parameters, by name. An empty one counts as absent."""
        values = {}
        for parameter in operation.parameters_in("query"):
            text = request.query.get(parameter.name)
            if text:
                values[parameter.name] = self.read_text(parameter, text)
        return values

    def read_text(self, parameter: Parameter, text: str) -> Any:
        """A text in the query or path, converted to the type in the schema.

        A text that does not fit the type is returned unchanged and fails validation later.
        """
        types = types_of(parameter.schema)
        if "integer" in types and _WHOLE.fullmatch(text):
            return int(text)
        if "number" in types and _NUMBER.fullmatch(text):
            return float(text)
        if "boolean" in types:
            return _BOOLEANS.get(text, text)
        if "array" in types:
            return text.split(",")
        return text

    def header_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        """The known request headers, by name. An empty one counts as absent."""
        values = {}
        for parameter in operation.parameters_in("header"):
            text = request.header(parameter.name)
            if text:
                values[parameter.name] = text
        return values

    def _path_values(self, operation: Operation, in_path: Mapping[str, str]) -> dict[str, Any]:
        """The path parameters, by name; ``in_path`` has their texts."""
        values = {}
        for parameter in operation.parameters:
            if parameter.name in in_path:
                values[parameter.name] = self.read_text(parameter, in_path[parameter.name])
        return values

    # --- the body ---

    def invalid_body(self, why: str) -> NoReturn:
        """Raise the Refusal of a body; ``why`` completes a sentence that begins with "The body"."""
        raise Refusal("invalid_parameter", f"The body {why}")

    def check_media_type(self, request: Request) -> None:
        """Raise Refusal if the body is labelled as something other than JSON."""
        label = request.header("content-type")
        if label is None:
            return
        media_type, _, _ = label.partition(";")
        if media_type.strip().lower() != JSON_TYPE:
            self.invalid_body("must be application/json")

    def parse_body(self, request: Request) -> Any:
        """The value of a JSON body. Raises Refusal if the body is too long or not JSON."""
        if len(request.body) > BODY_LIMIT:
            self.invalid_body("is too long")
        try:
            return json.loads(
                request.body.decode("utf-8"),
                parse_constant=_refuse_number,
                parse_int=_whole,
                parse_float=_finite,
            )
        except (ValueError, RecursionError):
            self.invalid_body("is not JSON that can be read")

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        """The known body members, by name. Raises Refusal if the body itself is invalid.

        Empty for an empty body, and for an operation that takes no body.
        """
        if not operation.body:
            return {}
        if not request.body.strip():
            return {}
        self.check_media_type(request)
        body = self.parse_body(request)
        if not isinstance(body, dict):
            self.invalid_body("must be an object")
        if not _is_storable(body):
            self.invalid_body("is nested too deeply, or contains text that cannot be stored")
        return operation.in_body(body)

    # --- checks ---

    def is_required(self, operation: Operation, parameter: Parameter) -> bool:
        """Whether a parameter is required."""
        return parameter.required

    def missing(self, operation: Operation, values: Mapping[str, Any]) -> list[str]:
        """The names of the required parameters that have no value."""
        names = []
        for parameter in operation.parameters:
            if self.is_required(operation, parameter) and parameter.name not in values:
                names.append(parameter.name)
        return names

    def refuse_missing(self, operation: Operation, names: list[str]) -> None:
        """Raise Refusal if there are names of missing parameters."""
        if names:
            raise Refusal("missing_parameter", f"Required and missing: {', '.join(names)}")

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        """Whether a value matches its schema. ``paging`` checks the limit and cursor of lists."""
        paging = operation.paging
        if paging and parameter.name in (paging.after, paging.limit):
            return True
        return bool(self._validators[operation.id, parameter.name].is_valid(value))

    def invalid(self, operation: Operation, values: Mapping[str, Any]) -> list[str]:
        """The names of the parameters with invalid values."""
        names = []
        for parameter in operation.parameters:
            name = parameter.name
            if name in values and not self.is_valid(operation, parameter, values[name]):
                names.append(name)
        return names

    def refuse_invalid(self, operation: Operation, names: list[str]) -> None:
        """Raise Refusal if there are names of parameters with invalid values."""
        if names:
            raise Refusal("invalid_parameter", f"Not valid: {', '.join(names)}")

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        """All values of a request, by parameter. Raises Refusal if any is missing or invalid.

        ``in_path`` has the texts of the path parameters, by name.
        """
        path_values = self._path_values(operation, in_path)
        query_values = self.query_values(operation, request)
        body_values = self.body_values(operation, request)
        header_values = self.header_values(operation, request)
        values = {**query_values, **body_values, **header_values, **path_values}
        self.refuse_missing(operation, self.missing(operation, values))
        self.refuse_invalid(operation, self.invalid(operation, values))
        return values


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(text)


def _whole(text: str) -> int:
    """The integer for a text. Raises ValueError if it is too long."""
    if len(text) > _LONGEST:
        raise ValueError(text)
    return int(text)


def _finite(text: str) -> float:
    """The float for a text. Raises ValueError if it is out of range."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _is_storable(value: Any) -> bool:
    """Whether a value is not nested too deeply, and all its text can be stored and returned."""
    level = [value]  # all values at one depth
    for _ in range(DEEPEST):
        if not all(_is_plain(value) for value in level):
            return False
        level = _contents(level)
        if not level:
            return True
    return False


def _is_plain(value: Any) -> bool:
    """False for a text with a NUL or a lone surrogate, True for any other value."""
    if not isinstance(value, str):
        return True
    return _NOT_STORABLE.search(value) is None


def _contents(values: list[Any]) -> list[Any]:
    """The direct contents of the values: names and values of objects, items of arrays."""
    contents: list[Any] = []
    for value in values:
        if isinstance(value, dict):
            contents += [*value, *value.values()]
        elif isinstance(value, list):
            contents += value
    return contents
