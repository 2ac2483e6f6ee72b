"""A cause names the place that has to be fixed, whatever else a fault makes a server do."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from conformance.base.values import instant
from conformance.causes.finding_key import ERROR, UNROUTED, Key
from conformance.causes.shown import shown_of
from conformance.causes.telling import FEW
from conformance.causes.titles import title_of
from conformance.judging.responses import quote
from conformance.model import EVERY_SCOPE, WHOLE_API, Finding, Operation, Parameter, Run
from conformance.report import cards
from conformance.server import application
from conformance.server.application import Application
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Identity, Page, Row
from tests.faults import harness
from tests.faults.base import Faulty, is_for
from tests.support import contracts

PLAIN = ("odd-request", "generated", "sequence")
"""Scenarios that most of these servers do not need."""


def run_of(
    kind: type[Application],
    *operations: str,
    scenarios: tuple[str, ...] = (),
    without: tuple[str, ...] = PLAIN,
) -> Run:
    """A run of some operations; of some scenarios only, if any are given."""
    loaded = contracts.real()
    clauses = () if scenarios else None
    aim = harness.Aim(clauses, scenarios=scenarios, operations=operations, without=without)
    return harness.run(loaded, application(loaded, kind=kind), aim=aim)


def titles(run: Run) -> list[str]:
    """The titles of the causes of a run."""
    return [cause.title for cause in run.causes]


# --- what is stored -------------------------------------------------------------------------------


class PromptLost(Faulty):
    """update_sms_prompt confirms a prompt, and keeps the old one."""

    def act(self, context: Context) -> Reply:
        reply = super().act(context)
        if is_for(context, "update_sms_prompt") and reply.status == 200:
            row = self.store.get("agent", str(context.values["agent_id"]))
            assert row is not None
            self.store.change(row, {"sms_prompt": None})
        return reply


def test_a_prompt_that_is_not_stored_touches_nothing_else() -> None:
    """The title names the member, and accuses nobody of work on other objects."""
    run = run_of(PromptLost, "update_sms_prompt", "read_agent")
    assert titles(run) == ['POST /sms/update-prompt does not store "sms_prompt" as sent']


class NumericIds(Faulty):
    """create_call returns a number as the id, and reads know another one."""

    def act_create(self, context: Context) -> Reply:
        reply = super().act_create(context)
        if not is_for(context, "create_call"):
            return reply
        return replace(reply, body={**reply.body, "id": 7 + self.store.number("numbers")})


def test_an_id_of_a_wrong_type_explains_what_cannot_be_read() -> None:
    """Nothing was lost: the id in the response is the only thing to fix."""
    (cause,) = run_of(NumericIds, "create_call", "read_call", "list_calls").causes
    assert cause.title == 'A call has an invalid "id"'
    assert "created-resource" in cause.clauses


_NO_NUMBER, KEPT = re.compile(rb"-?Infinity|NaN"), b"99999999"


class KeepsNoNumbers(Faulty):
    """update_lead stores a score that is no number of JSON, and writes it as it came."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        kept = _NO_NUMBER.sub(KEPT, request.body)
        return super().body_values(operation, replace(request, body=kept))

    def encode(self, reply: Reply) -> bytes:
        return super().encode(reply).replace(KEPT, b"NaN")


def test_a_list_that_is_no_json_is_the_fault_of_what_was_stored() -> None:
    """The write is the place, and not each list and read that shows the value."""
    run = run_of(KeepsNoNumbers, "update_lead", scenarios=("odd-request",), without=())
    (cause,) = run.causes
    write, look = run.exchanges_of(cause.finding.exchanges)
    assert (write.operation, write.id) == ("update_lead", cause.origin)
    assert look.operation == "list_leads"
    assert {"list-items", "success-json", "success-members"} <= set(cause.clauses)
    assert cause.title == "A stored value makes GET /leads unreadable"


class ShowsNoNumbers(KeepsNoNumbers):
    """The same, where the response to the change shows the object."""

    def act_update(self, context: Context) -> Reply:
        super().act_update(context)
        return super().act_read(context)


def test_a_write_that_shows_what_it_stores_is_one_cause_with_its_list() -> None:
    """Both bodies are no JSON for the same reason, and the media type is no second one."""
    run = run_of(ShowsNoNumbers, "update_lead", scenarios=("odd-request",), without=())
    (cause,) = run.causes
    assert cause.title == "Responses to a number beyond all bounds are not JSON"
    assert {"success-json[update_lead]", "list-items[list_leads]"} <= set(cause.cells)


