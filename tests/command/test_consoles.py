"""What a hostile target says is no command of a CI runner, in whatever the suite prints."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.base.text import for_console
from conformance.command.saying import print_json
from conformance.model import Operation
from conformance.server.application import Application
from conformance.server.messages import Refusal, Reply, Request
from conformance.server.store import Row
from tests import servers
from tests.servers import Command, Outcome, command, no_traceback, run_of

pytestmark = pytest.mark.long

COMMANDS = (
    "::error file=x::owned",
    "::stop-commands::token",
    "##[error]owned",
    "##vso[task.setvariable variable=PATH]/tmp/owned",
    "##teamcity[buildStop comment='owned']",
    "##octopus[setVariable name='a' value='owned']",
    "[command]owned",
    "+++ owned",
)
"""Lines that GitHub, Azure, TeamCity, Octopus and Buildkite take for their own."""
PADDED = (
    *COMMANDS,
    *(" ".join([one] * 20) for one in COMMANDS),
    *(f"{'x' * width}::error::{'::warning::' * 30}" for width in range(1, 12)),
    "\r\n".join(COMMANDS),
    "\x1b[31m::error::owned\u2028::error::owned\x85::error::owned",
    "\u202e##\xad[error]owned\u200b",
)
"""The target chooses where a line is wrapped: by long words, and by words of one length."""

_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_ANYWHERE = re.compile(r"##\w*\[")
_AT_START = re.compile(r"::|\[[a-z]+\]|(---|\+\+\+|~~~) ")


def commands_in(text: str) -> list[str]:
    """The lines of a text that a CI runner would obey, or show as something else."""
    found = []
    for line in text.splitlines():
        bare = _COLOUR.sub("", line).lstrip()
        if _ANYWHERE.search(line) or _AT_START.match(bare):
            found.append(line)
    return found


class Shouting(Application):
    """A server that has commands for runners in codes, messages, members, ids and headers."""

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self.texts = cycle(PADDED)

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        """The code and the message are commands."""
        reply = super().refused(request, refusal)
        code, message = next(self.texts), next(self.texts)
        return Reply(reply.status, {"error": {"code": code, "message": message, code: message}})

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        """The members and the position are commands."""
        text = next(self.texts)
        return {**super().render_item(operation, row), "name": text, text: 1, "created_at": text}

    def content_type(self, reply: Reply) -> str:
        """The media type of every third answer is a command."""
        usual = super().content_type(reply)
        return next(self.texts)[:90].splitlines()[0] if reply.status == 404 else usual

    def all_headers(self, request: Request, reply: Reply, body: bytes) -> list[tuple[str, str]]:
        """A header whose name and value are commands."""
        text = re.sub(r"[^\x20-\x7e]", "?", next(self.texts))
        return [*super().all_headers(request, reply, body), ("::error::x", text)]

    def status_line(self, reply: Reply) -> str:
        """The reason phrase is a command."""
        return f"{reply.status} ##[error]owned"


@dataclass(frozen=True)
class Shouted:
    """What was printed of the server that shouts, and the run."""

    run: Outcome
    bare: Outcome
    stored: Path


@pytest.fixture(scope="module")
def shouted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shouted]:
    """A run of the command and one of bare pytest, at the same time."""
    directory = tmp_path_factory.mktemp("shouted")
    app = servers.faulty(Shouting)
    with servers.serving(app) as origin:
        name = " ".join(COMMANDS)
        path = servers.target_file(app, origin, directory / "t.yaml", name=name, allow=["read"])
        quick = ("run", "--target", path, "--depth", "quick", "--durations", "-v")
        loud = (
            "-rA",
            "-vv",
            "--durations=5",
            "--showlocals",
            "--full-trace",
            "-k",
            "envelope or keys",
        )
        bare = (
            "--pyargs",
            "conformance.scenarios",
            "--conformance-target",
            path,
            "-p",
            "no:cacheprovider",
        )
        begun = Command(*quick, cwd=directory)
        other = Command(
            *bare, *loud, "--conformance-depth", "quick", cwd=directory, module="pytest"
        )
        yield Shouted(begun.end(), other.end(), run_of(directory))


def test_a_run_prints_no_command(shouted: Shouted) -> None:
    """The console of a run quotes the target, and no line of it is a command."""
    assert shouted.run.code == 1, shouted.run.said[-3000:]
    assert "owned" in shouted.run.out
    no_traceback(shouted.run)
    assert not commands_in(shouted.run.out)
    assert not commands_in(shouted.run.err)


def test_a_replay_prints_no_command(shouted: Shouted, tmp_path: Path) -> None:
    """A replay of such a run prints no command either."""
    outcome = command("replay", shouted.stored, "-v", cwd=tmp_path)
    assert outcome.code == 1, outcome.said[-3000:]
    assert "owned" in outcome.out
    assert not commands_in(outcome.said)


def test_bare_pytest_prints_no_command(shouted: Shouted) -> None:
    """pytest quotes the target in the texts of failed items, and no line of it is a command."""
    assert shouted.bare.code == 1, shouted.bare.said[-3000:]
    assert "owned" in shouted.bare.out
    assert not servers.CONTROL.findall(shouted.bare.said)
    assert not commands_in(shouted.bare.said)


BROKEN = {
    "status": b"##vso[task.setvariable variable=PATH]/tmp/owned\r\n\r\n",
    "type": b"HTTP/1.1 200 OK\r\nContent-Type: ##[error]owned\r\nContent-Length: 2\r\n\r\nno",
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: ##teamcity[a]\r\n\r\nno",
    "coding": b"HTTP/1.1 200 OK\r\nContent-Encoding: ##octopus[a]\r\nContent-Length: 2\r\n\r\nno",
}


@pytest.mark.parametrize("answer", BROKEN)
def test_what_ends_a_run_is_no_command(tmp_path: Path, answer: str) -> None:
    """A target that can hardly be judged is quoted in what is said of it, without a command."""
    replies = {answer: lambda write: write(BROKEN[answer])}
    key = "kc_live_" + "k3Y" * 14
    with servers.raw(replies) as site:
        url = f"{site}/{answer}/api/v1"
        one = ("--clause", "paging-supported")
        outcome = command("run", "--url", url, "--key", key, *one, cwd=tmp_path)
        env = {"CONFORMANCE_KEY": key}
        quoting = ("--conformance-url", url, "-x", "-rA", "--conformance-clause", one[1])
        arguments = ("--pyargs", "conformance.scenarios", *quoting)
        bare = Command(*arguments, cwd=tmp_path, module="pytest", env=env).end()
    assert outcome.code in (1, 3), outcome.said
    assert not commands_in(outcome.said)
    assert not commands_in(bare.said)


def test_names_in_a_target_file_are_no_commands(tmp_path: Path) -> None:
    """A fault of a target file quotes what stands there, without a command."""
    path = tmp_path / "t.yaml"
    names = json.dumps(["##[error]owned", "a\n::error::owned", "\x1b[2J"])
    keys = "keys: {full: kc_live_abcdefghijkl}"
    path.write_text(f"url: http://127.0.0.1:9/api/v1\n{keys}\nonly: {names}\n", encoding="utf-8")
    outcome = command("plan", "--target", path, cwd=tmp_path)
    assert outcome.code == 2
    assert "owned" in outcome.err
    assert not servers.CONTROL.findall(outcome.said)
    assert not commands_in(outcome.said)


def test_data_on_the_console_holds_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON on the console is the same data, and no command."""
    print_json({"a": "##[error]owned", "b": ["::error::owned"]})
    told = capsys.readouterr().out
    assert not commands_in(told)
    assert json.loads(told) == {"a": "##[error]owned", "b": ["::error::owned"]}


