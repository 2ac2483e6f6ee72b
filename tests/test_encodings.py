"""Every spelling of a key in the documentation is handled as it says."""

from __future__ import annotations

import json
from itertools import product
from random import Random

import pytest

from conformance.transport.redaction.secrets import WITHHELD, SecretStore
from tests.encodings import BODIES, TEXTS, Fate, Text, Whole
from tests.spellings import (
    AROUND,
    OF_THREE,
    PROMISED,
    SIGNS,
    WITHIN,
    is_met,
    logged,
    random_keys,
    store_of,
    survives,
    surviving_keys,
    surviving_layers,
    surviving_near_misses,
)
from tests.test_redact import KEY, PREFIXES

KEYS = (KEY, "kc_test_Vb3-xK8_qW2mN7rT5yL1pZ9sD4fG6hJ0cA_e-uQ8")
RANDOM_KEYS = random_keys(40)
"""Keys of five forms; `python -m tests.spellings` tries 200 of each."""


def _name(spelling: Text | Whole) -> str:
    return spelling.name if isinstance(spelling, Whole) else f"{spelling.family}-{spelling.name}"


def _is_in(spelt: str, text: str) -> bool:
    """Whether a text contains a spelling of a key, or all but a few of its characters."""
    return any(spelt[start : len(spelt) - 4 + start] in text for start in range(5))


@pytest.mark.parametrize("key", KEYS, ids=("short", "long"))
@pytest.mark.parametrize("text", TEXTS, ids=_name)
def test_a_spelling_in_a_text(text: Text, key: str) -> None:
    """It is taken out of a message of JSON, of a page and of a header, or it is not covered."""
    spelt = text.spell(key)
    message = json.dumps({"error": {"message": f"no {spelt} here"}}, ensure_ascii=False)
    for body in (message.encode(), f"<i>{spelt}</i>".encode()):
        store = SecretStore({"full": key, "other": KEYS[0]}, PREFIXES)
        response = logged(store, body, ("X-Key", spelt))
        shown = (response.body.text or "").replace("\\n", "\n").replace("\\r", "\r")
        shown = shown.replace('\\"', '"').replace("\\\\", "\\").replace("\\u001b", "\x1b")
        shown = shown.replace("\\u0000", "\0")
        header = dict(response.headers).get("X-Key", "")
        left = [_is_in(spelt, shown), _is_in(spelt, header)]
        assert left == [text.fate is Fate.OPEN] * 2


@pytest.mark.parametrize("key", KEYS, ids=("short", "long"))
@pytest.mark.parametrize("body", BODIES, ids=_name)
def test_a_spelling_as_a_body(body: Whole, key: str) -> None:
    """It is taken out of the body, or the whole body is withheld, or it is not covered."""
    assert is_met(body, key)


# --- random keys ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", PROMISED, ids=_name)
def test_no_random_key_survives_in_a_text(text: Text) -> None:
    """200 keys of five forms are taken out, however their letters and digits alternate."""
    assert surviving_keys(text, RANDOM_KEYS) == []


@pytest.mark.parametrize("body", BODIES, ids=_name)
def test_no_random_key_survives_in_a_body(body: Whole) -> None:
    """200 keys of five forms are taken out of the body, or it is withheld, or is not covered."""
    assert [key for key in RANDOM_KEYS if not is_met(body, key)] == []


@pytest.mark.parametrize("text", SIGNS, ids=_name)
def test_no_near_miss_survives_with_signs_between(text: Text) -> None:
    """The altered keys that the suite sends are found between other signs, too."""
    assert surviving_near_misses(text, RANDOM_KEYS[:20]) == []


@pytest.mark.parametrize("around", AROUND, ids=_name)
def test_no_random_key_survives_in_two_layers(around: Text) -> None:
    """Each spelling that the table allows within another is found within each that it allows."""
    assert surviving_layers([(within, around) for within in WITHIN], RANDOM_KEYS) == []


def test_no_random_key_survives_in_three_layers() -> None:
    """Three spellings are found one inside the other, in any order, if the table says so."""
    layers = list(product(OF_THREE, repeat=3))
    assert surviving_layers(Random(3).sample(layers, 600), RANDOM_KEYS) == []


@pytest.mark.parametrize("text", PROMISED, ids=_name)
def test_an_unknown_key_survives(text: Text) -> None:
    """The proof can fail: a key that nobody hands to the redaction stays in each spelling."""
    assert survives(RANDOM_KEYS[0], RANDOM_KEYS[1], [text])


# --- other bodies ---------------------------------------------------------------------------------


def test_a_body_of_a_coding_that_nobody_undid_cannot_be_judged() -> None:
    """It may hold anything; but a body that is JSON as it is was never coded."""
    assert logged(store_of(KEY), b"\x0b\x80\x01\xff", ("Content-Encoding", "br")).body.withheld
    plain = logged(store_of(KEY), b'{"calls": []}', ("Content-Encoding", "utf-8"))
    assert plain.json == {"calls": []}


def test_bytes_that_are_no_text_are_no_json() -> None:
    """Nothing of them is kept, but they are judged: no answer of the API is binary."""
    body = logged(store_of(KEY), bytes(range(1, 256))).body
    assert (body.text, body.withheld) == (WITHHELD, False)


def test_enough_is_tried() -> None:
    """The table has the families of spellings that a red team tried."""
    assert len(TEXTS) >= 100
    assert len(BODIES) >= 30
