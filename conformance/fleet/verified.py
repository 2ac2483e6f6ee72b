"""Judges a run that was handed in again, and compares it with what the plan pins.

Whoever hands in a run may have edited it. The stored verdicts are never believed: plan, requests
and verdicts are recomputed from the log.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from conformance.base.errors import UsageError
from conformance.base.text import clean
from conformance.certify import recompute, requests
from conformance.fleet.plan import Pins
from conformance.judging.judge import TrialJudgements
from conformance.model import Contract, Declaration, Run, Selection
from conformance.run import runfile
from conformance.run.runfile import Opened, Stored
from conformance.target import declared

LONGEST = 500
"""Maximum characters of the words of a problem."""
NEXT = timedelta(days=1)
"""A run may begin on the day of its plan, or on the day after, because a night has two dates."""
WEEK = timedelta(days=7)
"""How long before the plan an owner may have made a run that it publishes."""
BY_KEYS = ("keys", "key_scopes", "full_declared")
"""The members of a declaration that depend on environment variables."""


class Kind(StrEnum):
    """What can be wrong with the result of a target."""

    MISSING = "missing"
    LATE = "late"
    DOUBLED = "doubled"
    FOREIGN = "foreign plan"
    SUITE = "other suite"
    UNJUDGED = "not judged"
    REFUSED = "refused"
    HANGING = "hanging"
    DIED = "died"


@dataclass(frozen=True)
class Problem:
    """Something wrong with the result of a target, as ``fleet.json`` of a collection lists it."""

    target: str
    kind: Kind
    words: str


class Unfit(Exception):  # noqa: N818 - it names the result, not a fault of ours
    """A result that does not count, and why."""

    def __init__(self, kind: Kind, words: str) -> None:
        super().__init__(words)
        self.kind = kind
        self.words = clean(words)[:LONGEST]


@dataclass(frozen=True)
class Expected:
    """What the run of a target has to be: its contract, what the plan pins, and its target file.

    A run that the owner ``published`` may have another seed and another declaration, but the same
    address. It may be as old as ``oldest``.
    """

    contract: Contract
    pins: Pins
    path: Path
    published: bool = False
    oldest: timedelta = WEEK

    @property
    def declaration(self) -> Declaration:
        """What the target file declares. Raises TargetError for an invalid file."""
        return declared(self.contract, self.path, date.fromisoformat(self.pins.date))


def run_in(directory: Path, expected: Expected) -> Stored:
    """The run in a directory, judged again. Raises Unfit for a run that does not count."""
    try:
        return _judged_again(directory, expected)
    except UsageError as error:
        raise Unfit(Kind.REFUSED, str(error).replace(f"{directory}/", "")) from None
    except Unfit:
        raise
    except Exception as error:  # a hostile run may cause it
        raise Unfit(Kind.REFUSED, failure(error)) from error


def failure(error: Exception) -> str:
    """The words of the problem of a run that makes the suite itself fail."""
    return f"The suite failed on the run, {type(error).__name__}: {error}"


def _judged_again(directory: Path, expected: Expected) -> Stored:
    """The run in a directory, judged from its log after its plan and requests were recomputed.

    Raises Unfit for a run that differs from the plan or from what it says, and UsageError for one
    that cannot be read.
    """
    opened = runfile.open_run(directory, expected.contract)
    _require_pinned(opened, expected)
    wrong, known = recompute.mismatches(opened), TrialJudgements()
    if not wrong:
        played = requests.play_back(opened, known)
        wrong = list(played.mismatches)
    if wrong:
        raise Unfit(Kind.REFUSED, f"The run does not fit what it says about itself: {wrong[0]}")
    run = opened.judged(known=known)
    incomplete = run.incomplete or played.remark or None
    run = replace(run, past=(), incomplete=incomplete)
    return Stored(run, opened.selected, opened.log.ended)


def _require_pinned(opened: Opened, expected: Expected) -> None:
    """Raise Unfit unless a run has what the plan pins."""
    said, pins, run = opened.said, expected.pins, opened.began
    if said["suite"]["version"] != pins.suite:
        text = f"Version {said['suite']['version']} of the suite made the run, not {pins.suite}."
        raise Unfit(Kind.SUITE, text)
    if said["spec"]["digest"] != pins.contract:
        text = f"The run was made with the contract {said['spec']['digest']}, not {pins.contract}."
        raise Unfit(Kind.SUITE, text)
    _require_day(run, expected)
    differing = _differing(run, expected)
    if differing:
        raise Unfit(Kind.REFUSED, f"The run differs from the plan in its {', '.join(differing)}.")


def _require_day(run: Run, expected: Expected) -> None:
    """Raise Unfit if a run began on a day that its plan does not allow.

    Only a published run may be older than the plan.
    """
    began = datetime.fromisoformat(run.started).astimezone(UTC).date()
    day = date.fromisoformat(expected.pins.date)
    if began > day + NEXT:
        raise Unfit(Kind.LATE, f"The run began on {began}, but the plan is of {day}.")
    earliest = day - expected.oldest if expected.published else day
    if began < earliest:
        raise Unfit(Kind.REFUSED, f"The run began on {began}, before the plan of {day}.")


def _differing(run: Run, expected: Expected) -> list[str]:
    """The parts of a run that differ from what the plan and the target file say."""
    pins, declaration = expected.pins, expected.declaration
    chosen = run.selection or Selection((), (), 0)  # pytest stores none
    members = [each.name for each in fields(Declaration) if each.name not in BY_KEYS]
    is_declared = all(getattr(run.target, each) == getattr(declaration, each) for each in members)
    ran = (sorted(chosen.areas), sorted(chosen.clauses), chosen.shard)
    planned = (sorted(pins.areas), sorted(pins.clauses), "")  # not a shard of a run
    differs = {
        "address": run.target.url != declaration.url,
        "depth": run.depth != pins.depth,
        "selection": ran != planned,
        "seed": run.seed != pins.seed and not expected.published,
        "target file": not expected.published and not is_declared,
    }
    return [what for what, is_so in differs.items() if is_so]
