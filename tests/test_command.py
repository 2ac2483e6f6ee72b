"""The command as people run it: real processes, real HTTP, exit codes, messages and files."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from conformance import contract
from conformance.command.cli import group
from conformance.server.application import Application
from tests import servers
from tests.servers import (
    FILES,
    Command,
    Outcome,
    Sandbox,
    command,
    lines_of,
    no_traceback,
    run_of,
    stored,
)
from tests.toy.server import ToyServer
from tests.toy.server import target as toy_target

TOY = Path(__file__).parent / "toy" / "spec"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A process of `serve`, shared by the tests that only read."""
    with servers.sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@dataclass(frozen=True)
class Ran:
    """A finished run: what the process did, and the directory that it wrote."""

    outcome: Outcome
    run: Path


def _together(directories: Mapping[str, Path], *arguments: tuple[object, ...]) -> list[Ran]:
    begun = [
        Command(*own, cwd=directory)
        for own, directory in zip(arguments, directories.values(), strict=True)
    ]
    return [
        Ran(one.end(), run_of(directory))
        for one, directory in zip(begun, directories.values(), strict=True)
    ]


# --- a run with no argument -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> list[Ran]:
    """Two runs of the same seed against the embedded server."""
    directories = {name: tmp_path_factory.mktemp(name) for name in ("one", "two")}
    return _together(directories, ("run",), ("run",))


def test_run_needs_no_argument(twins: list[Ran]) -> None:
    """Without arguments the embedded server is judged: exit 0, every cell passed, all files written."""
    outcome, run = twins[0].outcome, twins[0].run
    assert (outcome.code, outcome.err) == (0, "")
    no_traceback(outcome)
    assert {path.name for path in run.iterdir()} == FILES
    assert all(path.stat().st_size for path in run.iterdir())
    assert {cell["verdict"] for cell in stored(run)["cells"]} == {"passed"}
    assert (run.parent / "latest").is_symlink()


def test_progress_is_plain_lines(twins: list[Ran]) -> None:
    """Into a pipe go plain lines without an empty one among the progress, and the counts come last."""
    lines = twins[0].outcome.out.splitlines()
    report = next(number for number, line in enumerate(lines) if line.startswith("Report: "))
    assert all(lines[: report + 1])
    assert re.fullmatch(
        r"[0-9,]+ passed \([0-9,]+ cells, [0-9]+ clauses, [0-9,]+ requests\)", lines[-1]
    )


def _counts_agree(ran: Ran) -> None:
    counts = {name: number for name, number in stored(ran.run)["counts"].items() if number}
    last = ran.outcome.out.splitlines()[-1]
    told = {
        name: int(number.replace(",", ""))
        for number, name in re.findall(r"([0-9][0-9,]*) ([a-z]+)", last)
    }
    cells, clauses, requests = (told.pop(name) for name in ("cells", "clauses", "requests"))
    assert told == counts
    assert cells == sum(counts.values()) == len(stored(ran.run)["cells"])
    assert requests == len(lines_of(ran.run))
    assert clauses == len({cell["clause"] for cell in stored(ran.run)["cells"]})
    tests = json.loads((ran.run / "results.ctrf.json").read_text())["results"]["tests"]
    assert Counter(test["rawStatus"] for test in tests) == counts
    cases = list(ElementTree.parse(ran.run / "junit.xml").iter("testcase"))
    assert (
        Counter(one.findall(".//property[@name='verdict']")[0].get("value") for one in cases)
        == counts
    )
    suites = ElementTree.parse(ran.run / "junit.xml").getroot()
    skipped = sum(counts.get(name, 0) for name in ("untested", "waived", "inapplicable"))
    expected = {
        "tests": cells,
        "failures": counts.get("failed", 0),
        "errors": counts.get("error", 0),
        "skipped": skipped,
    }
    assert {name: int(suites.attrib[name]) for name in expected} == expected
    assert len({(test["suite"][0], test["name"]) for test in tests}) == cells
    assert len({(one.get("classname"), one.get("name")) for one in cases}) == cells


def test_counts_agree(twins: list[Ran]) -> None:
    """Console, JUnit, CTRF and run.json give the same counts, one unique name per cell."""
    _counts_agree(twins[0])


