"""How long ``verify`` takes for the bundle of a full run, and how much of it is judging."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.measure import Cost, Process, once
from benchmarks.servers import run, serving, stored
from benchmarks.table import Row

COMMAND = [sys.executable, "-m", "conformance"]
SECONDS = 3.0
"""The goal: seconds of ``verify`` on two cores that do nothing else."""
NAMESPACE = 'namespaces="kaicalls-conformance-vendor"'


def rows(tries: int) -> Iterator[Row]:
    """The seconds and CPU seconds of ``verify`` and ``certify``, compared with judging the log."""
    judging: list[Cost] = []
    verifying: list[Cost] = []
    certifying: list[Cost] = []
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as server:
        directory = Path(name)
        once(run(server))
        judged = Process([sys.executable, "-m", "benchmarks.judging", stored(server).parent])
        certify, verify = _commands(directory, stored(server).parent)
        for _ in range(tries):
            certifying.append(once(certify))
            verifying.append(once(verify))
            judging.append(once(judged))
    alone = _median(judging)
    for what, costs in (("verify", verifying), ("certify", certifying)):
        cost = _median(costs)
        yield Row(what, cost.seconds, "s", "judging alone", alone.seconds)
        yield Row(what, cost.cpu, "CPU s", "judging alone", alone.cpu)
    yield Row("verify", _median(verifying).seconds, "s", "the goal", SECONDS, most=1)


def _median(costs: list[Cost]) -> Cost:
    """The median seconds and CPU seconds of some processes."""
    return Cost(median(each.seconds for each in costs), median(each.cpu for each in costs))


def _commands(directory: Path, run_directory: Path) -> tuple[Process, Process]:
    """The commands that certify a run and verify its bundle, with a key and a trust file."""
    key, bundle, trust = directory / "key", directory / "bundle.zip", directory / "trust"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "vendor@example.org", "-f"]
    subprocess.run([*words, str(key)], check=True)
    public = key.with_suffix(".pub").read_text(encoding="utf-8")
    trust.write_text(f"vendor@example.org {NAMESPACE} {public}", encoding="utf-8")
    named = ["--profile", "core", "--product", "Acme Voice", "--version", "1"]
    certify = [*COMMAND, "certify", run_directory, *named, "--key", key, "--output", bundle]
    verify = [*COMMAND, "verify", bundle, "--trust", trust]
    return Process(certify), Process(verify)
