"""Texts from outside made fit to show: inert for terminals, CI runners, logs, XML and pages.

What a target sends may hold escape sequences that repaint a terminal, marks that reverse the
reading order, or characters that XML forbids. They become visible escapes. On a console it may also
be a command of a CI runner, such as ``::error::`` or ``##vso[...]``; the sign that makes it one
becomes an escape, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

_SPECIAL = (
    "\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufdd0-\ufdef"
    "\ufffe\uffff\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSEEN = re.compile(f"[\x00-\x1f{_SPECIAL}]")
_UNSEEN_BUT_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_SPECIAL}]")

_ANYWHERE = re.compile("(?<=#)#")
"""Of ``##[``, ``##vso[``, ``##teamcity[`` and ``##octopus[``, which count anywhere in a line."""
_AT_START = re.compile(
    r"^((?:[^\S\n]|\x1b\[[0-9;]*m)*)"
    r"([:\[+~-])(?=(?<=:):|(?<=\[)[a-z]+\]|(?<=\+)\+\+ |(?<=~)~~ |(?<=-)-- )",
    re.MULTILINE,
)
"""Of ``::`` (GitHub), ``[command]`` (GitHub, Azure) and ``+++`` (Buildkite), as a line begins."""


def clean(text: str, *, lines: bool = False) -> str:
    r"""The text with everything that acts or hides turned into escapes such as \x1b or \u202e.

    Line ends and tabs are escaped too, unless ``lines`` keeps them.
    """
    pattern = _UNSEEN_BUT_LINES if lines else _UNSEEN
    return pattern.sub(_escaped, text)


def for_console(text: str, *, painted: bool = False) -> str:
    r"""Whole lines as a console may show them: clean, and without commands of CI runners.

    ``##`` becomes #\x23. It takes the lines as they are printed, after wrapping, for the target may
    choose where a line begins. A ``painted`` text is clean already, and holds colours of ours.
    """
    if not painted:
        text = clean(text, lines=True)
    return _ANYWHERE.sub(_escaped_sign, _AT_START.sub(_escaped_start, text))


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def _escaped_sign(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"


def _escaped_start(match: re.Match[str]) -> str:
    return f"{match[1]}\\x{ord(match[2]):02x}"


def amount(number: int, noun: str) -> str:
    """A number with its noun: ``1 cell``, ``1,200 cells``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def nearest(name: str, names: Iterable[str]) -> str:
    """`` (did you mean X?)`` for a name that is close to one of some names, else nothing.

    It begins with a space, to follow the name in a message.
    """
    close = get_close_matches(name, list(names), 1)
    if not close:
        return ""
    return f" (did you mean {close[0]}?)"
