"""Judges of the error structure, the registry of codes and the list of statuses: passive, on everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.checks.base import (
    Outcome,
    Problem,
    Proof,
    Trial,
    View,
    code_of,
    every,
    passive,
    pointer,
    role_of,
    said,
    trial,
    unusable,
)
from conformance.model import Clause, Contract, Exchange, Operation, Response, compact
from conformance.values import ABSENT, NOT_JSON, pointed

PROXY = frozenset({408, 411, 413, 414, 417, 421, 426, 431, 501, 502, 503, 504})
"""Statuses that something in front of the application may answer, without its envelope."""


def _error(view: View, exchange: Exchange) -> Response | None:
    """The response of an exchange if it is an error of the application with a body to judge."""
    response = exchange.response
    if (
        response is None
        or response.status < 400
        or exchange.request.method == "HEAD"
        or response.body.withheld
        or response.body.cut
    ):
        return None
    if (
        response.status in PROXY
        and pointed(response.json, view.contract.code_pointer[:1]) is ABSENT
    ):
        return None
    return response


def json_fault(response: Response) -> tuple[str, str, str] | None:
    """Why a response is not strict JSON labelled as JSON: where, expected, actual."""
    media = (response.header("Content-Type") or "").split(";")[0].strip().lower()
    if media != "application/json" and not (
        media.startswith("application/") and media.endswith("+json")
    ):
        return "Content-Type", "application/json", media or "no content type"
    if response.json is NOT_JSON:
        text = response.body.text
        shown = (
            "bytes that are not UTF-8"
            if text is None
            else compact(text[:80])
            if text
            else "an empty body"
        )
        return "/", "a JSON value", shown
    return None


def _can_err(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies where a request can be wrong: it wants a key, or takes an input."""
    return operation.keyed or bool(operation.parameters)


@passive("error.json", applies=_can_err, hint="no error response was seen")
def error_json(view: View, exchange: Exchange) -> Iterator[Outcome]:
    """An error response is JSON and labelled so."""
    response = _error(view, exchange)
    if response is None:
        return
    fault = json_fault(response)
    yield Problem(*fault, (exchange.id,)) if fault else Proof((exchange.id,))


@passive("error.shape", applies=_can_err, hint="no error response was seen")
def error_shape(view: View, exchange: Exchange) -> Iterator[Outcome]:
    """An error response is an object, with an object where code and message stand."""
    response = _error(view, exchange)
    if response is None or response.json is NOT_JSON:
        return
    for path in dict.fromkeys(
        (view.contract.code_pointer[:-1], view.contract.message_pointer[:-1])
    ):
        owner = pointed(response.json, path)
        if isinstance(owner, dict):
            yield Proof((exchange.id,))
        else:
            actual = "nothing" if owner is ABSENT else compact(owner)
            yield Problem(pointer(path), "an object", actual, (exchange.id,))


@passive("error.code-text", applies=_can_err, hint="no error response was seen")
def error_code_text(view: View, exchange: Exchange) -> Iterator[Outcome]:
    """The code of an error is a string."""
    yield from _text_member(view, exchange, view.contract.code_pointer)


@passive("error.message-text", applies=_can_err, hint="no error response was seen")
def error_message_text(view: View, exchange: Exchange) -> Iterator[Outcome]:
    """The message of an error is a string that is not empty."""
    yield from _text_member(view, exchange, view.contract.message_pointer)


def _text_member(view: View, exchange: Exchange, path: tuple[str, ...]) -> Iterator[Outcome]:
    response = _error(view, exchange)
    if response is None or not isinstance(pointed(response.json, path[:-1]), dict):
        return
    value = pointed(response.json, path)
    if isinstance(value, str) and value.strip():
        yield Proof((exchange.id,))
    else:
        actual = "nothing" if value is ABSENT else compact(value)
        yield Problem(pointer(path), "a string that is not empty", actual, (exchange.id,))


