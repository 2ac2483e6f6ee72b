"""Faults of parameters that the server cannot handle: it returns 500 for a client mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Refusal, Request
from conformance.server.store import Filter, Row
from tests.faults.base import LISTS, MISTAKES, ODD_INPUT, Entry, Faulty, fault, faults_of, is_for

CRASHES = "status-no-5xx-for-mistakes"
WELL_FORMED = r"[0-9a-f-]{36}"


@dataclass(frozen=True)
class Failing(Entry):
    """Whether the server fails on a request, by its query."""

    fails_on: Callable[[Request], object]
    _: KW_ONLY
    breaks: str = CRASHES
    by: str = ODD_INPUT
    depth: int = 4


def unprepared(entry: Failing) -> type[Faulty]:
    """The reference server, which fails on some requests."""

    class Unprepared(Faulty):
        def take_in(
            self, operation: Operation, request: Request, in_path: Mapping[str, str]
        ) -> dict[str, Any]:
            if entry.is_at(operation.id) and entry.fails_on(request):
                raise ValueError
            return super().take_in(operation, request, in_path)

    return Unprepared


UNPREPARED_FOR = {
    "A cursor on a day that no calendar has returns 500.": Failing(
        "cursor-on-no-day", lambda request: "02-30" in request.query.get("after", ""),
        by="odd-request generated", depth=5),
    "A cursor written as an array, after[], returns 500.": Failing(
        "parameter-in-brackets",
        lambda request: "after[" in request.query_text or "after%5B" in request.query_text,
        depth=5),
    "list_transcripts returns 500 for more days than there are dates.": Failing(
        "days-beyond-the-calendar",
        lambda request: re.fullmatch("0*[1-9][0-9]{9,}", request.query.get("days", "")),
        at="list_transcripts"),
    "list_transcripts returns 500 for millions of days.": Failing(
        "days-beyond-all-years",
        lambda request: re.fullmatch("[1-9][0-9]{6,8}", request.query.get("days", "")),
        at="list_transcripts", by="generated"),
    "read_agent returns 500 for two ids.": Failing(
        "id-twice", lambda request: request.query_text.count("id=") > 1, at="read_agent"),
    "Giving the limit twice returns 500.": Failing(
        "parameter-twice", lambda request: f"&{request.query_text}".count("&limit=") > 1, depth=5),
    "A query parameter of more than 4,000 characters returns 500.": Failing(
        "long-text", lambda request: any(len(text) > 4000 for text in request.query.values()),
        depth=5),
    "read_agent returns 500 for an id of more than 255 characters.": Failing(
        "long-id-fails", lambda request: len(request.query.get("id", "")) > 255, at="read_agent",
        by="unknown-id"),
    "list_messages returns 500 for an unknown direction.": Failing(
        "strange-direction-fails",
        lambda request: request.query.get("direction") not in (None, "inbound", "outbound"),
        at="list_messages", by="unparsable-parameter", depth=3),
    "read_lead and read_eval return 500 for an id with a null character.": Failing(
        "null-character-in-id", lambda request: "%00" in request.query_text,
        at="read_lead read_eval"),
    "list_leads returns 500 for a bound in the first year.": Failing(
        "bound-before-the-calendar",
        lambda request: request.query.get("updated_after", "").startswith("0001"),
        at="list_leads", by="unparsable-parameter"),
    "list_agents returns 500 for a limit with a fraction.": Failing(
        "limit-is-no-fraction", lambda request: "limit=2.5" in request.query_text, at="list_agents",
        by="unparsable-parameter"),
    "list_messages returns 500 for an empty cursor.": Failing(
        "empty-cursor-crashes", lambda request: request.query_text.endswith("after="),
        at="list_messages", by="unparsable-parameter"),
}  # fmt: skip

faults_of(unprepared, __name__, UNPREPARED_FOR)


# --- cursors ---


@fault(CRASHES, by=MISTAKES, depth=2)
class UnparsableCursor(Faulty):
    """An unparsable cursor returns 500."""

    def bad_cursor(self, operation: Operation) -> Refusal:
        return Refusal("internal")


@fault(CRASHES, at="list_calls", by=ODD_INPUT, depth=4)
class CursorWithoutZone(Faulty):
    """list_calls returns 500 for a cursor without a time zone."""

    def edge_of(self, context: Context) -> str | None:
        cursor = str(context.values.get("after", "Z"))
        if is_for(context, "list_calls") and "T" in cursor and cursor[-1].isdigit():
            raise ValueError
        return super().edge_of(context)


@fault(CRASHES, by="odd-request generated", depth=4)
class NegativeCount(Faulty):
    """A negative number of the query returns 500, unless it is the limit of a page."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        numbers = [
            p.name for p in operation.parameters_in("query") if "integer" in p.schema.values()
        ]
        texts = [request.query.get(name, "") for name in numbers if name != "limit"]
        if any(text.startswith("-") for text in texts):
            raise ValueError
        return super().query_values(operation, request)


