"""What CONTRIBUTING.md shows works: each of its diffs is applied to a copy of the project and tried."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import contract as contracts
from conformance.checks import RULES
from conformance.model import Contract, Operation, Run, Verdict
from conformance.report import html
from conformance.server import application
from conformance.server.messages import Context
from tests.faults import harness
from tests.faults.base import Faulty

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(
    r"^## (Add [^\n]*)\n(?:(?!^## ).)*?```diff\n(.*?)```", TEXT, re.MULTILINE | re.DOTALL
)
DIFFS = {title.split()[2].rstrip(","): diff for title, diff in BLOCKS}


def apply(title: str, to: Path) -> None:
    """Apply the diff of a section to a copy of what the diffs change."""
    for name in ("spec", "conformance", "tests"):
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = ["git", "apply", "-C1", "-p1", "-"]
    done = subprocess.run(
        command, cwd=to, input=DIFFS[title], text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_way_to_widen_the_suite_is_shown() -> None:
    """There is a diff for an endpoint, a code, a clause with its rule, a report, and a fault."""
    assert list(DIFFS) == ["endpoint", "code", "clause", "report", "fault"]


class _Forgetful(Faulty):
    """Lists of voices have no has_more."""

    def render_page(
        self, context: Context, items: list[dict[str, object]], more: bool
    ) -> dict[str, object]:
        page = super().render_page(context, items, more)
        return {
            name: value
            for name, value in page.items()
            if context.operation.id != "list_voices" or name == "voices"
        }


def _run(loaded: Contract, kind: type[Faulty]) -> Run:
    aim = harness.Aim(operations=("list_voices", "read_voice"))
    return harness.run(loaded, application(loaded, kind=kind), aim=aim)


def test_an_endpoint_takes_no_line_of_code(tmp_path: Path) -> None:
    """With its path item alone an endpoint is planned, served, judged and reported, and a fault in it is found."""
    apply("endpoint", tmp_path)
    loaded = contracts.load(tmp_path / "spec", frozenset(RULES))
    new: list[Operation] = [loaded.operations[name] for name in ("read_voice", "list_voices")]
    run = _run(loaded, Faulty)
    verdicts = {cell.clause: cell.verdict for cell in run.cells if cell.operation == "list_voices"}
    assert {v for clause, v in verdicts.items() if clause != "paging-limit-maximum"} == {
        Verdict.PASSED
    }
    assert {
        "paging-exclusive",
        "has-more-false",
        "scope-required",
        "business-rows",
        "key-revoked",
    } <= set(verdicts)
    assert all(f"<code>{operation.id}</code>" in html.render(run) for operation in new)
    broken = {
        (cell.clause, cell.operation)
        for cell in _run(loaded, _Forgetful).cells
        if cell.verdict is Verdict.FAILED
    }
    assert broken == {("has-more-present", "list_voices")}


def test_a_fault_is_caught_by_its_name(tmp_path: Path) -> None:
    """The fault of the text is run by itself, and caught with the clause that it names."""
    apply("fault", tmp_path)
    command = [sys.executable, "-m", "tests.selftest", "no-more-agents-at-five"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "1 of 1 faults, 0 findings on 0 variants"


@pytest.mark.parametrize("title", ["code", "clause", "report"])
def test_the_diff_of(tmp_path: Path, title: str) -> None:
    """The project as changed loads its contract, and what its own tests say of the change holds."""
    apply(title, tmp_path)
    tests = {"clause": ["tests/test_checks.py", "-k", "media-type or every_rule"]}.get(
        title, ["tests/test_spec.py", "-k", "covered"]
    )
    (tmp_path / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\nmarkers = ['thorough', 'browser']\n"
    )
    script = "import sys, pytest; sys.path.insert(0, '.'); sys.exit(pytest.main(sys.argv[1:]))"
    command = [
        sys.executable,
        "-c",
        script,
        "-q",
        "-p",
        "no:conformance",
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    check = "from conformance import report, contract; c = contract.load(); print(len(c.errors), len(report.FORMATS), c.digest)"
    told = subprocess.run(
        [sys.executable, "-c", check], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.split()
    assert (
        (told[:2] == ["16", "4"])
        if title == "code"
        else (told[:2] == ["15", "5" if title == "report" else "4"])
    )
