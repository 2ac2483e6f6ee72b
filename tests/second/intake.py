"""Requests and how they are read: forms, refusals, routes, and the owners of things."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.second.world import ULID, Business, Key, Thing, World, moment_of

STATUS = {
    **dict.fromkeys(("bad_request", "invalid_request", "content_blocked", "number_opted_out"), 400),
    **dict.fromkeys(("number_on_dnc", "tcpa_violation"), 400),
    "unauthorized": 401,
    "payment_required": 402,
    "forbidden": 403,
    "not_found": 404,
    "rate_limit_exceeded": 429,
    **dict.fromkeys(("vapi_error", "call_failed", "sms_send_failed", "internal_error"), 500),
}


class Refused(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """A refusal. It has the status of its code unless it is given another one."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or STATUS[code]
        self.headers = dict(headers or {})


@dataclass
class Request:
    """A request. ``query`` and ``body`` hold the values that its forms have read."""

    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    content: bytes
    address: str
    key: Key = field(default_factory=lambda: Key((), frozenset()))
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """An answer; without a body if ``body`` is None."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


# --- forms ---


def _of(kind: type | tuple[type, ...]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(value)
        return value

    return check


def _like(pattern: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(value)
        return value

    return check


def _integer(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(value)


def _boolean(value: Any) -> bool:
    if value in ("true", "false"):
        return bool(value == "true")
    return bool(_of(bool)(value))


def _moment(value: Any) -> int:
    at = moment_of(value) if isinstance(value, str) else None
    if at is None:
        raise ValueError(value)
    return at


CHECKS: dict[str, Callable[[Any], Any]] = {
    "text": _of(str),
    "object": _of(dict),
    "array": _of(list),
    "number": _of((int, float)),
    "integer": _integer,
    "boolean": _boolean,
    "moment": _moment,
    "phone": _like(r"\+[1-9][0-9]{6,14}"),
    "email": _like(r"[^@\s]+@[^@\s]+"),
    "url": _like(r"https?://[^\s]+"),
}


@dataclass(frozen=True)
class Form:
    """The members of an input. It refuses others if ``strict``, and ignores them if not."""

    fields: Mapping[str, tuple[bool, str]]
    strict: bool

    @classmethod
    def of(cls, words: str, strict: bool = False) -> Form:
        """A form from words such as ``name! score:number``.

        An exclamation mark means required. The type is text unless one is given.
        """
        fields = {}
        for word in words.split():
            name, _, kind = word.partition(":")
            fields[name.rstrip("!")] = (name.endswith("!"), kind or "text")
        return cls(fields, strict)

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The values of an input. Raises Refused.

        A null is no value, and so is an empty text if a value is required.
        """
        unknown = sorted(set(given) - set(self.fields))
        if unknown and self.strict:
            raise Refused(
                "invalid_request",
                f"This route does not know {unknown[0]!a}; it takes {', '.join(self.fields)}",
            )
        for name, (required, _) in self.fields.items():
            if required and given.get(name) in (None, ""):
                raise Refused("bad_request", f"Please give {name}, without it we cannot go on")
        return {
            name: _checked(name, kind, given[name])
            for name, (_, kind) in self.fields.items()
            if given.get(name) is not None
        }


def _checked(name: str, kind: str, value: Any) -> Any:
    try:
        return CHECKS[kind](value)
    except ValueError:
        raise Refused("invalid_request", f"{name} is no {kind} that we understand") from None


