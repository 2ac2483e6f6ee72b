"""Examples of what each judge accepts, refuses and lets pass, and short ways to make exchanges for them.

An example goes through the log before it is judged, like everything that a judge ever sees.
"""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from conformance import contract
from conformance.checks import RULES
from conformance.evidence import exchange_from_json, exchange_to_json
from conformance.judging.rules import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.model import (
    Body,
    Case,
    Contract,
    Declaration,
    Effect,
    Exchange,
    Facts,
    Operation,
    Request,
    Response,
    Role,
    Step,
)
from conformance.server import application, target_file
from conformance.target import Target, from_file

TOY = Path(__file__).parent / "toy" / "spec"
URL = "https://api.example.test/api/v1"
TARGET = Declaration(
    name="example",
    url=URL,
    allow=frozenset(Effect),
    keys=frozenset({"full", "other"}),
    full_declared=True,
    businesses={"main": "b_main", "other": "b_other"},
    phone_numbers=("+12025550101",),
    maximum={"list_calls": 3},
)
ACCEPTED, REFUSED, SILENT, NOTE, GAP, TROUBLE = (
    "accepted",
    "refused",
    "silent",
    "note",
    "gap",
    "trouble",
)


@cache
def real() -> Contract:
    """The real contract."""
    return contract.load(rules=frozenset(RULES))


@cache
def toy() -> Contract:
    """The toy contract."""
    return contract.load(TOY, frozenset(RULES))


@cache
def embedded(name: str = "real") -> Target:
    """The embedded server of a contract as a target: everything is allowed, and every kind of key is given."""
    loaded = real() if name == "real" else toy()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "target.yaml"
        path.write_text(
            target_file(application(loaded), f"http://127.0.0.1:1{loaded.base_path}"),
            encoding="utf-8",
        )
        return from_file(loaded, path)


# --- exchanges ------------------------------------------------------------------------------------


def logged(exchange: Exchange) -> Exchange:
    """An exchange as the log gives it back."""
    return exchange_from_json(json.loads(json.dumps(exchange_to_json(exchange))))


def sent(
    status: int | None,
    body: Any = None,
    *,
    operation: str = "list_calls",
    role: str = "probe",
    method: str | None = None,
    query: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    media: str | None = "application/json",
    text: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    raw: Body | None = None,
    failure: str | None = None,
    identity: str | None = "full",
    attempt: int = 1,
    case: str = "example[list_calls]",
    identifier: str = "e?",
    **facts: Any,
) -> Exchange:
    """An exchange of an operation: the status and the body that came, or no response where status is None.

    A body is JSON unless ``text`` or ``raw`` says what came; ``facts`` are those of the scenario.
    """
    known = {**toy().operations, **real().operations}.get(operation)
    url = URL + (known.path if known else "/nowhere") + (f"?{urlencode(query)}" if query else "")
    response = None
    if status is not None:
        shown = text if text is not None else json.dumps(body)
        held = raw or Body(text=shown, size=len(shown))
        response = Response(
            status, (*((("Content-Type", media),) if media else ()), *headers), held
        )
    return Exchange(
        id=identifier,
        case=case,
        scenario="example",
        attempt=attempt,
        operation=operation,
        role=Role(role),
        identity=identity,
        facts=Facts.of(facts),
        request=Request(method or (known.method if known else "GET"), url),
        response=response,
        failure=failure or (None if response else "connection reset"),
    )


def numbered(exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """Exchanges with ids of their own, as logged."""
    return tuple(logged(replace(e, id=f"e{number}")) for number, e in enumerate(exchanges, 1))


def error(
    code: str, message: Any = "Something is wrong with the request", **beside: Any
) -> dict[str, Any]:
    """The body of an error."""
    return {"error": {"code": code, "message": message}, **beside}


STATUS_OF = {code: row.status for code, row in real().errors.items()}


def refusal(code: str, status: int | None = None, **options: Any) -> Exchange:
    """A refusal with a code, under its own status unless another is given."""
    return sent(status or STATUS_OF.get(code, 400), error(code), **options)


def labelled(status: int, media: str) -> Exchange:
    """A refusal of a body of some media type."""
    return replace(
        refusal("invalid_request", status),
        request=Request("POST", f"{URL}/calls", (("Content-Type", media),)),
    )


def proxy(status: int = 502, **options: Any) -> Exchange:
    """What something in front of the application answers: HTML without the envelope."""
    return sent(status, text="<html>Bad gateway</html>", media="text/html", **options)


def fine(**options: Any) -> Exchange:
    """A control that succeeds."""
    return sent(200, {"calls": [], "has_more": False}, **{"role": "control", **options})


# --- pages ----------------------------------------------------------------------------------------


def at(second: float, zone: str = "Z", width: int = 0) -> str:
    """A timestamp some seconds after the start of 2026."""
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=int(second))
    fraction = f"{second % 1:.{width}f}"[1:] if width else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + zone


def call(when: float | str, name: str | None = None, **members: Any) -> dict[str, Any]:
    """A call that was created at a second, or at a timestamp as text."""
    text = when if isinstance(when, str) else at(when)
    return {"id": name or f"c-{when}", "status": "completed", "created_at": text, **members}


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
    return sent(200, {"calls": calls, "has_more": more}, query=query, walk=walk, **options)


def walked(calls: Sequence[dict[str, Any]], size: int, walk: str | None = None) -> list[Exchange]:
    """A whole walk over some calls in pages of one size, as a right server would answer it without ties."""
    pages = []
    for start in range(0, len(calls), size):
        after = calls[start - 1]["created_at"] if start else None
        pages.append(
            page(
                walk or f"by-{size}",
                calls[start : start + size],
                start + size < len(calls),
                after,
                size,
            )
        )
    return pages


# --- examples -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """What a judge makes of some exchanges. ``operation`` is that of the case; a contract may be the toy one."""

    rule: str
    outcome: str
    says: str
    exchanges: tuple[Exchange, ...]
    operation: str = "list_calls"
    about: str | None = None
    target: Declaration = TARGET
    contract: Contract | None = None
    altered: Operation | None = None  # stands for the operation of the contract
    tells: str = ""  # part of what the outcomes say

    @property
    def name(self) -> str:
        """A short unique name."""
        return f"{self.rule}: {self.outcome}, {self.says}"


def outcomes(example: Example) -> list[Outcome]:
    """Everything that the judge of an example yields."""
    rule, exchanges = RULES[example.rule], numbered(example.exchanges)
    loaded = example.contract or real()
    if rule.passive:
        return [
            outcome
            for exchange in exchanges
            for outcome in rule.passive(
                JudgeContext(
                    loaded,
                    example.target,
                    example.altered or loaded.operations.get(exchange.operation),
                ),
                exchange,
            )
        ]
    assert rule.trial is not None
    case = Case(
        "example[list_calls]",
        "example",
        example.operation,
        "",
        (example.rule,),
        Effect.READ,
        about=example.about,
    )
    context = JudgeContext(
        loaded, example.target, example.altered or loaded.operations.get(example.operation)
    )
    return list(rule.trial(context, Trial(case, exchanges)))


def as_told(example: Example, given: Sequence[Outcome]) -> bool:
    """Whether outcomes are what the example says."""
    return found(given) == example.outcome and example.tells in " ".join(map(str, given))


def found(given: Iterable[Outcome]) -> str:
    """What outcomes come to, in a word."""
    given = list(given)
    if any(isinstance(outcome, Violation) and not outcome.note for outcome in given):
        return REFUSED
    other = [outcome for outcome in given if not isinstance(outcome, Pass | Violation)]
    if other:
        return GAP if type(other[0]).__name__ == "Gap" else TROUBLE
    if any(isinstance(outcome, Violation) for outcome in given):
        return NOTE
    return ACCEPTED if given else SILENT


EXAMPLES: list[Example] = []


KEY_FORMS = {
    "auth.missing": "missing",
    "auth.invalid": "unknown",
    "auth.expired": "expired",
    "auth.revoked": "revoked",
    "auth.scheme": "scheme",
    "parameter.missing": "omitted",
    "parameter.blank": "null",
}


def example(rule: str, outcome: str, says: str, *exchanges: Exchange, **options: Any) -> None:
    """Add an example; the probes of a rule about one form of key are of that form."""
    form = {"form": KEY_FORMS[rule]} if rule in KEY_FORMS else {}
    told = tuple(
        replace(e, facts=Facts.of({**form, **e.facts.to_json()})) if e.role is Role.PROBE else e
        for e in exchanges
    )
    EXAMPLES.append(Example(rule, outcome, says, told, **options))


# --- the error structure --------------------------------------------------------------------------

example("error.json", ACCEPTED, "JSON", refusal("bad_request"))
example(
    "error.json",
    ACCEPTED,
    "a charset",
    refusal("bad_request", media='Application/JSON; charset="utf-8"'),
)
example(
    "error.json", ACCEPTED, "problem+json", refusal("bad_request", media="application/problem+json")
)
for _media in ("application/xml", "text/x+json"):
    example("error.json", REFUSED, f"{_media}", refusal("bad_request", media=_media))
for _status in (399, 408, 411, 413, 414, 417, 421, 426, 431, 501, 502, 503, 504):
    example("error.json", SILENT, f"{_status} without the envelope", proxy(_status))
example("error.json", REFUSED, "HTML", sent(404, text="<h1>Not found</h1>", media="text/html"))
example("error.json", REFUSED, "JSON labelled as text", refusal("bad_request", media="text/plain"))
example("error.json", REFUSED, "no content type", refusal("bad_request", media=None))
example("error.json", REFUSED, "an empty body", sent(500, text=""), tells="an empty body")
example(
    "error.json", REFUSED, "a long text", sent(500, text="x" * 99), tells="'\"" + "x" * 80 + "\"'"
)
example("error.json", REFUSED, "NaN", sent(400, text='{"error": NaN}'))
example(
    "error.json",
    REFUSED,
    "bytes that are not UTF-8",
    sent(400, raw=Body(base64="/w==", size=1)),
    tells="bytes that are",
)
for _rule in (
    "error.json",
    "error.shape",
    "error.code-text",
    "error.message-text",
    "error.message-clean",
):
    example(_rule, SILENT, "a success", sent(200, {"calls": [], "has_more": False}))
    example(_rule, SILENT, "the answer to HEAD", sent(404, text="", media=None, method="HEAD"))
    example(
        _rule,
        SILENT,
        "a proxy without the envelope",
        proxy(502),
        proxy(503),
        proxy(504),
        proxy(413),
        proxy(431),
    )
    example(_rule, SILENT, "no response", sent(None))
    example(_rule, SILENT, "a body that was cut", sent(400, raw=Body(text="{", size=9, cut=True)))
    example(
        _rule,
        SILENT,
        "a body that was withheld",
        sent(400, raw=Body(text="[w]", size=9, withheld=True)),
    )
example(
    "error.shape",
    ACCEPTED,
    "members beside the envelope",
    sent(400, error("bad_request", request_id="r", docs=None)),
)
example("error.shape", REFUSED, "an array", sent(400, []))
example(
    "error.shape",
    REFUSED,
    "error as text",
    sent(400, {"error": "bad_request"}),
    tells="actual='\"bad_request\"'",
)
example(
    "error.shape",
    REFUSED,
    "error as a list",
    sent(400, {"error": [{"code": "bad_request", "message": "No"}]}),
)
example(
    "error.shape",
    REFUSED,
    "code and message at the top",
    sent(400, {"code": "bad_request", "message": "No"}),
    tells="actual='nothing'",
)
example(
    "error.shape", REFUSED, "an envelope of another kind from a 502", sent(502, {"error": None})
)
example("error.code-text", ACCEPTED, "a text", refusal("bad_request"))
example(
    "error.code-text", REFUSED, "a number", sent(400, {"error": {"code": 400, "message": "No"}})
)
example(
    "error.code-text",
    REFUSED,
    "null",
    sent(400, {"error": {"code": None, "message": "No"}}),
    tells="actual='null'",
)
example(
    "error.code-text",
    REFUSED,
    "none",
    sent(400, {"error": {"message": "No"}}),
    tells="actual='nothing'",
)
DEEP = replace(
    real(), code_pointer=("error", "cause", "code"), message_pointer=("error", "text", "message")
)
_deep = {"error": {"cause": {"code": "bad_request"}, "text": {"message": "No"}}}
example("error.shape", ACCEPTED, "as deep as the contract has it", sent(400, _deep), contract=DEEP)
for _missing in ("cause", "text"):
    _flat = {"error": {name: member for name, member in _deep["error"].items() if name != _missing}}
    example(
        "error.shape",
        REFUSED,
        f"without the {_missing} of another contract",
        sent(400, _flat),
        contract=DEEP,
    )
    example(
        "error.code-text",
        REFUSED if _missing == "text" else SILENT,
        f"no code, and no {_missing}",
        sent(400, {"error": {**_flat["error"], **({"cause": {}} if _missing == "text" else {})}}),
        contract=DEEP,
    )
example("error.code-text", REFUSED, "an empty text", sent(400, error("")))
example(
    "error.code-text", SILENT, "no envelope, which is another rule's", sent(400, {"message": "No"})
)
example("error.message-text", ACCEPTED, "a text", refusal("bad_request"))
example(
    "error.message-text",
    ACCEPTED,
    "details beside it",
    sent(400, {"error": {**error("bad_request")["error"], "details": []}}),
)
example("error.message-text", REFUSED, "an empty text", sent(400, error("bad_request", "")))
example("error.message-text", REFUSED, "blanks", sent(400, error("bad_request", " \t")))
example("error.message-text", REFUSED, "a list", sent(400, error("bad_request", ["No"])))
example("error.message-text", REFUSED, "none", sent(400, {"error": {"code": "bad_request"}}))

CLEAN = (
    "limit must be a number",
    "Not found: /api/v1/calls",
    "See https://example.com/app/billing and https://example.com/docs/home/start.html",
    "Please select a plan from the list of plans",
    "Select an agent from your account first",
    "Cannot delete from this business",
    "Could not update agent set by another user",
    "Nothing to insert into the prompt",
    "The body must look like {key: value}",
    "The body must look like {key:value}",
    "The call at 12:00 (UTC) is over",
    "Send Authorization: Bearer YOUR_API_KEY_FROM_THE_DASHBOARD",
    "A key of the voice provider looks like sk-your-own-key-goes-here",
    "Der Schlüssel ist ungültig 🔑",
    "Invalid input:\n  at body.name (must be a string)",
    "Invalid input:\n  at Body.name(a string)",
    "The body must look like {key:name}, {secret:word}, {found:item-1} or {link:here}",
    "A key looks like {plain:key-1}; get yours at {plain:dashboard_magic_link-2}",
)
for _text in CLEAN:
    example("error.message-clean", ACCEPTED, f"'{_text}'", sent(400, error("bad_request", _text)))
LEAKING = (
    'Traceback (most recent call last):\n  File "/srv/app.py", line 3, in x',
    "boom\n    at Object.<anonymous> (/app/dist/index.js:10:5)",
    "java.lang.NullPointerException at com.acme.Api.get(Api.java:12)",
    "broken in Node\n  at async handle (node:internal/process/task_queues:95:5)",
    "broken in Java\n  at com.acme.Api.get(Native Method)",
    "broken in .NET\n   at Acme.Api.Calls.Get(String id)",
    "SELECT * FROM calls WHERE id = 'x'",
    "INSERT INTO calls VALUES (1)",
    "UPDATE agents SET name = 'x'",
    'syntax error at or near "x"',
    "sqlite3.OperationalError: no such table",
    'relation "calls" does not exist',
    "ENOENT: /usr/src/index.js",
    "cannot open /home/deploy/api/config.yml",
    "cannot find C:\\inetpub\\api\\web.config",
    "in node_modules/express/lib/router.js",
    "401 from the provider for Bearer abcdefghij0123456789KLMN",
    "Incorrect API key: sk-proj-AbCdEfGhIjKlMn0123456789",
    "Invalid key {key:full}",
    "Invalid key {unknown:kc_live_}",
    "Invalid key kc_live_{key:full~part}",
    "Invalid key {key:full~a-part}",
    "Your new key is {secret:api_key-205}",
    "Last key used here: {found:key-1}",
    "Last key used here: kc_live_{found:key-1~part}",
    "The key of this account is {found:api_key-12}",
    "Did you mean to open {link:dashboard_magic_link-2}?",
    "Did you mean to open https://app.example.com/magic?token={link:dashboard_magic_link-2~part}?",
)
for _text in LEAKING:
    example(
        "error.message-clean",
        REFUSED,
        f"'{_text.splitlines()[0]}'",
        sent(400, error("bad_request", _text)),
    )

_link = "{link:checkout_url-3}"
example(
    "error.message-clean",
    ACCEPTED,
    "a link that the same response hands out",
    sent(402, {**error("payment_required", f"Please pay at {_link}"), "checkout_url": _link}),
)
example(
    "error.message-clean",
    REFUSED,
    "a link alone, which no member hands out",
    sent(402, error("payment_required", _link)),
)

example("error.code-registered", ACCEPTED, "a code of the table", refusal("internal_error"))
example("error.code-registered", REFUSED, "a code that is not in it", refusal("rate_limited", 429))
example("error.code-registered", REFUSED, "another case", refusal("Not_Found", 404))
example(
    "error.code-registered",
    REFUSED,
    "an unknown code under an unlisted status",
    refusal("method_not_allowed", 405),
)
example("error.code-registered", SILENT, "a proxy", proxy())
example(
    "error.code-registered",
    SILENT,
    "an error member in a success",
    sent(200, {"error": {"code": "busy"}}),
)
example(
    "code.pairing",
    ACCEPTED,
    "the status of the table",
    refusal("not_found"),
    refusal("payment_required"),
)
example("code.pairing", REFUSED, "not_found with 400", refusal("not_found", 400))
example("code.pairing", REFUSED, "unauthorized with 403", refusal("unauthorized", 403))
example(
    "code.pairing",
    SILENT,
    "an object that tells of its failure",
    sent(200, {"id": "c1", **error("call_failed")}),
)
example(
    "code.pairing",
    SILENT,
    "an object in a wrapper",
    sent(200, {"call": {}, **error("call_failed")}),
)
example("code.pairing", REFUSED, "an error under 200", refusal("unauthorized", 200))
example(
    "code.pairing",
    REFUSED,
    "an error under 200, and that it is none",
    sent(200, error("not_found", success=False)),
)
example(
    "code.pairing",
    SILENT,
    "an unlisted status",
    refusal("bad_request", 405),
    refusal("internal_error", 503),
)
example("code.pairing", SILENT, "a code that is not in the table", refusal("teapot", 400))
example("code.pairing", SILENT, "no code", sent(400, {}))

