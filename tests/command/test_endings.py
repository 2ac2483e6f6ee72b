"""Runs that end in another way: a broken MUST, a server that dies, a bug of the suite."""

from __future__ import annotations

import errno
import os
import re
import tempfile
import time
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from conformance import contract
from conformance.base.errors import StorageError, UsageError
from conformance.command import directory
from conformance.command.cli import group
from conformance.server.application import Application
from tests import servers
from tests.command.finished import Ran, counts_agree, replay_agrees
from tests.servers import (
    BRIEF,
    FILES,
    Command,
    Sandbox,
    command,
    no_traceback,
    run_of,
    stored,
    text_of,
)

pytestmark = pytest.mark.long


class Inclusive(Application):
    """A server whose pages begin with the item of the cursor."""

    def comparison(self, operation: object) -> str:
        return "<="


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run against a server that breaks a MUST, with one key, which leaves much untested."""
    directory = tmp_path_factory.mktemp("failing")
    app = servers.faulty(Inclusive)
    key = servers.keys_of(app)["full"]
    with servers.serving(app) as origin:
        outcome = command(
            *("run", "--url", f"{origin}/api/v1", "--key", key),
            *("--area", "walks", "--depth", "quick", "--require-complete"),
            cwd=directory,
        )
    return Ran(outcome, run_of(directory))


def test_violation_wins(failing: Ran) -> None:
    """A broken MUST gives 1, also where --require-complete finds untested cells."""
    assert failing.outcome.code == 1
    no_traceback(failing.outcome)
    broken = {
        cell["clause"] for cell in stored(failing.run)["cells"] if cell["verdict"] == "failed"
    }
    assert broken
    assert stored(failing.run)["counts"]["untested"] > 0
    causes = stored(failing.run)["causes"]
    assert {clause for cause in causes for clause in cause["clauses"]} == broken
    said = failing.outcome.out
    before, after = said.split("Start with ")
    assert all(cause["title"] in after or cause["title"] in before for cause in causes)
    assert re.search("^  [A-Z].*\n", before, re.MULTILINE)  # a cause, when it was first seen
    *_, verdict, again, _ = said.splitlines()
    assert verdict.startswith("✕ Breaks the contract: ")
    assert again.startswith("  kaicalls-conformance rerun 1 --of reports/")
    assert (failing.run.parent.parent / failing.outcome.report).is_file()
    counts_agree(failing)


def test_replay_of_a_failing_run(failing: Ran, tmp_path: Path) -> None:
    """A replay of a failing run finds the same, and exits 1."""
    replay_agrees(failing, tmp_path)


def test_explain_of_a_cause(failing: Ran) -> None:
    """By number or id: what is wrong, what it breaks, what shows it, and how to check the fix."""
    (cause, *_) = stored(failing.run)["causes"]
    by_id, by_number, unknown = (
        CliRunner().invoke(group, ["explain", what, "--of", str(failing.run)])
        for what in (cause["id"], "1", "99")
    )
    assert by_id.output == by_number.output
    clause = contract.load().clauses[cause["clauses"][0]]
    told = " ".join(by_id.output.split())
    for words in (cause["title"], "Expected: ", "Actual: ", " ".join(clause.text.split())):
        assert words in told
    assert "kaicalls-conformance rerun 1 --of " in told
    before, _, after = by_id.output.partition("\nThese requests show it:\n")
    steps, _, after = after.partition("\nFix the target ")
    assert "\ncurl " in steps
    lines = [line for line in f"{before}{after}".splitlines() if str(failing.run) not in line]
    assert max(len(line) for line in lines) <= 80
    assert yaml.safe_load(by_id.output.partition("\nwaivers:\n")[2])[0]["operations"]
    assert "has no cause 99, but" in str(unknown.exception)


def test_network_can_be_cut(tmp_path: Path) -> None:
    """The way in which these tests cut the network does cut it: a run under it reaches nothing."""
    outcome = command(
        "run",
        "--url",
        "http://127.0.0.1:9/api/v1",
        "--key",
        "kc_live_12345678",
        cwd=tmp_path,
        env=servers.without_network(tmp_path),
    )
    assert outcome.code != 0
    assert "uses the network" in outcome.said


# --- a server that dies ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cut_short(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run whose server is killed after some requests."""
    directory = tmp_path_factory.mktemp("killed")
    with servers.sandbox(tmp_path_factory.mktemp("dying")) as dying:
        begun = Command(
            "run", "--target", servers.slowed(dying.target, directory / "t.yaml", 60), cwd=directory
        )
        deadline = time.monotonic() + 120
        while len(dying.requests()) < 120 and time.monotonic() < deadline:
            time.sleep(0.01)
        dying.process.kill()
        outcome = begun.end()
    return Ran(outcome, run_of(directory))


