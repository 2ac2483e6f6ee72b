"""Every spelling of a key that the documents name is met as they say."""

from __future__ import annotations

import base64
import json

import pytest

from conformance.model import Response
from conformance.transport.redaction.log import LogRedactor
from conformance.transport.redaction.secrets import WITHHELD, SecretStore
from conformance.transport.wire import WireResponse
from tests.encodings import BODIES, TEXTS, Fate, Text, Whole
from tests.support.contracts import real
from tests.test_redact import KEY, PREFIXES

KEYS = (KEY, "kc_test_Vb3-xK8_qW2mN7rT5yL1pZ9sD4fG6hJ0cA_e-uQ8")
JSON = ("Content-Type", "application/json")


def logged(key: str, body: bytes, *headers: tuple[str, str]) -> Response:
    """A response as the log holds it."""
    redactor = LogRedactor(real(), SecretStore({"full": key, "other": KEYS[0]}, PREFIXES))
    received = WireResponse(401, (JSON, *headers), body)
    redactor.learn(received)
    return redactor.response(received, None)


def _is_in(spelt: str, text: str) -> bool:
    """Whether a spelling of a key stands in a text, or all but a few of its characters."""
    return any(spelt[start : len(spelt) - 4 + start] in text for start in range(5))


@pytest.mark.parametrize("key", KEYS, ids=("short", "long"))
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: f"{text.family}-{text.name}")
def test_a_spelling_in_a_text(text: Text, key: str) -> None:
    """It is taken out of a message of JSON, of a page and of a header, or it is not covered."""
    spelt = text.spell(key)
    message = json.dumps({"error": {"message": f"no {spelt} here"}}, ensure_ascii=False)
    for body in (message.encode(), f"<i>{spelt}</i>".encode()):
        response = logged(key, body, ("X-Key", spelt))
        shown = (response.body.text or "").replace("\\n", "\n").replace("\\r", "\r")
        shown = shown.replace('\\"', '"').replace("\\\\", "\\").replace("\\u001b", "\x1b")
        shown = shown.replace("\\u0000", "\0")
        header = dict(response.headers).get("X-Key", "")
        left = [_is_in(spelt, shown), _is_in(spelt, header)]
        assert left == [text.fate is Fate.OPEN] * 2


@pytest.mark.parametrize("key", KEYS, ids=("short", "long"))
@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.name)
def test_a_spelling_as_a_body(body: Whole, key: str) -> None:
    """It is taken out of the body, or the whole body is withheld, or it is not covered."""
    headers = (("Content-Encoding", body.coding),) if body.coding else ()
    kept = logged(key, body.make(key), *headers).body
    if body.fate is Fate.WITHHELD:
        assert (kept.text, kept.base64) == (WITHHELD, None)
    elif body.fate is Fate.OUT:
        assert kept.text is not None
        assert "{key:full" in kept.text
    else:
        assert base64.b64decode(kept.base64 or "") == body.make(key)


def test_a_body_of_a_coding_that_nobody_undid_cannot_be_judged() -> None:
    """It may hold anything; but a body that is JSON as it is was never coded."""
    assert logged(KEY, b"\x0b\x80\x01\xff", ("Content-Encoding", "br")).body.withheld
    plain = logged(KEY, b'{"calls": []}', ("Content-Encoding", "utf-8"))
    assert plain.json == {"calls": []}


def test_bytes_that_are_no_text_are_no_json() -> None:
    """Nothing of them is kept, but they are judged: no answer of the API is binary."""
    body = logged(KEY, bytes(range(1, 256))).body
    assert (body.text, body.withheld) == (WITHHELD, False)


def test_enough_is_tried() -> None:
    """The table has the families of spellings that a red team tried."""
    assert len(TEXTS) >= 100
    assert len(BODIES) >= 30
