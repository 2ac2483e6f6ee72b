"""A zip that somebody hands over is read within bounds, and only if it is a bundle."""

from __future__ import annotations

import resource
import stat
import warnings
import zipfile
from pathlib import Path

import pytest

from conformance.base.errors import UsageError
from conformance.certify import bundle

CONTENT = dict.fromkeys(bundle.ALWAYS, b"{}")
LONG = b"\0" * 1_000_000


def zipped(to: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """A zip with every member of a bundle, and some more."""
    with warnings.catch_warnings(), zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # about members with equal names
        for name, content in [*CONTENT.items(), *members]:
            archive.writestr(name, content)
    return to


def refusal(path: Path) -> str:
    """Why a file is refused."""
    with pytest.raises(bundle.Invalid) as raised, bundle.unpacked(path):
        pass
    return str(raised.value)


def test_the_members_of_a_bundle_are_unpacked(tmp_path: Path) -> None:
    """They are private, and gone afterwards."""
    with bundle.unpacked(zipped(tmp_path / "a.zip", ("stamps/0001.tsr", b"stamp"))) as directory:
        assert set(bundle.names_in(directory)) == {*CONTENT, "stamps/0001.tsr"}
        assert bundle.beside(directory) == {"stamps/0001.tsr": b"stamp"}
        assert stat.S_IMODE((directory / "run.json").stat().st_mode) == 0o600
    assert not directory.exists()


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/etc/outside",
        "stamps/../../outside.tsr",
        "stamps\\0001.tsr",
        "C:run.json",
        "run.json/",
        "workers/1.jsonl",
        "exchanges.jsonl",
        "pytest.html",
        "statement.json.0.sig",
        "spot/../run.json",
        "spot/0001/run.json",
        "run.json\n",
    ],
)
def test_a_member_that_does_not_belong_is_refused(tmp_path: Path, name: str) -> None:
    """So no member can have a path outside, or be mistaken for another file of a run."""
    path = zipped(tmp_path / "a.zip", (name, b"x"))
    assert "does not belong in a bundle" in refusal(path)
    assert not (tmp_path.parent / "outside").exists()


def test_a_link_is_refused(tmp_path: Path) -> None:
    """Nothing but regular files is written."""
    link = zipfile.ZipInfo("freeze.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "not a regular file" in refusal(zipped(tmp_path / "a.zip", (link, b"/etc/passwd")))


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    """Otherwise another program could show the other one."""
    assert "two members" in refusal(zipped(tmp_path / "a.zip", ("run.json", b"[]")))


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    """A bundle is whole, or none."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("run.json", "{}")
    assert "it has no certificate.json" in refusal(tmp_path / "a.zip")


def test_too_long_a_member_is_refused_whatever_it_declares(tmp_path: Path) -> None:
    """The bytes are counted while they are read."""
    path = zipped(tmp_path / "a.zip", ("freeze.json", LONG))
    assert "freeze.json has more than" in refusal(path)
    content = path.read_bytes()
    size = len(LONG).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, (10).to_bytes(4, "little")))
    assert "readable zip" in refusal(path) or "has more than" in refusal(path)


def test_a_bomb_costs_little(tmp_path: Path) -> None:
    """A member that unpacks to a hundred times its size stops at its bound."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in CONTENT:
            archive.writestr(name, b"{}" if name != "report.html" else b"\0" * 65_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "report.html has more than 64,000,000 bytes" in refusal(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


def test_too_many_members_are_refused_before_they_are_listed(tmp_path: Path) -> None:
    """The list of members could fill the memory by itself."""
    stamps = [(f"stamps/{number:04}.tsr", b"") for number in range(2_001)]
    assert "more than 2,000 members" in refusal(zipped(tmp_path / "a.zip", *stamps))


@pytest.mark.parametrize("end", [1, 10, 22, 100, 1_000])
def test_a_truncated_zip_is_refused(tmp_path: Path, end: int) -> None:
    """Wherever it was cut off."""
    path = zipped(tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:-end])
    assert "it was cut off" in refusal(path)


@pytest.mark.parametrize("around", [(b"#!/bin/sh\n", b""), (b"", b"more"), (b"", b"\0")])
def test_nothing_may_stand_around_a_zip(tmp_path: Path, around: tuple[bytes, bytes]) -> None:
    """A file that is also another format is refused."""
    path = zipped(tmp_path / "a.zip")
    path.write_bytes(around[0] + path.read_bytes() + around[1])
    assert "added around it" in refusal(path)


def test_a_comment_is_refused(tmp_path: Path) -> None:
    """A comment could hold anything, such as a second list of members."""
    path = zipped(tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"hello"
    assert "added around it" in refusal(path)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    """Its flag is enough."""
    path = zipped(tmp_path / "a.zip")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(content))
    assert "encrypted" in refusal(path)


def test_a_member_before_the_zip_is_refused(tmp_path: Path) -> None:
    """A list of members that is said to begin later moves all of them."""
    path = zipped(tmp_path / "a.zip")
    content = bytearray(path.read_bytes())
    content[-6:-2] = (int.from_bytes(content[-6:-2], "little") + 1_000).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    assert "lies before the zip" in refusal(path)


def test_another_compression_is_refused(tmp_path: Path) -> None:
    """LZMA and bzip2 need no bundle."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_BZIP2) as archive:
        for name, content in CONTENT.items():
            archive.writestr(name, content)
    assert "a different method than deflate" in refusal(tmp_path / "a.zip")


@pytest.mark.parametrize("content", [b"", b"PK", b"{}", b"PK\x03\x04" + b"\0" * 1_000])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever it is."""
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    assert "not a zip" in refusal(path)


def test_a_missing_file_and_a_link_are_wrong_usage(tmp_path: Path) -> None:
    """There is nothing to refuse then."""
    (tmp_path / "link.zip").symlink_to(zipped(tmp_path / "a.zip"))
    for name, why in (("b.zip", "cannot be read"), ("link.zip", "this is a link")):
        with pytest.raises(UsageError, match=why), bundle.unpacked(tmp_path / name):
            pass
