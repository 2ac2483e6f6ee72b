"""junit.xml: one test suite per area, one test case per cell.

pytest's own JUnit counts its items; this one counts cells, as every report does. ``time`` is what
the exchanges of a cell took; cells share exchanges, so the times of a suite do not add up.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

from conformance.model import Cell, Run, Verdict
from conformance.report import view
from conformance.report.text import clean

_SKIPPED = (Verdict.UNTESTED, Verdict.WAIVED, Verdict.INAPPLICABLE)


def write(run: Run, path: Path) -> None:
    """Write junit.xml."""
    tree = ET.ElementTree(_suites(run))
    ET.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _suites(run: Run) -> ET.Element:
    name = f"{run.contract.title} {run.contract.version}: {run.target.name}"
    root = _element("testsuites", name=name, **_numbers(run.cells))
    for area, title in run.contract.areas.items():
        cells = tuple(cell for cell in run.cells if run.contract.clauses[cell.clause].area == area)
        if cells:
            suite = _element("testsuite", name=area, timestamp=run.started, **_numbers(cells))
            suite.append(_properties(title=title))
            suite.extend(_case(run, cell) for cell in cells)
            root.append(suite)
    return root


def _numbers(cells: tuple[Cell, ...]) -> dict[str, str]:
    counts = Counter(cell.verdict for cell in cells)
    return {
        "tests": str(len(cells)),
        "failures": str(counts[Verdict.FAILED]),
        "errors": str(counts[Verdict.ERROR]),
        "skipped": str(sum(counts[verdict] for verdict in _SKIPPED)),
    }


def _case(run: Run, cell: Cell) -> ET.Element:
    clause = run.contract.clauses[cell.clause]
    case = _element(
        "testcase",
        classname=clause.area,
        name=cell.name,
        time=f"{view.duration_ms(run, cell) / 1000:.3f}",
    )
    case.append(
        _properties(
            verdict=cell.verdict, level=clause.level, clause=cell.clause, operation=cell.operation
        )
    )
    outcome = {Verdict.FAILED: "failure", Verdict.ERROR: "error"}.get(cell.verdict)
    if outcome:
        element = _element(outcome, type=cell.verdict, message=view.message(cell) or view.NO_REASON)
        element.text = clean(view.account(run, cell), lines=True)
        case.append(element)
    elif cell.verdict in _SKIPPED:
        case.append(_element("skipped", type=cell.verdict, message=_why_skipped(cell)))
    if cell.verdict in (Verdict.WARNED, Verdict.WAIVED):
        output = ET.SubElement(case, "system-out")
        output.text = clean(view.account(run, cell), lines=True)
    return case


def _why_skipped(cell: Cell) -> str:
    return (
        f"{cell.verdict}: {cell.waiver or view.message(cell) or view.SIGNS[cell.verdict].meaning}"
    )


def _properties(**values: str) -> ET.Element:
    properties = ET.Element("properties")
    properties.extend(
        _element("property", name=name, value=value) for name, value in values.items()
    )
    return properties


def _element(tag: str, **attributes: str) -> ET.Element:
    return ET.Element(tag, {name: clean(value) for name, value in attributes.items()})
