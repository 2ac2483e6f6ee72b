"""Faults of references to another business: a write takes what belongs to somebody else."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import Any

from conformance.model import Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Page, Row
from tests.faults.base import Entry, Faulty, fault, faults_of, is_for
from tests.faults.shared import body_of


@dataclass(frozen=True)
class Foreign(Entry):
    """The member of a request that has the fault."""

    member: str
    _: KW_ONLY
    breaks: str = "business-object"
    depth: int = 4


def takes_foreign(entry: Foreign) -> type[Faulty]:
    """The reference server, where one member of one operation may name what exists anywhere."""

    class TakesForeign(Faulty):
        def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
            if self.is_open(parameter, context):
                identifiers = value if isinstance(value, list) else [value]
                kind = parameter.references or ""
                if all(self.store.get(kind, str(identifier)) for identifier in identifiers):
                    return
            super().check_reference(parameter, value, context)

        def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
            if not self.is_open(parameter, context):
                super().check_tenant(parameter, value, context)

        def is_open(self, parameter: Parameter, context: Context) -> bool:
            """Whether a member may name an object of any business."""
            return is_for(context, entry.here) and parameter.name == entry.member

    return TakesForeign


TAKES_FOREIGN = {
    "create_call ties the call to a lead of another business.": Foreign(
        "call-for-foreign-lead", "lead_id", at="create_call"),
    "create_eval creates an eval of an agent of another business.": Foreign(
        "eval-of-foreign-agent", "agent_id", at="create_eval"),
    "assign_phone_number gives the number to an agent of another business.": Foreign(
        "number-for-foreign-agent", "agent_id", at="assign_phone_number"),
    "send_sms sends a text from an agent of another business.": Foreign(
        "text-from-foreign-agent", "from_agent_id", at="send_sms"),
    "run_agent_evals runs the evals of an agent of another business.": Foreign(
        "foreign-agent-evaluated", "agent_id", at="run_agent_evals"),
}  # fmt: skip

faults_of(takes_foreign, __name__, TAKES_FOREIGN)


@fault("business-object", at="create_lead", depth=4)
class QueryHidesBusiness(Faulty):
    """create_lead checks the business of the query, but creates the lead in that of the body."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if not self._hides(context):
            super().check_tenant(parameter, value, context)

    def own_tenant(self, context: Context) -> str:
        own = super().own_tenant(context)
        return context.values["business_id"] if self._hides(context) else own

    def _hides(self, context: Context) -> bool:
        own = self.tenant_of(context.identity)
        return is_for(context, "create_lead") and f"business_id={own}" in context.request.query_text


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


def keeps_foreign(entry: Foreign) -> type[Faulty]:
    """The reference server, where a change stores a member that no document gives the change."""

    class KeepsForeign(Faulty):
        def act_update(self, context: Context) -> Reply:
            reply = super().act_update(context)
            sent = body_of(context.request).get(entry.member)
            if is_for(context, entry.here) and isinstance(sent, str):
                self.store.change(self.selected(context), {entry.member: sent})
            return reply

    return KeepsForeign


KEEPS_FOREIGN = {
    "update_lead accepts an agent_id, even of another business.": Foreign(
        "lead-handed-to-foreign-agent", "agent_id", at="update_lead", depth=5),
    "update_eval accepts an agent_id, even of another business.": Foreign(
        "eval-handed-to-foreign-agent", "agent_id", at="update_eval", depth=5),
}  # fmt: skip

faults_of(keeps_foreign, __name__, KEEPS_FOREIGN)


# --- the answer itself ---


def said_to_move(entry: Entry) -> type[Faulty]:
    """The reference server, where an update returns the business that the request names."""

    class SaidToMove(Faulty):
        def act_update(self, context: Context) -> Reply:
            reply = super().act_update(context)
            named = body_of(context.request).get("business_id")
            if is_for(context, entry.here) and named:
                return Reply(reply.status, {**reply.body, "business_id": named})
            return reply

    return SaidToMove


SAID_TO_MOVE = {
    "update_workspace returns the foreign business that the request names.": Entry(
        "workspace-said-to-move", breaks="business-object", at="update_workspace", depth=4),
    "update_lead returns the foreign business that the request names.": Entry(
        "lead-said-to-move", breaks="business-object", at="update_lead", depth=4),
}  # fmt: skip

faults_of(said_to_move, __name__, SAID_TO_MOVE)


@fault("business-object", also="refused-unchanged", at="create_call", depth=5)
class CallMadeForOthers(Faulty):
    """create_call refuses an agent of another business, but creates the call in that business."""

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


def knows_names(entry: Foreign) -> type[Faulty]:
    """The reference server, where one creation returns the object that has a known name."""

    class KnowsNames(Faulty):
        @cached_property
        def _made(self) -> dict[str, Reply]:
            return {}

        def act(self, context: Context) -> Reply:
            name = context.values.get(entry.member)
            if name is None or not is_for(context, entry.here):
                return super().act(context)
            if name not in self._made:
                self._made[name] = super().act(context)
            return self._made[name]

    return KnowsNames


KNOWS_NAMES = {
    "An Idempotency-Key of one business gets another one the run of the first.": Foreign(
        "key-of-all-businesses", "Idempotency-Key", at="create_communication_run"),
    "create_workspace returns the workspace of any business for a known external_ref.": Foreign(
        "reference-of-all-businesses", "external_ref", at="create_workspace", depth=5),
}  # fmt: skip

faults_of(knows_names, __name__, KNOWS_NAMES)
