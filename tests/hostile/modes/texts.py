"""Servers that send texts against patterns, terminals and runners of CI."""

from __future__ import annotations

from tests.hostile.base import ALL, ERRORS, LEGAL, SUCCESSES, Mode, Right, add, mode
from tests.hostile.front import Asked, Line

PLAIN = Right((0, 1), may=("envelope-message-human", "envelope-unrouted"), incomplete=False)
"""A message that is odd may be called inhuman, but nothing else is wrong."""

LONG = {
    "percent": ("40,000 percent signs", "%" * 40_000),
    "percent-codes": ("a million bytes of percent codes", "%25" * 350_000),
    "backslashes": ("100,000 backslashes", "\\" * 100_000),
    "select": ("`SELECT` 40,000 times", "SELECT " * 40_000),
    "newlines": ("60,000 line ends", "\n" * 60_000),
    "letters": ("400,000 letters, then an exclamation mark", "a" * 400_000 + "!"),
    "slashes": ("`/a` 100,000 times", "/a" * 100_000),
    "traces": ("lines of a stack trace without an end", '  File "a", line 1\n    at a\n' * 20_000),
    "key-heads": ("the prefix of a key 50,000 times", "kc_live_" * 50_000),
    "base64": ("a million letters of base64", "QUJD" * 250_000),
    "entities": ("200,000 ampersands", "&#38;amp;" * 22_000),
    "spaces": ("a million spaces", " " * 1_000_000 + "!"),
}
"""Texts that make patterns slow: what they are, and the text."""

IN_BODIES = ("percent-codes", "select", "key-heads", "base64", "spaces")
"""The texts that are also tried in bodies of successes."""


def _add(word: str, what: str, text: str) -> None:
    def message(line: Line, asked: Asked) -> None:
        line.send(asked.answer().saying(text))

    def body(line: Line, asked: Asked) -> None:
        line.send(asked.answer().adding(note=text))

    right = Right((0, 1), may=("envelope-message*", "envelope-unrouted"), incomplete=False)
    add(Mode(f"message-of-{word}", f"The message is {what}.", ERRORS, right, message))
    if word in IN_BODIES:
        add(
            Mode(f"body-with-{word}", f"An additional member holds {what}.", SUCCESSES, LEGAL, body)
        )


for _word, (_what, _text) in LONG.items():
    _add(_word, _what, _text)

ACTIVE = (
    "\x1b[2J\x1b]0;owned\x07\x9b31m"
    "\n::error file=a,line=1::owned\n::add-mask::passed\n::stop-commands::x"
    "\n##vso[task.setvariable variable=a]owned\n##[error]owned"
    "\n##teamcity[buildStatus text='owned']\r\n::warning::owned \u202e\u2066 \ud800"
)
"""Escapes of terminals and commands of runners."""


@mode(ERRORS, PLAIN)
def commands_in_messages(line: Line, asked: Asked) -> None:
    """The message holds escapes of a terminal and commands of CI runners."""
    line.send(asked.answer().saying(ACTIVE))


@mode(ERRORS, Right((1,), may=("*",)))
def commands_as_codes(line: Line, asked: Asked) -> None:
    """The code of each error is a command for a CI runner."""
    known = asked.answer().json
    if not isinstance(known, dict) or not isinstance(known.get("error"), dict):
        line.send(asked.answer())
        return
    line.send(asked.answer().telling({"error": {"code": ACTIVE, "message": ACTIVE}}))


@mode(ALL, Right((1, 3), may=("*",)))
def commands_as_media_types(line: Line, asked: Asked) -> None:
    """The content type of each response is a command for a CI runner."""
    line.send(
        asked.answer().having(Content_Type="##vso[task.complete result=Succeeded;]::error::a")
    )


@mode(ALL, Right((3,), says="json|api"))
def commands_as_pages(line: Line, asked: Asked) -> None:
    """Each response is a text with commands for CI runners."""
    text = ACTIVE.encode("utf-8", "surrogatepass")
    line.send(asked.answer().having(text, Content_Type="text/plain"))


@mode(ALL, LEGAL)
def percent_in_headers(line: Line, asked: Asked) -> None:
    """A header holds 30,000 percent signs and backslashes."""
    line.send(asked.answer().having(X_More="%" * 15_000 + "\\" * 15_000))
