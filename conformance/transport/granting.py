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
    def of(self, grants: bool) -> Iterator[None]:
        """Mark a request as in flight until its secrets are learnt; no-op unless it ``grants``."""
        if not grants:
            yield
            return
        with self._changed:
            self._begun += 1
            mine = self._begun
            self._open.add(mine)
        try:
            yield
        finally:
            with self._changed:
                self._open.discard(mine)
                self._changed.notify_all()

    def wait(self) -> None:
        """Wait until all requests now in flight are done. Later ones do not matter."""
        with self._changed:
            before = set(self._open)
            self._changed.wait_for(lambda: before.isdisjoint(self._open))
