"""Which parts of the API a target offers, according to its file: operations, areas, parameters.

A file may exclude an area only if the target offers none of its operations. So naming an area adds
nothing to naming its operations, and no verdict depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from conformance.base.values import without
from conformance.base.yaml_file import YamlFile
from conformance.model import Contract, Declaration, Operation


def lacking(contract: Contract, data: Mapping[str, Any]) -> list[str]:
    """The ids of the operations that the target lacks, according to a checked target file."""
    operations = _operations_named(contract, data.get("inapplicable", ()))
    if "only" in data:
        operations |= contract.operations.keys() - _operations_named(contract, data["only"])
    return [name for name in contract.operations if name in operations]


def areas(contract: Contract, file: YamlFile) -> dict[str, str]:
    """The areas that a target file declares absent, each with its place in the file."""
    named = enumerate(file.value.get("inapplicable", ()))
    return {
        name: file.where(("inapplicable", index)) for index, name in named if name in contract.areas
    }


def _operations_named(contract: Contract, names: Iterable[str]) -> set[str]:
    """The ids of the operations that some names denote, each by its id or its route."""
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
            operations[name] = _without_parameters(operations[name], absent)
    return replace(contract, operations=operations)


def _without_parameters(operation: Operation, absent: Iterable[str]) -> Operation:
    kept = [parameter for parameter in operation.parameters if parameter.name not in absent]
    return replace(operation, parameters=tuple(kept))
