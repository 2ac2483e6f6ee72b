"""Faults that only the answer to a write shows: it differs from what was written."""

from __future__ import annotations

from typing import Any

from conformance.server.messages import Context, Reply
from tests.faults.base import Faulty, fault, is_for


class Misquoting(Faulty):
    """The reference server, where the success of an operation shows another value of a member."""

    here, member = "", ""

    def succeed(self, context: Context, body: Any) -> Reply:
        if is_for(context, self.here) and isinstance(body, dict) and body.get(self.member):
            body = {**body, self.member: "As it was before"}
        return super().succeed(context, body)


@fault("created-resource", at="create_agent", depth=3)
class AgentAnswerMisquoted(Misquoting):
    """create_agent returns a different name than it stores."""

    here, member = "create_agent", "name"


@fault("created-resource", at="create_workspace", depth=4)
class WorkspaceAnswerMisquoted(Misquoting):
    """create_workspace returns a different name than it stores."""

    here, member = "create_workspace", "name"
