"""Deep faults of the limit of a page: at one, at the maximum and beyond, on later pages."""

from __future__ import annotations

from conformance.model import Operation
from conformance.server.messages import Context
from tests.faults.base import fault
from tests.faults.deep_places import Deep, asked, later, meant, narrowed

PAGES = "rows-of-two-businesses empty-list walk large-page"


@fault("paging-limit", at="list_evals", by=PAGES, depth=4)
class LimitOfOneIsNone(Deep):
    """A limit of 1 is taken for none in the list of evals."""

    def limit_of(self, context: Context) -> int:
        none = meant(context, "list_evals") and asked(context) == 1
        return self.default_limit(context.operation) if none else super().limit_of(context)


@fault("paging-limit paging-limit-maximum", at="list_transcripts", by=PAGES, depth=5)
class OneMoreAtMaximum(Deep):
    """A page of the maximum of transcripts has one item more."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        capped = super().cap_limit(operation, limit)
        return capped + 1 if operation.id == "list_transcripts" and limit == 100 else capped


@fault("paging-limit-maximum", at="list_events", by=PAGES, depth=5)
class OneMoreBeyondMaximum(Deep):
    """A limit beyond the maximum of events is cut to one more than that."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        beyond = operation.id == "list_events" and limit > 100
        return 101 if beyond else super().cap_limit(operation, limit)


@fault("paging-limit", at="list_webhooks", by=PAGES, depth=4)
class LaterPagesInFives(Deep):
    """A later page of webhooks is filled up to a multiple of five."""

    def limit_of(self, context: Context) -> int:
        limit = super().limit_of(context)
        return -(-limit // 5) * 5 if later(context) and meant(context, "list_webhooks") else limit


@fault("paging-limit", at="list_event_deliveries", by=f"{PAGES} filtered-walk", depth=5)
class LimitCountsBeforeJoin(Deep):
    """With a filter by event and a cursor the limit of deliveries is doubled."""

    def limit_of(self, context: Context) -> int:
        limit = super().limit_of(context)
        joined = (
            later(context)
            and narrowed(context, "event_id")
            and meant(context, "list_event_deliveries")
        )
        return 2 * limit if joined else limit


@fault("paging-limit", at="list_eval_runs", by=PAGES, depth=4)
class LimitOnlyBelowDefault(Deep):
    """The runs of an agent take no limit below 5 together with a cursor."""

    def limit_of(self, context: Context) -> int:
        limit = super().limit_of(context)
        return max(limit, 5) if later(context) and meant(context, "list_eval_runs") else limit


@fault("status-no-5xx-for-mistakes", at="list_messages", by=PAGES, depth=4)
class LimitBeyondMaximumFails(Deep):
    """A limit beyond the maximum of messages is a fault of the server."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        if operation.id == "list_messages" and limit > 100:
            raise OverflowError
        return super().cap_limit(operation, limit)
