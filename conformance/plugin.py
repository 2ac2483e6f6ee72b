"""The pytest plugin: the suite as ordinary tests, each item judged from its own exchanges.

The command hands over a Session; bare pytest (``pytest --pyargs conformance.suite --url ...``)
makes one from its options. Every item is a planned case; its body only sends, and the item fails
by what the judges find in what it sent. Reports and exit code of the command come from the whole
log, never from the items.
"""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO

import pytest

from conformance import checks, contract, evidence, preflight, runfile, session, target
from conformance.errors import ConformanceError, TargetError, Unjudgeable
from conformance.judging.outcomes import Violation
from conformance.model import Case, Contract, Level, Run
from conformance.report import console, write_all
from conformance.report.text import clean
from conformance.scenarios import REGISTRY, Depth
from conformance.selection import quick
from conformance.transport.http import HttpWire

CASE: pytest.StashKey[Case] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of bare pytest; the command has the same."""
    group = parser.getgroup("conformance", "API contract conformance")
    group.addoption("--url", help="address of the target, with the base path of the API")
    group.addoption("--key", help="a key with every scope")
    group.addoption("--target", type=Path, help="target file")
    group.addoption("--spec", type=Path, help="directory of another contract")
    group.addoption("--seed", type=int, default=0, help="seed of generated cases")
    group.addoption(
        "--depth", choices=[*Depth], default="full", help="how much to try: quick, full or deep"
    )
    group.addoption("--output", type=Path, help="directory for the reports of this run")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; judge if a target is given."""
    config.addinivalue_line("markers", "rule(id): the neutral rules that a scenario feeds")
    if config.pluginmanager.has_plugin("conformance-judge") or not (
        config.getoption("url") or config.getoption("target")
    ):
        return
    try:
        judge = _bare_worker(config) if hasattr(config, "workerinput") else _bare(config)
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(judge, "conformance-judge")


def _bare(config: pytest.Config) -> Judge:
    """The judge of pytest without the command; with workers, it only collects what they log."""
    output: Path | None = config.getoption("output")
    if output:
        output.mkdir(parents=True, exist_ok=True)
    stream = (output / runfile.LOG).open("w", encoding="utf-8") if output else None
    return Judge(_session_from(config, stream), output=output, bare=True)


def _bare_worker(config: pytest.Config) -> Judge:
    """The judge of one worker of several: it has its share of addresses and budget, and a log of its own."""
    given: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
    name, index, count = (
        given["workerid"],
        int(given["workerid"].removeprefix("gw")),
        int(given["workercount"]),
    )
    stream = (Path(given["conformance_logs"]) / f"{name}.jsonl").open("w", encoding="utf-8")
    return Judge(_session_from(config, stream, prefix=f"{name}-", share=(index, count)))


