"""The suite against two servers as vendors in a hurry build them, with all their faults and none.

``python -m tests.vendors VENDOR each`` judges a server with each of its wrongs alone.
"""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conformance import contract
from tests.vendors.judging import VENDORS, Judged, habits, judge, wrong_list
from tests.vendors.rows import EVERY, Wrong

pytestmark = pytest.mark.long

HERE = Path(__file__).parent / "vendors"
ROWS = [(vendor, row) for vendor in VENDORS for row in wrong_list(vendor)]


def judged_together(
    factory: pytest.TempPathFactory, *options: str, wrong: bool
) -> dict[str, Judged]:
    """Runs against each server at the same time, with all of its wrongs or none."""
    with ThreadPoolExecutor(len(VENDORS)) as pool:
        begun = {
            vendor: pool.submit(
                judge,
                vendor,
                factory.mktemp(vendor),
                [row.name for row in wrong_list(vendor) if wrong],
                *options,
            )
            for vendor in VENDORS
        }
    return {vendor: run.result() for vendor, run in begun.items()}


@pytest.fixture(scope="module")
def careful(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judged]:
    """A quick run against each server with nothing wrong."""
    return judged_together(tmp_path_factory, "--depth", "quick", wrong=False)


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judged]:
    """A full run against each server with everything wrong."""
    return judged_together(tmp_path_factory, wrong=True)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_careful_vendor_is_not_accused(vendor: str, careful: dict[str, Judged]) -> None:
    """With nothing wrong, no cell fails, warns or errs."""
    judged = careful[vendor]
    assert judged.unexplained(()) == []
    assert judged.outcome.code == 0
    assert judged.run["incomplete"] is None


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_wrong_of_a_vendor_is_reported(vendor: str, hurried: dict[str, Judged]) -> None:
    """With everything wrong, each row of the list is reported under its operations.

    Nothing is reported that no row explains.
    """
    rows = wrong_list(vendor)
    judged = hurried[vendor]
    found, due = judged.found(), [row for row in rows if not row.survives]
    missed = {row.name: row.unseen(found) for row in due if row.unseen(found)}
    assert missed == {}
    assert judged.unexplained(rows) == []
    assert judged.outcome.code == 1

    ours = {cell for cell in found if not any(row.explains(*cell) for row in due)}
    caught = [row.name for row in rows if row.survives and not row.unseen(ours)]
    assert caught == [], "these rows survive no longer: take the mark away"


@pytest.mark.parametrize(
    ("vendor", "habit"), [(vendor, row) for vendor in VENDORS for row in habits(vendor)]
)
def test_a_legal_habit_is_not_accused(vendor: str, habit: Wrong, tmp_path: Path) -> None:
    """A vendor with a legal habit is not blamed for it."""
    clauses = [word for clause in habit.blames for word in ("--clause", clause)]
    assert judge(vendor, tmp_path, [habit.name], *clauses).found() == set()


def test_a_list_of_wrongs_names_what_exists() -> None:
    """Names are unique, and operations and clauses are those of the contract."""
    known = contract.load()
    for vendor, row in ROWS:
        assert row.at == EVERY or set(row.at) <= {*known.operations, "*"}, row.name
        assert {*row.blames, *row.also} <= set(known.clauses), row.name
        assert [other.name for other in wrong_list(vendor)].count(row.name) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_is_independent(vendor: str) -> None:
    """Its server imports nothing of the suite, and nothing of the other vendor."""
    for module in sorted((HERE / vendor).glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                name = node.module or ""
                assert not name.startswith(("conformance", "spec")), module
                assert not name.startswith("tests.") or vendor in name, module


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_wrong_is_a_switch(vendor: str) -> None:
    """The code of a server asks for each of its wrongs by name."""
    code = "".join(
        module.read_text(encoding="utf-8") for module in sorted((HERE / vendor).glob("*.py"))
    )
    rows: list[Wrong] = [*wrong_list(vendor), *habits(vendor)]
    assert [row.name for row in rows if f'"{row.name}"' not in code] == []
