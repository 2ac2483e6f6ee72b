"""A stored run of a stranger: what is not a regular file, too much, or odd is one clear message.

Each command is a process that may hold 2.5 GB of addresses, and that says how many bytes it read.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import shutil
import socket
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.base import stored
from conformance.log import chain, size_limit
from conformance.run import history_file, runfile, shards
from tests import servers
from tests.servers import Outcome, command, no_traceback, run_of

ADDRESSES = 2_500_000_000
"""Bytes of addresses that a command may have; 150 MB of them are its code."""

CODE = 40_000_000
"""Bytes that a command reads at most without a stored run: its modules and the contract."""

WATCHED = f"""\
import atexit
import pathlib
import resource

resource.setrlimit(resource.RLIMIT_AS, ({ADDRESSES}, {ADDRESSES}))
io = pathlib.Path("/proc/self/io")
atexit.register(lambda: pathlib.Path({{said!r}}).write_text(io.read_text()))
"""
"""A sitecustomize that bounds the memory of a process, and notes what it has read in the end."""

SECRET = "the content of a file of somebody else"
UNENDED = 240
"""Seconds until a command that waits for something counts as one that hangs."""


class Case:
    """A directory with a stored run to spoil, and the commands that read it."""

    def __init__(self, honest: Path, directory: Path) -> None:
        self.directory = directory
        self.run = directory / "run"
        shutil.copytree(honest, self.run)
        self.log = self.run / runfile.LOG
        self.packed = self.run / runfile.PACKED
        self.said = self.run / runfile.RUN
        self._io = directory / "io.txt"
        (directory / "site").mkdir()
        self._environment = servers.beginning_with(
            WATCHED.format(said=str(self._io)), directory / "site"
        )

    def command(self, *words: object) -> Outcome:
        """The outcome of a command. It printed no traceback."""
        self._io.unlink(missing_ok=True)
        outcome = command(*words, cwd=self.directory, env=self._environment, timeout=UNENDED)
        no_traceback(outcome)
        assert "bug in the suite" not in outcome.said
        return outcome

    def replay(self) -> Outcome:
        """The outcome of a replay."""
        return self.command("replay", self.run)

    @property
    def read(self) -> int:
        """The bytes that the last command has read, its modules among them."""
        (line,) = re.findall(r"rchar: ([0-9]+)", self._io.read_text())
        return int(line)

    def replace_log(self, *blocks: bytes, times: int = 1) -> int:
        """Put a packed log in the place of the stored one; returns its length unpacked."""
        self.packed.unlink()
        with gzip.open(self.packed, "wb", 1) as file:
            for _ in range(times):
                for block in blocks:
                    file.write(block)
        return times * sum(len(block) for block in blocks)

    def change(self, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change what run.json says."""
        said = json.loads(self.said.read_text())
        change(said)
        self.said.write_text(json.dumps(said, indent=1))


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the embedded server."""
    directory = tmp_path_factory.mktemp("honest")
    outcome = command("run", "--clause", servers.BRIEF, "--depth", "quick", cwd=directory)
    assert outcome.code == 0, outcome.said
    return run_of(directory)


@pytest.fixture
def case(honest: Path, tmp_path: Path) -> Case:
    """A copy of the honest run, to spoil."""
    return Case(honest, tmp_path)


def refused(outcome: Outcome, beginning: str, says: str) -> None:
    """A command ended with exit code 2, and one message that names the file and what is wrong."""
    assert (outcome.code, outcome.out) == (2, ""), outcome.said
    assert outcome.err.startswith(beginning), outcome.err
    assert len(outcome.err.splitlines()) == 1, outcome.err
    assert re.search(says, outcome.err), outcome.err


# --- what is not a regular file ------------------------------------------------------------------


def as_pipe(path: Path) -> None:
    """A pipe, to which nobody writes."""
    os.mkfifo(path)


def as_zeros(path: Path) -> None:
    """A link to a device without an end."""
    path.symlink_to("/dev/zero")


def as_link(path: Path) -> None:
    """A link to a file that is private."""
    secret = path.parent.parent / "private.txt"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    path.symlink_to(secret)


def as_broken_link(path: Path) -> None:
    """A link to nothing."""
    path.symlink_to("nothing-there")


def as_directory(path: Path) -> None:
    """A directory."""
    path.mkdir()


def as_socket(path: Path) -> None:
    """A socket. Its address may have 100 characters, so it is made from within its directory."""
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


ODD: dict[Callable[[Path], None], str] = {
    as_pipe: "this is a pipe",
    as_zeros: "this is a link",
    as_link: "this is a link",
    as_broken_link: "this is a link",
    as_directory: "this is a directory",
    as_socket: "this is a socket",
}
"""What may stand in the place of a file, and what is said of it."""


@pytest.mark.parametrize("name", [runfile.RUN, runfile.LOG, runfile.PACKED])
@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
def test_only_regular_files_are_read(case: Case, name: str, make: Callable[[Path], None]) -> None:
    """A pipe, a link, a device, a directory or a socket is named, and nothing of it is read."""
    path = case.run / name
    path.unlink(missing_ok=True)
    make(path)
    outcome = case.replay()
    refused(outcome, f"{path}: ", ODD[make])
    assert SECRET not in outcome.said
    assert case.read < CODE
    assert not (case.directory / "reports").exists()


READERS = 7
"""How many commands read a stored run. The last one reads its log after the run alone."""


def readers(case: Case) -> Iterator[tuple[object, ...]]:
    """Every command that reads a stored run."""
    target = case.directory / "target.yaml"
    target.write_text("name: x\nurl: http://127.0.0.1:1/api/v1\nkeys: {}\n")
    yield "replay", case.run
    yield "report", case.run
    yield "compare", case.run, case.run
    yield "export", "har", case.run
    yield "clean", case.run
    yield "rerun", "1", "--of", case.run, "--target", target
    yield "run", "--baseline", case.run, "--target", target


@pytest.mark.parametrize(
    ("reader", "name"),
    [
        *((number, runfile.RUN) for number in range(READERS)),
        *((number, runfile.PACKED) for number in range(READERS - 1)),
    ],
)
def test_every_command_refuses_a_link(case: Case, reader: int, name: str) -> None:
    """Before anything is sent or written, whichever command reads the run."""
    words = list(readers(case))[reader]
    path = case.run / name
    path.unlink()
    as_link(path)
    refused(case.command(*words), f"{path}: ", "this is a link")


FEW = pytest.mark.parametrize("make", [as_pipe, as_zeros, as_link], ids=lambda make: make.__name__)


@FEW
def test_only_a_regular_shard_is_merged(case: Case, make: Callable[[Path], None]) -> None:
    """`merge` opens shard.json as any other file of a run."""
    make(case.run / shards.NAME)
    refused(case.command("merge", case.run), f"{case.run / shards.NAME}: ", ODD[make])
    assert case.read < CODE


@FEW
def test_only_a_regular_history_is_read(case: Case, make: Callable[[Path], None]) -> None:
    """`history` opens history.jsonl as any other file."""
    make(case.run / history_file.NAME)
    outcome = case.command("history", "--output", case.run)
    refused(outcome, f"{case.run / history_file.NAME}: ", ODD[make])
    assert case.read < CODE


@FEW
def test_only_a_regular_page_is_opened(case: Case, make: Callable[[Path], None]) -> None:
    """`open` starts no browser on a link."""
    page = case.run / "report.html"
    page.unlink()
    make(page)
    refused(case.command("open", case.run), f"{page}: ", ODD[make])


def test_logs_of_workers_are_files_of_the_run(case: Case) -> None:
    """Neither the directory `workers` nor a log in it may be a link."""
    lines = gzip.decompress(case.packed.read_bytes()).splitlines(keepends=True)
    case.replace_log(*lines[:-1])
    elsewhere = case.directory / "elsewhere"
    elsewhere.mkdir()
    workers = case.run / runfile.WORKERS
    workers.symlink_to(elsewhere)
    refused(case.replay(), f"{workers}: ", "this is a link")
    workers.unlink()
    workers.mkdir()
    as_link(workers / "gw0.jsonl")
    refused(case.replay(), f"{workers / 'gw0.jsonl'}: ", "this is a link")


def test_the_directory_of_a_run_may_be_a_link(case: Case) -> None:
    """As `reports/latest` is."""
    (case.directory / "latest").symlink_to(case.run)
    assert case.command("replay", case.directory / "latest").code == 0


# --- what is too much -----------------------------------------------------------------------------


def test_blank_lines_count(case: Case) -> None:
    """A bomb of 100 MB of line ends, in 99 kB, is left at the line that is too many."""
    block = b"\n" * 1_000_000
    case.replace_log(block, times=100)
    place = f"{case.log}:{stored.MOST_LINES + 1}: "
    refused(case.replay(), place, "the file has more lines than the suite reads")


def test_one_line_of_900_megabytes_is_not_read(case: Case) -> None:
    """A line has a bound, and no more than that is read of it."""
    case.packed.unlink()
    with case.log.open("wb") as file:
        file.truncate(900_000_000)
    refused(case.replay(), f"{case.log}:1: ", "the line has more than 16,777,216 bytes")
    assert case.read < CODE + 2 * stored.LONGEST_LINE


@pytest.mark.parametrize("name", [runfile.RUN, shards.NAME])
def test_a_file_that_is_read_as_a_whole_has_a_bound(case: Case, name: str) -> None:
    """A file of a terabyte without content is refused after 64 MB."""
    path = case.run / name
    with path.open("wb") as file:
        file.truncate(1 << 40)
    reader = "merge" if name == shards.NAME else "replay"
    refused(case.command(reader, case.run), f"{path}: ", "the file has more than 64,000,000 bytes")
    assert case.read < CODE + 2 * stored.LARGEST


def exchanges(case: Case) -> list[bytes]:
    """The lines of the exchanges of a stored run that have no long body."""
    lines = gzip.decompress(case.packed.read_bytes()).splitlines(keepends=True)
    whole = [line for line in lines if b"_digest" not in line]
    return [line for line in whole if line.startswith(b'{"exchange"')]


def test_a_log_is_not_longer_than_a_run_writes(case: Case) -> None:
    """400 MB of exchanges are refused before one of them is judged."""
    line = exchanges(case)[0]
    length = case.replace_log(line * 1000, times=400_000 // len(line))
    assert length > 350_000_000
    refused(case.replay(), f"{case.packed}: ", "the log has more than 200,000,000 bytes")


def test_a_stranger_cannot_raise_the_bound_of_a_log_at_will(case: Case) -> None:
    """`disk: 100000` in run.json is read like the highest that counts."""
    case.change(lambda said: said["target"].update(disk=100_000))
    line = exchanges(case)[0]
    case.replace_log(line * 2000, times=1_050_000 // 2 // len(line))
    refused(case.replay(), f"{case.packed}: ", "the log has more than 1,000,000,000 bytes")
    assert size_limit.bounds(100_000) == size_limit.bounds(size_limit.MOST)


@pytest.mark.long
def test_the_values_of_a_log_have_a_bound(case: Case) -> None:
    """Lines of a million headers take no more memory than the suite gives them."""
    entry = json.loads(exchanges(case)[0])
    entry["response"]["headers"] = [["aa", "bb"]] * 900_000
    line = json.dumps(entry).encode() + b"\n"
    assert len(line) < stored.LONGEST_LINE
    case.replace_log(line, times=12)
    outcome = case.replay()
    refused(outcome, f"{case.log}:", "the file has more values than the suite reads")
    number = int(re.findall(r"jsonl:([0-9]+):", outcome.err)[0])
    assert 2 < number < 12


def content(body: bytes) -> bytes:
    """The line of a long body."""
    packed = base64.b64encode(zlib.compress(body)).decode()
    line = {"content": hashlib.sha256(body).hexdigest(), "zlib": packed}
    return json.dumps(line).encode() + b"\n"


def test_a_long_body_has_a_bound(case: Case) -> None:
    """The first of twenty bodies of 60 MB is refused, and so not compared with its digest."""
    case.replace_log(content(b" " * 60_000_000), times=20)
    refused(case.replay(), f"{case.log}:1: ", "zlib: the content has more than 16,777,216 bytes")


def test_all_long_bodies_have_a_bound(case: Case) -> None:
    """Bodies of 16 MB are read up to 1,000 MB: the 63rd is too much."""
    case.replace_log(content(b" " * 16_000_000), times=100)
    refused(case.replay(), f"{case.log}:63: ", "the file has more text in long bodies than")


def test_a_log_has_no_depth_without_end(case: Case) -> None:
    """A line that is nested 100,000 deep is refused with its number."""
    first, second = exchanges(case)[:2]
    deep = second.replace(b'"request"', b'"facts": ' + b"[" * 100_000 + b', "request"')
    case.replace_log(first, deep, first)
    refused(case.replay(), f"{case.log}:2: ", "nested more than 510 levels deep")


def test_there_are_not_more_logs_of_workers_than_workers(case: Case) -> None:
    """A directory of empty logs is refused as a whole."""
    lines = gzip.decompress(case.packed.read_bytes()).splitlines(keepends=True)
    case.replace_log(*lines[:-1])
    workers = case.run / runfile.WORKERS
    workers.mkdir()
    for number in range(runfile.MOST_WORKERS + 1):
        (workers / f"gw{number}.jsonl").touch()
    refused(case.replay(), f"{workers}: ", "more than 1,000 logs")


# --- odd values -----------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [400, 5000])
def test_deep_inputs_are_refused_with_their_line(case: Case, levels: int) -> None:
    """Whatever the parser could still read: the converter and the reports go down as deep."""
    text = case.said.read_text()
    deep = '{"a": ' * levels + "1" + "}" * levels
    case.said.write_text(re.sub(r'"inputs":\{.*?\}', f'"inputs":{deep}', text, count=1))
    line = 1 + case.said.read_text().partition('"inputs"')[0].count("\n")
    refused(case.replay(), f"{case.said}: ", f"line {line}: nested more than 100 levels")


def test_cases_that_cannot_apply_are_shown(case: Case) -> None:
    """A plan in which every case has a gap and is inapplicable gives reports that claim nothing.

    It is not refused, because another version of the suite is said to have made it.
    """

    def declare(said: dict[str, Any]) -> None:
        said["suite"]["version"] = "0.0.1"
        said["selected"] = None
        for planned in said["plan"]:
            planned.update(gap="no such parameter", inapplicable=True)

    case.change(declare)
    outcome = case.replay()
    assert outcome.code == 3, outcome.said
    run = run_of(case.directory)
    counts = json.loads((run / "run.json").read_text())["counts"]
    assert counts["inapplicable"] > counts["passed"]
    summary = (run / "summary.md").read_text()
    assert summary.startswith("# ! Could not be judged (0.6 % judged, ")
    assert f"{counts['inapplicable']:,} inapplicable" in (run / "report.html").read_text()


SHARDS: dict[str, tuple[Any, str]] = {
    "no object": ([{}], 'is not of type "object"'),
    "an object among the cases": ({"number": 1, "of": 2, "chosen": [{}]}, "chosen/0: "),
    "a number among the cases": ({"number": 1, "of": 2, "chosen": ["a", 1]}, "chosen/1: "),
    "a text for the cases": ({"number": 1, "of": 2, "chosen": "ab"}, "chosen: "),
    "a billion parts": ({"number": 1, "of": 10**9, "chosen": None}, "of: 1000000000 is greater"),
    "no part": ({"number": 0, "of": 2, "chosen": None}, "number: 0 is less"),
    "a part beyond the last": ({"number": 3, "of": 2, "chosen": None}, "number: there is no shard"),
    "half a part": ({"number": 1.5, "of": 2, "chosen": None}, "number: 1.5 is not"),
    "without the cases": ({"number": 1, "of": 2}, '"chosen" is a required property'),
    "more members": ({"number": 1, "of": 2, "chosen": None, "x": 1}, "'x' was unexpected"),
}
"""Contents of shard.json, and what is said of them."""


@pytest.mark.parametrize("name", SHARDS)
def test_an_odd_shard_is_one_message(case: Case, name: str) -> None:
    """With the place in the file. Nothing is merged."""
    value, says = SHARDS[name]
    path = case.run / shards.NAME
    path.write_text(json.dumps(value))
    refused(case.command("merge", case.run), f"{path}: not a shard of a run: ", says)


def test_a_shard_that_is_nested_is_one_message(case: Case) -> None:
    """However deep."""
    path = case.run / shards.NAME
    path.write_text("[" * 100_000)
    refused(case.command("merge", case.run), f"{path}: ", "nested more than 100 levels")


# --- what is copied and written -------------------------------------------------------------------


def test_a_replay_copies_nothing_that_it_did_not_compute(case: Case) -> None:
    """Pages, links and trees of the stored run stay behind; blank lines in its log, too."""
    (case.run / runfile.PYTEST_PAGE).write_text(f"<script>{SECRET}</script>")
    (case.run / "evidence.har").write_text(SECRET)
    workers = case.run / runfile.WORKERS
    workers.mkdir()
    (workers / "deep").mkdir()
    (workers / "deep" / "file").write_text(SECRET)
    as_link(workers / "notes.txt")
    as_link(case.run / "notes.txt")
    lines = gzip.decompress(case.packed.read_bytes()).splitlines(keepends=True)
    case.replace_log(*lines[:-1], b" \t \r\n", lines[-1])
    assert case.replay().code == 0
    run = run_of(case.directory)
    expected = servers.FILES
    assert {path.name for path in run.iterdir()} == expected
    for name in expected:
        assert SECRET not in servers.text_of(run, name)
    assert servers.text_of(run, runfile.PACKED).encode() == b"".join(lines)


def test_a_line_hides_nothing_in_a_member_that_it_has_twice(case: Case) -> None:
    """Only the last one would be read, so the log is refused."""
    lines = gzip.decompress(case.packed.read_bytes()).splitlines(keepends=True)
    hidden = lines[-1].replace(b"{", b'{"run_end": "' + SECRET.encode() + b'", ', 1)
    case.replace_log(*lines[:-1], hidden)
    case.change(lambda said: said.update(log_head=chain.digest(hidden.decode().strip())))
    refused(case.command("replay", case.run), f"{case.log}", "run_end")


def test_a_replay_of_a_killed_run_keeps_what_its_workers_logged(case: Case) -> None:
    """And nothing else that is in their directory. Its own replay agrees."""
    lines = gzip.decompress(case.packed.read_bytes()).splitlines(keepends=True)
    case.replace_log(*lines[:2])
    workers = case.run / runfile.WORKERS
    workers.mkdir()
    (workers / "gw0.jsonl").write_bytes(b"".join(lines[:-1]) + b'{"exchange": "cut')
    (workers / "page.html").write_text(SECRET)
    first = case.replay()
    assert first.code == 3
    run = run_of(case.directory)
    kept = run / runfile.WORKERS
    assert [path.name for path in kept.iterdir()] == ["gw0.jsonl"]
    assert (kept / "gw0.jsonl").read_bytes() == b"".join(lines[:-1])
    again = case.command("replay", run, "--output", "again")
    assert again.counts == first.counts


def test_no_report_is_written_through_a_link(case: Case) -> None:
    """A link in the place of a report is replaced, and what it leads to stays as it was."""
    victim = case.directory / "victim"
    victim.write_text(SECRET)
    names = servers.FILES - {runfile.RUN, runfile.PACKED}
    for name in names:
        (case.run / name).unlink()
        (case.run / name).symlink_to(victim)
    (case.run / "dangling.txt").symlink_to("nothing-there")
    outcome = case.command("report", case.run)
    assert outcome.code == 0, outcome.said
    assert victim.read_text() == SECRET
    assert not [name for name in names if (case.run / name).is_symlink()]
    assert "dangling.txt" not in (case.run / "report.html").read_text()


def test_a_directory_in_the_place_of_a_report_is_named(case: Case) -> None:
    """By its name, and not by that of the file that could not take its place."""
    (case.run / "junit.xml").unlink()
    (case.run / "junit.xml").mkdir()
    outcome = case.command("report", case.run)
    assert outcome.code == 3, outcome.said
    begin = f"{case.run}: not everything could be written: "
    assert outcome.err.startswith(f"{begin}there is a directory in place of junit.xml; remove it")


@FEW
def test_no_run_is_added_to_a_history_that_is_a_link(
    case: Case, make: Callable[[Path], None]
) -> None:
    """A note says so, and the run ends as it would have."""
    reports = case.directory / "reports"
    reports.mkdir()
    make(reports / history_file.NAME)
    words = ("run", "--clause", servers.BRIEF, "--depth", "quick")
    outcome = case.command(*words)
    assert outcome.code == 0, outcome.said
    assert "Note: this run was not added to the history: " in outcome.err
    if make is as_link:
        assert (case.directory / "private.txt").read_text() == SECRET


def test_pytest_writes_no_log_through_a_link(case: Case) -> None:
    """The suite under pytest replaces the links of the directory that it is to write to."""
    victim, elsewhere = case.directory / "victim", case.directory / "elsewhere"
    victim.write_text(SECRET)
    elsewhere.mkdir()
    (elsewhere / "kept.jsonl").write_text(SECRET)
    (case.run / runfile.WORKERS).symlink_to(elsewhere)
    for name in (runfile.RUN, runfile.LOG, runfile.PACKED, "report.html"):
        path = case.run / name
        path.unlink(missing_ok=True)
        path.symlink_to(victim)
    target = case.directory / "target.yaml"
    target.write_text("name: x\nurl: http://127.0.0.1:1/api/v1\nkeys: {full: kc_live_aaaaaaaa}\n")
    options = ("--conformance-target", target, "--conformance-output", case.run)
    words = (
        "--pyargs",
        "conformance.scenarios",
        "-n1",
        *options,
        "--conformance-clause",
        servers.BRIEF,
    )
    outcome = servers.Command(*words, cwd=case.directory, module="pytest").end()
    assert "INTERNALERROR" not in outcome.said, outcome.said
    assert victim.read_text() == SECRET
    assert [path.name for path in elsewhere.iterdir()] == ["kept.jsonl"]
    assert SECRET not in (case.run / "report.html").read_text()
    assert (case.run / runfile.RUN).is_file()
    assert not (case.run / runfile.RUN).is_symlink()


# --- the suite reads what it writes ---------------------------------------------------------------

SMALL = """\
from conformance.base import stored
from conformance.log import chain, size_limit

