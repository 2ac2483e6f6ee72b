"""Remembers texts found to contain no secrets, because most texts in a run recur."""

from __future__ import annotations

from hashlib import blake2b

LONGEST_KEPT, DIGEST = 200, 16
"""The longest text that is remembered itself, and the digest size in bytes for longer texts."""

MOST_REMEMBERED = 50_000
"""Maximum number of texts that are remembered."""


class CleanTexts:
    """Texts without any of the secrets known so far."""

    def __init__(self) -> None:
        self._texts: set[str | bytes] = set()

    def __contains__(self, text: str) -> bool:
        return _remembered(text) in self._texts

    def add(self, text: str) -> None:
        """Remember a text, so that it is not searched again."""
        if len(self._texts) > MOST_REMEMBERED:
            self._texts.clear()
        self._texts.add(_remembered(text))

    def clear(self) -> None:
        """Forget all texts, because there is a new secret."""
        self._texts.clear()


def _remembered(text: str) -> str | bytes:
    """What is stored for a text: the text if it is short, or else a digest."""
    if len(text) <= LONGEST_KEPT:
        return text
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST).digest()
