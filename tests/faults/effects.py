"""Faults of what requests bring about: writes, limits, and odd input that the server cannot bear."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from conformance.model import Operation, Parameter, Rate
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Row
from tests.faults.base import Faulty, fault, told

# --- writes ---


@fault(
    "created-resource",
    also="status-200 changed-resource",
    at="create_agent update_agent update_sms_prompt",
)
class AgentNotStored(Faulty):
    """A new agent is announced and not stored."""

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        row = super().add(kind, tenant, document, identifier)
        if kind == "agent":
            self.store.remove(row)
        return row


@fault("created-resource", at="create_call", depth=2)
class CallNotStored(Faulty):
    """A new call is announced and not stored."""

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        row = super().add(kind, tenant, document, identifier)
        if kind == "call":
            self.store.remove(row)
        return row


@fault("created-resource", at="create_agent", depth=2)
class NameLost(Faulty):
    """A new agent gets a name of the server's own."""

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        return {
            **super().document(context, kind),
            **({"name": "New agent"} if kind == "agent" else {}),
        }


@fault("created-resource", at="create_agent", depth=3)
class OptionChanged(Faulty):
    """An optional member of a new agent gets a value of the server's own."""

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        return {
            **super().document(context, kind),
            **({"first_message": "Good day"} if kind == "agent" else {}),
        }


@fault("created-resource", at="create_call", depth=3)
class CallByAnotherAgent(Faulty):
    """A new call is placed by another agent of the business."""

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        document = super().document(context, kind)
        if kind != "call":
            return document
        agents = self.store.page(self._agents(context))
        return {**document, "agent_id": next(a.id for a in agents if a.id != document["agent_id"])}

    def _agents(self, context: Context) -> Any:
        from conformance.server.store import Page

        return Page("agent", self.own_tenant(context), 2)


@fault(
    "created-resource",
    also="status-200 changed-resource",
    at="create_agent update_agent update_sms_prompt",
    depth=3,
)
class AnotherIdAnnounced(Faulty):
    """The id that a new agent is announced with is not its own."""

    def act_create(self, context: Context) -> Reply:
        reply = super().act_create(context)
        if context.operation.id == "create_agent":
            return Reply(reply.status, {**reply.body, "id": self.new_id("announced")})
        return reply


@fault("changed-resource")
class UpdateNotApplied(Faulty):
    """A change is confirmed and not made."""

    def changes(self, context: Context) -> dict[str, Any]:
        return {}


@fault("changed-resource", depth=3)
class UpdateShown(Faulty):
    """A change is cut to twelve characters."""

    def changes(self, context: Context) -> dict[str, Any]:
        return {
            name: value[:12] if isinstance(value, str) else value
            for name, value in super().changes(context).items()
        }


# --- limits ---


@fault("signup-limit status-429", also="code-rate_limit_exceeded", at="sign_up")
class NoLimit(Faulty):
    """Sign-up is not limited."""

    def check_rate(self, context: Context) -> None:
        pass


@fault(
    "signup-limit",
    also="status-429 code-rate_limit_exceeded signup-hour signup-per-address",
    at="sign_up",
)
class SixthTaken(Faulty):
    """Six sign-ups are taken."""

    def rate_allowance(self, rate: Rate) -> int:
        return rate.requests + 1


@fault("signup-allowance", at="sign_up")
class FourTaken(Faulty):
    """Four sign-ups are taken."""

    def rate_allowance(self, rate: Rate) -> int:
        return rate.requests - 1


@fault("signup-per-address", also="signup-allowance", at="sign_up", depth=2)
class LimitOfAll(Faulty):
    """The limit counts all addresses together."""

    def rate_address(self, request: Request) -> str:
        return ""


@fault("signup-hour", also="signup-allowance", at="sign_up", depth=2)
class NeverAgain(Faulty):
    """The limit never ends."""

    def rate_seconds(self, rate: Rate) -> int:
        return 10**9


