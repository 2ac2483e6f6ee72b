"""Examples of the error envelope, of codes, of statuses, and of unknown routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.model import Body, Contract, Exchange, Request
from tests.examples.base import (
    Example,
    accepted,
    examples_of,
    gap,
    judge_error,
    noted,
    refused,
    silent,
)
from tests.support.contracts import URL, real
from tests.support.exchanges import (
    answer,
    call_list,
    endless,
    error,
    proxy,
    refusal,
    withheld,
)

# --- the body of an error -------------------------------------------------------------------------


@examples_of(
    "error.json", "error.shape", "error.code-text", "error.message-text", "error.message-clean"
)
def no_error_to_judge() -> Iterator[Example]:
    """Only an error of the application, whole and in the log, can be judged."""
    yield silent("a success", call_list())
    yield silent(
        "an error that answers HEAD, and so has no body",
        answer(404, text="", media=None, method="HEAD"),
    )
    proxies = (proxy(502), proxy(503), proxy(504), proxy(413), proxy(431))
    yield silent("HTML from a proxy", *proxies)
    yield silent("no response", answer(None))
    yield silent("an error whose body did not end", endless(400))
    yield silent("an error whose body is not in the log", withheld(400))
    yield silent("an error with a number too long to be read", answer(400, text="9" * 5_000))


@examples_of("error.json")
def an_error_is_json() -> Iterator[Example]:
    """The body of an error is JSON, and its media type says so."""
    yield accepted("JSON with the media type of JSON", refusal("bad_request"))
    charset = 'Application/JSON; charset="utf-8"'
    yield accepted("a media type with a charset", refusal("bad_request", media=charset))
    problem = "application/problem+json"
    yield accepted("a media type that is based on JSON", refusal("bad_request", media=problem))
    for media in ("application/xml", "text/x+json"):
        yield refused(media, refusal("bad_request", media=media))
    yield refused(
        "HTML without the envelope", answer(404, text="<h1>Not found</h1>", media="text/html")
    )
    yield refused(
        "JSON with the media type of plain text", refusal("bad_request", media="text/plain")
    )
    yield refused("JSON without a media type", refusal("bad_request", media=None))
    yield refused("an empty body", answer(500, text=""), mentions="an empty body")
    shortened = "'\"" + "x" * 80 + "\"'"
    yield refused(
        "a long text, of which a part is quoted", answer(500, text="x" * 99), mentions=shortened
    )
    twice = '{"error": {"code": "bad_request", "code": "not_found", "message": "m"}}'
    yield noted("two members of one name", answer(400, text=twice), mentions='"code" more')
    yield refused("NaN, which is not JSON", answer(400, text='{"error": NaN}'))
    yield refused(
        "bytes that are not UTF-8",
        answer(400, raw=Body(base64="/w==", size=1)),
        mentions="bytes that are",
    )


@examples_of("error.json")
def a_proxy_answers_in_html() -> Iterator[Example]:
    """HTML under a status that proxies use is no error of the application."""
    for status in (399, 408, 411, 413, 414, 417, 421, 426, 431, 501, 502, 503, 504):
        yield silent(f"HTML under {status}", proxy(status))


@examples_of("error.shape")
def an_error_has_the_envelope() -> Iterator[Example]:
    """An error is an object whose member error is an object; other members may stand beside it."""
    beside = error("bad_request", request_id="r", docs=None)
    yield accepted("members beside the member error", answer(400, beside))
    yield refused("an array in place of an object", answer(400, []))
    text = {"error": "bad_request"}
    yield refused("an error that is a text", answer(400, text), mentions="actual='\"bad_request\"'")
    members = {"code": "bad_request", "message": "No"}
    yield refused("an error that is a list", answer(400, {"error": [members]}))
    at_the_top = answer(400, members)
    yield refused(
        "code and message outside the member error", at_the_top, mentions="actual='nothing'"
    )
    yield refused("502 with an error that is null", answer(502, {"error": None}))


@examples_of("error.code-text")
def an_error_has_a_code() -> Iterator[Example]:
    """The code is a text that is not empty."""
    yield accepted("a text", refusal("bad_request"))
    yield refused("a code that is a number", answer(400, {"error": {"code": 400, "message": "No"}}))
    null = answer(400, {"error": {"code": None, "message": "No"}})
    yield refused("a code that is null", null, mentions="actual='null'")
    missing = answer(400, {"error": {"message": "No"}})
    yield refused("none", missing, mentions="actual='nothing'")
    yield refused("an empty text", answer(400, error("")))
    yield silent("no envelope, which error.shape judges", answer(400, {"message": "No"}))


def nested() -> Contract:
    """The real contract, with code and message one object deeper each."""
    return replace(
        real(),
        code_pointer=("error", "cause", "code"),
        message_pointer=("error", "text", "message"),
    )


@examples_of("error.shape")
def a_contract_nests_its_envelope() -> Iterator[Example]:
    """The envelope is as deep as the pointers of the contract say."""
    cause, text = {"code": "bad_request"}, {"message": "No"}
    whole = answer(400, {"error": {"cause": cause, "text": text}})
    yield accepted("as deep as the contract says", whole, contract=nested())
    for missing, members in (("cause", {"text": text}), ("text", {"cause": cause})):
        sentence = f"without the member {missing} that the contract wants"
        yield refused(sentence, answer(400, {"error": members}), contract=nested())


@examples_of("error.code-text")
def a_contract_nests_its_code() -> Iterator[Example]:
    """Without the object that holds the code, the envelope is broken, which error.shape judges."""
    no_cause = answer(400, {"error": {"text": {"message": "No"}}})
    yield silent("without the object that holds the code", no_cause, contract=nested())
    empty_cause = answer(400, {"error": {"cause": {}}})
    yield refused("an object that holds no code", empty_cause, contract=nested())


@examples_of("error.message-text")
def an_error_has_a_message() -> Iterator[Example]:
    """The message is a text that is not blank."""
    yield accepted("a text", refusal("bad_request"))
    envelope = {**error("bad_request")["error"], "details": []}
    yield accepted("a message with details beside it", answer(400, {"error": envelope}))
    yield refused("an empty text", answer(400, error("bad_request", "")))
    yield refused("a message of blanks", answer(400, error("bad_request", " \t")))
    yield refused("a message that is a list", answer(400, error("bad_request", ["No"])))
    yield refused("none", answer(400, {"error": {"code": "bad_request"}}))


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


@examples_of("error.message-clean")
def a_message_is_for_people() -> Iterator[Example]:
    """A message shows no stack trace, no query, no path of the server, and no key."""
    for message in CLEAN:
        yield accepted(f"'{message}'", answer(400, error("bad_request", message)))
    for message in LEAKING:
        first_line = message.splitlines()[0]
        yield refused(f"'{first_line}'", answer(400, error("bad_request", message)))


@examples_of("error.message-clean")
def an_error_page_is_for_people() -> Iterator[Example]:
    """A body that is not JSON shows nothing internal; links and tags of a page are no paths."""
    trace = "Traceback (most recent call last):\n  File &quot;/srv/app/views.py&quot;, line 12"
    for text, media in (
        (f"<pre>{trace}</pre>", "text/html"),
        ("no such file: /var/www/app/config.yaml", "text/plain"),
        ("near SELECT id FROM calls", "text/plain"),
    ):
        yield refused(f"'{text.splitlines()[0]}'", answer(500, text=text, media=media))
    page = '<a href="/home/start"><img src="/static/app.js"></a><h1>Not Found</h1>'
    yield silent("a page with links", answer(404, text=page, media="text/html"))


@examples_of("error.message-clean")
def a_message_repeats_a_link() -> Iterator[Example]:
    """A message may name a link that a member of the same response hands out."""
    link = "{link:checkout_url-3}"
    envelope = error("payment_required", f"Please pay at {link}")
    handed_out = answer(402, {**envelope, "checkout_url": link})
    yield accepted("a link that the same response hands out", handed_out)
    alone = answer(402, error("payment_required", link))
    yield refused("a link alone, which no member hands out", alone)


# --- codes and statuses ---------------------------------------------------------------------------


@examples_of("error.code-registered")
def a_code_is_of_the_table() -> Iterator[Example]:
    """Every code of an error is in the table of the contract, letter by letter."""
    yield accepted("a code of the table", refusal("internal_error"))
    yield refused("a code that is not in the table", refusal("rate_limited", 429))
    yield refused("a code in other capitals", refusal("Not_Found", 404))
    unlisted = refusal("method_not_allowed", 405)
    yield refused("an unknown code under an unlisted status", unlisted)
    yield silent("HTML from a proxy", proxy())
    yield silent("a success with a member error", answer(200, {"error": {"code": "busy"}}))


@examples_of("code.pairing")
def a_code_has_its_status() -> Iterator[Example]:
    """A code comes with the status that the table gives it."""
    answers = (refusal("not_found"), refusal("payment_required"))
    yield accepted("the status of the table", *answers)
    yield refused("not_found with 400", refusal("not_found", 400))
    yield refused("unauthorized with 403", refusal("unauthorized", 403))
    failed_call = answer(200, {"id": "c1", **error("call_failed")})
    yield silent("a success that shows a call and why it failed", failed_call)
    wrapped = answer(200, {"call": {}, **error("call_failed")})
    yield silent("a success that shows a wrapped call and why it failed", wrapped)
    yield refused("an error under 200", refusal("unauthorized", 200))
    unsuccessful = answer(200, error("not_found", success=False))
    yield refused("an error under 200 that says it is no success", unsuccessful)
    unlisted = (refusal("bad_request", 405), refusal("internal_error", 503))
    yield silent("an unlisted status", *unlisted)
    yield silent("a code that is not in the table", refusal("teapot", 400))
    yield silent("no code", answer(400, {}))


def wrong_media_type(status: int, media: str) -> Exchange:
    """A refusal of a body that was sent with this media type."""
    request = Request("POST", f"{URL}/calls", (("Content-Type", media),))
    return replace(refusal("invalid_request", status), request=request)


@examples_of("status.listed")
def a_status_is_of_the_table() -> Iterator[Example]:
    """A documented operation answers with a status of the table."""
    statuses = [answer(status, {}) for status in sorted(real().statuses)]
    yield accepted("a status of the table", *statuses)
    yield refused("an unlisted status", answer(422, error("invalid_request")))
    yield refused("202, which is not in the table", answer(202, {}))
    yield refused("a redirect", answer(302, text="", headers=[("Location", "/x")]))
    own_503 = refusal("internal_error", 503)
    yield refused("503 with an envelope of the application", own_503)
    yield silent("HTML from a proxy", proxy(502), proxy(413))
    odd = (refusal("not_found", 405, odd=True), answer(415, {}, odd=True))
    yield silent("an unlisted status for a request that may have one", *odd)


@examples_of("status.listed")
def a_media_type_is_refused() -> Iterator[Example]:
    """415 is right for a body that is not JSON, and for nothing else."""
    plain = wrong_media_type(415, "text/plain")
    yield noted("415 for a body that is not JSON", plain)
    json = wrong_media_type(415, "application/json; charset=utf-8")
    yield refused("415 for JSON", json)
    for status in (405, 422):
        sentence = f"{status} for a body that is not JSON"
        yield refused(sentence, wrong_media_type(status, "text/plain"))


@examples_of("status.client-mistake")
def a_mistake_is_no_server_error() -> Iterator[Example]:
    """A mistake of the client never gets a 5xx of the application itself."""
    yield accepted("4xx for a mistake", refusal("bad_request", mistake=True))
    yield accepted("499 for a mistake", answer(499, {}, mistake=True))
    yield accepted("a mistake that is accepted", answer(200, {}, mistake=True))
    yield refused("500 for a mistake", refusal("internal_error", mistake=True))
    bare = answer(500, text="oops", media="text/plain", mistake=True)
    yield refused("500 without an envelope", bare)
    yield refused("503 with a code", refusal("internal_error", 503, mistake=True))
    yield silent("500 for a valid request", refusal("internal_error"))
    yield silent("a failing provider", refusal("vapi_error", mistake=True))
    failing = refusal("vapi_error", 503, mistake=True)
    yield silent("a failing provider under 503", failing)
    yield silent("HTML from a proxy", proxy(503, mistake=True))


@examples_of("route.unknown", operation="*")
def a_route_is_unknown() -> Iterator[Example]:
    """An unknown route is refused with the envelope. An unusual status is a note."""
    odd: dict[str, Any] = {"operation": "*", "mistake": True, "odd": True}
    yield accepted("404 with the envelope", refusal("not_found", **odd))
    yield noted("501 from a proxy", proxy(501, **odd))
    yield noted("405 with the envelope", refusal("bad_request", 405, **odd))
    yield accepted("400 with the envelope", refusal("bad_request", **odd))
    yield noted("399, which is no error status", answer(399, {}, **odd), mentions="an error status")
    yield noted("200, which is no error status", answer(200, {}, **odd))
    yield refused("500 with the envelope", refusal("internal_error", **odd))
    invented = {**odd, "form": "invented"}
    yield refused("200 for an invented path", answer(200, {}, **invented))
    yield noted("a redirect of an invented path", answer(302, {}, **invented))
    yield accepted("404 for an invented path", refusal("not_found", **invented))


@examples_of("route.unknown", operation="*")
def an_unknown_route_has_no_envelope() -> Iterator[Example]:
    """Each answer is judged by itself, whatever the others are."""
    whole_api: dict[str, Any] = {"operation": "*"}
    limited = refusal("rate_limit_exceeded", **whole_api)
    html = answer(404, text="<h1>", **whole_api)
    yield refused("HTML, after a 429 and a success", limited, answer(200, {}, **whole_api), html)
    mistake: dict[str, Any] = {"operation": "*", "mistake": True}
    yield refused(
        "HTML without the envelope", answer(404, text="<h1>", media="text/html", **mistake)
    )
    yield refused("a code that is not in the table", refusal("no_route", 404, **mistake))
    yield gap("429, which proves nothing", refusal("rate_limit_exceeded", **mistake))
    yield judge_error("no response", answer(None, **mistake))
