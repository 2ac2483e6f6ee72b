"""What the log holds of a response: never a secret that the target issues."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from conformance import contract
from conformance.base.errors import Unjudgeable
from conformance.model import Placeholder, Response, SecretKind
from conformance.transport.redaction.log import MOST, LogRedactor
from conformance.transport.redaction.secrets import WITHHELD, SecretStore
from conformance.transport.wire import WireResponse
from tests.test_redact import KEY

HANDED = "kc_live_mB5nV8cX2zL6kJ9hG3fD7sA1pQ0wE4rT"
LINK = "https://app.example.com/onboarding/magic?token=rY7uI1oP5aS3dF9gH2jK&next=calls"
TOKEN = "rY7uI1oP5aS3dF9gH2jK"
SIGN_UP = next(operation for operation in contract.load().operations.values() if operation.secrets)
JSON = (("Content-Type", "application/json"),)


def redactor() -> LogRedactor:
    """A redactor that knows one key."""
    loaded = contract.load()
    return LogRedactor(loaded, SecretStore({"full": KEY}, loaded.authentication.prefixes))


def through(
    redacting: LogRedactor,
    body: bytes,
    status: int = 201,
    headers: tuple[tuple[str, str], ...] = JSON,
) -> Response:
    """A response as the log holds it."""
    received = WireResponse(status, headers, body)
    redacting.learn(received)
    return redacting.response(received, SIGN_UP)


def shown(response: Response) -> str:
    """Everything that the log holds of a response."""
    raw = base64.b64decode(response.body.base64 or "")
    return "\n".join(
        [
            *[str(header) for header in response.headers],
            response.body.text or "",
            raw.decode("latin-1"),
            raw.decode("utf-16", "ignore"),
        ]
    )


BODIES = {
    "JSON": json.dumps({"api_key": HANDED, "dashboard_magic_link": LINK}).encode(),
    "twice in one object": json.dumps({"api_key": HANDED}).encode()[:-1] + b', "api_key": "none"}',
    "cut": json.dumps({"dashboard_magic_link": LINK, "api_key": HANDED, "more": 1}).encode()[:-5],
    "after bytes that are no UTF-8": b"\xff\xfe"
    + json.dumps({"api_key": HANDED, "dashboard_magic_link": LINK}).encode(),
    "UTF-16": json.dumps({"api_key": HANDED, "dashboard_magic_link": LINK}).encode("utf-16"),
    "compressed": zlib.compress(
        json.dumps({"api_key": HANDED, "dashboard_magic_link": LINK}).encode()
    ),
    "under another name": json.dumps({"key": HANDED}).encode(),
    "in a text": f"Welcome! Your key is {HANDED}.".encode(),
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("status", [200, 201, 402, 500])
def test_no_handed_out_secret_is_logged(body: str, status: int) -> None:
    """A handed-out key and link are taken out of the very response that hands them out."""
    echo = (*JSON, ("X-Key", HANDED[:-1]), ("Location", f"/next?key={HANDED[::-1]}"))
    logged = shown(through(redactor(), BODIES[body], status, echo))
    assert HANDED[10:20] not in logged
    assert HANDED[10:20] not in logged[::-1]
    assert TOKEN[:10] not in logged


@pytest.mark.parametrize(
    "body",
    [b"", b"\x80\x81 kc_", b"<h1>Welcome</h1>", b"[1]", b"null", HANDED[12:25].encode("utf-16")],
)
def test_a_grant_that_cannot_be_read_is_withheld(body: bytes) -> None:
    """A sign-up response that is not a JSON object may contain anything, so none of it is kept."""
    response = through(redactor(), body, headers=(*JSON, ("X-Part", HANDED[12:25])))
    assert {value for _, value in response.headers} == {WITHHELD}
    assert response.body.text == WITHHELD
    assert not response.body.withheld
    assert not isinstance(response.json, dict)


def test_a_refusal_that_cannot_be_read_is_kept() -> None:
    """An error page is evidence, even from an operation that hands out secrets."""
    assert through(redactor(), b"<h1>Oops</h1>", 500).body.text == "<h1>Oops</h1>"


def test_links_and_found_keys_have_names_of_their_own() -> None:
    """Links, keys that were shown, and keys that read like examples have kinds of their own."""
    redacting = redactor()
    assert through(redacting, BODIES["JSON"]).json == {
        "api_key": "{secret:api_key-1}",
        "dashboard_magic_link": "{link:dashboard_magic_link-1}",
    }
    assert through(redacting, b'{"message": "such as kc_live_0123456789abcdef"}', 400).json == {
        "message": "such as {plain:key-1}"
    }
    assert through(redacting, b'{"message": "not kc_live_pN4wQ8xT2vB6mK9c"}', 400).json == {
        "message": "not {found:key-2}"
    }
    assert through(redacting, b'{"message": "such as kc_live_xxxxxxxxxxxxxxxxxx"}', 400).json == {
        "message": "such as kc_live_xxxxxxxxxxxxxxxxxx"
    }


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (HANDED, "secret"),
        (HANDED.replace("live", "test"), "secret"),
        ("kcl_" + HANDED[8:], "unprefixed"),
        (HANDED[8:], "unprefixed"),
        ("will be sent by e-mail", "secret"),
    ],
)
def test_an_issued_key_without_a_public_prefix_has_a_kind_of_its_own(key: str, kind: str) -> None:
    """The log shows whether a new key starts as keys do, and nothing else of it."""
    body = json.dumps({"api_key": key}).encode()
    assert through(redactor(), body).json == {"api_key": f"{{{kind}:api_key-1}}"}


@pytest.mark.parametrize(
    "masked", ["whsec_********", "whsec_•••• 91cd", "...9f1e2d3c", "whsec_91c…"]
)
def test_a_masked_secret_is_no_secret(masked: str) -> None:
    """What is left of a secret behind a mask is taken out under another name."""
    body = json.dumps({"api_key": masked}).encode()
    assert through(redactor(), body).json == {"api_key": "{plain:api_key-1}"}


@pytest.mark.parametrize(
    ("core", "kind"),
    [
        ("your_key_from_the_dashboard", "plain"),
        ("abc123def456ghi789", "plain"),
        ("a1b2c3d4e5f6g7h8", "plain"),
        ("0000111122223333aaaa", "plain"),
        ("8f14e45fceea167a5a36dedd4bea2543", "found"),
        (HANDED[8:], "found"),
    ],
)
def test_an_example_of_a_key_is_taken_out_under_another_name(core: str, kind: str) -> None:
    """Nobody was given a key of words, or of characters that count up: a message may show it."""
    body = json.dumps({"message": f"such as kc_live_{core}"}).encode()
    assert through(redactor(), body, 400).json == {"message": f"such as {{{kind}:key-1}}"}


def test_an_address_of_mere_words_is_taken_out_under_another_name() -> None:
    """A sign-up may hand out the address of a public page, which messages may show."""
    redacting = redactor()
    body = json.dumps({"dashboard_magic_link": "https://app.example.com/login"}).encode()
    through(redacting, body)
    message = b'{"message": "Sign in at https://app.example.com/login"}'
    assert through(redacting, message, 401).json == {
        "message": "Sign in at {plain:dashboard_magic_link-1}"
    }


def test_a_token_right_after_the_host_is_a_secret() -> None:
    """A link may have a query and no path."""
    redacting = redactor()
    link = f"https://app.example.com?token={TOKEN}"
    through(redacting, json.dumps({"dashboard_magic_link": link}).encode())
    echo = through(
        redacting, json.dumps({"near": f"https://b.example.com?t={TOKEN}"}).encode(), 200
    )
    assert TOKEN not in shown(echo)


def test_words_of_an_error_are_no_secrets() -> None:
    """An error may say something about a member that holds a secret in a success."""
    details = b'{"api_key": "required", "checkout_url": "not allowed here"}'
    body = b'{"error": {"message": "This is required", "details": %s}}' % details
    assert through(redactor(), body, 400).body.text == body.decode()


def test_the_public_part_of_a_link_stays() -> None:
    """Only values and random path segments of a link are secret; its host and words are not."""
    redacting = redactor()
    through(redacting, BODIES["JSON"])
    site = b"https://app.example.com/onboarding"
    page = b'{"url": "%s/start", "near": "%s/magic?token=%s"}'
    kept = through(redacting, page % (site, site, TOKEN[:-1].encode()), 200).json
    assert kept["url"] == "https://app.example.com/onboarding/start"
    assert (
        kept["near"]
        == "https://app.example.com/onboarding/magic?token={link:dashboard_magic_link-1~part}"
    )


@pytest.mark.parametrize("beside", ["", "a", HANDED[12:30]])
def test_an_id_beside_a_link_takes_nothing_from_a_key(beside: str) -> None:
    """Whatever it is, a key that is handed out later is taken out as before, and so are pieces."""
    redacting = redactor()
    page = {"business_id": beside, "checkout_url": "https://pay.example.com/a1b2c3d4e5f6"}
    through(redacting, json.dumps(page).encode())
    handed_out = through(redacting, json.dumps({"api_key": HANDED}).encode())
    assert HANDED not in shown(handed_out)
    piece = json.dumps({"near": HANDED[12:30]}).encode()
    assert through(redacting, piece).json == {"near": "{secret:api_key-1~part}"}


def test_an_id_in_a_link_stays_where_it_stands_beside_it() -> None:
    """It is not a secret; what is only in the link is one."""
    redacting = redactor()
    known, hidden = "3fef1a9a-4c11-11f1-9d3a-0242ac120002", "b7Q2x9Lm4Tz8"
    link = f"https://pay.example.com/{known}/{hidden}"
    page = {"business_id": known, "checkout_url": link}
    through(redacting, json.dumps(page).encode())
    later = {"id": known, "next": f"1fef1a9a{known[8:]}", "near": hidden}
    shown_later = through(redacting, json.dumps(later).encode()).json
    assert shown_later == {**later, "near": "{link:checkout_url-1~part}"}


def test_a_session_is_a_secret() -> None:
    """The value of a cookie is never kept."""
    response = through(
        redactor(),
        BODIES["JSON"],
        headers=(*JSON, ("Set-Cookie", "sid=42; Path=/"), ("set-cookie", "a=b")),
    )
    assert [value for name, value in response.headers if name.lower() == "set-cookie"] == [
        WITHHELD,
        WITHHELD,
    ]


def test_too_many_secrets_end_the_run() -> None:
    """A target that hands out secrets without end is not judged: the log could not stay clean."""
    redacting = redactor()
    many = [{"api_key": f"kc_live_{number:04x}aB3dE6gH9jK2mN5"} for number in range(MOST)]
    redacting.learn(WireResponse(200, JSON, json.dumps(many).encode()))
    redacting.learn(WireResponse(200, JSON, json.dumps(many).encode()))
    with pytest.raises(Unjudgeable, match="more than 1,000 secrets"):
        redacting.learn(WireResponse(200, JSON, BODIES["JSON"]))


def test_secrets_deep_within_json_are_learnt_in_their_order() -> None:
    """Secrets are numbered from left to right, at whatever depth."""
    inner = {"api_key": f"{HANDED}a", "more": [{"api_key": f"{HANDED}b"}]}
    outer = {"first": inner, "second": {"api_key": f"{HANDED}c"}}
    logged = through(redactor(), json.dumps(outer).encode()).json
    assert logged["first"]["api_key"] == "{secret:api_key-1}"
    assert logged["first"]["more"][0]["api_key"] == "{secret:api_key-2}"
    assert logged["second"]["api_key"] == "{secret:api_key-3}"


def test_a_secret_learnt_later_is_found_in_an_earlier_text() -> None:
    """As a whole, JSON-escaped, and by the part of a link that opens it; older ones are known."""
    store = SecretStore({"full": KEY})
    known = store.count
    store.learn(Placeholder(SecretKind.LINK, "url-1"), LINK)
    assert store.shows_later(f'{{"note": "{LINK}"}}', known)
    assert store.shows_later(LINK.replace("/", "\\/"), known)
    assert store.shows_later(f"the token {TOKEN}", known)
    assert not store.shows_later(KEY, known)
    assert not store.shows_later(LINK, store.count)
