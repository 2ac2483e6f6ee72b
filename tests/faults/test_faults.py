"""The kill matrix, row by row: each fault is found and blamed on what it breaks; no legal variant is blamed for anything."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from conformance import session
from conformance.model import Cell, Contract, Run, Verdict
from conformance.plan import REGISTRY
from tests.faults import harness
from tests.faults.base import Fault, Variant
from tests.faults.faults import FAULTS
from tests.faults.variants import VARIANTS

BLAMED = (Verdict.FAILED, Verdict.WARNED)


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The packaged contract."""
    return harness.contract()


def _blame(run: Run, cells: Iterable[Cell]) -> str:
    """What was found, a line for each cell, with the exchange that shows it."""
    lines = []
    for cell in cells:
        line = f"{cell.name} {cell.verdict.value}"
        for finding in cell.findings[:1]:
            request = run.exchange[finding.exchanges[-1]].request
            line += f": {finding.rule} {finding.where}: expected {finding.expected}, got {finding.actual[:200]}"
            line += f" <- {request.method} {request.url}"
            if request.body:
                line += f" {(request.body.text or '')[:200]}"
        lines.append(line + "".join(f" ({reason})" for reason in cell.reasons[:1]))
    return "\n".join(f"  {line}" for line in lines)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault(contract: Contract, fault: Fault) -> None:
    """A fault fails the clauses that it breaks, and no others."""
    run = harness.run(contract, fault.make(contract), aim=harness.Aim(fault.breaks + fault.also, fault.by, fault.at))
    assert run.incomplete is None
    blamed = [cell for cell in run.cells if cell.verdict in BLAMED]
    crashed = [cell for cell in run.cells if cell.verdict is Verdict.ERROR]
    survived = set(fault.breaks) - {cell.clause for cell in blamed}
    assert not survived, f"{fault.does}\nnot found: {', '.join(sorted(survived))}; found:\n{_blame(run, blamed)}"
    known = {*fault.breaks, *fault.also}
    beyond = [c for c in blamed if c.clause not in known or (fault.at and c.operation not in fault.at)]
    assert not beyond, f"{fault.does}\nblamed beside what is broken:\n{_blame(run, beyond)}"
    assert not crashed, f"{fault.does}\nnot judged:\n{_blame(run, crashed)}"


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_variant(contract: Contract, variant: Variant) -> None:
    """A legal variant is blamed for nothing, and judged wherever it can be."""
    aim = harness.Aim(without=() if variant.generated else ("generated",))
    run = harness.run(contract, variant.make(contract), aim=aim, changes=variant.target, socket=variant.socket)
    assert run.incomplete is None
    wrong = [cell for cell in run.cells if cell.verdict not in (Verdict.PASSED, Verdict.UNTESTED, Verdict.INAPPLICABLE)]
    assert not wrong, f"{variant.id}: {variant.does}\nblamed for:\n{_blame(run, wrong)}"
    unseen = [cell for cell in run.cells if cell.verdict is Verdict.UNTESTED and cell.clause not in variant.untested]
    assert not unseen, f"{variant.id}: {variant.does}\nnot judged:\n{_blame(run, unseen)}"


def test_names(contract: Contract) -> None:
    """What faults and variants say of the contract names clauses, operations and stimuli that it has."""
    clauses = {c for f in FAULTS.values() for c in f.breaks + f.also} | {c for v in VARIANTS.values() for c in v.untested}
    assert clauses <= set(contract.clauses)
    assert {name for f in FAULTS.values() for name in f.at} <= {*contract.operations, "*"}
    session.load_suite()
    assert {name for f in FAULTS.values() for name in f.by} <= set(REGISTRY)
