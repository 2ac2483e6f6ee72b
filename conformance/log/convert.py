"""Converts model objects to JSON and back; only this module knows how they are stored.

cattrs generates the converter from the types of the model, in ``converter``. This module adds the
names that earlier versions of the suite used.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.base.values import ABSENT
from conformance.model import RENAMED_RULES, Declaration, Json

if TYPE_CHECKING:
    from cattrs.preconf.json import JsonConverter

Model = TypeVar("Model")

FORMER_NAMES = {"stimulus": "scenario", "firm": "robust", "reason": "statement"}
"""Current names of members that had other names in early versions, by their old names."""
_MAY_CHANGE = {*FORMER_NAMES, "rules"}
"""Members that may need to be updated. An object without them is the same in every version."""


@cache
def _converter() -> JsonConverter:
    from conformance.log.converter import CONVERTER  # noqa: PLC0415 - slow to import

    return CONVERTER


def to_json(model_object: Any) -> Json:
    """A model object as JSON. Empty members are omitted, except in a declaration."""
    return _converter().unstructure(model_object)


def from_json(value: Json, kind: type[Model]) -> Model:
    """The inverse of ``to_json``, for a value that satisfies the published schema.

    Raises KeyError, TypeError, ValueError or AttributeError for any other value.
    """
    return _converter().structure(value, kind)


def modern(value: Json) -> Json:
    """A stored object with the current names of its members and, in a case, of its rules.

    A value that is not an object is returned unchanged, and rejected by the schema afterwards.
    """
    if not isinstance(value, dict) or _MAY_CHANGE.isdisjoint(value):
        return value
    changed = {}
    for name, member in value.items():
        current = FORMER_NAMES.get(name, name)
        # with both names, the old one stays, so that the schema rejects the object
        changed[name if current in value else current] = member
    if isinstance(changed.get("rules"), list):
        changed["rules"] = [_current_id(rule) for rule in changed["rules"]]
    return changed


def _current_id(rule: Json) -> Json:
    """The current id of a rule; a value that is not a text is returned unchanged."""
    if not isinstance(rule, str):
        return rule
    return RENAMED_RULES.get(rule, rule)


def modern_run(run: dict[str, Json]) -> dict[str, Json]:
    """The content of a run.json with the current names in its cases, triggers and waivers.

    Areas that earlier versions stored as inapplicable are removed, because no verdict may depend on
    them. Members of a wrong type are left for the schema to reject.
    """
    changed = dict(run)
    if isinstance(run.get("plan"), list):
        changed["plan"] = [modern(case) for case in run["plan"]]
    if isinstance(run.get("target"), dict):
        target = changed["target"] = dict(run["target"])
        target.pop("areas_inapplicable", None)
        for name in ("triggers", "waivers"):
            if isinstance(target.get(name), list):
                target[name] = [modern(each) for each in target[name]]
    return changed


def declaration_from_json(value: Json) -> Declaration:
    """A stored declaration.

    Raises ValueError, with the place, for a member that is unknown or has the wrong type.
    """
    declaration = from_json(value, Declaration)
    read_back = to_json(declaration)  # without what the conversion ignored or changed
    for name, member in value.items():
        if read_back.get(name, ABSENT) != member:
            raise ValueError(f"target/{name}: a target file cannot declare this")
    return declaration
