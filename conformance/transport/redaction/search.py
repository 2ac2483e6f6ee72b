"""Finds pieces of secrets in a text and cuts them out.

A near-miss key differs from a key in one character, so a long piece of a key is as secret as the
key. Pieces are searched whatever their case, forwards, backwards and in ROT13, with other signs
between their characters, in the text and in what it reads as once up to LAYERS encodings are
undone.

Across other signs a piece must be random, or be the whole key letter by letter: the words of which
some keys are made stand in many a text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from operator import itemgetter

from conformance.model import Placeholder
from conformance.transport.redaction.clean_texts import CleanTexts
from conformance.transport.redaction.encodings import (
    broken_runs,
    coded_runs,
    decoded,
    undone,
    without_json,
)
from conformance.transport.redaction.pieces import Pieces

LAYERS = 3
"""How many encodings, one inside the other, are undone."""

WORK, WORK_EACH = 1 << 22, 12
"""How many characters are searched in all readings of a text: so many, and so many for each of its
own. What cannot be searched within that is withheld."""

LONG, LONG_WORK = 1 << 20, 1 << 27
"""A text of more characters is long. So many characters are searched in all readings of the long
texts of a run. What comes after them is withheld, for the search of a long text takes seconds."""

RUN_COST = 4
"""What the decoding of a run costs: so many characters for each of its own."""

VARIED = 4
"""The least different characters of a piece of at least nine that gives a secret away."""

ACROSS = 8
"""The least letters and digits that give a secret away with other signs between them."""

WORDS = 4
"""The least words and numbers, one after the other as in ``a7bc3``, that make such a piece random.
A key that is made of words must not be found in a text that has them."""

EXACT, EXACT_WORDS = 16, 6
"""The same for pieces that are searched across other signs in their own case: letters and digits,
and words and numbers. A capital begins a word."""

SECRETS_KEPT = 1_000
"""How many secrets are remembered with their pieces: runs in one process share their keys."""

_NOTHING = re.compile(r"(?!)")
_TOKEN = re.compile(r"(?:[^\s\"'<>(){}\[\],\\]|\\[^\"'])++")
"""A stretch of text that may hold an encoded secret: up to a space, a quote or a bracket."""
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A string of JSON; one that does not end goes to the end of the text."""

_WORD_OR_NUMBER = re.compile("[A-Z]*+[a-z]+|[A-Z]+|[0-9]+")
_NO_ALNUM = bytes(code for code in range(256) if not chr(code).isalnum() or code > 127)

_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[bfnrt/])")
"""An escape of JSON."""


class Exhausted(Exception):  # noqa: N818 - it says what happened
    """A text has more readings than can be searched in bounded time."""


