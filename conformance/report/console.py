"""What the terminal shows after a run: problems by clause, what to provide, and one line of counts."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from conformance.model import Cell, Clause, Exchange, Run, Verdict
from conformance.report import view
from conformance.report.text import amount, clean, cut

PER_CLAUSE = 5
"""Findings shown for a clause."""

REASONS = 12
"""Reasons shown for untested cells."""

_COLOURS = {
    Verdict.FAILED: "31",
    Verdict.ERROR: "35",
    Verdict.WAIVED: "36",
    Verdict.WARNED: "33",
    Verdict.UNTESTED: "34",
    Verdict.PASSED: "32",
    Verdict.INAPPLICABLE: "2",
}
_TITLES = {
    Verdict.FAILED: "Failed",
    Verdict.ERROR: "Could not be judged",
    Verdict.WAIVED: "Waived",
    Verdict.WARNED: "Warned",
}


def summary(run: Run, *, width: int, colour: bool) -> str:
    """The summary of a run, to be printed as it is; the last line holds the counts."""
    page = _Page(max(width, 40), colour)
    for verdict in view.PROBLEMS:
        groups = list(view.problems(run, verdict))
        if groups:
            page.title(_TITLES[verdict], verdict)
            for clause, cells in groups:
                _clause(page, run, clause, cells)
    _missing(page, run)
    noted = sum(len(found) for _, found in view.notes(run))
    if noted:
        page.lines += [f"{amount(noted, 'note')}, never graded; see the report.", ""]
    if run.incomplete:
        page.wrap(f"The run is incomplete: {view.shown(run.incomplete)}", "")
        page.lines.append("")
    verdict = {0: Verdict.PASSED, 1: Verdict.FAILED}.get(run.exit_code, Verdict.ERROR)
    page.lines += [
        page.paint(view.headline(run), verdict, bold=True),
        page.paint(view.counts_line(run), verdict),
    ]
    return "\n".join(page.lines)


def durations(run: Run) -> str:
    """Requests and seconds by clause, by area and by scenario, most first.

    Clauses and areas share exchanges, so these do not add up to the whole; those of the scenarios do.
    """
    clauses: dict[str, set[str]] = defaultdict(set)
    areas: dict[str, set[str]] = defaultdict(set)
    scenarios: dict[str, set[str]] = defaultdict(set)
    for cell in run.cells:
        clauses[cell.clause].update(cell.exchanges)
        areas[run.contract.clauses[cell.clause].area].update(cell.exchanges)
    for exchange in run.exchanges:
        scenarios[exchange.scenario].add(exchange.id)
    blocks = [
        ["requests  seconds  clause"],
        ["requests  seconds  area"],
        ["requests  seconds  scenario"],
    ]
    for block, groups in zip(blocks, (clauses, areas, scenarios), strict=True):
        rows = [
            (*_cost(view.exchanges_of(run, names)), group)
            for group, names in groups.items()
            if names
        ]
        block += [
            f"{count:>8,}{seconds:>9.2f}  {group}"
            for count, seconds, group in sorted(rows, reverse=True)
        ]
    count, seconds = _cost(run.exchanges)
    blocks[-1].append(f"{count:>8,}{seconds:>9.2f}  all, each once")
    return "\n".join(line for block in blocks for line in (*block, ""))


def _cost(exchanges: Iterable[Exchange]) -> tuple[int, float]:
    """How many exchanges, and the seconds that they took."""
    times = [exchange.elapsed_ms for exchange in exchanges]
    return len(times), sum(times) / 1000


class _Page:
    """Lines of a width, coloured or plain."""

    def __init__(self, width: int, colour: bool) -> None:
        self.width = width
        self.colour = colour
        self.lines: list[str] = []

    def paint(self, text: str, verdict: Verdict, bold: bool = False) -> str:
        return (
            f"\x1b[{'1;' if bold else ''}{_COLOURS[verdict]}m{text}\x1b[0m" if self.colour else text
        )

    def title(self, text: str, verdict: Verdict) -> None:
        self.lines += [self.paint(text, verdict, bold=True), ""]

    def wrap(self, text: str, indent: str, label: str = "") -> None:
        """Add a text in lines of the width; ``label`` stands before the first."""
        first = indent + (f"{label:<10}" if label else "")
        wrapped = textwrap.wrap(
            text,
            self.width,
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_on_hyphens=False,
        )
        self.lines += wrapped or [first.rstrip()]


def _clause(page: _Page, run: Run, clause: Clause, cells: tuple[Cell, ...]) -> None:
    page.wrap(f"{clause.id}: {clause.text}", "  ")
    rounds = zip_longest(
        *(_blocks(run, cell) for cell in cells)
    )  # the first finding of each operation comes first
    blocks = [block for round_ in rounds for block in round_ if block]
    for block in blocks[:PER_CLAUSE]:
        for label, text in block:
            if label == "repeat":
                page.lines.append(f"      {label:<10}{text}")
            else:
                page.wrap(text, "      " if label else "    ", label)
    if len(blocks) > PER_CLAUSE:
        page.lines.append(f"    and {len(blocks) - PER_CLAUSE} more")
    page.lines.append("")


def _blocks(run: Run, cell: Cell) -> Iterator[list[tuple[str, str]]]:
    """Labelled texts of each finding of a cell, or of the cell where it has none."""
    title = ("", view.operation_name(cell.operation))
    rest = [("reason", view.shown(reason, 300)) for reason in cell.reasons]
    rest += [("waiver", view.shown(cell.waiver, 300))] if cell.waiver else []
    for finding in cell.findings:
        texts = (
            ("where", finding.where),
            ("expected", finding.expected),
            ("actual", finding.actual),
        )
        exchange = view.probe(run, finding.exchanges)
        line = view.repeat_line(exchange) if exchange else ""
        yield [
            title,
            *((label, view.shown(text, 300)) for label, text in texts),
            *([("repeat", line)] if line else []),
            *rest,
        ]
    if not cell.findings:
        yield [title, *(rest or [("reason", view.NO_REASON)])]


def _missing(page: _Page, run: Run) -> None:
    groups = view.missing(run)
    if not groups:
        return
    page.title("Untested: what to provide", Verdict.UNTESTED)
    for reason, cells in groups[:REASONS]:
        page.wrap(f"{cut(clean(reason), 300)} ({amount(len(cells), 'cell')})", "  ")
    if len(groups) > REASONS:
        page.lines.append(f"  and {amount(len(groups) - REASONS, 'more reason')}; see the report")
    page.lines.append("")
