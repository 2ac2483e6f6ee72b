"""The Dask executor: a real scheduler and three worker processes on loopback, with mutual TLS."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.fleet import unit
from conformance.fleet.unit import State
from tests.fleet.conftest import ALL
from tests.fleet.dask_cluster import cluster, killed_while_working
from tests.fleet.targets import Servers, impatient, problems_of, rows_of
from tests.servers import Command

pytestmark = pytest.mark.long


def test_a_killed_worker_and_a_hanging_target(servers: Servers, tmp_path: Path) -> None:
    """Every target has one result: that of a killed worker is made again elsewhere.

    A target that hangs holds up no other. Scheduler and tasks know no key.
    """
    plan = impatient(servers.plan(*ALL), "hanging", 8)
    (tmp_path / "logs").mkdir()
    results = tmp_path / "results"
    with cluster(tmp_path / "logs", servers.keys) as found:
        run = ["fleet", "run", plan, "--output", results, "--dask", found.address, *found.tls]
        client = Command(*run, cwd=servers.directory)  # without any key
        killed_while_working(found)
        outcome = client.end(timeout=90)
        scheduler = found.log("scheduler")
        workers = "".join(found.log(f"worker-{number}") for number in range(3))
    assert outcome.code == 3, outcome.said
    assert re.findall(r"^\[(\d)/7\]", outcome.out, re.MULTILINE) == list("1234567")
    assert {path.name for path in results.iterdir()} == set(ALL)
    states = {name: unit.read(results / name).state for name in ALL}
    assert [name for name in ALL if states[name] is not State.DONE] == ["hanging"], outcome.said
    assert "Remove worker" in scheduler
    logged = scheduler + workers + outcome.said
    assert not [key for key in servers.keys.values() if key in logged]
    collected = servers.command("collect", plan, results, "--output", tmp_path / "collected")
    assert collected.code == 1
    rows = rows_of(tmp_path / "collected")
    assert sum(row["state"] == "judged" for row in rows.values()) == 5
    assert problems_of(tmp_path / "collected") == [("dead", "not judged"), ("hanging", "hanging")]


def test_without_tls_nothing_is_sent(servers: Servers, tmp_path: Path) -> None:
    """A scheduler without TLS would let anybody run code on its workers."""
    plan = servers.plan("sound")
    outcome = servers.command("run", plan, "--dask", "tcp://127.0.0.1:1", "--output", tmp_path)
    assert (outcome.code, "without TLS" in outcome.err) == (2, True)


def test_a_key_in_a_target_file_is_not_sent(servers: Servers, tmp_path: Path) -> None:
    """It would be in the memory of the scheduler; the name of a variable is not secret."""
    text = (servers.directory / "targets" / "sound.yaml").read_text()
    target = tmp_path / "literal.yaml"
    target.write_text(text.replace("${SOUND_FULL}", servers.keys["SOUND_FULL"]))
    servers.command("plan", target, "--output", tmp_path / "fleet.json")
    command = ["run", tmp_path / "fleet.json", "--dask", "tls://127.0.0.1:1"]
    outcome = servers.command(*command, "--output", tmp_path / "results")
    assert (outcome.code, "has a key in it" in outcome.err) == (2, True)
    assert servers.keys["SOUND_FULL"] not in outcome.said
