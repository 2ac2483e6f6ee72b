"""What comes in and how it is read: requests, the words that forms are written in, refusals, the table of routes."""

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
    """A refusal: code and message, a status where it is not that of the code, headers."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.headers = (
            code,
            message,
            status or STATUS[code],
            dict(headers or {}),
        )


@dataclass
class Request:
    """A request; ``query`` and ``body`` hold what its form has made of them."""

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
    """An answer; a body of None is none at all."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


# --- forms ----------------------------------------------------------------------------------------


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
    return (
        {"true": True, "false": False}[value]
        if value in ("true", "false")
        else bool(_of(bool)(value))
    )


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
    """The members of an input. ``strict``: others are refused, else ignored."""

    fields: Mapping[str, tuple[bool, str]]
    strict: bool

    @classmethod
    def of(cls, words: str, strict: bool = False) -> Form:
        """A form written as words such as ``name! score:number``: a mark for what is required, a type if it is not text."""
        found = {}
        for word in words.split():
            name, _, kind = word.partition(":")
            found[name.rstrip("!")] = (name.endswith("!"), kind or "text")
        return cls(found, strict)

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a form. A null is no value, and an empty text is none where one is required."""
        unknown = sorted(set(given) - set(self.fields))
        if unknown and self.strict:
            raise Refused(
                "invalid_request",
                f"This route does not know {unknown[0]!a}; it takes {', '.join(self.fields)}",
            )
        for name, (required, _) in self.fields.items():
            if required and given.get(name) in (None, ""):
                raise Refused("bad_request", f"Please give {name}, without it we cannot go on")
        values = {}
        for name, (_, kind) in self.fields.items():
            if given.get(name) is not None:
                try:
                    values[name] = CHECKS[kind](given[name])
                except ValueError:
                    raise Refused(
                        "invalid_request", f"{name} is no {kind} that we understand"
                    ) from None
        return values


def read_query(form: Form, text: str) -> dict[str, Any]:
    """The query: an empty value is none; of two values the first counts, or both are refused where the form is strict."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if form.strict and name in found:
            raise Refused("invalid_request", f"{name!a} is given twice")
        found.setdefault(name, value)
    return form.read({name: value for name, value in found.items() if value})


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def read_body(form: Form, request: Request) -> dict[str, Any]:
    """The body, which has to be a JSON object and to say so."""
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


# --- routes ---------------------------------------------------------------------------------------

Handler = Callable[[World, Request], Reply]


@dataclass(frozen=True)
class Route:
    """What answers a method of a path, the scopes of which one is wanted, and the forms of its input."""

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
    """Register what answers a method of a path."""

    def register(handle: Handler) -> Handler:
        form = None if body is None else Form.of(body, strict)
        ROUTES.setdefault(path, {})[method] = Route(handle, scopes, Form.of(query, strict), form)
        return handle

    return register


# --- whose it is ----------------------------------------------------------------------------------

SHAPES: dict[str, Callable[[str], bool]] = {
    "lead": lambda text: re.fullmatch(f"[0-7][{ULID}]{{25}}", text) is not None,
    "event": lambda text: text.isascii() and text.isdigit() and int(text[:30]) < 2**63,
}
"""Kinds whose ids are read: one of another shape is not looked for."""
HIDDEN = frozenset(
    {"lead", "number", "webhook", "workspace", "conversation", "event", "run", "eval_run"}
)
"""Kinds of which a foreign object is told to be missing; of the others it is told that it is foreign."""


def find(
    world: World, request: Request, kind: str, value: Any, member: str = "id", foreign: str = ""
) -> tuple[Business, Thing]:
    """A thing that the key of a request reaches, and its business. Raises Refused."""
    if member == "id" and kind in SHAPES and not SHAPES[kind](str(value)):
        raise Refused("invalid_request", f"An id of a {kind} does not look like that")
    owned = world.owner(kind, member, value)
    if owned is None:
        raise Refused("not_found", f"We know no {kind.replace('_', ' ')} {ascii(value)[:60]}")
    if owned[0].id not in request.key.businesses:
        code = foreign or ("not_found" if kind in HIDDEN else "forbidden")
        raise Refused(code, f"That {kind} is not yours to see (asked for {ascii(value)[:60]})")
    return owned


def agent_of(world: World, request: Request, business: Business) -> None:
    """Check that the agent of a body, if there is one, is of the business that the rest is for."""
    if (
        "agent_id" in request.body
        and find(world, request, "agent", request.body["agent_id"])[0] is not business
    ):
        raise Refused("invalid_request", "That agent is of another business of yours")


def alive(
    world: World, request: Request, kind: str, value: Any, member: str = "id"
) -> tuple[Business, Thing]:
    """The same, but for things that were deleted."""
    business, thing = find(world, request, kind, value, member)
    if thing.gone:
        raise Refused("not_found", f"The {kind} {ascii(value)[:60]} was deleted")
    return business, thing


def business_of(
    world: World, request: Request, given: str | None, code: str = "forbidden"
) -> Business:
    """The business that a request is about: the one that it names, or the only one of its key."""
    if given is None and len(request.key.businesses) > 1:
        raise Refused(
            "bad_request",
            f"Your key opens {len(request.key.businesses)} businesses: say business_id",
        )
    chosen = given or request.key.businesses[0]
    if chosen not in request.key.businesses:
        raise Refused(code, f"The business {ascii(chosen)[:60]} is out of reach for this key")
    return world.businesses[chosen]
