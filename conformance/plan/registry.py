"""The registry of scenarios. Scenarios send and label requests; judges read the labels later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from conformance.base.options import Depth as Depth  # noqa: PLC0414 - scenarios ask for it here
from conformance.model import Business, Contract, Declaration, Effect, KeyName, Operation, Params

BAD_KEYS_ALLOWED = 20
"""Maximum number of requests with bad keys in a run without ``flood``."""

KEY = "key"
"""The need for a main key with any scopes."""

NO_PARAMS = Params()
"""The parameters of a case without any."""


@dataclass(frozen=True)
class Draft:
    """A case as requested by a scenario.

    ``needs`` names what the target file must provide: a key role (``full``, ``scope:NAME``), KEY
    for a main key that may lack the scope of the operation, the id of a business
    (``business:NAME``), ``clock`` or ``addresses``. ``wants`` names such things, too, but without
    them the case still runs and sends less. ``effect`` is the worst effect of its requests if the
    target wrongly accepts them; None means the effect of the operation.
    ``gap`` says why the case cannot run, and ``place`` which member of the target file may change
    that. If an ``optional`` case does not run, no clause is untested because of it. ``rules``
    replaces the rules of the scenario; None keeps them. An ``early`` case comes before the other
    cases of its phase that may change the target.
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
    gap: str | None = None
    place: str = ""
    optional: bool = False
    rules: tuple[str, ...] | None = None
    early: bool = False


@dataclass(frozen=True)
class Planning:
    """The information from which a scenario drafts its cases.

    ``spare`` is the number of requests left in the budget, used for more odd requests and walks.
    """

    contract: Contract
    target: Declaration
    seed: int
    depth: Depth = Depth.FULL
    spare: int = 0


@dataclass(frozen=True)
class Scenario:
    """A test function that sends requests, the rules that it feeds, and its cases.

    ``phase`` orders a run: 0 reads, 1 refused requests, 2 writes, 3 odd writes, 4 limits and clock.
    If it is ``alone``, its cases never run at the same time as others, because a write of one kind
    may create objects of another, such as a run that places calls.
    """

    name: str
    function: Callable[..., None]
    drafts: Callable[[Planning], Iterable[Draft]]
    rules: tuple[str, ...]
    phase: int
    alone: bool = False


REGISTRY: dict[str, Scenario] = {}
"""The scenarios of a full run, by name."""
SPOTS: dict[str, Scenario] = {}
"""The scenarios of spot checks, by name. A full run has none of them."""


def registered(name: str) -> Scenario:
    """A scenario of a full run or of spot checks. Raises KeyError for an unknown name."""
    return SPOTS[name] if name in SPOTS else REGISTRY[name]


def scenario(
    drafts: Callable[[Planning], Iterable[Draft]],
    *,
    rules: tuple[str, ...] = (),
    phase: int = 0,
    alone: bool = False,
    registry: dict[str, Scenario] = REGISTRY,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the decorated function as a scenario: ``test_of_keys`` is named ``of-keys``.

    ``drafts`` yields its cases. The decorator raises ValueError if a scenario of another module
    has that name.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        name = function.__name__.removeprefix("test_").replace("_", "-")
        known = registry.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise ValueError(f"two scenarios have the name {name}")
        registry[name] = Scenario(name, function, drafts, rules, phase, alone)
        return function

    return register


def operations(planning: Planning, *actions: str) -> Iterator[Operation]:
    """The operations with one of the actions; all if none are given."""
    known = planning.contract.operations.values()
    if not actions:
        return iter(known)
    return (operation for operation in known if operation.action in actions)


def roles_with_keys(planning: Planning, roles: Iterable[str]) -> tuple[str, ...]:
    """Those of some key roles for which the target file gives a key."""
    return tuple(role for role in roles if role in planning.target.keys)


def other_business(planning: Planning) -> str:
    """The need of a case about another business: its key, or its id if only that is given."""
    target = planning.target
    if Business.OTHER in target.businesses and KeyName.OTHER not in target.keys:
        return f"business:{Business.OTHER}"
    return KeyName.OTHER


def key_needs(operation: Operation) -> tuple[str, ...]:
    """The needs of a valid request: the full key, if the operation requires a key."""
    return (KeyName.FULL,) if operation.keyed else ()