def test_a_server_that_dies(cut_short: Ran) -> None:
    """A server that dies ends the run with 3. The reports keep what was judged, and say so."""
    assert cut_short.outcome.code == 3, cut_short.outcome.said
    no_traceback(cut_short.outcome)
    assert "incomplete" in cut_short.outcome.out
    assert {path.name for path in cut_short.run.iterdir()} == FILES
    told = stored(cut_short.run)
    assert "gone" in told["incomplete"]
    assert told["counts"]["passed"] > 0
    assert told["counts"]["failed"] == 0
    assert "incomplete" in (cut_short.run / "report.html").read_text(encoding="utf-8").lower()
    assert len(cut_short.outcome.out.splitlines()[-1]) < 200
    counts_agree(cut_short)


def test_replay_of_a_cut_run(cut_short: Ran, tmp_path: Path) -> None:
    """A replay of an incomplete run is as incomplete."""
    replay_agrees(cut_short, tmp_path)


def test_a_bug_of_ours_is_no_verdict(sandbox: Sandbox, tmp_path: Path) -> None:
    """What crashes in the suite is told as that, with 3, and takes no key along."""
    key, site = sandbox.keys["full"], tmp_path / "site"
    site.mkdir()
    broken = f"def end(*_): raise KeyError({key!r})\n\nRecorder.end = end\n"
    (site / "sitecustomize.py").write_text(
        "from conformance.log.evidence import Recorder\n\n\n" + broken, encoding="utf-8"
    )
    arguments = ("run", "--url", sandbox.url, "--key", key, "--clause", BRIEF)
    outcome = command(*arguments, cwd=tmp_path, env={"PYTHONPATH": str(site)})
    assert outcome.code == 3, outcome.said
    assert "The suite itself crashed" in outcome.out
    assert key[8:20] not in outcome.said
    leaky = [
        path.name
        for path in run_of(tmp_path).iterdir()
        if key[8:20] in text_of(run_of(tmp_path), path.name)
    ]
    assert leaky == []


# --- no room --------------------------------------------------------------------------------------

SMALL = """\
import resource

resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))
"""
"""Limits the size of each file, as a full disk would."""


@pytest.mark.parametrize(
    ("size", "area", "said", "judged"),
    [
        (
            300_000,
            "walks",
            "The run is incomplete: The log could not be written: File too large.",
            3,
        ),
        (600_000, "pages", "No failure seen in ", 0),
    ],
)
def test_a_full_disk_keeps_the_log(
    sandbox: Sandbox, tmp_path: Path, size: int, area: str, said: str, judged: int
) -> None:
    """The run is judged, and the message names the log and the command that judges it again."""
    env = servers.beginning_with(SMALL.format(size), made(tmp_path / "site"))
    few = ("run", "--target", sandbox.target, "--area", area, "--budget", "250")
    outcome = command(*few, cwd=tmp_path, env=env)
    assert outcome.code == 3, outcome.said
    no_traceback(outcome)
    assert said in outcome.out
    log = run_of(tmp_path)
    assert outcome.err.startswith(f"{log.relative_to(tmp_path)}: not everything could be written:")
    assert outcome.err.endswith(f"replay {log.relative_to(tmp_path)} --output DIR\n")
    again = command("replay", log, "--output", tmp_path / "elsewhere", cwd=tmp_path)
    assert again.code == judged, again.said
    assert (tmp_path / "elsewhere" / "latest" / "report.html").exists()


def made(directory: Path) -> Path:
    """A new directory."""
    directory.mkdir()
    return directory


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.EROFS, UsageError), (errno.ENOSPC, StorageError)]
)
def test_a_directory_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    """As the user named it, not by a temporary name in it."""

    def refuse(**_: object) -> str:
        raise OSError(number, os.strerror(number), str(tmp_path / ".ba_t9ezf"))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(kind) as caught:
        directory.new(tmp_path, lambda path: None)
    why = os.strerror(number)
    advice = "Specify another directory with --output."
    assert str(caught.value) == f"{tmp_path}: cannot be written: {why}. {advice}"
