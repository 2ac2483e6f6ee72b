"""Runs the planned cases as pytest items, which fail if the judges find violations.

They are custom items, created from the functions of the suite without fixtures, parameters or
marks, so that they cannot clash with names of other plugins or of a conftest.py. Reports and the
exit code of the command are based on the whole log, never on the items.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from conformance.base.errors import ConformanceError, TargetError, Unjudgeable
from conformance.base.text import for_console
from conformance.judging.coverage import CUT_SHORT, OVER_BUDGET
from conformance.judging.outcomes import Violation
from conformance.judging.verdict import DONE
from conformance.model import Case, Contract, Level, Remark
from conformance.plan.build import Plan
from conformance.plan.registry import REGISTRY
from conformance.report import unproven
from conformance.report.view import sentence
from conformance.run import preflight
from conformance.run.session import Found, Session

PRINTED = 3
"""Maximum number of problems in a target file printed at the start. `doctor` prints all."""
Look = Callable[[Session], Iterable[Remark]]
"""Examines the parts of a target file."""


class CaseItem(pytest.Item):
    """One planned case. ``found`` are the violations in its exchanges, once it has run."""

    def __init__(self, *, case: Case, running: Session, line: int, **more: Any) -> None:
        super().__init__(**more)
        self.case = case
        self.running = running
        self._line = line
        self.found: Found = []
        if case.gap:
            self.add_marker(pytest.mark.skip(reason=for_console(f"untested: {case.gap}")))

    def reportinfo(self) -> tuple[Path, int, str]:
        """The location of the scenario, and the name of the item."""
        return self.path, self._line, self.name

    def runtest(self) -> None:
        """Run the case. Fails with the broken MUSTs, or the reason why it could not be judged.

        Skipped if it was cut short, or if the budget was used up.
        """
        bug: Exception | None = None
        gone = ""
        try:
            self.found = self.running.run_case(self.case)
        except Unjudgeable as error:
            gone = str(error)
        except Exception as error:
            bug = error
        # outside the except block, because pytest would show the context with all secrets
        if gone:
            self.session.shouldstop = "the target is down"
            _fail(gone)
        if bug:
            self._stop_for_bug(bug)
        broken_musts = [
            _line(rule, violation)
            for rule, violation in self.found
            if _is_must(self.running.contract, rule)
        ]
        if broken_musts:
            _fail("\n".join(broken_musts))
        outcome = self.running.log.ends.get(self.case.id, DONE)
        if outcome in (CUT_SHORT, OVER_BUDGET):
            pytest.skip(for_console(f"untested: {outcome}"))
        if outcome != DONE:
            _fail(outcome)

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: object = None,  # noqa: ARG002 - pytest passes it
    ) -> Any:
        """Only the message, because pytest might show local variables that quote the target."""
        return excinfo.getrepr(style="value", chain=False)

    def _stop_for_bug(self, error: Exception) -> NoReturn:
        """End the run because of a bug in the suite, and show the bug without secrets."""
        redact = self.running.sender.redact
        self.running.recorder.break_off(
            redact(f"The suite itself crashed: {self.name}: {type(error).__name__}: {error}")
        )
        self.session.shouldstop = "the suite itself crashed"
        _fail(redact("".join(traceback.format_exception(error))))


def cases_of(session: pytest.Session) -> list[Case]:
    """The cases of the items in a pytest session."""
    return [item.case for item in session.items if isinstance(item, CaseItem)]


class Items:
    """The plugin that creates the items of a run, in the order of the plan.

    ``say`` prints how long the run will take, once the target has responded. ``look`` examines the
    target before the first case.
    """

    def __init__(
        self,
        running: Session,
        chosen: Plan,
        say: Callable[[str], None] | None = None,
        look: Look | None = None,
    ) -> None:
        self.running = running
        self._say = say
        self._look_first = look
        self._places = {case.id: place for place, case in enumerate(chosen.cases)}
        self._cases: dict[str, list[Case]] = {}
        for case in chosen.cases:
            self._cases.setdefault(case.scenario, []).append(case)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(
        self, collector: pytest.Module, name: str, obj: object
    ) -> list[CaseItem] | None:
        """The items of a scenario, in place of its function; None for any other object."""
        scenario = next((each for each in REGISTRY.values() if each.function is obj), None)
        if scenario is None:
            return None
        return [
            self._item(collector, name, scenario.function, case)
            for case in self._cases.get(scenario.name, ())
        ]

    def _item(
        self, collector: pytest.Module, name: str, function: Callable[..., None], case: Case
    ) -> CaseItem:
        """The item of a case. ``name`` and ``function`` are those of the scenario in the code."""
        variant = case.id.partition("[")[2]
        item: CaseItem = CaseItem.from_parent(
            collector,
            name=f"{name}[{variant}",
            case=case,
            running=self.running,
            line=function.__code__.co_firstlineno - 1,
        )
        return item

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Sort the items as in the plan: reads before writes, limits last; foreign items first."""
        items.sort(key=self._place)

    def _place(self, item: pytest.Item) -> int:
        return self._places[item.case.id] if isinstance(item, CaseItem) else -1

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Record which cases are still selected."""
        self.running.selected = frozenset(case.id for case in cases_of(session))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        """Examine the target before the first case."""
        if cases_of(session) and not session.config.option.collectonly:
            self._look(session)
        return (yield)

    def _look(self, session: pytest.Session) -> None:
        """Check the target, examine its file, and print how long the run will take.

        If the target cannot be judged, no case runs. Raises pytest.UsageError if its file is wrong.
        """
        try:
            preflight.check(self.running)
            self._examine()
            pace = self.running.pace()
            if self._say and pace:
                self._say(pace)
        except TargetError as error:
            raise pytest.UsageError(for_console(str(error))) from None
        except ConformanceError as error:
            self.running.recorder.break_off(str(error), getattr(error, "void", ()))
            session.shouldstop = "the target cannot be judged"

    def _examine(self) -> None:
        """Examine the parts of the target file, log what was found, and print a few problems."""
        if self._look_first is None:
            return
        remarks = self._look_first(self.running)
        self.running.recorder.setup(remarks)
        if self._say:
            for words in unproven.wrong(self.running.log.setup)[:PRINTED]:
                self._say(f"Set-up: {words}")


def _fail(message: str) -> NoReturn:
    """Fail an item. pytest prints the message unchanged, so it is escaped for the console."""
    pytest.fail(for_console(message), pytrace=False)


def _is_must(contract: Contract, rule: str) -> bool:
    clauses = contract.clauses.values()
    return any(clause.level is Level.MUST and rule in clause.rules for clause in clauses)


def _line(rule: str, violation: Violation) -> str:
    ids = ", ".join(violation.exchanges[:3])
    return f"{rule} at {sentence(violation)} ({ids})"
