"""Texts that were searched for secrets before, and hold none: most texts of a run come again."""

from __future__ import annotations

from hashlib import blake2b

LONGEST_KEPT, DIGEST = 200, 16
"""Characters of a text that is remembered as it is, and bytes of the digest of a longer one."""

MOST_REMEMBERED = 50_000
"""How many texts are remembered."""


class CleanTexts:
    """Texts that hold no secret, as far as is known: ids, words and pages come back again."""

    def __init__(self) -> None:
        self._texts: set[str | bytes] = set()

    def __contains__(self, text: str) -> bool:
        return _remembered(text) in self._texts

    def add(self, text: str) -> None:
        """Do not search a text again."""
        if len(self._texts) > MOST_REMEMBERED:
            self._texts.clear()
        self._texts.add(_remembered(text))

    def clear(self) -> None:
        """Search all of them again: there is another secret."""
        self._texts.clear()


def _remembered(text: str) -> str | bytes:
    """What takes the place of a text in memory: itself if it is short, else a digest."""
    if len(text) <= LONGEST_KEPT:
        return text
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST).digest()
