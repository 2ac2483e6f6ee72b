"""The step that runs the command, and what the job learns from it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from conformance.base.errors import UsageError
from conformance.ci import inputs, results
from conformance.ci.cutting import cut
from conformance.ci.results import Results
from conformance.command import cli
from conformance.command.saying import say

SUMMARY = 900_000
"""Most bytes that are added to the page of a job. GitHub shows nothing of more than 1 MiB."""


def run(environment: Mapping[str, str]) -> int:
    """Run the command, and leave its results as outputs, summary and files. Returns its code."""
    try:
        asked = inputs.read(environment)
        results.forget(asked)
        before = results.latest(asked.reports)
        code = cli.outcome(asked.arguments)
        found = results.collect(asked, before, code)
        if asked.published and found.run:
            shutil.copytree(found.run, asked.published)
    except UsageError as error:
        say(str(error), err=True)
        found = Results(exit_code=error.exit_code)
    _write_outputs(found, environment.get("GITHUB_OUTPUT"))
    _summarize(found, environment.get("GITHUB_STEP_SUMMARY"))
    return found.exit_code


def _write_outputs(found: Results, file: str | None) -> None:
    """Add the outputs to the file that the runner reads.

    Each value stands between lines that nobody can foresee, so that no text becomes an output.
    """
    if not file:
        return
    mark = secrets.token_hex(16)
    lines = [f"{name}<<{mark}\n{value}\n{mark}\n" for name, value in found.outputs.items()]
    with Path(file).open("a", encoding="utf-8") as stream:
        stream.writelines(lines)


def _summarize(found: Results, page: str | None) -> None:
    """Add to the page of the job what the command itself did not add."""
    if not page:
        return
    if not found.summary:
        text = f"Could not be judged (exit code {found.exit_code}). The log of the job says why.\n"
    elif Path(found.summary).name == results.NOTICE:
        text = cut(Path(found.summary).read_text(encoding="utf-8"), SUMMARY)
    else:
        return  # `run` has added its summary
    with Path(page).open("a", encoding="utf-8") as stream:
        stream.write(text)
