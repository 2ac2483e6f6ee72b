"""The row of a target in a collection, as target.json has it, and the shorter line of the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conformance.base.text import clean
from conformance.certify.certificate import Certificate, Grade
from conformance.fleet.accepting import FLEET, Accepted
from conformance.fleet_site.entries import LETTERS, NOT_PLANNED
from conformance.judging.shortfalls import shortfalls
from conformance.model import Cause, Past, Run, Transition, Verdict, transition, with_carried_causes
from conformance.model.judgement import worst
from conformance.report.overall import Overall, of_exit

JUDGED_NOW, KEPT, NEVER = "judged", "kept", "never judged"
"""The states of a target in a collection."""
LETTER_OF: dict[Verdict | None, str] = {
    **{verdict: letter for letter, verdict in LETTERS.items()},
    None: NOT_PLANNED,
}
"""The letters of verdicts in a grid."""
JUDGED_LETTERS = "FVWP"
"""The letters that mean that a clause was judged."""
TOP = 5
"""The most causes in the line of a target."""
TREND = 30
"""The most nights in the trend of a target."""
LONGEST = 300
"""Maximum characters of a title or of words."""
ONLY_IN_FILE = ("all_causes", "cells", "clauses", "run", "collected", "profile")
"""The members of target.json that the index lacks."""

Row = dict[str, Any]


@dataclass(frozen=True)
class JudgedTarget:
    """A target that was judged: its id, its accepted run, its nights, and its earlier row.

    The last of the ``nights`` is that of the run. ``before`` is None if it has no row yet.
    """

    id: str
    accepted: Accepted
    nights: Sequence[Past]
    before: Row | None


def judged(target: JudgedTarget, profile: str | None) -> Row:
    """The row of a target that was judged. Without an earlier run, every cause is new."""
    accepted, run = target.accepted, target.accepted.run
    report = f"targets/{target.id}/report.html"
    causes = [_cause(cause, report) for cause in run.causes]
    new = {cause.id for cause in run.causes if transition(cause, run.past) is not Transition.STILL}
    grid = "".join(_letter(run, clause) for clause in run.contract.clauses)
    clauses = list(run.contract.clauses)
    return {
        "id": target.id,
        "name": _short(run.target.name),
        "state": JUDGED_NOW,
        "words": _short(run.incomplete or ""),
        "judged_on": run.finished,
        "origin": accepted.origin,
        "certificate": _certificate(accepted.certificate),
        "verdict": of_exit(run.exit_code),
        "counts": run.counts,
        "grid": grid,
        "causes": len(causes),
        "top": causes[:TOP],
        "new": [_named(cause.id, cause.title) for cause in run.causes if cause.id in new],
        "fixed": _fixed(run),
        "untested": _untested(clauses, grid, target.before),
        "trend": [
            {"date": night.finished, "causes": len(night.causes), "judged": night.judged}
            for night in target.nights[-TREND:]
        ],
        "report": report,
        "all_causes": causes,
        "cells": _links(run, report),
        "clauses": clauses,
        "run": target.nights[-1].run,
        "profile": _profile(run, profile),
    }


def kept(before: Row, why: str, clauses: Sequence[str]) -> Row:
    """The row of a target that was not judged now: the earlier row, with the reason in ``words``.

    It lists no changes, and its grid has the ``clauses`` of the contract. A certificate is
    withdrawn, because it was not verified now: it may have expired, or its signer may be revoked.
    """
    origin = before["origin"]
    if before["certificate"] is not None:
        origin = Grade.SELF_DECLARED.value
        why = f"{why} Its certificate was not verified again."
    letters = dict(zip(before["clauses"], before["grid"], strict=True))
    changed = {
        "state": KEPT,
        "words": _short(why),
        "certificate": None,
        "origin": origin,
        "grid": "".join(letters.get(clause, NOT_PLANNED) for clause in clauses),
        "clauses": list(clauses),
        "new": [],
        "fixed": [],
        "untested": [],
    }
    return before | changed


def never(target: str, name: str, why: str, clauses: Sequence[str]) -> Row:
    """The row of a target that was never judged."""
    empty: dict[str, list[Any]] = {
        member: [] for member in ("top", "new", "fixed", "untested", "trend", "all_causes")
    }
    return {
        "id": target,
        "name": _short(name),
        "state": NEVER,
        "words": _short(why),
        "judged_on": None,
        "origin": FLEET,
        "certificate": None,
        "verdict": Overall.UNJUDGED,
        "counts": {},
        "grid": NOT_PLANNED * len(clauses),
        "causes": 0,
        **empty,
        "report": None,
        "cells": {},
        "clauses": list(clauses),
        "run": None,
        "profile": None,
    }


def line(row: Row) -> Row:
    """The row as the line of the index: without the members that only target.json has."""
    return {name: value for name, value in row.items() if name not in ONLY_IN_FILE}


# --- the parts ------------------------------------------------------------------------------------


def _short(text: str) -> str:
    """A text of a target, safe to print and of limited length."""
    return clean(text)[:LONGEST]


def _cause(cause: Cause, report: str) -> Row:
    """A cause as a row lists it, with a link to it in the ``report``, a path."""
    return {
        **_named(cause.id, cause.title or cause.finding.clause),
        "clauses": list(cause.clauses),
        "operations": len(cause.operations),
        "verdict": cause.verdict.value,
        "href": f"{report}#{cause.id}",
    }


def _named(cause: str, title: str) -> Row:
    return {"id": cause, "title": _short(title)}


def _letter(run: Run, clause: str) -> str:
    """The letter of the worst verdict of a clause.

    Untested cells do not count if others passed, because a quick run judges a clause on few
    operations.
    """
    verdicts = {cell.verdict for cell in run.by_clause[clause]}
    if Verdict.PASSED in verdicts:
        verdicts.discard(Verdict.UNTESTED)
    return LETTER_OF[worst(verdicts)]


def _fixed(run: Run) -> list[Row]:
    """The causes of the last run that are gone, and whose main cell passes now.

    Nothing counts as fixed in a run that judged less than the last one.
    """
    if not run.past or run.judged < run.past[-1].judged:
        return []
    last = with_carried_causes(run.past)[-1]
    still_there = {name for cause in run.causes for name in last.ids_of(cause)}
    passed = {cell.name for cell in run.cells if cell.verdict is Verdict.PASSED}
    return [
        _named(cause, title)
        for cause, title in last.causes.items()
        if cause not in still_there and last.main_cell(cause) in passed
    ]


def _untested(clauses: Sequence[str], grid: str, before: Row | None) -> list[str]:
    """The clauses that were judged according to the earlier row, but are not now."""
    if before is None or before["judged_on"] is None:
        return []
    letters_before = dict(zip(before["clauses"], before["grid"], strict=True))
    return [
        clause
        for clause, letter in zip(clauses, grid, strict=True)
        if letter not in JUDGED_LETTERS
        and letters_before.get(clause, NOT_PLANNED) in JUDGED_LETTERS
    ]


def _links(run: Run, report: str) -> dict[str, str]:
    """Where the report explains each clause: at its worst cause, else at the clause itself."""
    links = {}
    for clause, cells in run.by_clause.items():
        causes = [run.cause_of[cell.name] for cell in cells if cell.name in run.cause_of]
        fragment = f"clause-{clause}"
        if causes:
            _, worst_cause = min(causes)
            fragment = worst_cause.id
        links[clause] = f"{report}#{fragment}"
    return links


def _certificate(certificate: Certificate | None) -> Row | None:
    """What a row says of a certificate; None if there is none."""
    if certificate is None:
        return None
    return {
        "product": _short(certificate.product),
        "version": _short(certificate.version),
        "until": certificate.expires,
        "signers": [each.principal for each in certificate.signers],
    }


def _profile(run: Run, name: str | None) -> Row | None:
    """Whether the run meets the profile that the plan names, and the first things it lacks."""
    if name is None:
        return None
    lacking = shortfalls(run, run.contract.profiles[name])
    return {
        "name": name,
        "met": not lacking,
        "lacks": [_short(str(each)) for each in lacking[:TOP]],
    }


def describe(row: Row) -> str:
    """A row in a few words, for the terminal."""
    changes = {name: len(row[name]) for name in ("new", "fixed", "untested")}
    parts = [f"{count} {name}" for name, count in changes.items() if count]
    return ", ".join([f"{row['id']}: {row['verdict']}", *parts])
