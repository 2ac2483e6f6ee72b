"""What a fault and a variant are, and how to register one: a subclass of the reference server.

The class is the server, its name is the name of the fault, and its docstring says what it does.
Faults of the same shape, which differ only in constants, are the entries of a table. One function
makes the servers of all of them.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from conformance.model import Contract, Operation
from conformance.server import Application, application, seeding
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Filter, Identity, Page, Row

OF_A_REQUEST = 0.25
"""Seconds that a request takes by the clock of a run of the self-test."""

# --- scenarios that faults ask for ---

ERRORS = (
    "refused-key unknown-id missing-parameter broken-body missing-scope trigger rate-limit "
    "unknown-route"
)
"""Scenarios that provoke errors of every kind."""
SUCCESSES = "plain-read creation update scope-opens"
"""Scenarios that provoke successes of every kind."""
LISTS = "rows-of-two-businesses empty-list walk large-page"
"""Scenarios that read lists."""
MISTAKES = (
    "broken-body invalid-parameter generated unparsable-parameter refused-key unknown-id large-page"
)
"""Scenarios that send mistakes of every kind."""
ODD_REQUESTS = (
    "odd-request generated broken-body refused-key unparsable-parameter invalid-parameter "
    "unknown-id large-page"
)
"""Scenarios that send requests which clients rarely send."""
ODD_INPUT = f"{ODD_REQUESTS} foreign-filter"
"""The same, and filters by what no business has."""

# --- the server ---


class Faulty(Application):
    """The reference server with handles that most faults and variants need.

    ``waited`` are the seconds that the suite has waited for it so far.
    """

    waited = 0.0

    def wait(self, seconds: float) -> None:
        """Record the time that the suite waits; nobody sleeps."""
        self.waited += seconds

    @cached_property
    def issued(self) -> dict[str, Identity]:
        """The seeded keys, by role and by scope."""
        return seeding.identities(self.contract, self.seed)

    def operation_of(self, request: Request) -> str:
        """The id of the operation of a request; empty for an unknown route."""
        try:
            return self.route(request)[0].id
        except Refusal:
            return ""

    def rows_by(
        self,
        context: Context,
        count: int,
        *,
        edge: str | None = None,
        comparison: str = "<",
        order: str = "DESC",
        tenant: str | None = "",
        filters: tuple[Filter, ...] | None = None,
    ) -> list[Row]:
        """Up to ``count`` rows of the list of a request.

        By default they are of the business and the filters of the request; ``tenant=None`` reads
        the rows of every business.
        """
        owner = self.list_tenant(context) if tenant == "" else tenant
        wanted = self.filters_of(context) if filters is None else filters
        return self.store.page(
            Page(context.operation.kind or "", owner, count, edge, comparison, order, wanted)
        )

    def encode(self, reply: Reply) -> bytes:
        return reply.body if isinstance(reply.body, bytes) else super().encode(reply)

    def content_type(self, reply: Reply) -> str:
        return "text/html" if isinstance(reply.body, bytes) else super().content_type(reply)


class OldestFirst(Faulty):
    """The reference server with lists that run from oldest to newest."""

    def order(self, operation: Operation) -> str:
        return "ASC"

    def comparison(self, operation: Operation) -> str:
        return ">"


class OnTheClock(Faulty):
    """The same, where ``waited`` also grows by what each request takes."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        self.wait(OF_A_REQUEST)
        return super().answer(request)


def altered(reply: Reply, status: int | None = None, **members: Any) -> Reply:
    """An error reply with another status, or with other members of ``error``."""
    body = copy.deepcopy(reply.body)
    body["error"].update(members)
    return Reply(status or reply.status, body, reply.headers)


def is_for(context: Context, *names: str) -> bool:
    """Whether a request is for one of some operations."""
    return context.operation.id in names


def later_page(context: Context) -> bool:
    """Whether a request is for a page after the first."""
    return bool(context.values.get("after"))


def requested_limit(context: Context) -> int:
    """The limit of a request; 0 without one, or if it is not a number."""
    value: Any = context.values.get("limit")
    return int(value) if str(value).isascii() and str(value).isdigit() else 0


def filtered_by(context: Context, *names: str) -> bool:
    """Whether a request has all of some filters."""
    return all(name in context.values for name in names)


# --- the registries ---


@dataclass(frozen=True)
class Server:
    """A class of servers under a name; ``does`` is a sentence that says how they differ."""

    name: str
    does: str
    kind: type[Application]

    @property
    def subject(self) -> str:
        """The subject that the class is filed by: ``walks`` in ``tests/faults/walks/``.

        Empty for a class in another place.
        """
        folders = self.kind.__module__.split(".")
        return folders[2] if len(folders) > 2 else ""

    def make(self, contract: Contract) -> Application:
        """A new server for a contract, with the seed 0."""
        return application(contract, 0, kind=self.kind)


