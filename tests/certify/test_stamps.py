"""Time stamps prove that a log is not newer than it claims; what proves nothing is refused."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.base.errors import UsageError
from conformance.certify import authority as asking
from conformance.certify import stamps
from conformance.certify.codes import Code, Problem
from conformance.log.chain import Chain
from conformance.run.binding import NoStamp, Stamping
from conformance.run.runfile import Opened
from conformance.run.stamping import INDEX, Stamper
from tests import servers
from tests.certify import authority
from tests.certify.stories import Story, documented, works

Files = dict[str, bytes]


def found(
    story: Story, files: Files | None = None, opened: Opened | None = None, **challenge: datetime
) -> list[Problem]:
    """What is wrong with the stamps in some files, for the run of the story or another one."""
    roots = stamps.roots_in(story.authority.certificate)
    shown = story.files if files is None else files
    return stamps.problems(opened or story.opened, shown, roots, datetime.now(UTC), **challenge)


def codes(problems: list[Problem]) -> list[Code]:
    """The codes of some problems."""
    return [each.code for each in problems]


def rows(files: Files) -> list[dict[str, object]]:
    """The list of stamps in some files."""
    listed: list[dict[str, object]] = json.loads(files[INDEX])
    return listed


def with_rows(files: Files, kept: list[dict[str, object]]) -> Files:
    """The files with another list of stamps."""
    return files | {INDEX: json.dumps(kept).encode()}


def test_an_honest_run_is_proven(story: Story) -> None:
    """From its first line to its last, between two moments."""
    assert found(story) == []
    first, *_, last = stamps.moments(story.files)
    assert first <= last
    assert rows(story.files)[-1]["head"] == servers.stored(story.run_directory)["log_head"]


def test_openssl_alone_checks_a_stamp(story: Story, tmp_path: Path) -> None:
    """With the lines of the documentation, which fail for anything else."""
    lines = documented("python3 -c")
    (tmp_path / "stamps").mkdir()
    for name, content in story.files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "authority.pem").write_bytes(story.authority.certificate.read_bytes())
    assert works(lines, tmp_path)
    (tmp_path / INDEX).write_bytes(with_rows(story.files, rows(story.files)[1:])[INDEX])
    assert not works(lines, tmp_path)


# --- one stamp ------------------------------------------------------------------------------------


def first_stamp(story: Story, change: Callable[[bytes], bytes]) -> Files:
    """The files with another first stamp."""
    name = "stamps/0001.tsr"
    return story.files | {name: change(story.files[name])}


@pytest.mark.parametrize(
    "change",
    [lambda _: b"", lambda stamp: stamp[:-1], lambda stamp: stamp[:-9] + bytes(9), lambda _: b"x"],
    ids=["empty", "cut", "another signature", "garbage"],
)
def test_a_broken_stamp_is_refused(story: Story, change: Callable[[bytes], bytes]) -> None:
    """Whatever is wrong with it."""
    assert codes(found(story, first_stamp(story, change))) == [Code.STAMP_INVALID]


def test_a_stamp_of_another_log_is_refused(story: Story) -> None:
    """Whether it is listed for another head, or for this one."""
    other = "0" * 32
    stamp = story.authority.stamp(other)
    (wrong,) = found(story, first_stamp(story, lambda _: stamp))
    assert (wrong.code, "stamp of another log" in wrong.text) == (Code.STAMP_INVALID, True)
    listed = [{**rows(story.files)[0], "head": other}, *rows(story.files)[1:]]
    moved = with_rows(first_stamp(story, lambda _: stamp), listed)
    assert codes(found(story, moved)) == [Code.STAMP_INVALID]


def test_a_stranger_stamps_in_vain(story: Story, tmp_path: Path) -> None:
    """Only the authorities that are named are trusted; without any, nothing is proven."""
    stranger = authority.founded(tmp_path / "stranger")
    stamp = stranger.stamp(str(rows(story.files)[0]["head"]))
    (wrong,) = found(story, first_stamp(story, lambda _: stamp))
    assert (wrong.code, "no authority" in wrong.text) == (Code.STAMP_INVALID, True)
    nobody = stamps.problems(story.opened, story.files, [], datetime.now(UTC))
    assert codes(nobody) == [Code.TIME_NOT_PROVEN]


def test_a_missing_stamp_is_refused(story: Story) -> None:
    """It is listed, so it was there."""
    files = {name: content for name, content in story.files.items() if name != "stamps/0001.tsr"}
    assert codes(found(story, files)) == [Code.STAMP_INVALID]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"{}", b'[{"line": 1}]', b"[" * 100_000, b'[{"line":1,"head":"","file":"/x"}]'],
)
def test_a_broken_list_is_refused(story: Story, content: bytes) -> None:
    """Whatever it holds."""
    assert codes(found(story, story.files | {INDEX: content})) == [Code.STAMP_INVALID]


def test_a_list_out_of_order_is_refused(story: Story) -> None:
    """The lines of the log only grow."""
    files = with_rows(story.files, rows(story.files)[::-1])
    assert codes(found(story, files)) == [Code.STAMP_INVALID]


# --- all of them ----------------------------------------------------------------------------------


def test_a_run_without_stamps_proves_no_time(story: Story) -> None:
    """Neither without a list nor with an empty one."""
    assert codes(found(story, {})) == [Code.TIME_NOT_PROVEN]
    assert codes(found(story, with_rows(story.files, []))) == [Code.TIME_NOT_PROVEN]


def test_the_end_of_the_log_has_to_be_stamped(story: Story) -> None:
    """Otherwise lines could be added afterwards."""
    files = with_rows(story.files, rows(story.files)[:-1])
    (wrong,) = found(story, files)
    assert (wrong.code, "end of the log" in wrong.text) == (Code.TIME_NOT_PROVEN, True)


def moved(opened: Opened, by: timedelta) -> Opened:
    """A run that claims to have been made at another time."""

    def other(text: str) -> str:
        return (datetime.fromisoformat(text) + by).isoformat()

    exchanges = [replace(each, started=other(each.started)) for each in opened.log.exchanges]
    said = opened.said | {"finished": other(opened.said["finished"])}
    return replace(opened, said=said, log=replace(opened.log, exchanges=exchanges))


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_run_cannot_claim_another_time(story: Story, hours: int) -> None:
    """It was made neither an hour before its stamps nor an hour after them."""
    wrong = found(story, opened=moved(story.opened, timedelta(hours=hours)))
    assert codes(wrong) == [Code.TIME_NOT_PROVEN] * 2
    assert "is not of the end of the run" in wrong[0].text
    assert "Exchange 1 claims" in wrong[1].text


def test_a_time_that_cannot_be_read_proves_nothing(story: Story) -> None:
    """Such as one without a zone."""
    log = story.opened.log
    exchanges = [replace(each, started="2026-01-01T00:00:00") for each in log.exchanges]
    opened = replace(story.opened, log=replace(log, exchanges=exchanges))
    assert codes(found(story, opened=opened)) == [Code.TIME_NOT_PROVEN]


def test_the_stamps_lie_within_the_challenge(story: Story) -> None:
    """After it was issued, and before it expired."""
    now, hour = datetime.now(UTC), timedelta(hours=1)
    assert found(story, issued=now - hour, expires=now + hour) == []
    assert codes(found(story, issued=now + hour)) == [Code.TIME_NOT_PROVEN]
    assert codes(found(story, expires=now - hour)) == [Code.TIME_NOT_PROVEN]


def test_certificates_are_read_from_pem(tmp_path: Path, story: Story) -> None:
    """A file that has none, or that is missing, is invalid usage."""
    with pytest.raises(UsageError, match="cannot be read"):
        stamps.roots_in(tmp_path / "none")
    (tmp_path / "empty").write_text("")
    with pytest.raises(UsageError, match="not certificates"):
        stamps.roots_in(tmp_path / "empty")
    twice = story.authority.certificate.read_text() * 2
    (tmp_path / "twice").write_text(twice)
    assert len(stamps.roots_in(tmp_path / "twice")) == 1


# --- asking an authority --------------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"


def answering(content: bytes) -> servers.Answer:
    """An answer with some content."""
    return lambda write: write(OK % (len(content), content))


def test_an_authority_may_return_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one reason, and nothing is read for longer or further than is useful."""
    over = threading.Event()

    def silent(_write: Callable[[bytes], object]) -> None:
        over.wait(60)

    answers: dict[str, servers.Answer] = {
        "garbage": answering(b"garbage"),
        "huge": answering(b"x" * 100_000),
        "refused": answering(bytes.fromhex("3005300302010 2".replace(" ", ""))),
        "missing": lambda write: write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        "moved": lambda write: write(
            b"HTTP/1.1 302 Found\r\nLocation: /garbage\r\nContent-Length: 0\r\n\r\n"
        ),
        "silent": silent,
    }
    said = {}
    with servers.raw(answers) as site:
        for name in answers:
            monkeypatch.setattr(asking, "SECONDS", 0.3 if name == "silent" else 30.0)
            with pytest.raises(NoStamp) as reason:
                asking.stamp_requester(f"{site}/{name}")("0" * 32)
            said[name] = str(reason.value)
        over.set()
    assert "not a response of an authority" in said["garbage"]
    assert "more than 65,536 bytes" in said["huge"]
    assert said["refused"] == "the authority refused: REJECTION"
    assert "status 404" in said["missing"]
    assert "status 302" in said["moved"]
    assert "no response within" in said["silent"]


