"""A JSON Schema as far as drift compares it, of OpenAPI 3.0 or 3.1.

References are followed within the document, and the parts of ``allOf``, ``anyOf`` and ``oneOf`` are
joined. The document may be hostile: chains, cycles and the total work are bounded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from conformance.base.values import texts_in
from conformance.drift.limits import (
    INCOMPARABLE,
    TYPE_OF_LIMIT,
    Limit,
    is_as_tight,
    limits_of,
    tighter,
)
from conformance.reading import members_of

ALL_TYPES = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})
HOPS, LONGEST = 10, 500
"""Maximum length of a chain of references, and of one reference."""
DEEPEST = 30
"""Maximum nesting of parts of a schema in each other."""
WORK = 1_000_000
"""Maximum number of members, values and parts that are read while a document is compared."""


class TooMuchError(ValueError):
    """A document that takes more work to compare than any real one."""


@dataclass(frozen=True)
class View:
    """A schema in comparable form.

    ``values`` are the allowed values as JSON; None means any. ``members``, ``items`` and ``rest``
    are schemas that have no view yet. ``known`` is False if the schema cannot be followed: a
    reference leads nowhere, or the schema is nested too deep or contains itself.
    """

    types: frozenset[str] = ALL_TYPES
    values: frozenset[str] | None = None
    limits: Mapping[str, Limit] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: Any = None
    rest: Any = None  # the schema of members without a name of their own
    known: bool = True

    @property
    def size(self) -> int:
        """The number of members and values that the schema names."""
        return len(self.members) + len(self.required) + len(self.values or ())


NOTHING_KNOWN = View(known=False)


class Views:
    """The schemas of one document, each viewed once."""

    def __init__(self, document: Any) -> None:
        self._document = members_of(document)
        # by the id of a schema; the schema itself is kept so that no other object gets its id
        self._seen: dict[int, tuple[Any, View]] = {}
        self._open: set[int] = set()  # the ids of the schemas that are being viewed
        self._work = WORK

    def resolved(self, value: Any) -> dict[str, Any] | None:
        """An object, or the one that its ``$ref`` leads to; None if there is no such object."""
        for _ in range(HOPS):
            reference = members_of(value).get("$ref")
            if not isinstance(reference, str):
                return value if isinstance(value, dict) else None
            if len(reference) > LONGEST or not reference.startswith("#/"):
                return None
            value = self._document
            for step in unquote(reference[2:]).split("/"):
                value = members_of(value).get(step.replace("~1", "/").replace("~0", "~"))
        return None

    def view(self, schema: Any) -> View:
        """The view of a schema. Raises TooMuchError.

        Nothing is known of a schema that contains itself, or is nested too deep.
        """
        if schema is True or schema == {}:
            return View()
        if schema is False:
            return View(types=frozenset())
        key = id(schema)
        if key in self._seen:
            _, view = self._seen[key]
            return view
        if key in self._open or len(self._open) > DEEPEST:
            return NOTHING_KNOWN
        self._open.add(key)
        try:
            view = self._new_view(schema)
        finally:
            self._open.discard(key)
        self._seen[key] = (schema, view)
        return view

    def _new_view(self, schema: Any) -> View:
        """The view of a schema that was not viewed before, or of the schema that it refers to.

        Keywords beside a reference count, too. A nullable schema also allows null.
        """
        resolved = self.resolved(schema)
        if resolved is None:
            return NOTHING_KNOWN
        if resolved is not schema:
            view = self.view(resolved)
            beside = {name: part for name, part in members_of(schema).items() if name != "$ref"}
            return self._both(view, _plain(beside)) if beside else view  # OpenAPI 3.1 allows both
        view = self._with_parts(resolved)
        if resolved.get("nullable") is not True:
            return view
        values = None if view.values is None else view.values | {"null"}
        return replace(view, types=view.types | {"null"}, values=values)

    def _with_parts(self, schema: Mapping[str, Any]) -> View:
        """The view of a schema by its own keywords, joined with the schemas that it combines."""
        view = _plain(schema)
        self.spend(view.size)
        for part in listed(schema.get("allOf")):
            view = self._both(view, self.view(part))
        for name in ("anyOf", "oneOf"):
            parts = [self.view(part) for part in listed(schema.get(name))]
            if parts:
                view = self._both(view, self._any_of(parts))
        return view

    def _any_of(self, views: Sequence[View]) -> View:
        """The view of the values that fit at least one of some schemas."""
        joined, *others = views
        for other in others:
            joined = self._either(joined, other)
        return joined

    def spend(self, work: int) -> None:
        """Count work on the document. Raises TooMuchError beyond WORK."""
        self._work -= work + 1
        if self._work < 0:
            raise TooMuchError("its parts are larger than any that the suite compares")

    def _both(self, one: View, other: View) -> View:
        """The view of the values that fit both of two schemas."""
        self.spend(one.size + other.size)
        members = {**one.members, **other.members}
        for name in one.members.keys() & other.members.keys():
            members[name] = _joined("allOf", one.members[name], other.members[name])
        # the values that the only list has, or that both lists have
        values = one.values if other.values is None else other.values
        if one.values is not None and other.values is not None:
            values = one.values & other.values
        limits = {**one.limits, **other.limits}
        for name in one.limits.keys() & other.limits.keys():
            limits[name] = tighter(name, one.limits[name], other.limits[name])
        return View(
            types=one.types & other.types,
            values=values,
            limits=limits,
            members=members,
            required=one.required | other.required,
            items=_joined("allOf", one.items, other.items),
            rest=_joined("allOf", one.rest, other.rest),
            known=one.known and other.known,
        )

    def _either(self, one: View, other: View) -> View:
        """The view of the values that fit at least one of two schemas, perhaps of slightly more."""
        self.spend(one.size + other.size)
        members = {**one.members, **other.members}
        for name in one.members.keys() & other.members.keys():
            members[name] = _joined("anyOf", one.members[name], other.members[name])
        values = None
        if one.values is not None and other.values is not None:
            values = one.values | other.values
        required = one.required & other.required
        # only objects have members, so a schema that allows no objects requires nothing here
        if "object" not in other.types:
            required = one.required
        elif "object" not in one.types:
            required = other.required
        return View(
            types=one.types | other.types,
            values=values,
            limits=_limits_of_either(one, other),
            members=members,
            required=required,
            items=_part_of_either("array", one, other, one.items, other.items),
            rest=_part_of_either("object", one, other, one.rest, other.rest),
            known=one.known and other.known,
        )


def _plain(schema: Mapping[str, Any]) -> View:
    """The view of a schema by its own keywords, without references and combined schemas."""
    members = members_of(schema.get("properties"))
    values = _values(schema)
    rest = schema.get("additionalProperties")
    return View(
        types=_types(schema, values),
        values=values,
        limits=limits_of(schema),
        members=members,
        required=frozenset(texts_in(listed(schema.get("required")))),
        items=schema.get("items"),
        rest=rest if isinstance(rest, dict) else None,
    )


def _types(schema: Mapping[str, Any], values: frozenset[str] | None) -> frozenset[str]:
    """The types that a schema allows, stated or implied by other keywords."""
    stated = schema.get("type")
    named = [stated] if isinstance(stated, str) else listed(stated)
    types = frozenset(texts_in(named)) & ALL_TYPES
    if "number" in types:
        types |= {"integer"}
    if types:
        return types
    if values is not None:
        return frozenset(_type_of(json.loads(value)) for value in values)
    if "properties" in schema:
        return frozenset({"object"})
    if "items" in schema:
        return frozenset({"array"})
    return ALL_TYPES


def _type_of(value: Any) -> str:
    """The name of the JSON type of a value."""
    if value is None:
        return "null"
    names: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return names.get(type(value), "array" if isinstance(value, list) else "object")


def _values(schema: Mapping[str, Any]) -> frozenset[str] | None:
    """The values that a schema lists, as JSON; None if it lists none."""
    if "const" in schema:
        return frozenset({json.dumps(schema["const"], sort_keys=True)})
    if isinstance(schema.get("enum"), list):
        return frozenset(json.dumps(each, sort_keys=True) for each in schema["enum"])
    return frozenset({"null"}) if schema.get("type") == "null" else None


def _limits_of_either(one: View, other: View) -> dict[str, Limit]:
    """The limits of the values that fit at least one of two schemas.

    If both schemas have a limit, the looser one applies, or none if they cannot be compared. If
    only one has it, none applies. A schema that does not allow the type that a limit is for has no
    say in it.
    """
    limits: dict[str, Limit] = {}
    for name, limited_type in TYPE_OF_LIMIT.items():
        views = [view for view in (one, other) if _allows(view, limited_type)]
        found = [view.limits.get(name) for view in views]
        if not found or None in found:
            continue
        first, last = found[0], found[-1]  # the same one if only one schema has a say
        if first == last:
            limits[name] = first
        elif name not in INCOMPARABLE:
            limits[name] = last if is_as_tight(name, first, last) else first
    return limits


def _allows(view: View, type_name: str) -> bool:
    """Whether a schema allows any values of a type. Integers are numbers, too."""
    if type_name == "number" and "integer" in view.types:
        return True
    return type_name in view.types


def _part_of_either(owner: str, one: View, other: View, one_part: Any, other_part: Any) -> Any:
    """The schema of a part of the values that fit one of two schemas; None if any part fits.

    The parts are the items of arrays, or the unnamed members of objects. ``owner`` is the type of
    the values that have them, ``array`` or ``object``. A schema that does not allow this type has
    no say. ``one_part`` and ``other_part`` are what the two schemas require of a part.
    """
    if owner not in one.types:
        return other_part
    if owner not in other.types:
        return one_part
    if one_part is None or other_part is None:
        return None
    return _joined("anyOf", one_part, other_part)


def _joined(keyword: str, one: Any, other: Any) -> Any:
    """Two schemas joined by ``allOf`` or ``anyOf``; if one of them is None, the other alone."""
    if one is None:
        return other
    if other is None or one is other:
        return one
    return {keyword: [one, other]}


def listed(value: Any) -> list[Any]:
    """The items of a list; empty for any other value."""
    return value if isinstance(value, list) else []
