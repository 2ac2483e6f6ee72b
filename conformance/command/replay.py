"""The commands that read a stored run: judge it again, rewrite its reports, open it, export it."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.base.errors import UsageError, reason
from conformance.command.choosing import with_details, with_output, with_spec
from conformance.command.commands import load
from conformance.command.concluding import conclude, new_run, terminal
from conformance.command.saying import say

RUN = click.Path(path_type=Path, file_okay=False, resolve_path=True)
"""The directory of a run."""
LATEST = Path("reports/latest")

latest = click.argument("stored_in", metavar="[RUN]", type=RUN, default=LATEST)
"""The argument of a command that takes the last run if no other is given."""


@click.command()
@click.argument("stored_in", metavar="RUN", type=RUN)
@with_spec
@with_details
@with_output
def replay(stored_in: Path, spec: Path | None, details: bool, output: Path) -> int:
    """Judge a stored run again, from its evidence log alone; same files and exit code."""
    from conformance.run import runfile

    console = terminal()
    stored = runfile.replay(stored_in, load(spec))
    say(f"{stored.run.contract.name}, judged again: {stored.run.target.url}")
    if stored.other_contract:
        say(f"Note: {stored.other_contract}", err=True)
    again = new_run(output, lambda path: runfile.copy(stored, stored_in, path))
    return conclude(stored.run, stored.selected, again, console, details)


@click.command()
@latest
@with_spec
@with_details
def report(stored_in: Path, spec: Path | None, details: bool) -> int:
    """Judge a stored run again, and rewrite the reports in its directory."""
    from conformance.run import runfile

    stored = runfile.replay(stored_in, load(spec))
    return conclude(stored.run, stored.selected, stored_in, terminal(), details)


@click.command(name="open")
@latest
def open_(stored_in: Path) -> None:
    """Show the report of a run in the browser: of the last one, if no RUN is given.

    Where there is no browser, it says where the page is.
    """
    from conformance.base import stored

    page = stored_in / "report.html"
    try:
        stored.opened(page).close()
    except OSError as error:
        raise UsageError(
            f"{page}: there is no report ({reason(error)}); "
            "run the suite, or give the directory of a run"
        ) from None
    say(f"Report: {page}")
    click.launch(str(page))


@click.group()
def export() -> None:
    """Write a stored run in the format of another tool."""


@export.command()
@latest
@click.option("--all", "whole", is_flag=True, help="Every exchange, not only those of causes.")
@with_spec
def har(stored_in: Path, whole: bool, spec: Path | None) -> None:
    """Write evidence.har into the directory of a run: the exchanges that show its causes.

    Viewers of HTTP Archive 1.2 read it, such as the network panel of a browser.
    """
    from conformance.base import files
    from conformance.report import har as archive
    from conformance.run import runfile

    run = runfile.replay(stored_in, load(spec)).run
    exchanges = run.exchanges if whole else archive.telling(run)
    if not exchanges:
        raise UsageError("No cause was found, so there is nothing to export; see --all")
    with files.whole(stored_in / archive.NAME) as written:
        archive.write(run, exchanges, written)
    say(f"Wrote {stored_in / archive.NAME}: {len(exchanges):,} exchanges")
