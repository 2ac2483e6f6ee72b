"""Waivers: how long they may last, which of them do nothing, and the entries that are printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
import yaml

from conformance import target
from conformance.base import yaml_file
from conformance.model import WHOLE_API, Cell, Reason, ReasonKind, Run, Verdict, Waiver
from conformance.model.waiver import free_day, wrong_days
from conformance.report import waivers
from conformance.report.waivers import IdleReason
from tests import report_example

TODAY = date(2026, 11, 25)
LATEST = date(2027, 5, 24)
DAY = timedelta(days=1)
DUPLICATES = 6


def waiver(
    expires: date = LATEST, operations: tuple[str, ...] = (), clause: str = "status-200"
) -> Waiver:
    """A waiver that expires on a day."""
    return Waiver(clause, operations, "known since May", "Ann", "X-1", expires)


# --- days of expiry -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "days", [[LATEST], [TODAY], [TODAY - DAY], [date(2019, 1, 1)], [LATEST] * 5 + [TODAY] * 5, []]
)
def test_a_waiver_lasts_at_most_180_days(days: list[date]) -> None:
    """Up to that day, any five may expire together; whatever has expired is not refused."""
    assert list(wrong_days([waiver(each) for each in days], TODAY)) == []


@pytest.mark.parametrize("day", [LATEST + DAY, date(9999, 12, 31)])
def test_a_longer_waiver_is_refused(day: date) -> None:
    """The message says up to which day it may last, even at the end of the calendar."""
    ((index, message),) = wrong_days([waiver(), waiver(day)], TODAY)
    assert (index, f"choose a day up to {LATEST}" in message) == (1, True)
    assert list(wrong_days([waiver(day)], day)) == []


def test_a_sixth_waiver_on_one_day_is_refused() -> None:
    """Each beyond the fifth is named, with a day that has room."""
    rows = [*[waiver()] * DUPLICATES, *[waiver(LATEST - DAY)] * 5]
    ((index, message),) = wrong_days(rows, TODAY)
    assert index == 5
    assert f"6 waivers expire on {LATEST}, but at most 5 may" in message
    assert message.endswith(f"such as {LATEST - 2 * DAY}")


def test_the_nearest_free_day() -> None:
    """It is the wanted one, else a later one, else an earlier one; none if every day is full."""
    full = Counter({TODAY + number * DAY: 5 for number in range(1, 181)})
    assert free_day({}, TODAY + DAY, TODAY) == TODAY + DAY
    assert free_day({TODAY + DAY: 5, TODAY + 2 * DAY: 4}, TODAY + DAY, TODAY) == TODAY + 2 * DAY
    assert free_day(full - Counter({TODAY + DAY: 1}), LATEST, TODAY) == TODAY + DAY
    assert free_day(full, LATEST, TODAY) is None


# --- those that do nothing ------------------------------------------------------------------------

NOT_CHOSEN = (Reason(ReasonKind.NOT_SELECTED, "not selected"),)


def run_of(cells: Sequence[Cell], *rows: Waiver) -> Run:
    """A run with some cells, whose target file has some waivers."""
    run = report_example.passing()
    declaration = replace(run.target, waivers=rows)
    return replace(run, cells=tuple(cells), target=declaration, judged_on=TODAY.isoformat())


def cell(verdict: Verdict, operation: str = "list_calls") -> Cell:
    """A cell of the clause that is waived."""
    return Cell("status-200", operation, verdict)


WAIVED, PASSED = cell(Verdict.WAIVED), cell(Verdict.PASSED, "list_agents")
BOTH = ("list_calls", "list_agents")
IDLE: dict[str, tuple[list[Cell], Waiver, list[IdleReason]]] = {
    "in use": ([WAIVED, PASSED], waiver(), []),
    "on its last day": ([WAIVED], waiver(TODAY), []),
    "expired": ([cell(Verdict.FAILED)], waiver(TODAY - DAY), [IdleReason.EXPIRED]),
    "everything passes": ([PASSED], waiver(), [IdleReason.STALE]),
    "a part passes": ([WAIVED, PASSED], waiver(operations=BOTH), [IdleReason.STALE]),
    "no cell": ([PASSED], waiver(operations=("list_calls",)), [IdleReason.UNMATCHED]),
    "no clause": ([PASSED], waiver(clause="status-201"), [IdleReason.UNMATCHED]),
    "only a warning": ([cell(Verdict.WARNED)], waiver(), [IdleReason.UNMATCHED]),
    "inapplicable": ([cell(Verdict.INAPPLICABLE)], waiver(), [IdleReason.UNMATCHED]),
    "untested": ([cell(Verdict.UNTESTED), PASSED], waiver(), [IdleReason.UNKNOWN]),
    "an error": ([cell(Verdict.ERROR)], waiver(), [IdleReason.UNKNOWN]),
    "not selected": ([replace(cell(Verdict.UNTESTED), reasons=NOT_CHOSEN)], waiver(), []),
}
"""Cells, a waiver for them, and why it does nothing."""


@pytest.mark.parametrize("name", IDLE)
def test_waivers_without_effect(name: str) -> None:
    """Whatever a target file has to change is told apart from what a run could not see."""
    cells, row, expected = IDLE[name]
    found = waivers.idle(run_of(cells, row))
    assert [each.reason for each in found] == expected
    assert [each.is_wrong for each in found] == [
        each is not IdleReason.UNKNOWN for each in expected
    ]


def test_a_sentence_names_owner_ticket_and_place() -> None:
    """So that it reaches whoever is responsible, and says what to remove."""
    (stale,) = waivers.idle(run_of([WAIVED, PASSED], waiver(operations=BOTH)))
    assert stale.text == (
        "the waiver for status-200 (Ann, X-1) is stale on list_agents: what it covers passes now; "
        "remove that operation from it"
    )


# --- entries --------------------------------------------------------------------------------------


def filled(entry: str) -> str:
    """An entry with what a person has to fill in."""
    for member in ("owner", "ticket", "statement"):
        entry = entry.replace(f'{member}: ""', f'{member}: "the storage team"')
    return f"url: http://127.0.0.1:9/api/v1\n{entry}\n"


def is_valid(text: str) -> bool:
    """Whether a text is a valid target file."""
    faults: list[str] = []
    file = yaml_file.parse(text, "t.yaml", faults)
    return file is not None and yaml_file.validate(file, target.schema(), faults)


def test_an_entry_is_valid_only_if_it_is_filled_in() -> None:
    """Each failed cause has one, with a waiver for each clause that it breaks."""
    run = report_example.breaking()
    entries = waivers.entries(run)
    assert entries.keys() == {cause.id for cause in run.causes}
    for entry in entries.values():
        assert is_valid(filled(entry))
        assert not is_valid(f"url: http://127.0.0.1:9/api/v1\n{entry}\n")


def test_the_entries_of_a_run_expire_on_different_days() -> None:
    """Together with the waivers that the file has, no day has more than five."""
    run = report_example.breaking()
    wanted = date.fromisoformat(run.judged_on) + waivers.DURATION
    own = [waiver(wanted)] * 4
    run = replace(run, target=replace(run.target, waivers=tuple(own)))
    rows = [
        row for entry in waivers.entries(run).values() for row in yaml.safe_load(entry)["waivers"]
    ]
    days = [date.fromisoformat(row["expires"]) for row in rows]
    assert len(days) == sum(len(cause.clauses) for cause in run.causes) == 61
    assert Counter(days)[wanted] == 1
    assert max(Counter(days).values()) == 5
    together = [*own, *(waiver(day) for day in days)]
    assert list(wrong_days(together, date.fromisoformat(run.judged_on))) == []


def test_only_failures_get_an_entry() -> None:
    """A warning needs none, and what is waived has one; a failure of the whole API names none."""
    run = report_example.breaking()
    for verdict in (Verdict.WARNED, Verdict.WAIVED):
        cells = tuple(replace(each, verdict=verdict) for each in run.cells)
        assert waivers.entries(replace(run, cells=cells)) == {}
    cause = run.causes[0]
    whole = Cell(cause.clauses[0], WHOLE_API, Verdict.FAILED, (), (cause.finding,))
    one = replace(run, cells=(whole,), causes=(replace(cause, cells=(whole.name,)),))
    (entry,) = waivers.entries(one).values()
    assert "operations" not in yaml.safe_load(entry)["waivers"][0]


def test_an_entry_names_no_operation_that_the_contract_lacks() -> None:
    """A forged log may name any; its text must not become a part of a target file."""
    run = report_example.breaking()
    cause = run.causes[0]
    odd = replace(run.cells[0], operation="x]\n    owner: me", verdict=Verdict.FAILED)
    assert waivers.entries(replace(run, cells=(odd,), causes=(cause,))) == {}
    both = replace(run, cells=(odd,), causes=(replace(cause, cells=(odd.name,)),))
    assert waivers.entries(both) == {}


@pytest.mark.parametrize("member", ["owner", "ticket", "statement"])
def test_a_blank_member_is_not_filled_in(member: str) -> None:
    """Spaces say no more than nothing."""
    (entry, *_) = waivers.entries(report_example.breaking()).values()
    text = filled(entry).replace(f'{member}: "the storage team"', f"{member}: '{' ' * 10}'")
    assert not is_valid(text)
