"""One missing check is one cause, whatever shows it; two mistakes of a server are two causes."""

from __future__ import annotations

from typing import Any, ClassVar

from conformance.model import Cause, Parameter
from conformance.server import application
from conformance.server.application import Application
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Row
from tests.faults import harness
from tests.faults.base import Faulty, is_for
from tests.support import contracts

PLAIN = ("odd-request", "generated")
"""Scenarios that these servers do not need."""


def causes_of(kind: type[Application], *operations: str) -> tuple[Cause, ...]:
    """The causes that some operations of a server show without odd requests."""
    loaded = contracts.real()
    aim = harness.Aim(operations=operations, without=PLAIN)
    return harness.run(loaded, application(loaded, kind=kind), aim=aim).causes


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
    causes = causes_of(ErrorsOfItsFramework, "sign_up", "read_call", "list_calls", "create_agent")
    shown = [{*cause.cells} for cause in causes]
    assert len(shown) == 3
    assert shown[0] >= {"status-listed[sign_up]", "envelope-structure[sign_up]"}
    assert {"envelope-structure[read_call]"} in shown
    assert {"envelope-structure[sign_up]"} in shown
