"""Finished runs of the command, and what must hold for each."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests import servers
from tests.servers import FILES, Command, Outcome, command, lines_of, no_traceback, run_of, stored

NAMING = ("report.html", "summary.md")
"""The files that name the directory of their run, for `rerun`."""
SKIPPED = ("untested", "waived", "excluded", "inapplicable")
"""The verdicts that JUnit calls skipped."""


@dataclass(frozen=True)
class Ran:
    """A finished run: what the process did, and the directory that it wrote."""

    outcome: Outcome
    run: Path


def together(directories: Mapping[str, Path], *arguments: tuple[object, ...]) -> list[Ran]:
    """Runs of the command at the same time, one in each directory."""
    pairs = list(zip(arguments, directories.values(), strict=True))
    begun = [Command(*words, cwd=directory) for words, directory in pairs]
    return [
        Ran(process.end(), run_of(directory))
        for process, directory in zip(begun, directories.values(), strict=True)
    ]


def counts_agree(ran: Ran) -> None:
    """The console, run.json, CTRF and JUnit have the same counts."""
    run = stored(ran.run)
    counts = {name: number for name, number in run["counts"].items() if number}
    cells = sum(counts.values())
    assert _printed(ran.outcome) == {
        **counts,
        "cells": len(run["cells"]),
        "clauses": len({cell["clause"] for cell in run["cells"]}),
        "requests": len(lines_of(ran.run)),
    }
    assert cells == len(run["cells"])
    _ctrf_agrees(ran.run, counts, cells)
    _junit_agrees(ran.run, counts, cells)


def _printed(outcome: Outcome) -> dict[str, int]:
    """The numbers in the line with the counts, by noun."""
    pairs = re.findall(r"([0-9][0-9,]*) ([a-z]+)", outcome.counts)
    return {noun: int(number.replace(",", "")) for number, noun in pairs}


def _ctrf_agrees(run: Path, counts: Mapping[str, int], cells: int) -> None:
    tests = json.loads((run / "results.ctrf.json").read_text())["results"]["tests"]
    assert Counter(test["rawStatus"] for test in tests) == counts
    assert len({(test["suite"][0], test["name"]) for test in tests}) == cells


def verdict_of(case: ElementTree.Element) -> str:
    """The verdict of a JUnit test case; one without properties has passed."""
    values = [each.get("value", "") for each in case.findall(".//property[@name='verdict']")]
    return values[0] if values else "passed"


def _junit_agrees(run: Path, counts: Mapping[str, int], cells: int) -> None:
    tree = ElementTree.parse(run / "junit.xml")
    cases = list(tree.iter("testcase"))
    verdicts = [verdict_of(case) for case in cases]
    assert Counter(verdicts) == counts
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == cells
    expected = {
        "tests": cells,
        "failures": counts.get("failed", 0),
        "errors": counts.get("error", 0),
        "skipped": sum(counts.get(name, 0) for name in SKIPPED),
    }
    assert {name: int(tree.getroot().attrib[name]) for name in expected} == expected


def replay_agrees(ran: Ran, directory: Path) -> None:
    """A replay without network has the same cells, last line, exit code, and files of its own."""
    (directory / "site").mkdir()
    without_network = servers.without_network(directory / "site")
    outcome = command("replay", ran.run, cwd=directory, env=without_network)
    assert outcome.code == ran.outcome.code, outcome.said
    no_traceback(outcome)
    again = run_of(directory)
    named = {path.name for path in ran.run.iterdir()}
    assert {path.name for path in again.iterdir()} == named
    assert stored(again) == stored(ran.run)
    for name in FILES - {"run.json"}:  # it was compared just now
        before = (ran.run / name).read_bytes()
        if name in NAMING:
            before = before.replace(ran.run.name.encode(), again.name.encode())
        assert (again / name).read_bytes() == before, name
    assert (outcome.verdict, outcome.counts) == (ran.outcome.verdict, ran.outcome.counts)
