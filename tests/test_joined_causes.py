"""One missing check is one cause, whatever shows it; two mistakes of a server are two causes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

import pytest

from conformance import causes, model
from conformance.base.values import NOT_JSON, read_json
from conformance.causes import instances
from conformance.causes.finding_key import UNREAD
from conformance.causes.instances import instances_of
from conformance.causes.origins import values_of
from conformance.judging.outcomes import Violation
from conformance.model import (
    Body,
    Cause,
    Exchange,
    Facts,
    Operation,
    Parameter,
    Response,
    Role,
    Run,
)
from conformance.reading import CLEAN, sent_members
from conformance.report import cards
from conformance.run.seen_causes import SeenCauses
from conformance.server import application
from conformance.server.application import Application
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.moments import key_of
from conformance.server.special.webhooks import EVENTS
from conformance.server.store import Filter, Identity, Row
from tests.faults import harness
from tests.faults.base import Faulty, is_for
from tests.faults.faults import FAULTS
from tests.faults.keys import SecretsKept
from tests.faults.shared import body_of
from tests.faults.walks.flags import OneLeftIsNone
from tests.faults.walks.order import FilteredTurnedAround
from tests.support import contracts

PLAIN = ("odd-request", "generated", "sequence")
"""Scenarios that these servers do not need."""


def causes_of(kind: type[Application], *operations: str) -> tuple[Cause, ...]:
    """The causes that some operations of a server show without odd requests."""
    return run_of(kind, *operations).causes


def run_of(kind: type[Application], *operations: str) -> Run:
    """A run of some operations without odd requests."""
    loaded = contracts.real()
    aim = harness.Aim(operations=operations, without=PLAIN)
    return harness.run(loaded, application(loaded, kind=kind), aim=aim)


# --- one wrong status ----------------------------------------------------------------------------

OF_LEADS = ("list_leads", "create_lead", "update_lead", "read_lead")


class Replacing(Faulty):
    """Errors with some roles are sent as errors with another role."""

    roles: ClassVar[tuple[str, ...]]
    instead: ClassVar[str]

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        if refusal.role in self.roles:
            refusal = Refusal(self.instead, "Something else")
        return super().refused(request, refusal)


class NeverForbids(Replacing):
    """What should get 403 gets 401."""

    roles, instead = ("forbidden",), "unauthenticated"


def test_a_status_that_is_never_sent_is_one_cause() -> None:
    """Scopes, filters, references and objects of other businesses all lead to it."""
    (cause,) = causes_of(NeverForbids, *OF_LEADS)
    assert cause.title == "A key without the scope gets 401"
    assert {"status-403", "business-filter", "reference-known"} <= set(cause.clauses)


class FailsOnInvalidRequests(Replacing):
    """No error of the validation is handled."""

    roles, instead = ("missing_parameter", "invalid_parameter"), "internal"


def test_a_server_that_fails_on_all_invalid_requests_has_one_cause() -> None:
    """Whether values are missing or wrong, or the body is no JSON."""
    (cause,) = causes_of(FailsOnInvalidRequests, *OF_LEADS)
    assert cause.title == "The server fails on invalid requests"


class FailsOnUnknownObjects(Replacing):
    """Lookups fail, and invalid requests get 403, so that 400 is never sent."""

    roles, instead = ("missing_parameter", "invalid_parameter"), "forbidden"

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        if refusal.role == "not_found":
            refusal = Refusal("internal", "Something else")
        return super().refused(request, refusal)


def test_lookups_that_fail_are_no_invalid_requests() -> None:
    """Unknown and foreign ids are one cause, and the status in place of 400 is another."""
    operations = (*OF_LEADS, "create_eval", "read_eval", "update_eval")
    first, second, *others = causes_of(FailsOnUnknownObjects, *operations)
    assert first.title == "The server fails on an id that names nothing"
    assert {"status-404", "business-object"} <= set(first.clauses)
    assert second.title == "An invalid value gets 403"
    assert "status-400" in second.clauses
    assert "The server fails on invalid requests" not in {cause.title for cause in others}


class FailsOnUnknownEvents(Faulty):
    """A replay fails if the server does not find one of its events."""

    def act_perform(self, context: Context) -> Reply:
        named = context.values.get("event_ids", [context.values.get("event_id")])
        if any(self.find("event", str(name), context) is None for name in named):
            raise Refusal("internal", "Something else")
        return super().act_perform(context)


def test_a_route_that_fails_on_ids_of_any_kind_has_one_cause() -> None:
    """Its handler serves two operations, with one id and with several."""
    (cause,) = causes_of(FailsOnUnknownEvents, "replay_event", "replay_several_events")
    assert cause.title == "POST /events/replay fails on an id that names nothing"


class FailsOnMissingValues(Replacing):
    """Only what is missing makes the server fail."""

    roles, instead = ("missing_parameter",), "internal"


def test_a_server_that_refuses_some_invalid_requests_fails_on_the_others_alone() -> None:
    """A status that is sent elsewhere is not lost."""
    titles = {cause.title for cause in causes_of(FailsOnMissingValues, *OF_LEADS)}
    assert "The server fails on a required parameter left out" in titles
    assert "The server fails on invalid requests" not in titles


# --- one missing check ----------------------------------------------------------------------------


class AnyAgent(Faulty):
    """No write checks its agent_id."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if parameter.name != "agent_id":
            super().check_reference(parameter, value, context)


def test_a_reference_that_nothing_checks_is_one_cause() -> None:
    """Foreign and unknown ids, in required and optional members, of several operations."""
    (cause,) = causes_of(AnyAgent, "create_call", "create_eval", "create_lead", "run_agent_evals")
    assert set(cause.clauses) == {"business-object", "reference-known"}
    assert {"business-object[create_lead]", "reference-known[create_call]"} <= set(cause.cells)


