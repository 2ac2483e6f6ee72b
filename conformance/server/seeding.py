"""The initial data of a server: three tenants, their objects, and the keys.

The same seed gives the same data. The main and the other tenant have objects of every kind that can
be read; the third has none. Timestamps go back from one instant in irregular steps of more than a
second. Some neighbours differ only by fractions of a second: a few near the start of a list, and
more at intervals after that.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from conformance.contract.openapi import X
from conformance.model import EVERY_SCOPE, KEY_ROLES, Business, Contract, KeyName, KeyRole, Reach
from conformance.server.catalog import Catalog, sample, types_of
from conformance.server.extras import Document, Extras, Recipe
from conformance.server.identifiers import identifier, secret
from conformance.server.moments import MICRO, key_of, moment_of, render
from conformance.server.store import Identity, Row

NEWEST = moment_of("2026-04-17T12:00:00Z")
EXPIRED = moment_of("2020-01-01T00:00:00Z")
MAIN, OTHER, EMPTY = Business.MAIN.value, Business.OTHER.value, Business.EMPTY.value
TENANTS = (MAIN, OTHER, EMPTY)
FIRST_INDEX = {MAIN: 0, OTHER: 500}
"""The index of the first object of a tenant. Tenants share no index, so all objects differ."""

_PERIOD = 17
"""Steps after which the fractions of a second repeat."""
_FRACTIONS = {
    # neighbours a few hundred milliseconds apart, one of them at a whole second
    3: (750_000, 500_000, 0),
    # neighbours a microsecond apart, rendered with three and with six digits
    7: (250_001, 250_000, 249_999),
    11: (125_000,),
    14: (333_333,),
}
"""Step within the period -> fractions in microseconds of the objects at that step."""


def tenant_id(seed: int, name: str) -> str:
    """The id of a seeded tenant."""
    return identifier(seed, "tenant", name)


_INVALIDITY: dict[str, dict[str, Any]] = {
    KeyName.EXPIRED: {"expires": EXPIRED},
    KeyName.REVOKED: {"revoked": True},
}
"""Name of a key that is no longer valid -> the fields of its Identity that make it so."""


def identities(contract: Contract, seed: int) -> dict[str, Identity]:
    """The seeded keys by name. A single-scope key has the name of its scope."""
    catalog = Catalog(contract)
    prefixes = contract.authentication.beginnings
    scopes_of = {
        Reach.EVERY: frozenset({EVERY_SCOPE}),
        Reach.READS: catalog.read_scopes,
        Reach.NONE: frozenset[str](),
    }
    issued: dict[str, Identity] = {}
    for role in KEY_ROLES.values():
        if _can_exist(contract, role):
            prefix = prefixes[1] if role.name == KeyName.TEST else prefixes[0]
            key = secret(prefix, seed, role.name)
            tenant = tenant_id(seed, role.business or MAIN)
            invalidity = _INVALIDITY.get(role.name, {})
            scopes = scopes_of[role.reach]
            issued[role.name] = Identity(role.name, key, tenant, scopes, **invalidity)
    for scope in catalog.scopes:
        key = secret(prefixes[0], seed, scope)
        issued[scope] = Identity(scope, key, tenant_id(seed, MAIN), frozenset({scope}))
    return issued


def _can_exist(contract: Contract, role: KeyRole) -> bool:
    """Whether a key of this role can exist: the contract may lack test keys, or other tenants."""
    if role.name == KeyName.TEST:
        return len(contract.authentication.prefixes) > 1
    return role.business is Business.MAIN or contract.tenant is not None


def rows(contract: Contract, extras: Extras, seed: int) -> Iterator[Row]:
    """The seeded objects: those that describe the tenants, then those of each kind and tenant."""
    seeder = _Seeder(contract, extras, seed)
    tenants = TENANTS if contract.tenant is not None else (MAIN,)
    tenant_kind = seeder.catalog.tenant_kind
    if tenant_kind:
        for index, name in enumerate(tenants):
            yield seeder.tenant(tenant_kind, index, name)
    for kind in seeder.kinds:
        for name in tenants:
            yield from seeder.objects(kind, name)


def moments(random: Random, count: int, seconds: tuple[int, int]) -> list[int]:
    """Distinct moments, newest first; ``seconds`` is the range of the steps between them.

    At some steps there are several moments, which differ only in the fraction of a second.
    """
    chosen: list[int] = []
    moment, step = NEWEST, 0
    while len(chosen) < count:
        chosen += [moment + fraction for fraction in _FRACTIONS.get(step % _PERIOD, (0,))]
        moment -= random.randint(*seconds) * MICRO
        step += 1
    return chosen[:count]


class _Seeder:
    """Creates the objects of one server."""

    def __init__(self, contract: Contract, extras: Extras, seed: int) -> None:
        self.contract = contract
        self.catalog = Catalog(contract)
        self.extras = extras
        self.seed = seed
        self.kinds = [k for k in self.catalog.kinds if k != self.catalog.tenant_kind]
        self.references: dict[tuple[str, str], str] = {}  # (kind, member) -> the kind referred to
        for operation in contract.operations.values():
            for parameter in operation.parameters:
                if parameter.references:
                    self.references[operation.kind, parameter.name] = parameter.references

    def recipe(self, kind: str) -> Recipe:
        return self.extras.recipes.get(kind, Recipe())

    def count(self, kind: str, tenant: str) -> int:
        """The number of objects of a kind that a tenant has."""
        if kind not in self.kinds:
            return 0
        if tenant == EMPTY:
            return 0
        if tenant == MAIN:
            return self.recipe(kind).main
        return self.recipe(kind).other

    def tenant(self, kind: str, index: int, name: str) -> Row:
        """The object that describes a tenant."""
        own_id = tenant_id(self.seed, name)
        random = Random(own_id)  # noqa: S311 - sample data
        document = self.document(kind, index, name, random)
        document[self.contract.identifier_of(kind)] = own_id
        document |= self.recipe(kind).members(random, index, document)
        return self.row(kind, own_id, own_id, NEWEST - index * MICRO, document)

    def objects(self, kind: str, tenant: str) -> Iterator[Row]:
        """The objects of a kind and tenant, newest first.

        If the kind has an identifier of its own, such as a phone number, the recipe may set the id.
        """
        recipe = self.recipe(kind)
        random = Random(f"{self.seed}/{kind}/{tenant}")  # noqa: S311 - sample data
        identifier_name = self.contract.identifier_of(kind)
        for index, moment in enumerate(moments(random, self.count(kind, tenant), recipe.seconds)):
            own_id = identifier(self.seed, kind, tenant, index)
            document = self.document(kind, index, tenant, random)
            document |= self.identifiers(kind, own_id)
            for name, mirrored_kind in recipe.mirrors.items():
                document[name] = identifier(self.seed, mirrored_kind, tenant, index)
            document |= recipe.members(random, index + FIRST_INDEX[tenant], document)
            own_id = document.get(identifier_name, own_id)
            yield self.row(kind, own_id, tenant_id(self.seed, tenant), moment, document)

    def identifiers(self, kind: str, own_id: str) -> Document:
        """The members of a kind that contain the id of the object itself."""
        names = (self.contract.identifier, self.contract.identifier_of(kind))
        return {name: own_id for name in names if self.catalog.shows(kind, name)}

    def row(self, kind: str, own_id: str, tenant: str, moment: int, document: Document) -> Row:
        """An object to store, with tenant and position in its document if the kind shows them."""
        position = render(moment)
        document |= self.catalog.ownership(kind, tenant, position)
        return Row(kind, own_id, tenant, position, key_of(moment), document)

    def document(self, kind: str, index: int, tenant: str, random: Random) -> Document:
        """The schema members of a kind, with sample values."""
        return {
            name: self.member(kind, name, index, tenant, random)
            for name in self.catalog.members(kind)
        }

    def member(self, kind: str, name: str, index: int, tenant: str, random: Random) -> Any:
        """The value of a member: the id of a seeded object for a reference, or else a sample.

        If the tenant has no objects of the referenced kind, the value is null where the schema
        allows that. The recipe says which objects are referenced more often.
        """
        schema = self.catalog.members(kind)[name]
        referenced = schema.get(X, {}).get("references") or self.references.get((kind, name))
        if not referenced or name == self.contract.identifier:
            return sample(schema, index)
        if referenced == self.catalog.tenant_kind:
            return tenant_id(self.seed, tenant)
        count = self.count(referenced, tenant)
        if count == 0:
            is_nullable = "null" in types_of(schema)
            return None if is_nullable else sample(schema, index)
        spread = self.recipe(kind).spread.get(referenced, ())
        weights = (spread + (1,) * count)[:count]  # objects beyond the spread have a weight of 1
        chosen = random.choices(range(count), weights)[0]
        return identifier(self.seed, referenced, tenant, chosen)
