"""What a request gives: query, path and body become checked values, or the request is refused.

Odd input is a client's mistake, never a fault of the server: a body has to be UTF-8, JSON, an object,
not nested beyond reason, and of numbers and texts that every reader can hold.
"""

# ruff: noqa: ARG002 - what a method here has no use for, an overriding one may need

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from conformance.model import Operation, Parameter
from conformance.server.core import Core
from conformance.server.messages import BODY_LIMIT, Context, Refusal, Request
from conformance.values import instant

DEEPEST = 64
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_BOOLEANS = {"true": True, "false": False}
_FORMATS = FormatChecker(formats=())
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x20\x7f]+")


@_FORMATS.checks("email")
def _email(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"[^@\s]+@[^@\s]+", value) is not None


@_FORMATS.checks("uri")
def _uri(value: object) -> bool:
    return not isinstance(value, str) or _URI.fullmatch(value) is not None


@_FORMATS.checks("date-time", raises=ValueError)
def _date_time(value: object) -> bool:
    return not isinstance(value, str) or instant(value) is not None


@_FORMATS.checks("date", raises=ValueError)
def _date(value: object) -> bool:
    return not isinstance(value, str) or (len(value) == 10 and instant(value) is not None)


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Any:
    """The keyword ``pattern``, where a dollar sign means the very end, as in ECMA 262."""
    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        yield ValidationError("the text does not match")


_Validator: Any = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


class Intake(Core):
    """Reads and checks what a request gives."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._validators = {
            (operation.id, parameter.name): _Validator(parameter.schema, format_checker=_FORMATS)
            for operation in self.contract.operations.values()
            for parameter in operation.parameters
        }

    # --- the query ---

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        """The known parameters of the query; an empty one counts as absent, an unknown one is ignored."""
        known = (
            p for p in operation.parameters if p.place == "query" and request.query.get(p.name)
        )
        return {p.name: self.read_text(p, request.query[p.name]) for p in known}

    def read_text(self, parameter: Parameter, text: str) -> Any:
        """The value that a text in the query or path stands for; the text itself where it is none of the type."""
        types = parameter.schema.get("type", "string")
        wanted = set(types if isinstance(types, list) else [types])
        if "integer" in wanted and _WHOLE.fullmatch(text):
            return int(text)
        if "number" in wanted and re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
            return float(text)
        if "boolean" in wanted and text in _BOOLEANS:
            return _BOOLEANS[text]
        return text.split(",") if "array" in wanted else text

    def header_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        """The known headers that are given; an empty one counts as absent."""
        known = {
            p.name: request.header(p.name) for p in operation.parameters if p.place == "header"
        }
        return {name: value for name, value in known.items() if value}

    # --- the body ---

    def invalid_body(self, why: str) -> NoReturn:
        """Refuse a body as such."""
        raise Refusal("invalid_parameter", f"The body {why}")

    def check_media_type(self, request: Request) -> None:
        """Refuse a body that calls itself something else than JSON."""
        told = request.header("content-type")
        if told is not None and told.partition(";")[0].strip().lower() != "application/json":
            self.invalid_body("must be application/json")

    def parse_body(self, request: Request) -> Any:
        """The value of a JSON body."""
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
        """The known members of the body; an unknown one is ignored."""
        if not operation.body:
            return {}
        if not request.body.strip():
            return {}
        self.check_media_type(request)
        body = self.parse_body(request)
        if not isinstance(body, dict):
            self.invalid_body("must be an object")
        if not _sound(body):
            self.invalid_body("is nested too deep, or holds text that cannot be kept")
        return {p.name: body[p.name] for p in operation.body if p.name in body}

    # --- checks ---

    def is_required(self, operation: Operation, parameter: Parameter) -> bool:
        """Whether a parameter has to be given."""
        return parameter.required

    def missing(self, operation: Operation, given: Mapping[str, Any]) -> list[str]:
        """The names of the required parameters that are not given."""
        return [
            p.name
            for p in operation.parameters
            if self.is_required(operation, p) and p.name not in given
        ]

    def refuse_missing(self, operation: Operation, names: list[str]) -> None:
        """Refuse what lacks a required parameter."""
        if names:
            raise Refusal("missing_parameter", f"Required and missing: {', '.join(names)}")

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        """Whether a value passes the check of its parameter; a list reads its own two (see paging)."""
        if operation.paging and parameter.name in (operation.paging.after, operation.paging.limit):
            return True
        return bool(self._validators[operation.id, parameter.name].is_valid(value))

    def invalid(self, operation: Operation, given: Mapping[str, Any]) -> list[str]:
        """The names of the parameters whose values fail their check."""
        known = [p for p in operation.parameters if p.name in given]
        return [p.name for p in known if not self.is_valid(operation, p, given[p.name])]

    def refuse_invalid(self, operation: Operation, names: list[str]) -> None:
        """Refuse values that fail their check."""
        if names:
            raise Refusal("invalid_parameter", f"Not valid: {', '.join(names)}")

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        """All values that a request gives to an operation, checked."""
        placed = {
            p.name: self.read_text(p, in_path[p.name])
            for p in operation.parameters
            if p.name in in_path
        }
        query, body = self.query_values(operation, request), self.body_values(operation, request)
        given = {**query, **body, **self.header_values(operation, request), **placed}
        self.refuse_missing(operation, self.missing(operation, given))
        self.refuse_invalid(operation, self.invalid(operation, given))
        return given

    # --- triggers ---

    def triggered(self, context: Context) -> str | None:
        """The code that the input of an operation is known to set off, or None."""
        for trigger in self.triggers:
            sent = [(context.values.get(name), value) for name, value in trigger.input.items()]
            meant = all(
                given == value or (trigger.firm and _within(value, given)) for given, value in sent
            )
            if trigger.operation == context.operation.id and meant:
                return trigger.code
        return None


def _within(text: Any, longer: Any) -> bool:
    """Whether a text with letters stands in another one, in any case."""
    both = isinstance(text, str) and isinstance(longer, str)
    return both and text.upper() != text.lower() and text.casefold() in longer.casefold()


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(text)


def _whole(text: str) -> int:
    if len(text) > 18:
        raise ValueError(text)
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _sound(value: Any) -> bool:
    """Whether nesting ends in reason, and no text has a NUL or half of a surrogate pair."""
    level = [value]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for one in level:
            if isinstance(one, str) and (
                "\0" in one or (not one.isascii() and any("\ud800" <= c <= "\udfff" for c in one))
            ):
                return False
            if isinstance(one, dict):
                inner += [*one, *one.values()]
            elif isinstance(one, list):
                inner += one
        if not inner:
            return True
        level = inner
    return False
