"""The options of a run: one description for the command and for pytest.

pytest imports this module in every project of an environment that has the package installed, so it
imports nothing but the standard library.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
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

    ``flag`` is the name of the option; pytest puts ``conformance-`` in front of it. ``kind`` is the
    type of a value. A directory is a Path that names no file. A default of ``()`` means that the
    option may be repeated.
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


def _given(text: str, **more: Any) -> dict[str, Any]:
    return {"help": text, **more}


@dataclass(frozen=True)
class Choice:
    """What a person chose for a run.

    To add an option, add a field here and use it. Both fronts offer it.
    """

    spec: Path | None = field(
        default=None,
        metadata=_given("Directory of another contract.", kind=Path, directory=True),
    )
    url: str | None = field(
        default=None,
        metadata=_given(
            "Address of the target, with the base path of the API.", environment="CONFORMANCE_URL"
        ),
    )
    key: str | None = field(
        default=None,
        metadata=_given(
            "A key with every scope. The environment variable CONFORMANCE_KEY is safer.",
            environment="CONFORMANCE_KEY",
        ),
    )
    key_file: Path | None = field(
        default=None,
        metadata=_given(
            "File that holds the key, and nothing else; - reads it from standard input.",
            flag="key-file",
            kind=Path,
        ),
    )
    target: Path | None = field(
        default=None, metadata=_given("Target file; `init` writes one.", kind=Path)
    )
    seed: int = field(default=0, metadata=_given("Seed of generated cases.", kind=int))
    depth: str = field(
        default="full",
        metadata=_given(
            "How much to try: each MUST once, every case, or more of each.",
            choices=tuple(depth.value for depth in Depth),
        ),
    )
    max_seconds: int = field(
        default=7200,
        metadata=_given(
            "Seconds after which a run ends with what it has.", flag="max-seconds", kind=int
        ),
    )
    budget: int = field(
        default=0,
        metadata=_given(
            "Requests at most, in place of budget: in the target file. MUST clauses come first.",
            kind=int,
        ),
    )
    workers: int = field(
        default=0,
        metadata=_given(
            "Cases that may overlap: 0 means a few, and 1 where the target file sets a rate.",
            kind=int,
        ),
    )
    shard: str | None = field(
        default=None,
        metadata=_given("One part of several, such as 2/5. `merge` makes them one run."),
    )
    areas: tuple[str, ...] = field(
        default=(), metadata=_given("Only the clauses of an area; may be repeated.", flag="area")
    )
    clauses: tuple[str, ...] = field(
        default=(), metadata=_given("Only one clause; may be repeated.", flag="clause")
    )


def _option(described: Field[Any]) -> Option:
    """The description of a field of ``Choice``. Its flag is its name, unless it has another."""
    more = {"flag": described.name, **described.metadata}
    return Option(field=described.name, default=described.default, **more)


KEY_IS_SEEN = (
    "Warning: a key on the command line is seen by every user of this machine. "
    "Give it in CONFORMANCE_KEY or in a file."
)
"""What both fronts say on stderr about a key that is an argument."""

OPTIONS = tuple(_option(described) for described in fields(Choice))
"""The description of every field of ``Choice``, in its order."""
