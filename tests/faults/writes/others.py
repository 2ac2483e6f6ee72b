"""Faults of writes that also reach other objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.server.messages import Context, Reply
from conformance.server.moments import key_of, render
from conformance.server.store import Page, Row
from tests.faults.base import Faulty, fault, is_for
from tests.faults.shared import body_of


class ReachesOthers(Faulty):
    """The reference server, where one operation does more than it should to other objects."""

    here, kind = "", ""

    def act(self, context: Context) -> Reply:
        others = list(self.others(context)) if is_for(context, self.here) else []
        reply = super().act(context)
        if reply.status in (200, 201):
            for row in others:
                self.reach(context, row)
        return reply

    def others(self, context: Context) -> Iterator[Row]:
        """The objects of the kind in the other businesses, the newest first."""
        for row in self.store.page(Page(self.kind, None, 1_000)):
            if row.tenant != self.tenant_of(context.identity):
                yield row

    def own(self, context: Context) -> list[Row]:
        """The objects of the kind in the business of the request, the newest first."""
        return self.store.page(Page(self.kind, self.tenant_of(context.identity), 1_000))

    def reach(self, context: Context, row: Row) -> None:
        """Remove another object."""
        self.store.remove(row)


@fault("created-resource", at="create_webhook", depth=4)
class NewWebhookReplacesTheLast(ReachesOthers):
    """create_webhook removes the webhook that was the newest."""

    here, kind = "create_webhook", "webhook"

    def others(self, context: Context) -> Iterator[Row]:
        yield from self.own(context)[:1]


@fault("deleted-resource", at="delete_webhook", depth=4)
class WebhookOfAnotherDeleted(ReachesOthers):
    """delete_webhook also deletes the newest webhook of another business."""

    here, kind = "delete_webhook", "webhook"

    def others(self, context: Context) -> Iterator[Row]:
        yield from list(super().others(context))[:1]


@fault("changed-resource", at="update_lead", depth=4)
class LeadsOfOthersRenamed(ReachesOthers):
    """update_lead also gives the new name to every lead of another business."""

    here, kind = "update_lead", "lead"

    def reach(self, context: Context, row: Row) -> None:
        name = body_of(context.request).get("name")
        if name:
            self.store.change(row, {"name": name})


@fault("changed-resource", at="update_sms_prompt", by="work-on-object", depth=4)
class PromptOfAllAgents(ReachesOthers):
    """update_sms_prompt writes the prompt into each agent of the business, within its prompts."""

    here, kind = "update_sms_prompt", "agent"

    def others(self, context: Context) -> Iterator[Row]:
        yield from self.own(context)

    def reach(self, context: Context, row: Row) -> None:
        self.store.change(row, {"prompts": {"sms": body_of(context.request).get("sms_prompt")}})


@fault("changed-resource", at="replay_event", by="write-beside-others", depth=4)
class ReplayMovesTheEvent(ReachesOthers):
    """replay_event gives the event the time of the replay."""

    here, kind = "replay_event", "event"

    def others(self, context: Context) -> Iterator[Row]:
        return (row for row in self.own(context) if row.id == context.values["event_id"])

    def reach(self, context: Context, row: Row) -> None:
        moment = self.new_moment(row.kind, row.tenant)
        self.store.remove(row)
        self.store.put([replace(row, position=render(moment), sort=key_of(moment))])


@fault("changed-resource", at="preview_communication_run", depth=4)
class PreviewCreates(Faulty):
    """preview_communication_run creates the run that it only has to plan."""

    def act_perform(self, context: Context) -> Reply:
        kind = context.operation.kind
        if is_for(context, "preview_communication_run"):
            self.add(kind, self.own_tenant(context), self.document(context, kind))
        return super().act_perform(context)