class AnyCall(Faulty):
    """Calls are looked up and listed for all businesses."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if kind == "call":
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)

    def list_tenant(self, context: Context) -> str | None:
        if is_for(context, "list_calls"):
            return context.values.get("business_id")
        return super().list_tenant(context)

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if not is_for(context, "list_calls"):
            super().check_tenant(parameter, value, context)


def test_a_kind_without_tenants_is_one_cause() -> None:
    """Its list leaks, its filters find what is foreign, and its reads, too."""
    (cause,) = causes_of(AnyCall, "list_calls", "read_call", "list_agents", "read_agent")
    assert {"business-object", "business-rows", "business-filter"} <= set(cause.clauses)


class ListedCallsAndAgentsRead(AnyCall):
    """Calls are listed, and agents are looked up, for all businesses."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if kind == "agent":
            return self.store.get(kind, identifier)
        return super(AnyCall, self).find(kind, identifier, context)


def test_two_kinds_without_a_check_are_two_causes() -> None:
    """A list of one kind and a read of another one are two oversights."""
    causes = causes_of(ListedCallsAndAgentsRead, "list_calls", "read_agent")
    assert {cause.finding.operation for cause in causes} == {"list_calls", "read_agent"}
    assert len(causes) == 2


class ForgetfulList(Faulty):
    """The list of workspaces shows only those that were there at the start."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, 1_000)
        if is_for(context, "list_workspaces"):
            rows = [row for row in rows if row.id not in self.made]
        return rows[: limit + 1]

    @cached_property
    def made(self) -> set[str]:
        """The ids of all objects that clients created."""
        return set()

    def act_create(self, context: Context) -> Reply:
        reply = super().act_create(context)
        self.made.add(json.loads(self.encode(reply))["id"])
        return reply


def test_a_list_without_new_objects_is_one_cause() -> None:
    """Neither does a creation lose them, nor does a change remove them: they can be read."""
    operations = ("list_workspaces", "read_workspace", "create_workspace", "update_workspace")
    (cause,) = causes_of(ForgetfulList, *operations)
    assert cause.title == "New objects of POST /workspaces are not listed"
    assert cause.clauses == ("created-resource", "changed-resource")


class NoContent(Faulty):
    """Changes are confirmed without a body, and a certain read has none, either."""

    def act_update(self, context: Context) -> Reply:
        super().act_update(context)
        return Reply(204, b"")

    def act_read(self, context: Context) -> Reply:
        reply = super().act_read(context)
        return Reply(200, b"") if is_for(context, "read_lead") else reply


def test_a_change_without_content_is_one_cause() -> None:
    """The status explains the missing body, even if another operation lacks its body, too."""
    causes = causes_of(NoContent, "update_eval", "update_agent", "read_lead")
    shown = {cause.finding.where: cause.cells for cause in causes}
    assert shown.keys() == {"status", "/"}
    assert not [cell for cell in shown["/"] if "update" in cell]


class TwoWalks(Faulty):
    """One list loses an item of each page, and another one does so if it has a filter."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit + 1)
        filtered = is_for(context, "list_calls") and bool(self.filters_of(context))
        if (is_for(context, "list_evals") or filtered) and len(rows) > limit > 1:
            del rows[1]
        return rows[: limit + 1]


def test_walks_with_a_filter_are_a_cause_of_their_own() -> None:
    """Its title says so, and the request names the filter."""
    run = run_of(TwoWalks, "list_evals", "list_calls")
    titles = {cause.finding.operation: cause.title for cause in run.causes}
    assert titles["list_evals"] == "Paging loses items of GET /evals"
    assert titles["list_calls"] == "GET /calls with a filter loses items"
    assert len(run.causes) == len(titles)
    (card,) = [card for card in cards.cards(run) if "filter" in card.title]
    assert "with the filter " in card.asked


def test_a_page_that_skips_an_item_is_not_blamed_on_cursors_of_the_same_second() -> None:
    """Some of the items that it skips happen to be of the second of the cursor."""
    kind = FAULTS["next-item-skipped"].kind
    (cause,) = causes_of(kind, "list_workspaces", "create_workspace")
    assert "paging-precision" in cause.clauses
    assert cause.title == "Paging loses items of GET /workspaces"


LISTS_OF_BUSINESS = ("list_calls", "list_transcripts", "list_agents", "list_numbers", "list_events")


@pytest.mark.parametrize(
    ("name", "operations", "title"),
    [
        ("null-for-no-items", LISTS_OF_BUSINESS, "Lists have no array of items"),
        (
            "filter-after-limit",
            (
                *(*LISTS_OF_BUSINESS, "list_leads", "list_evals", "list_messages"),
                *("list_conversations", "list_phone_numbers", "list_available_numbers"),
            ),
            "Paging with a filter loses items",
        ),
        (
            "large-pages-turned-around",
            ("list_messages", "send_sms"),
            "GET /sms/messages is out of order",
        ),
        ("other-times-in-large-pages", ("list_evals",), 'GET /evals shows another "created_at"'),
        (
            "team-of-all-businesses",
            ("read_agent", "list_agents", "create_agent"),
            "GET /agents?id shows ids of another business",
        ),
        (
            "agent-not-stored",
            ("create_agent", "read_agent", "update_agent", "update_sms_prompt"),
            "An agent cannot be read after it is created",
        ),
        (
            "ok-for-unknown",
            ("assign_phone_number", "read_call", "read_agent", "read_lead", "delete_eval"),
            '"not_found" comes with a wrong status',
        ),
        (
            "any-scope-opens",
            (
                *("assign_phone_number", "update_agent", "delete_webhook", "list_calls"),
                *("act_on_workspace", "list_agents", "list_webhooks", "list_numbers"),
            ),
            "Some keys work beyond their scopes",
        ),
    ],
)
def test_one_fault_is_one_cause(name: str, operations: tuple[str, ...], title: str) -> None:
    """It breaks several rules, on several operations, or shows in several ways."""
    (cause,) = causes_of(FAULTS[name].kind, *operations)
    assert cause.title == title


