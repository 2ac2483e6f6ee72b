"""One run in progress: contract, target, plan, log and the door to the target, put together.

pytest drives it case by case in a real run; ``execute`` drives it alone, for self-tests.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TextIO

import conformance.suite
from conformance import __version__, checks
from conformance.errors import Unjudgeable
from conformance.evidence import Log, Recorder
from conformance.judging import verdict
from conformance.judging.judge import judge
from conformance.judging.outcomes import Violation
from conformance.model import Case, Contract, Declaration, Run
from conformance.plan import Plan, build
from conformance.scenarios import REGISTRY, Depth, Planning, registered
from conformance.suite.client import Client
from conformance.suite.generate import draw
from conformance.suite.knowledge import Memory
from conformance.target import Target, named
from conformance.transport.patience import OverBudget
from conformance.transport.sender import Sender
from conformance.transport.wire import Wire


def load_suite() -> None:
    """Import every module of scenarios, so that they are registered."""
    for module in pkgutil.iter_modules(conformance.suite.__path__):
        importlib.import_module(f"conformance.suite.{module.name}")


def planned(contract: Contract, target: Declaration, seed: int, depth: Depth = Depth.FULL) -> Plan:
    """The plan of the whole suite for a target."""
    load_suite()
    return build(Planning(contract, target, seed, depth), registered())


@dataclass(frozen=True)
class Options:
    """What a person chose for a run, beside the target."""

    seed: int = 0
    nonce: str = ""
    require_complete: bool = False
    depth: Depth = Depth.FULL


@dataclass
class Session:
    """A run in progress. ``selected`` are the ids of the cases that are to run."""

    contract: Contract
    target: Target
    plan: Plan
    options: Options
    wire: Wire
    stream: TextIO | None = None
    prefix: str = ""
    sleep: Callable[[float], None] = time.sleep
    selected: frozenset[str] | None = None
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def __post_init__(self) -> None:
        self.contract = named(self.contract, self.target.declaration)
        self.recorder = Recorder(self.stream)
        self.sender = Sender(
            self.contract,
            self.target,
            self.wire,
            self.recorder,
            seed=self.options.seed,
            prefix=self.prefix,
            sleep=self.sleep,
        )
        self._memory: Memory | None = None

    @property
    def log(self) -> Log:
        """What was logged so far."""
        return self.recorder.log

    def run_case(self, case: Case, *, told: bool = True) -> list[tuple[str, Violation]]:
        """Run a case and judge it by its own exchanges; repeats it where a finding wants confirmation.

        Gives the findings of its own and of the passive rules, if they are to be ``told``.
        Raises Unjudgeable when the target is gone.
        """
        confirmable = any(checks.RULES[rule].confirm for rule in case.rules)
        if self.log.incomplete:
            return []
        found: list[tuple[str, Violation]] = []
        for attempt in (1, 2):
            outcome = self._attempt(case, attempt)
            found = self._problems(case) if told or confirmable else []
            if outcome != verdict.DONE or not any(checks.RULES[rule].confirm for rule, _ in found):
                break
        self.recorder.end(case.id, outcome)
        return found

    def _attempt(self, case: Case, attempt: int) -> str:
        client = self._client(case, attempt)
        try:
            REGISTRY[case.scenario].function(client)
        except OverBudget:
            return verdict.OVER_BUDGET
        except Unjudgeable as error:
            self.recorder.break_off(str(error))
            raise
        except Exception as error:
            return self.sender.redact(
                f"the scenario {case.scenario} crashed: {type(error).__name__}: {error}"
            )
        return verdict.DONE

    def _client(self, case: Case, attempt: int) -> Client:
        if self._memory is None:
            self._memory = Memory(
                tuple(
                    c for c in self.plan.runnable if self.selected is None or c.id in self.selected
                )
            )
            draw(self._client(case, attempt))  # takes seconds, in a process beside the run
        told = self.options
        return Client(
            self.sender,
            case,
            attempt,
            self._memory,
            seed=told.seed,
            nonce=told.nonce,
            depth=told.depth,
        )

    def _problems(self, case: Case) -> list[tuple[str, Violation]]:
        own = [exchange for exchange in self.log.exchanges if exchange.case == case.id]
        outcomes = judge(self.contract, self.target.declaration, checks.RULES, [case], own)
        return [
            (rule, o)
            for (rule, _), given in outcomes.items()
            for _, o in given
            if isinstance(o, Violation) and not o.note
        ]

    def finish(self, today: date | None = None) -> Run:
        """The finished run, judged."""
        now = datetime.now(UTC)
        return finished(
            self.contract,
            self.target.declaration,
            self.plan,
            self.log,
            seed=self.options.seed,
            started=self.started,
            ended=now.isoformat(timespec="seconds"),
            today=today or now.date(),
            selected=self.selected,
            require_complete=self.options.require_complete,
        )


def finished(
    contract: Contract,
    target: Declaration,
    plan: Plan,
    log: Log,
    *,
    seed: int,
    started: str,
    ended: str,
    today: date,
    selected: frozenset[str] | None,
    require_complete: bool,
) -> Run:
    """A Run from what was logged; the one place where a live run and a replay meet."""
    contract = named(contract, target)
    cells = verdict.cells(
        contract, target, checks.RULES, plan.cases, log, today=today, selected=selected
    )
    return Run(
        contract=contract,
        suite=__version__,
        seed=seed,
        target=target,
        started=started,
        finished=ended,
        judged_on=today.isoformat(),
        incomplete=log.incomplete,
        cases=plan.cases,
        cells=cells,
        exchanges=tuple(log.exchanges),
        require_complete=require_complete,
    )


def execute(session: Session, cases: Iterable[Case] | None = None) -> Run:
    """Run all cases that can run without pytest, and judge."""
    try:
        for case in session.plan.runnable if cases is None else cases:
            session.run_case(case, told=False)
    except Unjudgeable:
        pass
    return session.finish()