class PieceSearch:
    """Searches texts for pieces of secrets. It knows each secret by its placeholder only."""

    def __init__(self) -> None:
        self._plain: dict[int, Pieces] = {}  # by length
        self._across: dict[int, Pieces] = {}  # without the signs, by length
        self._exact: dict[int, Pieces] = {}  # without the signs, in their own case, by length
        self._shortest = 0
        self._coded = _NOTHING  # characters in a row that may be base64 or hex
        self._clean = CleanTexts()
        self._seen: dict[str, int] = {}  # readings of the text that is searched, with their layers
        self._left = 0
        self._is_long = False
        self._long_left = LONG_WORK

    def add(self, secret: str, placeholder: Placeholder, length: int, whole: int) -> None:
        """Search for every run of ``length`` characters of a secret from now on.

        Of runs of at least ``whole`` characters, other forms are searched, too.
        """
        is_long = length >= whole
        plain = self._plain.setdefault(length, Pieces(length))
        for piece in _plain_pieces(secret, length, is_long):
            plain.add(piece, placeholder)
        for across, piece in _pieces_across(secret, whole, is_long):
            self._across.setdefault(across, Pieces(across)).add(piece, placeholder)
        self._shortest = min(self._plain)
        self._coded = coded_runs(self._shortest)
        self._add_exact(_exact_pieces((secret,), max(EXACT, whole), 1), placeholder)

    def add_near_misses(self, near_misses: tuple[str, ...], placeholder: Placeholder) -> None:
        """Search for altered forms of a secret with other signs between their characters."""
        self._add_exact(_exact_pieces(near_misses, EXACT, WORDS), placeholder)

    def _add_exact(self, pieces: tuple[str, ...], placeholder: Placeholder) -> None:
        for piece in pieces:
            self._exact.setdefault(len(piece), Pieces(len(piece))).add(piece, placeholder)
        self._clean.clear()

    def find(self, text: str) -> Placeholder | None:
        """The secret of which a text holds a piece, looking through LAYERS encodings.

        Raises Exhausted if that takes too long.
        """
        if not self._plain:
            return None
        self._begin(text)
        return self._find_whole(text)

    def without_hiding(self, text: str) -> str:
        """The text with placeholders in the place of stretches that hide pieces.

        Raises Exhausted if that takes too long.
        """
        self._begin(text)
        for stretches in (self._coded, _TOKEN, _STRING):
            text = stretches.sub(self._unless_hiding, text)
        return text

    def _begin(self, text: str) -> None:
        self._is_long = len(text) > LONG
        self._seen.clear()
        self._left = WORK + WORK_EACH * len(text)

    def _spend(self, characters: int) -> None:
        self._left -= characters
        if self._is_long:
            self._long_left -= characters
            self._left = min(self._left, self._long_left)
        if self._left < 0:
            raise Exhausted

    def _find_whole(self, text: str) -> Placeholder | None:
        """The secret of which a text holds a piece. The escapes of JSON itself are no layer."""
        view = without_json(text)
        hidden = self._find(text, 0) if view != text else None
        return hidden or self._find(view, LAYERS)

    def _find(self, text: str, layers: int) -> Placeholder | None:
        """The secret of which a text holds a piece, looking through so many encodings."""
        if self._seen.get(text, -1) >= layers:
            return None
        self._spend(len(text))
        self._seen[text] = layers
        hidden = self._find_plain(text)
        if hidden is None and layers:
            hidden = self._find_encoded(text, layers)
        if hidden is not None:
            self._seen.pop(text, None)
        return hidden

    def _find_encoded(self, text: str, layers: int) -> Placeholder | None:
        """The secret of which a text holds a piece in some encoding."""
        for run in chain(self._coded.findall(text), broken_runs(text)):
            hidden = self._find_coded(run, layers)
            if hidden is not None:
                return hidden
        return self._find_in(undone(text, self._shortest, self._spend), layers - 1)

    def _find_in(self, readings: Iterable[str], layers: int) -> Placeholder | None:
        """The secret of which the first of some readings of a text holds a piece."""
        for reading in readings:
            hidden = self._find(reading, layers)
            if hidden is not None:
                return hidden
        return None

    def _find_plain(self, text: str) -> Placeholder | None:
        """The secret of which a piece stands in a text as it is, or across other signs."""
        letters = _letters(text)
        folded, folded_letters = text.lower(), letters.lower()
        near = chain(
            *(pieces.places(folded) for pieces in self._plain.values()),
            *(pieces.places(folded_letters) for pieces in self._across.values()),
            *(pieces.places(letters) for pieces in self._exact.values()),
        )
        return next(map(itemgetter(2), near), None)

    def _find_coded(self, run: str, layers: int) -> Placeholder | None:
        """The secret that a run of characters holds as base64, hex or the like."""
        known = f"{layers} {run}"
        if known in self._clean:
            return None
        self._spend(RUN_COST * len(run))
        hidden = self._find_in(decoded(run, self._shortest, self._spend), layers - 1)
        if hidden is None:
            self._clean.add(known)
        return hidden

    def _unless_hiding(self, match: re.Match[str]) -> str:
        """A stretch of text, or the placeholder of the secret that hides in it."""
        stretch = match[0]
        hidden = self._find_whole(stretch)
        if hidden is None:
            return stretch
        quote = '"' if stretch.startswith('"') else ""
        escaped = match.string[match.start() : _behind_escape(match.string, match.start())]
        return f"{escaped}{quote}{hidden.part}{quote}"

    def without_pieces(self, text: str) -> str:
        """The text with a placeholder for each stretch that pieces cover."""
        covered = bytearray(len(text))
        secrets: dict[int, Placeholder] = {}  # by start
        for place, end, placeholder in self._places(_fold(text)):
            if _behind_escape(text, place) > place:
                continue  # the letter of an escape is no part of a secret
            covered[place:end] = b"1" * (end - place)
            secrets.setdefault(place, placeholder)
        kept: list[str] = []
        for stretch in re.finditer(rb"1+|\0+", covered):
            secret = secrets.get(stretch.start())
            kept.append(str(secret.part) if secret else text[stretch.start() : stretch.end()])
        return "".join(kept)

    def _places(self, folded: str) -> Iterator[tuple[int, int, Placeholder]]:
        """Where pieces stand in a text: start, end, secret."""
        for pieces in self._plain.values():
            yield from pieces.places(folded)


