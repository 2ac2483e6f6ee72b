"""What the command prints: everything goes through here, so that nothing in it acts."""

from __future__ import annotations

import json
from typing import Any

import click


def say(text: str, *, err: bool = False) -> None:
    """Print lines, with what could act on a terminal or on a CI runner made inert."""
    from conformance.base.text import for_console

    click.echo(for_console(text), err=err)


def show(painted: str, *, colour: bool) -> None:
    """Print lines that are clean already and hold colours of ours, shown only if ``colour``."""
    from conformance.base.text import for_console

    click.echo(for_console(painted, painted=True), color=colour)


def hand_out(data: Any) -> None:
    """Print data as JSON, in which ``##`` has an escape."""
    click.echo(json.dumps(data, indent=1).replace("##", "#\\u0023"))


def command_runner(line: str) -> None:
    """Print a command for the runner of a CI job, which ``report.github`` has escaped."""
    click.echo(line)
