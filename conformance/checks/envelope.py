"""Judges of the error structure, the codes and the statuses, applied to every exchange."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from conformance.base.values import ABSENT, NOT_JSON, pointed, without
from conformance.judging.leaks import inside_shown, visible_text
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Violation
from conformance.judging.responses import code_of, pointer, quote, quoted, role_of, with_body
from conformance.judging.rules import PassiveJudge, every, passive, probe
from conformance.model import (
    FROM_PROXIES,
    Clause,
    CodeRole,
    Contract,
    Exchange,
    Form,
    Operation,
    Response,
    compact,
    header_in,
)

BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
"""A percent sign that does not begin an escape. A URL that contains one is not a URI (RFC 3986)."""


def _error(context: JudgeContext, exchange: Exchange) -> Response | None:
    """The response of an exchange, if it is an error of the application with a body to judge.

    None for an error without an envelope that may come from a proxy or the HTTP server.
    """
    if exchange.status is None or exchange.status < 400:
        return None
    response = with_body(exchange)
    if response is None:
        return None
    envelope = pointed(response.json, context.contract.code_pointer[:1])
    if envelope is ABSENT and (response.status in FROM_PROXIES or _is_unparsed(exchange, response)):
        return None
    return response


def _is_unparsed(exchange: Exchange, response: Response) -> bool:
    """Whether the HTTP server rejected a URL that is not a URI, before the application saw it.

    The server then closes the connection (RFC 9112, section 3). A framework that rejects it does
    not.
    """
    closes = response.header("Connection", "").lower() == "close"
    return response.status == 400 and closes and bool(BROKEN_ESCAPE.search(exchange.request.url))


def json_fault(response: Response) -> tuple[str, str, str] | None:
    """Why a response is not strict JSON labelled as JSON: where, expected, actual; or None."""
    media = response.header("Content-Type", "").split(";")[0].strip().lower()
    if media != "application/json" and not re.fullmatch(r"application/.*\+json", media):
        return "Content-Type", "application/json", media or "no content type"
    if response.json is NOT_JSON:
        return "/", "a JSON value", _start_of(response.body.text)
    return None


def repeated_names(response: Response, exchange: Exchange) -> Iterator[Outcome]:
    """A note for an object with two members of the same name, which RFC 8259 says SHOULD NOT be."""
    if response.repeated_name is not None:
        actual = f"{compact(response.repeated_name)} more than once"
        yield Violation("/", "names that differ", actual, (exchange.id,), note=True)


def _start_of(text: str | None) -> str:
    """The start of a body as a JSON string, or words for a body that is empty or not UTF-8."""
    if text is None:
        return "bytes that are not UTF-8"
    return compact(text[:80]) if text else "an empty body"


def _can_err(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies where a request can be wrong: it requires a key, or takes an input."""
    return operation.keyed or bool(operation.parameters)


ErrorJudge = Callable[[JudgeContext, Exchange, Response], Iterable[Outcome]]


