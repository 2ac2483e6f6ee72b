"""Access control: keys, scopes, tenants, and the objects that a key can access.

An invalid key is always refused in the same way, whatever is wrong with it.
"""

# ruff: noqa: ARG002 - a method may ignore an argument that an overriding one needs

from __future__ import annotations

from typing import Any

from conformance.model import EVERY_SCOPE, Operation, Parameter
from conformance.server.core import Core
from conformance.server.messages import Context, Refusal, Request
from conformance.server.store import Identity, Row


class Access(Core):
    """Keys, scopes, tenants and references."""

    # --- keys ---

    def parse_key(self, request: Request) -> str | None:
        """The key in a request; None if it has no key in the documented form.

        The scheme is case-insensitive, as in RFC 9110.
        """
        authentication = self.contract.authentication
        value = request.header(authentication.header)
        if value is None or authentication.scheme is None:
            return value
        scheme, _, key = value.partition(" ")
        is_documented = scheme.lower() == authentication.scheme.lower()
        return key if is_documented else None

    def known_key(self, key: str) -> Identity | None:
        """The identity of a key, or None if the server never issued it."""
        return self.store.key(key)

    def is_expired(self, identity: Identity) -> bool:
        """Whether a key has expired, by the clock of the server."""
        if identity.expires is None:
            return False
        return identity.expires <= self.clock.now()

    def is_revoked(self, identity: Identity) -> bool:
        """Whether a key has been revoked."""
        return identity.revoked

    def unauthenticated(self, operation: Operation) -> Refusal:
        """The refusal of a request without a valid key, the same whatever is wrong with it.

        WWW-Authenticate names the scheme, if the contract has one.
        """
        scheme = self.contract.authentication.scheme
        headers = (("WWW-Authenticate", scheme),) if scheme else ()
        return Refusal("unauthenticated", headers=headers)

    def wants_key(self, operation: Operation) -> bool:
        """Whether an operation requires a key."""
        return operation.keyed

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        """The identity of the sender, or None if the operation requires no key.

        Raises Refusal if a key is required and the request has no valid one.
        """
        if not self.wants_key(operation):
            return None
        key = self.parse_key(request)
        identity = self.known_key(key) if key else None
        if identity is None:
            raise self.unauthenticated(operation)
        if self.is_expired(identity) or self.is_revoked(identity):
            raise self.unauthenticated(operation)
        return identity

    # --- scopes ---

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        """Whether a key has a scope that allows an operation.

        Any one of the operation's scopes is enough. An operation without documented scopes is open
        to every key.
        """
        if not operation.scopes:
            return True
        if EVERY_SCOPE in identity.scopes:
            return True
        return not identity.scopes.isdisjoint(operation.scopes)

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        """Raise Refusal if the key lacks the scope. A request without a key passes this check."""
        if identity is not None and not self.has_scope(operation, identity):
            raise Refusal("forbidden", "The key lacks the scope")

    # --- tenants ---

    def tenant_of(self, identity: Identity | None) -> str:
        """The id of the tenant that an identity belongs to.

        This is the main tenant if the request has no key, or if the contract has no tenants.
        """
        if identity is None or self.contract.tenant is None:
            return self.main_tenant()
        return identity.tenant

    def main_tenant(self) -> str:
        """The id of the main tenant."""
        return str(self.store.note("tenant:main"))

    def may_reach(self, tenant: str, identity: Identity | None) -> bool:
        """Whether an identity has access to a tenant."""
        return tenant == self.tenant_of(identity)

    def names_tenant(self, parameter: Parameter) -> bool:
        """Whether a parameter is the id of a tenant."""
        kind = self.catalog.tenant_kind
        return bool(kind) and parameter.references == kind

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        """Raise Refusal if the key has no access to the tenant with this id."""
        if not self.may_reach(value, context.identity):
            raise Refusal("forbidden", "The key lacks access to the business")

    # --- objects ---

    def selector_of(self, operation: Operation) -> Parameter | None:
        """The parameter that selects the object of an operation, or None if there is none.

        If the contract names no selector for the operation, this is the first parameter that is
        either in the path or selects the mode.
        """
        if operation.selector is not None:
            return operation.selector
        for parameter in operation.parameters:
            if parameter.place == "path":
                return parameter
            if parameter.name == operation.when:
                return parameter
        return None

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        """An object by its id, or None if it does not exist or the key cannot access it.

        Objects in a pool belong to no tenant, so every key can access them.
        """
        row = self.store.get(kind, identifier)
        if row is None:
            return None
        if kind in self.catalog.pools:
            return row
        if self.may_reach(row.tenant, context.identity):
            return row
        return None

    def must_exist(self, operation: Operation, parameter: Parameter) -> bool:
        """Whether to refuse a request if a parameter refers to an object that does not exist.

        False for a filter, because filtering by an unknown object returns an empty list. False for
        the object that an operation acts on, because the action looks it up itself.
        """
        if parameter.filters:
            return False
        if not parameter.references:
            return False
        is_selector = parameter == self.selector_of(operation)
        is_acted_on = is_selector and parameter.references == operation.kind
        return not is_acted_on

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        """Raise Refusal if the key cannot access every object that the value refers to.

        ``value`` is an id, or an array of ids.
        """
        identifiers = value if isinstance(value, list) else [value]
        for identifier in identifiers:
            if self.find(parameter.references, str(identifier), context) is None:
                raise Refusal("not_found", f"{parameter.name} names nothing that the key reaches")

    def check_references(self, context: Context) -> None:
        """Raise Refusal if a parameter refers to a tenant or object that the key cannot access.

        The parameters that were sent are checked in contract order.
        """
        for parameter in context.operation.parameters:
            if parameter.name not in context.values:
                continue
            value = context.values[parameter.name]
            if self.names_tenant(parameter):
                self.check_tenant(parameter, str(value), context)
            elif self.must_exist(context.operation, parameter):
                self.check_reference(parameter, value, context)
