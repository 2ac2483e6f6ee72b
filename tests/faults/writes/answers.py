"""Faults that only the response to a write shows: it differs from what was written."""

from __future__ import annotations

from typing import Any

from conformance.server.messages import Context, Reply
from tests.faults.base import Faulty, faults_of, is_for
from tests.faults.shared import Member


def misquoting(entry: Member) -> type[Faulty]:
    """The reference server, where the success of an operation shows another value of a member."""

    class Misquoting(Faulty):
        def succeed(self, context: Context, body: Any) -> Reply:
            member = entry.member
            if is_for(context, entry.here) and isinstance(body, dict) and body.get(member):
                body = {**body, member: "As it was before"}
            return super().succeed(context, body)

    return Misquoting


MISQUOTING = {
    "create_agent returns a different name than it stores.": Member(
        "agent-answer-misquoted", "name", breaks="created-resource", at="create_agent", depth=3),
    "create_workspace returns a different name than it stores.": Member(
        "workspace-answer-misquoted", "name", breaks="created-resource", at="create_workspace",
        depth=4),
}  # fmt: skip

faults_of(misquoting, __name__, MISQUOTING)
