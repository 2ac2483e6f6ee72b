"""Annotations for a job of GitHub Actions: the only commands of a runner that the suite prints.

See the workflow commands in the documentation of GitHub Actions. Percent signs, line ends, and in
properties colons and commas, are escaped there, so that a text of the target stays a text.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Run, Verdict
from conformance.report import cards, view

MOST = 10
"""Annotations that GitHub shows of one step, of each kind."""
LIMIT = 300
"""Characters of a text that are shown."""


def commands(run: Run) -> Iterator[str]:
    """A command for each of the worst causes."""
    for card in cards.cards(run)[:MOST]:
        kind = "error" if card.cause.verdict is Verdict.FAILED else "warning"
        title = f"{card.clauses[0].id} ({card.cause.id})"
        yield f"::{kind} title={_property(title)}::{_data(view.shown(card.title, LIMIT))}"


def _data(text: str) -> str:
    """A text as the data of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A text as the value of a property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
