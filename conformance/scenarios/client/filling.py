"""Valid values for the parameters of an operation, from the contract and from what is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from conformance.base.values import ABSENT, present
from conformance.model import (
    Business,
    Contract,
    Declaration,
    Open,
    Operation,
    Parameter,
    business_of,
)
from conformance.scenarios.client.ids import Id
from conformance.target import FICTIONAL_NUMBER

_SAMPLES: Mapping[str, Any] = {
    "string": "sample",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "object": {},
}


class Known(Protocol):
    """What filling must know of the target: objects that exist."""

    def business(self, key: str = "full") -> str | None:
        """The id of the business of a key."""

    def known_id(self, kind: str, key: str = "full", member: str | None = None) -> Id | None:
        """The id of an object of a kind that a key sees."""

    def free(self, kind: str, key: str) -> Id | None:
        """An object of a pool that is still free."""

    def readable(
        self, operation: Operation, values: Mapping[str, Any], selector: Parameter, key: str
    ) -> Id:
        """An object that a read returns."""


class Filling:
    """Fills requests. It sends nothing itself.

    ``known`` says which objects exist, and ``own`` gives one of our own to an operation.
    """

    def __init__(
        self,
        contract: Contract,
        target: Declaration,
        known: Known,
        own: Callable[[Operation], Id | None],
        token: Callable[[], str],
    ) -> None:
        self._contract = contract
        self._target = target
        self._known = known
        self._own = own
        self._token = token

    def valid(self, operation: Operation, key: str = "full") -> dict[str, Any] | None:
        """Valid values for the required and advised parameters, by name.

        None if a required one is unknown. Values of the target file (``inputs``) replace the
        suite's own. A request that does more than read works on an object of the run's own.
        """
        values: dict[str, Any] = {}
        for parameter in operation.parameters:
            if parameter.usual:
                values[parameter.name] = self.value(parameter, key)
        self._select_own(operation, values)
        self._add_change(operation, values, key)
        self._select_readable(operation, values, key)
        for name, value in self._target.inputs.get(operation.id, {}).items():
            values[name] = self._given(operation.parameter(name), value, key)
        return _complete(operation, values)

    def _select_own(self, operation: Operation, values: dict[str, Any]) -> None:
        """Work on an object of our own where the operation does more than read."""
        selector = operation.selector
        if selector is not None and operation.works_on(selector):
            values[selector.name] = self.worked_on(operation)

    def worked_on(self, operation: Operation) -> Any:
        """An object for what does more than read, as its selector takes it: one of our own.

        It is an older one only if none can be created; ABSENT if there is none to use.
        """
        assert operation.selector is not None
        return _as_typed(operation.selector, self._own(operation))

    def _changes_nothing(self, operation: Operation, values: Mapping[str, Any]) -> bool:
        """Whether the values of a change only name objects."""
        known = present(values)
        changes = [p for p in operation.parameters if not self._contract.refers(p)]
        return not any(parameter.name in known for parameter in changes)

    def _add_change(self, operation: Operation, values: dict[str, Any], key: str) -> None:
        """Change the first member that takes a fresh text, if a change would change nothing."""
        if operation.action != "update":
            return
        if not self._changes_nothing(operation, values):
            return
        if operation.fresh_members:
            member = operation.fresh_members[0]
            values[member.name] = self.value(member, key)

    def _select_readable(self, operation: Operation, values: dict[str, Any], key: str) -> None:
        """Read an object that can be read, where the sources leave open which ones can."""
        selector = operation.selector
        is_open_read = operation.action == "read" and Open.INPUT in operation.open
        if selector is None:
            return
        if not is_open_read:
            return
        if values[selector.name] is not ABSENT:
            known = self._known.readable(operation, values, selector, key)
            values[selector.name] = known

    def value(self, parameter: Parameter, key: str = "full") -> Any:
        """A valid value for a parameter; ABSENT where none is known.

        An id that the key sees, a phone number of the target file, or a text that no other request
        holds. Else the documented example, or a value that the schema allows.
        """
        if self._contract.refers(parameter):
            return _as_typed(parameter, self._reference(parameter, key))
        if parameter.phone:
            numbers = self._target.phone_numbers or (FICTIONAL_NUMBER,)
            return numbers[0]
        if parameter.fresh:
            return parameter.fresh.replace("{}", self._token())
        if parameter.example is not None:
            return parameter.example
        return _sample(parameter.schema)

    def _reference(self, parameter: Parameter, key: str) -> Id | None:
        """The id of a business, of a free object of a pool, or of an object that the key sees."""
        if parameter.name == self._contract.tenant:
            return self._known.business(key)
        kind = parameter.references
        lists = self._contract.operations_by("list", kind)
        if any(listing.pool for listing in lists):
            return self._known.free(kind, key)
        return self._known.known_id(kind, key, parameter.by)

    def _given(self, parameter: Parameter | None, value: Any, key: str) -> Any:
        """A value of the target file. What it refers to is what the full key sees.

        A key of another business gets what it sees itself.
        """
        is_main = business_of(key) in (None, Business.MAIN)
        if is_main or parameter is None or not self._contract.refers(parameter):
            return self.filled(value)
        return self.value(parameter, key)

    def filled(self, value: Any) -> Any:
        """A value of the target file, with a fresh text in place of ``{}``."""
        if not isinstance(value, str):
            return value
        return value.replace("{}", self._token())


def _complete(operation: Operation, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values that are known; None if one for a required parameter is not."""
    known = present(values)
    required = {parameter.name for parameter in operation.required}
    if required <= known.keys():
        return known
    return None


def _sample(schema: Mapping[str, Any]) -> Any:
    """A value of a schema: the first of its enumeration, or one of its type."""
    first = schema.get("enum", [None])[0]
    if first:
        return first
    kind = schema.get("type", "string")
    usual = kind if isinstance(kind, str) else kind[0]
    return _SAMPLES[usual]


def _as_typed(parameter: Parameter, name: Id | None) -> Any:
    """An id as the parameter takes it: alone, or in an array; ABSENT for None."""
    if name is None:
        return ABSENT
    if parameter.schema.get("type") == "array":
        return [name]
    return name
