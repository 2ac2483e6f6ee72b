"""The commands for a stored run: ``replay``, ``report``, ``open`` and ``export``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.base.errors import UsageError, reason
from conformance.command import extras
from conformance.command.choosing import (
    with_challenges,
    with_details,
    with_output,
    with_spec,
    with_strict_waivers,
)
from conformance.command.commands import load
from conformance.command.concluding import (
    conclude,
    new_run,
    placed,
    strict_exit_code,
    terminal,
    with_history,
)
from conformance.command.saying import say

if TYPE_CHECKING:
    from conformance.certify.codes import Problem
    from conformance.certify.requests import Played
    from conformance.model import Contract, Run
    from conformance.run.runfile import Opened, Stored

RUN = click.Path(path_type=Path, file_okay=False, resolve_path=True)
"""The directory of a run."""
LATEST = Path("reports/latest")
ALONE = "Note: these spot checks are judged alone. Compare them with their full run by --of RUN."

with_full_run = click.option(
    "--of",
    type=RUN,
    help="The full run that accompanies these spot checks: judge both together.",
)

latest = click.argument("stored_in", metavar="[RUN]", type=RUN, default=LATEST)
"""The argument of a command for a stored run, by default the last one."""


@click.command()
@click.argument("stored_in", metavar="RUN", type=RUN)
@with_full_run
@with_spec
@with_challenges
@with_strict_waivers
@with_details
@with_output
def replay(
    stored_in: Path,
    of: Path | None,
    spec: Path | None,
    challenges: Path | None,
    strict_waivers: bool,
    details: bool,
    output: Path,
) -> int:
    """Judge a stored run again from its evidence log alone, with the same files and exit code."""
    from conformance.run import runfile

    console = terminal()
    stored = recomputed(stored_in, load(spec, challenges), of)
    say(f"Judging again by {stored.run.contract.name}: {stored.run.target.url}")
    again = new_run(output, lambda path: runfile.copy(stored, stored_in, path))
    code = conclude(stored.run, stored.selected, again, console, details)
    return strict_exit_code(stored.run, code) if strict_waivers else code


@click.command()
@latest
@with_full_run
@with_spec
@with_challenges
@with_strict_waivers
@with_details
def report(
    stored_in: Path,
    of: Path | None,
    spec: Path | None,
    challenges: Path | None,
    strict_waivers: bool,
    details: bool,
) -> int:
    """Judge a stored run again and rewrite the reports in its directory."""
    stored = recomputed(stored_in, load(spec, challenges), of)
    run = with_history(stored.run, stored.selected, stored_in)
    code = conclude(run, stored.selected, stored_in, terminal(), details)
    return strict_exit_code(run, code) if strict_waivers else code


def recomputed(stored_in: Path, contract: Contract, of: Path | None = None) -> Stored:
    """A stored run, judged again. Raises UsageError if its parts contradict each other.

    Spot checks are compared with the full run ``of``, if there is one.

    A run of another suite or contract, or with requests that could not be recomputed, is judged,
    but counts as incomplete. In merged shards, requests that could not be recomputed do not matter.
    What the run says about earlier runs is left out.
    """
    from conformance.certify import recompute, requests

    opened, stored, played = _judged_fitting(stored_in, contract)
    _print_challenge_notes(opened, stored.run)
    not_recomputed = "" if requests.is_merged(opened.began) else played.remark
    doubt = recompute.why_not_recomputable(opened) or not_recomputed or None
    incomplete = stored.run.incomplete or doubt
    run = replace(stored.run, past=(), incomplete=incomplete)
    return replace(stored, run=_compared(run, of, contract))


def _compared(run: Run, of: Path | None, contract: Contract) -> Run:
    """A run of spot checks with what differs from the full run ``of``; another run unchanged.

    Without ``of``, a note says that the spot checks are judged alone. Raises UsageError if the two
    runs do not belong together.
    """
    from conformance.certify import watched

    if run.spread is None and of is not None:
        raise UsageError("--of is for spot checks, but this is a full run.")
    if run.spread is None:
        return run
    if of is None:
        say(ALONE, err=True)
        return run
    full = full_run(of, contract)
    if not watched.accompanies(full, run):
        raise UsageError(f"{of}: these spot checks accompany another full run, not this one.")
    return replace(run, differences=tuple(watched.differences(full, run)))


def full_run(directory: Path, contract: Contract) -> Run:
    """A stored full run, judged again.

    Raises UsageError for spot checks, and for a run that does not fit what it says about itself.
    """
    _, stored, _ = _judged_fitting(directory, contract)
    full = placed(stored.run, directory)
    if full.spread is not None:
        raise UsageError(f"{directory}: this is a run of spot checks, but --of needs the full run.")
    return full


def _print_challenge_notes(opened: Opened, run: Run) -> None:
    """Print a note if other accepted challenges take effect than in the run that was stored."""
    before = opened.said.get("challenges", {}).get("numbers", [])
    now = list(run.challenges.numbers)
    if before != now:
        numbers = {"in the stored run": before, "now": now}
        words = [
            f"{', '.join(str(each) for each in found) or 'none'} {when}"
            for when, found in numbers.items()
        ]
        say(
            f"Note: other accepted challenges took effect: {'; '.join(words)}. "
            "--challenges FILE adds those that are newer than the suite.",
            err=True,
        )


def opened_fitting(directory: Path, contract: Contract) -> Opened:
    """A stored run that fits what it says about itself.

    Says how many of its requests could not be recomputed. Raises UsageError for a run that does not
    fit.
    """
    from conformance.certify import requests

    opened = _opened(directory, contract)
    _require_played(directory, requests.play_back(opened))
    return opened


def _judged_fitting(directory: Path, contract: Contract) -> tuple[Opened, Stored, Played]:
    """A stored run, the same run judged again, and what its playback showed.

    Prints notes and raises errors as ``opened_fitting`` does.
    """
    from conformance.certify.judged_again import judged_and_played
    from conformance.run import runfile

    opened = _opened(directory, contract)
    again = judged_and_played(opened)
    _require_played(directory, again.played)
    return opened, runfile.stored_again(opened, again.run), again.played


def _opened(directory: Path, contract: Contract) -> Opened:
    """A stored run whose plan and log fit, before it is played back."""
    from conformance.certify import recompute
    from conformance.run import runfile

    opened = runfile.open_run(directory, contract)
    _require_nothing_wrong(directory, recompute.mismatches(opened))
    return opened


def _require_played(directory: Path, played: Played) -> None:
    """Raise UsageError for requests that do not follow from a run; note how many are unchecked."""
    _require_nothing_wrong(directory, played.mismatches)
    if played.remark:
        say(f"Note: {directory}: {played.remark}", err=True)


def _require_nothing_wrong(directory: Path, wrong: Iterable[Problem]) -> None:
    """Raise UsageError if anything is wrong with a stored run."""
    lines = "\n".join(f"  {each}" for each in wrong)
    if lines:
        raise UsageError(
            f"{directory}: the run does not fit what it says about itself:\n{lines}\n"
            "It was changed, or another suite made it. Ask its author for the original."
        )


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
            f"{page}: cannot open the report ({reason(error)}). "
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
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write; by default conformance.prom in the directory of the run.",
)
@with_spec
def openmetrics(stored_in: Path, output: Path | None, spec: Path | None) -> None:
    """Write a run as metrics for the textfile collector of Prometheus.

    The file is replaced as a whole. The collector reads files that end in .prom.
    """
    extras.require("metrics")
    from conformance.report import openmetrics as metrics

    run = recomputed(stored_in, load(spec)).run
    path = output or stored_in / metrics.NAME
    metrics.write(metrics.standing_of(run), run, path)
    say(f"Wrote {path}")


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
    from conformance.base.text import amount
    from conformance.report import har as archive
    from conformance.run import runfile

    run = runfile.replay(stored_in, load(spec)).run
    exchanges = run.exchanges if whole else archive.telling(run)
    if not exchanges:
        raise UsageError("No cause was found, so there is nothing to export. Use --all.")
    with files.replacing(stored_in / archive.NAME) as written:
        archive.write(run, exchanges, written)
    say(f"Wrote {stored_in / archive.NAME}: {amount(len(exchanges), 'exchange')}")