def _asked(run: Path) -> list[tuple[Any, ...]]:
    found = []
    for line in lines_of(run):
        request = line["request"]
        place = "/" + request["url"].split("/", 3)[3]
        place = re.sub(
            rf"after={date.today().year}-(?!04)[^&]*", "after={what was made in this run}", place
        )
        if line["case"].startswith(
            "overlapping"
        ):  # which of them comes first is no matter of the seed
            place = re.sub(r"id=[^&]*", "id={one of those that were made at the same time}", place)
        headers = [pair for pair in request["headers"] if pair[0] != "Host"]
        found.append(
            (
                line["case"],
                line["attempt"],
                line["role"],
                line.get("identity"),
                request["method"],
                place,
                headers,
                request.get("body"),
            )
        )
    return found


def test_a_seed_repeats_a_run(twins: list[Ran]) -> None:
    """Two runs of one seed hold the same plan, send the same requests, byte for byte, and come to the same verdicts."""
    first, second = (stored(ran.run) for ran in twins)
    assert first["plan"] == second["plan"]
    for one, other in zip(*(_asked(ran.run) for ran in twins), strict=True):
        assert one == other
    verdicts = [
        [(c["clause"], c["operation"], c["verdict"]) for c in run["cells"]]
        for run in (first, second)
    ]
    assert verdicts[0] == verdicts[1]


# --- judging again --------------------------------------------------------------------------------


class Inclusive(Application):
    """A server whose pages begin with the item of the cursor."""

    def comparison(self, operation: object) -> str:
        return "<="


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run against a server that breaks a MUST, with one key, which leaves much untested."""
    directory = tmp_path_factory.mktemp("failing")
    app = servers.faulty(Inclusive)
    key = servers.keys_of(app)["full"]
    with servers.serving(app) as origin:
        outcome = command(
            "run", "--url", f"{origin}/api/v1", "--key", key, "--require-complete", cwd=directory
        )
    return Ran(outcome, run_of(directory))


def test_violation_wins(failing: Ran) -> None:
    """A broken MUST gives 1, also where --require-complete finds untested cells."""
    assert failing.outcome.code == 1
    no_traceback(failing.outcome)
    broken = {
        cell["clause"] for cell in stored(failing.run)["cells"] if cell["verdict"] == "failed"
    }
    assert broken
    assert stored(failing.run)["counts"]["untested"] > 0
    assert all(clause in failing.outcome.out for clause in broken)
    _counts_agree(failing)


def _replayed(ran: Ran, directory: Path) -> None:
    (directory / "site").mkdir()
    outcome = command(
        "replay", ran.run, cwd=directory, env=servers.without_network(directory / "site")
    )
    assert outcome.code == ran.outcome.code, outcome.said
    no_traceback(outcome)
    again = run_of(directory)
    assert {path.name for path in again.iterdir()} == {path.name for path in ran.run.iterdir()}
    assert stored(again) == stored(ran.run)
    for name in FILES - {"run.json"}:  # the same content, as seen above
        assert (again / name).read_bytes() == (ran.run / name).read_bytes(), name
    assert outcome.out.splitlines()[-1] == ran.outcome.out.splitlines()[-1]


def test_replay_of_a_passing_run(twins: list[Ran], tmp_path: Path) -> None:
    """A replay without network gives the same cells, the same files and the same exit code."""
    _replayed(twins[0], tmp_path)


def test_replay_of_a_failing_run(failing: Ran, tmp_path: Path) -> None:
    """A replay of a failing run finds the same, and exits 1."""
    _replayed(failing, tmp_path)


def test_network_can_be_cut(tmp_path: Path) -> None:
    """The way in which these tests cut the network does cut it: a run under it reaches nothing."""
    outcome = command(
        "run",
        "--url",
        "http://127.0.0.1:9/api/v1",
        "--key",
        "kc_live_12345678",
        cwd=tmp_path,
        env=servers.without_network(tmp_path),
    )
    assert outcome.code != 0
    assert "uses the network" in outcome.said


# --- an address and a key -------------------------------------------------------------------------

ADVICE = re.compile(r"\b(give|add|allow|declare|raise|must hold)\b")
"""Words of a reason that says what to provide."""


def test_key_alone_only_reads(sandbox: Sandbox, tmp_path: Path) -> None:
    """With an address and a key only GET is sent, few bad keys, nothing fails, and what is untested says what to provide."""
    before = len(sandbox.requests())
    outcome = command("run", "--url", sandbox.url, "--key", sandbox.keys["full"], cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    no_traceback(outcome)
    sent = sandbox.requests()[before:]
    assert {line["method"] for line in sent} <= {"GET", "HEAD"}
    run = run_of(tmp_path)
    logged = lines_of(run)
    assert len(sent) == len(logged)
    bad = [
        line
        for line in logged
        if "~" in (line.get("identity") or "")
        or (line.get("identity") or "").startswith("unknown:")
    ]
    assert 0 < len(bad) <= 20
    told = stored(run)
    assert set(told["counts"]) >= {"failed", "error"}
    assert told["counts"]["failed"] == told["counts"]["error"] == 0
    untested = [cell for cell in told["cells"] if cell["verdict"] == "untested"]
    assert untested
    assert all(cell["reasons"] for cell in untested)
    mute = {
        cell["reasons"][0]
        for cell in untested
        if not any(ADVICE.search(reason) for reason in cell["reasons"])
    }
    assert mute == set()


def test_require_complete(sandbox: Sandbox, tmp_path: Path) -> None:
    """--require-complete turns untested cells into exit 3."""
    arguments = (
        "run",
        "--url",
        sandbox.url,
        "--key",
        sandbox.keys["full"],
        "--clause",
        "paging-supported",
        "--require-complete",
    )
    outcome = command(*arguments, cwd=tmp_path)
    assert outcome.code == 3, outcome.said
    no_traceback(outcome)
    assert stored(run_of(tmp_path))["counts"]["untested"] > 0


# --- a server that dies ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cut_short(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run whose server is killed after some requests."""
    directory = tmp_path_factory.mktemp("killed")
    with servers.sandbox(tmp_path_factory.mktemp("dying")) as dying:
        begun = Command(
            "run", "--target", servers.slowed(dying.target, directory / "t.yaml", 60), cwd=directory
        )
        deadline = time.monotonic() + 120
        while len(dying.requests()) < 120 and time.monotonic() < deadline:
            time.sleep(0.01)
        dying.process.kill()
        outcome = begun.end()
    return Ran(outcome, run_of(directory))


