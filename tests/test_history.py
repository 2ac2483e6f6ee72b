"""The history of a directory of runs, and what a report says of the runs before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.base.errors import UsageError
from conformance.command import history
from conformance.log import convert
from conformance.model import (
    BROKEN,
    Cause,
    Past,
    Run,
    Transition,
    Verdict,
    flips,
    id_of_cause,
    transition,
    with_carried_causes,
)
from conformance.report import cards, html, markdown
from conformance.report.console import summary
from conformance.report.since import Gone, since, trend
from conformance.run import history_file
from tests import report_example as example


def past(name: str, causes: Mapping[str, str], cells: Mapping[str, str] | None = None) -> Past:
    """An earlier run of the example."""
    run = example.failing()
    line = history_file.entry_of(run, None, name)
    return replace(line, causes=dict(causes), cells=dict(cells or {}))


# --- transitions ----------------------------------------------------------------------------------


def test_a_cause_is_new_still_there_or_back() -> None:
    """As the last run and the runs before it have it."""
    cause = example.failing().causes[0]
    a, b, c = (replace(cause, id=name, cells=()) for name in "abc")
    first, second = past("1", {"a": "", "b": ""}), past("2", {"a": ""})
    runs = (first, second)
    assert transition(a, runs) is Transition.STILL
    assert transition(b, runs) is Transition.BACK
    assert transition(c, runs) is Transition.NEW
    assert transition(a, ()) is None


def test_a_cause_is_unstable_if_it_changes_three_times() -> None:
    """One break and one fix are changes of the target, and so is a fix that is lost once."""
    assert flips([["x", "y"], ["y"], ["x", "y"], ["y"]]) == {"x": 3}
    assert flips([[], ["x"], []]) == {}
    assert flips([["x"], [], ["x"]]) == {}
    assert flips([]) == {}


def in_operations(*names: str) -> Cause:
    """A cause of one family in some operations."""
    cause = example.failing().causes[0]
    cells = tuple(f"status-500[{name}]" for name in names)
    return replace(cause, family="family", id=id_of_cause("family", names), cells=cells)


def past_of(cause: Cause) -> Past:
    """An earlier run with one cause."""
    run = replace(example.failing(), causes=(cause,))
    return history_file.entry_of(run, None, "earlier")


def test_the_same_mistake_in_another_operation_is_new() -> None:
    """It is not back again, because that operation never had it."""
    fixed, now = in_operations("create_lead"), in_operations("create_agent")
    assert fixed.id != now.id
    assert transition(now, (past_of(fixed), past("last", {}))) is Transition.NEW
    assert not now.is_same(fixed)
    both = in_operations("create_lead", "update_lead")
    assert transition(now, (past_of(both),)) is Transition.NEW


def test_a_cause_that_is_fixed_in_part_is_still_there() -> None:
    """It has another id in fewer operations, and in more of them."""
    both, one = in_operations("create_lead", "create_agent"), in_operations("create_lead")
    assert both.id != one.id
    for before, now in ((both, one), (one, both)):
        assert transition(now, (past_of(before),)) is Transition.STILL
        assert now.is_same(before)
        found = since(after(replace(example.failing(), causes=(now,)), past_of(before)))
        assert found is not None
        assert found.gone == {}


def test_a_cause_of_an_earlier_version_is_new(tmp_path: Path) -> None:
    """Its ids did not include an operation, so all causes in one operation are new."""
    now = in_operations("create_lead")
    line = convert.to_json(past("old", {"family": "status-500[create_lead] at status"}))
    line.pop("parts", None)
    (tmp_path / history_file.NAME).write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert transition(now, history_file.read(tmp_path)) is Transition.NEW


def unjudged(name: str, **facts: Any) -> Past:
    """A run that could not be judged, in a history of runs that could."""
    return replace(past(name, {}), **{"exit_code": 3, "counts": {"untested": 9}, **facts})


@pytest.mark.parametrize(
    "down",
    [
        unjudged("down"),
        unjudged("down", counts={"passed": 1}),
        unjudged("down", exit_code=1, stopped=True),
    ],
)
def test_a_run_that_could_not_be_judged_fixes_nothing(down: Past) -> None:
    """Its causes are neither gone, nor new or back again after it, nor unstable."""
    cause = replace(example.failing().causes[0], id="a", family="", cells=())
    before, later = past("1", {"a": "words"}), past("2", {"a": "words"})
    assert transition(cause, (before, down)) is Transition.STILL
    assert [list(run.causes) for run in with_carried_causes([before, down, down])] == [["a"]] * 3
    shown = list(history.lines([before, down, later, replace(down, run="3"), later]))
    assert not [line for line in shown if "new:" in line or "gone:" in line or "unstable" in line]
    run = replace(example.failing(), causes=(cause,))
    found = since(after(run, before, down, later, down))
    assert found is not None
    assert (found.unstable, found.transitions[Transition.STILL]) == ({}, 1)
    stopped = replace(run, causes=(), cells=(), incomplete="It is down.")
    found = since(after(stopped, before, down, later, down))
    assert found is not None
    assert found.unstable == {}
    assert "Causes, oldest first: 1, 1, 1" in trend(after(stopped, before, later))


def test_a_run_that_judged_less_on_purpose_may_fix_something() -> None:
    """Exit code 3 alone is no sign: with --require-complete, every run may have it."""
    before, now = past("1", {"a": ""}), replace(past("2", {}), exit_code=3)
    assert with_carried_causes([before, now]) == [before, now]


def test_a_history_says_that_a_run_ended_early(tmp_path: Path) -> None:
    """Lines of earlier versions say nothing of it."""
    line = history_file.entry_of(replace(example.failing(), incomplete="It is down."), None, "one")
    history_file.add(line, tmp_path)
    assert history_file.read(tmp_path) == [line]
    assert line.stopped
    assert "ended early" in "\n".join(history.lines([line]))


def test_a_series_of_fixes_is_not_unstable() -> None:
    """A cell that breaks for another cause each time is not one that keeps changing."""
    assert flips([["x", "y", "z"], ["y", "z"], ["z"], [], ["w"], []]) == {}


# --- the file -------------------------------------------------------------------------------------


def test_a_line_is_read_back(tmp_path: Path) -> None:
    """Runs come in the order in which they were added."""
    lines = [past("one", {"a": "words"}, {"a": "cell[x]"}), past("two", {})]
    for line in lines:
        history_file.add(line, tmp_path)
    assert history_file.read(tmp_path) == lines
    assert history_file.read(tmp_path / "nowhere") == []


def test_a_line_has_titles_and_numbers_of_operations() -> None:
    """So that a report and `history` can name causes that are gone."""
    run = example.failing()
    line, cause = history_file.entry_of(run, None, "one"), run.causes[0]
    operations = {cell.operation for cell in run.cells if cell.name in cause.cells}
    assert line.causes[cause.id].startswith(f"{cause.title} ({len(operations)} operation")
    assert line.main_cell(cause.id) == cause.cells[-1]


def test_a_line_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """It names the broken cells, and the cell of a cause only in its description."""
    line = past("one", {"a": "cell[x] at /y"})
    members = convert.to_json(line) | {"broken": ["cell[x]"]}
    (tmp_path / history_file.NAME).write_text(json.dumps(members) + "\n")
    assert history_file.read(tmp_path) == [line]
    assert line.main_cell("a") == "cell[x]"


def test_a_line_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    """It names the file; the run is judged all the same."""
    with pytest.raises(UsageError) as caught:
        history_file.add(past("one", {}), tmp_path / "nowhere")
    path = tmp_path / "nowhere" / history_file.NAME
    assert str(caught.value) == f"{path}: cannot be written: No such file or directory"


@pytest.mark.parametrize("text", ["{", "[]", '{"run": "x"}', "\ud800"])
def test_a_broken_line_is_one_message(tmp_path: Path, text: str) -> None:
    """It names the file and the line, and says how to create the file again."""
    path = tmp_path / history_file.NAME
    path.write_text(f"{text}\n", encoding="utf-8", errors="surrogatepass")
    with pytest.raises(UsageError) as caught:
        history_file.read(tmp_path)
    assert str(caught.value).startswith(f"{path}")


def test_only_runs_of_the_same_kind_count() -> None:
    """Another target, depth or selection tells nothing of this one."""
    now = past("now", {})
    others = [
        replace(now, target="another"),
        replace(now, scope="quick"),
        replace(now, scope="full, selection 1"),
    ]
    mine = [replace(now, run=f"{number}") for number in range(12)]
    assert history_file.before([*others, *mine], now) == tuple(mine[-history_file.REMEMBERED :])


def test_a_selection_is_a_scope_of_its_own() -> None:
    """Two runs of the same cases are alike."""
    run = example.passing()
    scopes = {
        history_file.entry_of(run, frozenset(chosen), "x").scope for chosen in (("a",), ("b",))
    }
    again = history_file.entry_of(run, frozenset(("a",)), "y").scope
    assert len(scopes) == 2
    assert again in scopes
    assert history_file.entry_of(run, None, "z").scope == "full"


# --- the reports ----------------------------------------------------------------------------------


def after(run: Run, *before: Past) -> Run:
    """A run that remembers runs before it."""
    return replace(run, past=before)


def test_reports_say_what_is_new_and_what_is_fixed(tmp_path: Path) -> None:
    """Page, terminal and Markdown name a fixed cause, and mark the others."""
    run = example.failing()
    passed = next(cell.name for cell in run.cells if cell.verdict is Verdict.PASSED)
    known = run.causes[0].id
    gone = "Lists lose items (2 operations)"
    told = after(run, past("earlier", {"gone": gone, known: "words"}, {"gone": passed}))
    found = since(told)
    assert found is not None
    assert found.gone == {Gone.FIXED: [gone]}
    assert found.transitions[Transition.STILL] == 1
    assert found.transitions[Transition.NEW] == len(run.causes) - 1
    page = html.render(told)
    assert "Since the last run" in page
    assert f"<b>fixed</b> {gone}" in page
    assert f"fixed: {gone}" in summary(told, width=200, colour=False)
    markdown.write(told, tmp_path / "summary.md")
    assert "- fixed: " in (tmp_path / "summary.md").read_text()
    marks = {card.cause.id: card.transition for card in cards.cards(told)}
    assert marks[known] is Transition.STILL


def test_a_cause_whose_cell_was_not_judged_is_not_fixed() -> None:
    """It is not judged any more."""
    run = example.failing()
    untested = next(cell.name for cell in run.cells if cell.verdict is Verdict.UNTESTED)
    found = since(after(run, past("earlier", {"gone": f"{untested} at /"})))
    assert found is not None
    assert found.gone == {Gone.UNJUDGED: [f"{untested} at /"]}


def test_the_cell_of_the_most_specific_clause_shows_whether_a_cause_is_gone() -> None:
    """The status of refusals comes first in the contract, and may not be judged the next time."""
    run = example.failing()
    cause = replace(run.causes[0], cells=("status-401[list_calls]", "key-expired[list_calls]"))
    entry = history_file.entry_of(replace(run, causes=(cause,)), None, "earlier")
    assert entry.main_cell(cause.id) == "key-expired[list_calls]"


def test_a_cause_whose_cell_is_still_broken_was_replaced() -> None:
    """Every cause of the earlier run is accounted for."""
    run = example.failing()
    broken = next(cell.name for cell in run.cells if cell.verdict in BROKEN)
    told = after(run, past("earlier", {"gone": "Lists lose items"}, {"gone": broken}))
    found = since(told)
    assert found is not None
    assert found.gone == {Gone.REPLACED: ["Lists lose items"]}
    assert "1 cause replaced by another" in found.sentence
    assert "replaced by another: Lists lose items" in summary(told, width=200, colour=False)


def test_an_unstable_cause_is_named_and_stays_failed() -> None:
    """With how often it changed."""
    run = example.failing()
    words = {run.causes[0].id: "Lists lose items (2 operations)"}
    told = after(run, past("1", {}), past("2", words), past("3", {}))
    found = since(told)
    assert found is not None
    assert found.unstable == {"Lists lose items (2 operations)": 3}
    assert "Lists lose items (2 operations) changed 3 times in 4 runs" in html.render(told)
    assert told.exit_code == run.exit_code == 1


def test_without_an_earlier_run_nothing_is_said() -> None:
    """No section, no mark."""
    run = example.failing()
    assert since(run) is None
    assert "Since the last run" not in html.render(run)
    assert all(card.transition is None for card in cards.cards(run))


def test_the_trend_counts_causes() -> None:
    """One number everywhere: 28 causes, not the 388 cells that they break."""
    run = example.failing()
    told = after(run, past("1", {"a": "", "b": ""}), past("2", {"a": ""}))
    label = f"Causes, oldest first: 2, 1, {len(run.causes)}"
    assert f'aria-label="{label}"' in html.render(told)


# --- the command ----------------------------------------------------------------------------------


def test_history_names_the_causes_that_come_and_go() -> None:
    """By title, with those that keep changing at the end."""
    words = {"a": "Lists lose items (2 operations)"}
    told = list(history.lines([past("1", {}), past("2", words), past("3", {})]))
    assert "    new: Lists lose items (2 operations)" in told
    assert "    gone: Lists lose items (2 operations)" in told
    assert not any("unstable" in line for line in told)
    told = list(history.lines([past("1", {}), past("2", words), past("3", {}), past("4", words)]))
    assert "  unstable: Lists lose items (2 operations) changed 3 times in 4 runs" in told
