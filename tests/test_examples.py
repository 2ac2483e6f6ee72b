"""The target files of ``examples/`` do what they say, with the command at the top of each."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from conformance import target
from conformance.model import Effect
from conformance.server.application import Application
from conformance.server.messages import Request
from tests import servers
from tests.faults.faults import FAULTS
from tests.servers import Outcome, Remembering
from tests.support.contracts import real
from tests.test_prose import Passage, violations

pytestmark = pytest.mark.long

FOLDER = Path(__file__).parent.parent / "examples"
STAGING, NIGHT, GATE = "staging.yaml", "live-at-night.yaml", "release-gate.yaml"
NAMES = (STAGING, NIGHT, GATE)
BASELINE = "last-release"
"""The directory of the stored run that the command of the gate names."""
VARIABLE = re.compile(r"\$\{([A-Z_]+)\}")
QUICKLY = 1_000
"""Requests a second, in place of the one that the file of the night allows."""
GAP = servers.BRIEF
"""A clause that few requests verify, for a gate that is asked twice."""


def text_of(name: str) -> str:
    """An example as text."""
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def members_of(name: str) -> dict[str, Any]:
    """What a parser reads of an example."""
    members: dict[str, Any] = yaml.safe_load(text_of(name))
    return members


def command_of(name: str) -> list[str]:
    """The arguments of the one command that stands at the top of an example."""
    (line,) = re.findall(r"^#     kaicalls-conformance (.+)$", text_of(name), re.MULTILINE)
    return shlex.split(line)


def comments_of(text: str) -> list[str]:
    """The comments of a file: those on lines of their own as paragraphs, and each other one."""
    alone = re.sub(r"^(?!#).*", "", text, flags=re.MULTILINE)
    paragraphs = re.split(r"\n#?\n", alone.replace("#     ", ""))
    behind = re.findall(r"^[^#\n]+# (.+)$", text, re.MULTILINE)
    told = [" ".join(re.findall(r"^# +(.+)$", each, re.MULTILINE)) for each in paragraphs]
    return [*[line for line in told if line], *behind]


class Fresh(Remembering):
    """A build that lacks what the file of the gate declares, and remembers what it was asked."""

    def lacks(self, request: Request) -> bool:
        route = f"{request.method} {request.path.removeprefix(self.contract.base_path)}"
        return route in members_of(GATE)["inapplicable"]


@dataclass(frozen=True)
class Place:
    """A directory with the examples, and a server like the one that a file describes."""

    name: str
    path: Path
    app: Application
    origin: str

    def run(self, *more: str) -> Outcome:
        """Run the command at the top of the file, without a baseline that is not there yet."""
        words = command_of(self.name)
        if "--baseline" in words and not (self.path / BASELINE).is_dir():
            words.remove("--baseline")
            words.remove(BASELINE)
        few = ("--budget", "1000") if self.name == STAGING else ("--depth", "quick")
        return self.command(*words, *few, *more)

    def command(self, *arguments: str) -> Outcome:
        """Run a command on the server, with no other keys than the file names."""
        keys, url = servers.keys_of(self.app), self.origin + self.app.contract.base_path
        named = {
            role: VARIABLE.fullmatch(key) for role, key in members_of(self.name)["keys"].items()
        }
        env = {name[1]: keys[role] for role, name in named.items() if name}
        return servers.command(*arguments, "--url", url, cwd=self.path, env=env)


@contextmanager
def place_of(name: str, path: Path, app: Application) -> Iterator[Place]:
    """Serve an application to the examples in a new directory, where the night is quick."""
    shutil.copytree(FOLDER, path / "examples")
    night = path / "examples" / NIGHT
    servers.slowed(night, night, QUICKLY)
    with servers.serving(app) as origin:
        yield Place(name, path, app, origin)


@dataclass(frozen=True)
class Ran:
    """What doctor and the command of an example came to, and what the server was asked by a run."""

    place: Place
    doctor: Outcome
    outcome: Outcome
    asked: tuple[Request, ...]


@pytest.fixture(scope="module", params=NAMES)
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """An example that doctor has looked at, and that has been run."""
    name: str = request.param
    app = servers.faulty(Fresh if name == GATE else Remembering)
    assert isinstance(app, Remembering)
    with place_of(name, tmp_path_factory.mktemp("example"), app) as place:
        doctor = place.command("doctor", "--target", f"examples/{name}", "--yes")
        app.asked.clear()
        outcome = place.run()
        yield Ran(place, doctor, outcome, tuple(app.asked))


# --- the files ------------------------------------------------------------------------------------


def test_each_example_is_here() -> None:
    """No file of the folder is left out of these tests."""
    assert sorted(path.name for path in FOLDER.iterdir() if path.is_file()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_fits_the_schema(name: str) -> None:
    """Each member is one that a target file may have."""
    assert list(Draft202012Validator(target.schema()).iter_errors(members_of(name))) == []


@pytest.mark.parametrize("name", NAMES)
def test_keys_come_from_the_environment_alone(name: str) -> None:
    """Each key is the name of a variable, each another one, and the text holds no key."""
    keys = [*members_of(name)["keys"].values()]
    assert all(VARIABLE.fullmatch(key) for key in keys)
    assert len(set(keys)) == len(keys)
    assert "kc_" not in text_of(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_top_says_the_command_and_its_exit_codes(name: str) -> None:
    """The command takes this file, and 0 to 3 are explained in this order."""
    head = text_of(name).partition("\nname: ")[0]
    verb = "nightly" if name == NIGHT else "run"
    assert command_of(name)[:3] == [verb, "--target", f"examples/{name}"]
    assert re.findall(r"^# ([0-9])  \S", head, re.MULTILINE) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("name", NAMES)
def test_comments_are_plain(name: str) -> None:
    """Sentences are short, and the words are those of the glossary."""
    comments = comments_of(text_of(name))
    assert comments
    assert violations(Passage(name, comment) for comment in comments) == []


def test_the_night_is_slow_and_the_gate_is_cheap() -> None:
    """The night asks sixty times a minute and reads; the gate neither spends nor floods."""
    night, gate = members_of(NIGHT), members_of(GATE)
    assert (night["rate"] * 60, night["allow"]) == (60, ["read"])
    assert set(gate["allow"]) == {"read", "write"}
    assert set(members_of(STAGING)["allow"]) == {effect.value for effect in Effect}


# --- on a server like it --------------------------------------------------------------------------


def test_doctor_finds_nothing_to_mend(ran: Ran) -> None:
    """It looks at every key that the file names."""
    assert ran.doctor.code == 0, ran.doctor.said
    assert "\nNothing to fix. Next: " in ran.doctor.out


def test_the_run_conforms(ran: Ran) -> None:
    """It ends with 0, without a message of an error, and has judged a good part."""
    assert ran.outcome.code == 0, ran.outcome.said
    usual = (
        "Note: the run left objects on the target: ",
        "Note: the run changed or acted on pre-existing objects: ",
        "Note: the most valuable ",
    )
    assert all(line.startswith(usual) for line in ran.outcome.err.splitlines())
    servers.no_traceback(ran.outcome)
    counts = servers.stored(servers.run_of(ran.place.path))["counts"]
    assert counts["failed"] == counts["error"] == counts["warned"] == 0
    assert counts["passed"] > 500


def test_a_run_sends_what_its_file_allows(ran: Ran) -> None:
    """The night sends GET alone, within its budget. The gate writes, but places no call.

    Staging does all that it may.
    """
    methods = {request.method for request in ran.asked}
    limited = [line for line in logged(ran.place) if (line["response"] or {}).get("status") == 429]
    if ran.place.name == NIGHT:
        assert methods == {"GET"}
        assert len(ran.asked) <= members_of(NIGHT)["budget"]
    if ran.place.name == GATE:
        assert {"POST", "PATCH", "DELETE"} <= methods
    assert bool(spending(ran)) is bool(limited) is (ran.place.name == STAGING)


def logged(place: Place) -> list[dict[str, Any]]:
    """The exchanges of the last run."""
    return servers.lines_of(servers.run_of(place.path))


def spending(ran: Ran) -> list[Request]:
    """The requests for what places calls, sends texts or opens accounts, whatever came of them."""
    base, operations = real().base_path, real().operations.values()
    costly = {(o.method, base + o.path) for o in operations if o.effect is Effect.SPEND}
    return [request for request in ran.asked if (request.method, request.path) in costly]


def test_a_gate_without_a_key_or_a_baseline_ends_with_2(tmp_path: Path) -> None:
    """A job that lacks what the file and its command name is stopped before it asks anything."""
    app = servers.faulty(Remembering)
    assert isinstance(app, Remembering)
    with place_of(GATE, tmp_path, app) as place:
        without_baseline = place.command(*command_of(GATE))
        without_key = servers.command("run", "--target", f"examples/{GATE}", cwd=tmp_path)
    assert (without_baseline.code, without_key.code) == (2, 2)
    assert f"{BASELINE}/run.json: cannot be read" in without_baseline.err
    assert "the environment variable CONFORMANCE_KEY is not set" in without_key.err
    assert app.asked == []


def test_a_fault_fails_the_night(tmp_path: Path) -> None:
    """The same file and command end with 1 where lists never say that there is more."""
    app = servers.faulty(FAULTS["never-more"].kind)
    with place_of(NIGHT, tmp_path, app) as place:
        outcome = place.run()
    assert outcome.code == 1, outcome.said
    run = servers.stored(servers.run_of(tmp_path))
    assert [cause["clauses"][0] for cause in run["causes"]] == ["has-more-false"]


def test_a_gate_compares_with_the_last_release(tmp_path: Path) -> None:
    """What the last release broke does not stop this one."""
    app = servers.faulty(FAULTS["html-for-unknown-path"].kind)
    with place_of(GATE, tmp_path, app) as place:
        assert place.run("--clause", GAP).code == 1
        shutil.copytree(servers.run_of(tmp_path), tmp_path / BASELINE)
        outcome = place.run("--clause", GAP)
    assert outcome.code == 0, outcome.said
    assert ": 1 cause as before (" in outcome.verdict