@pytest.mark.parametrize(
    ("name", "operations", "scenario", "title"),
    [
        (
            "unparsable-cursor",
            LISTS_OF_BUSINESS,
            "odd-request",
            "The server fails on an odd value of after",
        ),
        (
            "description-back-with-the-secret",
            ("create_webhook", "update_webhook", "rotate_webhook_secret", "list_webhooks"),
            "sequence",
            "POST /webhooks/rotate-secret loses changes",
        ),
        (
            "bare-array",
            ("create_agent", "read_agent", "update_agent", "list_agents"),
            "sequence",
            "GET /agents returns no array of items",
        ),
    ],
)
def test_one_fault_in_odd_requests_and_sequences_is_one_cause(
    name: str, operations: tuple[str, ...], scenario: str, title: str
) -> None:
    """A null character is an odd value of the cursor, too; a later write takes a change back."""
    loaded = contracts.real()
    aim = harness.Aim(operations=operations, scenarios=(scenario,))
    (cause,) = harness.run(loaded, FAULTS[name].make(loaded), aim=aim).causes
    assert cause.title == title


class TurnedAroundAndShort(FilteredTurnedAround, OneLeftIsNone):
    """A list is out of order with one filter, and no list says that one item is left."""


def test_a_filter_explains_no_mistake_of_lists_without_one() -> None:
    """The order of the filtered list is one cause, the wrong ``has_more`` of all lists another."""
    titles = [cause.title for cause in causes_of(TurnedAroundAndShort, "list_events")]
    assert sorted(titles) == [
        '"has_more" of GET /events is false too early',
        "GET /events filtered by event_type is out of order",
    ]


class PhonesDecodedTwice(Faulty):
    """The filter by phone number of the list of leads takes a plus for a space."""

    def filter_of(self, parameter: Parameter, value: Any) -> Filter:
        if parameter.filters == "phone":
            value = value.replace("+", " ")
        return super().filter_of(parameter, value)


def test_a_filter_that_finds_nothing_is_one_cause() -> None:
    """Its walks lack the items, and after a write it does not find the object."""
    (cause,) = causes_of(PhonesDecodedTwice, *OF_LEADS)
    assert cause.title == "GET /leads filtered by phone loses the first items"
    assert cause.clauses == ("paging-complete", "paging-filter-kept")


class CreatesWebhooks(Faulty):
    """A change of a webhook creates another one, whichever id it names."""

    def selected(self, context: Context) -> Row:
        if not is_for(context, "update_webhook"):
            return super().selected(context)
        webhook = {"events": [EVENTS[0]], "is_active": True, "webhook_secret_masked": "...k3y9"}
        return self.add("webhook", self.own_tenant(context), webhook)


def test_a_change_that_creates_an_object_is_one_cause() -> None:
    """It also succeeds with the id of a deleted object, whose deletion is not to blame."""
    operations = ("create_webhook", "update_webhook", "delete_webhook", "list_webhooks")
    (cause,) = causes_of(CreatesWebhooks, *operations)
    assert cause.title == "POST /webhooks with id works on another object"


class UnknownEvalsMade(Faulty):
    """A change of an eval that does not exist creates it."""

    def selected(self, context: Context) -> Row:
        named = str(context.values.get("id"))
        known = self.store.get("eval", named) if isinstance(named, str) else None
        if is_for(context, "update_eval") and isinstance(named, str) and known is None:
            return self.add("eval", self.own_tenant(context), {"messages": []}, named)
        return super().selected(context)


def test_a_change_that_creates_what_it_names_is_one_cause() -> None:
    """A deleted object is there again after it, although its deletion worked."""
    operations = ("create_eval", "update_eval", "delete_eval", "read_eval", "run_eval")
    (cause,) = causes_of(UnknownEvalsMade, *operations)
    assert cause.title == "PATCH /evals succeeds for an unknown id"
    assert "deleted-resource[delete_eval]" in cause.cells


class SortedByChange(Faulty):
    """The list of leads is sorted by the time of the last change; its cursor is created_at."""

    def act_update(self, context: Context) -> Reply:
        reply = super().act_update(context)
        if is_for(context, "update_lead"):
            row = self.selected(context)
            changed = key_of(self.new_moment(row.kind, row.tenant))
            self.store.remove(row)
            self.store.put([replace(row, sort=changed)])
        return reply


def test_a_list_sorted_by_changes_is_one_cause() -> None:
    """A changed object is where something newer belongs, and walks are out of order."""
    (cause,) = causes_of(SortedByChange, *OF_LEADS)
    assert cause.title == "GET /leads is out of order"
    assert "changed-resource[update_lead]" in cause.cells


class EmptyIsNotFound(Faulty):
    """The list of leads returns 404 if it is empty."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if is_for(context, "list_leads") and not json.loads(self.encode(reply))["leads"]:
            raise Refusal("not_found")
        return reply


def test_an_empty_list_that_is_not_found_is_one_cause() -> None:
    """So is a filter that nothing matches."""
    (cause,) = causes_of(EmptyIsNotFound, "list_leads", "create_lead", "update_lead")
    assert cause.clauses == ("paging-supported", "business-empty", "status-200")


class OnlyAscii(Faulty):
    """Texts are stored with a question mark for each character beyond ASCII."""

    def kept(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        kept = super().kept(kind, values)
        texts = {name: value for name, value in kept.items() if isinstance(value, str)}
        return kept | {name: _in_ascii(text) for name, text in texts.items()}


def _in_ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def test_characters_that_all_texts_lose_are_one_cause() -> None:
    """In every member of creations and changes. In a single one, it is that member's cause."""
    operations = ("create_eval", "update_eval", "create_lead", "update_lead")
    (cause,) = causes_of(OnlyAscii, *operations)
    assert cause.title == "Objects do not keep characters beyond ASCII"
    assert cause.clauses == ("changed-resource",)
    assert len(cause.cells) == 2