def _of_errors(rule_id: str) -> Callable[[ErrorJudge], PassiveJudge]:
    """Register a judge of error responses, which gets the response of the exchange as well.

    Returns a judge of any exchange, which yields nothing where there is no error to judge.
    """

    def register(judge: ErrorJudge) -> PassiveJudge:
        def judged(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
            response = _error(context, exchange)
            if response is not None:
                yield from judge(context, exchange, response)

        judged.__doc__ = judge.__doc__
        hint = "No error response was seen."
        return passive(rule_id, applies=_can_err, hint=hint, errors=True)(judged)

    return register


@_of_errors("error.json")
def error_json(context: JudgeContext, exchange: Exchange, response: Response) -> Iterator[Outcome]:
    """An error response is JSON and labelled as JSON."""
    fault = json_fault(response)
    yield Violation(*fault, (exchange.id,)) if fault else Pass((exchange.id,))
    yield from repeated_names(response, exchange)


@_of_errors("error.shape")
def error_shape(context: JudgeContext, exchange: Exchange, response: Response) -> Iterator[Outcome]:
    """An error response is an object that holds code and message in an object."""
    if response.json is NOT_JSON:
        return
    contract = context.contract
    parents = contract.code_pointer[:-1], contract.message_pointer[:-1]
    for path in dict.fromkeys(parents):  # once, if both have the same parent
        parent = pointed(response.json, path)
        if isinstance(parent, dict):
            yield Pass((exchange.id,))
        else:
            yield Violation(pointer(path), "an object", quoted(parent), (exchange.id,))


@_of_errors("error.code-text")
def error_code_text(
    context: JudgeContext, exchange: Exchange, response: Response
) -> Iterator[Outcome]:
    """The code of an error is a string."""
    yield from _text_member(exchange, response, context.contract.code_pointer)


@_of_errors("error.message-text")
def error_message_text(
    context: JudgeContext, exchange: Exchange, response: Response
) -> Iterator[Outcome]:
    """The message of an error is a string that is not empty."""
    yield from _text_member(exchange, response, context.contract.message_pointer)


def _text_member(
    exchange: Exchange, response: Response, path: tuple[str, ...]
) -> Iterator[Outcome]:
    """Judge that the member at a path of an error body is a string that is not empty.

    Where the object around it is missing, error.shape blames that.
    """
    if not isinstance(pointed(response.json, path[:-1]), dict):
        return
    value = pointed(response.json, path)
    if isinstance(value, str) and value.strip():
        yield Pass((exchange.id,))
    else:
        expected = "a string that is not empty"
        yield Violation(pointer(path), expected, quoted(value), (exchange.id,))


@_of_errors("error.message-clean")
def error_message_clean(
    context: JudgeContext, exchange: Exchange, response: Response
) -> Iterator[Outcome]:
    """The message of an error, or a body that is not JSON, reveals no internals of the server."""
    if response.json is NOT_JSON:
        inside = inside_shown(context, response, visible_text(response))
        if inside is not None:
            yield Violation("/", "a message for people", inside, (exchange.id,))
        return
    message = pointed(response.json, context.contract.message_pointer)
    if not isinstance(message, str) or not message.strip():
        return
    inside = inside_shown(context, response, message)
    if inside is None:
        yield Pass((exchange.id,))
    else:
        where = pointer(context.contract.message_pointer)
        yield Violation(where, "a message for people", inside, (exchange.id,))


@_of_errors("error.code-registered")
def error_code_registered(
    context: JudgeContext, exchange: Exchange, response: Response
) -> Iterator[Outcome]:
    """The code of an error is in the registry."""
    code = code_of(context.contract, exchange)
    if code is None:
        return
    if code in context.contract.errors:
        yield Pass((exchange.id,))
    else:
        where = pointer(context.contract.code_pointer)
        yield Violation(where, "a code of the registry", compact(code), (exchange.id,))


@passive("code.pairing")
def code_pairing(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A code comes with its status."""
    row = context.contract.errors.get(code_of(context.contract, exchange) or "")
    response = exchange.response
    if row is None or response is None or not _is_code_of_response(context, response):
        return
    if response.status == row.status:
        yield Pass((exchange.id,), about=row.code)
    else:
        expected = f"{row.status} with {row.code}"
        yield Violation("status", expected, quote(exchange), (exchange.id,), about=row.code)


def _is_code_of_response(context: JudgeContext, response: Response) -> bool:
    """Whether the code in a body is that of the response, so that its status must match.

    A success may show an object that holds the code of an earlier error. A status that is not on
    the list is reported by status.listed instead.
    """
    if response.ok:
        return _is_error_alone(context, response.json)
    return response.status in context.contract.statuses


def _is_error_alone(context: JudgeContext, body: Any) -> bool:
    """Whether a body holds an error and shows no object next to it."""
    other_members = without(body, {context.contract.code_pointer[0]})
    if context.contract.identifier in other_members:
        return False
    return not any(isinstance(member, dict | list) for member in other_members.values())


@passive("status.listed", applies=every)
def status_listed(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The status is one of the list."""
    response = exchange.response
    may_get_other_status = exchange.facts.odd
    if response is None or may_get_other_status:
        return
    statuses = context.contract.statuses
    if response.status in statuses:
        yield Pass((exchange.id,))
    elif response.status == 415 and _has_other_media_type(exchange):
        yield Violation(
            "status", "a status of the list", quote(exchange), (exchange.id,), note=True
        )
    elif not _from_proxy(context, exchange):
        listed = ", ".join(str(status) for status in sorted(statuses))
        yield Violation("status", f"one of {listed}", quote(exchange), (exchange.id,))


def _has_other_media_type(exchange: Exchange) -> bool:
    """Whether a request labels its body as something other than JSON in UTF-8, or not at all.

    A label of JSON without an encoding means UTF-8. A request without a body needs no label.
    """
    unlabelled = "" if exchange.request.body else "application/json"
    media = header_in(exchange.request.headers, "Content-Type", unlabelled).lower()
    other_encoding = "charset=" in media and "utf-8" not in media
    return other_encoding or not media.startswith("application/json")


def _from_proxy(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether the response may come from something in front of the application."""
    return exchange.status in FROM_PROXIES and code_of(context.contract, exchange) is None


@passive("status.client-mistake", applies=_can_err, hint="No request with a mistake was sent.")
def status_client_mistake(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A mistake of the client does not get a 5xx response."""
    response = exchange.response
    if response is None or not exchange.facts.mistake or _from_proxy(context, exchange):
        return
    if response.status < 500:
        yield Pass((exchange.id,))
    elif role_of(context.contract, exchange) is not CodeRole.UPSTREAM:
        yield Violation("status", "4xx", quote(exchange), (exchange.id,))


ENVELOPE = (
    error_json,
    error_shape,
    error_code_text,
    error_message_text,
    error_message_clean,
    error_code_registered,
    status_client_mistake,
)
"""The judges of an error on any path, documented or not."""


@probe("route.unknown")
def route_unknown(context: JudgeContext, answer: Answered) -> Iterator[Outcome]:
    """A path or method that does not exist gets the error structure, and no 5xx."""
    if answer.ok and answer.facts.form is Form.INVENTED:
        yield Violation(
            "status", "404, as the path is invented", quote(answer.exchange), answer.ids
        )
        return
    if answer.status < 400:
        if not answer.facts.mendable:  # a server may serve a path that is only spelled oddly
            actual = quote(answer.exchange)
            yield Violation("status", "an error status", actual, answer.ids, note=True)
        yield Pass(answer.ids)
        return
    violations = _broken_envelope(context, answer.exchange)
    if violations:
        yield from violations
        return
    yield Pass(answer.ids)
    if answer.status not in context.contract.statuses:  # which may hold for documented paths only
        yield Violation("status", "a status of the list", str(answer.status), answer.ids, note=True)


def _broken_envelope(context: JudgeContext, exchange: Exchange) -> list[Violation]:
    """What the judges of ``ENVELOPE`` find wrong with an error response."""
    violations = []
    for judge in ENVELOPE:
        for outcome in judge(context, exchange):
            if isinstance(outcome, Violation):
                violations.append(outcome)
    return violations
