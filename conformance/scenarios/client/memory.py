"""What a run remembers of its target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from conformance.base.values import ABSENT
from conformance.model import Case, Operation
from conformance.scenarios.client.ids import Id
from conformance.scenarios.client.pool import Pool
from conformance.transport.journal import Sink
from conformance.transport.sender import Sender

Values = dict[str, Any]
"""Values for the parameters of an operation, by name."""


Place = tuple[Hashable, ...]
"""Names something found out about the target, such as the first page of a list under a key."""


class _Entry:
    """Something found out once. Until then ``value`` is ABSENT, or a provisional value.

    ``part`` collects the requests that found it out.
    """

    def __init__(self, value: Any) -> None:
        self.value = value
        self.part: Sink | None = None


@dataclass
class Memory:
    """What a run remembers. All cases of the run share one memory, including those that overlap.

    The results of ``once`` depend on the target alone, never on which case asks first. The rest
    belongs to objects of one kind, and the cases that write those run one after another.
    """

    cases: tuple[Case, ...] = ()
    created: dict[str, Id | None] = field(default_factory=dict)  # one of our objects, by kind
    pool: Pool | None = None  # objects that cases share in turn; None if each case gets new ones
    turn: tuple[int, int] = (0, 1)  # the number of the run among those that share creations
    promised: dict[str, Values | None] = field(default_factory=dict)  # of controls, by operation
    judged: dict[str, tuple[Values, Id]] = field(default_factory=dict)  # created for other cases
    kept: set[str] = field(default_factory=set)  # the operations whose control was sent
    # the objects that valid requests wrote, by kind and operation, the latest last
    written: dict[str, dict[str, list[Id]]] = field(default_factory=dict)
    spare: dict[str, Id] = field(default_factory=dict)  # the next one to delete, by kind
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)  # by list, a cursor near its end
    pools: dict[str, dict[str, list[Any]]] = field(default_factory=dict)  # requested again, by key
    used: dict[str, list[Id]] = field(default_factory=dict)  # by pool, the latest last
    waits: Counter[str] = field(default_factory=Counter)  # by kind, for objects that were not found
    businesses: dict[str, str] = field(default_factory=dict)  # not declared in any file, by owner
    _entries: dict[Place, _Entry] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def note(self, operation: Operation, written: Id | None) -> None:
        """Remember an object that a valid request wrote; None for no object."""
        if written is not None:
            by_operation = self.written.setdefault(operation.kind, {})
            by_operation.setdefault(operation.id, []).append(written)

    def last_written(self, kind: str, each: int) -> list[Id]:
        """The objects of a kind that were written last: so many of each operation."""
        written = self.written.get(kind, {}).values()
        return list(dict.fromkeys(name for names in written for name in names[-each:]))

    def once(
        self, place: Place, sender: Sender, find: Callable[[], Any], meanwhile: Any = ABSENT
    ) -> Any:
        """The result of ``find``, which is called only for the first case that asks.

        Its requests count as part of every case that asks. A nested call before the result is known
        gets ``meanwhile``, for example if the values for a list depend on that list. Without
        ``meanwhile``, it calls its own ``find``.
        """
        with self._lock:
            entry = self._entries.get(place)
            if entry is None:
                entry = self._find_out(place, sender, find, meanwhile)
            elif entry.value is ABSENT:
                return find()
        if entry.part is not None:
            sender.uses(entry.part)
        return entry.value

    def _find_out(
        self, place: Place, sender: Sender, find: Callable[[], Any], meanwhile: Any
    ) -> _Entry:
        """The entry with the result of ``find``, whose requests form a part of their own.

        If ``find`` raises an error, the entry is forgotten, so that another case tries again.
        """
        entry = self._entries[place] = _Entry(meanwhile)
        try:
            with sender.aside(" ".join(str(part) for part in place)) as entry.part:
                entry.value = find()
        except BaseException:
            del self._entries[place]
            if entry.part is not None:
                sender.uses(entry.part)
            raise
        return entry
