"""Tracks requests in flight whose responses may issue secrets that others may show at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Granting:
    """Holds back logging until the secrets that requests in flight may issue are known."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._begun = 0
        self._open: set[int] = set()

    @contextmanager
    def in_flight(self, may_issue: bool) -> Iterator[None]:
        """Mark a request as in flight within the context, if its response may issue secrets."""
        if not may_issue:
            yield
            return
        with self._changed:
            self._begun += 1
            number = self._begun
            self._open.add(number)
        try:
            yield
        finally:
            with self._changed:
                self._open.discard(number)
                self._changed.notify_all()

    def wait(self) -> None:
        """Wait until all requests now in flight are done. Later ones do not matter."""
        with self._changed:
            before = set(self._open)
            self._changed.wait_for(lambda: before.isdisjoint(self._open))
