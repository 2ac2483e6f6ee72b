"""Finds pieces of secrets in a text and removes them.

A near-miss key differs from a key in one character, so a long piece of a key is as secret as the
key. Pieces are found in any case, forwards, backwards and in ROT13, and with other characters in
between, both in the text itself and in its readings with up to LAYERS encodings decoded.

With other characters in between, a piece must be random or be the whole key letter by letter,
because some keys are made of words that occur in ordinary texts.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from conformance.model import Placeholder
from conformance.transport.redaction.clean_texts import CleanTexts
from conformance.transport.redaction.encodings import (
    broken_runs,
    coded_runs,
    decoded,
    decoded_once,
    without_json,
)
from conformance.transport.redaction.pieces import Pieces

LAYERS = 3
"""Maximum number of nested encodings that are decoded."""

WORK, WORK_EACH = 1 << 22, 12
"""Maximum characters searched in all readings of a text: a fixed number, plus a number for each
of its characters. A text that needs more is withheld."""

LONG, LONG_WORK = 1 << 20, 1 << 27
"""The length from which a text is long, and the maximum characters searched in all readings of the
long texts of a run. Later long texts are withheld, because searching one takes seconds."""

RUN_COST = 4
"""The cost of decoding a run, in searched characters per character."""

VARIED = 4
"""Minimum number of different characters in a piece of nine or more that reveals a secret."""

ACROSS = 8
"""Minimum letters and digits that reveal a secret if other characters are in between."""

WORDS = 4
"""Minimum number of consecutive words and numbers, as in ``a7bc3``, that make such a piece random.
A key made of words must not be found in a text that contains these words."""

EXACT, EXACT_WORDS = 16, 6
"""The minimum letters and digits, and words and numbers, for pieces searched case-sensitively with
other characters in between. A capital starts a word."""

SECRETS_KEPT = 1_000
"""Secrets whose pieces are cached, because runs in one process share their keys."""

_NOTHING = re.compile(r"(?!)")
_TOKEN = re.compile(r"(?:[^\s\"'<>(){}\[\],\\]|\\[^\"'])++")
"""A stretch of text that may contain an encoded secret: up to a space, a quote or a bracket."""
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A JSON string; an unterminated one extends to the end of the text."""

_WORD_OR_NUMBER = re.compile("[A-Z]*+[a-z]+|[A-Z]+|[0-9]+")
_NO_ALNUM = bytes(code for code in range(256) if not chr(code).isalnum() or code > 127)

_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[bfnrt/])")
"""A JSON escape."""


class Exhausted(Exception):  # noqa: N818 - it says what happened
    """A text has more readings than can be searched in the time allowed."""


