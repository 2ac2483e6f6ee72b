"""Replaces an object that a request names and that has disappeared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from conformance.model import KeyName, Operation, Parameter
from conformance.scenarios.client.ids import Id, identifiers
from conformance.scenarios.client.knowledge import Knowledge
from conformance.scenarios.client.memory import Memory
from conformance.scenarios.client.sending import Sending
from conformance.transport.patience import SHOWN_WITHIN

WAITS = 20
"""Objects of a kind that are waited for. If more are missing, they are not merely late."""


class Renewal:
    """Replaces objects that were not found with objects that are still listed."""

    def __init__(self, sending: Sending, memory: Memory, knowledge: Knowledge) -> None:
        self._sending = sending
        self._memory = memory
        self._knowledge = knowledge

    def renewer(
        self, operation: Operation, values: Mapping[str, Any], key: str | None = KeyName.FULL
    ) -> Callable[[], Mapping[str, Any]] | None:
        """A function that replaces the missing objects of a request; None if it names no object.

        Each call of the function is a round, in which all objects are looked up again. Lists move,
        and writes take time to show, so a later round may find what an earlier one did not.
        """
        if not self._naming_parameters(operation, values):
            return None
        rounds = count()
        return lambda: self._renewed(operation, values, next(rounds), key)

    def _renewed(
        self, operation: Operation, values: Mapping[str, Any], round_: int, key: str | None
    ) -> Mapping[str, Any]:
        """The values with another object in place of each that its list no longer shows.

        ``round_`` is the number of earlier rounds.
        """
        fresh = dict(values)
        for parameter in self._naming_parameters(operation, values):
            other = self._in_place_of(
                parameter, values[parameter.name], round_, key or KeyName.FULL
            )
            if other is not None:
                fresh[parameter.name] = other
        return fresh

    def _in_place_of(self, parameter: Parameter, name: Id, round_: int, key: str) -> Id | None:
        """Another object, if the list showed this one before but no longer does; otherwise None.

        It is looked up once in each round, for all requests that name the object.
        """
        kind, member = parameter.references, parameter.by
        other: Id | None = self._knowledge.once(
            ("gone", kind, member, name, round_, key),
            lambda: self._replacement(kind, member, name, key),
        )
        return other

    def _replacement(self, kind: str, member: str | None, name: Id, key: str) -> Id | None:
        """Another object of the list as it is now, requested after a pause.

        From a pool, it is one that the run has not used, if there is any. None if the list did not
        show the missing object before, or shows it still.
        """
        contract = self._knowledge.contract
        self._memory.waits[kind] += 1
        if self._memory.waits[kind] <= WAITS:
            self._sending.pause(SHOWN_WITHIN)
        listed_before = self._knowledge.listed(kind, key)
        if name not in identifiers(contract, listed_before, kind, member):
            return None
        now = self._knowledge.request_items(kind, key)
        if name in identifiers(contract, now, kind, member):
            return None
        listing = contract.list_of(kind)
        if listing is not None and listing.pool:
            used = self._memory.used.get(kind, [])
            unused = self._knowledge.last_unused(used, kind, now)
            # a used object is free again if it is still listed
            return unused or self._knowledge.last_unused((), kind, now)
        return next(identifiers(contract, now, kind, member), None)

    def _naming_parameters(
        self, operation: Operation, values: Mapping[str, Any]
    ) -> list[Parameter]:
        """The parameters that name an object in the values of a request."""
        naming = [p for p in operation.parameters if self._knowledge.names_object(p)]
        return [p for p in naming if isinstance(values.get(p.name), str | int)]
