"""What an object must show at each time: its writes, folded in their order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from conformance.base.values import picked, without
from conformance.judging.target_model.events import Fate, ObjectKey, View, Write, is_plain
from conformance.model import Contract, Effect, Operation
from conformance.reading import Span, as_shown, other_names, sent_members, texts_of_creations


class Expected(NamedTuple):
    """A value that a member must have, and the write that gave it."""

    value: Any
    write: Write


@dataclass(frozen=True)
class Kind:
    """What clients write of the objects of a kind, by the names of the members that show it.

    ``written`` are texts, lists and objects, which a target has no reason to change by itself: it
    may flip a switch, count or change a state. ``references`` hold ids of other objects.
    ``created_texts`` are texts that creations take, but no change.
    """

    written: frozenset[str]
    references: frozenset[str]
    created_texts: frozenset[str]
    is_read: bool  # an operation reads a single object

    @staticmethod
    def of(contract: Contract, kind: str) -> Kind:
        """What the contract says of a kind."""
        writes = [*contract.operations_by("create", kind), *contract.operations_by("update", kind)]
        members = [member for operation in writes for member in operation.body]
        return Kind(
            written=frozenset(member.shown_as for member in members if member.is_written),
            references=frozenset(member.shown_as for member in members if contract.refers(member)),
            created_texts=texts_of_creations(contract, kind),
            is_read=bool(contract.operations_by("read", kind)),
        )


@dataclass(frozen=True)
class State:
    """What is known of an object from the end of a write on.

    ``since`` is when that write ended, in seconds. ``deletion`` is the write that deleted the
    object. Members that are not determined are left out.
    """

    members: Mapping[str, Expected] = field(default_factory=dict)
    deletion: Write | None = None
    since: float = 0.0


class History:
    """The writes that may concern an object, in the order of time, and all views of it.

    ``mentions`` are writes of other objects that name this one. ``refused_writes`` must have no
    effect. ``refused`` are the same, each with the texts that only refused writes sent, by the
    members that show them.
    """

    def __init__(self, key: ObjectKey, kind: Kind) -> None:
        self.key, self.kind = key, kind
        self.writes: list[Write] = []
        self.mentions: list[Write] = []
        self.refused_writes: list[Write] = []
        self.refused: list[tuple[Write, Mapping[str, str]]] = []
        self.views: list[View] = []
        self._states: list[tuple[Write, State]] = []
        self._ends: list[float] = []

    def fold(self) -> None:
        """Compute the state after each write, once all writes are known."""
        self._states = list(self._states_after_writes())
        self._ends = [state.since for _, state in self._states]

    def _states_after_writes(self) -> Iterator[tuple[Write, State]]:
        """Each write that may have changed the object, with the state after it, in sending order.

        A state holds from the latest end of all writes so far, because writes may overlap.
        """
        state = State()
        for write in sorted([*self.writes, *self.mentions], key=lambda each: each.span.begin):
            since = max(state.since, write.span.end)
            state = replace(self._after(state, write), since=since)
            yield write, state

    def _after(self, state: State, write: Write) -> State:
        """The state of the object after a write; a write with another key only mentions the object.

        After a creation that may have found the object there, no member is known. Of several
        deletions, the first one that was certainly done counts.
        """
        if write.key != self.key:
            return State(self._unchanged_by_mention(state, write), state.deletion)
        match write.operation.action:
            case "create":
                is_first = write is self.writes[0] and write.is_new
                return State(_expected(write) if is_first else {})
            case "delete":
                is_done = write.fate is Fate.DONE
                return State(state.members, state.deletion or (write if is_done else None))
        return State(self._changed(state, write))  # which may also take back a deletion

    def _unchanged_by_mention(self, state: State, write: Write) -> dict[str, Expected]:
        """The members still known after a write of another object that mentions this one.

        These are the members that only clients write. None are known after a write that costs
        money, such as a message that may change what is stored of its recipient, or after one of
        which it is unknown whether it was done.
        """
        if write.operation.effect is Effect.SPEND or write.fate is Fate.UNKNOWN:
            return {}
        return picked(state.members, self.kind.written)

    def _changed(self, state: State, write: Write) -> dict[str, Expected]:
        """The members after a change or other work on the object.

        A PATCH keeps what it does not send, and a POST or PUT may replace it. Other work keeps what
        only clients write. A write whose effect or meaning is not certain keeps nothing.
        """
        operation = write.operation
        may_replace = _is_change(operation) and operation.method != "PATCH"
        if write.fate is Fate.UNKNOWN or not is_plain(write.exchange) or may_replace:
            kept: dict[str, Expected] = {}
        elif _is_change(operation):
            kept = dict(state.members)
        else:
            kept = picked(state.members, self.kind.written)
        touched = as_shown(operation, sent_members(write.exchange))
        aliases = other_names(self.kind.created_texts, touched)  # they may have changed as well
        return {**without(kept, [*touched, *aliases]), **_expected(write)}

    def at(self, span: Span) -> State | None:
        """The state that a view must show; None while a write is under way, or before any write."""
        ended = bisect_right(self._ends, span.begin)  # how many writes had ended
        if ended == 0:
            return None
        if ended < len(self._states):
            next_write, _ = self._states[ended]
            if next_write.span.begin < span.end:
                return None
        _, state = self._states[ended - 1]
        return state

    def shown_before(self, span: Span) -> View | None:
        """The last view before a request, with no write between them; None if there is none."""
        earlier = [view for view in self.views if view.span.end <= span.begin]
        last = max(earlier, key=lambda view: view.span.end, default=None)
        if last is None or self.at(span) is None or self.at(last.span) is not self.at(span):
            return None
        return last

    def may_be_back(self, deletion: Write) -> bool:
        """Whether a deleted object may be shown although the deletion worked.

        A refused write, which other rules judge, may have brought it back. Or it was created more
        often than it was deleted, so that another object has its id.
        """
        if any(deletion.span.end <= each.span.begin for each in self.refused_writes):
            return True
        before = [each for each in self.writes if each.span.end <= deletion.span.begin]
        actions = [each.operation.action for each in before if each.fate is Fate.DONE]
        deletions = actions.count("delete") + 1  # with this one
        return actions.count("create") > deletions

    def given(self, member: str) -> list[Any]:
        """The values that writes gave a member."""
        return [write.sent[member] for write in self.writes if member in write.sent]


def _expected(write: Write) -> dict[str, Expected]:
    """What a write requires of the members that it sent."""
    return {member: Expected(value, write) for member, value in write.sent.items()}


def _is_change(operation: Operation) -> bool:
    """Whether an operation only changes the members that it takes.

    A mode that a parameter other than the selector chooses may do other work.
    """
    selector = operation.selector
    by_selector = selector is not None and operation.when == selector.name
    return operation.action == "update" and (operation.when is None or by_selector)