@fault(CRASHES, at="list_usage", by=ODD_INPUT, depth=3)
class UnparsableCursorOfUsage(Faulty):
    """list_usage returns 500 for an unparsable cursor."""

    def bad_cursor(self, operation: Operation) -> Refusal:
        return (
            Refusal("internal") if operation.id == "list_usage" else super().bad_cursor(operation)
        )


@fault(CRASHES, also="status-400 code-invalid_request", by=MISTAKES, depth=4)
class ImpossibleDate(Faulty):
    """A cursor with the month 13 returns 500."""

    def edge_of(self, context: Context) -> str | None:
        text = str(context.values.get("after", ""))
        if re.match(r"[0-9]{4}-(1[3-9]|[2-9])", text):
            raise ValueError
        return super().edge_of(context)


@fault(CRASHES, at="list_transcripts list_usage list_webhooks", by="walk", depth=5)
class FirstYear(Faulty):
    """A cursor in the year 1 returns 500 in three lists."""

    def edge_of(self, context: Context) -> str | None:
        first = str(context.values.get("after", "")).startswith("0001-01-01")
        if first and is_for(context, "list_transcripts", "list_usage", "list_webhooks"):
            raise OverflowError
        return super().edge_of(context)


# --- limits ---


@fault(CRASHES, at="list_agents", by=MISTAKES, depth=3)
class UnparsableLimitOfAgents(Faulty):
    """list_agents returns 500 for an unparsable limit."""

    def bad_limit(self, operation: Operation) -> Refusal:
        return (
            Refusal("internal") if operation.id == "list_agents" else super().bad_limit(operation)
        )


@fault(CRASHES, also="status-400 code-invalid_request", by=MISTAKES, depth=4)
class NegativeLimit(Faulty):
    """A negative limit returns 500."""

    def parse_limit(self, operation: Operation, text: str) -> int:
        if text.startswith("-"):
            raise ValueError
        return super().parse_limit(operation, text)


@fault(CRASHES, at="list_leads", by=ODD_INPUT, depth=3)
class NegativeLimitOfLeads(Faulty):
    """list_leads returns 500 for a negative limit."""

    def limit_of(self, context: Context) -> int:
        if is_for(context, "list_leads") and str(context.values.get("limit")).startswith("-"):
            raise ValueError
        return super().limit_of(context)


@fault(CRASHES, at="list_event_deliveries", by=ODD_INPUT, depth=3)
class ZeroLimitOfDeliveries(Faulty):
    """list_event_deliveries returns 500 for a limit of zero."""

    def limit_of(self, context: Context) -> int:
        if is_for(context, "list_event_deliveries") and str(context.values.get("limit")) == "0":
            raise ZeroDivisionError
        return super().limit_of(context)


@fault(CRASHES, also="status-400 code-invalid_request", by=MISTAKES, depth=4)
class EnormousLimit(Faulty):
    """A limit of a billion or more returns 500."""

    def parse_limit(self, operation: Operation, text: str) -> int:
        limit = super().parse_limit(operation, text)
        if limit >= 10**9:
            raise OverflowError
        return limit


@fault(CRASHES, at="list_evals", by=ODD_INPUT, depth=4)
class LimitBeyondTheDatabase(Faulty):
    """list_evals returns 500 for a limit that the database cannot hold."""

    def parse_limit(self, operation: Operation, text: str) -> int:
        limit = super().parse_limit(operation, text)
        if operation.id == "list_evals" and int(text) >= 2**63:
            raise OverflowError
        return limit


@fault(CRASHES, at="list_messages", by=LISTS, depth=4)
class LimitBeyondMaximumFails(Faulty):
    """list_messages returns 500 for a limit above the maximum."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        if operation.id == "list_messages" and limit > 100:
            raise OverflowError
        return super().cap_limit(operation, limit)


# --- ids and filters ---


@fault(CRASHES, also="status-404 code-not_found", by=MISTAKES, depth=3)
class MalformedId(Faulty):
    """A malformed id returns 500."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if self.contract.identifier_of(kind) == self.contract.identifier and not re.fullmatch(
            WELL_FORMED, identifier
        ):
            raise ValueError
        return super().find(kind, identifier, context)


