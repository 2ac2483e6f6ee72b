"""The excerpt of a body that a report shows: indented, with the offending member marked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from conformance.base.values import NOT_JSON, Unread, cut, read_json
from conformance.model import Json

LINES = 24
"""Lines shown of an indented body."""
WIDTH = 160
"""Characters shown of a line."""
PLAIN = 2_000
"""Characters shown of a body that is not JSON, or that is too large to be read."""
TELLING = 6
"""Minimum length of a text that identifies an item, such as an id."""


class Line(NamedTuple):
    """A line of indented JSON, with the pointer to its value, and the value if it is a string."""

    pointer: str
    text: str
    value: str = ""


@dataclass(frozen=True)
class Window:
    """What is shown of a text: the marked part, the parts around it, and the counts left out.

    Each part but the last ends with a line break.
    """

    before: str = ""
    marked: str = ""
    after: str = ""
    above: int = 0
    below: int = 0
    cut: int = 0  # characters left out at the end of a text that is not JSON

    @property
    def texts(self) -> tuple[str, str, str]:
        """Its parts in order."""
        return self.before, self.marked, self.after


def window(text: str, where: str, said: str = "") -> Window:
    """The part of a body around a finding, or its beginning if ``where`` is not a pointer.

    If the finding is about the whole body, its text ``said`` tells which item it refers to.
    """
    value = read_json(text).value
    if value is NOT_JSON or isinstance(value, Unread):
        return Window(after=text[:PLAIN], cut=max(0, len(text) - PLAIN))
    lines = list(_lines(value, "", "", ""))
    first, last = _accused(lines, _item_of(lines, said) if where == "/" else where)
    start = max(0, min(first - LINES // 3, len(lines) - LINES))
    end = min(len(lines), start + LINES)
    last = min(last, end - 1)
    shown = [cut(line.text, WIDTH) for line in lines[start:end]]
    return Window(
        _joined(shown[: first - start]),
        _joined(shown[first - start : last - start + 1]),
        _joined(shown[last - start + 1 :]),
        above=start,
        below=len(lines) - end,
    )


def _item_of(lines: list[Line], said: str) -> str:
    """The pointer to the first object with a text that the finding mentions; ``/`` if none."""
    for line in lines:
        if len(line.value) >= TELLING and line.value in said:
            item, _, _ = line.pointer.rpartition("/")
            return item or "/"
    return "/"


def _accused(lines: list[Line], where: str) -> tuple[int, int]:
    """The first and last line of the member at a pointer; an empty range if there is none.

    If the member is missing, these are the lines of the innermost parent that exists.
    """
    while where.startswith("/") and where != "/":
        places = [number for number, line in enumerate(lines) if line.pointer == where]
        if places:
            return places[0], places[-1]
        where = where.rpartition("/")[0]
    return 0, -1


def _lines(value: Json, pointer: str, indent: str, label: str) -> Iterator[Line]:
    """The lines of an indented JSON text."""
    if not isinstance(value, dict | list) or not value:
        written = json.dumps(value, ensure_ascii=False)
        yield Line(pointer, f"{indent}{label}{written}", value if isinstance(value, str) else "")
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield Line(pointer, f"{indent}{label}{opening}")
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for place, (name, member) in enumerate(pairs, 1):
        shown = f"{json.dumps(name, ensure_ascii=False)}: " if isinstance(value, dict) else ""
        *lines, end = _lines(member, f"{pointer}/{name}", f"{indent}  ", shown)
        yield from lines
        yield end if place == len(value) else end._replace(text=f"{end.text},")
    yield Line(pointer, f"{indent}{closing}")


def _joined(lines: list[str]) -> str:
    """The lines as one text, each with its line break."""
    return "".join(f"{line}\n" for line in lines)
