"""A cause names the handler that is wrong, not another one that fails because of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from conformance.model import Cause, Operation, Parameter
from conformance.report import remarks
from conformance.server import application
from conformance.server.application import Application
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Page, Row
from tests.faults import harness
from tests.faults.base import Faulty, altered, is_for
from tests.faults.writes.named import NamesForgotten
from tests.support import contracts

pytestmark = pytest.mark.long

ODD = ("odd-request", "generated", "sequence")
"""Scenarios with odd requests, which most of these servers do not need."""
NUMBERS = ("assign_phone_number", "release_phone_number", "list_phone_numbers", "list_numbers")


def causes_of(
    kind: type[Application], *operations: str, without: tuple[str, ...] = ODD
) -> dict[str, Cause]:
    """The causes that some operations of a server show, by title."""
    loaded = contracts.real()
    aim = harness.Aim(operations=operations, without=without)
    found = harness.run(loaded, application(loaded, kind=kind), aim=aim).causes
    return {cause.title: cause for cause in found}


class CreatesInstead(Faulty):
    """A change of a webhook creates another one."""

    def act(self, context: Context) -> Reply:
        if is_for(context, "update_webhook"):
            creation = self.contract.operations["create_webhook"]
            return super().act(replace(context, operation=creation))
        return super().act(context)

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if not is_for(context, "update_webhook") or parameter.name != "id":
            super().check_reference(parameter, value, context)


def test_a_change_that_works_on_another_object_is_one_cause() -> None:
    """It succeeds for foreign and unknown ids, and changes nothing, for one reason."""
    found = causes_of(CreatesInstead, "update_webhook", "create_webhook", "list_webhooks")
    assert set(found) == {"POST /webhooks with id works on another object"}
    (cause,) = found.values()
    assert {"changed-resource", "business-object"} <= set(cause.clauses)


class NumbersNotKept(Faulty):
    """A number that is assigned is not stored."""

    def act(self, context: Context) -> Reply:
        reply = super().act(context)
        if is_for(context, "assign_phone_number"):
            row = self.store.get("phone_number", context.values["phone_number"])
            assert row is not None
            self.store.remove(row)
        return reply


def test_a_release_of_a_number_that_was_not_stored_is_no_cause() -> None:
    """The assignment is wrong, and the release rightly does not find the number."""
    (title,) = causes_of(NumbersNotKept, *NUMBERS, "read_phone_number")
    assert title == "A phone number cannot be read after it is created"


def test_a_repetition_that_is_carried_out_is_no_race() -> None:
    """The title names the plain repetition, even if simultaneous requests show it as well."""
    (title,) = causes_of(NamesForgotten, "create_communication_run", "list_communication_runs")
    assert title == "POST /communication-runs carries out a repeated request"


class WantsAName(Faulty):
    """The validation of a run is refused with 409 unless it has a name."""

    def act(self, context: Context) -> Reply:
        if is_for(context, "validate_communication_run"):
            return Reply(409, self.envelope("invalid_request", "A name is missing."))
        return super().act(context)


def test_a_valid_request_that_is_refused_is_named_before_the_status() -> None:
    """Another status would not help."""
    assert "POST /communication-runs/validate refuses valid requests" in causes_of(
        WantsAName, "validate_communication_run"
    )


class DaysInABox(Faulty):
    """Whatever is no number of days that fits into a byte makes the server fail."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        for days in parse_qs(request.query_text).get("days", ()):
            bytes([int(days)])
        return super().query_values(operation, request)


def test_each_odd_value_that_makes_the_server_fail_is_listed() -> None:
    """Once the first one is fixed, the others are still to be fixed."""
    found = causes_of(DaysInABox, "list_transcripts", without=())
    listed = [each for cause in found.values() for each in cause.instances]
    assert len(listed) > 1
    assert all(each.startswith("days: 500 for ") for each in listed)


