"""The shape of a response: what all responses of one handler have in common.

The shape of a JSON body has the names and types of its members. That of any other text has its
media type and first words. Neither contains anything that differs from run to run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from conformance.base.values import cut
from conformance.model import Exchange, Response

LEVELS = 2
"""Levels of objects whose members are part of a shape."""
MEMBERS = 12
"""Maximum number of members of an object that are part of a shape."""
WORDS = 4
"""Words of a text that are part of a shape."""
READ = 400
"""Characters of a text that are searched for words."""
LONGEST = 200
"""Maximum characters of a shape."""

TYPES: Mapping[type, str] = {
    str: "text",
    bool: "flag",
    int: "number",
    float: "number",
    list: "list",
    type(None): "null",
}
_WORD = re.compile(r"(?<![\w-])[A-Za-z]{2,}(?![\w-])")
_NAME = re.compile(r"[A-Za-z_-]+")


def shape_of(exchange: Exchange) -> str:
    """The shape of a response; empty without a response, or if the log has nothing of its body."""
    response = exchange.response
    if response is None or not response.body.kept:
        return ""
    value = exchange.json
    if not isinstance(value, dict | list):
        return cut(_of_text(response), LONGEST)
    return cut(_of_value(value, LEVELS), LONGEST)


def _of_text(response: Response) -> str:
    """The media type of a response, and the first words of its text."""
    media = response.header("Content-Type").partition(";")[0].strip().lower()
    words = _WORD.findall(response.body.written[:READ])
    return " ".join([media, *words[:WORDS]]).strip()


def _of_value(value: Any, levels: int) -> str:
    """The type of a value; of an object above the last level, the names and types of its members.

    A member name that may be an id is left out.
    """
    if not isinstance(value, dict):
        return TYPES.get(type(value), "value")
    if levels == 0:
        return "object"
    names = sorted(name for name in value if _NAME.fullmatch(name))[:MEMBERS]
    members = [f"{name}: {_of_value(value[name], levels - 1)}" for name in names]
    return "{" + ", ".join(members) + "}"
