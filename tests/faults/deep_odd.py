"""Deep faults of odd input, which is no fault of the server; and of the limit and the payment at sign-up."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from conformance.model import Operation, Parameter, Rate
from conformance.server.messages import Context, Refusal, Request
from conformance.server.store import Filter, Row
from tests.faults.base import fault
from tests.faults.deep_places import Deep, meant

ODD = "odd-request generated broken-body refused-key unparsable-parameter invalid-parameter unknown-id large-page foreign-filter"

# --- odd input ---


@fault("status-no-5xx-for-mistakes", by=ODD, depth=4)
class DeepNesting(Deep):
    """A body that is nested deep is a fault of the server."""

    def parse_body(self, request: Request) -> Any:
        if request.body.count(b"[") > 1000:
            raise RecursionError
        return super().parse_body(request)


@fault("status-no-5xx-for-mistakes", by=ODD, depth=5)
class HugeNumber(Deep):
    """A number that no machine word holds is a fault of the server where something is made."""

    def parse_body(self, request: Request) -> Any:
        made = self.meant(request).startswith("create_")
        if made and re.search(rb"[0-9]{300}", request.body):
            raise OverflowError
        return super().parse_body(request)


@fault("status-no-5xx-for-mistakes", by=ODD, depth=5)
class HalfACharacter(Deep):
    """Half of a surrogate pair is a fault of the server."""

    def parse_body(self, request: Request) -> Any:
        json.dumps(super().parse_body(request), ensure_ascii=False).encode()
        return super().parse_body(request)


@fault("status-no-5xx-for-mistakes", at="list_leads", by=ODD, depth=3)
class NegativeLimitOfLeads(Deep):
    """A limit below zero is a fault of the list of leads."""

    def limit_of(self, context: Context) -> int:
        if meant(context, "list_leads") and str(context.values.get("limit")).startswith("-"):
            raise ValueError
        return super().limit_of(context)


@fault("status-no-5xx-for-mistakes", at="list_event_deliveries", by=ODD, depth=3)
class ZeroLimitOfDeliveries(Deep):
    """A limit of zero is divided by in the list of deliveries."""

    def limit_of(self, context: Context) -> int:
        if meant(context, "list_event_deliveries") and str(context.values.get("limit")) == "0":
            raise ZeroDivisionError
        return super().limit_of(context)


@fault("status-no-5xx-for-mistakes", at="list_usage", by=ODD, depth=3)
class UnparsableCursorOfUsage(Deep):
    """A cursor that is no timestamp is a fault of the list of usage."""

    def bad_cursor(self, operation: Operation) -> Refusal:
        return (
            Refusal("internal") if operation.id == "list_usage" else super().bad_cursor(operation)
        )


@fault("status-no-5xx-for-mistakes", at="update_lead", by=ODD, depth=4)
class MalformedIdOfUpdatedLead(Deep):
    """To change a lead, an id that is no UUID is a fault of the server."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if (
            meant(context, "update_lead")
            and kind == "lead"
            and not re.fullmatch(r"[0-9a-f-]{36}", identifier)
        ):
            raise ValueError
        return super().find(kind, identifier, context)


@fault("status-no-5xx-for-mistakes", at="list_calls", by=ODD, depth=4)
class MalformedAgentOfCalls(Deep):
    """To narrow calls by an agent, an id that is no UUID is a fault of the server."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        if meant(context, "list_calls") and not re.fullmatch(
            r"([0-9a-f-]{36})?", str(context.values.get("agent_id", ""))
        ):
            raise ValueError
        return super().filters_of(context)


@fault("status-no-5xx-for-mistakes", at="create_communication_run", by=ODD, depth=4)
class BrokenJsonOfRun(Deep):
    """A body that is no JSON is a fault of the server where a run is made."""

    def parse_body(self, request: Request) -> Any:
        return (
            json.loads(request.body)
            if self.meant(request) == "create_communication_run"
            else super().parse_body(request)
        )


@fault("status-no-5xx-for-mistakes", by=ODD, depth=5)
class ParameterTwice(Deep):
    """A limit that is given twice is a fault of the server."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if operation.paging and len(re.findall(r"(?:^|&)limit=", request.query_text)) > 1:
            raise TypeError
        return super().take_in(operation, request, in_path)


@fault("status-no-5xx-for-mistakes", by=ODD, depth=5)
class ParameterInBrackets(Deep):
    """A cursor in the form of an array is a fault of the server."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if "after[" in request.query_text or "after%5B" in request.query_text:
            raise TypeError
        return super().take_in(operation, request, in_path)


@fault("status-no-5xx-for-mistakes", by=ODD, depth=5)
class LongText(Deep):
    """A text of more than four thousand characters in a filter is a fault of the server."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if any(len(text) > 4000 for text in request.query.values()):
            raise ValueError
        return super().take_in(operation, request, in_path)


