"""Faults of what a request names or holds: objects that do not exist, and values with a tail."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Page, Row
from tests.faults.base import ODD_REQUESTS, Entry, Faulty, fault, faults_of, is_for

# --- references to nothing ---


@dataclass(frozen=True)
class Reference(Entry):
    """A member that may name an object that does not exist."""

    member: str
    _: KW_ONLY
    breaks: str = "reference-known"
    depth: int = 4


def takes_unknown(entry: Reference) -> type[Faulty]:
    """The reference server, where one member of one operation may name what does not exist."""

    class TakesUnknown(Faulty):
        def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
            is_here = is_for(context, entry.here) and parameter.name == entry.member
            if not is_here or self.store.get(parameter.references or "", str(value)):
                super().check_reference(parameter, value, context)

    return TakesUnknown


TAKES_UNKNOWN = {
    "create_eval creates an eval of an agent that does not exist.": Reference(
        "eval-of-nobody", "agent_id", at="create_eval", depth=3),
    "create_call ties a call to a lead that does not exist.": Reference(
        "call-for-nobody", "lead_id", at="create_call"),
    "create_lead ties a lead to an agent that does not exist.": Reference(
        "lead-of-nobody", "agent_id", at="create_lead"),
    "send_sms sends a text from an agent that does not exist.": Reference(
        "text-from-nobody", "from_agent_id", at="send_sms"),
    "run_agent_evals starts a run for an agent that does not exist.": Reference(
        "nobody-evaluated", "agent_id", at="run_agent_evals"),
}  # fmt: skip

faults_of(takes_unknown, __name__, TAKES_UNKNOWN)


@fault("reference-known", also="refused-unchanged", at="create_call", depth=3)
class CallByNobody(Faulty):
    """create_call places a call with an agent that does not exist."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        is_agent = is_for(context, "create_call") and parameter.name == "agent_id"
        if not is_agent or self.store.get("agent", str(value)):
            super().check_reference(parameter, value, context)

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        agents = self.store.get("agent", str(context.values.get("agent_id")))
        if kind != "call" or agents:
            return super().document(context, kind)
        known = self.rows_of_agents(context)
        return super().document(
            Context(
                context.operation,
                context.request,
                context.identity,
                {**context.values, "agent_id": known},
            ),
            kind,
        )

    def rows_of_agents(self, context: Context) -> str:
        """The id of the newest agent, which replaces the unknown one."""
        return self.store.page(Page("agent", self.own_tenant(context), 1))[0].id


