"""What a job found, read from the files that the command left, and only from those of this job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.base import stored
from conformance.base.errors import Exit, UsageError
from conformance.ci.inputs import Inputs
from conformance.report.overall import Overall, of_exit

NIGHT = "nightly.out.json"
"""What ``nightly`` leaves for programs."""
NOTICE = "nightly.md"
"""What ``nightly`` leaves for people."""
PAGE = "report.html"
SUMMARY = "summary.md"


@dataclass(frozen=True)
class Results:
    """The results of a job. Paths are empty if there is no new run.

    ``headline`` says how much was judged.
    ``summary`` is a Markdown file.
    """

    exit_code: int
    verdict: str = Overall.UNJUDGED
    headline: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    causes: int = 0
    run: str = ""
    report: str = ""
    summary: str = ""

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the step: one line each.

        ``history`` is ``same`` if the command was refused before it began a run.
        """
        return {
            "verdict": self.verdict,
            "headline": self.headline,
            "exit-code": str(self.exit_code),
            "counts": json.dumps(self.counts),
            "causes": str(self.causes),
            "run": self.run,
            "report": self.report,
            "summary": self.summary,
            "history": "same" if self.exit_code == Exit.USAGE and not self.run else "changed",
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
    found = Results(exit_code)
    if run != before and run.is_dir():
        found = _of_run(run, exit_code)
    night = inputs.reports / NIGHT
    if inputs.command == "nightly" and night.is_file():
        found = _of_night(found, night, inputs.reports / NOTICE)
    return found


def _of_run(run: Path, exit_code: int) -> Results:
    """What a run found. If it was not judged, only its directory is known."""
    try:
        judged = _loaded(run / "run.json")
        headline, _, _ = stored.text_of(run / SUMMARY).partition("\n")
        counts, causes = judged["counts"], judged["causes"]
    except (OSError, ValueError, LookupError, UsageError):  # it was killed, or the disk is full
        return Results(exit_code, run=str(run))
    return Results(
        exit_code,
        verdict=of_exit(exit_code),
        headline=headline.removeprefix("# "),
        counts=counts,
        causes=len(causes),
        run=str(run),
        report=_existing(run / PAGE),
        summary=_existing(run / SUMMARY),
    )


def _of_night(found: Results, night: Path, notice: Path) -> Results:
    """The results of a run, with what the night says about them."""
    try:
        verdict = _loaded(night)["verdict"]
    except (OSError, ValueError, LookupError, UsageError):
        return found
    return replace(found, verdict=verdict, summary=_existing(notice))


def _loaded(path: Path) -> dict[str, Any]:
    """The object in a file of ours. Raises OSError, ValueError or UsageError if there is none."""
    loaded: dict[str, Any] = json.loads(stored.text_of(path))
    return loaded


def _existing(path: Path) -> str:
    return str(path) if path.is_file() else ""
