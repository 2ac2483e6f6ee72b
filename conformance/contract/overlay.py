"""OpenAPI Overlays 1.0, by which an edition of a contract changes the contract's files.

Targets are a small part of JSONPath (RFC 9535): names, indexes, ``[*]``, and filters that compare
one member with a text. An action must change something, so that a typo is a fault.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from conformance.base.yaml_file import Place, YamlFile

_SEGMENT = re.compile(
    r"""
      \.(?P<dotted>[A-Za-z_][\w-]*)
    | \['(?P<quoted>[^'\\]*)'\]
    | \[(?P<index>0|[1-9][0-9]{0,5})\]
    | (?P<all>\[\*\])
    | \[\?\s*@\.(?P<member>[A-Za-z_][\w-]*)\s*==\s*'(?P<text>[^'\\]*)'\s*\]
    """,
    re.VERBOSE,
)


class PathError(ValueError):
    """A target that is not a JSONPath of the supported kind."""


def applied(file: YamlFile, overlay: YamlFile, faults: list[str]) -> YamlFile:
    """A file as changed by the actions of a valid overlay, in order; adds faults of the overlay.

    Lines in later faults are those of the file without the overlay.
    """
    value = copy.deepcopy(file.value)
    for number, action in enumerate(overlay.value["actions"]):
        place: Place = ("actions", number, "target")
        try:
            places = list(selected_places(value, action["target"]))
        except PathError as error:
            faults.append(overlay.fault(place, str(error)))
            continue
        if not places:
            faults.append(overlay.fault(place, f"{action['target']} matches nothing"))
        for each in reversed(places):  # from the end, so that removing moves no later index
            fault = _act(value, each, action)
            if fault:
                faults.append(overlay.fault(place, fault))
    return YamlFile(file.name, value, file.node, file.text)


def selected_places(value: Any, path: str) -> Iterator[Place]:
    """The place of each value that a JSONPath selects. Raises PathError for other syntax."""
    places: list[tuple[Place, Any]] = [((), value)]
    for segment in _segments(path):
        places = [
            ((*place, step), member)
            for place, selected in places
            for step, member in _selected(selected, segment)
        ]
    return iter([place for place, _ in places])


def _segments(path: str) -> list[re.Match[str]]:
    """The segments of a path after ``$``. Raises PathError for other syntax."""
    if not path.startswith("$"):
        raise PathError(f"{path}: a target begins with $")
    segments, start = [], 1
    while start < len(path):
        segment = _SEGMENT.match(path, start)
        if segment is None:
            raise PathError(f"{path}: cannot be read from {path[start:]!r} on")
        segments.append(segment)
        start = segment.end()
    return segments


def _selected(value: Any, segment: re.Match[str]) -> Iterator[tuple[str | int, Any]]:
    """The steps and members of a value that one segment selects."""
    name = segment["dotted"] or segment["quoted"]
    members: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        members = list(value.items())
    elif isinstance(value, list):
        members = list(enumerate(value))
    for step, member in members:
        if name is not None:
            chosen = step == name
        elif segment["index"] is not None:
            chosen = step == int(segment["index"])
        elif segment["all"]:
            chosen = True
        else:
            chosen = isinstance(member, dict) and member.get(segment["member"]) == segment["text"]
        if chosen:
            yield step, member


def _act(root: Any, place: Place, action: dict[str, Any]) -> str:
    """Remove or update the value at a place; returns what is wrong, or an empty text.

    An update is appended to an array, or merged into an object.
    """
    owner, value = None, root
    for step in place:
        owner, value = value, value[step]
    if not isinstance(value, dict | list):
        return f"{action['target']} selects a value that is neither an object nor an array"
    if "remove" in action:
        if owner is None:
            return "the whole document cannot be removed"
        del owner[place[-1]]
        return ""
    update = copy.deepcopy(action["update"])
    if isinstance(value, list):
        value.append(update)
        return ""
    if not isinstance(update, dict):
        return f"{action['target']} selects an object, so the update must be an object"
    _merge(value, update)
    return ""


def _merge(value: dict[str, Any], update: dict[str, Any]) -> None:
    """Add the members of an update: objects are merged, arrays joined, other values replaced."""
    for name, new in update.items():
        old = value.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            _merge(old, new)
        elif isinstance(old, list) and isinstance(new, list):
            old.extend(new)
        else:
            value[name] = new
