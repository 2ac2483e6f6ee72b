"""Legal variants of single writes, and of what a read shows of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.moments import MICRO, key_of, render
from conformance.server.store import Filter, Page, Row
from tests.faults.base import Faulty, is_for, variant
from tests.faults.shared import number_of


@variant("D21")
class UpdateAnswersAgent(Faulty):
    """An update returns the whole object."""

    def act_update(self, context: Context) -> Reply:
        row = self.store.change(self.selected(context), self.changes(context))
        return self.succeed(context, self.render_item(context.operation, row))


@variant("L54")
class CreatedShowsLater(Faulty):
    """A new agent or call returns 404 at the first read."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._fresh: set[str] = set()

    def act_create(self, context: Context) -> Reply:
        reply = super().act_create(context)
        if context.operation.kind in ("agent", "call"):
            self._fresh.add(reply.body["id"])
        return reply

    def act_read(self, context: Context) -> Reply:
        if context.values.get("id") in self._fresh:
            self._fresh.discard(str(context.values["id"]))
            raise Refusal("not_found")
        return super().act_read(context)


@variant("silent: what has to be unique")
class TakenReferenceRefused(Faulty):
    """A second workspace with the same external_ref is refused with invalid_request."""

    def act_create(self, context: Context) -> Reply:
        if is_for(context, "create_workspace") and "external_ref" in context.values:
            place = f"reference:{context.values['external_ref']}"
            if self.store.note(place):
                raise Refusal("invalid_parameter", "external_ref is taken")
            self.store.set_note(place, 1)
        return super().act_create(context)


@variant("silent: what has to be unique")
class EqualCreationFound(Faulty):
    """Of anything but a call, an equal creation is answered with 200 and the earlier object."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._made: dict[str, str] = {}

    def act_create(self, context: Context) -> Reply:
        body = repr((self.own_tenant(context), context.operation.id, context.values))
        if body in self._made and not is_for(context, "create_call"):
            row = self.store.get(context.operation.kind, self._made[body])
            assert row is not None
            reply = super().succeed(context, self.render_item(context.operation, row))
            return replace(reply, status=200)
        reply = super().act_create(context)
        self._made[body] = str(reply.body.get("id"))
        return reply


@variant("silent: what has to be unique")
class LeadsMergedByPhone(Faulty):
    """A new lead with the phone of an earlier one changes that, and is answered with it and 200."""

    def act_create(self, context: Context) -> Reply:
        phone = context.values.get("phone")
        if phone is None or not is_for(context, "create_lead"):
            return super().act_create(context)
        page = Page("lead", self.own_tenant(context), 1, filters=(Filter("phone", phone),))
        for row in self.store.page(page):
            moment = render(self.clock.now())
            changes = {**self.kept("lead", context.values), "updated_at": moment}
            merged = self.store.change(row, changes)
            reply = super().succeed(context, self.render_item(context.operation, merged))
            return replace(reply, status=200)
        return super().act_create(context)


@variant("silent: what has to be unique")
class EqualWebhookReplaced(Faulty):
    """A new webhook takes the place of the one for the same URL."""

    def act_create(self, context: Context) -> Reply:
        if is_for(context, "create_webhook"):
            for row in self.store.page(Page("webhook", self.own_tenant(context), 1_000)):
                if row.document["url"] == context.values["webhook_url"]:
                    self.store.remove(row)
        return super().act_create(context)


@variant("silent: what has to be unique")
class EqualCreationRefused(Faulty):
    """Of anything but a call, an equal creation is refused with bad_request."""

    def act_create(self, context: Context) -> Reply:
        body = repr((self.own_tenant(context), context.operation.id, context.values))
        if self.store.note(body) and not is_for(context, "create_call"):
            raise Refusal("bad_request")
        reply = super().act_create(context)
        self.store.set_note(body, 1)
        return reply


@variant("silent: what an action needs")
class InactiveWebhookNotTested(Faulty):
    """A webhook that is switched off is not tested: invalid_request."""

    def act_perform(self, context: Context) -> Reply:
        if is_for(context, "test_webhook") and not self.selected(context).document["is_active"]:
            raise Refusal("invalid_parameter", "the webhook is off")
        return super().act_perform(context)


@variant("silent: what an action needs")
class PausedWorkspaceNotChanged(Faulty):
    """A workspace that is paused takes no change but another action: invalid_request."""

    def act_update(self, context: Context) -> Reply:
        place = f"paused:{context.values.get('id')}"
        if is_for(context, "act_on_workspace"):
            self.store.set_note(place, 1)
        elif is_for(context, "update_workspace") and self.store.note(place):
            raise Refusal("invalid_parameter", "the workspace is paused")
        return super().act_update(context)


@variant("silent: members of an agent", at="update_agent read_agent create_agent list_agents")
class TransfersNeedNumber(Faulty):
    """update_agent turns transfers on only for an agent with a number for them: invalid_request."""

    def act_update(self, context: Context) -> Reply:
        if is_for(context, "update_agent") and context.values.get("transfer_enabled") is True:
            shown = {**self.selected(context).document, **context.values}
            if not shown.get("transfer_phone_number"):
                raise Refusal("invalid_parameter", "there is no number to transfer calls to")
        return super().act_update(context)


@variant("silent: the values of a score")
class ScoreAboveZero(Faulty):
    """A score of 0 is refused with invalid_request."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        if operation.id == "update_lead" and parameter.name == "score" and value == 0:
            return False
        return super().is_valid(operation, parameter, value)


