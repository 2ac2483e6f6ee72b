"""A run looks at its target file first, and marks what it finds by a part that is not proven."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import contract
from conformance.model import Remark, Run, State
from conformance.report import html, remarks, unproven
from conformance.run import runfile
from conformance.scenarios.client.filling import Filling
from conformance.server.declaration import declaration
from conformance.server.messages import Request
from tests import report_example as example
from tests import servers
from tests.servers import Outcome, Remembering
from tests.support.exchanges import answer

QUICK = ("--depth", "quick")
LEFT = "keys: revoked: GET /calls answered 200"
"""What is seen of a revoked key that works."""


class Place:
    """A server, and a target file in which the revoked key is one that works."""

    def __init__(self, app: Remembering, origin: str, directory: Path) -> None:
        told = declaration(app, f"{origin}{app.contract.base_path}")
        keys = told["keys"]
        keys["revoked"] = keys.pop("read_only")
        self.app = app
        self.directory = directory
        self.target = directory / "target.json"
        self.target.write_text(json.dumps({**told, "allow": ["read"]}), encoding="utf-8")
        self.target.chmod(0o600)

    def run(self, *arguments: str) -> Outcome:
        """Run the suite; what the server was asked before is forgotten."""
        self.app.asked.clear()
        return servers.command("run", "--target", self.target, *arguments, cwd=self.directory)

    @property
    def last(self) -> Path:
        """The directory of the last run."""
        return servers.run_of(self.directory)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The place of these tests."""
    app = servers.faulty(Remembering)
    assert isinstance(app, Remembering)
    with servers.serving(app) as origin:
        yield Place(app, origin, tmp_path_factory.mktemp("setup"))


@pytest.fixture(scope="module")
def outcome(place: Place) -> Outcome:
    """What a quick run over that target file printed."""
    return place.run(*QUICK)


def test_a_wrong_part_is_told_at_the_start_and_at_the_end(outcome: Outcome) -> None:
    """A user who watches can stop and fix it. It is a note, and changes no verdict."""
    assert outcome.code == 1
    assert outcome.said.index(f"Set-up: {LEFT}") < outcome.said.index("plain-read: ")
    assert f"Note: {LEFT}; it still works: give one that does not" in outcome.said


@pytest.mark.usefixtures("outcome")
def test_a_finding_names_what_it_rests_on(place: Place) -> None:
    """Every report has it: the page, the summary, and the data."""
    causes = servers.stored(place.last)["causes"]
    assert [cause["clauses"][0] for cause in causes] == ["status-401"]
    for name in ("report.html", "summary.md"):
        told = servers.text_of(place.last, name).replace("\\", "")  # Markdown escapes
        assert "et-up unproven" in told
        assert LEFT in told
    ctrf = json.loads(servers.text_of(place.last, "results.ctrf.json"))
    (cause,) = ctrf["results"]["summary"]["extra"]["causes"]
    assert cause["unproven"] == [f"{LEFT}; it still works: give one that does not"]


def test_a_key_is_doubted_once() -> None:
    """What the first look says of it is not said again by what came of all its requests."""
    refused = answer(401, {}, identity="test")
    target = replace(example.passing().target, keys=frozenset({"full", "test"}))
    run = replace(example.passing(), target=target, exchanges=(refused,))
    doubt = Remark(State.MEND, "keys: test", "GET /calls answered 401")
    assert len([words for words in remarks.of(run) if "test" in words]) == 1
    looked_at = remarks.of(replace(run, setup=(doubt,)))
    assert [words for words in looked_at if "test" in words] == [
        "keys: test: GET /calls answered 401"
    ]


@pytest.mark.usefixtures("outcome")
def test_a_stored_run_keeps_what_was_looked_at(place: Place) -> None:
    """A replay reads it from the log."""
    run = runfile.replay(place.last, contract.load(contract.packaged())).run
    assert [remark.about for remark in run.setup if not remark.proven] == ["keys: revoked"]
    assert servers.stored(place.last)["setup"][0]["about"] == "keys: full"


