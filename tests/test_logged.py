"""What the log holds of a response: what the target hands out is taken out of it, from its first byte on."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from conformance import contract
from conformance.errors import Unjudgeable
from conformance.model import Response
from conformance.transport.logged import MOST, LogRedactor
from conformance.transport.redact import WITHHELD, SecretStore
from conformance.transport.wire import WireResponse
from tests.test_redact import KEY

HANDED = "kc_live_mB5nV8cX2zL6kJ9hG3fD7sA1pQ0wE4rT"
LINK = "https://app.example.com/onboarding/magic?token=rY7uI1oP5aS3dF9gH2jK&next=calls"
TOKEN = "rY7uI1oP5aS3dF9gH2jK"
SIGN_UP = next(operation for operation in contract.load().operations.values() if operation.secrets)
JSON = (("Content-Type", "application/json"),)


def desk() -> LogRedactor:
    """A desk that knows one key."""
    loaded = contract.load()
    return LogRedactor(loaded, SecretStore({"full": KEY}, loaded.authentication.prefixes))


def through(
    one: LogRedactor, body: bytes, status: int = 201, headers: tuple[tuple[str, str], ...] = JSON
) -> Response:
    """A response as the log holds it."""
    received = WireResponse(status, headers, body)
    one.learn(received)
    return one.response(received, SIGN_UP)


def shown(response: Response) -> str:
    """Everything that the log holds of a response."""
    raw = base64.b64decode(response.body.base64 or "")
    return "\n".join(
        [
            *map(str, response.headers),
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
def test_what_is_handed_out_is_no_evidence(body: str, status: int) -> None:
    """A key and a link that a target hands out are taken out of the body and headers of that very response."""
    echo = (*JSON, ("X-Key", HANDED[:-1]), ("Location", f"/next?key={HANDED[::-1]}"))
    told = shown(through(desk(), BODIES[body], status, echo))
    assert HANDED[10:20] not in told
    assert HANDED[10:20] not in told[::-1]
    assert TOKEN[:10] not in told


@pytest.mark.parametrize(
    "body",
    [b"", b"\x80\x81 kc_", b"<h1>Welcome</h1>", b"[1]", b"null", HANDED[12:25].encode("utf-16")],
)
def test_a_grant_that_cannot_be_read_is_withheld(body: bytes) -> None:
    """What a success of a sign-up holds, if it is no JSON object, nobody knows: nothing of it is kept, and it is no JSON."""
    response = through(desk(), body, headers=(*JSON, ("X-Part", HANDED[12:25])))
    assert {value for _, value in response.headers} == {WITHHELD}
    assert response.body.text == WITHHELD
    assert not response.body.withheld
    assert not isinstance(response.json, dict)


def test_a_refusal_that_cannot_be_read_is_kept() -> None:
    """A page of an error is evidence, also where a success would hand out a secret."""
    assert through(desk(), b"<h1>Oops</h1>", 500).body.text == "<h1>Oops</h1>"


def test_links_and_found_keys_have_names_of_their_own() -> None:
    """A link, a key that was shown and a key that reads like an example are no granted secrets, and are told apart."""
    one = desk()
    assert through(one, BODIES["JSON"]).json == {
        "api_key": "{secret:api_key-1}",
        "dashboard_magic_link": "{link:dashboard_magic_link-2}",
    }
    assert through(one, b'{"message": "such as kc_live_0123456789abcdef"}', 400).json == {
        "message": "such as {plain:key-3}"
    }
    assert through(one, b'{"message": "not kc_live_pN4wQ8xT2vB6mK9c"}', 400).json == {
        "message": "not {found:key-4}"
    }
    assert through(one, b'{"message": "such as kc_live_xxxxxxxxxxxxxxxxxx"}', 400).json == {
        "message": "such as kc_live_xxxxxxxxxxxxxxxxxx"
    }


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
    """Words and characters that count up are no key that anyone was given, so a message may show them."""
    body = json.dumps({"message": f"such as kc_live_{core}"}).encode()
    assert through(desk(), body, 400).json == {"message": f"such as {{{kind}:key-1}}"}


def test_an_address_of_mere_words_is_taken_out_under_another_name() -> None:
    """A sign-up may hand out the address of a page that everybody may know, and messages may show it."""
    one = desk()
    body = json.dumps({"dashboard_magic_link": "https://app.example.com/login"}).encode()
    through(one, body)
    message = b'{"message": "Sign in at https://app.example.com/login"}'
    assert through(one, message, 401).json == {
        "message": "Sign in at {plain:dashboard_magic_link-1}"
    }


def test_words_of_an_error_are_no_secrets() -> None:
    """What an error says of a member that would hold a secret in a success stays."""
    body = b'{"error": {"message": "This is required", "details": {"api_key": "required", "checkout_url": "not allowed here"}}}'
    assert through(desk(), body, 400).body.text == body.decode()


def test_the_public_part_of_a_link_stays() -> None:
    """Of a link only its values, and what in its path is no word, are secret; host and words may stand elsewhere."""
    one = desk()
    through(one, BODIES["JSON"])
    page = b'{"url": "https://app.example.com/onboarding/start", "near": "https://app.example.com/onboarding/magic?token=%s"}'
    kept = through(one, page % TOKEN[:-1].encode(), 200).json
    assert kept["url"] == "https://app.example.com/onboarding/start"
    assert (
        kept["near"]
        == "https://app.example.com/onboarding/magic?token={link:dashboard_magic_link-2~part}"
    )


def test_a_session_is_a_secret() -> None:
    """The value of a cookie is never kept."""
    response = through(
        desk(),
        BODIES["JSON"],
        headers=(*JSON, ("Set-Cookie", "sid=42; Path=/"), ("set-cookie", "a=b")),
    )
    assert [value for name, value in response.headers if name.lower() == "set-cookie"] == [
        WITHHELD,
        WITHHELD,
    ]


def test_too_many_secrets_end_the_run() -> None:
    """A target that hands out secrets without end cannot be judged: they could not all be kept out of the log."""
    one = desk()
    many = [{"api_key": f"kc_live_{number:04x}aB3dE6gH9jK2mN5"} for number in range(MOST)]
    one.learn(WireResponse(200, JSON, json.dumps(many).encode()))
    one.learn(WireResponse(200, JSON, json.dumps(many).encode()))
    with pytest.raises(Unjudgeable, match="more than 1,000 secrets"):
        one.learn(WireResponse(200, JSON, BODIES["JSON"]))
