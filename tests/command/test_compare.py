"""`compare` and `run --baseline`: what changed between two stored runs, and why."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance import contract
from conformance.command import comparing
from conformance.model import Reason, ReasonKind, Remark, State, Verdict
from conformance.run import comparison, runfile
from conformance.run.comparison import By, Older, judged_alike
from tests import report_example as example
from tests import servers
from tests.faults.faults import FAULTS
from tests.forging import Line, chained, forged
from tests.servers import Outcome, command, run_of, sandbox, stored

pytestmark = pytest.mark.long

AREA = ("--area", "pages", "--depth", "quick", "--yes")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for runs."""
    return tmp_path_factory.mktemp("compare")


@pytest.fixture(scope="module")
def target(place: Path) -> Iterator[Path]:
    """The target file of a running reference server."""
    with sandbox(place) as running:
        yield running.target


@pytest.fixture(scope="module")
def older(place: Path, target: Path) -> Path:
    """A run without a failure."""
    return ran(place / "older", target)


def ran(directory: Path, target: Path, *selected: str) -> Path:
    """A run of a part of the suite, in a separate directory."""
    directory.mkdir()
    outcome = command("run", "--target", target, *(selected or AREA), cwd=directory)
    assert outcome.code in (0, 1), outcome.said
    return run_of(directory)


def broken(source: Path, directory: Path) -> Path:
    """The same run, as if the target had omitted ``has_more`` everywhere."""

    def edit(line: Line) -> Line:
        edited: Line = json.loads(json.dumps(line).replace('\\"has_more\\"', '\\"has_less\\"'))
        return edited

    return chained(forged(source, directory, edit))


def compared(older: Path, newer: Path, *more: str) -> Outcome:
    """The outcome of ``compare``."""
    return command("compare", older, newer, *more, cwd=older.parent)


def test_a_run_equals_itself(older: Path) -> None:
    """Nothing changed, and the exit code is 0."""
    outcome = compared(older, older)
    assert (outcome.code, outcome.out) == (0, "No verdict changed.\n")


def test_a_regression_is_attributed_to_the_target(older: Path, place: Path) -> None:
    """A missing member is a new failure and a new cause, and the exit code is 1."""
    newer = broken(older, place / "broken")
    outcome = compared(older, newer, "--json")
    told = json.loads(outcome.out)
    assert outcome.code == 1
    assert {"has-more-present[list_calls]", "has-more-present[list_agents]"} <= {
        cell["name"] for cell in told["cells"]
    }
    changes = {(cell["change"], cell["by"]) for cell in told["cells"] if "present" in cell["name"]}
    assert changes == {("new failure", "target")}
    assert len(told["causes"]["new"]) == 1
    words = told["titles"][told["causes"]["new"][0]]
    assert words.endswith(" operations)")
    assert command("report", newer, cwd=place).code == 1  # now its run.json shows the failure, too
    fixed = compared(newer, older)
    assert fixed.code == 0
    assert f"Fixed: {words}\n" in fixed.out
    assert "cause-" not in fixed.out
    assert f"New: {words}\n" in compared(older, newer).out


def test_a_changed_judgement_is_attributed_to_the_suite(older: Path, place: Path) -> None:
    """The current judges give another verdict on the same log than the stored one."""
    judged_before = place / "judged-before"
    shutil.copytree(older, judged_before)
    path = judged_before / "run.json"
    told = stored(judged_before)
    changed = [
        cell | {"verdict": "untested"} if cell["clause"] == "has-more-present" else cell
        for cell in told["cells"]
    ]
    path.write_text(json.dumps(told | {"cells": changed}))
    outcome = compared(judged_before, older, "--json")
    cells = json.loads(outcome.out)["cells"]
    assert {cell["by"] for cell in cells} == {"suite"}
    told["spec"]["digest"] = "0" * 64
    path.write_text(json.dumps(told | {"cells": changed}))
    cells = json.loads(compared(judged_before, older, "--json").out)["cells"]
    assert {cell["by"] for cell in cells} == {"contract"}
    told["suite"]["version"] = "0.0.1"
    path.write_text(json.dumps(told | {"cells": changed}))
    cells = json.loads(compared(judged_before, older, "--json").out)["cells"]
    assert {cell["by"] for cell in cells} == {"suite or contract"}
    assert {cell["change"] for cell in cells} == {"judged now"}


