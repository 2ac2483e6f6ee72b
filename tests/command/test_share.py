"""Runs that judge little or nothing: what they claim, and how they end."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.model import Verdict
from conformance.report.badge import COLOURS
from conformance.run import runfile
from tests.command.finished import Ran
from tests.servers import Sandbox, command, run_of, stored, text_of
from tests.support import contracts

GREEN = "v-passed"


def _described(sandbox: Sandbox, directory: Path, **members: Any) -> Path:
    """A target file for the sandbox with one key, and some more members."""
    file = directory / "target.yaml"
    given = {"name": "shared", "url": sandbox.url, "keys": {"full": sandbox.keys["full"]}}
    file.write_text(yaml.safe_dump(given | members), encoding="utf-8")
    return file


def _band(directory: Path) -> str:
    """The band of the report of the run in a directory."""
    page = (run_of(directory) / "report.html").read_text(encoding="utf-8")
    return page.partition('<div class="overall ')[2].partition("</div>")[0]


def test_a_budget_of_one_judges_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    """A run that judged no cell is no proof: exit 3, and neither band nor console says Conforms."""
    file = _described(sandbox, tmp_path, budget=1)
    outcome = command("run", "--target", file, "--clause", "business-empty", cwd=tmp_path)
    assert outcome.code == 2, outcome.said  # there is no key for it: nothing can run
    outcome = command("run", "--target", file, "--clause", "read-resource", cwd=tmp_path)
    assert outcome.code == 3, outcome.said
    assert outcome.headline == "Could not be judged"
    assert not _band(tmp_path).startswith(GREEN)
    cells = stored(run_of(tmp_path))["cells"]
    assert {cell["verdict"] for cell in cells} == {"untested"}
    assert {"not-run", "not-selected"} <= {kind for cell in cells for kind in _kinds(cell)}


def _kinds(cell: dict[str, Any]) -> set[str]:
    return {reason["kind"] for reason in cell.get("reasons", ())}


def test_a_small_budget_is_never_green(sandbox: Sandbox, tmp_path: Path) -> None:
    """The headline has the share that was judged; what was over budget keeps it from green."""
    file = _described(sandbox, tmp_path, budget=5)
    outcome = command("run", "--target", file, "--area", "pages", cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    assert "Untested: over budget" in outcome.out
    assert not re.search("[0-9] causes?", outcome.out)
    assert outcome.headline.startswith("No failure seen in ")
    assert not _band(tmp_path).startswith(GREEN)
    assert outcome.headline in _band(tmp_path)
    ctrf = json.loads((run_of(tmp_path) / "results.ctrf.json").read_text(encoding="utf-8"))
    assert outcome.headline in json.dumps(ctrf)


@pytest.fixture(scope="module")
def chosen(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run of one area, all of whose cells pass."""
    directory = tmp_path_factory.mktemp("chosen")
    target = directory / "target.yaml"
    target.write_text(sandbox.target.read_text(encoding="utf-8"), encoding="utf-8")
    outcome = command("run", "--target", target, "--area", "limits", cwd=directory)
    return Ran(outcome, run_of(directory))


def test_an_area_that_passes_is_not_green(chosen: Ran) -> None:
    """Page and badge are green for the whole contract alone. The headline has the share of it."""
    run = stored(chosen.run)
    assert chosen.outcome.code == 0, chosen.outcome.said
    left = [cell for cell in run["cells"] if cell["verdict"] == "untested"]
    assert left
    assert [cell for cell in left if "not-selected" not in _kinds(cell)] == []
    assert " % of the contract" in chosen.outcome.headline
    assert not _band(chosen.run.parent.parent).startswith(GREEN)
    badge = (chosen.run / "badge.svg").read_text(encoding="utf-8")
    assert COLOURS[Verdict.PASSED] not in badge
    page = (chosen.run / "report.html").read_text(encoding="utf-8")
    assert 'id="missing-provide"' not in page
    assert 'id="missing-not-selected"' in page


@pytest.mark.parametrize("kept", [0, 5], ids=["without its last line", "cut in its last line"])
def test_a_log_that_was_broken_off(chosen: Ran, tmp_path: Path, kept: int) -> None:
    """A log without the end of its run replays as incomplete: exit 3."""
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / runfile.RUN).write_bytes((chosen.run / runfile.RUN).read_bytes())
    lines = text_of(chosen.run, runfile.PACKED).splitlines(keepends=True)
    lines[-1] = lines[-1][:kept]
    (copy / runfile.LOG).write_text("".join(lines), encoding="utf-8")
    outcome = command("replay", copy, cwd=tmp_path)
    assert outcome.code == 3, outcome.said
    assert "no end" in " ".join(outcome.out.split())
    assert outcome.headline == "Could not be judged"
    assert "incomplete" in _band(tmp_path)


def test_everything_inapplicable(sandbox: Sandbox, tmp_path: Path) -> None:
    """A target that declares that it has nothing is not green, and nothing passes for it."""
    everything = sorted(contracts.real().operations)
    file = _described(sandbox, tmp_path, inapplicable=everything)
    outcome = command("run", "--target", file, "--area", "pages", cwd=tmp_path)
    assert outcome.code == 2, outcome.said
    assert "Nothing to run" in outcome.err
    outcome = command("run", "--target", file, cwd=tmp_path)
    assert outcome.code == 3, outcome.said
    assert outcome.headline == "Could not be judged"
    assert not _band(tmp_path).startswith(GREEN)
