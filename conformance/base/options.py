"""The options of a run, described once for both the command and pytest.

pytest imports this module in every project of an environment where the package is installed, so it
imports only the standard library.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any


class Depth(StrEnum):
    """How thorough a run is.

    ``quick``: the requests that show most. ``full``: every case. ``deep``: every case, with more
    requests each.
    """

    QUICK = "quick"
    FULL = "full"
    DEEP = "deep"

    @property
    def of_cases(self) -> Depth:
        """The depth of each case. A quick run has fewer cases, each the same as in a full run."""
        return Depth.FULL if self is Depth.QUICK else self


@dataclass(frozen=True)
class Option:
    """The command-line option for one field of ``Choice``.

    ``flag`` is the name of the option, which pytest prefixes with ``conformance-``. ``kind`` is the
    type of its value; with ``directory``, a Path must name a directory. An option whose default is
    ``()`` may be repeated.
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
        """Whether the option may be repeated."""
        return isinstance(self.default, tuple)


def _metadata(text: str, **more: Any) -> dict[str, Any]:
    """The metadata of a field of ``Choice``, from which ``_option`` makes its Option."""
    return {"help": text, **more}


@dataclass(frozen=True)
class Choice:
    """The options that a user chose for a run.

    To add an option, add a field here and use it. The command and pytest both offer it.
    """

    spec: Path | None = field(
        default=None,
        metadata=_metadata(
            "Directory of a contract to use instead of the packaged one.", kind=Path, directory=True
        ),
    )
    url: str | None = field(
        default=None,
        metadata=_metadata(
            "Address of the target, including the base path of the API.",
            environment="CONFORMANCE_URL",
        ),
    )
    key: str | None = field(
        default=None,
        metadata=_metadata(
            "A key with all scopes. The environment variable CONFORMANCE_KEY is safer.",
            environment="CONFORMANCE_KEY",
        ),
    )
    key_file: Path | None = field(
        default=None,
        metadata=_metadata(
            "File that contains only the key; - reads it from standard input.",
            flag="key-file",
            kind=Path,
        ),
    )
    target: Path | None = field(
        default=None, metadata=_metadata("Target file; create one with `init`.", kind=Path)
    )
    seed: int = field(
        default=0, metadata=_metadata("Seed of cases, texts and the first requests.", kind=int)
    )
    depth: str = field(
        default="full",
        metadata=_metadata(
            "How thorough to be: what shows most, every case, or more requests per case.",
            choices=tuple(depth.value for depth in Depth),
        ),
    )
    max_seconds: int = field(
        default=7200,
        metadata=_metadata(
            "Seconds after which the run stops; what it has sent by then is judged.",
            flag="max-seconds",
            kind=int,
        ),
    )
    budget: int = field(
        default=0,
        metadata=_metadata(
            "Maximum number of requests, overriding budget: in the target file. MUST clauses come "
            "first.",
            kind=int,
        ),
    )
    workers: int = field(
        default=0,
        metadata=_metadata(
            "Number of cases that may overlap: 0 means a few, or 1 if the target file sets a rate.",
            kind=int,
        ),
    )
    shard: str | None = field(
        default=None,
        metadata=_metadata("Run only one shard, such as 2/5. Combine the shards with `merge`."),
    )
    reuse: Path | None = field(
        default=None,
        metadata=_metadata(
            "Stored run, or directory of runs, whose objects on the target are used again.",
            kind=Path,
            directory=True,
        ),
    )
    turns: int = field(
        default=1,
        metadata=_metadata(
            "With --reuse: spread additional creations over this many runs.", kind=int
        ),
    )
    challenges: Path | None = field(
        default=None,
        metadata=_metadata(
            "File with accepted challenges, besides the packaged ones. Their cells are excluded.",
            kind=Path,
        ),
    )
    edition: str = field(
        default="published",
        metadata=_metadata("Edition of the contract: as published, or a folder in its editions/."),
    )
    areas: tuple[str, ...] = field(
        default=(),
        metadata=_metadata("Test only an area of clauses; may be repeated.", flag="area"),
    )
    clauses: tuple[str, ...] = field(
        default=(), metadata=_metadata("Test only one clause; may be repeated.", flag="clause")
    )


def _option(described: Field[Any]) -> Option:
    """The option for a field of ``Choice``. Its flag is the name of the field by default."""
    more = {"flag": described.name, **described.metadata}
    return Option(field=described.name, default=described.default, **more)


KEY_IS_SEEN = (
    "Warning: a key on the command line is visible to every user of this machine. "
    "Pass it in CONFORMANCE_KEY or in a file."
)
"""The warning of the command and of pytest about a key in an argument."""

OPTIONS = tuple(_option(described) for described in fields(Choice))
"""The options for all fields of ``Choice``, in the same order."""
