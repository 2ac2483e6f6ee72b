"""Examples of filtered lists that show what the run has written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.model import Exchange
from tests.examples.base import Example, accepted, examples_of, refused, silent
from tests.support.exchanges import answer, with_request_body


def at(second: int, exchange: Exchange) -> Exchange:
    """An exchange that was sent at a second of the run."""
    return replace(exchange, started=f"2026-05-01T10:00:{second:02}.000+00:00", elapsed_ms=20)


def created() -> Exchange:
    """The eval e1 of the agent a1 is created at the start."""
    exchange = answer(201, {"id": "e1"}, operation="create_eval", role="setup")
    return at(0, with_request_body(exchange, {"agent_id": "a1", "name": "First"}))


def listed(second: int, agent: str, **members: Any) -> Exchange:
    """A list of the evals of an agent, which shows e1."""
    body = {"evals": [{"id": "e1", **members}], "has_more": False}
    query = {"agent_id": agent}
    return at(second, answer(200, body, operation="list_evals", query=query))


@examples_of("paging.matches", operation="list_evals")
def a_filter_excludes_what_was_sent() -> Iterator[Example]:
    """A list that is filtered by a member shows only objects that have the value, shown or not."""
    yield accepted("an eval of the agent", created(), listed(30, "a1"))
    yield refused("an eval of another agent, unnamed", created(), listed(30, "a2"))
    yield refused("an eval of another agent", created(), listed(30, "a2", agent_id="a1"))
    yield silent("an eval of another agent, for a while", created(), listed(2, "a2"))
    yield silent("an eval that nobody created", listed(30, "a2"))
