"""Traps in which a suite passes something that it never saw; this one avoids each.

tests/command/ shows the traps of a whole process: a dead server, a broken MUST, a dead port.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conformance.base.options import Choice, Depth
from conformance.checks import RULES
from conformance.judging.coverage import NOT_SELECTED
from conformance.model import Level, Run, Verdict
from conformance.report import junit
from conformance.run.planning import prepare
from conformance.run.session import Session
from conformance.server import Application, application, declaration
from conformance.server.messages import Context
from conformance.server.store import Row
from tests.faults import harness
from tests.support.contracts import real
from tests.support.inprocess import execute
from tests.support.wsgi import WsgiWire

LISTS = harness.Aim(operations=("list_evals", "read_eval", "create_eval"))


def run(kind: type[Application] = Application, changes: Mapping[str, Any] | None = None) -> Run:
    """A run on a few operations of a server, with changes of its target file."""
    return harness.run(real(), application(real(), kind=kind), aim=LISTS, changes=changes)


class OneItem(Application):
    """A server whose lists hold one item."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        """The first row, and only on the first page."""
        return super().rows_of(context, limit)[:1] if not context.values.get("after") else []


def of(run: Run, clause: str, operation: str = "list_evals") -> Verdict:
    """The verdict of a clause on an operation."""
    return next(
        cell.verdict for cell in run.cells if (cell.clause, cell.operation) == (clause, operation)
    )


def test_a_walk_that_crosses_no_page_proves_nothing() -> None:
    """If a list fits on a page, its paging clauses are untested and say what to provide."""
    seen = run(OneItem)
    for clause in (
        "paging-exclusive",
        "paging-complete",
        "paging-supported",
        "has-more-false",
        "paging-order",
    ):
        assert of(seen, clause) is Verdict.UNTESTED, clause
    assert all(cell.reasons for cell in seen.cells if cell.verdict is Verdict.UNTESTED)


def test_no_cell_passes_without_evidence() -> None:
    """Every cell that passed names the exchanges that it rests on."""
    for seen in (
        run(),
        run(OneItem),
        run(changes={"keys": {"full": "kc_live_none_of_this_server"}}),
    ):
        assert all(cell.exchanges for cell in seen.cells if cell.verdict is Verdict.PASSED)


def test_a_refusal_for_another_reason_proves_nothing() -> None:
    """If the control is refused too, here for an unknown main key, no negative probe passes."""
    seen = run(
        changes={
            "keys": {
                "full": "kc_live_none_of_this_server",
                "no_scope": "kc_live_nor_this_one_either",
            }
        }
    )
    assert of(seen, "scope-required", "read_eval") is not Verdict.PASSED
    assert of(seen, "code-bad_request", "create_eval") is not Verdict.PASSED
    assert of(seen, "status-404", "read_eval") is not Verdict.PASSED


def test_one_passed_cell_does_not_pass_a_clause() -> None:
    """A clause has the worst verdict of its cells, and untested is worse than passed."""
    seen = run()
    clause = next(cell.clause for cell in seen.cells if cell.verdict is Verdict.PASSED)
    cells = tuple(
        replace(cell, verdict=Verdict.UNTESTED if number else Verdict.PASSED)
        for number, cell in enumerate(cell for cell in seen.cells if cell.clause == clause)
    )
    assert replace(seen, cells=cells).clause_verdict(clause) is Verdict.UNTESTED


def test_cells_without_a_prerequisite_stay_in_every_count(tmp_path: Path) -> None:
    """With a single key, the run and its JUnit file have all cells, the others untested."""
    contract = real()
    full = run()
    app = application(contract)
    bare = run(
        changes={
            "keys": {"full": full_key(app)},
            "scoped_keys": None,
            "clock": None,
            "addresses": None,
        }
    )
    assert {cell.name for cell in bare.cells} >= {
        cell.name for cell in full.cells if cell.clause != "code-internal_error"
    }
    junit.write(bare, tmp_path / "junit.xml")
    written = ET.parse(tmp_path / "junit.xml").getroot().findall(".//testcase")
    assert len(written) == len(bare.cells)
    assert (
        sum(case.find("skipped") is not None for case in written)
        == bare.counts["untested"] + bare.counts["inapplicable"]
    )


def full_key(app: Application) -> str:
    """The key that can do everything."""
    key: str = declaration(app, "http://127.0.0.1:1/api/v1")["keys"]["full"]
    return key


def quickly() -> Run:
    """A quick run on the reference server."""
    contract = real()
    app = application(contract)
    aimed_at = harness.target_of(contract, app, "http://127.0.0.1:1", {})
    prepared = prepare(contract, aimed_at, Choice(depth=Depth.QUICK))
    session = Session(prepared, WsgiWire(app), sleep=lambda _seconds: None)
    return execute(session, prepared.chosen.runnable)


def test_a_quick_run_sends_few_requests() -> None:
    """A quick run passes cells of most clauses and on most operations, in 400 requests."""
    contract, quick_run = real(), quickly()
    passed = [cell for cell in quick_run.cells if cell.verdict is Verdict.PASSED]
    musts = {clause.id for clause in contract.clauses.values() if clause.level is Level.MUST}
    assert len(musts & {cell.clause for cell in passed}) > len(musts) / 2
    assert contract.operations.keys() <= {each.operation for each in quick_run.exchanges}
    assert len(quick_run.exchanges) <= 400


def test_cells_that_were_not_selected_are_untested() -> None:
    """A run of a few cases leaves the other cells untested, with that as the reason."""
    seen = quickly()
    assert seen.counts["untested"] > seen.counts["passed"] > 0
    assert any(cell.reasons == (NOT_SELECTED,) for cell in seen.cells)


@pytest.mark.parametrize("word", ["inapplicable", "waivers"])
def test_an_excused_cell_does_not_pass(word: str) -> None:
    """A cell that is declared inapplicable, or waived, has that as its verdict."""
    waiver = {
        "clause": "has-more-present",
        "statement": "known for a long time",
        "owner": "the team",
        "ticket": "X-1",
        "expires": (datetime.now(UTC) + timedelta(days=90)).date().isoformat(),
    }
    members: dict[str, list[Any]] = {"inapplicable": ["list_evals"], "waivers": [waiver]}
    seen = run(Forgetful, changes={word: members[word]})
    expected = {"inapplicable": Verdict.INAPPLICABLE, "waivers": Verdict.WAIVED}[word]
    assert of(seen, "has-more-present") is expected


class Forgetful(Application):
    """A server whose lists have no has_more."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        """The page without has_more."""
        page = super().render_page(context, items, more)
        return {name: value for name, value in page.items() if value is not more}


def test_a_judge_that_crashes_passes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in a judge makes the cell an error, and the exit code 3."""
    rule = RULES["list.more-flag"]

    def broken(*_: object) -> list[Any]:
        raise ZeroDivisionError

    monkeypatch.setitem(RULES, "list.more-flag", replace(rule, passive=broken))
    seen = run()
    assert of(seen, "has-more-present") is Verdict.ERROR
    assert seen.exit_code == 3
