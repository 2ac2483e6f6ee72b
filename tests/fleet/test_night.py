"""A night of a fleet by real processes: a server hangs, one is dead, and a shard never arrives."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from conformance.fleet import unit
from tests.fleet.conftest import ALL, Night
from tests.fleet.targets import KINDS, alive, child_of, problems_of, rows_of, shard_of
from tests.servers import no_traceback, text_of

pytestmark = pytest.mark.long


def test_every_target_has_a_result(night: Night) -> None:
    """One folder for each target, in the results of its shard, also if it hangs or is dead."""
    for name in ALL:
        number = shard_of(night.plan, name, 2)
        result = unit.read(night.shards[number - 1] / name)
        assert (result.target, result.ended is None) == (name, False)
        assert not (night.shards[2 - number] / name).exists()


def test_a_hanging_run_is_killed(night: Night) -> None:
    """It ends within its own time, and holds up no other; the exit code says that one is lost."""
    hanging = unit.read(night.folder("hanging"))
    assert (hanging.state, hanging.words) == (unit.State.HANGING, "It was killed after 6 s.")
    codes = [outcome.code for outcome in night.outcomes]
    assert codes[shard_of(night.plan, "hanging", 2) - 1] == 3
    for outcome in night.outcomes:
        no_traceback(outcome)


def test_a_lost_shard_is_not_green(night: Night) -> None:
    """Its targets are missing by name, and the collection of both shards has them all."""
    here, plan = night.servers, night.plan
    lost = shard_of(plan, "sound", 2)
    kept = night.shards[2 - lost]
    some = here.command("collect", plan, kept, "--output", "some")
    missing = {name for name in ALL if shard_of(plan, name, 2) == lost}
    said = json.loads((here.directory / "some" / "fleet.json").read_text())
    assert set(said["missing"]) == missing
    assert "sound: missing: No result arrived." in some.out
    rows = rows_of(here.directory / "some")
    assert {name for name, row in rows.items() if row["state"] == "never judged"} >= missing
    assert some.code in (1, 3)
    no_traceback(some)


def test_a_collection_has_every_target(night: Night) -> None:
    """The first collection: every cause is new, and what hangs or is dead was never judged."""
    here = night.servers
    outcome = here.command("collect", night.plan, *night.shards, "--output", "all")
    assert outcome.code == 1, outcome.said
    rows = rows_of(here.directory / "all")
    assert list(rows) == sorted(ALL)
    for name in KINDS:
        row = rows[name]
        assert (row["state"], row["words"], row["name"]) == ("judged", "", name)
        assert row["verdict"] == ("conforms" if name == "sound" else "broken")
        assert bool(row["new"]) == (name != "sound")
        assert (here.directory / "all" / row["report"]).exists()
        assert len(row["trend"]) == 1
    assert [rows[name]["state"] for name in ("hanging", "dead")] == ["never judged"] * 2
    problems = problems_of(here.directory / "all")
    assert problems == [("dead", "not judged"), ("hanging", "hanging")]
    entry = json.loads((here.directory / "all" / "targets" / "html" / "target.json").read_text())
    page = (here.directory / "all" / "targets" / "html" / "report.html").read_text()
    fragment = entry["cells"]["envelope-unrouted"].partition("#")[2]
    assert fragment.startswith("cause-")
    assert f'id="{fragment}"' in page
    assert outcome.out.splitlines()[-1].strip() == "all/index.html"
    site = (here.directory / "all" / "index.html").read_text()
    assert all(name in site for name in ALL)


def test_no_key_is_in_any_result(night: Night) -> None:
    """Keys are redacted in all files of a run, in its output and in result.json."""
    for shard in night.shards:
        for path in shard.rglob("*"):
            if path.is_file():
                text = text_of(path.parent, path.name)
                assert not [key for key in night.servers.keys.values() if key in text]


def test_a_killed_parent_takes_its_runs_along(night: Night, tmp_path: Path) -> None:
    """The runs of a killed `fleet run` end with it, and the collection says that one was lost."""
    here = night.servers
    process = here.begun("run", night.plan, "--output", tmp_path, "--jobs", 4)
    child = child_of(process.process.pid)
    process.process.kill()
    process.process.wait()
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)
    # a run that was about to begin has a folder without a result
    begun = [path.parent for path in tmp_path.glob(f"*/{unit.RESULT}")]
    assert unit.State.RUNNING in {unit.read(path).state for path in begun}
