"""The self-test, which runs the suite against faults and variants."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice

import pytest

from tests.faults import matrix
from tests.faults.base import Fault, Faulty, Variant
from tests.faults.faults import FAULTS
from tests.variants import VARIANTS


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


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> dict[str, Fault]:
    """The registry of faults, empty, beside a single variant."""
    faults: dict[str, Fault] = {}
    monkeypatch.setattr(matrix, "FAULTS", faults)
    monkeypatch.setattr(matrix, "VARIANTS", dict(islice(VARIANTS.items(), 1)))
    return faults


def selftest(registry: dict[str, Fault], only: Fault) -> tuple[int, list[str]]:
    """The exit code of a self-test with one fault, and its lines."""
    registry["one"] = only
    texts: list[str] = []
    code = matrix.main(False, texts.append)
    return code, "\n".join(texts).splitlines()


def test_a_fault_that_is_found_ends_with_0(few: dict[str, Fault]) -> None:
    """The last line is the sum."""
    code, lines = selftest(few, fault(NoFlag, "has-more-present"))
    assert (code, lines[-1]) == (0, "1 of 1 faults, 0 findings on 1 variants")


def test_a_fault_that_survives_ends_with_1(few: dict[str, Fault]) -> None:
    """The clause that was not found is named."""
    code, lines = selftest(few, fault(Harmless, "has-more-present"))
    assert (code, lines[-1]) == (1, "0 of 1 faults, 0 findings on 1 variants")
    assert any(line == "not found: has-more-present; found:" for line in lines)


def test_a_clause_beside_the_broken_ones_ends_with_1(few: dict[str, Fault]) -> None:
    """A cell of a clause that the fault does not break is named."""
    code, lines = selftest(few, fault(NoFlag, "success-members"))
    assert code == 1
    assert any("has-more-present[list_calls] failed" in line for line in lines)


def test_a_blamed_variant_ends_with_1(
    few: dict[str, Fault], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finding on a legal variant counts."""
    variant = Variant("odd", "What it does.", NoFlag, "L00")
    monkeypatch.setattr(matrix, "VARIANTS", {"odd": variant})
    code, lines = selftest(few, fault(NoFlag, "has-more-present"))
    assert (code, lines[-1]) == (1, "1 of 1 faults, 1 findings on 1 variants")


def test_a_single_fault_can_be_named(few: dict[str, Fault]) -> None:
    """With names, only the named servers run and count."""
    few["other"] = fault(Harmless, "has-more-present")
    few["one"] = fault(NoFlag, "has-more-present")
    texts: list[str] = []
    assert matrix.main(False, texts.append, names=("one",)) == 0
    assert texts == ["1 of 1 faults, 0 findings on 0 variants"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "No fault and no variant is called nope"),
        (["never-more", "--write"], "--write writes the whole matrix"),
    ],
)
def test_a_usage_error_ends_with_2(arguments: list[str], message: str) -> None:
    """An unknown name, and a name beside --write, are refused with the reason."""
    command = [sys.executable, "-m", "tests.selftest", *arguments]
    done = subprocess.run(command, cwd=matrix.ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)


def test_there_are_enough_faults_and_variants() -> None:
    """Scores of faults break pagination, and a third of all faults have a depth of 4 or 5."""
    assert len(FAULTS) >= 220
    assert sum(_breaks_pagination(fault) for fault in FAULTS.values()) >= 60
    assert len(VARIANTS) >= 60
    assert 3 * sum(fault.depth >= 4 for fault in FAULTS.values()) >= len(FAULTS)


def _breaks_pagination(fault: Fault) -> bool:
    return any(clause.startswith(("paging", "has-more", "list-")) for clause in fault.breaks)
