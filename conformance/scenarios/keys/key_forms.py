"""What replaces a valid key: the forms of a bad key, and how many of them an operation gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from conformance.model import DEAD_KEYS, Effect, KeyName, Operation, Params, Placeholder, SecretKind
from conformance.plan.registry import BAD_KEYS_ALLOWED, Depth, Planning, roles_with_keys
from conformance.scenarios.client.ids import PROTOTYPE
from conformance.transport.near_misses import (
    ALTERATIONS,
    IN_OTHER_CASE,
    NO_PREFIX,
    OTHER_PREFIX,
)

MISPLACED, MALFORMED, UNKNOWN, ALTERED = "misplaced", "malformed", "unknown", "altered"
NEVER_ISSUED = (UNKNOWN, ALTERED)
"""The forms of a key that was never issued."""

BASIC_USER, IN_QUERY = "user", "query"
PLACES = ("Basic", "Token", BASIC_USER)
"""Where a valid key does not belong: after another scheme, or as the user name of Basic."""
NOTHINGS = ("undefined", "null")
"""What clients without a key send by mistake."""
ENDLESS = "x" * 2_000
"""A key far longer than any real one."""
PAGE_SIZE = 2
"""Items of a later page that is requested with a key that must not see it."""
ALTERED_ALWAYS = ("last-char", "longer")
"""The alterations that are tried on every operation."""


@dataclass(frozen=True)
class RefusedKeys(Params):
    """What each request of a case carries in place of a valid key, by form."""

    by_form: Mapping[str, list[str]]

    def of(self, form: str) -> list[str]:
        """The bad keys of this form."""
        return self.by_form.get(form, [])

    @property
    def count(self) -> int:
        """The number of requests that carry a bad key."""
        return sum(len(keys) for keys in self.by_form.values())

    @property
    def never_issued(self) -> int:
        """The number of requests whose key was never issued."""
        return sum(len(self.of(form)) for form in NEVER_ISSUED)


def bad_keys(planning: Planning, keyed: Sequence[Operation]) -> list[RefusedKeys]:
    """The bad keys that are tried on each of some operations, in their order.

    Unless floods are allowed, few requests of a run may carry a key that was never issued.
    """
    floods = _floods(planning)
    forms = [form for form in _CHOICES if floods or form not in NEVER_ISSUED]
    chosen = [
        {form: _CHOICES[form](planning, number) for form in forms} for number in range(len(keyed))
    ]
    if not floods:
        of_runnable = []
        for operation, by_form in zip(keyed, chosen, strict=True):
            if operation.effect in planning.target.allow:
                of_runnable.append(by_form)
        _add_never_issued(planning, of_runnable)
    return [RefusedKeys(by_form) for by_form in chosen]


def _add_never_issued(planning: Planning, of_runnable: list[dict[str, list[str]]]) -> None:
    """Add one key that was never issued to the bad keys of each of the first operations.

    ``of_runnable`` has the bad keys, by form, of each operation that will run. Only the first
    BAD_KEYS_ALLOWED get one. The keys take turns, because most servers check all in one place.
    """
    never_issued = _never_issued(planning)
    for number, by_form in enumerate(of_runnable[:BAD_KEYS_ALLOWED]):
        form, key = never_issued[number % len(never_issued)]
        by_form[form] = [key]


def _never_issued(planning: Planning) -> list[tuple[str, str]]:
    """The keys that were never issued, each with its form: one unrelated key, then altered ones."""
    unknown = Placeholder(SecretKind.UNKNOWN, planning.contract.authentication.beginnings[-1])
    alterations = dict.fromkeys([*ALTERED_ALWAYS, *_rarer_alterations(planning)])
    altered = [(ALTERED, f"{KeyName.FULL}~{name}") for name in alterations]
    return [(UNKNOWN, unknown.identity), *altered]


def _floods(planning: Planning) -> bool:
    """Whether the target allows floods, which means that nobody else uses the service."""
    return Effect.FLOOD in planning.target.allow


def _misplaced(planning: Planning, number: int) -> list[str]:
    """One place for a valid key; the operations take turns by their ``number``.

    A key goes into a query, which is logged, only if floods are allowed. None without a scheme.
    """
    if not planning.contract.authentication.scheme:
        return []
    places = list(PLACES)
    if _floods(planning):
        places.append(IN_QUERY)
    return [places[number % len(places)]]


def _malformed(planning: Planning, number: int) -> list[str]:
    """One wrong header in place of the scheme and a key, chosen by the ``number`` of the operation.

    Of the operations with an even number, half get the scheme with PROTOTYPE, the others the bare
    scheme. Those with an odd number take turns with the other texts. Without a scheme, all get a
    text that is no key.
    """
    authentication = planning.contract.authentication
    scheme = authentication.scheme
    if not scheme:
        return ["not a key"]
    if number % 4 == 0:
        return [f"{scheme} {PROTOTYPE}"]
    if number % 4 == 2:
        return [scheme]
    texts = [f"{scheme} not a key", f"{scheme} {scheme}", "?"]
    texts += [f"{scheme} {nothing}" for nothing in NOTHINGS]
    if _floods(planning):
        tokens = (*authentication.prefixes, ENDLESS)
        texts += [f"{scheme} {token}" for token in tokens]
    number_of_odd = number // 2
    return [texts[number_of_odd % len(texts)]]


def _unknown(planning: Planning, number: int) -> list[str]:
    """A key that was never issued, with the last prefix; a deep run tries each prefix.

    The altered keys have the prefix of the main key, which is usually the first one. They were
    never issued either, so a full run tries this form with only every other operation.
    """
    prefixes = planning.contract.authentication.beginnings
    if planning.depth is Depth.FULL and number % 2:
        return []
    if planning.depth is not Depth.DEEP:
        prefixes = prefixes[-1:]
    return [Placeholder(SecretKind.UNKNOWN, prefix).identity for prefix in prefixes]


def _altered(planning: Planning, number: int) -> list[str]:
    """The full key in the alterations of ALTERED_ALWAYS, and in a rarer one, which take turns.

    Another letter case is always added, and so is another prefix, if keys have several. In every
    other round of the rarer ones, the key in another letter case is the test key, if there is one.
    """
    rarer = _rarer_alterations(planning)
    chosen = [*ALTERED_ALWAYS, rarer[number % len(rarer)]]
    if OTHER_PREFIX in rarer:
        chosen.append(OTHER_PREFIX)
    names = [name for name in dict.fromkeys(chosen) if name != IN_OTHER_CASE]
    altered = [f"{KeyName.FULL}~{name}" for name in names]
    roles = (KeyName.FULL, *roles_with_keys(planning, (KeyName.TEST,)))
    role = roles[number // len(rarer) % len(roles)]
    return [*altered, f"{role}~{IN_OTHER_CASE}"]


def _rarer_alterations(planning: Planning) -> list[str]:
    """The alterations that take turns; those of the prefix come first."""
    prefixes = planning.contract.authentication.prefixes
    rarer = [name for name in ALTERATIONS if name not in ALTERED_ALWAYS]
    if prefixes:
        rarer.insert(0, NO_PREFIX)
    if len(prefixes) > 1:
        rarer.insert(0, OTHER_PREFIX)
    return rarer


def _dead(role: str) -> Callable[[Planning, int], list[str]]:
    """A function that chooses an expired or a revoked key, or none if the target file has none."""

    def choose(planning: Planning, _number: int) -> list[str]:
        return [role] if role in planning.target.keys else []

    return choose


_CHOICES: Mapping[str, Callable[[Planning, int], list[str]]] = {
    MISPLACED: _misplaced,
    MALFORMED: _malformed,
    UNKNOWN: _unknown,
    ALTERED: _altered,
    **{role: _dead(role) for role in DEAD_KEYS},
}
"""Chooses the bad keys of an operation, by form. The number of the operation sets its turn."""
