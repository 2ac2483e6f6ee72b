"""The reports of a finished run: they agree, are complete, and neutralise what the target sent."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from conformance.model import (
    Body,
    Case,
    Effect,
    Exchange,
    Reason,
    ReasonKind,
    Response,
    Run,
    Selection,
    Verdict,
)
from conformance.model.routes import NOWHERE
from conformance.report import FORMATS, ctrf, har, html, markdown, untested, view, write_all
from conformance.report.console import summary
from conformance.report.times import seconds_by_cell
from tests import report_example as example
from tests.command.finished import verdict_of

RUNS: tuple[Callable[[], Run], ...] = (example.failing, example.passing)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the reports of the failing run."""
    directory = tmp_path_factory.mktemp("reports")
    write_all(example.failing(), directory)
    return directory


# --- agreement ------------------------------------------------------------------------------------


def test_the_example_has_all_verdicts() -> None:
    """The fabricated run shows each verdict at least once."""
    assert all(example.failing().counts.values())


def test_every_format_is_written(written: Path) -> None:
    """write_all writes the files of the registry and no other."""
    assert {path.name for path in written.iterdir()} == {name for name, _ in FORMATS}


@pytest.mark.parametrize("make", RUNS)
def test_formats_agree_on_the_counts(make: Callable[[], Run], tmp_path: Path) -> None:
    """Console, JUnit, CTRF and HTML show the same number of cells for every verdict."""
    run = make()
    write_all(run, tmp_path)
    expected = {verdict: number for verdict, number in run.counts.items() if number}
    tests = json.loads((tmp_path / "results.ctrf.json").read_text())["results"]["tests"]
    assert Counter(test["rawStatus"] for test in tests) == expected
    cases = ET.parse(tmp_path / "junit.xml").getroot().iter("testcase")
    assert Counter(verdict_of(case) for case in cases) == expected
    bar = re.findall(r'<span class="v-\w+" title="([0-9,]+) (\w+)"', html.render(run))
    assert {name: int(number.replace(",", "")) for number, name in bar} == expected
    lines = summary(run, width=80, colour=False).splitlines()
    (line,) = [line for line in lines if re.match("[0-9,]+ passed", line)]
    told = re.findall(r"([0-9][0-9,]*) (\w+)(?=[, ])", line.partition(" (")[0] + ",")
    assert {name: int(number.replace(",", "")) for number, name in told} == {
        "passed": run.counts["passed"],
        **expected,
    }


def test_names_are_unique(written: Path) -> None:
    """JUnit and CTRF hold one unique name per cell, the same in both."""
    cells = sorted(cell.name for cell in example.failing().cells)
    tests = json.loads((written / "results.ctrf.json").read_text())["results"]["tests"]
    cases = ET.parse(written / "junit.xml").getroot().iter("testcase")
    assert sorted(test["name"] for test in tests) == cells
    assert sorted(case.get("name", "") for case in cases) == cells
    assert len(set(cells)) == len(cells)


def test_reports_depend_on_the_run_only(tmp_path: Path) -> None:
    """Two writings of one run are the same bytes."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_all(example.failing(), tmp_path / name)
    for name, _ in FORMATS:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


# --- JUnit ----------------------------------------------------------------------------------------


def test_junit_maps_verdicts(written: Path) -> None:
    """Failed is a failure, error an error; what was not judged or is waived is skipped."""
    wanted = {
        "failed": "failure",
        "error": "error",
        "untested": "skipped",
        "waived": "skipped",
        "excluded": "skipped",
        "inapplicable": "skipped",
    }
    for case in ET.parse(written / "junit.xml").getroot().iter("testcase"):
        verdict = verdict_of(case)
        assert [child.tag for child in case if child.tag in ("failure", "error", "skipped")] == (
            [wanted[verdict]] if verdict in wanted else []
        )


def test_junit_sums_agree(written: Path) -> None:
    """The numbers of the suites add up to those of the whole file and to the run's counts."""
    root = ET.parse(written / "junit.xml").getroot()
    counts = example.failing().counts
    for name in ("tests", "failures", "errors", "skipped"):
        assert sum(int(suite.get(name, "")) for suite in root) == int(root.get(name, ""))
    assert int(root.get("failures", "")) == counts["failed"]
    skipped = ("untested", "waived", "excluded", "inapplicable")
    assert int(root.get("skipped", "")) == sum(counts[name] for name in skipped)


