"""Faults of headers that the server cannot handle: it returns 500 for a client mistake."""

from __future__ import annotations

from conformance.server.messages import Request
from tests.faults.base import MISTAKES, ODD_INPUT, Faulty, fault


@fault(
    "status-no-5xx-for-mistakes",
    at="act_on_workspace update_workspace replay_event",
    by=ODD_INPUT,
    depth=4,
)
class MediaTypeWithoutSlash(Faulty):
    """A media type without a slash returns 500 in three operations."""

    def check_media_type(self, request: Request) -> None:
        if self.operation_of(request) in ("act_on_workspace", "update_workspace", "replay_event"):
            _ = (request.header("content-type") or "a/b").split("/")[1]
        super().check_media_type(request)


@fault("status-no-5xx-for-mistakes", also="key-header", by=MISTAKES, depth=4)
class SchemeAlone(Faulty):
    """The word Bearer without a key returns 500."""

    def parse_key(self, request: Request) -> str | None:
        if len((request.header("authorization") or "Bearer -").split()) < 2:
            raise IndexError
        return super().parse_key(request)


@fault("status-no-5xx-for-mistakes", also="key-header", by=MISTAKES, depth=3)
class KeyWithSpaces(Faulty):
    """An Authorization header of more than two words returns 500."""

    def parse_key(self, request: Request) -> str | None:
        if len((request.header("authorization") or "").split()) > 2:
            raise ValueError
        return super().parse_key(request)


@fault("status-no-5xx-for-mistakes", also="key-header", by=ODD_INPUT, depth=5)
class QuestionMarkForKey(Faulty):
    """An Authorization header without a space returns 500."""

    def parse_key(self, request: Request) -> str | None:
        value = request.header("authorization")
        if value is not None and " " not in value:
            raise IndexError
        return super().parse_key(request)


@fault("status-no-5xx-for-mistakes", also="status-401 code-unauthorized", by=ODD_INPUT, depth=5)
class EndlessKey(Faulty):
    """A key of more than 1,000 characters returns 500."""

    def parse_key(self, request: Request) -> str | None:
        key = super().parse_key(request)
        if key is not None and len(key) > 1000:
            raise ValueError
        return key
