"""Names of products that look like another name."""

from __future__ import annotations

import unicodedata

ALPHABETS = frozenset({"ARMENIAN", "CHEROKEE", "COPTIC", "CYRILLIC", "GREEK", "LATIN", "LISU"})
"""Alphabets with letters that look like those of another, as in names of Unicode characters."""
BLANK = "\u2800"
"""A sign of braille that looks like a space, and counts as visible."""
OVERLAY = 1
"""The combining class of signs that are drawn over a letter, in the Unicode database."""


def is_confusable(text: str) -> bool:
    """Whether a name can be mistaken for another one that looks the same.

    That is so if it has unusual spaces, variant forms of characters such as full-width letters,
    signs drawn over letters, or a word that mixes letters of several of the ALPHABETS.
    """
    words = unicodedata.normalize("NFKC", text).split()
    if " ".join(words) != text or BLANK in text:
        return True
    if any(unicodedata.combining(sign) == OVERLAY for sign in text):
        return True
    return any(len(_alphabets(word)) > 1 for word in words)


def foreign_alphabet(text: str) -> str:
    """The alphabet of a name that may look like a Latin one, such as Cyrillic; empty if none."""
    alphabets = _alphabets(text) - {"LATIN"}
    return " and ".join(name.capitalize() for name in sorted(alphabets))


def _alphabets(text: str) -> set[str]:
    """The ALPHABETS of the letters of a text."""
    # the Unicode name of a letter, such as LATIN SMALL LETTER A, begins with its alphabet
    letter_names = [unicodedata.name(sign, "") for sign in text if sign.isalpha()]
    return {name.partition(" ")[0] for name in letter_names} & ALPHABETS
