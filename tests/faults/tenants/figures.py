"""Faults of reports of figures: they show what another business has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from conformance.server.messages import Context, Reply
from conformance.server.store import Page
from tests.faults.base import Entry, Faulty, fault, faults_of, is_for
from tests.faults.shared import number_of


@dataclass(frozen=True)
class Report(Entry):
    """The business, or another source, of the figures of a report; None for the right one."""

    source: Callable[[Context], Any]
    _: KW_ONLY
    breaks: str = "business-figures"
    depth: int = 4


class Figures(Faulty):
    """The reference server, where one report has figures of its business."""

    here = ""

    def business_of(self, context: Context) -> str:
        """The business whose figures are shown."""
        return self.tenant_of(context.identity)

    def act_fetch(self, context: Context) -> Reply:
        reply = super().act_fetch(context)
        if not is_for(context, self.here) or not isinstance(reply.body, dict):
            return reply
        figure = number_of(self.business_of(context)) % 10_000
        return Reply(reply.status, _counted(reply.body, figure))


def figures_of(entry: Report) -> type[Faulty]:
    """The reference server, where one report has figures of another source."""

    class FiguresOf(Figures):
        here = entry.here

        def business_of(self, context: Context) -> str:
            return str(entry.source(context) or super().business_of(context))

    return FiguresOf


def _counted(value: Any, figure: int) -> Any:
    """A report with another figure in the place of each number."""
    match value:
        case dict():
            return {name: _counted(member, figure) for name, member in value.items()}
        case list():
            return [_counted(member, figure) for member in value]
        case bool() | str() | None:
            return value
    return figure


def _in_query(context: Context) -> str | None:
    """The business that a query names."""
    return context.request.query.get("business_id")


FIGURES_OF = {
    "read_balance shows the balance of the business that the query names.": Report(
        "foreign-balance", _in_query, at="read_balance"),
    "read_analytics_dashboard shows the figures of the business that the query names.": Report(
        "foreign-dashboard", _in_query, at="read_analytics_dashboard"),
    "read_analytics_weekly shows the figures of the business in X-Business-Id.": Report(
        "foreign-week-by-header", lambda context: context.request.header("x-business-id"),
        at="read_analytics_weekly", depth=5),
    "audit_leads shows the figures of the business that the query names.": Report(
        "foreign-audit", _in_query, at="audit_leads", depth=5),
}  # fmt: skip

faults_of(figures_of, __name__, FIGURES_OF)


@fault("business-figures", at="read_analytics_calls", depth=4)
class FiguresOfForeignAgent(Figures):
    """read_analytics_calls shows the figures of an agent of another business."""

    here = "read_analytics_calls"

    def check_reference(self, parameter: Any, value: Any, context: Context) -> None:
        if not is_for(context, self.here):
            super().check_reference(parameter, value, context)

    def business_of(self, context: Context) -> str:
        return str(context.values.get("agent_id") or super().business_of(context))


@fault("business-figures", at="read_analytics_calls", depth=5)
class CountsCallsOfForeignAgent(Faulty):
    """read_analytics_calls counts the calls of an agent that it has not found, in another shape."""

    def check_reference(self, parameter: Any, value: Any, context: Context) -> None:
        if not is_for(context, "read_analytics_calls"):
            super().check_reference(parameter, value, context)

    def act_fetch(self, context: Context) -> Reply:
        agent = context.values.get("agent_id")
        if not is_for(context, "read_analytics_calls") or agent is None:
            return super().act_fetch(context)
        agents = self.store.page(Page("agent", None, 1_000))
        owners = [row.tenant for row in agents if row.id == agent]
        if owners == [self.tenant_of(context.identity)]:
            return super().act_fetch(context)
        return Reply(200, {"agent_id": agent, "calls": 7 * len(owners), "series": []})


@fault("business-figures", at="read_analytics_businesses", depth=4)
class EveryBusinessCompared(Faulty):
    """read_analytics_businesses lists the figures of every business."""

    def act_fetch(self, context: Context) -> Reply:
        reply = super().act_fetch(context)
        if not is_for(context, "read_analytics_businesses"):
            return reply
        names = [str(self.store.note(f"tenant:{name}")) for name in ("main", "other")]
        rows = [{"business_id": name, "calls": 4} for name in names]
        return Reply(reply.status, {"businesses": rows})


@fault("business-figures", at="read_balance", depth=4)
class BalancesByBusiness(Faulty):
    """read_balance has one member per business, named by its id."""

    def act_fetch(self, context: Context) -> Reply:
        reply = super().act_fetch(context)
        if not is_for(context, "read_balance"):
            return reply
        businesses = {row.tenant for row in self.store.page(Page("agent", None, 1_000))}
        return Reply(reply.status, dict.fromkeys(sorted(businesses), reply.body))


@fault("business-figures", at="audit_leads", depth=5)
class AuditOfAllWhenNarrowed(Faulty):
    """audit_leads with a parameter shows the leads of every business."""

    def act_fetch(self, context: Context) -> Reply:
        reply = super().act_fetch(context)
        if not is_for(context, "audit_leads"):
            return reply
        owner = None if context.request.query else self.tenant_of(context.identity)
        leads = self.store.page(Page("lead", owner, 5))
        return Reply(reply.status, {"hot_leads": [{"id": row.id} for row in leads]})


class SomeCountCallsOfAll(Faulty):
    """The reference server, where some requests of a report count the calls of every business."""

    def counts_all(self, context: Context) -> bool:
        """Whether a request of the report does."""
        raise NotImplementedError

    def act_fetch(self, context: Context) -> Reply:
        reply = super().act_fetch(context)
        if not is_for(context, "read_analytics_calls"):
            return reply
        owner = None if self.counts_all(context) else self.tenant_of(context.identity)
        calls = len(self.store.page(Page("call", owner, 1_000)))
        return Reply(reply.status, {"total": calls})


@fault("business-figures", at="read_analytics_calls", depth=5)
class WeeksOfAllBusinesses(SomeCountCallsOfAll):
    """read_analytics_calls by week counts the calls of every business."""

    def counts_all(self, context: Context) -> bool:
        return context.values.get("group_by") == "week"


@fault("business-figures", at="read_analytics_calls", depth=5)
class LongReportsOfAllBusinesses(SomeCountCallsOfAll):
    """read_analytics_calls over more than 60 days counts the calls of every business."""

    def counts_all(self, context: Context) -> bool:
        return int(context.values.get("days", 0)) > 60


@fault("business-figures", at="read_analytics_funnel", depth=4)
class FunnelKeptByUrl(Figures):
    """read_analytics_funnel caches its figures by URL, for every key."""

    here = "read_analytics_funnel"

    def business_of(self, context: Context) -> str:
        place = f"kept:{context.request.path}?{sorted(context.request.query.items())}"
        kept = self.store.note(place)
        if kept is None:
            kept = super().business_of(context)
            self.store.set_note(place, kept)
        return str(kept)


class CountsOfAll(Faulty):
    """The reference server, where one report counts the objects of every business."""

    here, kind, member = "", "", ""

    def act_fetch(self, context: Context) -> Reply:
        reply = super().act_fetch(context)
        if not is_for(context, self.here) or not isinstance(reply.body, dict):
            return reply
        count = len(self.store.page(Page(self.kind, None, 10_000)))
        return Reply(reply.status, {**reply.body, self.member: count})


@fault("business-figures", at="*", by="figures-beside-creations", depth=4)
class LeadsOfAllCounted(CountsOfAll):
    """read_analytics_dashboard counts the leads of every business."""

    here, kind, member = "read_analytics_dashboard", "lead", "leads"


@fault("business-figures", at="*", by="figures-beside-creations", depth=4)
class CallsOfAllCounted(CountsOfAll):
    """read_analytics_weekly counts the calls of every business."""

    here, kind, member = "read_analytics_weekly", "call", "all_calls"


@fault(
    "business-inside",
    at="audit_leads list_leads",
    by="rows-of-two-businesses plain-read",
    depth=4,
)
class AuditNamesForeignLeads(Faulty):
    """audit_leads shows a lead of another business as an example."""

    def act_fetch(self, context: Context) -> Reply:
        reply = super().act_fetch(context)
        if not is_for(context, "audit_leads") or not isinstance(reply.body, dict):
            return reply
        leads = self.store.page(Page("lead", None, 10_000))
        own = self.tenant_of(context.identity)
        foreign = [{"id": lead.id} for lead in leads if lead.tenant != own]
        return Reply(reply.status, {**reply.body, "examples": foreign[:1]})


@fault("business-figures", at="read_balance", by="foreign-figures", depth=4)
class BalanceOfTheMainBusiness(Faulty):
    """read_balance shows every key the balance and the id of the main business."""

    def act_fetch(self, context: Context) -> Reply:
        reply = super().act_fetch(context)
        if not is_for(context, "read_balance") or not isinstance(reply.body, dict):
            return reply
        return Reply(reply.status, {**reply.body, "business_id": self.main_tenant()})
