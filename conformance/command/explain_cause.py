"""The description of a cause of a run: what is wrong, why it matters, and how to fix it."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.base.errors import UsageError
from conformance.base.text import amount, clean, wrapped
from conformance.model import Run
from conformance.report import cards, rerun, view, waivers
from conformance.report.cards import Card, reach

LIMIT = 500
"""Characters of a text from the target."""


def text(run: Run, what: str, width: int) -> str:
    """The description of a cause, given its number or id, in lines of ``width`` columns.

    Raises UsageError if the run has no such cause.
    """
    (card,) = cards.with_steps(run, [card_of(run, what)])
    return "\n".join(lines(run, card, width))


def card_of(run: Run, what: str) -> Card:
    """The card of a cause, given its number or id. Raises UsageError if there is no such cause."""
    meant = [card for card in cards.cards(run) if what in (str(card.number), card.cause.id)]
    if not meant:
        raise UsageError(
            f"{run.place} has no cause {what}, but {amount(len(run.causes), 'cause')}. "
            "Its report lists their numbers and ids."
        )
    return meant[0]


def lines(run: Run, card: Card, width: int) -> Iterator[str]:
    """The description of a cause: what is wrong, the clauses that it breaks, and what to do."""
    cause, finding = card.cause, card.cause.finding
    yield clean(f"{card.number}  {card.title}")
    yield f"{cause.id} ({cause.verdict}), {reach(card)}"
    yield ""
    described = {
        "Harm": card.harm,
        "Doubt": card.doubt,
        "Request": card.asked,
        "Where": card.where,
        "Expected": finding.expected,
        "Actual": finding.actual,
        "Values": "; ".join(card.instances),
        "On": ", ".join(dict.fromkeys(row.route for row in card.rows)),
        "Waived": "; ".join(card.waivers),
    }
    for label, value in described.items():
        yield from _labelled(label, view.shown(value, LIMIT), width)
    for clause in card.clauses:
        yield ""
        yield f"{clause.id} ({clause.level}, {clause.basis})"
        yield from wrapped(clause.text, width, "  ", "  ")
    if card.steps:
        yield ""
        yield "These requests show it:"
        yield ""
        yield from card.steps.splitlines()  # bare and not wrapped, ready to paste
    yield ""
    yield from _next(run, card, width)


def _labelled(label: str, value: str, width: int) -> list[str]:
    """A value next to its label, wrapped; nothing for an empty value."""
    if not value:
        return []
    first = f"{label + ':':<10}"
    return wrapped(value, width, first, " " * len(first))


def _next(run: Run, card: Card, width: int) -> Iterator[str]:
    """What to do next: check the target file if it is in doubt, fix the target, rerun; or waive."""
    for sentence in card.unproven:
        yield from wrapped(f"Check the target file first: {clean(sentence)}", width)
    yield from wrapped(
        f"Fix the target on {amount(card.operations, 'operation')}, and send the requests again:",
        width,
    )
    yield f"  {rerun.command(run, str(card.number))}"
    yield f"  {view.shown(run.place)}/report.html#{card.cause.id}"
    entry = waivers.entries(run).get(card.cause.id)
    if entry:
        yield ""
        yield "To accept it for a time, fill these lines in and add them to the target file:"
        yield ""
        yield from entry.splitlines()
