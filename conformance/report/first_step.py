"""What a reader of a report learns first: the worst harm, and where to start fixing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.base.text import amount
from conformance.base.values import cut
from conformance.model import Run, Verdict
from conformance.report import view
from conformance.report.cards import HARMS, Card

BRIEF = 60
"""Maximum length of the title of a cause in a sentence."""
DOUBTFUL = "Not certain"
"""The heading above the causes with a doubt, which come last."""
LEAST, MUCH = 10, 1 / 4
"""Minimum of cells, and of the share of untested ones, that a cause blocks to be fixed first."""


@dataclass(frozen=True)
class Start:
    """The number of the card to start with, and the reason as a sentence."""

    number: int
    sentence: str


def by_harm(shown: Iterable[Card]) -> dict[str, list[Card]]:
    """The cards by heading: the certain ones by harm, and then the doubtful ones.

    In this order, their numbers ascend. Headings without a card are left out.
    """
    groups: dict[str, list[Card]] = {heading: [] for heading in (*HARMS.values(), DOUBTFUL)}
    for card in shown:
        groups[DOUBTFUL if card.doubt else card.harm].append(card)
    return {heading: found for heading, found in groups.items() if found}


def overview(run: Run, shown: Sequence[Card]) -> str:
    """How many causes there are, and the worst harm with its share of them.

    Such as ``24 causes, worst: reaches data of others (9 of them)``; without causes it is empty.
    """
    if not shown:
        return ""
    tally = view.tally(run.causes)
    heading, worst = next(iter(by_harm(shown).items()))
    if len(worst) == len(shown):
        return f"{tally}: {heading.lower()}"
    return f"{tally}, worst: {heading.lower()} ({len(worst):,} of them)"


def start(run: Run, shown: Sequence[Card]) -> Start | None:
    """Where to start fixing: the cause that blocks most if it blocks much, or else the worst one.

    Only certain failures are considered, if there are any. None if there are no causes.
    """
    if not shown:
        return None
    failed = [card for card in shown if card.cause.verdict is Verdict.FAILED and not card.doubt]
    candidates = failed or shown
    worst, blocking = candidates[0], max(candidates, key=_blocked)
    untested = run.counts[Verdict.UNTESTED]
    if _blocked(blocking) >= max(LEAST, MUCH * untested):
        why = f"it blocks {_blocked(blocking):,} of the {amount(untested, 'untested cell')}"
        title = cut(blocking.title, BRIEF)
        if not title[1:2].isupper():  # it does not begin with a method, such as GET
            title = title[:1].lower() + title[1:]
        return Start(blocking.number, f"Start with cause {blocking.number}, {title}: {why}.")
    return Start(worst.number, f"Start with cause {worst.number}: {worst.title}.")


def _blocked(card: Card) -> int:
    """The number of cells that cannot be judged because of a cause."""
    return len(card.cause.blocks)
