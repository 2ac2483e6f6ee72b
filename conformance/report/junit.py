"""junit.xml: one test suite per area and one test case per cell.

Unlike pytest's own JUnit output, which counts test items, this counts cells, as every report does.
The message of a failure begins with its cause. A case without an element inside has passed.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

from conformance.base.text import clean
from conformance.model import Cell, Run, Verdict
from conformance.report import view
from conformance.report.times import seconds_by_cell

_BROKEN = {Verdict.FAILED: "failure", Verdict.ERROR: "error"}
"""The tag of the JUnit element for a failed cell, and for a cell in error."""
_SKIPPED = (Verdict.UNTESTED, Verdict.WAIVED, Verdict.EXCLUDED, Verdict.INAPPLICABLE)
_EXPLAINED = (Verdict.WARNED, Verdict.WAIVED)
"""Verdicts that do not count as failures although their cells have findings."""


def write(run: Run, path: Path) -> None:
    """Write junit.xml."""
    tree = ET.ElementTree(_suites(run))
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _suites(run: Run) -> ET.Element:
    """All test suites: one for each area that has cells."""
    name = f"{run.contract.name}: {run.target.name}"
    seconds = seconds_by_cell(run)
    root = _element("testsuites", name=name, **_numbers(run.cells, seconds))
    clauses = run.contract.clauses
    for area, title in run.contract.areas.items():
        cells = tuple(cell for cell in run.cells if clauses[cell.clause].area == area)
        if cells:
            root.append(_suite(run, area, title, cells, seconds))
    return root


def _suite(
    run: Run, area: str, title: str, cells: tuple[Cell, ...], seconds: dict[str, float]
) -> ET.Element:
    """The test suite of an area."""
    suite = _element("testsuite", name=area, timestamp=run.started, **_numbers(cells, seconds))
    suite.append(_properties(title=title, **_run_properties(run)))
    for cell in cells:
        suite.append(_case(run, cell, seconds[cell.name]))
    return suite


def _run_properties(run: Run) -> dict[str, str]:
    """The contract of the run, and the client that the suite identified itself as."""
    return {
        "contract": run.contract.name,
        "contract-edition": run.contract.edition,
        "contract-digest": run.contract.digest,
        "identity": run.target.identity,
    }


def _numbers(cells: tuple[Cell, ...], seconds: dict[str, float]) -> dict[str, str]:
    """The attributes of a test suite: counts and time."""
    counts = Counter(cell.verdict for cell in cells)
    return {
        "tests": str(len(cells)),
        "failures": str(counts[Verdict.FAILED]),
        "errors": str(counts[Verdict.ERROR]),
        "skipped": str(sum(counts[verdict] for verdict in _SKIPPED)),
        "time": f"{sum(seconds[cell.name] for cell in cells):.3f}",
    }


def _case(run: Run, cell: Cell, seconds: float) -> ET.Element:
    """The test case of a cell; it is empty if the cell passed."""
    clause = run.contract.clauses[cell.clause]
    case = _element(
        "testcase",
        classname=f"{clause.area}.{clause.id}",
        name=cell.name,
        time=f"{seconds:.3f}",
    )
    if cell.verdict is Verdict.PASSED:
        return case
    case.append(_properties(verdict=cell.verdict, level=clause.level, **_cause(run, cell)))
    if cell.verdict in _BROKEN:
        case.append(_broken(run, cell))
    if cell.verdict in _SKIPPED:
        case.append(_skipped(cell))
    if cell.verdict in _EXPLAINED:
        output = ET.SubElement(case, "system-out")
        output.text = _account(run, cell)
    return case


def _cause(run: Run, cell: Cell) -> dict[str, str]:
    """The id of the worst cause of a cell, as a property; nothing for a cell without a cause."""
    if cell.name not in run.cause_of:
        return {}
    _, cause = run.cause_of[cell.name]
    return {"cause": cause.id}


def _broken(run: Run, cell: Cell) -> ET.Element:
    """The failure or error element of a cell, with its full account as text."""
    message = view.message_with_cause(run, cell) or view.NO_REASON
    element = _element(_BROKEN[cell.verdict], type=cell.verdict, message=message)
    element.text = _account(run, cell)
    return element


def _skipped(cell: Cell) -> ET.Element:
    """The element that says why a cell counts neither as passed nor as failed."""
    if cell.verdict is Verdict.EXCLUDED:
        return _element("skipped", type=cell.verdict, message=view.message(cell))
    meaning = view.SIGNS[cell.verdict].meaning
    why = cell.waiver or view.message(cell) or meaning
    return _element("skipped", type=cell.verdict, message=f"{cell.verdict}: {why}")


def _account(run: Run, cell: Cell) -> str:
    return clean(view.account(run, cell), lines=True)


def _properties(**values: str) -> ET.Element:
    properties = ET.Element("properties")
    for name, value in values.items():
        properties.append(_element("property", name=name, value=value))
    return properties


def _element(tag: str, **attributes: str) -> ET.Element:
    """An element with its attributes made safe for XML."""
    element = ET.Element(tag)
    for name, value in attributes.items():
        element.set(name, clean(value))
    return element
