"""The waivers of a target file, whose days of expiry are limited."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from conformance.base.yaml_file import YamlFile
from conformance.log import convert
from conformance.model import Contract, Waiver
from conformance.model.waiver import wrong_days
from conformance.target import names
from conformance.target.form import faulty, schema, valid


def waivers_of(contract: Contract, path: Path, *, today: date | None = None) -> tuple[Waiver, ...]:
    """The waivers of a target file, which is read without its keys.

    Raises TargetError as ``from_file`` does.
    """
    file = valid(path)
    faults: list[str] = []
    names.check(contract, file, schema(), faults)
    waivers = check(file, today or this_day(), faults)
    if faults:
        raise faulty(faults)
    return waivers


def this_day() -> date:
    """The current day in UTC."""
    return datetime.now(UTC).date()


def check(file: YamlFile, today: date, faults: list[str]) -> tuple[Waiver, ...]:
    """The waivers of a file, with a fault for each whose day of expiry is not allowed."""
    waivers = [convert.from_json(row, Waiver) for row in file.value.get("waivers", ())]
    for index, message in wrong_days(waivers, today):
        faults.append(file.fault(("waivers", index, "expires"), message))
    return tuple(waivers)
