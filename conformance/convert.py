"""Nouns of the model to JSON and back: the one place that knows how they are stored.

cattrs makes the converter from the types of the nouns. This module adds what the stored JSON says
in another way than the nouns do, and the names that earlier versions of the suite used.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar

from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.preconf.json import make_converter

from conformance.model import (
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
    """A stored object with today's names of its members; its values stay as they are."""
    if not isinstance(value, dict):
        return value
    return {FORMER_NAMES.get(name, name): member for name, member in value.items()}


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


def _unset(value: Any) -> bool:
    return value is None or value is False


def _empty(value: Any) -> bool:
    return value is None or value in ((), [], {})


def _leaving_out(
    kind: type[Noun], silent: Callable[[Any], bool], **changes: Any
) -> Callable[[Noun], dict[str, Any]]:
    """Turns a noun into an object without the members whose values say nothing."""
    whole = make_dict_unstructure_fn(kind, _CONVERTER, **changes)
    return lambda noun: {name: v for name, v in whole(noun).items() if not silent(v)}


def _filling_in(
    kind: type[Noun], usual: dict[str, Any], **changes: Any
) -> Callable[[dict[str, Any], Any], Noun]:
    """Makes a noun of an object; members that the object leaves out have their usual values."""
    whole = make_dict_structure_fn(kind, _CONVERTER, **changes)
    return lambda value, _: whole(usual | value, kind)


def _in_order(effects: frozenset[Effect]) -> list[str]:
    return [effect.value for effect in Effect if effect in effects]


def _tenths(milliseconds: float) -> float:
    return round(milliseconds, 1)


_RENAMED = override(rename="exchange")

for _kind, _silent in {Body: _unset, Trigger: _unset, Request: _empty, Response: _empty}.items():
    _CONVERTER.register_unstructure_hook(_kind, _leaving_out(_kind, _silent))
for _kind in (Case, Cell):  # a case without a cost sends nothing
    _CONVERTER.register_unstructure_hook(_kind, _leaving_out(_kind, operator.not_))
_CONVERTER.register_structure_hook(Case, _filling_in(Case, {"variant": "", "rules": (), "cost": 0}))
_CONVERTER.register_unstructure_hook(Facts, Facts.to_json)
_CONVERTER.register_structure_hook(Facts, lambda value, _: Facts.of(value))
_CONVERTER.register_structure_hook(Waiver, _filling_in(Waiver, {"operations": ()}))
_CONVERTER.register_unstructure_hook(
    Exchange,
    _leaving_out(Exchange, _empty, id=_RENAMED, elapsed_ms=override(unstruct_hook=_tenths)),
)
_CONVERTER.register_structure_hook(
    Exchange,
    _filling_in(Exchange, {"identity": None, "facts": {}, "response": None}, id=_RENAMED),
)
_CONVERTER.register_unstructure_hook_func(lambda kind: kind == frozenset[Effect], _in_order)
_CONVERTER.register_unstructure_hook_func(lambda kind: kind == frozenset[str], sorted)
