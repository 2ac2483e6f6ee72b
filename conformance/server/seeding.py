"""What a new server holds: three businesses, their objects, and the keys; the same for the same seed.

The main business and the other have objects of every kind that can be read, the third has none. Times
go back from one instant by irregular steps of more than a second, but for some neighbours that differ
only in fractions of a second: near the head of a list, and again and again below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from conformance.model import KEY_ROLES, Business, Contract, KeyRole, Reach
from conformance.openapi import X
from conformance.server.access import ALL
from conformance.server.catalog import Catalog, sample
from conformance.server.extras import Extras, Recipe
from conformance.server.moments import MICRO, key_of, moment_of, render
from conformance.server.naming import identifier, secret
from conformance.server.store import Identity, Row

NEWEST = moment_of("2026-04-17T12:00:00Z")
EXPIRED = moment_of("2020-01-01T00:00:00Z")
MAIN, OTHER = Business.MAIN.value, Business.OTHER.value
BUSINESSES = tuple(business.value for business in Business)
PLACES = {MAIN: 0, OTHER: 500}
"""Where the objects of a business begin to be counted, so that what their place tells is told once."""

_PERIOD = 17
_FRACTIONS = {
    3: (
        750_000,
        500_000,
        0,
    ),  # neighbours a few hundred milliseconds apart, one of them a whole second
    7: (250_001, 250_000, 249_999),  # neighbours a microsecond apart, of both widths
    11: (125_000,),
    14: (333_333,),
}


def business_id(seed: int, name: str) -> str:
    """The id of a seeded business."""
    return identifier(seed, "tenant", name)


_DEATHS: dict[str, dict[str, Any]] = {
    "expired": {"expires": EXPIRED},
    "revoked": {"revoked": True},
}
"""By key, why it is dead."""


def identities(contract: Contract, seed: int) -> dict[str, Identity]:
    """The seeded keys by name; those of a single scope are named by it."""
    catalog = Catalog(contract)
    prefixes = contract.authentication.prefixes or ("",)
    scopes = {
        Reach.EVERY: frozenset({ALL}),
        Reach.READS: catalog.read_scopes,
        Reach.NONE: frozenset[str](),
    }
    found = []
    for role in KEY_ROLES.values():
        prefix = prefixes[1] if role.name == "test" and len(prefixes) > 1 else prefixes[0]
        if _has(contract, role):
            found.append(
                Identity(
                    role.name,
                    secret(prefix, seed, role.name),
                    business_id(seed, role.business or MAIN),
                    scopes[role.reach],
                    **_DEATHS.get(role.name, {}),
                )
            )
    for scope in catalog.scopes:
        key = secret(prefixes[0], seed, scope)
        found.append(Identity(scope, key, business_id(seed, MAIN), frozenset({scope})))
    return {identity.name: identity for identity in found}


def _has(contract: Contract, role: KeyRole) -> bool:
    """Whether a server of this contract can have a key: one of another business, a test key."""
    if role.name == "test":
        return len(contract.authentication.prefixes) > 1
    return role.business is Business.MAIN or contract.tenant is not None


def rows(contract: Contract, extras: Extras, seed: int) -> Iterator[Row]:
    """The seeded objects."""
    seeder = _Seeder(contract, extras, seed)
    names = BUSINESSES if contract.tenant is not None else (MAIN,)
    if seeder.catalog.tenant_kind:
        yield from (
            seeder.business(seeder.catalog.tenant_kind, index, name)
            for index, name in enumerate(names)
        )
    for kind in seeder.catalog.kinds:
        if kind != seeder.catalog.tenant_kind:
            for name in (MAIN, OTHER) if contract.tenant is not None else (MAIN,):
                yield from seeder.objects(kind, name)


def moments(random: Random, count: int, seconds: tuple[int, int]) -> list[int]:
    """Distinct moments, newest first."""
    found: list[int] = []
    at, step = NEWEST, 0
    while len(found) < count:
        found += [at + fraction for fraction in _FRACTIONS.get(step % _PERIOD, (0,))]
        at -= random.randint(*seconds) * MICRO
        step += 1
    return found[:count]


class _Seeder:
    def __init__(self, contract: Contract, extras: Extras, seed: int) -> None:
        self.contract = contract
        self.catalog = Catalog(contract)
        self.extras = extras
        self.seed = seed
        self.references = {
            (operation.kind, parameter.name): parameter.references
            for operation in contract.operations.values()
            for parameter in operation.parameters
            if parameter.references
        }

    def recipe(self, kind: str) -> Recipe:
        return self.extras.recipes.get(kind, Recipe())

    def count(self, kind: str, business: str) -> int:
        return getattr(self.recipe(kind), business, 0) if kind in self.catalog.kinds else 0

    def business(self, kind: str, index: int, name: str) -> Row:
        own = business_id(self.seed, name)
        moment = NEWEST - index * MICRO
        random = Random(own)  # noqa: S311 - sample data
        document = self.usual(kind, index, name, random) | {self.contract.identifier_of(kind): own}
        return self.row(
            kind, own, own, moment, document | self.recipe(kind).members(random, index, document)
        )

    def objects(self, kind: str, business: str) -> Iterator[Row]:
        recipe = self.recipe(kind)
        random = Random(f"{self.seed}/{kind}/{business}")  # noqa: S311 - sample data
        times = moments(random, self.count(kind, business), recipe.seconds)
        for index, moment in enumerate(times):
            own = identifier(self.seed, kind, business, index)
            name, members = self.contract.identifier_of(kind), self.catalog.members(kind)
            told = {
                one: own
                for one in (self.contract.identifier, name)
                if one in members or not members
            }
            told |= {
                one: identifier(self.seed, twin, business, index)
                for one, twin in recipe.mirrors.items()
            }
            document = self.usual(kind, index, business, random) | told
            document |= recipe.members(random, index + PLACES[business], document)
            yield self.row(
                kind, document.get(name, own), business_id(self.seed, business), moment, document
            )

    def row(self, kind: str, own: str, tenant: str, moment: int, document: dict[str, Any]) -> Row:
        position = render(moment)
        members = self.catalog.members(kind)
        for name, value in ((self.contract.tenant, tenant), (self.catalog.position, position)):
            if name and (name in members or not members):
                document[name] = value
        return Row(kind, own, tenant, position, key_of(moment), document)

    def usual(self, kind: str, index: int, business: str, random: Random) -> dict[str, Any]:
        return {
            name: self.member(kind, name, schema, index, business, random)
            for name, schema in self.catalog.members(kind).items()
        }

    def member(
        self,
        kind: str,
        name: str,
        schema: dict[str, Any],
        index: int,
        business: str,
        random: Random,
    ) -> Any:
        refers = schema.get(X, {}).get("references") or self.references.get((kind, name))
        if not refers or name == self.contract.identifier:
            return sample(schema, index)
        if refers == self.catalog.tenant_kind:
            return business_id(self.seed, business)
        count = self.count(refers, business)
        if not count:
            return None if "null" in schema.get("type", ()) else sample(schema, index)
        weights = (self.recipe(kind).spread.get(refers, ()) + (1,) * count)[:count]
        return identifier(self.seed, refers, business, random.choices(range(count), weights)[0])