def test_a_server_that_dies(cut_short: Ran) -> None:
    """A server that dies ends the run with 3; what was judged is kept, and the reports say that they are incomplete."""
    assert cut_short.outcome.code == 3, cut_short.outcome.said
    no_traceback(cut_short.outcome)
    assert "incomplete" in cut_short.outcome.out
    assert {path.name for path in cut_short.run.iterdir()} == FILES
    told = stored(cut_short.run)
    assert "gone" in told["incomplete"]
    assert told["counts"]["passed"] > 0
    assert told["counts"]["failed"] == 0
    assert "incomplete" in (cut_short.run / "report.html").read_text(encoding="utf-8").lower()
    assert len(cut_short.outcome.out.splitlines()[-1]) < 200
    _counts_agree(cut_short)


def test_replay_of_a_cut_run(cut_short: Ran, tmp_path: Path) -> None:
    """A replay of an incomplete run is as incomplete."""
    _replayed(cut_short, tmp_path)


def test_a_bug_of_ours_is_no_verdict(sandbox: Sandbox, tmp_path: Path) -> None:
    """What crashes in the suite is told as that, with 3, and takes no key along."""
    key, site = sandbox.keys["full"], tmp_path / "site"
    site.mkdir()
    broken = f"def end(*_): raise KeyError({key!r})\n\nRecorder.end = end\n"
    (site / "sitecustomize.py").write_text(
        "from conformance.evidence import Recorder\n\n\n" + broken, encoding="utf-8"
    )
    arguments = ("run", "--url", sandbox.url, "--key", key, "--clause", "paging-supported")
    outcome = command(*arguments, cwd=tmp_path, env={"PYTHONPATH": str(site)})
    assert outcome.code == 3, outcome.said
    assert "The suite itself broke" in outcome.out
    assert key[8:20] not in outcome.said
    leaky = [
        path.name
        for path in run_of(tmp_path).iterdir()
        if key[8:20] in path.read_text(encoding="utf-8")
    ]
    assert leaky == []


# --- one message and an exit code -----------------------------------------------------------------

ENVELOPE = b'{"error": {"code": "unauthorized", "message": "No"}}'


def _html(write: Callable[[bytes], Any]) -> None:
    write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<h1>Welcome</h1>"[
            :-1
        ]
    )


def _endless(write: Callable[[bytes], Any]) -> None:
    write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
    while True:
        write(b"1," * 32_768)


def _drip(write: Callable[[bytes], Any]) -> None:
    write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
    for _ in count():
        write(b" ")
        time.sleep(0.1)


def _slow_head(write: Callable[[bytes], Any]) -> None:
    write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in count():
        write(b"y")
        time.sleep(0.1)


