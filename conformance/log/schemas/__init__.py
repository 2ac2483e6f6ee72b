"""The published JSON Schemas of the files of a run, and validation against them.

``exchanges.schema.json`` describes a line of the evidence log, ``run.schema.json`` run.json,
and its part ``past`` a line of history.jsonl. Each other schema describes the file of its name,
such as ``shard.schema.json`` shard.json; the part ``watch`` of ``nightly.schema.json`` describes
nightly.check.json.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from conformance.base.stored import Bounds, parsed
from conformance.model import Json

EXCHANGES, RUN, SHARD = "exchanges.schema.json", "run.schema.json", "shard.schema.json"
FLEET, RESULT = "fleet.schema.json", "result.schema.json"
FREEZE, CHALLENGE, STAMPS = "freeze.schema.json", "challenge.schema.json", "stamps.schema.json"
NIGHTLY = "nightly.schema.json"
PAST, WATCH = f"{RUN}#/$defs/past", f"{NIGHTLY}#/$defs/watch"
LONGEST = 200
"""Maximum number of characters of a message."""


def fault(schema: str, value: Json) -> str | None:
    """The first violation of a schema by a value, as ``place: what``; None if there is none.

    ``place`` is the path of members and indexes from the top, as in ``plan/3/effect``.
    """
    try:
        error = next(iter(_validator(schema).iter_errors(value)), None)
    except ValueError as unreadable:  # nested too deeply, or a wrong value with a lone surrogate
        return f"invalid value ({type(unreadable).__name__})"
    if error is None:
        return None
    place = "/".join(str(step) for step in error.instance_path)
    message = error.message
    if len(message) > LONGEST:  # it quotes a large value
        message = f"invalid value: {'/'.join(str(step) for step in error.schema_path[-2:])}"
    return f"{place}: {message}" if place else message


def checked(schema: str, text: str) -> Any:
    """The value of a JSON text that may be hostile. Raises ValueError unless it fits a schema."""
    value = parsed(text, Bounds())
    wrong = fault(schema, value)
    if wrong:
        raise ValueError(wrong)
    return value


@cache
def _validator(schema: str) -> Any:
    """The validator for a file of this directory, or for the part of it that follows a ``#``."""
    name, _, part = schema.partition("#")
    whole = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    if part:
        whole = {"$schema": whole["$schema"], "$ref": f"#{part}", "$defs": whole["$defs"]}
    return jsonschema_rs.validator_for(whole, validate_formats=True)
