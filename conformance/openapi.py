"""The OpenAPI document -> Operations: what the suite reads of it, and where the extension stands.

Whether the document is a good one in every other respect is openapi-spec-validator's job, in the tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.model import (
    Authentication,
    Effect,
    Open,
    Operation,
    Paging,
    Parameter,
    Payment,
    Rate,
)
from conformance.yamlfile import Place

X = "x-conformance"
METHODS = ("get", "put", "post", "delete", "patch")


def resolve(document: Mapping[str, Any], value: Any, depth: int = 0) -> Any:
    """A copy of a value with its local ``$ref`` replaced by what they point to.

    Raises KeyError for a reference to nothing, RecursionError for a circle.
    """
    if depth > 40:
        raise RecursionError("a $ref leads in a circle")
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            found: Any = document
            for step in value["$ref"].removeprefix("#/").split("/"):
                found = found[step.replace("~1", "/").replace("~0", "~")]
            return resolve(document, found, depth + 1)
        return {key: resolve(document, member, depth + 1) for key, member in value.items()}
    if isinstance(value, list):
        return [resolve(document, member, depth + 1) for member in value]
    return value


def extension_places(document: Any) -> Iterator[tuple[Place, str]]:
    """Each place of the extension with the definition in the meta schema that it obeys."""

    def walk(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
        if isinstance(value, dict):
            for key, member in value.items():
                if key == X:
                    yield (*place, X), _definition_at(place, value)
                elif key not in ("example", "examples", "default", "enum", "const"):
                    yield from walk(member, (*place, key))
        elif isinstance(value, list):
            for index, member in enumerate(value):
                yield from walk(member, (*place, index))

    yield from walk(document, ())


def _definition_at(place: Place, owner: dict[str, Any]) -> str:
    if not place:
        return "root"
    if place[0] == "paths" and place[-1] in METHODS:
        return "operation"
    if "in" in owner and "name" in owner and "securitySchemes" not in place:
        return "parameter"
    return "security" if "securitySchemes" in place else "property"


def references(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Each ``$ref`` with the place of its owner."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key == "$ref" and isinstance(member, str):
                yield place, member
            else:
                yield from references(member, (*place, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from references(member, (*place, index))


def base_path(document: Mapping[str, Any]) -> str:
    """The path of the first server, without a slash at its end."""
    address = document.get("servers", [{"url": ""}])[0]["url"]
    without_host = address.split("://", 1)[-1]
    return "/" + without_host.split("/", 1)[1].rstrip("/") if "/" in without_host else ""


def authentication(document: Mapping[str, Any]) -> Authentication:
    """How a key travels, by the first security scheme: http with a scheme, or a header of its own."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    scheme: Mapping[str, Any] = next(iter(schemes.values()), {"type": "http", "scheme": "bearer"})
    prefixes = tuple(scheme.get(X, {}).get("prefixes", ()))
    if scheme["type"] == "apiKey":
        return Authentication(scheme["name"], None, prefixes)
    return Authentication("Authorization", scheme["scheme"].capitalize(), prefixes)


def operation(
    document: Mapping[str, Any],
    method: str,
    path: str,
    definition: dict[str, Any],
    mode: dict[str, Any],
) -> Operation:
    """One mode of a method and path. Raises KeyError, TypeError or ValueError where it cannot be read."""
    schema = resolve(document, {"$ref": mode["schema"]})
    scope = mode.get("scope")
    security = definition.get("security", document.get("security", []))
    scopes = tuple(
        dict.fromkeys(
            scope for alternative in security for names in alternative.values() for scope in names
        )
    )
    action = mode["action"]
    paging = document[X]["paging"]
    rate, payment = mode.get("rate"), mode.get("payment")
    statuses = sorted(int(status) for status in definition["responses"] if status.startswith("2"))
    return Operation(
        id=mode["id"],
        method=method.upper(),
        path=path,
        action=action,
        kind=mode.get("kind"),
        when=mode.get("when"),
        only=all(twin.get("when") for twin in definition[X]["modes"]),
        parameters=tuple(_parameters(definition, mode)),
        scopes=(scope,) if scope else scopes,
        beside=scopes[0] if scope and scopes else None,
        keyed=bool(security) and all(security),
        takes_key=bool(security),
        effect=Effect(mode.get("effect", "read" if method == "get" else "write")),
        successes=tuple(statuses) or (201 if action == "create" else 200,),
        schema=schema,
        paging=Paging(**paging, collection=mode.get("collection"), usual=_array(schema))
        if action == "list"
        else None,
        provokes=tuple(mode.get("provokes", ())),
        rate=Rate(**rate) if rate else None,
        payment=Payment(**payment) if payment else None,
        secrets=tuple(_secrets(schema)),
        key=next((name for name, kind in _secrets(schema).items() if kind == "key"), None),
        area=definition.get("tags", [""])[0],
        wrapper=mode.get("wrapper"),
        pool=mode.get("pool", False),
        open=_open(mode),
    )


def _open(words: Mapping[str, Any]) -> frozenset[Open]:
    """What the sources leave open here."""
    return frozenset(Open(word) for word in words.get("open", ()))


def _secrets(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a schema that are secrets, and of what kind."""
    told = {
        name: member.get(X, {}).get("secret")
        for name, member in schema.get("properties", {}).items()
    }
    return {name: kind for name, kind in told.items() if kind}


def _array(schema: Mapping[str, Any]) -> str | None:
    """The first member of a schema that is an array."""
    return next(
        (
            name
            for name, member in schema.get("properties", {}).items()
            if member.get("type") == "array"
        ),
        None,
    )


def _parameters(definition: dict[str, Any], mode: dict[str, Any]) -> Iterator[Parameter]:
    """The inputs of one mode: not what selects another; a read by what selects it has that and what it must have."""
    when = mode.get("when")
    others = {m["when"] for m in definition[X]["modes"] if m.get("when")} - {when}
    alone = bool(when) and mode["action"] in ("read", "fetch")

    def meant(name: str, required: bool) -> bool:
        return name == when or (name not in others and (required or not alone))

    for parameter in definition["parameters"]:
        place, name, required = parameter["in"], parameter["name"], parameter.get("required", False)
        if place == "path" or (place in ("query", "header") and meant(name, required)):
            words = parameter.get(X, {})
            told = {"example": parameter.get("example"), **words, "open": _open(words)}
            yield Parameter(name, place, required or name == when, parameter["schema"], **told)
    body = (
        definition.get("requestBody", {})
        .get("content", {})
        .get("application/json", {})
        .get("schema", {})
    )
    for name, schema in body.get("properties", {}).items():
        required = name in body.get("required", ())
        if meant(name, required):
            words = schema.get(X, {})
            told = {k: v for k, v in words.items() if k not in ("secret", "refuse", "open")}
            refuse = tuple(words.get("refuse", ()))
            yield Parameter(
                name,
                "body",
                required or name == when,
                schema,
                example=schema.get("example"),
                refuse=refuse,
                open=_open(words),
                **told,
            )