# --- statuses -------------------------------------------------------------------------------------

example(
    "status.listed",
    ACCEPTED,
    "a status of the table",
    *(sent(s, {}) for s in sorted(real().statuses)),
)
example("status.listed", REFUSED, "an unlisted status", sent(422, error("invalid_request")))
example("status.listed", REFUSED, "202", sent(202, {}))
example("status.listed", REFUSED, "a redirect", sent(302, text="", headers=[("Location", "/x")]))
example(
    "status.listed",
    REFUSED,
    "503 with an envelope of the application",
    refusal("internal_error", 503),
)
example("status.listed", SILENT, "a proxy", proxy(502), proxy(413))
example(
    "status.listed", NOTE, "415 for a body that says it is no JSON", labelled(415, "text/plain")
)
example("status.listed", REFUSED, "415 for JSON", labelled(415, "application/json; charset=utf-8"))
example(
    "status.listed", REFUSED, "405 for a body that says it is no JSON", labelled(405, "text/plain")
)
example(
    "status.listed", REFUSED, "422 for a body that says it is no JSON", labelled(422, "text/plain")
)
example(
    "status.listed",
    SILENT,
    "a request that is odd in itself",
    refusal("not_found", 405, odd=True),
    sent(415, {}, odd=True),
)
example(
    "status.client-mistake", ACCEPTED, "4xx for a mistake", refusal("bad_request", mistake=True)
)
example("status.client-mistake", ACCEPTED, "499", sent(499, {}, mistake=True))
example("status.client-mistake", ACCEPTED, "a mistake that is taken", sent(200, {}, mistake=True))
example(
    "status.client-mistake", REFUSED, "500 for a mistake", refusal("internal_error", mistake=True)
)
example(
    "status.client-mistake",
    REFUSED,
    "500 without an envelope",
    sent(500, text="oops", media="text/plain", mistake=True),
)
example(
    "status.client-mistake",
    REFUSED,
    "503 with a code",
    refusal("internal_error", 503, mistake=True),
)
example("status.client-mistake", SILENT, "500 for a right request", refusal("internal_error"))
example("status.client-mistake", SILENT, "a failing provider", refusal("vapi_error", mistake=True))
example(
    "status.client-mistake",
    SILENT,
    "a failing provider under 503",
    refusal("vapi_error", 503, mistake=True),
)
example("status.client-mistake", SILENT, "a proxy", proxy(503, mistake=True))
example("payment.elsewhere", ACCEPTED, "any other status", sent(200, {}), refusal("forbidden"))
example("payment.elsewhere", REFUSED, "402 from a list", refusal("payment_required"))
example("payment.elsewhere", REFUSED, "402 without a code", sent(402, {}))
example("payment.elsewhere", REFUSED, "its code under 400", refusal("payment_required", 400))
example(
    "payment.elsewhere",
    SILENT,
    "402 where payments are taken",
    refusal("payment_required", operation="sign_up"),
)
example(
    "route.unknown",
    ACCEPTED,
    "404 with the envelope",
    refusal("not_found", operation="*", mistake=True, odd=True),
    operation="*",
)
example(
    "route.unknown",
    NOTE,
    "a proxy's 501",
    proxy(501, operation="*", mistake=True, odd=True),
    operation="*",
)
example(
    "route.unknown",
    NOTE,
    "405 with the envelope",
    refusal("bad_request", 405, operation="*", mistake=True, odd=True),
    operation="*",
)
example(
    "route.unknown",
    ACCEPTED,
    "400",
    refusal("bad_request", operation="*", mistake=True, odd=True),
    operation="*",
)
_no_error = sent(399, {}, operation="*", mistake=True, odd=True)
example("route.unknown", NOTE, "399", _no_error, operation="*", tells="an error status")
example(
    "route.unknown",
    NOTE,
    "200",
    sent(200, {}, operation="*", mistake=True, odd=True),
    operation="*",
)
_unjudged = (refusal("rate_limit_exceeded", operation="*"), sent(200, {}, operation="*"))
example(
    "route.unknown",
    REFUSED,
    "HTML, after other answers",
    *_unjudged,
    sent(404, text="<h1>", operation="*"),
    operation="*",
)
example(
    "route.unknown",
    REFUSED,
    "HTML",
    sent(404, text="<h1>", media="text/html", operation="*", mistake=True),
    operation="*",
)
example(
    "route.unknown",
    REFUSED,
    "a code that is not in the table",
    refusal("no_route", 404, operation="*", mistake=True),
    operation="*",
)
example(
    "route.unknown",
    REFUSED,
    "500",
    refusal("internal_error", operation="*", mistake=True, odd=True),
    operation="*",
)
example(
    "route.unknown",
    GAP,
    "429",
    refusal("rate_limit_exceeded", operation="*", mistake=True),
    operation="*",
)
example(
    "route.unknown", TROUBLE, "no response", sent(None, operation="*", mistake=True), operation="*"
)

EMPTY_LIST = {"calls": [], "has_more": False}

# --- refusals: each kind of wrong request, its code, its control ----------------------------------

REFUSALS = {
    "auth.missing": "unauthorized",
    "auth.invalid": "unauthorized",
    "auth.expired": "unauthorized",
    "auth.revoked": "unauthorized",
    "auth.scheme": "unauthorized",
    "scope.refused": "forbidden",
    "id.unknown": "not_found",
    "parameter.missing": "bad_request",
    "parameter.blank": "bad_request",
    "parameter.invalid": "invalid_request",
    "body.broken": "invalid_request",
}
for _rule, _code in REFUSALS.items():
    example(_rule, ACCEPTED, f"{_code}", fine(), refusal(_code))
    example(
        _rule,
        ACCEPTED,
        "members beside the envelope",
        fine(),
        sent(STATUS_OF[_code], error(_code, id="r")),
    )
    example(_rule, REFUSED, "a success", fine(), sent(200, {"calls": [], "has_more": False}))
    example(
        _rule,
        REFUSED,
        "a code of another kind",
        fine(),
        refusal("content_blocked", STATUS_OF[_code]),
    )
    example(_rule, REFUSED, "500", fine(), refusal("internal_error"))
    example(_rule, REFUSED, "one of two is a success", fine(), refusal(_code), sent(200, {}))
    example(_rule, GAP, "no control", refusal(_code))
    example(
        _rule,
        GAP,
        "a control that failed",
        refusal("internal_error", role="control"),
        sent(200, {}),
    )
    example(
        _rule,
        GAP,
        "a control that the limit stopped",
        refusal("rate_limit_exceeded", role="control"),
        sent(200, {}),
    )
    example(_rule, GAP, "429 in the middle", fine(), refusal("rate_limit_exceeded"))
    example(_rule, GAP, "a failing provider", fine(), refusal("call_failed"))
    example(_rule, TROUBLE, "502 of a proxy", fine(), proxy())
    example(_rule, TROUBLE, "no response", fine(), sent(None))
    example(
        _rule, TROUBLE, "a control without response", sent(None, role="control"), refusal(_code)
    )
    example(
        _rule,
        TROUBLE,
        "a body without end",
        fine(),
        sent(STATUS_OF[_code], raw=Body(text="{", size=9, cut=True)),
    )
    example(_rule, SILENT, "no probe", fine())
    example(
        _rule,
        ACCEPTED,
        "the right status without a code, which is another rule's",
        fine(),
        sent(STATUS_OF[_code], {}),
    )
example("auth.missing", REFUSED, "403 for a key that is missing", fine(), refusal("forbidden"))
example(
    "scope.refused", REFUSED, "401 for a scope that is lacking", fine(), refusal("unauthorized")
)
example("scope.refused", REFUSED, "404 for a scope that is lacking", fine(), refusal("not_found"))
example("id.unknown", GAP, "a failing provider under 503", fine(), refusal("call_failed", 503))
example(
    "id.unknown",
    REFUSED,
    "the code of a failing provider under 499",
    fine(),
    refusal("call_failed", 499),
)
for _status in (503, 504):
    example("id.unknown", TROUBLE, f"{_status} of a proxy", fine(), proxy(_status))
example("id.unknown", REFUSED, "an empty object", fine(), sent(200, {}))
example("id.unknown", REFUSED, "400", fine(), refusal("invalid_request"))
example(
    "parameter.missing", REFUSED, "the code of an invalid one", fine(), refusal("invalid_request")
)
example("parameter.missing", REFUSED, "422", fine(), sent(422, error("bad_request")))
example(
    "auth.invalid",
    REFUSED,
    "an altered key taken",
    fine(),
    refusal("unauthorized"),
    sent(200, {}, form="altered"),
)
example(
    "parameter.missing",
    ACCEPTED,
    "null called invalid",
    fine(),
    refusal("bad_request"),
    refusal("invalid_request", form="null"),
)
example("parameter.invalid", REFUSED, "the code of a missing one", fine(), refusal("bad_request"))
example(
    "body.broken",
    ACCEPTED,
    "either code of a bad request",
    fine(),
    refusal("bad_request"),
    refusal("invalid_request"),
)
example(
    "auth.scheme",
    ACCEPTED,
    "400 for a header that is malformed",
    fine(),
    refusal("unauthorized"),
    refusal("bad_request"),
)
example(
    "auth.scheme",
    REFUSED,
    "the right scheme refused",
    refusal("unauthorized", role="control"),
    refusal("unauthorized"),
)
SPELLED: dict[str, Any] = {"form": "spelled", "identity": None}
example(
    "auth.spelling", ACCEPTED, "refused for the key", fine(), refusal("unauthorized", **SPELLED)
)
example(
    "auth.spelling",
    ACCEPTED,
    "another path, which is not there",
    fine(),
    refusal("not_found", **SPELLED),
)
example("auth.spelling", ACCEPTED, "sent to the right path", fine(), sent(308, text="", **SPELLED))
example(
    "auth.spelling",
    ACCEPTED,
    "a page for people",
    fine(),
    sent(200, text="<p>", media="text/html", **SPELLED),
)
example(
    "auth.spelling",
    REFUSED,
    "what the path guards",
    fine(),
    sent(200, {"calls": [], "has_more": False}, **SPELLED),
)
example("auth.spelling", TROUBLE, "no response", fine(), sent(None, **SPELLED))
_elsewhere = sent(200, {"calls": [], "has_more": False}, form="misplaced")
example(
    "auth.scheme",
    REFUSED,
    "a key in another header taken",
    fine(),
    replace(_elsewhere, facts=Facts.of({"form": "misplaced"})),
)


def handed(identity: str, status: int, *calls: dict[str, Any]) -> Exchange:
    """A list that is asked for with a key that was handed out."""
    body = {"calls": list(calls), "has_more": False} if status == 200 else error("unauthorized")
    return sent(status, body, identity=identity, step="used", side="foreign")


def account(**members: Any) -> Exchange:
    """An account is opened."""
    body = {"api_key": "{secret:api_key-1}", **members}
    return sent(201, body, operation="sign_up", identity=None, role="control", step="made")


FIRST, SECOND = "secret:api_key-1", "secret:api_key-2"
NEW: dict[str, Any] = {"operation": "sign_up"}
_two_accounts = (account(), handed(FIRST, 200), account(), handed(FIRST, 200))
example("account.key", ACCEPTED, "both taken", *_two_accounts, handed(SECOND, 200), **NEW)
example(
    "account.key",
    REFUSED,
    "the first no longer taken",
    *_two_accounts[:3],
    handed(FIRST, 401),
    handed(SECOND, 200),
    **NEW,
)
example("account.key", REFUSED, "the same key again", *_two_accounts, handed(FIRST, 200), **NEW)
for _says, _outcome, _accounts, _uses in (
    ("each taken, the second first", ACCEPTED, 2, [(SECOND, 200), (FIRST, 200)]),
    ("one account, whose key is taken twice", ACCEPTED, 1, [(FIRST, 200), (FIRST, 200)]),
    (
        "a key that is taken twice, of an account that was there",
        ACCEPTED,
        0,
        [(FIRST, 200), (FIRST, 200)],
    ),
    ("two accounts, and one key used once", ACCEPTED, 2, [(FIRST, 200)]),
    ("two accounts, and one key used twice", REFUSED, 2, [(FIRST, 200), (FIRST, 200)]),
    ("taken, and no scope with it", ACCEPTED, 1, [(FIRST, 200), (FIRST, 403)]),
    ("taken once, and not again", REFUSED, 1, [(FIRST, 200), (FIRST, 401)]),
    ("two keys of two accounts, none taken", NOTE, 2, [(FIRST, 401), (SECOND, 401)]),
):
    _all_made = [account() for _ in range(_accounts)]
    example("account.key", _outcome, _says, *_all_made, *(handed(*_use) for _use in _uses), **NEW)
example(
    "account.key",
    NOTE,
    "none taken, as before it is confirmed",
    account(),
    handed(FIRST, 401),
    **NEW,
)
example("account.key", SILENT, "none was handed out", account(), **NEW)
_mine = replace(
    sent(200, {"calls": [call(1)], "has_more": False}),
    role=Role.ARRANGE,
    facts=Facts.of({"side": "own"}),
)
example("account.rows", ACCEPTED, "nothing yet", _mine, handed(FIRST, 200), **NEW)
for _business, _outcome in (("b1", REFUSED), ("b2", ACCEPTED), ("b0", ACCEPTED), (None, ACCEPTED)):
    _accounts_of = (account(business_id="b1"), account(business_id=_business), handed(FIRST, 200))
    example("account.rows", _outcome, f"accounts of b1 and {_business}", *_accounts_of, **NEW)
_odd_account = sent(201, ["opened"], operation="sign_up", role="control", step="made")
example(
    "account.rows",
    ACCEPTED,
    "an account that is told as a list",
    _odd_account,
    handed(FIRST, 200),
    **NEW,
)
example(
    "account.rows",
    ACCEPTED,
    "two accounts of which neither shows its business",
    *_two_accounts,
    **NEW,
)
example(
    "account.rows",
    ACCEPTED,
    "an account without an answer",
    account(business_id="b1"),
    sent(None, operation="sign_up", role="control", step="made"),
    handed(FIRST, 200),
    **NEW,
)
example("account.rows", ACCEPTED, "something of its own", _mine, handed(FIRST, 200, call(2)), **NEW)
example("account.rows", REFUSED, "what was there before", _mine, handed(FIRST, 200, call(1)), **NEW)
_rows_again = (_mine, account(), handed(FIRST, 200, call(1)))
example(
    "account.rows",
    REFUSED,
    "what was there before, after another account was opened",
    *_rows_again,
    **NEW,
)
example(
    "account.rows",
    SILENT,
    "an account is opened, and no list is asked for",
    _mine,
    account(),
    **NEW,
)
_refused_elsewhere, _open_to_all = (
    refusal("unauthorized", form="misplaced"),
    sent(200, EMPTY_LIST, form="missing"),
)
_guarded = refusal("unauthorized", form="missing")
for _says, _outcome, _probes in (
    ("a key in another header refused", ACCEPTED, [_refused_elsewhere]),
    ("a key in another header refused, as no key is", ACCEPTED, [_guarded, _refused_elsewhere]),
    ("a key in another header taken, where no key is refused", REFUSED, [_guarded, _elsewhere]),
    ("a key in another header taken, where none is wanted", ACCEPTED, [_open_to_all, _elsewhere]),
    ("no response to a key in another header", SILENT, [sent(None, form="misplaced")]),
):
    example("auth.scheme", _outcome, _says, fine(), *_probes)
example(
    "auth.scheme",
    REFUSED,
    "another scheme taken",
    fine(),
    sent(200, {"calls": [], "has_more": False}),
)
example(
    "parameter.missing",
    ACCEPTED,
    "another contract has another status",
    sent(201, {}, role="control", operation="create_book"),
    sent(422, {"fault": {"kind": "lacking", "text": "No title"}}, operation="create_book"),
    operation="create_book",
    contract=toy(),
)
example(
    "parameter.missing",
    REFUSED,
    "the status of this contract under another one",
    sent(201, {}, role="control", operation="create_book"),
    sent(400, {"fault": {"kind": "lacking", "text": "No title"}}, operation="create_book"),
    operation="create_book",
    contract=toy(),
)
example("parameter.unparsable", ACCEPTED, "refused as invalid", fine(), refusal("invalid_request"))
example(
    "parameter.unparsable", ACCEPTED, "ignored", fine(), sent(200, {"calls": [], "has_more": False})
)
example(
    "parameter.unparsable", REFUSED, "the code of a missing one", fine(), refusal("bad_request")
)
example(
    "parameter.unparsable",
    SILENT,
    "500, which another rule blames",
    fine(),
    refusal("internal_error"),
)
example(
    "parameter.unparsable",
    SILENT,
    "503 with a code, which another rule blames",
    fine(),
    refusal("internal_error", 503),
)
example("parameter.unparsable", REFUSED, "499", fine(), sent(499, {}))
example("parameter.unparsable", GAP, "429 in the middle", fine(), refusal("rate_limit_exceeded"))
example("parameter.unparsable", TROUBLE, "502 of a proxy", fine(), proxy())
example("parameter.unparsable", SILENT, "no probe", fine())

_asked: dict[str, Any] = {"operation": "read_call", "query": {"id": "c1"}}
example("read.asked", ACCEPTED, "the one that was asked for", sent(200, {"id": "c1"}, **_asked))
example(
    "read.asked",
    ACCEPTED,
    "an answer that does not name it",
    sent(200, {"status": "busy"}, **_asked),
)
for _told in ("c0", "c2"):
    example("read.asked", REFUSED, f"another one, {_told}", sent(200, {"id": _told}, **_asked))
for _run, _outcome in (("r1", ACCEPTED), ("r2", REFUSED)):
    _named = sent(
        200,
        {"id": "e1", "vapi_run_id": _run},
        operation="read_provider_run",
        query={"vapi_run_id": "r1"},
    )
    example("read.asked", _outcome, f"by the name of a provider, {_run}", _named)
_either = sent(200, {"id": "c2"}, operation="read_recording", query={"call_id": "c1"})
for _kind in ("agent", "recording"):
    _by_call = replace(real().operations["read_recording"], kind=_kind, open=frozenset())
    _of_call = sent(
        200, {"id": "c2", "call_id": "c1"}, operation="read_recording", query={"call_id": "c1"}
    )
    example(
        "read.asked",
        ACCEPTED,
        f"an {_kind} by the name of another kind",
        _of_call,
        altered=_by_call,
    )
