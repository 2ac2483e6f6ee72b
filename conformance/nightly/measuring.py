"""The metrics of a night, for ``nightly --metrics``. Needs the extra ``metrics``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from conformance.base.errors import StorageError, reason
from conformance.drift.change import Drift
from conformance.model import Run
from conformance.nightly.outcome import Outcome
from conformance.nightly.state import Good, State
from conformance.report import openmetrics
from conformance.report.openmetrics import Standing
from conformance.run import history_file


def write(
    path: Path,
    directory: Path,
    name: str,
    after: State,
    found: Outcome,
    run: Run | None,
    drift: Drift | None,
) -> None:
    """Write the metrics of a night into a file, completely or not at all. Raises StorageError.

    ``directory`` is that of the reports, ``name`` that of the target, and ``after`` the state after
    the night.
    """
    standing = Standing(
        target=name,
        verdict=found.verdict,
        exit_code=int(found.exit_code),
        finished=run.finished if run else after.ended,
        last_good=_finished(directory, after.good),
        new=len(found.new) if run and run.judged else None,
        drift=Counter(change.breaks for change in drift.changes) if drift else None,
    )
    try:
        openmetrics.write(standing, run, path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {reason(error)}") from None


def _finished(directory: Path, good: Good | None) -> str:
    """When the last good night ended; empty if there is none in the history."""
    if good is None:
        return ""
    ended = {past.run: past.finished for past in history_file.read(directory)}
    return ended.get(good.run, "")
