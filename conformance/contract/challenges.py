"""Reads accepted challenges: the packaged ones, and those of a file that is newer."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from conformance import __version__
from conformance.base import yaml_file
from conformance.base.errors import UsageError
from conformance.base.text import nearest
from conformance.base.yaml_file import YamlFile
from conformance.contract.loader import packaged
from conformance.model import WHOLE_API, Challenge, Challenges, Contract

NAME = "challenges.yaml"
"""The file in a contract directory. The digest of the contract leaves it out."""

Rows = dict[int, dict[str, Any]]
"""Challenges as data, by number."""


def with_challenges(
    contract: Contract, directory: Path | None = None, newer: Path | None = None
) -> Contract:
    """The contract with the accepted challenges of its directory, by default the packaged one.

    A challenge in the file ``newer`` replaces the one with the same number. Raises UsageError with
    all faults.
    """
    own = (directory or packaged()) / NAME
    paths = [own] if os.path.lexists(own) else []
    paths += [newer] if newer else []
    faults: list[str] = []
    rows: Rows = {}
    for path in paths:
        rows |= _read(contract, path, faults)
    if faults:
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise UsageError(f"The accepted challenges are not valid:\n{lines}")
    return replace(contract, challenges=_in_force(contract, rows))


def _read(contract: Contract, path: Path, faults: list[str]) -> Rows:
    """The challenges of a file; empty if it does not fit its schema. Adds its faults."""
    file = yaml_file.read(path, str(path), faults)
    if file is None or not yaml_file.validate(file, _schema(), faults):
        return {}
    rows: Rows = {}
    for index, row in enumerate(file.value["challenges"]):
        faults += _wrong(contract, file, index, row)
        if row["number"] in rows:
            message = f"two challenges have the number {row['number']}"
            faults.append(file.fault(("challenges", index, "number"), message))
        rows[row["number"]] = row
    return rows


def _schema() -> dict[str, Any]:
    text = (packaged() / "meta" / "challenges.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _wrong(contract: Contract, file: YamlFile, index: int, row: Mapping[str, Any]) -> Iterator[str]:
    """A fault for each name in a challenge that the contract does not define."""
    place = ("challenges", index)
    clause = contract.clauses.get(row["clause"])
    if clause is None:
        close = nearest(row["clause"], contract.clauses)
        yield file.fault((*place, "clause"), f"there is no clause {row['clause']}{close}")
    elif "rule" in row and row["rule"] not in clause.rules:
        known = ", ".join(clause.rules) or "none"
        message = f"no rule {row['rule']} verifies {clause.id}; its rules: {known}"
        yield file.fault((*place, "rule"), message)
    operations = [*contract.operations, WHOLE_API]
    for number, name in enumerate(row.get("operations", ())):
        if name not in operations:
            message = f"there is no operation {name}{nearest(name, operations)}"
            yield file.fault((*place, "operations", number), message)


def _in_force(contract: Contract, rows: Rows) -> Challenges:
    """The challenges that take effect in this version of the suite, on this contract.

    A challenge may name the first version of the suite, or of the contract, in which it has no
    effect any more. The digest covers all challenges.
    """
    ordered = [rows[number] for number in sorted(rows)]
    versions = {"suite": __version__, "contract": contract.version}
    in_force = []
    for row in ordered:
        ends = row.get("until", {}).items()
        if all(_parts(versions[what]) < _parts(end) for what, end in ends):
            in_force.append(_challenge(row))
    # canonical JSON (RFC 8785), because all names are ASCII
    text = json.dumps(ordered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Challenges(digest, tuple(in_force))


def _challenge(row: Mapping[str, Any]) -> Challenge:
    members = dict(row)
    members["accepted"] = date.fromisoformat(row["accepted"])
    members["operations"] = tuple(row.get("operations", ()))
    return Challenge(**members)


def _parts(version: str) -> list[int]:
    """The numbers in a version, without zeros at the end, so that they sort as versions do."""
    numbers = re.sub(r"(\.0+)+$", "", version)
    return [int(part) for part in re.findall("[0-9]+", numbers)]
