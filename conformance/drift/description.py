"""The operations that an OpenAPI document describes, by method and path.

The document may come from a hostile target. A member of a wrong type is treated as missing. A part
that many operations refer to is read for each of them, and each reading counts as work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conformance.base.values import as_text, texts_in
from conformance.drift.change import named
from conformance.drift.view import Views, listed
from conformance.reading import members_of

METHODS = ("get", "put", "post", "delete", "patch")
JSON = "application/json"
OF_HTTP = frozenset(("header", name) for name in ("accept", "content-type", "authorization"))
"""Headers that OpenAPI describes elsewhere and ignores as parameters."""
ANY_VALUE = True
"""The schema that every value matches."""
_PARAMETER = re.compile(r"\{([^{}/]*)\}")


@dataclass(frozen=True)
class Parameter:
    """A parameter: its place, its name, whether it is required, and its schema."""

    place: str
    name: str
    required: bool
    schema: Any


@dataclass(frozen=True)
class Body:
    """The body of a request: whether it is required, and a schema by media type."""

    required: bool
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Way:
    """One way to authenticate: the schemes that are needed together, and their scopes.

    Each scheme is in words, such as ``http bearer``. Without schemes, no key is needed.
    """

    schemes: frozenset[str]
    scopes: frozenset[str]


@dataclass(frozen=True)
class Operation:
    """What a document says about a method and a path.

    ``responses`` has the schemas by media type for each status, which may be ``4XX`` or
    ``default``. A parameter is found by its place and its name, in lower case for a header, and in
    a path by its position.
    """

    parameters: Mapping[tuple[str, str], Parameter]
    body: Body | None
    responses: Mapping[str, Mapping[str, Any]]
    ways: frozenset[Way]


class Description:
    """The operations of a document by route, such as ``GET /agents/{}``.

    If a path begins with one of the ``bases``, or with the path of a server in the document, its
    route omits that beginning. Raises TooMuchError.
    """

    def __init__(self, document: Any, *bases: str) -> None:
        self.views = Views(document)
        self._document = members_of(document)
        self._bases = [*(base.rstrip("/") for base in bases), *self._server_paths()]
        self.operations: dict[str, Operation] = {}
        self.shown: dict[str, str] = {}  # the routes as the document writes them
        for path, item in members_of(self._document.get("paths")).items():
            self._add(path, self.views.resolved(item) or {})

    def _server_paths(self) -> Iterator[str]:
        """The path in the URL of each server that the document lists."""
        for server in listed(self._document.get("servers")):
            url = members_of(server).get("url")
            if isinstance(url, str):
                yield _path_in(url)

    def _add(self, path: str, item: Mapping[str, Any]) -> None:
        """Add the operations of a path."""
        relative = self._relative(path)
        for method in METHODS:
            operation = item.get(method)
            if isinstance(operation, dict):
                route = f"{method.upper()} {_PARAMETER.sub('{}', relative)}"
                self.shown[route] = f"{method.upper()} {relative}"
                self.operations[route] = self._operation(relative, item, operation)

    def _relative(self, path: str) -> str:
        """A path without the base path that it begins with, if it begins with one."""
        for base in self._bases:
            if base and path.startswith(f"{base}/"):
                return path.removeprefix(base)
        return path

    def _operation(
        self, path: str, item: Mapping[str, Any], operation: Mapping[str, Any]
    ) -> Operation:
        """An operation of a path, whose ``item`` may have parameters for all its operations.

        A parameter of the operation itself takes precedence over one of these.
        """
        names = _PARAMETER.findall(path)
        described = self.views.resolved(operation.get("requestBody"))
        body = None
        if described is not None:
            body = Body(described.get("required") is True, self._content(described))
        found = [*listed(item.get("parameters")), *listed(operation.get("parameters"))]
        responses = members_of(operation.get("responses"))
        self.views.spend(len(found) + len(responses))
        return Operation(
            parameters=dict(self._parameters(found, names)),
            body=body,
            responses={
                str(status): self._content(response) for status, response in responses.items()
            },
            ways=self._ways(operation.get("security", self._document.get("security"))),
        )

    def _parameters(
        self, found: Iterable[Any], names: list[str]
    ) -> Iterator[tuple[tuple[str, str], Parameter]]:
        """The parameters with their keys; ``names`` are those in the path, in order."""
        for each in found:
            parameter = self.views.resolved(each) or {}
            name, place = parameter.get("name"), parameter.get("in")
            if not isinstance(name, str) or not isinstance(place, str):
                continue
            key = _key(place, name, names)
            if key not in OF_HTTP:
                yield key, self._parameter(place, name, parameter)

    def _parameter(self, place: str, name: str, parameter: Mapping[str, Any]) -> Parameter:
        """A parameter, with its own schema, or else that of its content.

        If it has neither, every value is valid.
        """
        schema = parameter.get("schema")
        if schema is None:
            schemas = self._content(parameter).values()  # at most one in a valid document
            schema = next(iter(schemas), ANY_VALUE)
        required = parameter.get("required") is True or place == "path"
        return Parameter(place, name, required, schema)

    def _content(self, owner: Any) -> dict[str, Any]:
        """The schema of each media type; None for a media type without one."""
        content = members_of((self.views.resolved(owner) or {}).get("content"))
        self.views.spend(len(content))
        return {
            media.partition(";")[0].strip().lower(): members_of(described).get("schema")
            for media, described in content.items()
        }

    def _ways(self, value: Any) -> frozenset[Way]:
        """The ways to authenticate; a single way without schemes if nothing is needed."""
        schemes = members_of(members_of(self._document.get("components")).get("securitySchemes"))
        ways = set()
        for requirement in listed(value):
            needed = members_of(requirement)
            scopes = [scope for listing in needed.values() for scope in listed(listing)]
            self.views.spend(len(needed) + len(scopes))
            described = [self.views.resolved(schemes.get(name)) for name in needed]
            names = frozenset(_scheme(scheme) for scheme in described)
            ways.add(Way(names, frozenset(texts_in(scopes))))
        return frozenset(ways or {Way(frozenset(), frozenset())})


def _key(place: str, name: str, names: list[str]) -> tuple[str, str]:
    """What identifies a parameter: in a path its position among ``names``, else its name."""
    if place == "header":
        return place, name.lower()
    if place == "path" and name in names:
        return place, str(names.index(name))
    return place, name


def _scheme(described: Any) -> str:
    """A security scheme in words."""
    scheme = members_of(described)
    texts = {name: named(as_text(scheme.get(name))) for name in ("type", "scheme", "in", "name")}
    if texts["type"] == "http":
        return f"http {texts['scheme'].lower()}"
    if texts["type"] == "apiKey":
        return f"a key in the {texts['in']} {texts['name']}"
    return texts["type"]


def _path_in(url: str) -> str:
    """The path of an address, which may be relative."""
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""
