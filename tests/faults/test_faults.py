"""The stored kill matrix: it has the present faults, and its page shows it.

The self-test makes its rows.
"""

from __future__ import annotations

from pathlib import Path

from conformance.command import explain
from tests.faults import heat, matrix
from tests.faults.faults import FAULTS
from tests.support.contracts import real


def test_the_stored_matrix_is_fresh() -> None:
    """The stored matrix has the present faults, and found all the clauses that they break."""
    stored = matrix.stored()
    assert stored == matrix.data({name: stored.get(name, {}).get("found", ()) for name in FAULTS})
    assert all(set(row["breaks"]) <= set(row["found"]) for row in stored.values())


def test_the_page_is_fresh() -> None:
    """The page of the documentation shows the stored matrix; ``matrix.refresh`` writes both."""
    assert matrix.PAGE.read_text(encoding="utf-8") == matrix.page(matrix.stored())
    assert matrix.MAP.read_text(encoding="utf-8") == heat.svg(real(), FAULTS)
    assert matrix.BADGE.read_text(encoding="utf-8") == matrix.badge(matrix.stored())


def test_explain_reads_the_matrix_of_the_packaged_contract(tmp_path: Path) -> None:
    """`explain` has the stored matrix for the packaged contract, and none for another."""
    assert explain.kills(None) == matrix.stored()
    assert explain.kills(matrix.ROOT / "spec") == matrix.stored()
    assert explain.kills(tmp_path) == {}
