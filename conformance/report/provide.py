"""What a person can provide, as lines of YAML for the target file, each with what it gains."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.model import ReasonKind, Run
from conformance.report import untested
from conformance.text import amount

_PLACE = re.compile(r"\((keys|scoped_keys|businesses): ([\w:-]+) in the target file\)")
_EFFECT = re.compile(r"^add (\w+) to allow:")
_TRIGGER = re.compile(r"^give a trigger for (\w+) at (\w+) \(triggers:")
_OTHER = {
    "(addresses: in the target file)": "addresses: [127.0.0.2, 127.0.0.3]",
    "(clock: in the target file)": "clock: {advance: }  # see the target file of `init`",
}
"""Members of other shapes, by how a reason names them."""

Gain = tuple[str, int]


def lines(run: Run) -> list[str]:
    """Lines to add to the target file: a member each, its best parts first; none if none helps."""
    reasons = [(text, len(cells)) for text, cells in _provided(run)]
    found = [*_allowed(reasons), *_named(reasons), *_triggers(reasons)]
    for text, cells in reasons:
        found += [f"{member}  {_gain(cells)}" for end, member in _OTHER.items() if end in text]
    return found


def _provided(run: Run) -> untested.Missing:
    return untested.missing(run).get(ReasonKind.PROVIDE, [])


def _gain(cells: int) -> str:
    return f"# {amount(cells, 'cell')}"


def _allowed(reasons: list[Gain]) -> Iterator[str]:
    """One line with the effects to allow."""
    effects = {match[1]: cells for text, cells in reasons if (match := _EFFECT.search(text))}
    if effects:
        gains = ", ".join(f"{effect}: {amount(cells, 'cell')}" for effect, cells in effects.items())
        yield f"allow: [read, {', '.join(effects)}]  # {gains}"


def _named(reasons: list[Gain]) -> Iterator[str]:
    """The keys and businesses to give, by the member that holds them."""
    members: dict[str, list[str]] = {}
    for text, cells in reasons:
        if match := _PLACE.search(text):
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
    return f"${{KEY_{re.sub('[^A-Z0-9]+', '_', name.upper())}}}"


def _triggers(reasons: list[Gain]) -> Iterator[str]:
    """The recipes to give, each with what a request is to hold left open."""
    found = [(match, cells) for text, cells in reasons if (match := _TRIGGER.search(text))]
    if found:
        yield "triggers:"
    for match, cells in found:
        yield f"  - {{code: {match[1]}, operation: {match[2]}, input: {{}}}}  {_gain(cells)}"
