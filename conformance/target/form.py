"""The form of a target file: its schema, and whether a file fits it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.base import yaml_file
from conformance.base.errors import TargetError
from conformance.base.yaml_file import YamlFile
from conformance.contract import packaged
from conformance.log import convert
from conformance.model import KEY_ROLES, Json

SECRET = ("keys", "scoped_keys")
"""Members of a target file that hold keys, and that no message may quote."""


def schema() -> dict[str, Any]:
    """The JSON Schema of target files, completed by the roles that the member ``keys`` may have."""
    text = (packaged() / "meta" / "target.schema.json").read_text(encoding="utf-8")
    form: dict[str, Any] = json.loads(text)
    keys = form["properties"]["keys"]
    any_key = keys["additionalProperties"]
    for role in KEY_ROLES.values():
        keys.setdefault("properties", {})[role.name] = any_key | {"description": role.what}
    keys["additionalProperties"] = False
    keys["items"]["properties"]["role"]["enum"] = list(KEY_ROLES)
    return form


def valid(path: Path) -> YamlFile:
    """A target file that fits its schema, with former names of members replaced.

    Raises TargetError for any other file.
    """
    faults: list[str] = []
    file = yaml_file.read(path, str(path), faults)
    if file is None:
        raise faulty(faults)
    _rename_former_members(file.value)
    if not yaml_file.validate(file, schema(), faults, secret=SECRET):
        raise faulty(faults)
    return file


def _rename_former_members(data: Json) -> None:
    """Rename the members of the triggers and waivers of an old file to their current names."""
    for name in ("triggers", "waivers"):
        rows = data.get(name) if isinstance(data, dict) else None
        if isinstance(rows, list):
            data[name] = [convert.modern(row) for row in rows]


def faulty(faults: list[str]) -> TargetError:
    """The error that reports the faults of a target file."""
    lines = "\n".join(f"  {fault}" for fault in faults)
    return TargetError(f"The target file is not valid:\n{lines}")