size_limit.RESERVE = 0.6
size_limit.bounds = lambda disk: stored.Bounds(unpacked=10**9, **{bounds!r})
"""
"""A sitecustomize that gives a log little room, and keeps more than half of it for the end."""


@pytest.mark.parametrize(
    "least",
    [{"size": 400_000}, {"lines": 300}, {"memory": 1_500_000}],
    ids=["bytes", "lines", "values"],
)
def test_a_run_ends_before_its_log_is_too_much_to_read(
    tmp_path: Path, least: dict[str, int]
) -> None:
    """It says why, and what it has is judged. Its replay agrees."""
    (tmp_path / "site").mkdir()
    env = servers.beginning_with(SMALL.format(bounds=least), tmp_path / "site")
    # without overlapping cases, whose log grows in an order that depends on the load
    options = ("--area", "pages", "--depth", "quick", "--workers", "1")
    outcome = command("run", *options, cwd=tmp_path, env=env)
    assert outcome.code == 3, outcome.said
    assert "The log of the run is full. Raise disk: in the target file" in outcome.said
    again = command("replay", run_of(tmp_path), "--output", "again", cwd=tmp_path, env=env)
    assert again.code == 3, again.said
    assert again.counts == outcome.counts


def test_a_target_file_has_the_depth_that_a_replay_reads(tmp_path: Path) -> None:
    """Deeper inputs are refused before a run, which could not be replayed."""
    deep = "{a: " * 150 + "1" + "}" * 150
    target = tmp_path / "target.yaml"
    inputs = f"inputs: {{create_webhook: {{description: {deep}}}}}"
    target.write_text(f"name: x\nurl: http://127.0.0.1:1/api/v1\nkeys: {{}}\n{inputs}\n")
    outcome = command("run", "--target", target, cwd=tmp_path)
    assert outcome.code == 2, outcome.said
    assert "target.yaml:1: the file is nested more than 100 levels deep" in outcome.err