class TakesAnyLead(Faulty):
    """update_lead checks no type of what it stores."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        is_free = operation.id == "update_lead" and parameter.name != "id"
        return is_free or super().is_valid(operation, parameter, value)


def test_values_of_wrong_types_that_are_accepted_are_one_cause() -> None:
    """The shown values of each member belong to the missing check, drawn ones as well."""
    run = run_of(TakesAnyLead, "update_lead", "read_lead", without=("sequence", "odd-request"))
    assert [cause.finding.rule for cause in run.causes] == ["parameter.invalid"]


# --- what is reached ------------------------------------------------------------------------------


class WrongScope(Faulty):
    """update_agent wants the scope that reads agents."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        if operation.id == "update_agent":
            operation = self.contract.operations["read_agent"]
        return super().has_scope(operation, identity)


def test_a_wrong_scope_is_one_cause() -> None:
    """It lets some keys in that it must refuse, and refuses those that it must let in."""
    (cause,) = run_of(WrongScope, "update_agent").causes
    assert cause.title == "PATCH /agents checks the wrong scope"
    assert {"scope-required", "scope-opens"} <= set(cause.clauses)


class WantsTwoScopes(WrongScope):
    """list_event_deliveries wants both of the scopes that open it, and update_agent a wrong one."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        if operation.id == "list_event_deliveries" and EVERY_SCOPE not in identity.scopes:
            return set(operation.scopes) <= identity.scopes
        return super().has_scope(operation, identity)


def test_a_wrong_scope_is_no_part_of_another_cause() -> None:
    """The other one also refuses keys that it must let in."""
    run = run_of(WantsTwoScopes, "update_agent", "list_event_deliveries")
    assert {cause.title for cause in run.causes} == {
        "PATCH /agents checks the wrong scope",
        "GET /event-deliveries refuses a key that has the scope",
    }


class ChangesForeignLeads(Faulty):
    """update_lead changes the leads of every business."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if is_for(context, "update_lead"):
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)


def test_what_another_business_may_write_is_one_cause() -> None:
    """That its changes show later is no fault of changes, or of reads."""
    operations = ("update_lead", "read_lead", "list_leads")
    run = run_of(ChangesForeignLeads, *operations, without=("odd-request", "generated"))
    assert [cause.finding.rule for cause in run.causes] == ["tenant.object"]
    assert {"business-object", "changed-resource"} <= set(run.causes[0].clauses)


class UnknownIsFine(Faulty):
    """update_eval and update_webhook succeed for any id."""

    def act_update(self, context: Context) -> Reply:
        try:
            return super().act_update(context)
        except Refusal:
            if is_for(context, "update_eval", "update_webhook"):
                return self.succeed(context, {"id": context.values["id"]})
            raise


def test_a_change_of_any_id_accuses_no_deletion() -> None:
    """A deleted object can be changed because everything can, and it is gone all the same."""
    operations = ("update_eval", "delete_eval", "read_eval", "update_webhook", "delete_webhook")
    causes = run_of(UnknownIsFine, *operations).causes
    assert [cause.finding.rule for cause in causes] == ["id.unknown"]
    assert "deleted-resource" in causes[0].clauses


class CountsEverybody(Faulty):
    """read_analytics_dashboard counts the calls and the leads of every business."""

    def act_fetch(self, context: Context) -> Reply:
        reply = super().act_fetch(context)
        if not is_for(context, "read_analytics_dashboard"):
            return reply
        kinds = {"calls": "call", "leads": "lead"}
        rows = {name: self.store.page(Page(kind, None, 10_000)) for name, kind in kinds.items()}
        return replace(reply, body={name: {"total": len(each)} for name, each in rows.items()})


def test_a_report_that_counts_everybody_is_one_cause() -> None:
    """Its title names the report, and its example shows the figure that has grown."""
    scenarios = ("figures-beside-creations",)
    run = run_of(CountsEverybody, scenarios=scenarios)
    (cause,) = run.causes
    assert cause.title == "GET /analytics/dashboard counts data of another business"
    shown = shown_of(run, cause)
    assert len(shown.exchanges) == FEW
    assert shown.decisive is not None
    assert shown.decisive.operation == "read_analytics_dashboard"
    assert cause.finding.actual in str(shown.decisive.json)


