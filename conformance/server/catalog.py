"""Facts derived from a Contract once, so that requests do not have to search for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from conformance.contract.openapi import X, resolve
from conformance.model import Contract, Effect, Operation

JSON_TYPE = "application/json"
_SAMPLES: Mapping[str, Any] = {
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "object": {},
    "null": None,
}


class Catalog:
    """The kinds, schemas, scopes and examples of a contract."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._operations = tuple(contract.operations.values())
        self._items = {kind: self._find_item(kind) for kind in _kinds_of(self._operations)}
        self._examples: dict[str, Any] = {}  # those that were needed, by operation

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The distinct kinds of objects that lists or reads show."""
        return _kinds_of(o for o in self._operations if o.action in ("list", "read"))

    @cached_property
    def pools(self) -> frozenset[str]:
        """The kinds whose objects belong to no tenant."""
        return frozenset(_kinds_of(o for o in self._operations if o.pool))

    @cached_property
    def scopes(self) -> tuple[str, ...]:
        """Every scope."""
        return _scopes_of(self._operations)

    @cached_property
    def read_scopes(self) -> frozenset[str]:
        """The scopes of the operations that only read."""
        reads = [o for o in self._operations if o.effect is Effect.READ]
        return frozenset(_scopes_of(reads))

    @cached_property
    def tenant_kind(self) -> str | None:
        """The kind of the object that describes a tenant, or None if there is none."""
        if self.contract.tenant is None:
            return None
        for operation in self._operations:
            parameter = operation.parameter(self.contract.tenant)
            if parameter is not None:
                return parameter.references
        return None

    @cached_property
    def position(self) -> str:
        """The member that the cursor of a list is compared with; empty if there are no lists."""
        return self.contract.position

    def item(self, kind: str) -> Mapping[str, Any]:
        """The schema of an object of a kind: as read, or else as listed, or else as created."""
        return self._items.get(kind, {})

    def members(self, kind: str) -> Mapping[str, Any]:
        """The members of objects of a kind, with their schemas; empty if none are documented."""
        properties: Mapping[str, Any] = self.item(kind).get("properties", {})
        return properties

    def shows(self, kind: str, name: str | None) -> bool:
        """Whether objects of a kind have a member. A kind without a schema has every member."""
        if not name:
            return False
        members = self.members(kind)
        return name in members or not members

    def ownership(self, kind: str, tenant: str, position: str) -> dict[str, Any]:
        """The members for the tenant and the position of an object, if its kind has them."""
        members: dict[str, Any] = {}
        for name, value in ((self.contract.tenant, tenant), (self.position, position)):
            if name and self.shows(kind, name):
                members[name] = value
        return members

    def example(self, operation: Operation) -> Any:
        """The documented example of a success, or else one made from the schema."""
        if operation.id not in self._examples:
            self._examples[operation.id] = self._find_example(operation)
        return self._examples[operation.id]

    def collection(self, operation: Operation) -> str:
        """The name of the member with the items of a list."""
        paging = operation.paging
        if paging is None:
            return "items"
        return paging.collection or paging.usual or "items"

    def _find_item(self, kind: str) -> Mapping[str, Any]:
        """The schema of an object of a kind: as read, or else as listed, or else as created."""
        reads = self.contract.operations_by("read", kind)
        if reads:
            return _unwrapped(reads[0])
        for operation in self.contract.operations_by("list", kind):
            members = operation.schema.get("properties", {})
            items: Mapping[str, Any] = members.get(self.collection(operation), {}).get("items")
            if items:
                return items
        creations = self.contract.operations_by("create", kind)
        return creations[0].schema if creations else {}

    def _find_example(self, operation: Operation) -> Any:
        """The documented example of a success.

        Of several named examples, this is the one named after the operation, or else the first. If
        there is none, this is a sample made from the schema.
        """
        document = self.contract.document
        responses = document["paths"][operation.path][operation.method.lower()]["responses"]
        response = resolve(document, responses.get(str(operation.success), {}))
        content = response.get("content", {}).get(JSON_TYPE, {})
        if "example" in content:
            return content["example"]
        examples = content.get("examples", {})
        if not examples:
            return sample(operation.schema)
        first = next(iter(examples.values()))
        return examples.get(operation.id, first)["value"]


def _kinds_of(operations: Iterable[Operation]) -> tuple[str, ...]:
    """The distinct kinds of some operations, in order."""
    kinds = dict.fromkeys(operation.kind for operation in operations)
    kinds.pop("", None)
    return tuple(kinds)


def _scopes_of(operations: Iterable[Operation]) -> tuple[str, ...]:
    """The distinct scopes of some operations, in order."""
    scopes: dict[str, None] = {}
    for operation in operations:
        scopes.update(dict.fromkeys(operation.scopes))
    return tuple(scopes)


def _unwrapped(operation: Operation) -> Mapping[str, Any]:
    """The schema of the object that a read returns, without its wrapper and without null."""
    if operation.wrapper is None:
        return operation.schema
    inner: Mapping[str, Any] = operation.schema.get("properties", {}).get(operation.wrapper, {})
    option: Mapping[str, Any]
    for option in inner.get("anyOf", ()):
        if option.get("type") != "null":
            return option
    return inner


def sample(schema: Mapping[str, Any], number: int = 1) -> Any:
    """A value that the common keywords of a schema allow; ``number`` varies it.

    The keywords are example, const, enum, type, properties with required, format and minimum. An
    object has only its required members.
    """
    for keyword in ("example", "const"):
        if keyword in schema:
            return schema[keyword]
    options = schema.get("enum")
    if options:
        return options[number % len(options)]
    kind = _main_type(schema)
    if kind == "string":
        return _sample_text(schema, number)
    if kind == "object":
        members = schema.get("properties", {})
        required = schema.get("required", ())
        return {name: sample(members.get(name, {}), number) for name in required}
    return schema.get("minimum", _SAMPLES.get(kind))


def types_of(schema: Mapping[str, Any]) -> list[str]:
    """The types that a schema allows, in order.

    Without ``type``, a schema with properties is taken to allow objects, and any other strings.
    """
    default = "object" if "properties" in schema else "string"
    types = schema.get("type", default)
    return [types] if isinstance(types, str) else list(types)


def _main_type(schema: Mapping[str, Any]) -> str:
    """The first type that is not null, or "null" if there is none."""
    for name in types_of(schema):
        if name != "null":
            return name
    return "null"


def _sample_text(schema: Mapping[str, Any], number: int) -> str:
    """A fictional phone number, a text in the format of the schema, or else a numbered sample."""
    if schema.get(X, {}).get("phone"):
        return f"+1202555{100 + number % 100:04}"
    formats = {
        "date-time": "2026-04-17T12:00:00Z",
        "date": "2026-04-17",
        "email": f"person{number}@example.com",
        "uri": f"https://example.com/{number}",
    }
    return formats.get(schema.get("format", ""), f"sample {number}")
