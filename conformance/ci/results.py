"""What a job found, read from the files that the command left, and only from those of this job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.base import stored
from conformance.base.errors import Exit, UsageError
from conformance.ci.inputs import Inputs

NIGHT = "nightly.out.json"
"""What ``nightly`` leaves for programs."""
NOTICE = "nightly.md"
"""What ``nightly`` leaves for people."""
PAGE = "report.html"
SUMMARY = "summary.md"


@dataclass(frozen=True)
class Results:
    """The results of a job. Paths are empty if there is no new run.

    ``verdict`` is "conforms", "broken" or "not judged", and ``headline`` says how much was judged.
    ``summary`` is a Markdown file.
    """

    exit_code: int
    verdict: str = "not judged"
    headline: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    causes: int = 0
    run: str = ""
    report: str = ""
    summary: str = ""

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the step: one line each."""
        return {
            "verdict": self.verdict,
            "headline": self.headline,
            "exit-code": str(self.exit_code),
            "counts": json.dumps(self.counts),
            "causes": str(self.causes),
            "run": self.run,
            "report": self.report,
            "summary": self.summary,
        }


def latest(reports: Path) -> Path:
    """The newest run in the directory of reports, which may not exist."""
    return (reports / "latest").resolve()


def forget(inputs: Inputs) -> None:
    """Remove what an earlier night left, so that it cannot pass for the result of this one."""
    if inputs.command == "nightly":
        (inputs.reports / NIGHT).unlink(missing_ok=True)
        (inputs.reports / NOTICE).unlink(missing_ok=True)


def collect(inputs: Inputs, before: Path, exit_code: int) -> Results:
    """What the command left, if anything. ``before`` was the newest run when it began."""
    run = latest(inputs.reports)
    if run == before or not run.is_dir():
        return Results(exit_code)
    try:
        found = _judged(run)
        night = _night(inputs)
    except (OSError, ValueError, UsageError):  # it was killed, or the disk is full
        return Results(exit_code, run=str(run))
    notice = inputs.reports / NOTICE
    summary = notice if night and notice.is_file() else run / SUMMARY
    return Results(
        exit_code,
        verdict=night.get("verdict") or _verdict(exit_code),
        headline=_headline(run),
        counts=found["counts"],
        causes=len(found["causes"]),
        run=str(run),
        report=_existing(run / PAGE),
        summary=_existing(summary),
    )


def _judged(run: Path) -> dict[str, Any]:
    """The content of run.json once the run has ended. Raises ValueError if it has not."""
    found: dict[str, Any] = json.loads(stored.text_of(run / "run.json"))
    if not found.get("counts"):
        raise ValueError("the run was not judged")
    return found


def _night(inputs: Inputs) -> dict[str, Any]:
    """The results of ``nightly``; empty for ``run``."""
    path = inputs.reports / NIGHT
    if inputs.command != "nightly" or not path.is_file():
        return {}
    night: dict[str, Any] = json.loads(stored.text_of(path))
    return night


def _verdict(exit_code: int) -> str:
    return {Exit.CONFORMS: "conforms", Exit.VIOLATED: "broken"}.get(Exit(exit_code), "not judged")


def _headline(run: Path) -> str:
    """The first line of the summary, without its mark."""
    first, _, _ = stored.text_of(run / SUMMARY).partition("\n")
    return first.removeprefix("# ")


def _existing(path: Path) -> str:
    return str(path) if path.is_file() else ""
