"""``python -m tests.vendors VENDOR [off | on | each | NAME ...]`` judges one of the two servers.

It prints which wrongs are not seen, and what no wrong explains.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.vendors.judging import habits, judge, wrong_list
from tests.vendors.rows import Wrong


def measured(vendor: str, rows: Iterable[Wrong], *options: str) -> None:
    """Judge a server with some rows, and print what is unseen and unexplained."""
    chosen = list(rows)
    with tempfile.TemporaryDirectory() as directory:
        judged = judge(vendor, Path(directory), [row.name for row in chosen], *options)
    found = judged.found()
    seconds, requests = judged.outcome.seconds, judged.run["counts"]
    print(vendor, [row.name for row in chosen][:3], f"exit {judged.outcome.code}", end=" ")
    print(f"{seconds:.0f} s", requests, flush=True)
    for row in chosen:
        if unseen := row.unseen(found):
            print("  UNSEEN", row.name, unseen, [c for c in found if c[1] in row.at])
    for cell in judged.unexplained(chosen):
        print_alarm(cell)


def print_alarm(cell: Mapping[str, Any]) -> None:
    """Print a cell that no row explains, with the first two of its findings or reasons."""
    print("  ALARM", cell["verdict"], cell["clause"], cell["operation"])
    for finding in (cell.get("findings") or cell.get("reasons") or [])[:2]:
        print("     ", str(finding)[:400])


def main(vendor: str, *names: str) -> None:
    """Judge as the arguments say."""
    rows = wrong_list(vendor)
    if names == ("each",):
        measured_each(vendor, rows)
    elif names[:1] == ("from",):
        start = [row.name for row in rows].index(names[1])
        measured_each(vendor, rows[start:])
    elif names == ("on",):
        measured(vendor, rows)
    elif names == ("off",):
        measured(vendor, ())
    else:
        measured(vendor, [row for row in (*rows, *habits(vendor)) if row.name in names])


def measured_each(vendor: str, rows: Iterable[Wrong]) -> None:
    """Judge a server with each of some rows alone, by the clauses that it breaks."""
    for row in rows:
        clauses = [word for clause in row.blames for word in ("--clause", clause)]
        measured(vendor, [row], *clauses)


if __name__ == "__main__":
    main(*sys.argv[1:])
