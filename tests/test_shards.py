"""Shards of a run on several machines, merged into the same run as one that was never split."""

from __future__ import annotations

import json
import re
import shutil
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from conformance.certify.recompute import mismatches
from conformance.model import PREFLIGHT
from conformance.run import runfile
from conformance.run.lanes import Lane
from conformance.run.shards import NAME, Shard
from conformance.transport.sender import LOOK
from tests import golden
from tests.forging import Line, forged
from tests.servers import (
    Outcome,
    command,
    faulty,
    lines_of,
    no_traceback,
    run_of,
    serving,
    stored,
    target_file,
    text_of,
)
from tests.support import contracts

pytestmark = pytest.mark.long

COUNT = 2
WRITES = ("--area", "writes")


class Place:
    """A directory, and the address shared by successive servers."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._port = 0

    def _wait(self) -> None:
        """Wait until the previous server has ended."""
        for _ in range(100):
            with socket.socket() as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    tried.bind(("127.0.0.1", self._port))
                except OSError:
                    time.sleep(0.1)
                else:
                    return

    def run(self, name: str, *more: str, chosen: Sequence[str] = WRITES) -> Path:
        """A run against a new server, always at the same address; its directory."""
        within = self.directory / name
        within.mkdir()
        app = faulty()
        self._wait()
        with serving(app, self._port) as origin:
            self._port = int(origin.rpartition(":")[2])
            file = target_file(app, origin, within / "t.yaml")
            outcome = command("run", "--target", file, *chosen, *more, cwd=within)
            assert outcome.code == 0, outcome.said
        return run_of(within)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The directory and address for the runs of this module."""
    return Place(tmp_path_factory.mktemp("shards"))


@pytest.fixture(scope="module")
def parts(place: Place) -> list[Path]:
    """The directories of the shards of a run."""
    return [place.run(f"part{k}", "--shard", f"{k}/{COUNT}") for k in range(1, COUNT + 1)]


@pytest.fixture
def merge(tmp_path: Path) -> Callable[..., Outcome]:
    """Merge some directories."""

    def merged(*directories: Path) -> Outcome:
        outcome = command("merge", *directories, cwd=tmp_path)
        no_traceback(outcome)
        return outcome

    return merged


def told(run: Path) -> tuple[list[str], Counter[str], list[tuple[str, str]]]:
    """The requests of a run without what differs each time, its verdicts, and its ends."""
    lines = text_of(run, runfile.PACKED).splitlines()
    cells = stored(run)["cells"]
    verdicts = Counter(f"{c['clause']}[{c['operation']}] {c['verdict']}" for c in cells)
    entries = [json.loads(line) for line in lines]
    ends = [(each["case_end"], each["outcome"]) for each in entries if "case_end" in each]
    requests = []
    for line in golden.sent(lines):
        label, _url, status, _digest = line.rsplit(" ", 3)  # URLs and texts hold a mark of the run
        requests.append(f"{label} {status}")
    return requests, verdicts, ends


def test_merged_shards_equal_a_run_that_was_never_split(
    place: Place, parts: list[Path], merge: Callable[..., Outcome], tmp_path: Path
) -> None:
    """The same requests in the same order, the same verdicts and ends, and each list once."""
    outcome = merge(*reversed(parts))
    assert outcome.code == 0, outcome.said
    assert told(run_of(tmp_path)) == told(place.run("whole"))


@pytest.mark.parametrize("few", [("--depth", "quick"), ("--budget", "150")], ids=" ".join)
def test_merged_shards_of_few_requests_equal_a_run_that_was_never_split(
    place: Place, merge: Callable[..., Outcome], tmp_path: Path, few: tuple[str, str]
) -> None:
    """The same verdicts and ends: each case that is cut short is so in its shard."""
    name = few[-1]
    split = [
        place.run(f"{name}{number}", "--shard", f"{number}/{COUNT}", chosen=few)
        for number in range(1, COUNT + 1)
    ]
    outcome = merge(*split)
    assert outcome.code == 0, outcome.said
    _, verdicts, ends = told(run_of(tmp_path))
    _, whole_verdicts, whole_ends = told(place.run(name, chosen=few))
    assert sorted(ends) == sorted(whole_ends)
    assert verdicts == whole_verdicts


