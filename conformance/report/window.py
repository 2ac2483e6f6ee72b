"""The part of a body that a report shows: indented, round the accused member, which is marked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from conformance.base.values import NOT_JSON, Unread, cut, read_json
from conformance.model import Json

LINES = 24
"""Lines of an indented body that are shown."""
WIDTH = 160
"""Characters of a line."""
PLAIN = 2_000
"""Characters that are shown of a body that is no JSON, or too much of it."""
TELLING = 6
"""Characters of a text that tells an item from others, such as an id."""


class Line(NamedTuple):
    """A line of an indented JSON text, with the pointer to its value, and the value if a text."""

    pointer: str
    text: str
    value: str = ""


@dataclass(frozen=True)
class Window:
    """What is shown of a text: the accused part between the rest, and how many lines are left out.

    Each part ends with a line break, but the last.
    """

    before: str = ""
    marked: str = ""
    after: str = ""
    above: int = 0
    below: int = 0
    cut: int = 0  # characters at the end of a text that has no lines of its own

    @property
    def texts(self) -> tuple[str, str, str]:
        """Its parts in their order."""
        return self.before, self.marked, self.after


def window(text: str, where: str, said: str = "") -> Window:
    """The part of a body round the place of a finding; its beginning if that is no pointer.

    Where a finding is about the whole body, what it ``said`` tells which item it means.
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
    """The pointer to the first object with a text that a finding names; ``/`` for none."""
    for line in lines:
        if len(line.value) >= TELLING and line.value in said:
            item, _, _ = line.pointer.rpartition("/")
            return item or "/"
    return "/"


def _accused(lines: list[Line], where: str) -> tuple[int, int]:
    """The first and the last line of the member at a pointer; an empty range where there is none.

    The longest part of the pointer that exists counts: a missing member is accused in its object.
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
    """Some lines as one text, each with its line break."""
    return "".join(f"{line}\n" for line in lines)