@dataclass(frozen=True)
class Fault(Server):
    """A server that breaks the contract in one place.

    ``breaks`` are the clauses that the suite must find broken, and ``also`` those that it may.
    ``at`` are the only operations where it may find anything (all if empty).
    ``by`` are scenarios that run in addition to those of the clauses.
    ``depth`` is 1 if any request shows it, 5 if only a boundary or a combination of features does.
    ``socket`` says that it shows only on the wire.
    """

    breaks: tuple[str, ...]
    also: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    depth: int = 1
    socket: bool = False


@dataclass(frozen=True)
class Variant(Server):
    """A server that differs from the reference server and keeps the contract.

    ``id`` is its entry in the list of legal variations.
    ``at`` are the only operations where it differs (anywhere if empty).
    ``untested`` are the clauses that may stay untested.
    ``target`` holds changes of its target file; None takes a member out.
    ``socket`` says that it differs on the wire.
    """

    id: str
    at: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()
    target: Mapping[str, Any] = field(default_factory=dict)
    socket: bool = False


FAULTS: dict[str, Fault] = {}
"""All faults by name, in the order of their subjects and modules."""
VARIANTS: dict[str, Variant] = {}
"""All variants by name, in the order of their subjects."""


def register(fault: Fault) -> None:
    """Add a fault to the registry."""
    assert fault.name not in FAULTS, fault.name
    FAULTS[fault.name] = fault


def sentence(kind: type[Application]) -> str:
    """The docstring of a class."""
    return (kind.__doc__ or "").strip()


def words(text: str) -> tuple[str, ...]:
    """The words of a text, which spaces separate."""
    return tuple(text.split())


@dataclass(frozen=True)
class Entry:
    """A row of a table of faults: its name, and what the registry says about it.

    Spaces separate the words. A subclass adds the constants that distinguish the faults of a shape.
    """

    name: str
    _: KW_ONLY
    breaks: str = ""
    also: str = ""
    at: str = ""
    by: str = ""
    depth: int = 1
    socket: bool = False

    @property
    def here(self) -> str:
        """The operation that has the fault: the first of ``at``."""
        return self.at.partition(" ")[0]

    def is_at(self, operation: str) -> bool:
        """Whether an operation has the fault: one of ``at``, or any if that is empty."""
        return not self.at or operation in words(self.at)


def enter(entry: Entry, does: str, kind: type[Application]) -> None:
    """Add a class to the registry of faults."""
    register(
        Fault(
            name=entry.name,
            does=does,
            kind=kind,
            breaks=words(entry.breaks),
            also=words(entry.also),
            at=words(entry.at),
            by=words(entry.by),
            depth=entry.depth,
            socket=entry.socket,
        )
    )


def fault(
    breaks: str,
    *,
    also: str = "",
    at: str = "",
    by: str = "",
    depth: int = 1,
    socket: bool = False,
) -> Callable[[type[Application]], type[Application]]:
    """Register a class as a fault; spaces separate the names of clauses and the like."""

    def register_class(kind: type[Application]) -> type[Application]:
        entry = Entry(
            _name(kind), breaks=breaks, also=also, at=at, by=by, depth=depth, socket=socket
        )
        enter(entry, sentence(kind), kind)
        return kind

    return register_class


SomeEntry = TypeVar("SomeEntry", bound=Entry)


def faults_of(
    shape: Callable[[SomeEntry], type[Faulty]], module: str, table: Mapping[str, SomeEntry]
) -> None:
    """Register a fault for each entry of a table, whose keys say what the faults do.

    ``shape`` makes the server of an entry; the faults are filed by the module.
    """
    for does, entry in table.items():
        kind = shape(entry)
        kind.__module__ = module
        enter(entry, does, kind)


def variant(
    entry: str,
    *,
    at: str = "",
    untested: str = "",
    target: Mapping[str, Any] | None = None,
    socket: bool = False,
) -> Callable[[type[Application]], type[Application]]:
    """Register a class as a variant; spaces separate the names of clauses."""

    def register_class(kind: type[Application]) -> type[Application]:
        name = _name(kind)
        assert name not in VARIANTS, name
        VARIANTS[name] = Variant(
            name=name,
            does=sentence(kind),
            kind=kind,
            id=entry,
            at=words(at),
            untested=words(untested),
            target=target or {},
            socket=socket,
        )
        return kind

    return register_class


def _name(kind: type[Application]) -> str:
    """The name of a class with hyphens: ``NoFlag`` is ``no-flag``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", kind.__name__).lower()
