"""Who may: the key, its scope, its business. A key that fails is told in one way, whatever is wrong with it."""

# ruff: noqa: ARG002 - what a method here has no use for, an overriding one may need

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.core import Core
from conformance.server.messages import Context, Refusal, Request
from conformance.server.store import Identity, Row

ALL = "*"
"""The scope that grants everything."""


class Access(Core):
    """Keys, scopes and tenants."""

    # --- keys ---

    def parse_key(self, request: Request) -> str | None:
        """The key that a request carries, or None if it carries none in the right form."""
        told = self.contract.authentication
        value = request.header(told.header)
        if value is None or told.scheme is None:
            return value
        scheme, _, key = value.partition(" ")
        return key if scheme.lower() == told.scheme.lower() else None

    def known_key(self, key: str) -> Identity | None:
        """Who a key stands for; None where nobody was given it."""
        return self.store.key(key)

    def is_expired(self, identity: Identity) -> bool:
        """Whether a key is past its end."""
        return identity.expires is not None and identity.expires <= self.clock.now()

    def is_revoked(self, identity: Identity) -> bool:
        """Whether a key was taken back."""
        return identity.revoked

    def unauthenticated(self, operation: Operation) -> Refusal:
        """The refusal of a request without a key that works."""
        scheme = self.contract.authentication.scheme
        return Refusal("unauthenticated", headers=(("WWW-Authenticate", scheme),) if scheme else ())

    def wants_key(self, operation: Operation) -> bool:
        """Whether an operation is closed without a key."""
        return operation.keyed

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        """Who sends the request; None where no key is wanted."""
        if not self.wants_key(operation):
            return None
        key = self.parse_key(request)
        identity = self.known_key(key) if key else None
        if identity is None or self.is_expired(identity) or self.is_revoked(identity):
            raise self.unauthenticated(operation)
        return identity

    # --- scopes ---

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        """Whether a key has the scope of an operation."""
        return (
            not operation.scopes
            or ALL in identity.scopes
            or bool(identity.scopes & set(operation.scopes))
        )

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        """Refuse a key without the scope."""
        if identity is not None and not self.has_scope(operation, identity):
            raise Refusal("forbidden", "The key lacks the scope")

    # --- tenants ---

    def tenant_of(self, identity: Identity | None) -> str:
        """The business that an identity works in; the main one where keys or tenants do not matter."""
        if identity is None or self.contract.tenant is None:
            return self.main_tenant()
        return identity.tenant

    def main_tenant(self) -> str:
        """The id of the business that comes first."""
        return str(self.store.note("tenant:main"))

    def may_reach(self, tenant: str, identity: Identity | None) -> bool:
        """Whether an identity may work in a business."""
        return tenant == self.tenant_of(identity)

    def names_tenant(self, parameter: Parameter) -> bool:
        """Whether a parameter holds the id of a business."""
        return (
            self.catalog.tenant_kind is not None
            and parameter.references == self.catalog.tenant_kind
        )

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        """Refuse the id of a business that the key does not reach."""
        if not self.may_reach(value, context.identity):
            raise Refusal("forbidden", "The key lacks access to the business")

    # --- objects ---

    def selector_of(self, operation: Operation) -> Parameter | None:
        """The parameter that names the object which an operation is about."""
        if operation.selector is not None:
            return operation.selector
        return next(
            (p for p in operation.parameters if p.place == "path" or p.name == operation.when), None
        )

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        """An object by its id, if the key reaches it."""
        row = self.store.get(kind, identifier)
        return (
            row
            if row is not None
            and (kind in self.catalog.pools or self.may_reach(row.tenant, context.identity))
            else None
        )

    def must_exist(self, operation: Operation, parameter: Parameter) -> bool:
        """Whether the object that a parameter names has to be there.

        A filter by nothing finds nothing; what the operation is about is looked up by its action.
        """
        selects = (
            parameter == self.selector_of(operation) and parameter.references == operation.kind
        )
        return parameter.references is not None and parameter.filters is None and not selects

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        """Refuse the id of an object that is not there, or not for this key."""
        for one in value if isinstance(value, list) else [value]:
            if (
                parameter.references is None
                or self.find(parameter.references, str(one), context) is None
            ):
                raise Refusal("not_found", f"{parameter.name} names nothing that the key reaches")

    def check_references(self, context: Context) -> None:
        """Refuse ids out of reach, wherever the contract says that a parameter holds one."""
        values: Mapping[str, Any] = context.values
        for parameter in context.operation.parameters:
            if parameter.name not in values:
                continue
            if self.names_tenant(parameter):
                self.check_tenant(parameter, str(values[parameter.name]), context)
            elif self.must_exist(context.operation, parameter):
                self.check_reference(parameter, values[parameter.name], context)
