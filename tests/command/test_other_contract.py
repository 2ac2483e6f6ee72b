"""The command with another contract: the toy library."""

from __future__ import annotations

import json
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests import servers
from tests.command.finished import Ran, together
from tests.servers import lines_of, no_traceback, stored
from tests.support.contracts import TOY
from tests.toy.server import ToyServer
from tests.toy.server import target as toy_target

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> list[Ran]:
    """The toy contract, served by the embedded server, with two seeds."""
    directories = {name: tmp_path_factory.mktemp(name) for name in ("toy-0", "toy-1")}
    arguments = ("run", "--spec", TOY, "--seed")
    return together(directories, (*arguments, 0), (*arguments, 1))


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
        lines = [line for line in lines_of(ran.run) if line["scenario"] == "generated"]
        requests = [line["request"] for line in lines]
        return {
            (r["method"], r["url"].partition("?")[2], json.dumps(r.get("body"))) for r in requests
        }

    assert generated(first) != generated(second)


def test_another_contract_is_named_first(toys: list[Ran], tmp_path: Path) -> None:
    """The first line of every output says that the contract is not the packaged one, and which."""
    ran = toys[0]
    digest = stored(ran.run)["spec"]["digest"]
    name = f"Toy library API 2.0 (published edition; not the packaged contract; SHA-256 {digest})"
    assert len(digest) == 64
    assert stored(ran.run)["spec"]["packaged"] is False
    assert name in ran.outcome.out.splitlines()[0]
    again = servers.command("replay", "--spec", TOY, ran.run, cwd=tmp_path)
    assert name in again.out.splitlines()[0]
    plan = servers.command("plan", "--spec", TOY, cwd=tmp_path)
    assert name in plan.out.splitlines()[0]
    head = (ran.run / "report.html").read_text(encoding="utf-8").partition("<h1")[0]
    assert name in head.partition("<header>")[2]
    suites = ElementTree.parse(ran.run / "junit.xml").getroot()
    assert name in suites.attrib["name"]
    for suite in suites:
        values = {p.get("name"): p.get("value") for p in suite.findall("./properties/property")}
        assert values["contract"] == name
        assert values["contract-digest"] == digest
    environment = json.loads((ran.run / "results.ctrf.json").read_text())["results"]["environment"]
    assert environment["reportName"].startswith(name)
    assert environment["extra"]["contract"]["packaged"] is False
    assert environment["extra"]["contract"]["digest"] == digest
    assert servers.command("export", "har", ran.run, "--all", "--spec", TOY, cwd=tmp_path).code == 0
    comment = json.loads((ran.run / "evidence.har").read_text())["log"]["comment"]
    assert comment.startswith(name)


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
        return together(
            directories, arguments, (*arguments, "--area", "badges", "--area", "faults")
        )


def test_honest_library_conforms(libraries: list[Ran]) -> None:
    """Another implementation of the toy contract conforms. It shares no code with the suite."""
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
