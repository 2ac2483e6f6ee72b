"""What a contract cannot express about an API: magic inputs, special operations and sample data.

``special/`` fills in these records for the API that this package ships. An entry names an
operation, a kind or a code. The server ignores entries that are not in the served contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from conformance.model import Contract, Operation
from conformance.server.catalog import Catalog
from conformance.server.messages import Context, Refusal
from conformance.server.moments import Clock
from conformance.server.store import Row, Store

Document = dict[str, Any]


class Server(Protocol):
    """The parts of the server that functions in ``special/`` may use."""

    contract: Contract
    catalog: Catalog
    store: Store
    clock: Clock
    seed: int

    def own_tenant(self, context: Context) -> str:
        """The id of the tenant that a new object belongs to."""

    def selected(self, context: Context) -> Row:
        """The object that a request selects. Raises Refusal if the key cannot access it."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        """An object by its id, or None if the key cannot access it."""

    def not_found(self, operation: Operation) -> Refusal:
        """The refusal to raise for a missing object."""

    def new_id(self, kind: str, tenant: str = "") -> str:
        """A new id that the server has never used."""

    def kept(self, kind: str, values: Mapping[str, Any]) -> Document:
        """Those values whose names are members of a kind's schema: only these are stored."""

    def as_shown(self, context: Context) -> Document:
        """The values of a request, by the names of the members in which objects show them."""

    def changes(self, context: Context) -> Document:
        """The members that an update changes, with their new values."""

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        """Store a new object, under a new id unless one is given."""


@dataclass(frozen=True)
class MagicInput:
    """Input that makes an operation respond with an error code.

    The target file declares it as a trigger. A ``robust`` one also works in any letter case and
    inside a longer text.
    """

    code: str
    operation: str
    input: Mapping[str, str]
    robust: bool = False


def _no_members(_random: Random, _index: int, _document: Document) -> Document:
    return {}


@dataclass(frozen=True)
class Recipe:
    """How to seed a kind: the number of objects, and members beyond the schema.

    ``main`` and ``other`` are the numbers of objects of these tenants. ``seconds`` is the range of
    the time between neighbours. ``spread`` maps a referenced kind to the weights with which its
    objects are chosen. ``mirrors`` maps a member to a kind: the member refers to the object of that
    kind with the same index. ``members`` returns additional members, given a random source, the
    index of the object and the document so far.
    """

    main: int = 115
    other: int = 12
    seconds: tuple[int, int] = (61, 5400)
    spread: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    mirrors: Mapping[str, str] = field(default_factory=dict)
    members: Callable[[Random, int, Document], Document] = _no_members


@dataclass(frozen=True)
class Extras:
    """All extras of one API.

    ``makers`` maps an operation to the function that returns its success body. ``completers`` maps
    a kind to the function that completes a new object. ``recipes`` maps a kind to its seeding
    recipe. ``phone_numbers`` are numbers that trigger nothing. ``terms`` are the terms of a
    payment.
    """

    triggers: tuple[MagicInput, ...] = ()
    makers: Mapping[str, Callable[[Server, Context], Any]] = field(default_factory=dict)
    completers: Mapping[str, Callable[[Server, Context, Document], Document]] = field(
        default_factory=dict
    )
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    phone_numbers: tuple[str, ...] = ()
    terms: tuple[Document, ...] = ()
