"""What is collected of results that are late, doubled, foreign, forged, or never finished."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.base.errors import UsageError
from conformance.fleet import collecting, plan, received, rows, unit
from conformance.fleet.accepting import Accepted
from conformance.fleet.collecting import Summary
from conformance.fleet.plan import Fleet
from conformance.fleet.rows import JudgedTarget
from conformance.fleet.unit import State
from conformance.model import Run, Verdict
from conformance.report import html
from conformance.run import history_file
from tests import report_example
from tests.fleet.conftest import Night
from tests.fleet.targets import problems_of, rows_of
from tests.forging import chained, forged
from tests.support.contracts import real

pytestmark = pytest.mark.long


@pytest.fixture
def results(night: Night, tmp_path: Path) -> Path:
    """A directory with the result of the sound target."""
    shutil.copytree(night.folder("sound"), tmp_path / "results" / "sound")
    return tmp_path / "results"


def sound(night: Night) -> Fleet:
    """The plan, with the sound target alone."""
    fleet = plan.read(night.plan)
    return replace(fleet, targets=tuple(each for each in fleet.targets if each.id == "sound"))


def collected(fleet: Fleet, *results: Path, to: Path) -> Summary:
    """Collect results."""
    return collecting.collect(fleet, results, to, real())


def rewritten(folder: Path, **members: Any) -> None:
    """Change members of the result.json in a folder."""
    path = folder / unit.RESULT
    path.write_text(json.dumps({**json.loads(path.read_text()), **members}))


def only_problem(fleet: Fleet, results: Path, to: Path) -> str:
    """The kind of the one problem of the sound target, which is not judged."""
    summary = collected(fleet, results, to=to)
    assert summary.exit_code == 3
    assert rows_of(to)["sound"]["state"] == "never judged"
    ((target, kind),) = problems_of(to)
    assert target == "sound"
    return kind


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"plan": "0" * 64}, "foreign plan"),
        ({"suite": "0.0.1"}, "other suite"),
        ({"file": "0" * 64}, "refused"),
        ({"target": "html"}, "refused"),
        ({"state": "running", "ended": None}, "died"),
        ({"state": "died", "words": "\x1b[2J"}, "died"),
        ({"state": "hanging"}, "hanging"),
        ({"state": "fine"}, "refused"),
        ({"more": 1}, "refused"),
    ],
)
def test_a_result_that_does_not_fit_the_plan_is_named(
    night: Night, results: Path, tmp_path: Path, members: dict[str, Any], kind: str
) -> None:
    """Each has its own kind of problem, and none of them counts."""
    rewritten(results / "sound", **members)
    assert only_problem(sound(night), results, tmp_path / "to") == kind
    assert "\x1b" not in (tmp_path / "to" / "fleet.json").read_text()


def test_the_run_of_another_suite_is_named(night: Night, results: Path, tmp_path: Path) -> None:
    """Whatever result.json says: the run itself names the suite."""
    run = results / "sound" / "run"
    original = run.rename(results / "original")
    chained(forged(original, run, said=lambda said: said["suite"].update(version="0.0.1")))
    shutil.rmtree(original)
    assert only_problem(sound(night), results, tmp_path / "to") == "other suite"


def test_a_late_run_does_not_count(night: Night, results: Path, tmp_path: Path) -> None:
    """It may begin on the day of the plan or on the next, by its log."""
    fleet = sound(night)
    earlier = replace(fleet, pins=replace(fleet.pins, date="2025-01-01"))
    assert only_problem(earlier, results, tmp_path / "to") == "late"
    later = replace(fleet, pins=replace(fleet.pins, date="2095-01-01"))
    assert only_problem(later, results, tmp_path / "to") == "refused"


def hide_failure(line: dict[str, Any]) -> dict[str, Any]:
    """A line of the log in which a failure has become what the contract asks for."""
    if line.get("response", {}).get("status") == 500:
        line["response"]["status"] = 404
    return line


def test_a_forged_run_is_refused(night: Night, tmp_path: Path) -> None:
    """A failure that is edited away counts for nothing, and one that is left out is noticed."""
    fleet = plan.read(night.plan)
    fleet = replace(fleet, targets=tuple(each for each in fleet.targets if each.id == "fault"))
    folder = shutil.copytree(night.folder("fault"), tmp_path / "results" / "fault")
    original = (folder / "run").rename(tmp_path / "original")
    verdicts = {"counts": {"failed": 0}, "causes": [], "exit_code": 0}
    forged(original, folder / "run", said=lambda said: said.update(verdicts))
    honest = collected(fleet, tmp_path / "results", to=tmp_path / "honest")
    assert (rows_of(tmp_path / "honest")["fault"]["verdict"], honest.exit_code) == ("broken", 1)
    shutil.rmtree(folder / "run")
    forged(original, folder / "run", line=hide_failure)
    collected(fleet, tmp_path / "results", to=tmp_path / "to")
    assert problems_of(tmp_path / "to") == [("fault", "refused")]


def test_the_run_of_another_server_is_refused(night: Night, tmp_path: Path) -> None:
    """A sound run handed in under the name of a broken target fits neither its address nor file."""
    fleet = plan.read(night.plan)
    fleet = replace(fleet, targets=tuple(each for each in fleet.targets if each.id == "html"))
    folder = shutil.copytree(night.folder("sound"), tmp_path / "results" / "html")
    rewritten(folder, target="html", file=fleet.targets[0].digest)
    collected(fleet, tmp_path / "results", to=tmp_path / "to")
    assert problems_of(tmp_path / "to") == [("html", "refused")]
    words = json.loads((tmp_path / "to" / "fleet.json").read_text())["problems"][0]["words"]
    assert words == "The run differs from the plan in its address, target file."


def test_links_are_refused(night: Night, results: Path, tmp_path: Path) -> None:
    """A folder, a run or a file that is a link could be anything on this machine."""
    moved = (results / "sound").rename(tmp_path / "elsewhere")
    (results / "sound").symlink_to(moved)
    assert only_problem(sound(night), results, tmp_path / "first") == "refused"
    (results / "sound").unlink()
    moved.rename(results / "sound")
    run = (results / "sound" / "run").rename(tmp_path / "run")
    (results / "sound" / "run").symlink_to(run)
    assert only_problem(sound(night), results, tmp_path / "second") == "refused"
    rewritten(results / "sound", run="bundle.zip")
    assert only_problem(sound(night), results, tmp_path / "third") == "refused"


def test_unknown_folders_are_named_and_counted(night: Night, tmp_path: Path) -> None:
    """Whoever hands in results could otherwise fill the first page."""
    for number in range(received.STRANGERS + 7):
        (tmp_path / f"stranger-{number}").mkdir()
    problems = received.unknown_folders(sound(night), received.folders([tmp_path]))
    assert len(problems) == received.STRANGERS + 1
    assert problems[-1].words == "The plan does not have 7 more targets."


def test_only_what_the_plan_names_is_published(night: Night, results: Path, tmp_path: Path) -> None:
    """Otherwise whoever hands in results could choose another seed and other exclusions."""
    fleet = sound(night)
    rewritten(results / "sound", origin="published")
    assert only_problem(fleet, results, tmp_path / "to") == "refused"
    member = replace(fleet.targets[0], published="https://example.com/run.zip")
    fleet = replace(fleet, targets=(member,))
    assert collected(fleet, results, to=tmp_path / "named").exit_code == 0
    assert rows_of(tmp_path / "named")["sound"]["origin"] == "self-declared"
    (results / "sound" / "bundle.zip").symlink_to(results / "sound" / "run" / "run.json")
    assert only_problem(fleet, results, tmp_path / "link") == "refused"


def test_nothing_counts_twice(night: Night, results: Path, tmp_path: Path) -> None:
    """Of two results one counts, and both are named. A folder without a target is named, too."""
    other = shutil.copytree(results, tmp_path / "other")
    (other / "stranger\x1b").mkdir()
    summary = collected(sound(night), results, other, to=tmp_path / "to")
    assert summary.exit_code == 0
    assert problems_of(tmp_path / "to") == [
        ("stranger\\x1b", "foreign plan"),
        ("sound", "doubled"),
    ]
    assert list(rows_of(tmp_path / "to")) == ["sound"]


def test_a_forged_double_does_not_displace_the_result(
    night: Night, results: Path, tmp_path: Path
) -> None:
    """The first result that can be verified counts, whatever was handed in before it."""
    other = shutil.copytree(results, tmp_path / "another")
    rewritten(other / "sound", plan="0" * 64)
    summary = collected(sound(night), other, results, to=tmp_path / "to")
    assert (summary.exit_code, rows_of(tmp_path / "to")["sound"]["state"]) == (0, "judged")
    kinds = [kind for _, kind in problems_of(tmp_path / "to")]
    assert kinds == ["foreign plan", "doubled"]


def test_the_last_good_result_stays_with_its_date(
    night: Night, results: Path, tmp_path: Path
) -> None:
    """A night without a result changes neither report nor date, and says why."""
    to = tmp_path / "to"
    collected(sound(night), results, to=to)
    before, page = rows_of(to)["sound"], (to / "targets/sound/report.html").read_bytes()
    rewritten(results / "sound", state=State.RUNNING)
    summary = collected(sound(night), results, to=to)
    after = rows_of(to)["sound"]
    assert (summary.exit_code, summary.states["kept"]) == (3, 1)
    assert (after["state"], after["judged_on"]) == ("kept", before["judged_on"])
    assert after["words"] == "It was never finished: its process or its machine was lost."
    assert (to / "targets/sound/report.html").read_bytes() == page


def test_a_target_that_could_not_be_judged_at_all_is_not_published(
    night: Night, tmp_path: Path
) -> None:
    """A dead server has a run, but no cell was judged, so nothing of it is shown."""
    fleet = plan.read(night.plan)
    fleet = replace(fleet, targets=tuple(each for each in fleet.targets if each.id == "dead"))
    summary = collected(fleet, *night.shards, to=tmp_path)
    assert summary.exit_code == 3
    assert rows_of(tmp_path)["dead"]["report"] is None
    assert not (tmp_path / "targets" / "dead" / "report.html").exists()


def test_what_changed_is_said_once(night: Night, tmp_path: Path) -> None:
    """A cause is new in the collection of its day, also if that is made again, and not later."""
    fleet = plan.read(night.plan)
    fleet = replace(fleet, targets=tuple(each for each in fleet.targets if each.id == "html"))
    first = collected(fleet, *night.shards, to=tmp_path)
    again = collected(fleet, *night.shards, to=tmp_path)
    assert first.exit_code == again.exit_code == 1
    assert len(rows_of(tmp_path)["html"]["trend"]) == 1
    entry = tmp_path / "targets" / "html" / "target.json"
    entry.write_text(json.dumps({**json.loads(entry.read_text()), "collected": "2025-01-01"}))
    assert collected(fleet, *night.shards, to=tmp_path).exit_code == 0
    assert rows_of(tmp_path)["html"]["new"] == []


def test_what_is_newly_untested_is_not_green(night: Night, results: Path, tmp_path: Path) -> None:
    """A run with fewer keys judges less, and passes for that."""
    fleet, to = sound(night), tmp_path / "to"
    assert collected(fleet, results, to=to).exit_code == 0
    entry = to / "targets" / "sound" / "target.json"
    row = json.loads(entry.read_text())
    assert "U" in row["grid"]
    entry.write_text(json.dumps({**row, "grid": row["grid"].replace("U", "P")}))
    assert collected(fleet, results, to=to).exit_code == 3


def test_a_run_on_which_the_suite_fails_does_not_stop_the_others(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused, and keeps what was there before."""
    fleet = plan.read(night.plan)
    fleet = replace(fleet, targets=tuple(each for each in fleet.targets if each.id in "html sound"))
    write = html.write

    def failing(run: Run, path: Path) -> None:
        if run.target.name == "html":
            raise ValueError("\x1b[2J")
        write(run, path)

    monkeypatch.setattr(html, "write", failing)
    summary = collected(fleet, *night.shards, to=tmp_path)
    assert problems_of(tmp_path)[-1] == ("html", "refused")
    states = {name: row["state"] for name, row in rows_of(tmp_path).items()}
    assert states == {"html": "never judged", "sound": "judged"}
    assert summary.exit_code == 3