def _behind_escape(text: str, place: int) -> int:
    """The end of the escape of JSON that a place stands within; the place itself if in none.

    What is cut from there on leaves JSON whole.
    """
    slash = text.rfind("\\", max(0, place - 5), place)
    first = slash
    while first >= 0 and text[first] == "\\":
        first -= 1
    escape = _ESCAPE.match(text, slash) if (slash - first) % 2 else None
    return max(place, escape.end()) if escape else place


@lru_cache(maxsize=SECRETS_KEPT)
def _forms(secret: str, is_long: bool) -> tuple[str, ...]:
    """A secret forwards and backwards; a long one in ROT13, too."""
    forms = (secret, secret[::-1])
    return (*forms, *(codecs.encode(form, "rot13") for form in forms)) if is_long else forms


@lru_cache(maxsize=SECRETS_KEPT)
def _plain_pieces(secret: str, length: int, is_long: bool) -> tuple[str, ...]:
    """The runs of ``length`` characters of a secret that give it away."""
    folded = map(_fold, _forms(secret, is_long))
    runs = chain.from_iterable(_pieces(form, length) for form in folded)
    return tuple(filter(_is_varied, runs))


@lru_cache(maxsize=SECRETS_KEPT)
def _pieces_across(secret: str, whole: int, is_long: bool) -> tuple[tuple[int, str], ...]:
    """Runs of letters and digits that have other signs between them, each with its length."""
    runs: list[tuple[int, str]] = []
    for form in _forms(secret, is_long):
        letters = _letters(form).lower()
        length = min(whole, len(letters))
        if length >= ACROSS:
            pieces = _pieces(letters, length)
            runs += [(length, piece) for piece in pieces if _is_random(piece, WORDS)]
    return tuple(runs)


@lru_cache(maxsize=SECRETS_KEPT)
def _exact_pieces(secrets: tuple[str, ...], least: int, words: int) -> tuple[str, ...]:
    """The random runs of ``least`` letters and digits of some secrets, in their own case.

    A secret without such a run gives all its letters and digits, if they are so many words.
    """
    pieces: dict[str, None] = {}
    for secret in secrets:
        for form in _forms(secret, is_long=True):
            letters = _letters(form)
            if len(letters) >= least:
                runs = [run for run in _pieces(letters, least) if _is_random(run, EXACT_WORDS)]
                whole = [letters] if _is_random(letters, words) else []
                pieces.update(dict.fromkeys(runs or whole))
    return tuple(pieces)


def _pieces(text: str, length: int) -> Iterator[str]:
    """Every run of so many characters of a text."""
    return (text[start : start + length] for start in range(len(text) - length + 1))


def _is_varied(piece: str) -> bool:
    """Whether a piece has enough different characters to give a secret away: no row of zeros."""
    return len(set(piece)) >= min(VARIED, 1 + len(piece) // 3)


def _is_random(piece: str, words: int) -> bool:
    """Whether so many words and numbers follow each other: fewer in what people write."""
    return len(_WORD_OR_NUMBER.findall(piece)) >= words and _is_varied(piece)


def _letters(text: str) -> str:
    """The letters and digits of a text, without what stands between them."""
    return text.encode("ascii", "ignore").translate(None, _NO_ALNUM).decode("ascii")


def _fold(text: str) -> str:
    """The text in lower case, with each character at its place."""
    if text.isascii():
        return text.lower()
    return "".join(map(_folded, text))


def _folded(char: str) -> str:
    """A character in lower case, if that is one character as well."""
    lower = char.lower()
    return lower if len(lower) == 1 else char
