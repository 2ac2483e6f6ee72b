"""Everything that the command prints goes through here, where control sequences are escaped."""

from __future__ import annotations

import json
import shutil
from typing import Any

import click


def say(text: str, *, err: bool = False) -> None:
    """Print lines, escaping whatever a terminal or a CI runner could interpret."""
    from conformance.base.text import for_console

    click.echo(for_console(text), err=err)


def columns() -> int:
    """The width for texts: that of the terminal, within reason; 80 if there is no terminal."""
    return max(60, min(shutil.get_terminal_size().columns, 100))


def show(painted: str, *, colour: bool) -> None:
    """Print lines that are already clean and contain our colours, shown only if ``colour``."""
    from conformance.base.text import for_console

    click.echo(for_console(painted, painted=True), color=colour)


def print_json(data: Any) -> None:
    """Print data as JSON. ``##``, which a CI runner may interpret, is escaped."""
    click.echo(json.dumps(data, indent=1).replace("##", "#\\u0023"))


def command_runner(line: str) -> None:
    """Print a command for the runner of a CI job, already escaped by ``report.github``."""
    click.echo(line)
