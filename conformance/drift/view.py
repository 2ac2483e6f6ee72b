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
from conformance.drift.limits import APPLIES, SAME, Limit, is_as_tight, limits_of, tighter
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
        """The number of members and values that it names."""
        return len(self.members) + len(self.required) + len(self.values or ())


NOTHING_KNOWN = View(known=False)


class Views:
    """The schemas of one document, each viewed once."""

    def __init__(self, document: Any) -> None:
        self._document = members_of(document)
        # by the id of the schema, which is kept so that its id is not reused
        self._seen: dict[int, tuple[Any, View]] = {}
        self._open: set[int] = set()
        self._work = WORK

    def resolved(self, value: Any) -> dict[str, Any] | None:
        """The object, or the one that its ``$ref`` leads to; None if that is not an object."""
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
        owner = self.resolved(schema)
        if owner is None:
            return NOTHING_KNOWN
        if owner is not schema:
            besides = {name: part for name, part in members_of(schema).items() if name != "$ref"}
            view = self.view(owner)
            return self._both(view, _plain(besides)) if besides else view  # 3.1 allows both
        view = self._whole(owner)
        if owner.get("nullable") is not True:
            return view
        values = None if view.values is None else view.values | {"null"}
        return replace(view, types=view.types | {"null"}, values=values)

    def _whole(self, owner: Mapping[str, Any]) -> View:
        """The view of a schema with all its parts."""
        view = _plain(owner)
        self.spend(view.size)
        for part in listed(owner.get("allOf")):
            view = self._both(view, self.view(part))
        for name in ("anyOf", "oneOf"):
            parts = [self.view(part) for part in listed(owner.get(name))]
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
            members[name] = _part("allOf", one.members[name], other.members[name])
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
            items=_part("allOf", one.items, other.items),
            rest=_part("allOf", one.rest, other.rest),
            known=one.known and other.known,
        )

    def _either(self, one: View, other: View) -> View:
        """The view of the values that fit at least one of two schemas, or slightly more."""
        self.spend(one.size + other.size)
        members = {**one.members, **other.members}
        for name in one.members.keys() & other.members.keys():
            members[name] = _part("anyOf", one.members[name], other.members[name])
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
            limits=_looser(one, other),
            members=members,
            required=required,
            items=_of_either("array", one, other, one.items, other.items),
            rest=_of_either("object", one, other, one.rest, other.rest),
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
    return frozenset({"array"}) if "items" in schema else ALL_TYPES


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


def _looser(one: View, other: View) -> dict[str, Limit]:
    """The limits of the values that fit at least one of two schemas.

    If both schemas have a limit, the looser one applies, or none if they cannot be compared. If
    only one has it, none applies. A schema that does not allow the type of a limit is left out.
    """
    limits: dict[str, Limit] = {}
    for name, limited_type in APPLIES.items():
        found = [each.limits.get(name) for each in (one, other) if limited_type in _kinds(each)]
        if not found or None in found:
            continue
        first, last = found[0], found[-1]
        if first == last:
            limits[name] = first
        elif name not in SAME:
            limits[name] = last if is_as_tight(name, first, last) else first
    return limits


def _kinds(view: View) -> frozenset[str]:
    """The types of a view, in which an integer is a number."""
    return view.types | {"number"} if "integer" in view.types else view.types


def _of_either(kind: str, one: View, other: View, first: Any, second: Any) -> Any:
    """The schema of the items or members of a value that fits at least one of two schemas.

    ``kind`` is the type of the value, ``array`` or ``object``. ``first`` and ``second`` are what
    the schemas ``one`` and ``other`` say of its parts, None for nothing.
    """
    if kind not in one.types:
        return second
    if kind not in other.types:
        return first
    if first is None or second is None:
        return None
    return _part("anyOf", first, second)


def _part(name: str, one: Any, other: Any) -> Any:
    """Two schemas joined by the keyword ``name``; if one is None, the other alone."""
    if one is None:
        return other
    if other is None or one is other:
        return one
    return {name: [one, other]}


def listed(value: Any) -> list[Any]:
    """The items of a list; empty for any other value."""
    return value if isinstance(value, list) else []
