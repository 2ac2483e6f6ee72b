"""Finds pieces of secrets of one length without inspecting every character of a text."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Placeholder

GRAM = 5
"""Characters that are compared first."""


class Pieces:
    """The pieces of ``length`` characters of some secrets.

    A text is sampled in steps that are so short that every piece contains a whole gram which
    starts at a step.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._gram = min(GRAM, length)
        self._step = length - self._gram + 1
        self._grams: set[str] = set()
        self._secrets: dict[str, Placeholder] = {}

    def add(self, piece: str, secret: Placeholder) -> None:
        """Add a piece of a secret to search for."""
        self._secrets[piece] = secret
        self._grams.update(piece[at : at + self._gram] for at in range(self._step))

    def places(self, text: str) -> Iterator[tuple[int, int, Placeholder]]:
        """The places of pieces in a text, from left to right: start, end, secret."""
        for near in self._gram_starts(text):
            for start in range(max(0, near - self._step + 1), near + 1):
                end = start + self._length
                secret = self._secrets.get(text[start:end])
                if secret is not None:
                    yield start, end, secret

    def _gram_starts(self, text: str) -> list[int]:
        """The steps at which a gram of a piece starts."""
        gram, grams = self._gram, self._grams
        starts = range(0, len(text) - gram + 1, self._step)
        return [at for at in starts if text[at : at + gram] in grams]
