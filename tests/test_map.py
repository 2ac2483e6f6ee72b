"""The map of the project: every folder is filed by the same nine subjects."""

from __future__ import annotations

import pkgutil
from pathlib import Path

import pytest

from conformance import contract as contracts
from tests.faults.faults import FAULTS
from tests.subjects import SUBJECTS
from tests.variants import VARIANTS

TESTS = Path(__file__).parent

SUPPORT = {
    "faults": {"base", "shared", "faults", "harness", "rows", "table", "matrix", "test_faults"},
    "variants": set(),
}
"""The modules of a folder that hold no entries."""


def modules(folder: str) -> set[str]:
    """The names of the modules and packages in a folder of tests/."""
    return {part.name for part in pkgutil.iter_modules([str(TESTS / folder)])}


@pytest.mark.parametrize("folder", SUPPORT)
def test_a_folder_is_filed_by_the_nine_subjects(folder: str) -> None:
    """Besides its support modules, a folder holds the nine subjects and nothing else."""
    assert modules(folder) - SUPPORT[folder] == set(SUBJECTS)


def test_clauses_are_filed_by_the_nine_subjects() -> None:
    """The ledger has a file for each subject, which is the area of its clauses."""
    files = {path.stem for path in (TESTS.parent / "spec" / "clauses").iterdir()}
    areas = {clause.area for clause in contracts.load().clauses.values()}
    assert files == areas == set(SUBJECTS)


def test_checks_and_scenarios_are_filed_by_the_nine_subjects() -> None:
    """Each subject has one module or package of judges, and one module of scenarios."""
    package = TESTS.parent / "conformance"
    checks = {part.name for part in pkgutil.iter_modules([str(package / "checks")])}
    scenarios = {path.stem for path in (package / "suite").glob("test_*.py")}
    assert checks == set(SUBJECTS)
    assert scenarios == {f"test_{subject}" for subject in SUBJECTS}


def test_a_fault_is_filed_by_the_first_clause_that_it_breaks() -> None:
    """The module of a fault is named for the subject of its first clause."""
    clauses = contracts.load().clauses
    misfiled = {
        name: fault.subject
        for name, fault in FAULTS.items()
        if fault.subject != clauses[fault.breaks[0]].area
    }
    assert not misfiled


def test_each_subject_has_faults_and_variants() -> None:
    """No subject is empty."""
    assert {fault.subject for fault in FAULTS.values()} == set(SUBJECTS)
    assert {variant.subject for variant in VARIANTS.values()} == set(SUBJECTS)