def test_junit_messages_begin_with_the_cause(written: Path) -> None:
    """By number and title, and the id of the cause is a property."""
    run = example.failing()
    for case in ET.parse(written / "junit.xml").getroot().iter("testcase"):
        failure = case.find("failure")
        if failure is not None:
            number, cause = run.cause_of[case.get("name", "")]
            begins = f"[cause {number}] {cause.title}: "
            assert failure.get("message", "").startswith(begins)
            assert case.find(f".//property[@value='{cause.id}']") is not None


def test_times_are_those_of_the_cases() -> None:
    """Each exchange counts once, for the cells that its case was planned for."""
    run = example.passing()
    cell = next(each for each in run.cells if run.contract.clauses[each.clause].rules)
    first = run.exchange[cell.exchanges[0]]
    rules = run.contract.clauses[cell.clause].rules
    case = Case(first.case, first.scenario, first.operation, "", rules, Effect.READ)
    seconds = seconds_by_cell(replace(run, cases=(case,)))
    used = {name for each in run.cells for name in each.exchanges}
    whole = sum(run.exchange[name].elapsed_ms for name in used) / 1000
    assert sum(seconds.values()) == pytest.approx(whole)
    assert seconds[cell.name] > seconds_by_cell(run)[cell.name]


# --- CTRF -----------------------------------------------------------------------------------------


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """The schema of an object with these members and no other."""
    members = {**required, **(optional or {})}
    return {
        "type": "object",
        "required": list(required),
        "properties": members,
        "additionalProperties": False,
    }


TEXT, NUMBER, ANYTHING = (
    {"type": "string", "minLength": 1},
    {"type": "integer", "minimum": 0},
    {"type": "object"},
)
STATUSES = ("passed", "failed", "skipped", "pending", "other")
CTRF_TEST = closed(
    {"name": TEXT, "status": {"enum": list(STATUSES)}, "duration": NUMBER},
    {
        "rawStatus": TEXT,
        "message": {"type": "string"},
        "trace": {"type": "string"},
        "suite": {"type": "array", "minItems": 1, "items": TEXT},
        "labels": {
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        },
        "extra": ANYTHING,
    },
)
CTRF = closed(
    {
        "reportFormat": {"const": "CTRF"},
        "specVersion": {"const": "1.0.0"},
        "results": closed(
            {
                "tool": closed({"name": TEXT}, {"version": TEXT}),
                "summary": closed(
                    dict.fromkeys(("tests", *STATUSES, "start", "stop"), NUMBER),
                    {"extra": ANYTHING},
                ),
                "tests": {"type": "array", "items": CTRF_TEST},
            },
            {
                "environment": closed(
                    {},
                    {
                        "reportName": TEXT,
                        "appName": TEXT,
                        "testEnvironment": TEXT,
                        "healthy": {"type": "boolean"},
                        "extra": ANYTHING,
                    },
                )
            },
        ),
    },
    {"generatedBy": TEXT},
)


@pytest.mark.parametrize("make", RUNS)
def test_ctrf_is_valid(make: Callable[[], Run]) -> None:
    """The document has the members that CTRF 1.0 knows, with its types, and no other."""
    jsonschema.Draft202012Validator(CTRF).validate(ctrf.document(make()))


def test_ctrf_summary_agrees() -> None:
    """The summary counts the statuses of the tests; verdicts map to them as documented."""
    results = ctrf.document(example.failing())["results"]
    counts = Counter(test["status"] for test in results["tests"])
    assert {name: results["summary"][name] for name in STATUSES} == {
        name: counts[name] for name in STATUSES
    }
    pairs = {(test["rawStatus"], test["status"]) for test in results["tests"]}
    assert pairs == {
        ("passed", "passed"),
        ("warned", "passed"),
        ("failed", "failed"),
        ("error", "failed"),
        ("waived", "other"),
        ("untested", "pending"),
        ("excluded", "skipped"),
        ("inapplicable", "skipped"),
    }
    assert results["summary"]["stop"] - results["summary"]["start"] == 91_400


# --- HAR ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The log of the HAR of the failing run."""
    path = tmp_path_factory.mktemp("archive") / har.NAME
    har.write(example.failing(), example.failing().exchanges, path)
    return json.loads(path.read_text())["log"]


