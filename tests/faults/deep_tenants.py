"""Deep faults of businesses: secondary selectors, later pages, filters, and deeds that are done in secret."""

from __future__ import annotations

import re
from typing import Any

from conformance.model import Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Row
from tests.faults.base import fault
from tests.faults.deep_places import Deep, asked, later, meant, narrowed


class Borderless(Deep):
    """The reference server with a place where no business is looked at."""

    open_at: tuple[str, ...] = ()

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if meant(context, *self.open_at) and kind == context.operation.kind:
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)


@fault("business-object", at="read_external_run", depth=4)
class ForeignRunByReference(Deep):
    """A run of another business is read by its external_ref."""

    def list_tenant(self, context: Context) -> str | None:
        return None if meant(context, "read_external_run") else super().list_tenant(context)


@fault("business-object", at="read_provider_run", depth=4)
class ForeignRunByProvider(Deep):
    """A run of another business is read by the id that the provider gave it."""

    def list_tenant(self, context: Context) -> str | None:
        return None if meant(context, "read_provider_run") else super().list_tenant(context)


@fault("business-object", at="read_recording", depth=4)
class ForeignRecordingRead(Deep):
    """The recording of a call of another business is read."""

    def list_tenant(self, context: Context) -> str | None:
        return None if meant(context, "read_recording") else super().list_tenant(context)

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if not meant(context, "read_recording"):
            super().check_reference(parameter, value, context)


@fault("business-object", at="change_communication_run", depth=4)
class ForeignRunCancelled(Borderless):
    """A run of another business is cancelled."""

    open_at = ("change_communication_run",)


@fault("business-object", at="act_on_workspace", depth=4)
class ForeignWorkspaceTornDown(Borderless):
    """A workspace of another business is torn down."""

    open_at = ("act_on_workspace",)


@fault("business-object", at="rotate_webhook_secret test_webhook", depth=4)
class ForeignSecretRotated(Borderless):
    """The secret of a webhook of another business is rotated, or tested."""

    open_at = ("rotate_webhook_secret", "test_webhook")


@fault("business-object", at="release_phone_number", depth=4)
class ForeignNumberReleased(Borderless):
    """A number of another business is released."""

    open_at = ("release_phone_number",)


@fault("business-object", at="create_call", depth=5)
class CallTiedToForeignLead(Deep):
    """A call may be placed for a lead of another business."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if not (meant(context, "create_call") and parameter.name == "lead_id"):
            super().check_reference(parameter, value, context)


class Secret(Deep):
    """The reference server with a deed that is done before it is refused."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        self.do(self.meant(request), request)
        return super().refused(request, refusal)

    def do(self, operation: str, request: Request) -> None:
        """What is done in secret."""


@fault(
    "business-object",
    also="refused-unchanged status-200",
    at="delete_eval delete_webhook read_eval",
    depth=5,
)
class ForeignDeletedInSecret(Secret):
    """A deletion that is refused has deleted all the same."""

    def do(self, operation: str, request: Request) -> None:
        if operation in ("delete_eval", "delete_webhook") and self.parse_key(request):
            row = self.store.get(operation.partition("_")[2], request.query.get("id", ""))
            identity = self.known_key(self.parse_key(request) or "")
            if row is not None and identity is not None and identity.tenant != row.tenant:
                self.store.remove(row)


@fault("business-object", at="update_lead", depth=5)
class ForeignLeadRenamedInSecret(Deep):
    """A lead of another business is renamed, though the answer is 404."""

    def act_update(self, context: Context) -> Reply:
        row = (
            self.store.get("lead", str(context.values.get("id")))
            if meant(context, "update_lead")
            else None
        )
        if row is not None:
            self.store.change(row, self.changes(context))
        return super().act_update(context)


@fault(
    "business-rows",
    also="paging-complete paging-exclusive has-more-false",
    at="list_leads",
    depth=5,
)
class FilteredLaterPagesOfAll(Deep):
    """Later pages of leads of some state show those of every business."""

    def list_tenant(self, context: Context) -> str | None:
        every = meant(context, "list_leads") and later(context) and narrowed(context, "status")
        return None if every else super().list_tenant(context)


