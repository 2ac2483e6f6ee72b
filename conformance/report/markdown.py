"""summary.md: the run on one page, for a job summary or a ticket.

Text from the target is escaped, so that it is shown literally and never acts as markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from conformance.base.text import amount
from conformance.model import Run
from conformance.report import cards, rerun, untested, view
from conformance.report.cards import Card
from conformance.report.since import since

CAUSES = 50
"""Causes that get a row."""
REASONS = 5
"""Reasons for untested cells that are shown of each kind."""
LIMIT = 300
"""Characters of a text that are shown."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#!|~:@.])")


def write(run: Run, path: Path) -> None:
    """Write summary.md, below 64 kB."""
    path.write_text("\n".join([*_lines(run), ""]), encoding="utf-8", newline="\n")


def _lines(run: Run) -> Iterator[str]:
    yield f"# {view.headline(run)}"
    yield ""
    yield f"{inert(run.target.name)} at {inert(run.target.url)}, by {inert(run.contract.name)}."
    if run.incomplete:
        yield f"**The run is incomplete.** {inert(run.incomplete)}"
    for sentence in view.left_out(run):
        yield ""
        yield f"**{inert(sentence, 2 * view.LIMIT)}**"  # names all routes of a contract
    yield ""
    yield f"{view.counts_line(run)}. {view.share(run)} of the contract was judged."
    yield ""
    yield from _changes(run)
    again = rerun.command(run, "1")
    yield from _causes(cards.cards(run)[:CAUSES], len(run.causes) - CAUSES, again)
    yield from _untested(run)


def _changes(run: Run) -> Iterator[str]:
    """What changed since the last comparable run."""
    found = since(run)
    if found is None:
        return
    yield f"Since the run {inert(found.last.run)}: {inert(found.sentence)}."
    yield ""
    for words in found.fixed[:CAUSES]:
        yield f"- fixed: {inert(words)}"
    yield ""


def _causes(shown: list[Card], hidden: int, again: str) -> Iterator[str]:
    """A table of causes, worst first, the number left out, and the command to rerun the first."""
    if not shown:
        return
    yield "| | What broke | Harm | Operations | Cause |"
    yield "|--:|---|---|--:|---|"
    for card in shown:
        cause = card.cause
        mark = card.transition or cause.verdict
        what = f"{mark}: {inert(card.title)}"
        if card.unproven:
            what += f" (unverified setup: {inert('; '.join(card.unproven))})"
        yield f"| {card.number} | {what} | {card.harm} | {card.operations} | `{cause.id}` |"
    yield ""
    if hidden > 0:
        yield f"and {amount(hidden, 'more cause')}."
        yield ""
    yield "After fixing the first one, send the requests that showed it again:"
    yield ""
    yield f"```sh\n{again}\n```"
    yield ""


def _untested(run: Run) -> Iterator[str]:
    """The reasons for untested cells, by kind."""
    for kind, groups in untested.missing(run).items():
        yield f"## Untested: {untested.KINDS[kind]}"
        yield ""
        for reason, cells in groups[:REASONS]:
            yield f"- {inert(reason)} ({amount(len(cells), 'cell')})"
        if len(groups) > REASONS:
            yield f"- and {amount(len(groups) - REASONS, 'more reason')}"
        yield ""


def inert(text: str, limit: int = LIMIT) -> str:
    """A text on one line, with all markup escaped."""
    plain = view.shown(text, limit).replace("&", "&amp;").replace("<", "&lt;")
    return _SPECIAL.sub(r"\\\1", plain.replace(">", "&gt;"))
