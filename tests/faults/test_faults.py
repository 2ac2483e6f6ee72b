"""The kill matrix, row by row: each fault is found and blamed on what it breaks; no legal variant is blamed for anything.

Every eighth row here; ``kaicalls-conformance selftest`` runs all of them.
"""

from __future__ import annotations

import json

import pytest

from conformance.run import planning
from conformance.scenarios import REGISTRY
from tests.faults import matrix
from tests.faults.base import Fault, Variant
from tests.faults.faults import FAULTS
from tests.variants import VARIANTS

EVERY = 8


@pytest.mark.parametrize("fault", [*FAULTS.values()][::EVERY], ids=[*FAULTS][::EVERY])
def test_fault(fault: Fault) -> None:
    """A fault fails the clauses that it breaks, and no others."""
    row = matrix.judge_fault(fault)
    assert not row.wrong, row.wrong


@pytest.mark.parametrize("variant", [*VARIANTS.values()][::EVERY], ids=[*VARIANTS][::EVERY])
def test_variant(variant: Variant) -> None:
    """A legal variant is blamed for nothing, and judged wherever it can be."""
    row = matrix.judge_variant(variant)
    assert not row.wrong, row.wrong


def test_names() -> None:
    """What faults and variants say of the contract names clauses, operations and scenarios that it has."""
    contract = matrix.contract()
    clauses = {c for f in FAULTS.values() for c in f.breaks + f.also} | {
        c for v in VARIANTS.values() for c in v.untested
    }
    assert clauses <= set(contract.clauses)
    assert {name for f in FAULTS.values() for name in f.at} <= {*contract.operations, "*"}
    planning.load_suite()
    assert {name for f in FAULTS.values() for name in f.by} <= set(REGISTRY)


def test_every_must_has_a_fault() -> None:
    """No MUST clause is without a fault that it catches."""
    assert matrix.unproven() == []


def test_the_matrix_is_fresh() -> None:
    """The shipped matrix and its page are those of the faults as they are; ``selftest --write`` writes both."""
    stored = json.loads(matrix.DATA.read_text(encoding="utf-8"))
    assert stored == matrix.data({name: stored.get(name, {}).get("found", ()) for name in FAULTS})
    assert all(set(row["breaks"]) <= set(row["found"]) for row in stored.values())
    assert matrix.PAGE.read_text(encoding="utf-8") == matrix.page(stored)
