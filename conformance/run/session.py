"""One run in progress: what was prepared, the log, and the sender to the target.

pytest drives it case by case. Self-tests drive it with a plain loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import repeat
from operator import itemgetter
from typing import TextIO

from conformance import checks
from conformance.errors import Unjudgeable
from conformance.evidence import Log, Recorder
from conformance.judging import verdict
from conformance.judging.judge import Known, findings_of, judge
from conformance.judging.outcomes import Violation
from conformance.model import Case, Run
from conformance.options import Depth
from conformance.run.conclusion import finished
from conformance.run.planning import Prepared
from conformance.scenarios import REGISTRY
from conformance.suite.client import Client
from conformance.suite.generate import draw
from conformance.suite.memory import Memory
from conformance.transport.patience import OverBudget
from conformance.transport.sender import Sender
from conformance.transport.wire import Wire

Found = list[tuple[str, Violation]]
"""Violations, each with the id of the rule that it breaks."""


class Session:
    """A run in progress.

    ``stream`` is the file of the log, None for none. ``prefix`` begins the ids of exchanges, and
    ``nonce`` makes the texts of this run differ from those of other runs. ``selected`` are the ids
    of the cases that are to run, None for all.
    """

    def __init__(
        self,
        prepared: Prepared,
        wire: Wire,
        stream: TextIO | None = None,
        *,
        prefix: str = "",
        nonce: str = "",
        require_complete: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.contract = prepared.contract
        self.target = prepared.target
        self.plan = prepared.plan
        self.choice = prepared.choice
        self.selected = prepared.selected
        self.announcement = prepared.announcement
        self.recorder = Recorder(stream, self.target.declaration.disk)
        self.sender = Sender(
            self.contract,
            self.target,
            wire,
            self.recorder,
            seed=self.choice.seed,
            prefix=prefix,
            max_seconds=self.choice.max_seconds,
            sleep=sleep,
        )
        self._nonce = nonce
        self._begun = prepared.begun(datetime.now(UTC), require_complete=require_complete)
        self._memory: Memory | None = None
        self._known = Known()

    @property
    def log(self) -> Log:
        """What was logged so far."""
        return self.recorder.log

    def run_case(self, case: Case, *, judged: bool = True) -> Found:
        """Run a case, and run it again if a violation needs to be confirmed.

        Returns the violations in its own exchanges, none unless they are to be ``judged`` now.
        Raises Unjudgeable when the target is gone.
        """
        if self.log.incomplete:
            return []
        judged = judged or _confirming(case.rules)
        before = len(self.log.exchanges)
        violations: Found = []
        outcome = verdict.DONE
        for attempt in (1, 2):
            outcome = self._attempt(case, attempt)
            violations = self._violations(case, before) if judged else []
            if outcome != verdict.DONE or not _confirming(map(itemgetter(0), violations)):
                break
        self.recorder.end(case.id, outcome)
        return violations

    def _attempt(self, case: Case, attempt: int) -> str:
        """Run the scenario of a case once. Returns how it ended."""
        client = self._client(case, attempt)
        try:
            REGISTRY[case.scenario].function(client)
        except OverBudget:
            return verdict.OVER_BUDGET
        except Unjudgeable as error:
            self.recorder.break_off(str(error), error.void)
            raise
        except Exception as error:
            return self.sender.redact(
                f"the scenario {case.scenario} crashed: {type(error).__name__}: {error}"
            )
        return verdict.DONE

    def _client(self, case: Case, attempt: int) -> Client:
        if self._memory is None:
            selected = filter(self._is_selected, self.plan.runnable)
            self._memory = Memory(tuple(selected))
            draw(self._client(case, attempt))  # takes seconds, in a process beside the run
        return Client(
            self.sender,
            case,
            attempt,
            self._memory,
            seed=self.choice.seed,
            nonce=self._nonce,
            depth=Depth(self.choice.depth),
        )

    def _is_selected(self, case: Case) -> bool:
        return self.selected is None or case.id in self.selected

    def _violations(self, case: Case, before: int) -> Found:
        """The violations in what a case has sent; its exchanges come after the first ``before``."""
        exchanges = [each for each in self.log.exchanges[before:] if each.case == case.id]
        target = self.target.declaration
        outcomes = judge(self.contract, target, checks.RULES, [case], exchanges, self._known)
        violations: Found = []
        for (rule, _), given in outcomes.items():
            found = findings_of(map(itemgetter(1), given))
            violations += zip(repeat(rule), found)
        return violations

    def finish(self) -> Run:
        """The finished run, judged."""
        self._settle()
        self.recorder.close()
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        return finished(
            self._begun, self.log, ended=ended, selected=self.selected, known=self._known
        )

    def _settle(self) -> None:
        """Look once more at a target that refused the main key in the end."""
        try:
            if not self.log.incomplete:
                self.sender.settle()
        except (Unjudgeable, OverBudget) as error:
            self.recorder.break_off(str(error), getattr(error, "void", ()))


def _confirming(rules: Iterable[str]) -> bool:
    """Whether any of some rules counts only if a second attempt shows the same."""
    return any(checks.RULES[rule].confirm for rule in rules)