def test_a_stamp_of_something_else_is_not_taken(tmp_path: Path) -> None:
    """An authority may return the stamp of another query."""
    founded = authority.founded(tmp_path / "authority")
    other = servers.raw({"it": answering(founded.stamp("1" * 32))})
    with other as site, pytest.raises(NoStamp, match="stamped something else"):
        asking.stamp_requester(f"{site}/it")("0" * 32)


@pytest.mark.parametrize("url", ["", "ftp://host/", "host", "https://", "https://user@host/"])
def test_an_authority_has_a_url(url: str) -> None:
    """Of http or https, without a user."""
    with pytest.raises(UsageError, match="not a URL for a time stamp authority"):
        asking.stamp_requester(url)


@contextmanager
def stamping(
    directory: Path,
    ask: Callable[[str], bytes],
    every: float = 60,
    looks: threading.Semaphore | None = None,
) -> Iterator[Stamper]:
    """A stamper at work, for a log of one line that gets another one at the end.

    Each look at the log releases ``looks``.
    """
    chain = Chain()
    chain.link({"case_end": "first", "outcome": "done"})

    def looked() -> Chain:
        if looks:
            looks.release()
        return chain

    stamper = Stamper(Stamping(ask, every), directory, looked)
    stamper.start()
    yield stamper
    chain.link({"run_end": True})
    stamper.end(last=True)