class PieceSearch:
    """Searches texts for pieces of secrets. It reports secrets only by their placeholders."""

    def __init__(self) -> None:
        self._plain: dict[int, Pieces] = {}  # by length
        self._across: dict[int, Pieces] = {}  # letters and digits only, by length
        self._exact: dict[int, Pieces] = {}  # of letters and digits, case-sensitive, by length
        self._shortest = 0
        self._coded = _NOTHING  # consecutive characters that may be base64 or hex
        self._clean = CleanTexts()
        self._seen: dict[str, int] = {}  # readings of the current text, with their layers
        self._left = 0  # work that remains for the current text
        self._is_long = False
        self._long_left = LONG_WORK

    def add(self, secret: str, placeholder: Placeholder, length: int, across: int) -> None:
        """Search for every run of ``length`` characters of a secret from now on.

        Also search for runs of ``across`` letters and digits of it with other characters in
        between. If ``length`` is at least ``across``, ROT13 forms are searched for, too.
        """
        is_long = length >= across
        plain = self._plain.setdefault(length, Pieces(length))
        plain.add(_plain_pieces(secret, length, is_long), placeholder)
        _add(self._across, _pieces_across(secret, across, is_long), placeholder)
        self._shortest = min(self._plain)
        self._coded = coded_runs(self._shortest)
        exact = _exact_pieces((secret,), least=max(EXACT, across), words=1)
        self._add_exact(exact, placeholder)

    def add_near_misses(self, near_misses: tuple[str, ...], placeholder: Placeholder) -> None:
        """Search for altered forms of a secret with other characters in between."""
        self._add_exact(_exact_pieces(near_misses, least=EXACT, words=WORDS), placeholder)

    def _add_exact(self, pieces: tuple[str, ...], placeholder: Placeholder) -> None:
        """Search for pieces case-sensitively. No text counts as clean until searched again."""
        _add(self._exact, pieces, placeholder)
        self._clean.clear()

    def find(self, text: str) -> Placeholder | None:
        """The secret of which a text contains a piece, in up to LAYERS encodings, or None.

        Raises Exhausted if that takes too long.
        """
        if not self._plain:
            return None
        self._reset(text)
        return self._find_whole(text)

    def without_hidden_pieces(self, text: str) -> str:
        """The text with each stretch in which a piece is hidden replaced by a placeholder.

        Raises Exhausted if that takes too long.
        """
        self._reset(text)
        for stretches in (self._coded, _TOKEN, _STRING):
            text = stretches.sub(self._placeholder_if_hiding, text)
        return text

    def _reset(self, text: str) -> None:
        """Begin the search of a text, with the work that its length permits."""
        self._is_long = len(text) > LONG
        self._seen.clear()
        self._left = WORK + WORK_EACH * len(text)

    def _spend(self, characters: int) -> None:
        """Count work on a text. Raises Exhausted beyond its limit, or that of all long texts."""
        self._left -= characters
        if self._is_long:
            self._long_left -= characters
            self._left = min(self._left, self._long_left)
        if self._left < 0:
            raise Exhausted

    def _find_whole(self, text: str) -> Placeholder | None:
        """The secret of which a text contains a piece. JSON escapes do not count as a layer."""
        view = without_json(text)
        hidden = self._find(text, 0) if view != text else None
        return hidden or self._find(view, LAYERS)

    def _find(self, text: str, layers: int) -> Placeholder | None:
        """The secret of which a text contains a piece, in up to ``layers`` encodings.

        A text that was searched in at least as many layers is not searched again.
        """
        if self._seen.get(text, -1) >= layers:
            return None
        self._spend(len(text))
        self._seen[text] = layers
        hidden = self._find_plain(text)
        if hidden is None and layers:
            hidden = self._find_encoded(text, layers)
        if hidden is not None:
            self._seen.pop(text, None)  # only a text without a secret may be skipped
        return hidden

    def _find_encoded(self, text: str, layers: int) -> Placeholder | None:
        """The secret of which a text contains an encoded piece."""
        for run in chain(self._coded.findall(text), broken_runs(text)):
            hidden = self._find_coded(run, layers)
            if hidden is not None:
                return hidden
        return self._find_in(decoded_once(text, self._shortest, self._spend), layers - 1)

    def _find_in(self, readings: Iterable[str], layers: int) -> Placeholder | None:
        """The first secret of which a reading contains a piece, in up to ``layers`` encodings."""
        for reading in readings:
            hidden = self._find(reading, layers)
            if hidden is not None:
                return hidden
        return None

    def _find_plain(self, text: str) -> Placeholder | None:
        """The secret of which a text contains a piece as it is, even with characters in between."""
        letters = _letters(text)
        folded, folded_letters = text.lower(), letters.lower()
        places = chain(
            *(pieces.places(folded) for pieces in self._plain.values()),
            *(pieces.places(folded_letters) for pieces in self._across.values()),
            *(pieces.places(letters) for pieces in self._exact.values()),
        )
        return next((placeholder for _, _, placeholder in places), None)

    def _find_coded(self, run: str, layers: int) -> Placeholder | None:
        """The secret that a run contains as base64, hex or similar. Clean runs are remembered."""
        known = f"{layers} {run}"
        if known in self._clean:
            return None
        self._spend(RUN_COST * len(run))
        hidden = self._find_in(decoded(run, self._shortest, self._spend), layers - 1)
        if hidden is None:
            self._clean.add(known)
        return hidden

    def _placeholder_if_hiding(self, match: re.Match[str]) -> str:
        """A stretch of text, or the placeholder of a secret hidden in it.

        Quotes around the stretch stay, and the rest of a JSON escape in which it begins.
        """
        stretch = match[0]
        hidden = self._find_whole(stretch)
        if hidden is None:
            return stretch
        quote = '"' if stretch.startswith('"') else ""
        escaped = match.string[match.start() : _escape_end(match.string, match.start())]
        return f"{escaped}{quote}{hidden.part}{quote}"

    def without_pieces(self, text: str) -> str:
        """The text with the placeholder of its first piece for each stretch covered by pieces."""
        covered = bytearray(len(text))
        secrets: dict[int, Placeholder] = {}  # by start
        folded = _fold(text)
        places = [place for pieces in self._plain.values() for place in pieces.places(folded)]
        for place, end, placeholder in places:
            if _escape_end(text, place) > place:
                continue  # the letter of an escape is not part of a secret
            covered[place:end] = b"1" * (end - place)
            secrets.setdefault(place, placeholder)
        kept: list[str] = []
        for stretch in re.finditer(rb"1+|\0+", covered):
            secret = secrets.get(stretch.start())
            kept.append(str(secret.part) if secret else text[stretch.start() : stretch.end()])
        return "".join(kept)