class UpperCodes(Faulty):
    """update_lead finds leads of all businesses, and writes the codes of its errors in capitals."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if is_for(context, "update_lead") and kind == "lead":
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        if (request.method, request.path.endswith("/leads")) != ("PATCH", True):
            return reply
        error = reply.body["error"]
        return replace(reply, body={"error": {**error, "code": error["code"].upper()}})


def test_a_wrong_code_without_a_key_opens_nothing() -> None:
    """It is one fault in the codes, and hides no access to other businesses."""
    found = causes_of(UpperCodes, "update_lead", "read_lead", "list_leads")
    assert set(found) == {
        "Errors of PATCH /leads have an unknown code",
        "PATCH /leads reaches objects of another business",
    }


class RunsAnyEval(Faulty):
    """run_eval runs some eval of the business if it does not find the one that is named."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        found = super().find(kind, identifier, context)
        if found is None and kind == "eval" and is_for(context, "run_eval"):
            return self.store.page(Page("eval", self.own_tenant(context), 1))[0]
        return found


def test_an_operation_that_takes_any_id_accuses_no_deletion() -> None:
    """That it also takes the id of a deleted object is no fault of the deletion."""
    (cause,) = causes_of(
        RunsAnyEval, "run_eval", "delete_eval", "read_eval", "create_eval"
    ).values()
    assert "DELETE" not in cause.title
    assert {"reference-known", "business-object", "deleted-resource"} <= set(cause.clauses)


class KeepsTwoKinds(Faulty):
    """Webhooks and evals stay after their deletion."""

    def act(self, context: Context) -> Reply:
        stays = context.operation.id in ("delete_webhook", "delete_eval")
        row = self.selected(context) if stays else None
        reply = super().act(context)
        if row is not None:
            self.store.put([row])
        return reply


def test_deletions_of_two_kinds_are_two_causes() -> None:
    """Each names its operation."""
    operations = ("delete_webhook", "list_webhooks", "delete_eval", "list_evals", "read_eval")
    assert set(causes_of(KeepsTwoKinds, *operations)) == {
        "DELETE /evals does not delete",
        "DELETE /webhooks does not delete",
    }


class SmallLetters(Faulty):
    """Webhooks keep the letters of their addresses in small ones."""

    def kept(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        kept = super().kept(kind, values)
        if kind == "webhook" and isinstance(kept.get("url"), str):
            kept["url"] = kept["url"].lower()
        return kept


def test_letters_that_change_their_case_are_one_cause() -> None:
    """Whatever writes them."""
    operations = ("create_webhook", "update_webhook", "list_webhooks")
    assert set(causes_of(SmallLetters, *operations)) == {"Objects do not keep the case of letters"}


class FilterLostLater(Faulty):
    """list_calls forgets the status once it gets a cursor."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().query_values(operation, request)
        if operation.id == "list_calls" and "after" in values:
            values.pop("status", None)
        return values


def test_a_filter_that_later_pages_lose_is_not_called_absent() -> None:
    """The title says where it is lost, and nothing suggests to declare that it does not exist."""
    loaded = contracts.real()
    aim = harness.Aim(operations=("list_calls",), without=ODD)
    run = harness.run(loaded, application(loaded, kind=FilterLostLater), aim=aim)
    assert [cause.title for cause in run.causes] == ["GET /calls ignores status on later pages"]
    assert remarks.idle_filters(run) == []


class WrongRefusal(UpperCodes):
    """update_lead finds leads of all businesses, and refuses a missing key with 403."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = Faulty.refused(self, request, refusal)
        is_change = (request.method, request.path.endswith("/leads")) == ("PATCH", True)
        return altered(reply, 403, code="forbidden") if is_change and reply.status == 401 else reply


def test_a_refusal_with_a_wrong_status_hides_no_access() -> None:
    """An operation that refuses a missing key is not open, and what it lets in is another cause."""
    assert set(causes_of(WrongRefusal, "update_lead", "read_lead", "list_leads")) == {
        "A missing key gets 403 from PATCH /leads",
        "PATCH /leads reaches objects of another business",
    }


class PartialLists(Faulty):
    """list_leads shows those of all businesses, and calls each page a partial content."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if is_for(context, "list_leads"):
            return self.store.page(Page("lead", None, limit))
        return super().rows_of(context, limit)

    def act(self, context: Context) -> Reply:
        reply = super().act(context)
        return replace(reply, status=206) if is_for(context, "list_leads") else reply


def test_a_success_with_a_wrong_status_hides_no_data_of_others() -> None:
    """Whatever else is wrong with a response, what it shows is a cause of its own."""
    found = causes_of(PartialLists, "list_leads", "read_lead")
    assert "GET /leads succeeds with the unlisted status 206" in found
    assert any("of another business" in title for title in found)
