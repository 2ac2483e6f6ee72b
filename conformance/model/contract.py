"""The contract side of the model: what an API promises, as the files of ``spec/`` say it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from conformance.base.values import cut
from conformance.model.operation import Json, Operation, Parameter

WHOLE_API = "*"
"""In place of the operation, in a cell that belongs to no single operation."""


class Level(StrEnum):
    """What breaking a clause means: failed, warned, or a note that is never graded."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    NOTE = "NOTE"


class CodeRole(StrEnum):
    """How the engine knows an error code; the code itself is a word of the contract."""

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
        """Whether a word stands for this row.

        The word is a code, or the digits of a status. A row about a status has its codes, too.
        """
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
        if self.about is None or about is None:
            return True
        return self.about.names(about)


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

    @property
    def beginnings(self) -> tuple[str, ...]:
        """How keys begin; where no prefix is stated, with nothing."""
        return self.prefixes or ("",)


DIGITS = 12
"""Digits of a digest where there is no room for all."""


@dataclass(frozen=True)
class Contract:
    """The whole of a contract directory, read-only."""

    title: str
    version: str
    digest: str  # sha256 over the files, hex
    packaged: bool  # whether it is the contract that comes with the suite
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

    @property
    def name(self) -> str:
        """Title and version, and what it is if it is not the contract that people expect."""
        name = f"{self.title} {self.version}"
        if self.packaged:
            return name
        return f"{name} (not the packaged contract; SHA-256 {self.digest})"

    @property
    def caveat(self) -> str:
        """What follows each verdict by another contract than the packaged one, else nothing.

        It begins with a space.
        """
        return "" if self.packaged else f" (custom contract {self.digest[:DIGITS]})"

    def identifier_of(self, kind: str) -> str:
        """The name of the member that tells objects of a kind apart."""
        return self.identifiers.get(kind, self.identifier)

    @cached_property
    def position(self) -> str:
        """The member of an item that is the cursor of its list; empty without a list."""
        for operation in self.operations.values():
            if operation.paging is not None:
                return operation.paging.position
        return ""

    def refers(self, parameter: Parameter) -> bool:
        """Whether a parameter holds the id of an object or of a business."""
        return bool(parameter.references) or parameter.name == self.tenant

    @cached_property
    def secret_members(self) -> frozenset[str]:
        """The names of the members that hand out secrets, of all operations."""
        operations = self.operations.values()
        return frozenset(name for operation in operations for name in operation.secrets)

    def codes_of(self, role: str) -> tuple[str, ...]:
        """The codes that have a role, in the order of the registry.

        ``role`` is a word of CodeRole; any other word has no codes.
        """
        return tuple(row.code for row in self.errors.values() if row.role == role)

    @property
    def routes(self) -> tuple[str, ...]:
        """Each method with its path, once, as ``GET /calls``."""
        return tuple(dict.fromkeys(operation.route for operation in self.operations.values()))

    def operations_by(self, action: str, kind: str | None = None) -> tuple[Operation, ...]:
        """The operations of one action, in the order of the document.

        With a kind they are those that work on objects of that kind.
        """
        return tuple(
            operation
            for operation in self.operations.values()
            if operation.action == action and kind in (None, "", operation.kind)
        )

    def list_of(self, kind: str | None) -> Operation | None:
        """The first list of a kind in the document; None for a kind without a list."""
        for operation in self.operations_by("list"):
            if operation.kind == kind:
                return operation
        return None

    def takes_from_pool(self, operation: Operation) -> bool:
        """Whether what a creation makes was there before, and may keep its time."""
        kinds = [each.references for each in operation.parameters if each.references]
        lists = [self.list_of(kind) for kind in kinds]
        return any(listing is not None and listing.pool for listing in lists)


def compact(value: Json, width: int = 200) -> str:
    """JSON text of a value on one line, cut to a width in characters.

    The members of objects are sorted. A value that JSON cannot hold is written as its ``str``.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return cut(text, width)
