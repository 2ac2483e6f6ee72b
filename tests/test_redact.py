"""No secret survives: whole, altered, in part or encoded."""

from __future__ import annotations

import base64
import html
import json
import tracemalloc
from collections.abc import Callable
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.model import Body, Placeholder, SecretKind
from conformance.transport.near_misses import ALTERATIONS
from conformance.transport.redaction import search
from conformance.transport.redaction.log import body_for_log
from conformance.transport.redaction.pieces import Pieces
from conformance.transport.redaction.secrets import PIECE, WITHHELD, SecretStore

PREFIXES = ("kc_live_", "kc_test_")
CORE = "Zq7Wm2Xv9Rt4Lp8Nc3Kd6Hf1"
KEY = PREFIXES[0] + CORE
OTHER = "kc_test_mB5nV8cX2zL6kJ9hG3fD7sA1"


@pytest.fixture
def store() -> SecretStore:
    """A secret store with two keys."""
    return SecretStore({"full": KEY, "other": OTHER}, PREFIXES)


def telling(secret: str, text: str) -> list[str]:
    """The pieces of a secret, beyond its prefix, that a text holds in any case."""
    core = secret[8:] if secret.startswith(PREFIXES) else secret
    pieces = [core[at : at + PIECE] for at in range(len(core) - PIECE + 1)]
    return [piece for piece in pieces if piece.lower() in text.lower()]


def b64(shift: int) -> Callable[[str], str]:
    """Base64 of the key after some other bytes."""
    return lambda key: base64.b64encode(b"u:s"[:shift] + key.encode() + b"tail").decode()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda key: key,
    "without its prefix": lambda key: key[8:],
    "base64": b64(0),
    "base64 after one byte": b64(1),
    "base64 after two bytes": b64(2),
    "base64 after three bytes": b64(3),
    "url-safe base64": lambda key: base64.urlsafe_b64encode(
        b"?" + key.encode() + b"\xff\xfe"
    ).decode(),
    "base64 without its end": lambda key: base64.b64encode(key.encode()).decode().rstrip("=")[:-3],
    "hex": lambda key: key.encode().hex(),
    "hex in capitals": lambda key: key.encode().hex().upper(),
    "percent": lambda key: "".join(f"%{byte:02x}" for byte in key.encode()),
    "percent in capitals": lambda key: "".join(f"%{byte:02X}" for byte in key.encode()),
    "half in percent": lambda key: "".join(
        f"%{ord(c):02X}" if n % 2 else c for n, c in enumerate(key)
    ),
    "JSON escapes": lambda key: "".join(f"\\u{ord(char):04x}" for char in key),
    "some JSON escapes": lambda key: "".join(
        f"\\u{ord(c):04X}" if n % 3 else c for n, c in enumerate(key)
    ),
    "hex escapes": lambda key: "".join(f"\\x{ord(char):02x}" for char in key),
    "HTML entities": lambda key: "".join(f"&#{ord(char)};" for char in key),
    "HTML entities in hex": lambda key: "".join(f"&#x{ord(char):x};" for char in key),
    "reversed": lambda key: key[::-1],
    "upper case": str.upper,
    "lower case": str.lower,
    "swapped case": str.swapcase,
    "the first ten characters": lambda key: key[8 : 8 + PIECE],
    "the last ten characters": lambda key: key[-PIECE:],
    "the middle": lambda key: key[14:26],
    "all but the first and last": lambda key: key[9:-1],
}
VIEWS: dict[str, Callable[[str], str]] = {
    "as it stands": lambda text: text,
    "percent undone": unquote,
    "entities undone": html.unescape,
    "escapes undone": lambda text: text.encode("latin-1", "replace").decode(
        "unicode_escape", "replace"
    ),
    "reversed": lambda text: text[::-1],
}