@pytest.mark.parametrize(
    ("arguments", "most"),
    [
        (QUICK, 7),
        ((*QUICK, "--clause", "status-404"), 0),
        ((*QUICK, "--budget", "100"), 0),
    ],
)
def test_a_first_look_is_small(place: Place, arguments: tuple[str, ...], most: int) -> None:
    """A quick run reads once with each key. Who chose clauses or a budget chose what is sent."""
    place.run(*arguments)
    looks = [line for line in servers.lines_of(place.last) if line["case"] == "survey[api]"]
    assert len(looks) == most
    assert not place.app.asked or {request.method for request in place.app.asked} == {"GET"}


# --- what a finding rests on ----------------------------------------------------------------------

DOUBTS = tuple(
    Remark(State.OPEN, about, "<script>alert(1)</script>")
    for about in ("keys: full", "keys: test", "clock", "addresses", "businesses: other")
)
"""Remarks on parts of a target file that nothing proves."""


def resting(rule: str) -> Run:
    """A run with these doubts, whose worst cause comes of a rule."""
    run = replace(example.failing(), setup=DOUBTS)
    first, *others = run.causes
    accused = replace(first, finding=replace(first.finding, rule=rule))
    return replace(run, causes=(accused, *others))


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ("status.listed", ["keys: full"]),
        ("rate.counted", ["keys: full", "clock", "addresses"]),
        ("tenant.list", ["keys: full", "businesses: other"]),
        ("trigger.answer", ["triggers: is the recipe for "]),
    ],
)
def test_each_rule_rests_on_its_parts(rule: str, parts: list[str]) -> None:
    """The keys that were used, and what else the rule needs."""
    run = resting(rule)
    told = unproven.unproven(run, run.causes[0])
    assert len(told) == len(parts)
    for words, part in zip(told, parts, strict=True):
        assert words.startswith(part)


def test_what_works_is_no_doubt() -> None:
    """Only what is wrong, or what nothing proves, marks a finding."""
    run = resting("status.listed")
    proven = tuple(replace(remark, state=State.WORKS) for remark in run.setup)
    assert unproven.unproven(replace(run, setup=proven), run.causes[0]) == []


def test_what_a_target_says_stays_text() -> None:
    """A remark may quote the target."""
    page = html.render(resting("tenant.list"))
    assert "Set-up unproven" in page
    assert "<script>alert" not in page


# --- keys of another server -----------------------------------------------------------------------


class Partial(Remembering):
    """Has calls, and a description for everybody. Only these need a key."""

    def lacks(self, request: Request) -> bool:
        return not request.path.endswith(("/calls", "/openapi.json"))


def test_a_key_of_another_server_is_no_finding(tmp_path: Path) -> None:
    """However few routes there are, and though some need no key."""
    with servers.serving(servers.faulty(Partial)) as origin:
        key = {"CONFORMANCE_KEY": "kc_live_of_another_server"}
        outcome = servers.command("run", "--url", f"{origin}/api/v1", cwd=tmp_path, env=key)
    assert outcome.code == 3
    assert "refuses the main key on every read (401)" in outcome.said


class Seen:
    """What each key sees: something of its own."""

    def business(self, key: str = "full") -> str:
        return f"business of {key}"

    def known_id(self, kind: str, key: str = "full", member: str | None = None) -> str:
        return f"{member or kind} of {key}"

    def free(self, kind: str, key: str) -> str:
        return self.known_id(kind, key)

    def readable(self, _operation: Any, _values: Any, _selector: Any, key: str) -> str:
        return self.known_id("object", key)


@pytest.mark.parametrize(
    ("key", "agent"), [("full", "given"), ("test", "given"), ("other", "agent of other")]
)
def test_an_input_is_what_the_main_business_has(key: str, agent: str) -> None:
    """Another business may not name it, so its key gets what that key sees."""
    loaded = contract.load(contract.packaged())
    target = replace(example.passing().target, inputs={"create_eval": {"agent_id": "given"}})
    filling = Filling(loaded, target, Seen(), lambda _operation: None, lambda: "token")
    values = filling.valid(loaded.operations["create_eval"], key)
    assert values is not None
    assert values["agent_id"] == agent
