"""Faults that languages and frameworks bring along: prototypes, routing, parsed queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from conformance.model import Operation
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Identity
from tests.faults.base import Faulty, fault, is_for

PROTOTYPE = ("constructor", "toString", "__proto__")
"""What every object of JavaScript has by nature."""


@fault("status-no-5xx-for-mistakes", also="status-404", at="read_lead", by="plain-read", depth=4)
class LeadCalledConstructor(Faulty):
    """read_lead finds a function of the language under a name such as constructor, and fails."""

    def act(self, context: Context) -> Reply:
        if is_for(context, "read_lead") and context.values.get("id") in PROTOTYPE:
            raise ValueError
        return super().act(context)


@fault("status-no-5xx-for-mistakes", also="status-401 key-header", by="refused-key", depth=4)
class KeyCalledConstructor(Faulty):
    """A key such as constructor returns 500."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        if (self.parse_key(request) or "") in PROTOTYPE:
            raise ValueError
        return super().authenticate(operation, request)


@fault("code-unauthorized", by="refused-key", depth=4)
class CapitalsOpenLists(Faulty):
    """A path in another letter case needs no key."""

    def local_path(self, request: Request) -> str | None:
        path = super().local_path(request)
        return path.lower() if path else path

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        path = super().local_path(request) or ""
        if path != path.lower() and request.header("authorization") is None:
            return self.issued["full"] if operation.keyed else None
        return super().authenticate(operation, request)


# --- parameters that are parsed to an array or an object, and broken bytes ---


class StrictAboutPages(Faulty):
    """A limit that is repeated, or in brackets, is refused, and fails for no other reason."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        names = [name for name, _ in parse_qsl(request.query_text)]
        if names.count("limit") > 1 or any(name.startswith("limit[") for name in names):
            raise Refusal("invalid_parameter")
        if self.fails_on(operation, names):
            raise ValueError
        return super().take_in(operation, request, in_path)

    def fails_on(self, operation: Operation, names: list[str]) -> bool:
        """Whether the server fails on the names in a query."""
        raise NotImplementedError


@fault("status-no-5xx-for-mistakes", at="list_leads", by="odd-request", depth=4)
class SourceTwice(StrictAboutPages):
    """list_leads refuses a limit that is given twice, and returns 500 for two sources."""

    def fails_on(self, operation: Operation, names: list[str]) -> bool:
        return operation.id == "list_leads" and names.count("source") > 1


@fault("status-no-5xx-for-mistakes", at="list_events", by="odd-request", depth=4)
class EventTypeInBrackets(StrictAboutPages):
    """list_events refuses a limit in brackets, and returns 500 for an event type in brackets."""

    def fails_on(self, operation: Operation, names: list[str]) -> bool:
        return operation.id == "list_events" and "event_type[a]" in names


@fault("status-no-5xx-for-mistakes", by="odd-request", depth=4)
class ArrayInBrackets(Faulty):
    """An array fails, and a parameter that is an array and an object at once is refused."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        names = [name for name, _ in parse_qsl(request.query_text)]
        arrays = {name.removesuffix("[]") for name in names if name.endswith("[]")}
        if any(name.partition("[")[0] in arrays for name in names if name.endswith("[a]")):
            raise Refusal("invalid_parameter")
        if arrays:
            raise ValueError
        return super().take_in(operation, request, in_path)


@fault(
    "status-no-5xx-for-mistakes", at="read_conversation list_messages", by="odd-request", depth=4
)
class BrokenPercentSequence(Faulty):
    """Two reads return 500 for bytes of the query that are no UTF-8."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if operation.id in ("read_conversation", "list_messages"):
            unquote_to_bytes(request.query_text).decode()
        return super().take_in(operation, request, in_path)


@fault("envelope-json", also="envelope-message code-invalid_request", by="odd-request", depth=4)
class EncodingRefusedInText(Faulty):
    """A body labelled with a different encoding than UTF-8 is refused in plain text."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        if "charset=latin1" in (request.header("content-type") or ""):
            text = b"unsupported charset"
            return Reply(415, text, (("Content-Type", "text/plain"),)), text
        return super().answer(request)
