"""The history of a directory of runs, and what a report says of the runs before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.base.errors import UsageError
from conformance.log import convert
from conformance.model import (
    Cause,
    Past,
    Run,
    Transition,
    Verdict,
    id_of_cause,
    transition,
)
from conformance.report import cards, html, markdown
from conformance.report.console import summary
from conformance.report.since import since
from conformance.run import history_file
from tests import report_example as example


def past(name: str, causes: Mapping[str, str], broken: tuple[str, ...] = ()) -> Past:
    """An earlier run of the example."""
    run = example.failing()
    line = history_file.line(run, None, name)
    return replace(line, causes=dict(causes), broken=broken)


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


def in_operations(*names: str) -> Cause:
    """A cause of one family in some operations."""
    cause = example.failing().causes[0]
    cells = tuple(f"status-500[{name}]" for name in names)
    return replace(cause, family="family", id=id_of_cause("family", names), cells=cells)


def past_of(cause: Cause) -> Past:
    """An earlier run with one cause."""
    run = replace(example.failing(), causes=(cause,))
    return history_file.line(run, None, "earlier")


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
        assert found.fixed == found.unjudged == []


def test_a_line_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """Its ids did not include an operation, so all causes in one operation are new."""
    now = in_operations("create_lead")
    line = convert.to_json(past("old", {"family": "status-500[create_lead] at status"}))
    line.pop("parts", None)
    (tmp_path / history_file.NAME).write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert transition(now, history_file.read(tmp_path)) is Transition.NEW


# --- the file -------------------------------------------------------------------------------------


def test_a_line_is_read_back(tmp_path: Path) -> None:
    """Runs come in the order in which they were added."""
    lines = [past("one", {"a": "words"}, ("cell[x]",)), past("two", {})]
    for line in lines:
        history_file.add(line, tmp_path)
    assert history_file.read(tmp_path) == lines
    assert history_file.read(tmp_path / "nowhere") == []


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
    scopes = {history_file.line(run, frozenset(chosen), "x").scope for chosen in (("a",), ("b",))}
    again = history_file.line(run, frozenset(("a",)), "y").scope
    assert len(scopes) == 2
    assert again in scopes
    assert history_file.line(run, None, "z").scope == "full"


# --- the reports ----------------------------------------------------------------------------------


def after(run: Run, *before: Past) -> Run:
    """A run that remembers runs before it."""
    return replace(run, past=before)


def test_reports_say_what_is_new_and_what_is_fixed(tmp_path: Path) -> None:
    """Page, terminal and Markdown name a fixed cause, and mark the others."""
    run = example.failing()
    passed = next(cell.name for cell in run.cells if cell.verdict is Verdict.PASSED)
    known = run.causes[0].id
    told = after(run, past("earlier", {"gone": f"{passed} at /x", known: "words"}))
    found = since(told)
    assert found is not None
    assert found.fixed == [f"{passed} at /x"]
    assert found.transitions[Transition.STILL] == 1
    assert found.transitions[Transition.NEW] == len(run.causes) - 1
    page = html.render(told)
    assert "Since the last run" in page
    assert f"<b>fixed</b> {passed} at /x" in page
    assert f"fixed: {passed} at /x" in summary(told, width=200, colour=False)
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
    assert (found.fixed, found.unjudged) == ([], [f"{untested} at /"])


def test_an_unstable_cell_is_named_and_stays_failed() -> None:
    """With how often it changed."""
    run = example.failing()
    broken = run.broken[0].name
    told = after(run, past("1", {}, (broken,)), past("2", {}))
    found = since(told)
    assert found is not None
    assert found.unstable[broken] == 2
    assert f"{broken} changed 2 times in 3 runs" in html.render(told)
    assert told.exit_code == run.exit_code == 1


def test_without_an_earlier_run_nothing_is_said() -> None:
    """No section, no mark."""
    run = example.failing()
    assert since(run) is None
    assert "Since the last run" not in html.render(run)
    assert all(card.transition is None for card in cards.cards(run))
