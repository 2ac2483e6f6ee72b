"""Short ways to write an exchange, for examples of judges.

Builders take labels (``step="before"``) as keywords. ``as_role``, ``as_identity`` and ``as_facts``
are the only places where these become members of an exchange.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from conformance.log import exchanges as lines
from conformance.log.archive import Archive
from conformance.model import (
    NOTHING,
    Body,
    Exchange,
    Facts,
    Form,
    Request,
    Response,
    Role,
    Side,
    Step,
)
from tests.support.contracts import URL, operations, real

Query = Mapping[str, str] | Sequence[tuple[str, str]]

EMPTY_LIST = {"calls": [], "has_more": False}
"""The body of a list of calls that has none."""

# --- labels ---------------------------------------------------------------------------------------

_WORDS: Mapping[str, Callable[[Any], Any]] = {
    "step": Step,
    "form": Form,
    "side": Side,
    "fresh": tuple,
}


def as_role(role: str) -> Role:
    """The role of an exchange, from the word that a builder takes.

    Raises ValueError for a word that is no role.
    """
    return Role(role)


def as_identity(identity: str | None) -> str | None:
    """The identity of an exchange, from the word that a builder takes; None without a key."""
    return identity


def as_facts(labels: Mapping[str, Any], known: Facts = NOTHING) -> Facts:
    """Known facts with the labels that a builder takes.

    Raises TypeError for a label that no fact has, ValueError for a word that it may not hold.
    """
    return replace(
        known, **{name: _WORDS.get(name, _plain)(value) for name, value in labels.items()}
    )


def _plain(value: Any) -> Any:
    return value


def relabelled(exchange: Exchange, role: str | None = None, **labels: Any) -> Exchange:
    """An exchange with these labels in place of its own, and in another role if one is given."""
    return replace(exchange, role=as_role(role) if role else exchange.role, facts=as_facts(labels))


def labelled(exchange: Exchange, **labels: Any) -> Exchange:
    """An exchange with more labels; they win over its own."""
    return replace(exchange, facts=as_facts(labels, exchange.facts))


# --- answers --------------------------------------------------------------------------------------


def answer(
    status: int | None,
    body: Any = None,
    *,
    operation: str = "list_calls",
    method: str | None = None,
    query: Query = (),
    media: str | None = "application/json",
    text: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    raw: Body | None = None,
    failure: str | None = None,
    role: str = "probe",
    identity: str | None = "full",
    attempt: int = 1,
    case: str = "example[list_calls]",
    identifier: str = "e?",
    **labels: Any,
) -> Exchange:
    """An exchange of an operation with this status and body; without a response if status is None.

    The body is JSON unless ``text`` or ``raw`` gives it. Labels are what the scenario says of the
    request.
    """
    content = raw or _content(json.dumps(body) if text is None else text)
    typed_headers = (*([("Content-Type", media)] if media else []), *headers)
    response = None if status is None else Response(status, typed_headers, content)
    return Exchange(
        id=identifier,
        case=case,
        scenario="example",
        attempt=attempt,
        operation=operation,
        role=as_role(role),
        identity=as_identity(identity),
        facts=as_facts(labels),
        request=_request(operation, method, query),
        response=response,
        failure=failure or (None if response else "connection reset"),
    )


def _content(text: str) -> Body:
    return Body(text=text, size=len(text))


def _request(operation: str, method: str | None, query: Query) -> Request:
    known = operations().get(operation)
    path, usual_method = (known.path, known.method) if known else ("/nowhere", "GET")
    url = URL + path + (f"?{urlencode(query)}" if query else "")
    return Request(method or usual_method, url)


def without_response(exchange: Exchange) -> Exchange:
    """An exchange that got no response."""
    return replace(exchange, response=None)


def with_response_of(exchange: Exchange, other: Exchange) -> Exchange:
    """An exchange that got the response of another."""
    return replace(exchange, response=other.response)


def with_request_body(exchange: Exchange, body: Any) -> Exchange:
    """An exchange whose request had this JSON body."""
    return replace(exchange, request=replace(exchange.request, body=Body(json.dumps(body))))


def endless(status: int, **options: Any) -> Exchange:
    """An answer whose body did not end within the limits of the suite."""
    return answer(status, raw=Body(text="{", size=9, cut=True), **options)


def withheld(status: int) -> Exchange:
    """An answer whose body is not in the log."""
    return answer(status, raw=Body(text="[w]", size=9, withheld=True))


def control(**options: Any) -> Exchange:
    """A control that succeeds: a list of no calls."""
    return answer(200, EMPTY_LIST, **{"role": "control", **options})


def status_of(code: str) -> int:
    """The status of a code in the real contract; 400 for a code that it does not have."""
    known = real().errors.get(code)
    return known.status if known else 400


def error(
    code: str, message: Any = "Something is wrong with the request", **beside: Any
) -> dict[str, Any]:
    """The body of an error, with members beside the envelope."""
    return {"error": {"code": code, "message": message}, **beside}


def refusal(code: str, status: int | None = None, **options: Any) -> Exchange:
    """A refusal with a code, under the status of that code unless another is given."""
    return answer(status or status_of(code), error(code), **options)


def proxy(status: int = 502, **options: Any) -> Exchange:
    """An answer of something in front of the application: HTML without the envelope."""
    return answer(status, text="<html>Bad gateway</html>", media="text/html", **options)


def logged(exchange: Exchange) -> Exchange:
    """An exchange as the log gives it back."""
    return lines.from_json(json.loads(json.dumps(lines.to_json(exchange))), Archive())


def numbered(exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """Exchanges as the log gives them back, with the ids e1, e2 ..."""
    return tuple(logged(replace(e, id=f"e{number}")) for number, e in enumerate(exchanges, 1))


# --- calls, and pages of them ---------------------------------------------------------------------


def at(second: float, zone: str = "Z", width: int = 0) -> str:
    """The timestamp of a second of the examples, with ``width`` digits of its fraction."""
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=int(second))
    fraction = f"{second % 1:.{width}f}"[1:] if width else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + zone


def call(when: float | str, name: str | None = None, **members: Any) -> dict[str, Any]:
    """A call that was created at a second of the examples, or at a timestamp given as text."""
    timestamp = when if isinstance(when, str) else at(when)
    return {"id": name or f"c-{when}", "status": "completed", "created_at": timestamp, **members}


def call_list(*calls: Any, **options: Any) -> Exchange:
    """A list of these calls, with has_more false."""
    return answer(200, {"calls": list(calls), "has_more": False}, **options)


def page(
    walk: str,
    whens: Sequence[Any],
    more: bool,
    after: Any = None,
    limit: int | None = None,
    **options: Any,
) -> Exchange:
    """A page of calls in a walk; a number stands for the call of that second."""
    calls = [when if isinstance(when, dict) else call(when) for when in whens]
    query = dict(options.get("filters") or {})
    if after is not None:
        query["after"] = after if isinstance(after, str) else at(after)
    if limit is not None:
        query["limit"] = str(limit)
    return answer(200, {"calls": calls, "has_more": more}, query=query, walk=walk, **options)


def walked(calls: Sequence[dict[str, Any]], size: int, walk: str | None = None) -> list[Exchange]:
    """A whole walk over calls in pages of one size, as a correct server answers it without ties."""
    pages = []
    for start in range(0, len(calls), size):
        after = calls[start - 1]["created_at"] if start else None
        more = start + size < len(calls)
        pages.append(page(walk or f"by-{size}", calls[start : start + size], more, after, size))
    return pages
