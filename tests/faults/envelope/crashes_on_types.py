"""Faults of members of another type than the documented one: the server returns 500."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Request
from tests.faults.base import Faulty, fault
from tests.faults.shared import body_of

Odd = Callable[[Any], bool]

CRASHES = "status-no-5xx-for-mistakes"
BY = "odd-request"
REFUSED = "status-400 code-invalid_request"
"""What a value that must be rejected breaks as well."""


class CrashesOnMember(Faulty):
    """The reference server, which cannot handle some values of one member of a body."""

    here, member = "", ""

    def crashes(self, value: Any) -> bool:
        """Whether the server crashes on a value."""
        raise NotImplementedError

    def take_in(self, operation: Operation, request: Request, in_path: Any) -> dict[str, Any]:
        body = body_of(request) if operation.id == self.here else {}
        if self.member in body and self.crashes(body[self.member]):
            raise TypeError(self.member)
        return super().take_in(operation, request, in_path)


@fault(CRASHES, at="create_agent", by=BY, depth=3)
class AgentNamedByNumber(CrashesOnMember):
    """create_agent trims the name and crashes on a number."""

    here, member = "create_agent", "name"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)


@fault(CRASHES, at="create_lead", by=BY, depth=4)
class NotesAsObject(CrashesOnMember):
    """create_lead crashes on notes that are an object."""

    here, member = "create_lead", "notes"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, dict)


@fault(CRASHES, also=REFUSED, at="create_call", by=BY, depth=4)
class DurationAsText(CrashesOnMember):
    """create_call compares max_duration and crashes on a text."""

    here, member = "create_call", "max_duration"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, str)


@fault(CRASHES, at="update_lead", by=BY, depth=4)
class ScoreAsArray(CrashesOnMember):
    """update_lead crashes on a score that is an array."""

    here, member = "update_lead", "score"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, list)


@fault(CRASHES, at="create_call", by=BY, depth=4)
class DurationWithoutEnd(CrashesOnMember):
    """create_call rounds max_duration and crashes on an infinite one."""

    here, member = "create_call", "max_duration"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, float) and math.isinf(value)


@fault(CRASHES, at="update_agent", by=BY, depth=4)
class DurationBeyondTheDatabase(CrashesOnMember):
    """update_agent crashes on a max_duration that the database cannot hold."""

    here, member = "update_agent", "max_duration"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, int) and value >= 2**63


@fault(CRASHES, at="run_eval", by=BY, depth=4)
class WaitThatIsNoNumber(CrashesOnMember):
    """run_eval crashes on a max_wait_ms of NaN."""

    here, member = "run_eval", "max_wait_ms"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, float) and math.isnan(value)


@fault(CRASHES, also=REFUSED, at="create_webhook", by=BY, depth=4)
class EventsAsNumber(CrashesOnMember):
    """create_webhook iterates over the events and crashes on a number."""

    here, member = "create_webhook", "events"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)


@fault(CRASHES, also=REFUSED, at="update_workspace", by=BY, depth=4)
class MetadataAsText(CrashesOnMember):
    """update_workspace merges the metadata and crashes on a text."""

    here, member = "update_workspace", "metadata"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, str)


@fault(CRASHES, at="create_eval", by=BY, depth=5)
class MessagesOfNumbers(CrashesOnMember):
    """create_eval reads the role of each message and crashes on a message that is not an object."""

    here, member = "create_eval", "messages"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, list) and any(not isinstance(item, dict) for item in value)


@fault(CRASHES, at="update_eval", by=BY, depth=4)
class DescriptionAsBoolean(CrashesOnMember):
    """update_eval crashes on a description that is a boolean."""

    here, member = "update_eval", "description"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, bool)


@fault(CRASHES, at="run_agent_evals", by=BY, depth=5)
class WaitAsObject(CrashesOnMember):
    """run_agent_evals crashes where wait is an object."""

    here, member = "run_agent_evals", "wait"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, dict)


@fault(CRASHES, at="assign_phone_number", by=BY, depth=4)
class AgentAsNumber(CrashesOnMember):
    """assign_phone_number looks the agent up and crashes on a number for its id."""

    here, member = "assign_phone_number", "agent_id"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)


@fault(CRASHES, at="validate_communication_run", by=BY, depth=5)
class ReferenceAsArray(CrashesOnMember):
    """validate_communication_run crashes on an external_ref that is an array."""

    here, member = "validate_communication_run", "external_ref"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, list)


# --- texts that begin as they should, and bodies ---


@fault(CRASHES, also="code-invalid_request status-400", at="backfill_events", by=BY, depth=5)
class TailOfTime(CrashesOnMember):
    """backfill_events crashes on a timestamp with a letter after it."""

    here, member = "backfill_events", "from"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, str) and bool(re.match(r"\d{4}-\d\d-\d\dT.*Z.+", value))


@fault(CRASHES, at="update_lead", by=BY, depth=5)
class IdWithTail(CrashesOnMember):
    """update_lead casts the id to a UUID and crashes on one that is too long."""

    here, member = "update_lead", "id"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, str) and re.fullmatch(r"[0-9a-f-]{36}.+", value, re.S) is not None


@fault(CRASHES, by="odd-request", depth=5)
class NotANumber(Faulty):
    """A body that holds NaN returns 500."""

    def parse_body(self, request: Request) -> Any:
        if re.search(rb"\bNaN\b", request.body):
            raise ValueError
        return super().parse_body(request)


@fault(CRASHES, by="odd-request", depth=5)
class InfiniteNumber(Faulty):
    """A body that holds Infinity returns 500."""

    def parse_body(self, request: Request) -> Any:
        if re.search(rb"\bInfinity\b", request.body):
            raise OverflowError
        return super().parse_body(request)


@fault(CRASHES, by="odd-request", depth=5)
class BodyOfAMegabyte(Faulty):
    """A body of a megabyte returns 500."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if len(request.body) > 1_000_000:
            raise MemoryError
        return super().body_values(operation, request)