def _add(by_length: dict[int, Pieces], pieces: tuple[str, ...], placeholder: Placeholder) -> None:
    """Add pieces of a secret to those of the same length."""
    for length in dict.fromkeys(len(piece) for piece in pieces):
        same_length = tuple(piece for piece in pieces if len(piece) == length)
        by_length.setdefault(length, Pieces(length)).add(same_length, placeholder)


def _escape_end(text: str, place: int) -> int:
    """The end of the JSON escape that contains a place; the place itself if there is none.

    Cutting from there keeps the JSON valid.
    """
    slash = text.rfind("\\", max(0, place - 5), place)  # an escape has at most six characters
    first = slash
    while first >= 0 and text[first] == "\\":
        first -= 1
    is_escape = (slash - first) % 2 == 1  # backslashes in pairs escape only each other
    escape = _ESCAPE.match(text, slash) if is_escape else None
    return max(place, escape.end()) if escape else place


@lru_cache(maxsize=SECRETS_KEPT)
def _forms(secret: str, is_long: bool) -> tuple[str, ...]:
    """A secret forwards and backwards; a long one also in ROT13."""
    forms = (secret, secret[::-1])
    if not is_long:
        return forms
    return (*forms, *(codecs.encode(form, "rot13") for form in forms))


@lru_cache(maxsize=SECRETS_KEPT)
def _plain_pieces(secret: str, length: int, is_long: bool) -> tuple[str, ...]:
    """The runs of ``length`` characters of a secret, in each of its forms, that reveal it."""
    forms = [_fold(form) for form in _forms(secret, is_long)]
    runs = [
        form[start : start + length] for form in forms for start in range(len(form) - length + 1)
    ]
    return tuple(run for run in runs if _is_varied(run))


@lru_cache(maxsize=SECRETS_KEPT)
def _pieces_across(secret: str, across: int, is_long: bool) -> tuple[str, ...]:
    """The runs of ``across`` letters and digits to search for with other characters in between."""
    runs: list[str] = []
    for form in _forms(secret, is_long):
        letters = _letters(form).lower()
        length = min(across, len(letters))
        if length >= ACROSS:
            runs += _random_pieces(letters, length, WORDS)
    return tuple(runs)


@lru_cache(maxsize=SECRETS_KEPT)
def _exact_pieces(secrets: tuple[str, ...], least: int, words: int) -> tuple[str, ...]:
    """The random runs of ``least`` letters and digits of some secrets, case-sensitive.

    A secret without such a run contributes all its letters and digits, if they form at least
    ``words`` words and numbers.
    """
    pieces: dict[str, None] = {}
    for secret in secrets:
        for form in _forms(secret, is_long=True):
            letters = _letters(form)
            if len(letters) >= least:
                runs = _random_pieces(letters, least, EXACT_WORDS)
                if not runs:
                    runs = _random_pieces(letters, len(letters), words)
                pieces.update(dict.fromkeys(runs))
    return tuple(pieces)


def _random_pieces(letters: str, length: int, words: int) -> list[str]:
    """The random runs of ``length`` characters of a text of letters and digits.

    They alternate between words and numbers more often than ordinary text. The words and numbers
    of the whole text are counted once, because each run consists of those at its place.
    """
    numbered = enumerate(_WORD_OR_NUMBER.findall(letters))
    word_at = [number for number, word in numbered for _ in word]  # the number of a word, by place
    pieces = [
        letters[start : start + length]
        for start in range(len(letters) - length + 1)
        if word_at[start + length - 1] - word_at[start] >= words - 1
    ]
    return [piece for piece in pieces if _is_varied(piece)]


def _is_varied(piece: str) -> bool:
    """Whether a piece has enough different characters to reveal a secret, unlike a row of zeros."""
    return len(set(piece)) >= min(VARIED, 1 + len(piece) // 3)


def _letters(text: str) -> str:
    """The ASCII letters and digits of a text."""
    return text.encode("ascii", "ignore").translate(None, _NO_ALNUM).decode("ascii")


def _fold(text: str) -> str:
    """The text in lower case, with every character at the same index."""
    if text.isascii():
        return text.lower()
    return "".join(_folded(char) for char in text)


def _folded(char: str) -> str:
    """A character in lower case, if that is a single character."""
    lower = char.lower()
    return lower if len(lower) == 1 else char
