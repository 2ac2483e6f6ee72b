"""The kill matrix: every fault and every variant against the suite, and what came of each.

``judge_fault`` and ``judge_variant`` make one row each; ``main`` is what ``python -m tests.selftest``
runs: all rows, on every core, and the matrix as text and as data.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from conformance.model import Cell, Contract, Level, Run, Verdict
from conformance.server import Application, application
from tests.faults import harness
from tests.faults.base import Fault, Variant
from tests.faults.faults import FAULTS
from tests.variants import VARIANTS

ROOT = Path(__file__).parents[2]
DATA = ROOT / "spec" / "kills.json"
PAGE = ROOT / "docs" / "kill-matrix.md"
BLAMED = (Verdict.FAILED, Verdict.WARNED)
SEEDS = 20
"""Seeds that the clean server is judged with in a complete run."""


@dataclass(frozen=True)
class Row:
    """What came of one server: the clauses that were found broken, and what is wrong with that, if anything."""

    name: str
    found: tuple[str, ...]
    wrong: str


@cache
def contract() -> Contract:
    """The packaged contract, loaded once a process."""
    return harness.contract()


def _blame(run: Run, cells: Iterable[Cell]) -> str:
    """What was found, a line for each cell, with the exchange that shows it."""
    lines = []
    for cell in list(cells)[:8]:
        line = f"{cell.name} {cell.verdict.value}"
        for finding in cell.findings[:1]:
            request = run.exchange[finding.exchanges[-1]].request
            line += f": {finding.rule} {finding.where}: expected {finding.expected}, got {finding.actual[:200]}"
            line += f" <- {request.method} {request.url}"
            if request.body:
                line += f" {(request.body.text or '')[:200]}"
        lines.append(line + "".join(f" ({reason})" for reason in cell.reasons[:1]))
    return "\n".join(f"  {line}" for line in lines)


def judge_fault(fault: Fault, complete: bool = False) -> Row:
    """A fault fails the clauses that it breaks, and no others; only where it is."""
    anywhere = (
        () if "odd-request" in fault.by else harness.CORE
    )  # odd requests go round all operations
    aim = (
        None if complete else harness.Aim(fault.breaks + fault.also, fault.by, fault.at or anywhere)
    )
    run = harness.run(contract(), fault.make(contract()), aim=aim)
    blamed = [cell for cell in run.cells if cell.verdict in BLAMED]
    found = tuple(
        clause for clause in contract().clauses if any(cell.clause == clause for cell in blamed)
    )
    known = {*fault.breaks, *fault.also}
    beyond = [
        cell
        for cell in blamed
        if cell.clause not in known or (fault.at and cell.operation not in fault.at)
    ]
    survived = [clause for clause in fault.breaks if clause not in found]
    crashed = [cell for cell in run.cells if cell.verdict is Verdict.ERROR]
    wrong = [
        f"broken off: {run.incomplete}" if run.incomplete else "",
        f"not found: {', '.join(survived)}; found:\n{_blame(run, blamed)}" if survived else "",
        f"blamed beside what is broken:\n{_blame(run, beyond)}" if beyond else "",
        f"not judged:\n{_blame(run, crashed)}" if crashed else "",
    ]
    return Row(
        fault.name, found, "\n".join(filter(None, [fault.does, *wrong])) if any(wrong) else ""
    )


def judge_variant(variant: Variant, complete: bool = False) -> Row:
    """A legal variant is blamed for nothing, and judged wherever it can be."""
    operations = () if complete else harness.CORE
    without = () if complete or variant.generated else ("generated",)
    aim = harness.Aim(operations=operations, without=without)
    run = harness.run(
        contract(), variant.make(contract()), aim=aim, changes=variant.target, socket=variant.socket
    )
    judged = [cell for cell in run.cells if not operations or cell.operation in operations]
    return _clean(f"{variant.id}: {variant.does}", variant.name, run, judged, variant.untested)


def judge_reading(variant: Variant) -> Row:
    """A legal variant is blamed for nothing by a run that may only read, whatever that leaves untested."""
    changes = {**variant.target, "allow": ["read"]}
    run = harness.run(
        contract(), variant.make(contract()), aim=None, changes=changes, socket=variant.socket
    )
    judged = [cell for cell in run.cells if cell.verdict is not Verdict.UNTESTED]
    return _clean(
        f"{variant.id}: {variant.does} (only read)", f"{variant.name}-read", run, judged, ()
    )


def judge_clean(seed: int) -> Row:
    """The reference server itself, with all that the suite has, generated from a seed."""
    run = harness.run(contract(), application(contract(), kind=Application), aim=None, seed=seed)
    return _clean(f"the reference server, seed {seed}", f"clean-{seed}", run, run.cells, ())


def _clean(does: str, name: str, run: Run, cells: Iterable[Cell], untested: tuple[str, ...]) -> Row:
    held = (Verdict.PASSED, Verdict.UNTESTED, Verdict.INAPPLICABLE)
    wrong = [cell for cell in cells if cell.verdict not in held]
    unseen = [
        cell for cell in cells if cell.verdict is Verdict.UNTESTED and cell.clause not in untested
    ]
    said = [
        f"broken off: {run.incomplete}" if run.incomplete else "",
        f"blamed for:\n{_blame(run, wrong)}" if wrong else "",
        f"not judged:\n{_blame(run, unseen)}" if unseen else "",
    ]
    return Row(
        name,
        tuple({cell.clause for cell in wrong}),
        "\n".join(filter(None, [does, *said])) if any(said) else "",
    )


# --- all of them ----------------------------------------------------------------------------------


def _one(job: tuple[str, str, bool]) -> Row:
    kind, name, complete = job
    if kind == "fault":
        return judge_fault(FAULTS[name], complete)
    if kind == "reading":
        return judge_reading(VARIANTS[name])
    return judge_variant(VARIANTS[name], complete) if kind == "variant" else judge_clean(int(name))


def main(
    complete: bool, say: Callable[[str], None], write: bool = False, names: Collection[str] = ()
) -> int:
    """Run everything, or what is named; say a line for each row that is wrong, the matrix, and the sum. 0 if all is well, else 1.

    Where all is well the whole matrix may be written, as data and as a page.
    """
    faults, variants = (
        [name for name in table if not names or name in names] for table in (FAULTS, VARIANTS)
    )
    seeds = 0 if names else SEEDS if complete else 1
    jobs = [("clean", str(seed), complete) for seed in range(seeds)]
    jobs += [("reading", name, complete) for name in variants] if complete else []
    jobs += [("variant", name, complete) for name in variants] + [
        ("fault", name, complete) for name in faults
    ]
    rows: dict[str, Row] = {}
    with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as pool:
        for done, row in enumerate(pool.map(_one, jobs, chunksize=2), 1):
            rows[row.name] = row
            if row.wrong:
                say(f"{row.name}: {row.wrong}\n")
            if done % 50 == 0:
                say(f"{done} of {len(jobs)}")
    if not names:
        say("\n".join(["", *_table(rows), ""]))
    stored = json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() and not write else {}
    stale = [
        name
        for name in faults
        if name in stored and not set(rows[name].found) <= set(stored[name]["found"])
    ]
    say(
        f"{DATA.name} has less on {', '.join(stale)}: `selftest --complete --write` writes it anew"
    ) if stale else None
    killed = sum(not rows[name].wrong for name in faults)
    findings = sum(bool(rows[name].wrong) for name in rows if name not in FAULTS)
    if write and killed == len(faults):
        DATA.write_text(
            json.dumps(data({name: rows[name].found for name in FAULTS}), indent=1) + "\n",
            encoding="utf-8",
        )
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(json.loads(DATA.read_text(encoding="utf-8"))), encoding="utf-8")
    say(f"{killed} of {len(faults)} faults, {findings} findings on {len(variants)} variants")
    return int(killed < len(faults) or findings > 0 or bool(stale))


def _table(rows: Mapping[str, Row]) -> Iterator[str]:
    """Faults by clause, by area and in all: how many were caught with the clause, and how deep they hide."""
    yield f"{'clause':<28}{'faults':>7}{'caught':>8}   by depth 1-5"
    for clause in contract().clauses:
        own = [fault for fault in FAULTS.values() if clause in fault.breaks]
        yield _figures(clause, own, sum(clause in rows[fault.name].found for fault in own))
    yield ""
    for area, own in by_area().items():
        yield _figures(area, own, sum(not rows[fault.name].wrong for fault in own))
    yield _figures("all", list(FAULTS.values()), sum(not rows[name].wrong for name in FAULTS))


def _figures(name: str, faults: list[Fault], caught: int) -> str:
    return f"{name:<28}{len(faults):>7}{caught:>8}   " + " ".join(
        f"{count:>3}" for count in by_depth(faults)
    )


def by_depth(faults: Iterable[Fault]) -> list[int]:
    """How many faults hide at each depth, from 1 to 5."""
    depths = Counter(fault.depth for fault in faults)
    return [depths[depth] for depth in range(1, 6)]


def by_area() -> dict[str, list[Fault]]:
    """The faults by the area of the first clause that each breaks."""
    areas = {name: clause.area for name, clause in contract().clauses.items()}
    return {
        area: [f for f in FAULTS.values() if areas[f.breaks[0]] == area]
        for area in contract().areas
    }


def data(found: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """The matrix as data: of each fault what it does, how deep it hides, what it breaks, and what was found broken."""
    return {
        name: {
            "does": fault.does,
            "depth": fault.depth,
            "breaks": list(fault.breaks),
            "found": list(found[name]),
        }
        for name, fault in sorted(FAULTS.items())
    }


def page(matrix: Mapping[str, Any]) -> str:
    """The matrix as a page of the documentation."""
    lines = [
        "# Kill matrix",
        "",
        "Generated by `python -m tests.selftest --write`: every fault that the suite is tried with, by clause.",
        "Depth tells how deep a fault hides: 1, any request shows it; 5, only a boundary or a meeting of features does.",
        f"{len(matrix)} faults and {len(VARIANTS)} legal variants, of which none is blamed for anything.",
        "",
        "| area of the first clause | faults | depth 1 | 2 | 3 | 4 | 5 |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {area} | {len(own)} | " + " | ".join(map(str, by_depth(own))) + " |"
            for area, own in by_area().items()
        ),
        f"| all | {len(FAULTS)} | " + " | ".join(map(str, by_depth(FAULTS.values()))) + " |",
    ]
    for clause in contract().clauses.values():
        own = {name: row for name, row in matrix.items() if clause.id in row["breaks"]}
        lines += ["", f"## {clause.id}", "", clause.text, ""]
        if not own:
            lines.append(
                "No fault: "
                + ("it is never graded." if clause.level is Level.NOTE else "none is written yet.")
            )
            continue
        lines += ["| fault | depth | what it does | also found broken |", "|---|---|---|---|"]
        for name, row in own.items():
            also = ", ".join(one for one in row["found"] if one not in row["breaks"])
            lines.append(f"| {name} | {row['depth']} | {row['does']} | {also} |")
    return "\n".join(lines) + "\n"


def unproven() -> list[str]:
    """The MUST clauses that no fault breaks."""
    broken = {clause for fault in FAULTS.values() for clause in fault.breaks}
    return [
        clause.id
        for clause in contract().clauses.values()
        if clause.level is Level.MUST and clause.id not in broken
    ]
