"""What faults and variants name exists, and every MUST clause has a fault."""

from __future__ import annotations

from conformance.plan.registry import REGISTRY
from conformance.run import planning
from tests.faults import matrix
from tests.faults.faults import FAULTS
from tests.support.contracts import real
from tests.variants import VARIANTS


def test_faults_and_variants_name_clauses_of_the_contract() -> None:
    """Every clause that a fault or a variant names is one of the contract."""
    clauses = set(real().clauses)
    for fault in FAULTS.values():
        assert {*fault.breaks, *fault.also} <= clauses, fault.name
    for variant in VARIANTS.values():
        assert set(variant.untested) <= clauses, variant.name


def test_faults_name_operations_and_scenarios_that_exist() -> None:
    """Every operation that a fault names is one of the contract, and every scenario one of ours."""
    planning.load_suite()
    operations = {*real().operations, "*"}
    for fault in FAULTS.values():
        assert set(fault.at) <= operations, fault.name
        assert set(fault.by) <= set(REGISTRY), fault.name


def test_every_must_has_a_fault() -> None:
    """Every MUST clause has a fault that breaks it."""
    assert matrix.unproven() == []
