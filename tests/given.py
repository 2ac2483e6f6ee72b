"""``python -m tests.given``: which faults the suite catches, by what a target file gives.

Every fault is tried with everything, with the keys that a vendor usually has, and with one key that
only reads. ``--write`` writes docs/kills-by-keys.md anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click

from conformance.model import Run, key_role
from conformance.server import Application, declaration
from tests.faults import harness
from tests.faults.base import Fault
from tests.faults.faults import FAULTS
from tests.faults.rows import BLAMED, aim_at
from tests.subjects import SUBJECTS
from tests.support.contracts import real

PAGE = Path(__file__).parent.parent / "docs" / "kills-by-keys.md"
USUAL_KEYS = ("full", "read_only", "other")
"""The keys that a vendor usually has."""
EXTRAS = ("scoped_keys", "triggers", "clock", "addresses")
"""Members of a target file that few vendors can fill in."""

SETS = {
    "everything": "every key, triggers, a clock and addresses",
    "usual": "a full key, a read-only one and one of another business; every effect is allowed",
    "reader": "one key that only reads; nothing but reading is allowed",
}
"""What a target file gives, by name."""


@dataclass(frozen=True)
class Kill:
    """What came of a fault with one set: whether it could be seen at all, and whether it was."""

    fault: str
    given: str
    detectable: bool
    caught: bool


def changes(app: Application, given: str) -> dict[str, Any]:
    """What a set takes out of the target file of the embedded server."""
    if given == "everything":
        return {}
    keys = declaration(app, "http://127.0.0.1")["keys"]
    fewer = dict.fromkeys(EXTRAS)
    if given == "usual":
        return {**fewer, "keys": {role: keys[role] for role in USUAL_KEYS}}
    read_only = {"full": keys["read_only"]}
    unknown = dict.fromkeys(("businesses", "phone_numbers", "inputs"))
    return {**fewer, **unknown, "keys": read_only, "allow": ["read"]}


def kills(name: str) -> list[Kill]:
    """Try a fault with each set."""
    fault = FAULTS[name]
    runs = {given: _run(fault, given) for given in SETS}
    telling = _telling(runs["everything"])
    found = []
    for given, run in runs.items():
        caught = bool(_telling(run))
        found.append(Kill(name, given, caught or _can_tell(run, telling), caught))
    return found


def _run(fault: Fault, given: str) -> Run:
    """Run the cases that should find a fault, with what a set gives."""
    app = fault.make(real())
    return harness.run(real(), app, aim=aim_at(fault), changes=changes(app, given))


def _telling(run: Run) -> set[tuple[str, str | None]]:
    """The case and the key of each exchange that shows a finding."""
    blamed = [cell for cell in run.cells if cell.verdict in BLAMED]
    findings = [finding for cell in blamed for finding in cell.findings]
    shown = [run.exchange[name] for finding in findings for name in finding.exchanges]
    return {(exchange.case, exchange.identity) for exchange in shown}


def _can_tell(run: Run, telling: Iterable[tuple[str, str | None]]) -> bool:
    """Whether a run may send one of some telling requests: it has their case and their key."""
    runnable = {case.id for case in run.cases if case.gap is None}
    for case, identity in telling:
        given = key_role(identity or "") is None or identity in run.target.keys
        if case in runnable and given:
            return True
    return False


# --- the page -------------------------------------------------------------------------------------

HEAD = """\
# Kills by what is given

Written by `python -m tests.given --write`.
Each cell says how many faults of the subject were caught, and how many a run could see at all.
A run can see a fault if it can send one of the requests that reveal the fault when everything
is given.
"""


def page(found: Sequence[Kill]) -> str:
    """The table of all sets, and the faults that could be seen and were not."""
    lines = [HEAD, *(f"- **{name}**: {what}" for name, what in SETS.items()), ""]
    lines += [f"| subject | faults | {' | '.join(SETS)} |", "|---|---|" + "---|" * len(SETS)]
    for subject in SUBJECTS:
        names = {name for name, fault in FAULTS.items() if fault.subject == subject}
        lines.append(_row(subject, names, found))
    lines += [_row("all", set(FAULTS), found), "", "## Seen by no run", ""]
    missed = [kill for kill in found if kill.detectable and not kill.caught]
    lines += [f"- `{kill.fault}` with {kill.given}" for kill in missed] or ["None."]
    return "\n".join(lines) + "\n"


def _row(title: str, names: set[str], found: Iterable[Kill]) -> str:
    """A row of the table: kills of some faults by set."""
    cells = []
    for given in SETS:
        kills = [kill for kill in found if kill.given == given and kill.fault in names]
        caught = sum(kill.caught for kill in kills)
        cells.append(f"{caught} of {sum(kill.detectable for kill in kills)}")
    return f"| {title} | {len(names)} | {' | '.join(cells)} |"


@click.command()
@click.argument("names", metavar="[FAULT]...", nargs=-1)
@click.option("--write", is_flag=True, help="Rewrite docs/kills-by-keys.md.")
def main(names: tuple[str, ...], write: bool) -> None:
    """Say which faults are caught with everything, with the usual keys, and with a reading key."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as pool:
        tried = pool.map(kills, names or FAULTS, chunksize=2)
        found = [kill for each in tried for kill in each]
    text = page(found)
    click.echo(text)
    if write and not names:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
