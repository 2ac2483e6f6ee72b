"""``python -m tests.hostile``: the command against every hostile mode.

Exit codes: 0 all is well, 1 a run was wrong, 2 wrong usage.
"""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import click

from tests.hostile.modes import MODES
from tests.hostile.page import keep
from tests.hostile.trial import Result, tried


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--write", is_flag=True, help="Store what came, and write docs/hostile-modes.md.")
@click.option("--keep", "kept", type=Path, help="Keep the files of the runs in this directory.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Modes to try at the same time: one for each processor, or the seconds mean little.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Cases of a run that overlap.")
def main(
    names: tuple[str, ...], write: bool, kept: Path | None, jobs: int, workers: int | None
) -> None:
    """Try the suite on hostile and broken servers: all of them, or the NAMEs given.

    Each run is bounded in time, memory and files. All of them take about half an hour.
    """
    unknown = [name for name in names if name not in MODES]
    if unknown:
        click.echo(f"No mode is called {', '.join(unknown)}; see docs/hostile-modes.md", err=True)
        sys.exit(2)
    wrong = False
    with ThreadPoolExecutor(jobs) as pool:
        for result in pool.map(partial(_one, kept=kept, workers=workers), names or MODES):
            click.echo(_line(result))
            wrong |= bool(result.wrongs)
            if write:
                keep({result.name: result}, MODES)
    sys.exit(int(wrong))


def _one(name: str, kept: Path | None, workers: int | None) -> Result:
    """Try a mode in a process of its own, for the command is charged for what its parent holds."""
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        if kept is not None:
            directory = kept / name
            directory.mkdir(parents=True)
            return pool.submit(_tried, name, directory, workers).result()
        with tempfile.TemporaryDirectory(prefix="hostile-") as made:
            return pool.submit(_tried, name, Path(made), workers).result()


def _tried(name: str, directory: Path, workers: int | None) -> Result:
    options = () if workers is None else ("--workers", f"{workers}")
    return tried(MODES[name], directory, options)


def _line(result: Result) -> str:
    figures = f"{result.requests} requests, {result.seconds:.0f} s, {result.memory:.0f} MiB"
    wrongs = "".join(f"\n    {wrong}" for wrong in result.wrongs)
    word = "WRONG" if result.wrongs else "right"
    return f"{word} {result.name}: exit {result.code}, {figures}, {result.disk:.0f} MiB{wrongs}"


if __name__ == "__main__":
    main()
