"""The contract side of the model: what an API promises, as written in ``spec/``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from json.encoder import encode_basestring
from pathlib import Path

from conformance.base.values import cut
from conformance.model.challenge import Challenges
from conformance.model.operation import Json, Operation, Parameter
from conformance.model.profile import Profile


class Level(StrEnum):
    """What breaking a clause results in: failed, warned, or a note that is never graded."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    NOTE = "NOTE"


class CodeRole(StrEnum):
    """The meaning of an error code to the engine; the code itself comes from the contract."""

    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    MISSING_PARAMETER = "missing_parameter"
    INVALID_PARAMETER = "invalid_parameter"
    PAYMENT_REQUIRED = "payment_required"
    RATE_LIMITED = "rate_limited"
    REFUSAL = "refusal"  # valid, but not allowed: several codes share this role
    UPSTREAM = "upstream"  # a provider behind the server failed: several codes share this role
    INTERNAL = "internal"


@dataclass(frozen=True)
class ErrorCode:
    """A row of the error code registry."""

    code: str
    status: int
    role: CodeRole
    meaning: str  # a sentence
    when: str  # the requests that receive the code, as the subject of a sentence
    also: str = ""  # additional sentences for the clause about the code
    published_as: str = ""  # the code on the page, if an edition has another one


@dataclass(frozen=True)
class About:
    """The table row that a clause is about: a code, or a status with its codes."""

    code: str | None = None
    status: int | None = None
    codes: tuple[str, ...] = ()  # the codes that have this status

    def names(self, word: str) -> bool:
        """Whether a word refers to this row.

        The word is a code, or a status as digits. A row about a status also matches its codes.
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
        """Whether the clause applies to what a case or an outcome is about.

        ``about`` is a code, a status as digits, or None for no particular row. A clause that is not
        about a row applies to everything.
        """
        if self.about is None or about is None:
            return True
        return self.about.names(about)


@dataclass(frozen=True)
class PageEntry:
    """An entry in the index of the authoritative page."""

    id: str
    section: str
    place: str
    normative: bool
    says: str
    not_testable: str = ""
    example: Json = None


@dataclass(frozen=True)
class Authentication:
    """How a key is sent: the header, the scheme before the key (or None), and the key prefixes.

    ``other_scopes`` are those that keys may have although no operation requires them.
    """

    header: str
    scheme: str | None
    prefixes: tuple[str, ...] = ()
    other_scopes: tuple[str, ...] = ()

    @property
    def beginnings(self) -> tuple[str, ...]:
        """The key prefixes; a single empty one if none is stated."""
        return self.prefixes or ("",)


PUBLISHED = "published"
"""The name of the edition of every contract that no overlay changes."""
DIGITS = 12
"""Digits of a digest that are shown if space is limited."""


@dataclass(frozen=True)
class Contract:
    """The contents of a contract directory, read-only."""

    title: str
    version: str
    digest: str  # SHA-256 of the files, in hex
    packaged: bool  # whether it is the contract shipped with the suite
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
    identifiers: Mapping[str, str]  # by kind, for kinds identified by another member
    tenant: str | None
    authentication: Authentication
    challenges: Challenges = field(default_factory=Challenges)  # accepted, not in the digest
    profiles: Mapping[str, Profile] = field(default_factory=dict)  # by name; not in the digest
    edition: str = PUBLISHED
    directory: Path | None = field(default=None, compare=False)  # None for the packaged one

    @property
    def name(self) -> str:
        """The title, version and edition, and the digest if it is not the packaged contract."""
        about = f"{self.edition} edition"
        if not self.packaged:
            about = f"{about}; not the packaged contract; SHA-256 {self.digest}"
        return f"{self.title} {self.version} ({about})"

    @property
    def caveat(self) -> str:
        """The suffix, with a leading space, of every verdict by another contract or edition.

        Empty for the packaged contract as published.
        """
        parts = [] if self.edition == PUBLISHED else [f"{self.edition} edition"]
        if not self.packaged:
            parts.append(f"custom contract {self.digest[:DIGITS]}")
        return f" ({', '.join(parts)})" if parts else ""

    def identifier_of(self, kind: str) -> str:
        """The name of the member that identifies objects of a kind."""
        return self.identifiers.get(kind, self.identifier)

    @cached_property
    def position(self) -> str:
        """The member of an item that is the cursor of its list; empty if there is no list."""
        for operation in self.operations.values():
            if operation.paging is not None:
                return operation.paging.position
        return ""

    def refers(self, parameter: Parameter) -> bool:
        """Whether a parameter contains the id of an object or of a business."""
        return bool(parameter.references) or parameter.name == self.tenant

    @cached_property
    def secret_members(self) -> frozenset[str]:
        """The names of the response members that contain secrets, over all operations."""
        operations = self.operations.values()
        return frozenset(name for operation in operations for name in operation.secrets)

    @cached_property
    def key_members(self) -> frozenset[str]:
        """The names of the response members that contain keys of this API, over all operations."""
        return frozenset(each.key for each in self.operations.values() if each.key is not None)

    def codes_of(self, role: str) -> tuple[str, ...]:
        """The codes with a role, in registry order.

        ``role`` is a value of CodeRole; any other word has no codes.
        """
        return tuple(row.code for row in self.errors.values() if row.role == role)

    @property
    def routes(self) -> tuple[str, ...]:
        """Each distinct method and path, such as ``GET /calls``."""
        return tuple(dict.fromkeys(operation.route for operation in self.operations.values()))

    def operations_by(self, action: str, kind: str | None = None) -> tuple[Operation, ...]:
        """The operations with an action, in document order.

        If a kind is given that is not empty, only those that work on objects of that kind.
        """
        return tuple(
            operation
            for operation in self.operations.values()
            if operation.action == action and kind in (None, "", operation.kind)
        )

    def list_of(self, kind: str | None) -> Operation | None:
        """The first list operation of a kind in the document; None if it has none."""
        for operation in self.operations_by("list"):
            if operation.kind == kind:
                return operation
        return None

    def only_plans(self, operation: Operation) -> bool:
        """Whether an operation only previews a creation: it names no object and creates none."""
        if operation.action != "perform" or operation.selector is not None:
            return False
        return bool(operation.kind and self.operations_by("create", operation.kind))

    def takes_from_pool(self, operation: Operation) -> bool:
        """Whether a creation takes an object from a pool. The object may keep its timestamp."""
        kinds = [each.references for each in operation.parameters if each.references]
        lists = [self.list_of(kind) for kind in kinds]
        return any(listing is not None and listing.pool for listing in lists)


_COMPACT = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=str)


def compact(value: Json, width: int = 200) -> str:
    """The value as JSON on one line, truncated to ``width`` characters.

    Object members are sorted. A value that JSON cannot represent is written as its ``str``.
    """
    text = encode_basestring(value) if isinstance(value, str) else _COMPACT.encode(value)
    return text if len(text) <= width else cut(text, width)
