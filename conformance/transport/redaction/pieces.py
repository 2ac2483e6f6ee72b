"""Pieces of secrets of one length, found without a look at every character of a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from conformance.model import Placeholder

GRAM = 5
"""How many characters are compared at first."""


class Pieces:
    """The pieces of ``length`` characters of some secrets.

    A text is looked at in steps. The steps are so short that one of them falls into each piece,
    early enough for a whole gram of it to follow.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._gram = min(GRAM, length)
        self._step = length - self._gram + 1
        self._grams: set[str] = set()
        self._secrets: dict[str, Placeholder] = {}

    def add(self, piece: str, secret: Placeholder) -> None:
        """Find a piece of a secret from now on."""
        self._secrets[piece] = secret
        self._grams.update(map(piece.__getitem__, _steps(self._gram, 1, self._step)))

    def places(self, text: str) -> Iterator[tuple[int, int, Placeholder]]:
        """Where pieces stand in a text, from left to right: start, end, secret."""
        for near in self._near(text):
            for start in range(max(0, near - self._step + 1), near + 1):
                end = start + self._length
                secret = self._secrets.get(text[start:end])
                if secret is not None:
                    yield start, end, secret

    def _near(self, text: str) -> list[int]:
        """The steps at which a part of a piece stands."""
        starts = range(0, len(text) - self._gram + 1, self._step)
        parts = map(text.__getitem__, _steps(self._gram, self._step, len(starts)))
        if self._grams.isdisjoint(parts):
            return []
        return [at for at in starts if text[at : at + self._gram] in self._grams]


_STEPS: dict[tuple[int, int], list[slice]] = {}
LONGEST_STEPS = 1 << 16
"""How many steps are kept for later texts."""


def _steps(gram: int, step: int, count: int) -> Iterable[slice]:
    """The first steps of a text; making them takes longer than comparing what stands there."""
    if count > LONGEST_STEPS:
        return (slice(at, at + gram) for at in range(0, count * step, step))
    known = _STEPS.setdefault((gram, step), [])
    for number in range(len(known), count):
        known.append(slice(number * step, number * step + gram))
    return islice(known, count)
