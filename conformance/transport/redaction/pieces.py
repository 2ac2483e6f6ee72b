"""Finds pieces of secrets of one length without inspecting every character of a text."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache

from conformance.model import Placeholder

GRAM = 5
"""Maximum characters that are compared first."""

BATCH = 16
"""Grams that are compared at once."""

SETS_KEPT = 500
"""Maximum sets of grams that are kept for the next run in the process."""


class Pieces:
    """The pieces of ``length`` characters of some secrets.

    A text is sampled in steps that are so short that every piece contains a whole gram which
    starts at a step. A gram is at most as long as a step. It consists of bytes, which are faster
    to compare; all characters that are not ASCII look the same in it.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._gram = min(GRAM, (length + 1) // 2)
        self._step = length - self._gram + 1
        self._batch = struct.Struct(f"{self._gram}s{self._step - self._gram}x" * BATCH)
        self._grams: set[bytes] = set()
        self._secrets: dict[str, Placeholder] = {}

    def add(self, pieces: tuple[str, ...], secret: Placeholder) -> None:
        """Add pieces of a secret to search for."""
        self._secrets.update(dict.fromkeys(pieces, secret))
        self._grams |= _grams_of(pieces, self._gram, self._step)

    def places(self, text: str) -> Iterator[tuple[int, int, Placeholder]]:
        """The places of pieces in a text, from left to right: start, end, secret."""
        for near in self._gram_starts(text):
            for start in range(max(0, near - self._step + 1), near + 1):
                end = start + self._length
                secret = self._secrets.get(text[start:end])
                if secret is not None:
                    yield start, end, secret

    def _gram_starts(self, text: str) -> Iterator[int]:
        """The steps at which a gram of a piece starts."""
        raw = text.encode("ascii", "replace")
        raw += bytes(-len(raw) % self._batch.size)  # filled up to whole batches
        for number, batch in enumerate(self._batch.iter_unpack(raw)):
            if not self._grams.isdisjoint(batch):
                first = number * BATCH
                found = [place for place, gram in enumerate(batch, first) if gram in self._grams]
                yield from (place * self._step for place in found)


@lru_cache(maxsize=SETS_KEPT)
def _grams_of(pieces: tuple[str, ...], gram: int, step: int) -> frozenset[bytes]:
    """The grams of some pieces that may start at a step.

    Each run in a process learns the same keys again, so the last results are kept.
    """
    raw_pieces = [piece.encode("ascii", "replace") for piece in pieces]
    return frozenset(raw[at : at + gram] for raw in raw_pieces for at in range(step))
