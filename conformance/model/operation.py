"""The operations of a contract: what each takes, and what a success looks like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

Json = Any
"""A value as returned by ``json.loads``."""


WHOLE_API = "*"
"""Stands for the operation in a cell that does not belong to a single operation."""


class Effect(StrEnum):
    """The worst thing that a request does if the server wrongly accepts it, mildest first."""

    READ = "read"
    WRITE = "write"
    SPEND = "spend"
    FLOOD = "flood"


HARMLESS = (Effect.READ, Effect.FLOOD)
"""Effects that change nothing if the operation only reads."""


def mildest_first(effects: Iterable[Effect]) -> list[Effect]:
    """The effects in order of severity, mildest first."""
    return sorted(effects, key=list(Effect).index)


class Open(StrEnum):
    """What the sources leave open about an operation or parameter. Either behaviour is correct."""

    ABSENT_OBJECT = "absent-object"  # an unknown id may return a success without the object
    EMPTY_TENANT = "empty-tenant"  # a tenant without data may still have items in this list
    INPUT = "input"  # no source shows what a valid request contains
    POLLING = "polling"  # the cursor may be a lower bound for new items
    OMISSION = "omission"  # a request without this required parameter may succeed
    FILTER_IGNORED = "filter-ignored"  # no strong source names this filter
    EFFECT = "effect"  # no source says that this member can be written
    SERVICE = "service"  # its figures may be those of the whole service
    TIME_BOUND = "time-bound"  # no source says which timestamp of an item this filter applies to


@dataclass(frozen=True)
class Parameter:
    """One input of an operation: in its query, path or headers, or a member of its JSON body.

    Scenarios fill it, and the server validates it, according to these members.
    """

    name: str
    place: str  # "query", "path", "header" or "body"
    required: bool
    schema: Mapping[str, Json]
    references: str = ""  # the kind of object whose id it contains; empty if none
    by: str | None = None  # the member of that object that it contains, if not the identifier
    filters: str = ""  # the item member by which it filters a list; empty if none
    compare: str | None = None  # "at-least" or "at-most" if the filter is a bound
    picks: bool = False  # it names a single thing to show, which no list contains
    joined: bool = False  # a filter that takes several comma-separated values
    advised: bool = False  # sent in every valid request, because some servers may require it
    shows_as: str | None = None  # the member of the object that shows what was sent
    phone: bool = False  # it contains a phone number
    fresh: str | None = None  # template of a value that must be new each time
    also: tuple[Json, ...] = ()  # other templates or examples, of which a run uses one
    refuse: tuple[Json, ...] = ()  # values that are invalid under every reading
    example: Json = None
    open: frozenset[Open] = frozenset()

    @property
    def plain(self) -> bool:
        """Whether it is optional and not a bound."""
        return not self.required and not self.compare

    @property
    def usual(self) -> bool:
        """Whether every valid request contains it."""
        return self.required or self.advised

    @property
    def has_value(self) -> bool:
        """Whether the contract provides a value: an example, or a template of fresh values."""
        return bool(self.fresh) or self.example is not None

    @property
    def formatted(self) -> bool:
        """Whether its schema has a format, such as an email address."""
        return "format" in self.schema

    @property
    def is_switch(self) -> bool:
        """Whether it is a boolean."""
        return self.schema.get("type") == "boolean"

    @property
    def is_written(self) -> bool:
        """Whether it is a text, a list or an object that the contract has a value for."""
        return self.has_value and self.schema.get("type") in ("string", "array", "object")

    @property
    def shown_as(self) -> str:
        """The member of the object that shows it."""
        return self.shows_as or self.name

    def values(self, text: str) -> list[str]:
        """The values in a query text: several if the parameter takes several."""
        return text.split(",") if self.joined else [text]


@dataclass(frozen=True)
class Paging:
    """The names used for paging a list: two query parameters, and members of the page."""

    after: str
    limit: str
    more: str
    position: str
    collection: str | None
    usual: str | None = None  # a likely name of the collection, if no source states one


@dataclass(frozen=True)
class Rate:
    """A limit of ``requests`` per ``seconds`` from one address."""

    requests: int
    seconds: int


@dataclass(frozen=True)
class Payment:
    """Where the terms of an x402 payment appear: in a header, or in members of the body."""

    terms_header: str  # of a response
    version: str  # a member of the body
    terms: str  # a member of the body: a list
    proof_headers: tuple[str, ...]  # of a request; the sources do not say which one is read


@dataclass(frozen=True)
class Operation:
    """One mode of a method and path."""

    id: str
    method: str
    path: str
    action: str  # list, read, create, update, delete, fetch or perform
    effect: Effect
    parameters: tuple[Parameter, ...]
    schema: Mapping[str, Json]  # of a success body, self-contained
    successes: tuple[int, ...]  # success statuses; several if the sources leave it open
    only: bool  # no other mode accepts a request without ``when``
    scopes: tuple[str, ...]  # any of them is enough; empty if no source states one
    beside: str | None  # a scope that may be required in addition
    keyed: bool  # a key is required; False if not, or if that is open
    takes_key: bool  # a key may be sent
    secrets: Mapping[str, Json]  # members of a success that are secrets: "key" is one of this API
    kind: str = ""  # the kind of object that it works on; empty if none
    when: str | None = None  # the query parameter or body member that selects this mode
    paging: Paging | None = None
    provokes: tuple[str, ...] = ()  # codes that a trigger may provoke here
    rate: Rate | None = None
    payment: Payment | None = None
    wrapper: str | None = None  # the member of a success that contains the object
    pool: bool = False  # the items belong to no tenant
    open: frozenset[Open] = frozenset()

    @property
    def route(self) -> str:
        """The method and path, such as ``GET /calls``. All modes of an operation share it."""
        return f"{self.method} {self.path}"

    @property
    def exact_route(self) -> str:
        """The route, followed by the parameter that selects this mode, if there is one."""
        if self.when is None:
            return self.route
        link = "?" if self.method == "GET" else " with "
        return f"{self.route}{link}{self.when}"

    @property
    def plain_read(self) -> bool:
        """Whether it changes nothing, and needs nothing but a key."""
        return self.effect is Effect.READ and not self.required

    @property
    def key(self) -> str | None:
        """The name of the member of a success that is a key of this API; None without one."""
        for name, kind in self.secrets.items():
            if kind == "key":
                return name
        return None

    @property
    def success(self) -> int:
        """The most likely success status of this operation.

        If the sources name several, they are in ascending order, so the 201 of a creation is last.
        """
        return self.successes[-1] if self.action == "create" else self.successes[0]

    @property
    def owned(self) -> bool:
        """Whether its objects belong to the business of the key."""
        return self.keyed and not self.pool

    def parameters_in(self, place: str) -> tuple[Parameter, ...]:
        """The parameters in a place, in order: "query", "path", "header" or "body"."""
        return tuple(parameter for parameter in self.parameters if parameter.place == place)

    @cached_property
    def body(self) -> tuple[Parameter, ...]:
        """The members of the JSON body, in order."""
        return self.parameters_in("body")

    def in_body(self, values: Mapping[str, Json]) -> dict[str, Json]:
        """The given values that are members of the JSON body, in member order."""
        return {each.name: values[each.name] for each in self.body if each.name in values}

    @cached_property
    def fresh_members(self) -> tuple[Parameter, ...]:
        """The body members whose value must not occur in any other request."""
        return tuple(member for member in self.body if member.fresh)

    @cached_property
    def naming_header(self) -> str | None:
        """The header whose value names a request; None if the operation has none."""
        for parameter in self.parameters_in("header"):
            if parameter.fresh:
                return parameter.name
        return None

    @cached_property
    def required(self) -> tuple[Parameter, ...]:
        """The required parameters, in order."""
        return tuple(parameter for parameter in self.parameters if parameter.required)

    def parameter(self, name: str) -> Parameter | None:
        """The parameter with a name; None if the operation does not have it."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Parameter]:
        """The parameters by name; the first one if several share a name."""
        return {parameter.name: parameter for parameter in reversed(self.parameters)}

    @cached_property
    def selector(self) -> Parameter | None:
        """The required parameter that identifies the object that the operation works on.

        It refers to an object of the operation's own kind. A read without such a parameter is
        selected by an object of another kind, namely by its first required reference. None if the
        operation does not work on a single object.
        """
        if self.action not in ("read", "update", "delete", "perform"):
            return None
        naming = [parameter for parameter in self.required if parameter.references]
        for parameter in naming:
            if parameter.references == self.kind:
                return parameter
        return naming[0] if naming and self.action == "read" else None

    def works_on(self, parameter: Parameter) -> bool:
        """Whether the operation does more than read the object that a parameter identifies."""
        if self.effect is Effect.READ:
            return False
        return parameter == self.selector and parameter.references == self.kind

    @property
    def pick(self) -> Parameter | None:
        """The parameter that names the single thing to show; None if there is none."""
        for parameter in self.parameters_in("query"):
            if parameter.picks:
                return parameter
        return None

    @property
    def filters(self) -> tuple[Parameter, ...]:
        """The parameters that filter a list, in order."""
        return tuple(parameter for parameter in self.parameters if parameter.filters)

    @property
    def plain_filters(self) -> tuple[Parameter, ...]:
        """The optional filters, except bounds and references. They take values of items."""
        return tuple(each for each in self.filters if each.plain and not each.references)
