"""The recipes of CONTRIBUTING.md: sections with a diff, and the commands that follow it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parent.parent / "CONTRIBUTING.md"


@dataclass(frozen=True)
class Recipe:
    """How something is added: its diff, and the commands to run afterwards."""

    title: str  # of the section
    diff: str
    commands: tuple[str, ...]

    @property
    def name(self) -> str:
        """What is added, in a few words: ``command option``."""
        return re.sub(r"^Add an? ", "", self.title)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the diff changes or adds."""
        return tuple(re.findall(r"^\+\+\+ b/(.+)$", self.diff, re.MULTILINE))


def recipes() -> Iterator[Recipe]:
    """The sections of the page that have a diff, in its order."""
    text = PAGE.read_text(encoding="utf-8")
    for title, section in re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", text, re.MULTILINE):
        diffs = _blocks(section, "diff")
        if diffs:
            commands = [line for block in _blocks(section, "sh") for line in block.splitlines()]
            yield Recipe(title, "".join(diffs), tuple(commands))


def _blocks(section: str, language: str) -> list[str]:
    """The contents of the code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