# --- lists ----------------------------------------------------------------------------------------


class FullPagesEnd(Faulty):
    """has_more of list_leads is false on a page with exactly the maximum of items."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if not is_for(context, "list_leads") or len(reply.body["leads"]) < 100:
            return reply
        return replace(reply, body={**reply.body, "has_more": False})


def test_a_page_that_ends_a_list_early_loses_no_object() -> None:
    """A creation that pushes an item to the next page has removed nothing."""
    run = run_of(FullPagesEnd, "list_leads", "create_lead", "update_lead")
    assert titles(run) == ['"has_more" of GET /leads is false too early']


# --- failures -------------------------------------------------------------------------------------


class UnknownSchemas(Faulty):
    """read_schemas fails on every name that it does not know."""

    def act(self, context: Context) -> Reply:
        try:
            return super().act(context)
        except Refusal as refusal:
            raise Refusal("internal_error") from refusal


def test_a_failure_that_plain_requests_show_is_named_after_them() -> None:
    """Not after a null character, which makes no difference."""
    run = run_of(UnknownSchemas, "read_schemas", without=())
    assert titles(run) == ["GET /schemas fails on unknown or unusual values"]


class LimitIsNumber(Faulty):
    """Lists fail on a limit that is no number."""

    def dispatch(self, request: Request) -> Reply:
        limit = request.query.get("limit", "1")
        if request.method == "GET" and not limit.isdigit():
            return Reply(
                500, {"error": {"code": "internal_error", "message": f"No number: {limit}"}}
            )
        return super().dispatch(request)


def test_odd_values_of_a_parameter_are_one_cause() -> None:
    """Empty and badly encoded ones, too; what is quoted is the response that is shown."""
    run = run_of(LimitIsNumber, "list_calls", "list_agents", WHOLE_API, without=())
    (cause,) = run.causes
    assert cause.title == "The server fails on an odd value of limit"
    (shown,) = run.exchanges_of(cause.finding.exchanges)
    assert cause.finding.actual in ("500", quote(shown))


class TwoCrashes(Faulty):
    """list_calls fails on a limit that is no number, and otherwise on a cursor that is no time."""

    def dispatch(self, request: Request) -> Reply:
        query = request.query
        if request.path.endswith("/calls") and request.method == "GET":
            if not query.get("limit", "1").isdigit():
                error = {"code": "internal_error", "message": "The limit broke it"}
                return Reply(500, {"error": error})
            if instant(query.get("after", "2026-01-01T00:00:00Z")) is None:
                return Reply(500, {"detail": "The cursor broke it"})
        return super().dispatch(request)


def test_each_cause_quotes_its_own_responses() -> None:
    """One clause of one operation is broken by both, and each card shows one of them."""
    run = run_of(TwoCrashes, "list_calls", scenarios=("unparsable-parameter",))
    quoted = {
        card.cause.flaw: {line for row in card.rows for line in row.differences}
        for card in cards.cards(run)
    }
    assert quoted.keys() == {"an odd value of limit", "an odd value of after"}
    assert not any("The cursor" in line for line in quoted["an odd value of limit"])
    assert not any("The limit" in line for line in quoted["an odd value of after"])


# --- titles ---------------------------------------------------------------------------------------


def test_errors_for_unknown_paths_are_named() -> None:
    """They come from a different place than the errors of operations."""
    finding = Finding("envelope-unrouted", WHOLE_API, UNROUTED, "/error", "an object", '"no"', ())
    key = Key(ERROR, "/error", "an object", '""')
    alone = title_of(contracts.real(), key, finding, [WHOLE_API])
    assert alone.text == "Errors for unknown paths or methods have the wrong structure"
    everywhere = title_of(contracts.real(), key, finding, [WHOLE_API, "read_call"])
    assert everywhere.text == "Errors have the wrong structure"


def test_a_status_is_no_member() -> None:
    """Although calls have a member of this name."""
    finding = Finding("business-object", "read_call", "tenant.object", "status", "404", "200", ())
    title = title_of(contracts.real(), Key("tenant.object", "status"), finding, ["read_call"])
    assert "status" not in title.details
