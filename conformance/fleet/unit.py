"""A unit of work: the suite against one target, in a process of its own, and what became of it."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Event

from conformance import __version__
from conformance.base import files, stored
from conformance.base.errors import UsageError, reason
from conformance.fleet import supervised
from conformance.fleet.plan import FORMAT, Fleet, Member, Pins
from conformance.log import schemas
from conformance.target import KEY_VARIABLE, form

RESULT, RUN, BUNDLE, OUTPUT = "result.json", "run", "bundle.zip", "output.txt"
"""The files and folders in the folder of a target."""
ORDER = "unit.json"
"""The file that passes a unit to ``fleet accept``; removed afterwards."""
WORK = ".work"
"""The output directory of the run; removed afterwards."""
SHARE = 0.9
"""The share of its time limit after which a run stops by itself and judges what it has sent."""


class State(StrEnum):
    """What became of a unit. If it is still ``RUNNING`` when it is collected, it was lost."""

    RUNNING = "running"
    DONE = "done"
    HANGING = "hanging"
    DIED = "died"


@dataclass(frozen=True)
class Unit:
    """What an executor works: a target, its target file, and what the plan pins.

    ``text`` is the target file where it has to be sent to another machine; otherwise the file is
    read from ``path``. ``trust`` is the path of a trust file, for published bundles.
    """

    target: str
    path: str
    digest: str
    timeout: int
    pins: Pins
    published: str | None = None
    spec: str | None = None
    trust: str | None = None
    text: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Result:
    """What became of a unit, as stored in result.json. ``run`` names the file or folder of the run.

    ``plan`` and ``file`` are the digests of the plan and of the target file. ``words`` say what
    went wrong.
    """

    target: str
    plan: str
    suite: str
    file: str
    state: State
    started: str
    ended: str | None = None
    exit_code: int | None = None
    origin: str = "fleet"
    run: str | None = None
    words: str = ""


Executor = Callable[[Iterable[Unit], Path], Iterator[Result]]
"""Works units, each in its folder of a directory, and yields their results in any order."""


def units(
    fleet: Fleet, members: Iterable[Member], *, spec: Path | None, trust: Path | None
) -> Iterator[Unit]:
    """The units of some targets of a plan."""
    for member in members:
        path = fleet.path_of(member)
        yield Unit(
            member.id,
            str(path),
            member.digest,
            member.timeout,
            fleet.pins,
            published=_place(member.published, path.parent),
            spec=None if spec is None else str(spec.resolve()),
            trust=None if trust is None else str(trust.resolve()),
        )


def _place(published: str | None, folder: Path) -> str | None:
    """Where a published run is. A relative path starts from ``folder``, that of the target file."""
    if published is None or "://" in published:
        return published
    return str(folder / published)


def work(unit: Unit, folder: Path, stop: Event) -> Result:
    """Run the suite against a target. Whatever happens, the folder has a result.json afterwards."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    begun = Result(
        unit.target, unit.pins.plan, __version__, unit.digest, State.RUNNING, started=_now()
    )
    store(begun, folder)
    (folder / OUTPUT).touch()
    try:
        result = _work(unit, begun, folder, stop)
    except Exception as error:  # what happens to one target must not end the others
        result = replace(begun, state=State.DIED, words=reason(error)[: supervised.LONGEST])
    shutil.rmtree(folder / WORK, ignore_errors=True)
    result = replace(result, ended=_now())
    store(result, folder)
    return result


def store(result: Result, folder: Path) -> None:
    """Write the result.json of a folder."""
    with files.replacing_text(folder / RESULT) as stream:
        stream.write(json.dumps({"format": FORMAT, **asdict(result)}) + "\n")


def read(folder: Path) -> Result:
    """The result in a folder, which may be hostile.

    Raises UsageError if it is missing or invalid.
    """
    path = folder / RESULT
    try:
        data = schemas.checked(schemas.RESULT, stored.text_of(path))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not the result of a target: {reason(error)}") from None
    del data["format"]
    data["state"] = State(data["state"])
    return Result(**data)


def unit_in(path: Path) -> Unit:
    """The unit in the file that is passed to the command ``fleet accept``."""
    data = json.loads(path.read_text(encoding="utf-8"))
    data["pins"] = Pins(**data["pins"])
    return Unit(**data)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


# --- the processes --------------------------------------------------------------------------------


