"""run.json: writes a run as data, and judges a stored run again.

Everything that affects a verdict (declaration, plan, selection, date) is stored before the first
request, next to exchanges.jsonl. The verdicts in the file are for readers; a replay computes them
again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from urllib3.util import parse_url

from conformance import __version__, checks
from conformance.base import files, stored
from conformance.base.errors import UsageError, reason
from conformance.base.garbage import gc_disabled
from conformance.base.options import Depth
from conformance.base.stored import Bounds
from conformance.contract import editions, in_edition
from conformance.contract.drawn import drawn
from conformance.judging.judge import Judgements
from conformance.log import convert, evidence, schemas, size_limit
from conformance.log.evidence import Log
from conformance.log.packing import packed
from conformance.model import (
    PUBLISHED,
    Case,
    Contract,
    Declaration,
    Given,
    Json,
    Past,
    Peer,
    Reuse,
    Run,
    Selection,
    Spread,
    Verdict,
)
from conformance.model.waiver import wrong_days
from conformance.run.comparison import Older
from conformance.run.conclusion import begun, finished
from conformance.run.members import FORMAT, to_json
from conformance.target import with_collections

RUN, LOG, PYTEST_PAGE = "run.json", "exchanges.jsonl", "pytest.html"
PACKED = packed(Path(LOG)).name
"""The compressed log of a finished run."""
WORKERS = "workers"
"""The directory of logs that are not merged yet: one file per pytest-xdist worker."""
MOST_WORKERS = 1_000
"""Maximum number of logs in the directory WORKERS."""
EARLY = "early.jsonl"
"""The file in the directory WORKERS with what cases sent before their turn."""


def begin(run: Run, selected: frozenset[str] | None, directory: Path) -> None:
    """Store a run before its first request, so that a replay can read it from then on.

    An earlier run in the directory is replaced. At no time does the directory hold half a run.
    """
    with files.replacing(directory / LOG) as written:
        files.open_to_append(written).close()
    packed(directory / LOG).unlink(missing_ok=True)
    write_unfinished(run, selected, directory)


def write_unfinished(run: Run, selected: frozenset[str] | None, directory: Path) -> None:
    """Write the run.json of a run that has not ended yet."""
    _write(to_json(run, selected) | {"finished": None, "uncovered": {}}, directory)


def write(run: Run, selected: frozenset[str] | None, directory: Path) -> None:
    """Write run.json into an existing directory."""
    _write(to_json(run, selected), directory)


def _write(members: dict[str, Any], directory: Path) -> None:
    with files.replacing_text(directory / RUN) as stream:
        stream.write(_text(members))


def _text(members: dict[str, Any]) -> str:
    """The text of the file, readable with one line per member, case and cell."""
    parts = [f"{json.dumps(name)}: {_member(value)}" for name, value in members.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _member(value: Json) -> str:
    """A member of the file; a list has one line per item."""
    if isinstance(value, list) and value:
        return "[\n " + ",\n ".join(_compact(item) for item in value) + "\n]"
    return _compact(value)


def _compact(value: Json) -> str:
    """A value as JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


def copy(replayed: Stored, source: Path, directory: Path) -> None:
    """Copy the evidence of a stored run as it was read, and write a new run.json.

    Nothing else is copied, because other files may contain what the run never wrote.
    """
    bounds = size_limit.bounds(replayed.run.target.disk)
    evidence.copy(source / LOG, directory / LOG, bounds)
    unmerged = [] if replayed.ended else _logs_of_workers(source)
    if unmerged:
        (directory / WORKERS).mkdir()
    for path in unmerged:
        evidence.copy(path, directory / WORKERS / path.name, bounds)
    write(replayed.run, replayed.selected, directory)


@dataclass(frozen=True)
class Stored:
    """A stored run, judged again."""

    run: Run
    selected: frozenset[str] | None
    ended: bool = True  # whether its log has an end


