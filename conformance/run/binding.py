"""What binds a run to others: the challenge of a certifier, and an authority for time stamps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.base import files


@dataclass(frozen=True)
class Challenged:
    """The challenge that a run takes its seed and nonce from.

    ``digest`` is the SHA-256 of its file, and ``files`` are those that the run keeps, by name.
    """

    nonce: str
    digest: str
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def store(self, directory: Path) -> None:
        """Write the files into the directory of the run."""
        for name, content in self.files.items():
            with files.replacing(directory / name) as written:
                written.write_bytes(content)


class NoStamp(Exception):  # noqa: N818 - it says what happened
    """Why an authority gave no stamp."""


@dataclass(frozen=True)
class Stamping:
    """How a run gets time stamps (RFC 3161), and the seconds between two of them.

    ``ask`` gets a stamp of a text from an authority. It raises NoStamp if there is none.
    """

    ask: Callable[[str], bytes]
    every: float
