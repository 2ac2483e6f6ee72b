"""The contract side of the model: what an API promises, as the files of ``spec/`` say it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

Json = Any
"""A value as ``json.loads`` gives it."""

WHOLE_API = "*"
"""Stands for the operation in a cell that belongs to no single operation."""


class Effect(StrEnum):
    """The worst that a request does if the server wrongly accepts it, mildest first."""

    READ = "read"
    WRITE = "write"
    SPEND = "spend"
    FLOOD = "flood"


class Level(StrEnum):
    """What breaking a clause means: failed, warned, or a note that is never graded."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    NOTE = "NOTE"


class CodeRole(StrEnum):
    """What the engine knows an error code by; the code itself is a word of the contract."""

    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    MISSING_PARAMETER = "missing_parameter"
    INVALID_PARAMETER = "invalid_parameter"
    PAYMENT_REQUIRED = "payment_required"
    RATE_LIMITED = "rate_limited"
    REFUSAL = "refusal"  # valid, but not allowed: several codes share this role
    UPSTREAM = "upstream"  # a provider of the server failed: several codes share this role
    INTERNAL = "internal"


class Open(StrEnum):
    """What the sources leave open about an operation or a parameter: either answer is right."""

    ABSENT_OBJECT = "absent-object"  # an unknown id may be answered as a success without the object
    EMPTY_TENANT = "empty-tenant"  # a tenant without data may still have items in this list
    INPUT = "input"  # no source shows what a valid request holds
    POLLING = "polling"  # the cursor may be a lower bound of what is new
    OMISSION = "omission"  # a request without this required parameter may succeed
    FILTER_IGNORED = "filter-ignored"  # no strong source names this filter
    TIME_BOUND = "time-bound"  # no source says which time of an item this filter bounds


