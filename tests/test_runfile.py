"""A stored run: what is written is read back, and an invalid file gives one clear message."""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from conformance.base.errors import UsageError
from conformance.command import cli
from conformance.log import convert, evidence, schemas
from conformance.log.archive import KINDS
from conformance.log.chain import LINK
from conformance.model import (
    Body,
    Case,
    Cell,
    Contract,
    Declaration,
    Effect,
    Exchange,
    Facts,
    Finding,
    Level,
    Reason,
    ReasonKind,
    Request,
    Response,
    Role,
    Run,
    Trigger,
    Verdict,
    Waiver,
)
from conformance.report import write_all
from conformance.run import runfile
from conformance.run.conclusion import begun, finished
from conformance.run.members import to_json
from tests import golden
from tests.support import contracts

SCHEMAS = Path(schemas.__file__).parent
KEPT = 40
"""Lines of the golden log that the stored run holds; the more, the longer each replay takes."""


def contract() -> Contract:
    """The toy contract."""
    return contracts.contract_of("toy")


@cache
def small_run() -> Run:
    """A run of the toy contract with the first lines of its golden log, and a finding."""
    ready = golden.prepared("toy")[1]
    lines = golden.run("toy").splitlines(keepends=True)[:KEPT]
    log = evidence.parse(lines, "golden")
    tried = {exchange.case for exchange in log.exchanges}
    cases = tuple(case for case in ready.plan.cases if case.id in tried)
    began = begun(
        contract(),
        ready.target.declaration,
        cases,
        seed=7,
        depth="quick",
        started="2026-01-01T00:00:00+00:00",
        today=date(2026, 1, 2),
        require_complete=False,
    )
    ended = "2026-01-01T00:01:00+00:00"
    return finished(began, log, ended=ended, selected=frozenset(case.id for case in cases))


@cache
def members() -> dict[str, Any]:
    """What run.json of the small run holds."""
    run = small_run()
    whole = to_json(run, frozenset(case.id for case in run.cases))
    whole["cells"] = [convert.to_json(broken_cell())]
    stored: dict[str, Any] = json.loads(json.dumps(whole))
    return stored


def broken_cell() -> Cell:
    """A cell with a finding and a note, as run.json may hold it."""
    found = Finding("c", "o", "r", "status", "200", "404", ("e1",), Level.MUST)
    why = (Reason(ReasonKind.PROVIDE, "why"),)
    return Cell("c", "o", Verdict.WAIVED, ("e1",), (found,), (found,), why, "because")


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[Any], Path]:
    """Stores a value as run.json, with a log of the small run; returns the directory."""

    def store(value: Any) -> Path:
        with (tmp_path / runfile.LOG).open("w", encoding="utf-8") as stream:
            recorder = evidence.Recorder(stream)
            recorder.merge(evidence.Log(exchanges=list(small_run().exchanges)))
        text = value if isinstance(value, str) else json.dumps(value)
        (tmp_path / runfile.RUN).write_text(text, encoding="utf-8")
        return tmp_path

    return store


def test_a_replay_gives_the_run_back(tmp_path: Path, stored: Callable[[Any], Path]) -> None:
    """Declaration, plan, selection, dates and seed come back as they were written."""
    run = small_run()
    stored("")
    selected = frozenset(case.id for case in run.cases)
    runfile.write(run, selected, tmp_path)
    again = runfile.replay(tmp_path, contract())
    assert again.selected == selected
    assert again.run.contract.digest == run.contract.digest
    for name in ("seed", "target", "started", "finished", "judged_on", "require_complete"):
        assert getattr(again.run, name) == getattr(run, name)
    assert [case.id for case in again.run.cases] == [case.id for case in run.cases]
    runfile.write(again.run, selected, tmp_path)
    assert json.loads((tmp_path / runfile.RUN).read_text())["plan"] == members()["plan"]


# --- files that do not fit ------------------------------------------------------------------------


def without(value: Any, *path: str | int) -> Any:
    """A copy without what stands at a path."""
    changed = copy.deepcopy(value)
    owner = changed
    for step in path[:-1]:
        owner = owner[step]
    del owner[path[-1]]
    return changed


def changed(value: Any, new: Any, *path: str | int) -> Any:
    """A copy with another value at a path."""
    if not path:
        return new
    copied = copy.deepcopy(value)
    owner = copied
    for step in path[:-1]:
        owner = owner[step]
    owner[path[-1]] = new
    return copied


