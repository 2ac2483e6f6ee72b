"""``python -m tests.spent``: what each scenario sends in a full run, and which faults it catches.

``--write`` writes docs/kills-by-scenario.md anew.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

import click

from conformance.log import evidence
from tests import golden
from tests.faults import harness
from tests.faults.faults import FAULTS
from tests.faults.rows import BLAMED, aim_at
from tests.support.contracts import real

PAGE = Path(__file__).parent.parent / "docs" / "kills-by-scenario.md"
HEAD = """\
# Kills by scenario

Written by `python -m tests.spent --write`.
Requests are those of a full run with everything given, by the scenario that sent them.
A fault counts for each scenario whose requests reveal it; *alone* if no other scenario does.
Each fault was tried only with the cases that verify what it breaks, so more scenarios may see it.
"""


def kills(name: str) -> tuple[str, set[str]]:
    """A fault, and the scenarios whose requests show what it breaks."""
    fault = FAULTS[name]
    run = harness.run(real(), fault.make(real()), aim=aim_at(fault), socket=fault.socket)
    own = {*fault.breaks, *fault.also}
    blamed = [cell for cell in run.cells if cell.verdict in BLAMED and cell.clause in own]
    findings = chain.from_iterable(cell.findings for cell in blamed)
    ids = chain.from_iterable(finding.exchanges for finding in findings)
    return name, {run.exchange[each].scenario for each in ids}


def sent() -> Counter[str]:
    """The requests of a full run, by scenario."""
    log = evidence.parse(golden.run("real").splitlines(), "golden")
    return Counter(exchange.scenario for exchange in log.exchanges)


def page(found: Mapping[str, set[str]], requests: Mapping[str, int]) -> str:
    """The table, with what buys least for its requests first."""
    rows = sorted(_rows(found, requests), key=lambda row: (row[3] / max(1, row[1]), -row[1]))
    table = ["| scenario | requests | faults | alone |", "|---|--:|--:|--:|"]
    table += [f"| {' | '.join(str(value) for value in row)} |" for row in rows]
    total = f"| all | {sum(requests.values())} | {len(found)} | |"
    return "\n".join([HEAD, *table, total]) + "\n"


def _rows(
    found: Mapping[str, set[str]], requests: Mapping[str, int]
) -> Iterator[tuple[str, int, int, int]]:
    """Each scenario with its requests, the faults that it shows, and those that it shows alone."""
    for name in sorted({*requests, *chain.from_iterable(found.values())}):
        shows = [fault for fault, scenarios in found.items() if name in scenarios]
        alone = [fault for fault in shows if found[fault] == {name}]
        yield name, requests.get(name, 0), len(shows), len(alone)


@click.command()
@click.option("--write", is_flag=True, help="Rewrite docs/kills-by-scenario.md.")
def main(write: bool) -> None:
    """Say what each scenario sends, and which faults it catches."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as pool:
        found = dict(pool.map(kills, FAULTS, chunksize=2))
    text = page(found, sent())
    click.echo(text)
    if write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