@fault(CRASHES, at="update_lead", by=ODD_INPUT, depth=4)
class MalformedIdOfUpdatedLead(Faulty):
    """update_lead returns 500 for a malformed id."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if (
            is_for(context, "update_lead")
            and kind == "lead"
            and not re.fullmatch(WELL_FORMED, identifier)
        ):
            raise ValueError
        return super().find(kind, identifier, context)


@fault(CRASHES, at="list_calls", by=ODD_INPUT, depth=4)
class MalformedAgentOfCalls(Faulty):
    """list_calls returns 500 for a malformed agent_id."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        if is_for(context, "list_calls") and not re.fullmatch(
            r"([0-9a-f-]{36})?", str(context.values.get("agent_id", ""))
        ):
            raise ValueError
        return super().filters_of(context)


@fault(CRASHES, at="list_event_deliveries", by="foreign-filter", depth=5)
class UnknownWebhookBreaks(Faulty):
    """list_event_deliveries returns 500 for an unknown webhook_id."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        webhook = (
            context.values.get("webhook_id") if is_for(context, "list_event_deliveries") else None
        )
        if webhook is not None and self.store.get("webhook", str(webhook)) is None:
            raise ValueError
        return super().filters_of(context)


@fault(CRASHES, at="list_leads", by="unparsable-parameter", depth=5)
class EmptyWindowBreaks(Faulty):
    """list_leads returns 500 when created_after is later than created_before."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        least, most = (str(context.values.get(f"created_{end}", "")) for end in ("after", "before"))
        if is_for(context, "list_leads") and least and most and least > most:
            raise ValueError
        return super().filters_of(context)


@fault(CRASHES, at="* list_calls", by="unknown-route", depth=5)
class BrokenPercentInQueryFails(Faulty):
    """A malformed percent escape in the query string of a list returns 500."""

    def limit_of(self, context: Context) -> int:
        if "%z" in context.request.query_text.lower():
            raise UnicodeError
        return super().limit_of(context)


def latin_only(entry: Entry) -> type[Faulty]:
    """The reference server, where one operation writes its texts in Latin-1."""

    class LatinOnly(Faulty):
        def take_in(
            self, operation: Operation, request: Request, in_path: Mapping[str, str]
        ) -> dict[str, Any]:
            values = super().take_in(operation, request, in_path)
            if operation.id == entry.here:
                "".join(text for text in values.values() if isinstance(text, str)).encode("latin-1")
            return values

    return LatinOnly


LATIN_ONLY = {
    "list_messages returns 500 for a filter with a letter outside Latin-1.": Entry(
        "filter-in-latin", breaks=CRASHES, at="list_messages", by=ODD_INPUT, depth=4),
    "create_webhook returns 500 for a text with a letter outside Latin-1.": Entry(
        "body-in-latin", breaks=CRASHES, also="status-201",
        at="create_webhook", by=ODD_INPUT, depth=4),
}  # fmt: skip

faults_of(latin_only, __name__, LATIN_ONLY)


@fault(CRASHES, at="read_analytics_funnel", by=ODD_INPUT, depth=4)
class LettersInDays(Faulty):
    """read_analytics_funnel returns 500 for days that are not a number."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        here = (operation.id, parameter.name) == ("read_analytics_funnel", "days")
        if here and isinstance(value, str):
            raise Refusal("internal")
        return super().is_valid(operation, parameter, value)


@fault(CRASHES, at="read_analytics_dashboard", by=ODD_INPUT, depth=4)
class AnyNumberOfDays(Faulty):
    """read_analytics_dashboard takes any number of days, and returns 500 for letters."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        days = request.query.get("days")
        if operation.id != "read_analytics_dashboard" or days is None:
            return super().take_in(operation, request, in_path)
        if days.isalpha():
            raise Refusal("internal")
        usual = replace(request, query={**request.query, "days": "30"})
        return super().take_in(operation, usual, in_path)


@fault(CRASHES, at="update_eval", by=ODD_INPUT, depth=4)
class NumberForAnId(Faulty):
    """update_eval returns 500 for an id that is a number in its body."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        here = (operation.id, parameter.name) == ("update_eval", "id")
        if here and isinstance(value, int):
            raise Refusal("internal")
        return super().is_valid(operation, parameter, value)
