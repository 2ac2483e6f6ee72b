"""The published JSON Schemas of the files of a run, and the check of a file against them.

``exchanges.schema.json`` describes a line of the evidence log, ``run.schema.json`` run.json,
and its part ``past`` a line of history.jsonl. ``shard.schema.json`` describes shard.json.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from conformance.model import Json

EXCHANGES, RUN, SHARD = "exchanges.schema.json", "run.schema.json", "shard.schema.json"
PAST = f"{RUN}#/$defs/past"
LONGEST = 200
"""Characters of a message that are shown."""


def fault(schema: str, value: Json) -> str | None:
    """The first thing in a value that does not fit a schema, as ``place: what``; None if it fits.

    ``place`` names the members and indexes from the top, as in ``plan/3/effect``.
    """
    try:
        error = next(iter(_validator(schema).iter_errors(value)), None)
    except ValueError as unreadable:  # nested too deeply, or a wrong value with half a character
        return f"this does not fit ({type(unreadable).__name__})"
    if error is None:
        return None
    place = "/".join(map(str, error.instance_path))
    message = error.message if len(error.message) <= LONGEST else _summary(error)
    return f"{place}: {message}" if place else message


def _summary(error: jsonschema_rs.ValidationError) -> str:
    """What a large value does not fit, without the value."""
    return f"this does not fit: {'/'.join(map(str, error.schema_path[-2:]))}"


@cache
def _validator(schema: str) -> Any:
    name, _, part = schema.partition("#")
    whole = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    if part:
        whole = {"$schema": whole["$schema"], "$ref": f"#{part}", "$defs": whole["$defs"]}
    return jsonschema_rs.validator_for(whole, validate_formats=True)
