"""Collected results of a fleet that does not exist, of any size, for tests and benchmarks.

``python -m tests.fleet_example DIR COUNT`` writes them with their site.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from conformance import fleet_site
from conformance.fleet_site.entries import LETTERS
from tests.support.contracts import real

PLACES = ("Aachen", "Bergen", "Cork", "Delft", "Evora", "Faro", "Ghent", "Hull", "Izmir", "Jena")
KINDS = ("Clinic", "Dealer", "Hotel", "Law office", "Realtor", "Studio")
TITLES = ("Paging loses items", "A revoked key still works", "A rejected write leaves an object")
TODAY, NIGHTS = 29, 30
BY_ALL, BY_ONE = "envelope-message-human", "paging-cursor-position"
"""The clause that every target breaks, and the one that only one breaks."""
CONFORMING = 0.6
"""The share of targets that break nothing else."""


def write(directory: Path, count: int, quiet: bool = False) -> None:
    """Write the collected results of some targets. A ``quiet`` night changes nothing."""
    clauses = [
        {"id": each.id, "title": each.text, "level": each.level, "area": each.area}
        for each in real().clauses.values()
    ]
    problems = []
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "index.jsonl").open("w", encoding="utf-8") as index:
        for number in range(count):
            line, cells = target(number, [str(each["id"]) for each in clauses], quiet)
            index.write(json.dumps(line) + "\n")
            _write_target(directory / "targets" / line["id"], line, cells)
            if line["words"]:
                kind = "missing" if line["state"] == "never judged" else "hanging"
                problems.append({"target": line["id"], "kind": kind, "words": line["words"]})
    facts = {
        "format": 1,
        "date": f"2026-11-{TODAY}T04:00:00+00:00",
        "suite": "0.1.0",
        "contract": {"name": real().title, "version": real().version, "digest": real().digest},
        "clauses": clauses,
        "missing": [each["target"] for each in problems if each["kind"] == "missing"],
        "problems": problems,
    }
    (directory / "fleet.json").write_text(json.dumps(facts), encoding="utf-8")


def target(number: int, clauses: list[str], quiet: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """The line of a target, and the place in its report of each cell. A number gives the same."""
    random = Random(number)
    name = f"{random.choice(KINDS)} {random.choice(PLACES)} {number + 1}"
    grid = _grid(random, number, clauses)
    broken = [clause for clause, letter in zip(clauses, grid, strict=True) if letter in "FWV"]
    causes = [{"id": f"cause-{random.randrange(16**8):08x}", "title": each} for each in TITLES]
    state, words = _state(random, number)
    fresh = state == "judged" and not quiet
    line: dict[str, Any] = {
        "id": name.lower().replace(" ", "-"),
        "name": name,
        "state": state,
        "words": words,
        "judged_on": f"2026-11-{TODAY if state == 'judged' else TODAY - 2}T02:10:00+00:00",
        "origin": random.choices(("fleet", "self-declared", "certified"), (90, 7, 3))[0],
        "certificate": None,
        "verdict": "broken" if "F" in grid else "conforms",
        "counts": {LETTERS[letter]: count for letter, count in Counter(grid).items()},
        "grid": grid,
        "causes": len(broken),
        "top": [],
        "new": random.choices(causes) if fresh and number % 40 == 3 else [],
        "fixed": random.choices(causes) if fresh and number % 50 == 5 else [],
        "untested": ["paging-filter-kept"] if fresh and number % 90 == 7 else [],
        "trend": _trend(random, len(broken)),
        "report": None,
    }
    if line["origin"] == "certified":
        line["certificate"] = {
            "product": name,
            "version": "4.2",
            "until": "2027-05-20",
            "signers": ["certifier@example.org"],
        }
    if state == "never judged":
        nothing: dict[str, Any] = {
            "judged_on": None,
            "verdict": "not judged",
            "grid": "",
            "causes": 0,
            "trend": [],
        }
        return {**line, **nothing}, {}
    line["report"] = f"targets/{line['id']}/report.html"
    places = {clause: f"report.html#cause-{clause}" for clause in broken}
    return line, {clause: f"report.html#clause-{clause}" for clause in clauses} | places


def _grid(random: Random, number: int, clauses: list[str]) -> str:
    """The letters of a target: most pass, and some clauses are broken more often than others."""
    conforms = random.random() < CONFORMING
    share = 0 if conforms else random.paretovariate(1.5) / 15
    letters = []
    for place, clause in enumerate(clauses):
        hard = place % 7 in (1, 2)
        if clause == BY_ALL:
            letters.append("W")
        elif clause == BY_ONE:
            letters.append("F" if number == 0 else "P")
        elif place % 11 == 10:
            letters.append("U" if random.random() < 0.8 else "P")
        elif hard and random.random() < share * 2:
            letters.append(random.choices("FWV", (8, 2, 1))[0])
        else:
            letters.append("I" if place % 23 == 22 else "P")
    return "".join(letters)


def _state(random: Random, number: int) -> tuple[str, str]:
    """Whether a target was judged, and why not."""
    if number % 100 == 8:
        return "kept", "It did not end within 900 s, and was stopped."
    if number % 700 == 9:
        return "never judged", "No shard brought a result."
    return "judged", ""


def _trend(random: Random, causes: int) -> list[dict[str, Any]]:
    """The causes of the last nights, ending with those of today."""
    nights = []
    for day in range(NIGHTS):
        judged = random.random() > 0.03 or day == NIGHTS - 1
        near = max(0, causes + (0 if day > 20 else random.randint(-1, 2) if causes else 0))
        date = f"2026-{10 if day == 0 else 11}-{day or 31:02}"
        nights.append({"date": date, "causes": near if judged else None, "judged": judged})
    return nights


def _write_target(directory: Path, line: Mapping[str, Any], cells: Mapping[str, str]) -> None:
    """The files of a target: a report that has only the places that links lead to."""
    directory.mkdir(parents=True)
    data = json.dumps({**line, "cells": cells})
    (directory / "target.json").write_text(data, encoding="utf-8")
    if line["report"]:
        places = [href.partition("#")[2] for href in cells.values()]
        places += [each["id"] for each in line["new"]]
        places += [f"clause-{clause}" for clause in cells]
        text = "".join(f'<p id="{place}">{place}</p>' for place in dict.fromkeys(places))
        (directory / "report.html").write_text(text, encoding="utf-8")
        (directory / "badge.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")


def main() -> int:
    """Write a fleet and its site. Returns 0."""
    directory, count = Path(sys.argv[1]), int(sys.argv[2])
    write(directory, count, quiet="quiet" in sys.argv)
    fleet_site.build(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
