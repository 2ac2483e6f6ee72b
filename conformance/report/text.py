"""Texts from outside made fit to show: inert for terminals, logs, XML and pages, and cut to size.

What a target sends may hold escape sequences that repaint a terminal, marks that reverse the
reading order, or characters that XML forbids. They become visible escapes.
"""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufdd0-\ufdef"
    "\ufffe\uffff\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def clean(text: str, *, lines: bool = False) -> str:
    r"""The text with everything that acts or hides turned into escapes such as \x1b or \u202e.

    Line ends and tabs are escaped too, unless ``lines`` keeps them.
    """
    kept = "\n\t" if lines else ""
    return _UNSEEN.sub(lambda match: _escape(match[0], kept), text)


def _escape(char: str, kept: str) -> str:
    if char in kept:
        return char
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cut(text: str, limit: int) -> str:
    """The text, at most ``limit`` characters of it, with an ellipsis where some are left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def amount(number: int, noun: str) -> str:
    """A number with its noun: ``1 cell``, ``1,200 cells``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
