"""The Dask executor: a real scheduler and three worker processes on loopback, with mutual TLS."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conformance.fleet import unit
from conformance.fleet.unit import State
from tests.fleet.conftest import ALL
from tests.fleet.targets import Servers, child_of, impatient, problems_of, rows_of
from tests.servers import Command

LOOPBACK = "127.0.0.1"
DEBUG = "distributed:\n  logging:\n    distributed: debug\n"


def certificates(directory: Path) -> list[str]:
    """An authority and a certificate of it, as the options of Dask and of ``fleet run``."""
    authority, key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")])
    now = datetime.now(UTC)

    def signed(name: x509.Name, public: ec.EllipticCurvePublicKey, ca: bool) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False
            )
        )
        certificate = builder.sign(authority, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM)

    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    contents = {
        "ca": signed(issuer, authority.public_key(), ca=True),
        "cert": signed(subject, key.public_key(), ca=False),
        "key": private,
    }
    options = []
    for name, content in contents.items():
        (directory / f"{name}.pem").write_bytes(content)
        options += [f"--tls-{name}", str(directory / f"{name}.pem")]
    return options


@dataclass(frozen=True)
class Cluster:
    """A scheduler and its workers, and where they log."""

    address: str
    tls: list[str]
    workers: list[subprocess.Popen[bytes]]
    logs: Path

    def log(self, name: str) -> str:
        """What a process has logged."""
        return (self.logs / f"{name}.log").read_text()


@contextmanager
def process(
    logs: Path, name: str, *words: str, env: Mapping[str, str] = {}
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of Dask that logs everything to a file."""
    config = logs / "dask.yaml"
    config.write_text(DEBUG)
    full = {**os.environ, "DASK_CONFIG": str(config), **env}
    command = [sys.executable, "-m", f"distributed.cli.dask_{name.partition('-')[0]}", *words]
    with (logs / f"{name}.log").open("wb") as log:
        begun = subprocess.Popen(command, stdout=log, stderr=log, env=full, cwd=logs)
    try:
        yield begun
    finally:
        begun.kill()
        begun.wait()


@contextmanager
def cluster(logs: Path, keys: Mapping[str, str]) -> Iterator[Cluster]:
    """A scheduler and three workers with one thread each. Only the workers have the keys."""
    tls = certificates(logs)
    with ExitStack() as stack:
        options = [each.replace("--tls-ca", "--tls-ca-file") for each in tls]
        options += ["--protocol", "tls", "--host", LOOPBACK, "--dashboard-address", "127.0.0.1:0"]
        scheduler = stack.enter_context(process(logs, "scheduler", *options, "--port", "0"))
        address = address_in(logs / "scheduler.log", scheduler)
        one = [*options, "--no-nanny", "--nthreads", "1", "--death-timeout", "60"]
        workers = [
            stack.enter_context(process(logs, f"worker-{number}", *one, address, env=keys))
            for number in range(3)
        ]
        yield Cluster(address, tls, workers, logs)


def address_in(log: Path, scheduler: subprocess.Popen[bytes]) -> str:
    """The address that a scheduler logs when it is ready."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline and scheduler.poll() is None:
        found = re.search(r"Scheduler at: +(tls://\S+)", log.read_text())
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def killed_while_working(found: Cluster) -> None:
    """Kill the first worker once it has started a run."""
    worker = found.workers[0]
    child_of(worker.pid, seconds=30)
    os.kill(worker.pid, signal.SIGKILL)


@pytest.mark.long
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
        logged = found.log("scheduler") + outcome.said
    assert outcome.code == 3, outcome.said
    assert re.findall(r"^\[(\d)/7\]", outcome.out, re.MULTILINE) == list("1234567")
    assert {path.name for path in results.iterdir()} == set(ALL)
    states = {name: unit.read(results / name).state for name in ALL}
    assert [name for name in ALL if states[name] is not State.DONE] == ["hanging"], outcome.said
    assert "worker" in logged
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