def test_har_holds_every_answered_exchange(archived: Any) -> None:
    """evidence.har is HAR 1.2 with one entry per response; the comment counts lost responses."""
    log, run = archived, example.failing()
    answered = [exchange for exchange in run.exchanges if exchange.response]
    assert log["version"] == "1.2"
    assert [entry["response"]["status"] for entry in log["entries"]] == [
        e.response.status for e in answered if e.response
    ]
    assert all(
        exchange.id in entry["comment"]
        for exchange, entry in zip(answered, log["entries"], strict=True)
    )
    assert "Left out: 1 exchange without a response" in log["comment"]


def test_har_keeps_bodies_as_received(archived: Any) -> None:
    """Text stays text, bytes are base64 and say so, a withheld body is absent and says so."""
    entries = archived["entries"]
    contents = [entry["response"]["content"] for entry in entries]
    assert contents[0]["text"].startswith('{"error"')
    assert contents[3]["encoding"] == "base64"
    assert "text" not in contents[4]
    assert "withheld" in contents[4]["comment"]


# --- words ----------------------------------------------------------------------------------------


def _with(**changes: Any) -> Run:
    return replace(example.passing(), **changes)


def test_headline_follows_the_exit_code() -> None:
    """0 conforms, 1 breaks the contract, 3 could not be judged; a failure wins."""
    assert view.headline(example.passing()) == "Conforms"
    assert view.headline(example.failing()) == "Breaks the contract"
    assert view.headline(_with(incomplete="stopped")) == "Could not be judged"


@pytest.mark.parametrize(
    ("verdict", "claim", "standing"),
    [
        (Verdict.PASSED, "Conforms", Verdict.PASSED),
        (Verdict.WARNED, "Conforms", Verdict.WARNED),
        (Verdict.INAPPLICABLE, "Conforms in {kept} of {all} cells", Verdict.UNTESTED),
        (Verdict.WAIVED, "Conforms in {kept} of {all} cells", Verdict.WAIVED),
        (
            Verdict.EXCLUDED,
            "Conforms in {kept} of {all} cells, 1 excluded by challenges",
            Verdict.UNTESTED,
        ),
        (Verdict.UNTESTED, "No failure seen in {share} % of the contract", Verdict.UNTESTED),
    ],
)
def test_one_cell_is_enough_to_narrow_a_claim(
    verdict: Verdict, claim: str, standing: Verdict
) -> None:
    """A bare "Conforms" is about every cell of the contract, and only then may it be green."""
    run = example.passing()
    first, *others = run.cells
    changed = replace(run, cells=(replace(first, verdict=verdict), *others))
    kept, cells = len(others), len(run.cells)
    share = f"{1000 * kept // cells / 10:g}"
    assert view.headline(changed) == claim.format(kept=kept, all=cells, share=share)
    assert changed.standing is standing


def test_a_selection_that_passes_is_not_green() -> None:
    """Nothing is known of the cells that it leaves out."""
    first, *others = example.passing().cells
    reasons = (Reason(ReasonKind.NOT_SELECTED, "not selected"),)
    unselected = replace(first, verdict=Verdict.UNTESTED, reasons=reasons)
    run = _with(cells=(unselected, *others))
    assert run.standing is Verdict.UNTESTED
    assert view.headline(run).startswith("No failure seen in ")


def test_a_thousand_cells_have_a_comma() -> None:
    """And a run of waived and inapplicable cells alone conforms in none of them."""
    (cell, *_) = example.passing().cells
    left_out = replace(cell, verdict=Verdict.INAPPLICABLE)
    run = _with(cells=(cell,) * 11 + (left_out,) * 1253)
    assert view.headline(run) == "Conforms in 11 of 1,264 cells"
    assert view.share(run) == "0.8 %"
    waived = _with(cells=(replace(cell, verdict=Verdict.WAIVED), left_out))
    assert view.headline(waived) == "Conforms in 0 of 2 cells"


def test_each_headline_names_another_contract() -> None:
    """Whatever the verdict is, with the first digits of the digest."""
    other = replace(example.load(), packaged=False)
    for run in (example.passing(), example.failing(), _with(incomplete="stopped")):
        said = view.headline(replace(run, contract=other))
        assert said == f"{view.headline(run)} (custom contract {other.digest[:12]})"