_plain_read = replace(real().operations["read_call"], when=None, parameters=())
example(
    "read.asked",
    SILENT,
    "a read that nothing names",
    sent(200, {"id": "c2"}, **_asked),
    altered=_plain_read,
)
example("read.asked", SILENT, "another operation", sent(200, {"calls": []}, query={"id": "c1"}))
example("read.asked", SILENT, "no response", sent(None, **_asked))
example("read.asked", ACCEPTED, "no object", sent(200, ["c2"], **_asked))
example(
    "read.asked",
    ACCEPTED,
    "a request that names none",
    sent(200, {"id": "c2"}, operation="read_call"),
)
example("read.asked", ACCEPTED, "true for a name", sent(200, {"id": True}, **_asked))
example(
    "read.asked",
    ACCEPTED,
    "a number, as it was named",
    sent(200, {"id": 7}, operation="read_call", query={"id": "7"}),
)
example("read.asked", SILENT, "an object of which no source says what names it", _either)
example("read.asked", SILENT, "refused", refusal("not_found", **_asked))

for _says, _body, _outcome in (
    ("as with one", EMPTY_LIST, REFUSED),
    ("with less", {"calls": []}, ACCEPTED),
    ("with more", {**EMPTY_LIST, "page": "about"}, ACCEPTED),
    ("with nothing", None, ACCEPTED),
):
    example(
        "auth.spelling",
        _outcome,
        f"a path spelled otherwise, answered {_says}",
        fine(),
        sent(200, _body, form="spelled"),
    )
example(
    "auth.spelling",
    ACCEPTED,
    "a path spelled otherwise, refused",
    fine(),
    sent(404, EMPTY_LIST, form="spelled"),
)
example(
    "auth.spelling",
    GAP,
    "429 to a path spelled otherwise",
    fine(),
    refusal("rate_limit_exceeded", form="spelled"),
)

# --- keys, scopes, businesses ---------------------------------------------------------------------

example("auth.prefixes", ACCEPTED, "both taken", fine(), fine(role="probe", identity="test"))
example(
    "auth.prefixes",
    ACCEPTED,
    "one that reaches another business",
    fine(),
    refusal("not_found", identity="test"),
)
example("auth.prefixes", REFUSED, "one refused", fine(), refusal("unauthorized", identity="test"))
example("auth.prefixes", GAP, "429 in the middle", refusal("rate_limit_exceeded", identity="test"))
example("auth.prefixes", TROUBLE, "no response", sent(None, role="control"))
example("auth.prefixes", SILENT, "nothing sent", refusal("unauthorized", role="setup"))
BARE = replace(TARGET, full_declared=False)
example("scope.opens", ACCEPTED, "let in", sent(200, {}))
example("scope.opens", ACCEPTED, "let in, then refused for its content", refusal("invalid_request"))
example("scope.opens", REFUSED, "403", refusal("forbidden"))
example(
    "scope.opens", REFUSED, "401", refusal("unauthorized", identity="scope:calls:read"), target=BARE
)
example(
    "scope.opens",
    GAP,
    "403 for a bare key, of which nobody said that it has the scope",
    refusal("forbidden"),
    target=BARE,
)
example("scope.opens", GAP, "429 in the middle", refusal("rate_limit_exceeded"))
example("scope.opens", TROUBLE, "no response", sent(None))

OWNER = sent(200, call(1), operation="read_call", role="control", identity="other", step="owner")
BEFORE = sent(
    200,
    {"id": "a", "name": "Old"},
    operation="read_agent",
    role="control",
    identity="other",
    step="before",
)


def after(name: str) -> Exchange:
    """What the owner reads after the attempt to change a name to New."""
    return sent(
        200,
        {"id": "a", "name": name},
        operation="read_agent",
        identity="other",
        step="after",
        sent={"name": "New"},
    )


example("tenant.object", ACCEPTED, "not found", OWNER, refusal("not_found", step="foreign"))
example("tenant.object", ACCEPTED, "forbidden", OWNER, refusal("forbidden", step="foreign"))
example(
    "tenant.object",
    ACCEPTED,
    "unchanged",
    BEFORE,
    refusal("not_found", step="foreign"),
    after("Old"),
)
example(
    "tenant.object",
    ACCEPTED,
    "changed by its owner meanwhile",
    BEFORE,
    refusal("not_found", step="foreign"),
    after("Other"),
)
example("tenant.object", REFUSED, "shown", OWNER, sent(200, call(1), step="foreign"))
example("tenant.object", REFUSED, "401", OWNER, refusal("unauthorized", step="foreign"))
example(
    "tenant.object",
    ACCEPTED,
    "403 with the code of 404, which is another rule's",
    OWNER,
    refusal("not_found", 403, step="foreign"),
)
example(
    "tenant.object",
    ACCEPTED,
    "404 with the code of 403, which is another rule's",
    OWNER,
    refusal("forbidden", 404, step="foreign"),
)
example(
    "tenant.object",
    REFUSED,
    "refused and changed all the same",
    BEFORE,
    refusal("not_found", step="foreign"),
    after("New"),
)
example(
    "tenant.object",
    GAP,
    "the owner does not see it either",
    replace(OWNER, response=None, role=Role("setup")),
    refusal("not_found", step="foreign"),
)
example(
    "tenant.object", GAP, "429 in the middle", OWNER, refusal("rate_limit_exceeded", step="foreign")
)
example("tenant.object", SILENT, "no foreign object is known", OWNER)
example(
    "tenant.object",
    REFUSED,
    "refused and removed all the same",
    BEFORE,
    refusal("not_found", step="foreign"),
    refusal("not_found", operation="read_agent", identity="other", step="after"),
)


def other_list(*names: str, status: int = 200) -> Exchange:
    """What the owner lists after the attempt to create something called New."""
    listed: list[Any] = ["New", *({"id": name, "name": name} for name in names)]
    return sent(
        status,
        {"agents": listed, "has_more": False},
        operation="list_agents",
        step="listing",
        sent={"name": "New"},
    )


_created = (OWNER, refusal("forbidden", step="foreign"))
example("tenant.object", ACCEPTED, "nothing is created", *_created, other_list("Ann", "Zoe"))
example(
    "tenant.object",
    ACCEPTED,
    "nobody can tell what is created",
    *_created,
    other_list("New", status=403),
)
example(
    "tenant.object",
    ACCEPTED,
    "no response to the list",
    *_created,
    replace(other_list(), response=None),
)
example(
    "tenant.object",
    REFUSED,
    "refused and created all the same",
    *_created,
    other_list("Ann", "New"),
)


def listed_agents(step: str, *listed: str, more: bool = False) -> Exchange:
    """The list of the owner, where the agent a is looked for."""
    agents_shown = [{"id": name, "name": "Old"} for name in listed]
    role = "control" if step == "before" else "probe"
    return sent(
        200,
        {"agents": agents_shown, "has_more": more},
        operation="list_agents",
        role=role,
        step=step,
        sought="a",
    )


for _says, _pair in (
    (
        "the owner did not see it before",
        (listed_agents("before", "b"), listed_agents("after", "b")),
    ),
    (
        "the list of the owner goes on",
        (listed_agents("before", "a"), listed_agents("after", "b", more=True)),
    ),
    (
        "429 to the owner",
        (
            BEFORE,
            refusal(
                "rate_limit_exceeded", operation="read_agent", step="after", sent={"name": "New"}
            ),
        ),
    ),
):
    example("tenant.object", ACCEPTED, _says, *_created, *_pair)


def tied_to(business: str, **options: Any) -> Exchange:
    """A read of what was to be tied to an object of the other business."""
    shown = {"id": "a", "business_id": business}
    return sent(
        200,
        shown,
        operation="read_agent",
        step="tied",
        sought="a",
        tied={"business_id": "b_main"},
        **options,
    )


example("tenant.object", REFUSED, "tied to the other business", OWNER, tied_to("b_main"))
for _own in ("b_a", "b_other"):
    example("tenant.object", ACCEPTED, f"tied to {_own} instead", OWNER, tied_to(_own))
example(
    "tenant.object",
    SILENT,
    "what may be tied is not shown",
    OWNER,
    replace(tied_to("b_main"), response=None),
)
example(
    "tenant.object",
    ACCEPTED,
    "an optional reference called invalid",
    OWNER,
    refusal("invalid_request", step="optional"),
)
example(
    "tenant.object",
    REFUSED,
    "an optional reference called unauthorized",
    OWNER,
    refusal("unauthorized", step="optional"),
)
_optional = (sent(201, {}, step="optional"), sent(None, step="optional"))
example(
    "tenant.object",
    SILENT,
    "an optional reference taken, which another look judges",
    OWNER,
    *_optional,
)
_ann = sent(
    200,
    {"id": "a", "name": "Ann"},
    operation="read_agent",
    role="control",
    identity="other",
    step="before",
)
example(
    "tenant.object",
    ACCEPTED,
    "changed by its owner meanwhile, to Ann",
    *_created,
    BEFORE,
    after("Ann"),
)
example("tenant.object", REFUSED, "refused and changed from Ann", *_created, _ann, after("New"))
for _outcome, _code in (
    (ACCEPTED, "invalid_request"),
    (ACCEPTED, "not_found"),
    (REFUSED, "unauthorized"),
):
    example(
        "tenant.object",
        _outcome,
        f"{_code} for a reference",
        OWNER,
        refusal(_code, step="reference"),
    )
example(
    "tenant.filter",
    ACCEPTED,
    "an id in another place called invalid",
    refusal("invalid_request", placed=True),
)
example("tenant.filter", REFUSED, "an id called invalid", refusal("invalid_request"))


def number(shown: str | None, **options: Any) -> Exchange:
    """A read of a number: what names nothing may be answered as null."""
    body = {"number": None if shown is None else {"phone_number": shown}}
    return sent(200, body, operation="read_phone_number", **options)


def run_named(own: str, **options: Any) -> Exchange:
    """A read of a run by the reference that its owner gave it, which another business may have given, too."""
    return sent(200, {"id": own, "external_ref": "one"}, operation="read_external_run", **options)


RUN = {"operation": "read_external_run"}
_theirs = run_named("r-theirs", role="control", identity="other", step="owner")
for _run, _outcome in (("r-own", ACCEPTED), ("s-own", ACCEPTED), ("r-theirs", REFUSED)):
    example(
        "tenant.object",
        _outcome,
        f"{_run} by the same reference",
        _theirs,
        run_named(_run, step="foreign"),
        **RUN,
    )
_refused_run = sent(
    400, {"id": "r-own", **error("bad_request")}, operation="read_external_run", step="foreign"
)
example("tenant.object", REFUSED, "400 that shows another run", _theirs, _refused_run, **RUN)
_no_run = sent(None, operation="read_external_run", step="foreign")
example("tenant.object", TROUBLE, "no response for a run by its reference", _theirs, _no_run, **RUN)
_unshown_theirs = sent(
    200,
    {"external_ref": "one"},
    operation="read_external_run",
    role="control",
    identity="other",
    step="owner",
)
example(
    "tenant.object",
    REFUSED,
    "a run, where its owner sees no id",
    _unshown_theirs,
    run_named("r-own", step="foreign"),
    **RUN,
)
_unnamed = sent(200, {"external_ref": "one"}, operation="read_external_run", step="foreign")
example(
    "tenant.object", REFUSED, "a run without an id by the same reference", _theirs, _unnamed, **RUN
)
_owned = sent(
    200, {"id": "a"}, operation="read_agent", role="control", identity="other", step="owner"
)
_shown_agent = sent(200, {"id": "b"}, operation="read_agent", step="foreign")
example(
    "tenant.object",
    REFUSED,
    "another agent than was asked for",
    _owned,
    _shown_agent,
    operation="read_agent",
)
for _operation, _outcome in (
    ("validate_communication_run", ACCEPTED),
    ("create_communication_run", REFUSED),
):
    _own_run = sent(200, {}, operation=_operation, role="control")
    _valid = sent(200, {"valid": False}, operation=_operation, step="foreign")
    example(
        "tenant.object", _outcome, f"200 of {_operation}", _own_run, _valid, operation=_operation
    )
    _problems = sent(400, error("invalid_request"), operation=_operation, step="foreign")
    example(
        "tenant.object", _outcome, f"400 of {_operation}", _own_run, _problems, operation=_operation
    )
_own_run = sent(200, {}, operation="validate_communication_run", role="control")
for _outcome, _unproven in ((REFUSED, 401), (REFUSED, 302), (TROUBLE, None)):
    _answered = sent(
        _unproven, error("unauthorized"), operation="validate_communication_run", step="foreign"
    )
    _says = f"{_unproven} where any input may be told of"
    example(
        "tenant.object",
        _outcome,
        _says,
        _own_run,
        _answered,
        operation="validate_communication_run",
    )
NUMBER = {"operation": "read_phone_number"}
SEEN = number("+1", role="control", step="owner")
example(
    "tenant.object",
    ACCEPTED,
    "null for another business",
    SEEN,
    number(None, step="foreign", sought="+1"),
    **NUMBER,
)
example(
    "tenant.object",
    REFUSED,
    "shown in a wrapper",
    SEEN,
    number("+1", step="foreign", sought="+1"),
    **NUMBER,
)
example(
    "tenant.object",
    GAP,
    "the owner was refused",
    refusal("forbidden", role="control"),
    number(None, step="foreign"),
    **NUMBER,
)
for _code, _status in (("not_found", 403), ("forbidden", 404)):
    _crossed = refusal(_code, _status, operation="read_phone_number", step="foreign")
    example(
        "tenant.object",
        ACCEPTED,
        f"{_status} with {_code}, where null is open",
        SEEN,
        _crossed,
        **NUMBER,
    )
for _code, _status, _outcome in (
    ("bad_request", 404, ACCEPTED),
    ("not_found", 400, ACCEPTED),
    ("bad_request", 400, REFUSED),
):
    example(
        "tenant.object",
        _outcome,
        f"{_status} with {_code}",
        OWNER,
        refusal(_code, _status, step="foreign"),
    )
_endless = sent(404, raw=Body(text="{", size=9, cut=True), step="foreign")
example("tenant.object", TROUBLE, "404 with a body without end", OWNER, _endless)
for _digits in ("+0", "+2"):
    _another = number(_digits, step="foreign", sought="+1")
    example("tenant.object", ACCEPTED, f"another one is shown, {_digits}", SEEN, _another, **NUMBER)
for _says, _outcome, _answer in (
    ("null where that is open", ACCEPTED, number(None)),
    (
        "a body without end where null is open",
        TROUBLE,
        sent(200, raw=Body(text="{", size=9, cut=True), operation="read_phone_number"),
    ),
    ("not found where null is open", ACCEPTED, refusal("not_found", operation="read_phone_number")),
    (
        "another code where null is open",
        REFUSED,
        refusal("bad_request", operation="read_phone_number"),
    ),
    ("429 where null is open", GAP, refusal("rate_limit_exceeded", operation="read_phone_number")),
):
    example("id.unknown", _outcome, _says, number("+1", role="control"), _answer, **NUMBER)
example("tenant.filter", ACCEPTED, "an empty list", sent(200, {"calls": [], "has_more": False}))
example(
    "tenant.filter", ACCEPTED, "forbidden, or not found", refusal("forbidden"), refusal("not_found")
)
example("tenant.filter", REFUSED, "rows", sent(200, {"calls": [call(1)], "has_more": False}))
example("tenant.filter", REFUSED, "401", refusal("unauthorized"))
example("tenant.filter", GAP, "429 in the middle", refusal("rate_limit_exceeded"))
example("tenant.filter", TROUBLE, "502 of a proxy", proxy())
_without = page("", [2, 1], False, role="control", step="unfiltered")
example("tenant.filter", ACCEPTED, "what is listed without, too", _without, page("", [2, 1], False))
example(
    "tenant.filter",
    REFUSED,
    "more than is listed without",
    _without,
    page("", [3, 2], False),
    tells="c-3",
)
_unread_list = replace(_without, response=None)
example(
    "tenant.filter",
    REFUSED,
    "rows, where nobody knows what is listed without",
    _unread_list,
    page("", [1], False),
)
example(
    "tenant.filter", TROUBLE, "a body without end", sent(200, raw=Body(text="{", size=9, cut=True))
)


def side(name: str, *calls: dict[str, Any], **options: Any) -> Exchange:
    """The list that one of two businesses sees."""
    business = "main" if name == "own" else "other"
    return sent(
        200,
        {"calls": list(calls), "has_more": False},
        role="control",
        side=name,
        business=business,
        **options,
    )


MINE, THEIRS = call(1, business_id="b_main"), call(2, business_id="b_other")
example("tenant.rows", ACCEPTED, "nothing in common", side("own", MINE), side("foreign", THEIRS))
example(
    "tenant.rows",
    ACCEPTED,
    "rows that do not name their business",
    side("own", call(1)),
    side("foreign", call(2)),
)
example(
    "tenant.rows", REFUSED, "a row in both", side("own", call(1), call(2)), side("foreign", call(2))
)
example(
    "tenant.rows",
    REFUSED,
    "a row that names the other business",
    side("own", MINE, THEIRS),
    side("foreign", call(3)),
)


def rows(*calls: dict[str, Any], **options: Any) -> Exchange:
    """A page of some calls."""
    return sent(200, {"calls": list(calls), "has_more": False}, **options)


example("tenant.named", ACCEPTED, "its own business", rows(MINE))
example(
    "tenant.named",
    SILENT,
    "a list of one of two businesses, which tenant.rows judges",
    side("own", MINE, THEIRS),
)
example(
    "tenant.named",
    REFUSED,
    "another business on a later page",
    rows(MINE, THEIRS, query={"after": at(9)}),
)
example(
    "tenant.named", REFUSED, "another business, told to an empty one", rows(MINE, identity="empty")
)
example(
    "tenant.named",
    ACCEPTED,
    "a business of which nothing is known",
    rows(call(1, business_id="b_third")),
)
example(
    "tenant.named", ACCEPTED, "with the key of another business", rows(THEIRS, identity="other")
)
BUSY, ANSWERED = (
    {"status": "busy", "created_at": at(1)},
    {"status": "answered", "created_at": at(1)},
)
example(
    "tenant.rows",
    ACCEPTED,
    "rows without an id that differ",
    side("own", BUSY),
    side("foreign", ANSWERED),
)
example(
    "tenant.rows",
    SILENT,
    "rows without an id that are alike",
    side("own", BUSY),
    side("foreign", BUSY, ANSWERED),
)
example("tenant.rows", SILENT, "one of them has no rows", side("own", MINE), side("foreign"))
example(
    "tenant.rows",
    SILENT,
    "one of them got 429",
    side("own", MINE),
    refusal("rate_limit_exceeded", role="control", side="foreign"),
)

# --- limits, payments, triggers -------------------------------------------------------------------