_TRACE = (
    r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+"
    r"|^\s+at (?:new |async )?[\w$.<>]+ ?\((?:[^)\n]*:\d+|native|<anonymous>|Native Method|Unknown Source)\)"
    r"|^\s+at (?:[A-Z]\w*\.){2,}\w+\("
    r"|\bat [\w$.]+\([\w$]+\.(?:java|kt|js|ts|py|go|rb):\d+"
)
_SQL = (
    r"\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bUPDATE\b \S+ \bSET\b|\bDELETE FROM\b"
    r"|syntax error at or near|SQLSTATE|sqlite3\.|psycopg|relation \"\w+\" does not exist"
)
_PATH = (
    r"(?<![\w:/.])/(?:usr|home|var|srv|opt|root|etc|tmp)/[\w.-]+"
    r"|(?<![\w:/.])(?:/[\w.-]+)+\.(?:py|js|ts|rb|go|java|kt|php|cs)\b|\b[A-Z]:\\[\w\\]+|node_modules/"
)
_INSIDE = (
    r"\b(?:10\.[0-9]{1,3}|127\.[0-9]{1,3}|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))\.[0-9]{1,3}\.[0-9]{1,3}:[0-9]{2,5}\b"
    r"|\blocalhost:[0-9]{2,5}\b|\bECONNREFUSED\b|\bENOTFOUND\b"
)
_CREDENTIAL = (  # a text without a digit is an example of one, such as YOUR_API_KEY
    r"\bsk-(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}|\bBearer (?=[A-Za-z_.~+/-]*[0-9])[A-Za-z0-9_.~+/-]{20,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."
)
_LEAKS = (
    ("a stack trace", re.compile(_TRACE, re.M)),
    ("an address of the inside", re.compile(_INSIDE)),
    ("a secret", re.compile(_CREDENTIAL)),
    ("SQL", re.compile(_SQL)),
    ("a file path of the server", re.compile(_PATH)),
)


def _placeholders(view: View) -> re.Pattern[str]:
    """What the transport puts in the place of secrets, and nothing that a message may hold by itself."""
    keys = [f"key:{role}" for role in sorted(view.target.keys)]
    unknown = [f"unknown:{prefix}" for prefix in view.contract.authentication.prefixes]
    held = "|".join(re.escape(name) for name in [*keys, *unknown])
    return re.compile(rf"\{{(?:{held}|secret:\w+-[0-9]+)(?:~[a-z-]+)?\}}")


@passive("error.message-clean", applies=_can_err, hint="no error response was seen")
def error_message_clean(view: View, exchange: Exchange) -> Iterator[Outcome]:
    """The message of an error shows nothing of the server's inside."""
    response = _error(view, exchange)
    message = pointed(response.json, view.contract.message_pointer) if response else ABSENT
    if not isinstance(message, str) or not message.strip():
        return
    for what, pattern in (*_LEAKS, ("a key", _placeholders(view))):
        found = pattern.search(message)
        if found:
            actual = f"{what}: {compact(found[0])}"
            yield Problem(
                pointer(view.contract.message_pointer),
                "a message for people",
                actual,
                (exchange.id,),
            )
            return
    yield Proof((exchange.id,))


@passive("error.code-registered", applies=_can_err, hint="no error response was seen")
def error_code_registered(view: View, exchange: Exchange) -> Iterator[Outcome]:
    """The code of an error is in the registry."""
    code = code_of(view.contract, exchange) if _error(view, exchange) else None
    if code is None:
        return
    if code in view.contract.errors:
        yield Proof((exchange.id,))
    else:
        yield Problem(
            pointer(view.contract.code_pointer),
            "a code of the registry",
            compact(code),
            (exchange.id,),
        )


def _nothing_else(view: View, body: Any) -> bool:
    """Whether a body tells an error and shows nothing: an object may well tell of an error that once befell it."""
    rest = {name: member for name, member in body.items() if name != view.contract.code_pointer[0]}
    return view.contract.identifier not in rest and not any(
        isinstance(member, dict | list) for member in rest.values()
    )


