"""Commands on stored runs: report, open, export, rerun, history and --keep, as real processes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance import contract
from conformance.run import runfile
from tests import servers
from tests.faults.faults import FAULTS
from tests.servers import Outcome, command, no_traceback, run_of, stored

pytestmark = pytest.mark.long

AREA = ("--area", "pages", "--depth", "quick", "--yes")
BROKEN = "has-more-present[list_calls]"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for runs."""
    return tmp_path_factory.mktemp("stored")


class Mendable:
    """A server whose flag is a text until it is mended, at one address."""

    def __init__(self) -> None:
        self.broken = servers.faulty(FAULTS["flag-as-text"].kind)
        self.mended = servers.faulty()
        self.target = Path()
        self._now = self.broken

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self._now(environ, start_response)

    @contextmanager
    def mend(self) -> Iterator[None]:
        """The server is mended for a while."""
        self._now = self.mended
        try:
            yield
        finally:
            self._now = self.broken


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[Mendable]:
    """A broken server with its target file."""
    mendable = Mendable()
    with servers.serving(mendable) as origin:
        mendable.target = servers.target_file(mendable.broken, origin, place / "target.yaml")
        yield mendable


@pytest.fixture(scope="module")
def run(place: Path, server: Mendable) -> Path:
    """A run against the broken server."""
    outcome = command("run", "--target", "target.yaml", *AREA, cwd=place)
    assert outcome.code == 1, outcome.said
    return run_of(place)


def reran(run: Path, what: str, target: Path, place: Path) -> Outcome:
    """The outcome of ``rerun``."""
    outcome = command("rerun", what, "--of", run, "--target", target, "--yes", cwd=place)
    no_traceback(outcome)
    return outcome


@pytest.mark.parametrize("what", ["1", BROKEN, "has-more-present", "id"])
def test_rerun_says_still_or_fixed(run: Path, server: Mendable, tmp_path: Path, what: str) -> None:
    """A cause by number or id, a clause, or a cell: 1 while it is broken, 0 once it is mended."""
    named = stored(run)["causes"][0]["id"] if what == "id" else what
    broken = reran(run, named, server.target, tmp_path)
    assert broken.code == 1, broken.said
    assert f"still broken: {BROKEN}: /has_more: expected a boolean" in broken.out
    with server.mend():
        mended = reran(run, named, server.target, tmp_path)
    assert mended.code == 0, mended.said
    assert f"fixed: {BROKEN}\n" in mended.out
    sent = len(servers.lines_of(newest(run.parent / "rerun")))
    assert sent < len(servers.lines_of(run)) or what != BROKEN


def newest(directory: Path) -> Path:
    """The latest run in a directory of runs."""
    return (directory / "latest").resolve()


def test_rerun_says_what_it_cannot_judge(tmp_path: Path) -> None:
    """A dead server is no mended one: exit 3."""
    app = servers.faulty(FAULTS["flag-as-text"].kind)
    with servers.serving(app) as origin:
        target = servers.target_file(app, origin, tmp_path / "target.yaml")
        assert command("run", "--target", target, *AREA, cwd=tmp_path).code == 1
    outcome = reran(run_of(tmp_path), "1", target, tmp_path)
    assert outcome.code == 3, outcome.said


@pytest.mark.parametrize("what", ["99", "cause-00000000", "status-404[read_call]", "nonsense"])
def test_rerun_of_what_is_not_broken_is_wrong_usage(
    run: Path, server: Mendable, tmp_path: Path, what: str
) -> None:
    """One message, and exit 2, before anything is sent."""
    outcome = reran(run, what, server.target, tmp_path)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"Nothing that matches {what} is broken in that run")


def test_report_makes_the_files_anew(run: Path, place: Path) -> None:
    """Equal files, from the log alone, in the directory of the run."""
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    for name in ("report.html", "summary.md", "junit.xml", "badge.svg"):
        (run / name).unlink()
    outcome = command("report", run, cwd=place)
    assert outcome.code == 1, outcome.said
    after = {path.name: path.read_bytes() for path in run.iterdir()}
    assert after == before
    page = after["report.html"].decode()
    assert all(f"<code>{name}</code>" in page for name in ("run.json", "junit.xml", "badge.svg"))


def test_export_writes_the_exchanges_of_causes(run: Path, place: Path) -> None:
    """By default those that show a cause; with --all every answered one."""
    few = command("export", "har", run, cwd=place)
    assert few.code == 0, few.said
    path = run / "evidence.har"
    shown = json.loads(path.read_text())["log"]["entries"]
    whole = command("export", "har", run, "--all", cwd=place)
    assert whole.code == 0
    every = json.loads(path.read_text())["log"]["entries"]
    assert 0 < len(shown) < len(every)
    path.unlink()


def test_open_names_the_report(run: Path, place: Path, tmp_path: Path) -> None:
    """It starts what shows pages here; without a report it says so."""
    opener = tmp_path / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    opener.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    outcome = command("open", run, cwd=place, env=env)
    assert (outcome.code, outcome.out) == (0, f"Report: {run / 'report.html'}\n")
    assert (tmp_path / "opened").read_text().strip() == str(run / "report.html")
    missing = command("open", tmp_path, cwd=place, env=env)
    assert missing.code == 2
    assert "cannot open the report" in missing.err


# --- several runs ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def several(place: Path, server: Mendable) -> Path:
    """Three runs of one target that breaks, is mended, and breaks again; two are kept."""
    directory = place / "several"
    directory.mkdir()
    arguments = ("run", "--target", server.target, *AREA, "--keep", "2")
    command(*arguments, cwd=directory)
    with server.mend():
        command(*arguments, cwd=directory)
    command(*arguments, cwd=directory)
    return directory


def test_old_runs_are_removed(several: Path) -> None:
    """As many stay as were to be kept; the link points to the last one."""
    runs = [path for path in (several / "reports").iterdir() if path.name.startswith("2")]
    assert len(runs) == 2
    assert newest(several / "reports") == max(runs)


def test_history_remembers_all_runs(several: Path) -> None:
    """Also one that was removed; `--rebuild` knows only those that are there.

    A cause that was fixed and is back is named by its title, and is not unstable.
    """
    told = json.loads(command("history", "--json", cwd=several).out)
    assert [line["exit_code"] for line in told] == [1, 0, 1]
    outcome = command("history", cwd=several)
    assert outcome.code == 0
    words = next(iter(told[0]["causes"].values()))
    assert f"    gone: {words}\n" in outcome.out
    assert f"    new: {words}\n" in outcome.out
    assert "unstable" not in outcome.out
    rebuilt = json.loads(command("history", "--rebuild", "--json", cwd=several).out)
    assert rebuilt == told[1:]


def test_the_last_run_knows_the_others(several: Path) -> None:
    """Its causes are back again, and a replay says the same."""
    last = newest(several / "reports")
    assert len(stored(last)["past"]) == 2
    page = (last / "report.html").read_text()
    assert '<b class="chip transition">back again</b>' in page
    run = runfile.replay(last, contract.load()).run
    assert [each.exit_code for each in run.past] == [1, 0]


def test_a_broken_history_ends_no_run(several: Path, server: Mendable) -> None:
    """The run is judged and reported, with a note."""
    path = several / "reports" / "history.jsonl"
    path.write_text("{\n")
    with server.mend():
        outcome = command("run", "--target", server.target, *AREA, cwd=several)
    assert outcome.code == 0, outcome.said
    assert "Note: the report has no history" in outcome.err
    broken = command("history", cwd=several)
    assert broken.code == 2
    no_traceback(broken)
