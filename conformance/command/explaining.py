"""``explain``: what a clause requires, or what a cause of a run means and how to fix it."""

from __future__ import annotations

import re
from pathlib import Path

import click

from conformance.command.choosing import with_edition, with_spec
from conformance.command.commands import load
from conformance.command.replay import LATEST, RUN
from conformance.command.saying import columns, say

CAUSE = re.compile(r"[0-9]+|cause-[0-9a-f]+")
"""The number or the id of a cause."""


@click.command(name="explain")
@click.argument("what", metavar="CLAUSE|CAUSE")
@click.option(
    "--of", "found_in", type=RUN, default=LATEST, show_default=True, help="The run of a cause."
)
@click.option("--faults", is_flag=True, help="List the faults that prove how it is verified.")
@with_spec
@with_edition
def explain_(what: str, found_in: Path, faults: bool, spec: Path | None, edition: str) -> None:
    """Explain what a clause requires and how it is verified, or a cause of a run.

    CAUSE is its number or id in the report.
    """
    from conformance.command import explain

    contract = load(spec, edition=edition)
    if not CAUSE.fullmatch(what):
        say(explain.clause(contract, what, columns(), explain.kills(spec), list_faults=faults))
        return
    from conformance.command import explain_cause
    from conformance.command.concluding import placed
    from conformance.run import runfile

    run = placed(runfile.replay(found_in, contract).run, found_in)
    say(explain_cause.text(run, what, columns()))