@passive("code.pairing")
def code_pairing(view: View, exchange: Exchange) -> Iterator[Outcome]:
    """A code goes with its status."""
    row = view.contract.errors.get(code_of(view.contract, exchange) or "")
    response = exchange.response
    if (
        row is None
        or response is None
        or (response.status not in view.contract.statuses and not response.ok)
    ):
        return
    if response.ok and not _nothing_else(view, response.json):
        return
    if response.status == row.status:
        yield Proof((exchange.id,), about=row.code)
    else:
        yield Problem(
            "status",
            f"{row.status} with {row.code}",
            said(exchange),
            (exchange.id,),
            about=row.code,
        )


def _of_another_media_type(exchange: Exchange) -> bool:
    """Whether a request says that its body is something else than JSON."""
    media = next(
        (value for name, value in exchange.request.headers if name.lower() == "content-type"), ""
    )
    return bool(media) and not media.lower().startswith("application/json")


@passive("status.listed", applies=every)
def status_listed(view: View, exchange: Exchange) -> Iterator[Outcome]:
    """The status is one of the list."""
    response = exchange.response
    if response is None or exchange.fact("odd"):
        return
    bare = response.status in PROXY and code_of(view.contract, exchange) is None
    if response.status in view.contract.statuses:
        yield Proof((exchange.id,))
    elif response.status == 415 and _of_another_media_type(exchange):
        yield Problem("status", "a status of the list", said(exchange), (exchange.id,), note=True)
    elif not bare:
        listed = ", ".join(map(str, sorted(view.contract.statuses)))
        yield Problem("status", f"one of {listed}", said(exchange), (exchange.id,))


@passive("status.client-mistake", applies=_can_err, hint="no request with a mistake was made")
def status_client_mistake(view: View, exchange: Exchange) -> Iterator[Outcome]:
    """A mistake of the client is not answered with a 5xx."""
    response = exchange.response
    if response is None or not exchange.fact("mistake"):
        return
    if response.status in PROXY and code_of(view.contract, exchange) is None:
        return
    if response.status >= 500 and role_of(view.contract, exchange) != "upstream":
        yield Problem("status", "4xx", said(exchange), (exchange.id,))
    elif response.status < 500:
        yield Proof((exchange.id,))


def _no_payment(contract: Contract, operation: Operation, clause: Clause) -> bool:
    return operation.payment is None


@passive("payment.elsewhere", applies=_no_payment)
def payment_elsewhere(view: View, exchange: Exchange) -> Iterator[Outcome]:
    """402 comes from the operations that take payments only."""
    response = exchange.response
    if response is None or (view.operation and view.operation.payment):
        return
    if response.status == 402 or role_of(view.contract, exchange) == "payment_required":
        yield Problem("status", "any status but 402", said(exchange), (exchange.id,))
    else:
        yield Proof((exchange.id,))


@trial("route.unknown")
def route_unknown(view: View, trial: Trial) -> Iterator[Outcome]:
    """A path or method that does not exist is answered with the error structure, not with a 5xx."""
    for probe in trial.probes:
        excuse = unusable(view, probe)
        response = probe.response
        if excuse or response is None:
            yield excuse or Proof(())
            continue
        ids = (probe.id,)
        if response.status < 400:
            if not probe.fact("mendable"):
                yield Problem("status", "an error status", said(probe), ids, note=True)
            yield Proof(ids)
            continue
        problems = [
            *error_json(view, probe),
            *error_shape(view, probe),
            *error_code_text(view, probe),
            *error_message_text(view, probe),
            *error_message_clean(view, probe),
            *error_code_registered(view, probe),
            *status_client_mistake(view, probe),
        ]
        found: list[Outcome] = [outcome for outcome in problems if isinstance(outcome, Problem)]
        yield from found or [Proof(ids)]
        if not found and response.status not in view.contract.statuses:
            yield Problem("status", "a status of the list", str(response.status), ids, note=True)
