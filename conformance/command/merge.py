"""``merge``: combines the shards of a run, from several machines, into one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.command.choosing import with_details, with_output, with_spec
from conformance.command.commands import load
from conformance.command.concluding import conclude, new_run, terminal
from conformance.command.replay import RUN
from conformance.command.saying import say

if TYPE_CHECKING:
    from conformance.run.merging import FittingShards


@click.command()
@click.argument("parts", metavar="DIR...", type=RUN, nargs=-1, required=True)
@with_spec
@with_details
@with_output
def merge(parts: tuple[Path, ...], spec: Path | None, details: bool, output: Path) -> int:
    """Combine the shards that `run --shard` stored into one run, as if it had never been split.

    A shard that is missing, incomplete, duplicated or from another run is reported, and the run
    counts as incomplete: the exit code is 3, or 1 if a MUST is broken. The cells of a missing shard
    are untested. A duplicate is used once, and a shard of another run is not used.
    """
    from conformance.run import merging, runfile

    contract = load(spec)
    fitting = merging.fit_together([merging.piece(part, contract) for part in parts])
    for problem in fitting.problems:
        say(f"Note: {problem}", err=True)
    directory = new_run(output, lambda path: _begin(fitting, path))
    selected = fitting.chosen
    run = runfile.replay(directory, contract).run
    return conclude(run, selected, directory, terminal(), details)


def _begin(fitting: FittingShards, directory: Path) -> None:
    """Store the merged run with everything that the shards sent."""
    from conformance.base import files
    from conformance.log.evidence import Recorder
    from conformance.run import merging, runfile

    runfile.begin(fitting.run, fitting.chosen, directory)
    with files.open_to_append(directory / runfile.LOG) as stream:
        merging.write(fitting, Recorder(stream, fitting.run.target.disk))
    runfile.write(fitting.run, fitting.chosen, directory)
