"""Checks names in a target file: operations, lists, codes, clauses and scopes must exist.

A misspelt name would match nothing and silently have no effect. In the schema of target files,
``x-names`` marks the texts and member names to check, and says which kind of name they are.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from conformance.base.signs import too_deep
from conformance.base.stored import LEVELS
from conformance.base.text import nearest
from conformance.base.yaml_file import Place, YamlFile
from conformance.model import EVERY_SCOPE, Contract, Json, Open, Operation, Parameter

TRIGGERED = "trigger.answer"
"""The rule that judges the response to a trigger."""
FEW = 30
"""Maximum number of names listed in a message."""
FEW_LINES = 3
"""Maximum number of lines named in a message."""


def known(contract: Contract) -> dict[str, Collection[str]]:
    """The names that a target file may use, by the kinds of ``x-names`` in its schema."""
    lists: list[str] = []
    scopes: set[str] = set()
    for operation in contract.operations.values():
        scopes.update(operation.scopes)
        if operation.paging:
            lists.append(operation.id)
    operations = dict.fromkeys(contract.operations)
    return {
        "operation": operations,
        "route": [*operations, *contract.routes],
        "route or area": [*operations, *contract.routes, *contract.areas],
        "list": lists,
        "code to trigger": [code for code in contract.errors if _is_triggered(contract, code)],
        "clause": contract.clauses,
        "scope": scopes.union(contract.authentication.other_scopes, [EVERY_SCOPE]),
        "required scope": scopes,
    }


def _is_triggered(contract: Contract, code: str) -> bool:
    """Whether a clause judges a code by a trigger. Other codes have dedicated requests."""
    for clause in contract.clauses.values():
        if TRIGGERED in clause.rules and clause.about and clause.about.names(code):
            return True
    return False


def check(contract: Contract, file: YamlFile, schema: Mapping[str, Any], faults: list[str]) -> None:
    """Add a fault for each name in a target file that the contract does not define.

    ``file`` must fit ``schema``, the schema of target files.
    """
    if too_deep(json.dumps(file.value), LEVELS):
        faults.append(file.fault((), f"the file is nested more than {LEVELS} levels deep"))
        return
    kinds = known(contract)
    places: dict[tuple[str, str], list[Place]] = defaultdict(list)  # by kind and name
    for place, kind, name in _names_in(schema, file.value):
        places[kind, name].append(place)
    for (kind, name), found in places.items():
        _check_name(file, found, (kind, name), kinds[kind], faults)
    _check_inputs(contract, file, faults)
    _check_absent(contract, file, faults)
    _check_payments(contract, file, faults)


def _names_in(
    schema: Mapping[str, Any], value: Json, place: Place = ()
) -> Iterator[tuple[Place, str, str]]:
    """Each place in a value whose schema has ``x-names``, with the kind and the name found there.

    ``place`` is that of the value itself.
    """
    if "x-names" in schema:
        yield place, schema["x-names"], value
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _names_in(schema.get("items", {}), item, (*place, index))
    if isinstance(value, dict):
        yield from _names_in_object(schema, value, place)


def _names_in_object(
    schema: Mapping[str, Any], value: Mapping[str, Json], place: Place
) -> Iterator[tuple[Place, str, str]]:
    """What ``_names_in`` yields for the members of an object, at a place.

    The names of the members may be such names themselves, of one ``kind``.
    """
    kind = schema.get("propertyNames", {}).get("x-names")
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties") or {}
    for name, member in value.items():
        if kind:
            yield (*place, name), kind, name
        yield from _names_in(properties.get(name) or others, member, (*place, name))


def _check_name(
    file: YamlFile,
    places: Sequence[Place],
    named: tuple[str, str],
    known_names: Collection[str],
    faults: list[str],
) -> None:
    """Add a fault if a name is unknown: at its first place, with the lines of its other places.

    ``named`` is the kind of the name, and the name. ``known_names`` are all of that kind.
    """
    kind, name = named
    if name in known_names:
        return
    also = _also_in([file.line(place) for place in places[1:]])
    close, known = nearest(name, known_names), _known(kind, known_names)
    message = f"the contract has no {kind} {name}{close}{also}; {known}"
    faults.append(file.fault(places[0], message))


def _also_in(lines: list[int]) -> str:
    """Words such as ``, also in lines 3, 5, 8 and 4 more``; empty if there are no lines."""
    if not lines:
        return ""
    noun = "line" if len(lines) == 1 else "lines"
    named = ", ".join(str(line) for line in lines[:FEW_LINES])
    rest = len(lines) - FEW_LINES
    and_more = f" and {rest} more" if rest > 0 else ""
    return f", also in {noun} {named}{and_more}"


def _known(kind: str, names: Collection[str]) -> str:
    """A hint with the known names, or with the command that lists them if there are many."""
    if len(names) <= FEW:
        return f"known: {', '.join(sorted(names))}"
    command = "clauses" if kind == "clause" else "operations"
    return f"`kaicalls-conformance {command}` lists them"


def _check_inputs(contract: Contract, file: YamlFile, faults: list[str]) -> None:
    """Add a fault for each member of ``inputs`` that is not a parameter of its operation."""
    for operation in _operations_at(contract, file, "inputs"):
        if Open.INPUT not in operation.open:  # otherwise the target defines the input
            what = f"parameter of {operation.id},"
            _check_parameters(file, ("inputs", operation.id), what, operation.parameters, faults)


def _check_absent(contract: Contract, file: YamlFile, faults: list[str]) -> None:
    """Add a fault for each parameter in ``absent`` that a server must support."""
    for operation in _operations_at(contract, file, "absent"):
        what = f"optional parameter of {operation.id} (other than for paging)"
        optional = [each for each in operation.parameters if _may_be_absent(operation, each)]
        _check_parameters(file, ("absent", operation.id), what, optional, faults)


def _operations_at(contract: Contract, file: YamlFile, member: str) -> Iterator[Operation]:
    """The operations of the contract that a member of a target file names."""
    for name in file.value.get(member, {}):
        if name in contract.operations:
            yield contract.operations[name]


def _check_parameters(
    file: YamlFile,
    place: tuple[str, str],
    what: str,
    parameters: Iterable[Parameter],
    faults: list[str],
) -> None:
    """Add a fault for each name that is not a parameter; ``place`` is a member and an operation."""
    known = {parameter.name for parameter in parameters}
    member, operation = place
    for name in file.value[member][operation]:
        _check_name(file, [(*place, name)], (what, name), known, faults)


def _may_be_absent(operation: Operation, parameter: Parameter) -> bool:
    """Whether a server may lack a parameter: an optional one, unless it is for paging."""
    if parameter.required:
        return False
    paging = operation.paging
    if paging is None:
        return True
    return parameter.name not in (paging.after, paging.limit)


def _check_payments(contract: Contract, file: YamlFile, faults: list[str]) -> None:
    """Add a fault for each proof of payment at an operation that takes none."""
    paid = [operation.id for operation in contract.operations.values() if operation.payment]
    for index, trigger in enumerate(file.value.get("triggers", ())):
        name = trigger["operation"]
        if "payment" in trigger and name in contract.operations:
            what = ("operation that takes a payment named", name)
            _check_name(file, [("triggers", index, "payment")], what, paid, faults)
