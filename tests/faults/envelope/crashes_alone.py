"""Faults that only a request with a single oddity shows: any other mistake is refused first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Request
from tests.faults.base import Entry, Faulty, faults_of
from tests.faults.envelope.crashes_on_types import CRASHES

BY = "odd-request generated"


@dataclass(frozen=True)
class Alone(Entry):
    """A member of a body, and whether the server crashes on one of its values."""

    member: str
    crashes: Callable[[Any], object]
    _: KW_ONLY
    breaks: str = CRASHES
    by: str = BY
    depth: int = 5


def crashes_alone(entry: Alone) -> type[Faulty]:
    """The reference server, which crashes on a value of one member if all others are valid."""

    class CrashesAlone(Faulty):
        def invalid(self, operation: Operation, values: Mapping[str, Any]) -> list[str]:
            names = super().invalid(operation, values)
            is_alone = operation.id == entry.here and {entry.member}.issuperset(names)
            if is_alone and entry.member in values and entry.crashes(values[entry.member]):
                raise TypeError(entry.member)
            return names

    return CrashesAlone


def _is_of(*kinds: type) -> Callable[[Any], bool]:
    """Whether a value is of one of some types. A boolean is no number."""

    def is_of(value: Any) -> bool:
        return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))

    return is_of


CRASHING_ALONE = {
    "create_lead looks up the time zone and crashes on a number.": Alone(
        "zone-as-number", "timezone", _is_of(int, float), at="create_lead"),
    "create_lead parses the page and crashes on an array.": Alone(
        "page-as-array", "source_page", _is_of(list), at="create_lead"),
    "update_agent looks up the model for texts and crashes on an array.": Alone(
        "model-for-texts-as-array", "sms_llm", _is_of(list), at="update_agent"),
    "create_call crashes on a context that is an array.": Alone(
        "context-as-array", "context", _is_of(list), at="create_call"),
    "test_webhook crashes on data that is an array.": Alone(
        "data-as-array", "data", _is_of(list), at="test_webhook"),
    "update_webhook crashes on a description that is a number.": Alone(
        "description-as-number", "description", _is_of(int, float), at="update_webhook"),
    "create_workspace crashes on an external_ref that is an object.": Alone(
        "reference-as-object", "external_ref", _is_of(dict), at="create_workspace"),
    "assign_phone_number casts the agent to a UUID, and crashes on an id that is none.": Alone(
        "agent-cast", "agent_id", lambda value: isinstance(value, str) and "-x" in value,
        at="assign_phone_number"),
    "create_eval casts the agent to a UUID, and crashes on an id that is none.": Alone(
        "agent-of-eval-cast", "agent_id", lambda value: isinstance(value, str) and "-x" in value,
        at="create_eval"),
    "update_workspace sorts names by their first letters, and crashes on Georgian ones.": Alone(
        "name-in-georgian", "name",
        lambda value: isinstance(value, str) and re.search("[\u10d0-\u10f0]", value),
        at="update_workspace"),
}  # fmt: skip

faults_of(crashes_alone, __name__, CRASHING_ALONE)


@dataclass(frozen=True)
class QueryAlone(Entry):
    """A parameter of a query, and whether the server crashes on its text."""

    parameter: str
    crashes: Callable[[str], bool]
    _: KW_ONLY
    breaks: str = CRASHES
    by: str = f"{BY} unparsable-parameter"
    depth: int = 5


def crashes_on_one_text(entry: QueryAlone) -> type[Faulty]:
    """The reference server, which crashes on a text of one parameter if all others are valid."""

    class CrashesOnOneText(Faulty):
        def take_in(self, operation: Operation, request: Request, in_path: Any) -> dict[str, Any]:
            text = request.query.get(entry.parameter)
            if operation.id == entry.here and text is not None and entry.crashes(text):
                given = self.query_values(operation, request)
                if {entry.parameter}.issuperset(self.invalid(operation, given)):
                    raise ValueError(text)
            return super().take_in(operation, request, in_path)

    return CrashesOnOneText


CRASHING_ON_ONE_TEXT = {
    "audit_leads divides by stalled_days and crashes on 0.": QueryAlone(
        "no-stalled-days", "stalled_days", lambda text: text == "0", at="audit_leads"),
    "read_analytics_calls looks up group_by and crashes on an unknown one.": QueryAlone(
        "unknown-group", "group_by", lambda text: text not in ("", "day", "week"),
        at="read_analytics_calls"),
    "list_transcripts crashes on days beyond the calendar.": QueryAlone(
        "days-of-nine-digits", "days", lambda text: len(text) > 8 and text.isdecimal(),
        at="list_transcripts"),
}  # fmt: skip

faults_of(crashes_on_one_text, __name__, CRASHING_ON_ONE_TEXT)
