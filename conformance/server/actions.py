"""The actions read, create, update, delete, fetch and perform. ``paging`` serves lists.

Fetch and perform have no object of their own, so they return the documented example.
"""

# ruff: noqa: ARG002 - a method may ignore an argument that an overriding one needs

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.base.values import picked, without
from conformance.model import Open, Operation
from conformance.server import identifiers
from conformance.server.catalog import sample
from conformance.server.messages import Context, Refusal, Reply
from conformance.server.moments import key_of, render
from conformance.server.paging import Paging
from conformance.server.store import Filter, Page, Row


class Actions(Paging):
    """Reads and changes objects of any kind."""

    # --- one object ---

    def not_found(self, operation: Operation) -> Refusal:
        """The refusal for an object that does not exist, or that the key cannot access."""
        return Refusal("not_found")

    def selected(self, context: Context) -> Row:
        """The object that a request selects. Raises Refusal if the key cannot access it."""
        selector = self.selector_of(context.operation)
        value = context.values.get(selector.name) if selector else None
        kind = context.operation.kind
        member = self._selecting_member(context.operation)
        if member:
            row = self.find_by(kind, member, value, context)
        else:
            row = self.find(kind, str(value), context)
        if row is None:
            raise self.not_found(context.operation)
        return row

    def _selecting_member(self, operation: Operation) -> str | None:
        """The member that the selector matches, or None if the selector is the object's id.

        A selector that refers to another kind matches the member of its own name.
        """
        selector = self.selector_of(operation)
        if selector is None:
            return None
        if selector.by:
            return selector.by
        refers_elsewhere = selector.references not in ("", operation.kind)
        return selector.name if refers_elsewhere else None

    def find_by(self, kind: str, member: str, value: Any, context: Context) -> Row | None:
        """The newest object of a kind that has this value in this member; None if there is none."""
        has_value = Filter(member, value)
        rows = self.store.page(Page(kind, self.list_tenant(context), 1, filters=(has_value,)))
        return rows[0] if rows else None

    # --- reading ---

    def act_read(self, context: Context) -> Reply:
        """Return one object, or the example if nothing selects an object."""
        if self.selector_of(context.operation) is None:
            return self.act_fetch(context)
        item = self.render_item(context.operation, self.selected(context))
        wrapper = context.operation.wrapper
        body = item if wrapper is None else {wrapper: item}
        return self.succeed(context, body)

    def act_fetch(self, context: Context) -> Reply:
        """Return the documented example."""
        return self.succeed(context, self.catalog.example(context.operation))

    # --- creating ---

    def new_id(self, kind: str, tenant: str = "") -> str:
        """A new id that the server has never used.

        It depends only on how many new ids the kind and tenant have had, so creating other objects
        does not change it.
        """
        number = self.store.number(f"{kind} {tenant}")
        return identifiers.identifier(self.seed, kind, "new", tenant, number)

    def moment_is_free(self, kind: str, tenant: str, moment: int) -> bool:
        """Whether no object of the kind and tenant has this moment as its position."""
        return not self.store.is_taken(kind, tenant, key_of(moment))

    def new_moment(self, kind: str, tenant: str) -> int:
        """The position of a new object: now, or the next free microsecond."""
        moment = self.clock.now()
        while not self.moment_is_free(kind, tenant, moment):
            moment += 1
        return moment

    def kept(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those values whose names are members of a kind's schema: only these are stored."""
        return picked(values, self.catalog.members(kind))

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        """The members of a new object: the values of the request, and required ones by default.

        If the extras have a completer for the kind, it returns the final members.
        """
        document = self._defaults(context.operation, kind)
        document.update(self.kept(kind, self.as_shown(context)))
        complete = self.extras.completers.get(kind)
        return complete(self, context, document) if complete else document

    def _defaults(self, operation: Operation, kind: str) -> dict[str, Any]:
        """The required members of a kind, with their values in the example, or else samples."""
        example = self.catalog.example(operation)
        examples = example if isinstance(example, dict) else {}
        members = self.catalog.members(kind)
        defaults: dict[str, Any] = {}
        for name in self.catalog.item(kind).get("required", ()):
            defaults[name] = examples[name] if name in examples else sample(members.get(name, {}))
        return defaults

    def own_tenant(self, context: Context) -> str:
        """The id of the tenant that a new object belongs to."""
        return self.tenant_of(context.identity)

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        """Store a new object at a unique position, under a new id unless one is given."""
        with self.store.lock:
            moment = self.new_moment(kind, tenant)
            position = render(moment)
            object_id = identifier or self.new_id(kind, tenant)
            assigned = {self.contract.identifier_of(kind): object_id}
            assigned |= self.catalog.ownership(kind, tenant, position)
            row = Row(kind, object_id, tenant, position, key_of(moment), {**document, **assigned})
            self.store.put([row])
        return row

    def act_create(self, context: Context) -> Reply:
        """Create an object, and return it."""
        kind = context.operation.kind
        row = self.add(kind, self.own_tenant(context), self.document(context, kind))
        return self.succeed(context, self.render_item(context.operation, row))

    # --- changing ---

    def changes(self, context: Context) -> dict[str, Any]:
        """The members that an update changes, with their new values.

        The id, the tenant and the member that selects the object cannot be changed.
        """
        operation = context.operation
        selector = self.selector_of(operation)
        fixed = {self.contract.identifier_of(operation.kind), self.contract.tenant}
        if selector:
            fixed.add(selector.name)
        sent = self.as_shown(context)  # under the names of the members that objects show
        storable = self.kept(operation.kind, sent)
        return without(storable, fixed)

    def as_shown(self, context: Context) -> dict[str, Any]:
        """The values of a request, by the names of the members in which objects show them."""
        names = {parameter.name: parameter.shown_as for parameter in context.operation.parameters}
        return {names.get(name, name): value for name, value in context.values.items()}

    def confirmation(self, operation: Operation, row: Row) -> dict[str, Any]:
        """The body that confirms a change, built from the schema and the object.

        It has the values of the object, True for a boolean that objects do not have, and samples
        for other required members. Without a documented schema, it is the example with the values
        of the object.
        """
        properties = operation.schema.get("properties")
        if not properties:
            return self._example_of(operation, row)
        confirmed: dict[str, Any] = {}
        for name, schema in properties.items():
            if name in row.document:
                confirmed[name] = row.document[name]
            elif schema.get("type") == "boolean" and name not in self.catalog.members(row.kind):
                confirmed[name] = True
            elif name in operation.schema.get("required", ()):
                confirmed[name] = sample(schema)
        return confirmed

    def _example_of(self, operation: Operation, row: Row) -> dict[str, Any]:
        """The example of an operation, with the values of an object; empty if that is no object."""
        example = self.catalog.example(operation)
        if not isinstance(example, dict):
            return {}
        return {name: row.document.get(name, value) for name, value in example.items()}

    def act_update(self, context: Context) -> Reply:
        """Change an object, and confirm it."""
        row = self.store.change(self.selected(context), self.changes(context))
        return self.succeed(context, self.confirmation(context.operation, row))

    def act_delete(self, context: Context) -> Reply:
        """Delete an object, and confirm it."""
        row = self.selected(context)
        self.store.remove(row)
        return self.succeed(context, self.confirmation(context.operation, row))

    def act_perform(self, context: Context) -> Reply:
        """Return the example. Raises Refusal if the request names an object that does not exist.

        If the contract leaves open how to treat such an object, it need not exist.
        """
        selector = context.operation.selector
        is_named = selector is not None and selector.name in context.values
        if is_named and Open.ABSENT_OBJECT not in context.operation.open:
            self.selected(context)
        return self.act_fetch(context)
