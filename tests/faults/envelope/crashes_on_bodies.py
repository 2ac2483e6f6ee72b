"""Faults of bodies that the server cannot handle: it returns 500 for a client mistake."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Request
from tests.faults.base import MISTAKES, ODD_INPUT, Faulty, fault, is_for


@fault(
    "status-no-5xx-for-mistakes status-400",
    also="list-items success-members success-json",  # it stores NaN, and shows it
    by=MISTAKES,
)
class BrokenJson(Faulty):
    """A body that is not JSON returns 500."""

    def parse_body(self, request: Request) -> Any:
        return json.loads(request.body)


@fault("status-no-5xx-for-mistakes", by="odd-request generated", depth=5)
class EmptyMember(Faulty):
    """An empty text, array or object in a body returns 500."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        if any(value in ("", [], {}) for value in values.values()):
            raise ValueError
        return values


@fault("status-no-5xx-for-mistakes", by="odd-request generated", depth=5)
class UnlabelledBody(Faulty):
    """A body without a content type returns 500."""

    def check_media_type(self, request: Request) -> None:
        if request.body and not request.header("content-type"):
            raise ValueError
        super().check_media_type(request)


@fault("status-no-5xx-for-mistakes", at="create_communication_run", by=ODD_INPUT, depth=4)
class BrokenJsonOfRun(Faulty):
    """create_communication_run returns 500 for a body that is not JSON."""

    def parse_body(self, request: Request) -> Any:
        return (
            json.loads(request.body)
            if self.operation_of(request) == "create_communication_run"
            else super().parse_body(request)
        )


@fault("status-no-5xx-for-mistakes status-400", by=MISTAKES, depth=2)
class BodyThatIsNoObject(Faulty):
    """A JSON body that is not an object returns 500."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if (
            operation.body
            and request.body.strip()
            and not isinstance(self.parse_body(request), dict)
        ):
            raise TypeError
        return super().body_values(operation, request)


@fault("status-no-5xx-for-mistakes", also="status-400 code-invalid_request", by=ODD_INPUT, depth=5)
class BodyThatIsANumber(Faulty):
    """A body that is only a number returns 500."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if request.body.strip().isdigit():
            raise TypeError
        return super().body_values(operation, request)


@fault("status-no-5xx-for-mistakes", by=ODD_INPUT, depth=4)
class DeepNesting(Faulty):
    """A deeply nested body returns 500."""

    def parse_body(self, request: Request) -> Any:
        if request.body.count(b"[") > 1000:
            raise RecursionError
        return super().parse_body(request)


@fault("status-no-5xx-for-mistakes", by=ODD_INPUT, depth=5)
class HugeNumber(Faulty):
    """A number of 300 digits returns 500 when something is created."""

    def parse_body(self, request: Request) -> Any:
        made = self.operation_of(request).startswith("create_")
        if made and re.search(rb"[0-9]{300}", request.body):
            raise OverflowError
        return super().parse_body(request)


@fault("status-no-5xx-for-mistakes", by=ODD_INPUT, depth=5)
class HalfACharacter(Faulty):
    """An unpaired surrogate in a body returns 500."""

    def parse_body(self, request: Request) -> Any:
        json.dumps(super().parse_body(request), ensure_ascii=False).encode()
        return super().parse_body(request)


@fault("status-no-5xx-for-mistakes", by=ODD_INPUT, depth=4)
class NulInText(Faulty):
    """A NUL character in a body or query string returns 500."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if "\\u0000" in request.body.decode("utf-8", "replace") or "\0" in "".join(
            request.query.values()
        ):
            raise ValueError
        return super().take_in(operation, request, in_path)


@fault(
    "status-no-5xx-for-mistakes status-400 code-invalid_request",
    at="create_agent",
    by=MISTAKES,
    depth=2,
)
class NameThatIsNoText(Faulty):
    """create_agent returns 500 for a name that is not a string."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        if (
            operation.id == "create_agent"
            and parameter.name == "name"
            and not isinstance(value, str)
        ):
            raise AttributeError
        return super().is_valid(operation, parameter, value)


@fault(
    "status-no-5xx-for-mistakes",
    also="status-400 code-bad_request",
    at="sign_up",
    by=f"{MISTAKES} missing-parameter",
    depth=2,
)
class MissingEmail(Faulty):
    """sign_up returns 500 for a missing e-mail address."""

    def refuse_missing(self, operation: Operation, names: list[str]) -> None:
        if operation.id == "sign_up" and "email" in names:
            raise KeyError
        super().refuse_missing(operation, names)


@fault(
    "status-no-5xx-for-mistakes",
    also="reference-known",
    at="create_lead",
    by="refused-creation",
    depth=5,
)
class LeadOfNobodyBreaks(Faulty):
    """create_lead returns 500 for an unknown agent."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if (
            is_for(context, "create_lead")
            and parameter.name == "agent_id"
            and self.store.get("agent", str(value)) is None
        ):
            raise ValueError
        super().check_reference(parameter, value, context)


@fault("status-no-5xx-for-mistakes", at="update_agent", by="missing-parameter", depth=3)
class NullNameFails(Faulty):
    """update_agent returns 500 for a name that is null."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        if operation.id == "update_agent" and values.get("name", "") is None:
            raise AttributeError
        return values
