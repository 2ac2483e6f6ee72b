"""Three nights against a server that keeps its data: with reuse, hardly anything piles up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from conformance.contract import load
from conformance.reading import made_by
from conformance.run import runfile
from conformance.run.runfile import Opened
from tests.servers import command, no_traceback, sandbox

pytestmark = pytest.mark.long

NIGHTS = 3
AT_MOST = {"agent": 6, "lead": 8, "workspace": 9, "call": 4, "communication_run": 13}
"""Objects of each kind that a night leaves, from the second one on, without its additional ones."""
ADDITIONAL = 6
"""Additional creations that may have their turn in one of the nights."""
SIGN_UP = "[sign_up]"
"""How the names of cells end whose limit earlier nights have used up."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Opened]:
    """The stored runs of all nights, each by a process of its own."""
    directory = tmp_path_factory.mktemp("nights")
    with sandbox(directory) as server:
        members = yaml.safe_load(server.target.read_text(encoding="utf-8"))
        del members["clock"]  # a clock that was moved does not fit the requests of a later night
        server.target.write_text(yaml.safe_dump(members), encoding="utf-8")
        reports = directory / "reports"
        reports.mkdir()
        for _ in range(NIGHTS):
            arguments = ("--target", server.target, "--reuse", reports, "--turns", 30)
            outcome = command("run", *arguments, "--output", reports, cwd=directory)
            no_traceback(outcome)
            assert outcome.code == 0, outcome.said
        left = command("clean", reports / "latest", "--target", server.target, cwd=directory)
        assert left.code == 3
        assert "This API cannot remove" in left.out
    stored = sorted(path.parent for path in reports.glob("*/run.json") if _is_own(path))
    return [runfile.open_run(path, load()) for path in stored]


def _is_own(path: Path) -> bool:
    return not path.parent.is_symlink()


def test_later_nights_leave_little(runs: list[Opened]) -> None:
    """From the second night on, only what judges a creation creates something."""
    assert len(runs) == NIGHTS
    for run in runs[1:]:
        made = made_by(run.began.contract, run.log.exchanges)
        counts = Counter(each.kind for each in made)
        more = sum(max(0, count - AT_MOST.get(kind, 0)) for kind, count in counts.items())
        assert more <= ADDITIONAL, counts


def test_verdicts_stay_the_same(runs: list[Opened]) -> None:
    """No later night judges less, apart from the sign-ups that earlier nights have used up."""
    first, *later = [
        {name: verdict for name, verdict in run.results.verdicts.items() if SIGN_UP not in name}
        for run in runs
    ]
    for night in later:
        assert night == first


def test_a_later_night_is_judged_alike_again(runs: list[Opened]) -> None:
    """Its log alone gives the verdicts that it stored."""
    cells = runs[-1].judged().cells
    assert {cell.name: cell.verdict for cell in cells} == runs[-1].results.verdicts


def test_later_nights_name_what_they_use_again(runs: list[Opened]) -> None:
    """run.json holds the objects, so that a replay knows them."""
    first, *later = [run.began.reuse for run in runs]
    assert first is not None
    assert not first.objects
    for night, reuse in enumerate(later, 1):
        assert reuse is not None
        assert reuse.turn == night
        assert {each.kind for each in reuse.objects} == {"agent", "lead", "workspace"}
