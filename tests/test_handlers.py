"""Mistakes of single handlers are causes of their own, with titles that tell them apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from conformance.causes import groups
from conformance.causes.finding_key import Key
from conformance.model import Cause, Operation, Parameter
from conformance.report import remarks
from conformance.server import application
from conformance.server.application import Application
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Page, Row
from tests.faults import harness, rows
from tests.faults.base import Faulty, is_for
from tests.faults.faults import FAULTS
from tests.support import contracts

pytestmark = pytest.mark.long

ODD = ("odd-request", "generated", "sequence")
"""Scenarios with odd requests, which most of these servers do not need."""


def causes_of(
    kind: type[Application], *operations: str, without: tuple[str, ...] = ODD
) -> tuple[Cause, ...]:
    """The causes that some operations of a server show."""
    loaded = contracts.real()
    aim = harness.Aim(operations=operations, without=without)
    return harness.run(loaded, application(loaded, kind=kind), aim=aim).causes


def titles_of(
    kind: type[Application], *operations: str, without: tuple[str, ...] = ODD
) -> set[str]:
    """The titles of the causes that some operations of a server show."""
    return {cause.title for cause in causes_of(kind, *operations, without=without)}


# --- tenants ---


class OpenKinds(Faulty):
    """The objects of some kinds are looked up for all businesses."""

    kinds: tuple[str, ...] = ()

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if kind in self.kinds:
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)


class TwoKinds(OpenKinds):
    """Workspaces and evals are looked up for all businesses."""

    kinds = ("workspace", "eval")


class ManyKinds(OpenKinds):
    """The objects of many kinds are looked up for all businesses."""

    kinds = ("workspace", "eval", "agent", "lead", "call")


def test_two_kinds_that_are_open_are_two_causes() -> None:
    """Each title names what can be reached."""
    assert titles_of(TwoKinds, "read_workspace", "read_eval", "delete_eval") == {
        "GET /workspaces?id reaches objects of another business",
        "An eval of another business can be reached",
    }


def test_a_server_without_a_check_of_tenants_is_one_cause() -> None:
    """No handler forgot the check: nothing has it."""
    operations = ("read_workspace", "read_eval", "read_agent", "read_lead", "read_call")
    assert titles_of(ManyKinds, *operations) == {"Objects of another business can be reached"}


class NumbersForAll(Faulty):
    """Any business releases a number, which is free then."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if is_for(context, "release_phone_number"):
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)


def test_a_number_that_another_business_released_is_free() -> None:
    """That it can be assigned again is no second cause."""
    operations = ("release_phone_number", "assign_phone_number", "list_phone_numbers")
    assert titles_of(NumbersForAll, *operations) == {
        "A phone number of another business can be reached"
    }


# --- texts ---


