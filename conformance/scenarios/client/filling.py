"""Valid values for the parameters of an operation, from the contract and from what is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from conformance.base.values import ABSENT, present
from conformance.model import (
    Business,
    Contract,
    Declaration,
    KeyName,
    Open,
    Operation,
    Parameter,
    business_of,
)
from conformance.reading import filled
from conformance.scenarios.client.ids import Id

_SAMPLES: Mapping[str, Any] = {
    "string": "sample",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "object": {},
}


class Source(Protocol):
    """What is known of a target: its objects, and which of them a request may work on."""

    @property
    def contract(self) -> Contract:
        """The part of the contract that the target offers."""

    @property
    def target(self) -> Declaration:
        """What the target file declares."""

    def token(self) -> str:
        """A text that no other request contains."""

    def number(self) -> str:
        """The phone number of the run."""

    def business(self, key: str = KeyName.FULL) -> str | None:
        """The id of the business of a key."""

    def known_id(self, kind: str, key: str = KeyName.FULL, member: str | None = None) -> Id | None:
        """The id of an object of a kind that a key sees."""

    def free(self, kind: str, key: str) -> Id | None:
        """An object of a pool that is still free."""

    def readable(
        self, operation: Operation, values: Mapping[str, Any], selector: Parameter, key: str
    ) -> Id:
        """An object that a read returns."""

    def id_for(self, operation: Operation) -> Id | None:
        """One of the run's own objects, to change, work on or delete."""


def valid(source: Source, operation: Operation, key: str = KeyName.FULL) -> dict[str, Any] | None:
    """Valid values for the required and advised parameters, by name.

    None if a required one is unknown. Values of the target file (``inputs``) replace the suite's
    own. A request that does more than read works on one of the run's own objects.
    """
    values: dict[str, Any] = {}
    for parameter in operation.parameters:
        if parameter.usual:
            values[parameter.name] = value(source, parameter, key)
    selector = operation.selector
    if selector is not None and operation.works_on(selector):
        values[selector.name] = worked_on(source, operation)
    _add_change(source, operation, values, key)
    _select_readable(source, operation, values, key)
    for name, text in source.target.inputs.get(operation.id, {}).items():
        values[name] = _from_target_file(source, operation.parameter(name), text, key)
    return _complete(operation, values)


def value(source: Source, parameter: Parameter, key: str = KeyName.FULL) -> Any:
    """A valid value for a parameter; ABSENT if none is known.

    The value is an id that the key sees, a phone number of the target file, or a text that no other
    request contains. Otherwise it is the documented example, or a value that the schema allows.
    """
    if source.contract.refers(parameter):
        return _as_typed(parameter, _reference(source, parameter, key))
    if parameter.phone:
        return source.number()
    if parameter.fresh:
        return filled(parameter.fresh, source.token())
    if parameter.example is not None:
        return parameter.example
    return _sample(parameter.schema)


def known(
    source: Source, parameters: Iterable[Parameter], key: str = KeyName.FULL
) -> dict[str, Any]:
    """A valid value for each of some parameters, by name, without those that have none."""
    return present({parameter.name: value(source, parameter, key) for parameter in parameters})


def optional(source: Source, operation: Operation, *, switches: bool = True) -> dict[str, Any]:
    """Values for the optional members of a body that the contract has values for, by name.

    Without ``switches``, members that are switches are left out.
    """
    members = [each for each in operation.body if each.has_value and not each.required]
    if not switches:
        members = [member for member in members if not member.is_switch]
    return known(source, members)


def phones(source: Source, operation: Operation) -> dict[str, Any]:
    """Phone numbers for the optional members of a body that take one, by name."""
    return known(source, (each for each in operation.body if each.phone and not each.required))


def worked_on(source: Source, operation: Operation) -> Any:
    """One of the run's own objects, as the selector of an operation that writes takes it.

    An older object is used only if none can be created. ABSENT if there is none to use.
    """
    assert operation.selector is not None
    return _as_typed(operation.selector, source.id_for(operation))


# --- parts of a request ---------------------------------------------------------------------------


def _add_change(source: Source, operation: Operation, values: dict[str, Any], key: str) -> None:
    """Add a value for the first member with a fresh text to an update that changes nothing yet."""
    if operation.action != "update" or not operation.fresh_members:
        return
    changeable = {each.name for each in operation.parameters if not source.contract.refers(each)}
    changes_something = not changeable.isdisjoint(present(values))
    if not changes_something:
        member = operation.fresh_members[0]
        values[member.name] = value(source, member, key)


def _select_readable(
    source: Source, operation: Operation, values: dict[str, Any], key: str
) -> None:
    """Select an object that can be read, found by reading some, if no source says which can be.

    Nothing changes if no object is known.
    """
    selector = operation.selector
    is_open_read = operation.action == "read" and Open.INPUT in operation.open
    if selector is not None and is_open_read and values[selector.name] is not ABSENT:
        values[selector.name] = source.readable(operation, values, selector, key)


def _reference(source: Source, parameter: Parameter, key: str) -> Id | None:
    """The id of a business, of a free object of a pool, or of an object that the key sees."""
    if parameter.name == source.contract.tenant:
        return source.business(key)
    kind = parameter.references
    lists = source.contract.operations_by("list", kind)
    if any(listing.pool for listing in lists):
        return source.free(kind, key)
    return source.known_id(kind, key, parameter.by)


def _from_target_file(source: Source, parameter: Parameter | None, text: Any, key: str) -> Any:
    """A value of the target file, with a mark in place of ``{}`` in a text.

    The objects that the target file names are those that the full key sees. So for a key of another
    business, an object that this key sees replaces them.
    """
    is_main = business_of(key) in (None, Business.MAIN)  # None: the key may be of any
    if not is_main and parameter is not None and source.contract.refers(parameter):
        return value(source, parameter, key)
    return filled(text, source.token()) if isinstance(text, str) else text


def _complete(operation: Operation, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values that are known; None if that of a required parameter is not."""
    complete = present(values)
    required = {parameter.name for parameter in operation.required}
    return complete if required <= complete.keys() else None


def _sample(schema: Mapping[str, Any]) -> Any:
    """A value of a schema: the first of its enumeration, or else a sample of its first type.

    An enumeration whose first value is empty, 0, false or null does not count.
    """
    first = schema.get("enum", [None])[0]
    if first:
        return first
    types = schema.get("type", "string")
    first_type = types if isinstance(types, str) else types[0]
    return _SAMPLES[first_type]


def _as_typed(parameter: Parameter, name: Id | None) -> Any:
    """An id in the form that the parameter takes: alone, or in an array; ABSENT for None."""
    if name is None:
        return ABSENT
    if parameter.schema.get("type") == "array":
        return [name]
    return name
