"""A cause names the place that has to be fixed, and not another one where the fault also shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from conformance.model import Cause, Operation
from conformance.report import cards
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Filter, Page, Row
from tests.faults.base import Faulty, filtered_by, is_for
from tests.faults.faults import FAULTS
from tests.test_joined_causes import causes_of, run_of


def titles_of(causes: tuple[Cause, ...]) -> list[str]:
    """The titles of some causes, in order."""
    return sorted(cause.title for cause in causes)


class CachedLead(Faulty):
    """The read of a lead shows it as its first reader saw it."""

    def act_read(self, context: Context) -> Reply:
        reply = super().act_read(context)
        if is_for(context, "read_lead"):
            reply = self.first_replies.setdefault(context.values["id"], reply)
        return reply

    @cached_property
    def first_replies(self) -> dict[str, Reply]:
        """The first reply to the reads of each lead, by its id."""
        return {}


def test_a_read_that_shows_old_values_is_blamed_instead_of_the_change() -> None:
    """Responses to later changes show what earlier ones stored, so the target has stored it."""
    run = run_of(CachedLead, "read_lead", "update_lead", "list_leads")
    assert "GET /leads?id does not show changes" in titles_of(run.causes)


class GarbledInList(Faulty):
    """The list of leads shows names that were encoded twice."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        """The page, with names read as Latin-1."""
        if is_for(context, "list_leads"):
            items = [
                {**item, "name": item["name"].encode().decode("latin-1")} if item["name"] else item
                for item in items
            ]
        return super().render_page(context, items, more)


def test_a_text_that_a_list_garbles_is_found_even_if_it_looks_masked() -> None:
    """A row of x hides nothing if it was sent."""
    (cause,) = causes_of(GarbledInList, "list_leads", "read_lead", "create_lead", "update_lead")
    assert cause.title == 'The "name" that PATCH /leads sets is not shown everywhere'


class NamesCut(Faulty):
    """The read of a lead cuts its name off, within the row of x that makes a name long."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        item = super().render_item(operation, row)
        if operation.id == "read_lead" and item.get("name"):
            return {**item, "name": item["name"][:100]}
        return item


def test_a_text_that_is_cut_off_is_not_taken_for_a_masked_one() -> None:
    """A shorter row of x than the one that was sent hides nothing, if nothing follows it."""
    run = run_of(NamesCut, "list_leads", "read_lead", "create_lead", "update_lead")
    rules = {finding.rule for cell in run.cells for finding in cell.findings}
    assert "update.shown" in rules


def test_an_operation_that_accepts_deleted_objects_is_blamed_instead_of_the_deletion() -> None:
    """Reads do not find the object, so it is deleted."""
    runs_deleted = FAULTS["deleted-eval-runs"].kind
    titles = titles_of(causes_of(runs_deleted, "create_eval", "delete_eval", "run_eval"))
    assert titles == ["POST /evals/run with eval_id accepts deleted objects"]


class ForgottenChange(Faulty):
    """A change of a lead is confirmed, but not stored."""

    def act_update(self, context: Context) -> Reply:
        if not is_for(context, "update_lead"):
            return super().act_update(context)
        row = self.selected(context)
        row.document.update(self.changes(context))
        return self.succeed(context, self.confirmation(context.operation, row))


def test_a_change_that_is_not_stored_is_blamed_itself() -> None:
    """Nothing shows it later."""
    titles = titles_of(causes_of(ForgottenChange, "read_lead", "update_lead", "list_leads"))
    assert titles
    assert not [title for title in titles if title.startswith("GET")]


