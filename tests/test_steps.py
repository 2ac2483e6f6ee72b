"""The steps of a cause: pasted into a shell, they reproduce the cause on another day."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from conformance.causes.shown import Shown
from conformance.causes.steps import causes_not_shown_again, steps_of
from conformance.causes.story import filling_of
from conformance.causes.telling import telling
from conformance.log.archive import StoredBody
from conformance.log.evidence import Recorder
from conformance.model import (
    NOTHING,
    Body,
    Business,
    Exchange,
    Facts,
    Finding,
    Request,
    Response,
    Role,
    Run,
    Step,
)
from conformance.reading import filled, mark_of, run_key
from conformance.report.shell_steps import block, outcome
from tests import report_example as example
from tests import servers


def test_steps_are_sent_again_by_whole_runs_alone(tmp_path: Path) -> None:
    """A shard knows a part of each cause."""
    outcome = servers.command("run", "--shard", "1/2", "--try-steps", cwd=tmp_path)
    assert (outcome.code, "--try-steps cannot be used with --shard" in outcome.err) == (2, True)


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
        elapsed_ms=0,
    )


def run_of(*exchanges: Exchange) -> Run:
    """A run with a log of some exchanges."""
    return replace(example.passing(), exchanges=exchanges)


FINDING = Finding("clause", "list_calls", "rule", "status", "404 not_found", "200 {}", ())
"""A finding on a success that should be a refusal."""


def lines_for(run: Run, *shown: Exchange, finding: Finding = FINDING) -> str:
    """The lines of the steps for a cause that some exchanges show."""
    (sendings,) = steps_of(run, [Shown(finding, shown)])
    return block(run, sendings)


def lines_of(*exchanges: Exchange) -> str:
    """The steps that show the last exchange of a log."""
    return lines_for(run_of(*exchanges), exchanges[-1])


def test_an_id_is_taken_from_the_answer_that_showed_it_first() -> None:
    """The request before comes first, and the id is a variable."""
    made = exchange("1", "POST", f"{URL}/calls", '{"id": "call-000001"}', '{"to": "x"}')
    lines = lines_of(made, exchange("2", "GET", f"{URL}/calls/call-000001", "{}")).splitlines()
    assert lines[0] == "# 1. POST with the key full, returned 200 in the run (exchange 1)"
    assert lines[4] == """VALUE_1_IN_URL=$(printf %s "$response" | jq -r '.["id"]|@uri')"""
    assert lines[-2] == f'curl -i "{URL}/calls/$VALUE_1_IN_URL"'


def test_a_cursor_is_taken_from_the_page_before() -> None:
    """However it is encoded in the query."""
    page = exchange("1", "GET", f"{URL}/calls", '{"calls": [{"created_at": "2026-01-01T00:00Z"}]}')
    following = exchange("2", "GET", f"{URL}/calls?after=2026-01-01T00%3A00Z", "{}")
    lines = lines_of(page, following)
    assert """jq -r '.["calls"][0]["created_at"]|@uri'""" in lines
    assert f'curl -i "{URL}/calls?after=$VALUE_1_IN_URL"' in lines


@pytest.mark.parametrize(("before", "said"), [(3, False), (30, True)])
def test_a_value_from_far_down_a_list_says_how_long_that_must_be(before: int, said: bool) -> None:
    """A fresh server may have fewer items, and then the value is null."""
    items = [{"created_at": f"2026-01-01T00:{number:02}Z"} for number in range(before + 1)]
    page = exchange("1", "GET", f"{URL}/calls", json.dumps({"calls": items}))
    after = f"2026-01-01T00%3A{before:02}Z"
    lines = lines_of(page, exchange("2", "GET", f"{URL}/calls?after={after}", "{}"))
    needed = f"# A fresh server may lack this: the list needs at least {before + 1} items."
    assert (needed in lines) is said
    assert f'jq -r \'.["calls"][{before}]["created_at"]|@uri\'' in lines


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
    lines = lines_for(replace(run, target=declared), run.exchanges[1])
    assert "b=business-1" in lines


def test_a_hostile_name_is_no_program_of_jq_or_the_shell() -> None:
    """A member may be called anything."""
    hostile = "\\\\(env) \\\" $(touch owned) ' "
    made = exchange("1", "POST", f"{URL}/calls", f'{{"{hostile}": "call-000001"}}')
    line = lines_of(made, exchange("2", "GET", f"{URL}/calls/call-000001", "{}"))
    value = pasted_value(line, made)
    assert value == "call-000001"


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
    """Nobody pastes twenty requests. A comment says how many are missing."""
    names = [f"call-{number:02}" for number in range(9)]
    made = [exchange(name, "POST", f"{URL}/calls", f'{{"id": "{name}"}}', "{}") for name in names]
    last = exchange("last", "POST", f"{URL}/calls", "{}", json.dumps(names))
    lines = lines_for(run_of(*made, last), last)
    needs = "# This may not show on a fresh server: it needs the state left by 9 earlier requests."
    assert needs in lines.splitlines()
    assert lines.count("curl") == 1


def sign_up(name: str, address: str | None, step: Step | None) -> Exchange:
    """A request of one case that a limit counts."""
    sent = exchange(name, "POST", f"{URL}/signup", "{}", '{"email": "a@example.com"}')
    return replace(sent, case="rate-limit[sign_up]", facts=Facts(step=step, address=address))


def test_the_steps_of_a_limit_fill_it_first() -> None:
    """They are the requests of one case from one address, and the clock that it moved."""
    filled = [sign_up(f"{number}", "127.0.0.2", Step.COUNT) for number in range(5)]
    earlier, clock = sign_up("5", "127.0.0.3", Step.COUNT), sign_up("6", None, None)
    soon, after = (sign_up(name, "127.0.0.2", Step.SOON) for name in ("7", "8"))
    lines = lines_for(run_of(earlier, *filled, clock, soon, after), soon)
    assert lines.startswith("# Send all from one address")
    assert len(re.findall(r"^# \d+\. ", lines, re.MULTILINE)) == len([*filled, clock, soon])


def test_requests_that_filled_a_limit_come_before_those_it_refused() -> None:
    """Of requests sent at the same time, the log may begin with one that was refused."""
    filled = [sign_up(f"{number}", "127.0.0.2", Step.COUNT) for number in range(1, 7)]
    refused = replace(sign_up("0", "127.0.0.2", Step.COUNT), response=Response(429))
    run = run_of(refused, *filled)
    assert filling_of(run, [filled[-1]]) == filled
    assert filling_of(run, [refused]) == [*filled, refused]


def test_steps_that_compare_two_addresses_fill_nothing() -> None:
    """A shell has one address only."""
    filled = [sign_up(f"{number}", "127.0.0.2", Step.COUNT) for number in range(5)]
    elsewhere = sign_up("5", "127.0.0.3", Step.ELSEWHERE)
    lines = lines_for(run_of(*filled, elsewhere), elsewhere)
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


# --- the whole story ------------------------------------------------------------------------------


def test_a_list_comes_with_the_creation_of_the_item_that_is_wrong() -> None:
    """A fresh server does not have it."""
    made = exchange("1", "POST", f"{URL}/calls", '{"id": "call-000001"}', '{"to": "x"}')
    rows = '{"calls": [{"id": "call-000000", "to": "y"}, {"id": "call-000001", "to": 7}]}'
    listed = exchange("2", "GET", f"{URL}/calls", rows)
    wrong = replace(FINDING, where="/calls/1/to", expected="a text", actual="7")
    lines = lines_for(run_of(made, listed), listed, finding=wrong)
    assert re.findall(r"# \d+\. ([A-Z]+)", lines) == ["POST", "GET"]


def test_a_value_that_the_contract_lists_is_sent_as_it_is() -> None:
    """No other list has to show it first."""
    other = exchange("1", "GET", f"{URL}/calls", '{"calls": [{"direction": "outbound"}]}')
    lines = lines_of(other, exchange("2", "GET", f"{URL}/sms/messages?direction=outbound", "{}"))
    assert lines.startswith("# 1. GET")
    assert f"curl -i '{URL}/sms/messages?direction=outbound'" in lines
    assert "VALUE_1" not in lines


def test_what_should_have_been_returned_is_printed() -> None:
    """Its id is another one every time, so the expectation names a variable."""
    whole = exchange("1", "GET", f"{URL}/calls", '{"calls": [{"id": "call-000001"}]}')
    page = exchange("2", "GET", f"{URL}/calls?limit=1", '{"calls": []}')
    lost = replace(FINDING, where="/", expected='"call-000001"', actual="it is on no page")
    lines = lines_for(run_of(whole, page), page, finding=lost).splitlines()
    comment = '# the contract requires "${VALUE_1}"; in the run: it is on no page'
    assert lines[-5:-2] == [
        "# 2. GET with the key full, returned 200 in the run (exchange 2)",
        'echo "VALUE_1: $VALUE_1"',
        comment,
    ]


def test_a_list_that_misses_a_change_is_read_before_it_too() -> None:
    """The server may have cached that response."""
    old = '{"agents": [{"id": "agent-000001", "name": "old"}]}'
    first = exchange("1", "GET", f"{URL}/agents", '{"agents": []}')
    cached = exchange("2", "GET", f"{URL}/agents", old)
    other = exchange("3", "GET", f"{URL}/agents?limit=1", old)
    sent = '{"id": "agent-000001", "name": "new"}'
    changed = exchange("4", "PATCH", f"{URL}/agents", "{}", sent)
    missed = exchange("5", "GET", f"{URL}/agents", old)
    stale = replace(FINDING, where="/agents/0/name", expected='"new"', actual='"old"')
    run = run_of(first, cached, other, changed, missed)
    lines = lines_for(run, changed, missed, finding=stale)
    assert re.findall(r"# \d+\. ([A-Z]+)", lines) == ["GET", "PATCH", "GET"]
    assert "limit=1" not in lines


def test_the_creation_of_an_object_comes_before_the_lists_that_show_it() -> None:
    """Even if the log has a list first, because cases run at the same time."""
    rows = '{"calls": [{"id": "call-000001"}]}'
    listed = exchange("1", "GET", f"{URL}/calls", rows)
    made = exchange("2", "POST", f"{URL}/calls", '{"id": "call-000001"}', '{"to": "x"}')
    lines = lines_of(listed, made, exchange("3", "GET", f"{URL}/calls/call-000001", "{}"))
    assert re.findall(r"# \d+\. ([A-Z]+)", lines) == ["POST", "GET"]


def test_a_read_that_fails_after_writes_comes_with_the_odd_ones() -> None:
    """The same request succeeded before, so something that was stored makes it fail."""
    before = exchange("1", "GET", f"{URL}/calls", '{"calls": []}')
    odd = replace(exchange("2", "POST", f"{URL}/calls/odd", "{}", "{}"), facts=Facts(odd=True))
    plain = [exchange(name, "POST", f"{URL}/calls", "{}", "{}") for name in ("3", "4")]
    failed = replace(before, id="5", response=Response(500))
    lines = lines_for(run_of(before, odd, *plain, failed), failed)
    assert re.findall(r"# \d+\. ([A-Z]+)", lines) == ["POST", "POST", "GET"]
    assert "/calls/odd" in lines
    assert "it needs the state left by 3 earlier requests." in lines


def test_a_read_that_fails_after_one_write_needs_no_other() -> None:
    """And if it never succeeded, it needs none."""
    before = exchange("1", "GET", f"{URL}/calls", '{"calls": []}')
    made = exchange("2", "POST", f"{URL}/calls", "{}", "{}")
    failed = replace(before, id="3", response=Response(500))
    lines = lines_for(run_of(before, made, failed), failed)
    assert re.findall(r"# \d+\. ([A-Z]+)", lines) == ["POST", "GET"]
    assert "fresh server" not in lines
    assert lines_for(run_of(made, failed), failed).count("curl") == 1


def test_steps_that_have_to_wait_say_so() -> None:
    """Only the sandbox has a clock that a request moves."""
    filled = [sign_up(f"{number}", "127.0.0.2", Step.COUNT) for number in range(5)]
    later = sign_up("6", "127.0.0.2", Step.LATER)
    assert "it needs the passage of time." in lines_for(run_of(*filled, later), later)
    clock = sign_up("7", None, Step.TICK)
    assert "passage of time" not in lines_for(run_of(*filled, clock, later), later)


def test_only_one_round_of_a_case_is_shown() -> None:
    """A case may create and read several objects, each of which shows the cause."""
    facts = {"POST": Facts(step=Step.WRITE), "GET": Facts(step=Step.READ)}
    log = [
        replace(exchange(f"{number}", method, f"{URL}/calls", "{}"), facts=facts[method])
        for number, method in enumerate(("POST", "GET", "POST", "GET"))
    ]
    run, finding = run_of(*log), replace(FINDING, exchanges=("0", "1", "2", "3"))
    cause = replace(example.failing().causes[0], finding=finding)
    assert telling(run, cause) == log[:2]


def test_unique_texts_are_new_every_time() -> None:
    """A server may accept a name or an address only once. The texts still belong together."""
    key = run_key(example.passing().seed, "")
    marks = [mark_of(key, text) for text in ("1", "2")]
    marked = [filled("At {company} {place}, {given}", mark) for mark in marks]
    place = marks[0].split("-")[1].title()
    new = marked[1].replace(place, "${VALUE_MARK}")
    made = [
        exchange(f"{number}", "POST", f"{URL}/agents", "{}", json.dumps({"name": text}))
        for number, text in enumerate(marked)
    ]
    searched = exchange("3", "GET", f"{URL}/agents?name={quote(marked[1])}", "{}")
    lost = replace(FINDING, where="/", expected=marked[1], actual="none")
    run = run_of(*made, searched)
    lines = lines_for(run, *made, searched, finding=lost)
    assert 'VALUE_MARK=$(printf %04x "$RANDOM")' in lines.splitlines()
    assert place not in lines
    assert f"?name=At%20{marks[1].split('-')[0].title()}%20$VALUE_MARK%2C%20" in lines
    assert f"# the contract requires {new}; in the run: none" in lines


# --- what the contract requires -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "expected", "actual", "comment"),
    [
        ("status", "403 or 404", "200 {}", "403 or 404; this server returned 200"),
        ("/has_more", "a boolean", '"true"', '/has_more to be a boolean; in the run: "true"'),
        ("/", "an array of items", "no array", "an array of items; in the run: no array"),
        ("/id", "no id of another", '"7"', 'no id of another at /id; in the run: "7"'),
    ],
)
def test_steps_say_what_the_contract_requires(
    where: str, expected: str, actual: str, comment: str
) -> None:
    """Above the line that shows the cause."""
    asked = exchange("1", "GET", f"{URL}/calls", "{}")
    wrong = replace(FINDING, where=where, expected=expected, actual=actual)
    lines = lines_for(run_of(asked), asked, finding=wrong).splitlines()
    assert lines[1] == f"# the contract requires {comment}"
    assert lines[2].startswith("curl -i ")


def test_a_comment_cannot_be_left(tmp_path: Path) -> None:
    """A target or a stored run may name anything as expected and actual."""
    hostile = '\ntouch owned\r$(touch owned) `touch owned` {value:1} "; touch owned; \u2028 \x85'
    made = exchange("1", "POST", f"{URL}/calls", '{"id": "call-000001"}')
    asked = exchange("2", "GET", f"{URL}/calls?id=call-000001", "{}")
    for where in ("status", "/", hostile):
        wrong = replace(FINDING, where=where, expected=hostile, actual=hostile)
        lines = lines_for(run_of(made, asked), asked, finding=wrong)
        pasted(f"curl() {{ echo '{{}}'; }}\n{lines}", {}, tmp_path)
        assert list(tmp_path.iterdir()) == []
        assert all(not line.startswith("touch") for line in lines.splitlines())


def test_a_decisive_response_is_shown_with_its_status() -> None:
    """Even if a later step takes a value from it."""
    made = exchange("1", "POST", f"{URL}/calls", '{"id": "call-000001"}', "{}")
    read = exchange("2", "GET", f"{URL}/calls/call-000001", "{}")
    assert "curl -sS -D /dev/stderr -X POST" in lines_for(run_of(made, read), made, read)


# --- requests at the same time ---


def test_requests_that_overlapped_overlap_in_the_shell() -> None:
    """The shell waits for all of them before it reads what they did."""
    changes = [
        replace(exchange(name, "PATCH", f"{URL}/calls", "{}", sent), elapsed_ms=20)
        for name, sent in (("1", '{"to": "x"}'), ("2", '{"name": "y"}'))
    ]
    read = replace(exchange("3", "GET", f"{URL}/calls", "{}"), started="2026-01-01T00:00:01+00:00")
    run = run_of(*changes, read)
    (sendings,) = steps_of(run, [Shown(FINDING, (*changes, read))])
    lines = [line for line in block(run, sendings).splitlines() if not line.startswith("#")]
    words = ["curl", "curl", "wait", "echo", "curl", "echo"]
    assert [line.split()[0] for line in lines[-6:]] == words
    assert [line.endswith(" &") for line in lines[-6:]] == [True, True, *[False] * 4]
    assert sendings[-1].caveat == "depends on which request is carried out first"


# --- repeated at the end --------------------------------------------------------------------------


def repeated(original: Exchange, status: int, answer: str = "{}") -> Exchange:
    """The exchange that repeated another one at the end of the run."""
    again = replace(original, id=f"again-{original.id}", facts=Facts(again=original.id))
    return replace(again, response=Response(status, (), Body(text=answer, size=len(answer))))


@pytest.mark.parametrize(("status", "otherwise"), [(200, False), (500, True)])
def test_a_run_names_the_causes_whose_steps_came_otherwise(status: int, otherwise: bool) -> None:
    """Without --try-steps, there are none."""
    run = example.failing()
    cause = run.causes[0]
    assert causes_not_shown_again(run) == frozenset()
    shown = [replace(each, response=Response(200)) for each in telling(run, cause)]
    others = [each for each in run.exchanges if each.id not in {one.id for one in shown}]
    log = (*others, *shown, *(repeated(each, status) for each in shown))
    found = causes_not_shown_again(replace(run, exchanges=log, causes=(cause,)))
    assert found == ({cause.id} if otherwise else set())


def outcome_of(shown: Exchange, *others: Exchange, finding: Finding = FINDING) -> str:
    """The sentence on the steps that show an exchange, in a log with it and others."""
    (sendings,) = steps_of(run_of(shown, *others), [Shown(finding, (shown,))])
    return outcome(sendings)


SAME = "Sent again at the end of the run: same result."
OTHERWISE = "Sent again at the end of the run: step 1 did not show the finding."


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, SAME),
        (201, SAME),  # accepted all the same
        (404, "Sent again at the end of the run: step 1 returned 404, not 200."),
        (500, "Sent again at the end of the run: step 1 returned 500, not 200."),
    ],
)
def test_a_status_is_compared_with_what_is_wrong(status: int, said: str) -> None:
    """Another success is as wrong as the first."""
    asked = exchange("1", "GET", f"{URL}/calls", "{}")
    assert outcome_of(asked, repeated(asked, status)) == said


def test_a_correct_status_is_not_as_wrong() -> None:
    """Although it is a success, too."""
    asked = exchange("1", "POST", f"{URL}/calls", "{}")
    wrong = replace(FINDING, expected="201")
    said = "Sent again at the end of the run: step 1 returned 201, not 200."
    assert outcome_of(asked, repeated(asked, 201), finding=wrong) == said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"calls": [{"to": "x"}, {"to": 8}]}', SAME),  # the item has moved
        ('{"calls": [{"to": "x"}]}', OTHERWISE),
    ],
)
def test_a_body_is_compared_by_its_shape(answer: str, said: str) -> None:
    """The value and the place of an item may be others, its type may not."""
    asked = exchange("1", "GET", f"{URL}/calls", '{"calls": [{"to": 7}]}')
    wrong = replace(FINDING, where="/calls/0/to", expected="a text", actual="7")
    assert outcome_of(asked, repeated(asked, 200, answer), finding=wrong) == said


@pytest.mark.parametrize(("name", "said"), [("Sample 070", SAME), ("", OTHERWISE)])
def test_texts_are_compared_by_how_they_begin(name: str, said: str) -> None:
    """The rest of a text may be unique, and cut off in the middle of that."""
    asked = exchange("1", "GET", f"{URL}/calls", '{"name": "Sample e3b"}')
    wrong = replace(FINDING, where="/name", expected='"Sample e3b0131b3934"', actual='"Sample e3b"')
    assert (
        outcome_of(asked, repeated(asked, 200, json.dumps({"name": name})), finding=wrong) == said
    )


def test_any_other_text_than_the_one_sent_is_as_wrong() -> None:
    """What an object showed before is another text for each object."""
    asked = exchange("1", "GET", f"{URL}/calls", '{"name": "Jack Dawson"}')
    wrong = replace(FINDING, where="/name", expected='"Lisa Graham", as it was last sent')
    for name, said in {"Julia Torres": SAME, "Lisa Graham": OTHERWISE}.items():
        again = repeated(asked, 200, json.dumps({"name": name}))
        assert outcome_of(asked, again, finding=wrong) == said


def test_steps_that_were_not_sent_again_are_not_doubted() -> None:
    """Although another cause has one of their steps, which was sent again for that one."""
    made = exchange("1", "POST", f"{URL}/calls", '{"id": "call-000001"}')
    read = exchange("2", "GET", f"{URL}/calls/call-000001", "{}")
    again = repeated(made, 200, '{"id": "call-000002"}')
    (sendings,) = steps_of(run_of(made, read, again), [Shown(FINDING, (read,))])
    assert outcome(sendings) == ""


def test_a_step_that_lacks_a_value_is_named() -> None:
    """The steps after it could not be sent."""
    made = exchange("1", "POST", f"{URL}/calls", '{"id": "call-000001"}')
    read = exchange("2", "GET", f"{URL}/calls/call-000001", "{}")
    (sendings,) = steps_of(run_of(made, read, repeated(made, 200)), [Shown(FINDING, (read,))])
    said = "Sent again at the end of the run: step 1 lacked a value that later steps need."
    assert outcome(sendings) == said
