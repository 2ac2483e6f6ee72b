"""The commands that need no target: information about the contract, and the sandbox."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.command.choosing import with_edition, with_spec
from conformance.command.saying import columns, print_json, say

if TYPE_CHECKING:
    from conformance.model import Contract

TARGET_FILE = "kaicalls-target.yaml"


def load(spec: Path | None, challenges: Path | None = None, edition: str | None = None) -> Contract:
    """The packaged contract, or the one in a directory, with its accepted challenges.

    Those in the file ``challenges`` are added. Without ``edition``, the contract is the published
    one. Raises SpecError or UsageError with all faults.
    """
    from conformance import checks
    from conformance import contract as contracts
    from conformance.model import PUBLISHED

    contract = contracts.load(spec, frozenset(checks.RULES), edition or PUBLISHED)
    return contracts.with_challenges(contract, spec, challenges)


@click.command(name="clauses")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_spec
@with_edition
def clauses_(as_json: bool, spec: Path | None, edition: str) -> None:
    """List the clauses of the contract."""
    from conformance.command import explain

    contract = load(spec, edition=edition)
    if as_json:
        print_json(explain.ledger(contract))
    else:
        say(explain.table(contract, columns()))


@click.command(name="operations")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_spec
def operations_(as_json: bool, spec: Path | None) -> None:
    """List the operations of the contract, for only: and inapplicable: in a target file."""
    from conformance.command import explain

    contract = load(spec)
    if as_json:
        print_json(explain.operations(contract))
    else:
        say(explain.operation_table(contract))


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port on 127.0.0.1; 0 picks a free one.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed for the data and the keys."
)
@click.option("--database", default=":memory:", show_default=True, help="SQLite file.")
@click.option(
    "--target-out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(TARGET_FILE),
    show_default=True,
    help="Target file to write.",
)
@click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File that receives one line of JSON per request.",
)
@with_spec
@with_edition
def serve(
    port: int,
    seed: int,
    database: str,
    target_out: Path,
    log: Path | None,
    spec: Path | None,
    edition: str,
) -> None:
    """Start the reference server, a sandbox for integrators, and print its keys."""
    from conformance.server.serve import serve as serve_

    serve_(
        load(spec, edition=edition),
        port=port,
        seed=seed,
        database=database,
        target_out=target_out,
        log=log,
        out=sys.stdout,
    )
