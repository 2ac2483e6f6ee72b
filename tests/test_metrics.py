"""Metrics of a run: the file for Prometheus, the dashboard and the alert rules."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as of_openmetrics
from prometheus_client.parser import text_string_to_metric_families as of_text

from conformance.base import files
from conformance.model import Harm, Run, Verdict
from conformance.report import openmetrics
from conformance.report.openmetrics import FAMILIES, LONGEST, Standing, standing_of
from conformance.report.overall import Overall
from tests import report_example as example
from tests.servers import command, run_of

FOLDER = Path(__file__).parent.parent / "examples" / "metrics"
DASHBOARD, RULES = FOLDER / "dashboard.json", FOLDER / "rules.yaml"
METRIC = re.compile(r"\bconformance_[a-z_]+\b")
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool (Debian package promtool) is not installed"
)

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str, parse: Any = of_text) -> Samples:
    """The values in a file by name and labels, without the target."""
    found: Samples = {}
    for family in parse(text):
        for sample in family.samples:
            assert sample.timestamp is None
            labels = {**sample.labels}
            assert labels.pop("target")
            key = (sample.name, tuple(sorted(labels.items())))
            assert key not in found
            found[key] = sample.value
    return found


def everything(run: Run) -> str:
    """The metrics of a run with all that can be known about it."""
    standing = replace(
        standing_of(run), last_good="2026-01-01T00:00:00+00:00", new=2, drift={True: 1, False: 3}
    )
    return openmetrics.content(standing, run).decode()


def value(text: str, name: str, **labels: str) -> float:
    """One value in a file."""
    return samples(text)[f"conformance_{name}", tuple(sorted(labels.items()))]


def test_the_file_is_read_alike_in_both_formats() -> None:
    """As the text format, which the collector reads, and as OpenMetrics."""
    text = everything(example.failing())
    assert samples(text) == samples(text, of_openmetrics)
    assert text.endswith("# EOF\n")
    assert {family.type for family in of_text(text)} == {"gauge"}


def test_every_metric_is_written_and_described() -> None:
    """With the labels of the table, and no others."""
    found: dict[str, set[str]] = {}
    for family in of_text(everything(example.failing())):
        assert family.documentation == FAMILIES[family.name][0]
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    assert found == {name: {"target", *labels} for name, (_, labels) in FAMILIES.items()}


def test_the_values_are_those_of_the_run() -> None:
    """Cells, causes, requests, times and the share judged."""
    run = example.failing()
    text = everything(run)
    for verdict in Verdict:
        assert value(text, "cells", verdict=verdict) == run.counts[verdict]
    for harm in Harm:
        counting = [cause for cause in run.causes if cause.verdict is not Verdict.WAIVED]
        causes = [cause for cause in counting if cause.harm is harm]
        assert value(text, "causes", harm=harm) == len(causes)
    assert value(text, "requests") == len(run.exchanges)
    assert value(text, "judged_ratio") == run.judged / len(run.cells)
    assert value(text, "new_causes") == 2
    assert value(text, "drift_changes", breaks="true") == 1
    assert value(text, "last_good_timestamp_seconds") == 1767225600
    labels = {"edition": "published", "suite": run.suite, "depth": run.depth}
    assert value(text, "info", contract="KaiCalls HTTP API 1.0", **labels) == 1


@pytest.mark.parametrize(
    ("run", "verdict", "code"),
    [
        (example.passing(), "conforms", 0),
        (example.failing(), "broken", 1),
        (example.stopped(), "not judged", 3),
    ],
    ids=["conforms", "broken", "not judged"],
)
def test_one_verdict_is_true(run: Run, verdict: str, code: int) -> None:
    """Also when no cell could be judged."""
    text = openmetrics.content(standing_of(run), run).decode()
    said = {each: value(text, "verdict", verdict=each) for each in Overall}
    assert said == {each: float(each == verdict) for each in Overall}
    assert value(text, "exit_code") == code == run.exit_code


def test_the_last_good_run_is_this_one_or_one_before() -> None:
    """Without a good run there is no such metric, so that nothing looks fresh."""
    good, bad = example.passing(), example.failing()
    assert standing_of(good).last_good == good.finished
    assert standing_of(bad).last_good == ""
    text = openmetrics.content(standing_of(bad), bad).decode()
    assert "last_good" not in text


def test_a_night_without_a_run_still_says_that_nothing_was_judged() -> None:
    """The last good run stays, so that its age can be seen."""
    finished, before = "2026-01-03T00:00:00+00:00", "2026-01-01T00:00:00+00:00"
    standing = Standing("x", "not judged", 3, finished, last_good=before)
    text = openmetrics.content(standing, None).decode()
    assert value(text, "verdict", verdict="not judged") == 1
    assert value(text, "finished_timestamp_seconds") == 1767398400
    assert value(text, "last_good_timestamp_seconds") == 1767225600
    assert "conformance_cells" not in text


def test_a_run_that_judged_nothing_has_no_counts() -> None:
    """A zero would resolve alerts about the night before. The waivers are those of the file."""
    run = replace(example.failing(), cells=(), causes=())
    text = openmetrics.content(standing_of(run), run).decode()
    assert {family.name.removeprefix("conformance_") for family in of_text(text)} == {
        "verdict",
        "exit_code",
        "finished_timestamp_seconds",
        "waivers_expiring",
    }


def test_a_waived_cause_does_not_count() -> None:
    """Somebody has accepted it, so no alert should fire for it."""
    run = example.failing()
    waived = replace(run.causes[0], verdict=Verdict.WAIVED, harm=Harm.ISOLATION)
    text = everything(replace(run, causes=(waived,)))
    assert value(text, "causes", harm=Harm.ISOLATION) == 0


def test_waivers_that_expire_are_counted_by_days() -> None:
    """A waiver that ends in 10 days counts within 14 and 30; one that has ended does not."""
    run = example.failing()
    text = everything(run)
    counts = [value(text, "waivers_expiring", within=days) for days in ("3d", "14d", "30d")]
    assert counts == sorted(counts)


def test_labels_of_the_target_are_clean_and_bounded() -> None:
    """A name acts neither as another label nor as another line."""
    run = example.failing()
    name = 'a"} 1\nevil{x="\x1b[31m\u202e' + "x" * 500
    run = replace(run, target=replace(run.target, name=name))
    text = everything(run)
    assert samples(text) == samples(text, of_openmetrics)
    assert "\x1b" not in text
    assert "\u202e" not in text
    targets = {sample.labels["target"] for family in of_text(text) for sample in family.samples}
    (target,) = targets
    assert len(target) == LONGEST


def test_only_operations_of_the_contract_are_labels() -> None:
    """A stored run may name anything; a label for each would fill a database."""
    run = example.failing()
    odd = [replace(each, operation=f"odd-{number}") for number, each in enumerate(run.exchanges)]
    text = everything(replace(run, exchanges=tuple(odd)))
    assert "odd-" not in text


def test_the_file_is_replaced_as_a_whole_and_others_may_read_it(tmp_path: Path) -> None:
    """The collector runs as another user. No other file that ends in .prom appears meanwhile."""
    path, run = tmp_path / "target.prom", example.failing()
    path.write_text("old")
    with files.private():
        openmetrics.write(standing_of(run), run, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert path.read_bytes() == openmetrics.content(standing_of(run), run)
    assert list(tmp_path.iterdir()) == [path]


def test_a_stored_run_is_exported(tmp_path: Path) -> None:
    """Into its directory, or into a file."""
    command("run", "--clause", "status-401", "--depth", "quick", cwd=tmp_path)
    outcome = command("export", "openmetrics", cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    text = (run_of(tmp_path) / openmetrics.NAME).read_text(encoding="utf-8")
    assert value(text, "verdict", verdict="conforms") == 1
    assert any(name == "conformance_response_seconds" for name, _ in samples(text))
    assert command("export", "openmetrics", "--output", "x.prom", cwd=tmp_path).code == 0
    assert (tmp_path / "x.prom").read_text(encoding="utf-8") == text


# --- the dashboard and the rules ------------------------------------------------------------------


def dashboard() -> dict[str, Any]:
    """The dashboard as data."""
    members: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return members


def rules() -> list[dict[str, Any]]:
    """The alert rules as data."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def expressions() -> Iterator[str]:
    """Every query of the dashboard and of the rules."""
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (variable["query"]["query"] for variable in dashboard()["templating"]["list"][1:])
    yield from (rule["expr"] for rule in rules())


