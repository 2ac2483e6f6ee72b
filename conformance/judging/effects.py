"""Which optional members of a body take effect: an object shows the value that a request sent.

A server may lack an optional member. It then ignores the member, whatever it holds, and shows
nothing for it, or a value of its own. That value may happen to be the one that was sent. So a
creation counts only if another object shows a different value, and a change only if the object
itself showed a different value before. A value that no reading can accept is nobody's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from conformance.judging.outcomes import JudgeContext, WholeLog
from conformance.model import Contract, Exchange, Open, Operation, Parameter
from conformance.reading import Answer, answer_of, members_of, same, sent_members, writable
from conformance.values import ABSENT

Place = tuple[str, str]
"""A kind of object and one of its members."""


def takes_effect(context: JudgeContext, operation: Operation, member: str) -> bool:
    """Whether the log shows that a member of the body of an operation takes effect.

    False as long as the log is not complete.
    """
    if context.log is None:
        return False
    if context.log not in _EFFECTS:
        _EFFECTS[context.log] = _Effects(context.contract, context.log)
    return _EFFECTS[context.log].takes(operation, member)


def promised(
    context: JudgeContext, operation: Operation, sent: Mapping[str, Any]
) -> dict[str, Any]:
    """Those of the values sent that an object must show, by the names of the request.

    A member that no source calls writable is left out, unless it takes effect.
    """
    always = writable(operation, sent)
    return {
        name: value
        for name, value in sent.items()
        if name in always or takes_effect(context, operation, name)
    }


class _Effects:
    """What the exchanges of a log, in their order, show of the members that requests sent."""

    def __init__(self, contract: Contract, log: WholeLog) -> None:
        self._contract = contract
        self._watched = _watched_members(contract)
        # by object and member: what each operation sent last
        self._sent: dict[tuple[Place, str], dict[str, Any]] = defaultdict(dict)
        # by object and member: what it showed last
        self._last: dict[tuple[Place, str], Any] = {}
        # by kind and member: two values that objects showed, if any differ
        self._values: dict[Place, list[Any]] = defaultdict(list)
        # by operation and member of the object: what creations sent, and their objects showed
        self._created: dict[Place, list[Any]] = defaultdict(list)
        self._certain: set[Place] = set()
        for exchange in log.exchanges:
            self._add(exchange)

    def takes(self, operation: Operation, member: str) -> bool:
        """Whether an object showed what the operation sent for a member, and not by chance."""
        parameter = operation.parameter(member)
        if parameter is None:
            return False
        place = operation.id, parameter.shown_as
        values = self._values[operation.kind, parameter.shown_as]
        return place in self._certain or any(
            not same(created, other) for created in self._created[place] for other in values
        )

    def _add(self, exchange: Exchange) -> None:
        """Note what an accepted request sent, and what its response shows."""
        answer = answer_of(self._contract, exchange)
        if answer is None or not answer.ok or answer.operation.kind not in self._watched:
            return
        self._note_sent(answer)
        for shown in [members_of(answer.object), *answer.rows]:
            self._note_shown(answer.operation.kind, shown)

    def _note_sent(self, answer: Answer) -> None:
        """Note what a request sent, but for 0 and empty values: an object may have those anyway."""
        operation, members = answer.operation, sent_members(answer.exchange)
        selector = operation.selector
        object_id = answer.id if selector is None else members.get(selector.name)
        if object_id is None:
            return
        for parameter in operation.body:
            value = members.get(parameter.name)
            if value:
                place = operation.kind, parameter.shown_as
                self._sent[place, str(object_id)][operation.id] = value

    def _note_shown(self, kind: str, shown: Mapping[str, Any]) -> None:
        """Note what an object shows, and compare it with what was sent for it."""
        object_id = str(shown.get(self._contract.identifier_of(kind)))
        for name in self._watched[kind] & shown.keys():
            place, value = (kind, name), shown[name]
            values = self._values[place]
            if not values or (len(values) == 1 and not same(values[0], value)):
                values.append(value)
            for operation_id, sent in self._sent[place, object_id].items():
                if same(sent, value):
                    operation = self._contract.operations[operation_id]
                    before = self._last.get((place, object_id), ABSENT)
                    self._note_taken(operation, name, value, before)
            self._last[place, object_id] = value

    def _note_taken(self, operation: Operation, name: str, value: Any, before: Any) -> None:
        """Note that an object shows what an operation sent for a member of it."""
        refused = [value for each in _sent_as(operation, name) for value in each.refuse]
        has_changed = before is not ABSENT and not same(before, value)
        if value in refused or (operation.selector is not None and has_changed):
            self._certain.add((operation.id, name))
        elif operation.selector is None:
            self._created[operation.id, name].append(value)


_EFFECTS: WeakKeyDictionary[WholeLog, _Effects] = WeakKeyDictionary()
"""What each log shows. It is read once, and only where a verdict depends on it."""


def _sent_as(operation: Operation, name: str) -> list[Parameter]:
    """The members of a body that an object shows under a name."""
    return [member for member in operation.body if member.shown_as == name]


def _watched_members(contract: Contract) -> dict[str, set[str]]:
    """By kind: the members of its objects whose effect a verdict may depend on."""
    watched: dict[str, set[str]] = defaultdict(set)
    for operation in contract.operations.values():
        for member in operation.body:
            if not member.required and (member.refuse or Open.EFFECT in member.open):
                watched[operation.kind].add(member.shown_as)
    return watched
