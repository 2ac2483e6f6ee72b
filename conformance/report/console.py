"""What the terminal shows after a run: problems by clause, what to provide, one line of counts."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import starmap, zip_longest

from conformance.model import Cell, Clause, Run, Verdict
from conformance.report import view
from conformance.text import amount, clean
from conformance.values import cut

PER_CLAUSE = 5
"""Findings shown for a clause."""

REASONS = 12
"""Reasons of one kind that are shown for untested cells."""

LIMIT = 300
"""Characters of a text that are shown."""

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


@dataclass(frozen=True)
class Block:
    """What is shown of a finding, or of a cell without one: texts with their labels."""

    title: str
    more: tuple[tuple[str, str], ...]  # reasons and waiver of the cell
    texts: tuple[tuple[str, str], ...] = ()  # of the finding
    repeat: str = ""  # the curl line


def summary(run: Run, *, width: int, colour: bool) -> str:
    """The summary of a run, clean but for colours of ours; the last line holds the counts.

    Problems come first, then why cells are untested. ``width`` counts columns.
    """
    page = _Page(max(width, 40), colour)
    for verdict in view.PROBLEMS:
        _problems(page, run, verdict)
    _missing(page, run)
    noted = sum(len(found) for _, found in view.notes(run))
    if noted:
        page.lines += [f"{amount(noted, 'note')}, never graded; see the report.", ""]
    if run.incomplete:
        page.wrap(f"The run is incomplete: {view.shown(run.incomplete)}", "")
        page.lines.append("")
    page.lines.append(page.paint(view.headline(run), run.standing, bold=True))
    page.lines.append(page.paint(view.counts_line(run), run.standing))
    return "\n".join(page.lines)


class _Page:
    """Lines of a width, coloured or plain."""

    def __init__(self, width: int, colour: bool) -> None:
        self.width = width
        self.colour = colour
        self.lines: list[str] = []

    def paint(self, text: str, verdict: Verdict, bold: bool = False) -> str:
        text = clean(text)
        if not self.colour:
            return text
        weight = "1;" if bold else ""
        return f"\x1b[{weight}{_COLOURS[verdict]}m{text}\x1b[0m"

    def title(self, text: str, verdict: Verdict) -> None:
        self.lines += [self.paint(text, verdict, bold=True), ""]

    def wrap(self, text: str, indent: str, label: str = "") -> None:
        """Add a text in lines of the width; ``label`` stands before the first."""
        first = indent + (f"{label:<10}" if label else "")
        wrapped = textwrap.wrap(
            clean(text),
            self.width,
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_on_hyphens=False,
        )
        self.lines += wrapped or [first.rstrip()]


# --- problems -------------------------------------------------------------------------------------


def _problems(page: _Page, run: Run, verdict: Verdict) -> None:
    """The cells of one verdict, by clause."""
    groups = list(view.problems(run, verdict))
    if groups:
        page.title(_TITLES[verdict], verdict)
    for clause, cells in groups:
        _clause(page, run, clause, cells)


def _clause(page: _Page, run: Run, clause: Clause, cells: tuple[Cell, ...]) -> None:
    """A clause with a few of the findings on its cells, the first one of each cell first."""
    page.wrap(f"{clause.id}: {clause.text}", "  ")
    of_cells = map(partial(_blocks, run), cells)
    blocks: list[Block] = []
    for turn in zip_longest(*of_cells):
        blocks += filter(None, turn)
    for block in blocks[:PER_CLAUSE]:
        _show(page, block)
    if len(blocks) > PER_CLAUSE:
        page.lines.append(f"    and {len(blocks) - PER_CLAUSE} more")
    page.lines.append("")


def _show(page: _Page, block: Block) -> None:
    """Add a block to the page, its labels in a column."""
    page.wrap(block.title, "    ")
    for label, text in block.texts:
        page.wrap(text, "      ", label)
    if block.repeat:  # on one line, to be copied
        page.lines.append(f"      {'repeat':<10}{block.repeat}")
    for label, text in block.more:
        page.wrap(text, "      ", label)


def _blocks(run: Run, cell: Cell) -> Iterator[Block]:
    """A block for each finding of a cell, or one for the cell if it has none."""
    title = view.operation_name(cell.operation)
    more = [("reason", view.shown(text, LIMIT)) for text in cell.why]
    if cell.waiver:
        more.append(("waiver", view.shown(cell.waiver, LIMIT)))
    for finding in cell.findings:
        exchange = view.probe(run, finding.exchanges)
        texts = (
            ("where", view.shown(finding.where, LIMIT)),
            ("expected", view.shown(finding.expected, LIMIT)),
            ("actual", view.shown(finding.actual, LIMIT)),
        )
        yield Block(title, tuple(more), texts, view.repeat_line(exchange))
    if not cell.findings:
        yield Block(title, tuple(more) or (("reason", view.NO_REASON),))


def _missing(page: _Page, run: Run) -> None:
    """Why cells are untested, by kind of reason."""
    for kind, groups in view.missing(run).items():
        title = view.KINDS[kind]
        page.title(f"Untested: {title[0].lower()}{title[1:]}", Verdict.UNTESTED)
        for reason, cells in groups[:REASONS]:
            page.wrap(f"{cut(clean(reason), LIMIT)} ({amount(len(cells), 'cell')})", "  ")
        more = len(groups) - REASONS
        if more > 0:
            page.lines.append(f"  and {amount(more, 'more reason')}; see the report")
        page.lines.append("")


# --- durations ------------------------------------------------------------------------------------


def durations(run: Run) -> str:
    """Requests and seconds by clause, by area and by scenario, most first.

    Clauses and areas share exchanges, so these do not add up to the whole; scenarios do.
    """
    clauses = run.contract.clauses
    blocks = [
        _costs(run, "clause", _cells_by(run, lambda cell: cell.clause)),
        _costs(run, "area", _cells_by(run, lambda cell: clauses[cell.clause].area)),
        _costs(run, "scenario", _exchanges_by_scenario(run)),
    ]
    whole = _cost_line(len(run.exchanges), view.elapsed_ms(run.exchanges), "all, each once")
    blocks[-1].append(whole)
    return "\n".join(line for block in blocks for line in (*block, ""))


def _cells_by(run: Run, group_of: Callable[[Cell], str]) -> dict[str, set[str]]:
    """The ids of the exchanges that the cells of each group rest on."""
    groups: dict[str, set[str]] = defaultdict(set)
    for cell in run.cells:
        groups[group_of(cell)].update(cell.exchanges)
    return groups


def _exchanges_by_scenario(run: Run) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for exchange in run.exchanges:
        groups[exchange.scenario].add(exchange.id)
    return groups


def _costs(run: Run, kind: str, groups: dict[str, set[str]]) -> list[str]:
    """A line for each group that has exchanges, the most expensive first."""
    rows = []
    for group, ids in groups.items():
        if ids:
            exchanges = view.exchanges_of(run, ids)
            rows.append((len(exchanges), view.elapsed_ms(exchanges), group))
    rows.sort(reverse=True)
    return [f"requests  seconds  {kind}", *starmap(_cost_line, rows)]


def _cost_line(requests: int, milliseconds: float, name: str) -> str:
    return f"{requests:>8,}{milliseconds / 1000:>9.2f}  {name}"
