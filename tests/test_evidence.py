"""The evidence log: it is read as it was written, and a broken line is named."""

from __future__ import annotations

import hashlib
import io
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.base import files
from conformance.base.errors import Unjudgeable, UsageError
from conformance.log import exchanges
from conformance.log.archive import Archive, digest_of, packed
from conformance.log.evidence import (
    CUT_OFF,
    Log,
    Recorder,
    parse,
    read,
)
from conformance.model import (
    NOTHING,
    Body,
    Exchange,
    Facts,
    Form,
    Request,
    Response,
    Role,
    Side,
    Step,
)
from tests.support.exchanges import answer


def exchange(**members: Any) -> Exchange:
    """An exchange with some members of its own."""
    base: dict[str, Any] = {
        "id": "e1",
        "case": "c[x]",
        "scenario": "c",
        "attempt": 1,
        "operation": "x",
        "role": Role.PROBE,
        "identity": "full",
        "facts": NOTHING,
        "request": Request("GET", "http://h/x"),
        "response": Response(200, (), Body(text="{}", size=2)),
    }
    return Exchange(**{**base, **members})


def through_the_log(one: Exchange) -> Exchange:
    """An exchange after it was written and read back."""
    stream = io.StringIO()
    kept = Recorder(stream).exchange(one)
    log = parse(stream.getvalue().splitlines(keepends=True), "log")
    assert log.exchanges == [kept]
    return kept


ODD = [
    exchange(),
    exchange(response=None, failure="connection reset"),
    exchange(identity=None, started="2026-01-01T00:00:00.000+00:00", elapsed_ms=1234.5),
    exchange(response=Response(500, (), Body(text="\ud800 \udfff lone", size=9))),
    exchange(
        response=Response(
            200, (("X-Odd", "\x00\x1b[31m\u2028\u202e"), ("X-Odd", "")), Body(text="", size=0)
        )
    ),
    exchange(response=Response(200, (), Body(base64="/wD+", size=3))),
    exchange(response=Response(200, (), Body(text="[withheld]", size=99, withheld=True))),
    exchange(response=Response(200, (), Body(text="x", size=5_000_000, cut=True))),
    exchange(response=Response(204)),
    exchange(
        request=Request(
            "POST", "http://h/x?a=%2B", (("Content-Type", "a/b"),), Body(text="\r\n\u2029", size=4)
        )
    ),
    exchange(request=Request("POST", "http://h/x", (), Body())),
    exchange(facts=Facts(sent={"a": [None, {"b": 1.5}]}, walk="w", fresh=("\u2029",))),
    exchange(case="", scenario="", operation="", attempt=0),
]


@pytest.mark.parametrize("one", ODD, ids=range(len(ODD)))
def test_odd_exchanges_survive_the_log(one: Exchange) -> None:
    """Lone surrogates, control characters, bytes, empty bodies and lost responses come back."""
    assert through_the_log(one) == one


def test_a_line_is_ascii_and_is_flushed_at_once() -> None:
    """Each exchange is one line of ASCII, on the disk before the next request is sent."""

    class Stream(io.StringIO):
        flushed = ""

        def flush(self) -> None:
            self.flushed = self.getvalue()

    stream = Stream()
    recorder = Recorder(stream)
    for number, one in enumerate(ODD, 1):
        recorder.exchange(one)
        assert stream.flushed.isascii()
        assert stream.flushed.count("\n") == number
        assert stream.flushed.endswith("\n")


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may become larger than ``size`` bytes, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_ends_the_log_with_the_last_whole_line(tmp_path: Path) -> None:
    """It is one error. Later exchanges are only kept in memory, with their long bodies."""
    path, long = tmp_path / "log", "x" * 5_000
    with files.open_to_append(path) as stream:
        recorder = Recorder(stream)
        first = recorder.exchange(exchange())
        with room_for(path.stat().st_size + 100):
            with pytest.raises(Unjudgeable, match="The log could not be written: File too large"):
                recorder.exchange(exchange(id="e2"))
            recorder.break_off("why")
            later = recorder.exchange(exchange(id="e3", response=Response(200, (), Body(long))))
        recorder.end("c[x]", "done")
    assert recorder.log.exchanges == [first, later]
    assert later.response is not None
    assert later.response.body.text == long
    assert recorder.log.incomplete == "why"
    assert read(path).exchanges == [first]


def test_a_log_whose_end_cannot_be_written_is_incomplete(tmp_path: Path) -> None:
    """As its replay will be."""
    path = tmp_path / "log"
    with files.open_to_append(path) as stream:
        recorder = Recorder(stream)
        recorder.exchange(exchange())
        with room_for(path.stat().st_size + 5):
            recorder.close()
    assert recorder.log.incomplete == "The log could not be written: File too large."
    assert read(path).incomplete == CUT_OFF