def test_dashboard_and_rules_use_only_metrics_that_are_written() -> None:
    """And only labels and values that those metrics have."""
    known = {"target": None, "verdict": {*Verdict, *Overall}, "harm": set(Harm)}
    known |= {
        "percentile": {"50", "95"},
        "within": {"3d", "14d", "30d"},
        "breaks": {"true", "false"},
    }
    for expression in expressions():
        names = METRIC.findall(expression)
        assert names, expression
        assert set(names) <= FAMILIES.keys(), expression
        for name, selected in re.findall(r"(conformance_[a-z_]+)\{([^}]*)\}", expression):
            for label, compared in re.findall(r'(\w+)=~?"([^"]*)"', selected):
                assert label in ("target", *FAMILIES[name][1]), expression
                values = known[label]
                assert values is None or compared in values, expression


def test_every_metric_is_shown_or_watched() -> None:
    """What nobody looks at need not be written, except the exit code, which is for own rules."""
    used = {name for expression in expressions() for name in METRIC.findall(expression)}
    assert used == FAMILIES.keys() - {"conformance_exit_code"}


def test_the_dashboard_can_be_imported() -> None:
    """Its panels have ids of their own, do not overlap, and name no data source of ours."""
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        for column in range(place["x"], place["x"] + place["w"]):
            for row in range(place["y"], place["y"] + place["h"]):
                assert (column, row) not in taken, panel["title"]
                assert column < 24
                taken.add((column, row))
        assert panel["datasource"]["uid"] == "${datasource}"


