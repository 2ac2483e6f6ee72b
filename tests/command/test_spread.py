"""`run --spread`: spot checks by real processes, with real waits."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from conformance.certify.codes import Code
from conformance.certify.recompute import mismatches
from conformance.run import runfile
from conformance.server.application import application
from tests.forging import Line, forged
from tests.servers import (
    BRIEF,
    Command,
    command,
    no_traceback,
    serving,
    stored,
    target_file,
    text_of,
    without_waiting,
)
from tests.support.contracts import real
from tests.watched.server import (
    ByKeys,
    Detecting,
    NotFoundIsAPage,
    Watching,
    by_name,
    spare_keys,
)

pytestmark = pytest.mark.long

CHOSEN = {
    "keys": ("--depth", "quick"),  # begins with a look at all keys
    "name": ("--clause", "status-404", "--clause", "envelope-unrouted"),
}


def latest(directory: Path) -> Path:
    """The last full run in a directory."""
    return (directory / "reports" / "latest").resolve()


def spot_of(directory: Path) -> Path:
    """The last spot checks in a directory."""
    return (directory / "reports" / "spot" / "latest").resolve()


# --- a server that detects the suite --------------------------------------------------------------


@contextmanager
def targets(watching: Watching, directory: Path, identity: str) -> Iterator[tuple[Path, Path]]:
    """A detecting server; gives the target files for a full run and for spot checks."""
    app = Detecting(NotFoundIsAPage, watching)
    with serving(app) as origin:
        one = {"identity": identity, "addresses": []}
        full = target_file(app.honest, origin, directory / "full.yaml", **one)
        keys = spare_keys(app.honest)
        spare = directory / "spare.yaml"
        target_file(app.honest, origin, spare, keys=keys, scoped_keys={}, **one)
        yield full, spare


@pytest.mark.parametrize("way", ["keys", "name"])
def test_a_detecting_server_is_caught(tmp_path: Path, way: str) -> None:
    """A full run finds nothing, and spot checks with other keys find the difference: exit 1."""
    by_keys = ByKeys(hold=600.0)
    identity = "plain" if way == "keys" else "announced"
    with targets(by_keys if way == "keys" else by_name, tmp_path, identity) as (full, spare):
        hasty = without_waiting(tmp_path)
        run = command("run", "--target", full, *CHOSEN[way], cwd=tmp_path, env=hasty)
        assert run.code == 0, run.said
        by_keys.window, by_keys.hold = 0.2, 0.2  # six hours in six seconds
        by_keys.forget()
        arguments = ("--spread", "6s", "--of", latest(tmp_path), "--target", spare, "--seed", "1")
        spot = command("run", *arguments, "--budget", "25", cwd=tmp_path)
        again = command("rerun", "1", "--of", spot_of(tmp_path), "--target", spare, cwd=tmp_path)
    no_traceback(spot)
    assert spot.code == 1, spot.said
    assert spot.headline == "Behaves differently when watched"
    assert "next request at about" in spot.out
    assert "Behaves differently when watched" in text_of(spot_of(tmp_path), "report.html")
    assert stored(spot_of(tmp_path))["target"]["identity"] == "plain"
    assert again.code == 1, again.said

    together = command("replay", spot_of(tmp_path), "--of", latest(tmp_path), cwd=tmp_path)
    assert together.code == 1, together.said
    assert together.headline == "Behaves differently when watched"
    alone = command("replay", spot_of(tmp_path), cwd=tmp_path)
    assert alone.headline == "Breaks the contract"
    assert "judged alone" in alone.err


# --- an honest server -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with an honest server's target files, a full run of it, and spot checks."""
    directory = tmp_path_factory.mktemp("honest")
    app = application(real())
    with serving(app) as origin:
        full = target_file(app, origin, directory / "full.yaml")
        spare = directory / "spare.yaml"
        target_file(app, origin, spare, keys=spare_keys(app), scoped_keys={})
        run = command("run", "--target", full, "--clause", BRIEF, cwd=directory)
        assert run.code == 0, run.said
        arguments = ("--spread", "4s", "--of", latest(directory), "--target", spare)
        spot = command("run", *arguments, cwd=directory)
        assert spot.code == 0, spot.said
        assert re.fullmatch("No failure seen in [0-9]+ requests of spot checks", spot.headline)
        yield directory