def _asked(path: str, status: int | None) -> Run:
    """A run whose target leaves out the list of calls, and what came of a read."""
    run = example.passing()
    (some, *_) = [each for each in run.exchanges if each.response]
    assert some.response is not None
    response = None if status is None else replace(some.response, status=status)
    request = replace(some.request, method="GET", url=f"{run.target.url}{path}")
    target = replace(run.target, inapplicable=frozenset({"list_calls", "no_such_operation"}))
    return replace(
        run, target=target, exchanges=(replace(some, request=request, response=response),)
    )


@pytest.mark.parametrize(
    ("path", "status", "there", "unknown"),
    [
        ("/calls", 200, ["GET /calls"], []),
        ("/calls", 404, [], []),
        ("/calls", None, [], ["GET /calls"]),
        ("/calls?id=1", 200, [], ["GET /calls"]),
        ("/agents", 200, [], ["GET /calls"]),
    ],
)
def test_a_read_that_is_left_out_must_be_shown_not_to_be_there(
    path: str, status: int | None, there: list[str], unknown: list[str]
) -> None:
    """The log alone tells. Where completeness is required, a read that works or is unknown is 3."""
    run = _asked(path, status)
    assert (run.still_there, run.not_asked_for) == (there, unknown)
    assert run.exit_code == 0
    complete = replace(run, require_complete=True)
    assert complete.exit_code == (3 if there or unknown else 0)
    told = " ".join(view.left_out(complete))
    assert ("completeness was required: GET /calls." in told) is bool(there or unknown)
    assert bool(view.left_out(run)) is bool(there)
    for text in view.left_out(run):
        assert text in html.render(run)
        assert text in summary(run, width=200, colour=False)


def _told(status: int, control: int | None, code: str = "unauthorized") -> Run:
    """A run whose target leaves out a write, with the response to it and that to no route."""
    run = example.passing()
    (some, *_) = [each for each in run.exchanges if each.response]
    body = Body(json.dumps({"error": {"code": code, "message": "No"}}))

    def sent(method: str, path: str, status: int) -> Exchange:
        request = replace(some.request, method=method, url=f"{run.target.url}{path}")
        return replace(some, request=request, response=Response(status, (), body), identity=None)

    seen = [sent("PATCH", "/agents", status)]
    if control:
        seen.append(sent("GET", NOWHERE, control))
    target = replace(run.target, inapplicable=frozenset({"update_agent"}))
    return replace(run, target=target, exchanges=tuple(seen))


@pytest.mark.parametrize(
    ("status", "control", "code", "there"),
    [
        (401, 404, "unauthorized", True),
        (200, 404, "unauthorized", True),
        (404, 404, "not_found", False),
        (405, 404, "not_found", False),
        (401, 404, "of_a_gateway", False),
        (401, 401, "unauthorized", False),
        (401, None, "unauthorized", False),
    ],
)
def test_a_write_that_is_left_out_must_not_be_refused_as_the_contract_says(
    status: int, control: int | None, code: str, there: bool
) -> None:
    """Unless the target refuses requests for unknown paths alike. Then nothing "Conforms"."""
    run = _told(status, control, code)
    assert run.still_there == (["PATCH /agents"] if there else [])
    assert run.not_asked_for == []
    assert view.headline(run).startswith("No failure seen" if there else "Conforms")


def test_what_the_target_lacks_stands_beside_the_headline() -> None:
    """Areas, operations and parameters; only the first few of many."""
    run = example.passing()
    lists = {"list_calls": ("status",)}
    target = replace(run.target, inapplicable=frozenset({"create_sms"}), absent=lists)
    told = view.qualification(replace(run, target=target))
    assert told.endswith("The target declares that it lacks create_sms, status of list_calls.")
    many = replace(target, inapplicable=frozenset(f"operation_{number}" for number in range(9)))
    assert view.qualification(replace(run, target=many)).endswith("operation_5 and 4 more.")


def test_incomplete_run_says_so_first() -> None:
    """The reason of an early end stands before the counts."""
    page = html.render(_with(incomplete="the target went away"))
    assert page.index("the target went away") < page.index('class="cells"')
    assert "the target went away" in summary(
        _with(incomplete="the target went away"), width=80, colour=False
    )


