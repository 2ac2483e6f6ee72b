"""Faults of members of a different type than the documented one: the server returns 500."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Request
from tests.faults.base import Entry, Faulty, fault, faults_of
from tests.faults.shared import body_of

CRASHES = "status-no-5xx-for-mistakes"
BY = "odd-request generated"
REFUSED = "status-400 code-invalid_request"
"""What a value that must be refused breaks as well."""


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _array(value: Any) -> bool:
    return isinstance(value, list)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


@dataclass(frozen=True)
class Crash(Entry):
    """A member of a body, and whether the server crashes on one of its values."""

    member: str
    crashes: Callable[[Any], object]
    _: KW_ONLY
    breaks: str = CRASHES
    by: str = BY
    depth: int = 4


def crashes_on_member(entry: Crash) -> type[Faulty]:
    """The reference server, which cannot handle some values of one member of a body."""

    class CrashesOnMember(Faulty):
        def take_in(self, operation: Operation, request: Request, in_path: Any) -> dict[str, Any]:
            body = body_of(request) if operation.id == entry.here else {}
            member = entry.member
            if member in body and entry.crashes(body[member]):
                raise TypeError(member)
            return super().take_in(operation, request, in_path)

    return CrashesOnMember


CRASHING_MEMBERS = {
    "create_agent trims the name and crashes on a number.": Crash(
        "agent-named-by-number", "name", _number, at="create_agent", depth=3),
    "create_lead crashes on notes that are an object.": Crash(
        "notes-as-object", "notes", _object, at="create_lead"),
    "create_call compares max_duration and crashes on a text.": Crash(
        "duration-as-text", "max_duration", _text, also=REFUSED, at="create_call"),
    "update_lead crashes on a score that is an array.": Crash(
        "score-as-array", "score", _array, at="update_lead"),
    "create_call rounds max_duration and crashes on an infinite one.": Crash(
        "duration-without-end", "max_duration", lambda value: value in (math.inf, -math.inf),
        at="create_call"),
    "update_agent crashes on a max_duration that the database cannot hold.": Crash(
        "duration-beyond-the-database", "max_duration",
        lambda value: isinstance(value, int) and value >= 2**63, at="update_agent"),
    "run_eval crashes on a max_wait_ms of NaN.": Crash(
        "wait-that-is-no-number", "max_wait_ms",
        lambda value: isinstance(value, float) and math.isnan(value), at="run_eval"),
    "create_webhook iterates over the events and crashes on a number.": Crash(
        "events-as-number", "events", _number, also=REFUSED, at="create_webhook"),
    "create_webhook sorts the events and crashes on a number among texts.": Crash(
        "number-among-events", "events",
        lambda value: _array(value) and len({type(each) for each in value}) > 1,
        also=REFUSED, at="create_webhook", depth=5),
    "update_workspace merges the metadata and crashes on a text.": Crash(
        "metadata-as-text", "metadata", _text, also=REFUSED, at="update_workspace"),
    "create_eval reads the role of each message and crashes on a non-object.": Crash(
        "messages-of-numbers", "messages",
        lambda value: _array(value) and not all(_object(each) for each in value), at="create_eval",
        depth=5),
    "update_eval crashes on a description that is a boolean.": Crash(
        "description-as-boolean", "description", _boolean, at="update_eval"),
    "run_agent_evals crashes if wait is an object.": Crash(
        "wait-as-object", "wait", _object, at="run_agent_evals", depth=5),
    "assign_phone_number looks up the agent and crashes on a number as its id.": Crash(
        "agent-as-number", "agent_id", _number, at="assign_phone_number"),
    "validate_communication_run crashes on an external_ref that is an array.": Crash(
        "reference-as-array", "external_ref", _array, at="validate_communication_run", depth=5),
    "backfill_events crashes on a timestamp followed by a letter.": Crash(
        "tail-of-time", "from",
        lambda value: _text(value) and re.match(r"\d{4}-\d\d-\d\dT.*Z.+", value),
        also="code-invalid_request status-400", at="backfill_events", depth=5),
    "replay_filtered_events crashes on a status in the filter that is no text.": Crash(
        "status-in-filter-as-number", "filter",
        lambda value: _object(value) and _number(value.get("status")),
        at="replay_filtered_events"),
    "update_lead casts the id to a UUID and crashes on one that is too long.": Crash(
        "id-with-tail", "id",
        lambda value: _text(value) and re.fullmatch(r"[0-9a-f-]{36}.+", value, re.S),
        at="update_lead", depth=5),
    "create_webhook crashes on a list of events that holds a number.": Crash(
        "events-of-numbers", "events",
        lambda value: _array(value) and any(isinstance(each, int) for each in value),
        at="create_webhook", depth=5),
    "update_sms_prompt crashes on an unpaired surrogate.": Crash(
        "half-character-in-prompt", "sms_prompt",
        lambda value: _text(value) and re.search("[\ud800-\udfff]", value), at="update_sms_prompt",
        depth=5),
}  # fmt: skip

faults_of(crashes_on_member, __name__, CRASHING_MEMBERS)


# --- bodies and queries ---


@fault(CRASHES, by="odd-request generated", depth=5)
class NotANumber(Faulty):
    """A body that holds NaN returns 500."""

    def parse_body(self, request: Request) -> Any:
        if re.search(rb"\bNaN\b", request.body):
            raise ValueError
        return super().parse_body(request)


@fault(CRASHES, by="odd-request generated", depth=5)
class InfiniteNumber(Faulty):
    """A body that holds Infinity returns 500."""

    def parse_body(self, request: Request) -> Any:
        if re.search(rb"\bInfinity\b", request.body):
            raise OverflowError
        return super().parse_body(request)


@fault(CRASHES, by="odd-request generated", depth=5)
class BodyOfAMegabyte(Faulty):
    """A body of a megabyte returns 500."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if len(request.body) > 1_000_000:
            raise MemoryError
        return super().body_values(operation, request)


@dataclass(frozen=True)
class QueryCrash(Entry):
    """Whether an operation crashes on a query string."""

    crashes: Callable[[str], bool]
    _: KW_ONLY
    breaks: str = CRASHES
    by: str = BY
    depth: int = 5


def crashes_on_query(entry: QueryCrash) -> type[Faulty]:
    """The reference server, which cannot handle some query strings of one operation."""

    class CrashesOnQuery(Faulty):
        def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
            if operation.id == entry.here and entry.crashes(request.query_text):
                raise TypeError
            return super().query_values(operation, request)

    return CrashesOnQuery


CRASHING_QUERIES = {
    "list_events crashes if status is sent as status[a].": QueryCrash(
        "object-in-query", lambda query: "status%5ba%5d" in query.lower(), at="list_events"),
    "list_usage crashes if start is sent as an array.": QueryCrash(
        "array-in-query", lambda query: "start%5b%5d" in query.lower(), at="list_usage"),
    "list_communication_jobs crashes if channel is sent twice.": QueryCrash(
        "channel-twice", lambda query: query.count("channel=") > 1, at="list_communication_jobs"),
    "list_eval_runs crashes if its limit is sent twice.": QueryCrash(
        "limit-twice", lambda query: query.count("limit=") > 1, at="list_eval_runs"),
    "list_available_numbers crashes on a null character in its area code.": QueryCrash(
        "null-character-in-area-code", lambda query: "%00" in query, at="list_available_numbers"),
}  # fmt: skip

faults_of(crashes_on_query, __name__, CRASHING_QUERIES)