@variant("silent: empty or none")
class EmptyReadsAsNull(Faulty):
    """An empty text, list or object reads as null."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        item = super().render_item(operation, row)
        return {name: None if value in ("", {}) else value for name, value in item.items()}


@variant("silent: a reference that need not exist")
class UnknownLeadOfCallIgnored(Faulty):
    """A call for an unknown lead is placed, and shows no lead."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        try:
            super().check_reference(parameter, value, context)
        except Refusal:
            if not is_for(context, "create_call") or parameter.name != "lead_id":
                raise
            values: Any = context.values
            del values["lead_id"]


@variant("success bodies")
class ChangeAnsweredWithTheOldObject(Faulty):
    """A change is answered with the object as it was before."""

    def act_update(self, context: Context) -> Reply:
        before = self.render_item(context.operation, self.selected(context))
        reply = super().act_update(context)
        return Reply(reply.status, before, reply.headers) if reply.status == 200 else reply


@variant("success bodies")
class ChangeAnsweredWithNothing(Faulty):
    """A change or a deletion is answered with an empty object."""

    def succeed(self, context: Context, body: Any) -> Reply:
        is_change = context.operation.action in ("update", "delete")
        return super().succeed(context, {} if is_change else body)


@variant("silent: how a value is shown")
class ValuesShownInOtherForms(Faulty):
    """Phone numbers are shown with signs and read with or without, and names are shown as NFD."""

    def read_text(self, parameter: Parameter, text: str) -> Any:
        return super().read_text(
            parameter, re.sub(r"[ ()-]", "", text) if text[:1] == "+" else text
        )

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        item = super().render_item(operation, row)
        return {name: _other_form(name, value) for name, value in item.items()}


def _other_form(name: str, value: Any) -> Any:
    """A value as another server may show it."""
    if name in ("to", "phone", "transfer_phone_number") and isinstance(value, str):
        return re.sub(r"^\+1(\d{3})(\d{3})(\d{4})$", r"+1 (\1) \2-\3", value)
    if name == "name" and isinstance(value, str):
        return unicodedata.normalize("NFD", value)
    return value


@variant("L53")
class DeletedKeptWithItsDate(Faulty):
    """A deleted object is still read and listed, with deleted_at, and cannot be changed."""

    def act_delete(self, context: Context) -> Reply:
        row = self.selected(context)
        if row.document.get("deleted_at"):
            raise Refusal("not_found")
        self.store.change(row, {"deleted_at": "2026-04-17T12:00:00Z"})
        return self.succeed(context, self.confirmation(context.operation, row))

    def act_update(self, context: Context) -> Reply:
        if self.selected(context).document.get("deleted_at"):
            raise Refusal("not_found")
        return super().act_update(context)


