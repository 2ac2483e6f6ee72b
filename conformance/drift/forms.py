"""Drift as text, as Markdown and as JSON. Texts of the document are shown literally."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from conformance.base.text import amount
from conformance.drift.change import Alike, Drift
from conformance.model import Contract
from conformance.report.markdown import inert

FORMAT = 1
SHOWN = 4
"""The most operations that a line names."""
LINES = 200
"""The most changes under a heading of text and Markdown. JSON has all of them."""
WIDTH = 9
"""Columns of the longest kind."""


def headline(found: Drift) -> str:
    """The drift in one sentence."""
    breaking = len(found.breaking)
    harmless = len(found.changes) - breaking
    if not found.changes:
        return "No drift: the document says what the contract says."
    if not breaking:
        return f"No difference breaks clients of the contract; {amount(harmless, 'harmless one')}."
    does = "breaks" if breaking == 1 else "break"
    words = f"{amount(breaking, 'difference')} that {does} clients of the contract"
    return f"{words}, and {amount(harmless, 'harmless one')}." if harmless else f"{words}."


def text(found: Drift, contract: Contract, source: str) -> str:
    """The drift for a terminal."""
    return "\n".join(_text(found, contract, source))


def _text(found: Drift, contract: Contract, source: str) -> Iterator[str]:
    """The lines for a terminal: what breaks clients, what does not, and the drift in a sentence."""
    yield f"{source}, compared with {contract.name}"
    for title, changes in _groups(found).items():
        yield ""
        yield f"{title}:"
        for change in changes[:LINES]:
            yield f"  {change.kind:<{WIDTH}} {change.sentence}: {_places(change)}"
        yield from _left_out(changes)
    yield from ["", headline(found)]
    yield from _unseen(found)


def markdown(found: Drift, contract: Contract, source: str) -> str:
    """The drift as a page of Markdown."""
    return "\n".join(_markdown(found, contract, source))


def _markdown(found: Drift, contract: Contract, source: str) -> Iterator[str]:
    """The lines of the page: a sentence, then tables of what breaks clients and what does not."""
    yield f"# Drift of {inert(source)}"
    yield ""
    yield f"{headline(found)} Compared with {inert(contract.name)}."
    for title, changes in _groups(found).items():
        yield from ["", f"**{title}**", "", "| kind | difference | operations |", "|---|---|---|"]
        for change in changes[:LINES]:
            yield f"| {change.kind} | {inert(change.sentence)} | {inert(_places(change))} |"
        yield from ["", *_left_out(changes)]
    yield from _unseen(found)


def as_data(found: Drift, contract: Contract, source: str) -> dict[str, Any]:
    """The drift as data."""
    return {
        "format": FORMAT,
        "source": source,
        "contract": {
            "title": contract.title,
            "version": contract.version,
            "edition": contract.edition,
            "digest": contract.digest,
        },
        "breaking": len(found.breaking),
        "changes": [
            {
                "id": change.id,
                "kind": change.kind,
                "breaks": change.breaks,
                "subject": change.subject,
                "words": change.words,
                "operations": list(change.routes),
            }
            for change in found.changes
        ],
        "more": found.more,
    }


def _groups(found: Drift) -> dict[str, Sequence[Alike]]:
    """The changes by heading, without empty groups."""
    harmless = [change for change in found.changes if not change.breaks]
    groups = {"Breaks clients": found.breaking, "Breaks no client": harmless}
    return {title: changes for title, changes in groups.items() if changes}


def _places(change: Alike) -> str:
    """The operations of a change: the first few, and the number of others."""
    more = len(change.routes) - SHOWN
    named = ", ".join(change.routes[:SHOWN])
    return f"{named} and {more:,} more" if more > 0 else named


def _left_out(changes: Sequence[Alike]) -> Iterator[str]:
    if len(changes) > LINES:
        yield f"... and {len(changes) - LINES:,} more: --json has all of them."


def _unseen(found: Drift) -> Iterator[str]:
    if found.more:
        yield f"The document differs in {found.more:,} more places, which were not looked at."
