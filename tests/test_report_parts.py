"""Parts of the reports: badge, annotations, lines to paste, the matrix, and times."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from conformance.base.text import clock
from conformance.causes.shown import probe_of
from conformance.command import explain_cause
from conformance.judging.pages import Item
from conformance.model import (
    BROKEN,
    Body,
    Exchange,
    Finding,
    Given,
    Harm,
    Level,
    Reason,
    ReasonKind,
    Role,
    Run,
    Verdict,
)
from conformance.report import (
    alike,
    areas,
    badge,
    cards,
    console,
    first_step,
    github,
    html,
    matrix,
    owners,
    provide,
    times,
    untested,
    view,
    walk_picture,
)
from conformance.report.cards import Card
from conformance.report.exhibit import exhibits
from conformance.report.places import Place, places_of
from conformance.report.since import trend
from conformance.report.walk_picture import COLUMNS, PAGES, TIME, Spot, text_of
from conformance.server import application
from tests import report_example as example
from tests.faults import harness, rows
from tests.faults.base import words
from tests.faults.faults import FAULTS
from tests.support import contracts
from tests.support.exchanges import answer

# --- causes in a line -----------------------------------------------------------------------------


def test_page_and_terminal_count_causes_alike(tmp_path: Path) -> None:
    """In the words of one function; the page adds the harm."""
    run, page = example.failing(), tmp_path / "report.html"
    html.write(run, page)
    first_line = f"<b>{view.tally(run.causes)}: misleads clients.</b>"
    assert first_line in page.read_text(encoding="utf-8")


def test_the_extent_of_a_cause_names_an_operation_that_the_title_lacks() -> None:
    """Its route if it is the only one, and otherwise the number of operations."""
    card = cards.cards(example.failing())[0]
    row = replace(card.rows[0], route="GET /evals")
    titled = replace(card.cause, title="An unknown id gets a wrong status from GET /evals")
    untitled = replace(card.cause, title="An unknown id gets a wrong status")
    one = replace(card, rows=(row,), more=0, cause=untitled)
    assert one.extent == "GET /evals"
    assert replace(one, cause=titled).extent == "1 operation"
    assert replace(one, more=2).extent == "3 operations"


# --- badge and annotations ------------------------------------------------------------------------


@pytest.mark.parametrize("fails", [False, True])
def test_a_badge_says_the_verdict_and_nothing_of_the_target(fails: bool) -> None:
    """It is an image in XML, with the headline, and without a text that a target chose."""
    text = badge.text(example.failing() if fails else example.passing())
    root = ET.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = "".join(root.itertext())
    run = example.failing()
    assert (f"Breaks the contract, {view.tally(run.causes)}" in words) is fails
    assert "alert" not in text


def test_the_worst_causes_become_annotations() -> None:
    """One command a line, of a kind that GitHub knows; nothing that a target said ends it."""
    lines = list(github.commands(example.failing()))
    assert len(lines) == min(10, len(example.failing().causes))
    for each in lines:
        assert re.fullmatch(r"::(error|warning) title=[^:,\r\n]+::[^\r\n]+", each)


# --- lines to paste -------------------------------------------------------------------------------

ASKED = {
    "allow: write": 5,
    "allow: spend": 2,
    "keys: no_scope": 3,
    "scoped_keys: agents:read": 1,
    "businesses: other": 1,
    "addresses": 2,
    "maximum": 2,
    "triggers: call_failed at create_call": 1,
    "": 1,
}
"""Places of a target file, and how many cells need something there."""


def asking() -> Run:
    """A run whose cells are untested for these reasons."""
    run = example.passing()
    cells = []
    places = list(Counter(ASKED).elements())
    for cell, place in zip(run.cells, places, strict=False):
        reason = Reason(ReasonKind.PROVIDE, "give it", place=place)
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
    assert set(given["maximum"].values()) == {None}
    assert lines[-2].endswith("# the most items of a page; 2 cells")
    assert "  no_scope: ${NO_SCOPE_KEY}  # 3 cells" in lines
    assert lines[0].endswith("# write: 5 cells, spend: 2 cells")


def test_the_description_of_a_cause_names_each_route_once() -> None:
    """Several operations may have the same route."""
    run = example.failing()
    card = explain_cause.card_of(run, "1")
    route = card.rows[0].route
    lines = explain_cause.lines(run, replace(card, rows=card.rows[:1] * 3), 80)
    assert "\n".join(lines).partition("\nOn: ")[2].count(f"{route}, {route}") == 0


def test_each_operation_of_a_cause_shows_the_request_that_it_failed_on() -> None:
    """With its query, because a filter or a foreign id in it may be what the server gets wrong."""
    run = example.failing()
    rows = [row for card in cards.cards(run) for row in card.rows if row.exchange]
    requests = {row.asked: run.exchange[row.exchange].request for row in rows}
    assert any("?" in asked for asked in requests)
    for asked, request in requests.items():
        method, target = asked.split(" ", 1)
        assert method == request.method
        assert request.url == run.target.url + target
        assert escape(asked) in html.render(run)


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
    assert found.judged[-1] == "*"
    assert "read_call" not in (*found.judged, *found.untested)
    assert matrix.matrix(example.stopped(), ()).untested == (*run.contract.operations, "*")


REASONED = (Verdict.UNTESTED, Verdict.ERROR, Verdict.WAIVED, Verdict.EXCLUDED)


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


def test_a_clause_is_untested_only_if_none_of_its_cells_was_judged() -> None:
    """Otherwise it is partly untested."""
    run = example.passing()
    cells = [
        replace(cell, verdict=Verdict.UNTESTED) if cell.operation == "read_call" else cell
        for cell in run.cells
    ]
    (area, *_) = areas.areas(replace(run, cells=tuple(cells)), ())
    assert {label for _, label in area.tally} == {"partly untested", "passed"}
    (area, *_) = areas.areas(example.stopped(), ())
    assert list(area.tally) == [(Verdict.UNTESTED, "untested")]


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
    assert (first.share, first.median_share) == (1, 50 / 95)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(29.4, "0:29"), (59.6, "1:00"), (236, "3:56"), (3723, "1:02:03")]
)
def test_a_clock_shows_minutes_and_seconds(seconds: float, shown: str) -> None:
    """And hours, if there are any."""
    assert clock(seconds) == shown


def test_the_line_of_runs_is_an_image_with_words() -> None:
    """A reader who cannot see it hears the figures."""
    root = ET.fromstring(trend(example.failing()))
    assert root.get("role") == "img"
    assert root.get("aria-label", "").startswith("Causes, oldest first: ")


def test_the_strip_of_times_is_an_image_with_words() -> None:
    """Two bars for each operation, and its figures as a tooltip."""
    rows = times.latencies(example.passing())
    drawn = str(macros().latency(rows))
    root = ET.fromstring(drawn)
    (strip,) = root.iter("svg")
    assert strip.get("role") == "img"
    assert strip.get("aria-label", "").startswith("Response times of ")
    assert drawn.count("<rect") == 2 * len(rows)


# --- cards and files ------------------------------------------------------------------------------


def test_a_row_lists_what_differs_with_the_key_that_saw_it() -> None:
    """Up to three differences of an operation, and how many more there are."""
    shown = cards.cards(example.failing())
    rows = [row for card in shown for row in card.rows]
    assert max(len(row.differences) for row in rows) == cards.DIFFERENCES
    assert {row.more for row in rows} >= {0, 6}
    assert all(text.endswith("(with the key full)") for row in rows for text in row.differences)


def test_a_finding_is_shown_by_a_probe_with_the_key_full() -> None:
    """By any probe if none has it, and by the first exchange if there is no probe."""
    one, two, *_ = example.passing().exchanges
    setup = replace(one, id="setup", role=Role.ARRANGE, identity="full")
    revoked = replace(one, id="revoked", role=Role.PROBE, identity="revoked")
    full = replace(two, id="full", role=Role.PROBE, identity="full")
    run = replace(example.passing(), exchanges=(setup, revoked, full))
    for names, best in (
        (("setup", "revoked", "full"), full),
        (("setup", "revoked"), revoked),
        (("setup",), setup),
        (("gone",), None),
    ):
        finding = Finding("c", "list_calls", "r", "/", "a list", "nothing", names)
        assert probe_of(run, finding, names) == best


def test_a_wrong_status_is_shown_by_a_response_that_has_it() -> None:
    """A read that is refused after a deletion does not show that a change still succeeds."""
    one, two, *_ = example.passing().exchanges
    response = one.response
    assert response is not None
    read = replace(one, role=Role.PROBE, response=replace(response, status=404))
    change = replace(two, role=Role.PROBE, response=replace(response, status=200))
    run = replace(example.passing(), exchanges=(read, change))
    ids = (read.id, change.id)
    finding = Finding("c", "update_agent", "r", "status", "refused", "200 {}", ids)
    assert probe_of(run, finding, ids) == change
    assert probe_of(run, replace(finding, actual="500"), ids) == read


def test_the_page_of_a_run_that_was_stopped_says_what_to_do() -> None:
    """It has the reason and a command, and nothing that only distracts."""
    run = example.stopped()
    page = html.render(run)
    assert len(page.encode()) < 100_000
    assert 'id="stopped"' in page
    assert "kaicalls-conformance doctor --target FILE\n" in page.replace("</pre>", "\n")
    for part in ("missing", "causes", "error", "notes", "clauses", "operations"):
        assert f'id="{part}"' not in page
        assert f'href="#{part}"' not in page


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
    groups = first_step.by_harm(cards.cards(doubtful))
    assert [card.number for group in groups.values() for card in group] == list(
        range(1, len(run.causes) + 1)
    )
    assert list(groups)[-1] == first_step.DOUBTFUL
    assert [card.doubt for card in groups[first_step.DOUBTFUL]] == ["perhaps never revoked"]
    assert view.tally(doubtful.causes).startswith(f"{len(run.causes)} causes, 1 of them in doubt")
    assert all(groups.values())


def test_the_first_line_names_the_worst_harm() -> None:
    """And how many causes share it, if not all do."""
    run = example.failing()
    first, second = run.causes
    leak = replace(first, harm=Harm.ISOLATION)
    mixed = replace(run, causes=(leak, second))
    words = first_step.overview(mixed, cards.cards(mixed))
    assert words == "2 causes, worst: reaches data of others (1 of them)"


def started(run: Run) -> str:
    """Where to start, as a sentence."""
    found = first_step.start(run, cards.cards(run))
    assert found is not None
    return found.sentence


def test_fixing_starts_with_what_blocks_most() -> None:
    """With the worst cause if none blocks much, and with a certain one if there is any."""
    run = example.failing()
    first, second, *others = run.causes
    assert started(run) == f"Start with cause 1: {first.title}."
    doubtful = replace(first, doubt="perhaps never revoked")
    assert (
        started(replace(run, causes=(doubtful, second))) == f"Start with cause 2: {second.title}."
    )
    cells = [replace(cell, verdict=Verdict.UNTESTED) for cell in run.cells[:40]]
    names = tuple(cell.name for cell in cells[:20])
    blocking = replace(second, blocks=names, title="Paging repeats items")
    blocked = replace(run, cells=tuple(cells), causes=(first, blocking, *others))
    why = "it blocks 20 of the 40 untested cells"
    assert started(blocked) == f"Start with cause 2, paging repeats items: {why}."
    long = replace(blocking, title="GET /calls repeats items " * 20)
    longest = started(replace(blocked, causes=(first, long, *others)))
    assert longest.startswith("Start with cause 2, GET /calls repeats items")
    assert len(longest) < 130
    assert first_step.start(example.passing(), []) is None


def test_the_terminal_names_doubtful_causes_however_many_come_before() -> None:
    """The first few of them; the others need -v."""
    run = example.failing()
    cause = run.causes[0]
    certain = [replace(cause, title=f"Certain {number}") for number in range(40)]
    doubts = [
        replace(cause, title=f"Doubtful {number}", doubt="perhaps never revoked")
        for number in range(7)
    ]
    said = console.summary(replace(run, causes=(*certain, *doubts)), width=100, colour=False)
    assert said.partition("Start with")[0].count("Certain ") == console.CAUSES
    listed = [f" Doubtful {number} (" in said for number in range(7)]
    assert listed == [True] * console.DOUBTS_LISTED + [False] * 2
    assert "    and 2 more; use -v to list them" in said


def test_the_terminal_shows_a_whole_doubt() -> None:
    """On a line of its own if the title leaves no room."""
    run = example.failing()
    title = "Keys are refused although they have the scope"
    doubtful = replace(run.causes[0], title=title, doubt="perhaps a wrong scope")
    said = console.summary(replace(run, causes=(doubtful,)), width=70, colour=False)
    line, below = said.partition(title)[2].splitlines()[:2]
    assert line.endswith(("operations", "operation"))
    assert below == "    (perhaps a wrong scope)"


# --- pictures -------------------------------------------------------------------------------------

HOSTILE = "</td><script>alert(1)</script>\u202e"
"""An id that attacks a page."""


def macros() -> Any:
    """The macros that draw."""
    return html._environment().get_template("pictures.html.j2").module


@cache
def broken() -> Run:
    """A run against a server that loses items, repeats others, and leaks."""
    names = words(
        "first-item-lost-by-one inclusive-cursor-of-agents foreign-agent-read call-without-status"
    )
    loaded = contracts.real()
    kind = type("Several", tuple(FAULTS[name].kind for name in names), {})
    scenarios = ("walk", "foreign-object", "plain-read", "scope-opens")
    operations = ("list_calls", "list_agents", "read_agent", "read_call")
    aim = harness.Aim(clauses=(), scenarios=scenarios, operations=operations)
    return harness.run(loaded, application(loaded, kind=kind), aim=aim)


def card_of(rule: str, run: Run | None = None) -> Card:
    """The card of the first cause that a rule finds."""
    run = run or broken()
    return next(
        card
        for card in cards.with_steps(run, cards.cards(run))
        if card.cause.finding.rule.startswith(rule)
    )


def spots(card: Card, label: str) -> list[Spot]:
    """The items in a row of the walk of a card."""
    assert card.picture.walk is not None
    row = next(line for line in card.picture.walk.lines if line.label == label)
    return [spot for spot in row.spots if spot.time]


def test_a_lost_item_is_lost_in_the_drawing() -> None:
    """It is in the whole list and in the row of lost items, and on none of the pages."""
    card = card_of("paging.complete")
    assert card.picture.walk is not None
    whole = {spot.time for spot in spots(card, "whole list")}
    lost = spots(card, "lost")
    pages = [line for line in card.picture.walk.lines if line.label.startswith("page")]
    on_pages = {spot.time for line in pages for spot in line.spots if spot.time}
    times_lost = {spot.time for spot in lost}
    assert times_lost
    assert times_lost <= whole
    assert times_lost.isdisjoint(on_pages)
    assert {spot.fault for spot in lost} == {"lost"}
    first = card.cause.finding.expected.split(" ")[0]
    assert any(spot.time in first.replace("T", " ") for spot in lost)
    assert f"✕ {lost[0].time}" in "\n".join(text_of(card.picture.walk))
    (marked,) = [exhibit.response.body for exhibit in card.exhibits if exhibit.response]
    assert marked is not None
    assert f"{first} " in marked.marked
    assert "is missing" in marked.marked


def test_a_repeated_item_is_marked_where_it_comes_again() -> None:
    """The page before shows it unmarked; in the body its time is marked."""
    card = card_of("paging.exclusive")
    assert card.picture.walk is not None
    faults = [spot for line in card.picture.walk.lines for spot in line.spots if spot.fault]
    assert [spot.fault for spot in faults] == ["repeated"]
    assert re.fullmatch(r"/agents/\d+/created_at", card.where)


def test_an_item_at_the_end_of_a_list_is_drawn_where_it_is_seen() -> None:
    """In one of the first columns, so that nobody has to scroll to it."""
    items = [Item(f"item-{number}", "", Fraction(number), None) for number in range(40)]
    for place in (0, 1, 20, 39):
        shown, _ = walk_picture.around(place, items)
        assert items[place] in shown[: walk_picture.BEFORE + 1]
        assert len(shown) <= COLUMNS


def test_the_command_for_after_the_fix_can_be_copied() -> None:
    """It is whole in a block that gets a button."""
    page = html.render(broken())
    assert re.search(
        r'<div class="curl"><p class="label">After the fix</p><pre[^>]*>\S+ rerun 1 ', page
    )


def test_a_run_without_a_target_file_says_how_to_write_one() -> None:
    """If something untested needs a line in it."""
    run, words = example.passing(), "kaicalls-conformance init --url "
    lacking = replace(
        run.cells[0], verdict=Verdict.UNTESTED, reasons=(Reason(ReasonKind.PROVIDE, "give a key"),)
    )
    run = replace(run, cells=(lacking, *run.cells[1:]))
    assert words not in html.render(replace(run, given=Given(target="t.yaml", url=True)))
    assert f"{words}{run.target.url}" in html.render(replace(run, given=Given(url=True)))


def test_a_long_declaration_takes_the_whole_width() -> None:
    """Otherwise the names of fifty operations are a column of their own."""
    run = example.passing()
    target = replace(run.target, inapplicable=frozenset(list(run.contract.operations)[:50]))
    page = html.render(replace(run, target=target))
    assert '<div class="wide"><dt>Declared inapplicable</dt>' in page


def test_a_drawing_is_bounded() -> None:
    """A few columns and rows of short texts, however long the list is."""
    for rule in ("paging.complete", "paging.exclusive"):
        picture = card_of(rule).picture.walk
        assert picture is not None
        assert len(picture.lines) <= PAGES + 2
        for row in picture.lines:
            assert len(row.spots) <= COLUMNS
            assert all(len(spot.time) <= TIME for spot in row.spots)


def test_a_leak_names_who_asked_and_whose_object_came() -> None:
    """With the ids of both businesses explained."""
    card = card_of("tenant.object")
    key, request, shown = card.picture.chain
    businesses = broken().target.businesses
    assert (key.name, request.whose) == ("the key full", "200")
    assert key.whose.startswith(f"business main ({businesses['main'][:8]}")
    assert shown.whose.startswith(f"business other ({businesses['other'][:8]}")
    assert any(businesses["other"] in sentence for sentence in card.picture.ids)
    assert any("first shown to the key other, by GET /agents" in text for text in card.picture.ids)


def test_an_id_is_named_by_what_it_identifies() -> None:
    """A transcript carries the id of its call, and has none of its own."""
    body = {"transcripts": [{"call_id": "call_00000001"}], "has_more": False}
    run = replace(example.passing(), exchanges=(answer(200, body, operation="list_transcripts"),))
    assert owners.origins(run, ["call_00000001"])["call_00000001"].kind == "call"


def test_a_missing_member_is_named_by_its_pointer() -> None:
    """Not the whole object, which is otherwise right."""
    assert card_of("success.shape").where == "/status"


def test_hostile_ids_are_escaped_in_drawings() -> None:
    """An id is text on the page, and no markup, wherever it is drawn."""
    run = broken()
    ids = [card_of("paging.complete").cause.finding.expected.split('"')[1]]
    ids.append(run.target.businesses["other"])
    page = html.render(_renamed(run, ids))
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert page.count("&lt;script&gt;alert(1)") > 3
    assert 'class="walk"' in page
    assert 'class="chain"' in page


def _renamed(run: Run, ids: list[str]) -> Run:
    """A run in which some ids are hostile, in responses, findings and declaration."""
    written = json.dumps(HOSTILE, ensure_ascii=False)[1:-1]

    def renamed(text: str) -> str:
        for each in ids:
            text = text.replace(each, written)
        return text

    def changed(exchange: Exchange) -> Exchange:
        response = exchange.response
        if response is None or response.body.text is None:
            return exchange
        body = Body(text=renamed(response.body.written), size=response.body.size)
        return replace(exchange, response=replace(response, body=body))

    causes = []
    for cause in run.causes:
        finding = cause.finding
        said = replace(finding, expected=renamed(finding.expected), actual=renamed(finding.actual))
        causes.append(replace(cause, finding=said))
    businesses = {**run.target.businesses, "other": HOSTILE}
    target = replace(run.target, businesses=businesses)
    exchanges = tuple(changed(exchange) for exchange in run.exchanges)
    return replace(run, exchanges=exchanges, causes=tuple(causes), target=target)


# --- places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "actual", "body", "place"),
    [
        (
            "/business_id",
            '"b"',
            {"business_id": "a", "touches": [{"business_id": "b"}]},
            "/touches/0/business_id",
        ),
        ("/status", "7", {"call": {"status": 7}}, "/call/status"),
        ("/metadata", '{"team": "b"}', {"metadata": {"team": "b"}}, "/metadata/team"),
        ("/has_more", "nothing", {"calls": []}, "/has_more"),
        ("/error", "{key:full}", {"error": {"detail": "x {key:full}"}}, "/error/detail"),
        ("/", '"call-00001"', {"calls": [{"id": "call-00001"}]}, "/calls/0/id"),
        (
            "/",
            '{"id": "b", "name": "n"}',
            {"calls": [{"id": "a", "v": {"n": 1}}, {"id": "b", "name": "n"}]},
            "/calls/1/id",
        ),
        ("/", "3 items", {"calls": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}, "/calls/2/id"),
        (
            "/",
            '"0713f234-4e38"',
            {"calls": [{"url": "https://example.com/0713f234-4e38"}, {"id": "0713f234-4e38"}]},
            "/calls/1/id",
        ),
        ("/", "404 {}", {"calls": []}, "status"),
        ("/", "'id' is a required property", {}, "/id"),
        ("Retry-After", "soon", {}, "Retry-After"),
    ],
)
def test_the_place_is_that_of_the_wrong_value(
    where: str, actual: str, body: dict[str, Any], place: str
) -> None:
    """Whatever the finding names: a member without its item, an item, or a whole list."""
    run = example.passing()
    some = next(each for each in run.exchanges if each.operation == "list_calls" and each.ok)
    assert some.response is not None
    shown = replace(some.response, body=Body(text=json.dumps(body)))
    exchange = replace(some, response=shown)
    expected = '{"team": "a"}' if where == "/metadata" else "at most 2 items"
    finding = Finding("c", "list_calls", "r", where, expected, actual, (exchange.id,))
    found = places_of(run, replace(finding, apart=True), exchange)
    assert [each.words for each in found] == [place]


def test_the_member_of_the_object_that_was_looked_for_is_marked() -> None:
    """Not that of another item of its list, which may rightly have the same value."""
    run = example.passing()
    some = next(each for each in run.exchanges if each.operation == "list_calls" and each.ok)
    assert some.response is not None
    items = [{"id": "a", "active": True}, {"id": "b", "active": True}]
    body = Body(text=json.dumps({"calls": items}))
    facts = replace(some.facts, sought="b")
    exchange = replace(some, facts=facts, response=replace(some.response, body=body))
    finding = Finding("c", "list_calls", "r", "/active", "false", "true", (some.id,))
    assert places_of(run, finding, exchange) == [Place("/calls/1/active")]


def test_the_response_that_is_wrong_is_among_those_shown() -> None:
    """Even if many requests come before it."""
    run = example.passing()
    some = next(each for each in run.exchanges if each.operation == "list_calls" and each.ok)
    assert some.response is not None
    gone = replace(some.response, status=404)
    many = [replace(some, id=f"x{number}") for number in range(9)]
    many.append(replace(some, id="x9", response=gone))
    ids = tuple(each.id for each in many)
    finding = Finding("c", "list_calls", "r", "/", "x, as before", "404 {}", ids)
    shown = exhibits(replace(run, exchanges=tuple(many)), ids, finding)
    assert [each.exchange.id for each in shown if each.places] == ["x9"]
    assert len(shown) == 3


@pytest.mark.parametrize("text", ["<html>", ""])
def test_a_body_that_is_no_json_is_marked(text: str) -> None:
    """Even if there is none, and only a note says so."""
    run = example.passing()
    some = next(each for each in run.exchanges if each.operation == "list_calls" and each.ok)
    assert some.response is not None
    body = Body(text=text, size=len(text))
    exchange = replace(some, response=replace(some.response, body=body))
    finding = Finding("c", "list_calls", "r", "/", "a JSON value", "no", (some.id,), apart=True)
    (shown,) = exhibits(replace(run, exchanges=(exchange,)), [some.id], finding)
    assert re.search("<mark[^>]*>.*(html|No body)", str(macros().message("", shown.response)))


def test_a_missing_header_is_described() -> None:
    """There is no line that could be marked."""
    run = example.passing()
    some = next(each for each in run.exchanges if each.ok)
    finding = Finding("c", "list_calls", "r", "Retry-After", "seconds", "nothing", (some.id,))
    (shown,) = exhibits(run, [some.id], finding)
    assert shown.response is not None
    assert shown.response.lacks
    assert "▶ retry-after is missing" in str(macros().message("Response", shown.response))


def test_a_right_response_next_to_a_wrong_one_is_not_marked() -> None:
    """Such as the object before a change that lost a member."""
    run = example.passing()
    some = next(each for each in run.exchanges if each.operation == "list_calls" and each.ok)
    assert some.response is not None
    before, after = (
        replace(some, id=name, response=replace(some.response, body=Body(text=text)))
        for name, text in (("x1", '{"name": "old"}'), ("x2", '{"name": "new"}'))
    )
    both = replace(run, exchanges=(before, after))
    finding = Finding("c", "list_calls", "r", "/name", '"old"', '"new"', ("x1", "x2"))
    assert places_of(both, finding, before) == []
    assert places_of(both, finding, after) == [Place("/name")]


def test_the_list_before_a_deletion_is_not_accused() -> None:
    """It rightly shows the object. The place is named with the request of the later list."""
    fault = FAULTS["deleted-stays-listed"]
    run = harness.run(contracts.real(), fault.make(contracts.real()), aim=rows.aim_at(fault))
    (card,) = cards.cards(run)
    before, deletion, after = card.exhibits
    assert before.exchange.operation == after.exchange.operation == "list_evals"
    assert deletion.exchange.request.method == "DELETE"
    assert (before.places, deletion.places) == ((), ())
    assert after.places
    assert card.asked.startswith("DELETE ")
    assert "in the response to GET " in card.where
