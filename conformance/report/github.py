"""Annotations for GitHub Actions, the only workflow commands that the suite prints.

See "Workflow commands" in the GitHub Actions documentation. Percent signs and line ends are
escaped, and in properties also colons and commas, so that text from the target stays text.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.base.text import amount
from conformance.model import Run, Verdict
from conformance.report import cards, view

MOST = 10
"""Annotations of each kind that GitHub shows for one step."""
LIMIT = 300
"""Characters of a text that are shown."""


def commands(run: Run) -> Iterator[str]:
    """A command for each of the most severe causes."""
    for card in cards.cards(run)[:MOST]:
        kind = "error" if card.cause.verdict is Verdict.FAILED else "warning"
        title = f"Cause {card.number} ({card.cause.id})"
        message = f"{card.title} ({amount(card.operations, 'operation')})"
        yield f"::{kind} title={_property(title)}::{_data(view.shown(message, LIMIT))}"


def warning(text: str) -> str:
    """A command that shows a warning about the job itself."""
    return f"::warning::{_data(view.shown(text, LIMIT))}"


def _data(text: str) -> str:
    """A text escaped as the data of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A text escaped as the value of a property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
