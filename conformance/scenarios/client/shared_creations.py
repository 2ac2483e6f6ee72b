"""Creations that several cases share, because the API cannot delete what they leave.

A rejected request proves something only if a valid one succeeds. The cases of an operation send the
same values, and the case that judges the creation itself sends them validly. It comes later, so the
names in them are not taken before. A case with generated values, which comes last, looks back at
that request. Additional creations may be spread over several runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.base.drawing import stable_hash
from conformance.model import Case, Operation
from conformance.reading import filled
from conformance.scenarios.client.fixtures import OwnObjects
from conformance.scenarios.client.ids import Id
from conformance.scenarios.client.memory import Memory, Values

JUDGED = "creation"
"""The scenario that judges a creation, and sends the control of the others."""
SHARING_CONTROL = (
    *("refused-key", "missing-scope", "unknown-id", "missing-parameter", "invalid-parameter"),
    *("broken-body", "foreign-object"),
)
"""The scenarios that share the control of a creation, and come before it."""
LATER = "generated"
"""The scenario that uses the control of a creation later."""


class SharedCreations:
    """What a case shares with others of its operation. Without reuse, it shares nothing."""

    def __init__(self, own: OwnObjects, memory: Memory, case: Case) -> None:
        self._own = own
        self._memory = memory
        self._case = case
        self._operation = own.contract.operations.get(case.operation)

    @property
    def creates_undeletable(self) -> bool:
        """Whether the operation creates what the API cannot delete, so creations are shared.

        False in a run that does not reuse objects.
        """
        return self._operation is not None and self._creates_undeletable_object(self._operation)

    def _creates_undeletable_object(self, operation: Operation) -> bool:
        """Whether an operation creates what the API cannot delete, in a run that reuses objects."""
        if self._memory.pool is None or operation.action != "create" or not operation.keyed:
            return False
        return not self._own.contract.operations_by("delete", operation.kind)

    def cases_of(self, *scenarios: str) -> tuple[str, ...]:
        """The ids of the cases of some scenarios that run with the operation."""
        return tuple(
            case.id
            for case in self._memory.cases
            if case.scenario in scenarios and case.operation == self._case.operation
        )

    def has_turn(self, part: str = "", operation: Operation | None = None) -> bool:
        """Whether an additional creation is sent in this run; ``part`` is its name in the case.

        Creations of undeletable objects take turns over several runs; others are always sent.
        ``operation`` is the creation, by default the operation of the case.
        """
        creation = operation or self._operation
        if creation is None or not self._creates_undeletable_object(creation):
            return True
        turn, turns = self._memory.turn
        return stable_hash(f"{self._case.id} {part}") % turns == turn

    # --- the control of refusals ---

    @property
    def has_control(self) -> bool:
        """Whether a creation of another case is the control of this one."""
        was_sent = self._case.id in self._memory.control_sent.get(self._case.operation, ())
        return was_sent or self.has_later_control

    @property
    def has_later_control(self) -> bool:
        """Whether a later creation serves as the control of the case.

        That is the creation of the case that judges creations, unless the control was sent already.
        """
        if self._case.scenario not in SHARING_CONTROL or not self.creates_undeletable:
            return False
        return bool(self.cases_of(JUDGED)) and self._case.operation not in self._memory.control_sent

    def values(self) -> Values | None:
        """The values of the control that is still to be sent; None if one is not known.

        Headers that name a request get new names each time.
        """
        operation, later_controls = self._operation, self._memory.later_controls
        if operation is None:
            return None
        if later_controls.get(operation.id) is None:
            later_controls[operation.id] = self._own.valid(operation)
        values = later_controls[operation.id]
        if values is None:
            return None
        named = {
            header.name: filled(header.fresh, self._own.token())
            for header in operation.parameters_in("header")
            if header.fresh and header.name in values
        }
        return {**values, **named}

    def drop_taken_names(self, operation: Operation, sent: Mapping[str, Any]) -> None:
        """Drop the values of the control if an accepted request has taken a name in them.

        ``values()`` then chooses new ones. ``sent`` are the values of the request.
        """
        control = self._memory.later_controls.get(operation.id) or {}
        names = [member.name for member in operation.fresh_members if member.name in control]
        if any(sent.get(name) == control[name] for name in names):
            self._memory.later_controls[operation.id] = None

    def due(self) -> tuple[Values | None, tuple[str, ...]]:
        """The values of the control, and the ids of the cases that share it.

        This ends the sharing: cases that come later send controls of their own. If no case shares
        the control, valid values and no ids.
        """
        name = self._case.operation
        if name not in self._memory.later_controls:
            self._memory.control_sent[name] = ()
            operation = self._operation
            new = None if operation is None else self._own.valid(operation)
            return new, ()
        values = self.values()
        del self._memory.later_controls[name]
        served_cases = self.cases_of(*SHARING_CONTROL, LATER)
        self._memory.control_sent[name] = served_cases
        return values, served_cases

    # --- a creation that is judged in two ways ---

    def due_early(self) -> tuple[Values | None, tuple[str, ...]]:
        """What ``due`` returns, for a case that creates before the case that judges creations.

        Its creation then serves that case, too, and the id of that case comes last. None and no ids
        if creations are not shared, if no case judges them, or if the control was sent already.
        """
        judging = self.cases_of(JUDGED)
        if self._operation is None or not self.creates_undeletable or not judging:
            return None, ()
        if self._case.operation in self._memory.control_sent:
            return None, ()
        values, sharing = self.due()
        return values, (*sharing, *judging)

    def remember(self, values: Values, created: Id | None) -> None:
        """Remember an object and its values for the case that judges creations."""
        if created is not None:
            self._memory.judged[self._case.operation] = (values, created)

    def remembered(self) -> tuple[Values, Id] | None:
        """The values and the id of an earlier creation that serves the case; None without one.

        They are returned only once.
        """
        return self._memory.judged.pop(self._case.operation, None)
