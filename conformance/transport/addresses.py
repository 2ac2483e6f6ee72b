"""The local addresses that a run sends from."""

from __future__ import annotations

from collections.abc import Sequence

USES_PER_ADDRESS = 4
"""How many requests to a limited operation go out from one address in a row."""


MOST_FRESH = 12
"""How many addresses at most are kept for the cases that count what one address may send."""


class Addresses:
    """The addresses of the target file, which take turns: a limit may count by address.

    The last ones, at most half of them, are kept fresh.
    """

    def __init__(self, pool: Sequence[str]) -> None:
        fresh = min(MOST_FRESH, len(pool) // 2)
        self._pool, self._kept = pool[: len(pool) - fresh], list(pool[len(pool) - fresh :])
        self._place = self._uses = 0

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
        """An address that this run has not sent from; None once each was returned."""
        return self._kept.pop() if self._kept else None
