"""A Dask cluster for tests: a real scheduler and workers on loopback, with mutual TLS."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.fleet.targets import child_of

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
    scheduler: subprocess.Popen[bytes]
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
        yield Cluster(address, tls, scheduler, workers, logs)


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
    child_of(found.workers[0].pid, seconds=30)
    found.workers[0].kill()