@fault("signup-hour", at="sign_up", depth=3)
class TwoHours(Faulty):
    """The limit ends after two hours."""

    def rate_seconds(self, rate: Rate) -> int:
        return 2 * rate.seconds


@fault("signup-limit", at="sign_up", depth=4)
class OneMinute(Faulty):
    """Five sign-ups are taken in a minute, and five more in the next."""

    def rate_seconds(self, rate: Rate) -> int:
        return 60


@fault("code-rate_limit_exceeded signup-limit", also="code-forbidden", at="sign_up", depth=2)
class ForbiddenCodeWhenLimited(Faulty):
    """429 comes with the code forbidden."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return told(reply, code="forbidden") if reply.status == 429 else reply


@fault("code-rate_limit_exceeded signup-limit status-429", at="sign_up", depth=2)
class ForbiddenWhenLimited(Faulty):
    """Too many sign-ups get 403 with the code forbidden."""

    def too_many(self, retry_after: int) -> Refusal:
        return Refusal("forbidden")


@fault(
    "code-rate_limit_exceeded signup-limit status-429", also="status-listed", at="sign_up", depth=2
)
class UnavailableWhenLimited(Faulty):
    """Too many sign-ups get 503."""

    def status_of(self, code: str) -> int:
        return 503 if code == "rate_limit_exceeded" else super().status_of(code)


@fault("code-rate_limit_exceeded signup-limit", also="code-registered", at="sign_up", depth=3)
class OwnCodeWhenLimited(Faulty):
    """429 comes with a code of its own."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return told(reply, code="rate_limited") if reply.status == 429 else reply


# --- odd input ---

MISTAKES = (
    "broken-body invalid-parameter generated unparsable-parameter refused-key unknown-id large-page"
)


@fault("status-no-5xx-for-mistakes status-400", by=MISTAKES)
class BrokenJson(Faulty):
    """A body that is no JSON is a fault of the server."""

    def parse_body(self, request: Request) -> Any:
        return json.loads(request.body)


@fault("status-no-5xx-for-mistakes status-400", by=MISTAKES, depth=2)
class BodyThatIsNoObject(Faulty):
    """A body of another type than object is a fault of the server."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if (
            operation.body
            and request.body.strip()
            and not isinstance(self.parse_body(request), dict)
        ):
            raise TypeError
        return super().body_values(operation, request)


@fault("status-no-5xx-for-mistakes", by=MISTAKES, depth=4)
class NulInText(Faulty):
    """A NUL in a text is a fault of the server, as in databases that cannot keep it."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if "\\u0000" in request.body.decode("utf-8", "replace") or "\0" in "".join(
            request.query.values()
        ):
            raise ValueError
        return super().take_in(operation, request, in_path)


@fault("status-no-5xx-for-mistakes", by=MISTAKES, depth=2)
class UnparsableCursor(Faulty):
    """A cursor that is no timestamp is a fault of the server."""

    def bad_cursor(self, operation: Operation) -> Refusal:
        return Refusal("internal")


@fault("status-no-5xx-for-mistakes", at="list_agents", by=MISTAKES, depth=3)
class UnparsableLimitOfAgents(Faulty):
    """A limit that is no number is a fault of the list of agents."""

    def bad_limit(self, operation: Operation) -> Refusal:
        return (
            Refusal("internal") if operation.id == "list_agents" else super().bad_limit(operation)
        )


@fault("status-no-5xx-for-mistakes", also="status-400 code-invalid_request", by=MISTAKES, depth=4)
class ImpossibleDate(Faulty):
    """A cursor of the form of a timestamp, but with a month 13, is a fault of the server."""

    def edge_of(self, context: Context) -> str | None:
        text = str(context.values.get("after", ""))
        if re.match(r"[0-9]{4}-(1[3-9]|[2-9])", text):
            raise ValueError
        return super().edge_of(context)