def _refusing(write: Callable[[bytes], Any]) -> None:
    head = f"HTTP/1.1 401 No\r\nContent-Type: application/json\r\nContent-Length: {len(ENVELOPE)}\r\n\r\n"
    write(head.encode() + ENVELOPE)


ODD = {
    "html": _html,
    "endless": _endless,
    "drip": _drip,
    "slow-head": _slow_head,
    "refusing": _refusing,
}
KEY = "kc_live_" + "k3Y" * 14
PATIENT = "url: {site}/%s/api/v1\nkeys: {{full: " + KEY + "}}\ntimeout: 2\n"


@dataclass(frozen=True)
class Call:
    """A call of the command: arguments, exit code, what it says, and a target file if it needs one."""

    arguments: tuple[object, ...]
    code: int
    says: str
    target: str = ""
    seconds: float = 240


def _at(place: str, code: int, says: str) -> Call:
    return Call(("run", "--url", f"{{site}}/{place}/api/v1", "--key", KEY), code, says)


def _file(text: str, says: str) -> Call:
    return Call(("run", "--target", "t.yaml"), 2, says, text)


FILE = "url: http://127.0.0.1:9/api/v1\n"
HERE = ("--url", "http://127.0.0.1:9/api/v1", "--key", KEY)
CALLS = {
    "dead-port": Call(("run", *HERE), 3, r"127\.0\.0\.1:9/api/v1.*[Cc]onnection refused"),
    "html-page": _at("html", 3, "does not look like this API.*text/html"),
    "endless-body": _at("endless", 3, "do not end"),
    "refused-key": _at("refusing", 3, "refuses the main key.*401"),
    "endless-drip": Call(("run", "--target", "t.yaml"), 3, "do not end|2 s", PATIENT % "drip"),
    "endless-header": Call(("run", "--target", "t.yaml"), 3, r"\b2 s", PATIENT % "slow-head"),
    "no-base-path": Call(
        ("run", "--url", "http://127.0.0.1:9", "--key", KEY), 2, "must include /api/v1"
    ),
    "no-http": Call(
        ("run", "--url", "ftp://127.0.0.1/api/v1", "--key", KEY), 2, "not an http or https address"
    ),
    "bad-port": Call(("run", "--url", "http://127.0.0.1:99999/api/v1", "--key", KEY), 2, "port"),
    "bad-host": Call(("run", "--url", "http://[::1/api/v1", "--key", KEY), 2, "--url"),
    "user-in-url": Call(
        ("run", "--url", "http://a:s3cr3tpw@127.0.0.1:9/api/v1", "--key", KEY),
        2,
        "user name or password",
    ),
    "no-key": Call(("run", "--url", "http://127.0.0.1:9/api/v1"), 2, "--key"),
    "short-key": Call(
        ("run", "--url", "http://127.0.0.1:9/api/v1", "--key", "abc"), 2, "--key.*8 characters"
    ),
    "key-without-url": Call(("run", "--key", KEY), 2, "--key without --url"),
    "unknown-clause": Call(
        ("run", *HERE, "--clause", "envelope-jsn"),
        2,
        "no clause envelope-jsn.*did you mean envelope-json",
    ),
    "unknown-area": Call(("run", *HERE, "--area", "envelop"), 2, "no area envelop\\b.*envelope"),
    "unknown-option": Call(("run", "--urk", "x"), 2, "No such option.*--urk"),
    "unknown-command": Call(("rum",), 2, "No such command"),
    "explain-unknown": Call(
        ("explain", "envelope-jsn"), 2, "no clause envelope-jsn.*did you mean envelope-json"
    ),
    "no-target-file": Call(
        ("run", "--target", "absent.yaml"), 2, r"absent\.yaml:1: the file is missing"
    ),
    "empty-target-file": _file("\n", r"t\.yaml:1: the file is empty"),
    "broken-yaml": _file(FILE + "keys: {full: [\n", r"t\.yaml:[23]: "),
    "unknown-member": _file(FILE + "buget: 3\n", r"t\.yaml:2: .*buget"),
    "wrong-type": _file(FILE + "budget: many\n", r"t\.yaml:2: .*many.*integer"),
    "unknown-operation": _file(
        FILE + "triggers:\n  - {code: vapi_error, operation: create_cal, input: {a: b}}\n",
        r"t\.yaml:3: .*create_cal; known: .*create_call",
    ),
    "unset-variable": _file(
        FILE + "keys: {full: '${NOT_SET_HERE}'}\n", r"t\.yaml:2: .*NOT_SET_HERE is not set"
    ),
    "one-key-for-two": _file(
        FILE + f"keys:\n  full: {KEY}\n  other: {KEY}\n", r"t\.yaml:[34]: .*another role"
    ),
    "key-twice": _file(FILE + "budget: 1\nbudget: 2\n", r"t\.yaml:3: the key budget stands twice"),
    "two-faults": _file(FILE + "budget: many\nrate: fast\n", r"t\.yaml:2: .*t\.yaml:3: "),
    "binary-target-file": _file("url: \0\n", r"t\.yaml:1: "),
    "odd-waiver": _file(
        FILE
        + "waivers:\n  - {clause: nope, reason: long enough to be one, owner: me, expires: '2027-01-31'}\n",
        r"t\.yaml:3: .*no clause nope",
    ),
    "no-spec": Call(("clauses", "--spec", "absent"), 2, "absent:1: there is no such directory"),
    "broken-spec": Call(
        ("run", "--spec", "broken"),
        2,
        r"5 faults:.*errors\.yaml:3: .*books\.yaml:5: .*shelf\.yaml:[0-9]+: .*desk\.yaml:[0-9]+: ",
    ),
    "init-overwrites": Call(("init", "t.yaml"), 2, "t.yaml is there already.*--force", FILE),
    "init-nowhere": Call(("init", "absent/t.yaml"), 2, "absent/t.yaml.*No such file"),
    "replay-no-run": Call(("replay", "broken"), 2, r"broken/run\.json.*a run"),
    "replay-odd-run": Call(("replay", "odd"), 2, r"odd/run\.json: this is no run\.json"),
    "serve-overwrites": Call(
        ("serve", "--target-out", "t.yaml"), 2, "t.yaml is there already.*--target-out", FILE
    ),
    "taken-port": Call(
        ("serve", "--port", "{port}"), 2, "Cannot listen on 127.0.0.1 port {port}: .*in use"
    ),
    "serve-log-nowhere": Call(("serve", "--log", "absent/log"), 2, "absent/log.*No such file"),
    "serve-no-database": Call(("serve", "--database", "absent/db"), 2, "absent/db"),
    "no-output": Call(
        ("run", *HERE, "--output", "t.yaml/reports"), 2, "t.yaml/reports.*Not a directory", FILE
    ),
    "nothing-selected": Call(
        ("run", *HERE, "--clause", "code-vapi_error"), 2, "Nothing to run.*trigger"
    ),
}