def survives(secret: str, text: str) -> list[str]:
    """The pieces of a secret that can still be read in a text."""
    found = [
        f"{view}: {piece}" for view, undo in VIEWS.items() for piece in telling(secret, undo(text))
    ]
    whole = [name for name, encode in ENCODINGS.items() if encode(secret) in text]
    return found + whole


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "before {} after",
        '{{"message": "no key {}", "ok": 1}}',
        "Bearer {}\n",
        "a={}&b=1",
        "é{}é",
    ],
)
def test_no_encoding_survives(store: SecretStore, encoding: str, around: str) -> None:
    """A key is taken out of any text, also in part and in each common encoding."""
    for secret in (KEY, OTHER):
        text = around.format(ENCODINGS[encoding](secret))
        assert survives(secret, store.redact(text)) == []
        assert store.redact(text) != text


@pytest.mark.parametrize("alteration", ALTERATIONS)
@pytest.mark.parametrize(
    "encoding",
    [
        "plain",
        "base64",
        "hex",
        "percent",
        "JSON escapes",
        "HTML entities",
        "reversed",
        "upper case",
    ],
)
def test_no_near_miss_survives(store: SecretStore, alteration: str, encoding: str) -> None:
    """A key but for one character is as secret as the key."""
    near = store.fill(f"{{key:full~{alteration}}}")
    assert near != KEY
    assert survives(KEY, store.redact(f"key {ENCODINGS[encoding](near)} is unknown")) == []


@pytest.mark.parametrize("alteration", ALTERATIONS)
@pytest.mark.parametrize("length", [8, 10, 12, 16, 20, 24, 32, 48])
@pytest.mark.parametrize("prefix", ["", "kc_live_"])
def test_a_near_miss_of_a_key_of_any_length_is_taken_out(
    alteration: str, length: int, prefix: str
) -> None:
    """An altered key that comes back is replaced, however short the key is."""
    key = prefix + (CORE + OTHER[8:])[:length]
    store = SecretStore({"full": key}, PREFIXES)
    near = store.fill(f"{{key:full~{alteration}}}")
    assert near != key
    core = near[len(prefix) :]
    assert core.lower() not in store.redact(f"unknown key: {near}.").lower()


LAYERED = (
    "base64",
    "base64 after one byte",
    "url-safe base64",
    "hex",
    "percent",
    "JSON escapes",
    "HTML entities",
)


@pytest.mark.parametrize("outer", LAYERED)
@pytest.mark.parametrize("inner", LAYERED)
@pytest.mark.parametrize("alteration", ["", *ALTERATIONS])
def test_no_encoding_of_an_encoding_survives(
    store: SecretStore, outer: str, inner: str, alteration: str
) -> None:
    """A key or near miss that is encoded twice is found; only its own stretch of text is lost."""
    key = store.fill(f"{{key:full~{alteration}}}") if alteration else KEY
    echo = ENCODINGS[outer](ENCODINGS[inner](key))
    text = f'{{"before": "kept", "echo": "{echo}", "after": "kept"}}'
    redacted = json.loads(store.redact(text))
    assert redacted["before"] == redacted["after"] == "kept"
    assert "{key:full~part}" in redacted["echo"]
    assert not store.holds_secret(redacted["echo"])


