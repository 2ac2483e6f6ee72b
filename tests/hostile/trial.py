"""Tries the command on one hostile mode: a run, its files, a replay, and what was wrong."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import yaml

from conformance.server.declaration import declaration
from tests import servers
from tests.hostile.base import DISK, MEGABYTES, SECONDS, Mode, Right
from tests.hostile.front import Front, Seen
from tests.servers import Outcome, allowed

TIMEOUT = 2
"""Seconds for one answer, as the target file says."""
COMMANDS_OF_RUNNERS = re.compile(r"^\s*::|##vso\[|##teamcity\[|##\[", re.MULTILINE)
"""What a runner of CI takes for a command when it stands in the output."""


@dataclass(frozen=True)
class Result:
    """What came of a mode. ``wrongs`` holds a sentence for each thing that was not right."""

    name: str
    code: int | None
    requests: int
    seconds: float
    memory: float
    disk: float
    wrongs: tuple[str, ...]


# --- the server, in a process of its own ----------------------------------------------------------


@dataclass(frozen=True)
class Declared:
    """A running hostile server: its target file, its keys, and the pipe to its process."""

    target: Path
    keys: tuple[str, ...]
    pipe: Connection

    def seen(self) -> Seen:
        """What the server has seen so far."""
        self.pipe.send("seen")
        told: Seen = self.pipe.recv()
        return told


@contextmanager
def server(mode: Mode, directory: Path) -> Iterator[Declared]:
    """The server of a mode. Its memory is not that of the command, for it has its own process."""
    ours, theirs = get_context("fork").Pipe()
    process = get_context("fork").Process(target=_serve, args=(mode, directory, theirs))
    process.start()
    theirs.close()
    try:
        target, keys = ours.recv()
        yield Declared(target, keys, ours)
    finally:
        process.kill()
        process.join()


def _serve(mode: Mode, directory: Path, pipe: Connection) -> None:
    app = servers.faulty(mode.kind)
    with servers.serving(app) as origin:
        upstream = urlsplit(origin)
        secure = mode.secure(directory) if mode.secure else None
        address = (upstream.hostname or "", upstream.port or 0)
        front = Front(address, mode.when.picks, mode.spoil, secure, servers.keys_of(app)["full"])
        place = f"{mode.scheme}://{mode.host}:{front.port}"
        path = directory / "target.yaml"
        told = _declared(mode, declaration(app, place + app.contract.base_path), directory)
        path.write_text(yaml.safe_dump(told), encoding="utf-8")
        pipe.send((path, tuple(servers.keys_of(app).values())))
        while pipe.recv():
            if front.trap.visits:
                front.seen.wrongs.append("another server was visited")
            pipe.send(front.seen)


def _declared(mode: Mode, told: dict[str, Any], directory: Path) -> dict[str, Any]:
    """The target file of a mode. It has no clock, so that every request meets the mode."""
    del told["clock"]
    for name, value in mode.declares.items():
        told[name] = value.format(directory=directory) if isinstance(value, str) else value
    return told | {"timeout": TIMEOUT}


# --- one mode -------------------------------------------------------------------------------------


def tried(mode: Mode, directory: Path, options: Sequence[str] = ()) -> Result:
    """Run the command on a mode, with more options, then replay; ``directory`` must be empty."""
    with server(mode, directory) as declared:
        arguments = ("run", "--target", declared.target, "--yes", "--depth", "quick")
        try:
            ran = servers.command(
                *arguments, *mode.options, *options, cwd=directory, timeout=SECONDS
            )
        except AssertionError:
            return _killed(mode, directory, declared.seen())
        seen = declared.seen()
    wrongs = [*dict.fromkeys(seen.wrongs), *_wrongs(mode, directory, ran, declared.keys)]
    size = _disk(directory / "reports")
    wrongs += _over("the run", ran, size)
    return Result(mode.name, ran.code, seen.requests, ran.seconds, ran.memory, size, tuple(wrongs))


def _killed(mode: Mode, directory: Path, seen: Seen) -> Result:
    """The result of a run that did not end."""
    wrong = f"the run was not done in {SECONDS} s"
    wrongs = (wrong, *dict.fromkeys(seen.wrongs))
    return Result(mode.name, None, seen.requests, SECONDS, 0, _disk(directory), wrongs)


def _wrongs(mode: Mode, directory: Path, ran: Outcome, keys: Iterable[str]) -> Iterator[str]:
    """What is not right about a run, a sentence each."""
    yield from _wrong_output(ran)
    yield from _wrong_code(mode.right, ran)
    run = servers.run_of(directory)
    if (run / "run.json").is_file():
        yield from wrong_verdicts(mode.right, servers.stored(run))
        yield from _wrong_replay(directory, run, ran)
    elif run.is_dir():
        yield "the run left files, but no run.json"
    yield from _shown_keys(mode, directory, ran, keys)


def _wrong_output(ran: Outcome) -> Iterator[str]:
    if "Traceback" in ran.said:
        yield "a traceback was printed"
    if servers.CONTROL.search(ran.said):
        yield "characters that act on a terminal were printed"
    if COMMANDS_OF_RUNNERS.search(ran.said):
        yield "a command of a CI runner was printed"


def _wrong_code(right: Right, ran: Outcome) -> Iterator[str]:
    if ran.code not in right.codes:
        told = " ".join(ran.said.split())[-300:]
        codes = " or ".join(str(code) for code in right.codes)
        yield f"exit code {ran.code}, not {codes}: {told}"
    if right.says and not re.search(right.says, ran.said, re.IGNORECASE):
        yield f"the output does not say {right.says!r}"


def wrong_verdicts(right: Right, told: Any) -> Iterator[str]:
    """What a stored run says that is not right."""
    blamed = [cell["clause"] for cell in told["cells"] if cell["verdict"] in ("failed", "warned")]
    yield from _wrong_blame(right, Counter(blamed))
    if right.incomplete is not None and right.incomplete != bool(told["incomplete"]):
        yield "the run is incomplete" if told["incomplete"] else "the run is not incomplete"
    errors = told["counts"]["error"]
    if errors and not right.errors:
        yield f"{errors} cells are errors"


def _wrong_blame(right: Right, blamed: Mapping[str, int]) -> Iterator[str]:
    """What is not right about the clauses that were blamed, and how often each was."""
    for clause, count in blamed.items():
        if not _matches(clause, right.may) or _matches(clause, right.never):
            yield f"{clause} is blamed {count} times"
    if right.must and not any(_matches(clause, right.must) for clause in blamed):
        yield f"{' or '.join(right.must)} is not blamed"


def _matches(clause: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(clause, pattern) for pattern in patterns)


def _wrong_replay(directory: Path, run: Path, ran: Outcome) -> Iterator[str]:
    """What a replay does otherwise than the run."""
    again = directory / "again"
    again.mkdir()
    try:
        outcome = servers.command("replay", run, cwd=again, timeout=SECONDS)
    except AssertionError:
        yield f"the replay was not done in {SECONDS} s"
        return
    yield from (f"in the replay {wrong}" for wrong in _wrong_output(outcome))
    yield from _over("the replay", outcome, _disk(again / "reports"))
    if outcome.code != ran.code:
        yield f"the replay has exit code {outcome.code}, not {ran.code}"
    if not (again / "reports").is_dir():
        yield "the replay left no reports"
        return
    first, second = servers.stored(run), servers.stored(servers.run_of(again))
    yield from (
        f"the replay has other {name}"
        for name in ("counts", "cells", "incomplete")
        if first[name] != second[name]
    )


def _over(what: str, outcome: Outcome, disk: float) -> Iterator[str]:
    """Which bounds a process went over."""
    if outcome.seconds > SECONDS:
        yield f"{what} took {outcome.seconds:.0f} s"
    if outcome.memory > allowed(MEGABYTES):
        yield f"{what} held {outcome.memory:.0f} MiB"
    if disk > DISK:
        yield f"{what} left {disk:.0f} MiB of files"


# --- files ----------------------------------------------------------------------------------------


def _files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file() and not path.is_symlink()]


def _disk(directory: Path) -> float:
    """The size of the files below a directory, in MiB."""
    return sum(path.stat().st_size for path in _files(directory)) / 2**20


def _shown_keys(mode: Mode, directory: Path, ran: Outcome, keys: Iterable[str]) -> Iterator[str]:
    """Where a key stands in an output, in a spelling that must not be there."""
    texts = {"the output": ran.said.encode("utf-8", "surrogateescape")}
    for path in _files(directory / "reports"):
        texts[path.name] = _content(path)
    spelt = {form for key in keys for form in (*usual_forms(key), *mode.forms(key))}
    for name, text in texts.items():
        if any(form.encode() in text for form in spelt):
            yield f"a key stands in {name}"


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def usual_forms(key: str) -> Iterator[str]:
    """A key as it is, in the spellings of JSON and of addresses, and in base64 at each offset."""
    yield from {key, json.dumps(key)[1:-1], quote(key, safe="")}
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + key.encode()).decode()
        yield coded[4 if offset else 0 : -4]  # without what depends on the letters around the key
