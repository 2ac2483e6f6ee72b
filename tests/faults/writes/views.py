"""Faults of one view of an object: a list, a read or a response that departs from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Row
from tests.faults.base import (
    Entry,
    Faulty,
    fault,
    faults_of,
    filtered_by,
    is_for,
    later_page,
    requested_limit,
)
from tests.faults.requests.written import Shown, shown_otherwise
from tests.faults.shared import OF_LISTS

Item = dict[str, Any]


class Viewed(Faulty):
    """The reference server with handles for the items of a list, and what objects were before."""

    @cached_property
    def former(self) -> dict[str, Item]:
        """What each changed object was before its last change, by its id."""
        return {}

    def changes(self, context: Context) -> Item:
        row = self.selected(context)
        self.former[row.id] = dict(row.document)
        return super().changes(context)

    def listed(self, context: Context, item: Item) -> Item:
        """An item as a list shows it."""
        return item

    def render_page(self, context: Context, items: list[Item], more: bool) -> Item:
        shown = [self.listed(context, item) for item in items]
        return super().render_page(context, shown, more)


# --- what lists show of changed objects ---


@dataclass(frozen=True)
class Former(Entry):
    """The list, the member that it shows as it was, and the requests that show it so."""

    listing: str
    member: str
    _: KW_ONLY
    breaks: str = "changed-resource"
    by: str = OF_LISTS
    depth: int = 5
    shows: Callable[[Context], bool] = lambda context: True


def former_shown(entry: Former) -> type[Faulty]:
    """The reference server, where a list shows what a member was before its last change."""

    class FormerShown(Viewed):
        def listed(self, context: Context, item: Item) -> Item:
            former = self.former.get(str(item.get("id")), {})
            if not is_for(context, entry.listing) or not entry.shows(context):
                return item
            return {**item, entry.member: former.get(entry.member, item.get(entry.member))}

    return FormerShown


FORMER = {
    "list_agents shows the name that an agent had before its last change.": Former(
        "former-agents-listed", "list_agents", "name", at="update_agent list_agents"),
    "list_evals with a large limit shows the name that an eval had before its last change.":
        Former("former-evals-in-large-pages", "list_evals", "name", at="update_eval list_evals",
               shows=lambda context: requested_limit(context) > 50),
    "list_workspaces with a large limit shows the name before the last change.": Former(
        "former-workspaces-in-large-pages", "list_workspaces", "name",
        at="update_workspace act_on_workspace list_workspaces",
        shows=lambda context: requested_limit(context) > 50),
    "list_leads without a limit shows the notes before the last change.": Former(
        "former-notes-in-usual-pages", "list_leads", "notes", at="update_lead list_leads",
        shows=lambda context: not requested_limit(context)),
    "list_webhooks with a limit shows the description before the last change.": Former(
        "former-webhooks-in-large-pages", "list_webhooks", "description",
        at="update_webhook list_webhooks", shows=lambda context: requested_limit(context) > 0),
}  # fmt: skip

faults_of(former_shown, __name__, FORMER)


# --- deleted objects ---


class Graves(Faulty):
    """The reference server, which remembers deleted objects and may show them again."""

    @cached_property
    def deleted(self) -> dict[str, Row]:
        """The deleted objects by their ids."""
        return {}

    def act_delete(self, context: Context) -> Reply:
        row = self.selected(context)
        self.deleted[row.id] = row
        return super().act_delete(context)

    def shows_deleted(self, context: Context) -> bool:
        """Whether a list shows the deleted objects, too."""
        return False

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        if not self.shows_deleted(context):
            return rows
        edge = self.edge_of(context)
        tenant, kind = self.list_tenant(context), context.operation.kind
        back = [
            row
            for row in self.deleted.values()
            if row.kind == kind and row.tenant == tenant and (edge is None or row.sort < edge)
        ]
        every = sorted([*rows, *back], key=lambda row: row.sort, reverse=True)
        return every[: self.look_ahead(limit)]


@fault("deleted-resource", at="delete_eval list_evals", by=OF_LISTS, depth=5)
class DeletedEvalsOnLaterPages(Graves):
    """list_evals shows deleted evals, but not on its first page."""

    def shows_deleted(self, context: Context) -> bool:
        return is_for(context, "list_evals") and later_page(context)


@fault("deleted-resource", at="delete_webhook list_webhooks", by=OF_LISTS, depth=5)
class DeletedWebhooksOfBusiness(Graves):
    """list_webhooks shows deleted webhooks if the request names a limit and the business."""

    def shows_deleted(self, context: Context) -> bool:
        return is_for(context, "list_webhooks") and filtered_by(context, "limit", "business_id")


@fault("deleted-resource", at="delete_eval read_eval list_evals", by=OF_LISTS, depth=5)
class DeletedEvalsReturn(Graves):
    """A deleted eval is listed again once five more requests were made for lists."""

    asked = 0

    def act_list(self, context: Context) -> Reply:
        self.asked += 1
        return super().act_list(context)

    @cached_property
    def deleted_at(self) -> dict[str, int]:
        """How many lists had been requested when each object was deleted."""
        return {}

    def act_delete(self, context: Context) -> Reply:
        reply = super().act_delete(context)
        self.deleted_at[str(context.values.get("id"))] = self.asked
        return reply

    def shows_deleted(self, context: Context) -> bool:
        waited = [self.asked - at for at in self.deleted_at.values()]
        return is_for(context, "list_evals") and max(waited, default=0) > 5


# --- what responses to writes show ---

TIMES = {
    "update_workspace returns the time of the change as created_at.": Shown(
        "changed-workspace-is-new-in-response",
        lambda body: {**body, "created_at": "2031-05-06T07:08:09Z"}, at="update_workspace",
        breaks="created-at"),
}  # fmt: skip

faults_of(shown_otherwise, __name__, TIMES)


# --- what lists and reads show besides ---


@dataclass(frozen=True)
class Listed(Entry):
    """What a list shows of an item, for some requests."""

    listing: str
    change: Callable[[Item], Item]
    _: KW_ONLY
    breaks: str = "created-resource"
    by: str = OF_LISTS
    depth: int = 5
    shows: Callable[[Context], bool] = lambda context: True


def listed_otherwise(entry: Listed) -> type[Faulty]:
    """The reference server, where some pages of a list show something else of each item."""

    class ListedOtherwise(Viewed):
        def listed(self, context: Context, item: Item) -> Item:
            if is_for(context, entry.listing) and entry.shows(context):
                return entry.change(item)
            return item

    return ListedOtherwise


def _texts_reversed(item: Item) -> Item:
    """An item whose list of messages is turned round."""
    return {**item, "messages": list(reversed(item.get("messages") or []))}


LISTED = {
    "list_evals with a large limit shows the messages of an eval in reverse.": Listed(
        "eval-messages-reversed-in-large-pages", "list_evals", _texts_reversed,
        at="create_eval update_eval list_evals", also="changed-resource",
        shows=lambda context: requested_limit(context) > 50),
    "list_leads with a large limit hides the e-mail address before the sign.": Listed(
        "addresses-hidden-in-large-pages", "list_leads",
        lambda item: {**item, "email": f"hidden@{(item.get('email') or '@').split('@')[-1]}"},
        at="create_lead update_lead list_leads",
        also="changed-resource paging-complete paging-exclusive has-more-false",
        shows=lambda context: requested_limit(context) > 50),
    "list_workspaces with a large limit shows names in capitals.": Listed(
        "workspaces-in-capitals-in-large-pages", "list_workspaces",
        lambda item: {**item, "name": str(item.get("name")).upper()},
        at="create_workspace update_workspace act_on_workspace list_workspaces",
        also="changed-resource", shows=lambda context: requested_limit(context) > 50),
    "list_evals with a large limit shows times that are hours off.": Listed(
        "other-times-in-large-pages", "list_evals",
        lambda item: {**item, "created_at": str(item["created_at"]).replace("T1", "T0")},
        breaks="created-at", also="paging-order paging-exclusive paging-complete has-more-true "
        "paging-supported paging-precision has-more-false created-resource changed-resource",
        at="list_evals create_eval read_eval update_eval delete_eval",
        shows=lambda context: requested_limit(context) > 50),
}  # fmt: skip

faults_of(listed_otherwise, __name__, LISTED)


@fault(
    "created-resource",
    also="changed-resource",
    at="create_webhook update_webhook list_webhooks",
    by=OF_LISTS,
    depth=5,
)
class DescriptionOfTheNext(Faulty):
    """list_webhooks with a limit shows each webhook with the description of the one before it."""

    def render_page(self, context: Context, items: list[Item], more: bool) -> Item:
        if is_for(context, "list_webhooks") and requested_limit(context) > 1:
            texts = [item.get("description") for item in items]
            moved = [*texts[1:], *texts[:1]]
            items = [{**item, "description": text} for item, text in zip(items, moved, strict=True)]
        return super().render_page(context, items, more)


@fault(
    "created-resource",
    also="changed-resource",
    at="create_workspace update_workspace act_on_workspace list_workspaces read_workspace",
    by=OF_LISTS,
    depth=5,
)
class NamesWornOff(Viewed):
    """list_workspaces shows a workspace without its last word once it was listed five times."""

    @cached_property
    def seen(self) -> dict[str, int]:
        """How often each workspace was listed."""
        return {}

    def listed(self, context: Context, item: Item) -> Item:
        if not is_for(context, "list_workspaces"):
            return item
        name = str(item["id"])
        self.seen[name] = self.seen.get(name, 0) + 1
        words = str(item.get("name")).split()
        return {**item, "name": " ".join(words[:-1])} if self.seen[name] > 5 else item


@fault(
    "created-resource",
    at="create_eval list_evals read_eval",
    by=OF_LISTS,
    depth=5,
)
class EvalsOfScopedKeysUntitled(Faulty):
    """create_eval names the evals of every key but the main one by itself, and says otherwise."""

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        row = super().add(kind, tenant, document, identifier)
        if kind == "eval" and self.is_other_key:
            self.store.change(row, {"name": "Untitled"})
        return row

    is_other_key = False

    def act_create(self, context: Context) -> Reply:
        self.is_other_key = context.identity is not None and context.identity.name != "full"
        return super().act_create(context)


# --- refused requests ---


@fault(
    "refused-unchanged",
    also="success-members",
    at="update_lead read_lead list_leads",
    by=f"{OF_LISTS} missing-scope refused-key",
    depth=5,
)
class RefusedChangeWaits(Faulty):
    """update_lead keeps what it refuses, and applies it once three more lists were requested."""

    asked = 0

    @cached_property
    def waiting(self) -> dict[str, Item]:
        """The refused changes by the id of their lead."""
        return {}

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        if self.operation_of(request) == "update_lead":
            self._keep(request)
        return super().refused(request, refusal)

    def _keep(self, request: Request) -> None:
        """Remember the texts of a refused request."""
        try:
            members = self.parse_body(request)
        except Refusal:
            return
        if not isinstance(members, dict):
            return
        row = self.store.get("lead", str(members.get("id")))
        if row is not None:
            texts = {name: value for name, value in members.items() if isinstance(value, str)}
            self.waiting[row.id] = self.kept("lead", {**texts, "id": row.id})

    def act_list(self, context: Context) -> Reply:
        self.asked += 1
        if self.asked % 3 == 0:
            for name, members in self.waiting.items():
                row = self.store.get("lead", name)
                if row is not None:
                    self.store.change(row, members)
            self.waiting.clear()
        return super().act_list(context)


@fault("changed-resource", at="update_webhook list_webhooks", by=OF_LISTS, depth=5)
class EarlierDescriptionComesBack(Viewed):
    """Once ten lists were requested, a webhook shows the description before its first change."""

    @cached_property
    def first(self) -> dict[str, Item]:
        """What each changed webhook was at first."""
        return {}

    asked = 0

    def changes(self, context: Context) -> Item:
        made = super().changes(context)
        name = str(context.values.get("id"))
        self.first.setdefault(name, self.former[name])
        return made

    def listed(self, context: Context, item: Item) -> Item:
        first = self.first.get(str(item.get("id")), {})
        if self.asked > 10 and first.get("description"):
            return {**item, "description": first["description"]}
        return item

    def act_list(self, context: Context) -> Reply:
        self.asked += is_for(context, "list_webhooks")
        return super().act_list(context)