def test_a_stored_failure_excuses_nothing(older: Path, place: Path) -> None:
    """A failure that the older log does not show is new, whatever its run.json says."""
    newer = broken(older, place / "really-broken")
    forged = place / "forged"
    shutil.copytree(older, forged)
    told = stored(forged)
    cells = [cell | {"verdict": "failed"} for cell in told["cells"]]
    (forged / "run.json").write_text(json.dumps(told | {"cells": cells}))
    outcome = compared(forged, newer, "--json")
    new = {cell["name"] for cell in json.loads(outcome.out)["cells"] if cell["before"] == "passed"}
    assert outcome.code == 1
    assert "has-more-present[list_calls]" in new


def test_a_log_is_judged_by_another_file_only_if_it_differs(older: Path) -> None:
    """The address alone makes no difference: the embedded server has a new one each time."""
    target = runfile.open_run(older, contract.load()).began.target
    assert judged_alike(target, replace(target, url="http://127.0.0.1:1/api/v1"))
    assert not judged_alike(target, replace(target, inapplicable=frozenset({"list_agents"})))


def test_judging_is_announced_on_a_terminal(older: Path, place: Path) -> None:
    """It takes seconds for a full run, so the older one is judged only if something changed.

    What can be piped is unchanged.
    """
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm"}
    outcome = command("compare", older, older, cwd=place, env=terminal)
    assert "Judging the newer run again" in outcome.err
    assert "Judging the older run again" not in outcome.err
    assert outcome.out == "No verdict changed.\n"
    newer = broken(older, place / "announced")
    outcome = command("compare", older, newer, cwd=place, env=terminal)
    assert "Judging the older run again" in outcome.err
    assert compared(older, newer).err == ""


def test_a_declaration_is_attributed_to_the_file(older: Path, place: Path, target: Path) -> None:
    """An operation that is declared inapplicable is not a change of the target."""
    declared = yaml.safe_load(target.read_text()) | {"inapplicable": ["list_agents"]}
    other = place / "other.yaml"
    other.write_text(yaml.safe_dump(declared))
    newer = ran(place / "declared", other)
    cells = json.loads(compared(older, newer, "--json").out)["cells"]
    of_agents = [cell for cell in cells if cell["name"] == "has-more-present[list_agents]"]
    assert [(cell["after"], cell["by"]) for cell in of_agents] == [("inapplicable", "target file")]


def test_a_new_key_is_attributed_to_the_file(older: Path, place: Path, target: Path) -> None:
    """A cell that one run could not judge because a key was missing is labelled accordingly."""
    declared = yaml.safe_load(target.read_text())
    declared["keys"] = {"full": declared["keys"]["full"]}
    other = place / "one-key.yaml"
    other.write_text(yaml.safe_dump(declared | {"scoped_keys": {}, "allow": ["read"]}))
    fewer = ran(place / "one-key", other)
    cells = json.loads(compared(fewer, older, "--json").out)["cells"]
    judged = [cell for cell in cells if cell["change"] == "judged now"]
    assert judged
    assert {cell["by"] for cell in judged} <= {"target file", "selection"}


def test_markdown_for_a_ticket(older: Path, place: Path) -> None:
    """A table of cells, in which texts from a target are not interpreted as markup."""
    newer = broken(older, place / "for-a-ticket")
    outcome = compared(older, newer, "--markdown")
    assert outcome.code == 1
    assert outcome.out.startswith("# What changed\n")
    assert "| `has-more-present[list_calls]` | passed | failed | new failure |" in outcome.out


def test_unselected_cells_are_no_change(older: Path, place: Path, target: Path) -> None:
    """A cell that one run did not select is labelled accordingly."""
    newer = ran(place / "selected", target, "--clause", "signup-hour", "--depth", "quick", "--yes")
    cells = json.loads(compared(older, newer, "--json").out)["cells"]
    assert cells
    assert {cell["by"] for cell in cells} == {"selection"}


@pytest.mark.parametrize(
    ("kind", "later", "by"),
    [
        (ReasonKind.NOT_SELECTED, {"incomplete": "The target is down."}, By.CUT_OFF),
        (ReasonKind.NOT_RUN, {"incomplete": "The target is down."}, By.CUT_OFF),
        (ReasonKind.NOT_SELECTED, {"incomplete": "It is down.", "depth": "quick"}, By.SELECTION),
        (ReasonKind.NOT_SELECTED, {}, By.SELECTION),
        (ReasonKind.PROVIDE, {"setup": (Remark(State.MEND, "keys: other", "401"),)}, By.SETUP),
        (ReasonKind.PROVIDE, {"setup": (Remark(State.WORKS, "keys: other", "200"),)}, By.DATA),
    ],
)
def test_what_was_not_judged_is_not_blamed_on_others(
    kind: ReasonKind, later: Mapping[str, Any], by: By
) -> None:
    """Neither on the selection, which was the same, nor on data that nobody could see."""
    run = example.passing()
    reasons = (Reason(kind, "why"),)
    cells = [replace(each, verdict=Verdict.UNTESTED, reasons=reasons) for each in run.cells]
    judged = [cell.name for cell in run.cells if cell.verdict is Verdict.PASSED]
    before = Older({cell.name: cell.verdict for cell in run.cells}, run.suite, run.contract.digest)
    found = comparison.compare(before, run, run, replace(run, cells=tuple(cells), **later))
    assert {cell.by for cell in found.cells if cell.name in judged} == {by}


