"""Nouns of the model to JSON and back: the one place that knows how they are stored.

cattrs makes the converter from the types of the nouns. This module adds what the stored JSON says
in another way than the nouns do, and the names that earlier versions of the suite used.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from cattrs.gen import (
    make_dict_structure_fn,
    make_dict_unstructure_fn,
    override,
)
from cattrs.preconf.json import make_converter

from conformance.model import (
    RENAMED_RULES,
    Body,
    Case,
    Cell,
    Declaration,
    Effect,
    Exchange,
    Facts,
    Json,
    Request,
    Response,
    Trigger,
    Waiver,
)

Noun = TypeVar("Noun")

FORMER_NAMES = {"stimulus": "scenario", "firm": "robust"}
"""Members of stored objects that early versions called otherwise, with today's names."""

_CONVERTER = make_converter(detailed_validation=False)


def to_json(noun: Any) -> Json:
    """A noun as JSON. Members that say nothing are left out, except in a declaration."""
    return _CONVERTER.unstructure(noun)


def from_json(value: Json, kind: type[Noun]) -> Noun:
    """The inverse of ``to_json``, for a value that fits the published schema.

    Raises KeyError, TypeError, ValueError or AttributeError for one that does not.
    """
    return _CONVERTER.structure(value, kind)


def modern(value: Json) -> Json:
    """A stored object with today's names of its members, and of the rules of a case."""
    if not isinstance(value, dict):
        return value
    changed = {FORMER_NAMES.get(name, name): member for name, member in value.items()}
    if isinstance(changed.get("rules"), list):
        changed["rules"] = [_current(rule) for rule in changed["rules"]]
    return changed


def _current(rule: Json) -> Json:
    return RENAMED_RULES.get(rule, rule) if isinstance(rule, str) else rule


def modern_run(run: dict[str, Json]) -> dict[str, Json]:
    """The content of a run.json with today's names in its cases and triggers."""
    changed = dict(run)
    if isinstance(run.get("plan"), list):
        changed["plan"] = [modern(case) for case in run["plan"]]
    target = run.get("target")
    if isinstance(target, dict) and isinstance(target.get("triggers"), list):
        triggers = [modern(trigger) for trigger in target["triggers"]]
        changed["target"] = target | {"triggers": triggers}
    return changed


def declaration_from_json(value: Json) -> Declaration:
    """A stored declaration.

    Raises ValueError, with the place, for a member that is unknown or of another type.
    """
    declaration = from_json(value, Declaration)
    again = to_json(declaration)
    for name, member in value.items():
        if name not in again or again[name] != member:
            raise ValueError(f"target/{name}: no target file declares this")
    return declaration


# --- what the stored JSON says in another way -----------------------------------------------------


def _unset(value: Any) -> bool:
    return value is None or value is False


def _empty(value: Any) -> bool:
    return value is None or value in ((), [], {})


def _in_order(effects: frozenset[Effect]) -> list[str]:
    return [effect.value for effect in Effect if effect in effects]


def _tenths(milliseconds: float) -> float:
    return round(milliseconds, 1)


def _as_stored(value: Json, _: Any) -> Json:
    return value


_SILENT: Mapping[type[Any], Callable[[Any], bool]] = {
    Body: _unset,
    Trigger: _unset,
    Request: _empty,
    Response: _empty,
    Exchange: _empty,
    Cell: operator.not_,
    Case: operator.not_,  # a case without a cost sends nothing
}
"""By noun, which values of its members are left out: they say nothing."""

_USUAL: Mapping[type[Any], dict[str, Json]] = {
    Exchange: {"identity": None, "facts": {}, "response": None},
    Case: {"variant": "", "rules": (), "cost": 0, "params": {}},
    Waiver: {"operations": ()},
}
"""By noun, the values of members that a stored object leaves out, where the noun has no default."""

_OVERRIDES: Mapping[type[Any], dict[str, Any]] = {
    Exchange: {
        "id": override(rename="exchange"),
        "elapsed_ms": override(unstruct_hook=_tenths),
    },
    Case: {"params": override(struct_hook=_as_stored)},
}


def _leaving_out(kind: type[Noun], silent: Callable[[Any], bool]) -> Callable[[Noun], Json]:
    """Turns a noun into an object without the members whose values say nothing."""
    whole = make_dict_unstructure_fn(kind, _CONVERTER, **_OVERRIDES.get(kind, {}))
    return lambda noun: {name: v for name, v in whole(noun).items() if not silent(v)}


def _filling_in(kind: type[Noun], usual: dict[str, Json]) -> Callable[[Json, Any], Noun]:
    """Makes a noun of an object, with the usual values of members that the object leaves out."""
    whole = make_dict_structure_fn(kind, _CONVERTER, **_OVERRIDES.get(kind, {}))
    return lambda value, _: whole(usual | value, kind)


_CONVERTER.register_unstructure_hook_func(lambda kind: kind == frozenset[Effect], _in_order)
_CONVERTER.register_unstructure_hook_func(lambda kind: kind == frozenset[str], sorted)
_CONVERTER.register_unstructure_hook(Facts, Facts.to_json)
_CONVERTER.register_structure_hook(Facts, lambda value, _: Facts.of(value))
for _kind, _silent in _SILENT.items():  # parts before wholes, which take over their hooks
    _CONVERTER.register_unstructure_hook(_kind, _leaving_out(_kind, _silent))
for _kind, _values in _USUAL.items():
    _CONVERTER.register_structure_hook(_kind, _filling_in(_kind, _values))
