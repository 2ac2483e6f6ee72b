"""Finds pieces of secrets in a text and cuts them out.

A near-miss key differs from a key in one character, so a long piece of a key is as secret as the
key. Pieces are searched whatever their case, forwards and backwards, in the text and in what it
reads as once up to LAYERS encodings are undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from conformance.model import Placeholder
from conformance.transport.redaction.encodings import coded_runs, decoded, undone

LAYERS = 3
"""How many encodings, one inside the other, are undone."""

REMEMBERED = 200
"""Texts shorter than this are remembered once they were found clean."""

MOST_REMEMBERED = 50_000
"""How many texts are remembered."""

_NOTHING = re.compile(r"(?!)")
_TOKEN = re.compile(r"(?:[^\s\"'<>(){}\[\],\\]|\\[^\"'])+")
"""A stretch of text that may hold an encoded secret: up to a space, a quote or a bracket."""


class PieceSearch:
    """Searches texts for pieces of secrets. It knows each secret by its placeholder only."""

    def __init__(self) -> None:
        self._pieces: dict[int, dict[str, Placeholder]] = {}  # by length
        self._shortest = 0
        self._alphabet: set[str] = set()
        self._runs = _NOTHING  # characters in a row that secrets are made of
        self._coded = _NOTHING  # characters in a row that may be base64 or hex
        self._clean: set[str] = set()

    def add(self, secret: str, placeholder: Placeholder, length: int) -> None:
        """Search for every run of ``length`` characters of a secret from now on."""
        pieces = self._pieces.setdefault(length, {})
        for text in (_fold(secret), _fold(secret[::-1])):
            self._alphabet.update(text)
            for start in range(len(text) - length + 1):
                pieces[text[start : start + length]] = placeholder
        self._alphabet.update(secret)
        self._shortest = min(self._pieces)
        known = re.escape("".join(sorted(self._alphabet)))
        self._runs = re.compile(f"[{known}]{{{self._shortest},}}", re.IGNORECASE | re.ASCII)
        self._coded = coded_runs(self._shortest)
        self._clean.clear()

    def find(self, text: str, layers: int = LAYERS) -> Placeholder | None:
        """The secret of which a text holds a piece, looking through so many layers of encoding."""
        plain = self._find_plain(text)
        if plain is not None:
            return plain
        if not layers:
            return plain
        for run in self._coded.findall(text):
            hidden = self._find_coded(run, layers)
            if hidden is not None:
                return hidden
        return self._find_in(undone(text), layers - 1)

    def _find_in(self, readings: Iterable[str], layers: int) -> Placeholder | None:
        """The secret of which the first of some readings of a text holds a piece."""
        for reading in readings:
            hidden = self.find(reading, layers)
            if hidden is not None:
                return hidden
        return None

    def cut_out(self, text: str) -> str:
        """The text with placeholders in the place of pieces, and of stretches that hide pieces."""
        text = self._runs.sub(self._without_pieces, text)
        text = self._coded.sub(self._unless_hiding, text)
        return _TOKEN.sub(self._unless_hiding, text)

    def _find_plain(self, text: str) -> Placeholder | None:
        """The secret of which a piece stands in a text as it is.

        Each run of characters is searched once: ids and words come back in page after page.
        """
        for run in self._runs.findall(text):
            if run in self._clean:
                continue
            for _, _, placeholder in self._places(run):
                return placeholder
            self._remember(run)
        return None

    def _find_coded(self, run: str, layers: int) -> Placeholder | None:
        """The secret that a run of characters holds as base64 or hex."""
        known = f"{layers} {run}"
        if known in self._clean:
            return None
        hidden = self._find_in(decoded(run, self._shortest), layers - 1)
        if hidden is None:
            self._remember(known)
        return hidden

    def _remember(self, run: str) -> None:
        """Do not search this run again until another secret is added."""
        if len(run) < REMEMBERED:
            if len(self._clean) > MOST_REMEMBERED:
                self._clean.clear()
            self._clean.add(run)

    def _places(self, run: str) -> Iterator[tuple[int, int, Placeholder]]:
        """Where pieces stand in a run of characters: start, end, secret."""
        folded = _fold(run)
        for length, pieces in self._pieces.items():
            for start in range(len(folded) - length + 1):
                placeholder = pieces.get(folded[start : start + length])
                if placeholder is not None:
                    yield start, start + length, placeholder

    def _unless_hiding(self, match: re.Match[str]) -> str:
        """A stretch of text, or the placeholder of the secret that hides in it."""
        hidden = self.find(match[0])
        if hidden is None:
            return match[0]
        return str(hidden.part)

    def _without_pieces(self, match: re.Match[str]) -> str:
        """A run of characters with a placeholder for each stretch that pieces cover."""
        run = match[0]
        covered = bytearray(len(run))
        secrets: dict[int, Placeholder] = {}  # by start
        for start, end, placeholder in self._places(run):
            covered[start:end] = b"1" * (end - start)
            secrets.setdefault(start, placeholder)
        kept: list[str] = []
        for stretch in re.finditer(rb"1+|\0+", covered):
            secret = secrets.get(stretch.start())
            kept.append(str(secret.part) if secret else run[stretch.start() : stretch.end()])
        return "".join(kept)


def _fold(text: str) -> str:
    """The text in lower case, with each character at its place."""
    if text.isascii():
        return text.lower()
    return "".join(map(_folded, text))


def _folded(char: str) -> str:
    """A character in lower case, if that is one character as well."""
    lower = char.lower()
    return lower if len(lower) == 1 else char
