"""Generated requests: what no one thought of, for the rules that hold on everything."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from conformance.model import Contract
from conformance.plan import Draft, Planning, operations, stimulus
from conformance.suite.client import Client
from conformance.suite.generate import NEGATIVE, POSITIVE, Drawer, message

COUNT = 8
"""Cases of each operation and mode."""


def both_modes(planning: Planning) -> Iterator[Draft]:
    """Each operation, with data that its schemas allow and with data that they do not."""
    for operation in operations(planning):
        if operation.parameters:
            for mode in (POSITIVE, NEGATIVE):
                yield Draft(operation, mode, needs=("full",) if operation.keyed else (), cost=COUNT)


@lru_cache(maxsize=4)
def _drawer(digest: str, holder: _Holder) -> Drawer:
    return Drawer(holder.contract)


class _Holder:
    """A contract as a key of the cache: equal to any other of the same digest."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract

    def __hash__(self) -> int:
        return hash(self.contract.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Holder) and other.contract.digest == self.contract.digest


@stimulus(both_modes, phase=3)
def test_generated(client: Client) -> None:
    """Drawn first, then sent one by one."""
    mode = client.case.variant
    drawer = _drawer(client.contract.digest, _Holder(client.contract))
    for case in drawer.draw(client.operation, mode, COUNT, client.seed):
        made = message(client, client.operation, case, mode)
        if made is not None:
            carried = None if client.operation.takes_key else ()
            client.raw(made, client.operation.id, carried=carried, key="full" if client.operation.takes_key else None, mistake=True, generated=mode)
