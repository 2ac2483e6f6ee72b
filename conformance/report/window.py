"""The excerpt of a body that a report shows: indented, with the offending values marked.

Only the lines near a mark are shown, and the lines that open the objects around it. A line such as
``… 319 lines …`` replaces the rest, so a mark is never far down.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from conformance.base.text import amount
from conformance.base.values import NOT_JSON, Unread, cut, read_json
from conformance.model import Json
from conformance.report.places import Place

HEAD = 14
"""Lines shown of a JSON body without a mark, unless the caller asks for another number."""
MARKS = 3
"""Maximum number of places that are marked in a body."""
MARKED = 4
"""Maximum number of lines that are marked of one value."""
AROUND = 2
"""Lines shown before and after a mark."""
OUTER, INNER = 2, 4
"""How many of the outermost and innermost objects around a mark have their first line shown."""
WIDTH = 160
"""Characters shown of a line."""
PLAIN = 2_000
"""Characters shown of a body that is not JSON, or that is too large to be read."""
POINTING, NOT_POINTING = "▶ ", "  "
"""What a line begins with, depending on whether it is marked."""


class Kind(StrEnum):
    """How a part of a body is shown."""

    PLAIN = "plain"
    MARKED = "marked"
    """The value is wrong."""
    MISSING = "missing"
    """Not in the body: describes what is missing there."""
    ELIDED = "elided"
    """Replaces lines that are left out."""


class Part(NamedTuple):
    """A piece of a window, all of one kind. If the body is JSON, it consists of whole lines."""

    kind: Kind
    text: str


class Line(NamedTuple):
    """A line of indented JSON, with the pointer to its value."""

    pointer: str
    text: str

    @property
    def indent(self) -> str:
        """The spaces that the line begins with."""
        return self.text[: len(self.text) - len(self.text.lstrip(" "))]


@dataclass(frozen=True)
class Window:
    """What is shown of a body, in parts. ``cut`` counts the characters left out at its end."""

    parts: tuple[Part, ...] = ()
    cut: int = 0

    @property
    def text(self) -> str:
        """Everything that is shown."""
        return "".join(part.text for part in self.parts)

    @property
    def marked(self) -> str:
        """The parts that are marked, including descriptions of what is missing."""
        return "".join(part.text for part in self.parts if part.kind in (Kind.MARKED, Kind.MISSING))


def window(text: str, places: Sequence[Place] = (), head: int = HEAD) -> Window:
    """The lines of a body around some places, or its first ``head`` lines if it has none of them.

    If the body is not JSON or too large to be read, its first PLAIN characters.
    """
    value = read_json(text).value
    if value is NOT_JSON or isinstance(value, Unread):
        whole_body_is_wrong = any(not place.pointer for place in places)
        kind = Kind.MARKED if whole_body_is_wrong else Kind.PLAIN
        return Window((Part(kind, text[:PLAIN]),), cut=max(0, len(text) - PLAIN))
    lines = list(_lines(value, "", "", ""))
    marks = [_Mark.of(lines, place) for place in places[:MARKS]]
    found = [mark for mark in marks if mark is not None]
    return Window(tuple(_merged(_parts(lines, found, head))))


@dataclass(frozen=True)
class _Mark:
    """The numbers of the first and last line of a place, counted from 0.

    For a missing value, both are the line that it would follow, and ``missing`` describes it.
    """

    first: int
    last: int
    missing: str
    around: frozenset[int]  # the numbers of the lines to show because of this mark

    @property
    def wrong(self) -> range:
        """The lines of the value that is wrong; none if it is missing."""
        return range(0) if self.missing else range(self.first, self.last + 1)

    @staticmethod
    def of(lines: list[Line], place: Place) -> _Mark | None:
        """The mark of a place; None if it is not in the body."""
        numbers = [number for number, line in enumerate(lines) if line.pointer == place.pointer]
        if not numbers:
            return None
        opens, closes = numbers[0], numbers[-1]  # the same for a value on one line
        first, last = opens, min(closes, opens + MARKED - 1)
        if place.missing:
            first = last = (opens - 1) if place.before else opens
        openings = _openings(lines, place.pointer)
        near = range(max(0, first - AROUND), last + AROUND + 1)
        around = {*near, *openings}
        if openings:
            around.add(openings[-1] + 1)  # often the id of the object around it
        return _Mark(first, last, place.missing, frozenset(around))


def _openings(lines: list[Line], pointer: str) -> list[int]:
    """The numbers of the lines that open the objects and arrays around a place, outermost first.

    If there are many, only those of the OUTER outermost and the INNER innermost.
    """
    outer = [pointer[:index] for index, character in enumerate(pointer) if character == "/"]
    if len(outer) > OUTER + INNER:
        outer = outer[:OUTER] + outer[-INNER:]
    wanted = set(outer)
    openings = []
    for number, line in enumerate(lines):
        if line.pointer in wanted:
            openings.append(number)
            wanted.discard(line.pointer)
    return openings


def _parts(lines: list[Line], marks: Sequence[_Mark], head: int) -> Iterator[Part]:
    """A part for each line that is shown, and one for each stretch of lines that is left out.

    Without marks, the first ``head`` lines are shown.
    """
    shown = {number for mark in marks for number in mark.around} or set(range(head))
    numbers = sorted(number for number in shown if number < len(lines))
    start = 0
    for number in numbers:
        yield from _left_out(lines[start:number])
        yield from _shown(lines, number, marks)
        start = number + 1
    yield from _left_out(lines[start:])


def _left_out(lines: list[Line]) -> Iterator[Part]:
    """A part that counts the lines left out. A single one is shown, as it takes no more room."""
    if len(lines) == 1:
        yield _line(Kind.PLAIN, lines[0].text)
    elif lines:
        indent = min(line.indent for line in lines)
        yield Part(Kind.ELIDED, f"{NOT_POINTING}{indent}… {amount(len(lines), 'line')} …\n")


def _shown(lines: list[Line], number: int, marks: Sequence[_Mark]) -> Iterator[Part]:
    """A line, and descriptions of the values that are missing after it."""
    is_wrong = any(number in mark.wrong for mark in marks)
    yield _line(Kind.MARKED if is_wrong else Kind.PLAIN, lines[number].text)
    following = lines[min(number + 1, len(lines) - 1)]  # descriptions are indented like this line
    for mark in marks:
        if mark.missing and mark.last == number:
            yield _line(Kind.MISSING, following.indent + mark.missing)


def _line(kind: Kind, text: str) -> Part:
    """A line as a part, cut to WIDTH characters."""
    prefix = NOT_POINTING if kind is Kind.PLAIN else POINTING
    return Part(kind, f"{prefix}{cut(text, WIDTH)}\n")


def _merged(parts: Iterable[Part]) -> list[Part]:
    """The parts, with adjacent parts of the same kind merged."""
    merged: list[Part] = []
    for part in parts:
        if merged and merged[-1].kind is part.kind:
            merged[-1] = Part(part.kind, merged[-1].text + part.text)
        else:
            merged.append(part)
    return merged


def _lines(value: Json, pointer: str, indent: str, label: str) -> Iterator[Line]:
    """The lines of a value as indented JSON. ``label`` precedes the value, such as ``"id": ``."""
    if not isinstance(value, dict | list) or not value:
        written = json.dumps(value, ensure_ascii=False)
        yield Line(pointer, f"{indent}{label}{written}")
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield Line(pointer, f"{indent}{label}{opening}")
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for position, (name, member) in enumerate(pairs, 1):
        name_label = f"{json.dumps(name, ensure_ascii=False)}: " if isinstance(value, dict) else ""
        *lines, end = _lines(member, f"{pointer}/{name}", f"{indent}  ", name_label)
        yield from lines
        is_last = position == len(value)
        yield end if is_last else end._replace(text=f"{end.text},")
    yield Line(pointer, f"{indent}{closing}")