class NumbersForCodes(Faulty):
    """Errors at the path of workspaces have their status as the code."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        if request.path.endswith("/workspaces"):
            reply.body["error"]["code"] = reply.status
        return reply


def test_a_part_that_all_errors_of_a_kind_lack_is_one_cause() -> None:
    """Whatever their statuses are."""
    operations = ("create_workspace", "list_workspaces", "read_workspace", "update_workspace")
    (cause,) = causes_of(NumbersForCodes, *operations)
    assert cause.title == "Errors have no valid code"


class NullAsNothing(Faulty):
    """What lacks the required name is accepted, and so is null."""

    def is_required(self, operation: Operation, parameter: Parameter) -> bool:
        return super().is_required(operation, parameter) and parameter.name != "name"

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        is_null = value is None and parameter.name == "name"
        return is_null or super().is_valid(operation, parameter, value)


def test_null_for_what_may_be_missing_is_the_same_cause() -> None:
    """What is not required may be null, too."""
    operations = ("create_agent", "create_eval", "create_lead", "create_workspace")
    causes = causes_of(NullAsNothing, *operations)
    assert [cause.title for cause in causes] == [
        "Missing parameters are accepted",
        "POST /workspaces accepts a body that is not an object",
    ]


WRITES = ("create_lead", "create_eval", "update_eval", "create_agent", "create_webhook")


class FailsOnNull(Faulty):
    """Writes fail on a null character. Those of evals have errors of their own."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if b"\\u0000" in request.body:
            raise Refusal("internal")
        return super().take_in(operation, request, in_path)

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        own = request.path.endswith("/evals") and reply.status == 500
        return replace(reply, body={**reply.body, "request": "r-1"}) if own else reply


def test_one_oddity_that_makes_the_server_fail_is_one_cause() -> None:
    """However the errors look, and whatever other signs there are."""
    run = harness.run(
        contracts.real(),
        application(contracts.real(), kind=FailsOnNull),
        aim=harness.Aim(operations=WRITES),
    )
    assert [cause.title for cause in run.causes] == [
        "The server fails on a null character in a text"
    ]


# --- several handlers -----------------------------------------------------------------------------


class FourHandlers(Faulty):
    """Four operations fail, each in its own way."""

    BODIES: ClassVar[dict[str, Any]] = {
        "list_calls": {"detail": "boom"},
        "read_agent": {"errors": [{"msg": "boom"}]},
        "list_leads": b"Internal Server Error",
        "create_agent": {"error": {"code": "internal_error", "message": "boom", "trace": []}},
    }

    def act(self, context: Context) -> Reply:
        body = self.BODIES.get(context.operation.id)
        return super().act(context) if body is None else Reply(500, body)


class UnknownLeadFails(Faulty):
    """The read of a lead fails whenever it finds none for the id."""

    def selected(self, context: Context) -> Row:
        try:
            return super().selected(context)
        except Refusal as refusal:
            if is_for(context, "read_lead"):
                raise Refusal("internal") from refusal
            raise


def test_a_lookup_that_fails_is_named_after_the_plainest_id() -> None:
    """It fails on ids of other businesses and of deleted objects, too."""
    (cause,) = causes_of(UnknownLeadFails, "read_lead", "create_lead", "list_leads")
    assert cause.title == "GET /leads?id fails on an id that names nothing"


def test_handlers_that_fail_in_four_ways_are_four_causes() -> None:
    """Each body comes from a place of its own, and no odd request is blamed for it."""
    causes = causes_of(FourHandlers, *FourHandlers.BODIES, "list_agents", "read_call")
    assert sorted(cause.finding.operation for cause in causes) == sorted(FourHandlers.BODIES)
    assert {cause.flaw for cause in causes} == {""}