@fault("reference-known", at="create_webhook", depth=4)
class WebhookOfNoBusiness(Faulty):
    """create_webhook accepts a business that does not exist."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        known = {str(self.store.note(f"tenant:{name}")) for name in ("main", "other")}
        if not is_for(context, "create_webhook") or value in known:
            super().check_tenant(parameter, value, context)


# --- values that begin as they should ---


PHONE, ADDRESS = r"\+[1-9][0-9]{6,14}", r"[^@\s]+@[^@\s]+"


@dataclass(frozen=True)
class Tail(Entry):
    """A member, and the pattern that only the start of its value must match."""

    member: str
    start: str
    _: KW_ONLY
    breaks: str = "status-400 code-invalid_request"
    depth: int = 4


def takes_tail(entry: Tail) -> type[Faulty]:
    """The reference server, where a check of one member reads only the start of a text."""

    class TakesTail(Faulty):
        def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
            valid = super().is_valid(operation, parameter, value)
            if valid or not isinstance(value, str):
                return valid
            named = (operation.id, parameter.name) == (entry.here, entry.member)
            return named and re.match(entry.start, value) is not None

    return TakesTail


TAKES_TAIL = {
    "create_call accepts a phone number followed by a letter.": Tail(
        "tail-of-number-taken", "to", PHONE, also="code-not_found", at="create_call"),
    "send_sms accepts a phone number followed by a letter.": Tail(
        "tail-of-receiver-taken", "to", PHONE, at="send_sms"),
    "send_sms accepts a text if one of its lines is a phone number.": Tail(
        "line-of-receiver-taken", "to", rf"(?m)^{PHONE}$", at="send_sms"),
    "sign_up accepts an e-mail address followed by words.": Tail(
        "tail-of-address-taken", "email", ADDRESS, at="sign_up"),
    "update_lead accepts an e-mail address followed by words.": Tail(
        "tail-of-changed-address-taken", "email", ADDRESS, at="update_lead",
        by="change-of-each-member"),
    "backfill_events accepts a timestamp followed by a letter.": Tail(
        "tail-of-time-taken", "to", r"\d{4}-\d\d-\d\dT", at="backfill_events"),
    "change_communication_run accepts an action followed by letters.": Tail(
        "tail-of-action-taken", "action", "pause|cancel", also="status-no-5xx-for-mistakes",
        at="change_communication_run"),
}  # fmt: skip

faults_of(takes_tail, __name__, TAKES_TAIL)


@fault(
    "status-400 code-invalid_request",
    also="success-members",
    at="create_workspace update_workspace",
    depth=4,
)
class ArrayForObject(Faulty):
    """create_workspace and update_workspace accept an array as the metadata."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        is_metadata = parameter.name == "metadata" and isinstance(value, list)
        is_here = operation.id in ("create_workspace", "update_workspace")
        return (is_here and is_metadata) or super().is_valid(operation, parameter, value)


# --- ids that are nearly right ---


class FindsNear(Faulty):
    """The reference server, where one read finds an object by a text that is not its id."""

    here = ""

    def is_near(self, identifier: str, known: str) -> bool:
        """Whether an object is found by a text that is not its id."""
        raise NotImplementedError

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        row = super().find(kind, identifier, context)
        is_kind = kind == context.operation.kind
        if row is not None or not is_kind or not is_for(context, self.here):
            return row
        rows = self.rows_by(context, 200, filters=())
        return next((row for row in rows if self.is_near(identifier, row.id)), None)


NEAR = "status-404 code-not_found changed-resource refused-unchanged"


@fault("read-resource", also=NEAR, at="read_conversation", by="plain-read", depth=5)
class StartOfIdIsEnough(FindsNear):
    """read_conversation finds a conversation by the first half of its id."""

    here = "read_conversation"

    def is_near(self, identifier: str, known: str) -> bool:
        return len(identifier) >= 8 and known.startswith(identifier)


@fault("read-resource", also=NEAR, at="read_workspace", by="plain-read", depth=5)
class SignsOfIdIgnored(FindsNear):
    """read_workspace finds a workspace by the start of its id and whatever follows it."""

    here = "read_workspace"

    def is_near(self, identifier: str, known: str) -> bool:
        return identifier.startswith(known)


@fault("read-resource", also=NEAR, at="read_external_run", by="plain-read", depth=5)
class CaseOfReferenceIgnored(Faulty):
    """read_external_run compares external_ref without regard to case."""

    def find_by(self, kind: str, member: str, value: Any, context: Context) -> Row | None:
        row = super().find_by(kind, member, value, context)
        if row is not None or not is_for(context, "read_external_run"):
            return row
        rows = self.rows_by(context, 200, filters=())
        alike = str(value).casefold()
        return next((r for r in rows if str(r.document.get(member)).casefold() == alike), None)


@fault("read-resource", also=NEAR, at="read_provider_run", by="plain-read", depth=5)
class StartOfRunIsEnough(Faulty):
    """read_provider_run finds a run by the start of its vapi_run_id."""

    def find_by(self, kind: str, member: str, value: Any, context: Context) -> Row | None:
        row = super().find_by(kind, member, value, context)
        if row is not None or not is_for(context, "read_provider_run"):
            return row
        rows = self.rows_by(context, 200, filters=())
        start = str(value)
        near = (r for r in rows if str(r.document.get(member)).startswith(start))
        return next(near, None) if len(start) > 6 else None


