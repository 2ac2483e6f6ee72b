"""What a fault and a variant are, and how each is registered: a subclass of the reference server.

The class is the server, its docstring says what it does, its name names it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.model import Contract
from conformance.server import Application, application
from conformance.server.messages import Refusal, Reply, Request

Make = Callable[[Contract], Application]


class Faulty(Application):
    """The reference server with handles for what differs: the operation meant, and answers that are not JSON."""

    def meant(self, request: Request) -> str:
        """The operation that a request means, or nothing."""
        try:
            return self.route(request)[0].id
        except Refusal:
            return ""

    def encode(self, reply: Reply) -> bytes:
        return reply.body if isinstance(reply.body, bytes) else super().encode(reply)

    def content_type(self, reply: Reply) -> str:
        return "text/html" if isinstance(reply.body, bytes) else super().content_type(reply)


def told(reply: Reply, status: int | None = None, **members: Any) -> Reply:
    """An error that is told with another status, or other members of ``error``."""
    body = copy.deepcopy(reply.body)
    body["error"].update(members)
    return Reply(status or reply.status, body, reply.headers)


@dataclass(frozen=True)
class Fault:
    """A server that breaks the contract in one place.

    ``breaks`` are the clauses that must be found broken, ``also`` those that may be, ``at`` the only
    operations where anything may be found (all if empty), ``by`` the scenarios that run beside those that
    the clauses ask for. ``depth``: 1 anyone sees it, 5 only who looks where nobody does.
    """

    name: str
    does: str
    breaks: tuple[str, ...]
    also: tuple[str, ...]
    at: tuple[str, ...]
    by: tuple[str, ...]
    depth: int
    make: Make


@dataclass(frozen=True)
class Variant:
    """A server that differs from the reference and keeps the contract.

    ``id`` is its entry in the list of legal variations, ``untested`` the clauses that may stay untested,
    ``target`` changes of its target file (None takes a member out), ``socket`` that it differs on the wire,
    ``generated`` that generated requests show the difference best.
    """

    name: str
    does: str
    id: str
    make: Make
    untested: tuple[str, ...] = ()
    target: Mapping[str, Any] = field(default_factory=dict)
    socket: bool = False
    generated: bool = False


FAULTS: dict[str, Fault] = {}
VARIANTS: dict[str, Variant] = {}


def _name(kind: type[Application]) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", kind.__name__).lower()


def _sentence(kind: type[Application]) -> str:
    return (kind.__doc__ or "").strip()


def maker(kind: type[Application]) -> Make:
    """What makes a server of a kind."""
    return lambda contract: application(contract, 0, kind=kind)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def fault(
    breaks: str, *, also: str = "", at: str = "", by: str = "", depth: int = 1
) -> Callable[[type[Application]], type[Application]]:
    """Register a class as a fault; names are separated by spaces."""

    def register(kind: type[Application]) -> type[Application]:
        name = _name(kind)
        assert name not in FAULTS
        FAULTS[name] = Fault(
            name,
            _sentence(kind),
            _words(breaks),
            _words(also),
            _words(at),
            _words(by),
            depth,
            maker(kind),
        )
        return kind

    return register


def variant(
    entry: str,
    *,
    untested: str = "",
    target: Mapping[str, Any] | None = None,
    socket: bool = False,
    generated: bool = False,
) -> Callable[[type[Application]], type[Application]]:
    """Register a class as a variant."""

    def register(kind: type[Application]) -> type[Application]:
        name = _name(kind)
        assert name not in VARIANTS
        VARIANTS[name] = Variant(
            name,
            _sentence(kind),
            entry,
            maker(kind),
            _words(untested),
            target or {},
            socket,
            generated,
        )
        return kind

    return register


ERRORS = "refused-key unknown-id missing-parameter broken-body missing-scope trigger rate-limit unknown-route"
"""Scenarios that bring about errors of every kind."""
SUCCESSES = "plain-read creation update scope-opens"
"""Scenarios that bring about successes of every kind."""