def signups(results: str, address: str = "127.0.0.2") -> list[Exchange]:
    """Sign-ups from an address: + taken, - refused as too many, other letters by what went wrong."""
    account = {"api_key": "{secret:api_key-1}", "business_id": "b"}
    label: dict[str, Any] = {
        "operation": "sign_up",
        "identity": None,
        "step": "count",
        "from": address,
    }
    kinds = {
        "+": sent(201, account, **label),
        "-": refusal("rate_limit_exceeded", **label),
        "w": refusal("bad_request", 429, **label),
        "p": proxy(502, **label),
        "b": refusal("bad_request", **label),
        "f": refusal("forbidden", **label),
        "h": proxy(429, **label),
        "$": refusal("payment_required", **label),
    }
    return [kinds[result] for result in results]


def step(name: str, status: str) -> Exchange:
    """A sign-up of a later step."""
    return replace(
        signups(status, "127.0.0.9")[0], facts=Facts.of({"step": name, "from": "127.0.0.9"})
    )


SIGN_UP: dict[str, Any] = {"operation": "sign_up"}
example("rate.allowance", ACCEPTED, "five taken, the sixth refused", *signups("+++++-"), **SIGN_UP)
example(
    "rate.allowance",
    REFUSED,
    "the fifth refused",
    *signups("++++-"),
    **SIGN_UP,
    tells="request 5 from a fresh address",
)
example("rate.allowance", REFUSED, "the first refused", *signups("-"), **SIGN_UP)
_once = (*signups("+++-"), *signups("+++++-", "127.0.0.3"))
example(
    "rate.allowance",
    ACCEPTED,
    "an address that was not fresh is refused, another one is not",
    *_once,
    **SIGN_UP,
)
_both = (*signups("++++-"), *signups("-", "127.0.0.3"))
for _says, _tells in (
    ("place", "request 5 from a fresh address"),
    ("exchanges", "('e1', 'e2', 'e3', 'e4', 'e5')"),
):
    example(
        "rate.allowance",
        REFUSED,
        f"too early from two addresses, the {_says} of the first",
        *_both,
        **SIGN_UP,
        tells=_tells,
    )
example("rate.allowance", GAP, "one was refused for another reason", *signups("++b++-"), **SIGN_UP)
example("rate.allowance", GAP, "a proxy was in between", *signups("++p++-"), **SIGN_UP)
example("rate.allowance", SILENT, "nothing was counted", fine(), **SIGN_UP)
example("rate.limit", ACCEPTED, "the sixth refused", *signups("+++++-"), **SIGN_UP)
example(
    "rate.limit",
    ACCEPTED,
    "refused without Retry-After and without a code",
    *signups("+++++h"),
    **SIGN_UP,
)
example(
    "rate.limit",
    ACCEPTED,
    "the third refused: the allowance is another rule's",
    *signups("++-"),
    **SIGN_UP,
)
for _outcome, _first_burst, _next_burst, _words in (
    (REFUSED, "++++++-", "+++++++-", "6 and 7 requests were taken"),
    (ACCEPTED, "+++++-", "+++++-", ""),
    (ACCEPTED, "++-", "++-", ""),
    (ACCEPTED, "++++++-", "+++++-", ""),
):
    _bursts = (*signups(_first_burst), *signups(_next_burst, "127.0.0.3"))
    example(
        "rate.limit",
        _outcome,
        f"bursts of {_first_burst} and {_next_burst}",
        *_bursts,
        **SIGN_UP,
        tells=_words,
    )
example("rate.limit", REFUSED, "the code of something else", *signups("+++++w"), **SIGN_UP)
example(
    "rate.limit",
    REFUSED,
    "six taken from each of two addresses",
    *signups("++++++"),
    *signups("++++++", "127.0.0.3"),
    **SIGN_UP,
    tells="429 for request 6 within 3600 s",
)
example("rate.limit", REFUSED, "403 beyond the limit", *signups("+++++f"), **SIGN_UP)
_then = (*signups("+++++f"), *signups("b", "127.0.0.3"))
example(
    "rate.limit", REFUSED, "403 beyond the limit, and another address that fails", *_then, **SIGN_UP
)
example("rate.limit", GAP, "payment is wanted beyond the limit", *signups("+++++$"), **SIGN_UP)
for _many in ("++++++", "+++++++"):
    example(
        "rate.limit", GAP, f"{len(_many)} taken from one address only", *signups(_many), **SIGN_UP
    )
for _few in ("+++++", "+++"):
    example(
        "rate.limit",
        GAP,
        f"only {len(_few)} were sent",
        *signups(_few),
        *signups(_few, "127.0.0.3"),
        **SIGN_UP,
    )
example("rate.limit", GAP, "they fail for another reason", *signups("bbbbbb"), **SIGN_UP)
example("rate.limit", TROUBLE, "a proxy beyond the limit", *signups("+++++p"), **SIGN_UP)
example("rate.limit", SILENT, "nothing was counted", fine(), **SIGN_UP)
example(
    "rate.address",
    ACCEPTED,
    "another address is served",
    *signups("+++++-"),
    step("elsewhere", "+"),
    **SIGN_UP,
)
example(
    "rate.address",
    REFUSED,
    "another address is refused",
    *signups("+++++-"),
    step("elsewhere", "-"),
    **SIGN_UP,
)
_later = (*signups("+++++-"), step("elsewhere", "-"), step("later", "+"))
example(
    "rate.address",
    REFUSED,
    "another address is refused, and an hour later served",
    *_later,
    **SIGN_UP,
)
example(
    "rate.address",
    SILENT,
    "the limit was never met",
    *signups("++++++"),
    step("elsewhere", "-"),
    **SIGN_UP,
)
example(
    "rate.address",
    SILENT,
    "another address fails for another reason",
    *signups("+++++-"),
    step("elsewhere", "b"),
    **SIGN_UP,
)
example(
    "rate.evasion",
    ACCEPTED,
    "refused whatever it says",
    *signups("+++++-"),
    step("evasion", "-"),
    **SIGN_UP,
)
example(
    "rate.evasion",
    REFUSED,
    "taken for what it says",
    *signups("+++++-"),
    step("evasion", "+"),
    **SIGN_UP,
)
example(
    "rate.evasion",
    SILENT,
    "the limit was never met",
    *signups("++++++"),
    step("evasion", "+"),
    **SIGN_UP,
)
example(
    "rate.reset",
    ACCEPTED,
    "an hour later it is served",
    *signups("+++++-"),
    step("later", "+"),
    **SIGN_UP,
)
example(
    "rate.reset",
    REFUSED,
    "an hour later it is refused",
    *signups("+++++-"),
    step("later", "-"),
    **SIGN_UP,
)
for _letters, _outcome in (
    ("+++++", REFUSED),
    ("++++++", REFUSED),
    ("++++", ACCEPTED),
    ("++++-", ACCEPTED),
):
    _reset = (
        *signups("+++++-"),
        step("later", "+"),
        *[step("again", letter) for letter in _letters],
    )
    _words = "429 for request 6 within the next 3600 s, too" if _outcome == REFUSED else ""
    example(
        "rate.reset",
        _outcome,
        f"an hour later, and again {_letters}",
        *_reset,
        **SIGN_UP,
        tells=_words,
    )
_unreset = [step("again", "+") for _ in range(5)]
example(
    "rate.reset",
    SILENT,
    "an hour later nobody asked first",
    *signups("+++++-"),
    *_unreset,
    **SIGN_UP,
)
example(
    "rate.reset", SILENT, "an operation without a limit", *signups("+++++-"), step("later", "-")
)
example(
    "rate.reset",
    SILENT,
    "the limit was never met",
    *signups("++++++"),
    step("later", "-"),
    **SIGN_UP,
)
example(
    "rate.window",
    ACCEPTED,
    "minutes later it is still refused",
    *signups("+++++-"),
    step("soon", "-"),
    **SIGN_UP,
)
example(
    "rate.window",
    REFUSED,
    "minutes later it is served again and again, from two addresses",
    *signups("+++++-"),
    *[step("soon", "+") for _ in range(6)],
    **SIGN_UP,
    tells="429 to one of 3 requests, 1740 s after 5 were taken",
)
_served = [step("soon", "+") for _ in range(7)]
example(
    "rate.window",
    REFUSED,
    "minutes later it is served once more than that",
    *signups("+++++-"),
    *_served,
    **SIGN_UP,
)
example(
    "rate.window",
    ACCEPTED,
    "minutes later it is served as often as requests come free",
    *signups("+++++-"),
    *[step("soon", status) for status in "++-"],
    **SIGN_UP,
)
example(
    "rate.window",
    SILENT,
    "minutes later it is served from one address, as at the end of a window",
    *signups("+++++-"),
    *[step("soon", "+") for _ in range(3)],
    **SIGN_UP,
)

DNC: dict[str, Any] = {"operation": "create_call", "about": "number_on_dnc"}
example(
    "trigger.answer",
    ACCEPTED,
    "its code and status",
    refusal("number_on_dnc", operation="create_call"),
    **DNC,
)
example(
    "trigger.answer",
    REFUSED,
    "another status",
    sent(201, call(1), operation="create_call"),
    **DNC,
    tells="where='status'",
)
_wrong = refusal("bad_request", operation="create_call")
example("trigger.answer", REFUSED, "another code", _wrong, **DNC, tells="where='/error/code'")
_under = refusal("number_on_dnc", 403, operation="create_call")
example(
    "trigger.answer",
    REFUSED,
    "its code under another status",
    _under,
    **DNC,
    tells="where='status'",
)
example("trigger.answer", TROUBLE, "no response", sent(None, operation="create_call"), **DNC)
example("trigger.answer", TROUBLE, "502 of a proxy", proxy(operation="create_call"), **DNC)
example(
    "trigger.answer",
    GAP,
    "429 in the middle",
    refusal("rate_limit_exceeded", operation="create_call"),
    **DNC,
)
_night = refusal("tcpa_violation", operation="create_call")
_kept_back = replace(_night, role=Role("control"), facts=Facts.of({"step": "taken"}))
example(
    "trigger.answer",
    GAP,
    "another code, as a request without the trigger gets",
    _kept_back,
    _night,
    **DNC,
)
FAILED: dict[str, Any] = {"operation": "create_call", "about": "call_failed"}
example(
    "trigger.answer",
    ACCEPTED,
    "a failing provider, as ordered",
    refusal("call_failed", operation="create_call"),
    **FAILED,
)
example(
    "trigger.answer",
    REFUSED,
    "another failing provider",
    refusal("vapi_error", operation="create_call"),
    **FAILED,
)
_limited = refusal("rate_limit_exceeded", operation="create_call")
example("trigger.answer", GAP, "429 instead of a failing provider", _limited, **FAILED)
example("trigger.answer", SILENT, "no probe", fine(), **FAILED)

TERMS: dict[str, Any] = {
    "x402Version": 1,
    "accepts": [{"scheme": "exact", "network": "base", "maxAmountRequired": "1"}],
}
PACKED = base64.b64encode(json.dumps(TERMS).encode()).decode()


def payment(header: str | None = None, **beside: Any) -> Exchange:
    """A request for payment."""
    headers = [("Payment-Required", header)] if header is not None else []
    return sent(402, error("payment_required", **beside), operation="sign_up", headers=headers)


example("payment.terms", ACCEPTED, "in the body", payment(**TERMS), **SIGN_UP)
for _note in ("", "a", "ab"):
    _noted = base64.b64encode(json.dumps({**TERMS, "note": _note}).encode()).decode()
    example(
        "payment.terms",
        ACCEPTED,
        f"in the header, in base64, padded or not, '{_note}'",
        payment(_noted),
        **SIGN_UP,
    )
    example(
        "payment.terms",
        ACCEPTED,
        f"in the header, without padding, '{_note}'",
        payment(_noted.rstrip("=")),
        **SIGN_UP,
    )
example(
    "payment.terms",
    ACCEPTED,
    "in the header, unpadded and url-safe",
    payment(PACKED.rstrip("=").replace("+", "-").replace("/", "_")),
    **SIGN_UP,
)
example("payment.terms", ACCEPTED, "in the header, as JSON", payment(json.dumps(TERMS)), **SIGN_UP)
example("payment.terms", REFUSED, "none", payment(), **SIGN_UP, tells="actual='402 {")
example("payment.terms", REFUSED, "an empty list", payment(accepts=[]), **SIGN_UP)
example("payment.terms", REFUSED, "a list of nothing", payment(accepts=[{}]), **SIGN_UP)
example(
    "payment.terms",
    REFUSED,
    "a header that is no JSON",
    payment("please pay"),
    **SIGN_UP,
    tells="please pay",
)
_lost_pay = sent(None, operation="sign_up")
example(
    "payment.terms",
    REFUSED,
    "none, after other answers",
    _lost_pay,
    replace(signups("b")[0], facts=Facts.of({})),
    payment(),
    **SIGN_UP,
)
_no_json = sent(402, text="pay", operation="sign_up")
_paid = sent(402, error("payment_required"), operation="sign_up", step="paid")
example(
    "payment.terms",
    SILENT,
    "no JSON, or refused though something was paid",
    _no_json,
    _paid,
    **SIGN_UP,
)
_unpaid = sent(201, {}, operation="sign_up", step="paid")
example(
    "payment.terms",
    REFUSED,
    "a payment that is none is taken",
    payment(**TERMS),
    _unpaid,
    **SIGN_UP,
)
_unasked = [replace(signups(letter)[0], facts=Facts.of({})) for letter in "+bf"]
example("payment.terms", SILENT, "no payment is wanted", *_unasked, **SIGN_UP)
_settled: dict[str, Any] = {"operation": "sign_up", "step": "settled"}
example(
    "payment.retry",
    ACCEPTED,
    "taken once it is paid",
    payment(**TERMS),
    sent(201, {}, **_settled),
    **SIGN_UP,
)
example(
    "payment.retry",
    REFUSED,
    "asked for again",
    payment(**TERMS),
    refusal("payment_required", **_settled),
    **SIGN_UP,
)
example(
    "payment.retry",
    GAP,
    "429 in between",
    payment(**TERMS),
    refusal("rate_limit_exceeded", **_settled),
    **SIGN_UP,
)
example(
    "payment.retry",
    SILENT,
    "nothing was asked for",
    *signups("+"),
    sent(201, {}, **_settled),
    **SIGN_UP,
)

# --- single lists ---------------------------------------------------------------------------------

EMPTY = {"calls": [], "has_more": False}
example("list.items", ACCEPTED, "an array in its member", sent(200, EMPTY))
example(
    "list.items", ACCEPTED, "members beside it", sent(200, {**EMPTY, "total": 0, "warnings": []})
)
example("list.items", REFUSED, "a bare array", sent(200, [call(1)]))
example("list.items", REFUSED, "null", sent(200, {"calls": None, "has_more": False}))
example(
    "list.items",
    REFUSED,
    "another member",
    sent(200, {"data": [], "has_more": False}),
    tells="where='/calls'",
)
example(
    "list.items",
    REFUSED,
    "a text",
    sent(200, {"calls": "none", "has_more": False}),
    tells="actual='\"none\"'",
)
example("list.items", REFUSED, "no JSON", sent(200, text="[", media="text/plain"))
example("list.items", SILENT, "an error", refusal("bad_request"))
example("list.items", SILENT, "the answer to HEAD", sent(200, text="", method="HEAD"))
example(
    "list.items", TROUBLE, "a body without end", sent(200, raw=Body(text="{", size=9, cut=True))
)
_calls = real().operations["list_calls"]
assert _calls.paging is not None
NAMELESS = replace(_calls, paging=replace(_calls.paging, collection=None))
example(
    "list.items",
    ACCEPTED,
    "the only array, where no source names the member",
    sent(200, {"rows": [], "has_more": False}),
    altered=NAMELESS,
)
SEVERAL = {"statuses": ["busy", "done"], "has_more": False}
example(
    "list.items",
    ACCEPTED,
    "one array of several that could hold objects",
    sent(200, {**SEVERAL, "a": []}),
    altered=NAMELESS,
)
_texts_only = sent(200, {"statuses": ["busy"], "has_more": False})
example("list.items", ACCEPTED, "the only array, of texts", _texts_only, altered=NAMELESS)
example(
    "list.items",
    ACCEPTED,
    "one that does",
    sent(200, {**SEVERAL, "a": [call(1)], "b": []}),
    altered=NAMELESS,
)
_links = [{"rel": "next", "href": "/x"}]
example(
    "list.items",
    ACCEPTED,
    "one whose objects have a position",
    sent(200, {"a": [call(1)], "l": _links}),
    altered=NAMELESS,
)
example("list.items", ACCEPTED, "only empty ones", sent(200, {"a": [], "b": []}), altered=NAMELESS)
example(
    "list.items",
    GAP,
    "an empty one, and one of other objects",
    sent(200, {"a": [], "l": _links}),
    altered=NAMELESS,
)
example(
    "list.items",
    GAP,
    "two that do",
    sent(200, {**SEVERAL, "a": [call(1)], "b": [call(2)]}),
    altered=NAMELESS,
)
example("list.items", GAP, "none that does", sent(200, {**SEVERAL, "a": ["x"]}), altered=NAMELESS)
_none = sent(200, {"has_more": False})
example(
    "list.items",
    REFUSED,
    "no array, where no source names the member",
    _none,
    altered=NAMELESS,
    tells="where='/'",
)
example("list.more-flag", ACCEPTED, "a boolean", sent(200, EMPTY))
example("list.more-flag", REFUSED, "none", sent(200, {"calls": []}))
example("list.more-flag", REFUSED, "a text", sent(200, {"calls": [], "has_more": "false"}))
example("list.more-flag", REFUSED, "a number", sent(200, {"calls": [], "has_more": 0}))
example("list.more-flag", REFUSED, "null", sent(200, {"calls": [], "has_more": None}))
example(
    "list.more-flag",
    REFUSED,
    "in an object of its own",
    sent(200, {"calls": [], "pagination": {"has_more": False}}),
)
example("list.more-flag", SILENT, "an error", refusal("bad_request"))
example("list.more-flag", SILENT, "no JSON, which is another rule's", sent(200, text="["))
example("list.more-flag", SILENT, "another operation", sent(200, call(1), operation="read_call"))
example("list.limit", ACCEPTED, "as many as the limit", page("w", [3, 2], True, limit=2))
example("list.limit", REFUSED, "one more", page("w", [3, 2, 1], True, limit=2))
example("list.limit", REFUSED, "two for a limit of 1", page("w", [3, 2], True, limit=1))
example("list.limit", SILENT, "a short page with has_more true", page("w", [3], True, limit=2))
example("list.limit", SILENT, "no limit", page("w", [3, 2, 1], True))
example("list.limit", SILENT, "a limit of 0", page("w", [3, 2, 1], True, limit=0))
example(
    "list.limit",
    SILENT,
    "a limit that is no number",
    sent(200, {"calls": [call(1), call(2)], "has_more": True}, query={"limit": "1.5x"}),
)
example(
    "list.limit",
    SILENT,
    "a limit with digits of another script",
    sent(200, {"calls": [call(1), call(2)], "has_more": True}, query={"limit": "١"}),
)
example(
    "list.limit",
    SILENT,
    "two limits",
    sent(
        200, {"calls": [call(1), call(2)], "has_more": True}, query=[("limit", "1"), ("limit", "5")]
    ),
    sent(
        200, {"calls": [call(1), call(2)], "has_more": True}, query=[("limit", "5"), ("limit", "1")]
    ),
)
example(
    "list.maximum",
    ACCEPTED,
    "the declared maximum under a larger limit",
    page("w", [3, 2, 1], True, limit=10),
)
example("list.maximum", REFUSED, "more than it", page("w", [4, 3, 2, 1], True, limit=10))
example("list.maximum", REFUSED, "more than it without a limit", page("w", [4, 3, 2, 1], False))
example("list.maximum", SILENT, "a limit within it", page("w", [3, 2], True, limit=2))
example("list.maximum", SILENT, "a list that ends within it", page("w", [3, 2, 1], False, limit=10))
example(
    "list.maximum",
    SILENT,
    "none declared",
    page("w", [4, 3, 2, 1], True, limit=10),
    target=replace(TARGET, maximum={}),
)
example(
    "list.maximum",
    ACCEPTED,
    "a limit beyond it refused",
    refusal("invalid_request", query={"limit": "99"}),
)
for _limit in "23":
    example(
        "list.maximum",
        SILENT,
        f"a limit of {_limit}, within it, refused",
        refusal("invalid_request", query={"limit": _limit}),
    )
