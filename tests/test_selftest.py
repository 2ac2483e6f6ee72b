"""The self-test, which runs the suite against faults and variants."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from tests.faults import matrix
from tests.faults.base import Fault, Faulty, Variant
from tests.faults.faults import FAULTS
from tests.selftest import selftest
from tests.variants import VARIANTS

pytestmark = pytest.mark.long


class Harmless(Faulty):
    """A server without a fault."""


class NoFlag(Faulty):
    """A server whose lists have no has_more."""

    def render_page(
        self, context: object, items: list[dict[str, object]], more: bool
    ) -> dict[str, object]:
        return {"calls": items} if context else {}


def fault(kind: type[Faulty], *breaks: str) -> Fault:
    """A fault for these tests."""
    return Fault("one", "What it does.", kind, breaks, at=("list_calls",), by=("large-page",))


ODD = Variant("odd", "What it does.", NoFlag, "L00")
"""A variant that is not legal."""


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> dict[str, Fault]:
    """An empty registry of faults, and a single variant."""
    faults: dict[str, Fault] = {}
    monkeypatch.setattr(matrix, "FAULTS", faults)
    monkeypatch.setattr(matrix, "VARIANTS", dict(islice(VARIANTS.items(), 1)))
    return faults


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """The lines of a self-test with three faults and two variants, which ends with 1."""
    faults = {
        "found": fault(NoFlag, "has-more-present"),
        "beside": fault(NoFlag, "success-members"),
        "alive": fault(Harmless, "has-more-present"),
    }
    named = {name: replace(each, name=name) for name, each in faults.items()}
    texts: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix, "FAULTS", named)
        patch.setattr(matrix, "VARIANTS", {**dict(islice(VARIANTS.items(), 1)), "odd": ODD})
        assert matrix.main(False, texts.append) == 1
    return "\n".join(texts).splitlines()


def test_the_last_line_is_the_sum(lines: list[str]) -> None:
    """The reference server counts among the legal ones."""
    assert lines[-1] == "caught 1 of 3 faults; blamed 1 of 3 legal servers"


def test_a_fault_that_survives_is_named(lines: list[str]) -> None:
    """With the clause that was not found."""
    at = next(at for at, line in enumerate(lines) if line.startswith("alive: "))
    assert lines[at + 1] == "not found: has-more-present; found: nothing"


def test_a_clause_beside_the_broken_ones_is_named(lines: list[str]) -> None:
    """With the cell of the clause that the fault does not break."""
    assert any(line.startswith("beside: ") for line in lines)
    assert any("has-more-present[list_calls] failed" in line for line in lines)


def test_a_blamed_variant_is_named(lines: list[str]) -> None:
    """A finding on a legal server counts as much as a fault that survives."""
    assert any(line.startswith("odd: ") for line in lines)


def test_a_single_fault_can_be_named(few: dict[str, Fault]) -> None:
    """With names, only the named servers run and count."""
    few["other"] = fault(Harmless, "has-more-present")
    few["one"] = fault(NoFlag, "has-more-present")
    texts: list[str] = []
    assert matrix.main(False, texts.append, names=("one",)) == 0
    assert texts == ["caught 1 of 1 faults; blamed 0 of 0 legal servers"]


def test_a_usage_error_ends_with_2() -> None:
    """An unknown name is refused with the reason."""
    command = [sys.executable, "-m", "tests.selftest", "nope"]
    done = subprocess.run(command, cwd=matrix.ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("No fault and no variant is called nope")


def test_the_parts_are_all_faults_and_variants_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs 1/3, 2/3 and 3/3 has run everything."""
    tried: list[str] = []

    def noted(_complete: bool, _say: object, _write: bool, names: list[str], _: bool) -> int:
        tried.extend(names)
        return 0

    monkeypatch.setattr(matrix, "main", noted)
    for number in (1, 2, 3):
        with pytest.raises(SystemExit):
            selftest(["--part", f"{number}/3"])
    assert sorted(tried) == sorted([*FAULTS, *VARIANTS])


