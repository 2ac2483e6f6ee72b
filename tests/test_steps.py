"""The steps of a cause: pasted into a shell, they reproduce the cause on another day."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from conformance.causes.origins import values_of
from conformance.causes.steps import answered_otherwise, steps_of
from conformance.causes.telling import telling
from conformance.log.archive import StoredBody
from conformance.log.evidence import Recorder
from conformance.model import (
    NOTHING,
    Body,
    Business,
    Effect,
    Exchange,
    Facts,
    Request,
    Response,
    Role,
    Run,
    Step,
)
from conformance.reading import made_by
from conformance.report import cards
from conformance.report.curl import variable
from conformance.report.shell_steps import FROM_ONE_ADDRESS, block
from conformance.run import runfile
from conformance.server import control
from tests import report_example as example
from tests import servers
from tests.faults.base import words
from tests.faults.faults import FAULTS
from tests.support.contracts import real

FOUND = words(
    "foreign-agent-read workspace-made-twice update-accepted another-id-announced flag-as-text "
    "jobs-of-foreign-run-later eval-moved-away sixth-taken"
)
"""Faults that take one request or several to show, reads and writes, and those of a limit."""
AREAS = words("--area tenants --area writes --area limits")

SHELL = pytest.mark.skipif(not shutil.which("jq"), reason="needs jq")


# --- a real server --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for a run."""
    return tmp_path_factory.mktemp("steps")


@pytest.fixture(scope="module")
def keys(place: Path) -> Iterator[dict[str, str]]:
    """The keys of a server with faults, as variables of a shell. It has been judged already."""
    kind = type("Many", tuple(FAULTS[name].kind for name in FOUND), {})
    app = servers.faulty(kind)
    with servers.serving(app) as origin:
        target = servers.target_file(app, origin, place / "target.yaml")
        arguments = ("run", "--target", target, *AREAS, "--yes", "--try-steps")
        outcome = servers.command(*arguments, cwd=place, env=servers.without_waiting(place))
        assert outcome.code == 1, outcome.said
        secrets = servers.keys_of(app)
        yield {variable(f"{{key:{role}}}"): key for role, key in secrets.items()}


@SHELL
@pytest.mark.long
def test_the_steps_of_every_cause_reproduce(place: Path, keys: dict[str, str]) -> None:
    """Each answer has the status that it had in the run, though ids and cursors are others now."""
    run = runfile.replay(servers.run_of(place), real()).run
    shown = cards.with_steps(run, cards.cards(run))
    assert len(shown) >= len(FOUND)
    wrong = []
    for card in shown:
        if FROM_ONE_ADDRESS in card.steps:
            forget_sign_ups(run.target.url)
        said = pasted(card.steps, keys, place)
        statuses = re.findall(r"^HTTP/1\.1 (\d+)", said, re.MULTILINE)
        expected = re.findall(r"returned (\d+) in the run", card.steps)
        if "jq: error" in said or statuses[-1:] != expected[-1:]:
            wrong.append("\n".join([card.title, card.steps, said]))
    assert "\n\n".join(wrong) == ""


def forget_sign_ups(url: str) -> None:
    """Let an hour pass on a server, so that no address has been used within the window."""
    told = {control.MEMBER: 3_601}
    moved = requests.post(urljoin(url, control.PATH), json=told, timeout=10)
    assert moved.ok, moved.text


@pytest.mark.long
@pytest.mark.usefixtures("keys")
def test_a_run_may_send_its_steps_again(place: Path) -> None:
    """The report says what came. What costs money, fills a limit or harms is not sent again."""
    run = runfile.replay(servers.run_of(place), real()).run
    shown = cards.with_steps(run, cards.cards(run))
    as_before = "Sent again at the end of the run: same result."
    assert {card.again for card in shown} == {"", as_before}
    sent = [each for each in run.exchanges if each.facts.again]
    assert all(each.status == run.exchange[str(each.facts.again)].status for each in sent)
    assert {run.contract.operations[each.operation].effect for each in sent} == {
        Effect.READ,
        Effect.WRITE,
    }
    made = {each.id for each in made_by(run.contract, sent)}
    written = [each for each in sent if each.request.method not in ("GET", "POST")]
    assert all(made & values_of(each) for each in written)
    assert as_before in servers.text_of(servers.run_of(place), "report.html")


def test_steps_are_sent_again_by_whole_runs_alone(tmp_path: Path) -> None:
    """A shard knows a part of each cause."""
    outcome = servers.command("run", "--shard", "1/2", "--try-steps", cwd=tmp_path)
    assert (outcome.code, "--try-steps cannot be used with --shard" in outcome.err) == (2, True)