_single = replace(TARGET, maximum={"read_call": 3})
example(
    "list.maximum",
    SILENT,
    "an operation that is no list",
    sent(200, call(1), operation="read_call"),
    target=_single,
)
example(
    "list.maximum",
    SILENT,
    "refused for another reason",
    refusal("forbidden", query={"limit": "99"}),
)
example("list.position", ACCEPTED, "timestamps", page("w", [2, 1], True))
example(
    "list.position",
    ACCEPTED,
    "one missing, but not at the end",
    page("w", [{"id": "x", "status": "s"}, 1], True),
)
example(
    "list.position",
    ACCEPTED,
    "the last one missing where nothing follows",
    page("w", [2, {"id": "x", "status": "s"}], False),
)
example(
    "list.position",
    ACCEPTED,
    "offsets and fractions",
    page("w", [at(3, "+05:30"), at(2.5, "Z", 7), at(1, "-0100")], True),
)
example(
    "list.position",
    REFUSED,
    "no zone",
    page("w", [at(3, ""), 1], False),
    tells=f"where='/calls/0/created_at', expected='an ISO timestamp with its zone', actual='\"{at(3, '')}",
)
example(
    "list.position",
    REFUSED,
    "the last one missing where more follows",
    page("w", [2, {"id": "x", "status": "s"}], True),
    tells="actual='nothing'",
)
_rows = sent(200, {"rows": [{"created_at": 1}], "has_more": False})
example(
    "list.position",
    REFUSED,
    "a number, where no source names the member",
    _rows,
    altered=NAMELESS,
    tells="/.../0/created_at",
)
example(
    "list.position",
    REFUSED,
    "a number of seconds",
    page("w", [{**call(2), "created_at": 1767225600}, 1], False),
)
example("list.position", REFUSED, "a date of another form", page("w", ["01/02/2026", 1], False))
example("list.position", SILENT, "an empty page", page("w", [], False))

# --- walks ----------------------------------------------------------------------------------------

LINE = [call(second) for second in range(9, 0, -1)]
FRACTIONS = [call(at(2 + n / 4, "Z", 2), f"f{n}") for n in range(7, -1, -1)]
WALKS = (
    "paging.order",
    "paging.advances",
    "paging.exclusive",
    "paging.complete",
    "paging.more-false",
    "paging.more-true",
)
for _rule in WALKS:
    example(_rule, ACCEPTED, "newest first", *walked(LINE, 2), *walked(LINE, 3), *walked(LINE, 9))
    example(_rule, ACCEPTED, "oldest first", *walked(LINE[::-1], 2), *walked(LINE[::-1], 3))
    example(_rule, ACCEPTED, "fractions", *walked(FRACTIONS, 3), *walked(FRACTIONS, 8))
    example(
        _rule,
        ACCEPTED,
        "short pages with has_more true",
        page("w", [9, 8], True, limit=5),
        page("w", [7], True, 8, 5),
        page("w", [6, 5], False, 7, 5),
    )
    example(
        _rule,
        ACCEPTED,
        "mixed widths of the fraction and mixed offsets",
        *walked(
            [
                call("2026-01-01T12:00:05.9Z"),
                call("2026-01-01T13:00:05.87654321+01:00"),
                call("2026-01-01T12:00:05.50-00:00"),
                call("2026-01-01T17:30:05+05:30"),
                call("2026-01-01T12:00:04,25Z"),
                call("2026-01-01T12:00:04Z"),
            ],
            2,
        ),
    )
for _rule in (*WALKS, "paging.precision", "paging.ties"):
    example(_rule, SILENT, "one page that is not a list", sent(200, {"calls": "none"}, walk="w"))
    example(_rule, SILENT, "an empty list", page("w", [], False))
    example(
        _rule,
        SILENT,
        "pages without the flag, which is another rule's",
        sent(200, {"calls": [call(1)]}, walk="w"),
    )
    example(
        _rule,
        SILENT,
        "429 in the middle of a walk",
        refusal("rate_limit_exceeded", walk="w"),
        proxy(walk="w"),
    )
    example(_rule, SILENT, "no walk at all", sent(200, EMPTY))

TIED = [call(9), call(5, "a"), call(5, "b"), call(5, "c"), call(2), call(1)]
for _rule in (
    "paging.exclusive",
    "paging.complete",
    "paging.more-false",
    "paging.more-true",
    "paging.order",
):
    example(
        _rule,
        ACCEPTED,
        "a tie is lost at the border of a page",
        *walked(TIED, 6),
        page("w", [TIED[0], TIED[1]], True, limit=2),
        page("w", [TIED[4], TIED[5]], False, 5, 2),
        page("v", [TIED[0]], True, limit=1),
        page("v", TIED[1:4], True, 9, 3),
    )
    example(
        _rule,
        ACCEPTED,
        "a tie is repeated at the border of a page",
        *walked(TIED, 6),
        page("w", [TIED[0], TIED[1]], True, limit=2),
        page("w", [TIED[1], TIED[2], TIED[3], TIED[4]], True, 5, 4),
        page("w", [TIED[5]], False, 2, 4),
    )
example(
    "paging.ties",
    NOTE,
    "a page ends among equals",
    page("w", TIED[:3], True, limit=3),
    page("w", TIED[3:], False, 5, 3),
)
example("paging.ties", ACCEPTED, "no equals", *walked(LINE, 2))
example(
    "paging.ties",
    NOTE,
    "never graded",
    page("w", TIED[:3], True, limit=3),
    page("w", TIED[3:], False, 5, 3),
    page("v", TIED, False),
)

example(
    "paging.order",
    REFUSED,
    "up and down",
    page("w", [9, 7, 8], True),
    tells=f"newest first, as the list begins', actual='{at(8)} after {at(7)}",
)
example(
    "paging.order",
    REFUSED,
    "down and up",
    page("w", [7, 9, 8], True),
    tells="oldest first, as the list begins",
)
example(
    "paging.order",
    REFUSED,
    "another direction on the next page",
    page("w", [9, 8], True),
    page("w", [6, 7], False, 8),
)
for _turn, _halves, _words in (
    (
        "up",
        ([9, 8], [12, 11], 8),
        "newest first from page to page', actual='a page after the head on one side",
    ),
    ("down", ([8, 9], [2, 3], 9), "oldest first from page to page"),
):
    _first_page, _next_page = page("w", _halves[0], True), page("w", _halves[1], True, _halves[2])
    example(
        "paging.order", REFUSED, f"pages that turn {_turn}", _first_page, _next_page, tells=_words
    )
for _says, _halves in (
    ("one item, and a page before it", ([9], [12, 11], 9)),
    ("a page, and one item before it", ([9, 8], [12], 8)),
):
    _first_page, _next_page = page("w", _halves[0], True), page("w", _halves[1], True, _halves[2])
    example("paging.order", ACCEPTED, _says, _first_page, _next_page)
example("paging.order", ACCEPTED, "equals next to each other", page("w", TIED, False))
example(
    "paging.advances",
    REFUSED,
    "the same page again",
    page("w", [9, 8], True, limit=2),
    page("w", [9, 8], True, 8, 2),
)
example(
    "paging.advances",
    REFUSED,
    "its own cursor refused",
    page("w", [9, 8], True),
    refusal("invalid_request", walk="w", query={"after": at(8)}),
)
example(
    "paging.exclusive",
    REFUSED,
    "the cursor again",
    page("w", [9, 8], True),
    page("w", [8, 7], True, 8),
)
example(
    "paging.exclusive",
    REFUSED,
    "the cursor again, oldest first",
    page("w", [1, 2], True),
    page("w", [2, 3], True, 2),
)
example(
    "paging.exclusive",
    REFUSED,
    "things before the cursor",
    page("w", [9, 8], True),
    page("w", [9, 7], True, 8),
)
example(
    "paging.exclusive",
    REFUSED,
    "the cursor again in a small page",
    page("w", [9], True, limit=1),
    page("w", [8], True, 9, 1),
    page("w", [8], True, 8, 1),
)
example("paging.order", SILENT, "one item, which shows no direction", page("w", [9], False))
_one = (page("w", [9], True, limit=1), page("w", [9], True, 9, 1))
example("paging.advances", ACCEPTED, "one item again, as paging.exclusive blames", *_one)
example(
    "paging.exclusive",
    REFUSED,
    "an item twice on a page",
    page("w", [call(9, "a"), call(9, "a")], False),
)
_alike = {"created_at": at(9), "status": "busy"}
example(
    "paging.exclusive",
    SILENT,
    "two items without an id that are alike",
    page("w", [_alike, _alike], False),
)
_repeated = (FRACTIONS[1]["created_at"], FRACTIONS[2]["created_at"])
example(
    "paging.exclusive",
    REFUSED,
    "the cursor again, where none is a whole second",
    page("w", FRACTIONS[:2], True),
    page("w", FRACTIONS[1:3], True, _repeated[0]),
    page("w", FRACTIONS[3:4], True, _repeated[1]),
)
_fractions_again = (
    page("w", FRACTIONS[:2], True),
    page("w", FRACTIONS[1:3], True, FRACTIONS[1]["created_at"]),
)
for _rule, _outcome in (("paging.exclusive", REFUSED), ("paging.precision", SILENT)):
    for _beyond, _item in ((8, 7), (1, 0)):
        _says = f"a cursor with a fraction again, and after second {_beyond}, which no item has, nothing again"
        example(_rule, _outcome, _says, *_fractions_again, page("v", [_item], True, _beyond))
_filtered = [
    page("w", shown, True, after, filters={"status": "completed"})
    for shown, after in (
        (FRACTIONS[:2], None),
        (FRACTIONS[1:3], _repeated[0]),
        (FRACTIONS[3:4], _repeated[1]),
    )
]
example(
    "paging.exclusive",
    REFUSED,
    "the cursor again, where one is a whole second without the filter",
    *_filtered,
    page("v", [1], True, 2),
)
example(
    "paging.complete",
    REFUSED,
    "one lost between two pages, oldest first",
    *walked(LINE[::-1], 9),
    page("w", [1, 2], True),
    page("w", [4, 5], True, 2),
    tells=f'"c-3", which comes after {at(2)}',
)
example(
    "paging.complete",
    REFUSED,
    "one lost between two pages",
    *walked(LINE, 9),
    page("w", [9, 8], True),
    page("w", [6, 5], True, 8),
)
example(
    "paging.complete",
    REFUSED,
    "the look-ahead item lost",
    *walked(LINE, 9),
    page("w", [9], True, limit=1),
    page("w", [7], True, 9, 1),
)
example(
    "paging.complete",
    REFUSED,
    "one lost in the middle of a page",
    *walked(LINE, 9),
    page("w", [7, 5], True, 8),
)
example(
    "paging.complete",
    REFUSED,
    "one lost at the head of the list",
    *walked(LINE, 9),
    page("w", [8, 7], True),
    tells="the head of the list",
)
example(
    "paging.complete",
    SILENT,
    "a cursor that is no timestamp",
    *walked(LINE, 9),
    page("w", [3, 2], True, "yesterday"),
)
for _rule in ("paging.exclusive", "paging.complete"):
    example(_rule, SILENT, "a first page only, which has no cursor", page("w", [9, 8], True))
    example(_rule, SILENT, "an empty page only", page("w", [], False, 8))
example(
    "paging.more-false", SILENT, "true where nothing is known to follow", page("w", [2, 1], True)
)
example(
    "paging.more-false",
    SILENT,
    "a cursor that is no timestamp",
    *walked(LINE, 9),
    page("w", [], False, "yesterday"),
)
_untimed = page("w", [2, {"id": "c-1", "status": "busy"}], False)
example(
    "paging.more-false",
    SILENT,
    "what follows is on the page, without its time",
    *walked(LINE, 9),
    _untimed,
)
example(
    "paging.complete",
    ACCEPTED,
    "one lost after a cursor that several items share, which is not judged",
    *walked(TIED, 6),
    page("w", [1], False, 5),
)
example("paging.advances", SILENT, "another request refused", refusal("invalid_request"))
_access = (refusal("unauthorized", walk="v"), refusal("forbidden", walk="w"))
example("paging.advances", SILENT, "a page refused for the key, which other rules judge", *_access)
_unread = (
    refusal("invalid_request"),
    refusal("invalid_request", walk="v", query={"after": "yesterday"}),
)
example(
    "paging.advances",
    REFUSED,
    "a page refused after others that are not judged",
    *_unread,
    refusal("bad_request", walk="w"),
)
_tie = (page("w", [9, call(5, "a"), call(5, "b")], True), page("w", [3, 2], True, 5))
example(
    "paging.advances",
    REFUSED,
    "the same page again, after a tie",
    *_tie,
    page("w", [3, 2], True, 2),
)
_vague = page("v", [], False, "yesterday")
example(
    "paging.complete",
    REFUSED,
    "one lost, after a cursor that is no timestamp",
    *walked(LINE, 9),
    _vague,
    page("w", [7], True, 9),
)
_vain = (*walked(LINE, 9), page("v", [], False, 8), page("w", [9, 8], False))
example("paging.more-false", REFUSED, "false while items remain, after an empty page", *_vain)
example(
    "paging.advances",
    SILENT,
    "a page refused that may be",
    refusal("invalid_request", walk="w", refusable=True),
)
_order = (
    page("w", [9, 7, at(8.5, "Z", 1)], True),
    page("w", [at(8.25, "Z", 2)], True, at(8.5, "Z", 1)),
    page("w", [5], True, 6),
)
for _rule in (
    "paging.exclusive",
    "paging.complete",
    "paging.precision",
    "paging.more-false",
    "paging.more-true",
):
    example(_rule, SILENT, "a list out of order, which paging.order blames", *_order)
example(
    "paging.complete",
    REFUSED,
    "an empty page where items follow",
    *walked(LINE, 9),
    page("w", [9, 8], True),
    page("w", [], False, 8),
)
example(
    "paging.complete",
    ACCEPTED,
    "the last page ends early",
    *walked(LINE, 9),
    page("w", [9, 8], True),
    page("w", [7, 6], False, 8),
)
example(
    "paging.precision",
    ACCEPTED,
    "neighbours within a second are told apart",
    *walked(FRACTIONS, 1),
    *walked(FRACTIONS, 8),
)
_cut = [
    page("w", FRACTIONS[:2], True, limit=2),
    page("w", FRACTIONS[4:6], True, FRACTIONS[1]["created_at"], 2),
]
_begins = (
    page("w", FRACTIONS[:1], True),
    page("w", FRACTIONS[1:], True, FRACTIONS[0]["created_at"]),
)
example(
    "paging.precision",
    ACCEPTED,
    "a page begins in the second of its cursor, and ends in another",
    *_begins,
)
example(
    "paging.precision",
    REFUSED,
    "the fraction of the cursor is cut off",
    *walked(FRACTIONS, 8),
    *_cut,
)
_head = page("v", FRACTIONS[1:2], True, limit=1)
example(
    "paging.precision",
    REFUSED,
    "the fraction is cut off, and the head of the list is lost",
    *walked(FRACTIONS, 8),
    _head,
    *_cut,
)
_longer = walked([call(9), call(7), *FRACTIONS], 10)
_gap = page("v", FRACTIONS[:1], True, 9, 1)
example(
    "paging.precision", SILENT, "more is lost than a cut fraction explains", *_longer, _gap, *_cut
)
_oldest = FRACTIONS[3::-1]
_blunt = (
    page("w", _oldest[:1], True, limit=1),
    page("w", _oldest[1:2], True, _oldest[0]["created_at"], 1),
    page("w", _oldest[1:3], True, _oldest[1]["created_at"], 2),
)
example("paging.precision", REFUSED, "the fraction is cut off, oldest first", *_blunt)
example(
    "paging.exclusive", ACCEPTED, "a fraction is cut off, which paging.precision blames", *_blunt
)
example("paging.precision", SILENT, "no two within a second", *walked(LINE, 2))
_newer = (
    page("w", [FRACTIONS[0]], True, FRACTIONS[1]["created_at"], 1),
    page("w", [], False, FRACTIONS[0]["created_at"]),
)
_says = "pages of what is newer than their cursor, which paging.exclusive blames"
example("paging.precision", SILENT, _says, *walked(FRACTIONS, 8), *_newer)
example("paging.exclusive", REFUSED, _says, *walked(FRACTIONS, 8), *_newer)
_false = (*walked(LINE, 9), page("w", [9, 8], False))
example(
    "paging.more-false",
    REFUSED,
    "false while items remain",
    *_false,
    tells=f'true, as {at(7)} "c-7" comes after',
)
_lost = (*walked(LINE, 9), page("w", [9, 8], True))
example(
    "paging.more-false",
    ACCEPTED,
    "false on a page that is empty as all was lost",
    *_lost,
    page("w", [], False, 8),
)
example(
    "paging.more-false",
    REFUSED,
    "false on a page that lost some, while items remain",
    *_lost,
    page("w", [6, 5], False, 8),
)
example(
    "paging.more-false",
    REFUSED,
    "false on the last page but one",
    *walked(LINE, 2)[:-1],
    page("w", [1], False, 2, 2),
    page("v", [3, 2], False, 4, 2),
)
example(
    "paging.more-true",
    REFUSED,
    "an empty page that says true",
    page("w", [2, 1], True),
    page("w", [], True, 1),
)
example("paging.more-true", REFUSED, "an empty list that says true", page("w", [], True))
example(
    "paging.more-true",
    NOTE,
    "true, and then an empty page",
    page("w", [2, 1], True),
    page("w", [], False, 1),
)