class ErrorsOfItsFramework(Faulty):
    """Invalid input, unknown objects, and too many requests have errors of other libraries."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        if refusal.role == "invalid_parameter":
            return Reply(422, {"detail": [{"loc": ["body"], "msg": "Field required"}]})
        if refusal.role == "not_found":
            return Reply(404, {"detail": "Not Found"})
        if refusal.role == "rate_limited":
            return Reply(429, {"detail": "Rate limit exceeded: 5 per 1 hour"})
        return reply


def test_errors_of_three_handlers_are_three_causes() -> None:
    """A few refusals of a limit do not hide among the many errors of other handlers."""
    operations = ("sign_up", "read_call", "list_calls", "create_agent")
    run = run_of(ErrorsOfItsFramework, *operations)
    causes = run.causes
    statuses = [{each.status for each in run.exchanges_of(x.finding.exchanges)} for x in causes]
    assert sorted(statuses, key=str) == [{404}, {422}, {429}]
    shown = [{*cause.cells} for cause in causes]
    assert len(shown) == 3
    assert shown[0] >= {"status-listed[sign_up]", "envelope-structure[sign_up]"}
    assert {"envelope-structure[read_call]", "envelope-structure[read_recording]"} in shown
    assert {"envelope-structure[sign_up]"} in shown


# --- several wrong values -------------------------------------------------------------------------


WITH_VALUES = ("create_call", "create_webhook", "create_agent", "update_agent", "update_lead")
"""Operations that have values to refuse."""


class TakesAnything(Faulty):
    """A few members take any value."""

    TAKEN = ("webhook_url", "voice", "score", "to")

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        return parameter.name in self.TAKEN or super().is_valid(operation, parameter, value)


def test_each_wrong_value_is_named() -> None:
    """Once for each member and value, so that nobody has to run again to learn of the next."""
    causes = causes_of(TakesAnything, *WITH_VALUES)
    (cause,) = [each for each in causes if each.finding.rule == "parameter.invalid"]
    assert {line.partition(":")[0] for line in cause.instances} == {*TakesAnything.TAKEN}
    assert 'score: accepted "not a number"' in cause.instances
    assert len(set(cause.instances)) == len(cause.instances)
    assert [each for each in causes if each.finding.rule == "success.shape"] == []
    kept = fixed_but_for("score")
    assert {line.partition(":")[0] for line in kept.instances} == {"score"}


class CallsAreOk(TakesAnything):
    """create_call also answers 200, whatever it takes."""

    def act_create(self, context: Context) -> Reply:
        reply = super().act_create(context)
        return replace(reply, status=200) if is_for(context, "create_call") else reply


def test_a_wrong_status_of_success_names_no_wrong_values() -> None:
    """These belong to the cause that they were accepted."""
    causes = {each.finding.rule: each for each in causes_of(CallsAreOk, "create_call")}
    assert causes["parameter.invalid"].instances
    assert causes["success.status"].instances == ()


def fixed_but_for(name: str) -> Cause:
    """The cause when only one member still takes any value."""
    kind = type("TakesOne", (TakesAnything,), {"TAKEN": (name,)})
    causes = causes_of(kind, *WITH_VALUES)
    return next(each for each in causes if each.finding.rule == "parameter.invalid")


def test_instances_are_clean_and_few() -> None:
    """Whatever a log contains, and however many values it has."""
    loaded = contracts.real()
    refused = [f"\x1b[31m{number}\n" + "x" * 500 for number in range(100)]
    operation = loaded.operations["update_lead"]
    body = [replace(each, refuse=tuple(refused)) for each in operation.body]
    changed = replace(operation, parameters=tuple(body))
    contract = replace(loaded, operations={**loaded.operations, "update_lead": changed})
    shown = instances_of(contract, [sending({"name": value}) for value in refused])
    assert len(shown) == instances.MOST
    assert all(line.isprintable() and len(line) < 150 for line in shown)


def test_each_accepted_alteration_of_a_key_is_named() -> None:
    """Together they show which part of a key the server compares."""
    keys = ["full~longer", "full~last-char", "full", "full~longer"]
    sent = [replace(sending({}), identity=key) for key in keys]
    shown = instances_of(contracts.real(), sent)
    assert shown == (
        "accepted the key full, altered: longer",
        "accepted the key full, altered: last-char",
    )


def sending(members: dict[str, Any]) -> Exchange:
    """An accepted request with a mistake."""
    body = Body(text=json.dumps(members))
    return Exchange(
        id="1",
        case="case",
        scenario="invalid-parameter",
        attempt=1,
        operation="update_lead",
        role=Role.PROBE,
        identity="full",
        facts=Facts(mistake=True),
        request=model.Request("PATCH", "http://127.0.0.1/leads", body=body),
        response=Response(200),
    )


# --- stored values --------------------------------------------------------------------------------

HALF, KEPT = b"\\ud800", b"HALF A CHARACTER"
"""Half a character as a request has it, and what the server stores for it."""


class KeepsHalves(Faulty):
    """Stores half a character, and fails on each read and list that shows it."""

    READS: ClassVar[tuple[str, ...]] = ("read", "list")

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        kept = replace(request, body=request.body.replace(HALF, KEPT))
        return super().body_values(operation, kept)

    def succeed(self, context: Context, body: Any) -> Reply:
        if context.operation.action in self.READS and KEPT.decode() in json.dumps(body):
            raise Refusal("internal_error")
        return super().succeed(context, body)


class FailsOnHalves(KeepsHalves):
    """Stores half a character, and then fails on everything that shows it, and on changes."""

    READS: ClassVar[tuple[str, ...]] = ("read", "list", "create", "update")

    def act_update(self, context: Context) -> Reply:
        row = self.store.change(self.selected(context), self.changes(context))
        self.succeed(context, row.document)
        return self.succeed(context, self.confirmation(context.operation, row))


OF_AGENTS = ("create_agent", "update_agent", "list_agents", "read_agent")


def run_with_odd_values(kind: type[Application], *, socket: bool = False) -> Run:
    """A run of some operations with odd requests."""
    loaded = contracts.real()
    aim = harness.Aim(operations=OF_AGENTS, without=("generated",))
    return harness.run(loaded, application(loaded, kind=kind), aim=aim, socket=socket)


def test_a_stored_value_is_the_cause_of_what_fails_on_it() -> None:
    """Not the plain requests that show it: the cause names the write, and what was odd in it."""
    run = run_with_odd_values(KeepsHalves, socket=True)
    (cause,) = run.causes
    assert cause.flaw == "an odd value of name, inbound_prompt, outbound_prompt stored earlier"
    write, look = run.exchanges_of(cause.finding.exchanges)
    assert (write.operation, write.id) == ("update_agent", cause.origin)
    assert "\\\\ud800" in str(write.request.body)
    assert (look.operation, look.status) == ("list_agents", 500)
    assert cause.origin in cause.exchanges
    (card,) = cards.cards(run)
    assert card.example.startswith("GET /agents with the key full, with an odd value of name")
    assert [exhibit.exchange.id for exhibit in card.exhibits] == [write.id, look.id]


def test_each_odd_write_has_an_object_of_its_own() -> None:
    """Whatever it stores, no later case meets it in an object that it names.

    At the end, the run takes back what others could not read.
    """
    run = run_with_odd_values(KeepsHalves)
    writes = [each for each in run.exchanges if each.operation == "update_agent" and each.ok]
    odd = [each for each in writes if each.facts.flaw]
    written = [str(sent_members(each)["id"]) for each in odd]
    assert len(written) > 1
    assert len(set(written)) == len(written)
    for write, name in zip(odd, written, strict=True):
        later = run.exchanges[run.exchanges.index(write) + 1 :]
        others = [each for each in later if each.case not in (write.case, CLEAN.id)]
        assert [each.id for each in others if name in values_of(each)] == []


def test_a_write_that_fails_after_storing_is_the_cause_as_well() -> None:
    """It has an own failure, and what fails later belongs to that; no other request is blamed."""
    (cause,) = run_with_odd_values(FailsOnHalves).causes
    assert cause.flaw == "half a character in a text"
    assert {"status-200[list_agents]", "status-no-5xx-for-mistakes[update_agent]"} <= {*cause.cells}


def test_a_stored_value_is_found_in_the_log_alone() -> None:
    """In any later judgement, from findings and exchanges."""
    run = run_with_odd_values(KeepsHalves)
    assert causes.causes_of(run.contract, run.cells, run.exchanges) == run.causes
    origin = run.causes[0].origin
    rest = [exchange for exchange in run.exchanges if exchange.id != origin]
    assert all(cause.origin != origin for cause in causes.causes_of(run.contract, run.cells, rest))


class FailsOnBrackets(Faulty):
    """A list fails on parameters in brackets, which have nothing to do with stored values."""

    def act_list(self, context: Context) -> Reply:
        if is_for(context, "list_agents") and "%5B" in context.request.query_text:
            raise Refusal("internal_error")
        return super().act_list(context)


def test_a_request_that_fails_by_itself_is_not_blamed_on_a_write() -> None:
    """Valid requests work, so nothing that is stored makes it fail."""
    (cause,) = run_with_odd_values(FailsOnBrackets).causes
    assert (cause.flaw, cause.origin) == ("a parameter in brackets", "")


# --- what follows from a wrong write --------------------------------------------------------------


class DeletesAlike(Faulty):
    """A deletion of an eval also removes those of the same agent."""

    def act_delete(self, context: Context) -> Reply:
        row, reply = self.selected(context), super().act_delete(context)
        if row.kind == "eval":
            for other in self.rows_by(context, 100, filters=()):
                if other.document["agent_id"] == row.document["agent_id"]:
                    self.store.remove(other)
        return reply


def test_requests_for_what_a_deletion_removed_are_its_consequence() -> None:
    """They are refused for an object that disappeared when another one was deleted."""
    operations = ("delete_eval", "update_eval", "run_eval", "read_eval", "list_evals")
    (cause,) = causes_of(DeletesAlike, *operations)
    assert cause.title == "DELETE /evals also deletes other objects"
    assert {"deleted-resource[delete_eval]", "status-200[update_eval]"} <= {*cause.cells}


def test_requests_for_what_a_refused_deletion_removed_are_its_consequence() -> None:
    """A deletion that is refused for its scope, but carried out, leaves nothing to delete."""
    kind = FAULTS["eval-deleted-without-scope"].kind
    (cause,) = causes_of(kind, "delete_eval", "read_eval", "list_evals")
    assert cause.title == "DELETE /evals deletes what it refuses"
    assert "status-200[delete_eval]" in cause.cells


def test_a_cause_is_named_after_its_operation_while_a_run_goes_on() -> None:
    """That of the case, not of the read that shows what the deletion did."""
    run = run_of(DeletesAlike, "delete_eval", "read_eval", "list_evals")
    found = [
        (each.rule, Violation(each.where, each.expected, each.actual, each.exchanges))
        for cell in run.cells
        for each in cell.findings
    ]
    (cause,) = SeenCauses(run.contract).add(found, run.exchanges, "delete_eval")
    assert cause.title == "DELETE /evals also deletes other objects"


class ForgetsEvals(Faulty):
    """A change of an eval is refused as unknown, but for the first one; nothing else is wrong."""

    changed = 0

    def act_update(self, context: Context) -> Reply:
        self.changed += is_for(context, "update_eval")
        if self.changed > 1 and is_for(context, "update_eval"):
            raise self.not_found(context.operation)
        return super().act_update(context)


def test_a_refusal_of_what_is_still_there_is_no_consequence() -> None:
    """The object is shown after the deletions, so these have nothing to do with it."""
    kind = type("Both", (ForgetsEvals, DeletesAlike), {})
    causes = causes_of(kind, "delete_eval", "update_eval", "read_eval", "list_evals")
    assert {cause.finding.operation for cause in causes} >= {"delete_eval", "update_eval"}


class AppliesRefused(Faulty):
    """A change of a lead to an agent that the key cannot reach is refused, after it was made."""

    def act_update(self, context: Context) -> Reply:
        agent = json.loads(context.request.body).get("agent_id")
        if is_for(context, "update_lead") and agent and self.find("agent", agent, context) is None:
            changes = {**self.changes(context), "agent_id": agent}
            self.store.change(self.selected(context), changes)
            raise self.not_found(context.operation)
        return super().act_update(context)


def test_a_change_that_is_refused_and_made_is_one_cause() -> None:
    """Also where the object then names one of another business. The refused request is shown."""
    run = run_of(AppliesRefused, "update_lead", "read_lead", "list_leads")
    (cause,) = run.causes
    assert cause.title == "PATCH /leads does what it refuses"
    assert {"refused-unchanged[update_lead]", "business-object[update_lead]"} <= {*cause.cells}
    change, *looks = run.exchanges_of(cause.finding.exchanges)
    assert (change.operation, change.status) == ("update_lead", 404)
    assert all(look.ok for look in looks)
    assert cards.cards(run)[0].exhibits[0].exchange == change


class StoresTextsFirst(Faulty):
    """A change of an agent with an invalid value is refused, but its first message is stored."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        sent = body_of(request) if self.operation_of(request) == "update_agent" else {}
        row = self.store.get("agent", str(sent.get("id")))
        if row and isinstance(sent.get("first_message"), str):
            self.store.change(row, {"first_message": sent["first_message"]})
        return super().refused(request, refusal)


