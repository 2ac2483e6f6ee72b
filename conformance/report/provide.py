"""Suggested YAML lines for the target file, each with the number of cells it would enable."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.base.text import amount
from conformance.model import Effect, ReasonKind, Run, mildest_first
from conformance.report.untested import missing

PLACE = re.compile(r"\((keys|scoped_keys|businesses): ([\w:-]+) in the target file\)")
"""Finds a member of the target file, and a part of it, in a reason or a hint."""
_EFFECT = re.compile(r"^add (\w+) to allow:")
_TRIGGER = re.compile(r"^give a trigger for (\w+) at (\w+) \(triggers:")
_ADDRESSES = re.compile(r"\(addresses: in the target file\)")
_CLOCK = re.compile(r"\(clock: in the target file\)")
_OTHER = (
    (_ADDRESSES, "addresses: [127.0.0.0/8]"),
    (_CLOCK, "clock: {advance: }  # see the target file of `init`"),
)
"""Members with a fixed line, each after the pattern that finds it in a reason."""

Gain = tuple[str, int]
"""The text of a reason, and the number of cells that it keeps untested."""


def lines(run: Run) -> list[str]:
    """Lines to add to the target file, grouped by member; empty if nothing would help."""
    provided = missing(run).get(ReasonKind.PROVIDE, [])
    reasons = [(text, len(cells)) for text, cells in provided]
    found = [*_allowed(run, reasons), *_named(reasons), *_triggers(reasons)]
    for pattern, member in _OTHER:
        found += [f"{member}  {_gain(cells)}" for _, cells in _matching(pattern, reasons)]
    return found


def _gain(cells: int) -> str:
    """A comment with the number of cells that an entry enables."""
    return f"# {amount(cells, 'cell')}"


def _matching(pattern: re.Pattern[str], reasons: list[Gain]) -> list[tuple[re.Match[str], int]]:
    """The match in each reason that contains the pattern, with its number of cells."""
    found = []
    for text, cells in reasons:
        match = pattern.search(text)
        if match:
            found.append((match, cells))
    return found


def _allowed(run: Run, reasons: list[Gain]) -> Iterator[str]:
    """One line with the effects to allow, including those that are allowed already."""
    effects = set(run.target.allow)
    gains = []
    for match, cells in _matching(_EFFECT, reasons):
        effects.add(Effect(match[1]))
        gains.append(f"{match[1]}: {amount(cells, 'cell')}")
    if gains:
        yield f"allow: [{', '.join(mildest_first(effects))}]  # {', '.join(gains)}"


def _named(reasons: list[Gain]) -> Iterator[str]:
    """The keys and businesses to add, grouped by member."""
    members: dict[str, list[str]] = {}
    for match, cells in _matching(PLACE, reasons):
        member, name = match.groups()
        entry = f"  {name}: {_value(member, name)}  {_gain(cells)}"
        members.setdefault(member, []).append(entry)
    for member, entries in members.items():
        yield f"{member}:"
        yield from entries


def _value(member: str, name: str) -> str:
    """The placeholder for a value: for a key, an environment variable."""
    if member == "businesses":
        return "the id"
    return f"${{{re.sub('[^A-Z0-9]+', '_', name.upper())}_KEY}}"


def _triggers(reasons: list[Gain]) -> Iterator[str]:
    """The recipes to add, with the input of the request left empty."""
    entries = []
    for match, cells in _matching(_TRIGGER, reasons):
        recipe = f"{{code: {match[1]}, operation: {match[2]}, input: {{}}}}"
        entries.append(f"  - {recipe}  {_gain(cells)}")
    if entries:
        yield "triggers:"
        yield from entries