for _says, _second in (("before", 9.5), ("after", 5)):
    _jump = page("w", [], False, at(_second, "Z", 1))
    example(
        "paging.more-true",
        SILENT,
        f"a page that starts {_says} the end of the one before",
        page("w", [9, 8], True),
        _jump,
    )
for _this, _that in ("vw", "wv"):
    _apart = (page(_this, [9, 8], True), page(_that, [], False, 8))
    example("paging.more-true", SILENT, f"pages of two walks, {_this} and {_that}", *_apart)
    _rising = (
        page(_this, [9], True),
        page(_that, [1], True, limit=1),
        page(_that, [2], True, 1, 1),
    )
    example(
        "paging.exclusive",
        ACCEPTED,
        f"oldest first, as one of two walks shows, {_this} and {_that}",
        *_rising,
    )
_timeless = {"id": "x", "status": "busy"}
_next = page("w", [], False, 2)
example(
    "paging.more-true", SILENT, "no cursor to go on with", page("w", [2, _timeless], True), _next
)
example(
    "paging.more-true",
    NOTE,
    "an item without a time, but not at the end",
    page("w", [_timeless, 2], True),
    _next,
)
_between = page("w", [3, _timeless, 2], True)
example("paging.more-true", NOTE, "an item without a time in the middle", _between, _next)
example(
    "paging.exclusive",
    ACCEPTED,
    "the last item without a time where none follows",
    page("w", [3, _timeless], False, 5),
)
example(
    "paging.exclusive",
    ACCEPTED,
    "one item, which is older than its cursor",
    page("w", [8], False, 9),
)
_unplaced = (page("w", [2, _timeless], True), page("w", [9], True, 5))
example("paging.exclusive", SILENT, "pages after one that shows no cursor", *_unplaced)
example(
    "paging.exclusive",
    SILENT,
    "a page whose times cannot be read",
    page("w", [call("soon")], True, 5),
)
example(
    "paging.exclusive", SILENT, "a page that is of no walk", rows(call(9), query={"after": at(8)})
)
example(
    "paging.exclusive",
    REFUSED,
    "the cursor again, after a page of no walk",
    rows(),
    page("w", [8], True, 8),
)
_within = page("w", [call(2)], False, 9)
example(
    "paging.complete",
    ACCEPTED,
    "several lost that share a time, which is not judged",
    *walked(TIED, 6),
    _within,
)
POLL = {"operation": "poll_call_completed"}


def polled(*seconds: int, after: int | None = None) -> Exchange:
    """A page of a list that may be asked for what is new."""
    query = {} if after is None else {"after": at(after)}
    return sent(
        200,
        {"items": [call(second) for second in seconds], "has_more": True},
        query=query,
        walk="w",
        operation="poll_call_completed",
    )


for _says, _outcome, _pages in (
    ("all that is newer than the cursor", GAP, (polled(9, 8), polled(9, after=8))),
    ("all that is no older than the cursor", GAP, (polled(9, 8), polled(9, 8, after=8))),
    ("the cursor alone again", REFUSED, (polled(9, 8), polled(8, after=8))),
    ("some newer, some older", REFUSED, (polled(9, 8), polled(9, 7, after=8))),
    ("what is older, as in any list", ACCEPTED, (polled(9, 8), polled(7, 6, after=8))),
    ("what is newer, oldest first", ACCEPTED, (polled(1, 2), polled(3, 4, after=2))),
):
    example("paging.exclusive", _outcome, f"asked for what is new, {_says}", *_pages, **POLL)
for _rule in ("paging.complete", "paging.more-false"):
    _moved = [
        replace(one, attempt=2)
        for one in (*walked(LINE, 9), page("w", [9, 7], False), *walked(LINE, 9, "again"))
    ]
    example(_rule, REFUSED, "one lost that is shown before and after, when repeated", *_moved)
    example(_rule, SILENT, "one that came since, when repeated", *_moved[1:])
    example(_rule, SILENT, "one that is gone since, when repeated", *_moved[:2])

MARKED = [call(n, status="failed" if n % 2 else "completed") for n in range(9, 0, -1)]
ODD: dict[str, Any] = {"filters": {"status": "failed"}}
example(
    "paging.filter",
    ACCEPTED,
    "kept on every page",
    page("u", MARKED, False),
    page("w", [MARKED[0], MARKED[2]], True, limit=2, **ODD),
    page("w", [MARKED[4], MARKED[6]], True, MARKED[2]["created_at"], 2, **ODD),
)
example(
    "paging.filter",
    REFUSED,
    "forgotten on the second page",
    page("w", [MARKED[0], MARKED[2]], True, limit=2, **ODD),
    page("w", [MARKED[3], MARKED[4]], True, MARKED[2]["created_at"], 2, **ODD),
)
example(
    "paging.filter",
    REFUSED,
    "ignored",
    page("w", MARKED[:2], True, limit=2, **ODD),
    tells="expected='\"failed\"'",
)
for _filter, _words in (
    ({"score_gte": "5"}, "at-least 5"),
    ({"status": "new,won"}, "one of new,won"),
):
    _lead = {"id": "l", "status": "lost", "score": 3, "created_at": at(1)}
    _leads = sent(
        200,
        {"leads": [_lead], "has_more": False},
        operation="list_leads",
        walk="w",
        filters=_filter,
    )
    example(
        "paging.filter",
        REFUSED,
        f"{_words}, which it is not",
        _leads,
        operation="list_leads",
        tells=f"'{_words}'",
    )
example("paging.filter", SILENT, "only one page", page("w", [MARKED[0]], False, **ODD))
example(
    "paging.filter",
    SILENT,
    "rows that do not show it",
    page("w", [{"id": "x", "created_at": at(3)}], False, **ODD),
)
example(
    "paging.complete",
    ACCEPTED,
    "what a filter leaves out is not lost",
    page("u", MARKED, False),
    page("w", [MARKED[0], MARKED[2]], True, limit=2, **ODD),
    page("w", [MARKED[4], MARKED[6]], True, MARKED[2]["created_at"], 2, **ODD),
)
example(
    "paging.complete",
    REFUSED,
    "what a filter takes is lost",
    page("u", MARKED, False),
    page("w", [MARKED[0], MARKED[2]], True, limit=2, **ODD),
    page("w", [MARKED[6]], True, MARKED[2]["created_at"], 2, **ODD),
)
example("paging.empty", ACCEPTED, "an empty page", sent(200, EMPTY))
example("paging.empty", REFUSED, "an error", refusal("not_found"))
example("paging.empty", REFUSED, "true", sent(200, {"calls": [], "has_more": True}))
example("paging.empty", REFUSED, "rows", page("", [1], False))
USED = sent(200, {"usage": [{}], "has_more": False}, operation="list_usage")
example("paging.empty", GAP, "rows where there may be some", USED, operation="list_usage")
example(
    "paging.empty",
    REFUSED,
    "an error, and then rows",
    refusal("not_found"),
    page("", [1, 2], False),
    tells="2 items",
)
example("paging.empty", GAP, "429 in the middle", refusal("rate_limit_exceeded"))
example("paging.empty", TROUBLE, "502 of a proxy", proxy())
example("sample.accepted", ACCEPTED, "a success", sent(200, EMPTY))
example(
    "sample.accepted",
    ACCEPTED,
    "the printed cursor, old as it is, refused",
    refusal("invalid_request", printed_cursor=True),
)
_more = refusal("invalid_request", query={"limit": "25"})
example(
    "sample.accepted",
    ACCEPTED,
    "a limit beyond the maximum that the target declares, refused",
    _more,
)
example(
    "sample.accepted",
    REFUSED,
    "a limit refused that is within it",
    refusal("invalid_request", query={"limit": "2"}),
)
example(
    "sample.accepted",
    REFUSED,
    "the declared maximum refused as a limit",
    refusal("invalid_request", query={"limit": "3"}),
)
_no_list = refusal("invalid_request", operation="read_call", query={"limit": "25"})
example(
    "sample.accepted",
    REFUSED,
    "a read refused, which has no limit",
    _no_list,
    operation="read_call",
)
example(
    "sample.accepted", REFUSED, "refused with a cursor of the target", refusal("invalid_request")
)
example("sample.accepted", SILENT, "a key without the scope", refusal("forbidden"))
example("sample.accepted", REFUSED, "404", refusal("not_found"))
example(
    "sample.accepted",
    REFUSED,
    "404 for the printed cursor",
    refusal("not_found", printed_cursor=True),
)
example(
    "sample.accepted",
    REFUSED,
    "a redirect for the printed cursor",
    sent(302, {}, printed_cursor=True),
)
example("sample.accepted", GAP, "429 in the middle", refusal("rate_limit_exceeded"))
example("sample.accepted", TROUBLE, "no response", sent(None))

# --- successes ------------------------------------------------------------------------------------

NEW = {"agent_id": "a", "to": "+12025550101"}
example("success.status", ACCEPTED, "200 of a list", sent(200, EMPTY))
example(
    "success.status", ACCEPTED, "201 of a creation", sent(201, call(1), operation="create_call")
)
example("success.status", REFUSED, "200 of a creation", sent(200, call(1), operation="create_call"))
example("success.status", REFUSED, "201 of a list", sent(201, EMPTY))
example(
    "success.status", REFUSED, "a valid request refused", refusal("bad_request", role="control")
)
example(
    "success.status",
    REFUSED,
    "a valid request answered 500",
    refusal("internal_error", role="control"),
)
example("success.status", SILENT, "a probe refused", refusal("bad_request"))
_ODD = refusal("invalid_request", role="control", query={"after": "17 April 2026"})
example(
    "success.status",
    SILENT,
    "a cursor of the target that is no timestamp, which another rule blames",
    _ODD,
)
_EMPTY = refusal("invalid_request", role="control", query={"after": ""})
example(
    "success.status",
    SILENT,
    "a cursor of the target that is empty, which another rule blames",
    _EMPTY,
)
_LATER = refusal("invalid_request", role="control", query={"after": "2026-04-17T10:00:00Z"})
example("success.status", REFUSED, "a cursor of the target that is one", _LATER)
example(
    "success.status", SILENT, "429 in the middle", refusal("rate_limit_exceeded", role="control")
)
example("success.status", SILENT, "502 of a proxy", proxy(role="control"))
example(
    "success.status",
    SILENT,
    "a failing provider",
    refusal("vapi_error", role="control", operation="create_call"),
)
example("success.status", SILENT, "a key without the scope", refusal("forbidden", role="control"))
example(
    "success.status",
    SILENT,
    "a number that may not be called",
    refusal("number_on_dnc", role="control", operation="create_call"),
)
example(
    "success.status",
    SILENT,
    "a fictional number that is refused",
    refusal("invalid_request", role="control", operation="create_call"),
    target=replace(TARGET, phone_numbers=()),
)
example(
    "success.status",
    REFUSED,
    "a declared number that is refused",
    refusal("invalid_request", role="control", operation="create_call"),
)
for _code in ("bad_request", "internal_error"):
    example(
        "success.status",
        REFUSED,
        f"{_code} at sign-up",
        refusal(_code, role="control", operation="sign_up"),
    )
example(
    "success.status", REFUSED, "payment for a list", refusal("payment_required", role="control")
)
example(
    "success.status", SILENT, "a key that is not known", refusal("unauthorized", role="control")
)
for _code, _outcome in (
    ("invalid_request", SILENT),
    ("not_found", SILENT),
    ("internal_error", REFUSED),
):
    _opened = refusal(_code, role="control", operation="read_recording")
    example(
        "success.status", _outcome, f"{_code} where no source says which input is right", _opened
    )
_fictional: dict[str, Any] = {"role": "control", "operation": "create_call"}
_numberless = replace(TARGET, phone_numbers=())
for _answer in (sent(302, {}, **_fictional), refusal("internal_error", **_fictional)):
    assert _answer.response is not None
    _says = f"a fictional number that is answered {_answer.response.status}"
    example("success.status", REFUSED, _says, _answer, target=_numberless)
example(
    "success.status",
    SILENT,
    "payment at sign-up",
    refusal("payment_required", role="control", operation="sign_up"),
)
example(
    "success.shape",
    ACCEPTED,
    "members beside the known ones",
    sent(200, {**EMPTY, "next": None, "request_id": "r"}),
)
example("success.shape", ACCEPTED, "one object", sent(200, call(1), operation="read_call"))
example(
    "success.shape",
    REFUSED,
    "a member missing",
    sent(200, {"status": "queued"}, operation="read_call"),
)
_longish = sent(200, {"id": ["x" * 300], "status": "queued"}, operation="read_call")
example(
    "success.shape", REFUSED, "a long member, cut short", _longish, tells="['" + "x" * 198 + '"'
)
example(
    "success.shape",
    REFUSED,
    "a member of another type",
    sent(200, {"id": 1, "status": "queued"}, operation="read_call"),
)
example(
    "success.shape",
    ACCEPTED,
    "no body where no source shows one",
    sent(200, text="", operation="delete_webhook"),
)
example("success.shape", REFUSED, "no JSON", sent(200, text="ok", operation="read_call"))
example("success.shape", REFUSED, "an empty body", sent(200, text="", operation="read_call"))
example(
    "success.shape",
    SILENT,
    "a list without the flag, which is another rule's",
    sent(200, {"calls": []}),
)
example("success.shape", SILENT, "an error", refusal("bad_request"))
example(
    "success.shape",
    SILENT,
    "a body that was withheld",
    sent(200, raw=Body(text="[w]", size=9, withheld=True)),
)
example("success.shape", SILENT, "the answer to HEAD", sent(200, text="", method="HEAD"))
example(
    "success.shape",
    ACCEPTED,
    "a lone surrogate in a text",
    sent(200, text='{"id": "\\ud800", "status": "x"}', operation="read_call"),
)
example(
    "success.shape", TROUBLE, "a body without end", sent(200, raw=Body(text="{", size=9, cut=True))
)


def written(
    rule: str, members: dict[str, Any], read: Exchange | None, **answer: Any
) -> tuple[Exchange, ...]:
    """A write with its answer, and the read that follows."""
    action = "create_agent" if rule.startswith("create") else "update_agent"
    status = 201 if rule.startswith("create") else 200
    body = answer.get("body", {"id": "a1", "name": "New"})
    write = sent(status, body, operation=action, role="control", step="write", sent=members)
    return (write,) if read is None else (write, read)


def reading(status: int, body: Any) -> Exchange:
    """A read of the agent a1."""
    return sent(status, body, operation="read_agent", step="read", sought="a1")


for _rule, _action in (("create.read-back", "create_agent"), ("update.read-back", "update_agent")):
    _on = {"operation": _action}
    _sent = {
        "name": "New",
        "first_message": "Hello  there ",
        "max_duration": 300,
        "voice": {"provider": "p"},
    }
    _same = {"id": "a1", **_sent, "first_message": "Hello there", "status": "on"}
    example(_rule, ACCEPTED, "as sent", *written(_rule, _sent, reading(200, _same)), **_on)
    example(
        _rule,
        ACCEPTED,
        "members that a read does not show",
        *written(_rule, _sent, reading(200, {"id": "a1", "name": "New"})),
        **_on,
    )
    example(
        _rule,
        ACCEPTED,
        "defaults filled in inside a member",
        *written(_rule, _sent, reading(200, {**_same, "voice": {"provider": "p", "speed": 1}})),
        **_on,
    )
    example(
        _rule,
        ACCEPTED,
        "300 as 300.0",
        *written(_rule, _sent, reading(200, {**_same, "max_duration": 300.0})),
        **_on,
    )
    example(
        _rule,
        REFUSED,
        "another value",
        *written(_rule, _sent, reading(200, {**_same, "name": "Old"})),
        **_on,
    )
    _wrapped = {"agent": {**_same, "name": "Old"}, "business": {"id": "b", "name": "New"}}
    example(
        _rule,
        REFUSED,
        "another value, in a wrapper of several",
        *written(_rule, _sent, reading(200, _wrapped)),
        **_on,
    )
    example(
        _rule,
        REFUSED,
        "another value inside a member",
        *written(_rule, _sent, reading(200, {**_same, "voice": {"provider": "q"}})),
        **_on,
    )
    example(
        _rule,
        REFUSED,
        "true as 1",
        *written(
            _rule, {"transfer_enabled": True}, reading(200, {"id": "a1", "transfer_enabled": 1})
        ),
        **_on,
    )
    example(
        _rule,
        REFUSED,
        "not there",
        *written(
            _rule, _sent, refusal("not_found", operation="read_agent", step="read", sought="a1")
        ),
        **_on,
    )
    for _name in ("a0", "a2"):
        _another_read = reading(200, {**_same, "id": _name})
        example(
            _rule, REFUSED, f"another object, {_name}", *written(_rule, _sent, _another_read), **_on
        )
    for _says, _value in (
        ("that comes before", "Abe"),
        ("which is an object", {"name": "New"}),
        ("in letters", list("New")),
    ):
        _valued = reading(200, {**_same, "name": _value})
        example(_rule, REFUSED, f"another value, {_says}", *written(_rule, _sent, _valued), **_on)
    _right = reading(200, _same)
    example(
        _rule,
        ACCEPTED,
        "as sent, and then another request",
        *written(_rule, _sent, _right),
        fine(role="setup"),
        **_on,
    )
    _missed = refusal("not_found", operation="read_agent", step="read", sought="a1")
    example(
        _rule,
        ACCEPTED,
        "as the last of two reads shows it",
        *written(_rule, _sent, _missed),
        _right,
        **_on,
    )
    _twice: list[Exchange] = []
    for _name in ("a1", "a2"):
        _read_so = replace(
            reading(200, {"id": _name, "name": _name}),
            facts=Facts.of({"step": "read", "sought": _name}),
        )
        _twice += written(_rule, {"name": _name}, _read_so, body={"id": _name})
    example(_rule, ACCEPTED, "two writes, each with its read", *_twice, **_on)
    _crossed_over = [_twice[0], _twice[2], _twice[3], _twice[1]]
    example(
        _rule, ACCEPTED, "two writes, and their reads the other way round", *_crossed_over, **_on
    )
    _unanswered = replace(_twice[0], response=None)
    example(
        _rule, TROUBLE, "no response to the write, and then a read", _unanswered, _twice[1], **_on
    )
    _tags = {"tags": [{"name": "a"}, "b"]}
    for _outcome, _says, _read in (
        (ACCEPTED, "as sent", [{"name": "a"}, "b"]),
        (ACCEPTED, "with defaults filled in", [{"name": "a", "on": True}, "b"]),
        (REFUSED, "with one more", [{"name": "a"}, "b", "c"]),
        (REFUSED, "with one less", [{"name": "a"}]),
        (REFUSED, "with another", [{"name": "a"}, "c"]),
        (REFUSED, "that is none", "b"),
    ):
        example(
            _rule,
            _outcome,
            f"a list {_says}",
            *written(_rule, _tags, reading(200, {"id": "a1", "tags": _read})),
            **_on,
        )
    example(
        _rule,
        GAP,
        "429 at the read",
        *written(_rule, _sent, refusal("rate_limit_exceeded", operation="read_agent", step="read")),
        **_on,
    )
    example(
        _rule,
        TROUBLE,
        "502 at the read",
        *written(_rule, _sent, proxy(operation="read_agent", step="read")),
        **_on,
    )
    example(
        _rule,
        GAP,
        "429 at the write",
        refusal("rate_limit_exceeded", operation=_action, role="control", step="write"),
        **_on,
    )
    _stale, _fresh_read = written(
        _rule, {"agent_id": "gone"}, reading(200, {"id": "a1", "name": "New", "agent_id": "there"})
    )
    _renamed = replace(_stale, request=replace(_stale.request, body=Body('{"agent_id": "there"}')))
    example(
        _rule, ACCEPTED, "what was named anew, as the first had gone", _renamed, _fresh_read, **_on
    )
    example(_rule, SILENT, "the run ended before the read", *written(_rule, _sent, None), **_on)
    example(
        _rule,
        SILENT,
        "the write was refused",
        refusal("forbidden", operation=_action, role="control", step="write"),
        **_on,
    )
