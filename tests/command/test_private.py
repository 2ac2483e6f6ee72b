"""What the command writes belongs to its user alone, and how keys are given without being seen."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from conformance.run.runfile import PACKED
from tests import servers
from tests.command.test_pytest import bare
from tests.servers import BRIEF, Sandbox, command, no_traceback, run_of, stored

SEEN = "Warning: a key on the command line is visible to every user of this machine."
EXPOSED = "contains keys and is readable by other users"
CLAUSE = ("--clause", BRIEF)


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """The mask with which most systems let others read what is new."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(directory: Path) -> dict[str, str]:
    """What is below a directory and may be used by group or others."""
    found = {}
    for path in (directory, *directory.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077 and not path.is_symlink():
            found[str(path)] = oct(mode)
    return found


def test_a_run_belongs_to_its_user(sandbox: Sandbox, tmp_path: Path) -> None:
    """Directory, log and reports of a run and of its replay are closed to others."""
    arguments = ("run", "--url", sandbox.url, *CLAUSE)
    outcome = command(*arguments, cwd=tmp_path, env={"CONFORMANCE_KEY": sandbox.keys["full"]})
    assert (outcome.code, outcome.err) == (0, "")
    command("replay", "reports/latest", cwd=tmp_path)
    assert len([path for path in (tmp_path / "reports").iterdir() if path.is_dir()]) == 3
    assert modes(tmp_path / "reports") == {}


def test_a_replay_of_the_latest_run_has_its_log(sandbox: Sandbox, tmp_path: Path) -> None:
    """A replay of reports/latest becomes the latest run, and can be replayed, too."""
    arguments = ("run", "--url", sandbox.url, *CLAUSE)
    command(*arguments, cwd=tmp_path, env={"CONFORMANCE_KEY": sandbox.keys["full"]})
    first = run_of(tmp_path)
    for _ in range(2):
        assert command("replay", "reports/latest", cwd=tmp_path).code == 0
    assert run_of(tmp_path) != first
    logs = [(run / PACKED).read_bytes() for run in (run_of(tmp_path), first)]
    assert logs[0] == logs[1]


def test_target_files_belong_to_their_user(tmp_path: Path) -> None:
    """`init` and `serve` write files that are closed to others, also over files that were open."""
    written = tmp_path / "kaicalls-target.yaml"
    for _ in range(2):
        assert command("init", "--force", cwd=tmp_path).code == 0

        assert str(written) not in modes(tmp_path)
        written.chmod(0o644)
    with servers.sandbox(tmp_path) as running:
        assert not {str(running.target), str(running.log)} & modes(tmp_path).keys()


@pytest.mark.parametrize("verb", ["run", "plan"])
def test_a_target_file_with_keys_should_be_closed(
    sandbox: Sandbox, tmp_path: Path, verb: str
) -> None:
    """One that others can read draws a warning; names of variables and closed files do not."""
    told = yaml.safe_load(sandbox.target.read_text(encoding="utf-8"))
    told = {"url": told["url"], "keys": {"full": told["keys"]["full"]}}
    target = tmp_path / "t.yaml"
    target.write_text(yaml.safe_dump(told), encoding="utf-8")
    arguments = (verb, "--target", target, *CLAUSE)
    outcome = command(*arguments, cwd=tmp_path)
    assert outcome.code == 0
    assert outcome.err.count(EXPOSED) == 1
    target.chmod(0o600)
    assert command(*arguments, cwd=tmp_path).err == ""
    target.chmod(0o644)
    target.write_text(yaml.safe_dump({**told, "keys": {"full": "${FULL}"}}), encoding="utf-8")
    assert command(*arguments, cwd=tmp_path, env={"FULL": sandbox.keys["full"]}).err == ""


def test_a_key_on_the_command_line_draws_a_warning(sandbox: Sandbox, tmp_path: Path) -> None:
    """`run` and `plan` say once that others see it, and do not repeat it."""
    key = sandbox.keys["full"]
    for verb in ("run", "plan"):
        outcome = command(verb, "--url", sandbox.url, "--key", key, *CLAUSE, cwd=tmp_path)
        assert outcome.code == 0
        assert outcome.err.count(SEEN) == 1
        assert key[8:20] not in outcome.said


@pytest.mark.parametrize("verb", ["run", "plan"])
def test_a_key_comes_from_a_file_or_from_standard_input(
    sandbox: Sandbox, tmp_path: Path, verb: str
) -> None:
    """The file wins over the environment, and a line end after the key does not matter."""
    (tmp_path / "key").write_text(f"{sandbox.keys['full']}\n", encoding="ascii")
    arguments = [verb, "--url", sandbox.url, "--key-file", "key", *CLAUSE]
    outcome = command(*arguments, cwd=tmp_path, env={"CONFORMANCE_KEY": "kc_live_anotherkey"})
    assert (outcome.code, outcome.err) == (0, "")
    arguments[arguments.index("key")] = "-"
    done = subprocess.run(
        [sys.executable, "-m", "conformance", *arguments],
        cwd=tmp_path,
        input=f"{sandbox.keys['full']}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("content", "more", "says"),
    [
        (None, (), "key: the key cannot be read: No such file or directory"),
        (b"", (), "key: contains 0 words, but must contain only the key"),
        (b"two words of it", (), "key: contains 4 words, but must contain only the key"),
        (b"export KEY=kc_live_12345678", (), "key: contains an assignment"),
        (b"KEY=kc_live_12345678", (), "key: contains an assignment"),
        (b"kc", (), "key: a key must have at least 8"),
        ("Schlüssel".encode(), (), "key: a key must be ASCII text"),
        (b"kc_live_12345678", ("--key", "kc_live_12345678"), "use either --key or --key-file"),
    ],
)
def test_a_key_file_that_holds_none_is_one_message(
    tmp_path: Path, content: bytes | None, more: tuple[str, ...], says: str
) -> None:
    """Exit code 2 and what is wrong, without what the file holds."""
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    address = ("--url", "http://127.0.0.1:9/api/v1")
    outcome = command("run", *address, "--key-file", "key", *more, cwd=tmp_path)
    assert outcome.code == 2
    assert says in outcome.err.splitlines()[-1]
    assert "two words" not in outcome.said
    no_traceback(outcome)


# --- under pytest ---------------------------------------------------------------------------------


def test_bare_pytest_writes_for_its_user_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    """The directory of the reports and all in it are closed; the key comes from a file."""
    (tmp_path / "key").write_text(sandbox.keys["full"], encoding="ascii")
    outcome = bare(
        "--conformance-url",
        sandbox.url,
        "--conformance-key-file",
        "key",
        "--conformance-clause",
        BRIEF,
        "--conformance-output",
        "out",
        "--debug",
        cwd=tmp_path,
    )
    assert outcome.code == 0, outcome.said
    assert modes(tmp_path / "out") == {}
    assert stored(tmp_path / "out")["finished"]
    assert sandbox.keys["full"][8:20] not in (tmp_path / "pytestdebug.log").read_text()


def test_bare_pytest_writes_no_key_that_it_got_as_an_argument(tmp_path: Path) -> None:
    """`--debug` would write all arguments to a file, so pytest ends with one message before."""
    key = "kc_live_1234567890abcdef"
    arguments = ("--conformance-url", "http://127.0.0.1:9/api/v1", "--conformance-key", key)
    outcome = bare(*arguments, "--debug=of.log", cwd=tmp_path)
    assert outcome.code == 4
    assert "pass the key in conformance_key or with --conformance-key-file" in outcome.err.lower()
    assert key[8:20] not in outcome.said
    assert list(tmp_path.iterdir()) == []


def test_bare_pytest_warns_of_a_key_among_its_arguments(sandbox: Sandbox, tmp_path: Path) -> None:
    """As the command does."""
    key = sandbox.keys["full"]
    arguments = ("--conformance-url", sandbox.url, "--conformance-key", key, "--collect-only")
    outcome = bare(*arguments, "--conformance-output", "out", cwd=tmp_path)
    assert outcome.err.count(SEEN) == 1
    assert not (tmp_path / "out").exists()
