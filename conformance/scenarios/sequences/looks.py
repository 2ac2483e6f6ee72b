"""Looks at the objects of a sequence, each repeated until it is as expected."""

from __future__ import annotations

from collections.abc import Callable

from conformance.model import Exchange, Facts, KeyName, Role, Step
from conformance.reading import sought_in
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.ids import Id

IsExpected = Callable[[Exchange | None], bool]
"""Whether a look is as expected. The look is None if there was no way to look."""


class Looks:
    """Looks at objects of one kind by their reads, or in the head of their list."""

    def __init__(self, client: Client, kind: str) -> None:
        self._client = client
        self._kind = kind
        self._positions: dict[Id, str | None] = {}  # as the first look at each object showed it
        self.readers = client.contract.operations_by("read", kind)

    def at(self, sought: Id, is_expected: IsExpected, key: str = KeyName.FULL) -> None:
        """Read an object with a key, or look for it in the list if the API has no read of it."""
        client, facts = self._client, Facts(step=Step.SEQUENCE)
        if not self.readers:
            self.in_list(sought, is_expected)
            return
        look = client.until(
            lambda: client.look(self._kind, sought, facts, key=key, role=Role.ARRANGE), is_expected
        )
        self._positions.setdefault(sought, client.position(look))

    def in_list(self, sought: Id, is_expected: IsExpected) -> None:
        """Look for an object on the page of its list where new ones appear."""
        ask, position = self._client.lister(self._kind), self._positions.get(sought)
        if ask is None:
            return
        facts = Facts(step=Step.SEQUENCE, sought=str(sought), position=position)
        look = self._client.until(lambda: ask(role=Role.ARRANGE, facts=facts), is_expected)
        self._positions.setdefault(sought, self._client.position(look))

    def is_there(self, look: Exchange | None) -> bool:
        """Whether a look shows what it looked for."""
        return sought_in(self._client.contract, look)[0] is not None

    def after_removal(self, gone: Id, other: Id | None) -> None:
        """Look at a deleted object, and at another one."""
        self.at(gone, self.is_gone)
        if other is not None:
            self.at(other, self.is_there)
        if self.readers:
            self.in_list(gone, self.is_gone)

    def is_gone(self, look: Exchange | None) -> bool:
        """Whether a look does not show what it looked for."""
        return not self.is_there(look)