def test_what_a_refused_change_overwrote_is_no_second_cause() -> None:
    """The creation stored what it was sent, and other agents may have the text of the refusal."""
    run = run_of(StoresTextsFirst, "create_agent", "update_agent", "read_agent", "list_agents")
    (cause,) = run.causes
    assert cause.title == "PATCH /agents carries out what it refuses"


class FlagsAsNumbers(Faulty):
    """Webhooks have 0 and 1 for a boolean."""

    def succeed(self, context: Context, body: Any) -> Reply:
        if context.operation.kind == "webhook":
            text = json.dumps(body)
            for flag, number in (("false", "0"), ("true", "1")):
                text = text.replace(f'"is_active": {flag}', f'"is_active": {number}')
            body = json.loads(text)
        return super().succeed(context, body)


def test_a_value_that_is_stored_as_another_type_is_one_cause() -> None:
    """The creation and the change that do not show it as sent are no causes of their own."""
    (cause,) = causes_of(FlagsAsNumbers, "create_webhook", "update_webhook", "list_webhooks")
    assert cause.title == 'A webhook has an invalid "is_active"'
    assert {"success-members[list_webhooks]", "created-resource[create_webhook]"} <= {*cause.cells}


class DescriptionLost(FlagsAsNumbers):
    """The same, and the description of a webhook is not changed."""

    def changes(self, context: Context) -> dict[str, Any]:
        changes = super().changes(context)
        changes.pop("description", None)
        return changes


def test_another_member_that_is_not_stored_is_another_cause() -> None:
    """It has the right type, so the wrong type does not explain it."""
    causes = causes_of(DescriptionLost, "create_webhook", "update_webhook", "list_webhooks")
    assert [cause.finding.where for cause in causes] == ["/description", "/webhooks/0/is_active"]


