"""Descriptions of clauses and operations, as text and as data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import conformance
from conformance import checks
from conformance.base.errors import UsageError
from conformance.base.text import amount, nearest, wrapped
from conformance.contract import packaged
from conformance.model import Clause, Contract
from conformance.plan.registry import REGISTRY

KILLS = Path(conformance.__file__).with_name("kills.json")


NO_MATRIX: Mapping[str, Any] = {}
"""The kill matrix for a clause that is shown without the faults that prove its verification."""


def kills(spec: Path | None) -> dict[str, Any]:
    """The kill matrix of the packaged contract, keyed by fault name; empty for other contracts.

    Each row says what the fault ``does``, its ``depth``, the clauses that it ``breaks``, and those
    that the suite ``found`` violated.
    """
    if spec is not None and spec.resolve() != packaged().resolve():
        return {}
    matrix: dict[str, Any] = json.loads(KILLS.read_text(encoding="utf-8"))
    return matrix


def clause(
    contract: Contract,
    name: str,
    width: int,
    matrix: Mapping[str, Any] = NO_MATRIX,
    *,
    list_faults: bool = False,
) -> str:
    """What a clause requires, its source, how it is verified, and what proves its checks.

    The proof is the number of faulty servers it finds, according to ``matrix``; without a matrix,
    it is left out. With ``list_faults``, their faults are listed. Lines have at most ``width``
    columns. Raises UsageError for an unknown clause.
    """
    clause = clause_of(contract, name)
    return "\n".join(
        [
            f"{clause.id}  ({clause.level}, {clause.basis}, area {clause.area})",
            "",
            *wrapped(clause.text, width),
            "",
            *_reasoning(clause, width),
            *_source(contract, clause, width),
            "",
            *_verification(clause, width),
            *_proof(clause, matrix, width, list_faults=list_faults),
        ]
    )


def clause_of(contract: Contract, name: str) -> Clause:
    """A clause. Raises UsageError, with the most similar name, if there is no such clause."""
    if name not in contract.clauses:
        raise UsageError(
            f"There is no clause {name}{nearest(name, contract.clauses)}. "
            "List them with `kaicalls-conformance clauses`."
        )
    return contract.clauses[name]


def _item(text: str, width: int) -> list[str]:
    """The lines of a text that is wrapped and indented as a list item."""
    return wrapped(text, width, "  ", "    ")


def _reasoning(clause: Clause, width: int) -> list[str]:
    if not clause.because:
        return []
    return [*wrapped(f"Because: {clause.because}", width), ""]


def _source(contract: Contract, clause: Clause, width: int) -> list[str]:
    """The address of the documentation, and what a clause is taken from there."""
    lines = [f"Source: {contract.page_address}"]
    for name in clause.sources:
        entry = contract.page[name]
        lines += _item(f"{entry.section}, {entry.place}: {entry.says}", width)
    return lines


def _verification(clause: Clause, width: int) -> list[str]:
    """The rules that verify a clause, with the scenarios that feed them.

    For a clause that is not verified, with rules or without, the reason why.
    """
    if not clause.rules:
        return wrapped(f"Not verified: {clause.uncovered}", width)
    lines = ["Verified by:"]
    for rule in clause.rules:
        lines += _item(f"{rule}: {checks.RULES[rule].summary} ({_scenarios(rule)})", width)
    if clause.uncovered:
        words = f"Not verified on any operation: {clause.uncovered}"
        lines += ["", *wrapped(words, width)]
    return lines


def _scenarios(rule: str) -> str:
    """What feeds a rule: the scenarios with these names, or every exchange if it is passive."""
    if checks.RULES[rule].passive:
        return "every exchange"

    from conformance.run.planning import load_suite

    load_suite()
    return ", ".join(each.name for each in REGISTRY.values() if rule in each.rules)


def _proof(
    clause: Clause, matrix: Mapping[str, Any], width: int, *, list_faults: bool
) -> list[str]:
    """The number of faulty servers that prove the verification, or with ``list_faults`` each.

    ``matrix`` is what ``kills`` returns. Nothing if no fault breaks the clause.
    """
    faults = [
        f"{fault}: {row['does']}" for fault, row in matrix.items() if clause.id in row["breaks"]
    ]
    if not faults:
        return []
    proven = f"Proven by {amount(len(faults), 'server')} with a fault, each of which is detected"
    if not list_faults:
        return ["", *wrapped(f"{proven}. --faults lists them.", width)]
    lines = ["", f"{proven}:"]
    for fault in faults:
        lines += _item(fault, width)
    return lines


def ledger(contract: Contract) -> list[dict[str, Any]]:
    """The clauses as data."""
    return [_as_data(clause) for clause in contract.clauses.values()]


def _as_data(clause: Clause) -> dict[str, Any]:
    """A clause as data; ``because`` and ``uncovered`` are left out if they are empty."""
    members = {
        "id": clause.id,
        "area": clause.area,
        "level": clause.level.value,
        "basis": clause.basis,
        "text": clause.text,
        "source": list(clause.sources),
        "verified_by": list(clause.rules),
    }
    if clause.because:
        members["because"] = clause.because
    if clause.uncovered:
        members["uncovered"] = clause.uncovered
    return members


def table(contract: Contract, width: int) -> str:
    """A table of the clauses, by area, in lines of ``width`` columns."""
    lines: list[str] = []
    for area, title in contract.areas.items():
        lines += ["", f"{area}: {title}"]
        for clause in contract.clauses.values():
            if clause.area == area:
                text = f"{clause.id:<28} {clause.level:<6} {clause.text}"
                lines += wrapped(text, width, "  ", " " * 38)
    return "\n".join(lines).strip()


def operations(contract: Contract) -> list[dict[str, Any]]:
    """The operations as data."""
    return [
        {
            "id": operation.id,
            "method": operation.method,
            "path": operation.path,
            "effect": operation.effect.value,
            "scopes": list(operation.scopes),
            "parameters": [parameter.name for parameter in operation.parameters],
        }
        for operation in contract.operations.values()
    ]


def operation_table(contract: Contract) -> str:
    """A table of the operations: id, effect, method and path."""
    width = max(len(name) for name in contract.operations)
    lines = []
    for operation in contract.operations.values():
        lines.append(f"{operation.id:<{width}}  {operation.effect.value:<5}  {operation.route}")
    return "\n".join(lines)
