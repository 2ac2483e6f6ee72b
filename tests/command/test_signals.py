"""What SIGINT, SIGTERM and SIGKILL leave behind."""

from __future__ import annotations

import fcntl
import os
import pty
import random
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from conformance import contract
from conformance.model import PUBLISHED
from conformance.run import runfile
from tests import servers, signals
from tests.command.test_pytest import starting_bare
from tests.servers import FILES, Command, Sandbox, no_traceback, run_of, stored

pytestmark = pytest.mark.long


def test_serve_announces_and_ends(tmp_path: Path) -> None:
    """`serve` prints a line per key, then `ready` and its address. SIGTERM ends it with 0."""
    with servers.sandbox(tmp_path) as running:
        assert all(
            re.fullmatch(r"[a-z_:-]+ kc_(live|test)_[A-Za-z0-9_-]{44}", line)
            for line in running.said[:-1]
        )
        assert re.fullmatch(r"ready http://127\.0\.0\.1:[0-9]+/api/v1", running.said[-1])
        assert {"full", "other", "empty", "expired", "revoked", "no_scope"} <= set(running.keys)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
        assert running.process.stdout is not None
        assert running.process.stdout.read() == ""
        assert running.target.exists()


def test_ctrl_c_ends_a_run(sandbox: Sandbox, tmp_path: Path) -> None:
    """Ctrl-C ends a run with 3, leaves reports that say they are incomplete, and no traceback."""
    before = len(sandbox.requests())
    begun = Command(
        "run", "--target", servers.slowed(sandbox.target, tmp_path / "t.yaml", 60), cwd=tmp_path
    )
    deadline = time.monotonic() + 120
    while len(sandbox.requests()) - before < 60 and time.monotonic() < deadline:
        time.sleep(0.01)
    begun.process.send_signal(signal.SIGINT)
    outcome = begun.end()
    no_traceback(outcome)
    assert outcome.code == 3, outcome.said
    assert (run_of(tmp_path) / "report.html").exists()
    assert stored(run_of(tmp_path))["incomplete"] == "The run was stopped by a signal."


