"""The kill matrix: the suite against every fault and every variant.

``main`` is the self-test: it makes all rows, on every core, and shows and stores the matrix.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from conformance.model import Level, Verdict
from conformance.report import badge as badges
from tests.faults import heat, table
from tests.faults.faults import FAULTS
from tests.faults.rows import Row, judge_clean, judge_fault, judge_reading, judge_variant
from tests.page import PAGE_CODES
from tests.support.contracts import real
from tests.variants import VARIANTS

__all__ = [
    "DATA",
    "FAULTS",
    "PAGE",
    "ROOT",
    "VARIANTS",
    "Row",
    "badge",
    "data",
    "judge_fault",
    "judge_variant",
    "main",
    "page",
    "refresh",
    "renewed",
    "stored",
    "unproven",
]

ROOT = Path(__file__).parents[2]
DATA = ROOT / "conformance" / "kills.json"
PAGE = ROOT / "docs" / "kill-matrix.md"
MAP = ROOT / "docs" / "kill-map.svg"
BADGE = ROOT / "docs" / "self-test.svg"
SEEDS = 20
"""Seeds that the reference server is judged with in a complete run."""

SPLIT = 1.1
"""Causes per fault, at most, over all faults that were tried one by one by the cases of their aims.

The whole suite sees more of a fault, and splits some."""

Say = Callable[[str], None]
Job = tuple[str, str, bool]
"""The kind of a row, the name of its server (or its seed), and whether the whole suite runs."""


def main(
    complete: bool,
    say: Say,
    write: bool = False,
    names: Collection[str] = (),
    reuse: bool = False,
) -> int:
    """Run the suite against all servers, or the named ones; return 0 if all is well, else 1.

    Says what is wrong with each row, the matrix (unless names are given), and the sum.
    With ``reuse``, only faults run, each after a run whose objects are used again.
    ``write`` stores the rows as data and as a page, if every fault was caught; see ``renewed``.
    """
    faults, variants = _chosen(FAULTS, names), _chosen(VARIANTS, names)
    if reuse:
        rows = _rows([("reused", name, complete) for name in faults], say)
        missed, _ = _failures(rows)
        say(f"caught {len(faults) - missed} of {len(faults)} faults with objects of an earlier run")
        return int(missed > 0)
    rows = _rows([*_jobs(faults, variants, complete, bool(names))], say)
    if not names:
        say("\n".join(["", *table.lines(real(), FAULTS, rows), ""]))
    stale = [] if write else _stale(faults, rows)
    if stale:
        say(f"{DATA.name} is stale on {', '.join(stale)}: run these with --write")
    missed, findings = _failures(rows)
    if write and not missed:
        _store(renewed(rows, complete), say)
    caught, legal = len(faults) - missed, len(rows) - len(faults)
    causes = [row.causes for row in rows.values() if row.name in FAULTS]
    split = not names and _split(causes, say) and not complete
    say(f"caught {caught} of {len(faults)} faults; blamed {findings} of {legal} legal servers")
    return int(missed + findings + len(stale) + split > 0)


def _split(causes: list[int], say: Say) -> bool:
    """Whether faults that were tried one by one gave more causes than SPLIT allows."""
    is_split = sum(causes) > SPLIT * len(causes)
    verdict = f": more than {SPLIT} for each" if is_split else ""
    say(f"{len(causes)} faults, each alone, gave {sum(causes)} causes{verdict}")
    return is_split


def _failures(rows: Mapping[str, Row]) -> tuple[int, int]:
    """How many faults were not caught cleanly, and how many servers without a fault were blamed."""
    wrong = [name for name, row in rows.items() if row.wrong]
    missed = sum(name in FAULTS for name in wrong)
    return missed, len(wrong) - missed


# --- the rows ---


def _chosen(registry: Iterable[str], names: Collection[str]) -> list[str]:
    """The names of a registry that were asked for; all if none were."""
    return [name for name in registry if not names or name in names]


def _jobs(
    faults: Iterable[str], variants: Collection[str], complete: bool, named: bool
) -> Iterator[Job]:
    """The rows to make, the longest first; the reference server has none if servers are named."""
    if not named:
        yield from (("clean", str(seed), complete) for seed in range(SEEDS if complete else 1))
    if complete:
        yield from (("reading", name, complete) for name in variants)
    yield from (("variant", name, complete) for name in variants)
    yield from (("fault", name, complete) for name in faults)


def _rows(jobs: Collection[Job], say: Say) -> dict[str, Row]:
    """The row of each job by its name; says what is wrong with each, and how many are done."""
    rows: dict[str, Row] = {}
    with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as pool:
        for done, row in enumerate(pool.map(_row, jobs, chunksize=2), 1):
            rows[row.name] = row
            if row.wrong:
                say(f"{row.name}: {row.wrong}\n")
            if done % 50 == 0:
                say(f"{done} of {len(jobs)}")
    return rows


def _row(job: Job) -> Row:
    kind, name, complete = job
    if kind == "reused":
        return judge_fault(FAULTS[name], complete, reuse=True)
    if kind == "fault":
        return judge_fault(FAULTS[name], complete)
    if kind == "variant":
        return judge_variant(VARIANTS[name], complete)
    if kind == "reading":
        return judge_reading(VARIANTS[name])
    return judge_clean(int(name))


# --- the stored matrix ---


def stored() -> dict[str, Any]:
    """The matrix as it was last written; empty if it never was."""
    if not DATA.exists():
        return {}
    matrix: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return matrix


def renewed(rows: Mapping[str, Row], exactly: bool) -> dict[str, tuple[str, ...]]:
    """The clauses found broken by each fault, with those of some rows.

    A short run tries a part of the suite only, so it adds to what is stored, behind it.
    ``exactly`` replaces what is stored of these faults. Other faults stay as they are stored;
    faults and clauses that are no more go.
    """
    clauses = real().clauses
    found = {
        name: tuple(clause for clause in row["found"] if clause in clauses)
        for name, row in stored().items()
        if name in FAULTS
    }
    for name in FAULTS.keys() & rows.keys():
        before = () if exactly else found.get(name, ())
        found[name] = tuple(dict.fromkeys([*before, *rows[name].found]))
    return found


def data(found: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """The matrix as data; ``found`` holds the clauses found broken by each fault."""
    return table.data(FAULTS, found)


def page(matrix: Mapping[str, Any]) -> str:
    """A matrix as a page of Markdown."""
    return table.page(real(), FAULTS, len(VARIANTS), matrix)


def badge(matrix: Mapping[str, Any]) -> str:
    """The badge of the README: how many faults of how many were caught in the stored matrix."""
    caught = sum(bool(row["found"]) for row in matrix.values())
    value = f"{caught} of {len(FAULTS)} faults caught"
    colour = Verdict.PASSED if caught == len(FAULTS) else Verdict.FAILED
    return badges.svg("self-test", value, f"self-test: {value}", badges.COLOURS[colour])


def _stale(faults: Iterable[str], rows: Mapping[str, Row]) -> list[str]:
    """The faults of which more clauses were found broken than the stored matrix has."""
    known = {name: set(row["found"]) for name, row in stored().items()}
    return [name for name in faults if name in known and not set(rows[name].found) <= known[name]]


def _store(found: Mapping[str, Iterable[str]], say: Say) -> None:
    """Write the matrix; says which faults are still missing from it."""
    _write(found)
    missing = [name for name in FAULTS if name not in found]
    if missing:
        say(f"{DATA.name} lacks {', '.join(missing)}: run these with --write")


def _write(found: Mapping[str, Iterable[str]]) -> None:
    matrix = data(found)
    DATA.write_text(json.dumps(matrix, indent=1) + "\n", encoding="utf-8")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(matrix), encoding="utf-8")
    MAP.write_text(heat.svg(real(), FAULTS), encoding="utf-8")
    BADGE.write_text(badge(matrix), encoding="utf-8")


def refresh() -> None:
    """Write the stored matrix again with the present sentences and clauses, without a run.

    Raises KeyError for a fault that the stored matrix does not have: it takes a run to add one.
    """
    matrix = stored()
    _write({name: matrix[name]["found"] for name in FAULTS})


def unproven() -> list[str]:
    """The MUST clauses that no fault breaks.

    The clause about a code that the page does not have is proven by one with the same rules.
    """
    broken, unbroken = set(), []
    for clause in real().clauses.values():
        if table.breaking(FAULTS, clause.id):
            broken.add(clause.rules)
        elif clause.level is Level.MUST:
            unbroken.append(clause)
    page_codes = {f"code-{code}" for code, _ in PAGE_CODES}
    return [
        clause.id
        for clause in unbroken
        if not clause.about or clause.id in page_codes or clause.rules not in broken
    ]
