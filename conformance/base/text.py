"""Makes untrusted text safe to show on terminals and CI runners, in logs, XML and pages.

A target may send escape sequences that repaint a terminal, marks that reverse the reading order, or
characters that XML forbids. They become visible escapes. On a console, a text could also be a
command for a CI runner, such as ``::error::`` or ``##vso[...]``; the sign that makes it a command
is escaped, too.
"""

from __future__ import annotations

import re
import textwrap
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
"""The second sign in ``##[``, ``##vso[``, ``##teamcity[`` and ``##octopus[``, anywhere."""
_AT_START = re.compile(
    r"^((?:[^\S\n]|\x1b\[[0-9;]*m)*)"
    r"([:\[+~-])(?=(?<=:):|(?<=\[)[a-z]+\]|(?<=\+)\+\+ |(?<=~)~~ |(?<=-)-- )",
    re.MULTILINE,
)
"""``::`` (GitHub), ``[command]`` (GitHub, Azure) and ``+++`` (Buildkite) at the start of a line."""


def clean(text: str, *, lines: bool = False) -> str:
    r"""The text with control and invisible characters as escapes such as \x1b or \u202e.

    Line ends and tabs are escaped, too, unless ``lines`` is set.
    """
    pattern = _UNSEEN_BUT_LINES if lines else _UNSEEN
    return pattern.sub(_escaped, text)


def for_console(text: str, *, painted: bool = False) -> str:
    r"""Whole lines made safe for a console: clean, and without commands for CI runners.

    ``##`` becomes #\x23. Pass the lines as they are printed, after wrapping, because the target may
    control where a line begins. A ``painted`` text is already clean and contains our colours.
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
    """A number with its noun, such as ``1 cell`` or ``1,200 cells``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def clock(seconds: float) -> str:
    """A duration as hours, minutes and seconds, such as ``0:29`` or ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """The lines of a text of at most ``width`` columns, broken at spaces only.

    ``first`` and ``rest`` are the indents of the first line and of all others.
    """
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def nearest(name: str, names: Iterable[str]) -> str:
    """`` (did you mean X?)`` if a name resembles a known one, else an empty text.

    The suggestion begins with a space, so that it can follow the name in a message.
    """
    close = get_close_matches(name, list(names), 1)
    if not close:
        return ""
    return f" (did you mean {close[0]}?)"
