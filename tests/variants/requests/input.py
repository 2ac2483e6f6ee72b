"""Legal variants of requests: how strictly they are read, and what they return."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parseaddr
from typing import Any, NoReturn

from conformance.base.values import strict_json
from conformance.model import Contract, Operation, Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Identity, Row
from tests.faults.base import Faulty, altered, is_for, variant
from tests.faults.shared import body_of, number_of

# --- input ---


@variant("L58")
class BadRequestForMalformedId(Faulty):
    """An id that is not a UUID returns 400."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if not re.fullmatch(r"[0-9a-f-]{36}|\+[0-9]+", identifier):
            raise Refusal("invalid_parameter")
        return super().find(kind, identifier, context)


@variant("L66")
class EmptyIsMissing(Faulty):
    """A required parameter that is an empty text counts as missing."""

    def missing(self, operation: Operation, values: Mapping[str, Any]) -> list[str]:
        there = {name: value for name, value in values.items() if value != ""}
        return super().missing(operation, there)


@variant("L66")
class OtherCodeForBodies(Faulty):
    """An unreadable body counts as missing parameters, an empty one as invalid ones."""

    def invalid_body(self, why: str) -> NoReturn:
        raise Refusal("missing_parameter")

    def refuse_missing(self, operation: Operation, names: list[str]) -> None:
        if len(names) > 1 or (
            names
            and operation.body
            and len(names) == len([p for p in operation.body if p.required])
        ):
            raise Refusal("invalid_parameter" if len(names) > 1 else "missing_parameter")
        super().refuse_missing(operation, names)


@variant("L08")
class StrictBodies(Faulty):
    """Unknown members of a body are refused."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        if (
            operation.body
            and request.body.strip()
            and set(self.parse_body(request)) - {p.name for p in operation.body}
        ):
            raise Refusal("invalid_parameter")
        return values


@variant("L08", at="create_workspace")
class KeepsUnknownMembers(Faulty):
    """A workspace keeps and shows each member that it was created with, known or not."""

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        document = super().document(context, kind)
        if not is_for(context, "create_workspace"):
            return document
        return {**body_of(context.request), **document}


@variant("L07")
class StrictQueries(Faulty):
    """Unknown query parameters are refused."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if set(request.query) - {p.name for p in operation.parameters}:
            raise Refusal("invalid_parameter")
        return super().query_values(operation, request)


@variant("L48 L16")
class LenientValues(Faulty):
    """Numbers and booleans are accepted as text."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        texts = {p.name for p in operation.body if p.schema.get("type") == "string"}
        return {
            n: str(v) if n in texts and isinstance(v, int | float) else v for n, v in values.items()
        }


@variant("silent: the entries of a list", at="create_eval update_eval")
class EntriesUnchecked(Faulty):
    """The messages of an eval may be any list, whatever its entries are."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        if parameter.name == "messages" and operation.id in ("create_eval", "update_eval"):
            return isinstance(value, list)
        return super().is_valid(operation, parameter, value)


@variant("L48", at="replay_several_events create_webhook update_webhook create_eval create_call")
class CoercedValues(Faulty):
    """Values are converted to the type of their member, as some schema validators do by default.

    A single value becomes a list, and a list of one its only element. Texts become numbers and
    booleans, and the reverse. null becomes an empty text, zero or false.
    """

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        schemas = {parameter.name: parameter.schema for parameter in operation.body}
        return {name: coerced(value, schemas[name]) for name, value in values.items()}


def coerced(value: Any, schema: Mapping[str, Any]) -> Any:
    """A value as the type of a schema, or unchanged if it cannot be converted."""
    wanted = schema.get("type")
    if wanted == "array":
        return _coerced_list(value, schema.get("items", {}))
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict | list) or wanted not in EMPTY:
        return value
    if value is None:
        return EMPTY[wanted]
    if wanted == "string":
        return value if isinstance(value, str) else json.dumps(value)
    read = strict_json(value) if isinstance(value, str) else value
    if wanted == "boolean":
        return bool(read) if read in (0, 1) else value
    return int(read) if isinstance(read, bool) else read


def _coerced_list(value: Any, items: Mapping[str, Any]) -> Any:
    """A value as a list of items, or unchanged if it is an object."""
    if isinstance(value, dict):
        return value
    values = value if isinstance(value, list) else [value]
    return [coerced(each, items) for each in values]


EMPTY = {"string": "", "number": 0, "integer": 0, "boolean": False}
"""What null becomes, by the type of the member."""


