"""A cause names the handler that is wrong, not another one that fails because of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from conformance.model import Cause, Operation, Parameter
from conformance.server import application
from conformance.server.application import Application
from conformance.server.messages import Context, Reply, Request
from tests.faults import harness
from tests.faults.base import Faulty, is_for
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
            self.store.remove(self.store.get("phone_number", context.values["phone_number"]))
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
