"""Nouns of the model to JSON and back: the one place that knows how they are stored.

cattrs makes the converter from the types of the nouns, in ``converter``. This module adds the names
that earlier versions of the suite used.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.base.values import ABSENT
from conformance.model import RENAMED_RULES, Declaration, Json

if TYPE_CHECKING:
    from cattrs.preconf.json import JsonConverter

Noun = TypeVar("Noun")

FORMER_NAMES = {"stimulus": "scenario", "firm": "robust"}
"""Members of stored objects that early versions called otherwise, with today's names."""


@cache
def _converter() -> JsonConverter:
    from conformance.log.converter import CONVERTER  # noqa: PLC0415 - slow to import

    return CONVERTER


def to_json(noun: Any) -> Json:
    """A noun as JSON. Members that say nothing are left out, except in a declaration."""
    return _converter().unstructure(noun)


def from_json(value: Json, kind: type[Noun]) -> Noun:
    """The inverse of ``to_json``, for a value that fits the published schema.

    Raises KeyError, TypeError, ValueError or AttributeError for one that does not.
    """
    return _converter().structure(value, kind)


def modern(value: Json) -> Json:
    """A stored object with today's names of its members, and of the rules of a case.

    A value that is no object is returned unchanged: the schema refuses it afterwards.
    """
    if not isinstance(value, dict):
        return value
    changed = {FORMER_NAMES.get(name, name): member for name, member in value.items()}
    if isinstance(changed.get("rules"), list):
        changed["rules"] = [_current(rule) for rule in changed["rules"]]
    return changed


def _current(rule: Json) -> Json:
    """Today's id of a rule; a value that is no text unchanged."""
    if not isinstance(rule, str):
        return rule
    return RENAMED_RULES.get(rule, rule)


def modern_run(run: dict[str, Json]) -> dict[str, Json]:
    """The content of a run.json with today's names in its cases and triggers.

    Areas that earlier versions took as inapplicable are left out, for no verdict may rest on them.
    Members of another type than the schema wants are left for the schema to refuse.
    """
    changed = dict(run)
    if isinstance(run.get("plan"), list):
        changed["plan"] = [modern(case) for case in run["plan"]]
    if isinstance(run.get("target"), dict):
        target = changed["target"] = dict(run["target"])
        target.pop("areas_inapplicable", None)
        if isinstance(target.get("triggers"), list):
            target["triggers"] = [modern(trigger) for trigger in target["triggers"]]
    return changed


def declaration_from_json(value: Json) -> Declaration:
    """A stored declaration.

    Raises ValueError, with the place, for a member that is unknown or of another type.
    """
    declaration = from_json(value, Declaration)
    again = to_json(declaration)
    for name, member in value.items():
        if again.get(name, ABSENT) != member:
            raise ValueError(f"target/{name}: no target file declares this")
    return declaration
