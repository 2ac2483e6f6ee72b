"""What a fleet costs: per target, and in memory of whoever starts, schedules and collects.

``python -m benchmarks.fleet DIRECTORY COUNT`` is a night with accidents: a worker of the Dask
cluster is killed, a target hangs, and a shard never comes. It leaves its files in the directory.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import PIPE, Popen

from benchmarks.measure import Cost, Process, environment, measured
from benchmarks.mounts import HANGING
from benchmarks.servers import ready
from benchmarks.table import Row
from conformance.fleet import plan, shards
from tests.fleet.dask_cluster import cluster, killed_while_working
from tests.fleet.targets import CHOSEN, impatient

FEW, MANY = 20, 200
"""Targets of the two fleets that are compared."""
LOST = (7, 10)
"""The shard that never comes."""
FLAT = 1.2
"""The most that memory may grow from the smaller to the larger fleet."""
TIMEOUT, IMPATIENT = 300, 15
"""Seconds of every target, and of the one that hangs."""
COMMAND = """\
import atexit, resource, sys
from conformance.command import cli

def report():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print("took", usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)

atexit.register(report)
sys.exit(cli.outcome())
"""
"""The command, which ends with its own CPU seconds and its most memory, without its children."""


@dataclass(frozen=True)
class Night:
    """The CPU seconds and MiB of the processes of a night, and the targets with a result."""

    results: int
    starter: Cost
    collector: Cost
    scheduler: float


def rows(tries: int) -> Iterator[Row]:
    """The cost per target, and how memory grows from a small to a large fleet."""
    del tries  # a night takes minutes
    with tempfile.TemporaryDirectory() as name:
        alone, pooled = _per_target(Path(name, "pool"))
        few, many = (_in_process(Path(name, str(count)), count) for count in (FEW, MANY))
    yield Row("run, per target", pooled, "CPU s", "run alone", alone, tries=1)
    per_target = many.collector.cpu / many.results
    yield Row("collect, per target", per_target, "CPU s", "run alone", alone, tries=1)
    against = f"{FEW} targets"
    grown = {
        "run on a cluster": (many.starter.memory, few.starter.memory),
        "scheduler": (many.scheduler, few.scheduler),
        "collect": (many.collector.memory, few.collector.memory),
    }
    for what, (figure, other) in grown.items():
        yield Row(f"{what}, {MANY} targets", figure, "MiB", against, other, FLAT, tries=1)


def _per_target(directory: Path) -> tuple[float, float]:
    """The CPU seconds of a run alone, and of one of a fleet on this machine."""
    directory.mkdir()
    with ready(["benchmarks.mounts", str(directory), str(FEW)]):
        path = _planned(directory, without=HANGING)
        keys = _keys(directory)
        target = directory / plan.read(path).targets[0].file
        words = ["run", "--yes", "--target", target, "--output", directory / "alone", *CHOSEN]
        alone, _ = measured(_command(words, directory, keys))
        words = ["fleet", "run", path, "--output", directory / "results"]
        pooled, _ = measured(_command(words, directory, keys))
    return alone.cpu, pooled.cpu / (FEW - 1)


def _in_process(directory: Path, count: int) -> Night:
    """A night in a process of its own, whose memory is not charged to those that it measures."""
    directory.mkdir()
    words = [sys.executable, "-m", "benchmarks.fleet", str(directory), str(count)]
    with Popen(words, stdout=PIPE, text=True, env=environment()) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.read().splitlines()[-1])
    costs = {name: Cost(**told[name]) for name in ("starter", "collector")}
    return Night(told["results"], **costs, scheduler=told["scheduler"])


def night(directory: Path, count: int) -> Night:
    """A night of so many targets, with accidents."""
    with ready(["benchmarks.mounts", str(directory), str(count)]):
        path = impatient(_planned(directory), HANGING, IMPATIENT)
        (directory / "logs").mkdir()
        with cluster(directory / "logs", _keys(directory)) as found:
            words = ["fleet", "run", path, "--output", directory / "results"]
            options = ["--dask", found.address, *found.tls]
            command = _command([*words, *options], directory, {})
            running = Popen(
                [str(word) for word in command.arguments],
                cwd=directory,
                stdout=PIPE,
                text=True,
                env=environment(),
            )
            killed_while_working(found)
            said, _ = running.communicate()
            scheduler = _most_memory(found.scheduler.pid)
    fleet = plan.read(path)
    lost = shards.members(fleet, *LOST)
    for member in lost:
        (directory / "results" / member.id).rename(directory / f"lost-{member.id}")
    words = ["fleet", "collect", path, directory / "results", "--output", directory / "collected"]
    collected = _command(words, directory, {}, codes=(0, 1, 3))
    _, told = measured(collected)
    (directory / "said.txt").write_text(said + told)
    return Night(count - len(lost), _own(said), _own(told), scheduler)


def _planned(directory: Path, without: str = "") -> Path:
    """The plan of all target files in a directory."""
    files = [path for path in sorted(directory.glob("*.yaml")) if path.stem != without]
    words = ["fleet", "plan", *files, *CHOSEN, "--timeout", TIMEOUT]
    measured(_command(words, directory, {}))
    return directory / "fleet.json"


def _keys(directory: Path) -> dict[str, str]:
    """The variables with the keys of all targets."""
    keys: dict[str, str] = json.loads((directory / "keys.json").read_text())
    return keys


def _command(
    words: Sequence[object], directory: Path, keys: dict[str, str], codes: Sequence[int] = (0, 1, 3)
) -> Process:
    """A command, which ends with its own CPU seconds and its most memory."""
    arguments = [sys.executable, "-c", COMMAND, *[str(word) for word in words]]
    return Process(arguments, directory, keys, tuple(codes))


def _own(output: str) -> Cost:
    """What a command says that it took."""
    _, cpu, memory = output.splitlines()[-1].split()
    return Cost(0.0, float(cpu), float(memory))


def _most_memory(pid: int) -> float:
    """The most MiB that a running process held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    print(json.dumps(asdict(night(Path(sys.argv[1]), int(sys.argv[2])))))