@pytest.mark.parametrize("text", ["%", "%25", "%a ", "\\", "&", "="])
def test_a_body_of_signs_takes_little_memory(store: SecretStore, text: str) -> None:
    """Reading it in other ways takes a few times its size, whatever it consists of."""
    body = text * (400_000 // len(text))
    store.redact("warm")
    tracemalloc.start()
    try:
        store.redact(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * len(body)


def test_a_run_of_characters_that_hides_nothing_is_decoded_once(
    store: SecretStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids that come back in page after page are decoded once, until another secret is learnt."""
    asked: list[str] = []

    def decoded(run: str, *_: object) -> tuple[str, ...]:
        asked.append(run)
        return ()

    monkeypatch.setattr(search, "decoded", decoded)
    page = json.dumps(
        [{"id": f"655a9d7f-b430-4fcf-8477-1f19e2c58d{number}"} for number in range(10, 99)]
    )
    store.redact(page)
    assert len(asked) == 89
    store.redact(page + " ")
    assert len(asked) == 89
    store.learn(Placeholder(SecretKind.SECRET, "late-1"), "aZ3xY8wV5uT2sR9qP6")
    store.redact(page)
    assert len(asked) == 2 * 89


def test_a_whole_key_becomes_its_name(store: SecretStore) -> None:
    """The placeholder says whose key stood there."""
    assert store.redact(f"Bearer {KEY}, not {OTHER}") == "Bearer {key:full}, not {key:other}"
    assert store.redact(f"Bearer {KEY[:-1]}x") == "Bearer kc_live_{key:full~part}x"


def test_a_secret_that_is_learnt_later_is_taken_out_from_then_on(store: SecretStore) -> None:
    """A text that was clean is searched again once a secret was handed out."""
    secret = "https://pay.example.com/c/cs_9fK2mQ7xV4tB8nL1"
    assert store.redact(secret) == secret
    first, second = (Placeholder(SecretKind.SECRET, name) for name in ("link-1", "link-2"))
    assert store.learn(first, secret) == first
    assert store.redact(f"go to {secret}") == "go to {secret:link-1}"
    assert store.learn(second, secret) == first


def test_fill_and_redact_are_inverse(store: SecretStore) -> None:
    """A placeholder gets its secret; one without a secret stays as it is."""
    assert store.fill("Bearer {key:full}") == f"Bearer {KEY}"
    assert store.redact(store.fill("{key:full} {key:other}")) == "{key:full} {key:other}"
    assert store.fill("{key:none} {other:full}") == "{key:none} {other:full}"


def test_an_invented_key_is_well_formed_new_and_secret() -> None:
    """It has the prefix, is the same for a seed, and becomes its placeholder again."""
    one, same, other = (SecretStore({}, PREFIXES, seed) for seed in (1, 1, 2))
    key = one.fill("{unknown:kc_live_}")
    assert key.startswith("kc_live_")
    assert len(key) > 40
    assert key.isascii()
    assert key == same.fill("{unknown:kc_live_}") != other.fill("{unknown:kc_live_}")
    assert one.redact(f"no {key}") == "no {unknown:kc_live_}"


# --- bodies ---------------------------------------------------------------------------------------


def shown(body: Body | None) -> str:
    """All that the log holds of a body, bytes read as Latin-1 and as UTF-16."""
    assert body is not None
    raw = base64.b64decode(body.base64 or "")
    texts = [
        body.text or "",
        raw.decode("latin-1"),
        raw.decode("utf-16-le", "ignore"),
        raw.decode("utf-16-be", "ignore"),
    ]
    return "\n".join([*texts, (body.text or "").replace("\0", "")])


@pytest.mark.parametrize(
    "coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"]
)
@pytest.mark.parametrize("start", ["", "é", "\xff\xfe"])
def test_no_coding_of_a_body_hides_a_key(store: SecretStore, coding: str, start: str) -> None:
    """A key is taken out of a body in UTF-8, Latin-1, and UTF-16 with and without a mark."""
    raw = f'{start}{{"key": "{KEY}", "near": "{KEY[:-1]}x"}}'.encode(coding)
    assert survives(KEY, shown(body_for_log(raw, store))) == []


def test_bytes_around_a_key_do_not_hide_it(store: SecretStore) -> None:
    """A binary body with a key in it is withheld whole; one without a key is kept."""
    held = body_for_log(b"\xff\xfe\x00" + KEY.encode() + b"\x80", store)
    assert held == Body(text=WITHHELD, size=len(KEY) + 4, withheld=True)
    assert body_for_log(b"\xff\xfe\x00\x80", store) == Body(base64="//4AgA==", size=4)
    assert body_for_log(None, store) is None
    assert body_for_log(b"", store) == Body(text="", size=0)


@pytest.mark.parametrize(
    "secret",
    ['kc_live_quote"slash/back\\end-0123456', "https://pay.example.com/aB3/dE6/gH9?t=1&u=2"],
)
@pytest.mark.parametrize("escape", [json.dumps, lambda text: json.dumps(text).replace("/", "\\/")])
def test_escapes_of_json_do_not_hide_a_secret(secret: str, escape: Callable[[str], str]) -> None:
    """A secret with a quote, a backslash or a slash is found although JSON escapes these."""
    store = SecretStore({"full": secret}, PREFIXES)
    body = body_for_log(f'{{"link": {escape(secret)}}}'.encode(), store)
    assert body is not None
    assert body.text is not None
    assert telling(secret, body.text.replace("\\", "")) == []


@pytest.mark.parametrize("spell", [str, lambda piece: base64.b64encode(piece.encode()).decode()])
@pytest.mark.parametrize("escape", ["\n", "\u00e9", "\\\b"])
def test_a_cut_leaves_the_escapes_of_json_whole(escape: str, spell: Callable[[str], str]) -> None:
    """A secret may seem to begin within an escape, by letters that it has in common with it."""
    for letters in ("n", "u00e9", "b"):
        secret = f"kc_live_{letters}1sRl6c9xzZtQ7wK2mPm5VdXy0"
        text = json.dumps({"from": escape + spell(secret.removeprefix(f"kc_live_{letters}"))})
        redacted = SecretStore({"full": secret}, PREFIXES).redact(text)
        assert json.loads(redacted)["from"] != json.loads(text)["from"]
        assert telling(secret, redacted) == []


def test_a_cut_leaves_nothing_of_a_broken_key_behind() -> None:
    """The letter of an escape, which a key may begin with, is not taken for a part of the key."""
    key = "NWwDjx5FLUgfBsC9FbgpddVo"
    text = json.dumps({"key": f"kc_live_N\n{key[1:10]}\n{key[10:19]}\n{key[19:]}"})
    redacted = SecretStore({"full": f"kc_live_{key}"}, PREFIXES).redact(text)
    assert json.loads(redacted) == {"key": "{key:full~part}"}


# --- what is no secret ----------------------------------------------------------------------------

ORDINARY = (
    "",
    '{"error": {"code": "unauthorized", "message": "Invalid or expired API key"}}',
    "Check that the key starts with kc_live_ or kc_test_",
    "kc_live_ kc_test_ kc_live_... KC_LIVE_",
    "https://kaicalls.com/api/v1/calls?limit=25&after=2026-04-17T12%3A00%3A00Z",
    "caf\u00e9 \u00df \u0130 \u202e \ud800 \x00 &amp; &#107; %6b \\u006b",
    base64.b64encode(bytes(range(256)) * 4).decode(),
    bytes(range(256)).hex(),
    json.dumps(
        [{"id": f"call_{number}", "created_at": "2026-01-01T00:00:00Z"} for number in range(200)]
    ),
    CORE[: PIECE - 1],
    "{key:full} {secret:x-1}",
)


@pytest.mark.parametrize("text", ORDINARY, ids=range(len(ORDINARY)))
def test_ordinary_text_is_untouched(store: SecretStore, text: str) -> None:
    """Prefixes alone, short pieces, encoded texts without a secret and odd characters stay."""
    assert store.redact(text) == text
    assert store.redact(text) == text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(sorted(ENCODINGS)))
def test_no_surrounding_hides_a_key(before: str, after: str, encoding: str) -> None:
    """No piece of a key survives, whatever stands around it."""
    store = SecretStore({"full": KEY}, PREFIXES)
    redacted = store.redact(before + ENCODINGS[encoding](KEY) + after)
    assert telling(KEY, redacted) == telling(KEY, redacted[::-1]) == []
    assert telling(KEY, redacted.replace("\\u", "").replace("%", "")) == []


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=120))
def test_text_without_a_key_is_untouched(text: str) -> None:
    """Random text is not a secret, so it stays."""
    store = SecretStore({"full": KEY}, PREFIXES)
    assert store.redact(text) == text
    assert store.redact(quote(text)) == quote(text)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (f"kc_live_{CORE}0000000000000000", "/api/v1/calls?limit=1000000000000"),
        (f"kc_live_{'0' * 24}", "/api/v1/calls?limit=1000000000000"),
        (f"kc_live_ab{'-_' * 12}", "-_-_-_-_-_-_-_-_-_-_"),
        ("kc_live_aaaabbbb", "aaaa bbb"),
        ("kc_live_acme_account_of_tests_01", "Acme account of tests 01 is unknown"),
        ("kc_live_myTestKeyFull", "Give my test key, full of hope"),
        ("kc_live_myTestKeyFullOfHope2024", "Give my test key, full of hope, 2024"),
        ("kc_live_acme_account_of_tests_01", "see acme-account-of-tests-02 in 2026"),
        ("kc_live_TestKeyForBusiness01", "Test Key For Business 17 is unknown"),
        ("kc_live_TestKeyOfShop-9fK2mQ7xV4tB", "Test Key Of Shop 9 is unknown"),
        ("kc_live_ACME-2024-TEST-ACCOUNT-ONE", "ACME 2024 TEST ACCOUNT TWO"),
    ],
)
def test_what_is_no_part_of_a_key_stays(key: str, text: str) -> None:
    """A run of one character reveals nothing, and neither do words of a key between other signs."""
    store = SecretStore({"full": key}, PREFIXES)
    for alteration in ALTERATIONS:
        store.fill(f"{{key:full~{alteration}}}")
    assert store.redact(text) == text
    assert store.redact(f"no {key}") == "no {key:full}"


@pytest.mark.parametrize(
    "core",
    [
        "qwXmZkTbVnRsLpGdHfJcYwQe",
        "QWXMZKTBVNRSLPGDHFJCYWQE",
        "91726403855271943",
        "ab12cdefghijklmnop34qrst",
        "correct-horse_battery-staple",
    ],
)
def test_a_key_is_found_letter_by_letter_between_other_signs(core: str) -> None:
    """It need not alternate between letters and digits."""
    key = f"kc_live_{core}"
    store = SecretStore({"full": key}, PREFIXES)
    for text in (" ".join(key), "-".join(key), json.dumps(list(key))):
        assert store.redact(text) in (WITHHELD, "{key:full~part}", '["{key:full~part}"]')


@pytest.mark.parametrize("core", ["qwXmZkTbVnRsLpGdHfJcYwQe", "ab12cdefghijklmnop34qrst"])
@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_a_near_miss_is_found_between_other_signs(core: str, alteration: str) -> None:
    """An altered key that the suite sends is found if it has four words and numbers in a row."""
    store = SecretStore({"full": f"kc_live_{core}"}, PREFIXES)
    near = store.fill(f"{{key:full~{alteration}}}")
    assert store.holds_secret(" ".join(near))
    assert store.holds_secret("-".join(near[::-1]))


@pytest.mark.parametrize("text", ["Bill {} of 1 May", "a call with {}", "no. {}"])
def test_an_id_within_a_key_stays(text: str) -> None:
    """The id of a business is public, also where a key holds it and signs stand within it."""
    public = "655a9d7f-b430-4fcf-8477-1f19e2c58d10"
    store = SecretStore({"full": f"kc_live_{public}_9fK2mQ7xV4tB8nL1"}, PREFIXES, public=[public])
    for shown in (public, public.replace("-", " "), public.replace("-", "")):
        assert store.redact(text.format(shown)) == text.format(shown)


def test_a_short_link_is_taken_out_as_a_whole_and_nothing_else_is() -> None:
    """A link of mere words is known by the whole link; its words may stand elsewhere."""
    store = SecretStore({})
    store.learn(Placeholder(SecretKind.LINK, "checkout-1"), "https://pay.example.com/x")
    assert store.redact("go to https://pay.example.com/x") == "go to {link:checkout-1}"
    assert (
        store.redact('{"next": "https://example.com/next"}')
        == '{"next": "https://example.com/next"}'
    )
    store.learn(Placeholder(SecretKind.LINK, "checkout-2"), "https://example.com/pay")
    assert store.redact('{"code": "payment_required"}') == '{"code": "payment_required"}'


@pytest.mark.parametrize("piece", [CORE[:length] for length in range(1, 20)] + ["é☎" * 5, "☎" * 7])
def test_pieces_are_found_at_every_place(piece: str) -> None:
    """A piece of any length is found wherever it begins, as often as it is there."""
    placeholder, pieces = Placeholder(SecretKind.KEY, "full"), Pieces(len(piece))
    pieces.add((piece,), placeholder)
    for before in ("." * count for count in range(200)):
        for around in (before, before.replace(".", "é"), before.replace(".", "☎")[1:] + "\ud800"):
            text = around + piece + "." + piece + around
            starts = [at for at in range(len(text)) if text.startswith(piece, at)]
            found = [(at, at + len(piece), placeholder) for at in starts]
            assert list(pieces.places(text)) == found
            assert not list(pieces.places((around + piece)[:-1].replace("☎", "é")))
