"""The client of a scenario: it sends requests, fills in values, and reads objects back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar, Unpack

from conformance.base.values import as_text
from conformance.model import (
    NOTHING,
    Case,
    Effect,
    Exchange,
    Facts,
    KeyName,
    Operation,
    Parameter,
    Params,
    Role,
)
from conformance.plan.registry import Depth
from conformance.reading import Answer, answer_of, members_of, sought_in
from conformance.scenarios.client import filling, ids
from conformance.scenarios.client.fixtures import OwnObjects
from conformance.scenarios.client.ids import Id
from conformance.scenarios.client.knowledge import Knowledge
from conformance.scenarios.client.list_tail import Ends
from conformance.scenarios.client.memory import CacheKey, Memory
from conformance.scenarios.client.naming import Naming
from conformance.scenarios.client.renewal import Renewal
from conformance.scenarios.client.sending import Options, Sending
from conformance.scenarios.client.shared_creations import SharedCreations
from conformance.transport.sender import Sender

PAUSES = (0.5, 1.5, 3)
"""Seconds to wait before each repeated read, because a write may take time to show."""
PAGES_SOUGHT = 8
"""Pages of a list that are searched for an object."""

EVERYTHING: Mapping[str, Any] = {}
"""No filter of a list."""
RENEWING_KEYS = (KeyName.FULL, KeyName.OTHER)
"""The keys whose requests get another object in place of one that has disappeared."""

P = TypeVar("P", bound=Params)
Result = TypeVar("Result")


class Ask(Protocol):
    """A function that requests one page of a list, with a role and facts."""

    def __call__(self, *, role: Role = Role.PROBE, facts: Facts = NOTHING) -> Exchange:
        """The exchange of the page."""


class Client(Sending):
    """Sends requests, fills in values and reads objects for one case.

    All cases of a run share ``memory``. The case's fresh texts are derived from the ``key`` of the
    run, its other choices from ``seed``.
    """

    def __init__(
        self,
        sender: Sender,
        case: Case,
        attempt: int,
        memory: Memory,
        *,
        seed: int,
        key: str = "",
        depth: Depth = Depth.FULL,
    ) -> None:
        naming = Naming(case, attempt, key)
        super().__init__(sender, case, attempt, naming)
        self.seed = seed
        self.depth = depth
        self._memory = memory
        plain = Sending(sender, case, attempt, naming)  # not self: no reference cycle
        self.knowledge = Knowledge(plain, memory)
        self._ends = Ends(self.knowledge, memory)
        self._renewal = Renewal(plain, memory, self.knowledge)
        self.own = OwnObjects(plain, memory, self.knowledge, self._renewal)
        self.shared = SharedCreations(self.own, memory, case)

    # --- the case ---

    @property
    def operation(self) -> Operation:
        """The operation of the case."""
        return self.contract.operations[self.case.operation]

    @property
    def confirming(self) -> bool:
        """Whether the case is run again to confirm what its first run showed."""
        return self._attempt > 1

    def params(self, kind: type[P]) -> P:
        """The parameters of the case, which must be of this kind. Raises TypeError for others."""
        if not isinstance(self.case.params, kind):
            raise TypeError(f"the case {self.case.id} has no {kind.__name__}")
        return self.case.params

    def planned(self, scenario: str) -> tuple[tuple[str, str], ...]:
        """The operation and the variant of each planned case of a scenario, in their order."""
        planned = []
        for case in self._memory.cases:
            if case.scenario == scenario:
                planned.append((case.operation, case.variant))
        return tuple(planned)

    def once(self, cache_key: CacheKey, find: Callable[[], Any]) -> Any:
        """The result of ``find``, which only the first case of the run that needs it calls."""
        return self.knowledge.once(cache_key, find)

    # --- values ---

    def token(self) -> str:
        """A short text that no other request contains."""
        return self.naming.token()

    def valid(self, operation: Operation, key: str = KeyName.FULL) -> dict[str, Any] | None:
        """Valid values for an operation; None if a required one is not known.

        If a later creation serves as the control of the case, they are the values of that creation.
        """
        is_of_case = operation.id == self.case.operation and key == KeyName.FULL
        if is_of_case and self.shared.has_later_control:
            return self.shared.values()
        return self.own.valid(operation, key)

    def valid_or(
        self, values: dict[str, Any], operation: Operation, key: str = KeyName.FULL
    ) -> dict[str, Any]:
        """Valid values for an operation, or the given ones if a required one is not known."""
        return self.valid(operation, key) or values

    def optional(self, operation: Operation, *, switches: bool = True) -> dict[str, Any]:
        """Values for the optional members of a body that the contract has values for, by name.

        Without ``switches``, members that are switches are left out.
        """
        return filling.optional(self.own, operation, switches=switches)

    def phones(self, operation: Operation) -> dict[str, Any]:
        """Phone numbers for the optional members of a body that take one, by name."""
        return filling.phones(self.own, operation)

    def value(self, parameter: Parameter, key: str = KeyName.FULL) -> Any:
        """A valid value for a parameter; ABSENT if none is known."""
        return filling.value(self.own, parameter, key)

    def known(self, parameters: Iterable[Parameter], key: str = KeyName.FULL) -> dict[str, Any]:
        """A valid value for each of some parameters, by name, without those that have none."""
        return filling.known(self.own, parameters, key)

    def worked_on(self, operation: Operation) -> Any:
        """One of the run's own objects, as the operation's selector takes it; ABSENT if none."""
        return filling.worked_on(self.own, operation)

    def own_business(self, operation: Operation, values: Mapping[str, Any]) -> dict[str, str]:
        """The main key's business as a parameter; empty if unknown, already given or not taken."""
        tenant, business = str(self.contract.tenant), self.knowledge.business()
        if not business or tenant in values or not operation.parameter(tenant):
            return {}
        return {tenant: business}

    def unknown_id(self, sample: str, salt: str = "") -> str:
        """An id of the same form as ``sample`` that names no object."""
        return ids.unknown_id(self.seed, sample, salt)

    # --- requests ---

    def call(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        *,
        facts: Facts = NOTHING,
        **options: Unpack[Options],
    ) -> Exchange:
        """Send a request that should be valid, and remember the object that the main key writes.

        If an object that the request names has disappeared, the request is sent again with one that
        is still listed, unless it contains a mistake or only arranges the case.
        """
        key = options.get("key", KeyName.FULL)
        is_arranging = options.get("role") is Role.ARRANGE
        may_renew = key in RENEWING_KEYS and not is_arranging and not facts.mistake
        renewed = self._renewal.renewer(operation, values, key) if may_renew else None
        exchange = self.send(operation, values, facts=facts, renewed=renewed, **options)
        if exchange.ok and key == KeyName.FULL:
            self._memory.note(operation, ids.written(self.contract, operation, values, exchange))
        return exchange

    def last_written(self, kind: str, count: int) -> list[Id]:
        """The objects of a kind that valid requests wrote last, up to ``count`` per operation."""
        return self._memory.last_written(kind, count)

    def control(
        self, operation: Operation, values: Mapping[str, Any], facts: Facts = NOTHING
    ) -> Exchange:
        """Send a valid request, which must succeed."""
        return self.call(operation, values, role=Role.CONTROL, facts=facts)

    def control_unless_shared(self, values: Mapping[str, Any]) -> None:
        """Send a valid request as the control of those that must be rejected.

        Nothing is sent if another creation serves as the control of several cases, because the API
        cannot delete what each control would create.
        """
        if not self.shared.has_control:
            self.control(self.operation, values)

    def control_after(self, values: Mapping[str, Any], probes: Iterable[Exchange]) -> None:
        """Send the valid request after its probes, with the main key.

        If a probe was accepted as a write, this request works on a new object, under new names.
        """
        operation = self.operation
        is_write = operation.effect is not Effect.READ
        if is_write and any(probe.ok for probe in probes):
            self.own.isolate()
            self.shared.drop_taken_names(operation, values)
            values = self.valid_or(dict(values), operation)
        self.control_unless_shared(values)

    def mistake(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        facts: Facts = NOTHING,
        **options: Unpack[Options],
    ) -> Exchange:
        """Send a request that contains one client mistake.

        If it is accepted, its names are taken, so shared creations stop using them.
        """
        exchange = super().mistake(operation, values, facts, **options)
        if exchange.ok:
            self.shared.drop_taken_names(operation, values)
        return exchange

    def reuse_names(self) -> bool:
        """Let headers of the next request reuse earlier names; returns whether there were any."""
        return self.naming.reuse()

    # --- reads ---

    def until(self, ask: Callable[[], Result], is_expected: Callable[[Result], bool]) -> Result:
        """Ask until the result is as expected, at most four times; returns the last result."""
        result = ask()
        for pause in PAUSES:
            if is_expected(result):
                break
            self.pause(pause)
            result = ask()
        return result

    def look(
        self,
        kind: str,
        sought: Id,
        facts: Facts = NOTHING,
        *,
        key: str = KeyName.FULL,
        role: Role = Role.PROBE,
    ) -> Exchange | None:
        """Read an object, or look for it in its list; None if neither can be requested.

        Returns the read, or the last page requested, which is the one that shows the object if any
        does.
        """
        facts = replace(facts, sought=str(sought))
        reader = self._reader(kind)
        if reader is not None and reader.selector is not None:
            values = {reader.selector.name: sought}
            return self.send(reader, values, key=key, role=role, facts=facts)
        return self._search(kind, facts, key, role)

    def _reader(self, kind: str) -> Operation | None:
        """The operation that reads an object by its id."""
        for operation in self.contract.operations_by("read", kind):
            if operation.selector and operation.selector.references == kind:
                return operation
        return None

    def _search(self, kind: str, facts: Facts, key: str, role: Role) -> Exchange | None:
        """Request pages of a list until one shows the object or no later page can show it.

        Returns the last page requested; None if the list has no pages or its values are not known.
        At most PAGES_SOUGHT are requested, in the declared maximum size, if there is one.
        """
        listing = self.contract.list_of(kind)
        if listing is None or listing.paging is None:
            return None
        values, after = self.knowledge.listing(listing, key), listing.paging.after
        if values is None:
            return None
        if listing.id in self.target.maximum:
            values[listing.paging.limit] = str(self.target.maximum[listing.id])
        for _ in range(PAGES_SOUGHT):
            exchange = self.call(listing, values, key=key, role=role, facts=facts)
            _, may_follow = sought_in(self.contract, exchange)
            cursor = Answer(self.contract, listing, exchange).cursor
            leads_further = cursor not in (None, values.get(after))
            if not may_follow or not leads_further:
                break
            values = {**values, after: cursor}
        return exchange

    def settled(self, kind: str, sought: Id, facts: Facts = NOTHING) -> Exchange | None:
        """Look for an object that was just created, until it appears; returns the last look."""
        return self.until(lambda: self.look(kind, sought, facts, role=Role.ARRANGE), self.is_found)

    def is_found(self, look: Exchange | None) -> bool:
        """Whether a read shows the object, or there was no way to look for it."""
        return look is None or sought_in(self.contract, look)[0] is not None

    def position(self, look: Exchange | None) -> str | None:
        """The position of the object that a read shows; None if it shows none."""
        shown, _ = sought_in(self.contract, look)
        return as_text(members_of(shown).get(self.contract.position))

    def created_id(self, exchange: Exchange) -> Id | None:
        """The id of the object in a successful response; None if it shows none."""
        answer = answer_of(self.contract, exchange)
        if answer is None:
            return None
        return answer.id

    def lister(self, kind: str, filters: Mapping[str, Any] = EVERYTHING) -> Ask | None:
        """A function that requests the list page where a new object that passes filters appears.

        None if the kind has no list, or no valid values for the list are known.
        """
        listing = self.contract.list_of(kind)
        if listing is None:
            return None
        values = self.knowledge.listing(listing)
        if values is None:
            return None
        page = {**values, **self._ends.newest(listing, values), **filters}

        def ask(*, role: Role = Role.PROBE, facts: Facts = NOTHING) -> Exchange:
            return self.call(listing, page, role=role, facts=facts)

        return ask