class ShortDescriptions(Faulty):
    """Webhooks keep the first 32 characters of a description."""

    def kept(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        kept = super().kept(kind, values)
        if kind == "webhook" and isinstance(kept.get("description"), str):
            kept["description"] = kept["description"][:32]
        return kept


def test_texts_that_are_cut_off_are_one_cause() -> None:
    """Whatever writes them, and whatever they contain."""
    operations = ("create_webhook", "update_webhook", "list_webhooks")
    assert titles_of(ShortDescriptions, *operations, without=()) == {
        "Objects do not keep the end of texts"
    }


class NothingChanged(Faulty):
    """update_eval confirms changes that it does not make."""

    def changes(self, context: Context) -> dict[str, Any]:
        return {} if is_for(context, "update_eval") else super().changes(context)


def test_a_change_that_is_not_made_names_no_member() -> None:
    """All of them are as they were."""
    (title,) = titles_of(NothingChanged, "update_eval", "read_eval", "create_eval")
    assert title == "PATCH /evals does not store what was sent"


# --- lists ---


class NoCursor(Faulty):
    """list_available_numbers ignores the cursor."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if is_for(context, "list_available_numbers"):
            values = {name: value for name, value in context.values.items() if name != "after"}
            context = replace(context, values=values)
        return super().rows_of(context, limit)


def test_a_cursor_that_is_ignored_is_no_inclusive_one() -> None:
    """Both repeat items, but only one of them repeats all of a page."""
    both = type("Both", (NoCursor, FAULTS["inclusive-cursor-of-agents"].kind), {})
    assert titles_of(both, "list_available_numbers", "list_agents") == {
        "GET /phone-numbers/available returns the same page again",
        "Paging repeats items of GET /agents",
    }


class LimitInABox(Faulty):
    """Limits that 64 bits do not hold fail; those of messages fail if they are no number."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        if parameter.name == "limit" and self.overflows(operation, str(value)):
            raise OverflowError
        return super().is_valid(operation, parameter, value)

    def overflows(self, operation: Operation, text: str) -> bool:
        """Whether a limit makes the server fail."""
        if operation.id == "list_messages":
            return text.isalpha()
        return text.isdecimal() and int(text) >= 2**63


def test_a_huge_limit_is_not_any_odd_one() -> None:
    """If most lists fail on huge limits alone, and one on others."""
    operations = ("list_calls", "list_agents", "list_leads", "list_evals", "list_messages")
    assert titles_of(LimitInABox, *operations, without=()) == {
        "The server fails on a huge value of limit",
        "GET /sms/messages fails on an odd value of limit",
    }


# --- statuses ---


class Accepting(Faulty):
    """Two writes return 202."""

    def succeed(self, context: Context, body: Any) -> Reply:
        reply = super().succeed(context, body)
        if is_for(context, "create_call", "send_sms"):
            return replace(reply, status=202)
        return reply


@pytest.mark.parametrize("operation", ["create_call", "send_sms"])
def test_the_title_of_an_unlisted_status_names_it(operation: str) -> None:
    """Each of two handlers has a cause of its own."""
    causes = causes_of(Accepting, "create_call", "send_sms")
    route = contracts.real().operations[operation].route
    assert len(causes) == 2
    assert f"{route} succeeds with the unlisted status 202" in {cause.title for cause in causes}


# --- limits ---


class Unavailable(Faulty):
    """Beyond a rate limit, the server is unavailable."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return replace(reply, status=503) if reply.status == 429 else reply


def test_a_server_fault_beyond_a_limit_is_named() -> None:
    """The requests are not at fault: they are too many."""
    (title,) = titles_of(Unavailable, "sign_up")
    assert title == "POST /signup fails on too many requests"


def test_a_status_that_no_success_has_blocks_its_cell() -> None:
    """The requests succeeded, though with a status that no operation has."""
    loaded = contracts.real()
    aim = harness.Aim(operations=("create_call",))
    run = harness.run(loaded, application(loaded, kind=Accepting), aim=aim)
    (cell,) = [cell for cell in run.cells if cell.name == "status-201[create_call]"]
    assert [reason.by for reason in cell.reasons] == ["status-listed[create_call]"]


# --- values ---


def test_values_that_two_handlers_accept_are_two_causes() -> None:
    """Each handler lacks a check of its own."""
    both = type("Both", (FAULTS["duration-of-letters"].kind, FAULTS["empty-message-sent"].kind), {})
    assert titles_of(both, "create_call", "send_sms", "read_call") == {
        "POST /calls accepts an invalid value",
        "POST /sms/send accepts an invalid value",
    }


# --- what all findings together tell ---


class NoReasonForbidden(Faulty):
    """Errors with status 403 have no message."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        if reply.status == 403:
            del reply.body["error"]["message"]
        return reply


def test_a_title_names_the_only_status_of_wrong_errors() -> None:
    """Errors with other statuses are right."""
    (title,) = titles_of(NoReasonForbidden, "read_call", "create_call", "list_leads")
    assert title == "Errors with status 403 have no message text"


class CallInACall(Faulty):
    """create_call returns an object with the call in it."""

    def succeed(self, context: Context, body: Any) -> Reply:
        wrapped = {"success": True, "call": body} if is_for(context, "create_call") else body
        return super().succeed(context, wrapped)


def test_an_object_in_another_one_lacks_nothing() -> None:
    """What seems to be missing is one level below."""
    titles = titles_of(CallInACall, "create_call", "read_call")
    assert "POST /calls wraps its object in another one" in titles


class OppositeDirection(Faulty):
    """list_messages shows the messages of the opposite direction."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        opposite = {"inbound": "outbound", "outbound": "inbound"}
        if is_for(context, "list_messages") and context.values.get("direction") in opposite:
            turned = opposite[context.values["direction"]]
            context = replace(context, values={**context.values, "direction": turned})
        return super().rows_of(context, limit)


def test_a_filter_that_finds_the_opposite_is_not_ignored() -> None:
    """Nobody is told to declare it absent: it has an effect."""
    loaded = contracts.real()
    aim = harness.Aim(operations=("list_messages",), without=ODD)
    run = harness.run(loaded, application(loaded, kind=OppositeDirection), aim=aim)
    (cause,) = run.causes
    assert cause.title.startswith("GET /sms/messages applies")
    assert remarks.idle_filters(run) == []


def test_a_filter_that_opens_foreign_objects_is_not_ignored() -> None:
    """All items are of the conversation that was asked for, so the target has the filter."""
    loaded = contracts.real()
    fault = FAULTS["messages-of-foreign-conversation"]
    run = harness.run(loaded, fault.make(loaded), aim=rows.aim_at(fault))
    assert [cause.clauses for cause in run.causes] == [("business-filter",)]
    assert remarks.idle_filters(run) == []


# --- what explains another finding may have gone ---


def test_a_finding_without_what_explains_it_is_a_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """What explains it may have been told apart, or belong to another finding itself."""
    loaded = contracts.real()
    aim = harness.Aim(operations=("create_call", "send_sms"), without=ODD)
    run = harness.run(loaded, application(loaded, kind=Accepting), aim=aim)

    def with_settled_keys(_contract: Any, seen: Any, *_rest: Any) -> Any:
        return [(one, Key("rule.of-another")) for one in seen]

    monkeypatch.setattr(groups, "with_settled_keys", with_settled_keys)
    found = groups.groups_of(run.contract, run.cells, run.exchange)
    assert {group.finding.rule for group in found} == {"status.listed"}


class CountsCharacters(Faulty):
    """The length of a body is the number of its characters, so some bodies end early."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        return reply, body[: len(body.decode())]

    def encode(self, reply: Reply) -> bytes:
        return json.dumps(reply.body, ensure_ascii=False).encode()


def test_what_a_cut_body_does_not_show_is_not_lost() -> None:
    """No object has disappeared, and no change was lost: they cannot be read."""
    operations = ("create_lead", "update_lead", "list_leads", "read_lead")
    rules = {cause.finding.rule for cause in causes_of(CountsCharacters, *operations, without=())}
    assert rules == {"success.shape"}


class DeletesAllEvals(Faulty):
    """delete_eval without an id deletes all evals of the business."""

    def is_required(self, operation: Operation, parameter: Parameter) -> bool:
        return operation.id != "delete_eval" and super().is_required(operation, parameter)

    def act_delete(self, context: Context) -> Reply:
        if not is_for(context, "delete_eval") or "id" in context.values:
            return super().act_delete(context)
        for row in self.store.page(Page("eval", self.own_tenant(context), 1_000)):
            self.store.remove(row)
        return self.succeed(context, {"deleted": True})


def test_what_a_deletion_of_all_removed_is_no_further_cause() -> None:
    """Later requests for these objects are refused because they are gone."""
    operations = ("delete_eval", "update_eval", "read_eval", "create_eval")
    titles = titles_of(DeletesAllEvals, *operations)
    assert "DELETE /evals accepts a missing parameter" in titles
    assert not any("refuses valid requests" in title for title in titles)
