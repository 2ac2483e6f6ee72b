"""The commands that look at no target: texts about the contract, a target file to fill in, the sandbox, the self-test.

What a command needs is imported inside it, as in ``cli``.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.errors import UsageError

if TYPE_CHECKING:
    from conformance.model import Contract

TARGET_FILE = "kaicalls-target.yaml"


def with_spec(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option for another contract."""
    return click.option(
        "--spec",
        type=click.Path(path_type=Path, file_okay=False),
        help="Directory of another contract.",
    )(command)


def load(spec: Path | None) -> Contract:
    """The packaged contract, or another one."""
    from conformance import checks
    from conformance import contract as contracts

    return contracts.load(spec, frozenset(checks.RULES))


@click.command(name="explain")
@click.argument("clause")
@with_spec
def explain_(clause: str, spec: Path | None) -> None:
    """Say what a clause demands, where it comes from and how it is verified."""
    from conformance import explain

    click.echo(explain.clause(load(spec), clause, explain.kills(spec)))


@click.command(name="clauses")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@with_spec
def clauses_(as_json: bool, spec: Path | None) -> None:
    """List the clauses of the contract."""
    from conformance import explain

    contract = load(spec)
    click.echo(
        json.dumps(explain.ledger(contract), indent=1) if as_json else explain.table(contract)
    )


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), default=Path(TARGET_FILE))
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@with_spec
def init(path: Path, force: bool, spec: Path | None) -> None:
    """Write a commented target file, to be filled in."""
    from conformance import initfile

    if path.exists() and not force:
        raise UsageError(f"{path} is there already; give another name, or --force")
    path.write_text(initfile.text(load(spec)), encoding="utf-8")
    click.echo(f"Wrote {path}. Fill it in, then: kaicalls-conformance run --target {path}")


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of the data and the keys."
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
    help="File for a JSON line per request.",
)
@with_spec
def serve(
    port: int, seed: int, database: str, target_out: Path, log: Path | None, spec: Path | None
) -> None:
    """Start the reference server, a sandbox for integrators; it prints its keys."""
    from conformance.server.serve import serve as serve_

    serve_(
        load(spec),
        port=port,
        seed=seed,
        database=database,
        target_out=target_out,
        log=log,
        out=sys.stdout,
    )


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--complete",
    is_flag=True,
    help="The full suite against every fault and variant, and 20 seeds on the clean server.",
)
@click.option(
    "--write",
    is_flag=True,
    help="Write the kill matrix anew, to conformance/kills.json and docs/kill-matrix.md.",
)
def selftest(names: tuple[str, ...], complete: bool, write: bool) -> int:
    """Try the suite against faulty servers, which it must catch, and odd but right ones, which it must not accuse.

    All of them, or those that are named as in docs/kill-matrix.md.
    """
    root = Path(__file__).parent.parent
    if not (root / "tests" / "faults" / "matrix.py").is_file():
        raise UsageError(
            "selftest needs a checkout of the project: it reads the faulty servers in tests/, which no wheel holds"
        )
    sys.path.insert(0, str(root))
    matrix = importlib.import_module("tests.faults.matrix")
    unknown = [name for name in names if name not in {*matrix.FAULTS, *matrix.VARIANTS}]
    if unknown:
        raise UsageError(
            f"No fault and no variant is called {', '.join(unknown)}; docs/kill-matrix.md lists the faults"
        )
    if names and write:
        raise UsageError("--write writes the whole matrix: give it no names")
    return int(matrix.main(complete, click.echo, write, names))
