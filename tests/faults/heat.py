"""docs/kill-map.svg: the faults by clause and depth, as a heat map."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from conformance.model import Contract
from tests.faults.base import Fault
from tests.faults.table import DEPTHS, breaking, by_depth

COLUMNS, ROW, CELL, NAME, TOP = 2, 18, 34, 210, 44
"""Columns of clauses, the height of a row, the width of a cell and of a name, and the head."""
SHADES = ("#f4f6fa", "#cfe0f5", "#9cc2ea", "#5a99d6", "#2a6cb0", "#14447a")
"""The colour of a cell by the number of its faults: none, then up to each of STEPS, then more."""
STEPS = (0, 1, 3, 7, 15)
LIGHT_FROM = 4
"""The first shade whose number is white."""


def svg(contract: Contract, faults: Mapping[str, Fault]) -> str:
    """The map: a row for each clause that has faults, a cell for each depth with their number."""
    rows = {}
    for clause in contract.clauses:
        broken = breaking(faults, clause)
        if broken:
            rows[clause] = by_depth(broken)
    height = -(-len(rows) // COLUMNS)
    width = COLUMNS * (NAME + CELL * len(DEPTHS) + ROW)
    parts = [_head(column) for column in range(COLUMNS)]
    for place, (clause, counts) in enumerate(rows.items()):
        column, line = divmod(place, height)
        parts.append(_row(column, line, clause, counts))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{TOP + height * ROW + 8}"'
        ' role="img" font-family="Verdana, DejaVu Sans, sans-serif" font-size="11">\n'
        "<title>Faults by clause and depth</title>\n"
        '<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _left(column: int) -> int:
    """Where the cells of a column of clauses begin."""
    return column * (NAME + CELL * len(DEPTHS) + ROW) + NAME


def _head(column: int) -> str:
    """The captions above a column of clauses."""
    left = _left(column)
    depths = "".join(
        _text(left + (depth - 1) * CELL + CELL // 2, TOP - 8, str(depth), "middle")
        for depth in DEPTHS
    )
    return _text(left, TOP - 26, "faults at depth", "start") + depths


def _row(column: int, line: int, clause: str, counts: list[int]) -> str:
    """The name of a clause, and its cells."""
    left, top = _left(column), TOP + line * ROW
    cells = [_text(left - 8, top + 13, clause, "end")]
    for place, count in enumerate(counts):
        cells.append(_cell(left + place * CELL, top, count))
    return "".join(cells)


def _cell(left: int, top: int, count: int) -> str:
    """A cell in the shade of its number; none is left blank."""
    shade = sum(count > step for step in STEPS)
    cell = (
        f'<rect x="{left}" y="{top}" width="{CELL - 2}" height="{ROW - 2}" fill="{SHADES[shade]}"/>'
    )
    if not count:
        return cell
    colour = "#fff" if shade >= LIGHT_FROM else "#1b2430"
    return cell + _text(left + CELL // 2 - 1, top + 13, str(count), "middle", colour)


def _text(left: int, top: int, text: str, anchor: str, colour: str = "#1b2430") -> str:
    return (
        f'<text x="{left}" y="{top}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
    )
