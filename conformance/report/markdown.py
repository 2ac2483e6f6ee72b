"""summary.md: the run on one page, for a job summary or a ticket.

Text from the target is shown literally and never acts as markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.base.text import amount
from conformance.model import Run, Verdict
from conformance.report import cards, excluded, first_step, rerun, untested, view, waivers, watched
from conformance.report.cards import Card
from conformance.report.console import verdict_line
from conformance.report.since import since

CAUSES = 50
"""Causes of a run that get a row, and maximum number of lines of each other list."""
REASONS = 5
"""Maximum number of reasons for untested cells that are listed of each kind."""
LIMIT = 300
"""Characters of a text that are shown."""

_ACTIVE = re.compile(
    r"[\\`*\[\]<>&~$|@#{}]"  # markup, mentions and references, wherever they are
    r"|(?<![^\W_])_|_(?![^\W_])"  # emphasis, except within a word
    r"|:[\w+-]+:|://|\bwww\."  # emoji and links
    r"|\b[0-9a-fA-F]{7,40}\b"  # commits
    r"|^[-+=]|^\d+[.)]",  # lists and headings
)
"""What GitHub shows as anything but the text itself. Much of it acts even after a backslash."""
_TICKS = re.compile("`+")


def write(run: Run, path: Path) -> None:
    """Write summary.md, below 64 kB."""
    path.write_text("\n".join([*_lines(run), ""]), encoding="utf-8", newline="\n")


def _lines(run: Run) -> Iterator[str]:
    """The lines of the summary: verdict, target and counts, and then a section for each subject."""
    yield f"# {verdict_line(run)}"
    yield ""
    yield f"{inert(run.target.name)} at {inert(run.target.url)}, by {inert(run.contract.name)}."
    if run.incomplete:
        yield f"**The run is incomplete:** {inert(run.incomplete)}"
    for sentence in view.left_out(run):
        yield ""
        yield inert(sentence, 2 * view.LIMIT)  # names all routes of a contract
    yield ""
    yield f"{view.counts_line(run)}."
    yield ""
    shown = cards.cards(run)
    yield from _watched(run)
    yield from _start(run, shown)
    yield from _changes(run)
    yield from _causes(shown)
    yield from _exceptions(run)
    yield from _untested(run)


def _watched(run: Run) -> Iterator[str]:
    """What spot checks found to differ from the full run."""
    if not run.differences:
        return
    yield f"{watched.heading(run)}:"
    yield ""
    for line in watched.lines(run):
        yield f"- {inert(line)}"
    yield ""


def _start(run: Run, shown: Sequence[Card]) -> Iterator[str]:
    """Where to start and the command that checks the fix, or the next step if there is no cause."""
    start = first_step.start(run, shown)
    if start is None:
        next_step = untested.next_step(run)
        if next_step:
            yield inert(next_step)
            yield ""
        return
    yield f"{inert(start.sentence)} To check the fix, run:"
    yield ""
    yield f"```sh\n{rerun.command(run, str(start.number))}\n```"
    yield ""


def _changes(run: Run) -> Iterator[str]:
    """What changed since the last comparable run."""
    found = since(run)
    if found is None:
        return
    yield f"Since the run {inert(found.last.run)}: {inert(found.sentence)}."
    yield ""
    for why, descriptions in found.gone.items():
        for description in descriptions[:CAUSES]:
            yield f"- {why}: {inert(description)}"
    yield ""


def _causes(shown: Sequence[Card]) -> Iterator[str]:
    """The first CAUSES causes of the run, in a table under each heading.

    Below a table are the unproven parts of the target file that its causes depend on, and the
    number of ``shown`` causes that have no row.
    """
    for heading, group in first_step.by_harm(shown).items():
        listed = [card for card in group if card.number <= CAUSES]
        yield f"## {heading} ({len(group)})"
        yield ""
        if listed:
            yield "| | What broke | Operations | Cause |"
            yield "|--:|---|--:|---|"
        for card in listed:
            yield _row(card)
        unproven = [(card.number, sentence) for card in listed for sentence in card.unproven]
        for number, sentence in unproven:
            yield ""
            yield f"Before fixing {number}, check the target file: {inert(sentence)}"
        if len(listed) < len(group):
            yield ""
            yield f"{amount(len(group) - len(listed), 'more cause')} not listed here."
        yield ""


def _row(card: Card) -> str:
    """The row of a cause, with its doubt, its transition, and its verdict unless that is failed."""
    marks = [inert(card.doubt)] if card.doubt else []
    if card.transition:
        marks.append(card.transition)
    if card.cause.verdict is not Verdict.FAILED:
        marks.append(card.cause.verdict)
    marked = f" ({', '.join(marks)})" if marks else ""
    what = f"{inert(card.title)}{marked}"
    return f"| {card.number} | {what} | {card.operations} | `{card.cause.id}` |"


def _exceptions(run: Run) -> Iterator[str]:
    """The waivers without effect, and what accepted challenges exclude."""
    sections = {
        "Waivers without effect": [each.text for each in waivers.idle(run)],
        "Excluded by challenges": excluded.lines(run),
    }
    for title, sentences in sections.items():
        if not sentences:
            continue
        yield f"## {title}"
        yield ""
        for sentence in sentences[:CAUSES]:
            yield f"- {inert(sentence)}"
        if len(sentences) > CAUSES:
            yield f"- and {len(sentences) - CAUSES} more"
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
    r"""A text on one line, as a code span if anything in it could act as markup.

    In a code span, ``|`` becomes \x7c, because it would end the cell of a table.
    """
    plain = view.shown(text, limit)
    if not _ACTIVE.search(plain):
        return plain
    longest = max((len(ticks) for ticks in _TICKS.findall(plain)), default=0)
    fence = "`" * (longest + 1)  # a run of as many ticks within the text would end the span
    edge = " " if plain.startswith("`") or plain.endswith("`") else ""
    literal = plain.replace("|", r"\x7c")
    return f"{fence}{edge}{literal}{edge}{fence}"
