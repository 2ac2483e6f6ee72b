"""Faults that languages and frameworks bring along: names of prototypes, routing."""

from __future__ import annotations

from conformance.model import Operation
from conformance.server.messages import Context, Reply, Request
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