@fault(
    "status-no-5xx-for-mistakes",
    at="act_on_workspace update_workspace replay_event",
    by=ODD,
    depth=4,
)
class MediaTypeWithoutSlash(Deep):
    """A media type without a slash is a fault of the server."""

    def check_media_type(self, request: Request) -> None:
        if self.meant(request) in ("act_on_workspace", "update_workspace", "replay_event"):
            _ = (request.header("content-type") or "a/b").split("/")[1]
        super().check_media_type(request)


@fault(
    "status-no-5xx-for-mistakes", at="list_transcripts list_usage list_webhooks", by="walk", depth=5
)
class FirstYear(Deep):
    """A cursor in the first year is a fault of the server, as when a zone is added to it."""

    def edge_of(self, context: Context) -> str | None:
        first = str(context.values.get("after", "")).startswith("0001-01-01")
        if first and meant(context, "list_transcripts", "list_usage", "list_webhooks"):
            raise OverflowError
        return super().edge_of(context)


@fault("status-no-5xx-for-mistakes", also="status-400 code-invalid_request", by=ODD, depth=5)
class BodyThatIsANumber(Deep):
    """A body that is a number is a fault of the server."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if request.body.strip().isdigit():
            raise TypeError
        return super().body_values(operation, request)


@fault("status-no-5xx-for-mistakes", also="key-header", by=ODD, depth=5)
class QuestionMarkForKey(Deep):
    """An Authorization header without a space is a fault of the server."""

    def parse_key(self, request: Request) -> str | None:
        value = request.header("authorization")
        if value is not None and " " not in value:
            raise IndexError
        return super().parse_key(request)


@fault("status-no-5xx-for-mistakes", also="status-401 code-unauthorized", by=ODD, depth=5)
class EndlessKey(Deep):
    """A key of more than a thousand characters is a fault of the server."""

    def parse_key(self, request: Request) -> str | None:
        key = super().parse_key(request)
        if key is not None and len(key) > 1000:
            raise ValueError
        return key


@fault("status-400 code-bad_request", at="create_eval", by="missing-parameter", depth=4)
class MessagesNotRequired(Deep):
    """An eval is made without its messages."""

    def is_required(self, operation: Operation, parameter: Parameter) -> bool:
        return super().is_required(operation, parameter) and parameter.name != "messages"


# --- sign-up ---


@fault("signup-limit", at="sign_up", depth=4)
class RealAddressBelieved(Deep):
    """The header X-Real-IP is believed."""

    def rate_address(self, request: Request) -> str:
        return request.header("x-real-ip") or request.address


@fault("signup-limit", at="sign_up", depth=5)
class ConnectingAddressBelieved(Deep):
    """The header CF-Connecting-IP is believed."""

    def rate_address(self, request: Request) -> str:
        return request.header("cf-connecting-ip") or request.address


@fault("signup-limit", at="sign_up", depth=5)
class LastForwardedBelieved(Deep):
    """The last address of X-Forwarded-For is believed, if there are several."""

    def rate_address(self, request: Request) -> str:
        parts = (request.header("x-forwarded-for") or "").split(",")
        return parts[-1].strip() if len(parts) > 1 else request.address


@fault("signup-limit status-429", also="code-rate_limit_exceeded", at="sign_up", depth=4)
class CountedByAddressOfMail(Deep):
    """Sign-ups are counted by the e-mail address."""

    def check_rate(self, context: Context) -> None:
        super().check_rate(
            Context(context.operation, self._of(context), context.identity, context.values)
        )

    def _of(self, context: Context) -> Request:
        return Request("POST", context.request.path, address=str(context.values.get("email")))


@fault("signup-limit", also="status-429 code-rate_limit_exceeded", at="sign_up", depth=5)
class RefusalOpensAgain(Deep):
    """A sign-up that is refused for its number begins the count anew."""

    def check_rate(self, context: Context) -> None:
        try:
            super().check_rate(context)
        except Refusal:
            self._windows.clear()
            raise


@fault("signup-limit", at="sign_up", depth=4)
class TenMinutes(Deep):
    """The limit ends after ten minutes."""

    def rate_seconds(self, rate: Rate) -> int:
        return 600


@fault("signup-limit", at="sign_up", depth=5)
class TwentyFiveMinutes(Deep):
    """The limit ends after twenty-five minutes."""

    def rate_seconds(self, rate: Rate) -> int:
        return 25 * 60


@fault("signup-per-address", also="signup-allowance", at="sign_up", depth=4)
class CountedByNeighbourhood(Deep):
    """Addresses that share their first three numbers are counted together."""

    def rate_address(self, request: Request) -> str:
        return request.address.rpartition(".")[0]


@fault("code-payment_required", at="sign_up", by="trigger", depth=5)
class AnyProofPays(Deep):
    """Any payment header that is not empty counts as paid."""

    def is_paid(self, proof: str | None) -> bool:
        return bool(proof)


@fault("code-payment_required", at="sign_up", by="trigger", depth=4)
class EmptyTerms(Deep):
    """402 comes with an empty list of terms."""

    def payment_terms(self, payment: Any, context: Context) -> dict[str, Any]:
        return {**super().payment_terms(payment, context), payment.terms: []}