@pytest.mark.parametrize("text", PADDED)
def test_a_text_for_the_console_holds_no_command(text: str) -> None:
    """Wherever a line begins, what it says stays readable and is no command."""
    for before in ("", "  ", "\t", "a\n", "a\n \t", "a: "):
        told = for_console(before + text)
        assert not commands_in(told)
        assert not re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u200b\xad]", told)
        assert re.search("owned|warning|token", told)


def test_own_colours_stay() -> None:
    """A painted text keeps its colours, and a colour does not hide a command."""
    assert for_console("\x1b[1;31mFailed\x1b[0m", painted=True) == "\x1b[1;31mFailed\x1b[0m"
    assert for_console("\x1b[31m::error::\x1b[0m", painted=True) == "\x1b[31m\\x3a:error::\x1b[0m"
    assert for_console("Report: a::b #1") == "Report: a::b #1"


BUG = """\
import sys
from conformance import __main__
from conformance.command import cli

def broken(**_):
    raise ValueError(sys.argv[1])

cli.group.main = broken
__main__.main()
"""


def test_the_traceback_of_a_bug_holds_no_command(tmp_path: Path) -> None:
    """A bug of the suite shows its traceback, whose message may quote the target."""
    said = "a\n::error::owned ##[error]owned \x1b[2J"
    told = subprocess.run(
        [sys.executable, "-c", BUG, said], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert told.returncode == 3
    assert "Traceback" in told.stderr
    assert "owned" in told.stderr
    assert not servers.CONTROL.findall(told.stderr)
    assert not commands_in(told.stderr)


PRINTS = {
    "conformance/command/saying.py",  # the one door
    "conformance/run/progress.py",  # through for_console
    "conformance/run/bare.py",  # through for_console
    "conformance/server/serve.py",  # the keys of a sandbox, made from its seed
    "conformance/command/embedded.py",  # read by the command, not by people
    "conformance/scenarios/generated/drawing.py",  # read by the run, not by people
}


def test_everything_printed_goes_through_one_door() -> None:
    """Nothing else in the package prints: neither with click or rich, nor to a stream."""
    root = Path(conformance.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _prints(node):
                found.add(path.relative_to(root.parent).as_posix())
    assert found == PRINTS


def _prints(call: ast.Call) -> bool:
    words = ast.unparse(call.func)
    written = words.endswith(
        (".echo", "console.print", "stdout.write", "stderr.write", "json.dump")
    )
    return written or words == "print"
