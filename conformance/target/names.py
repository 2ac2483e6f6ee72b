"""Names in a target file: each operation, list, code, clause and scope must exist in the contract.

A misspelt name would match nothing, and so do nothing. The schema says where names stand: a text
or the names of members with ``x-names`` are of that kind.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from conformance.base.stored import LEVELS
from conformance.base.text import nearest
from conformance.base.values import too_deep
from conformance.base.yaml_file import Place, YamlFile
from conformance.model import Contract, Json, Open, Operation, Parameter

TRIGGERED = "trigger.answer"
"""The rule that judges the response to a trigger."""
FEW = 30
"""Names that a message lists."""


def known(contract: Contract) -> dict[str, Collection[str]]:
    """What a target file may name, by the kinds that ``x-names`` of its schema distinguishes."""
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
        "scope": scopes,
    }


def _is_triggered(contract: Contract, code: str) -> bool:
    """Whether a clause judges a code by a trigger. Other codes have requests of their own."""
    judging = (each for each in contract.clauses.values() if TRIGGERED in each.rules)
    return any(clause.about and clause.about.names(code) for clause in judging)


def check(contract: Contract, file: YamlFile, schema: Mapping[str, Any], faults: list[str]) -> None:
    """Add a fault for each name in a target file that the contract does not have.

    ``file`` must fit ``schema``, the schema of target files.
    """
    if too_deep(json.dumps(file.value), LEVELS):
        faults.append(file.fault((), f"it is nested more than {LEVELS} levels deep"))
        return
    kinds = known(contract)
    for place, kind, name in _named(schema, file.value):
        _check_name(file, place, (kind, name), kinds[kind], faults)
    _check_inputs(contract, file, faults)
    _check_absent(contract, file, faults)
    _check_payments(contract, file, faults)


def _named(
    part: Mapping[str, Any], value: Json, place: Place = ()
) -> Iterator[tuple[Place, str, str]]:
    """Each place of a value whose schema has ``x-names``, with the kind and the name there."""
    if "x-names" in part:
        yield place, part["x-names"], value
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _named(part.get("items", {}), item, (*place, index))
    if isinstance(value, dict):
        yield from _named_in_object(part, value, place)


def _named_in_object(
    part: Mapping[str, Any], value: Mapping[str, Json], place: Place
) -> Iterator[tuple[Place, str, str]]:
    """The same for an object, whose members may themselves have names of a kind."""
    kind = part.get("propertyNames", {}).get("x-names")
    properties = part.get("properties", {})
    others = part.get("additionalProperties") or {}
    for name, member in value.items():
        if kind:
            yield (*place, name), kind, name
        yield from _named(properties.get(name) or others, member, (*place, name))


def _check_name(
    file: YamlFile, place: Place, named: tuple[str, str], names: Collection[str], faults: list[str]
) -> None:
    """Add a fault if a name is not among those of its kind; ``named`` is the kind and the name."""
    kind, name = named
    if name not in names:
        message = f"the contract has no {kind} {name}{nearest(name, names)}; {_known(kind, names)}"
        faults.append(file.fault(place, message))


def _known(kind: str, names: Collection[str]) -> str:
    """Which names there are, or what lists them if they are many."""
    if len(names) <= FEW:
        return f"known: {', '.join(sorted(names))}"
    command = "clauses" if kind == "clause" else "operations"
    return f"`kaicalls-conformance {command}` lists them"


def _check_inputs(contract: Contract, file: YamlFile, faults: list[str]) -> None:
    """What a target file gives values for must be parameters of the operation."""
    for operation in _operations_at(contract, file, "inputs"):
        if Open.INPUT not in operation.open:  # else its input is for the target to say
            what = f"parameter of {operation.id},"
            _check_parameters(file, ("inputs", operation.id), what, operation.parameters, faults)


def _check_absent(contract: Contract, file: YamlFile, faults: list[str]) -> None:
    """What a target file declares absent must be parameters that a server may go without."""
    for operation in _operations_at(contract, file, "absent"):
        what = f"optional parameter of {operation.id} beside those of paging,"
        optional = [each for each in operation.parameters if _may_be_absent(operation, each)]
        _check_parameters(file, ("absent", operation.id), what, optional, faults)


def _operations_at(contract: Contract, file: YamlFile, member: str) -> Iterator[Operation]:
    """The operations that a member of a target file names and the contract has."""
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
    """Add a fault for each name at a place, a member and an operation, that is no parameter."""
    known = {parameter.name for parameter in parameters}
    member, operation = place
    for name in file.value[member][operation]:
        _check_name(file, (*place, name), (what, name), known, faults)


def _may_be_absent(operation: Operation, parameter: Parameter) -> bool:
    """Whether a server may go without a parameter: the page wants paging on every list."""
    if parameter.required:
        return False
    paging = operation.paging
    if paging is None:
        return True
    return parameter.name not in (paging.after, paging.limit)


def _check_payments(contract: Contract, file: YamlFile, faults: list[str]) -> None:
    """A trigger with a proof of payment must name an operation that asks for one."""
    paid = [operation.id for operation in contract.operations.values() if operation.payment]
    for index, trigger in enumerate(file.value.get("triggers", ())):
        name = trigger["operation"]
        if "payment" in trigger and name in contract.operations:
            what = ("operation that takes a payment,", name)
            _check_name(file, ("triggers", index, "payment"), what, paid, faults)
