"""The OpenAPI document -> Operations: what the suite reads of it, and where the extension stands.

A word of the extension that is a field of Operation or Parameter of the same name is read as that
field. Whether the document is good OpenAPI is checked in the tests, by openapi-spec-validator.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from conformance.model import (
    Authentication,
    Effect,
    ErrorCode,
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
DEEPEST = 40
"""References within references; more of them are a circle."""
VALUES = ("example", "examples", "default", "enum", "const")
"""Members that hold values, in which the name of the extension means nothing."""


# --- the document ---------------------------------------------------------------------------------


def resolve(document: Mapping[str, Any], value: Any, depth: int = 0) -> Any:
    """A copy of a value with each local ``$ref`` replaced by what it points to.

    Raises KeyError for a reference to nothing, RecursionError for a circle.
    """
    if depth > DEEPEST:
        raise RecursionError("a $ref leads in a circle")
    if isinstance(value, list):
        return [resolve(document, member, depth + 1) for member in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        return resolve(document, _pointed(document, value["$ref"]), depth + 1)
    return {key: resolve(document, member, depth + 1) for key, member in value.items()}


def _pointed(document: Mapping[str, Any], reference: str) -> Any:
    """What a local reference points to. Raises KeyError or TypeError where that is nothing."""
    value: Any = document
    for step in reference.removeprefix("#/").split("/"):
        value = value[step.replace("~1", "/").replace("~0", "~")]
    return value


def _objects(
    value: Any, place: Place = (), skipped: Collection[str] = ()
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Each object of a document with its place, but none below a skipped member."""
    members: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        yield place, value
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    for key, member in members:
        if key not in skipped:
            yield from _objects(member, (*place, key), skipped)


def references(document: Any) -> Iterator[tuple[Place, str]]:
    """Each ``$ref`` with the place of its owner."""
    for place, owner in _objects(document):
        if isinstance(owner.get("$ref"), str):
            yield place, owner["$ref"]


def extension_places(document: Any) -> Iterator[tuple[Place, str]]:
    """Each place of the extension with the definition in the meta schema that it obeys."""
    for place, owner in _objects(document, skipped=(X, *VALUES)):
        if X in owner:
            yield (*place, X), _definition_at(place, owner)


def _definition_at(place: Place, owner: Mapping[str, Any]) -> str:
    if not place:
        return "root"
    if place[0] == "paths" and place[-1] in METHODS:
        return "operation"
    if "securitySchemes" in place:
        return "security"
    return "parameter" if "in" in owner and "name" in owner else "property"


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


# --- codes in the schemas of errors ---------------------------------------------------------------


def with_codes(
    document: Mapping[str, Any], registry: Collection[ErrorCode], pointer: tuple[str, ...]
) -> dict[str, Any]:
    """A copy of the document in which the schema of each error response lists its codes.

    Those are the codes of its status in the registry; ``pointer`` leads to the code in a body.
    """
    copied = copy.deepcopy(dict(document))
    answers: dict[int, dict[str, Any]] = {}
    statuses: dict[int, set[int]] = {}  # several may share one description of the answer
    for status, answer in _error_answers(copied):
        answers[id(answer)] = answer
        statuses.setdefault(id(answer), set()).add(status)
    for key, answer in answers.items():
        codes = [row.code for row in registry if row.status in statuses[key]]
        if codes:
            answer["schema"] = {"allOf": [answer["schema"], _schema_of_codes(pointer, codes)]}
    return copied


