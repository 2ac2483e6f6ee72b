"""The map of the project: every folder is filed by the same nine subjects."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from conformance.checks import RULES
from conformance.plan.registry import REGISTRY
from conformance.run import planning
from tests.conftest import LONGEST
from tests.faults.faults import FAULTS
from tests.subjects import PREFIXES, SUBJECTS, subject_of
from tests.support.contracts import real
from tests.variants import VARIANTS

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "conformance"

SUPPORT = {
    "examples": {"base", "common"},
    "faults": {
        "base",
        "shared",
        "faults",
        "harness",
        "rows",
        "table",
        "heat",
        "matrix",
        "test_faults",
        "test_names",
    },
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


def test_the_longest_modules_exist() -> None:
    """Those that run first are files of the tests."""
    assert [name for name in LONGEST if not (TESTS / name).is_file()] == []


def test_clauses_are_filed_by_the_nine_subjects() -> None:
    """The ledger has a file for each subject, which is the area of its clauses."""
    files = {path.stem for path in (TESTS.parent / "spec" / "clauses").iterdir()}
    areas = {clause.area for clause in real().clauses.values()}
    assert files == areas == set(SUBJECTS)


def test_checks_and_scenarios_are_filed_by_the_nine_subjects() -> None:
    """Each subject has one module or package of judges, and one module of scenarios."""
    checks = {part.name for part in pkgutil.iter_modules([str(PACKAGE / "checks")])}
    scenarios = {path.stem for path in (PACKAGE / "scenarios").rglob("test_*.py")}
    assert checks == set(SUBJECTS)
    assert scenarios == {f"test_{subject}" for subject in SUBJECTS}


# --- rules ----------------------------------------------------------------------------------------


def _registered(source: str) -> Iterator[str]:
    """The ids of the rules whose judges a module defines: first arguments of its decorators."""
    for node in ast.walk(ast.parse(source)):
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            first = decorator.args[0] if isinstance(decorator, ast.Call) else None
            if isinstance(first, ast.Constant) and first.value in RULES:
                yield first.value


@cache
def judges() -> dict[str, Path]:
    """The module that defines the judge of each rule, below checks/."""
    checks = PACKAGE / "checks"
    found: dict[str, Path] = {}
    for path in sorted(checks.rglob("*.py")):
        rules = _registered(path.read_text(encoding="utf-8"))
        found |= dict.fromkeys(rules, path.relative_to(checks))
    return found


def home(rule: str) -> str:
    """The subject whose module or package defines the judge of a rule."""
    return judges()[rule].with_suffix("").parts[0]


def test_each_rule_is_found_in_one_module() -> None:
    """Every rule of the engine has its judge in a module of checks/."""
    assert set(judges()) == set(RULES)


@pytest.mark.parametrize("prefix", sorted({rule.partition(".")[0] for rule in RULES}))
def test_a_prefix_lives_in_one_module(prefix: str) -> None:
    """All rules of a prefix have their judges in one module, which is one of their subject."""
    rules = [rule for rule in RULES if rule.startswith(f"{prefix}.")]
    assert len({judges()[rule] for rule in rules}) == 1
    assert home(rules[0]) == subject_of(rules[0])


def test_every_prefix_is_used() -> None:
    """The table of subjects lists no prefix that no rule has, and none twice."""
    listed = [prefix for prefixes in PREFIXES.values() for prefix in prefixes]
    assert sorted(listed) == sorted({rule.partition(".")[0] for rule in RULES})


# --- clauses and scenarios ------------------------------------------------------------------------


def test_a_clause_is_judged_where_it_is_filed() -> None:
    """The judge of the first rule of a clause is in the module of the area of the clause.

    The clauses about codes are filed together, and each has the rules of the role of its code.
    """
    filed = {
        clause.id: (clause.area, home(clause.rules[0]))
        for clause in real().clauses.values()
        if clause.rules and not (clause.about and clause.about.code)
    }
    assert {name: both for name, both in filed.items() if both[0] != both[1]} == {}


def test_a_scenario_feeds_rules_of_its_subject() -> None:
    """A scenario feeds at least one rule of the subject of its module, or no trial rule at all."""
    planning.load_suite()
    strangers = []
    for scenario in REGISTRY.values():
        subject = scenario.function.__module__.rpartition(".test_")[2]
        subjects = {subject_of(rule) for rule in scenario.rules}
        if subjects and subject not in subjects:
            strangers.append(f"{scenario.name} in {subject} feeds {subjects}")
    assert strangers == []


# --- faults and variants --------------------------------------------------------------------------


def test_a_fault_is_filed_by_the_first_clause_that_it_breaks() -> None:
    """The module of a fault is named for the subject of its first clause."""
    clauses = real().clauses
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
