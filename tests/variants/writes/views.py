"""Legal variants of what responses show of objects that were written."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from conformance.base.values import instant, rendered
from conformance.model import Operation
from conformance.server.messages import Context, Reply
from conformance.server.store import Row
from tests.faults.base import Faulty, OnTheClock, is_for, variant
from tests.faults.walks.filters import LeadIndex

Item = dict[str, Any]
LAG = 2.0
"""Seconds after which ``ListsFollowLater`` shows a change."""
SHORT = 24
"""The most characters of a text in a list of ``ListsShortened``."""


class Items(Faulty):
    """The reference server with a handle for the items of a list."""

    def listed(self, context: Context, item: Item) -> Item:
        """An item as a list shows it."""
        return item

    def render_page(self, context: Context, items: list[Item], more: bool) -> Item:
        shown = [self.listed(context, item) for item in items]
        return super().render_page(context, shown, more)


@variant("silent: how values are shown", at="list_leads read_lead create_lead update_lead")
class ListsShortened(Items):
    """list_leads shows the first characters of a long text, and an ellipsis."""

    def listed(self, context: Context, item: Item) -> Item:
        if not is_for(context, "list_leads"):
            return item
        notes = item.get("notes")
        is_long = isinstance(notes, str) and len(notes) > SHORT
        return {**item, "notes": f"{notes[:SHORT]}..."} if notes and is_long else item


@variant("silent: how values are shown", at="list_evals read_eval create_eval update_eval")
class ListsWithoutContents(Items):
    """list_evals shows no messages, and null in place of a description."""

    def listed(self, context: Context, item: Item) -> Item:
        if not is_for(context, "list_evals"):
            return item
        return {**item, "messages": [], "description": None}


@variant("L54", at="list_agents update_agent read_agent create_agent")
class ListsFollowLater(OnTheClock, Items):
    """list_agents shows a change only two seconds later."""

    @cached_property
    def former(self) -> dict[str, tuple[float, Item]]:
        """When each agent was changed last, and what it was before."""
        return {}

    def changes(self, context: Context) -> Item:
        row = self.selected(context)
        self.former[row.id] = self.waited, dict(row.document)
        return super().changes(context)

    def listed(self, context: Context, item: Item) -> Item:
        changed, former = self.former.get(str(item.get("id")), (-LAG, item))
        is_late = is_for(context, "list_agents") and self.waited - changed < LAG
        return former if is_late else item


@variant("L54", at="list_leads update_lead read_lead create_lead")
class FilterFollowsLater(OnTheClock, LeadIndex):
    """The filter of list_leads by status follows a change only two seconds later."""

    def act_update(self, context: Context) -> Reply:
        row = self.selected(context)
        self.indexed[row.id] = row.document.get("status")
        self.changed[row.id] = self.waited
        return super().act_update(context)

    @cached_property
    def changed(self) -> dict[str, float]:
        """When each lead was changed last."""
        return {}

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        for name, moment in self.changed.items():
            if self.waited - moment >= LAG:
                self.indexed.pop(name, None)
        return super().rows_of(context, limit)


@variant(
    "silent: what an action does",
    at="list_webhooks create_webhook update_webhook test_webhook rotate_webhook_secret",
)
class FailingWebhookSwitchedOff(Faulty):
    """A webhook that is tested is switched off, because nobody takes the event."""

    def act_perform(self, context: Context) -> Reply:
        if is_for(context, "test_webhook"):
            self.store.change(self.selected(context), {"is_active": False})
        return super().act_perform(context)


@variant(
    "silent: what an action does", at="create_call list_leads read_lead create_lead update_lead"
)
class CalledLeadsContacted(Faulty):
    """A lead that is called is contacted from then on, and its notes say so."""

    def act_create(self, context: Context) -> Reply:
        lead = self.store.get("lead", str(context.values.get("lead_id")))
        if is_for(context, "create_call") and lead is not None:
            notes = f"{lead.document.get('notes') or ''} Called."
            self.store.change(lead, {"status": "contacted", "notes": notes})
        return super().act_create(context)


@variant("silent: the state of objects", at="list_leads read_lead create_lead update_lead")
class LeadsQualifiedByThemselves(Faulty):
    """A lead has another status and score once it was shown a few times."""

    @cached_property
    def shown(self) -> dict[str, int]:
        """How often each lead was shown."""
        return {}

    def render_item(self, operation: Operation, row: Row) -> Item:
        if row.kind == "lead":
            self.shown[row.id] = self.shown.get(row.id, 0) + 1
            if self.shown[row.id] == 9:
                row = self.store.change(row, {"score": 71.5})
        return super().render_item(operation, row)


@variant("L11", at="list_workspaces read_workspace create_workspace update_workspace")
class ReadsInWholeSeconds(Faulty):
    """Reads and responses to writes show times in whole seconds, with the offset of their zone."""

    def render_item(self, operation: Operation, row: Row) -> Item:
        item = super().render_item(operation, row)
        moment = instant(item.get("created_at"))
        if operation.action == "list" or moment is None:
            return item
        return {**item, "created_at": rendered(moment).replace("Z", "+00:00")}


@variant("L53", at="delete_webhook list_webhooks create_webhook update_webhook")
class DeletedWebhooksListedAsSuch(Faulty):
    """A deleted webhook stays in the list, with is_active false and a new description."""

    def act_delete(self, context: Context) -> Reply:
        if not is_for(context, "delete_webhook"):
            return super().act_delete(context)
        row = self.selected(context)
        if row.document.get("description") == "(deleted)":
            raise self.not_found(context.operation)
        self.store.change(row, {"is_active": False, "description": "(deleted)"})
        return self.succeed(context, self.confirmation(context.operation, row))

    def selected(self, context: Context) -> Row:
        row = super().selected(context)
        if row.kind == "webhook" and row.document.get("description") == "(deleted)":
            raise self.not_found(context.operation)
        return row


@variant("silent: how values are shown", at="list_leads read_lead update_lead")
class ReadOnlyKeysSeeLess(Faulty):
    """A key that only reads is shown null for the notes of a lead."""

    def succeed(self, context: Context, body: Any) -> Reply:
        is_reader = context.identity is not None and context.identity.name == "read_only"
        if not is_reader or context.operation.kind != "lead":
            return super().succeed(context, body)
        return super().succeed(context, self.hidden(body))

    def hidden(self, value: Any) -> Any:
        """A value with null for all notes in it."""
        if isinstance(value, list):
            return [self.hidden(each) for each in value]
        if not isinstance(value, dict):
            return value
        return {
            name: None if name == "notes" else self.hidden(each) for name, each in value.items()
        }


@variant("silent: members of an agent", at="create_agent update_agent read_agent list_agents")
class InboundPromptIsTheSystemPrompt(Faulty):
    """An agent has one prompt for inbound calls: ``system_prompt`` shows ``inbound_prompt``."""

    def document(self, context: Context, kind: str) -> Item:
        whole = super().document(context, kind)
        if not is_for(context, "create_agent"):
            return whole
        return {**whole, "system_prompt": context.values.get("system_prompt")}

    def changes(self, context: Context) -> Item:
        prompt = context.values.get("inbound_prompt")
        own = {} if prompt is None else {"system_prompt": prompt}
        return super().changes(context) | own