@fault("status-no-5xx-for-mistakes", also="status-400 code-invalid_request", by=MISTAKES, depth=4)
class EnormousLimit(Faulty):
    """A limit beyond 32 bits is a fault of the server."""

    def parse_limit(self, operation: Operation, text: str) -> int:
        limit = super().parse_limit(operation, text)
        if limit >= 10**9:
            raise OverflowError
        return limit


@fault("status-no-5xx-for-mistakes", also="status-400 code-invalid_request", by=MISTAKES, depth=4)
class NegativeLimit(Faulty):
    """A limit below zero reaches the database, and is a fault of the server."""

    def parse_limit(self, operation: Operation, text: str) -> int:
        if text.startswith("-"):
            raise ValueError
        return super().parse_limit(operation, text)


@fault("status-no-5xx-for-mistakes", also="status-404 code-not_found", by=MISTAKES, depth=3)
class MalformedId(Faulty):
    """An id that is no UUID is a fault of the server, as in databases with a type for them."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if self.contract.identifier_of(kind) == self.contract.identifier and not re.fullmatch(
            r"[0-9a-f-]{36}", identifier
        ):
            raise ValueError
        return super().find(kind, identifier, context)


@fault(
    "status-no-5xx-for-mistakes status-400 code-invalid_request",
    at="create_agent",
    by=MISTAKES,
    depth=2,
)
class NameThatIsNoText(Faulty):
    """A name that is no text is a fault of the server."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        if (
            operation.id == "create_agent"
            and parameter.name == "name"
            and not isinstance(value, str)
        ):
            raise AttributeError
        return super().is_valid(operation, parameter, value)


@fault("status-no-5xx-for-mistakes", also="key-header", by=MISTAKES, depth=4)
class SchemeAlone(Faulty):
    """The word Bearer without a key is a fault of the server."""

    def parse_key(self, request: Request) -> str | None:
        if len((request.header("authorization") or "Bearer -").split()) < 2:
            raise IndexError
        return super().parse_key(request)


@fault("status-no-5xx-for-mistakes", also="key-header", by=MISTAKES, depth=3)
class KeyWithSpaces(Faulty):
    """A header of more words than two is a fault of the server."""

    def parse_key(self, request: Request) -> str | None:
        if len((request.header("authorization") or "").split()) > 2:
            raise ValueError
        return super().parse_key(request)


@fault(
    "status-no-5xx-for-mistakes",
    also="status-400 code-bad_request",
    at="sign_up",
    by=f"{MISTAKES} missing-parameter",
    depth=2,
)
class MissingEmail(Faulty):
    """Sign-up without an e-mail address is a fault of the server."""

    def refuse_missing(self, operation: Operation, names: list[str]) -> None:
        if operation.id == "sign_up" and "email" in names:
            raise KeyError
        super().refuse_missing(operation, names)


@fault("status-400 code-bad_request", at="create_agent", depth=2)
class PromptNotRequired(Faulty):
    """An agent is created without its prompt."""

    def is_required(self, operation: Operation, parameter: Parameter) -> bool:
        return super().is_required(operation, parameter) and parameter.name != "system_prompt"


@fault("status-400 code-invalid_request", at="create_call", depth=2)
class AnyNumberCalled(Faulty):
    """A phone number of letters is called."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        return (operation.id, parameter.name) == ("create_call", "to") or super().is_valid(
            operation, parameter, value
        )


@fault("status-400 code-invalid_request", at="sign_up", depth=2)
class AnyAddressSignsUp(Faulty):
    """An e-mail address without @ signs up."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        return (
            operation.id == "sign_up" and parameter.name == "email" and isinstance(value, str)
        ) or super().is_valid(operation, parameter, value)


@fault("status-400", at="create_agent", depth=2)
class EmptyBodyCreates(Faulty):
    """A body without an agent creates one."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        usual = {"name": "New agent", "system_prompt": "Hello", "business_id": self.main_tenant()}
        if operation.id == "create_agent" and request.body.strip() in (b"", b"null", b"[1, 2]"):
            return usual
        return super().body_values(operation, request)
