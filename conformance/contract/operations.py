"""Builds Operations from the OpenAPI document, one for each mode of a method and path.

A word of the extension that matches the name of a field of Operation or Parameter becomes that
field, so a new word needs only a row in the meta schema and a field in the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from conformance.base.yaml_file import Place
from conformance.contract.openapi import X, definitions, resolve
from conformance.model import Effect, Open, Operation, Paging, Parameter, Payment, Rate


@dataclass(frozen=True)
class Mode:
    """One mode of a method and path, as in the document."""

    place: Place
    method: str
    path: str
    words: Mapping[str, Any]  # of the extension
    definition: Mapping[str, Any]  # of the method, resolved, with the parameters of its path

    @property
    def selectors(self) -> tuple[str | None, ...]:
        """The selector of each mode of the method and path; None for the default mode."""
        return tuple(words.get("when") for words in self.definition[X]["modes"])


def modes(document: Mapping[str, Any]) -> Iterator[Mode]:
    """The modes of all paths in the order of the document, and of a path in that of METHODS."""
    for path, method, unresolved in definitions(document):
        of_path = resolve(document, document["paths"][path].get("parameters", []))
        definition = resolve(document, unresolved)
        definition["parameters"] = [*of_path, *definition.get("parameters", [])]
        for index, words in enumerate(definition[X]["modes"]):
            place = ("paths", path, method, X, "modes", index)
            yield Mode(place, method, path, words, definition)


def operation(document: Mapping[str, Any], mode: Mode) -> Operation:
    """The operation of a mode. Raises KeyError, TypeError or ValueError if it cannot be read."""
    words = mode.words
    schema = resolve(document, {"$ref": words["schema"]})
    usual_effect = Effect.READ if mode.method == "get" else Effect.WRITE
    # alternatives, of which an empty one stands for a request without a key
    security = mode.definition.get("security", document.get("security", []))
    scopes, beside = _scopes(security, words.get("scope"))
    return Operation(
        **_fields(Operation, {"effect": usual_effect, **words, "schema": schema}),
        method=mode.method.upper(),
        path=mode.path,
        only=None not in mode.selectors,
        parameters=tuple(_parameters(mode)),
        scopes=scopes,
        beside=beside,
        keyed=bool(security) and all(security),
        takes_key=bool(security),
        successes=_successes(mode),
        paging=_paging(document, words, schema),
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
"""Converts words of the extension to fields of another type."""


def _fields(noun: type[Operation | Parameter], words: Mapping[str, Any]) -> dict[str, Any]:
    """The words that are fields of a model class, converted to their types."""
    values = {}
    for field in fields(noun):
        if field.name not in words:
            continue
        word = words[field.name]
        convert = _CONVERTED.get(field.name)
        values[field.name] = convert(word) if convert else word
    return values


def _scopes(
    security: Iterable[Mapping[str, list[str]]], scope: str | None
) -> tuple[tuple[str, ...], str | None]:
    """The scopes that a mode accepts, and one that may be required in addition.

    A mode accepts the scopes in the ``security`` of its method. But if it has a ``scope`` of its
    own, it accepts only this one, and the first scope of the method may be required in addition.
    """
    of_method: list[str] = []
    for alternative in security:
        for names in alternative.values():
            of_method += names
    scopes = tuple(dict.fromkeys(of_method))  # each once, in order
    if scope is None:
        return scopes, None
    return (scope,), scopes[0] if scopes else None


def _successes(mode: Mode) -> tuple[int, ...]:
    """The documented success statuses, sorted; the usual one if none is documented."""
    documented = [int(text) for text in mode.definition["responses"] if text.startswith("2")]
    if documented:
        return tuple(sorted(documented))
    return (201,) if mode.words["action"] == "create" else (200,)


def _paging(
    document: Mapping[str, Any], words: Mapping[str, Any], schema: Mapping[str, Any]
) -> Paging | None:
    """How a list is paged; None for other operations."""
    if words["action"] != "list":
        return None
    members = _properties(schema).items()
    arrays = [name for name, member in members if member.get("type") == "array"]
    usual = arrays[0] if arrays else None  # the likely member with the items, if none is declared
    return Paging(**document[X]["paging"], collection=words.get("collection"), usual=usual)


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    members: Mapping[str, Any] = schema.get("properties", {})
    return members


def _secrets(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a schema that are secrets: by name, the kind of secret."""
    kinds = {}
    for name, member in _properties(schema).items():
        kind = member.get(X, {}).get("secret")
        if kind:
            kinds[name] = kind
    return kinds


# --- parameters -----------------------------------------------------------------------------------


def _parameters(mode: Mode) -> Iterator[Parameter]:
    """The parameters of one mode; its own selector is a required one.

    Parameters that select other modes are excluded. A read or fetch with a selector keeps only the
    selector, required parameters and those of the path.
    """
    own_selector = mode.words.get("when")
    drops_optional = own_selector and mode.words["action"] in ("read", "fetch")
    for parameter in _inputs(mode.definition):
        is_dropped = drops_optional and not parameter.required
        selects_other_mode = parameter.name in mode.selectors
        if parameter.name == own_selector:
            yield replace(parameter, required=True)
        elif parameter.place == "path" or not (is_dropped or selects_other_mode):
            yield parameter


def _inputs(definition: Mapping[str, Any]) -> Iterator[Parameter]:
    """The parameters of a method in path, query, headers and JSON body, for all modes."""
    for entry in definition["parameters"]:
        if entry["in"] in ("path", "query", "header"):
            required = entry.get("required", False)
            yield _parameter(entry["name"], entry["in"], required, entry["schema"], entry)
    body = definition.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = body.get("schema", {})
    for name, member in _properties(schema).items():
        required = name in schema.get("required", ())
        yield _parameter(name, "body", required, member, member)


def _parameter(
    name: str, place: str, required: bool, schema: Mapping[str, Any], entry: Mapping[str, Any]
) -> Parameter:
    """A parameter; ``entry`` has its example and its words of the extension."""
    return Parameter(
        name=name,
        place=place,
        required=required,
        schema=schema,
        example=entry.get("example"),
        **_fields(Parameter, entry.get(X, {})),
    )
