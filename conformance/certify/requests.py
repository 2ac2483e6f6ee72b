"""Makes the requests of a stored run again, by playing it back with the stored responses.

A request that is missing, added or different is a mismatch. Where that is not certain, for example
in the last cases of a run that was killed, the requests only count as not recomputed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.base.errors import Unjudgeable
from conformance.base.options import Choice
from conformance.base.text import amount
from conformance.certify.codes import Code, Problem
from conformance.certify.recompute import AFTER, plans_of, process_of, why_not_recomputable
from conformance.certify.requests_compared import Difference
from conformance.certify.requests_sender import NotMade, NoWire, StoredSender, Tape
from conformance.examine import survey
from conformance.examine.around import ABOUT_ADDRESSES
from conformance.examine.examination import begins_with_look, first_look
from conformance.judging.coverage import CUT_SHORT, ENDS, OVER_BUDGET
from conformance.judging.judge import TrialJudgements
from conformance.judging.verdict import DONE
from conformance.model import Case, Exchange, Remark, Run
from conformance.run import preflight
from conformance.run.planning import Plans, Prepared, drawing_versions
from conformance.run.runfile import Opened
from conformance.run.session import Session
from conformance.target import Target
from conformance.transport.sender import LOOK, Sender

BROKE_OFF = "The run broke off, or had used up its budget."
CRASHED = "A scenario crashed."
LACKING = "The log lacks parts of responses."
REDACTED = "The log has secrets redacted where they differ."
DRAWN_OTHERWISE = "Other versions of Python, Hypothesis or Schemathesis drew its generated cases."
LEFT_OVER = "it does not follow from the run"
UNJUDGED = (*AFTER, LOOK.id)
"""The cases whose requests no rule judges, so that they are not made again."""
DRAWN = ("generated", "mixed-walk")
"""The scenarios whose requests are generated, so they depend on the versions of the generators."""


@dataclass(frozen=True)
class Played:
    """What playing back a run showed.

    ``requests`` is the number of requests that were to be made again: all but those of UNJUDGED.
    ``unsure`` holds the ids of the cases whose requests could not all be made again, ``missed`` is
    the number of requests of these cases, and ``why`` the reason.
    """

    requests: int
    mismatches: tuple[Problem, ...] = ()
    unsure: tuple[str, ...] = ()
    missed: int = 0
    why: str = ""

    @property
    def remark(self) -> str:
        """A sentence on what could not be recomputed; empty if everything was."""
        if not self.missed:
            return ""
        return (
            f"{self.missed:,} of {amount(self.requests, 'request')} could not be recomputed: "
            f"{self.why}"
        )


def problems(opened: Opened) -> list[Problem]:
    """The requests of a stored run that do not follow from it."""
    return list(play_back(opened).mismatches)


def play_back(opened: Opened, known: TrialJudgements | None = None) -> Played:
    """Play a stored run back, and compare its requests. Nothing is sent.

    Judgements in ``known`` are not made again, and those that are needed are added to it.
    """
    sent = [each for each in opened.log.exchanges if each.case not in UNJUDGED]
    why = unplayable(opened)
    if why:
        cases = tuple(dict.fromkeys(each.case for each in sent))
        return Played(len(sent), unsure=cases, missed=len(sent), why=why)
    return _Player(opened, known or TrialJudgements()).play()


def unplayable(opened: Opened) -> str:
    """Why a run cannot be played back at all; empty if it can."""
    why = why_not_recomputable(opened)
    if why:
        return why
    if opened.began.drawn_by is None:
        return "The run was merged from shards, or an earlier version of the suite made it."
    if len({process_of(each) for each in opened.log.exchanges}) > 1:
        return "Several workers of pytest sent them."
    return ""


def is_merged(run: Run) -> bool:
    """Whether a run says that it was merged from shards, each with texts of its own."""
    return run.drawn_by is None and len(run.salts) > 1


class Playback(Session):
    """A run that sends nothing, and gets its responses from a tape."""

    def __init__(self, prepared: Prepared, tape: Tape, known: TrialJudgements) -> None:
        self._tape = tape
        super().__init__(prepared, NoWire())
        # if a target lacks operations, its log is judged by another contract in the end
        self._known_trials = TrialJudgements() if self.target.declaration.absent else known

    def _sender(self, *_: object) -> Sender:
        return StoredSender(self.contract, self.target, self._tape, seed=self.choice.seed)


class _Player:
    """Plays back one run."""

    def __init__(self, opened: Opened, known: TrialJudgements) -> None:
        run, plans = opened.began, plans_of(opened)
        self._log, self._tape = opened.log, Tape(opened.log)
        self._cases = plans.chosen.runnable
        self._same_versions = run.drawn_by == drawing_versions()
        self._session = Playback(_prepared(plans, run), self._tape, known)
        self._is_spot = run.spread is not None
        selection = run.selection
        self._has_look = selection is not None and begins_with_look(plans.chosen, selection)
        self._doubt = ""  # why differences are no longer certain; empty while they are
        self._unsure: set[str] = set()

    def play(self) -> Played:
        """Play the run back, up to the first request that certainly does not follow from it."""
        try:
            mismatch = self._before_cases() or self._all_cases()
        except Unjudgeable:
            mismatch = None
            self._doubt = self._doubt or BROKE_OFF
        return self._result(mismatch)

    def _result(self, mismatch: Problem | None) -> Played:
        """What playing back showed. Without a mismatch, unfinished cases count as unsure."""
        stored = self._tape.counts(without=UNJUDGED)  # requests by case
        if mismatch is None:
            self._unsure |= {case for case in stored if self._tape.rest(case)}
        # a case without any stored request lacks at least one
        missed = {case: stored.get(case, 1) for case in sorted(self._unsure)}
        due = stored | missed
        return Played(
            requests=sum(due.values()),
            mismatches=(mismatch,) if mismatch else (),
            unsure=tuple(missed),
            missed=sum(missed.values()),
            why=self._doubt,
        )

    def _before_cases(self) -> Problem | None:
        """Play back the requests before the first case, and return the first mismatch.

        Spot checks have no such requests. Raises Unjudgeable if the run stopped there.
        """
        if self._is_spot:
            return None
        try:
            preflight.check(self._session)
            seen = list(first_look(self._session, local=False)) if self._has_look else []
        except NotMade as error:
            return self._certain_mismatch(error.case, error.exchange, error.difference)
        left_over = self._left_over(preflight.CASE.id) or self._left_over(survey.CASE.id)
        return left_over or self._seen_otherwise(seen)

    def _seen_otherwise(self, seen: Sequence[Remark]) -> Problem | None:
        """The mismatch if the run is stored with results of a first look that it cannot have had.

        Not compared is what it says about the addresses of the machine that it ran on.
        """
        stored = [remark for remark in self._log.setup if remark.about != ABOUT_ADDRESSES]
        if stored == seen or self._doubt or self._log.incomplete:
            return None
        text = "the first look is stored with other results than its responses give"
        return Problem(Code.CASE_MISMATCH, text)

    def _all_cases(self) -> Problem | None:
        """Play back the cases, and return the first mismatch.

        Raises Unjudgeable if the run broke off within a case.
        """
        for case in self._cases:
            mismatch = self._one_case(case)
            if mismatch is not None:
                return mismatch
        return None

    def _one_case(self, case: Case) -> Problem | None:
        """Play back a case. Returns its mismatch; None if there is none, or it is not certain.

        If its scenario crashes, the case is unsure, and no later difference is certain.
        """
        if self._is_spot:
            self._session.forget()  # as spot checks do before each case
        try:
            self._session.run_case(case, judged=False)
        except NotMade as error:
            return self._certain_mismatch(case.id, error.exchange, error.difference)
        end = self._session.log.ends[case.id]
        if end not in ENDS:
            self._doubt = self._doubt or CRASHED
            self._unsure.add(case.id)
        stored_end = self._log.ends.get(case.id)
        if not self._doubt and stored_end in ENDS and stored_end != end:
            text = f"the case {case.id} is stored as {stored_end}, but playing it back gives {end}"
            return Problem(Code.CASE_MISMATCH, text)
        return self._left_over(case.id)

    def _left_over(self, case: str) -> Problem | None:
        """The mismatch of a case with more requests than follow from the run, if it is certain."""
        rest = self._tape.rest(case)
        return self._certain_mismatch(case, rest[0], Difference(LEFT_OVER)) if rest else None

    def _certain_mismatch(
        self, case: str, exchange: Exchange | None, difference: Difference
    ) -> Problem | None:
        """The mismatch for a difference; None if it is not certain, and then the case is unsure.

        Once there is a doubt, it holds for all later differences.
        """
        self._doubt = self._doubt_about(case, difference)
        if self._doubt:
            self._unsure.add(case)
            return None
        where = f"exchange {exchange.id} of the case {case}" if exchange else f"the case {case}"
        return Problem(Code.REQUEST_MISMATCH, f"{where}: {difference.text}")

    def _doubt_about(self, case: str, difference: Difference) -> str:
        """Why a difference is not certain; empty if it is. After one doubt nothing is certain."""
        doubt = self._doubt or self._doubt_about_end(case)
        if doubt:
            return doubt
        if self._tape.lacks_some:
            return LACKING
        if not difference.certain:
            return REDACTED
        scenario = case.partition("[")[0]
        return DRAWN_OTHERWISE if scenario in DRAWN and not self._same_versions else ""

    def _doubt_about_end(self, case: str) -> str:
        """Why a case may have stopped at any request; empty if nothing says so."""
        end = self._log.ends.get(case)  # None also for the requests before the first case
        if end == OVER_BUDGET or (end is None and self._log.incomplete):
            return BROKE_OFF
        return "" if end in (DONE, CUT_SHORT, None) else CRASHED


def _prepared(plans: Plans, run: Run) -> Prepared:
    """What the run was prepared with, but with invented keys, because a run stores no keys."""
    invented = {role: hashlib.sha256(role.encode()).hexdigest() for role in run.target.keys}
    return Prepared(
        plans.contract,
        Target(run.target, invented),
        Choice(seed=run.seed, depth=run.depth),
        plans.plan,
        plans.chosen,
        plans.shard,
        spread=run.spread,
        salt=run.salts[0],
        reuse=run.reuse,
    )