def _work(unit: Unit, begun: Result, folder: Path, stop: Event) -> Result:
    """Fetch the published run of a unit, or run the suite if there is none that is accepted.

    Raises ConformanceError and OSError for a unit that cannot start.
    """
    if unit.pins.suite != __version__:
        text = (
            f"The plan pins version {unit.pins.suite} of the suite; this machine has {__version__}."
        )
        return replace(begun, state=State.DIED, words=text)
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        path = _target_file(unit, Path(scratch))
        env = supervised.environment(_variables(path))
        why_not_published = ""
        if unit.published:
            published = _fetch_published(unit, begun, path, folder, stop)
            if published.run is not None:
                return published
            why_not_published = published.words
        result = _run(unit, begun, path, env, folder, stop)
    if why_not_published:
        return replace(result, words=f"{why_not_published} {result.words}".strip())
    return result


def _target_file(unit: Unit, scratch: Path) -> Path:
    """The path of the target file of a unit, written to ``scratch`` if the unit has its text.

    Raises UsageError if it is not the file that was planned.
    """
    path = Path(unit.path)
    if unit.text is not None:
        path = scratch / path.name
        path.write_bytes(unit.text.encode())
    if hashlib.sha256(path.read_bytes()).hexdigest() != unit.digest:
        raise UsageError(f"{path.name}: the target file was changed after it was planned")
    return path


def _variables(path: Path) -> set[str]:
    """The names of the variables that a target file mentions, with that of the key if it has none.

    Raises TargetError.
    """
    names = supervised.variables(path.read_text(encoding="utf-8"))
    if not form.valid(path).value.get("keys"):
        names.add(KEY_VARIABLE)
    return names


def _fetch_published(unit: Unit, begun: Result, path: Path, folder: Path, stop: Event) -> Result:
    """Fetch and verify a published run, in a process of its own without the keys.

    If the run is not accepted, its files are removed, and the result has a reason but no ``run``.
    """
    order = folder / ORDER
    order.write_text(json.dumps(asdict(unit) | {"path": str(path), "text": None}), encoding="utf-8")
    arguments = ["fleet", "accept", str(order), str(folder)]
    ended = supervised.run(
        arguments, supervised.environment(()), unit.timeout, folder / OUTPUT, stop
    )
    order.unlink()
    found = [name for name in (BUNDLE, RUN) if (folder / name).exists()]
    if ended.code == 0 and found:
        return replace(begun, state=State.DONE, origin="published", run=found[0])
    why = "it took too long" if ended.killed else supervised.last_words(folder / OUTPUT)
    shutil.rmtree(folder / RUN, ignore_errors=True)
    (folder / BUNDLE).unlink(missing_ok=True)
    return replace(begun, words=f"The published run was not accepted: {why}")


def _run(
    unit: Unit, begun: Result, path: Path, env: dict[str, str], folder: Path, stop: Event
) -> Result:
    """Run the suite against a target. Exit codes 0, 1 and 3 mean that the run ended normally.

    It must also have left a run. Unless the exit code is 0 or 1, the words are the last line of the
    output.
    """
    pins = unit.pins
    arguments = ["run", "--yes", "--target", str(path), "--seed", str(pins.seed)]
    arguments += ["--depth", pins.depth, "--output", str(folder / WORK)]
    arguments += ["--max-seconds", str(max(1, int(unit.timeout * SHARE)))]
    for area in pins.areas:
        arguments += ["--area", area]
    for clause in pins.clauses:
        arguments += ["--clause", clause]
    if unit.spec:
        arguments += ["--spec", unit.spec]
    ended = supervised.run(arguments, env, unit.timeout, folder / OUTPUT, stop)
    run = _move_run(folder)
    if ended.killed and stop.is_set():
        return replace(begun, state=State.DIED, run=run, words="It was stopped.")
    if ended.killed:
        text = f"It was killed after {unit.timeout:,} s."
        return replace(begun, state=State.HANGING, run=run, words=text)
    words = "" if ended.code in (0, 1) else supervised.last_words(folder / OUTPUT)
    state = State.DONE if run and ended.code in (0, 1, 3) else State.DIED
    return replace(begun, state=state, run=run, exit_code=ended.code, words=words)


def _move_run(folder: Path) -> str | None:
    """Move the run into the folder of a target. Returns its name there; None if there is no run."""
    latest = folder / WORK / "latest"
    if not latest.exists():
        return None
    latest.resolve().rename(folder / RUN)
    return RUN
