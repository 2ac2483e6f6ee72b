"""Draws the texts and values of a run: the contract gives several, and a seed chooses one."""

from __future__ import annotations

from dataclasses import replace

from conformance.base.drawing import one_of
from conformance.model import Contract, Parameter


def drawn(contract: Contract, seed: int) -> Contract:
    """The contract with one template or example for each parameter that has several.

    The same seed always makes the same choice.
    """
    operations = {}
    for name, operation in contract.operations.items():
        parameters = tuple(_one(each, f"{seed} {operation.id}") for each in operation.parameters)
        operations[name] = replace(operation, parameters=parameters)
    return replace(contract, operations=operations)


def _one(parameter: Parameter, source: str) -> Parameter:
    """The parameter with one of its templates, or else with one of its examples."""
    if not parameter.also:
        return parameter
    choices = (parameter.fresh or parameter.example, *parameter.also)
    choice = one_of(choices, f"{source} {parameter.name}")
    if parameter.fresh:
        return replace(parameter, fresh=str(choice), also=())
    return replace(parameter, example=choice, also=())
