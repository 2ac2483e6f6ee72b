"""Which optional members of a body take effect: an object shows the value that a request sent.

A server may lack an optional member. It then ignores the member, whatever its value, and shows
nothing for it, or a value of its own. That value may happen to be the one that was sent. So a
creation counts only if another object shows a different value, and a change only if the object
itself showed a different value before. A fresh text, or a value that no reading can accept, is
never a value of the server's own.

A member that no source calls writable may be computed, and then it changes by itself. So a change
of it does not count if another object was sent the same value in vain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from conformance.base.values import ABSENT
from conformance.judging.outcomes import JudgeContext, WholeLog
from conformance.model import Contract, Exchange, Open, Operation, Parameter
from conformance.reading import Answer, answer_of, members_of, same, sent_members, writable

Place = tuple[str, str]
"""A kind of object, or an operation, and a member of the object."""
Object = tuple[str, str]
"""A kind of object, and the id of one."""


def takes_effect(context: JudgeContext, operation: Operation, member: str) -> bool:
    """Whether the log shows that a member of the body of an operation takes effect.

    False until the log is complete, which is when ``context.log`` is set.
    """
    if context.log is None:
        return False
    if context.log not in _EFFECTS:
        _EFFECTS[context.log] = _Effects(context.contract, context.log)
    return _EFFECTS[context.log].takes(operation, member)


def promised(
    context: JudgeContext, operation: Operation, sent: Mapping[str, Any]
) -> dict[str, Any]:
    """The sent values that an object must show, by the names that the request has for them.

    A member that no source calls writable is left out, unless it takes effect.
    """
    always = writable(operation, sent)
    return {
        name: value
        for name, value in sent.items()
        if name in always or takes_effect(context, operation, name)
    }


class _Effects:
    """What the exchanges of a log show, in their order, of the members that requests sent."""

    def __init__(self, contract: Contract, log: WholeLog) -> None:
        self._contract = contract
        self._watched = _watched_members(contract)
        # by object, member and operation: the value that was sent last
        self._sent: dict[Object, dict[str, dict[str, Any]]] = {}
        # by object and member: what it showed last
        self._last: dict[Object, dict[str, Any]] = defaultdict(dict)
        # by kind and member: the first value that objects showed, and one that differs, if any
        self._values: dict[Place, list[Any]] = defaultdict(list)
        # by operation and member of the object: what creations sent, and their objects showed
        self._created: dict[Place, list[Any]] = defaultdict(list)
        # by operation and member of the object: what objects showed as changes had sent it
        self._changed: dict[Place, list[Any]] = defaultdict(list)
        # the same by object: what was sent last, where the object shows something else
        self._in_vain: dict[Place, dict[Object, Any]] = defaultdict(dict)
        # operations and members of the object: shown as sent when that could not be by chance
        self._certain: set[Place] = set()
        for exchange in log.exchanges:
            self._add(exchange)

    def takes(self, operation: Operation, member: str) -> bool:
        """Whether an object showed what the operation sent for a member, and not by chance.

        What a creation sent counts if some object of the kind showed a different value.
        """
        parameter = operation.parameter(member)
        if parameter is None:
            return False
        place = operation.id, parameter.shown_as
        if place in self._certain or self._has_changed(parameter, place):
            return True
        created = self._created[place]
        shown = self._values[operation.kind, parameter.shown_as]
        return any(not same(value, other) for value in created for other in shown)

    def _has_changed(self, parameter: Parameter, place: Place) -> bool:
        """Whether a change of a member took effect, and not by chance.

        If the target may compute a member, a shown value proves nothing if another change sent the
        same value in vain.
        """
        shown = self._changed[place]
        if Open.EFFECT in parameter.open:
            in_vain = self._in_vain[place].values()
            shown = [value for value in shown if not any(same(value, other) for other in in_vain)]
        return bool(shown)

    def _add(self, exchange: Exchange) -> None:
        """Note what an accepted request about a watched kind sent, and what its response shows."""
        answer = answer_of(self._contract, exchange) if exchange.ok else None
        if answer is None or answer.operation.kind not in self._watched:
            return
        self._note_sent(answer)
        kind, is_look = answer.operation.kind, exchange.request.method == "GET"
        for shown in [members_of(answer.object), *answer.rows]:
            object_id = shown.get(self._contract.identifier_of(kind))
            if object_id is not None:
                self._note_shown(kind, str(object_id), shown, is_look)

    def _note_sent(self, answer: Answer) -> None:
        """Note what a request sent for the object that it creates or names.

        False, 0 and empty values are left out, because an object may have them anyway.
        """
        operation, members = answer.operation, sent_members(answer.exchange)
        selector = operation.selector
        object_id = answer.id if selector is None else members.get(selector.name)
        if object_id is None:
            return
        sent = self._sent.setdefault((operation.kind, str(object_id)), {})
        for parameter in operation.body:
            value = members.get(parameter.name)
            if value:
                sent.setdefault(parameter.shown_as, {})[operation.id] = value

    def _note_shown(
        self, kind: str, object_id: str, shown: Mapping[str, Any], is_look: bool
    ) -> None:
        """Note what an object shows, and compare it with what was sent for it.

        A look that leaves out a member shows null. The response to a write may leave out anything.
        """
        sent, last = self._sent.get((kind, object_id), {}), self._last[kind, object_id]
        for name in self._watched[kind]:
            if name in shown:
                value = shown[name]
                self._note_value((kind, name), value)
                if name in sent:
                    before = last.get(name, ABSENT)
                    self._compare((kind, object_id), name, sent[name], before, value)
                last[name] = value
            elif is_look:
                last[name] = None

    def _note_value(self, place: Place, value: Any) -> None:
        """Note a value that an object shows; two that differ are enough."""
        values = self._values[place]
        if not values or (len(values) == 1 and not same(values[0], value)):
            values.append(value)

    def _compare(
        self, shown_by: Object, name: str, sent: Mapping[str, Any], before: Any, value: Any
    ) -> None:
        """Compare what an object shows for a member with what each operation sent for it.

        ``sent`` holds the value by operation. One that is not shown was sent in vain. A change
        counts if the object showed a different value ``before``. For a creation, the value is only
        noted, because another object must show a different one.
        """
        has_changed = before is not ABSENT and not same(before, value)
        for operation_id, sent_value in sent.items():
            place = operation_id, name
            if not same(sent_value, value):
                self._in_vain[place][shown_by] = sent_value
                continue
            self._in_vain[place].pop(shown_by, None)
            operation = self._contract.operations[operation_id]
            is_change = operation.selector is not None
            if _is_never_by_chance(operation, name, value):
                self._certain.add(place)
            elif not is_change:
                self._created[place].append(value)
            elif has_changed:
                self._changed[place].append(value)


_EFFECTS: WeakKeyDictionary[WholeLog, _Effects] = WeakKeyDictionary()
"""What each log shows. It is read once, and only where a verdict depends on it."""


def _is_never_by_chance(operation: Operation, name: str, value: Any) -> bool:
    """Whether a server shows a value for a member only if it was sent.

    It is a text that no other request holds, or a value that is invalid under every reading.
    """
    sent_as = [member for member in operation.body if member.shown_as == name]
    return any(member.fresh or value in member.refuse for member in sent_as)


def _watched_members(contract: Contract) -> dict[str, set[str]]:
    """By kind: the members of its objects whose effect a verdict may depend on.

    They are optional, and have values that must be refused, or no source calls them writable.
    """
    watched: dict[str, set[str]] = defaultdict(set)
    for operation in contract.operations.values():
        for member in operation.body:
            if not member.required and (member.refuse or Open.EFFECT in member.open):
                watched[operation.kind].add(member.shown_as)
    return watched