def test_a_baseline_must_be_a_run(older: Path, place: Path, target: Path) -> None:
    """With a clean run as baseline nothing changes; a broken directory is rejected at once."""
    within = place / "based"
    within.mkdir()
    words = ("run", "--target", target, *AREA, "--baseline", older)
    outcome = command(*words, cwd=within)
    assert outcome.code == 0, outcome.said
    assert "No verdict changed." in outcome.out
    assert "Nothing new" not in outcome.out
    refused = command("run", "--target", target, *AREA, "--baseline", place, cwd=within)
    assert refused.code == 2
    assert "Specify the directory of a run" in refused.err


def test_a_baseline_excuses_old_failures(place: Path) -> None:
    """The exit code is 0, and every output says the same, also the history."""
    app = servers.faulty(FAULTS["flag-as-text"].kind)
    within = place / "old-failures"
    within.mkdir()
    with servers.serving(app) as origin:
        target = servers.target_file(app, origin, within / "target.yaml")
        assert command("run", "--target", target, *AREA, cwd=within).code == 1
        first = run_of(within)
        words = ("run", "--target", target, *AREA, "--baseline", first)
        outcome = command(*words, cwd=within)
    assert outcome.code == 0, outcome.said
    second = (within / "reports" / "latest").resolve()
    headline = f"Nothing new against {first.name}: 1 cause as before"
    assert re.fullmatch(rf"\S {headline} \([0-9.]+ % judged, [0-9]+:[0-9]{{2}}\)", outcome.verdict)
    assert (second / "summary.md").read_text().startswith(f"# {outcome.verdict}\n")
    for name in ("report.html", "badge.svg"):
        assert headline in (second / name).read_text(encoding="utf-8")
    assert stored(second)["exit_code"] == 0
    assert stored(second)["baseline"] == {"name": first.name, "new": 0}
    told = json.loads(command("history", "--json", cwd=within).out)
    assert [line["exit_code"] for line in told] == [1, 0]


def test_old_failures_do_not_hide_an_incomplete_run(older: Path, place: Path) -> None:
    """With only old failures the exit code is 0, but 3 if the run ended early.

    A replay knows no baseline, because its exit code must not depend on what a file says.
    """
    failing, spec = broken(older, place / "failing"), contract.load()
    again = place / "again"
    assert command("replay", failing, "--output", again, cwd=place).code == 1
    opened = runfile.open_run(run_in(again), spec)
    run = opened.judged()
    assert run.exit_code == 1
    based, _ = comparing.with_baseline(run, opened, run_in(again))
    assert based.exit_code == 0
    assert replace(based, incomplete="the target is gone").exit_code == 3
    runfile.write(based, opened.selected, run_in(again))
    assert command("replay", run_in(again), cwd=place).code == 1


def run_in(directory: Path) -> Path:
    """The only run in a directory of runs."""
    return (directory / "latest").resolve()


def test_a_github_job_gets_the_summary(older: Path, place: Path) -> None:
    """Existing text is kept; a page that cannot be written only causes a note."""
    page = place / "job.md"
    page.write_text("# Build\n")
    env = {"GITHUB_STEP_SUMMARY": str(page)}
    outcome = command("replay", older, cwd=place, env=env)
    assert outcome.code == 0, outcome.said
    assert page.read_text() == "# Build\n" + (older / "summary.md").read_text()
    env = {"GITHUB_STEP_SUMMARY": str(place / "nowhere" / "job.md")}
    outcome = command("replay", older, cwd=place, env=env)
    assert outcome.code == 0
    assert "the summary was not added to the job" in outcome.err


def test_a_sentence_after_a_list_is_a_paragraph_of_its_own() -> None:
    """Without a blank line, Markdown takes it for a part of the last item."""
    found = comparison.Comparison((), (), (), example.failing().causes[:1])
    *_, item, between, sentence = comparing.markdown(found)
    assert item.startswith("- Still there: ")
    assert (between, sentence) == ("", "No verdict changed.")