@dataclass(frozen=True, eq=False)
class Opened:
    """A stored run before judging: the content of its run.json, the initial run, and the log.

    ``contract`` is as loaded, in the edition of the run; that of the initial run is adapted to its
    target. An opened run equals only itself, so that results computed from it can be cached.
    """

    said: dict[str, Any]
    contract: Contract
    began: Run
    selected: frozenset[str] | None
    log: Log

    @property
    def ended(self) -> str:
        """When the run ended; if that is not stored, when its last request was sent."""
        return self.said["finished"] or _last_moment(self.log, self.said["started"])

    @property
    def results(self) -> Older:
        """The results that the run stored."""
        verdicts = {
            f"{cell['clause']}[{cell['operation']}]": Verdict(cell["verdict"])
            for cell in self.said["cells"]
        }
        return Older(verdicts, self.said["suite"]["version"], self.said["spec"]["digest"])

    def judged(
        self, declaration: Declaration | None = None, known: Judgements | None = None
    ) -> Run:
        """The run, judged by its log with its own declaration or another one.

        ``known`` are judgements by its own declaration, which are not made again.
        """
        began = self.began
        if declaration is not None:
            contract = drawn(with_collections(self.contract, declaration), self.began.seed)
            began = replace(began, contract=contract, target=declaration)
        return finished(began, self.log, ended=self.ended, selected=self.selected, known=known)


def unjudged(opened: Opened) -> Run:
    """An opened run with its log, without any verdict."""
    return replace(opened.began, exchanges=tuple(opened.log.exchanges))


@gc_disabled()
def replay(directory: Path, contract: Contract) -> Stored:
    """Judge a stored run again from its log alone.

    Raises UsageError, with file and place, if run.json or the log is invalid.
    """
    opened = open_run(directory, contract)
    return stored_again(opened, opened.judged())


def stored_again(opened: Opened, run: Run) -> Stored:
    """An opened run with its new verdicts, and the earlier runs that its run.json lists."""
    past = (convert.from_json(row, Past) for row in opened.said.get("past", ()))
    return Stored(replace(run, past=tuple(past)), opened.selected, opened.log.ended)