def _session_from(
    config: pytest.Config, stream: TextIO | None, prefix: str = "", share: tuple[int, int] = (0, 1)
) -> session.Session:
    loaded = contract.load(config.getoption("spec"), frozenset(checks.RULES))
    url, key, file = config.getoption("url"), config.getoption("key"), config.getoption("target")
    given = (
        target.from_file(loaded, file, url, key) if file else target.from_flags(loaded, url, key)
    )
    depth = Depth(config.getoption("depth"))
    options = session.Options(seed=config.getoption("seed"), nonce=str(time.time_ns()), depth=depth)
    plan = session.planned(loaded, given.declaration, options.seed, depth)
    return session.Session(
        loaded, given.shared(*share), plan, options, HttpWire(given.timeout), stream, prefix
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise a scenario over its cases; without a target there are none."""
    scenario = next((one for one in REGISTRY.values() if one.function is metafunc.function), None)
    if scenario is None:
        return
    judge: Judge | None = metafunc.config.pluginmanager.get_plugin("conformance-judge")
    if judge is None:
        raise pytest.UsageError(
            "the conformance suite needs a target: give --url and --key, or --target FILE"
        )
    cases = [case for case in judge.session.plan.cases if case.scenario == scenario.name]
    metafunc.parametrize("client", cases, ids=[case.id.partition("[")[2][:-1] for case in cases])


class Judge:
    """Runs the planned cases as items and judges each. ``bare``: write and say what the command would."""

    def __init__(
        self, running: session.Session, output: Path | None = None, bare: bool = False
    ) -> None:
        self.session = running
        self._output = output
        self._bare = bare
        self._run: Run | None = None
        self._logs = tempfile.TemporaryDirectory(prefix="conformance-")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of pytest-xdist where its log goes."""
        node.workerinput["conformance_logs"] = self._logs.name

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """The order of the plan: reads before writes, limits last."""
        places = {case.id: place for place, case in enumerate(self.session.plan.cases)}
        for item in items:
            case = getattr(item, "callspec", None) and item.callspec.params.get("client")  # type: ignore[attr-defined]
            if isinstance(case, Case):
                item.stash[CASE] = case
                item.add_marker(pytest.mark.rule(*case.rules))
                if case.gap:
                    item.add_marker(pytest.mark.skip(reason=f"untested: {case.gap}"))
        if self._bare and self.session.options.depth is Depth.QUICK:
            few = {case.id for case in quick(self.session.plan, self.session.contract).cases}
            items[:] = [
                item for item in items if CASE not in item.stash or item.stash[CASE].id in few
            ]
        items.sort(key=lambda item: places[item.stash[CASE].id] if CASE in item.stash else -1)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """What was not deselected is what is to run."""
        self.session.selected = frozenset(
            item.stash[CASE].id for item in session.items if CASE in item.stash
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        """Look at the target before the first case."""
        if not session.config.option.collectonly and session.items:
            try:
                preflight.check(self.session)
            except ConformanceError as error:
                self.session.recorder.break_off(str(error))
                session.shouldstop = "the target cannot be judged"
                if isinstance(error, TargetError) and self._bare:
                    raise pytest.UsageError(str(error)) from None
        return (yield)

    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Run a case in the place of its function, and fail by what its judges find."""
        if CASE not in pyfuncitem.stash:
            return None
        case = pyfuncitem.stash[CASE]
        found: list[tuple[str, Violation]] = []
        bug: Exception | None = None
        try:
            found = self.session.run_case(case)
        except Unjudgeable as error:
            pyfuncitem.session.shouldstop = "the target is gone"
            pytest.fail(str(error), pytrace=False)
        except Exception as error:
            bug = error
        if bug:
            self._broke(
                pyfuncitem, bug
            )  # out here, for pytest shows what an exception was raised in
        graded = [
            (rule, problem) for rule, problem in found if _is_must(self.session.contract, rule)
        ]
        outcome = self.session.log.ends.get(case.id, "done")
        if graded:
            pytest.fail("\n".join(_line(rule, problem) for rule, problem in graded), pytrace=False)
        if outcome != "done":
            pytest.fail(outcome, pytrace=False)
        return True

    def _broke(self, item: pytest.Function, error: Exception) -> NoReturn:
        """End the run for a bug of ours, and show it without secrets."""
        redact = self.session.sender.redact
        self.session.recorder.break_off(
            redact(f"The suite itself broke: {item.name}: {type(error).__name__}: {error}")
        )
        item.session.shouldstop = "the suite itself broke"
        pytest.fail(redact("".join(traceback.format_exception(error))), pytrace=False)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """For bare pytest: judge the whole log and write the reports."""
        if self._bare and not session.config.option.collectonly:
            for path in sorted(Path(self._logs.name).glob("*.jsonl")):
                self.session.recorder.merge(evidence.read(path))
            self._run = self.session.finish()
            if self._output:
                write_all(self._run, self._output)
                runfile.write(self._run, self.session.selected, self._output)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """For bare pytest: the summary of cells after that of items."""
        if self._run is not None:
            terminalreporter.section("conformance")
            terminalreporter.write_line(console.summary(self._run, width=100, colour=False))


def _is_must(loaded: Contract, rule: str) -> bool:
    return any(
        rule in clause.rules and clause.level is Level.MUST for clause in loaded.clauses.values()
    )


def _line(rule: str, problem: Violation) -> str:
    text = f"{rule} at {problem.where}: expected {problem.expected}, got {problem.actual} ({', '.join(problem.exchanges[:3])})"
    return clean(text)