def test_a_changed_target_file_stops_the_collection(night: Night, tmp_path: Path) -> None:
    """Otherwise a waiver could be added after the run."""
    fleet = sound(night)
    member = replace(fleet.targets[0], digest="0" * 64)
    with pytest.raises(UsageError, match="changed after it was planned"):
        collected(replace(fleet, targets=(member,)), *night.shards, to=tmp_path)


def test_a_clause_shows_its_worst_verdict_among_judged_operations() -> None:
    """A quick run leaves most operations untested, which must not hide what passed."""
    run = report_example.passing()
    clause = next(name for name, cells in run.by_clause.items() if len(cells) > 1)
    first, second = (cell.name for cell in run.by_clause[clause][:2])
    tonight = history_file.entry_of(run, None, "tonight")

    def letter(*verdicts: Verdict) -> str:
        changed = dict(zip((first, second), verdicts, strict=True))
        cells = [
            replace(cell, verdict=changed.get(cell.name, Verdict.UNTESTED))
            if cell.clause == clause
            else cell
            for cell in run.cells
        ]
        accepted = Accepted(replace(run, cells=tuple(cells)), None)
        grid: str = rows.judged(JudgedTarget("a", accepted, [tonight], None), None)["grid"]
        return grid[list(run.contract.clauses).index(clause)]

    assert letter(Verdict.PASSED, Verdict.UNTESTED) == "P"
    assert letter(Verdict.PASSED, Verdict.WARNED) == "W"
    assert letter(Verdict.UNTESTED, Verdict.UNTESTED) == "U"
