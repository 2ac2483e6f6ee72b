"""The OpenAPI document: its references, the places of the extension, and its global settings.

The tests check that it is valid OpenAPI, with openapi-spec-validator.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from conformance.base.yaml_file import Place
from conformance.model import Authentication, ErrorCode

X = "x-conformance"
METHODS = ("get", "put", "post", "delete", "patch")
DEEPEST = 40
"""Maximum nesting while resolving references; beyond it they are circular."""
VALUES = ("example", "examples", "default", "enum", "const")
"""Members that hold values, in which the name of the extension has no meaning."""


def resolve(document: Mapping[str, Any], value: Any, depth: int = 0) -> Any:
    """A copy of a value with each local ``$ref`` replaced by what it points to.

    Raises KeyError for a dangling reference and RecursionError for a circular one.
    """
    if depth > DEEPEST:
        raise RecursionError("a $ref is circular")
    if isinstance(value, list):
        return [resolve(document, member, depth + 1) for member in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        return resolve(document, _pointed(document, value["$ref"]), depth + 1)
    return {key: resolve(document, member, depth + 1) for key, member in value.items()}


def _pointed(document: Mapping[str, Any], reference: str) -> Any:
    """The value that a local reference points to. Raises KeyError or TypeError if it dangles."""
    value: Any = document
    for step in reference.removeprefix("#/").split("/"):
        value = value[step.replace("~1", "/").replace("~0", "~")]
    return value


def _objects(
    value: Any, place: Place = (), skipped: Collection[str] = ()
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Each object of a document with its place, except below the skipped members."""
    if isinstance(value, dict):
        yield place, value
    for key, member in _members(value):
        if key not in skipped:
            yield from _objects(member, (*place, key), skipped)


def _members(value: Any) -> Iterable[tuple[str | int, Any]]:
    """The members of an object by name, or the items of an array by index; none of other values."""
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, list):
        return enumerate(value)
    return ()


def definitions(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each path and method of the document with its operation object.

    Methods are in lower case, as in the document, and in the order of METHODS.
    """
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def references(document: Any) -> Iterator[tuple[Place, str]]:
    """Each ``$ref`` of a document with the place of its owner, without following references.

    A place is the path of names and indexes from the root.
    """
    for place, owner in _objects(document):
        if isinstance(owner.get("$ref"), str):
            yield place, owner["$ref"]


def extension_places(document: Any) -> Iterator[tuple[Place, str]]:
    """Each place of the extension with the name of its definition in the meta schema.

    The definition is "root", "operation", "security", "parameter" or "property". The contents
    of the extension, of examples and of other values are skipped.
    """
    for place, owner in _objects(document, skipped=(X, *VALUES)):
        if X in owner:
            yield (*place, X), _definition_at(place, owner)


def _definition_at(place: Place, owner: Mapping[str, Any]) -> str:
    """The name of the definition in the meta schema for an object that has the extension."""
    if not place:
        return "root"
    if place[0] == "paths" and place[-1] in METHODS:
        return "operation"
    if "securitySchemes" in place:
        return "security"
    if {"in", "name"} <= owner.keys():
        return "parameter"
    return "property"


def base_path(document: Mapping[str, Any]) -> str:
    """The path of the first server, such as ``/api/v1``; empty if there is none."""
    servers = document.get("servers", [{"url": ""}])
    address: str = servers[0]["url"]
    without_scheme = address.split("://", 1)[-1]
    _, slash, path = without_scheme.partition("/")
    return slash + path.rstrip("/")


def authentication(document: Mapping[str, Any]) -> Authentication:
    """How a key is sent, according to the first security scheme.

    That is http with a scheme, or apiKey with its own header; the default is bearer. The prefixes
    of keys and further scopes come from the extension, if it states them.
    """
    schemes = document.get("components", {}).get("securitySchemes", {})
    usual = {"type": "http", "scheme": "bearer"}
    scheme: Mapping[str, Any] = next(iter(schemes.values()), usual)
    more = scheme.get(X, {})
    prefixes, others = tuple(more.get("prefixes", ())), tuple(more.get("other_scopes", ()))
    if scheme["type"] == "apiKey":
        return Authentication(scheme["name"], None, prefixes, others)
    return Authentication("Authorization", scheme["scheme"].capitalize(), prefixes, others)


# --- codes in the schemas of errors ---------------------------------------------------------------


def with_codes(
    document: Mapping[str, Any], registry: Collection[ErrorCode], pointer: tuple[str, ...]
) -> dict[str, Any]:
    """A copy of the document in which the schema of each error response lists its codes.

    Those are the codes registered for its status; ``pointer`` is the path to the code in a body.
    """
    copied = copy.deepcopy(dict(document))
    # by identity, because several responses and statuses may share one description
    described: dict[int, dict[str, Any]] = {}
    statuses: dict[int, set[int]] = {}
    for status, content in _error_contents(copied):
        described[id(content)] = content
        statuses.setdefault(id(content), set()).add(status)
    for key, content in described.items():
        codes = [row.code for row in registry if row.status in statuses[key]]
        if codes:
            codes_alone = _schema_of_codes(pointer, codes)
            content["schema"] = {"allOf": [content["schema"], codes_alone]}
    return copied


def _error_contents(document: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The status and the description of the JSON content of each error response."""
    for _, _, definition in definitions(document):
        for status, response in definition["responses"].items():
            if not status.isdigit():
                continue
            if int(status) < 400:
                continue
            content = _json_of(document, response)
            if content is not None:
                yield int(status), content


def _json_of(document: Mapping[str, Any], response: Any) -> dict[str, Any] | None:
    """The description of the JSON content of a response; None without a schema."""
    while isinstance(response, dict) and isinstance(response.get("$ref"), str):
        response = _pointed(document, response["$ref"])
    try:
        content = response["content"]["application/json"]
    except (KeyError, TypeError):
        return None
    if isinstance(content, dict) and "schema" in content:
        return content
    return None


def _schema_of_codes(pointer: tuple[str, ...], codes: list[str]) -> dict[str, Any]:
    """A schema that allows only these codes in the member at ``pointer``."""
    schema: dict[str, Any] = {"enum": codes}
    for name in reversed(pointer):
        schema = {"properties": {name: schema}}
    return schema
