"""The command that judges the judge."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice

import pytest

from tests.faults import matrix
from tests.faults.base import Fault, Faulty, Variant, maker
from tests.faults.faults import FAULTS
from tests.variants import VARIANTS


class Harmless(Faulty):
    """Nothing is wrong with it."""


def fault(kind: type[Faulty], *breaks: str) -> Fault:
    """A fault for these tests."""
    return Fault(
        "one", "What it does.", breaks, (), ("list_calls",), ("large-page",), 1, maker(kind)
    )


class NoFlag(Faulty):
    """Lists have no has_more."""

    def render_page(
        self, context: object, items: list[dict[str, object]], more: bool
    ) -> dict[str, object]:
        return {"calls": items} if context else {}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> dict[str, Fault]:
    """A matrix of one fault and one variant."""
    faults: dict[str, Fault] = {}
    monkeypatch.setattr(matrix, "FAULTS", faults)
    monkeypatch.setattr(matrix, "VARIANTS", dict(islice(VARIANTS.items(), 1)))
    return faults


def said(faults: dict[str, Fault], one: Fault) -> tuple[int, list[str]]:
    """The exit code of a self-test with one fault, and its lines."""
    faults["one"] = one
    lines: list[str] = []
    code = matrix.main(False, lines.append)
    return code, "\n".join(lines).splitlines()


def test_a_fault_that_is_caught_is_well(few: dict[str, Fault]) -> None:
    """All is well: 0, and the sum as the last line."""
    code, lines = said(few, fault(NoFlag, "has-more-present"))
    assert (code, lines[-1]) == (0, "1 of 1 faults, 0 findings on 1 variants")


def test_a_fault_that_survives_ends_with_1(few: dict[str, Fault]) -> None:
    """What nobody finds is told by its name, with what it should have broken."""
    code, lines = said(few, fault(Harmless, "has-more-present"))
    assert (code, lines[-1]) == (1, "0 of 1 faults, 0 findings on 1 variants")
    assert any(line == "not found: has-more-present; found:" for line in lines)


def test_a_wrong_blame_ends_with_1(few: dict[str, Fault]) -> None:
    """A clause that is blamed and is not among those that the fault breaks is told."""
    code, lines = said(few, fault(NoFlag, "success-members"))
    assert code == 1
    assert any("has-more-present[list_calls] failed" in line for line in lines)


def test_an_accused_variant_ends_with_1(
    few: dict[str, Fault], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A legal server that is accused counts as a finding."""
    accused = Variant("odd", "What it does.", "L00", maker(NoFlag))
    monkeypatch.setattr(matrix, "VARIANTS", {"odd": accused})
    code, lines = said(few, fault(NoFlag, "has-more-present"))
    assert (code, lines[-1]) == (1, "1 of 1 faults, 1 findings on 1 variants")


def test_one_may_be_named(few: dict[str, Fault]) -> None:
    """With names, only the servers of these names are run and counted."""
    few["other"] = fault(Harmless, "has-more-present")
    few["one"] = fault(NoFlag, "has-more-present")
    lines: list[str] = []
    assert matrix.main(False, lines.append, names=("one",)) == 0
    assert lines == ["1 of 1 faults, 0 findings on 0 variants"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nope"], "No fault and no variant is called nope"),
        (["never-more", "--write"], "--write writes the whole matrix"),
    ],
)
def test_what_cannot_be_run_is_told(words: list[str], told: str) -> None:
    """An unknown name, and a name where all are to be written, end with 2 and the reason."""
    command = [sys.executable, "-m", "tests.selftest", *words]
    done = subprocess.run(command, cwd=matrix.ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(told)


def test_the_table_is_as_large_as_it_says() -> None:
    """Scores of faults on pagination, a third of all hidden deep, and as many variants as the list of what is legal asks for."""
    paging = [
        f
        for f in FAULTS.values()
        if any(c.startswith(("paging", "has-more", "list-")) for c in f.breaks)
    ]
    assert len(FAULTS) >= 220
    assert len(paging) >= 60
    assert len(VARIANTS) >= 60
    assert 3 * sum(f.depth >= 4 for f in FAULTS.values()) >= len(FAULTS)
