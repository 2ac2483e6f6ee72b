"""The local addresses that a run sends from."""

from __future__ import annotations

from collections.abc import Sequence

USES_PER_ADDRESS = 4
"""Consecutive requests to a rate-limited operation that are sent from one address."""


MOST_FRESH = 12
"""Maximum number of addresses reserved for the cases that test the limit of one address."""


class Addresses:
    """The addresses of the target file, used in rotation because a limit may apply per address.

    The last ones, at most half of them, are reserved as fresh addresses.
    """

    def __init__(self, pool: Sequence[str]) -> None:
        rotating = len(pool) - min(MOST_FRESH, len(pool) // 2)
        self._pool, self._reserved = pool[:rotating], list(pool[rotating:])
        self._index = self._uses = 0

    def current(self) -> str | None:
        """The address for the next request to a rate-limited operation; None if there are none.

        Each call counts as a use. Every few uses, the next address is taken.
        """
        if not self._pool:
            return None
        self._uses += 1
        if self._uses % USES_PER_ADDRESS == 0:
            self.advance()
        return self._pool[self._index % len(self._pool)]

    def advance(self) -> bool:
        """Move on to the next address; return False if there are no addresses."""
        self._index += 1
        return bool(self._pool)

    def fresh(self) -> str | None:
        """A reserved address that this run has not used yet; None if there is none left."""
        return self._reserved.pop() if self._reserved else None
