"""Scenarios: ways to provoke a target. They send and label; judges read the labels later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from conformance.base.options import Depth as Depth  # noqa: PLC0414 - scenarios ask for it here
from conformance.model import Business, Contract, Declaration, Effect, Operation, Params

BAD_KEYS_ALLOWED = 20
"""Requests with a bad key that a run may send without ``flood``."""

KEY = "key"
"""The need for a main key, whatever its scopes."""

NO_PARAMS = Params()
"""The parameters of a case that needs none."""


@dataclass(frozen=True)
class Draft:
    """A case as a scenario asks for it.

    ``needs`` names what the target file must give: a role of a key (``full``, ``scope:NAME``), KEY
    for a main key that may lack the scope of the operation, the id of a business
    (``business:NAME``), ``clock`` or ``addresses``. The case runs without what it ``wants`` of
    these, and sends less. ``effect`` is the worst that any of its requests does if the target
    wrongly accepts it; None means that of the operation.
    ``gap`` says why the case cannot run whatever the target file gives. An ``optional`` case leaves
    no clause untested if it does not run. ``rules`` replaces those of the scenario. An ``early``
    case comes before the others of its phase that change something.
    """

    operation: Operation | None
    variant: str = ""
    effect: Effect | None = None
    needs: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    cost: int = 2
    bad_keys: int = 0
    about: str | None = None
    params: Params = NO_PARAMS
    quick: bool = False
    gap: str | None = None
    optional: bool = False
    rules: tuple[str, ...] | None = None
    early: bool = False


@dataclass(frozen=True)
class Planning:
    """What a scenario may look at when it drafts its cases.

    ``spare`` is what the other cases leave of the request budget, for more odd requests and walks.
    """

    contract: Contract
    target: Declaration
    seed: int
    depth: Depth = Depth.FULL
    spare: int = 0


@dataclass(frozen=True)
class Scenario:
    """A way to provoke the target: a test function, the rules that it feeds, and its cases.

    ``phase`` orders a run: 0 reads, 1 refused requests, 2 writes, 3 odd writes, 4 limits and clock.
    Its cases overlap no others if they are to be ``alone``: a write of one kind may make objects of
    another, such as a run that places calls.
    """

    name: str
    function: Callable[..., None]
    drafts: Callable[[Planning], Iterable[Draft]]
    rules: tuple[str, ...]
    phase: int
    alone: bool = False


REGISTRY: dict[str, Scenario] = {}


def scenario(
    drafts: Callable[[Planning], Iterable[Draft]],
    *,
    rules: tuple[str, ...] = (),
    phase: int = 0,
    alone: bool = False,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a test function as a scenario, under its name without ``test_``.

    ``drafts`` gives its cases. Raises ValueError for a name that another module has taken.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        name = function.__name__.removeprefix("test_").replace("_", "-")
        known = REGISTRY.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise ValueError(f"two scenarios have the name {name}")
        REGISTRY[name] = Scenario(name, function, drafts, rules, phase, alone)
        return function

    return register


def operations(planning: Planning, *actions: str) -> Iterator[Operation]:
    """The operations with one of some actions, or all."""
    known = planning.contract.operations.values()
    if not actions:
        return iter(known)
    return (operation for operation in known if operation.action in actions)


def given(planning: Planning, roles: Iterable[str]) -> tuple[str, ...]:
    """Those of some roles that the target file gives a key for."""
    return tuple(role for role in roles if role in planning.target.keys)


def other_business(planning: Planning) -> str:
    """What a case needs that asks for another business: its key, or its id where that is given."""
    with_id_alone = planning.target.businesses.keys() - planning.target.keys
    return f"business:{Business.OTHER}" if Business.OTHER in with_id_alone else Business.OTHER


def key_needs(operation: Operation) -> tuple[str, ...]:
    """The needs of a valid request: a key with every scope, if the operation requires a key."""
    return ("full",) if operation.keyed else ()
