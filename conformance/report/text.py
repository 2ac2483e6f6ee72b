"""Texts from outside made fit to show: inert for terminals, logs, XML and pages.

What a target sends may hold escape sequences that repaint a terminal, marks that reverse the
reading order, or characters that XML forbids. They become visible escapes.
"""

from __future__ import annotations

import re

_SPECIAL = (
    "\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufdd0-\ufdef"
    "\ufffe\uffff\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSEEN = re.compile(f"[\x00-\x1f{_SPECIAL}]")
_UNSEEN_BUT_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_SPECIAL}]")


def clean(text: str, *, lines: bool = False) -> str:
    r"""The text with everything that acts or hides turned into escapes such as \x1b or \u202e.

    Line ends and tabs are escaped too, unless ``lines`` keeps them.
    """
    pattern = _UNSEEN_BUT_LINES if lines else _UNSEEN
    return pattern.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def amount(number: int, noun: str) -> str:
    """A number with its noun: ``1 cell``, ``1,200 cells``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
