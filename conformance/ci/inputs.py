"""The inputs of a CI job: variables of the environment, and the arguments that follow from them.

An input is never part of a shell script, so its text cannot act as one. Each becomes one argument
of the form ``--option=value``, so it cannot act as another option, either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.base.errors import UsageError

COMMANDS = ("run", "nightly")
PREFIX = "CONFORMANCE_"
PASSED_ON = ("target", "url", "depth", "budget", "seed", "keep")
"""Inputs that become the option of the same name."""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,60}")


@dataclass(frozen=True)
class Inputs:
    """What a job asks for.

    ``values`` has the text of each input in PASSED_ON that is set, and ``more`` further arguments.
    ``name`` tells the jobs of a pipeline apart. ``published`` is a directory for a copy of the run,
    for systems whose artefacts need a fixed path.
    """

    name: str
    command: str
    values: Mapping[str, str]
    more: tuple[str, ...]
    reports: Path
    published: Path | None

    @property
    def arguments(self) -> list[str]:
        """The arguments of the command."""
        options = [f"--{option}={value}" for option, value in self.values.items()]
        return [self.command, f"--output={self.reports}", *options, *self.more]


def read(environment: Mapping[str, str]) -> Inputs:
    """The inputs in the environment. Raises UsageError if they make no sense."""
    texts = _texts(environment)
    _check(texts)
    published = texts.get("published")
    options = [line.strip() for line in texts.get("options", "").splitlines()]
    return Inputs(
        name=name_in(environment),
        command=texts.get("command", COMMANDS[0]),
        values={option: texts[option] for option in PASSED_ON if option in texts},
        more=tuple(line for line in options if line),
        reports=Path(texts.get("reports", "reports")),
        published=Path(published) if published else None,
    )


def _texts(environment: Mapping[str, str]) -> dict[str, str]:
    """The texts of the inputs that are set, by their names in lower case."""
    return {
        name.removeprefix(PREFIX).lower(): text.strip()
        for name, text in environment.items()
        if name.startswith(PREFIX) and text.strip()
    }


def _check(texts: Mapping[str, str]) -> None:
    """Raise UsageError for inputs with which no run may begin."""
    command = texts.get("command", COMMANDS[0])
    if command not in COMMANDS:
        raise UsageError(f"command: {command!r} is neither {' nor '.join(COMMANDS)}.")
    if "target" not in texts and "url" not in texts:
        raise UsageError(
            "Give a target file or a url. Without them the embedded server would be judged, "
            "and the job would pass although nothing of yours was tested."
        )
    published = texts.get("published")
    if published and Path(published).exists():
        raise UsageError(f"{published}: already exists. Remove it before the job runs.")


def name_in(environment: Mapping[str, str]) -> str:
    """The name of the job. Raises UsageError if it could act as markup or as part of a path."""
    name = environment.get(f"{PREFIX}NAME") or "conformance"
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"name: {name!r} is not allowed. Use up to 60 letters, digits, dots, hyphens and "
            "underscores."
        )
    return name
