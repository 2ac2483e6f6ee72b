"""Scenarios: ways to provoke a target, each with the cases it asks for. They send and label; they judge nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from conformance.model import Contract, Declaration, Effect, Operation, Params
from conformance.options import Depth as Depth

BAD_KEYS_ALLOWED = 20
"""Requests with a bad key that a run may send without ``flood``."""


NO_PARAMS = Params()
"""For a case that needs none."""


@dataclass(frozen=True)
class Draft:
    """A case as a scenario asks for it.

    ``needs`` names prerequisites: a role of a key, ``scope:NAME``, ``business:NAME``, ``clock``,
    ``addresses``. ``effect`` is the worst that any of its requests does if it is wrongly accepted.
    """

    operation: Operation | None
    variant: str = ""
    effect: Effect | None = None
    needs: tuple[str, ...] = ()
    cost: int = 2
    bad_keys: int = 0
    about: str | None = None
    params: Params = NO_PARAMS
    quick: bool = False
    gap: str | None = None
    optional: bool = False
    rules: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Planning:
    """What a scenario may look at when it drafts its cases."""

    contract: Contract
    target: Declaration
    seed: int
    depth: Depth = Depth.FULL


@dataclass(frozen=True)
class Scenario:
    """A way to provoke the target: a test function, the rules it feeds, the cases it has.

    ``phase`` orders a run: 0 reads, 1 refused requests, 2 writes, 3 odd writes, 4 limits and clock.
    """

    name: str
    function: Callable[..., None]
    drafts: Callable[[Planning], Iterable[Draft]]
    rules: tuple[str, ...]
    phase: int


REGISTRY: dict[str, Scenario] = {}


def scenario(
    drafts: Callable[[Planning], Iterable[Draft]], *, rules: tuple[str, ...] = (), phase: int = 0
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a test function as a scenario under its name without ``test_``."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        name = function.__name__.removeprefix("test_").replace("_", "-")
        known = REGISTRY.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise ValueError(f"two scenarios have the name {name}")
        REGISTRY[name] = Scenario(name, function, drafts, rules, phase)
        return function

    return register


def operations(planning: Planning, *actions: str) -> Iterator[Operation]:
    """The operations of some actions, or all."""
    return (o for o in planning.contract.operations.values() if not actions or o.action in actions)
