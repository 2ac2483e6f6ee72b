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


CacheKey = tuple[Hashable, ...]
"""Identifies a cached fact about the target, such as the first page of a list under a key."""


class _Entry:
    """A cached fact. While it is being found out, ``value`` is ABSENT or a provisional value.

    ``part`` holds the requests that were sent to find it out.
    """

    def __init__(self, value: Any) -> None:
        self.value = value
        self.part: Sink | None = None


@dataclass
class Memory:
    """What a run remembers. All cases of the run share one memory, including those that overlap.

    The results of ``once`` depend on the target alone, never on which case asks first. Everything
    else concerns objects of one kind, and the cases that write such objects never overlap.
    """

    cases: tuple[Case, ...] = ()
    created: dict[str, Id | None] = field(default_factory=dict)  # the run's own object, by kind
    pool: Pool | None = None  # objects that cases share in turn; None if each case gets new ones
    turn: tuple[int, int] = (0, 1)  # the number of the run among those that share creations
    # the values of the control that is still to be sent, by operation
    later_controls: dict[str, Values | None] = field(default_factory=dict)
    # what a case created that also serves the case that judges creations, by operation
    judged: dict[str, tuple[Values, Id]] = field(default_factory=dict)
    # the cases that a control was sent for, by its operation
    control_sent: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # the objects that valid requests wrote, by kind and operation, the latest last
    written: dict[str, dict[str, list[Id]]] = field(default_factory=dict)
    to_delete: dict[str, Id] = field(default_factory=dict)  # the next object to delete, by kind
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)  # a cursor near the end, by list
    # the items of a pool when it was last requested again, by kind and key
    pools: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    used: dict[str, list[Id]] = field(default_factory=dict)  # of each pool, the latest last
    waits: Counter[str] = field(default_factory=Counter)  # for objects not found, by kind
    businesses: dict[str, str] = field(default_factory=dict)  # ids found in lists, by owner
    _entries: dict[CacheKey, _Entry] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def note(self, operation: Operation, written: Id | None) -> None:
        """Remember an object that a valid request wrote; None for no object."""
        if written is not None:
            by_operation = self.written.setdefault(operation.kind, {})
            by_operation.setdefault(operation.id, []).append(written)

    def last_written(self, kind: str, count: int) -> list[Id]:
        """The objects of a kind that were written last, up to ``count`` per operation."""
        written = self.written.get(kind, {}).values()
        return list(dict.fromkeys(name for names in written for name in names[-count:]))

    def once(
        self,
        cache_key: CacheKey,
        sender: Sender,
        find: Callable[[], Any],
        provisional: Any = ABSENT,
    ) -> Any:
        """The cached result of ``find``, which only the first case that needs it calls.

        The requests that ``find`` sends count as part of every case that needs the result. While
        ``find`` runs, it may need its own result, for example if the values for a list depend on
        that list. Such a nested call returns ``provisional``, or runs ``find`` uncached without it.
        """
        with self._lock:
            entry = self._entries.get(cache_key)
            if entry is None:
                entry = self._find_out(cache_key, sender, find, provisional)
            elif entry.value is ABSENT:  # a nested call: the lock keeps out all others
                return find()
        if entry.part is not None:
            sender.uses(entry.part)
        return entry.value

    def _find_out(
        self, cache_key: CacheKey, sender: Sender, find: Callable[[], Any], provisional: Any
    ) -> _Entry:
        """A new entry with the result of ``find``, whose requests form a part of their own.

        If ``find`` raises an error, the entry is removed, so that another case tries again. The
        requests sent until then count for this case.
        """
        entry = self._entries[cache_key] = _Entry(provisional)
        try:
            with sender.aside(" ".join(str(part) for part in cache_key)) as entry.part:
                entry.value = find()
        except BaseException:
            del self._entries[cache_key]
            if entry.part is not None:
                sender.uses(entry.part)
            raise
        return entry
