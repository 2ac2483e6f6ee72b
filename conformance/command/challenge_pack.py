"""The files of a challenge of a finding: everything that somebody needs to decide it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance import __version__
from conformance.base.errors import UsageError
from conformance.certify.suite import suite_digest
from conformance.checks import RULES
from conformance.command import explain, explain_cause
from conformance.command.explaining import CAUSE
from conformance.log import convert
from conformance.model import Clause, Contract, Exchange, Role, Run
from conformance.report import cards, view
from conformance.report.cards import Card
from conformance.report.markdown import inert

WIDTH = 98
FILES = {
    "clauses.txt": "what each clause requires, its source, and how it is verified",
    "findings.txt": "what the suite found: the request, and the expected and the actual response",
    "evidence.jsonl": "the exchanges that show it, with their controls, as logged: without secrets",
    "steps.sh": "shell lines that reproduce it",
    "about.json": "versions and digests of suite, contract and run",
}
"""What a pack contains besides README.md, each with a description."""

GROUNDS = (
    "The clause does not follow from its source.",
    "The request is not one that the clause is about.",
    "The response is one that the contract allows.",
    "The evidence does not show what the finding says.",
)
"""What can be wrong with a finding."""

FORM = ("Product and version", "Challenger, with contact details", "Argument", "References")
"""What the challenger fills in."""


@dataclass(frozen=True)
class Disputed:
    """What is challenged: clauses, and the causes that show them broken, each with its steps."""

    run: Run
    name: str
    clauses: tuple[Clause, ...]
    cards: tuple[Card, ...]


def disputed(run: Run, what: str) -> Disputed:
    """What is challenged if the user names a clause, or a cause by its number or id.

    A cause stands for all clauses that it breaks, a clause for all causes that break it. Raises
    UsageError if the run has no such cause, or shows no such clause broken.
    """
    clauses = run.contract.clauses
    if CAUSE.fullmatch(what):
        card = explain_cause.card_of(run, what)
        meant = [card]
        name, clause_ids = card.cause.id, card.cause.clauses
    else:
        meant = [card for card in cards.cards(run) if what in card.cause.clauses]
        name, clause_ids = what, (what,)
    if not meant:
        raise UsageError(
            f"{run.place} has no finding against {what}, so there is nothing to challenge."
        )
    with_steps = tuple(cards.with_steps(run, meant))
    return Disputed(
        run, f"challenge-{name}", tuple(clauses[each] for each in clause_ids), with_steps
    )


def texts(what: Disputed) -> dict[str, str]:
    """The files of a pack, by name."""
    run, contract = what.run, what.run.contract
    clauses = [explain.clause(contract, each.id, WIDTH) for each in what.clauses]
    findings = ["\n".join(explain_cause.lines(run, card, WIDTH)) for card in what.cards]
    evidence = [json.dumps(convert.to_json(each)) for each in _evidence(run, what.cards)]
    steps = [f"# {card.cause.id}: {view.shown(card.title)}\n{card.steps}" for card in what.cards]
    return {
        "README.md": "\n".join([*_readme(what), ""]),
        "clauses.txt": "\n\n\n".join(clauses) + "\n",
        "findings.txt": "\n\n\n".join(findings) + "\n",
        "evidence.jsonl": "\n".join([*evidence, ""]),
        "steps.sh": "\n\n".join(steps) + "\n",
        "about.json": json.dumps(_about(what), indent=1) + "\n",
    }


def _evidence(run: Run, shown: tuple[Card, ...]) -> list[Exchange]:
    """The exchanges that show some causes, and the controls of the same attempts, in log order."""
    ids = {name for card in shown for name in card.cause.exchanges}
    ids |= {exchange.id for card in shown for exchange in card.exchanges}
    attempts = {(each.case, each.attempt) for each in run.exchanges_of(ids)}
    return [
        each
        for each in run.exchanges
        if each.id in ids or (each.role is Role.CONTROL and (each.case, each.attempt) in attempts)
    ]


# --- README.md ------------------------------------------------------------------------------------


def _readme(what: Disputed) -> Iterator[str]:
    """The challenge as Markdown, ready to be filled in and sent as an issue."""
    yield f"# A challenge of a finding: {', '.join(each.id for each in what.clauses)}"
    for clause in what.clauses:
        yield from _clause(what.run.contract, clause)
    yield ""
    yield "## What the suite found"
    for card in what.cards:
        yield from _finding(card)
    yield ""
    yield "## Why it is wrong"
    yield ""
    yield "To be filled in by the challenger. What is wrong with the finding?"
    yield ""
    yield from (f"- [ ] {ground}" for ground in GROUNDS)
    for field in FORM:
        yield ""
        yield f"**{field}:**"
    yield ""
    yield "## Files"
    yield ""
    yield from (f"- `{name}`: {text}" for name, text in FILES.items())
    yield ""
    yield from _versions(what.run)


def _clause(contract: Contract, clause: Clause) -> Iterator[str]:
    """What a clause requires, where that comes from, and how it is judged."""
    yield ""
    yield f"## {clause.id} ({clause.level}, {clause.basis})"
    yield ""
    yield clause.text
    if clause.because:
        yield ""
        yield f"Because: {clause.because}"
    yield ""
    for name in clause.sources:
        entry = contract.page[name]
        yield f"- Source: {contract.page_address}, {entry.section}, {entry.place}: {entry.says}"
    for rule in clause.rules:
        yield f"- Rule `{rule}`: {RULES[rule].summary}"


def _finding(card: Card) -> Iterator[str]:
    """What shows a cause: the request, and the expected and the actual response."""
    finding = card.cause.finding
    described = {
        "Request": card.asked,
        "Rule": finding.rule,
        "Where": card.where,
        "Expected": finding.expected,
        "Actual": finding.actual,
    }
    yield ""
    yield f"### {inert(card.title)} (`{card.cause.id}`)"
    yield ""
    yield from (f"- {label}: {inert(text, view.LIMIT)}" for label, text in described.items())


def _versions(run: Run) -> Iterator[str]:
    """What the finding was made with, in a sentence."""
    yield (
        f"Found on {run.judged_on} by suite {__version__} and contract {run.contract.version} "
        f"({run.contract.digest}); `about.json` has all digests."
    )


# --- about.json -----------------------------------------------------------------------------------


def _about(what: Disputed) -> dict[str, Any]:
    """Versions and digests, and the names of what is challenged."""
    run, contract = what.run, what.run.contract
    return {
        "suite": {"version": __version__, "digest": suite_digest()},
        "contract": {
            "title": contract.title,
            "version": contract.version,
            "digest": contract.digest,
            "edition": contract.edition,
        },
        "run": {
            "started": run.started,
            "seed": run.seed,
            "depth": run.depth,
            "log_head": run.log_head,
            "incomplete": run.incomplete,
        },
        "clauses": [each.id for each in what.clauses],
        "causes": [card.cause.id for card in what.cards],
        "cells": sorted({name for card in what.cards for name in card.cause.cells}),
    }