# --- one place in a server ------------------------------------------------------------------------


class OneLookup(Faulty):
    """The lookup of an eval refuses unknown and foreign ids as invalid."""

    def act_read(self, context: Context) -> Reply:
        try:
            return super().act_read(context)
        except Refusal:
            raise Refusal("invalid_parameter") from None


def test_one_lookup_with_a_wrong_status_is_one_cause() -> None:
    """Whether the id is unknown or of another business. The title names the route."""
    (cause,) = causes_of(OneLookup, "read_eval")
    assert {"business-object", "status-404"} <= set(cause.clauses)
    assert cause.title == "A foreign id gets 400 from GET /evals?id"


class PlainHealth(Faulty):
    """One operation labels all its responses as plain text."""

    path = ""

    def dispatch(self, request: Request) -> Reply:
        self.path = request.path
        return super().dispatch(request)

    def content_type(self, reply: Reply) -> str:
        return "text/plain" if self.path.endswith("/health") else super().content_type(reply)


def test_one_wrong_label_is_one_cause() -> None:
    """Of the errors and of the successes of an operation."""
    (cause,) = causes_of(PlainHealth, "read_health", "list_calls")
    assert {"envelope-json[read_health]", "success-json[read_health]"} <= {*cause.cells}


class StrictParser(Faulty):
    """Fails on every body that is not JSON, and on numbers that do not fit."""

    def dispatch(self, request: Request) -> Reply:
        value = read_json(request.body.decode("utf-8", "replace")).value
        is_unread = value is NOT_JSON or "1e999" in request.body.decode("utf-8", "replace")
        if request.body and is_unread:
            raise Refusal("internal_error")
        return super().dispatch(request)


def test_a_parser_that_fails_is_one_cause() -> None:
    """Whatever is odd in the body: a form, drawn bytes, and a number beyond all bounds."""
    loaded = contracts.real()
    aim = harness.Aim(operations=("update_agent", "create_lead", "update_workspace"))
    run = harness.run(loaded, application(loaded, kind=StrictParser), aim=aim)
    flaws = {cause.flaw for cause in run.causes}
    assert flaws <= {UNREAD, "a body of a megabyte"}
    assert UNREAD in flaws


# --- objects that other cases need ----------------------------------------------------------------


class CutsTheLink(Faulty):
    """A number that is released leaves its agent without one, which then cannot send texts."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.without: set[str] = set()

    def act(self, context: Context) -> Reply:
        sender = str(context.values.get("from_agent_id"))
        if is_for(context, "send_sms") and sender in self.without:
            raise Refusal("invalid_parameter")
        if is_for(context, "release_phone_number"):
            self.without.add(str(self.selected(context).document.get("agent_id")))
        return super().act(context)


def test_a_released_number_is_not_that_of_an_agent_that_others_need() -> None:
    """A creation links it to a new agent, so later texts are accepted."""
    operations = ("assign_phone_number", "release_phone_number", "send_sms", "list_messages")
    run = run_of(CutsTheLink, *operations)
    assert run.causes == ()
    texts = [each for each in run.exchanges if each.operation == "send_sms"]
    assert any(each.case == "counted-creation[send_sms]" and each.ok for each in texts)


# --- objects without an id ------------------------------------------------------------------------


class OtherIdName(Faulty):
    """create_agent calls the id of the new object agent_id."""

    def act_create(self, context: Context) -> Reply:
        reply = super().act_create(context)
        if not is_for(context, "create_agent"):
            return reply
        shown = dict(reply.body)
        shown["agent_id"] = shown.pop("id")
        return replace(reply, body=shown)


def test_a_creation_without_an_id_is_one_cause() -> None:
    """No title says that the id was not stored as sent, because no request sent it."""
    (cause,) = causes_of(OtherIdName, "create_agent")
    assert cause.title == 'An agent lacks "id"'
    assert "created-resource[create_agent]" in cause.cells


# --- requests that succeed whatever they name -----------------------------------------------------


class ReleasesAny(Faulty):
    """release_phone_number confirms any number, and leaves those of other businesses alone."""

    def act(self, context: Context) -> Reply:
        try:
            return super().act(context)
        except Refusal:
            if not is_for(context, "release_phone_number"):
                raise
            number = context.values["phone_number"]
            return Reply(200, {"phone_number": number, "released": True})


def test_a_success_for_any_id_is_no_access_to_other_tenants() -> None:
    """It is one cause, about unknown ids."""
    (cause,) = causes_of(ReleasesAny, "release_phone_number")
    assert cause.title == "DELETE /phone-numbers succeeds for an unknown id"
    assert "business-object[release_phone_number]" in cause.cells


class ReleasesForeign(ReleasesAny):
    """release_phone_number confirms any number, and releases those of other businesses."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if is_for(context, "release_phone_number"):
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)


def test_an_object_of_another_tenant_that_is_removed_stays_a_cause() -> None:
    """The other tenant no longer has it."""
    causes = causes_of(ReleasesForeign, "release_phone_number")
    assert {cause.finding.rule for cause in causes} >= {"tenant.object", "id.unknown"}


class DeletesBeforeItLooks(Faulty):
    """delete_eval removes the eval with the id, and refuses if it is of another business."""

    def act(self, context: Context) -> Reply:
        named = str(context.values.get("id"))
        row = self.store.get("eval", named) if is_for(context, "delete_eval") else None
        try:
            return super().act(context)
        except Refusal:
            if row is not None:
                self.store.remove(row)
            raise


def test_a_refused_deletion_for_another_tenant_is_one_cause() -> None:
    """Whether the owner looks, or the sequence of requests that made the object."""
    loaded = contracts.real()
    operations = ("create_eval", "read_eval", "update_eval", "delete_eval", "list_evals")
    aim = harness.Aim(operations=operations, without=("odd-request", "generated"))
    server = application(loaded, kind=DeletesBeforeItLooks)
    (cause,) = harness.run(loaded, server, aim=aim).causes
    assert cause.title == "DELETE /evals deletes objects of another business"
    assert "refused-unchanged[delete_eval]" in cause.cells


# --- keys ---