@pytest.mark.parametrize("part", ["0/4", "5/4", "2", "1/0", "a/b"])
def test_a_wrong_part_is_a_usage_error(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, with an example."""
    with pytest.raises(SystemExit) as ended:
        selftest(["--part", part])
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"--part {part}: write the part and the number of parts, such as 2/4\n"
    )


# --- the stored matrix ----------------------------------------------------------------------------

KNOWN = {
    "gone": ["has-more-true"],
    "one": ["success-members", "no-clause"],
    "other": ["has-more-true"],
}
"""What a matrix holds before a run: the clauses found broken by each fault."""


@pytest.fixture
def written(few: dict[str, Fault], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stored matrix of one former fault and two present ones; a third was never stored."""
    monkeypatch.setattr(matrix, "DATA", tmp_path / "kills.json")
    monkeypatch.setattr(matrix, "PAGE", tmp_path / "kill-matrix.md")
    monkeypatch.setattr(matrix, "MAP", tmp_path / "kill-map.svg")
    monkeypatch.setattr(matrix, "BADGE", tmp_path / "self-test.svg")
    rows = {
        name: {"does": "", "depth": 1, "breaks": [], "found": found}
        for name, found in KNOWN.items()
    }
    matrix.DATA.write_text(json.dumps(rows))
    few["one"] = fault(NoFlag, "has-more-present")
    few["other"] = few["new"] = fault(Harmless, "has-more-true")
    return matrix.DATA


ONE = {"one": matrix.Row("one", ("has-more-present",), "", 1)}


@pytest.mark.usefixtures("written")
def test_a_short_run_adds_to_the_matrix() -> None:
    """New findings follow known ones; other faults stay, and former ones go."""
    assert matrix.renewed(ONE, exactly=False) == {
        "one": ("success-members", "has-more-present"),
        "other": ("has-more-true",),
    }


@pytest.mark.usefixtures("written")
def test_a_complete_run_replaces_the_rows_that_ran() -> None:
    """A fault that ran has what was found and nothing else; other faults stay."""
    assert matrix.renewed(ONE, exactly=True) == {
        "one": ("has-more-present",),
        "other": ("has-more-true",),
    }


def test_one_fault_is_written_in_seconds(written: Path) -> None:
    """Its row is written, and the page; a fault that is still missing is named with what to do."""
    texts: list[str] = []
    assert matrix.main(False, texts.append, write=True, names=("one",)) == 0
    assert "kills.json lacks new: run these with --write" in texts
    assert matrix.stored()["one"]["found"] == ["success-members", "has-more-present"]
    assert matrix.PAGE.read_text() == matrix.page(matrix.stored())
    once = written.read_bytes()
    matrix.main(False, texts.append, write=True, names=("one",))
    assert written.read_bytes() == once


def test_a_fault_that_survives_is_not_written(written: Path) -> None:
    """The matrix stays as it was."""
    before = written.read_bytes()
    assert matrix.main(False, lambda _text: None, write=True, names=("other",)) == 1
    assert written.read_bytes() == before


def test_there_are_enough_faults_and_variants() -> None:
    """Scores of faults break pagination, and a third of all faults have a depth of 4 or 5."""
    assert len(FAULTS) >= 220
    assert sum(_breaks_pagination(fault) for fault in FAULTS.values()) >= 60
    assert len(VARIANTS) >= 60
    assert 3 * sum(fault.depth >= 4 for fault in FAULTS.values()) >= len(FAULTS)


def test_a_name_means_one_server() -> None:
    """No variant has the name of a fault, because the self-test takes either by its name."""
    assert not FAULTS.keys() & VARIANTS.keys()


def _breaks_pagination(fault: Fault) -> bool:
    return any(clause.startswith(("paging", "has-more", "list-")) for clause in fault.breaks)
