"""What the server derives from a Contract once, so that a request costs no search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.model import Contract, Effect, Operation
from conformance.openapi import X, resolve

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
    """Kinds, schemas, scopes and examples of a contract."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        operations = contract.operations.values()
        self.kinds = tuple(
            dict.fromkeys(o.kind for o in operations if o.kind and o.action in ("list", "read"))
        )
        self.pools = frozenset(o.kind for o in operations if o.pool)
        self.scopes = tuple(dict.fromkeys(scope for o in operations for scope in o.scopes))
        self.read_scopes = frozenset(
            scope for o in operations if o.effect is Effect.READ for scope in o.scopes
        )
        self.tenant_kind = next(
            (p.references for o in operations for p in o.parameters if p.name == contract.tenant),
            None,
        )
        self.position = next((o.paging.position for o in operations if o.paging), None)
        self._items = {
            kind: self._find_item(kind)
            for kind in dict.fromkeys(o.kind for o in operations if o.kind)
        }
        self._examples = {o.id: self._find_example(o) for o in operations}

    def item(self, kind: str | None) -> Mapping[str, Any]:
        """The schema of an object of a kind: as it is read, else listed, else answered when created."""
        return self._items.get(kind or "", {})

    def members(self, kind: str | None) -> Mapping[str, Any]:
        """The members that an object of a kind is known to have, with their schemas."""
        found: Mapping[str, Any] = self.item(kind).get("properties", {})
        return found

    def example(self, operation: Operation) -> Any:
        """The documented example of a success, else one made from the schema."""
        return self._examples[operation.id]

    def collection(self, operation: Operation) -> str:
        """The member of a list that holds its items."""
        paging = operation.paging
        return (paging.collection or paging.usual if paging else None) or "items"

    def _find_item(self, kind: str) -> Mapping[str, Any]:
        for operation in self.contract.operations_by("read", kind):
            return _wrapped(operation)
        for operation in self.contract.operations_by("list", kind):
            array = operation.schema.get("properties", {}).get(self.collection(operation), {})
            if array.get("items"):
                items: Mapping[str, Any] = array["items"]
                return items
        for operation in self.contract.operations_by("create", kind):
            return operation.schema
        return {}

    def _find_example(self, operation: Operation) -> Any:
        document = self.contract.document
        responses = document["paths"][operation.path][operation.method.lower()]["responses"]
        content = (
            resolve(document, responses.get(str(operation.success), {}))
            .get("content", {})
            .get(JSON_TYPE, {})
        )
        if "example" in content:
            return content["example"]
        examples = content.get("examples", {})
        chosen = examples.get(operation.id) or next(iter(examples.values()), None)
        return chosen["value"] if chosen else sample(operation.schema)


def _wrapped(operation: Operation) -> Mapping[str, Any]:
    """The schema of the object that a read answers, out of its wrapper."""
    if operation.wrapper is None:
        return operation.schema
    inner: Mapping[str, Any] = operation.schema.get("properties", {}).get(operation.wrapper, {})
    return next((one for one in inner.get("anyOf", [inner]) if one.get("type") != "null"), inner)


def sample(schema: Mapping[str, Any], number: int = 1) -> Any:
    """A value that a schema allows, as far as the usual keywords tell."""
    for word in ("example", "const"):
        if word in schema:
            return schema[word]
    if schema.get("enum"):
        return schema["enum"][number % len(schema["enum"])]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if kind == "string":
        return _sample_text(schema, number)
    if kind == "object":
        return {
            name: sample(schema.get("properties", {}).get(name, {}), number)
            for name in schema.get("required", ())
        }
    return schema.get("minimum", _SAMPLES.get(kind))


def _sample_text(schema: Mapping[str, Any], number: int) -> str:
    if schema.get(X, {}).get("phone"):
        return f"+1202555{100 + number % 100:04}"
    formats = {
        "date-time": "2026-04-17T12:00:00Z",
        "date": "2026-04-17",
        "email": f"person{number}@example.com",
        "uri": f"https://example.com/{number}",
    }
    return formats.get(schema.get("format", ""), f"sample {number}")