class KeysExpireForReads(Faulty):
    """An expired key still works for writes."""

    methods: ClassVar[set[str]] = {"POST", "PATCH", "PUT", "DELETE"}

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        self.is_lenient = operation.method in self.methods
        return super().authenticate(operation, request)

    def is_expired(self, identity: Identity) -> bool:
        return not self.is_lenient and super().is_expired(identity)


class KeysNeverExpireForDeletions(KeysExpireForReads):
    """The same, but only for deletions."""

    methods: ClassVar[set[str]] = {"DELETE"}


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (KeysExpireForReads, "An expired key still works for writes"),
        (KeysNeverExpireForDeletions, "An expired key still works"),
    ],
)
def test_a_title_names_the_operations_only_if_they_are_all_of_a_sort(
    kind: type[Application], title: str
) -> None:
    """All writes accept an expired key; or only some of them, which is not said of all."""
    loaded = contracts.real()
    run = harness.run(loaded, application(loaded, kind=kind), aim=harness.Aim(("key-expired",)))
    assert [cause.title for cause in run.causes] == [title]


# --- secrets --------------------------------------------------------------------------------------


class StoresSecretsUnmasked(SecretsKept):
    """The masked secret of a webhook is the whole one, in the list and after a change."""

    def succeed(self, context: Context, body: Any) -> Reply:
        if is_for(context, "update_webhook"):
            body = self._unmasked(body)
        if is_for(context, "list_webhooks"):
            body = {**body, "webhooks": [self._unmasked(row) for row in body["webhooks"]]}
        return super().succeed(context, body)

    def _unmasked(self, webhook: dict[str, Any]) -> dict[str, Any]:
        """A webhook whose masked secret is its whole secret, if that is known."""
        secret = self.secret_of.get(webhook["id"])
        return webhook if secret is None else {**webhook, "webhook_secret_masked": secret}


def test_a_secret_that_is_not_masked_is_one_cause() -> None:
    """The list shows it, and so does a change. The request that issued it belongs to its steps."""
    run = run_of(StoresSecretsUnmasked, "create_webhook", "update_webhook", "list_webhooks")
    (cause,) = run.causes
    issuing, showing = run.exchanges_of(cause.finding.exchanges)
    assert (issuing.operation, showing.operation) == ("create_webhook", "list_webhooks")
    assert cause.title == "GET /webhooks reveals secrets"
    assert cause.cells == ("key-secret[list_webhooks]", "key-secret[update_webhook]")


# --- members that a later write wiped -------------------------------------------------------------


class WipesFirstMessage(Faulty):
    """update_agent removes first_message if it is not sent."""

    def act_update(self, context: Context) -> Reply:
        if is_for(context, "update_agent"):
            context = replace(context, values={"first_message": None, **context.values})
        return super().act_update(context)


def test_a_member_that_later_writes_wipe_is_stored_as_sent() -> None:
    """The cause is the write that did not send it."""
    (cause,) = causes_of(WipesFirstMessage, "update_agent", "create_agent")
    assert cause.title == 'PATCH /agents changes "first_message", which was not sent'


class LosesTwoMembers(Faulty):
    """update_agent does not store first_message, and list_agents shows names before a change."""

    @cached_property
    def old_names(self) -> dict[str, str]:
        """The name of each agent before its first change."""
        return {}

    def changes(self, context: Context) -> dict[str, Any]:
        changes = super().changes(context)
        if is_for(context, "update_agent"):
            agent = self.selected(context)
            self.old_names.setdefault(agent.id, agent.document["name"])
            changes.pop("first_message", None)
        return changes

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if not is_for(context, "list_agents"):
            return reply
        page = json.loads(self.encode(reply))
        for agent in page["agents"]:
            agent["name"] = self.old_names.get(agent["id"], agent["name"])
        return self.succeed(context, page)


def test_an_outdated_list_is_no_part_of_a_change_that_is_not_stored() -> None:
    """The reads right after the changes show the member that the list does not."""
    first, second = causes_of(LosesTwoMembers, "update_agent", "create_agent", "list_agents")
    assert first.title == 'PATCH /agents does not keep "first_message" as sent'
    assert second.title == 'The "name" that PATCH /agents sets is not shown everywhere'


def test_another_kind_of_secret_does_not_make_an_issuer_guilty() -> None:
    """The list lacks the mask, whether or not a sign-up issues keys."""
    operations = ("create_webhook", "update_webhook", "list_webhooks", "sign_up")
    titles = {cause.title for cause in causes_of(StoresSecretsUnmasked, *operations)}
    assert titles == {"GET /webhooks reveals secrets"}


class UnmaskedByRotation(StoresSecretsUnmasked):
    """Only the secret that a rotation issues is shown whole afterwards."""

    def succeed(self, context: Context, body: Any) -> Reply:
        if is_for(context, "rotate_webhook_secret"):
            self.secret_of[context.values["id"]] = body["webhook_secret"]
        reply = super().succeed(context, body)
        if is_for(context, "create_webhook"):
            del self.secret_of[body["id"]]
        return reply


def test_the_operation_that_alone_leaves_secrets_unmasked_is_named() -> None:
    """The list that shows them is right: it shows what a rotation has stored."""
    operations = ("create_webhook", "rotate_webhook_secret", "list_webhooks")
    (cause,) = causes_of(UnmaskedByRotation, *operations)
    assert cause.title == "POST /webhooks/rotate-secret leaves secrets unmasked"


# --- lists of deleted objects ---------------------------------------------------------------------


def test_a_list_that_alone_still_shows_deleted_objects_is_named() -> None:
    """With its filter if it has one: the deletion itself works."""
    of_evals = ("create_eval", "read_eval", "list_evals", "delete_eval")
    (cause,) = causes_of(FAULTS["deleted-is-listed-by-agent"].kind, *of_evals)
    assert cause.title == "GET /evals with agent_id still shows deleted objects"
    of_numbers = ("release_phone_number", "read_phone_number", "list_numbers", "list_phone_numbers")
    shown = causes_of(FAULTS["released-number-listed-elsewhere"].kind, *of_numbers)
    assert "GET /numbers still shows deleted objects" in [cause.title for cause in shown]