WAIVER = {
    "clause": "c",
    "operations": [],
    "statement": "known since May",
    "owner": "Ann",
    "ticket": "X-1",
    "expires": "2026-12-31",
}
BROKEN: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no JSON": (lambda _: "{", r"not JSON"),
    "nested too deeply": (lambda _: "[" * 100_000, r"nested more than 100 levels"),
    "another kind of value": (lambda _: [], r"expected an object"),
    "without the target": (lambda run: without(run, "target"), r'"target" is a required property'),
    "null for a list": (lambda run: changed(run, None, "plan"), r"plan: null is not"),
    "a row without id": (lambda run: without(run, "plan", 1, "id"), r"plan/1: \"id\" is a req"),
    "a row that is no object": (lambda run: changed(run, 5, "plan", 0), r"plan/0: 5 is not"),
    "a text for rules": (lambda run: changed(run, "x.y", "plan", 0, "rules"), r"plan/0/rules: "),
    "unknown effect": (lambda run: changed(run, "reed", "plan", 0, "effect"), r"plan/0/effect: "),
    "unknown rule": (
        lambda run: changed(run, ["odd.rule"], "plan", 2, "rules"),
        r"plan/2/rules: .*no rule odd\.rule.*Replay the run with version",
    ),
    "unknown effect of the target": (
        lambda run: changed(run, ["reed"], "target", "allow"),
        r"target/allow/0: ",
    ),
    "bad date": (lambda run: changed(run, "2026-02-30", "judged_on"), r"judged_on: "),
    "bad moment": (lambda run: changed(run, "yesterday", "finished"), r"finished: "),
    "a leap second": (lambda run: changed(run, "2016-12-31T23:59:60Z", "started"), r"second"),
    "bad waiver": (
        lambda run: changed(run, [{"clause": "c"}], "target", "waivers"),
        r"target/waivers/0: ",
    ),
    "date of a waiver": (
        lambda run: changed(
            run,
            [{**WAIVER, "expires": "May"}],
            "target",
            "waivers",
        ),
        r"target/waivers/0/expires: ",
    ),
    "an endless waiver": (
        lambda run: changed(run, [{**WAIVER, "expires": "9999-12-31"}], "target", "waivers"),
        r"target/waivers/0/expires: 9999-12-31 is more than 180 days after",
    ),
    "a waiver without an owner": (
        lambda run: changed(run, [{**WAIVER, "owner": ""}], "target", "waivers"),
        r"target/waivers/0/owner: ",
    ),
    "a start that no calendar has": (
        lambda run: changed(run, "0001-01-01T00:00:00+23:59", "started"),
        r"out of range",
    ),
    "a number for a text": (
        lambda run: changed(run, {"main": 5}, "target", "businesses"),
        r"target/businesses/main: ",
    ),
    "a text for addresses": (
        lambda run: changed(run, "127.0.0.1", "target", "addresses"),
        r"target/addresses: ",
    ),
    "unknown member of the target": (
        lambda run: changed(run, 1, "target", "odd"),
        r"target/odd: ",
    ),
    "unknown member": (lambda run: changed(run, 1, "odd"), r"odd"),
    "another format": (lambda run: changed(run, 2, "format"), r"its format is 2.* reads 1"),
    "another contract": (
        lambda run: changed(run, "Other", "spec", "title"),
        r"the run tested 'Other'. Specify its contract with --spec",
    ),
    "a digest that is no text": (lambda run: changed(run, 5, "spec", "digest"), r"spec/digest: "),
    "a seed that is no number": (lambda run: changed(run, "7", "seed"), r"seed: "),
    "a selection that is no list": (lambda run: changed(run, "all", "selected"), r"selected: "),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_run_is_one_message(
    name: str,
    stored: Callable[[Any], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`replay` ends with 2 and names file and place, and what to do about it."""
    breaks, says = BROKEN[name]
    directory = stored(breaks(members()))
    arguments = ["kaicalls-conformance", "replay", str(directory), "--spec", contracts.TOY]
    monkeypatch.setattr(sys, "argv", [str(argument) for argument in arguments])
    assert cli.outcome() == 2
    message = capsys.readouterr().err
    assert message.startswith(f"{directory / runfile.RUN}: ")
    assert len(message.splitlines()) == 1
    assert len(message) < 700
    assert_says(says, message)


STORED = json.loads((SCHEMAS / schemas.RUN).read_text())["$defs"]["target"]["required"]
"""The members of every stored declaration; those of later versions may be missing."""


@pytest.mark.parametrize("member", STORED)
def test_a_stored_declaration_lacks_nothing(member: str, stored: Callable[[Any], Path]) -> None:
    """A run.json whose declaration lacks one of its members is refused, with the name of it."""
    directory = stored(without(members(), "target", member))
    with pytest.raises(UsageError, match=f'target: "{member}" is a required property'):
        runfile.replay(directory, contract())


def assert_says(pattern: str, message: str) -> None:
    """The message says what it should, and how to fix the file."""
    assert re.search(pattern, message), message
    assert re.search(
        r"restore it, or run again|Replay the run with|this suite reads|--spec", message
    )


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of a value; of a list only the first item."""
    yield path
    if isinstance(value, dict):
        for name, member in value.items():
            yield from places(member, (*path, name))
    if isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


ODD: tuple[Any, ...] = (None, 5, -1.5, True, "odd", [], {}, [None], {"odd": None})


@pytest.mark.long
def test_no_broken_value_is_a_crash(stored: Callable[[Any], Path], tmp_path: Path) -> None:
    """Whatever value run.json has in one place, the file is refused, or judged and reported on."""
    directory = stored(members())
    sound = runfile.replay(directory, contract()).run
    reports = tmp_path / "reports"
    reports.mkdir()
    wrong = [changed(members(), odd, *path) for path in places(members()) for odd in ODD]
    wrong += [without(members(), *path) for path in places(members()) if path]
    refused = 0
    for value in wrong:
        (directory / runfile.RUN).write_text(json.dumps(value), encoding="utf-8")
        try:
            again = runfile.replay(directory, contract())
        except UsageError:
            refused += 1
        else:
            if again.run != sound:
                write_all(again.run, reports)
    assert refused > len(wrong) / 2


def test_no_broken_line_is_a_crash(stored: Callable[[Any], Path]) -> None:
    """Whatever value a line of the log has in one place, the file is refused or judged."""
    directory = stored(members())
    log = directory / runfile.LOG
    first, *others = log.read_text(encoding="utf-8").splitlines()
    line = json.loads(first)
    for path in places(line):
        for odd in (*ODD, 10**400, float("inf"), "\ud800"):
            lines = [json.dumps(changed(line, odd, *path)), *others]
            log.write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")
            try:
                runfile.replay(directory, contract())
            except UsageError as error:
                named = str(error)
                assert named.startswith(f"{log}:1: not a line")


# --- the published schemas ------------------------------------------------------------------------


def test_a_run_fits_the_schema() -> None:
    """run.json of a run fits run.schema.json."""
    assert schemas.fault(schemas.RUN, members()) is None


def definitions(schema: str) -> dict[str, Any]:
    """The definitions of a published schema."""
    text = (SCHEMAS / schema).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["$defs"]
    return found


RENAMED = {"id": "exchange", "address": "from"}
"""Fields of exchanges and facts that the log calls otherwise."""
NOUNS: dict[str, tuple[str, type[Any]]] = {
    "exchange": (schemas.EXCHANGES, Exchange),
    "facts": (schemas.EXCHANGES, Facts),
    "body": (schemas.EXCHANGES, Body),
    "case": (schemas.RUN, Case),
    "cell": (schemas.RUN, Cell),
    "finding": (schemas.RUN, Finding),
    "trigger": (schemas.RUN, Trigger),
    "waiver": (schemas.RUN, Waiver),
}


@pytest.mark.parametrize("name", NOUNS)
def test_a_schema_has_the_members_of_its_noun(name: str) -> None:
    """What the schemas describe are the fields of the nouns, no more and no less."""
    schema, noun = NOUNS[name]
    renamed = RENAMED if schema == schemas.EXCHANGES else {}
    expected = {renamed.get(member.name, member.name) for member in fields(noun)}
    if noun is Body:
        expected |= set(KINDS.values())
    if noun is Exchange:
        expected.add(LINK)
    if noun is Case:
        expected.add("quick")  # earlier versions stored it
    if noun is Cell:
        expected.add("seen")  # the number of exchanges, if not all are listed
    assert set(definitions(schema)[name]["properties"]) == expected


def test_the_schema_of_a_target_describes_fields_of_the_declaration() -> None:
    """The stored target is open for members of later versions; what is described is a field."""
    described = definitions(schemas.RUN)["target"]["properties"]
    assert set(described) <= {member.name for member in fields(Declaration)}
    messages = definitions(schemas.EXCHANGES)["exchange"]["properties"]
    for name, noun in (("request", Request), ("response", Response)):
        assert set(messages[name]["properties"]) == {member.name for member in fields(noun)}


def test_the_words_of_the_schemas_are_those_of_the_model() -> None:
    """Effects, verdicts, levels and roles are listed as the model has them."""
    run = definitions(schemas.RUN)
    assert run["effect"]["enum"] == list(Effect)
    assert run["verdict"]["enum"] == list(Verdict)
    assert run["finding"]["properties"]["level"]["enum"] == list(Level)
    exchange = definitions(schemas.EXCHANGES)["exchange"]["properties"]
    assert exchange["role"]["enum"] == list(Role)


# --- runs of early versions -----------------------------------------------------------------------


def test_a_run_with_former_names_is_read(stored: Callable[[Any], Path]) -> None:
    """`stimulus` stands for `scenario`, `firm` for `robust`; facts may be null."""
    old = copy.deepcopy(members())
    for case in old["plan"]:
        case["stimulus"] = case.pop("scenario")
    trigger = {"code": "c", "operation": "o", "input": {"firm": "x"}}
    old["target"]["triggers"] = [trigger | {"firm": True}]
    directory = stored(old)
    log = directory / runfile.LOG
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    for line in [line for line in lines if "exchange" in line]:
        line["stimulus"] = line.pop("scenario")
        line["facts"] = {**line.get("facts", {}), "position": None, "seconds": 60}
    log.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    again = runfile.replay(directory, contract())
    assert again.run.exchanges == small_run().exchanges
    assert [case.scenario for case in again.run.cases] == [
        case.scenario for case in small_run().cases
    ]
    assert again.run.target.triggers == (Trigger("c", "o", {"firm": "x"}, robust=True),)