def test_a_run_is_stamped_at_its_start_and_at_its_end(tmp_path: Path) -> None:
    """Between them, as often as wanted, but never the same line twice."""
    asked: list[str] = []

    def ask(head: str) -> bytes:
        asked.append(head)
        return head.encode()

    looks = threading.Semaphore(0)
    with stamping(tmp_path, ask, every=0, looks=looks) as stamper:
        assert all(looks.acquire(timeout=30) for _ in range(6))  # two each time
    assert [row["line"] for row in json.loads((tmp_path / INDEX).read_text())] == [1, 2]
    assert (tmp_path / "stamps" / "0002.tsr").read_text() == asked[1]
    assert (len(asked), stamper.note) == (2, "")


def test_an_authority_that_fails_is_noted(tmp_path: Path) -> None:
    """The run goes on, and the reason is safe to print."""
    asked = threading.Event()

    def ask(head: str) -> bytes:
        asked.set()
        raise NoStamp("the authority returned \x1b[2J")

    with stamping(tmp_path, ask) as stamper:
        assert asked.wait(30)
    assert stamper.note.startswith("2 of 2 time stamps are missing: the authority returned ")
    assert "\x1b" not in stamper.note
    assert not (tmp_path / INDEX).exists()


def test_an_authority_that_hangs_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the run waits for it, but not for long."""
    monkeypatch.setattr("conformance.run.stamping.PATIENCE", 0.2)
    released = threading.Event()

    def ask(head: str) -> bytes:
        released.wait(60)
        raise NoStamp("late")

    began = time.monotonic()
    with stamping(tmp_path, ask) as stamper:
        pass
    assert time.monotonic() - began < 30
    assert stamper.note.endswith("the authority took too long at the end")
    released.set()