def test_missing_is_grouped_and_counted() -> None:
    """Each reason stands once under its kind, with the number of its cells, most frequent first."""
    run = example.failing()
    assert list(untested.missing(run)) == [ReasonKind.PROVIDE]
    groups = untested.missing(run)[ReasonKind.PROVIDE]
    assert sum(len(cells) for _, cells in groups) == run.counts["untested"]
    assert [len(cells) for _, cells in groups] == sorted(
        (len(cells) for _, cells in groups), reverse=True
    )


def _without_harm(*reasons: Reason) -> Run:
    """A passing run with three untested cells, each for the given reasons."""
    run = example.passing()
    untested_cells = tuple(
        replace(cell, verdict=Verdict.UNTESTED, reasons=reasons) for cell in run.cells[:3]
    )
    return replace(run, cells=(*untested_cells, *run.cells[3:]))


@pytest.mark.parametrize(
    ("reasons", "step"),
    [
        ((), "No harm found."),
        (
            (Reason(ReasonKind.NOT_SELECTED, "not selected"),),
            "No harm found. Next, to have 3 more cells judged: run in full, without a selection.",
        ),
        (
            (Reason(ReasonKind.PROVIDE, "give a revoked key"),),
            "No harm found. Next, to have 3 more cells judged: give a revoked key.",
        ),
    ],
)
def test_run_without_harm_says_so_and_names_the_next_step(
    reasons: tuple[Reason, ...], step: str, tmp_path: Path
) -> None:
    """On the page, in the summary of a job and in the terminal."""
    run = _without_harm(*reasons)
    assert untested.next_step(run) == step
    assert f'<p class="start">{step}</p>' in html.render(run)
    assert step in summary(run, width=200, colour=False)
    markdown.write(run, tmp_path / "summary.md")
    assert step in (tmp_path / "summary.md").read_text()


def test_run_with_a_cause_names_no_other_step() -> None:
    """Where to start fixing is said instead. Nor does one that ended early."""
    assert not untested.next_step(example.failing())
    over = _without_harm(Reason(ReasonKind.NOT_RUN, "not run"))
    assert untested.next_step(over)
    assert not untested.next_step(replace(over, incomplete="the target is gone"))


def test_run_that_conforms_leaves_nothing_to_do() -> None:
    """It says so, because a reader may look for a next step."""
    run = example.passing()
    assert untested.next_step(run) == "No harm found. Nothing is left to do."
    shard = replace(run, selection=Selection((), (), 5_000, shard="1/2"))
    assert untested.next_step(shard) == "No harm found."


def test_a_cell_that_needs_several_things_is_no_reason_for_a_next_step() -> None:
    """None of them alone would have it judged. A shard is a part of a run, which has others."""
    both = Reason(ReasonKind.PROVIDE, "give a key"), Reason(ReasonKind.NOT_RUN, "over budget")
    assert untested.next_step(_without_harm(*both)) == "No harm found."
    part = _without_harm(both[0])
    shard = replace(part, selection=Selection((), (), 5_000, shard="1/2"))
    assert untested.next_step(shard) == "No harm found."


def test_cell_untested_for_two_reasons_explains_the_sum() -> None:
    """The numbers by reason then exceed the number of untested cells."""
    both = Reason(ReasonKind.PROVIDE, "give a key"), Reason(ReasonKind.NOT_RUN, "over budget")
    told = untested.summary(_without_harm(*both))
    parts = "3 lacking what you can provide", "3 over budget or not run", "some for several reasons"
    assert told == ", ".join(parts)
    assert "several" not in untested.summary(_without_harm(both[0]))


def test_clauses_without_cells_have_a_reason() -> None:
    """A clause without cells is listed with its reason and is in no count."""
    run = example.failing()
    page = html.render(run)
    for clause, reason in view.without_cells(run):
        assert reason in page
        assert f'id="clause-{clause.id}"' in page


def test_an_empty_run_has_a_page() -> None:
    """A run that ended before its first request still gives every report."""
    run = _with(cells=(), exchanges=(), incomplete="nothing answered", finished="")
    assert "Could not be judged" in html.render(run)
    jsonschema.Draft202012Validator(CTRF).validate(ctrf.document(run))
    assert summary(run, width=80, colour=True)
