"""The compressed log of a finished run: deterministic, bounded, and complete or absent."""

from __future__ import annotations

import gc
import gzip
import stat
from pathlib import Path

import pytest

from conformance.base import files
from conformance.base.errors import UsageError
from conformance.base.stored import Bounds
from conformance.log import evidence, packing
from conformance.log.archive import digest_of
from conformance.model import NOTHING, Body, Exchange, Request, Response, Role
from tests import golden

LONG = "x" * 20_000
"""A body that has a line of its own."""


def log_of(directory: Path, text: str) -> Path:
    """A log in a file."""
    path = directory / "exchanges.jsonl"
    with files.open_to_append(path) as stream:
        stream.write(text)
    return path


def exchange(text: str) -> Exchange:
    """An exchange with a body."""
    return Exchange(
        id="1",
        case="case",
        scenario="walk",
        attempt=1,
        operation="list_calls",
        role=Role.PROBE,
        identity=None,
        facts=NOTHING,
        request=Request("GET", "http://127.0.0.1/calls", ()),
        response=Response(200, (), Body(text=text, size=len(text))),
        failure=None,
        started="2026-01-01T00:00:00+00:00",
        elapsed_ms=1,
    )


def test_a_packed_log_reads_as_before(tmp_path: Path) -> None:
    """Exchanges and ends are equal, and the plain file is gone."""
    path = log_of(tmp_path, golden.run("toy"))
    before = evidence.read(path)
    packing.pack(path)
    assert [each.name for each in tmp_path.iterdir()] == ["exchanges.jsonl.gz"]
    again = evidence.read(path)
    assert again.exchanges == before.exchanges
    assert (again.ends, again.ended) == (before.ends, before.ended)


def test_equal_logs_have_equal_forms(tmp_path: Path) -> None:
    """No time and no name is in the file."""
    forms = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        path = log_of(tmp_path / name, '{"run_end": true}\n')
        packing.pack(path)
        forms.append(packing.packed(path).read_bytes())
    assert forms[0] == forms[1]


def test_a_packed_log_belongs_to_its_user(tmp_path: Path) -> None:
    """As all files of a run."""
    with files.private():
        path = log_of(tmp_path, '{"run_end": true}\n')
        packing.pack(path)
    assert stat.S_IMODE(packing.packed(path).stat().st_mode) == 0o600


def test_nothing_is_packed_where_there_is_no_log(tmp_path: Path) -> None:
    """A run that wrote no log leaves none."""
    packing.pack(tmp_path / "exchanges.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_body_is_read_after_its_log_was_packed(tmp_path: Path) -> None:
    """A run that has just ended still shows the evidence of its causes."""
    path = tmp_path / "exchanges.jsonl"
    with files.open_to_append(path) as stream:
        recorder = evidence.Recorder(stream)
        logged = recorder.exchange(exchange(LONG))
    packing.pack(path)
    assert logged.response is not None
    assert logged.response.body.text == LONG
    assert digest_of(LONG) in recorder.log.archive


def test_a_copy_goes_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was unpacked to be read is removed with the log."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    path = log_of(tmp_path, golden.run("toy"))
    packing.pack(path)
    log = evidence.read(path)
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    del log
    gc.collect()
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"no gzip at all", "incorrect header", id="plain"),
        pytest.param(
            gzip.compress(b'{"run_end": true}\n' * 99)[:-9], "ends within the log", id="cut"
        ),
        pytest.param(gzip.compress(b"") * 99, "more follows", id="several members"),
        pytest.param(gzip.compress(b"") + b"\n", "more follows", id="a line more"),
        pytest.param(b"", "", id="empty"),
    ],
)
def test_a_broken_form_is_one_message(tmp_path: Path, content: bytes, why: str) -> None:
    """With the file; an empty one is a log without an end."""
    path = tmp_path / "exchanges.jsonl"
    packing.packed(path).write_bytes(content)
    if not content:
        assert evidence.read(path).incomplete == evidence.CUT_OFF
        return
    with pytest.raises(UsageError, match=why) as caught:
        evidence.read(path)
    assert str(caught.value).startswith(f"{packing.packed(path)}: cannot be read")


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """A certifier reads the files of others: no file unfolds without bounds."""
    path = tmp_path / "exchanges.jsonl"
    packing.packed(path).write_bytes(gzip.compress(b" " * 5_000_000))
    with pytest.raises(UsageError, match="the log has more than 1,000,000 bytes"):
        evidence.read(path, Bounds(size=1_000_000))
