"""A server that lacks optional members, judged by the real command over HTTP."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.server.application import Application
from tests import servers
from tests.faults.requests.values import ScoreOfLetters
from tests.servers import command, no_traceback, run_of, stored
from tests.variants.requests.members import LacksOptionalMembers, ScoreComputed

CLAUSES = ("--clause", "status-400", "--clause", "changed-resource")
OPERATIONS = ["GET /agents", "POST /agents", "PATCH /agents"]
OPERATIONS += ["GET /leads", "POST /leads", "PATCH /leads"]
ABSENT = re.compile("these members, add to the target file: (absent: .+)")


def judged(
    kind: type[Application], directory: Path, **members: Any
) -> tuple[servers.Outcome, dict[str, Any]]:
    """A run on a server with more members in its target file: how it ended, and its run.json."""
    with servers.serving(servers.faulty(kind)) as origin:
        target = servers.target_file(
            servers.faulty(kind), origin, directory / "target.yaml", only=OPERATIONS, **members
        )
        outcome = command("run", "--target", target, *CLAUSES, cwd=directory)
    no_traceback(outcome)
    return outcome, stored(run_of(directory))


@pytest.mark.long
def test_a_server_without_optional_members_is_not_accused(tmp_path: Path) -> None:
    """What it ignores it need not validate. The line that is suggested declares it in one paste."""
    outcome, run = judged(LacksOptionalMembers, tmp_path)
    assert (outcome.code, run["causes"]) == (0, [])
    suggested = ABSENT.search(outcome.said)
    assert suggested is not None
    declared = yaml.safe_load(suggested.group(1))
    assert "vapi_config" in declared["absent"]["update_agent"]
    assert "score" in declared["absent"]["update_lead"]

    outcome, run = judged(LacksOptionalMembers, tmp_path, **declared)
    assert (outcome.code, run["causes"]) == (0, [])
    assert not ABSENT.search(outcome.said)


@pytest.mark.long
def test_a_server_that_computes_the_score_is_not_accused(tmp_path: Path) -> None:
    """No source says that a change can write the score of a lead."""
    outcome, run = judged(ScoreComputed, tmp_path)
    assert (outcome.code, run["causes"]) == (0, [])


@pytest.mark.long
def test_a_score_that_can_be_written_must_be_a_number(tmp_path: Path) -> None:
    """Where a change of the score takes effect, one that is no number must be refused."""
    outcome, run = judged(ScoreOfLetters, tmp_path)
    assert outcome.code == 1
    broken = {cell["operation"] for cell in run["cells"] if cell["verdict"] == "failed"}
    assert "update_lead" in broken
