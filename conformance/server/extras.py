"""The plugs for what a contract cannot say; ``special/`` fills them for one API.

An extra names an operation or a kind, and counts only where the contract served has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.server.actions import Actions
    from conformance.server.messages import Context

Document = dict[str, Any]


@dataclass(frozen=True)
class Trigger:
    """Input of an operation that makes the server answer with a code, as if what it stands for had happened.

    A ``firm`` one does so, too, where its text stands within another, in any case.
    """

    code: str
    operation: str
    input: Mapping[str, Any]
    firm: bool = False


@dataclass(frozen=True)
class Recipe:
    """How a kind is seeded: how many objects the two businesses have, and members that a schema cannot tell.

    ``spread`` gives the weights of the objects that this kind refers to, by the kind referred to.
    """

    main: int = 115
    other: int = 12
    seconds: tuple[int, int] = (61, 5400)  # between two neighbours
    spread: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    mirrors: Mapping[str, str] = field(
        default_factory=dict
    )  # member -> kind: each object names its own one of that kind
    members: Callable[[Random, int, Document], Document] = lambda _random, _index, _document: {}


@dataclass(frozen=True)
class Extras:
    """All plugs: triggers, what some operations do and answer, how new objects are completed, seeds, numbers, terms."""

    triggers: tuple[Trigger, ...] = ()
    makers: Mapping[str, Callable[[Actions, Context], Any]] = field(default_factory=dict)
    completers: Mapping[str, Callable[[Actions, Context, Document], Document]] = field(
        default_factory=dict
    )
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    phone_numbers: tuple[str, ...] = ()
    terms: tuple[Document, ...] = ()