@fault(
    "success-json",
    also="list-items success-members paging-supported status-200 has-more-present",
    at="update_workspace read_workspace list_workspaces act_on_workspace",
    by=f"{ODD_REQUESTS} generated",
    depth=5,
)
class InfinityStored(Faulty):
    """update_workspace stores 1e999 as Infinity, which is not JSON."""

    def parse_body(self, request: Request) -> Any:
        if request.path.endswith("/workspaces"):
            with suppress(ValueError, RecursionError):
                return json.loads(request.body)
        return super().parse_body(request)


@fault("status-400 status-no-5xx-for-mistakes", at="create_lead update_lead", depth=4)
class ListForLeadBreaks(Faulty):
    """create_lead and update_lead return 500 for a body that is a list."""

    def parse_body(self, request: Request) -> Any:
        body = super().parse_body(request)
        if request.path.endswith("/leads") and isinstance(body, list):
            raise TypeError("a list has no members")
        return body


# --- one member that is not checked ---


class Unchecked(Faulty):
    """The reference server, where one operation takes any value of one member."""

    here, member = "", ""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        is_here = (operation.id, parameter.name) == (self.here, self.member)
        return is_here or super().is_valid(operation, parameter, value)


@fault(
    "status-400 code-invalid_request",
    also="success-members",
    at="update_lead read_lead list_leads",
    by="change-of-each-member",
    depth=4,
)
class ScoreOfLetters(Unchecked):
    """update_lead accepts any score."""

    here, member = "update_lead", "score"


@fault("status-400 code-invalid_request", at="create_call", depth=4)
class DurationOfLetters(Unchecked):
    """create_call accepts any max_duration, and shows it."""

    here, member = "create_call", "max_duration"

    def kept(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        kept = super().kept(kind, values)
        if kind == "call" and self.member in values:
            kept[self.member] = values[self.member]
        return kept


@fault("status-400 code-invalid_request", at="act_on_workspace", depth=4)
class ActionByBeginning(Faulty):
    """act_on_workspace takes what begins like an action, and refuses to pause twice."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        begins = parameter.name == "action" and str(value).startswith("pause")
        return begins or super().is_valid(operation, parameter, value)

    def act(self, context: Context) -> Reply:
        begins = str(context.values.get("action")).startswith("pause")
        if not is_for(context, "act_on_workspace") or not begins:
            return super().act(context)
        if self.selected(context).document.get("lifecycle_state") == "paused":
            raise Refusal("invalid_parameter")
        return super().act(replace(context, values={**context.values, "action": "pause"}))


@fault("status-400 code-invalid_request", at="act_on_workspace", depth=4)
class ActionCalledConstructor(Faulty):
    """act_on_workspace looks an action up in an object of JavaScript, and so finds constructor."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        is_found = parameter.name == "action" and value == "constructor"
        return is_found or super().is_valid(operation, parameter, value)

    def act(self, context: Context) -> Reply:
        if is_for(context, "act_on_workspace") and context.values.get("action") == "constructor":
            return super().act(replace(context, values={**context.values, "action": "pause"}))
        return super().act(context)


@fault("status-400 code-invalid_request", at="send_sms", depth=4)
class EmptyMessageSent(Faulty):
    """send_sms sends a message without a text."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        is_message = (operation.id, parameter.name) == ("send_sms", "message")
        return (is_message and value == "") or super().is_valid(operation, parameter, value)


@fault("status-400 code-invalid_request", also="success-members", at="create_lead", depth=5)
class EmailBesidePhone(Faulty):
    """create_lead does not check the email if a phone is given."""

    def invalid(self, operation: Operation, values: Mapping[str, Any]) -> list[str]:
        names = super().invalid(operation, values)
        excused = operation.id == "create_lead" and "phone" in values
        return [name for name in names if not (excused and name == "email")]
