"""The suite against two servers as hurried vendors build them, with all their wrongs and with none.

``python -m tests.vendors VENDOR each`` judges a server with each of its wrongs alone.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from conformance import contract
from tests.vendors.judging import VENDORS, habits, judge, wrong_list
from tests.vendors.rows import EVERY, Wrong

HERE = Path(__file__).parent / "vendors"
ROWS = [(vendor, row) for vendor in VENDORS for row in wrong_list(vendor)]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_careful_vendor_is_not_accused(vendor: str, tmp_path: Path) -> None:
    """With nothing wrong, no cell fails, warns or errs."""
    judged = judge(vendor, tmp_path, ())
    assert judged.unexplained(()) == []
    assert judged.outcome.code == 0
    assert judged.run["incomplete"] is None


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_wrong_of_a_vendor_is_reported(vendor: str, tmp_path: Path) -> None:
    """With everything wrong, each row of the list is reported under its operations.

    Nothing is reported that no row explains.
    """
    rows = wrong_list(vendor)
    judged = judge(vendor, tmp_path, [row.name for row in rows])
    found = judged.found()
    missed = {row.name: row.unseen(found) for row in rows if not row.survives and not row.hidden_by}
    assert {name: operations for name, operations in missed.items() if operations} == {}
    assert judged.unexplained(rows) == []
    assert judged.outcome.code == 1


@pytest.mark.parametrize(
    ("vendor", "habit"), [(vendor, row) for vendor in VENDORS for row in habits(vendor)]
)
@pytest.mark.xfail(reason="the suite blames a legal habit")
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
            if isinstance(node, ast.ImportFrom) and module.name != "wrong.py":
                name = node.module or ""
                assert not name.startswith(("conformance", "spec")), module
                assert not name.startswith("tests.") or vendor in name, module


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_wrong_is_a_switch(vendor: str) -> None:
    """The code of a server asks for each of its wrongs by name."""
    code = "".join(
        module.read_text(encoding="utf-8")
        for module in (HERE / vendor).glob("*.py")
        if module.name != "wrong.py"
    )
    rows: list[Wrong] = [*wrong_list(vendor), *habits(vendor)]
    assert [row.name for row in rows if f'"{row.name}"' not in code] == []