def _error_answers(document: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON of each error response, as it stands in the document, with its status."""
    for item in document["paths"].values():
        for method in METHODS:
            for status, response in item.get(method, {}).get("responses", {}).items():
                answer = _json_of(document, response)
                if status.isdigit() and int(status) >= 400 and answer is not None:
                    yield int(status), answer


def _json_of(document: Mapping[str, Any], response: Any) -> dict[str, Any] | None:
    """The description of the JSON of a response: an object with a schema, if there is one."""
    while isinstance(response, dict) and isinstance(response.get("$ref"), str):
        response = _pointed(document, response["$ref"])
    try:
        answer = response["content"]["application/json"]
    except (KeyError, TypeError):
        return None
    return answer if isinstance(answer, dict) and "schema" in answer else None


def _schema_of_codes(pointer: tuple[str, ...], codes: list[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"enum": codes}
    for name in reversed(pointer):
        schema = {"properties": {name: schema}}
    return schema


# --- operations -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mode:
    """One mode of a method and path, as the document has it."""

    place: Place
    method: str
    path: str
    words: Mapping[str, Any]  # of the extension
    definition: Mapping[str, Any]  # of the method, resolved, with the parameters of its path

    @property
    def twins(self) -> tuple[Mapping[str, Any], ...]:
        """The words of all modes of the method and path, this one too."""
        return tuple(self.definition[X]["modes"])


def modes(document: Mapping[str, Any]) -> Iterator[Mode]:
    """The modes of all methods and paths, in the order of the document."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            definition = resolve(document, item[method])
            shared = resolve(document, item.get("parameters", []))
            definition["parameters"] = [*shared, *definition.get("parameters", [])]
            for index, words in enumerate(definition[X]["modes"]):
                place = ("paths", path, method, X, "modes", index)
                yield Mode(place, method, path, words, definition)


def operation(document: Mapping[str, Any], mode: Mode) -> Operation:
    """The operation of a mode. Raises KeyError, TypeError or ValueError where it cannot be read."""
    words, definition = mode.words, mode.definition
    security = definition.get("security", document.get("security", []))
    scopes = _scopes(security)
    scope = words.get("scope")
    said = {"effect": "read" if mode.method == "get" else "write", **words}
    said["schema"] = schema = resolve(document, {"$ref": words["schema"]})
    return Operation(
        **_fields(Operation, said),
        method=mode.method.upper(),
        path=mode.path,
        only=all(twin.get("when") for twin in mode.twins),
        parameters=tuple(_parameters(mode)),
        scopes=(scope,) if scope else scopes,
        beside=scopes[0] if scope and scopes else None,
        keyed=bool(security) and all(security),
        takes_key=bool(security),
        successes=_successes(definition) or (201 if words["action"] == "create" else 200,),
        paging=_paging(document, words, schema) if words["action"] == "list" else None,
        secrets=_secrets(schema),
    )


_CONVERTED: dict[str, Callable[[Any], Any]] = {
    "effect": Effect,
    "open": lambda words: frozenset(Open(word) for word in words),
    "payment": lambda members: Payment(**members),
    "provokes": tuple,
    "rate": lambda members: Rate(**members),
    "refuse": tuple,
}
"""How a field holds a word of the extension, where not as it stands."""


def _fields(noun: type[Operation | Parameter], words: Mapping[str, Any]) -> dict[str, Any]:
    """The words that are fields of a noun, as the noun holds them."""
    names = {field.name for field in fields(noun)}
    return {
        word: _CONVERTED[word](value) if word in _CONVERTED else value
        for word, value in words.items()
        if word in names
    }


def _scopes(security: Iterable[Mapping[str, list[str]]]) -> tuple[str, ...]:
    """The scopes of all alternatives, each once."""
    found: dict[str, None] = {}
    for alternative in security:
        for names in alternative.values():
            found.update(dict.fromkeys(names))
    return tuple(found)


def _successes(definition: Mapping[str, Any]) -> tuple[int, ...]:
    """The documented statuses of a success, in order."""
    return tuple(sorted(int(s) for s in definition["responses"] if s.startswith("2")))


def _paging(
    document: Mapping[str, Any], words: Mapping[str, Any], schema: Mapping[str, Any]
) -> Paging:
    arrays = [name for name, member in _properties(schema).items() if member.get("type") == "array"]
    usual = arrays[0] if arrays else None
    return Paging(**document[X]["paging"], collection=words.get("collection"), usual=usual)


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    members: Mapping[str, Any] = schema.get("properties", {})
    return members


def _secrets(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a schema that are secrets, and of what kind."""
    kinds = {name: member.get(X, {}).get("secret") for name, member in _properties(schema).items()}
    return {name: kind for name, kind in kinds.items() if kind}


# --- parameters -----------------------------------------------------------------------------------


def _parameters(mode: Mode) -> Iterator[Parameter]:
    """The parameters of one mode.

    Parameters that select another mode are excluded. A read or fetch with a selector keeps only
    that one and those that are required.
    """
    when = mode.words.get("when")
    others = {twin["when"] for twin in mode.twins if twin.get("when")} - {when}
    only_required = bool(when) and mode.words["action"] in ("read", "fetch")
    for parameter in _inputs(mode.definition):
        if parameter.name == when:
            yield replace(parameter, required=True)
        elif parameter.place == "path":
            yield parameter
        elif parameter.name not in others and (parameter.required or not only_required):
            yield parameter


def _inputs(definition: Mapping[str, Any]) -> Iterator[Parameter]:
    """What a method takes in its path, query, headers and JSON body, for all modes."""
    for said in definition["parameters"]:
        if said["in"] in ("path", "query", "header"):
            yield _parameter(said["name"], said["in"], said.get("required", False), said)
    body = definition.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = body.get("schema", {})
    for name, member in _properties(schema).items():
        yield _parameter(name, "body", name in schema.get("required", ()), member)


def _parameter(name: str, place: str, required: bool, said: Mapping[str, Any]) -> Parameter:
    """One parameter; a member of the body is its own schema."""
    return Parameter(
        name=name,
        place=place,
        required=required,
        schema=said if place == "body" else said["schema"],
        example=said.get("example"),
        **_fields(Parameter, said.get(X, {})),
    )