def pasted(lines: str, keys: dict[str, str], place: Path) -> str:
    """What a shell prints for some lines."""
    done = subprocess.run(
        ["bash", "-c", lines],
        env={"PATH": os.environ["PATH"], **keys},
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr


# --- what is carried over -------------------------------------------------------------------------

URL = "https://api.example.test/v1"


def exchange(name: str, method: str, url: str, answer: str, sent: str | None = None) -> Exchange:
    """An exchange that succeeded."""
    body = None if sent is None else Body(text=sent, size=len(sent))
    return Exchange(
        id=name,
        case="case",
        scenario="walk",
        attempt=1,
        operation="list_calls",
        role=Role.PROBE,
        identity="full",
        facts=NOTHING,
        request=Request(method, url, (), body),
        response=Response(200, (), Body(text=answer, size=len(answer))),
        failure=None,
        started="2026-01-01T00:00:00+00:00",
        elapsed_ms=1,
    )


def run_of(*exchanges: Exchange) -> Run:
    """A run with a log of some exchanges."""
    return replace(example.passing(), exchanges=exchanges)


def blocks(run: Run, shown: list[list[Exchange]]) -> list[str]:
    """The lines of the steps for the exchanges of each of some causes."""
    return [block(run, sendings) for sendings in steps_of(run, shown)]


def lines_of(*exchanges: Exchange) -> str:
    """The steps that show the last exchange of a log."""
    return blocks(run_of(*exchanges), [[exchanges[-1]]])[0]


def test_an_id_is_taken_from_the_answer_that_showed_it_first() -> None:
    """The request before comes first, and the id is a variable."""
    made = exchange("1", "POST", f"{URL}/calls", '{"id": "call-000001"}', '{"to": "x"}')
    lines = lines_of(made, exchange("2", "GET", f"{URL}/calls/call-000001", "{}")).splitlines()
    assert lines[0] == "# 1. POST with the key full, returned 200 in the run"
    assert lines[4] == """VALUE_1_IN_URL=$(printf %s "$response" | jq -r '.["id"]|@uri')"""
    assert lines[-2] == f'curl -i "{URL}/calls/$VALUE_1_IN_URL"'


def test_a_cursor_is_taken_from_the_page_before() -> None:
    """However it is encoded in the query."""
    page = exchange("1", "GET", f"{URL}/calls", '{"calls": [{"created_at": "2026-01-01T00:00Z"}]}')
    following = exchange("2", "GET", f"{URL}/calls?after=2026-01-01T00%3A00Z", "{}")
    lines = lines_of(page, following)
    assert """jq -r '.["calls"][0]["created_at"]|@uri'""" in lines
    assert f'curl -i "{URL}/calls?after=$VALUE_1_IN_URL"' in lines


def test_a_long_body_takes_its_id_from_an_answer_like_a_short_one() -> None:
    """A log stores long bodies by themselves."""
    made = exchange("1", "POST", f"{URL}/agents", '{"id": "agent-000001"}', "{}")
    text = json.dumps({"id": "agent-000001", "prompt": "x" * 5_000})
    logged = Recorder(None).exchange(exchange("2", "PATCH", f"{URL}/agents", "{}", text))
    assert isinstance(logged.request.body, StoredBody)
    lines = lines_of(made, logged)
    assert "VALUE_1=" in lines
    assert "agent-000001" not in lines


def test_what_the_suite_made_up_stays_as_it_is() -> None:
    """A name that a request had first is not a value of a response."""
    made = exchange("1", "POST", f"{URL}/agents", '{"name": "Sample 1"}', '{"name": "Sample 1"}')
    look = exchange("2", "GET", f"{URL}/agents?name=Sample+1", '{"name": "Sample 1"}')
    assert lines_of(made, look).count("curl") == 1


def test_what_the_target_file_declares_stays_as_it_is() -> None:
    """The id of a business is not an id of a past run."""
    page = exchange("1", "GET", f"{URL}/calls", '{"business_id": "business-1"}')
    run = run_of(page, exchange("2", "GET", f"{URL}/calls?b=business-1", "{}"))
    declared = replace(run.target, businesses={Business.MAIN: "business-1"})
    (lines,) = blocks(replace(run, target=declared), [list(run.exchanges[1:])])
    assert "b=business-1" in lines


def test_a_hostile_name_is_no_program_of_jq_or_the_shell() -> None:
    """A member may be called anything."""
    hostile = "\\\\(env) \\\" $(touch owned) ' "
    made = exchange("1", "POST", f"{URL}/calls", f'{{"{hostile}": "call-000001"}}')
    line = lines_of(made, exchange("2", "GET", f"{URL}/calls/call-000001", "{}"))
    value = pasted_value(line, made)
    assert value == "call-000001"


def pasted_value(lines: str, made: Exchange) -> str:
    """What the capture of some steps gives for an answer, without a request."""
    if not shutil.which("jq"):
        pytest.skip("needs jq")
    assert made.response is not None
    capture = next(line for line in lines.splitlines() if line.startswith("VALUE_"))
    script = f'{capture}\nprintf %s "$VALUE_1_IN_URL"'
    env = {"PATH": os.environ["PATH"], "response": made.response.body.kept}
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout.decode()


def test_too_many_steps_are_left_to_the_log() -> None:
    """Nobody pastes twenty requests."""
    chain = [exchange("0", "GET", f"{URL}/calls", '{"id": "call-00"}')]
    for number in range(1, 12):
        before = f"call-{number - 1:02}"
        url = f"{URL}/calls/{before}"
        chain.append(exchange(f"{number}", "GET", url, f'{{"id": "call-{number:02}"}}'))
    assert blocks(run_of(*chain), [chain]) == [""]


def sign_up(name: str, address: str | None, step: Step | None) -> Exchange:
    """A request of one case that a limit counts."""
    sent = exchange(name, "POST", f"{URL}/signup", "{}", '{"email": "a@example.com"}')
    return replace(sent, case="rate-limit[sign_up]", facts=Facts(step=step, address=address))


def test_the_steps_of_a_limit_fill_it_first() -> None:
    """They are the requests of one case from one address, and the clock that it moved."""
    filled = [sign_up(f"{number}", "127.0.0.2", Step.COUNT) for number in range(5)]
    earlier, clock = sign_up("5", "127.0.0.3", Step.COUNT), sign_up("6", None, None)
    soon, after = (sign_up(name, "127.0.0.2", Step.SOON) for name in ("7", "8"))
    lines = blocks(run_of(earlier, *filled, clock, soon, after), [[soon]])[0]
    assert lines.startswith("# Send all from one address")
    assert len(re.findall(r"^# \d+\. ", lines, re.MULTILINE)) == len([*filled, clock, soon])


def test_steps_that_compare_two_addresses_fill_nothing() -> None:
    """A shell has one address only."""
    filled = [sign_up(f"{number}", "127.0.0.2", Step.COUNT) for number in range(5)]
    elsewhere = sign_up("5", "127.0.0.3", Step.ELSEWHERE)
    lines = blocks(run_of(*filled, elsewhere), [[elsewhere]])[0]
    assert "# 1. " in lines
    assert "# 2. " not in lines


def test_steps_stop_where_a_key_is_not_set(tmp_path: Path) -> None:
    """The shell says which key it is, and sends nothing."""
    asked = exchange("1", "GET", f"{URL}/calls", "{}")
    authorized = replace(asked.request, headers=(("Authorization", "Bearer {key:full}"),))
    lines = lines_of(replace(asked, request=authorized))
    assert lines.startswith(': "${KEY_FULL:?must be the key full from the target file}"\n')
    assert "KEY_FULL: must be the key full from the target file" in pasted(lines, {}, tmp_path)


def test_a_read_comes_with_the_last_writes_to_its_object() -> None:
    """They made what it shows."""
    made = exchange("1", "POST", f"{URL}/agents", '{"id": "agent-000001"}', "{}")
    changed = [
        exchange(name, "PATCH", f"{URL}/agents", "{}", f'{{"id": "agent-000001", "n": {name}}}')
        for name in ("2", "3", "4")
    ]
    lines = lines_of(made, *changed, exchange("5", "GET", f"{URL}/agents?id=agent-000001", "{}"))
    assert re.findall(r"# \d+\. ([A-Z]+)", lines) == ["POST", "PATCH", "PATCH", "GET"]
    assert '"n": 2' not in lines


# --- repeated at the end --------------------------------------------------------------------------


def repeated(original: Exchange, status: int) -> Exchange:
    """The exchange that repeated another one at the end of the run."""
    again = replace(original, id=f"again-{original.id}", facts=Facts(again=original.id))
    return replace(again, response=Response(status))


@pytest.mark.parametrize(("status", "otherwise"), [(200, False), (500, True)])
def test_a_run_names_the_causes_whose_steps_came_otherwise(status: int, otherwise: bool) -> None:
    """Without --try-steps, there are none."""
    run = example.failing()
    cause = run.causes[0]
    assert answered_otherwise(run) == frozenset()
    shown = [replace(each, response=Response(200)) for each in telling(run, cause)]
    others = [each for each in run.exchanges if each.id not in {one.id for one in shown}]
    log = (*others, *shown, *(repeated(each, status) for each in shown))
    found = answered_otherwise(replace(run, exchanges=log, causes=(cause,)))
    assert found == ({cause.id} if otherwise else set())