@fault(
    "business-rows",
    also="paging-complete paging-exclusive has-more-false",
    at="list_events",
    depth=5,
)
class LargePagesOfAll(Deep):
    """Pages of more than fifty events show those of every business."""

    def list_tenant(self, context: Context) -> str | None:
        return (
            None
            if meant(context, "list_events") and asked(context) > 50
            else super().list_tenant(context)
        )


@fault(
    "business-rows",
    also="paging-complete paging-exclusive has-more-false business-empty",
    at="list_evals",
    depth=5,
)
class PagesOfOneOfAll(Deep):
    """Pages of one eval show those of every business."""

    def list_tenant(self, context: Context) -> str | None:
        return (
            None
            if meant(context, "list_evals") and asked(context) == 1
            else super().list_tenant(context)
        )


@fault("business-filter", also="business-rows", at="list_event_deliveries", depth=4)
class DeliveriesOfForeignEvent(Deep):
    """The deliveries of an event of another business are listed by its id."""

    def list_tenant(self, context: Context) -> str | None:
        every = meant(context, "list_event_deliveries") and narrowed(context, "event_id")
        return None if every else super().list_tenant(context)


@fault("business-filter", at="list_messages", depth=4)
class MessagesOfForeignConversation(Deep):
    """The messages of a conversation of another business are listed by its id, where a limit is given."""

    def list_tenant(self, context: Context) -> str | None:
        every = meant(context, "list_messages") and narrowed(context, "conversation_id", "limit")
        return None if every else super().list_tenant(context)


@fault("business-filter", at="list_eval_runs", depth=4)
class RunsOfForeignAgent(Deep):
    """The runs of an agent of another business are listed by its id."""

    def list_tenant(self, context: Context) -> str | None:
        return None if meant(context, "list_eval_runs") else super().list_tenant(context)

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if not meant(context, "list_eval_runs"):
            super().check_reference(parameter, value, context)


@fault("business-filter", at="list_communication_jobs", depth=5)
class JobsOfForeignRunLater(Deep):
    """Later pages of the jobs of a run of another business are listed by its id."""

    def list_tenant(self, context: Context) -> str | None:
        every = (
            meant(context, "list_communication_jobs")
            and narrowed(context, "communication_run_id")
            and later(context)
        )
        return None if every else super().list_tenant(context)


@fault("business-empty", at="list_conversations", depth=4)
class EmptyBusinessUnknown(Deep):
    """The conversations of a business without any are not found."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if meant(context, "list_conversations") and not self.rows_by(context, 1, filters=()):
            raise self.not_found(context.operation)
        return reply


@fault(
    "read-resource",
    also="status-404 code-not_found business-object",
    at="read_call",
    by="plain-read",
    depth=4,
)
class LatestForAnyId(Deep):
    """Whatever call is asked for, the latest one is shown."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if not meant(context, "read_call") or super().find(kind, identifier, context) is None:
            return super().find(kind, identifier, context)
        return self.rows_by(context, 1, filters=())[0]


@fault("read-resource", also="status-404 code-not_found", at="read_eval", by="plain-read", depth=5)
class NearIdIsEnough(Deep):
    """An eval is found by all but the last character of its id."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        found = super().find(kind, identifier, context)
        if found is not None or not meant(context, "read_eval") or len(identifier) < 30:
            return found
        return next(
            (
                row
                for row in self.rows_by(context, 100, filters=())
                if row.id.startswith(identifier[:35])
            ),
            None,
        )


@fault("business-object", at="delete_eval", depth=5)
class BusinessOfRequestTrusted(Deep):
    """Evals are deleted for whoever names the business that they belong to."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        row = self.store.get(kind, identifier)
        named = row is not None and f"business_id={row.tenant}" in context.request.query_text
        return (
            row
            if named and meant(context, "delete_eval")
            else super().find(kind, identifier, context)
        )


@fault("business-rows", also="business-filter", at="list_leads", depth=5)
class LastBusinessListed(Deep):
    """Of two businesses that are named the first is looked at, and the leads of the last are listed."""

    def list_tenant(self, context: Context) -> str | None:
        named = (
            re.findall(r"business_id=([^&]+)", context.request.query_text)
            if meant(context, "list_leads")
            else []
        )
        return named[-1] if len(named) > 1 else super().list_tenant(context)