@dataclass(frozen=True)
class Parameter:
    """One input of an operation: in its query, path or headers, or a member of its JSON body."""

    name: str
    place: str  # "query", "path", "header" or "body"
    required: bool
    schema: Mapping[str, Json]
    references: str | None = None  # the kind of object whose id it holds
    by: str | None = None  # the member of that object that it holds, if not the identifier
    filters: str | None = None  # the member of an item by which it narrows a list
    compare: str | None = None  # "at-least" or "at-most" where the filter is a bound
    joined: bool = False  # a filter that takes several values, joined by commas
    advised: bool = False  # sent in every valid request, because some servers may require it
    shows_as: str | None = None  # the member of the object that shows what was sent
    phone: bool = False  # it holds a phone number
    fresh: str | None = None  # template of a value that must be new each time
    refuse: tuple[Json, ...] = ()  # values that no reading can accept
    example: Json = None
    open: frozenset[Open] = frozenset()


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
    proof_header: str  # of a request


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
    kind: str | None = None
    when: str | None = None  # the query parameter or body member that selects this mode
    paging: Paging | None = None
    provokes: tuple[str, ...] = ()  # codes that a trigger may provoke here
    rate: Rate | None = None
    payment: Payment | None = None
    wrapper: str | None = None  # the member of a success that holds the object
    pool: bool = False  # the items belong to no tenant
    open: frozenset[Open] = frozenset()

    @property
    def key(self) -> str | None:
        """The member of a success that is a key of this API, if there is one."""
        for name, kind in self.secrets.items():
            if kind == "key":
                return name
        return None

    @property
    def success(self) -> int:
        """The status of a success that this operation is likeliest to have."""
        return self.successes[-1] if self.action == "create" else self.successes[0]

    @property
    def body(self) -> tuple[Parameter, ...]:
        """The members of the JSON body."""
        return tuple(p for p in self.parameters if p.place == "body")

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, if the operation has it."""
        return next((p for p in self.parameters if p.name == name), None)

    @property
    def selector(self) -> Parameter | None:
        """The required parameter that names the one object that the operation works on."""
        if self.action not in ("read", "update", "delete", "perform"):
            return None
        first = None
        for parameter in self.parameters:
            if not parameter.references or not parameter.required:
                continue
            if parameter.references == self.kind:
                return parameter
            first = first or parameter
        return first if self.action == "read" else None

    @property
    def filters(self) -> tuple[Parameter, ...]:
        """The parameters that narrow a list."""
        return tuple(p for p in self.parameters if p.filters)

    @property
    def plain_filters(self) -> tuple[Parameter, ...]:
        """The optional filters that take a value as an item shows it, and refer to no object."""
        optional = [p for p in self.filters if not p.required]
        return tuple(p for p in optional if p.compare is None and p.references is None)


@dataclass(frozen=True)
class ErrorCode:
    """A row of the registry of error codes."""

    code: str
    status: int
    role: CodeRole
    meaning: str  # a sentence
    when: str  # the requests that get the code, as the subject of a sentence
    also: str = ""  # further sentences for the clause about the code


@dataclass(frozen=True)
class About:
    """The row of a table that a clause is about: a code, or a status with its codes."""

    code: str | None = None
    status: int | None = None
    codes: tuple[str, ...] = ()  # those that have this status

    def names(self, word: str) -> bool:
        """Whether a word, which is a code or the digits of a status, stands for this row."""
        if self.code is not None:
            return word == self.code
        return word == str(self.status) or word in self.codes


@dataclass(frozen=True)
class Clause:
    """One normative statement of the contract."""

    id: str
    area: str
    text: str
    level: Level
    basis: str
    sources: tuple[str, ...]
    rules: tuple[str, ...]
    because: str = ""
    about: About | None = None
    uncovered: str = ""

    def concerns(self, about: str | None) -> bool:
        """Whether the clause has to do with what a case or an outcome is about.

        ``about`` is a code, the digits of a status, or None for no row in particular. A clause that
        is not about a row concerns everything.
        """
        return self.about is None or about is None or self.about.names(about)


@dataclass(frozen=True)
class PageEntry:
    """An entry of the index of the authoritative page."""

    id: str
    section: str
    place: str
    normative: bool
    says: str
    not_testable: str = ""
    example: Json = None


@dataclass(frozen=True)
class Authentication:
    """How a key travels: a header, the scheme before the key (or none), and how keys begin."""

    header: str
    scheme: str | None
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contract:
    """The whole of a contract directory, read-only."""

    title: str
    version: str
    digest: str  # sha256 over the files, hex
    base_path: str
    document: Mapping[str, Json]  # the OpenAPI document
    operations: Mapping[str, Operation]
    errors: Mapping[str, ErrorCode]
    clauses: Mapping[str, Clause]
    areas: Mapping[str, str]  # area -> title
    page: Mapping[str, PageEntry]
    page_address: str
    statuses: frozenset[int]
    code_pointer: tuple[str, ...]
    message_pointer: tuple[str, ...]
    identifier: str
    identifiers: Mapping[str, str]  # of the kinds whose objects are told apart by another member
    tenant: str | None
    authentication: Authentication

    def identifier_of(self, kind: str | None) -> str:
        """The member that tells objects of a kind apart."""
        return self.identifiers.get(kind or "", self.identifier)

    @cached_property
    def secret_members(self) -> frozenset[str]:
        """The names of the members that hand out secrets, of all operations."""
        return frozenset(
            name for operation in self.operations.values() for name in operation.secrets
        )

    def codes_of(self, role: str) -> tuple[str, ...]:
        """The codes that have a role, a word of CodeRole; none for any other word."""
        return tuple(code.code for code in self.errors.values() if code.role == role)

    def operations_by(self, action: str, kind: str | None = None) -> tuple[Operation, ...]:
        """The operations of one action, on one kind if given."""
        found = []
        for operation in self.operations.values():
            if operation.action == action and kind in (None, operation.kind):
                found.append(operation)
        return tuple(found)

    def list_of(self, kind: str | None) -> Operation | None:
        """The first list of a kind; None for a kind without a list."""
        for operation in self.operations_by("list"):
            if operation.kind == kind:
                return operation
        return None


def compact(value: Json, width: int = 200) -> str:
    """JSON text of a value, cut to a width."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= width else text[: width - 1] + "…"
