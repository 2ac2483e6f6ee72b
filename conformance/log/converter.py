"""The converter behind ``convert``, made by cattrs from the types of the nouns.

A module of its own, because cattrs is slow to import and the quick commands convert nothing.
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
    Body,
    Case,
    Cause,
    Cell,
    Effect,
    Exchange,
    Facts,
    Finding,
    Given,
    Json,
    Past,
    Reason,
    Request,
    Response,
    Trigger,
    Waiver,
    mildest_first,
)

Noun = TypeVar("Noun")

CONVERTER = make_converter(detailed_validation=False)


def _unset(value: Any) -> bool:
    return value is None or value is False


def _empty(value: Any) -> bool:
    return value in (None, (), [], {})


def _in_order(effects: frozenset[Effect]) -> list[str]:
    return [effect.value for effect in mildest_first(effects)]


def _tenths(milliseconds: float) -> float:
    return round(milliseconds, 1)


def _as_stored(value: Json, _: Any) -> Json:
    return value


_SILENT: Mapping[type[Any], Callable[[Any], bool]] = {
    Body: _unset,
    Trigger: operator.not_,
    Request: _empty,
    Response: lambda value: _empty(value) or value is False,
    Exchange: _empty,
    Finding: _unset,
    Reason: _unset,
    Cause: operator.not_,
    Past: _empty,
    Given: operator.not_,
    Cell: operator.not_,
    Case: operator.not_,  # a case without a cost sends nothing
}
"""By noun, which values of its members are left out: they say nothing."""

_ALWAYS: Mapping[type[Any], tuple[str, ...]] = {Trigger: ("input",)}
"""By noun, which members are stored whatever their values."""

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
    whole = make_dict_unstructure_fn(kind, CONVERTER, **_OVERRIDES.get(kind, {}))
    always = _ALWAYS.get(kind, ())
    return lambda noun: {n: v for n, v in whole(noun).items() if n in always or not silent(v)}


def _filling_in(kind: type[Noun], usual: dict[str, Json]) -> Callable[[Json, Any], Noun]:
    """Makes a noun of an object, with the usual values of members that the object leaves out."""
    whole = make_dict_structure_fn(kind, CONVERTER, **_OVERRIDES.get(kind, {}))
    return lambda value, _: whole(usual | value, kind)


CONVERTER.register_unstructure_hook_func(lambda kind: kind == frozenset[Effect], _in_order)
CONVERTER.register_unstructure_hook_func(lambda kind: kind == frozenset[str], sorted)
CONVERTER.register_unstructure_hook(Facts, Facts.to_json)
CONVERTER.register_structure_hook(Facts, lambda value, _: Facts.of(value))
for _kind, _silent in _SILENT.items():  # parts before wholes, which take over their hooks
    CONVERTER.register_unstructure_hook(_kind, _leaving_out(_kind, _silent))
for _kind, _values in _USUAL.items():
    CONVERTER.register_structure_hook(_kind, _filling_in(_kind, _values))
