"""Servers with handles, which faults and variants of several subjects build on."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from conformance.base.values import instant
from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Filter, Identity, Page
from tests.faults.base import (
    Entry,
    Faulty,
    altered,
    enter,
    filtered_by,
    later_page,
    requested_limit,
    sentence,
)

EACH_LIST = (
    "list_transcripts",
    "list_leads",
    "list_phone_numbers",
    "list_messages",
    "list_webhooks",
    "list_workspaces",
    "list_evals",
    "list_events",
    "list_event_deliveries",
    "list_communication_runs",
)
"""The lists that each have a copy of the faults of one list."""

OF_LISTS = (
    "scope-opens creation counted-creation repeated-creation update change-of-each-member "
    "write-beside-others refused-write deletion mixed-walk filtered-walk "
    "cursor-of-a-deleted-item item-made-between-pages"
)
"""Scenarios that write objects, and those that list them again later."""


class InOneList(Faulty):
    """The reference server with a fault in one operation, ``here``."""

    here = ""


def in_each_list(
    breaks: str, *, also: str = "", by: str = "plain-read walk"
) -> Callable[[type[InOneList]], type[InOneList]]:
    """Register a class once for each of ``EACH_LIST``, as a fault of only that list.

    The operation appears in the name of the fault and at the start of its sentence.
    """

    def register_each(kind: type[InOneList]) -> type[InOneList]:
        for operation in EACH_LIST:
            members = {"here": operation, "__module__": kind.__module__}
            entry = Entry(
                f"{kind.__name__.lower()}-in-{operation.replace('_', '-')}",
                breaks=breaks,
                also=also,
                at=f"{operation} read_workspace",
                by=by,
                depth=2,
            )
            does = f"In {operation}: {sentence(kind)}"
            enter(entry, does, type(kind.__name__, (kind,), members))
        return kind

    return register_each


@dataclass(frozen=True)
class Member(Entry):
    """A fault of one member of a request, a response or an object."""

    member: str


@dataclass(frozen=True)
class InRequests(Entry):
    """A fault that only some requests show: to the operations ``at``, or to all if there are none.

    ``later`` excludes first pages, ``given`` are parameters that the requests must have, and
    ``limits`` the limits that they may have.
    """

    _: KW_ONLY
    later: bool = False
    given: str = ""
    limits: range | None = None

    def shows_in(self, context: Context) -> bool:
        """Whether a request shows the fault."""
        return (
            self.is_at(context.operation.id)
            and (not self.later or later_page(context))
            and filtered_by(context, *self.given.split())
            and (self.limits is None or requested_limit(context) in self.limits)
        )


NO_LIMIT, ANY_LIMIT = range(1), range(1, sys.maxsize)
LIMIT_OF_ONE, LARGE_LIMIT = range(1, 2), range(51, sys.maxsize)
"""Limits of requests, for ``InRequests``: a large one is above 50."""


@dataclass(frozen=True)
class Replaced(Entry):
    """A code of errors, and the status, code or message that replaces that of the error.

    ``routed`` excludes unknown paths and methods.
    """

    code: str
    _: KW_ONLY
    status: int | None = None
    other: str = ""
    message: str = ""
    routed: bool = False

    @property
    def members(self) -> dict[str, str]:
        """The members that are replaced."""
        given = {"code": self.other, "message": self.message}
        return {name: value for name, value in given.items() if value}


def error_replaced(entry: Replaced) -> type[Faulty]:
    """The reference server with one error replaced by another."""

    class ErrorReplaced(Faulty):
        def refused(self, request: Request, refusal: Refusal) -> Reply:
            reply = super().refused(request, refusal)
            operation = self.operation_of(request)
            if self.code_of(refusal) != entry.code or not entry.is_at(operation):
                return reply
            if entry.routed and not operation:
                return reply
            return altered(reply, entry.status, **entry.members)

    return ErrorReplaced


class Filtered(Faulty):
    """The reference server with a handle for the filters that a list applies."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        """The filters to apply, of those in the request."""
        return filters

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        return self.kept_filters(context, super().filters_of(context))


LEFT_OUT = "left out"
"""What ``Flagged.flag`` returns for a page without ``has_more``."""


class Flagged(Faulty):
    """The reference server with a handle for ``has_more``."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        """The value of ``has_more``; ``LEFT_OUT`` to leave it out."""
        return more

    def left(self, context: Context, items: list[dict[str, Any]]) -> int:
        """The number of items after a page; all if its last item is unknown."""
        rows = self.rows_by(context, 2000)
        last = items[-1].get("id") if items else None
        for number, row in enumerate(rows, 1):
            if last in (row.id, row.document.get("id")):
                return len(rows) - number
        return len(rows)

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        flag = self.flag(context, items, more)
        if flag == LEFT_OUT:
            return {name: value for name, value in page.items() if name != "has_more"}
        return {**page, "has_more": flag}


@dataclass(frozen=True)
class Flag(InRequests):
    """What ``has_more`` is, as a function of what it should be.

    ``empty`` limits the fault to pages without items, ``last`` to those that nothing follows.
    """

    flag: Callable[[bool], Any]
    _: KW_ONLY
    empty: bool = False
    last: bool = False


def other_flag(entry: Flag) -> type[Faulty]:
    """The reference server, where ``has_more`` is something else in some pages."""

    class OtherFlag(Flagged):
        def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
            if (entry.empty and items) or (entry.last and more) or not entry.shows_in(context):
                return more
            return entry.flag(more)

    return OtherFlag


@dataclass(frozen=True)
class Items(InRequests):
    """What the items of a page are, as a function of what they should be.

    ``count`` limits the fault to pages of that many items.
    """

    items: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
    _: KW_ONLY
    count: int | None = None


def other_items(entry: Items) -> type[Faulty]:
    """The reference server, where the items of some pages are others."""

    class OtherItems(Faulty):
        def render_page(
            self, context: Context, items: list[dict[str, Any]], more: bool
        ) -> dict[str, Any]:
            if entry.shows_in(context) and entry.count in (None, len(items)):
                items = entry.items(items)
            return super().render_page(context, items, more)

    return OtherItems


class LatestSender(Faulty):
    """The reference server, where overlapping requests see the identity of the latest sender."""

    slow: tuple[str, ...] = ()
    last: Identity | None = None

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        self.last = super().authenticate(operation, request)
        if operation.id in self.slow and not request.query_text:
            time.sleep(0.003)  # lets another request in
        return self.last


class Interrupted(Faulty):
    """The reference server, which responds differently to one in ``every`` requests."""

    every = 60

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._count = 0

    def interruption(self, request: Request) -> Reply:
        raise NotImplementedError

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        self._count += 1
        if self._count % self.every:
            return super().answer(request)
        reply = self.interruption(request)
        return reply, self.encode(reply)


def body_of(request: Request) -> dict[str, Any]:
    """The members of a JSON body, documented or not; empty if the body is not an object."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def number_of(text: str) -> int:
    """A stable pseudo-random number, derived from a text."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


# --- input that is checked closely ---

LARGEST_PAGE = 100
LEAST_WAIT = 1_000
"""Milliseconds that a client may wait for an evaluation, at least."""
MANY = 2_000
"""Rows of a kind that are looked at for the words in use."""


def _is_phone(value: Any) -> bool:
    return re.fullmatch(r"\+[0-9]{8,15}", str(value)) is not None


def _is_address(value: Any) -> bool:
    return re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", str(value)) is not None


def _is_model(value: Any) -> bool:
    return value in ("gpt-4o", "gpt-4o-mini")


def _is_moment(value: Any) -> bool:
    return instant(value) is not None


def _is_zone(value: Any) -> bool:
    return "/" in str(value)


def _is_page(value: Any) -> bool:
    return isinstance(value, int) and 1 <= value <= LARGEST_PAGE


def _is_wait(value: Any) -> bool:
    return isinstance(value, int) and value >= LEAST_WAIT


FORMS: Mapping[str, Callable[[Any], bool]] = {
    "after": _is_moment,
    "limit": _is_page,
    "phone": _is_phone,
    "transfer_phone_number": _is_phone,
    "email": _is_address,
    "outbound_llm": _is_model,
    "sms_llm": _is_model,
    "event_date": _is_moment,
    "timezone": _is_zone,
    "voice": bool,
    "model": bool,
    "events": bool,
    "max_wait_ms": _is_wait,
}
"""What the values of some parameters look like, by name."""


class StrictInput(Faulty):
    """The reference server, which takes no odd form, and no word that is not in use."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        has_form = FORMS.get(parameter.name)
        if has_form is not None:
            return super().is_valid(operation, parameter, value) and has_form(value)
        in_use = self.words_for(operation, parameter)
        if in_use is not None and isinstance(value, str):
            return value == parameter.example or set(parameter.values(value)) <= in_use
        return super().is_valid(operation, parameter, value)

    def words_for(self, operation: Operation, parameter: Parameter) -> set[str] | None:
        """The words in use for what a list filters by, in any business; None for anything else."""
        if parameter.references or parameter.compare or parameter.fresh:
            return None
        member = parameter.filters or parameter.shown_as
        listings = self.contract.operations_by("list", operation.kind)
        filtered = [each.filters for listing in listings for each in listing.filters]
        if member not in filtered:
            return None
        rows = self.store.page(Page(operation.kind, None, MANY))
        return {str(row.document.get(member)) for row in rows}


class InputFirst(StrictInput):
    """The same, where body and query are checked before the key, and so before the scope."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.asked = ""
        self.given: Mapping[str, Any] = {}

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        route = self.find_route(request)
        self.asked = operation.id
        self.given = self.take_in(operation, request, route[1] if route else {})
        return super().authenticate(operation, request)


class EachActionOnce(Faulty):
    """The reference server, where an action on an object in its state is refused with 400."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.states: dict[Any, Any] = {}  # the last action, by the id of the object

    def act_update(self, context: Context) -> Reply:
        name, action = context.values.get("id"), context.values.get("action")
        if action is None:
            return super().act_update(context)
        if self.states.get(name) == action:
            raise Refusal("invalid_parameter", "the object is already in that state")
        reply = super().act_update(context)
        self.states[name] = action
        return reply