def _alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be looked after does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("by", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_an_ended_run_leaves_no_server(tmp_path: Path, by: str) -> None:
    """A run that a signal ends leaves no embedded server behind, and no traceback."""
    begun = Command("run", cwd=tmp_path)
    _wait(lambda: _logged(tmp_path) > 0)
    children = begun.children()
    assert children
    begun.process.send_signal(signal.Signals[by])
    outcome = begun.end()
    no_traceback(outcome)
    if by != "SIGKILL":
        assert outcome.code == 3, outcome.said
    deadline = time.monotonic() + 120
    while (left := [pid for pid in children if _alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


def test_a_server_that_ends_removes_nothing_of_others(tmp_path: Path) -> None:
    """Started by hand, its target file may stand anywhere: only that file goes."""
    (tmp_path / "kept").mkdir()
    module = [sys.executable, "-m", "conformance.command.embedded"]
    arguments = [str(tmp_path / "t.yaml"), PUBLISHED]
    subprocess.run([*module, *arguments], stdin=subprocess.DEVNULL, timeout=60, check=True)
    assert list(tmp_path.iterdir()) == [tmp_path / "kept"]


def test_a_run_outlives_its_terminal(tmp_path: Path) -> None:
    """A terminal that is closed stops a run as Ctrl-C does: with 3, reports and all."""
    ours, its = pty.openpty()
    with servers.sandbox(tmp_path) as target:
        slow = servers.slowed(target.target, tmp_path / "t.yaml", 20)
        process = subprocess.Popen(
            [sys.executable, "-m", "conformance", *signals.RUN, "--target", slow, "--yes"],
            cwd=tmp_path,
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
            preexec_fn=partial(fcntl.ioctl, 0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads here
        )
        os.close(its)
        _wait(lambda: _logged(tmp_path) > 20)
        os.close(ours)
        assert process.wait(120) == 3
    assert {path.name for path in run_of(tmp_path).iterdir()} == FILES
    assert stored(run_of(tmp_path))["incomplete"] == "The run was stopped by a signal."


# --- at any moment --------------------------------------------------------------------------------

LOGS = ("reports/2*/*.jsonl", "out/*.jsonl", "out/workers/*.jsonl")
USUAL = {"starting": 500_000, "running": 500_000, "judging": 200_000, "writing": 700_000}
"""Calls that each phase has at least; `python -m tests.signals` counts them."""


@pytest.mark.parametrize(
    ("phase", "names"),
    [
        ("starting", ("SIGINT",)),
        ("running", ("SIGHUP",)),
        ("judging", ("SIGTERM",)),
        ("judging", ("SIGINT", "SIGINT")),
        ("writing", ("SIGINT",)),
    ],
    ids=str,
)
def test_a_signal_at_any_moment_leaves_a_run_that_replays(
    phase: str, names: tuple[str, ...]
) -> None:
    """Exit code 3, one line, no traceback, no half file; `python -m tests.signals` tries more."""
    number = random.Random(f"{phase} {names}").randint(1, USUAL[phase])
    outcome, faults = signals.tried(signals.Moment(phase, number, names))
    assert faults == []
    assert outcome.code == 3, outcome.said
    if phase != "starting":
        assert (
            "kaicalls-conformance replay reports/2" in outcome.err or "/report.html" in outcome.out
        )


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("_get_module_lock.<locals>.cb", "SIGINT"),
        ("_get_module_lock.<locals>.cb", "SIGTERM"),
        ("_get_module_lock.<locals>.cb", "SIGHUP"),
        ("<string>", "SIGINT"),
    ],
    ids=str,
)
def test_a_signal_is_heard_wherever_an_import_is(place: str, name: str) -> None:
    """Python drops what is raised in a callback, and ends by SIGINT once it has left exec()."""
    outcome, faults = signals.tried(signals.Moment("starting", 1, (name,), place))
    assert faults == []
    assert outcome.code == 3, outcome.said


def test_a_killed_run_is_replayed(tmp_path: Path) -> None:
    """SIGKILL leaves a run without an end: its replay says so, with exit code 3."""
    with servers.sandbox(tmp_path) as target:
        slow = servers.slowed(target.target, tmp_path / "t.yaml", 60)
        begun = Command("run", "--target", slow, cwd=tmp_path)
        _wait(lambda: _logged(tmp_path) > 20)
        begun.process.kill()
        begun.end()
    run = run_of(tmp_path)
    assert stored(run)["finished"] is None
    assert stored(run)["exit_code"] == 3
    outcome = servers.command("replay", run, "--output", "again", cwd=tmp_path)
    no_traceback(outcome)
    assert outcome.code == 3
    again = stored(tmp_path / "again" / "latest")
    assert again["incomplete"].startswith("The log has no end")
    assert again["finished"] >= again["started"]
    assert again["plan"] == stored(run)["plan"]
    assert again["counts"]["passed"] > 0


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_bare_pytest_that_is_killed_is_replayed(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """What its workers logged counts, too; an earlier run in the directory does not."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("of an earlier run", encoding="utf-8")
    with servers.sandbox(tmp_path) as target:
        slow = servers.slowed(target.target, tmp_path / "t.yaml", 60)
        arguments = ("--conformance-target", slow, "--conformance-output", out, *workers)
        begun = starting_bare(*arguments, cwd=tmp_path)
        _wait(lambda: _logged(tmp_path) > 20)
        os.killpg(begun.process.pid, signal.SIGKILL)
        begun.end()
    assert not (out / "report.html").exists()
    logged = _logged(tmp_path)
    outcome = servers.command("replay", out, cwd=tmp_path)
    no_traceback(outcome)
    assert outcome.code == 3
    again = stored(run_of(tmp_path))
    assert again["incomplete"].startswith("The log has no end")
    assert again["counts"]["passed"] > 0
    again_read = runfile.replay(run_of(tmp_path), contract.load()).run
    assert len(again_read.exchanges) > logged - 5


def _wait(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert reached()


def _logged(directory: Path) -> int:
    """How many exchanges of cases the logs below a directory hold."""
    lines = [line for name in LOGS for path in directory.glob(name) for line in path.open("rb")]
    return sum(b'"exchange":' in line and b'"preflight"' not in line for line in lines)
