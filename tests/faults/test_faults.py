"""The kill matrix, row by row: the suite finds each fault, and blames no legal variant.

Every thirty-second row here; the self-test runs all of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.command import explain
from tests.faults import matrix
from tests.faults.base import Fault, Variant
from tests.faults.faults import FAULTS
from tests.variants import VARIANTS

EVERY = 32


@pytest.mark.parametrize("fault", [*FAULTS.values()][::EVERY], ids=[*FAULTS][::EVERY])
def test_fault(fault: Fault) -> None:
    """The suite finds the clauses broken that a fault breaks, and no others."""
    row = matrix.judge_fault(fault)
    assert not row.wrong, row.wrong


@pytest.mark.parametrize("variant", [*VARIANTS.values()][::EVERY], ids=[*VARIANTS][::EVERY])
def test_variant(variant: Variant) -> None:
    """The suite blames a legal variant for nothing, and judges it wherever it can."""
    row = matrix.judge_variant(variant)
    assert not row.wrong, row.wrong


def test_the_stored_matrix_is_fresh() -> None:
    """The stored matrix has the present faults, and found all the clauses that they break."""
    stored = matrix.stored()
    assert stored == matrix.data({name: stored.get(name, {}).get("found", ()) for name in FAULTS})
    assert all(set(row["breaks"]) <= set(row["found"]) for row in stored.values())


def test_the_page_is_fresh() -> None:
    """The page of the documentation shows the stored matrix; ``matrix.refresh`` writes both."""
    assert matrix.PAGE.read_text(encoding="utf-8") == matrix.page(matrix.stored())


def test_explain_reads_the_matrix_of_the_packaged_contract(tmp_path: Path) -> None:
    """`explain` has the stored matrix for the packaged contract, and none for another."""
    assert explain.kills(None) == matrix.stored()
    assert explain.kills(matrix.ROOT / "spec") == matrix.stored()
    assert explain.kills(tmp_path) == {}
