"""Creations that serve as the control of several cases.

A rejected request proves something only if a valid one succeeds. Where the API cannot delete what
that one creates, the cases of an operation send the same values, and the case that judges the
creation itself sends them validly. It comes later, so the names in them are not taken before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.model import Case, Contract, Operation
from conformance.reading import filled
from conformance.scenarios.client.memory import Memory, Values

JUDGED = "creation"
"""The scenario that judges a creation, and sends the control of the others."""
PROMISING = (
    *("refused-key", "missing-scope", "unknown-id", "missing-parameter", "invalid-parameter"),
    *("broken-body", "foreign-object"),
)
"""The scenarios that share the control of a creation."""


class Promises:
    """Remembers the values of the controls that are still due, by operation."""

    def __init__(self, contract: Contract, memory: Memory, token: Callable[[], str]) -> None:
        self._contract = contract
        self._memory = memory
        self._token = token

    def holds(self, case: Case) -> bool:
        """Whether a later creation serves as the control of a case."""
        operation = self._contract.operations.get(case.operation)
        if operation is None or case.scenario not in PROMISING:
            return False
        return self.spares(operation) and self._is_due(operation)

    def spares(self, operation: Operation) -> bool:
        """Whether to avoid the success of an operation: it leaves what nobody can delete."""
        if self._memory.pool is None or operation.action != "create" or not operation.keyed:
            return False
        return not self._contract.operations_by("delete", operation.kind)

    def _is_due(self, operation: Operation) -> bool:
        """Whether the creation is judged in the run, and has not been yet."""
        judged = self.cases_of(JUDGED, operation)
        return bool(judged) and operation.id not in self._memory.kept

    def values(self, operation: Operation, find: Callable[[], Values | None]) -> Values | None:
        """The values of the control that is due; headers that name a request have new names."""
        promised = self._memory.promised
        if promised.get(operation.id) is None:
            promised[operation.id] = find()
        values = promised[operation.id]
        if values is None:
            return None
        named = {
            header.name: filled(header.fresh, self._token())
            for header in operation.parameters_in("header")
            if header.fresh and header.name in values
        }
        return {**values, **named}

    def cases_of(self, scenario: str, operation: Operation) -> tuple[str, ...]:
        """The ids of the cases of a scenario that run with an operation."""
        return tuple(
            case.id
            for case in self._memory.cases
            if case.scenario == scenario and case.operation == operation.id
        )

    def spoil(self, operation: Operation, sent: Mapping[str, Any]) -> None:
        """Use other values from now on if an accepted request has taken a name in them."""
        promised = self._memory.promised.get(operation.id) or {}
        names = [member.name for member in operation.fresh_members if member.name in promised]
        if any(sent.get(name) == promised[name] for name in names):
            self._memory.promised[operation.id] = None

    def due(
        self, operation: Operation, find: Callable[[], Values | None]
    ) -> tuple[Values | None, tuple[str, ...]]:
        """The values of the control, and the ids of the cases that share it. It is due only once.

        Valid values and no ids if no case does.
        """
        self._memory.kept.add(operation.id)
        if operation.id not in self._memory.promised:
            return find(), ()
        sharing = tuple(
            case.id
            for case in self._memory.cases
            if case.scenario in PROMISING and case.operation == operation.id
        )
        values = self.values(operation, find)
        del self._memory.promised[operation.id]
        return values, sharing
