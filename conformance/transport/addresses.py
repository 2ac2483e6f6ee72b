"""The local addresses that a run sends from."""

from __future__ import annotations

from collections.abc import Sequence

USES_PER_ADDRESS = 4
"""How many requests to a limited operation go out from one address in a row."""


class Addresses:
    """The addresses of the target file, which take turns: a limit may count by address."""

    def __init__(self, pool: Sequence[str]) -> None:
        self._pool = pool
        self._place = self._uses = self._fresh = 0

    def current(self) -> str | None:
        """The address for the next request to a limited operation; None without a pool."""
        if not self._pool:
            return None
        self._uses += 1
        if self._uses % USES_PER_ADDRESS == 0:
            self.advance()
        return self._pool[self._place % len(self._pool)]

    def advance(self) -> bool:
        """Go on to the next address; returns whether there is one."""
        self._place += 1
        return bool(self._pool)

    def fresh(self) -> str | None:
        """The next address from the end of the pool; None once each was returned."""
        self._fresh += 1
        if self._fresh > len(self._pool):
            return None
        return self._pool[-self._fresh]
