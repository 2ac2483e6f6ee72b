"""``python -m benchmarks``: what the suite costs its users, as ratios within one run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from benchmarks import NAMES, table
from benchmarks.measure import TRIES


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, type=click.Choice(NAMES))
@click.option("--tries", type=click.IntRange(min=1), default=TRIES, show_default=True)
@click.option("--json", "file", type=Path, help="Write the figures to this file, too.")
@click.option("--write", is_flag=True, help="Put the figures into docs/benchmarks.md.")
def main(names: tuple[str, ...], tries: int, file: Path | None, write: bool) -> None:
    """Measure what the suite costs: by all benchmarks, or by the NAMEs given.

    A figure is the median of the tries. Only ratios mean anything; docs/benchmarks.md explains
    them.
    """
    figures = {}
    for name in names or NAMES:
        figures[name] = table.measured(name, tries)
        click.echo(table.text({name: figures[name]}) + "\n")
    if file:
        file.write_text(table.data(figures), encoding="utf-8")
    if write:
        table.store(figures, NAMES)
        subprocess.run([sys.executable, "-m", "tests.generated"], check=True)


if __name__ == "__main__":
    main()