def test_members_that_say_nothing_are_left_out() -> None:
    """A line has no null and no empty object at its top."""
    line = exchanges.to_json(exchange(response=None, failure="x", identity=None))
    assert {"response", "identity", "facts"}.isdisjoint(line)


def test_ends_of_cases_are_logged() -> None:
    """The outcome of a case is a line of its own and is read back."""
    stream = io.StringIO()
    recorder = Recorder(stream)
    recorder.end("c[x]", "done")
    recorder.end("c[y]", "the scenario crashed: \ud800")
    assert parse(stream.getvalue().splitlines(keepends=True), "log").ends == recorder.log.ends
    assert recorder.log.ends == {"c[x]": "done", "c[y]": "the scenario crashed: \ud800"}


@pytest.fixture
def lines() -> list[str]:
    """A log of three exchanges and the end of their case."""
    stream = io.StringIO()
    recorder = Recorder(stream)
    for number in (1, 2, 3):
        recorder.exchange(answer(200, {"n": number}, identifier=f"e{number}"))
    recorder.end("example[list_calls]", "done")
    return stream.getvalue().splitlines(keepends=True)


def test_a_last_line_that_was_cut_off_is_dropped(lines: list[str]) -> None:
    """A kill in the middle of the last line loses that line and no other, wherever it fell."""
    for number in (1, 2, 3, 4):
        line = lines[number - 1].rstrip("\n")
        for length in range(1, len(line)):
            assert len(parse([*lines[: number - 1], line[:length]], "log").exchanges) == number - 1
    assert len(parse([*lines[:2], lines[2].rstrip("\n")], "log").exchanges) == 3


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[1]",
        "7",
        "null",
        '"x"',
        "{}",
        '{"case_end": []}',
        '{"exchange": 1}',
        "x\n",
        "[" * 100_000,
        '{"run_end": true, "run_end": true}',
        '{"case_end": "a", "case_end": "b", "outcome": "done"}',
    ],
)
def test_a_broken_line_is_named(lines: list[str], broken: str, tmp_path: Path) -> None:
    """A line that is none, with others after it, is one clear error with file and line."""
    path = tmp_path / "exchanges.jsonl"
    path.write_text("".join([*lines[:1], broken.rstrip("\n") + "\n", *lines[1:]]), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert "\n" not in str(caught.value)


WRONG: tuple[tuple[str, Any], ...] = (
    ("attempt", "1"),
    ("operation", []),
    ("case", {}),
    ("facts", []),
    ("role", None),
    ("exchange", 5),
    ("identity", 3),
)


@pytest.mark.parametrize(("member", "value"), WRONG)
def test_a_member_of_another_type_is_named(lines: list[str], member: str, value: Any) -> None:
    """A line whose member has a type that no log has is refused, so that no judge meets it."""
    line = {**json.loads(lines[0]), member: value}
    with pytest.raises(UsageError, match="log:2: "):
        parse([lines[1], json.dumps(line) + "\n", lines[2]], "log")


@pytest.mark.parametrize("value", ["200", None, 2.5, [200]])
def test_a_status_of_another_type_is_named(lines: list[str], value: Any) -> None:
    """The status of a response is a whole number."""
    line = json.loads(lines[0])
    line["response"]["status"] = value
    with pytest.raises(UsageError, match="log:1: "):
        parse([json.dumps(line) + "\n", lines[1]], "log")


def test_blank_lines_and_an_empty_log_are_no_faults(lines: list[str]) -> None:
    """A log of a run that sent nothing is empty; blank lines between joined logs are skipped."""
    assert parse([], "log") == Log()
    assert len(parse([lines[0], "\n", lines[1]], "log").exchanges) == 2


def test_a_file_that_cannot_be_read_is_one_error(tmp_path: Path) -> None:
    """A missing file, a directory and bytes that are no UTF-8 are one error with the file."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\n")
    for path in (tmp_path / "none", tmp_path, tmp_path / "bytes"):
        with pytest.raises(UsageError) as caught:
            read(path)
        assert str(path) in str(caught.value)


def test_what_a_case_sent_before_its_turn_is_added_once() -> None:
    """A killed run may have logged the first exchanges of a case, or one of a part of it."""
    logged = [answer(200, {}, case="a"), answer(200, {}, case="b")]
    part = replace(answer(200, {}, case="a"), part="list")
    late, other = answer(201, {"id": "e1"}, case="a"), answer(201, {"id": "e2"}, case="c")
    log = Log([part, *logged])
    log.join_early(Log([logged[0], other, late, logged[1]]))
    assert log.exchanges == [part, *logged, other, late]


TEXT = st.text(max_size=20) | st.sampled_from(["\ud800", "\x00\n\r", "{key:full}"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
BODIES = st.builds(
    Body,
    text=st.none() | TEXT,
    base64=st.none() | TEXT,
    size=st.integers(0, 9**9),
    cut=st.booleans(),
    withheld=st.booleans(),
)
FACTS = st.builds(
    Facts,
    step=st.none() | st.sampled_from(Step),
    form=st.none() | st.sampled_from(Form),
    side=st.none() | st.sampled_from(Side),
    mistake=st.booleans(),
    walk=st.none() | st.text(min_size=1),
    sent=st.dictionaries(TEXT, JSON, max_size=3),
    fresh=st.lists(TEXT, max_size=3).map(tuple),
    address=st.none() | st.just("127.0.0.2"),
)
EXCHANGES = st.builds(
    Exchange,
    id=TEXT,
    case=TEXT,
    scenario=TEXT,
    attempt=st.integers(1, 9),
    operation=TEXT,
    role=st.sampled_from(Role),
    identity=st.none() | TEXT,
    facts=FACTS,
    request=st.builds(Request, method=TEXT, url=TEXT, headers=PAIRS, body=st.none() | BODIES),
    response=st.none()
    | st.builds(Response, status=st.integers(100, 999), headers=PAIRS, body=BODIES),
    failure=st.none() | TEXT,
    started=TEXT,
    elapsed_ms=st.integers(0, 10**6).map(lambda tenths: tenths / 10),
)


@settings(max_examples=100, deadline=None)
@given(EXCHANGES)
def test_any_exchange_survives_the_log(one: Exchange) -> None:
    """What is judged in a replay is what was judged in the run."""
    assert through_the_log(one) == one


def test_time_is_kept_to_a_tenth_of_a_millisecond() -> None:
    """The run judges what the log holds: the rounded time, not the one of the clock."""
    assert through_the_log(exchange(elapsed_ms=1.23456)).elapsed_ms == 1.2
    line = exchanges.to_json(exchange(elapsed_ms=1.23456))
    assert exchanges.from_json(line, Archive()).elapsed_ms == 1.2


def _pages(*first: int) -> list[str]:
    """Pages of 200 items that begin at numbers."""
    return [
        json.dumps(
            [hashlib.sha256(str(number).encode()).hexdigest() for number in range(at, at + 200)]
        )
        for at in first
    ]


def test_a_long_body_that_is_like_an_earlier_one_takes_little_room(tmp_path: Path) -> None:
    """A later page is compressed by the last of its operation that was compressed alone."""
    path, pages = tmp_path / "exchanges.jsonl", _pages(0, 1, 2, 5000, 5001)
    with files.open_to_append(path) as stream:
        recorder = Recorder(stream)
        for page in pages:
            body = Body(text=page, size=len(page))
            recorder.exchange(exchange(response=Response(200, (), body)))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    contents = [line for line in lines if "content" in line]
    first, _, _, unlike, _ = [line["content"] for line in contents]
    by = [line.get("dictionary") for line in contents]
    assert by == [None, first, first, None, unlike]
    sizes = [len(line["zlib"]) for line in contents]
    assert 20 * (sizes[1] + sizes[2] + sizes[4]) < sizes[0] + sizes[3]
    log = read(path)
    assert [each.response.body.text for each in log.exchanges if each.response] == pages


def test_a_dictionary_has_none_itself() -> None:
    """So a forged log cannot make a long chain of contents that need each other."""
    contents = _pages(0, 1, 2)
    lines, before = [], ""
    for content in contents:
        line = {"content": digest_of(content), "zlib": packed(content, before)}
        if before:
            line["dictionary"] = digest_of(before)
        lines.append(json.dumps(line) + "\n")
        before = content
    with pytest.raises(UsageError, match=r"log:3: .*dictionary: no earlier line contains"):
        parse(lines, "log")


def test_a_long_body_can_be_removed_and_the_chain_still_holds() -> None:
    """The digest of its line covers the digest of the body, so nothing else can be changed."""
    stream = io.StringIO()
    recorder = Recorder(stream)
    recorder.exchange(exchange(response=Response(200, (), Body(text="x" * 10_000, size=10_000))))
    recorder.close()
    entries = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert entries[0].pop("zlib")

    removed = parse((json.dumps(entry) + "\n" for entry in entries), "log")
    assert removed.chain.broken_at is None
    assert removed.chain.head == recorder.log.chain.head
    body = removed.exchanges[0].response.body  # type: ignore[union-attr] # it has a response
    assert (body.text, body.left_out, body.size) == (None, True, 10_000)

    entries[0]["content"] = "0" * 64
    with pytest.raises(UsageError, match="no earlier line contains the content"):
        parse((json.dumps(entry) + "\n" for entry in entries), "log")
