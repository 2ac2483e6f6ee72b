"""Suggested YAML lines for the target file, each with the number of cells it would enable."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.base.text import amount
from conformance.model import Effect, ReasonKind, Run, Verdict, mildest_first

FIXED = {
    "addresses": "addresses: [127.0.0.0/8]",
    "clock": "clock: {advance: }  # see the target file of `init`",
}
"""Members without parts, each with the line to add for it."""
NAMED = ("keys", "scoped_keys", "businesses")
"""Members with named parts."""
OF_LISTS = "maximum"
"""The member with a part for each list."""

Gains = dict[str, int]
"""The number of cells that each part of a member would enable, by the name of the part."""


def lines(run: Run) -> list[str]:
    """Lines to add to the target file, grouped by member; empty if nothing would help."""
    gains = _gains(run)
    found = list(_allowed(run, gains.get("allow", {})))
    for member in NAMED:
        if member in gains:
            found.append(f"{member}:")
            found += _named(member, gains[member])
    found += _triggers(gains.get("triggers", {}))
    found += _of_lists(gains.get(OF_LISTS, {}))
    # these members have only the part ""
    found += [
        f"{line}  {_gain(gains[member][''])}" for member, line in FIXED.items() if member in gains
    ]
    return found


def _gains(run: Run) -> dict[str, Gains]:
    """The gains of each member of the target file that untested cells need, most cells first.

    Reasons name the place of what they need, such as ``keys: other``. A member without parts has
    the part "".
    """
    cells_of: dict[tuple[str, str], set[str]] = {}
    for cell in run.cells:
        if cell.verdict is not Verdict.UNTESTED:
            continue
        for reason in cell.reasons:
            if reason.kind is ReasonKind.PROVIDE and reason.place:
                member, _, part = reason.place.partition(": ")
                if member == OF_LISTS:  # each list has its own maximum
                    part = cell.operation
                cells_of.setdefault((member, part), set()).add(cell.name)
    most_cells_first = sorted(cells_of.items(), key=lambda row: (-len(row[1]), row[0]))
    gains: dict[str, Gains] = {}
    for (member, part), cells in most_cells_first:
        gains.setdefault(member, {})[part] = len(cells)
    return gains


def _gain(cells: int) -> str:
    """A comment with the number of cells that an entry enables."""
    return f"# {amount(cells, 'cell')}"


def _allowed(run: Run, gains: Gains) -> Iterator[str]:
    """One line with the effects to allow, including those that are allowed already."""
    if not gains:
        return
    effects = {*run.target.allow, *(Effect(name) for name in gains)}
    why = ", ".join(f"{name}: {amount(cells, 'cell')}" for name, cells in gains.items())
    yield f"allow: [{', '.join(mildest_first(effects))}]  # {why}"


def _named(member: str, gains: Gains) -> Iterator[str]:
    """A line for each key or business to add. The value of a key is an environment variable."""
    for name, cells in gains.items():
        variable = re.sub("[^A-Z0-9]+", "_", name.upper())
        value = "the id" if member == "businesses" else f"${{{variable}_KEY}}"
        yield f"  {name}: {value}  {_gain(cells)}"


def _of_lists(gains: Gains) -> Iterator[str]:
    """One line with the lists for which the most items of a page have to be given."""
    if gains:
        names = ", ".join(f"{name}: " for name in sorted(gains))
        cells = amount(sum(gains.values()), "cell")
        yield f"{OF_LISTS}: {{{names}}}  # the most items of a page; {cells}"


def _triggers(gains: Gains) -> Iterator[str]:
    """The recipes to add, with the input of the request left empty."""
    recipes = []
    for name, cells in gains.items():
        code, _, operation = name.partition(" at ")  # CODE at OPERATION, or only CODE
        if operation:
            recipe = f"{{code: {code}, operation: {operation}, input: {{}}}}"
            recipes.append(f"  - {recipe}  {_gain(cells)}")
    if recipes:
        yield "triggers:"
        yield from recipes