class AnyDirection(Faulty):
    """The list of messages ignores the direction if a conversation is given."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        filters = super().filters_of(context)
        if filtered_by(context, "conversation_id", "direction"):
            return tuple(each for each in filters if each.member != "direction")
        return filters


def test_only_the_filter_that_is_ignored_is_named() -> None:
    """Every request has two filters, and the list keeps one of them."""
    assert titles_of(causes_of(AnyDirection, "list_messages")) == [
        "GET /sms/messages ignores direction"
    ]


class OwnCodes(Faulty):
    """Two handlers have a wrong code for a missing parameter."""

    def refuse_missing(self, operation: Any, names: list[str]) -> None:
        if names and operation.id in ("sign_up", "create_call"):
            raise Refusal(code="invalid_request", message="A member is missing")
        super().refuse_missing(operation, names)


def test_a_wrong_code_of_two_handlers_is_two_causes() -> None:
    """Other handlers refuse a missing parameter as documented."""
    operations = ("sign_up", "create_call", "create_agent", "create_lead", "create_webhook")
    causes = causes_of(OwnCodes, *operations)
    assert sorted(cause.finding.operation for cause in causes) == ["create_call", "sign_up"]


class MovesLeads(Faulty):
    """A change of a lead takes its business from the body."""

    def changes(self, context: Context) -> dict[str, Any]:
        changes = super().changes(context)
        tenant = json.loads(context.request.body or b"{}").get("business_id")
        if is_for(context, "update_lead") and tenant:
            row = self.selected(context)
            self.store.remove(row)
            document = {**row.document, "business_id": tenant}
            self.store.put([replace(row, tenant=tenant, document=document)])
        return changes


def test_a_list_that_shows_a_moved_object_is_not_blamed() -> None:
    """The change that moved it is, although a list of the other business shows the object."""
    assert titles_of(
        causes_of(MovesLeads, "list_leads", "read_lead", "create_lead", "update_lead")
    ) == ["PATCH /leads moves an object to another business"]


class HiddenEvals(Faulty):
    """A deleted eval is hidden from its read; changes still find it."""

    def act_delete(self, context: Context) -> Reply:
        if not is_for(context, "delete_eval"):
            return super().act_delete(context)
        self.hidden.add(self.selected(context).id)
        return self.succeed(context, {"ok": True, "deleted": True})

    def act_read(self, context: Context) -> Reply:
        if is_for(context, "read_eval") and context.values["id"] in self.hidden:
            raise Refusal("not_found")
        return super().act_read(context)

    @cached_property
    def hidden(self) -> set[str]:
        """The ids of the evals that were deleted."""
        return set()


def test_a_card_shows_the_request_that_got_the_wrong_status() -> None:
    """The read of a deleted eval is refused as it should be; the change that succeeds is shown."""
    run = run_of(HiddenEvals, "delete_eval", "read_eval", "update_eval", "create_eval")
    (card,) = [each for each in cards.cards(run) if "does not delete" in each.cause.title]
    assert card.cause.finding.where == "status"
    assert card.asked.startswith("PATCH ")


class Latin(Faulty):
    """Reads the bytes of texts as Latin-1, which makes two letters of one with an accent."""

    def kept(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        kept = super().kept(kind, values)
        return {name: _as_latin(value) for name, value in kept.items()}


def _as_latin(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode("latin-1") if isinstance(value, str) else value


def test_texts_that_are_read_in_a_wrong_encoding_are_one_cause() -> None:
    """Creations and changes of several kinds show it, in several members."""
    titles = titles_of(causes_of(Latin, "create_lead", "update_lead", "read_lead", "create_agent"))
    assert titles == ["Objects do not keep characters beyond ASCII"]


class RenamesAllAgents(Faulty):
    """A change of the name of an agent renames all agents of its business."""

    def act_update(self, context: Context) -> Reply:
        reply, name = super().act_update(context), context.values.get("name")
        if is_for(context, "update_agent") and name:
            for row in self.store.page(Page("agent", self.tenant_of(context.identity), 1_000)):
                self.store.change(row, {"name": name})
        return reply


def test_a_change_that_shows_in_other_objects_is_blamed_itself() -> None:
    """The reads of the other objects show what is stored."""
    causes = causes_of(RenamesAllAgents, "update_agent", "read_agent", "create_agent")
    assert "PATCH /agents changes other objects" in titles_of(causes)
    assert not [title for title in titles_of(causes) if title.startswith("GET")]


class BadGateway(Faulty):
    """The voice provider's failure has its code, and the status of a gateway."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return replace(reply, status=502) if refusal.code == "vapi_error" else reply


def test_a_right_code_with_a_wrong_server_fault_is_named() -> None:
    """No valid request fails: what fails is due to fail."""
    assert titles_of(causes_of(BadGateway, "create_call")) == [
        '"vapi_error" comes with a wrong status'
    ]
