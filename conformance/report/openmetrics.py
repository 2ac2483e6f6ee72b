"""A run as metrics: a file for the textfile collector of Prometheus' node_exporter.

The collector reads the text format of Prometheus, not OpenMetrics. The file is valid in both: it
has only gauges, which look the same in both, and its last line, ``# EOF``, is a comment to
Prometheus. The collector rejects timestamps, so moments are values instead.

Needs the extra ``metrics``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.openmetrics.exposition import generate_latest

from conformance.base import files
from conformance.base.errors import Exit
from conformance.base.text import clean
from conformance.base.values import cut
from conformance.model import Harm, Run, Verdict
from conformance.report.overall import Overall
from conformance.report.times import latencies
from conformance.report.view import epoch_ms

NAME = "conformance.prom"
SOON = (3, 14, 30)
"""Numbers of days: for each, the waivers that expire within it are counted."""
LONGEST = 100
"""Maximum characters of a label that the target file gives."""
READABLE = 0o644
"""The permissions of the file: the collector runs as another user, and nothing in it is secret."""

FAMILIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "conformance_info": (
        "Contract, edition, suite and depth of the last run, as labels; always 1.",
        ("contract", "edition", "suite", "depth"),
    ),
    "conformance_verdict": ("1 for the verdict of the last run, 0 for the others.", ("verdict",)),
    "conformance_exit_code": ("The exit code of the last run.", ()),
    "conformance_finished_timestamp_seconds": ("When the last run ended.", ()),
    "conformance_last_good_timestamp_seconds": ("When the last good run ended.", ()),
    "conformance_duration_seconds": ("How long the last run took.", ()),
    "conformance_causes": ("Causes of failures and warnings that no waiver covers.", ("harm",)),
    "conformance_new_causes": ("Causes that the last good run did not have.", ()),
    "conformance_cells": ("Cells (clauses on operations), by verdict.", ("verdict",)),
    "conformance_judged_ratio": ("The share of cells that were judged, from 0 to 1.", ()),
    "conformance_requests": ("Requests that the last run sent.", ()),
    "conformance_response_seconds": (
        "Time to a complete response, by operation.",
        ("operation", "percentile"),
    ),
    "conformance_waivers_expiring": ("Waivers that expire soon.", ("within",)),
    "conformance_drift_changes": (
        "Differences between the OpenAPI document of the target and the contract.",
        ("breaks",),
    ),
}
"""The help and the labels of each metric, by name. All have the label ``target``, too."""


@dataclass(frozen=True)
class Standing:
    """What is known of a target even if its run could not begin.

    ``target`` is the name of the target, and ``verdict`` the verdict on it. ``finished`` and
    ``last_good`` are the ISO 8601 timestamps at which the last run and the last good run ended;
    ``last_good`` is empty if no run was good. ``new`` is the number of new causes. ``drift`` has
    the number of differences by whether they break clients. Both are None if that was not checked.
    """

    target: str
    verdict: str
    exit_code: int
    finished: str
    last_good: str = ""
    new: int | None = None
    drift: Mapping[bool, int] | None = None


def standing_of(run: Run) -> Standing:
    """What a run and the earlier runs that it remembers say about its target."""
    good = [past.finished for past in run.past if past.exit_code == 0]
    if run.exit_code == 0:
        good.append(run.finished)
    verdict = Overall.CONFORMS
    # with a baseline, the exit code does not show known failures
    if run.counts["failed"] or run.exit_code == Exit.VIOLATED:
        verdict = Overall.BROKEN
    elif run.exit_code == Exit.UNJUDGED:
        verdict = Overall.UNJUDGED
    return Standing(
        target=run.target.name,
        verdict=verdict,
        exit_code=run.exit_code,
        finished=run.finished,
        last_good=good[-1] if good else "",
    )


def write(standing: Standing, run: Run | None, path: Path) -> None:
    """Write the metrics of a run, completely or not at all. Raises OSError.

    Of a run that judged nothing, only the standing and the waivers are written. So alerts notice
    that run, and no other alert is resolved by counts of zero.
    """
    with files.replacing(path) as written:
        written.write_bytes(content(standing, run))
        written.chmod(READABLE)


def content(standing: Standing, run: Run | None) -> bytes:
    """The content of the file: the metrics of a target, and of its run if there was one."""
    metrics = _Metrics(standing.target)
    _add_standing(metrics, standing)
    if run is not None and run.judged:
        _add_run(metrics, run)
    if run is not None:
        _add_waivers(metrics, run)
    text: bytes = generate_latest(metrics.registry)  # type: ignore[no-untyped-call]
    return text


class _Metrics:
    """The metrics of one target. Those without a value are left out."""

    def __init__(self, target: str) -> None:
        self.registry = CollectorRegistry()
        self._target = cut(clean(target), LONGEST)
        self._gauges: dict[str, Gauge] = {}

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set the value of a metric for some labels."""
        text, names = FAMILIES[name]
        if name not in self._gauges:
            self._gauges[name] = Gauge(name, text, ("target", *names), registry=self.registry)
        self._gauges[name].labels(target=self._target, **labels).set(value)


def _add_standing(metrics: _Metrics, standing: Standing) -> None:
    """Set the metrics that need no run. Those of unknown values are left out."""
    for verdict in Overall:
        metrics.set("conformance_verdict", verdict == standing.verdict, verdict=verdict)
    metrics.set("conformance_exit_code", standing.exit_code)
    metrics.set("conformance_finished_timestamp_seconds", epoch_ms(standing.finished) / 1000)
    if standing.last_good:
        seconds = epoch_ms(standing.last_good) / 1000
        metrics.set("conformance_last_good_timestamp_seconds", seconds)
    if standing.new is not None:
        metrics.set("conformance_new_causes", standing.new)
    if standing.drift is not None:
        for breaks in (True, False):
            count = standing.drift.get(breaks, 0)
            metrics.set("conformance_drift_changes", count, breaks=str(breaks).lower())


def _add_run(metrics: _Metrics, run: Run) -> None:
    """Set the metrics of a run that judged at least one cell."""
    contract = run.contract
    metrics.set(
        "conformance_info",
        1,
        contract=f"{contract.title} {contract.version}",
        edition=contract.edition,
        suite=run.suite,
        depth=run.depth,
    )
    took = (epoch_ms(run.finished) - epoch_ms(run.started)) / 1000
    metrics.set("conformance_duration_seconds", took)
    unwaived = [cause for cause in run.causes if cause.verdict is not Verdict.WAIVED]
    for harm in Harm:
        count = sum(cause.harm is harm for cause in unwaived)
        metrics.set("conformance_causes", count, harm=harm)
    for verdict, count in run.counts.items():
        metrics.set("conformance_cells", count, verdict=verdict)
    metrics.set("conformance_judged_ratio", run.judged / max(len(run.cells), 1))
    metrics.set("conformance_requests", len(run.exchanges))
    for row in latencies(run, len(contract.operations)):
        if row.operation not in contract.operations:  # requests that name no operation
            continue
        for percentile, milliseconds in (("50", row.median), ("95", row.p95)):
            metrics.set(
                "conformance_response_seconds",
                milliseconds / 1000,
                operation=row.operation,
                percentile=percentile,
            )


def _add_waivers(metrics: _Metrics, run: Run) -> None:
    """Set the numbers of waivers that hold on the day of the run but expire within SOON."""
    today = date.fromisoformat(run.judged_on)
    for days in SOON:
        last_day = today + timedelta(days=days)
        count = sum(today <= waiver.expires <= last_day for waiver in run.target.waivers)
        metrics.set("conformance_waivers_expiring", count, within=f"{days}d")