@variant("L61")
class SomeItemsOfTomorrow(Faulty):
    """The newest seeded agent and lead have a time of tomorrow, as imported ones may have."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        for kind in ("agent", "lead"):
            row = self.store.page(Page(kind, self.main_tenant(), 1))[0]
            moment = self.clock.now() + 86_400 * MICRO
            position = render(moment)
            document = {**row.document, "created_at": position}
            self.store.remove(row)
            self.store.put(
                [replace(row, position=position, sort=key_of(moment), document=document)]
            )


@variant("silent: what a creation may set")
class NewLeadsAreNew(Faulty):
    """A lead may not be created with a status or a source."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        values = super().take_in(operation, request, in_path)
        if operation.id == "create_lead" and {"status", "source"} & values.keys():
            raise Refusal("invalid_parameter")
        return values


@variant("L54")
class ListedLater(Faulty):
    """A list shows a new object only from the third request on."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._waits: dict[str, int] = {}

    def act_create(self, context: Context) -> Reply:
        reply = super().act_create(context)
        self._waits[str(reply.body.get("id"))] = 2
        return reply

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        for items in [member for member in reply.body.values() if isinstance(member, list)]:
            for item in list(items):
                if isinstance(item, dict) and self._waits.get(str(item.get("id")), 0) > 0:
                    self._waits[str(item["id"])] -= 1
                    items.remove(item)
        return reply


@variant("L54", untested="created-at")
class ListsOfTwoCopies(Faulty):
    """Lists come from two copies by chance; one shows a new object three requests late."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._asked = 0
        self._made_at: dict[str, float] = {}

    def moment(self) -> float:
        """The time, by which a copy is three late: it is counted in requests for lists."""
        return self._asked

    def add(self, *parts: Any, **more: Any) -> Row:
        row = super().add(*parts, **more)
        self._made_at[row.id] = self.moment()
        return row

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        self._asked += 1
        if number_of(f"copy {self._asked}") % 2:
            return super().rows_of(context, limit)
        late = {name for name, made in self._made_at.items() if self.moment() - made <= 3}
        rows = super().rows_of(context, limit + len(late))
        return [row for row in rows if row.id not in late][: self.look_ahead(limit)]


@variant("L54", untested="created-at")
class ListsOfOneLateCopy(ListsOfTwoCopies):
    """Lists come from two copies by chance; one shows a new object a second late."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        self.wait(0.003)
        return super().answer(request)

    def moment(self) -> float:
        """The time in thirds of a second."""
        return 3 * self.waited


@variant("L17")
class RefusalsNoted(Faulty):
    """An eval shows which request for it was refused last, such as a deletion."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        row = self.store.get("eval", request.query.get("id", ""))
        if row and self.operation_of(request) == "delete_eval":
            self.store.change(row, {**row.document, "last_refused": f"deletion: {refusal.role}"})
        return super().refused(request, refusal)

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        whole = super().document(context, kind)
        return {**whole, "last_refused": "none"} if kind == "eval" else whole


@variant("silent: the time of what a pool gives out")
class NumberKeepsItsTime(Faulty):
    """A number has the time at which the pool got it, long before a business takes it."""

    def new_moment(self, kind: str, tenant: str) -> int:
        moment = super().new_moment(kind, tenant)
        if kind == "phone_number":
            moment -= 90 * 86_400 * MICRO
            while not self.moment_is_free(kind, tenant, moment):
                moment += 1
        return moment


@variant("silent: how many numbers are left", untested="paging-limit-maximum")
class PoolOfTwelve(Faulty):
    """The pool holds twelve numbers, and a run takes forty in all."""

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        for row in self.store.page(Page("available_number", None, 1_000))[12:]:
            self.store.remove(row)