example(
    "create.read-back",
    REFUSED,
    "an answer without the id",
    *written("create.read-back", {"name": "New"}, None, body={"ok": True}),
    operation="create_agent",
)


for _rule, _action, _outcome in (
    ("create.read-back", "create_agent", ACCEPTED),  # it is there
    ("update.read-back", "update_agent", SILENT),  # whether it was changed nobody can say
):
    _bare = written(_rule, {"name": "New"}, reading(200, {"id": "a1"}))
    example(_rule, _outcome, "nothing of it is shown", *_bare, operation=_action)
_emptied = reading(200, {"id": "a1", "name": None, "first_message": "Hello"})
_said = {"name": "New", "first_message": "Hello"}
example(
    "create.read-back",
    REFUSED,
    "a required one emptied",
    *written("create", _said, _emptied),
    operation="create_agent",
)
example(
    "update.read-back",
    REFUSED,
    "a free text emptied",
    *written("update", _said, _emptied),
    operation="update_agent",
)
_nothing = reading(200, {"id": "a1", "name": None})
example(
    "update.read-back",
    REFUSED,
    "the only one emptied",
    *written("update", {"name": "New"}, _nothing),
    operation="update_agent",
)


def hook(listed: list[dict[str, Any]], more: bool, **options: Any) -> Exchange:
    """A page of subscriptions, where one is looked for."""
    return sent(
        200,
        {"webhooks": listed, "has_more": more},
        operation="list_webhooks",
        sought="w1",
        **options,
    )


WRITTEN_HOOK = sent(
    201,
    {"webhook": {"id": "w1"}},
    operation="create_webhook",
    role="control",
    step="write",
    sent={"webhook_url": "https://example.com/1"},
)
HOOK = {"id": "w1", "url": "https://example.com/1"}
for _says, _outcome, _page in (
    (
        "listed, by the name that the object has for it",
        ACCEPTED,
        hook([{"id": "w0"}, HOOK], True, step="read"),
    ),
    (
        "listed with another value",
        REFUSED,
        hook([{**HOOK, "url": "https://example.com/2"}], False, step="read"),
    ),
    ("not listed", REFUSED, hook([{"id": "w0"}], False, step="read")),
    (
        "null for the list",
        REFUSED,
        sent(200, None, operation="list_webhooks", sought="w1", step="read"),
    ),
    ("not listed, but the list goes on", GAP, hook([{"id": "w0"}], True, step="read")),
):
    example("create.read-back", _outcome, _says, WRITTEN_HOOK, _page, operation="create_webhook")
_written_again = sent(
    200,
    {"webhook": {"id": "w1"}},
    operation="create_webhook",
    step="write",
    sent={"webhook_url": "https://example.com/2"},
)
_read_later = hook([{**HOOK, "url": "https://example.com/2"}], False, step="read")
_both_writes = (WRITTEN_HOOK, _read_later, _written_again, _read_later)
for _first_hook, _next_hook in (("w1", "w2"), ("w2", "w1")):
    _writes = [
        replace(WRITTEN_HOOK, id=one, response=sent(201, {"webhook": {"id": one}}).response)
        for one in (_first_hook, _next_hook)
    ]
    _wrong = hook([{"id": _first_hook, "url": "https://example.com/9"}], False, step="read")
    _wrong = replace(_wrong, facts=Facts.of({**_wrong.facts.to_json(), "sought": _first_hook}))
    _says = f"{_first_hook} read with another value, and {_next_hook} made after it"
    example(
        "create.read-back",
        REFUSED,
        _says,
        _writes[0],
        _wrong,
        _writes[1],
        operation="create_webhook",
    )
example(
    "create.read-back",
    ACCEPTED,
    "written again, and read as it was written last",
    *_both_writes,
    operation="create_webhook",
)

DELETED = sent(200, None, operation="delete_eval", role="control", step="delete")


def scenario(step: str, status: int = 200, **members: Any) -> Exchange:
    """A read of a scenario before or after a deletion."""
    role, name = ("control" if "before" in step else "probe"), ("e2" if "er-" in step else "e1")
    if status != 200:
        return refusal("not_found", operation="read_eval", role=role, step=step, sought=name)
    return sent(
        200,
        {"id": name, "name": "Greets", **members},
        operation="read_eval",
        role=role,
        step=step,
        sought=name,
    )


BOTH = (scenario("before"), scenario("older-before"), DELETED)
ON_EVAL = {"operation": "delete_eval"}
example(
    "delete.gone",
    ACCEPTED,
    "one is gone",
    *BOTH,
    scenario("after", 404),
    scenario("older-after"),
    **ON_EVAL,
)
example(
    "delete.gone",
    ACCEPTED,
    "shown as deleted",
    *BOTH,
    scenario("after", status_text="deleted"),
    scenario("older-after"),
    **ON_EVAL,
)
example(
    "delete.gone",
    REFUSED,
    "still there as it was",
    *BOTH,
    scenario("after"),
    scenario("older-after"),
    **ON_EVAL,
)
example(
    "delete.gone",
    REFUSED,
    "another one is gone, too",
    *BOTH,
    scenario("after", 404),
    scenario("older-after", 404),
    **ON_EVAL,
)
_evals = {"evals": [{"id": "e1", "name": "One"}, {"id": "e2", "name": "Two"}], "has_more": False}
_shown = sent(200, _evals, operation="list_evals", step="listed-before", sought="e1")
_still = replace(_shown, facts=Facts.of({**_shown.facts.to_json(), "step": "listed-after"}))
_GONE = (*BOTH[:2], _shown, *BOTH[2:], scenario("after", 404), scenario("older-after"))
example("delete.gone", REFUSED, "still listed as it was", *_GONE, _still, **ON_EVAL)
_others_only = (BOTH[1], DELETED, scenario("older-after", 404))
example(
    "delete.gone",
    REFUSED,
    "another one is gone, and nobody looked for the one",
    *_others_only,
    **ON_EVAL,
)
_itself = [
    replace(one, facts=Facts.of({**one.facts.to_json(), "sought": "e1"}))
    for one in (scenario("older-before"), scenario("older-after", 404))
]
_alone = (BOTH[0], _itself[0], DELETED, scenario("after", 404), _itself[1])
example("delete.gone", ACCEPTED, "there is but one object", *_alone, **ON_EVAL)
_newer_ones = [scenario("newer-before"), scenario("newer-after", 404)]
_with_newer = (*_alone[:2], _newer_ones[0], *_alone[2:], _newer_ones[1])
example(
    "delete.gone", REFUSED, "the older is the same, and the newer is gone", *_with_newer, **ON_EVAL
)
_earlier = [
    replace(one, facts=Facts.of({**one.facts.to_json(), "sought": "e0"}))
    for one in (scenario("older-before"), scenario("older-after", 404))
]
_before_it = (BOTH[0], _earlier[0], DELETED, scenario("after", 404), _earlier[1])
example("delete.gone", REFUSED, "one with an id that sorts before is gone", *_before_it, **ON_EVAL)
example(
    "delete.gone",
    SILENT,
    "the deletion was refused",
    *BOTH[:2],
    refusal("forbidden", step="delete"),
    **ON_EVAL,
)
example("delete.gone", SILENT, "nobody looked afterwards", *BOTH, **ON_EVAL)
example(
    "delete.gone",
    GAP,
    "it was not seen before",
    scenario("before", 404),
    DELETED,
    scenario("after", 404),
    **ON_EVAL,
)
example(
    "delete.gone",
    TROUBLE,
    "no response afterwards",
    *BOTH,
    replace(scenario("after"), response=None, failure="connection reset"),
    **ON_EVAL,
)


# --- one object, that member alone, no effect -----------------------------------------------------


def made(name: str, identifier: str) -> Exchange:
    """An agent is made."""
    return sent(
        201,
        {"id": identifier, "name": name},
        operation="create_agent",
        role="control",
        step="write",
        sent={"name": name},
    )


def agents(*names: str, step: str = "listed", **facts: Any) -> Exchange:
    """A page of agents by name."""
    listed = [
        {"id": f"a{place}", "name": name, "created_at": at(place)}
        for place, name in enumerate(names)
    ]
    return sent(
        200, {"agents": listed, "has_more": False}, operation="list_agents", step=step, **facts
    )


ON_NEW = {"operation": "create_agent"}
_two = (made("One 1f", "a1"), made("Two 2f", "a2"))
example(
    "create.one", ACCEPTED, "two ids", *_two, agents("One 1f", "Old", fresh=["One 1f"]), **ON_NEW
)
example(
    "create.one", REFUSED, "one id for two", made("One 1f", "a1"), made("Two 2f", "a1"), **ON_NEW
)
_hook_again = (
    (replace(WRITTEN_HOOK, response=replace(WRITTEN_HOOK.response, status=200)),)
    if WRITTEN_HOOK.response
    else ()
)
example(
    "create.one",
    SILENT,
    "200 with the id of what was there",
    WRITTEN_HOOK,
    *_hook_again,
    operation="create_webhook",
)
example(
    "create.one",
    REFUSED,
    "201 with the id of what was there",
    WRITTEN_HOOK,
    WRITTEN_HOOK,
    operation="create_webhook",
)
example(
    "create.one",
    REFUSED,
    "made twice",
    *_two,
    agents("One 1f", "One 1f", fresh=["One 1f"]),
    **ON_NEW,
)
_close = agents("One 1f", "One 1x", "Xne 1f", fresh=["One 1f"])
example("create.one", ACCEPTED, "others that are called alike", *_two, _close, **ON_NEW)
_within_name = agents("One 1f", "The One 1f", fresh=["One 1f"])
example(
    "create.one",
    REFUSED,
    "made twice, once in a longer name",
    *_two,
    _within_name,
    **ON_NEW,
    tells='"The One 1f"',
)
_umlauts = (made("Zoë 1f", "a1"), made("Zoë 2f", "a2"))
example(
    "create.one",
    REFUSED,
    "made twice, in any script",
    *_umlauts,
    agents("Zoë 1f", "Zoë 1f", fresh=["Zoë 1f"]),
    **ON_NEW,
)
example("create.one", SILENT, "one of them only", made("One 1f", "a1"), **ON_NEW)


def evals(*seconds: int, more: bool = False, status: int = 200, **options: Any) -> Exchange:
    """The first page of evals, each called by the second that it was made in."""
    rows = [
        {"id": f"e{second}", "name": f"Eval {second}", "created_at": at(second)}
        for second in seconds
    ]
    return sent(status, {"scenarios": rows, "has_more": more}, operation="list_evals", **options)


_newest: dict[str, Any] = {"step": "listed", "sought": "e9", "position": at(9)}
ON_NEW_EVAL = {"operation": "create_eval"}
example(
    "create.listed",
    ACCEPTED,
    "it is on the first page",
    evals(9, 8, 7, more=True, **_newest),
    **ON_NEW_EVAL,
)
example(
    "create.listed",
    ACCEPTED,
    "oldest first, so it may be on another page",
    evals(1, 2, more=True, **_newest),
    **ON_NEW_EVAL,
)
example(
    "create.listed",
    ACCEPTED,
    "newer ones fill the page",
    evals(12, 11, more=True, **_newest),
    **ON_NEW_EVAL,
)
example(
    "create.listed",
    REFUSED,
    "newest first, and it is not there",
    evals(8, 7, more=True, **_newest),
    **ON_NEW_EVAL,
)
example(
    "create.listed", REFUSED, "the only page is without it", evals(1, 2, **_newest), **ON_NEW_EVAL
)
example(
    "create.listed",
    GAP,
    "429 in the middle",
    refusal("rate_limit_exceeded", **_newest, operation="list_evals"),
    **ON_NEW_EVAL,
)
example("create.listed", SILENT, "its list was not looked at", evals(8), **ON_NEW_EVAL)
for _says, _outcome, _looks in (
    ("one older item tells no order", ACCEPTED, [evals(8, more=True, **_newest)]),
    ("two older items of one moment tell no order", ACCEPTED, [evals(8, 8, more=True, **_newest)]),
    (
        "two older items of one moment, and one before them",
        REFUSED,
        [evals(8, 8, 7, more=True, **_newest)],
    ),
    (
        "one of the same moment at the head",
        ACCEPTED,
        [evals(8, 7, more=True, **{**_newest, "position": at(8)})],
    ),
    ("no items, and nothing follows", REFUSED, [evals(**_newest)]),
    ("no items, and something follows", ACCEPTED, [evals(more=True, **_newest)]),
    ("it is there when asked again", ACCEPTED, [evals(8, **_newest), evals(9, 8, **_newest)]),
    (
        "it is no longer there when asked again",
        REFUSED,
        [evals(9, 8, **_newest), evals(8, **_newest)],
    ),
    (
        "the list is refused",
        SILENT,
        [replace(refusal("forbidden", **_newest), operation="list_evals")],
    ),
    ("the list is refused, and shown", SILENT, [evals(8, status=403, **_newest)]),
):
    example("create.listed", _outcome, _says, *_looks, **ON_NEW_EVAL)


def posted(status: int = 201, **members: Any) -> Exchange:
    """An eval is made."""
    sending = {"sent": {"name": "Eval 9"}, **members}
    return sent(
        status, {"id": "e9"}, operation="create_eval", role="control", step="write", **sending
    )


def rows_of(*names: str, step: str) -> Exchange:
    """A page of evals of some names, each an eval of its own."""
    rows = [{"id": f"{place} {name}", "name": name} for place, name in enumerate(names)]
    return sent(
        200, {"scenarios": rows, "has_more": False}, operation="list_evals", role="setup", step=step
    )


_was = rows_of("Old", step="before")
_one_new = sent(
    200,
    {"scenarios": [{"id": "0 Old"}, {"id": "n", "name": "Eval 9"}], "has_more": False},
    operation="list_evals",
)
_one_new = replace(_one_new, role=Role("setup"), facts=Facts.of({"step": "after"}))
example("create.count", ACCEPTED, "one more", _was, posted(), _one_new, **ON_NEW_EVAL)
example(
    "create.count",
    ACCEPTED,
    "none yet",
    _was,
    posted(),
    rows_of("Old", step="after"),
    **ON_NEW_EVAL,
)
example(
    "create.count",
    ACCEPTED,
    "others of other names",
    _was,
    posted(),
    rows_of("Old", "Eval 9", "Eval 8", step="after"),
    **ON_NEW_EVAL,
)
example(
    "create.count",
    REFUSED,
    "two alike",
    _was,
    posted(),
    rows_of("Old", "Eval 9", "Eval 9", step="after"),
    **ON_NEW_EVAL,
)
example(
    "create.count",
    SILENT,
    "it was refused",
    _was,
    posted(400),
    rows_of("Old", "Eval 9", "Eval 9", step="after"),
    **ON_NEW_EVAL,
)
_two_new = rows_of("Old", "Eval 9", "Eval 9", step="after")
for _says, _three in (
    ("nobody looked before", (posted(), _two_new)),
    ("nobody looked afterwards", (_was, posted())),
    ("nothing was made", (_was, _two_new)),
    ("no response", (_was, replace(posted(), response=None), _two_new)),
    (
        "the list is refused before",
        (replace(rows_of(step="before"), response=posted(403).response), posted(), _two_new),
    ),
    (
        "the list holds no items before",
        (sent(200, {}, operation="list_evals", role="setup", step="before"), posted(), _two_new),
    ),
    ("no response to the list before", (replace(_was, response=None), posted(), _two_new)),
    (
        "the list is refused afterwards",
        (_was, posted(), replace(_two_new, response=posted(403).response)),
    ),
    ("no response to the list afterwards", (_was, posted(), replace(_two_new, response=None))),
):
    example("create.count", SILENT, _says, *_three, **ON_NEW_EVAL)


def among(*members: Any) -> Exchange:
    """The page of evals after one was made, with the old one and some items."""
    shown = [
        {"id": f"n{place}", **one} if isinstance(one, dict) else one
        for place, one in enumerate(members)
    ]
    return sent(
        200,
        {"scenarios": [{"id": "0 Old"}, *shown]},
        operation="list_evals",
        role="setup",
        step="after",
    )


_whole = {"name": "Eval 9", "description": "Nine"}
for _says, _outcome, _members in (
    ("two that show all that was sent", REFUSED, (_whole, _whole)),
    ("two that show a part of what was sent", REFUSED, (_whole, {"name": "Eval 9"})),
    (
        "two of which one has null for a part of what was sent",
        REFUSED,
        (_whole, {**_whole, "description": None}),
    ),
    (
        "one, and one of the same name that is something else",
        ACCEPTED,
        (_whole, {**_whole, "description": "Ten"}),
    ),
    ("one, and one that shows nothing of what was sent", ACCEPTED, (_whole, {"name": None})),
    ("one, and a text", ACCEPTED, (_whole, "Eval 9")),
):
    example(
        "create.count", _outcome, _says, _was, posted(sent=_whole), among(*_members), **ON_NEW_EVAL
    )
