"""Faults of valid and invalid requests: their statuses, and what they read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Page, Row
from tests.faults.base import SUCCESSES, Faulty, fault, faults_of, is_for
from tests.faults.shared import InOneList, Replaced, error_replaced, in_each_list

REPLACED = {
    "An invalid value returns 422.": Replaced(
        "unprocessable-for-invalid", "invalid_request", status=422,
        breaks="status-400 status-listed code-invalid_request", by="invalid-parameter"),
    "update_agent returns 422 for a missing parameter.": Replaced(
        "unprocessable-for-missing-at-update", "bad_request", status=422,
        breaks="status-400 status-listed code-bad_request", at="update_agent", depth=2),
    "An unknown id returns 410.": Replaced(
        "gone-for-unknown", "not_found", status=410, routed=True,
        breaks="status-404 status-listed code-not_found", depth=2),
    "An unknown id returns 200 with the error in the body.": Replaced(
        "ok-for-unknown", "not_found", status=200, routed=True, breaks="status-404 code-not_found",
        also="success-members status-200 status-201 business-object deleted-resource", depth=2),
}  # fmt: skip

faults_of(error_replaced, __name__, REPLACED)


# --- successes ---


@fault("status-200", at="read_call", by="plain-read")
class CreatedForRead(Faulty):
    """read_call returns 201."""

    def success_status(self, operation: Operation) -> int:
        return 201 if operation.id == "read_call" else super().success_status(operation)


@fault("status-200", at="read_analytics_weekly", by="empty-figures", depth=3)
class WeekOfNothingFails(Faulty):
    """read_analytics_weekly returns 500 for a business without calls."""

    def act_fetch(self, context: Context) -> Reply:
        here = is_for(context, "read_analytics_weekly")
        if here and not self.store.page(Page("call", self.tenant_of(context.identity), 1)):
            raise ZeroDivisionError
        return super().act_fetch(context)


@fault("status-200", at="read_analytics_funnel", by="empty-figures", depth=4)
class FunnelOfNothingNotFound(Faulty):
    """read_analytics_funnel returns 404 for a business without leads."""

    def act_fetch(self, context: Context) -> Reply:
        here = is_for(context, "read_analytics_funnel")
        if here and not self.store.page(Page("lead", self.tenant_of(context.identity), 1)):
            raise Refusal("not_found")
        return super().act_fetch(context)


@fault("status-200", at="change_communication_run", by="work-on-object", depth=4)
class CancelledInBody(Faulty):
    """change_communication_run returns 200 with an error in the body for a cancelled run."""

    def act(self, context: Context) -> Reply:
        if is_for(context, "change_communication_run"):
            state = self.selected(context).document.get("status")
            if state == "cancelled" and context.values["action"] == "pause":
                return Reply(200, {"success": False, "error": "A cancelled run cannot be paused."})
        return super().act(context)


@fault("status-201", at="create_agent", by="creation")
class OkForCreatedAgent(Faulty):
    """create_agent returns 200."""

    def success_status(self, operation: Operation) -> int:
        return 200 if operation.id == "create_agent" else super().success_status(operation)


@fault("status-201", at="sign_up", by="missing-parameter", depth=2)
class OkForSignUp(Faulty):
    """sign_up returns 200."""

    def success_status(self, operation: Operation) -> int:
        return 200 if operation.id == "sign_up" else super().success_status(operation)


class AnswersForNothing(Faulty):
    """The reference server, where one read returns something for an object that does not exist."""

    here = ""

    def something(self, context: Context) -> Any:
        """What it shows."""
        return self.catalog.example(context.operation)

    def act(self, context: Context) -> Reply:
        try:
            return super().act(context)
        except Refusal:
            if not is_for(context, self.here):
                raise
            return self.succeed(context, self.something(context))


@fault("status-404", at="read_schemas", by="odd-request generated", depth=3)
class SchemaOfNothing(AnswersForNothing):
    """read_schemas returns 200 with an empty object for a name that no schema has."""

    here = "read_schemas"

    def something(self, context: Context) -> Any:
        return {}


@fault("status-404", at="read_agent_version", by="plain-read", depth=4)
class LatestForUnknownVersion(AnswersForNothing):
    """read_agent_version shows another version for a number that no version has."""

    here = "read_agent_version"


@in_each_list("status-200")
class Created(InOneList):
    """A page comes with the status 201."""

    def success_status(self, operation: Operation) -> int:
        return 201 if operation.id == self.here else super().success_status(operation)


@fault("success-members", at="read_call", by="plain-read", depth=2)
class CallWithoutStatus(Faulty):
    """read_call omits status, which both official clients read."""

    def act_read(self, context: Context) -> Reply:
        reply = super().act_read(context)
        if context.operation.id != "read_call":
            return reply
        return Reply(
            reply.status, {name: value for name, value in reply.body.items() if name != "status"}
        )


@fault(
    "read-resource",
    also="status-404 code-not_found business-object",
    at="read_call",
    by="plain-read",
    depth=4,
)
class LatestForAnyId(Faulty):
    """read_call returns the latest call for every known id."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if not is_for(context, "read_call") or super().find(kind, identifier, context) is None:
            return super().find(kind, identifier, context)
        return self.rows_by(context, 1, filters=())[0]