def _spoilt_spec(directory: Path) -> None:
    shutil.copytree(TOY, directory)
    for name, old, new in (
        ("errors.yaml", "status: 401", "status: many"),
        ("clauses/shelf.yaml", "level: MUST", "level: PERHAPS"),
        ("clauses/desk.yaml", "verified_by: [", "verified_by: [no.such-rule, "),
        ("clauses/books.yaml", "text: ", "txet: "),
    ):
        path = directory / name
        text = path.read_text(encoding="utf-8")
        assert old in text, (name, old)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def called(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[Outcome]]]:
    """The calls of the selected tests, run side by side."""
    wanted = [
        item.callspec.params["call"]
        for item in request.session.items
        if "call" in getattr(item, "fixturenames", ()) and hasattr(item, "callspec")
    ]
    with (
        servers.raw(ODD) as site,
        socket.create_server(("127.0.0.1", 0)) as taken,
        ThreadPoolExecutor(3) as pool,
    ):
        port = taken.getsockname()[1]

        def make(name: str) -> Outcome:
            directory = tmp_path_factory.mktemp(name)
            call = CALLS[name]
            if "broken" in call.arguments:
                _spoilt_spec(directory / "broken")
            if "odd" in call.arguments:
                (directory / "odd").mkdir()
                (directory / "odd" / "run.json").write_text("[]")
            if call.target:
                text = call.target.format(site=site) if "{site}" in call.target else call.target
                (directory / "t.yaml").write_text(text, encoding="utf-8")
            arguments = [str(one).format(site=site, port=port) for one in call.arguments]
            return command(*arguments, cwd=directory)

        yield {name: pool.submit(make, name) for name in dict.fromkeys(wanted)}


