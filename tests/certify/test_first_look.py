"""The first look at a target follows from the run, as its other requests do."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from conformance.certify.codes import Code
from conformance.certify.requests import problems
from conformance.examine import survey
from conformance.run import runfile
from tests.forging import Line, forged
from tests.support.contracts import real

INVENTED = [{"state": "works", "about": "certification", "seen": "a laboratory checked it"}]
"""What no first look says."""


def codes(run: Path) -> list[Code]:
    """The codes of what does not follow from a stored run."""
    return [each.code for each in problems(runfile.open_run(run, real()))]


def test_the_first_look_of_an_honest_run_follows(quick_run: Path) -> None:
    """Its requests and its results are made again."""
    assert codes(quick_run) == []


def test_a_first_look_cannot_be_dropped(quick_run: Path, tmp_path: Path) -> None:
    """Neither its requests nor its results are there, and the numbers have no gap."""
    numbers = count(1)

    def without_look(line: Line) -> Line | None:
        if line.get("case") == survey.CASE.id or "setup" in line:
            return None
        return line | {"exchange": str(next(numbers))} if "exchange" in line else line

    run = forged(quick_run, tmp_path / "run", without_look, lambda said: said.update(setup=[]))
    assert codes(run) == [Code.REQUEST_MISMATCH]


def test_the_results_of_a_first_look_cannot_be_invented(quick_run: Path, tmp_path: Path) -> None:
    """They are compared with those that its responses give."""

    def seen_otherwise(line: Line) -> Line:
        return line | {"setup": INVENTED} if "setup" in line else line

    run = forged(
        quick_run, tmp_path / "run", seen_otherwise, lambda said: said.update(setup=INVENTED)
    )
    assert codes(run) == [Code.CASE_MISMATCH]
