"""What SIGINT, SIGTERM and SIGKILL leave behind."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests import servers
from tests.servers import Command, Sandbox, no_traceback, run_of, stored


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
    deadline = time.monotonic() + 120
    while (
        not any(log.stat().st_size for log in tmp_path.glob("reports/*/exchanges.jsonl"))
        and time.monotonic() < deadline
    ):
        time.sleep(0.01)
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
