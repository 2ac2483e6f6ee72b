"""The suite under pytest, without the command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.faults.faults import FAULTS
from tests.servers import (
    BRIEF,
    Command,
    Outcome,
    Sandbox,
    command,
    faulty,
    no_traceback,
    serving,
    target_file,
)

pytestmark = pytest.mark.long


def starting_bare(*arguments: object, cwd: Path, env: Mapping[str, str] = {}) -> Command:
    """The suite under pytest, which has just begun."""
    fixed = ("--pyargs", "conformance.scenarios", "-p", "no:cacheprovider")
    return Command(*fixed, *arguments, cwd=cwd, module="pytest", env=env)


def bare(*arguments: object, cwd: Path, env: Mapping[str, str] = {}) -> Outcome:
    """The suite under pytest, run to its end."""
    return starting_bare(*arguments, cwd=cwd, env=env).end()


def test_bare_pytest_runs_the_suite(sandbox: Sandbox, tmp_path: Path) -> None:
    """pytest alone runs chosen scenarios from an empty directory, and leaves nothing in it.

    The key may come from the environment, as with the command.
    """
    arguments = ("--conformance-url", sandbox.url, "-k", "walk and agents", "-x")
    outcome = bare(*arguments, cwd=tmp_path, env={"CONFORMANCE_KEY": sandbox.keys["full"]})
    assert outcome.code == 0, outcome.said
    assert re.search(r"[0-9]+ passed", outcome.out)
    assert list(tmp_path.iterdir()) == []


def test_bare_pytest_wants_a_target(tmp_path: Path) -> None:
    """Without a target pytest ends as for wrong usage, and says what to give.

    An address in the environment is no target: it may be meant for another project.
    """
    outcome = bare(cwd=tmp_path, env={"CONFORMANCE_URL": "http://127.0.0.1:9/api/v1"})
    assert outcome.code == 4
    assert "--conformance-url and --conformance-key, or --conformance-target FILE" in outcome.said
    no_traceback(outcome)


def test_bare_pytest_collects(sandbox: Sandbox, tmp_path: Path) -> None:
    """Node ids are readable ASCII words, like the case ids of the command. Nothing is sent."""
    before = len(sandbox.requests())
    outcome = bare(
        "--conformance-url",
        sandbox.url,
        "--conformance-key",
        sandbox.keys["full"],
        "--collect-only",
        "-q",
        cwd=tmp_path,
    )
    assert outcome.code == 0, outcome.said
    ids = [line for line in outcome.out.splitlines() if "::" in line]
    assert len(ids) > 50
    assert all(
        re.fullmatch(r"[A-Za-z0-9_./-]+\.py::test_[a-z_]+\[[A-Za-z0-9_.~:-]+\]", one) for one in ids
    )
    assert len(sandbox.requests()) == before


def test_bare_pytest_with_workers_is_replayed(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its log fits the run. Nobody can make its requests again, so the replay is incomplete."""
    chosen = ("--conformance-clause", BRIEF, "--conformance-target", sandbox.target)
    outcome = bare(*chosen, "--conformance-output", "out", "-n", "2", cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    again = command("replay", "out", cwd=tmp_path)
    assert again.code == 3, again.said
    assert "requests could not be recomputed: Several workers of pytest sent them" in again.out


def test_bare_pytest_that_stops_at_a_failure_is_replayed(tmp_path: Path) -> None:
    """The log says that cases are missing, so the run counts as incomplete and not as forged."""
    app = faulty(FAULTS["flag-as-text"].kind)
    with serving(app) as origin:
        target = target_file(app, origin, tmp_path / "t.yaml", allow=["read"])
        chosen = ("--conformance-clause", "has-more-present", "--conformance-target", target)
        outcome = bare(*chosen, "--conformance-output", "out", "-x", cwd=tmp_path)
    assert outcome.code == 1, outcome.said
    again = command("replay", "out", cwd=tmp_path)
    assert again.code == 1, again.said
    assert re.search("[0-9]+ chosen cases did not run to the end", again.out)
