"""Parts of the reports: badge, annotations, lines to paste, the matrix, and times."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from conformance.model import BROKEN, Exchange, Level, Reason, ReasonKind, Run, Verdict
from conformance.report import (
    alike,
    areas,
    badge,
    cards,
    github,
    html,
    matrix,
    provide,
    times,
    untested,
)
from conformance.report.since import line
from tests import report_example as example

# --- badge and annotations ------------------------------------------------------------------------


@pytest.mark.parametrize("fails", [False, True])
def test_a_badge_says_the_verdict_and_nothing_of_the_target(fails: bool) -> None:
    """It is an image in XML, with the headline, and without a text that a target chose."""
    text = badge.text(example.failing() if fails else example.passing())
    root = ET.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = "".join(root.itertext())
    assert ("Breaks the contract" in words) is fails
    assert "alert" not in text


def test_the_worst_causes_become_annotations() -> None:
    """One command a line, of a kind that GitHub knows; nothing that a target said ends it."""
    lines = list(github.commands(example.failing()))
    assert len(lines) == min(10, len(example.failing().causes))
    for each in lines:
        assert re.fullmatch(r"::(error|warning) title=[^:,\r\n]+::[^\r\n]+", each)


# --- lines to paste -------------------------------------------------------------------------------

ASKED = {
    "add write to allow: in the target file (such requests may create objects)": 5,
    "add spend to allow: in the target file (such requests may place calls)": 2,
    "give a valid key without any scope (keys: no_scope in the target file)": 3,
    "give a key with the scope agents:read (scoped_keys: agents:read in the target file)": 1,
    "give the id of the other business (businesses: other in the target file)": 1,
    "give 16 local source addresses or more (addresses: in the target file)": 2,
    "give a trigger for call_failed at create_call (triggers: in the target file)": 1,
    "Nothing of this form": 1,
}
"""Reasons, and how many cells have each."""


def asking() -> Run:
    """A run whose cells are untested for these reasons."""
    run = example.passing()
    cells = []
    texts = list(Counter(ASKED).elements())
    for cell, text in zip(run.cells, texts, strict=False):
        reason = Reason(ReasonKind.PROVIDE, text)
        cells.append(replace(cell, verdict=Verdict.UNTESTED, reasons=(reason,)))
    return replace(run, cells=tuple(cells))


def test_what_can_be_provided_is_yaml_with_its_gain() -> None:
    """The lines are members of a target file; a comment says the cells that each gains."""
    lines = provide.lines(asking())
    given = yaml.safe_load("\n".join(lines))
    assert given["allow"] == ["read", "write", "spend"]
    assert given["keys"] == {"no_scope": "${NO_SCOPE_KEY}"}
    assert given["scoped_keys"] == {"agents:read": "${AGENTS_READ_KEY}"}
    assert given["triggers"] == [{"code": "call_failed", "operation": "create_call", "input": {}}]
    assert given["addresses"] == ["127.0.0.0/8"]
    assert "  no_scope: ${NO_SCOPE_KEY}  # 3 cells" in lines
    assert lines[0].endswith("# write: 5 cells, spend: 2 cells")


def test_where_nothing_can_be_provided_nothing_is_pasted() -> None:
    """A run that judged everything asks for nothing."""
    assert provide.lines(example.passing()) == []


def test_a_blocked_cell_names_its_cause() -> None:
    """By the number that it has in the report, however many cells one cause blocks."""
    run = example.failing()
    cause = run.causes[0]
    reasons = (Reason(ReasonKind.BLOCKED, "blocked by a failure: x at y", by=cause.cells[0]),)
    cells = [
        replace(cell, verdict=Verdict.UNTESTED, reasons=reasons)
        if cell.verdict is Verdict.PASSED
        else cell
        for cell in run.cells
    ]
    blocked = replace(run, cells=tuple(cells))
    groups = untested.missing(blocked)[ReasonKind.BLOCKED]
    said = f"blocked by cause 1: {cause.title}"
    assert [text for text, _ in groups] == [said]
    assert len(groups[0][1]) == run.counts["passed"]
    assert f'<a href="#{cause.id}">{said}</a>' in html.render(blocked)


# --- matrix and times -----------------------------------------------------------------------------


def test_the_matrix_names_the_causes_of_every_broken_cell() -> None:
    """Rows are operations with their paths, columns the areas with a failure."""
    run = example.failing()
    found = matrix.matrix(run, run.causes)
    told = {
        (row.operation, area, cause.id)
        for row in found.rows
        for area, causes in row.parts.items()
        for cause in causes.values()
    }
    cells = {cell.name: cell for cell in run.cells}
    assert told == {
        (cells[name].operation, run.contract.clauses[cells[name].clause].area, cause.id)
        for cause in run.causes
        for name in cause.cells
    }
    assert set(found.areas) == {area for _, area, _ in told}
    assert "GET /calls" in [row.route for row in found.rows]


def test_operations_without_a_failure_are_only_named() -> None:
    """So are those that the target lacks: all of their cells are inapplicable."""
    run = example.passing()
    cells = tuple(
        replace(cell, verdict=Verdict.INAPPLICABLE) if cell.operation == "read_call" else cell
        for cell in run.cells
    )
    found = matrix.matrix(replace(run, cells=cells), ())
    assert (found.rows, found.areas, found.lacking) == ((), (), ("read_call",))
    assert found.others[-1] == "*"
    assert "read_call" not in found.others


REASONED = (Verdict.UNTESTED, Verdict.ERROR, Verdict.WAIVED)


def test_every_cell_is_in_one_line_of_its_clause() -> None:
    """Broken cells are counted and name their causes; the others give their reasons once."""
    run = example.failing()
    entries = [entry for area in areas.areas(run, run.causes) for entry in area.entries]
    assert [entry.clause.id for entry in entries] != list(run.contract.clauses)
    for entry in entries:
        cells = run.by_clause[entry.clause.id]
        counts = Counter(cell.verdict for cell in cells)
        told = Counter[Verdict]()
        for each in entry.lines:
            told[each.verdict] += each.count
        assert told == counts
        for each in entry.lines:
            assert bool(each.causes) is (each.verdict in BROKEN)
            assert bool(each.reason) is (each.verdict in REASONED)


def test_texts_about_different_values_are_alike() -> None:
    """So a hundred requests that were refused are one row."""
    assert alike.shape("request 17 returned 401") == alike.shape("request 9 returned 403")
    assert alike.shape("no list of calls") != alike.shape("no list of agents")


def test_latencies_are_of_answered_requests() -> None:
    """Median and 95th percentile by operation, the slowest first."""
    (some, *_) = [each for each in example.passing().exchanges if each.response]

    def took(operation: str, milliseconds: float) -> Exchange:
        return replace(some, operation=operation, elapsed_ms=milliseconds)

    slow = [took("read_call", float(number)) for number in range(101)]
    run = replace(example.passing(), exchanges=(took("list_calls", 7.0), *slow))
    first, second = times.latencies(run)
    assert (first.operation, first.requests, first.median, first.p95) == ("read_call", 101, 50, 95)
    assert (second.operation, second.median, second.p95) == ("list_calls", 7, 7)
    lost = replace(some, operation="sign_up", response=None)
    assert [each.operation for each in times.latencies(replace(run, exchanges=(lost,)))] == []
    image = ET.fromstring(times.strip([first, second]))
    assert image.get("aria-label") == "Latency of 2 operations, up to 95.0 ms"


def test_the_line_of_runs_is_an_image_with_words() -> None:
    """A reader who cannot see it hears the figures."""
    root = ET.fromstring(line(example.failing()))
    assert root.get("role") == "img"
    assert root.get("aria-label", "").startswith("Causes, oldest first: ")


# --- cards and files ------------------------------------------------------------------------------


def test_a_row_lists_what_differs_with_the_key_that_saw_it() -> None:
    """Up to three differences of an operation, and how many more there are."""
    shown = cards.cards(example.failing())
    rows = [row for card in shown for row in card.rows]
    assert max(len(row.differences) for row in rows) == cards.DIFFERENCES
    assert {row.more for row in rows} >= {0, 6}
    assert all(text.endswith("(with the key full)") for row in rows for text in row.differences)


def test_the_page_of_a_run_that_was_stopped_says_what_to_do() -> None:
    """It has the reason and a command, and nothing that only distracts."""
    run = example.stopped()
    page = html.render(run)
    assert len(page.encode()) < 100_000
    assert 'id="stopped"' in page
    assert "kaicalls-conformance doctor --target FILE\n" in page.replace("</pre>", "\n")
    for part in ("missing", "causes", "error", "notes"):
        assert f'id="{part}"' not in page


def test_notes_that_say_the_same_are_one_row() -> None:
    """It counts them, and names their operations."""
    run = example.passing()
    noted = [
        replace(cell, notes=(replace(example.finding(cell, 7), level=Level.NOTE),))
        if cell.clause == "http-complete"
        else cell
        for cell in run.cells
    ]
    (row,) = alike.notes(replace(run, cells=tuple(noted)))
    assert (row.count, row.first.actual) == (len(example.SOME), "c-7, which page 1 holds already")


def test_the_page_names_the_other_reports_with_their_sizes(tmp_path: Path) -> None:
    """Those that are there."""
    (tmp_path / "junit.xml").write_text("x" * 1_234)
    html.write(example.failing(), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<code>junit.xml</code> 1.2 kB" in page
    assert "<code>badge.svg</code>" not in page


# --- order and start ------------------------------------------------------------------------------


def test_cards_are_grouped_by_harm_and_doubtful_ones_come_last() -> None:
    """The numbers ascend; a heading without a card is left out."""
    run = example.failing()
    *proven, last = run.causes
    doubtful = replace(run, causes=(*proven, replace(last, doubt="perhaps never revoked")))
    groups = cards.by_harm(cards.cards(doubtful))
    assert [card.number for group in groups.values() for card in group] == list(
        range(1, len(run.causes) + 1)
    )
    assert list(groups)[-1] == cards.DOUBTFUL
    assert [card.doubt for card in groups[cards.DOUBTFUL]] == ["perhaps never revoked"]
    assert all(groups.values())


def started(run: Run) -> str:
    """Where to start, as a sentence."""
    found = cards.start(run, cards.cards(run))
    assert found is not None
    return found.sentence


def test_fixing_starts_with_what_blocks_most() -> None:
    """With the worst cause if none blocks much, and with a certain one if there is any."""
    run = example.failing()
    first, second, *others = run.causes
    assert started(run) == f"Start with 1: {first.title}."
    doubtful = replace(first, doubt="perhaps never revoked")
    assert started(replace(run, causes=(doubtful, second))) == f"Start with 2: {second.title}."
    cells = [replace(cell, verdict=Verdict.UNTESTED) for cell in run.cells[:40]]
    blocking = replace(second, blocks=tuple(cell.name for cell in cells[:20]))
    blocked = replace(run, cells=tuple(cells), causes=(first, blocking, *others))
    assert started(blocked) == "Start with 2: it blocks 20 of the 40 untested cells."
    assert cards.start(example.passing(), []) is None
