"""Proves the table of spellings on random keys: `python -m tests.spellings` tries all of them.

The tests of ``test_encodings`` call the same functions with fewer keys.
"""

from __future__ import annotations

import base64
import json
import re
import string
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product
from random import Random
from zlib import crc32

from conformance.model import Response
from conformance.transport.near_misses import ALTERATIONS
from conformance.transport.redaction.log import LogRedactor
from conformance.transport.redaction.secrets import WITHHELD, SecretStore
from conformance.transport.wire import WireResponse
from tests.encodings import BODIES, TEXTS, Fate, Layers, Text, Whole
from tests.support.contracts import real

PREFIXES = ("kc_live_", "kc_test_")
ALPHANUMERIC = string.ascii_letters + string.digits
FORMS = {
    "44 characters of base64url": (ALPHANUMERIC + "-_", 44),
    "32 letters and digits": (ALPHANUMERIC, 32),
    "24 letters and digits": (ALPHANUMERIC, 24),
    "32 hexadecimal digits": ("0123456789abcdef", 32),
    "24 capitals and digits": (string.ascii_uppercase + string.digits, 24),
}
"""Forms of keys: the characters after the prefix, and how many. The first is the sandbox's."""

KEYS = 200
"""Keys of each form in the whole proof."""

PROMISED = [text for text in TEXTS if text.fate is Fate.OUT]
WITHIN = [text for text in PROMISED if text.layers is not Layers.ONE]
AROUND = [text for text in PROMISED if text.layers in (Layers.TWO, Layers.THREE)]
OF_THREE = [text for text in PROMISED if text.layers is Layers.THREE]
SIGNS = [text for text in PROMISED if text.family == "signs within the key"]


def keys_of(form: str, count: int) -> list[str]:
    """So many random keys of a form, the same each time."""
    random = Random(form)
    characters, length = FORMS[form]
    return [
        random.choice(PREFIXES) + "".join(random.choices(characters, k=length))
        for _ in range(count)
    ]


def random_keys(count: int) -> list[str]:
    """So many random keys of each form, the forms in turn."""
    by_form = [keys_of(form, count) for form in FORMS]
    return [key for keys in zip(*by_form, strict=True) for key in keys]


@cache
def store_of(key: str) -> SecretStore:
    """A store that knows this key only."""
    return SecretStore({"full": key}, PREFIXES)


def survives(known: str, shown: str, layers: Iterable[Text]) -> bool:
    """Whether a text keeps a spelling of a key, or half of what is its own in it.

    ``known`` is the key of the store, and ``shown`` that key or a near miss of it.
    """
    spelt, other = shown, shown[:8] + shown[:7:-1]
    for text in layers:
        spelt, other = text.spell(spelt), text.spell(other)
    before = _alike(spelt, other)
    behind = _alike(spelt[before:][::-1], other[before:][::-1])
    own = spelt[before : len(spelt) - behind]
    kept = _kept(store_of(known), spelt)
    half = len(own) // 2
    return any(own[start : start + half] in kept for start in range(len(own) - half + 1))


def _alike(one: str, other: str) -> int:
    """How many characters at the start of two texts are the same."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (char, its) in enumerate(pairs) if char != its), len(one))


def _kept(store: SecretStore, spelt: str) -> str:
    """What a text keeps of a spelling: one of JSON, of a page, or the bare spelling.

    Which one it is depends on the spelling, so that many spellings meet all of them.
    """
    kind = crc32(spelt.encode()) % 3
    if kind == 0:
        redacted = store.redact(json.dumps({"error": {"message": f"no {spelt} here"}}))
        return redacted if redacted == WITHHELD else str(json.loads(redacted)["error"]["message"])
    return store.redact(f"<i>{spelt}</i>" if kind == 1 else spelt)


def logged(store: SecretStore, body: bytes, *headers: tuple[str, str]) -> Response:
    """A response of JSON as the log holds it."""
    redactor = LogRedactor(real(), store)
    kind = ("Content-Type", "application/json")
    received = WireResponse(401, (kind, *headers), body)
    redactor.learn(received)
    return redactor.response(received, None)


def is_met(body: Whole, key: str) -> bool:
    """Whether the log takes the key out of a body, or withholds it, as the table says."""
    headers = [("Content-Encoding", body.coding)] if body.coding else []
    kept = logged(store_of(key), body.make(key), *headers).body
    if body.fate is Fate.WITHHELD:
        return (kept.text, kept.base64) == (WITHHELD, None)
    if body.fate is Fate.OPEN:
        return base64.b64decode(kept.base64 or "") == body.make(key)
    return "{key:full" in (kept.text or "") and key[8:18] not in (kept.text or "")


# --- what survives --------------------------------------------------------------------------------


def surviving_keys(text: Text, keys: Iterable[str]) -> list[str]:
    """The keys that survive in a spelling."""
    return [key for key in keys if survives(key, key, [text])]


def surviving_near_misses(text: Text, keys: Iterable[str]) -> list[str]:
    """The altered keys that the suite sends, and that survive in a spelling.

    Those of three words and numbers or fewer are left out, as the documents say.
    """
    return [
        f"{key} {name}"
        for key in keys
        for name, alter in ALTERATIONS.items()
        if len(re.findall("[A-Z]*[a-z]+|[A-Z]+|[0-9]+", alter(key)[8:])) > 3
        and survives(key, alter(key), [text])
    ]


def surviving_layers(layers: Iterable[tuple[Text, ...]], keys: Sequence[str]) -> list[str]:
    """The keys that survive in spellings one inside the other, the inner one first.

    Each is tried with one of the keys in turn.
    """
    left = []
    for number, texts in enumerate(layers):
        key = keys[number % len(keys)]
        if survives(key, key, texts):
            left.append(f"{key}: {', then '.join(f'{text.family} {text.name}' for text in texts)}")
    return left


# --- the whole proof ------------------------------------------------------------------------------


def parts() -> Iterator[tuple[str, int, list[str]]]:
    """The parts of the proof: what is tried, how often, and what survives."""
    for form in FORMS:
        keys = keys_of(form, KEYS)
        left = [f"{text.name} {key}" for text in PROMISED for key in surviving_keys(text, keys)]
        yield f"each spelling, {form}", len(PROMISED) * KEYS, left
        left = [f"{body.name} {key}" for body in BODIES for key in keys if not is_met(body, key)]
        yield f"each body, {form}", len(BODIES) * KEYS, left
        left = [near for text in SIGNS for near in surviving_near_misses(text, keys)]
        yield f"near misses with signs between, {form}", len(SIGNS) * KEYS * len(ALTERATIONS), left
    keys = random_keys(KEYS)
    pairs = list(product(WITHIN, AROUND))
    for form in FORMS:
        yield f"two layers, {form}", len(pairs), surviving_layers(pairs, keys_of(form, KEYS))
    triples = list(product(OF_THREE, repeat=3))
    yield "three layers, the forms in turn", len(triples), surviving_layers(triples, keys)


def main() -> int:
    """Try everything, print what survives, and fail if anything does."""
    survivors = 0
    for name, count, left in parts():
        survivors += len(left)
        print(f"{name}: {len(left)} of {count:,} survive", *left, sep="\n  ", flush=True)
    print(f"{time.process_time():.0f} s")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