def open_run(directory: Path, contract: Contract) -> Opened:
    """Read a stored run without judging it. Raises UsageError as ``replay`` does."""
    path = directory / RUN
    data = read(path)
    contract = _contract_of(path, data, contract)
    try:
        target = convert.declaration_from_json(data["target"])
        today = date.fromisoformat(data["judged_on"])
        for moment in (data["started"], data["finished"] or data["started"]):
            datetime.fromisoformat(moment)  # raises ValueError if it is not valid
        parse_url(target.url)
        _check_waivers(target, data["started"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise _misfit(path, str(error)) from None
    selected = None if data["selected"] is None else frozenset(data["selected"])
    log = _log(directory, size_limit.bounds(target.disk))
    began = begun(
        drawn(with_collections(contract, target), data["seed"]),
        target,
        _plan(path, data),
        seed=data["seed"],
        depth=data.get("depth", Depth.FULL),
        started=data["started"],
        today=today,
        require_complete=data["require_complete"],
    )
    return Opened(data, contract, _with_origin(began, data), selected, log)


def _with_origin(run: Run, data: dict[str, Any]) -> Run:
    """A run with what its file says about how it came about; old files say less."""
    chosen, peer, spread = data.get("selection"), data.get("peer"), data.get("spread")
    reuse = data.get("reuse")
    return replace(
        run,
        given=convert.from_json(data.get("given", {}), Given),
        selection=convert.from_json(chosen, Selection) if chosen else None,
        spread=convert.from_json(spread, Spread) if spread else None,
        reuse=convert.from_json(reuse, Reuse) if reuse else None,
        salts=tuple(data.get("salts", ("",))),
        drawn_by=data.get("drawn_by"),
        nonce=data.get("nonce", ""),
        challenge_digest=data.get("challenge_digest", ""),
        peer=convert.from_json(peer, Peer) if peer else None,
    )


def _check_waivers(target: Declaration, started: str) -> None:
    """Raise ValueError if a run has a waiver that no target file may have on the day it began."""
    moment = datetime.fromisoformat(started)
    day = moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
    for index, message in wrong_days(target.waivers, day):
        raise ValueError(f"target/waivers/{index}/expires: {message}")


@gc_disabled()
def _log(directory: Path, bounds: Bounds) -> Log:
    """The log of a run, with the logs of its workers if the run ended before they were merged."""
    log = evidence.read(directory / LOG, bounds)
    if not log.ended:
        for path in _logs_of_workers(directory):
            unmerged = evidence.read(path, bounds)
            if path.name == EARLY:
                log.join_early(unmerged)
            else:
                log.join(unmerged)
    return log


def _logs_of_workers(directory: Path) -> list[Path]:
    """The logs that are not merged yet. Raises UsageError if their directory is a link."""
    workers = directory / WORKERS
    if workers.is_symlink():
        raise UsageError(f"{workers}: this is a link. Put the directory itself in its place.")
    found = sorted(workers.glob("*.jsonl"))
    if len(found) > MOST_WORKERS:
        raise UsageError(f"{workers}: more than {MOST_WORKERS:,} logs. {stored.REMEDY}")
    return found


def _last_moment(log: Log, started: str) -> str:
    """When the last request of a run was sent; ``started`` if that is unknown."""
    last = log.exchanges[-1].started if log.exchanges else None
    try:
        return datetime.fromisoformat(last or started).isoformat(timespec="seconds")
    except ValueError:
        return started


def read(path: Path) -> dict[str, Any]:
    """The content of a valid run.json. Raises UsageError if it cannot be read or is invalid."""
    try:
        text = stored.text_of(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: cannot be read: {reason(error)}. "
            "Specify the directory of a run, such as reports/latest."
        ) from None
    try:
        data = stored.parsed(text, Bounds())
    except ValueError as error:
        raise _misfit(path, str(error)) from None
    if not isinstance(data, dict):
        raise _misfit(path, "expected an object")
    data = convert.modern_run(data)
    if isinstance(data.get("format"), int) and data["format"] != FORMAT:
        raise UsageError(f"{path}: its format is {data['format']}, but this suite reads {FORMAT}")
    fault = schemas.fault(schemas.RUN, data)
    if fault:
        raise _misfit(path, fault)
    return data


def _misfit(path: Path, fault: str) -> UsageError:
    """The error for a file that is not a valid run.json."""
    return UsageError(f"{path}: not a run.json of this suite: {fault}. {stored.REMEDY}")


def _contract_of(path: Path, data: dict[str, Any], contract: Contract) -> Contract:
    """The contract in the edition of the run. Raises UsageError for another API or edition."""
    title, edition = data["spec"]["title"], data["spec"].get("edition", PUBLISHED)
    if title != contract.title:
        raise UsageError(f"{path}: the run tested {title!r}. Specify its contract with --spec.")
    if edition not in editions(contract.directory):
        raise UsageError(
            f"{path}: the run was judged by the edition {edition} of the contract, "
            "which this version of the suite does not have."
        )
    return in_edition(contract, edition)


def _plan(path: Path, data: dict[str, Any]) -> tuple[Case, ...]:
    """The cases of the stored plan. Raises UsageError for a rule that this suite lacks."""
    cases = []
    for index, row in enumerate(data["plan"]):
        case = convert.from_json(row, Case)
        unknown = [rule for rule in case.rules if rule not in checks.RULES]
        if unknown:
            version = data["suite"]["version"]
            raise UsageError(
                f"{path}: plan/{index}/rules: version {__version__} of this suite has no rule "
                f"{unknown[0]}. Replay the run with version {version}, which wrote it."
            )
        cases.append(case)
    return tuple(cases)