_three_new = rows_of("Old", "Eval 9", "Eval 9", "Eval 9", step="after")
_tells = 'actual=\'3 of them: {"id": "2 Eval 9", "name": "Eval 9"}'
example(
    "create.count",
    REFUSED,
    "three alike, and the second is told",
    _was,
    posted(),
    _three_new,
    **ON_NEW_EVAL,
    tells=_tells,
)
example(
    "create.count", ACCEPTED, "nothing was sent", _was, posted(sent=None), _two_new, **ON_NEW_EVAL
)
example(
    "create.one",
    SILENT,
    "answers without ids",
    sent(201, {}, operation="create_agent", step="write"),
    **ON_NEW,
)


def changed(first: dict[str, Any], second: dict[str, Any], *rest: Exchange) -> tuple[Exchange, ...]:
    """An eval is read, its name is changed, and it is read again."""
    on: dict[str, Any] = {"operation": "read_eval", "sought": "e1"}
    write = sent(
        200,
        {},
        operation="update_eval",
        role="control",
        step="write",
        sent={"name": "New"},
        sought="e1",
    )
    return (
        sent(200, first, role="control", step="before", **on),
        write,
        sent(200, second, step="read", **on),
        *rest,
    )


OLD_EVAL = {
    "id": "e1",
    "name": "Old",
    "description": "Kept",
    "created_at": at(1),
    "updated_at": at(1),
}
ON_CHANGE = {"operation": "update_eval"}
_new = {**OLD_EVAL, "name": "New", "updated_at": at(9)}
_others = sent(
    200,
    {"evals": [{"id": "e1", "name": "New"}, {"id": "e2", "name": "New"}], "has_more": False},
    operation="list_evals",
)
_others = replace(_others, facts=Facts.of({"step": "listed", "sought": "e1", "fresh": ["New"]}))
example("update.alone", ACCEPTED, "the name alone", *changed(OLD_EVAL, _new), **ON_CHANGE)
example(
    "update.alone",
    REFUSED,
    "a member that is no longer shown",
    *changed(OLD_EVAL, {"id": "e1", "name": "New"}),
    **ON_CHANGE,
)
example(
    "update.alone",
    REFUSED,
    "the description is gone",
    *changed(OLD_EVAL, {**_new, "description": None}),
    **ON_CHANGE,
)
example(
    "update.alone",
    REFUSED,
    "made anew",
    *changed(OLD_EVAL, {**_new, "created_at": at(9)}),
    **ON_CHANGE,
)
_first = sent(200, {}, operation="update_eval", role="setup", step="first", sent={"tags": ["one"]})
_tagged, _tagless = {**OLD_EVAL, "tags": ["one"]}, {**_new, "tags": []}
example(
    "update.alone",
    REFUSED,
    "what the change before it made is gone",
    _first,
    *changed(_tagged, _tagless),
    **ON_CHANGE,
)
example(
    "update.alone",
    REFUSED,
    "made anew, long ago",
    *changed(OLD_EVAL, {**_new, "created_at": at(0)}),
    **ON_CHANGE,
)


def with_evals(*names: str) -> Exchange:
    """A page of evals that are called New."""
    listed = [*({"id": name, "name": "New"} for name in names), "New"]
    answer = sent(200, {"evals": listed, "has_more": False}, operation="list_evals")
    return replace(answer, facts=Facts.of({"step": "listed", "sought": "e1", "fresh": ["New"]}))


_vanished = changed(OLD_EVAL, _new)[:2]
_gone_since = refusal("not_found", operation="read_eval", step="read", sought="e1")
example(
    "update.alone",
    SILENT,
    "it is gone, which another rule blames",
    *_vanished,
    _gone_since,
    **ON_CHANGE,
)
example(
    "update.alone",
    ACCEPTED,
    "it alone has the name",
    *changed(OLD_EVAL, _new, with_evals("e1")),
    **ON_CHANGE,
)
example(
    "update.alone",
    REFUSED,
    "an older object has the name, too",
    *changed(OLD_EVAL, _new, with_evals("e0", "e1")),
    **ON_CHANGE,
)
_tagless_before = changed(OLD_EVAL, _new)
for _says, _outcome, _answered in (
    ("what was taken before is not there", REFUSED, _first),
    (
        "what was refused before is not there",
        ACCEPTED,
        replace(refusal("forbidden"), facts=_first.facts, operation="update_eval"),
    ),
    ("what was not answered before is not there", ACCEPTED, replace(_first, response=None)),
):
    _before_all = replace(_answered, facts=Facts(step=Step.FIRST, sent={"name": "Older"}))
    example("update.alone", _outcome, _says, _before_all, *_tagless_before, **ON_CHANGE)
example(
    "update.alone",
    REFUSED,
    "another object has the name, too",
    *changed(OLD_EVAL, _new, _others),
    **ON_CHANGE,
)
example(
    "update.alone",
    SILENT,
    "the change was refused",
    refusal("forbidden", operation="update_eval", step="write"),
    **ON_CHANGE,
)


def attempt(answer: Exchange, **facts: Any) -> Exchange:
    """An attempt to make an agent."""
    return replace(answer, operation="create_agent", facts=Facts.of({"step": "attempt", **facts}))


_look = agents("Old", "Other", step="look", fresh=["New 1f"])
_stored = agents("Old", "New 1f", step="look", fresh=["New 1f"])
_refused = attempt(refusal("unauthorized"))
example("refused.effect", ACCEPTED, "nothing of it is listed", _refused, _look, **ON_NEW)
example("refused.effect", REFUSED, "it is listed", _refused, _stored, **ON_NEW)
example(
    "refused.effect",
    REFUSED,
    "it is listed after 400",
    attempt(refusal("bad_request")),
    _stored,
    **ON_NEW,
)
example(
    "refused.effect", SILENT, "399, which is no refusal", attempt(sent(399, {})), _stored, **ON_NEW
)
example(
    "refused.effect",
    SILENT,
    "the look is refused",
    _refused,
    refusal("forbidden", step="look"),
    **ON_NEW,
)


def evals_listed(step: str, *names: str, status: int = 200, forward: bool = False) -> Exchange:
    """A page of evals by id, from new to old or ``forward``."""
    listed = [{"id": name, **({"created_at": at(ord(name))} if forward else {})} for name in names]
    body = {"evals": listed, "has_more": False}
    return sent(
        status,
        body,
        operation="list_evals",
        role="setup" if step == "listed-before" else "probe",
        step=step,
    )


_listed_before = evals_listed("listed-before", "b", "c")
_oldest_first = evals_listed("listed-before", "b", "c", forward=True)
for _says, _outcome, _first_list, _then_list in (
    ("what it was", ACCEPTED, _listed_before, evals_listed("look", "b", "c")),
    (
        "one more at the end, from old to new",
        REFUSED,
        _oldest_first,
        evals_listed("look", "b", "c", "d", forward=True),
    ),
    (
        "one more at the head, from old to new",
        ACCEPTED,
        _oldest_first,
        evals_listed("look", "a", "b", "c", forward=True),
    ),
    ("one more at its head", REFUSED, _listed_before, evals_listed("look", "a", "b", "c")),
    ("one more at its end", ACCEPTED, _listed_before, evals_listed("look", "b", "c", "d")),
    ("nothing of what it was", ACCEPTED, _listed_before, evals_listed("look", "x", "y")),
    (
        "one more, after one that was refused",
        ACCEPTED,
        evals_listed("listed-before", "b", status=403),
        evals_listed("look", "a", "b"),
    ),
    (
        "one more, after one without response",
        ACCEPTED,
        replace(_listed_before, response=None),
        evals_listed("look", "a", "b"),
    ),
):
    example(
        "refused.effect",
        _outcome,
        f"the list shows {_says}",
        _first_list,
        _refused,
        _then_list,
        **ON_NEW,
    )
example(
    "refused.effect",
    SILENT,
    "the list is refused afterwards",
    _listed_before,
    _refused,
    evals_listed("look", "a", status=403),
    **ON_NEW,
)
_mixed = (_refused, attempt(sent(201, {}), fresh=["New 1f"]))
example(
    "refused.effect", ACCEPTED, "the second of two attempts was taken", *_mixed, _stored, **ON_NEW
)
example(
    "refused.effect",
    ACCEPTED,
    "the first of two attempts was taken",
    *_mixed[::-1],
    _stored,
    **ON_NEW,
)
_naming = replace(
    _refused, request=replace(_refused.request, body=Body(json.dumps({"name": "Ours"})))
)
for _says, _outcome, _title in (
    ("what another one made meanwhile", ACCEPTED, "Theirs"),
    ("what shows what was sent, at the head", REFUSED, "Ours"),
):
    _was_there, _newcomer = (
        {"id": name, "name": name, "created_at": at(place)}
        for place, name in enumerate(("Old", _title))
    )
    _page_before, _page_after = (
        sent(
            200, {"agents": shown, "has_more": False}, operation="list_agents", role=role, step=step
        )
        for role, step, shown in (
            ("setup", "listed-before", [_was_there]),
            ("probe", "look", [_newcomer, _was_there]),
        )
    )
    example("refused.effect", _outcome, _says, _page_before, _naming, _page_after, **ON_NEW)
_one_held = agents("Old", "New 1f", step="look", fresh=["New 1f", "New 2f"])
_two = (attempt(refusal("not_found"), fresh=["New 1f"]), attempt(sent(201, {}), fresh=["New 2f"]))
example(
    "refused.effect",
    REFUSED,
    "the one that was refused is listed, where another was taken",
    *_two,
    _one_held,
    **ON_NEW,
)
example(
    "refused.effect",
    SILENT,
    "it was taken, which other rules blame",
    attempt(sent(201, {})),
    _stored,
    **ON_NEW,
)
example(
    "refused.effect",
    GAP,
    "429 at the look",
    _refused,
    refusal("rate_limit_exceeded", step="look"),
    **ON_NEW,
)
example(
    "refused.effect",
    TROUBLE,
    "no response at the look",
    _refused,
    replace(_look, response=None),
    **ON_NEW,
)
_dropped = (
    replace(scenario("before"), role=Role("setup")),
    replace(refusal("forbidden", operation="delete_eval"), facts=Facts.of({"step": "attempt"})),
)
_gone = refusal("not_found", operation="read_eval", step="look", sought="e1")
example("refused.effect", REFUSED, "deleted all the same", *_dropped, _gone, **ON_EVAL)
_let_in = replace(sent(200, {}, operation="delete_eval"), facts=Facts.of({"step": "attempt"}))
example(
    "refused.effect",
    SILENT,
    "one of two deletions was taken, which other rules blame",
    *_dropped,
    _let_in,
    _gone,
    **ON_EVAL,
)
_never = (
    refusal("not_found", operation="read_eval", role="setup", step="before", sought="e1"),
    _dropped[1],
)
example("refused.effect", SILENT, "it was not seen before either", *_never, _gone, **ON_EVAL)
example(
    "refused.effect",
    ACCEPTED,
    "not deleted",
    *_dropped,
    replace(scenario("look"), role=Role("probe")),
    **ON_EVAL,
)


def text_sent(message: str, answer: Exchange, to: str = "+12025550100", **options: Any) -> Exchange:
    """An attempt to send a text."""
    body = Body(json.dumps({"to": to, "message": message}))
    sent_so = replace(answer.request, body=body)
    return replace(
        answer,
        operation="send_sms",
        request=sent_so,
        facts=Facts.of(options),
        role=Role.CONTROL if options else Role.PROBE,
    )


def texts(step: str, *shown: dict[str, Any]) -> Exchange:
    """A page of texts."""
    listed = [
        {"id": f"m{place}", "created_at": at(place), **one} for place, one in enumerate(shown)
    ]
    role = "control" if step == "before" else "probe"
    return sent(
        200,
        {"messages": listed, "has_more": False},
        operation="list_messages",
        role=role,
        step=step,
    )


_good = {"message": "Good text", "status": "queued"}
_bad = {"message": "Bad words", "status": "queued"}
_taken = text_sent("Good text", sent(200, {"success": True}), step="taken")
_blocked = text_sent("Bad words", refusal("content_blocked"))
SMS = {"operation": "send_sms"}
_seen = (_taken, texts("before", _good), _blocked)
example("trigger.effect", ACCEPTED, "not listed", *_seen, texts("after", _good), **SMS)
example(
    "trigger.effect",
    ACCEPTED,
    "listed as blocked",
    *_seen,
    texts("after", _good, {**_bad, "status": "blocked"}),
    **SMS,
)
example(
    "trigger.effect",
    REFUSED,
    "listed as if it had been sent",
    *_seen,
    texts("after", _good, _bad),
    **SMS,
)
_late = {**_bad, "created_at": at(-1)}
example(
    "trigger.effect",
    ACCEPTED,
    "listed late, but made before",
    *_seen,
    texts("after", _good, _late),
    **SMS,
)
example(
    "trigger.effect",
    REFUSED,
    "listed, and made at the same time",
    *_seen,
    texts("after", _good, {**_bad, "created_at": at(0)}),
    **SMS,
)
_queued = text_sent("Good text", sent(200, {"id": "m0", "success": True}), step="taken")
_failed = {"message": "Good text", "status": "failed"}
_after_failure = texts("after", _good, _failed, {**_bad, "status": "failed"})
example(
    "trigger.effect",
    ACCEPTED,
    "listed as failed, as another is",
    _queued,
    texts("before", _good, _failed),
    _blocked,
    _after_failure,
    **SMS,
)
_plain_item = sent(
    200, {"messages": ["a text"], "has_more": False}, operation="list_messages", step="after"
)
example("trigger.effect", ACCEPTED, "a list of mere texts afterwards", *_seen, _plain_item, **SMS)
_made_last = text_sent("Good text", sent(200, {"id": "m1", "success": True}), step="taken")
_says = "listed as failed, as one before what was taken is"
_ended = texts("after", _failed, _good, {**_bad, "status": "failed"})
example(
    "trigger.effect",
    ACCEPTED,
    _says,
    _made_last,
    texts("before", _failed, _good),
    _blocked,
    _ended,
    **SMS,
)
_one_to = {**_good, "to": "+12025550100"}
_another_to = {"message": "Words of another day", "to": "+12025550100", "status": "blocked"}
_unreachable = text_sent("Kind words", refusal("number_opted_out"), to="+12025550199")
_kind_words = {"message": "Kind words", "to": "+12025550199", "status": "blocked"}
_ends = texts("after", _one_to, _another_to, _kind_words)
_says = "listed as blocked, as another one to the number of what was taken is"
example(
    "trigger.effect",
    ACCEPTED,
    _says,
    _taken,
    texts("before", _one_to, _another_to),
    _unreachable,
    _ends,
    **SMS,
)
_unlike = texts("before", _good, {"message": "+12025550100", "status": "failed"})
example(
    "trigger.effect",
    ACCEPTED,
    "listed as what only shares a number",
    *_seen[:1],
    _unlike,
    _blocked,
    texts(
        "after",
        _good,
        {"message": "+12025550100", "status": "failed"},
        {**_bad, "status": "failed"},
    ),
    **SMS,
)
example(
    "trigger.effect",
    SILENT,
    "it was taken",
    *_seen[:2],
    text_sent("Bad words", sent(200, {})),
    texts("after", _good, _bad),
    **SMS,
)


_open = {"message": "Good text", "status": "awaiting_consent"}
for _says, _before, _after in (
    (
        "listed in a state that another text has",
        (_good, {**_bad, "message": "Old words of another kind", "status": "sent"}),
        {**_bad, "status": "sent"},
    ),
    (
        "another text listed meanwhile",
        (_good,),
        {**_good, "message": "Other words of another kind"},
    ),
    ("listed with a number", (_good,), {**_good, "message": "Other words", "parts": 2}),
    ("listed with a sign", (_good,), {**_bad, "blocked": True}),
    ("listed with a sign that is off", (_good,), {**_bad, "blocked": None}),
    ("listed in another state, of 16 letters", (_open,), {**_bad, "status": "awaiting_payment"}),
):
    example(
        "trigger.effect",
        ACCEPTED,
        _says,
        _taken,
        texts("before", *_before),
        _blocked,
        texts("after", *_before, _after),
        **SMS,
    )
_denied = sent(403, {"messages": [_good]}, operation="list_messages")
_silent = replace(_denied, response=None)
for _says, _four in (
    (
        "the list is refused before",
        (
            _taken,
            replace(_denied, facts=Facts.of({"step": "before"})),
            _blocked,
            texts("after", _good),
        ),
    ),
    (
        "the list is refused after",
        (
            _taken,
            texts("before", _good),
            _blocked,
            replace(_denied, facts=Facts.of({"step": "after"})),
        ),
    ),
    (
        "no response to the list",
        (
            _taken,
            texts("before", _good),
            _blocked,
            replace(_silent, facts=Facts.of({"step": "after"})),
        ),
    ),
    ("nobody looked afterwards", (_taken, texts("before", _good), _blocked)),
    (
        "429 to what is to be taken",
        (
            text_sent("Good text", refusal("rate_limit_exceeded"), step="taken"),
            *_seen[1:],
            texts("after", _good),
        ),
    ),
):
    example("trigger.effect", SILENT, _says, *_four, **SMS)
_unlisted = (_taken, texts("before"), _blocked, texts("after", _bad))
example(
    "trigger.effect",
    ACCEPTED,
    "what was taken is not listed either, so its state is not known",
    *_unlisted,
    **SMS,
)
example(
    "trigger.effect",
    REFUSED,
    "listed, after a set-up",
    fine(role="setup"),
    *_seen,
    texts("after", _good, _bad),
    **SMS,
)
_remarked = {**_bad, "remark": "a longer remark that tells no state"}
example(
    "trigger.effect",
    REFUSED,
    "listed with a remark",
    *_seen,
    texts("after", _good, _remarked),
    **SMS,
)
_closed = {"message": "Good text", "status": "awaiting_consents"}
_long = texts("after", _closed, {**_bad, "status": "awaiting_payments"})
example(
    "trigger.effect",
    REFUSED,
    "17 letters are no state",
    _taken,
    texts("before", _closed),
    _blocked,
    _long,
    **SMS,
)
for _text, _outcome in (("Bad", ACCEPTED), ("Badly", ACCEPTED), ("Badger", REFUSED)):
    _short = text_sent(_text, refusal("content_blocked"))
    _shown_short = texts("after", _good, {**_bad, "message": _text})
    example(
        "trigger.effect",
        _outcome,
        f"a text of {len(_text)} letters",
        *_seen[:2],
        _short,
        _shown_short,
        **SMS,
    )


def rules_without(outcome: str) -> Iterator[str]:
    """The rules that have no example with an outcome."""
    have = {one.rule for one in EXAMPLES if one.outcome == outcome}
    return (rule for rule in RULES if rule not in have)
