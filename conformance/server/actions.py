"""What the operations do: list (see paging), read, create, update, delete; fetch and perform answer their example."""

# ruff: noqa: ARG002 - what a method here has no use for, an overriding one may need

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.model import Open, Operation
from conformance.server import naming
from conformance.server.catalog import sample
from conformance.server.messages import Context, Refusal, Reply
from conformance.server.moments import key_of, render
from conformance.server.paging import Paging
from conformance.server.store import Filter, Page, Row


class Actions(Paging):
    """Reads and changes objects of any kind."""

    # --- one object ---

    def not_found(self, operation: Operation) -> Refusal:
        """The refusal of an object that is not there, or not for this key."""
        return Refusal("not_found")

    def selected(self, context: Context) -> Row:
        """The object that a request is about."""
        selector = self.selector_of(context.operation)
        value = context.values.get(selector.name) if selector else None
        kind = context.operation.kind or ""
        member = (
            None
            if selector is None
            else selector.by or (selector.name if selector.references not in (None, kind) else None)
        )
        row = (
            self.find_by(kind, member, value, context)
            if member
            else self.find(kind, str(value), context)
        )
        if row is None:
            raise self.not_found(context.operation)
        return row

    def find_by(self, kind: str, member: str, value: Any, context: Context) -> Row | None:
        """The newest object of a kind whose member has a value, such as the one thing that another owns."""
        rows = self.store.page(
            Page(kind, self.list_tenant(context), 1, filters=(Filter(member, value),))
        )
        return rows[0] if rows else None

    # --- reading ---

    def act_read(self, context: Context) -> Reply:
        """Answer one object; one that nothing selects is answered by its example."""
        if self.selector_of(context.operation) is None:
            return self.act_fetch(context)
        item = self.render_item(context.operation, self.selected(context))
        wrapper = context.operation.wrapper
        return self.succeed(context, item if wrapper is None else {wrapper: item})

    def act_fetch(self, context: Context) -> Reply:
        """Answer what is documented."""
        return self.succeed(context, self.catalog.example(context.operation))

    # --- creating ---

    def new_id(self, kind: str) -> str:
        """An id that was never given before."""
        return naming.identifier(self.seed, kind, "new", self.store.number())

    def moment_is_free(self, kind: str, tenant: str, moment: int) -> bool:
        """Whether no object has the position yet."""
        return not self.store.taken(kind, tenant, key_of(moment))

    def new_moment(self, kind: str, tenant: str) -> int:
        """The position of a new object: now, or the next microsecond that no other has."""
        moment = self.clock.now()
        while not self.moment_is_free(kind, tenant, moment):
            moment += 1
        return moment

    def kept(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values that an object of a kind keeps: those that it is read with."""
        known = self.catalog.members(kind)
        return {name: value for name, value in values.items() if name in known}

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        """A new object: what was sent, and what the documented example has where a member is required."""
        example = self.catalog.example(context.operation)
        known = self.catalog.members(kind)
        usual = {
            name: example[name]
            if isinstance(example, dict) and name in example
            else sample(known.get(name, {}))
            for name in self.catalog.item(kind).get("required", ())
        }
        document = {**usual, **self.kept(kind, self.as_shown(context))}
        complete = self.extras.completers.get(kind)
        return complete(self, context, document) if complete else document

    def own_tenant(self, context: Context) -> str:
        """The business that a new object belongs to."""
        return self.tenant_of(context.identity)

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        """Store a new object under its own position, and a new id if none is told."""
        known = self.catalog.members(kind)
        with self.store.lock:
            moment = self.new_moment(kind, tenant)
            name = self.contract.identifier_of(kind)
            own: dict[str, Any] = {name: identifier or self.new_id(kind)}
            told = {self.contract.tenant: tenant, self.catalog.position: render(moment)}
            own |= {
                name: value for name, value in told.items() if name and (name in known or not known)
            }
            row = Row(kind, own[name], tenant, render(moment), key_of(moment), {**document, **own})
            self.store.put([row])
        return row

    def act_create(self, context: Context) -> Reply:
        """Make an object, and answer it."""
        kind = context.operation.kind or ""
        row = self.add(kind, self.own_tenant(context), self.document(context, kind))
        return self.succeed(context, self.render_item(context.operation, row))

    # --- changing ---

    def changes(self, context: Context) -> dict[str, Any]:
        """The members that an update changes."""
        selector = self.selector_of(context.operation)
        identifier = self.contract.identifier_of(context.operation.kind)
        fixed = (selector.name if selector else None, identifier, self.contract.tenant)
        kept = self.kept(context.operation.kind or "", self.as_shown(context))
        return {name: value for name, value in kept.items() if name not in fixed}

    def as_shown(self, context: Context) -> dict[str, Any]:
        """What was sent, by the names under which an object shows it."""
        names = {p.name: p.shows_as for p in context.operation.parameters if p.shows_as}
        return {names.get(name, name): value for name, value in context.values.items()}

    def confirmation(self, operation: Operation, row: Row) -> dict[str, Any]:
        """What the schema of a success asks for: members of the object, and yes to what the object does not know.

        Where no source shows a body it is the example, with the object's own values.
        """
        told: dict[str, Any] = {}
        if not operation.schema.get("properties"):
            example = self.catalog.example(operation)
            return (
                {name: row.document.get(name, value) for name, value in example.items()}
                if isinstance(example, dict)
                else {}
            )
        for name, schema in operation.schema.get("properties", {}).items():
            if name in row.document:
                told[name] = row.document[name]
            elif schema.get("type") == "boolean" and name not in self.catalog.members(row.kind):
                told[name] = True
            elif name in operation.schema.get("required", ()):
                told[name] = sample(schema)
        return told

    def act_update(self, context: Context) -> Reply:
        """Change an object."""
        row = self.store.change(self.selected(context), self.changes(context))
        return self.succeed(context, self.confirmation(context.operation, row))

    def act_delete(self, context: Context) -> Reply:
        """Remove an object."""
        row = self.selected(context)
        self.store.remove(row)
        return self.succeed(context, self.confirmation(context.operation, row))

    def act_perform(self, context: Context) -> Reply:
        """Answer what is documented; what it is about must be there."""
        selector = context.operation.selector
        if (
            selector is not None
            and selector.name in context.values
            and Open.ABSENT_OBJECT not in context.operation.open
        ):
            self.selected(context)
        return self.act_fetch(context)