def read_query(form: Form, text: str) -> dict[str, Any]:
    """The values of a query. Raises Refused.

    An empty value counts as none. The first of two values counts, unless the form is strict.
    """
    given: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if form.strict and name in given:
            raise Refused("invalid_request", f"{name!a} is given twice")
        given.setdefault(name, value)
    return form.read({name: value for name, value in given.items() if value})


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def read_body(form: Form, request: Request) -> dict[str, Any]:
    """The values of a body, which must be a JSON object with that media type. Raises Refused."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not request.content:
        raise Refused("invalid_request", "A body is wanted: a JSON object")
    if media != "application/json":
        raise Refused("invalid_request", f"We read application/json, not {media!a}", 415)
    try:
        value = json.loads(request.content, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Refused("bad_request", "The body is no JSON") from None
    if not isinstance(value, dict):
        raise Refused("bad_request", "The body is JSON, but no object")
    return form.read(value)


# --- routes ---

Handler = Callable[[World, Request], Reply]


@dataclass(frozen=True)
class Route:
    """The handler of a method of a path, the scopes of which it requires one, and its forms."""

    handle: Handler
    scopes: tuple[str, ...]
    query: Form
    body: Form | None


ROUTES: dict[str, dict[str, Route]] = {}


def on(
    method: str,
    path: str,
    *scopes: str,
    query: str = "",
    body: str | None = None,
    strict: bool = False,
) -> Callable[[Handler], Handler]:
    """Register the handler of a method of a path."""

    def register(handle: Handler) -> Handler:
        form = None if body is None else Form.of(body, strict)
        ROUTES.setdefault(path, {})[method] = Route(handle, scopes, Form.of(query, strict), form)
        return handle

    return register


# --- whose it is ---

SHAPES: dict[str, Callable[[str], bool]] = {
    "lead": lambda text: re.fullmatch(f"[0-7][{ULID}]{{25}}", text) is not None,
    "event": lambda text: text.isascii() and text.isdigit() and int(text[:30]) < 2**63,
}
"""Kinds with ids of a fixed form; an id of another form is refused."""
HIDDEN = frozenset(
    {"lead", "number", "webhook", "workspace", "conversation", "event", "run", "eval_run"}
)
"""Kinds whose foreign objects return 404; those of other kinds return 403."""


def find(
    world: World, request: Request, kind: str, value: Any, member: str = "id", foreign: str = ""
) -> tuple[Business, Thing]:
    """A thing that the key of a request may see, with its business. Raises Refused."""
    if member == "id" and kind in SHAPES and not SHAPES[kind](str(value)):
        raise Refused("invalid_request", f"An id of a {kind} does not look like that")
    owner = world.owner(kind, member, value)
    if owner is None:
        raise Refused("not_found", f"We know no {kind.replace('_', ' ')} {ascii(value)[:60]}")
    if owner[0].id not in request.key.businesses:
        code = foreign or ("not_found" if kind in HIDDEN else "forbidden")
        raise Refused(code, f"That {kind} is not yours to see (asked for {ascii(value)[:60]})")
    return owner


def agent_of(world: World, request: Request, business: Business) -> None:
    """Check that the agent of a body, if it has one, is of a given business. Raises Refused."""
    if (
        "agent_id" in request.body
        and find(world, request, "agent", request.body["agent_id"])[0] is not business
    ):
        raise Refused("invalid_request", "That agent is of another business of yours")


def alive(
    world: World, request: Request, kind: str, value: Any, member: str = "id"
) -> tuple[Business, Thing]:
    """The same as ``find``, but refuses deleted things."""
    business, thing = find(world, request, kind, value, member)
    if thing.gone:
        raise Refused("not_found", f"The {kind} {ascii(value)[:60]} was deleted")
    return business, thing


def business_of(
    world: World, request: Request, given: str | None, code: str = "forbidden"
) -> Business:
    """The business of a request: the one that it names, or the only one of its key.

    Raises Refused.
    """
    if given is None and len(request.key.businesses) > 1:
        raise Refused(
            "bad_request",
            f"Your key opens {len(request.key.businesses)} businesses: say business_id",
        )
    chosen = given or request.key.businesses[0]
    if chosen not in request.key.businesses:
        raise Refused(code, f"The business {ascii(chosen)[:60]} is out of reach for this key")
    return world.businesses[chosen]
