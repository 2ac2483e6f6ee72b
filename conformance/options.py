"""The options of a run: one description for the command and for pytest.

pytest imports this module in every project of an environment that has the package installed, so it
imports nothing but the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any


class Depth(StrEnum):
    """How much a run tries.

    ``quick``: each MUST clause once, and each border of a page. ``full``: every case. ``deep``:
    every case, with more of each.
    """

    QUICK = "quick"
    FULL = "full"
    DEEP = "deep"


@dataclass(frozen=True)
class Option:
    """How a person gives one field of ``Choice``.

    ``flag`` is the option of the command; pytest puts ``--conformance-`` in front of it. ``kind`` is
    the type of one value; a directory is a Path that names no file. A default of ``()`` means that
    the option may be repeated.
    """

    field: str
    flag: str
    help: str
    default: Any
    kind: type = str
    directory: bool = False
    choices: tuple[str, ...] = ()
    environment: str | None = None

    @property
    def repeatable(self) -> bool:
        """Whether the option may be given more than once."""
        return isinstance(self.default, tuple)


def _option(text: str, default: Any = None, **more: Any) -> Any:
    return field(default=default, metadata={"help": text, **more})


@dataclass(frozen=True)
class Choice:
    """What a person chose for a run.

    To add an option, add a field here and use it. Both fronts offer it.
    """

    spec: Path | None = _option("Directory of another contract.", kind=Path, directory=True)
    url: str | None = _option(
        "Address of the target, with the base path of the API.", environment="CONFORMANCE_URL"
    )
    key: str | None = _option(
        "A key with every scope. The environment variable CONFORMANCE_KEY is safer.",
        environment="CONFORMANCE_KEY",
    )
    target: Path | None = _option("Target file; `init` writes one.", kind=Path)
    seed: int = _option("Seed of generated cases.", default=0, kind=int)
    depth: str = _option(
        "How much to try: each MUST once, every case, or more of each.",
        default="full",
        choices=tuple(Depth),
    )
    areas: tuple[str, ...] = _option(
        "Only the clauses of an area; may be repeated.", default=(), flag="area"
    )
    clauses: tuple[str, ...] = _option(
        "Only one clause; may be repeated.", default=(), flag="clause"
    )


def _described() -> tuple[Option, ...]:
    options = []
    for each in fields(Choice):
        description = dict(each.metadata)
        flag = description.pop("flag", each.name)
        options.append(Option(each.name, flag, default=each.default, **description))
    return tuple(options)


OPTIONS = _described()
"""The description of every field of ``Choice``, in its order."""
