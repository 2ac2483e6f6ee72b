"""Faults of references to another business: a write takes what belongs to somebody else."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from conformance.model import Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Page, Row
from tests.faults.base import Faulty, fault, is_for
from tests.faults.shared import body_of


class TakesForeign(Faulty):
    """The reference server, where one member of one operation may name what exists anywhere."""

    here, member = "", ""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if is_for(context, self.here) and parameter.name == self.member:
            identifiers = value if isinstance(value, list) else [value]
            kind = parameter.references or ""
            if all(self.store.get(kind, str(identifier)) for identifier in identifiers):
                return
        super().check_reference(parameter, value, context)

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if not (is_for(context, self.here) and parameter.name == self.member):
            super().check_tenant(parameter, value, context)


@fault("business-object", at="create_call", depth=4)
class CallForForeignLead(TakesForeign):
    """create_call ties the call to a lead of another business."""

    here, member = "create_call", "lead_id"


@fault("business-object", at="create_eval", depth=4)
class EvalOfForeignAgent(TakesForeign):
    """create_eval creates an eval of an agent of another business."""

    here, member = "create_eval", "agent_id"


@fault("business-object", at="create_lead", depth=4)
class QueryHidesBusiness(Faulty):
    """create_lead looks who may create by the query, and creates where the body says."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if not self._hides(context):
            super().check_tenant(parameter, value, context)

    def own_tenant(self, context: Context) -> str:
        own = super().own_tenant(context)
        return context.values["business_id"] if self._hides(context) else own

    def _hides(self, context: Context) -> bool:
        own = self.tenant_of(context.identity)
        return is_for(context, "create_lead") and f"business_id={own}" in context.request.query_text


@fault("business-object", at="assign_phone_number", depth=4)
class NumberForForeignAgent(TakesForeign):
    """assign_phone_number gives the number to an agent of another business."""

    here, member = "assign_phone_number", "agent_id"


@fault("business-object", at="assign_phone_number", depth=5)
class NumberOfAnotherTaken(Faulty):
    """assign_phone_number moves a number that another business has."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if not is_for(context, "assign_phone_number") or not self._taken(value):
            super().check_reference(parameter, value, context)

    def act(self, context: Context) -> Reply:
        assigns = is_for(context, "assign_phone_number")
        for row in self._taken(context.values["phone_number"]) if assigns else ():
            self.store.remove(row)
            own = self.own_tenant(context)
            moved = replace(row, tenant=own, document={**row.document, "business_id": own})
            self.store.put([moved])
            return self.succeed(context, self.render_item(context.operation, moved))
        return super().act(context)

    def _taken(self, number: Any) -> list[Row]:
        rows = self.store.page(Page("phone_number", None, 1_000))
        return [row for row in rows if row.document["phone_number"] == number]


@fault("business-object", at="send_sms", depth=4)
class TextFromForeignAgent(TakesForeign):
    """send_sms sends a text from an agent of another business."""

    here, member = "send_sms", "from_agent_id"


@fault("business-object", at="run_agent_evals", depth=4)
class ForeignAgentEvaluated(TakesForeign):
    """run_agent_evals runs the evals of an agent of another business."""

    here, member = "run_agent_evals", "agent_id"


class KeepsForeign(Faulty):
    """The reference server, where a change stores a member that no document gives the change."""

    here, member = "", ""

    def act_update(self, context: Context) -> Reply:
        reply = super().act_update(context)
        sent = body_of(context.request).get(self.member)
        if is_for(context, self.here) and isinstance(sent, str):
            self.store.change(self.selected(context), {self.member: sent})
        return reply


@fault("business-object", at="update_lead", depth=5)
class LeadHandedToForeignAgent(KeepsForeign):
    """update_lead accepts agent_id, which may name an agent of another business."""

    here, member = "update_lead", "agent_id"


@fault("business-object", at="update_eval", depth=5)
class EvalHandedToForeignAgent(KeepsForeign):
    """update_eval accepts agent_id, which may name an agent of another business."""

    here, member = "update_eval", "agent_id"


# --- the answer itself ---


@fault("business-object", at="update_workspace", depth=4)
class WorkspaceSaidToMove(Faulty):
    """update_workspace returns the other business that the request names."""

    def act_update(self, context: Context) -> Reply:
        reply = super().act_update(context)
        named = body_of(context.request).get("business_id")
        if is_for(context, "update_workspace") and named:
            return Reply(reply.status, {**reply.body, "business_id": named})
        return reply


@fault("business-object", at="update_lead", depth=4)
class LeadSaidToMove(Faulty):
    """update_lead returns the other business that the request names."""

    def act_update(self, context: Context) -> Reply:
        reply = super().act_update(context)
        named = body_of(context.request).get("business_id")
        if is_for(context, "update_lead") and named:
            return Reply(reply.status, {**reply.body, "business_id": named})
        return reply


@fault("business-object", also="refused-unchanged", at="create_call", depth=5)
class CallMadeForOthers(Faulty):
    """create_call rejects an agent of another business, and makes the call for that business."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        if self.operation_of(request) == "create_call":
            agent = self.store.get("agent", str(body_of(request).get("agent_id")))
            if agent and refusal.role in ("forbidden", "not_found"):
                operation = self.contract.operations["create_call"]
                values = body_of(request)
                identity = self.known_key(self.parse_key(request) or "")
                context = Context(operation, request, identity, values)
                document = self.document(context, "call")
                self.add("call", agent.tenant, {**document, "business_id": agent.tenant})
        return super().refused(request, refusal)


# --- names that two businesses give ---


class KnowsNames(Faulty):
    """The reference server, where one creation returns the existing object for a known name."""

    here, member = "", ""

    @cached_property
    def _made(self) -> dict[str, Reply]:
        return {}

    def act(self, context: Context) -> Reply:
        name = context.values.get(self.member)
        if name is None or not is_for(context, self.here):
            return super().act(context)
        if name not in self._made:
            self._made[name] = super().act(context)
        return self._made[name]


@fault("business-object", at="create_communication_run", depth=4)
class KeyOfAllBusinesses(KnowsNames):
    """An Idempotency-Key of one business gets another one the run of the first."""

    here, member = "create_communication_run", "Idempotency-Key"


@fault("business-object", at="create_workspace", depth=5)
class ReferenceOfAllBusinesses(KnowsNames):
    """create_workspace returns the workspace of any business for a known external_ref."""

    here, member = "create_workspace", "external_ref"