@variant("L26")
class ValidationFirst(Faulty):
    """Input is checked before the key and the scope."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        route = self.find_route(request)
        self.take_in(operation, request, route[1] if route else {})
        return super().authenticate(operation, request)


@variant("E47")
class ProblemsToldInSuccess(Faulty):
    """validate_communication_run returns 200, even for objects of another business."""

    def check_references(self, context: Context) -> None:
        if context.operation.id != "validate_communication_run":
            super().check_references(context)


# --- successes ---


def naming(contract: Contract) -> set[str]:
    """The members that tell objects apart."""
    return {contract.identifier, *contract.identifiers.values()}


@variant("L55", untested="paging-filter-kept")
class NullMembers(Faulty):
    """Optional members that no request can set are null."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        settable = {p.shows_as or p.name for o in self.contract.operations.values() for p in o.body}
        kept = settable | naming(self.contract) | {"created_at", "vapi_run_id"}
        return {k: v if k in kept else None for k, v in super().render_item(operation, row).items()}


@variant("L55", untested="paging-filter-kept changed-resource has-more-false")
class FewMembers(Faulty):
    """Objects have only the members that they must have, and created_at."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        kept = {"status", "created_at", "vapi_run_id", "external_ref"} | naming(self.contract)
        kept |= {"agent_id", "business_id"} if row.kind == "call" else set()
        return {k: v for k, v in super().render_item(operation, row).items() if k in kept}


@variant("silent: the form of ids")
class NumericIds(Faulty):
    """All ids except those of businesses are strings of digits."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._ids: dict[str, str] = {}
        self._businesses = {
            str(self.store.note(f"tenant:{name}")) for name in ("main", "other", "empty")
        }

    def with_numbers(self, value: Any) -> Any:
        """A value with numbers in the place of ids."""
        if isinstance(value, dict):
            return {name: self.with_numbers(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.with_numbers(member) for member in value]
        if (
            not isinstance(value, str)
            or not re.fullmatch(r"[0-9a-f-]{36}", value)
            or value in self._businesses
        ):
            return value
        return self.number_for(value)

    def number_for(self, value: str) -> str:
        """The number in the place of an id."""
        number = str(number_of(value))
        self._ids[number] = value
        return number

    def ids_behind(self, value: Any) -> Any:
        """The ids that numbers in a value stand for."""
        if isinstance(value, list):
            return [self.ids_behind(number) for number in value]
        return self._ids.get(value, value) if isinstance(value, str) else value

    def succeed(self, context: Context, body: Any) -> Reply:
        return super().succeed(
            context, body if context.operation.action == "fetch" else self.with_numbers(body)
        )

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        return {
            name: self.ids_behind(value)
            for name, value in super().take_in(operation, request, in_path).items()
        }


@variant("silent: the form of ids", untested="business-object business-filter business-inside")
class IdsOfEachBusiness(NumericIds):
    """Each business counts its objects, the main one from 1, others from 3: they share ids."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._tenant = ""
        self._numbers: dict[str, dict[str, str]] = defaultdict(dict)  # ids by tenant and number

    def number_for(self, value: str) -> str:
        numbers = self._numbers[self._tenant]
        for number, known in numbers.items():
            if known == value:
                return number
        first = 1 if self._tenant == self.main_tenant() else 3
        number = str(first + len(numbers))
        numbers[number] = value
        return number

    def succeed(self, context: Context, body: Any) -> Reply:
        with self.store.lock:
            self._tenant = self.tenant_of(context.identity)
            return super().succeed(context, body)

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        values = Faulty.take_in(self, operation, request, in_path)
        self._ids = self._numbers[self.tenant_of(self.authenticate(operation, request))]
        naming = [name for name in values if name.endswith(("id", "ids"))]
        return values | {name: self.ids_behind(values[name]) for name in naming}


@variant("silent: the form of ids")
class IdsOfOneHost(Faulty):
    """New ids are UUIDs of one host, which end alike; the link of a sign-up holds one."""

    def new_id(self, kind: str, tenant: str = "") -> str:
        return f"{self.store.number():08x}-4c11-11f1-9d3a-0242ac120002"

    def succeed(self, context: Context, body: Any) -> Reply:
        if is_for(context, "sign_up"):
            link = f"https://pay.example.com/{body['business_id']}/c0ffee"
            body = {**body, "checkout_url": link}
        return super().succeed(context, body)


@variant("S1")
class UnknownOptionIgnored(Faulty):
    """A lead of an unknown agent, and a call for an unknown lead, are made without it."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        values = super().take_in(operation, request, in_path)
        if operation.id not in ("create_lead", "create_call"):
            return values
        kinds = {p.name: p.references for p in operation.body if not p.required}
        return {
            name: value
            for name, value in values.items()
            if not kinds.get(name) or self.store.get(kinds[name] or "", str(value))
        }


@variant("L58")
class IdsInAnyCase(Faulty):
    """An id is found in upper case and in lower case, as a UUID of a database is."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        return super().find(kind, identifier.lower(), context)


@variant("silent: the length of texts")
class ShortNames(Faulty):
    """Names of more than 40 characters are refused."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        is_name = parameter.place == "body" and parameter.name in ("name", "business_name")
        is_long = is_name and isinstance(value, str) and len(value) > 40
        return not is_long and super().is_valid(operation, parameter, value)


@variant("L72")
class WholeNumbersWithPoint(Faulty):
    """Integers are rendered as 30.0, but an integer parameter must be a whole number."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        return {
            name: float(value) if type(value) is int else value
            for name, value in super().render_item(operation, row).items()
        }


@variant("L22 L68")
class NoLargeBodies(Faulty):
    """A body of more than 100 kilobytes is refused with 413."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        if len(request.body) <= 100_000:
            return super().answer(request)
        reply = altered(self.refused(request, Refusal("invalid_parameter")), 413)
        return reply, self.encode(reply)


@variant("L44 L48")
class NotANumberRead(Faulty):
    """NaN and Infinity in a body are read, as Python and JavaScript libraries do, and ignored."""

    def parse_body(self, request: Request) -> Any:
        plain = re.sub(rb"\b(NaN|-?Infinity)\b", b"0", request.body)
        return super().parse_body(replace(request, body=plain))


@variant("L58, ids of other kinds")
class CapitalIds(Faulty):
    """Ids are letters and digits in capitals, as ULIDs are, and are found in any case."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._ids: dict[str, str] = {}
        names = ("main", "other", "empty")
        self._businesses = {str(self.store.note(f"tenant:{name}")) for name in names}

    def _capital(self, value: Any) -> Any:
        match value:
            case dict():
                return {name: self._capital(member) for name, member in value.items()}
            case list():
                return [self._capital(member) for member in value]
            case str() if re.fullmatch(r"[0-9a-f-]{36}", value) and value not in self._businesses:
                digits = value.replace("-", "").upper().translate(str.maketrans("ABC", "XYZ"))
                self._ids[digits] = value
                return digits
        return value

    def _behind(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._behind(member) for member in value]
        return self._ids.get(value.upper(), value) if isinstance(value, str) else value

    def succeed(self, context: Context, body: Any) -> Reply:
        is_document = context.operation.action == "fetch"
        return super().succeed(context, body if is_document else self._capital(body))

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        values = super().take_in(operation, request, in_path)
        return {name: self._behind(value) for name, value in values.items()}


@variant("L48, phone numbers")
class DigitsOfNumbersRead(Faulty):
    """A phone number is read by its digits alone, as many services do, and kept without signs."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        phones = {p.name for p in operation.body if p.phone and not p.references}
        return {n: _digits(v) if n in phones else v for n, v in values.items()}


def _digits(value: Any) -> Any:
    """The digits of a text after a plus; the value itself if it is not a text with digits."""
    digits = re.sub("[^0-9]", "", value) if isinstance(value, str) else ""
    return f"+{digits}" if digits else value


@variant("L48, addresses")
class AddressesParsed(Faulty):
    """An e-mail address is read as the e-mail library of Python reads it."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        email = values.get("email")
        return {**values, "email": parseaddr(email)[1]} if isinstance(email, str) else values


@variant("L48, times")
class TimesSearched(Faulty):
    """A timestamp is read from the start of a text, as the Time of Ruby does."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        times = {p.name for p in operation.body if p.schema.get("format") == "date-time"}
        return {n: _time_in(v) if n in times else v for n, v in values.items()}


def _time_in(value: Any) -> Any:
    """The timestamp at the start of a text; the value itself without one."""
    found = re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value) if isinstance(value, str) else None
    return found[0] if found else value


@variant("L48, arrays")
class OneValueIsAnArray(Faulty):
    """A single object counts as an array of it, as an option of Jackson has it."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        arrays = {p.name for p in operation.body if p.schema.get("type") == "array"}
        return {n: [v] if n in arrays and isinstance(v, dict) else v for n, v in values.items()}


@variant("silent: how values are shown")
class AddressesMasked(Faulty):
    """Lists show addresses and numbers of leads masked; filters take them as they were given."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        item = super().render_item(operation, row)
        if operation.id != "list_leads":
            return item
        shown = {name: item.get(name) for name in ("email", "phone")}
        return item | {
            name: value and f"{value[:1]}***{value[-4:]}" for name, value in shown.items()
        }