def test_a_missing_shard_is_reported_and_its_cells_are_untested(
    parts: list[Path], merge: Callable[..., Outcome], tmp_path: Path
) -> None:
    """The others are judged. The exit code is 3."""
    outcome = merge(parts[0])
    assert outcome.code == 3
    assert "shard 2 of 2 is missing" in outcome.err
    counts = stored(run_of(tmp_path))["counts"]
    assert counts["passed"] > 100
    assert counts["failed"] == counts["error"] == 0


def test_a_duplicate_shard_is_reported(parts: list[Path], merge: Callable[..., Outcome]) -> None:
    """It is used once."""
    outcome = merge(*parts, parts[1])
    assert outcome.code == 3
    assert re.search("shard 2 of 2 .* duplicates", outcome.err)


def test_a_shard_of_another_run_is_reported(
    place: Place, parts: list[Path], merge: Callable[..., Outcome]
) -> None:
    """The message says what differs. Its cells are untested."""
    foreign = place.run("foreign", "--shard", f"2/{COUNT}", "--seed", "7")
    outcome = merge(parts[0], foreign)
    assert outcome.code == 3
    assert re.search("belong to different runs: they differ in seed", outcome.err)
    assert "shard 2 of 2 is missing" in outcome.err


def test_a_killed_shard_keeps_what_it_logged(
    parts: list[Path], merge: Callable[..., Outcome], tmp_path: Path
) -> None:
    """Its log has no end, but the exchanges before that are judged."""
    cut = tmp_path / "cut"
    shutil.copytree(parts[0], cut)
    lines = text_of(cut, runfile.PACKED).splitlines(keepends=True)
    (cut / runfile.PACKED).unlink()
    (cut / runfile.LOG).write_text("".join(lines[: len(lines) // 2]))
    outcome = merge(cut, *parts[1:])
    assert outcome.code == 3
    assert "shard 1 of 2" in outcome.err
    assert stored(run_of(tmp_path))["counts"]["passed"] > 100


def test_a_read_that_looked_at_the_target_comes_after_the_cases(
    parts: list[Path], merge: Callable[..., Outcome], tmp_path: Path
) -> None:
    """It repeats a read that succeeded before, and a replay of the merged run requires that."""
    reads: dict[str, list[str]] = {}
    for line in lines_of(parts[0]):
        if line["request"]["method"] == "GET" and line["response"]["status"] == 200:
            reads.setdefault(line["request"]["url"], []).append(line["exchange"])
    _, repeated, *_ = max(reads.values(), key=len)

    def as_look(line: Line) -> Line:
        label = {"scenario": PREFLIGHT, "case": LOOK.id}
        return line | label if line.get("exchange") == repeated else line

    looked = forged(parts[0], tmp_path / "looked", as_look)
    shutil.copy(parts[0] / NAME, looked)
    merge(looked, *parts[1:])
    merged = run_of(tmp_path)
    assert LOOK.id in {line["case"] for line in lines_of(merged)}
    assert mismatches(runfile.open_run(merged, contracts.real())) == []


@pytest.mark.parametrize("text", ["0/3", "4/3", "2", "a/b", "1/0"])
def test_a_wrong_shard_is_a_usage_error(text: str, tmp_path: Path) -> None:
    """One message says what to write."""
    outcome = command("run", "--shard", text, cwd=tmp_path)
    assert outcome.code == 2
    assert "write the shard and the number of shards, such as 2/5" in outcome.err


def test_a_whole_run_is_not_a_shard(merge: Callable[..., Outcome], tmp_path: Path) -> None:
    """A directory without a run, or with a broken file, is not one either."""
    (tmp_path / "empty").mkdir()
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / NAME).write_text('{"number": "x"}')
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / NAME).write_text('{"number": 1, "of": 2, "chosen": 5}')
    for directory in (tmp_path / "empty", broken, wrong):
        outcome = merge(directory)
        assert outcome.code == 2
        assert "Specify directories written by `run --shard`" in outcome.err


def test_the_shard_of_a_case_does_not_depend_on_the_plan() -> None:
    """Only its id decides; writes of one kind stay together."""
    reads, writes = Lane("reads", harmless=True), Lane("writes", "agent")
    for number in range(200):
        case = f"case[{number}]"
        held = [Shard(k, 5).holds(case, reads) for k in range(1, 6)]
        assert sum(held) == 1
    together = {Shard(2, 5).holds(f"case[{number}]", writes) for number in range(50)}
    assert len(together) == 1