@pytest.mark.parametrize("call", CALLS)
def test_one_clear_message(called: Mapping[str, Future[Outcome]], call: str) -> None:
    """Each mistake and each hopeless target ends in its exit code and a message that names it, without a traceback."""
    outcome, expected = called[call].result(), CALLS[call]
    no_traceback(outcome)
    assert outcome.code == expected.code, outcome.said
    pattern = re.sub(r"\{port\}", "[0-9]+", expected.says)
    assert re.search(pattern, " ".join(outcome.said.split())), outcome.said
    assert "s3cr3tpw" not in outcome.said
    assert KEY[8:] not in outcome.said
    assert outcome.seconds < expected.seconds
    if expected.code == 2:
        assert outcome.out == ""
        assert len(outcome.err.splitlines()) <= 12


@pytest.mark.parametrize("call", ["dead-port", "html-page", "refused-key"])
def test_hopeless_target_says_one_thing(called: Mapping[str, Future[Outcome]], call: str) -> None:
    """Where nothing could be judged, one message says so; a list of what else was not tested would bury it."""
    outcome = called[call].result()
    assert len(outcome.said.splitlines()) <= 8, outcome.said


# --- the other commands ---------------------------------------------------------------------------


def test_plan_sends_nothing(tmp_path: Path) -> None:
    """`plan` opens no connection to the target, and tells cases, cells and requests."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1"
        outcome = command("plan", "--url", url, "--key", KEY, "--cases", cwd=tmp_path)
        assert outcome.code == 0, outcome.said
        with pytest.raises(TimeoutError):
            listening.accept()
    no_traceback(outcome)
    assert re.search(r"[0-9]+ of [0-9]+ cases run, for [0-9]+ cells of [0-9]+ clauses", outcome.out)
    assert list(tmp_path.iterdir()) == []


def test_plan_foretells_a_run(twins: list[Ran], tmp_path: Path) -> None:
    """`plan` names as many cells and cases as a run then has, and about as many requests."""
    outcome = command("plan", cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    told = stored(twins[0].run)
    cells = re.search(r"cases run, for ([0-9]+) cells", outcome.out)
    cases = re.search(r"^([0-9]+) of ([0-9]+) cases run", outcome.out, re.MULTILINE)
    assert cells is not None
    assert cases is not None
    assert int(cells[1]) == len(told["cells"])
    assert int(cases[2]) == len(told["plan"])
    requests = sum(
        int(number)
        for number in re.findall(
            r"([0-9]+) (?:read|write|spend|flood)\b", outcome.out.partition("requests, about:")[2]
        )
    )
    assert 0.5 < requests / len(lines_of(twins[0].run)) < 2


def test_clauses_as_json(tmp_path: Path) -> None:
    """`clauses --json` gives every clause with source, level, and rules or the reason for none."""
    outcome = command("clauses", "--json", cwd=tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    told = json.loads(outcome.out)
    known = contract.load().clauses
    assert [row["id"] for row in told] == list(known)
    for row in told:
        assert row["level"] in ("MUST", "SHOULD", "NOTE")
        assert row["basis"] == "stated" or row["because"]
        assert row["text"]
        assert row["source"]
        assert row["verified_by"] or row["uncovered"]


@pytest.mark.parametrize("spec", [None, TOY], ids=["packaged", "toy"])
def test_explain_of_every_clause(spec: Path | None) -> None:
    """`explain` tells each clause with its words, its source and how it is verified."""
    known = contract.load(spec)
    for clause in known.clauses.values():
        result = CliRunner().invoke(
            group, ["explain", clause.id, *(["--spec", str(spec)] if spec else [])]
        )
        assert result.exit_code == 0, result.output
        assert clause.id in result.output
        assert " ".join(clause.text.split()) in " ".join(result.output.split())
        assert "Source:" in result.output
        assert ("Verified by:" in result.output) == bool(clause.rules)


def test_init_gives_a_usable_file(sandbox: Sandbox, tmp_path: Path) -> None:
    """What `init` writes works once address and key are filled in, and its key then counts as declared to have every scope."""
    assert command("init", "mine.yaml", cwd=tmp_path).code == 0
    path = tmp_path / "mine.yaml"
    missing = command("plan", "--target", "mine.yaml", cwd=tmp_path)
    assert missing.code == 2
    assert "CONFORMANCE_KEY is not set" in missing.err
    path.write_text(re.sub(r"(?m)^url: .*$", f"url: {sandbox.url}", path.read_text()))
    arguments = ("run", "--target", "mine.yaml", "--clause", "paging-supported")
    outcome = command(*arguments, cwd=tmp_path, env={"CONFORMANCE_KEY": sandbox.keys["full"]})
    assert outcome.code == 0, outcome.said
    assert stored(run_of(tmp_path))["target"]["full_declared"] is True


def test_init_for_another_contract(tmp_path: Path) -> None:
    """`init --spec` writes a file for that contract, with its names only."""
    assert command("init", "toy.yaml", "--spec", TOY, cwd=tmp_path).code == 0
    text = (tmp_path / "toy.yaml").read_text()
    assert "books:look" in text
    assert "list_books" in text
    assert "calls" not in text.replace("places calls", "")
    uncommented = re.sub(
        r"(?m)^# (businesses|maximum|addresses|budget|rate|timeout|inapplicable):", r"\1:", text
    )
    (tmp_path / "toy.yaml").write_text(
        uncommented.replace('{main: "", other: "", empty: ""}', "{main: a, other: b, empty: c}")
    )
    outcome = command(
        "plan", "--spec", TOY, "--target", "toy.yaml", cwd=tmp_path, env={"CONFORMANCE_KEY": KEY}
    )
    assert outcome.code == 0, outcome.said


def test_serve_announces_and_ends(tmp_path: Path) -> None:
    """`serve` prints a line per key, then `ready` with its address; SIGTERM ends it with 0 and without a word."""
    with servers.sandbox(tmp_path) as running:
        assert all(
            re.fullmatch(r"[a-z_:-]+ kc_(live|test)_[A-Za-z0-9_-]{44}", line)
            for line in running.said[:-1]
        )
        assert re.fullmatch(r"ready http://127\.0\.0\.1:[0-9]+/api/v1", running.said[-1])
        assert {"full", "other", "empty", "expired", "revoked", "no_scope"} <= set(running.keys)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
        assert running.process.stdout is not None
        assert running.process.stdout.read() == ""
        assert running.target.exists()


def test_ctrl_c_ends_a_run(sandbox: Sandbox, tmp_path: Path) -> None:
    """Ctrl-C ends a run with 3, leaves reports that say they are incomplete, and no traceback."""
    before = len(sandbox.requests())
    begun = Command(
        "run", "--target", servers.slowed(sandbox.target, tmp_path / "t.yaml", 60), cwd=tmp_path
    )
    deadline = time.monotonic() + 120
    while len(sandbox.requests()) - before < 60 and time.monotonic() < deadline:
        time.sleep(0.01)
    begun.process.send_signal(signal.SIGINT)
    outcome = begun.end()
    no_traceback(outcome)
    assert outcome.code == 3, outcome.said
    assert (run_of(tmp_path) / "report.html").exists()
    assert stored(run_of(tmp_path))["incomplete"] == "The run was stopped by a signal."


def _alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be looked after does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("by", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_an_ended_run_leaves_no_server(tmp_path: Path, by: str) -> None:
    """A run that is ended by a signal, as CI does, leaves no embedded server behind and no traceback."""
    begun = Command("run", cwd=tmp_path)
    deadline = time.monotonic() + 120
    while (
        not any(log.stat().st_size for log in tmp_path.glob("reports/*/exchanges.jsonl"))
        and time.monotonic() < deadline
    ):
        time.sleep(0.01)
    children = begun.children()
    assert children
    begun.process.send_signal(signal.Signals[by])
    outcome = begun.end()
    no_traceback(outcome)
    if by != "SIGKILL":
        assert outcome.code == 3, outcome.said
    deadline = time.monotonic() + 120
    while (left := [pid for pid in children if _alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


# --- bare pytest ----------------------------------------------------------------------------------


def _pytest(*arguments: object, cwd: Path, env: Mapping[str, str] = {}) -> Outcome:
    fixed = ("--pyargs", "conformance.suite", "-p", "no:cacheprovider")
    return Command(*fixed, *arguments, cwd=cwd, module="pytest", env=env).end()


def test_bare_pytest_runs_the_suite(sandbox: Sandbox, tmp_path: Path) -> None:
    """pytest alone runs chosen scenarios from an empty directory, and leaves nothing in it.

    The key may come from the environment, as with the command.
    """
    arguments = ("--conformance-url", sandbox.url, "-k", "walk", "-x")
    outcome = _pytest(*arguments, cwd=tmp_path, env={"CONFORMANCE_KEY": sandbox.keys["full"]})
    assert outcome.code == 0, outcome.said
    assert re.search(r"[0-9]+ passed", outcome.out)
    assert list(tmp_path.iterdir()) == []


def test_bare_pytest_wants_a_target(tmp_path: Path) -> None:
    """Without a target pytest ends as for wrong usage, and says what to give.

    An address in the environment is no target: it may be meant for another project.
    """
    outcome = _pytest(cwd=tmp_path, env={"CONFORMANCE_URL": "http://127.0.0.1:9/api/v1"})
    assert outcome.code == 4
    assert "--conformance-url and --conformance-key, or --conformance-target FILE" in outcome.said
    no_traceback(outcome)


def test_bare_pytest_collects(sandbox: Sandbox, tmp_path: Path) -> None:
    """Node ids are readable ASCII words, the same as the case ids of the command, and collecting sends nothing."""
    before = len(sandbox.requests())
    outcome = _pytest(
        "--conformance-url",
        sandbox.url,
        "--conformance-key",
        sandbox.keys["full"],
        "--collect-only",
        "-q",
        cwd=tmp_path,
    )
    assert outcome.code == 0, outcome.said
    ids = [line for line in outcome.out.splitlines() if "::" in line]
    assert len(ids) > 50
    assert all(
        re.fullmatch(r"[A-Za-z0-9_./-]+\.py::test_[a-z_]+\[[A-Za-z0-9_.~:-]+\]", one) for one in ids
    )
    assert len(sandbox.requests()) == before


# --- another contract -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> list[Ran]:
    """The toy contract, served by the embedded server, with two seeds."""
    directories = {name: tmp_path_factory.mktemp(name) for name in ("toy-0", "toy-1")}
    arguments = ("run", "--spec", TOY, "--seed")
    return _together(directories, (*arguments, 0), (*arguments, 1))


def test_embedded_server_serves_any_contract(toys: list[Ran]) -> None:
    """Another contract runs against the embedded server with no further word: exit 0."""
    for ran in toys:
        assert ran.outcome.code == 0, ran.outcome.said
        assert stored(ran.run)["spec"]["title"] == "Toy library API"
        assert stored(ran.run)["counts"]["passed"] > 50


def test_another_seed_generates_other_cases(toys: list[Ran]) -> None:
    """Another seed has the same plan, and sends other generated requests."""
    first, second = toys
    assert stored(first.run)["plan"] == stored(second.run)["plan"]

    def generated(ran: Ran) -> set[tuple[str, str, str]]:
        lines = [
            line
            for line in lines_of(ran.run)
            if line["scenario"] == "generated" and line["role"] == "probe"
        ]
        requests = [line["request"] for line in lines]
        return {
            (r["method"], r["url"].partition("?")[2], json.dumps(r.get("body"))) for r in requests
        }

    assert len(generated(first) - generated(second)) > len(generated(first)) / 3


class Loose(ToyServer):
    """A library that lets keys do what they have no right to."""

    def permits(self, key: object, right: str) -> bool:
        return True


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> list[Ran]:
    """Runs of the toy contract against its own server: an honest one and a loose one."""
    directories = {name: tmp_path_factory.mktemp(name) for name in ("honest", "loose")}
    with (
        servers.serving(ToyServer(time.time)) as honest,
        servers.serving(Loose(time.time)) as loose,
    ):
        for origin, directory in zip((honest, loose), directories.values(), strict=True):
            (directory / "t.json").write_text(json.dumps(toy_target(f"{origin}/toy/v2")))
        arguments = ("run", "--spec", TOY, "--target", "t.json")
        return _together(
            directories, arguments, (*arguments, "--area", "badges", "--area", "faults")
        )


def test_honest_library_conforms(libraries: list[Ran]) -> None:
    """A second implementation of the toy contract, which shares no code with the suite, conforms."""
    outcome, run = libraries[0].outcome, libraries[0].run
    assert outcome.code == 0, outcome.said
    no_traceback(outcome)
    assert stored(run)["counts"]["failed"] == stored(run)["counts"]["error"] == 0


def test_loose_library_breaks_its_clause(libraries: list[Ran]) -> None:
    """A library that grants every right breaks the clause of rights, and no other."""
    outcome, run = libraries[1].outcome, libraries[1].run
    assert outcome.code == 1, outcome.said
    broken = {cell["clause"] for cell in stored(run)["cells"] if cell["verdict"] == "failed"}
    assert broken == {"kind-no-right"}


def test_module_and_script_are_one(tmp_path: Path) -> None:
    """`kaicalls-conformance` is the same command as `python -m conformance`."""
    script = Path(sys.executable).with_name("kaicalls-conformance")
    told = subprocess.run(
        [script, "--version"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert told.stdout == command("--version", cwd=tmp_path).out