@fault("read-resource", also="status-404 code-not_found", at="read_eval", by="plain-read", depth=5)
class NearIdIsEnough(Faulty):
    """read_eval ignores the last character of an id."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        row = super().find(kind, identifier, context)
        if row is not None or not is_for(context, "read_eval") or len(identifier) < 30:
            return row
        return next(
            (
                row
                for row in self.rows_by(context, 100, filters=())
                if row.id.startswith(identifier[:35])
            ),
            None,
        )


# --- required and invalid parameters ---


@fault("status-400 code-bad_request", at="create_agent", depth=2)
class PromptNotRequired(Faulty):
    """create_agent works without its system_prompt."""

    def is_required(self, operation: Operation, parameter: Parameter) -> bool:
        return super().is_required(operation, parameter) and parameter.name != "system_prompt"


@fault("status-400 code-bad_request", at="create_eval", by="missing-parameter", depth=4)
class MessagesNotRequired(Faulty):
    """create_eval works without its messages."""

    def is_required(self, operation: Operation, parameter: Parameter) -> bool:
        return super().is_required(operation, parameter) and parameter.name != "messages"


@fault("status-400 code-invalid_request", at="create_call", depth=2)
class AnyNumberCalled(Faulty):
    """create_call accepts a phone number made of letters."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        return (operation.id, parameter.name) == ("create_call", "to") or super().is_valid(
            operation, parameter, value
        )


@fault("status-400 code-invalid_request", at="sign_up", depth=2)
class AnyAddressSignsUp(Faulty):
    """sign_up accepts an e-mail address without @."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        return (
            operation.id == "sign_up" and parameter.name == "email" and isinstance(value, str)
        ) or super().is_valid(operation, parameter, value)


@fault("status-400", at="create_agent", depth=2)
class EmptyBodyCreates(Faulty):
    """create_agent creates an agent from a body without one."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        usual = {"name": "New agent", "system_prompt": "Hello", "business_id": self.main_tenant()}
        if operation.id == "create_agent" and request.body.strip() in (b"", b"null", b"[1, 2]"):
            return usual
        return super().body_values(operation, request)


# --- unknown objects ---


@fault("status-200", also="status-no-5xx-for-mistakes", at="update_agent", by="update", depth=3)
class ChangeOfTwoMembersCrashes(Faulty):
    """update_agent returns 500 if a request changes more than one member."""

    def act_update(self, context: Context) -> Reply:
        if is_for(context, "update_agent") and len(context.values) > 2:
            raise RuntimeError("not implemented")
        return super().act_update(context)


@fault("success-json", by=SUCCESSES, depth=2)
class SuccessesAsText(Faulty):
    """Successes are labelled as plain text."""

    def content_type(self, reply: Reply) -> str:
        return "text/plain" if reply.status < 400 else super().content_type(reply)


@fault(
    "status-200",
    at="delete_webhook delete_eval release_phone_number",
    by="write-beside-others",
    depth=4,
)
class LabelWithoutBodyRefused(Faulty):
    """A deletion with a JSON content type and no body is refused."""

    def dispatch(self, request: Request) -> Reply:
        if request.method == "DELETE" and request.header("content-type"):
            raise Refusal("invalid_parameter")
        return super().dispatch(request)


@fault("read-resource", at="read_recording", by="plain-read", depth=4)
class RecordingOfAnotherCall(Faulty):
    """read_recording returns the id of the oldest call as the call of the recording."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        item = super().render_item(operation, row)
        if operation.id != "read_recording":
            return item
        return {**item, "call_id": self.store.page(Page("call", row.tenant, 1_000))[-1].id}


@fault("status-200", at="list_agents", by="unparsable-parameter", depth=4)
class LabelledList(Faulty):
    """list_agents parses the empty body of a request that is labelled as JSON, and refuses it."""

    here = "list_agents"

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if operation.id == self.here and request.header("content-type") and not request.body:
            raise Refusal("invalid_request")
        return super().take_in(operation, request, in_path)


@fault("status-200", at="read_eval", by="plain-read", depth=4)
class LabelledRead(LabelledList):
    """read_eval parses the empty body of a request that is labelled as JSON, and refuses it."""

    here = "read_eval"