def test_each_rule_says_what_is_wrong() -> None:
    """It has a name, a severity, a summary with the target, and a description."""
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert "{{ $labels.target }}" in rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def promtool(*arguments: object, text: str = "") -> subprocess.CompletedProcess[str]:
    """A finished process of promtool."""
    words = [str(PROMTOOL), *(str(each) for each in arguments)]
    return subprocess.run(words, input=text, capture_output=True, text=True, check=False)


@needs_promtool
def test_promtool_accepts_the_rules_and_the_metrics() -> None:
    """The tool of Prometheus itself finds nothing."""
    checked = promtool("check", "rules", RULES)
    assert checked.returncode == 0, checked.stderr
    checked = promtool("check", "metrics", text=everything(example.failing()))
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


FIRING = {
    "ConformanceNightMissing": {"conformance_finished_timestamp_seconds": "0x3000"},
    "ConformanceBroken": {'conformance_verdict{verdict="broken"}': "1x3000"},
    "ConformanceIsolationBroken": {'conformance_causes{harm="isolation"}': "2x3000"},
    "ConformanceNotJudged": {'conformance_verdict{verdict="not judged"}': "1x3000"},
    "ConformanceNoGoodRun": {"conformance_last_good_timestamp_seconds": "-700000x3000"},
    "ConformanceJudgedLess": {"conformance_judged_ratio": "0.9x1500 0.5x1500"},
    "ConformanceSlower": {'conformance_response_seconds{percentile="95"}': "0.5x2500 2x500"},
    "ConformanceWaiverExpires": {'conformance_waivers_expiring{within="3d"}': "1x3000"},
    "ConformanceDrift": {'conformance_drift_changes{breaks="true"}': "1x3000"},
}
"""For each rule, the values a minute for two days with which it fires at their end."""


def test_each_rule_has_an_example() -> None:
    """So that no rule is left out below."""
    assert {rule["alert"] for rule in rules()} == FIRING.keys()


@needs_promtool
@pytest.mark.parametrize("alert", FIRING)
def test_a_rule_fires_when_it_should(alert: str, tmp_path: Path) -> None:
    """As promtool evaluates it over two days."""
    series = [{"series": name, "values": values} for name, values in FIRING[alert].items()]
    expected = {"eval_time": "48h", "alertname": alert}
    file = tmp_path / "test.yaml"
    case = {"interval": "1m", "input_series": series, "alert_rule_test": [expected]}
    content = {"rule_files": [str(RULES)], "tests": [case], "evaluation_interval": "1m"}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    silent = promtool("test", "rules", file)
    assert silent.returncode == 1, "it does not fire"
    assert f'alertname="{alert}"' in silent.stdout + silent.stderr
