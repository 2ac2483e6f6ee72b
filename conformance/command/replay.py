"""The commands for a stored run: ``replay``, ``report``, ``open`` and ``export``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.base.errors import UsageError, reason
from conformance.command.choosing import with_details, with_output, with_spec
from conformance.command.commands import load
from conformance.command.concluding import conclude, new_run, terminal
from conformance.command.saying import say

if TYPE_CHECKING:
    from conformance.model import Contract
    from conformance.run.runfile import Opened, Stored

RUN = click.Path(path_type=Path, file_okay=False, resolve_path=True)
"""The directory of a run."""
LATEST = Path("reports/latest")

latest = click.argument("stored_in", metavar="[RUN]", type=RUN, default=LATEST)
"""The argument of a command for a stored run, by default the last one."""


@click.command()
@click.argument("stored_in", metavar="RUN", type=RUN)
@with_spec
@with_details
@with_output
def replay(stored_in: Path, spec: Path | None, details: bool, output: Path) -> int:
    """Judge a stored run again from its evidence log alone, with the same files and exit code."""
    from conformance.run import runfile

    console = terminal()
    stored = recomputed(stored_in, load(spec))
    say(f"Judging again by {stored.run.contract.name}: {stored.run.target.url}")
    again = new_run(output, lambda path: runfile.copy(stored, stored_in, path))
    return conclude(stored.run, stored.selected, again, console, details)


@click.command()
@latest
@with_spec
@with_details
def report(stored_in: Path, spec: Path | None, details: bool) -> int:
    """Judge a stored run again and rewrite the reports in its directory."""
    stored = recomputed(stored_in, load(spec))
    return conclude(stored.run, stored.selected, stored_in, terminal(), details)


def recomputed(stored_in: Path, contract: Contract) -> Stored:
    """A stored run, judged again, whose plan and log fit what it says about itself.

    A run of another suite or contract is judged, but counts as incomplete. Raises UsageError for a
    run that does not fit.
    """
    from conformance.certify import recompute
    from conformance.run import runfile

    opened = opened_fitting(stored_in, contract)
    stored = runfile.judged(opened)
    otherwise = recompute.made_otherwise(opened)
    if not otherwise:
        return stored
    return replace(stored, run=replace(stored.run, incomplete=stored.run.incomplete or otherwise))


def opened_fitting(directory: Path, contract: Contract) -> Opened:
    """A stored run that fits what it says about itself. Raises UsageError for any other."""
    from conformance.certify import recompute
    from conformance.run import runfile

    opened = runfile.open_run(directory, contract)
    wrong = recompute.mismatches(opened)
    if wrong:
        lines = "\n".join(f"  {each}" for each in wrong)
        raise UsageError(
            f"{directory}: the run does not fit what it says about itself:\n{lines}\n"
            "It was changed, or another suite made it. Ask its author for the original."
        )
    return opened


@click.command(name="open")
@latest
def open_(stored_in: Path) -> None:
    """Open the report of a run, by default the last one, in the browser.

    The location of the page is printed, too, in case there is no browser.
    """
    from conformance.base import stored

    page = stored_in / "report.html"
    try:
        stored.opened(page).close()
    except OSError as error:
        raise UsageError(
            f"{page}: there is no report ({reason(error)}). "
            "Run the suite, or specify the directory of a run."
        ) from None
    say(f"Report: {page}")
    click.launch(str(page))


@click.group()
def export() -> None:
    """Export a stored run in the format of another tool."""


@export.command()
@latest
@click.option(
    "--all", "whole", is_flag=True, help="Export every exchange, not only those that show causes."
)
@with_spec
def har(stored_in: Path, whole: bool, spec: Path | None) -> None:
    """Write evidence.har into the directory of a run: the exchanges that show its causes.

    Viewers of HTTP Archive 1.2, such as the network panel of a browser, can read it.
    """
    from conformance.base import files
    from conformance.report import har as archive
    from conformance.run import runfile

    run = runfile.replay(stored_in, load(spec)).run
    exchanges = run.exchanges if whole else archive.telling(run)
    if not exchanges:
        raise UsageError("No cause was found, so there is nothing to export. Use --all.")
    with files.whole(stored_in / archive.NAME) as written:
        archive.write(run, exchanges, written)
    say(f"Wrote {stored_in / archive.NAME}: {len(exchanges):,} exchanges")
