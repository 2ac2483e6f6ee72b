"""A run checks its target file first, and marks findings that rest on an unproven part of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from conformance import contract
from conformance.causes.doubts import certain_first
from conformance.model import (
    Body,
    Contract,
    Declaration,
    Exchange,
    Facts,
    Operation,
    Peer,
    Remark,
    Response,
    Run,
    State,
)
from conformance.report import console, html, markdown, remarks, unproven
from conformance.run import runfile
from conformance.scenarios.client import filling
from conformance.server.declaration import declaration
from conformance.server.messages import Request
from tests import report_example as example
from tests import servers
from tests.servers import Outcome, Remembering
from tests.support.exchanges import answer

QUICK = ("--depth", "quick")
STILL = "The key still works. Specify one that no longer works, or fix the target."
LEFT = "keys: revoked: GET /calls returned 200"
"""The remark on a revoked key that still works."""


class Place:
    """A server, and a target file whose revoked key still works."""

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


def test_a_problem_is_reported_at_the_start_and_at_the_end(outcome: Outcome) -> None:
    """The user can stop the run and fix it. It is a note that changes no verdict."""
    assert outcome.code == 1
    assert outcome.said.index(f"Set-up: {LEFT}") < outcome.said.index(outcome.counts)
    assert f"Note: {LEFT}. {STILL}" in outcome.said


@pytest.mark.usefixtures("outcome")
def test_a_finding_names_the_unproven_parts(place: Place) -> None:
    """They are in every report: the page, the summary, and the data."""
    causes = servers.stored(place.last)["causes"]
    assert [cause["clauses"][0] for cause in causes] == ["status-401"]
    for name in ("report.html", "summary.md"):
        assert LEFT in servers.text_of(place.last, name)
    assert "perhaps never revoked" in servers.text_of(place.last, "summary.md")
    ctrf = json.loads(servers.text_of(place.last, "results.ctrf.json"))
    (cause,) = ctrf["results"]["summary"]["extra"]["causes"]
    assert cause["unproven"] == [f"{LEFT}. {STILL}"]


def test_a_change_of_the_tls_key_is_remarked() -> None:
    """More than one deployment may have been judged."""
    peer = Peer("127.0.0.1", ("127.0.0.1",), "0" * 64)
    same, other = (
        remarks.of(replace(example.passing(), peer=replace(peer, more_tls_keys=more)))
        for more in ((), ("1" * 64,))
    )
    assert set(other) - set(same) == {remarks.OTHER_KEY}


def test_a_doubtful_key_is_reported_once() -> None:
    """After a remark of the first look, there is no second one based on all its requests."""
    refused = answer(401, {}, identity="test")
    target = replace(example.passing().target, keys=frozenset({"full", "test"}))
    run = replace(example.passing(), target=target, exchanges=(refused,))
    doubt = Remark(State.MEND, "keys: test", "GET /calls returned 401")
    assert len([words for words in remarks.of(run) if "test" in words]) == 1
    looked_at = remarks.of(replace(run, setup=(doubt,)))
    assert [words for words in looked_at if "test" in words] == [
        "keys: test: GET /calls returned 401"
    ]


@pytest.mark.usefixtures("outcome")
def test_a_stored_run_keeps_the_remarks(place: Place) -> None:
    """A replay reads it from the log."""
    run = runfile.replay(place.last, contract.load(contract.packaged())).run
    assert [remark.about for remark in run.setup if not remark.proven] == ["keys: revoked"]
    assert servers.stored(place.last)["setup"][0]["about"] == "keys: full"


@pytest.mark.parametrize(
    ("arguments", "most"),
    [
        (QUICK, 9),
        ((*QUICK, "--clause", "status-404"), 0),
        ((*QUICK, "--budget", "100"), 0),
    ],
)
def test_a_first_look_is_small(place: Place, arguments: tuple[str, ...], most: int) -> None:
    """A quick run reads about once per key. With chosen clauses or a budget, it does not look."""
    place.run(*arguments)
    looks = [line for line in servers.lines_of(place.last) if line["case"] == "survey[api]"]
    assert len(looks) == most
    assert not place.app.asked or {request.method for request in place.app.asked} == {"GET"}


# --- what a finding rests on ----------------------------------------------------------------------

DOUBTS = tuple(
    Remark(State.OPEN, about, "<script>alert(1)</script>")
    for about in ("keys: full", "keys: test", "clock", "addresses", "businesses: other")
)
"""Remarks on unproven parts of a target file."""


def resting(rule: str) -> Run:
    """A run with these remarks, whose most severe cause breaks a rule."""
    run = replace(example.failing(), setup=DOUBTS)
    first, *others = run.causes
    accused = replace(first, finding=replace(first.finding, rule=rule))
    return replace(run, causes=(accused, *others))


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ("status.listed", []),
        ("list.more-flag", []),
        ("auth.revoked", ["keys: full"]),
        ("rate.counted", ["clock", "addresses"]),
        ("tenant.list", ["keys: full", "businesses: other"]),
        ("trigger.answer", ["triggers: nothing else proves the recipe for "]),
    ],
)
def test_each_rule_rests_on_its_parts(rule: str, parts: list[str]) -> None:
    """A key only if the rule judges keys, and what else the rule depends on."""
    run = resting(rule)
    told = unproven.unproven(run, run.causes[0])
    assert len(told) == len(parts)
    for words, part in zip(told, parts, strict=True):
        assert words.startswith(part)


def test_a_recipe_that_worked_in_the_same_case_is_proven() -> None:
    """Only a variation of it, such as a longer text, had another result."""
    run = resting("trigger.answer")
    first, *others = run.causes
    finding = replace(first.finding, expected="500 vapi_error")
    (shown, *_) = run.exchanges_of(finding.exchanges)
    text = '{"error": {"code": "vapi_error", "message": "The provider failed."}}'
    worked = replace(
        shown, id="worked", response=Response(500, (), Body(text=text, size=len(text)))
    )
    causes = (replace(first, finding=finding), *others)
    known = replace(run, causes=causes, exchanges=(worked, *run.exchanges))
    assert unproven.unproven(known, known.causes[0]) == []
    elsewhere = replace(worked, case="trigger[another]")
    unknown = replace(run, causes=causes, exchanges=(elsewhere, *run.exchanges))
    assert len(unproven.unproven(unknown, unknown.causes[0])) == 1


def test_a_refused_request_rests_on_its_key() -> None:
    """Whatever the rule, a wrong key explains 401 and 403."""
    run = resting("success.status")
    assert unproven.unproven(run, run.causes[0]) == []
    refused = tuple(
        replace(each, response=replace(each.response, status=403) if each.response else None)
        for each in run.exchanges
    )
    (told,) = unproven.unproven(replace(run, exchanges=refused), run.causes[0])
    assert told.startswith("keys: full")


def test_certain_causes_come_first() -> None:
    """The doubt is a few words on the part of the target file."""
    run = resting("auth.revoked")
    ordered = certain_first(run)
    assert [cause.doubt for cause in ordered[:-1]] == [""] * (len(run.causes) - 1)
    assert (ordered[-1].id, ordered[-1].doubt) == (run.causes[0].id, "perhaps a wrong key")
    assert [cause.id for cause in ordered[:-1]] == [cause.id for cause in run.causes[1:]]


@pytest.mark.parametrize("status", [200, 400])
def test_a_cause_that_was_not_seen_again_is_not_certain(status: int, tmp_path: Path) -> None:
    """Its step was sent again at the end of the run, and another status came.

    It then stands last in every output, which also says why.
    """
    run = example.failing()
    first, *others = run.causes
    shown = next(each for each in run.exchanges if each.status == 400)
    assert shown.response is not None
    seen = replace(first, finding=replace(first.finding, exchanges=(shown.id,)))
    again = replace(
        shown,
        id="e99999",
        facts=Facts(again=shown.id),
        response=replace(shown.response, status=status),
    )
    tried = replace(run, causes=(seen, *others), exchanges=(*run.exchanges, again))
    ordered = certain_first(tried)
    assert {cause.id: cause.doubt for cause in ordered}[first.id] == (
        "not seen again" if status == 200 else ""
    )
    last = first.id if status == 200 else others[-1].id
    assert ordered[-1].id == last
    concluded = replace(tried, causes=ordered)
    markdown.write(concluded, tmp_path / "summary.md")
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    for text in (summary, html.render(concluded)):
        ids = re.findall("|".join(cause.id for cause in ordered), text)
        in_order = list(dict.fromkeys(ids))
        assert in_order[-1] == last
    told = [
        word for word in console.summary(concluded, width=120, colour=False).splitlines() if word
    ]
    assert any("(not seen again)" in line for line in told) == (status == 200)


def test_every_doubt_has_words() -> None:
    """The key revoked and the key expired have their own."""
    for key, doubt in (("revoked", "perhaps never revoked"), ("expired", "perhaps not expired")):
        run = resting("auth.revoked")
        sent = tuple(replace(each, identity=key) for each in run.exchanges)
        setup = (Remark(State.MEND, f"keys: {key}", "GET /calls returned 200"),)
        (*_, last) = certain_first(replace(run, exchanges=sent, setup=setup))
        assert last.doubt == doubt


def refusals(identity: str, *answers: tuple[int, str]) -> list[Exchange]:
    """The responses to a key, of operations with different scopes: statuses and messages."""
    some = example.failing().exchanges[0]
    names = ("list_calls", "list_agents", "list_leads")
    return [
        replace(
            some,
            id=f"{identity}{number}",
            operation=names[number],
            identity=identity,
            response=Response(
                status, (), Body(text=json.dumps({"error": {"code": "x", "message": said}}))
            ),
        )
        for number, (status, said) in enumerate(answers)
    ]


LACKS = refusals("no_scope", (403, "lacks calls:read"), (403, "lacks agents:read"))


@pytest.mark.parametrize(
    ("answers", "proven"),
    [
        ([(200, ""), (200, "")], False),
        ([(200, ""), (401, "expired")], True),
        ([(403, "was revoked"), (403, "was revoked")], True),
        ([(403, "was revoked"), (200, "")], False),
        ([(403, "lacks calls:read"), (403, "lacks agents:read")], False),
        ([(403, "lacks calls:read"), (403, "lacks calls:read")], False),
    ],
)
def test_the_log_may_prove_that_a_key_is_dead(answers: list[tuple[int, str]], proven: bool) -> None:
    """It was refused as invalid somewhere, or everywhere in words of its own."""
    run = resting("auth.revoked")
    sent = (*refusals("revoked", *answers), *LACKS)
    setup = (Remark(State.MEND, "keys: revoked", "GET /calls returned 200"),)
    finding = replace(run.causes[0].finding, exchanges=("revoked0",))
    cause = replace(run.causes[0], finding=finding)
    run = replace(run, exchanges=sent, setup=setup, causes=(cause,))
    assert (unproven.unproven(run, cause) == []) is proven


def test_a_working_part_marks_no_finding() -> None:
    """Only parts that are wrong or unproven mark a finding."""
    run = resting("auth.revoked")
    proven = tuple(replace(remark, state=State.WORKS) for remark in run.setup)
    assert unproven.unproven(replace(run, setup=proven), run.causes[0]) == []


def test_what_a_target_says_stays_text() -> None:
    """A remark may quote the target."""
    page = html.render(resting("tenant.list"))
    assert "Unverified setup" in page
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
    assert "rejects the main key on every read (401)" in outcome.said


@dataclass
class Seen:
    """What each key sees: something of its own."""

    contract: Contract
    target: Declaration

    def token(self) -> str:
        return "mills-oakford-emma-reyes-48172"

    def number(self) -> str:
        return "+12025550100"

    def id_for(self, _operation: Operation) -> None:
        return None

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
    source = Seen(loaded, target)
    values = filling.valid(source, loaded.operations["create_eval"], key)
    assert values is not None
    assert values["agent_id"] == agent
