"""Bounds of a run: responses cannot exhaust memory or disk, or stop the judging."""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.base.errors import UsageError
from conformance.base.options import Choice, Depth
from conformance.base.values import NOT_JSON, TOO_DEEP, TOO_LONG, TOO_MANY, strict_json
from conformance.checks import RULES
from conformance.judging.judge import judge
from conformance.judging.outcomes import Gap, Violation
from conformance.log.evidence import INLINE, Recorder, parse, read
from conformance.log.size_limit import HEADERS, MEGABYTE, SHARE
from conformance.model import Body, Exchange, Operation, Response
from conformance.run.planning import prepare
from conformance.server.application import Application
from conformance.server.store import Row
from tests import servers
from tests.faults.harness import CORE
from tests.servers import allowed, command, run_of, stored
from tests.support.contracts import embedded, real
from tests.support.exchanges import answer

pytestmark = pytest.mark.long

DISK = 50
"""Megabytes of a run that fills its log early."""


def noise(size: int, seed: int) -> str:
    """A text that cannot be compressed to much less than half."""
    return random.Random(seed).randbytes(size // 2).hex()


def logged(path: Path, exchanges: Iterable[Exchange], disk: int = 200) -> Recorder:
    """The recorder of a log file with some exchanges."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        recorder = Recorder(stream, disk)
        for exchange in exchanges:
            recorder.exchange(exchange)
        recorder.close()
    return recorder


# --- the log --------------------------------------------------------------------------------------


def test_a_long_body_is_stored_once_and_comes_back(tmp_path: Path) -> None:
    """A thousand equal bodies take the room of one, and each is what was received."""
    body = {"calls": [{"id": str(number)} for number in range(5_000)], "has_more": False}
    sent = [answer(200, body, identifier=str(number)) for number in range(1_000)]
    recorder = logged(tmp_path / "log", sent)
    assert (tmp_path / "log").stat().st_size < 1_000_000
    assert recorder.log.exchanges[-1] == sent[-1]
    again = read(tmp_path / "log")
    assert again.exchanges == recorder.log.exchanges
    assert again.exchanges[7].json == body


def test_a_log_without_a_file_holds_bodies_itself() -> None:
    """A run that writes no file judges the same bodies."""
    sent = answer(200, {"text": noise(50_000, 1)})
    assert Recorder(None).exchange(sent) == sent
    stream = io.StringIO()
    Recorder(stream).exchange(sent)
    assert parse(stream.getvalue().splitlines(keepends=True), "log").exchanges == [sent]


def test_a_full_log_leaves_out_long_bodies_only(tmp_path: Path) -> None:
    """Beyond the bound a long body is left out and marked; a short one is logged."""
    sent = [answer(200, {"text": noise(3_000_000, n)}, identifier=str(n)) for n in range(20)]
    sent.append(answer(200, {"text": noise(INLINE // 2, 99)}, identifier="short"))
    recorder = logged(tmp_path / "log", sent, DISK)
    assert (tmp_path / "log").stat().st_size < SHARE * DISK * MEGABYTE + 100_000
    kept = recorder.log.exchanges
    assert kept[0] == sent[0]
    assert kept[-1] == sent[-1]
    response = kept[-2].response
    assert response is not None
    assert response.body.left_out
    assert response.body.text is None
    assert response.json is NOT_JSON
    assert read(tmp_path / "log").exchanges == kept


@pytest.mark.parametrize("rule", ["success.shape", "list.items"])
def test_what_is_left_out_is_untested_and_never_wrong(tmp_path: Path, rule: str) -> None:
    """No judge blames a body that the log does not hold; it says what to give."""
    sent = [answer(200, {"text": noise(3_000_000, n)}, identifier=str(n)) for n in range(20)]
    kept = logged(tmp_path / "log", sent, DISK).log.exchanges[-1:]
    outcomes = [outcome for _, outcome in judged(kept)[rule]]
    assert [type(outcome) for outcome in outcomes] == [Gap]
    assert "disk: in the target file" in outcomes[0].reason


def judged(exchanges: list[Exchange]) -> dict[str, list[Any]]:
    """The outcomes of every passive rule on some exchanges, by rule."""
    outcomes = judge(real(), embedded().declaration, RULES, [], exchanges)
    found: dict[str, list[Any]] = {}
    for (rule, _), given in outcomes.items():
        found.setdefault(rule, []).extend(given)
    return found


def test_many_headers_are_cut_and_then_not_judged() -> None:
    """A response with more headers than the log keeps is marked, and nothing of it is blamed."""
    sent = answer(404, text="no", media=None)
    assert sent.response is not None
    long = tuple((f"X-{number}", "y" * 1_000) for number in range(90))
    kept = Recorder(None).exchange(replace(sent, response=replace(sent.response, headers=long)))
    assert kept.response is not None
    assert kept.response.headers_cut
    assert len(json.dumps(kept.response.headers)) <= HEADERS
    assert not violations([kept], {"error.json", "success.label"})


def test_a_repeated_header_is_counted_once() -> None:
    """A long policy in every response is never cut; long headers that always differ are."""
    sent = answer(200, {}, media=None)
    assert sent.response is not None
    policy = ("Content-Security-Policy", "default-src 'self' " * 300)
    recorder = Recorder(None)
    cut = {True: False, False: False}
    for repeats in (True, False):
        for number in range(4_000):
            other = ("X-Request-Id", str(number) if repeats else str(number) * 3_000)
            headers = (policy, other)
            kept = recorder.exchange(
                replace(sent, response=replace(sent.response, headers=headers))
            )
            assert kept.response is not None
            cut[repeats] |= kept.response.headers_cut
    assert cut == {True: False, False: True}


def violations(exchanges: list[Exchange], rules: set[str]) -> list[Violation]:
    """The violations of some rules in some exchanges."""
    return [
        outcome
        for rule, given in judged(exchanges).items()
        for _, outcome in given
        if isinstance(outcome, Violation) and rule in rules
    ]


DAMAGE: dict[str, tuple[Callable[[list[Any]], object], str]] = {
    "another content": (lambda lines: lines[0].update(content="0" * 64), "log:1: .*digest"),
    "no base64": (lambda lines: lines[0].update(zlib="?"), "log:1: .*zlib"),
    "not compressed": (lambda lines: lines[0].update(zlib="AAAA"), "log:1: .*zlib"),
    "an unknown dictionary": (lambda lines: lines[0].update(dictionary="0" * 64), "log:1: .*dict"),
    "its own dictionary": (
        lambda lines: lines[0].update(dictionary=lines[0]["content"]),
        "log:1: .*dictionary: no earlier line",
    ),
    "a missing line": (lambda lines: lines.pop(0), "log:1: .*contains the content"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_content_is_named(damage: str) -> None:
    """A content that is not what its digest says, or is not there, is one clear error."""
    stream = io.StringIO()
    Recorder(stream).exchange(answer(200, {"text": noise(50_000, 1)}))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    spoil, message = DAMAGE[damage]
    spoil(lines)
    with pytest.raises(UsageError, match=message):
        parse([json.dumps(line) + "\n" for line in lines], "log")


# --- JSON beyond our limits -----------------------------------------------------------------------

BEYOND: dict[str, tuple[str, Any]] = {
    "deep": ('{"a":' * 2_000 + "1" + "}" * 2_000, TOO_DEEP),
    "a long number": ('{"a": ' + "9" * 5_000 + "}", TOO_LONG),
    "many objects": ("[" + "{}," * 300_000 + "{}]", TOO_MANY),
    "a page of many items": ("[" + '{"id": 1},' * 14_000 + "{}]", TOO_MANY),
}


@pytest.mark.parametrize("name", BEYOND)
@pytest.mark.parametrize("status", [200, 404])
def test_json_beyond_the_limits_is_not_judged(name: str, status: int) -> None:
    """Valid JSON that the suite does not read is never called no JSON: the cell says why."""
    text, value = BEYOND[name]
    assert strict_json(text) is value
    found = answer(status, text=text)
    assert not violations([found], {"error.json", "error.shape", "success.label", "success.shape"})
    assert found.response is not None
    assert found.response.why_unjudgeable == value.reason


def test_depth_within_strings_does_not_count() -> None:
    """Brackets in texts are no nesting, and a text may end in a backslash."""
    text = json.dumps(["[" * 2_000, '{"' * 2_000, "\\"])
    assert strict_json(text) == json.loads(text)


# --- time -----------------------------------------------------------------------------------------


def page_of(count: int) -> Exchange:
    """A page of so many calls."""
    rows = [{"id": f"call_{n}", "created_at": "2026-01-01T00:00:00.000Z"} for n in range(count)]
    return answer(200, {"calls": rows, "has_more": False}, identifier=str(count))


def test_a_page_is_judged_in_time_that_grows_with_its_items() -> None:
    """Eight times the items take about eight times the time."""

    def seconds(count: int) -> float:
        page = page_of(count)
        start = time.process_time()
        judged([page])
        return time.process_time() - start

    seconds(10)
    small = min(seconds(4_000 + number) for number in range(3))
    large = min(seconds(32_000 + number) for number in range(3))
    assert large < 16 * small


# --- whole runs -----------------------------------------------------------------------------------


class Padded(Application):
    """A server whose successes carry three megabytes that nobody asked for."""

    number = 0

    def all_headers(self, request: Any, reply: Any, body: bytes) -> list[tuple[str, str]]:
        """Many long headers as well."""
        return [
            *super().all_headers(request, reply, body),
            *((f"X-Pad-{number}", "y" * 900) for number in range(10)),
        ]

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        """A long member that differs each time."""
        Padded.number += 1
        return {**super().render_item(operation, row), "padding": noise(400_000, Padded.number)}


def test_a_run_is_bounded_and_replays_alike(tmp_path: Path) -> None:
    """Memory and disk of a run do not grow with what is answered, and its replay agrees."""
    app = servers.faulty(Padded)
    with servers.serving(app) as origin:
        path = servers.target_file(app, origin, tmp_path / "t.yaml", disk=DISK)
        ran = command("run", "--target", path, "--area", "keys", "--depth", "quick", cwd=tmp_path)
    run = run_of(tmp_path)
    assert ran.code in (0, 3), ran.said[-2_000:]
    assert stored(run)["counts"]["failed"] == 0
    assert sum(file.stat().st_size for file in run.iterdir()) < DISK * MEGABYTE
    assert ran.memory < allowed(300)
    (tmp_path / "again").mkdir()
    again = command("replay", run, cwd=tmp_path / "again")
    assert again.memory < allowed(300)
    assert stored(run_of(tmp_path / "again"))["cells"] == stored(run)["cells"]


ODD = ("\ud800 half", "nul\0", "../../etc/passwd", "two\r\nlines", "x" * 20_000, "{key:full}")


OFFERED = sorted({*CORE, "read_analytics_dashboard", "run_eval", "read_eval_run"} - {"*"})
"""A few operations, with which every scenario of a quick run has cases."""


class OddIds(Application):
    """A server whose ids and cursors hold what breaks careless clients."""

    number = 0

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        """An odd id, and now and then an odd position."""
        OddIds.number += 1
        odd = ODD[OddIds.number % len(ODD)]
        shown = {**super().render_item(operation, row), "id": f"{odd}{OddIds.number}"}
        if OddIds.number % 3 == 0:
            shown["created_at"] = odd
        return shown


def test_odd_ids_and_cursors_crash_no_scenario(tmp_path: Path) -> None:
    """Half characters, zeros, paths, lines and long texts in ids cause no error of ours."""
    app = servers.faulty(OddIds)
    with servers.serving(app) as origin:
        path = servers.target_file(app, origin, tmp_path / "t.yaml", only=OFFERED)
        ran = command(
            "run", "--target", path, "--depth", "quick", "--yes", cwd=tmp_path, timeout=500
        )
    servers.no_traceback(ran)
    run = stored(run_of(tmp_path))
    everything = prepare(real(), embedded(), Choice(depth=Depth.QUICK)).chosen.runnable
    tried = {case["scenario"] for case in run["plan"] if "gap" not in case}
    assert tried >= {case.scenario for case in everything}
    texts = [reason["text"] for cell in run["cells"] for reason in cell.get("reasons", ())]
    assert not [text for text in texts if "crashed" in text or "broke" in text]


def test_a_body_says_the_same_wherever_it_is_kept() -> None:
    """Two bodies are equal by what they say."""
    assert Body(text="x", size=1) == Body(text="x", size=1)
    assert Body(text="x", size=1) != Body(text="x", size=1, cut=True)
    assert Response(200, (), Body(text='{"a": 1, "a": 2}')).repeated_name == "a"
