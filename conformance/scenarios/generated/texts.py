"""Draws texts and numbers. Only the drawing process imports this module.

Texts have no character that Unicode normalization replaces, and none that begins a tag. So a server
that normalizes texts or removes tags must still show what was sent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import hypothesis
from hypothesis import strategies
from hypothesis.strategies import SearchStrategy

from conformance.scenarios.generated.programs import settings

SCRIPTS = (
    *((0xC0, 0x17E), (0x391, 0x3C9), (0x410, 0x44F), (0x5D0, 0x5EA), (0x621, 0x64A)),
    *((0x905, 0x94D), (0xE01, 0xE30), (0x10D0, 0x10F0), (0x3041, 0x30FA), (0x4E00, 0x9FA5)),
    *((0xAC00, 0xD7A3), (0x1F300, 0x1F5FF)),
)
"""Ranges of the letters of scripts, and of signs outside the first plane."""
SIGNS = (
    *("it's", '"so"', "a & b", "50% of", "%41", "#1", "@home", "=1+1", "-5", "a; b", "c|d"),
    *("e^f", "~g", "`h`", "$5", "{{i}}", "[j]", "k*l", "m_n", "o\\p", "q/r", "s?t=u", "(v)", "+w"),
)
"""Words with punctuation that other languages, forms and templates give a meaning."""
LIKE_VALUES = (
    *("true", "null", "None", "undefined", "-0", "1e5", "0x1F", "2026-04-17", "[]", "{}"),
)
"""Texts that look like values of other types."""
LONGEST, LONG = 1_000, 513
"""The length of a long text is between these, which exceeds most columns of a database."""
SKIPPED = 8
"""How many draws are left out: the first ones of Hypothesis, which are the simplest."""
WANTED = 24
"""Texts of each theme. Members of an operation get different ones."""


LETTERS, MARKS = ("Lu", "Ll", "Lo", "So"), ("Mn", "Mc")
"""Categories of characters: letters and signs, and marks that follow a letter."""


def _characters(first: int, last: int, categories: tuple[str, ...]) -> str:
    """The characters of a range and of some categories that no normal form replaces by others."""
    characters = [chr(number) for number in range(first, last + 1)]
    return "".join(
        character
        for character in characters
        if unicodedata.category(character) in categories
        and unicodedata.normalize("NFKC", character) == character
    )


def _word(first: int, last: int) -> SearchStrategy[str]:
    """A word of one script: a letter, a mark or else a second letter, and one to three of both.

    The second letter is for scripts without marks.
    """
    letters, marks = _characters(first, last, LETTERS), _characters(first, last, MARKS)
    begin = strategies.tuples(
        strategies.sampled_from(letters), strategies.sampled_from(marks or letters)
    )
    rest = strategies.text(letters + marks, min_size=1, max_size=3)
    return strategies.tuples(begin.map("".join), rest).map("".join)


def _themes() -> dict[str, SearchStrategy[str]]:
    """What the texts of each theme are drawn from."""
    words = strategies.tuples(*(_word(*script) for script in SCRIPTS))
    zeros = strategies.integers(1, 9_999).map(lambda number: f"00{number}")
    lengths = strategies.integers(LONG, LONGEST)
    return {
        "scripts": words.map(" ".join),
        "signs": strategies.permutations(SIGNS).map(" ".join),
        "values": strategies.one_of(strategies.sampled_from(LIKE_VALUES), zeros),
        "lengths": lengths.map(lambda length: ("long text " * length)[: length - 1] + "x"),
    }


def _drawn(strategy: SearchStrategy[Any], seed: int) -> list[Any]:
    """Values of a strategy, the same for one seed.

    The first SKIPPED are left out, unless there are no others.
    """
    drawn: list[Any] = []

    @hypothesis.seed(seed)
    @settings(SKIPPED + WANTED)
    @hypothesis.given(value=strategy)
    def collect(value: Any) -> None:
        drawn.append(value)

    collect()
    return drawn[SKIPPED:] or drawn


def drawn_texts(seed: int) -> dict[str, list[str]]:
    """Some texts of each theme."""
    return {theme: _drawn(strategy, seed) for theme, strategy in _themes().items()}


NUMBERS: Mapping[str, SearchStrategy[int]] = {
    "negative": strategies.integers(-100_000, -1),
    "huge": strategies.integers(10**20, 10**25),
}
"""Numbers that no count reaches; huge ones fit into no 64 bits."""


def drawn_numbers(seed: int) -> dict[str, list[int]]:
    """Some numbers of each kind."""
    return {kind: _drawn(strategy, seed) for kind, strategy in NUMBERS.items()}
