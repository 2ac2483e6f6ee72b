"""The objects of a sequence, and what its writes make of them, as far as that is certain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from conformance.base.values import as_text, without
from conformance.judging.outcomes import Violation
from conformance.judging.responses import ids_of
from conformance.model import Contract, Exchange, Operation, compact
from conformance.reading import (
    Answer,
    as_shown,
    other_names,
    query_value,
    refused_member,
    same,
    sent_members,
    state_prefixes,
    texts_of_creations,
    writable,
)

View = tuple[str, str | None]
"""An operation that shows objects, and a key."""
SERVER_FAULT = 500
"""The lowest status that does not say whether a write was carried out."""


class Followed:
    """What is known of an object at some place of a sequence."""

    def __init__(self, object_id: str, creation: Exchange | None = None) -> None:
        self.object_id = object_id
        self.creation = creation
        self.values: dict[str, Any] = {}  # by member, as last accepted
        self.writers: dict[str, Exchange] = {}  # by member: the write that sent its value
        self.seen_members: set[str] = set()  # those that a look has shown with their value
        self.last_shown: dict[View, dict[str, Any]] = {}  # its members in the last look
        self.as_sent: dict[View, set[str]] = defaultdict(set)  # members shown as they were sent
        self.writes_since: list[Exchange] = []  # since the last look
        self.doubtful = False  # whether it still exists is not known
        self.given_up = False  # it was found missing, or back, and is not judged any more
        self.deletion: Exchange | None = None
        self.marks: dict[View, dict[str, Any]] = {}  # members that a deletion changed
        self.gone = False  # a look since the deletion has not shown it as it was

    @property
    def restoring_write(self) -> Exchange:
        """The write to blame if a look shows the object after its deletion.

        That is the deletion. But if an earlier look did not show the object as it was, and all
        writes since were refused, it is the last of these.
        """
        assert self.deletion is not None
        only_refused = self.writes_since and not any(write.ok for write in self.writes_since)
        return self.writes_since[-1] if self.gone and only_refused else self.deletion

    def forget(self) -> None:
        """Forget its values, and whether it still exists."""
        self.values, self.last_shown, self.doubtful = {}, {}, True

    def forget_changeable(self, operation: Operation) -> None:
        """Forget the values that an action may change by itself: numbers, nulls and switches.

        An action that issues a secret leaves the switches as they are.
        """
        kept = str | list | dict | bool if operation.secrets else str | list | dict
        self.values = {name: each for name, each in self.values.items() if isinstance(each, kept)}


class Effects:
    """Follows the objects of one sequence, which are all of one kind, through its writes."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.objects: dict[str, Followed] = {}  # by id

    def take(self, answer: Answer, *, is_own: bool) -> Violation | None:
        """Take in the next write, of the business itself or of another one.

        A refused write changes nothing. After one that may have been carried out, and after one
        of another business that was accepted, nothing is known of the objects that it touches.
        Returns a violation for a creation that returns the id of another object.
        """
        exchange = answer.exchange
        for each in self.objects.values():
            each.writes_since.append(exchange)
        status = exchange.status
        is_unknown = status is None or status >= SERVER_FAULT
        if is_unknown or (exchange.ok and not is_own):
            for each in self._touched(answer):
                each.forget()
        elif exchange.ok and answer.operation.action == "create":
            return self._take_creation(answer)
        elif exchange.ok:
            self._take_work(answer)
        return None

    def _touched(self, answer: Answer) -> Iterable[Followed]:
        """The known object that a write names; all if its operation names none, as a creation."""
        if answer.operation.selector is None:
            return self.objects.values()
        named = self.objects.get(_named_id(answer) or "")
        return [] if named is None else [named]

    def _take_creation(self, answer: Answer) -> Violation | None:
        """Take in an accepted creation; returns a violation if its id is that of another object.

        A server may replace the object of an equal creation, or return it with a status other
        than that for a new object. A new object may have the id of a deleted one.
        """
        exchange, object_id = answer.exchange, as_text(answer.id)
        for each in self.objects.values():
            if each.creation and sent_members(each.creation) == sent_members(exchange):
                each.doubtful = True
        if object_id is None:
            return None
        known = self.objects.get(object_id)
        if known is None:
            created = Followed(object_id, exchange)
            self.objects[object_id] = created
            created.writes_since.append(exchange)
            _note_values(created, answer)
            return None
        was_deleted = known.deletion is not None
        known.deletion, known.marks = None, {}
        known.forget()  # the server may have left it as it was
        status_of_new = answer.operation.successes[-1]
        if was_deleted or exchange.status != status_of_new:
            return None
        where = f"/{self._contract.identifier_of(answer.operation.kind)}"
        ids = ids_of([exchange] if known.creation is None else [known.creation, exchange])
        return Violation(where, "an id of its own", compact(object_id), ids)

    def _take_work(self, answer: Answer) -> None:
        """Take in an accepted change, deletion or action on the object that it names."""
        object_id = _named_id(answer)
        if object_id is None:
            return
        named = self.objects.setdefault(object_id, Followed(object_id))
        if answer.operation.action == "delete":
            named.values, named.deletion = {}, named.deletion or answer.exchange
        elif answer.operation.action == "update":
            _take_change(named, answer)
        else:
            named.forget_changeable(answer.operation)


def _take_change(changed: Followed, answer: Answer) -> None:
    """Take in an accepted change.

    It may have restored a deleted object, or have read an invalid value as some other value. Then
    nothing is known of the object any more. Texts that may be other names of what was sent are
    forgotten, and so is everything that a request other than a PATCH may reset.
    """
    operation = answer.operation
    if changed.deletion or refused_member(operation, answer.exchange):
        changed.deletion = None
        changed.forget()
        return
    if any(state_prefixes(operation, answer.exchange)):
        changed.forget_changeable(operation)  # a change of state does what an action does
    texts = texts_of_creations(answer.contract, operation.kind)
    sent = as_shown(operation, sent_members(answer.exchange))
    changed.values = without(changed.values, other_names(texts, sent))
    if operation.method != "PATCH":
        members = {member.shown_as for member in operation.body}
        changed.values = without(changed.values, members)
    _note_values(changed, answer)


def _note_values(written: Followed, answer: Answer) -> None:
    """Note the values that a write sent, without those that a server may ignore.

    A value that differs from the former one has not been shown yet.
    """
    operation, exchange = answer.operation, answer.exchange
    sent = writable(operation, sent_members(exchange))
    if operation.selector is not None:
        sent.pop(operation.selector.name, None)
    for name, value in as_shown(operation, sent).items():
        is_unchanged = name in written.values and same(value, written.values[name])
        if not is_unchanged:
            written.seen_members.discard(name)
        written.values[name] = value
        written.writers[name] = exchange


def _named_id(answer: Answer) -> str | None:
    """The id that a write names, in its body or else its query; None if it names none."""
    selector = answer.operation.selector
    if selector is None:
        return None
    object_id = sent_members(answer.exchange).get(selector.name)
    return as_text(object_id) or query_value(answer.exchange, selector.name)