@fault(CRASHES, at="list_events", by="odd-request", depth=5)
class ObjectInQuery(Faulty):
    """list_events crashes where status is sent as status[a]."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if operation.id == "list_events" and "status%5ba%5d" in request.query_text.lower():
            raise TypeError
        return super().query_values(operation, request)


@fault(CRASHES, at="list_usage", by="odd-request", depth=5)
class ArrayInQuery(Faulty):
    """list_usage crashes where start is sent as an array."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if operation.id == "list_usage" and "start%5b%5d" in request.query_text.lower():
            raise TypeError
        return super().query_values(operation, request)


@fault(CRASHES, at="list_communication_jobs", by="odd-request", depth=5)
class ChannelTwice(Faulty):
    """list_communication_jobs crashes where channel is sent twice."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if operation.id == "list_communication_jobs" and request.query_text.count("channel=") > 1:
            raise TypeError
        return super().query_values(operation, request)


@fault(CRASHES, at="list_eval_runs", by="odd-request", depth=5)
class LimitTwice(Faulty):
    """list_eval_runs crashes where its limit is sent twice."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if operation.id == "list_eval_runs" and request.query_text.count("limit=") > 1:
            raise TypeError
        return super().query_values(operation, request)


@fault(CRASHES, at="create_webhook", by="odd-request", depth=5)
class EventsOfNumbers(CrashesOnMember):
    """create_webhook crashes on a list of events that holds a number."""

    here, member = "create_webhook", "events"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, list) and any(isinstance(item, int) for item in value)


@fault(CRASHES, at="update_sms_prompt", by="odd-request", depth=5)
class HalfCharacterInPrompt(CrashesOnMember):
    """update_sms_prompt crashes on half a character."""

    here, member = "update_sms_prompt", "sms_prompt"

    def crashes(self, value: Any) -> bool:
        return isinstance(value, str) and any("\ud800" <= sign <= "\udfff" for sign in value)


@fault(CRASHES, at="list_available_numbers", by="odd-request", depth=5)
class NullCharacterInAreaCode(Faulty):
    """list_available_numbers crashes on a null character in its area code."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if operation.id == "list_available_numbers" and "%00" in request.query_text:
            raise ValueError
        return super().query_values(operation, request)
