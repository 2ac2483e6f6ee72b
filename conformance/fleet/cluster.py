"""The executor on a Dask cluster: each target is a task, and its result one bounded archive.

Workers need the suite, and the variables with the keys in their environment. Nothing of them is
sent: the scheduler sees ids and target files without keys, and a run gets only its own variables.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from conformance import __version__
from conformance.base import files
from conformance.base.errors import Unjudgeable, UsageError
from conformance.base.text import clean
from conformance.certify import bundle
from conformance.fleet import archive, unit
from conformance.fleet.archive import TooLarge
from conformance.fleet.unit import Result, State, Unit
from conformance.target import form, keyring

CONNECT = 30
"""Seconds to connect to the scheduler."""


@dataclass(frozen=True)
class Tls:
    """The files for mutual TLS. Without them, Dask takes those of its own configuration."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def run(units: Iterable[Unit], results: Path, address: str, tls: Tls) -> Iterator[Result]:
    """Work units on the cluster at an address, as many at a time as its workers have threads.

    So nothing queues behind a slow target, and the scheduler holds few tasks. The unit of a worker
    that is killed starts again on another one. Raises UsageError for an address without TLS or a
    target file with a key or password in it, and Unjudgeable if there is no scheduler.
    """
    from distributed import Client, Security, as_completed  # noqa: PLC0415 - an extra, and slow

    if not address.startswith("tls://"):
        raise UsageError(
            f"--dask {address}: a scheduler without TLS lets anybody run code on its workers. "
            "Use an address such as tls://scheduler.example.com:8786."
        )
    prepared = iter([sendable(each) for each in units])  # all are checked before any is sent
    security = Security(
        require_encryption=True,
        tls_ca_file=tls.ca and str(tls.ca),
        tls_client_cert=tls.certificate and str(tls.certificate),
        tls_client_key=tls.key and str(tls.key),
    )
    with ExitStack() as stack:
        try:
            client = Client(address, security=security, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise Unjudgeable(f"{address}: no scheduler: {clean(str(error))}") from None
        stack.enter_context(client)
        tasks = as_completed(loop=client.loop)
        running: dict[str, Unit] = {}
        _fill(client, tasks, running, prepared)
        for future in tasks:
            unit_done = running.pop(future.key)
            yield _result_of(future, unit_done, results / unit_done.target)
            future.release()
            _fill(client, tasks, running, prepared)


def _fill(client: Any, tasks: Any, running: dict[str, Unit], units: Iterator[Unit]) -> None:
    """Submit units until each thread of the cluster has one.

    Each is added to ``tasks`` as a future, and to ``running`` under the key of that future.
    """
    threads = sum(client.nthreads().values()) or 1  # while no worker has joined
    for each in islice(units, max(0, threads - len(running))):
        key = f"{each.pins.plan[:12]}-{each.target}"
        running[key] = each
        tasks.add(client.submit(work_on_worker, each, key=key, pure=False))


def sendable(unsent: Unit) -> Unit:
    """The unit with the text of its target file. Raises UsageError for a key or password in it."""
    path = Path(unsent.path)
    value = form.valid(path).value
    if keyring.contains_keys(value):
        raise UsageError(
            f"{path}: has a key in it, which would pass through the scheduler. Write keys as "
            "${NAME}, and set the variables for the workers."
        )
    if urlsplit(value.get("published", "")).password:
        raise UsageError(
            f"{path}: published: has a password in it, which would pass through the scheduler. "
            "Publish the run where it needs none, or work this target without --dask."
        )
    return replace(unsent, text=path.read_bytes().decode())


def work_on_worker(sent: Unit) -> bytes:
    """Work a unit on a worker of the cluster, and return its folder as an archive.

    A target that fails does not raise, because Dask would put the arguments of the task into the
    logs of the cluster. If the archive would be too large, it has only a result that says so.
    """
    with files.private(), tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        folder = Path(scratch, sent.target)
        result = unit.work(sent, folder, Event())
        try:
            return archive.packed(folder)
        except TooLarge as error:
            lost = replace(result, state=State.DIED, run=None, words=str(error))
        only_result = Path(scratch, "alone")
        only_result.mkdir()
        unit.store(lost, only_result)
        return archive.packed(only_result)


def _result_of(future: Any, sent: Unit, folder: Path) -> Result:
    """Write the folder of a finished task, and return its result.

    If the task failed, or its archive is not valid, the folder gets a result that says so.
    """
    try:
        archive.unpack(future.result(), folder)
        return unit.read(folder)
    except (bundle.Invalid, UsageError) as error:
        words = f"The archive of the worker is not valid: {error}"
    except Exception as error:  # such as KilledWorker, after several workers have died
        words = f"{type(error).__name__}: {error}"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    lost = Result(sent.target, sent.pins.plan, __version__, sent.digest, State.DIED, now, now)
    lost = replace(lost, words=clean(words)[:500])
    folder.mkdir(parents=True, exist_ok=True)
    unit.store(lost, folder)
    return lost
