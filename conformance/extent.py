"""How much of the API a target has, as its file says: operations, areas of clauses, parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from conformance.model import Contract, Declaration, Operation
from conformance.values import without


def members(contract: Contract, data: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a declaration that say what the target lacks, from a checked target file."""
    lacking = data.get("inapplicable", ())
    operations = _named(contract, lacking)
    if "only" in data:
        operations |= contract.operations.keys() - _named(contract, data["only"])
    return {
        "inapplicable": list(filter(operations.__contains__, contract.operations)),
        "areas_inapplicable": list(filter(lacking.__contains__, contract.areas)),
    }


def _named(contract: Contract, names: Iterable[str]) -> set[str]:
    """The operations among some names: ids of operations, and methods with their paths."""
    wanted = set(names)
    return {
        operation.id
        for operation in contract.operations.values()
        if operation.id in wanted or operation.route in wanted
    }


def offered(contract: Contract, target: Declaration) -> Contract:
    """The contract without the operations that the target declares inapplicable."""
    operations = without(contract.operations, target.inapplicable)
    return replace(contract, operations=operations)


def fitted(contract: Contract, target: Declaration) -> Contract:
    """The contract without the parameters that the target declares absent."""
    operations = dict(contract.operations)
    for name, absent in target.absent.items():
        if name in operations:
            operations[name] = _without(operations[name], absent)
    return replace(contract, operations=operations)


def _without(operation: Operation, absent: Iterable[str]) -> Operation:
    kept = [parameter for parameter in operation.parameters if parameter.name not in absent]
    return replace(operation, parameters=tuple(kept))
