"""Each mistake and each hopeless target results in one message and an exit code."""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.servers import Outcome, command, no_traceback
from tests.support.contracts import TOY


def _html(write: Callable[[bytes], Any]) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 16\r\n\r\n"
    write(head + b"<h1>Welcome</h1>")


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


def _refuse(write: Callable[[bytes], Any], status: bytes, code: bytes) -> None:
    body = b'{"error": {"code": "%s", "message": "No"}}' % code
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    write(head % (status, len(body)) + body)


def _refusing(write: Callable[[bytes], Any]) -> None:
    _refuse(write, b"401 No", b"unauthorized")


def _elsewhere(write: Callable[[bytes], Any]) -> None:
    _refuse(write, b"404 No", b"not_found")


def _nested(write: Callable[[bytes], Any]) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1800\r\n\r\n"
    write(head + b"[" * 900 + b"]" * 900)


ODD = {
    "nested": _nested,
    "html": _html,
    "endless": _endless,
    "drip": _drip,
    "slow-head": _slow_head,
    "refusing": _refusing,
    "elsewhere": _elsewhere,
}
KEY = "kc_live_" + "k3Y" * 14
PATIENT = "url: {site}/%s/api/v1\nkeys: {{full: " + KEY + "}}\ntimeout: 2\n"


@dataclass(frozen=True)
class Call:
    """A call of the command: arguments, exit code, message, and optionally a target file."""

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
    "nested-body": _at("nested", 3, "cannot be judged.*nested more than 500 levels"),
    "endless-body": _at("endless", 3, "do not end"),
    "wrong-path": _at("elsewhere", 3, "returns 404 for every read.*Is the path"),
    "refused-key": _at("refusing", 3, "rejects the main key.*401"),
    "endless-drip": Call(("run", "--target", "t.yaml"), 3, "do not end|2 s", PATIENT % "drip"),
    "endless-header": Call(("run", "--target", "t.yaml"), 3, r"\b2 s", PATIENT % "slow-head"),
    "no-base-path": Call(
        ("run", "--url", "http://127.0.0.1:9", "--key", KEY), 3, "does not end with /api/v1"
    ),
    "no-http": Call(
        ("run", "--url", "ftp://127.0.0.1/api/v1", "--key", KEY), 2, "not an http or https address"
    ),
    "bad-port": Call(
        ("run", "--url", "http://127.0.0.1:99999/api/v1", "--key", KEY), 2, "Port out of range"
    ),
    "bad-host": Call(("run", "--url", "http://[::1/api/v1", "--key", KEY), 2, "--url"),
    "user-in-url": Call(
        ("run", "--url", "http://a:s3cr3tpw@127.0.0.1:9/api/v1", "--key", KEY),
        2,
        "user name and password",
    ),
    "no-key": Call(("run", "--url", "http://127.0.0.1:9/api/v1"), 2, "--key"),
    "short-key": Call(
        ("run", "--url", "http://127.0.0.1:9/api/v1", "--key", "abc"), 2, "--key.*8 printable"
    ),
    "key-without-url": Call(("run", "--key", KEY), 2, "A key requires --url or --target"),
    "unknown-clause": Call(
        ("run", *HERE, "--clause", "envelope-jsn"),
        2,
        "no clause envelope-jsn.*did you mean envelope-json",
    ),
    "no-time": Call(
        ("run", *HERE, "--max-seconds", "0"), 2, "--max-seconds 0: a run needs at least 1 second"
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
    "badly-indented": _file(
        FILE + "keys:\n  full: x\n other: y\n",
        r"t\.yaml:4: did not find expected key \(is .*indented",
    ),
    "unknown-member": _file(FILE + "buget: 3\n", r"t\.yaml:2: .*buget"),
    "wrong-type": _file(FILE + "budget: many\n", r"t\.yaml:2: .*many.*integer"),
    "unknown-operation": _file(
        FILE + "triggers:\n  - {code: vapi_error, operation: create_cal, input: {a: b}}\n",
        r"t\.yaml:3: .*create_cal \(did you mean create_call\?\); `kaicalls-conformance oper",
    ),
    "unset-variable": _file(
        FILE + "keys: {full: '${NOT_SET_HERE}'}\n", r"t\.yaml:2: .*NOT_SET_HERE is not set"
    ),
    "one-key-for-two": _file(
        FILE + f"keys:\n  full: {KEY}\n  other: {KEY}\n", r"t\.yaml:[34]: .*another role"
    ),
    "key-twice": _file(FILE + "budget: 1\nbudget: 2\n", r"t\.yaml:3: the key budget appears twice"),
    "two-faults": _file(FILE + "budget: many\nrate: fast\n", r"t\.yaml:2: .*t\.yaml:3: "),
    "binary-target-file": _file("url: \0\n", r"t\.yaml:1: "),
    "odd-waiver": _file(
        FILE
        + "waivers:\n"
        + "  - {clause: nope, statement: long enough to be one, owner: me, ticket: X-1, "
        + "expires: '2027-01-31'}\n",
        r"t\.yaml:3: .*no clause nope",
    ),
    "endless-waiver": _file(
        FILE
        + "waivers:\n"
        + "  - {clause: status-200, statement: long enough, owner: me, ticket: X-1,\n"
        + "     expires: '9999-12-31'}\n",
        r"t\.yaml:4: 9999-12-31 is more than 180 days after .*: choose a day up to 20",
    ),
    "waiver-without-ticket": _file(
        FILE
        + "waivers:\n"
        + "  - {clause: status-200, reason: long enough, owner: me, expires: '2027-01-31'}\n",
        r"t\.yaml:3: 'ticket' is a required property",
    ),
    "six-waivers-on-a-day": _file(
        FILE
        + "waivers:\n"
        + "  - {clause: status-200, statement: long enough, owner: me, ticket: X-1, "
        "expires: '2026-01-31'}\n" * 6,
        r"t\.yaml:8: 6 waivers expire on 2026-01-31, but at most 5 may.*another day, such as",
    ),
    "challenge-of-nothing": Call(
        ("challenge", "envelope-jsn"), 2, "no clause envelope-jsn.*did you mean envelope-json"
    ),
    "odd-challenges": Call(
        ("run", *HERE, "--challenges", "t.yaml"),
        2,
        r"accepted challenges are not valid: t\.yaml:2: .*no clause status-20 \(did you mean",
        "challenges:\n  - {number: 1, clause: status-20, accepted: '2026-11-20', "
        "reference: here, reason: It says so nowhere.}\n",
    ),
    "no-spec": Call(("clauses", "--spec", "absent"), 2, "absent:1: there is no such directory"),
    "broken-spec": Call(
        ("run", "--spec", "broken"),
        2,
        r"5 faults:.*errors\.yaml:3: .*books\.yaml:5: .*shelf\.yaml:[0-9]+: .*desk\.yaml:[0-9]+: ",
    ),
    "init-overwrites": Call(("init", "t.yaml"), 2, "t.yaml already exists.*--force", FILE),
    "init-nowhere": Call(("init", "absent/t.yaml"), 2, "absent/t.yaml.*No such file"),
    "replay-no-run": Call(("replay", "broken"), 2, r"broken/run\.json.*a run"),
    "replay-odd-run": Call(("replay", "odd"), 2, r"odd/run\.json: not a run\.json"),
    "serve-overwrites": Call(
        ("serve", "--target-out", "t.yaml"), 2, "t.yaml already exists.*--target-out", FILE
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
    """The outcomes of the calls for the selected tests, run concurrently."""
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

        def make(name: str, directory: Path) -> Outcome:
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

        # pytest makes its first directory of a process twice if two threads ask for one
        yield {
            name: pool.submit(make, name, tmp_path_factory.mktemp(name))
            for name in dict.fromkeys(wanted)
        }


@pytest.mark.parametrize("call", CALLS)
def test_one_clear_message(called: Mapping[str, Future[Outcome]], call: str) -> None:
    """The exit code is the documented one, and the message names what is wrong."""
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
def test_a_hopeless_target_gets_one_message(
    called: Mapping[str, Future[Outcome]], call: str
) -> None:
    """If nothing could be judged, there is one message without a list of untested cells."""
    outcome = called[call].result()
    assert len(outcome.said.splitlines()) <= 8, outcome.said
    assert "Note: " not in outcome.said