def codes(run: Path) -> set[Code]:
    """The codes of what does not fit in a stored run."""
    return {each.code for each in mismatches(runfile.open_run(run, real()))}


def test_spot_checks_are_a_stored_run(honest: Path, tmp_path: Path) -> None:
    """They say how they are spread and which run they accompany, fit, and can be replayed."""
    spot, full = spot_of(honest), latest(honest)
    assert stored(spot)["spread"] == {"seconds": 4.0, "of": stored(full)["log_head"]}
    assert stored(spot)["seed"] != 0
    assert codes(spot) == set()
    assert command("replay", spot, "--of", full, cwd=tmp_path).code == 0
    wrong = command("replay", spot, "--of", spot, cwd=tmp_path)
    assert wrong.code == 2
    assert "this is a run of spot checks, but --of needs the full run" in wrong.err


def test_a_case_before_its_moment_is_refused(honest: Path, tmp_path: Path) -> None:
    """The moments follow from the seed, so nobody can choose them."""

    def early(line: Line) -> Line:
        return line | {"started": "2020-01-01T00:00:00+00:00"} if "exchange" in line else line

    assert Code.TIME_MISMATCH in codes(forged(spot_of(honest), tmp_path / "forged", early))


def test_what_is_missing_is_said_at_once(honest: Path, tmp_path: Path) -> None:
    """Another address and keys of the full run are refused in one message, before any request."""
    told = yaml.safe_load((honest / "full.yaml").read_text(encoding="utf-8"))
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text(yaml.safe_dump({**told, "url": "http://127.0.0.1:9/api/v1"}))
    of = ("--spread", "4s", "--of", latest(honest))
    refused = command("run", *of, "--target", elsewhere, cwd=honest)
    assert refused.code == 2
    assert "127.0.0.1:9" in refused.err
    assert "other keys" in refused.err
    assert command("run", *of, cwd=honest).code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--spread", "6"),
        ("--spread", "0s"),
        ("--spread", "31d"),
        ("--spread", "6h"),
        ("--of", "reports/latest"),
        ("--spread", "6h", "--of", "reports/latest", "--depth", "deep"),
        ("--spread", "6h", "--of", "reports/latest", "--shard", "1/2"),
        ("--spread", "6h", "--of", "reports/latest", "--require-complete"),
    ],
)
def test_wrong_usage(honest: Path, arguments: tuple[str, ...]) -> None:
    """Durations have a unit and a bound, both options belong together, others are refused."""
    refused = command("run", *arguments, cwd=honest)
    assert refused.code == 2
    no_traceback(refused)


def has_ended_a_case(run: Path, before: Path) -> bool:
    """Whether a run that is not the one before has ended its first case."""
    log = run / runfile.LOG
    return run != before and log.exists() and "case_end" in log.read_text()


def test_a_signal_keeps_what_was_collected(honest: Path) -> None:
    """Ctrl-C ends the wait: exit 3, a report that says so, and a run that fits."""
    arguments = ("--spread", "40s", "--of", latest(honest), "--target", honest / "spare.yaml")
    begun = Command("run", *arguments, cwd=honest)
    before = spot_of(honest)
    deadline = time.monotonic() + 120
    while not has_ended_a_case(spot_of(honest), before):
        assert time.monotonic() < deadline, begun.said()
        time.sleep(0.05)
    begun.process.send_signal(signal.SIGINT)
    outcome = begun.end(120)
    no_traceback(outcome)
    assert outcome.code == 3, outcome.said
    assert stored(spot_of(honest))["incomplete"] == "The spot checks were stopped by a signal."
    assert codes(spot_of(honest)) == set()
