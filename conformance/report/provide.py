"""What a person can provide, as lines of YAML for the target file, each with what it gains."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.base.text import amount
from conformance.model import Effect, ReasonKind, Run, mildest_first
from conformance.report.untested import missing

PLACE = re.compile(r"\((keys|scoped_keys|businesses): ([\w:-]+) in the target file\)")
"""Names a member of the target file, and a part of it, in a reason or a hint."""
_EFFECT = re.compile(r"^add (\w+) to allow:")
_TRIGGER = re.compile(r"^give a trigger for (\w+) at (\w+) \(triggers:")
_ADDRESSES = re.compile(r"\(addresses: in the target file\)")
_CLOCK = re.compile(r"\(clock: in the target file\)")
_OTHER = (
    (_ADDRESSES, "addresses: [127.0.0.0/8]"),
    (_CLOCK, "clock: {advance: }  # see the target file of `init`"),
)
"""Members of other shapes, each with what finds it in a reason."""

Gain = tuple[str, int]
"""The text of a reason, and the cells that it keeps untested."""


def lines(run: Run) -> list[str]:
    """Lines to add to the target file: a member each, its best parts first; none if none helps."""
    provided = missing(run).get(ReasonKind.PROVIDE, [])
    reasons = [(text, len(cells)) for text, cells in provided]
    found = [*_allowed(run, reasons), *_named(reasons), *_triggers(reasons)]
    for pattern, member in _OTHER:
        found += [f"{member}  {_gain(cells)}" for _, cells in _matching(pattern, reasons)]
    return found


def _gain(cells: int) -> str:
    """A comment that says how many cells something is for."""
    return f"# {amount(cells, 'cell')}"


def _matching(pattern: re.Pattern[str], reasons: list[Gain]) -> list[tuple[re.Match[str], int]]:
    """The reasons that a pattern finds something in, each with its cells."""
    found = []
    for text, cells in reasons:
        match = pattern.search(text)
        if match:
            found.append((match, cells))
    return found


def _allowed(run: Run, reasons: list[Gain]) -> Iterator[str]:
    """One line with the effects to allow, and those that are allowed already."""
    effects = set(run.target.allow)
    gains = []
    for match, cells in _matching(_EFFECT, reasons):
        effects.add(Effect(match[1]))
        gains.append(f"{match[1]}: {amount(cells, 'cell')}")
    if gains:
        yield f"allow: [{', '.join(mildest_first(effects))}]  # {', '.join(gains)}"


def _named(reasons: list[Gain]) -> Iterator[str]:
    """The keys and businesses to give, by the member that holds them."""
    members: dict[str, list[str]] = {}
    for match, cells in _matching(PLACE, reasons):
        member, name = match.groups()
        entry = f"  {name}: {_value(member, name)}  {_gain(cells)}"
        members.setdefault(member, []).append(entry)
    for member, entries in members.items():
        yield f"{member}:"
        yield from entries


def _value(member: str, name: str) -> str:
    """What stands in the place of a value: for a key, a variable of the environment."""
    if member == "businesses":
        return "its id"
    return f"${{{re.sub('[^A-Z0-9]+', '_', name.upper())}_KEY}}"


def _triggers(reasons: list[Gain]) -> Iterator[str]:
    """The recipes to give, each with what a request is to hold left open."""
    entries = []
    for match, cells in _matching(_TRIGGER, reasons):
        recipe = f"{{code: {match[1]}, operation: {match[2]}, input: {{}}}}"
        entries.append(f"  - {recipe}  {_gain(cells)}")
    if entries:
        yield "triggers:"
        yield from entries
