"""What a run knows of its target. It requests each list once and remembers the items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from conformance.base.values import ABSENT, as_text
from conformance.model import Business, KeyName, Operation, Parameter, Role, business_of
from conformance.reading import Answer, rows_of
from conformance.scenarios.client import filling
from conformance.scenarios.client.ids import Id, identifier, identifiers
from conformance.scenarios.client.memory import CacheKey, Memory, Values
from conformance.scenarios.client.sending import Sending
from conformance.target.numbers import phone_number, second_phone_number

LARGE = 100
"""A limit that is the usual maximum of a page."""
WANTED = 20
"""Objects of a kind that are worth knowing."""
SEVERAL = 5
"""Items that an object's list must have for its walks to be meaningful."""
OWNERS_TRIED = 4
"""Objects that a list is tried with because other lists name them most often."""
MOST_REMEMBERED = 1_000
"""Items of a page that are remembered."""


def _kinds_of(operations: Iterable[Operation]) -> list[str]:
    """The kinds that some operations work on or name, each once."""
    kinds: list[str] = []
    for operation in operations:
        kinds.append(operation.kind)
        kinds += [parameter.references for parameter in operation.parameters]
    return [kind for kind in dict.fromkeys(kinds) if kind]


class Knowledge:
    """Requests the target's lists, and remembers their items."""

    def __init__(self, sending: Sending, memory: Memory) -> None:
        self.contract = sending.contract
        self.target = sending.target
        self._sending = sending
        self._memory = memory

    def token(self) -> str:
        """A text that no other request contains."""
        return self._sending.naming.token()

    def number(self) -> str:
        """The phone number of the run."""
        return phone_number(self.target, self._sending.naming.key)

    def second_number(self) -> str:
        """Another phone number for a change, or the same one if the target file gives only one."""
        return second_phone_number(self.target, self._sending.naming.key) or self.number()

    # --- lists ---

    def listed(self, kind: str, key: str = KeyName.FULL) -> list[Any]:
        """The items of the first page of the list of a kind, as a key sees it.

        The list is requested once. Empty if there is no list, or none that can be requested.
        """
        items: list[Any] = self.once(
            ("list", kind, key), lambda: self.request_items(kind, key), provisional=[]
        )
        return items

    def request_one_page(self, kind: str, key: str = KeyName.FULL) -> None:
        """Request a single page of the list of a kind, in its usual size, unless it is known.

        ``listed`` then returns the items of that page.
        """
        operation = self.contract.list_of(kind)
        if operation is not None and self.has(key):
            self.once(
                ("list", kind, key),
                lambda: self.ask(operation, {}, key).listed[:MOST_REMEMBERED],
                provisional=[],
            )

    def once(self, cache_key: CacheKey, find: Callable[[], Any], provisional: Any = ABSENT) -> Any:
        """The result of ``find``, which only the first case of the run that needs it calls.

        See ``Memory.once``.
        """
        return self._memory.once(cache_key, self._sending.sender, find, provisional)

    def request_items(self, kind: str, key: str) -> list[Any]:
        """Request the first page of the list of a kind; returns its items."""
        operation = self.contract.list_of(kind)
        if operation is None or not self.has(key):
            return []
        return self._first_page(operation, key)

    def has(self, key: str) -> bool:
        """Whether a key can be sent. The target file may give the other business by id alone."""
        return key != Business.OTHER or key in self.target.keys

    def listing(self, operation: Operation, key: str = KeyName.FULL) -> Values | None:
        """Valid values for a list; None if one is not known.

        A list that shows the items of one object is requested for an object that has several.
        """
        values: Values | None = self.once(
            ("listing", operation.id, key), lambda: self._values_for(operation, key)
        )
        return None if values is None else dict(values)

    def _values_for(self, operation: Operation, key: str) -> Values | None:
        """Valid values for a list; None if one is not known.

        A list that shows the items of one object gets the object with the most items, which takes
        requests to find out.
        """
        values = filling.valid(self, operation, key)
        owner = self._owner(operation)
        if values is not None and owner is not None:
            values[owner.name] = self._fullest(operation, values, owner, key)
        return values

    def _owner(self, operation: Operation) -> Parameter | None:
        """The required parameter that names the object whose items a list shows, if it has one."""
        for parameter in operation.required:
            if self.names_object(parameter):
                return parameter
        return None

    def names_object(self, parameter: Parameter) -> bool:
        """Whether a parameter names an object other than a business."""
        return parameter.references != "" and parameter.name != self.contract.tenant

    def ask(self, operation: Operation, values: Mapping[str, Any], key: str) -> Answer:
        """Send a request that prepares a case; returns its answer."""
        exchange = self._sending.send(operation, values, key=key, role=Role.ARRANGE)
        return Answer(self.contract, operation, exchange)

    def _first_page(self, operation: Operation, key: str) -> list[Any]:
        """Request the first page of a list, and again with a larger limit if it shows few items.

        Returns the items of the longer page.
        """
        values, paging = self.listing(operation, key), operation.paging
        if values is None or paging is None:
            return []
        page = self.ask(operation, values, key)
        items = page.listed[:MOST_REMEMBERED]
        limit = self.within(operation, WANTED)
        is_enough = len(items) >= limit or not page.more
        if is_enough:
            return items
        larger = self.ask(operation, {**values, paging.limit: str(limit)}, key)
        return max(items, larger.listed[:MOST_REMEMBERED], key=len)

    def within(self, operation: Operation, limit: int) -> int:
        """A limit, or the declared maximum of the list if that is smaller."""
        return min(limit, self.target.maximum.get(operation.id, limit))

    def _fullest(
        self, operation: Operation, values: Mapping[str, Any], owner: Parameter, key: str
    ) -> Any:
        """The id of the object whose list is longest, among a few whose lists are requested.

        The first object with SEVERAL items ends the search.
        """
        fullest, most_items = values[owner.name], -1
        for candidate in self.busiest(owner, key):
            page = self.ask(operation, {**values, owner.name: candidate}, key)
            count = len(page.listed)
            if count > most_items:
                fullest, most_items = candidate, count
            if count >= SEVERAL:
                break
        return fullest

    def busiest(self, owner: Parameter, key: str) -> list[Id]:
        """The ids of a few objects that ``owner`` may name, at most 2 * OWNERS_TRIED.

        They are the OWNERS_TRIED that lists name most often, then the first of their own list.
        """
        named: Counter[Id] = Counter()
        for listing in self.contract.operations_by("list"):
            member = self._member_naming(listing, owner)
            if member is not None:
                named.update(self._names_in(listing, member, key))
        kind = owner.references
        in_own_list = identifiers(self.contract, self.listed(kind, key), kind, owner.by)
        most_named = [name for name, _ in named.most_common(OWNERS_TRIED)]
        return list(dict.fromkeys([*most_named, *in_own_list]))[: 2 * OWNERS_TRIED]

    def _member_naming(self, listing: Operation, owner: Parameter) -> str | None:
        """The member by which items of a list name objects of the kind of ``owner``, if any.

        It is the one that an optional filter by such objects compares.
        """
        for parameter in listing.filters:
            if not parameter.required and parameter.references == owner.references:
                return parameter.filters
        return None

    def _names_in(self, listing: Operation, member: str, key: str) -> list[Id]:
        """The ids that the items of a list name by a member, once for each item."""
        names = []
        for row in rows_of(self.listed(listing.kind, key)):
            value = row.get(member)
            if isinstance(value, str | int):
                names.append(value)
        return names

    # --- objects ---

    def known_ids(self, kind: str, key: str = KeyName.FULL, member: str | None = None) -> list[Id]:
        """The ids of the objects that a key sees, with those of its own business first.

        A key may reach several businesses, but other keys of its business may reach only that one.
        ``member`` is the member that holds the id if it is not the identifier of the kind.
        """
        tenant, business = self.contract.tenant, self.business(key)

        def is_elsewhere(item: Any) -> bool:
            if not isinstance(item, dict):
                return True
            return item.get(tenant) != business

        ordered = sorted(self.listed(kind, key), key=is_elsewhere)
        return list(identifiers(self.contract, ordered, kind, member))

    def shares_ids(self, parameter: Parameter) -> bool:
        """Whether two businesses have objects of the same id that were created at different times.

        The first page of each business shows that. False for a parameter that names a business, or
        that names objects by a member other than their id.
        """
        kind = parameter.references
        if parameter.by is not None or not self.names_object(parameter):
            return False
        own = self._creation_times(kind, KeyName.FULL)
        other = self._creation_times(kind, KeyName.OTHER)
        shared = (own.keys() & other.keys()) - {None}  # rows without an id share nothing
        return any(own[name] != other[name] for name in shared)

    def _creation_times(self, kind: str, key: str) -> dict[Id | None, str | None]:
        """The creation times of the objects that a key sees, by id."""
        position = self.contract.position
        rows = rows_of(self.listed(kind, key))
        return {identifier(self.contract, row, kind): as_text(row.get(position)) for row in rows}

    def id_for(self, operation: Operation) -> Id | None:
        """An object that existed before the run; None if none is known."""
        member = operation.selector.by if operation.selector else None
        return self.known_id(operation.kind, member=member)

    def known_id(self, kind: str, key: str = KeyName.FULL, member: str | None = None) -> Id | None:
        """The id of an object of a kind that a key sees, or None."""
        return next(iter(self.known_ids(kind, key, member)), None)

    def business(self, key: str = KeyName.FULL) -> str | None:
        """The id of the business of a key, as declared or otherwise as its objects show it.

        None if the target file does not declare it and no list shows it.
        """
        owner = business_of(key) or Business.MAIN
        return self.target.businesses.get(owner, self._memory.businesses.get(owner))

    def look_for_businesses(self) -> None:
        """Look in the lists for the id of each business that the target file does not give."""
        for owner, key in ((Business.MAIN, KeyName.FULL), (Business.OTHER, KeyName.OTHER)):
            if owner in self.target.businesses or not self.has(key):
                continue
            shown = self._business_shown(key)
            if shown is not None:
                self._memory.businesses[owner] = shown

    def _business_shown(self, key: str) -> str | None:
        """The id of the business that a key sees, from the first list that shows one, or None."""
        tenant = self.contract.tenant
        if tenant is None:
            return None
        kinds = [listing.kind for listing in self.contract.operations_by("list")]
        for kind in dict.fromkeys(kinds):
            for row in rows_of(self.listed(kind, key)):
                if isinstance(row.get(tenant), str):
                    return str(row[tenant])
        return None

    def gather(self, operations: Iterable[Operation]) -> None:
        """Request the list of each kind that some operations work on or name, before changes."""
        self.once(("gathered",), lambda: [self.listed(kind) for kind in _kinds_of(operations)])

    def free(self, kind: str, key: str) -> Id | None:
        """An object of a pool that the run has not used yet; None if the pool has none left.

        When all are used, the list is requested again. Whatever it shows is free, because the
        requests that used it were rejected. Only the object used last may still be taken, so it is
        chosen only if there is no other.
        """
        used = self._memory.used.setdefault(kind, [])
        pool = self._pool(kind, key)
        chosen = self.last_unused(used, kind, pool)
        if chosen is None and used:
            pool = self.request_items(kind, key)
            self._memory.pools[kind] = {key: pool}
            del used[:-1]  # all but the last
            chosen = self.last_unused(used, kind, pool) or self.last_unused([], kind, pool)
        if chosen is not None and chosen not in used:
            used.append(chosen)
        return chosen

    def _pool(self, kind: str, key: str) -> list[Any]:
        """The items of a pool that a key sees, listed again once ``free`` has used up the first."""
        refreshed = self._memory.pools.get(kind)  # by key
        if refreshed is None:
            return self.listed(kind, key)
        if key not in refreshed:
            refreshed[key] = self.request_items(kind, key)
        return refreshed[key]

    def last_unused(self, used: Collection[Id], kind: str, pool: list[Any]) -> Id | None:
        """The id of the last object of a pool that is not among those ``used``; None without one.

        It is the last, because other clients of the pool mostly take the first.
        """
        unused = [name for name in identifiers(self.contract, pool, kind) if name not in used]
        return unused[-1] if unused else None

    def readable(
        self, operation: Operation, values: Mapping[str, Any], selector: Parameter, key: str
    ) -> Id:
        """The first of a few known objects that a read returns, or else the first known one.

        Raises IndexError if no object is known.
        """
        name: Id = self.once(
            ("readable", operation.id, key),
            lambda: self._first_readable(operation, values, selector, key),
        )
        return name

    def _first_readable(
        self, operation: Operation, values: Mapping[str, Any], selector: Parameter, key: str
    ) -> Id:
        """Read one known object after another until a read succeeds; otherwise the first one."""
        known = self.known_ids(selector.references, key, selector.by)
        for candidate in known[:WANTED]:
            if self.ask(operation, {**values, selector.name: candidate}, key).ok:
                return candidate
        return known[0]
