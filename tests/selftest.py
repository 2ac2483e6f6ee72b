"""``python -m tests.selftest``: the suite against servers that it must catch or must not accuse.

Exit codes: 0 all is well, 1 a fault survived or a legal server was accused, 2 wrong usage.
"""

from __future__ import annotations

import re
import sys
from typing import NoReturn

import click

from tests.faults import matrix
from tests.faults.faults import FAULTS
from tests.variants import VARIANTS


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
    help="Add what was found to the kill matrix, as data and as a page. "
    "With --complete, replace the rows that ran.",
)
@click.option(
    "--reuse",
    is_flag=True,
    help="Only faults, with the objects of an earlier run on a server without the fault.",
)
@click.option(
    "--part",
    metavar="K/N",
    help="One of N parts, such as 2/4: all parts together are all faults and variants.",
)
def selftest(
    names: tuple[str, ...], complete: bool, write: bool, reuse: bool, part: str | None
) -> None:
    """Try the suite against faulty servers, and against odd servers that keep the contract.

    It must catch the first and accuse none of the second. Takes all of them, or the NAMEs given, as
    in docs/kill-matrix.md.
    """
    known = [*FAULTS, *VARIANTS]
    unknown = [name for name in names if name not in known]
    if unknown:
        _refuse(
            f"No fault and no variant is called {', '.join(unknown)}; "
            "docs/kill-matrix.md lists the faults"
        )
    if write and reuse:
        _refuse("The kill matrix is that of runs without --reuse.")
    if part and names:
        _refuse("Name servers, or choose a --part of all of them.")
    if part:
        names = _part(part, known)
    sys.exit(matrix.main(complete, click.echo, write, names, reuse))


def _part(text: str, known: list[str]) -> tuple[str, ...]:
    """Every Nth of the known names, from the Kth on, for the text ``K/N``."""
    match = re.fullmatch(r"([1-9][0-9]?)/([1-9][0-9]?)", text)
    number, of = (int(match[1]), int(match[2])) if match else (1, 0)
    if number > of:
        _refuse(f"--part {text}: write the part and the number of parts, such as 2/4")
    return tuple(known[number - 1 :: of])


def _refuse(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(2)


if __name__ == "__main__":
    selftest()
