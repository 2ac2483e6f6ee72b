"""The operations of a contract: what each takes, and what a success of it looks like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = Any
"""A value as ``json.loads`` gives it."""


class Effect(StrEnum):
    """The worst that a request does if the server wrongly accepts it, mildest first."""

    READ = "read"
    WRITE = "write"
    SPEND = "spend"
    FLOOD = "flood"


HARMLESS = (Effect.READ, Effect.FLOOD)
"""Effects that change nothing, if the operation only reads."""


def mildest_first(effects: Iterable[Effect]) -> list[Effect]:
    """Some effects in their order."""
    return sorted(effects, key=list(Effect).index)


class Open(StrEnum):
    """What the sources leave open about an operation or a parameter: either response is right."""

    ABSENT_OBJECT = "absent-object"  # an unknown id may be answered as a success without the object
    EMPTY_TENANT = "empty-tenant"  # a tenant without data may still have items in this list
    INPUT = "input"  # no source shows what a valid request holds
    POLLING = "polling"  # the cursor may be a lower bound of what is new
    OMISSION = "omission"  # a request without this required parameter may succeed
    FILTER_IGNORED = "filter-ignored"  # no strong source names this filter
    EFFECT = "effect"  # no source says that this member can be written
    TIME_BOUND = "time-bound"  # no source says which time of an item this filter bounds


@dataclass(frozen=True)
class Parameter:
    """One input of an operation: in its query, path or headers, or a member of its JSON body.

    Scenarios fill it, and the server checks it, by what stands here.
    """

    name: str
    place: str  # "query", "path", "header" or "body"
    required: bool
    schema: Mapping[str, Json]
    references: str = ""  # the kind of object whose id it holds; empty where it holds none
    by: str | None = None  # the member of that object that it holds, if not the identifier
    filters: str = ""  # the member of an item by which it narrows a list; empty where it does not
    compare: str | None = None  # "at-least" or "at-most" where the filter is a bound
    picks: bool = False  # it names the one thing to show, which no list shows
    joined: bool = False  # a filter that takes several values, joined by commas
    advised: bool = False  # sent in every valid request, because some servers may require it
    shows_as: str | None = None  # the member of the object that shows what was sent
    phone: bool = False  # it holds a phone number
    fresh: str | None = None  # template of a value that must be new each time
    refuse: tuple[Json, ...] = ()  # values that no reading can accept
    example: Json = None
    open: frozenset[Open] = frozenset()

    @property
    def plain(self) -> bool:
        """Whether it may be left out, and takes a value that is no bound."""
        return not self.required and not self.compare

    @property
    def usual(self) -> bool:
        """Whether every valid request holds it."""
        return self.required or self.advised

    @property
    def has_value(self) -> bool:
        """Whether the contract gives a value for it: an example, or a fresh one."""
        return bool(self.fresh) or self.example is not None

    @property
    def formatted(self) -> bool:
        """Whether its text has a format, such as that of an address."""
        return "format" in self.schema

    @property
    def is_switch(self) -> bool:
        """Whether it is true or false."""
        return self.schema.get("type") == "boolean"

    @property
    def shown_as(self) -> str:
        """The member of the object that shows it."""
        return self.shows_as or self.name

    def values(self, text: str) -> list[str]:
        """What a text in the query asks for: several values where the parameter takes them."""
        return text.split(",") if self.joined else [text]


@dataclass(frozen=True)
class Paging:
    """Names that a list pages by: two query parameters and two members."""

    after: str
    limit: str
    more: str
    position: str
    collection: str | None
    usual: str | None = None  # a name that the collection may have, where no source says it


@dataclass(frozen=True)
class Rate:
    """At most ``requests`` within ``seconds`` from one address."""

    requests: int
    seconds: int


@dataclass(frozen=True)
class Payment:
    """Where the terms of an x402 payment stand: a header, or members of the body."""

    terms_header: str  # of a response
    version: str  # a member of the body
    terms: str  # a member of the body: a list
    proof_headers: tuple[str, ...]  # of a request; the sources leave open which one is read


@dataclass(frozen=True)
class Operation:
    """One mode of one method and path."""

    id: str
    method: str
    path: str
    action: str  # list, read, create, update, delete, fetch or perform
    effect: Effect
    parameters: tuple[Parameter, ...]
    schema: Mapping[str, Json]  # of the body of a success, self-contained
    successes: tuple[int, ...]  # the statuses of a success; several where the sources leave it open
    only: bool  # no other mode takes a request without ``when``
    scopes: tuple[str, ...]  # any of them opens it; empty where no source states one
    beside: str | None  # a scope that may be required as well
    keyed: bool  # a key is required; False where it is not, or where that is open
    takes_key: bool  # a key may be sent
    secrets: Mapping[str, Json]  # members of a success that are secrets: "key" is one of this API
    kind: str = ""  # the kind of object that it works on; empty where it works on none
    when: str | None = None  # the query parameter or body member that selects this mode
    paging: Paging | None = None
    provokes: tuple[str, ...] = ()  # codes that a trigger may provoke here
    rate: Rate | None = None
    payment: Payment | None = None
    wrapper: str | None = None  # the member of a success that holds the object
    pool: bool = False  # the items belong to no tenant
    open: frozenset[Open] = frozenset()

    @property
    def route(self) -> str:
        """Method and path, as ``GET /calls``. All modes of an operation share it."""
        return f"{self.method} {self.path}"

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
        """The status of a success that this operation is likeliest to have.

        Where the sources name several, they stand in rising order: 201 is the last.
        """
        return self.successes[-1] if self.action == "create" else self.successes[0]

    @property
    def owned(self) -> bool:
        """Whether its objects belong to the business of the key."""
        return self.keyed and not self.pool

    def parameters_in(self, place: str) -> tuple[Parameter, ...]:
        """The parameters of one place, in their order: "query", "path", "header" or "body"."""
        return tuple(parameter for parameter in self.parameters if parameter.place == place)

    @property
    def body(self) -> tuple[Parameter, ...]:
        """The members of the JSON body, in their order."""
        return self.parameters_in("body")

    def in_body(self, values: Mapping[str, Json]) -> dict[str, Json]:
        """Those of some values that are members of the JSON body, in the order of the members."""
        return {each.name: values[each.name] for each in self.body if each.name in values}

    @property
    def fresh_members(self) -> tuple[Parameter, ...]:
        """The members of the body that take a text which no other request holds."""
        return tuple(member for member in self.body if member.fresh)

    @property
    def required(self) -> tuple[Parameter, ...]:
        """The required parameters, in their order."""
        return tuple(parameter for parameter in self.parameters if parameter.required)

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name; None if the operation does not have it."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        return None

    @property
    def selector(self) -> Parameter | None:
        """The required parameter that names the one object that the operation works on.

        It refers to an object of the operation's own kind. A read may instead go by an object of
        another kind, which is the first that it must name. None for an operation on no one object.
        """
        if self.action not in ("read", "update", "delete", "perform"):
            return None
        naming = [parameter for parameter in self.required if parameter.references]
        for parameter in naming:
            if parameter.references == self.kind:
                return parameter
        return naming[0] if naming and self.action == "read" else None

    def works_on(self, parameter: Parameter) -> bool:
        """Whether the operation does more than read to the object that a parameter names."""
        if self.effect is Effect.READ:
            return False
        return parameter == self.selector and parameter.references == self.kind

    @property
    def pick(self) -> Parameter | None:
        """The parameter that names the one thing to show; None without one."""
        for parameter in self.parameters_in("query"):
            if parameter.picks:
                return parameter
        return None

    @property
    def filters(self) -> tuple[Parameter, ...]:
        """The parameters that narrow a list, in their order."""
        return tuple(parameter for parameter in self.parameters if parameter.filters)

    @property
    def plain_filters(self) -> tuple[Parameter, ...]:
        """The optional filters that take a value as an item shows it, and refer to no object."""
        return tuple(each for each in self.filters if each.plain and not each.references)
