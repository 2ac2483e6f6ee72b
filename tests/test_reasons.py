"""Why a cell is untested: the kind and the text are right, and nothing that exists is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.base.options import Choice
from conformance.judging.coverage import OVER_BUDGET
from conformance.model import Cell, Reason, ReasonKind, Run, Verdict
from conformance.plan.build import Plan
from conformance.report import untested
from conformance.run.planning import prepare
from conformance.server import Application, application, declaration
from conformance.server.messages import Context, Reply
from tests.faults import harness
from tests.faults.base import Faulty, is_for
from tests.faults.faults import FAULTS
from tests.faults.harness import Aim
from tests.support import contracts
from tests.test_joined_causes import OtherIdName

KINDS = ReasonKind


def _run(kind: type[Application], aim: Aim, **changes: Any) -> Run:
    """A run of some cases against a server."""
    loaded = contracts.real()
    return harness.run(loaded, application(loaded, kind=kind), aim=aim, changes=changes)


def _cell(run: Run, name: str) -> Cell:
    return next(cell for cell in run.cells if cell.name == name)


def _reasons(run: Run, name: str) -> list[tuple[ReasonKind, str]]:
    """The kinds and texts of the reasons of an untested cell."""
    cell = _cell(run, name)
    assert cell.verdict is Verdict.UNTESTED
    return [(reason.kind, reason.text) for reason in cell.reasons]


# --- blocked by a failure -------------------------------------------------------------------------


class AnyLimit(Faulty):
    """list_calls ignores the limit."""

    def limit_of(self, context: Context) -> int:
        return 10**6 if is_for(context, "list_calls") else super().limit_of(context)


class NoCreation(Faulty):
    """create_eval answers 500."""

    def act_create(self, context: Context) -> Reply:
        if is_for(context, "create_eval"):
            raise RuntimeError("no creation")
        return super().act_create(context)


class NoList(Faulty):
    """list_calls answers 500."""

    def act_list(self, context: Context) -> Reply:
        if is_for(context, "list_calls"):
            raise RuntimeError("no list")
        return super().act_list(context)


@pytest.mark.parametrize(
    ("kind", "aim", "cell", "cause"),
    [
        (
            FAULTS["flag-as-text"].kind,
            Aim(("has-more-true",), operations=("list_calls",)),
            "has-more-true[list_calls]",
            "has-more-present at list_calls",
        ),
        (
            AnyLimit,
            Aim(("has-more-true",), operations=("list_calls",)),
            "has-more-true[list_calls]",
            "paging-limit at list_calls",
        ),
        (
            NoCreation,
            Aim(("created-resource", "deleted-resource"), operations=("create_eval",)),
            "created-resource[create_eval]",
            "status-201 at create_eval",
        ),
        (
            NoCreation,
            Aim(("created-resource", "deleted-resource")),
            "deleted-resource[delete_eval]",
            "status-201 at create_eval",
        ),
        (
            NoList,
            Aim(("status-404",), operations=("read_call",)),
            "status-404[read_call]",
            "status-200 at list_calls",
        ),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_the_failure_is_named(kind: type[Application], aim: Aim, cell: str, cause: str) -> None:
    """A cell that a failure leaves without evidence names clause and operation of the failure."""
    [(reason, text)] = _reasons(_run(kind, aim), cell)
    assert reason is KINDS.BLOCKED
    assert cause in text


def test_a_creation_without_an_id_blocks_what_needs_the_object() -> None:
    """Such a cell is no limit of the suite, and needs no business that the target file names."""
    run = _run(OtherIdName, Aim(operations=("create_agent", "update_agent")))
    untested = [cell for cell in run.cells if cell.operation == "update_agent" and cell.reasons]
    names = {cell.name for cell in untested if cell.verdict is Verdict.UNTESTED}
    assert {"status-401[update_agent]", "business-inside[update_agent]"} <= names
    by = "created-resource[create_agent]"
    assert {reason.by for cell in untested for reason in cell.reasons} == {by}


# --- what can be provided -------------------------------------------------------------------------


class OneCall(Faulty):
    """The list of calls holds one call."""

    def rows_of(self, context: Context, limit: int) -> Any:
        rows = super().rows_of(context, limit)
        if not is_for(context, "list_calls"):
            return rows
        plain = not (context.values.keys() - {"limit"})
        return rows[:1] if plain else []


def test_a_short_list_wants_items() -> None:
    """A list that is too short, and breaks nothing, is a thing to provide."""
    run = _run(OneCall, Aim(("paging-exclusive",), operations=("list_calls",)))
    [(kind, text)] = _reasons(run, "paging-exclusive[list_calls]")
    assert kind is KINDS.PROVIDE
    assert "more items" in text


@pytest.mark.parametrize("role", ["full", "read_only"])
def test_a_list_that_shows_enough_is_asked_for_nothing(role: str) -> None:
    """Where the items are there, whichever key is the main one, it is a limit of the suite."""

    class OnePage(Faulty):
        """A list of calls with one page of twenty, whatever is asked for."""

        def rows_of(self, context: Context, limit: int) -> Any:
            rows = super().rows_of(context, min(limit, 20))
            later = "after" in context.values
            return [] if later and is_for(context, "list_calls") else rows

    keys = declaration(application(contracts.real()), "http://127.0.0.1")["keys"]
    given = {"keys": {role: keys[role]}, "scoped_keys": None}
    run = _run(OnePage, Aim(("paging-precision",), operations=("list_calls",)), **given)
    cell = _cell(run, "has-more-true[list_calls]")
    assert "more items" not in " ".join(cell.why)


def _plan(**changes: Any) -> Plan:
    loaded = contracts.real()
    target = harness.target_of(loaded, application(loaded), "http://127.0.0.1:1", changes)
    return prepare(loaded, target, Choice()).plan


def test_a_case_beyond_the_budget_asks_for_a_higher_one() -> None:
    """Nothing else has to be provided for the cases that the plan left out."""
    loaded = contracts.real()
    run = harness.run(loaded, application(loaded), choice=Choice(budget=100))
    over = {case.id for case in run.cases if case.gap == OVER_BUDGET}
    assert over
    reasons = {reason for cell in run.cells for reason in cell.reasons}
    assert reasons == {Reason(KINDS.NOT_RUN, OVER_BUDGET)}
    assert untested.next_step(run).endswith("run again with a higher budget or more time.")


def test_no_key_for_what_the_target_lacks() -> None:
    """A scope all of whose operations are inapplicable is asked of nobody."""
    loaded = contracts.real()
    lacking = sorted(
        name for name, each in loaded.operations.items() if "webhooks:write" in each.scopes
    )
    assert lacking
    plan = _plan(inapplicable=lacking, scoped_keys=None)
    asked = {text for case in plan.cases for text in (case.gap, *case.lacks) if text}
    assert [text for text in asked if "webhooks:write" in text] == []
    assert [text for text in asked if "agents:write" in text]


def test_no_clock_where_the_limit_was_seen() -> None:
    """Without a clock, the status of a limit is judged by the cases that need none."""
    for case in _plan(clock=None).cases:
        if case.gap and "clock" in case.gap:
            assert case.optional or "rate.limit" not in case.rules


def test_a_chosen_part_names_nothing_outside() -> None:
    """What was not selected says so, and asks for nothing."""
    loaded = contracts.real()
    aim = Aim(("paging-exclusive",), operations=("list_calls",))
    run = harness.run(loaded, application(loaded), aim=aim, changes={"triggers": None})
    trigger = _cell(run, "status-500[create_call]")
    assert [reason.kind for reason in trigger.reasons] == [KINDS.NOT_SELECTED]
    assert not trigger.chosen


def test_a_cell_with_two_reasons_is_chosen_only_if_all_were() -> None:
    """One case that was not selected leaves the whole cell outside what was chosen."""
    cell = Cell("c", "o", Verdict.UNTESTED)
    assert cell.chosen
    both = tuple(
        replace(_cell(_run(OneCall, Aim(())), "has-more-true[list_calls]").reasons[0], kind=kind)
        for kind in (KINDS.PROVIDE, KINDS.NOT_SELECTED)
    )
    assert not replace(cell, reasons=both).chosen
    assert replace(cell, reasons=both[:1]).chosen
