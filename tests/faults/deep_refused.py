"""Deep faults of what is refused, or fails, and has an effect all the same."""

from __future__ import annotations

from contextlib import suppress

from conformance.model import Operation
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Row
from tests.faults.base import fault
from tests.faults.deep_places import Deep, meant


class Done(Deep):
    """The reference server with something that is done before its key and scope are looked at."""

    before: tuple[str, ...] = ()
    role = ""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        operation = self.meant(request)
        if operation in self.before and refusal.role == self.role:
            self.force(self.contract.operations[operation], request)
        return super().refused(request, refusal)

    def force(self, operation: Operation, request: Request) -> None:
        """Do what was refused, for the main business."""
        with suppress(Refusal):  # what cannot be done is only refused
            values = {
                **self.query_values(operation, request),
                **self.body_values(operation, request),
            }
            self.act(
                Context(operation, request, self.known_key(self.parse_key(request) or ""), values)
            )


@fault("refused-unchanged", also="created-resource", at="create_lead", depth=4)
class LeadStoredWithoutScope(Done):
    """A lead is stored, and then refused for the scope."""

    before, role = ("create_lead",), "forbidden"


@fault("refused-unchanged", also="deleted-resource", at="delete_eval", depth=4)
class EvalDeletedWithoutScope(Done):
    """An eval is deleted, and then the deletion is refused for the scope."""

    before, role = ("delete_eval",), "forbidden"


@fault("refused-unchanged", also="changed-resource", at="update_workspace", depth=4)
class WorkspaceRenamedWithoutKey(Done):
    """A workspace is renamed, and then the change is refused for want of a key."""

    before, role = ("update_workspace",), "unauthenticated"


@fault("refused-unchanged", also="created-resource", at="create_eval", depth=5)
class EvalStoredWithoutMessages(Done):
    """An eval that lacks its messages is stored, and then refused."""

    before, role = ("create_eval",), "missing_parameter"


@fault(
    "refused-unchanged",
    also="created-resource success-members",
    at="create_lead list_leads",
    depth=5,
)
class LeadStoredWithInvalidAddress(Done):
    """A lead with an e-mail address that is none is stored, and then refused."""

    before, role = ("create_lead",), "invalid_parameter"


@fault("refused-unchanged", at="create_call", depth=4)
class FailedCallQueued(Deep):
    """A call that could not be placed is listed as queued."""

    def check_triggers(self, context: Context) -> None:
        if meant(context, "create_call") and self.triggered(context) == "call_failed":
            self.act_create(context)
        super().check_triggers(context)


@fault("refused-unchanged", at="send_sms", depth=5)
class BlockedTextListed(Deep):
    """A text that was blocked is listed as if it had been sent."""

    def check_triggers(self, context: Context) -> None:
        if meant(context, "send_sms") and self.triggered(context) == "content_blocked":
            self.act(context)
        super().check_triggers(context)


@fault("refused-unchanged", also="created-resource", at="update_lead", depth=5)
class UnknownLeadMade(Deep):
    """A change of a lead that does not exist makes it, and is refused."""

    def selected(self, context: Context) -> Row:
        try:
            return super().selected(context)
        except Refusal:
            if meant(context, "update_lead"):
                creation = self.contract.operations["create_lead"]
                self.act_create(
                    Context(creation, context.request, context.identity, context.values)
                )
            raise


class OldestFirst(Deep):
    """The reference server with lists that run from old to new."""

    def order(self, operation: Operation) -> str:
        return "ASC"

    def comparison(self, operation: Operation) -> str:
        return ">"


@fault("refused-unchanged", at="send_sms", depth=5)
class BlockedTextListedAtTheEnd(OldestFirst, BlockedTextListed):
    """A text that was blocked is listed as if it had been sent, at the end of a list from old to new."""


@fault("refused-unchanged", also="created-resource", at="create_lead", depth=5)
class LeadStoredAtTheEnd(OldestFirst, LeadStoredWithoutScope):
    """A lead is stored at the end of a list from old to new, and then refused for the scope."""
