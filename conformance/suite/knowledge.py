"""What a run knows of its target: it asks for each list once and remembers what it showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import filterfalse
from operator import attrgetter
from typing import Any

from conformance.model import Business, Operation, Parameter, Role, business_of
from conformance.reading import Answer, members_of, rows_of
from conformance.suite.ids import Id, identifiers
from conformance.suite.memory import Memory, Values
from conformance.suite.sending import Sending

LARGE = 100
"""A limit that is the usual maximum of a page."""
WANTED = 20
"""Objects of a kind that are worth knowing."""
SEVERAL = 5
"""Items that the list of an object must have for its walks to show anything."""

OWNERS_TRIED = 4
"""Objects that other lists name most, and that a list is tried with."""

MOST = 1_000
"""Items of a page that are remembered."""
Fill = Callable[[Operation, str], Values | None]
"""Gives valid values for an operation and a key; None if a required one is not known."""


class Knowledge:
    """Asks the target for lists, and answers from memory what they showed."""

    def __init__(self, sending: Sending, memory: Memory, fill: Fill) -> None:
        self.contract = sending.contract
        self.target = sending.target
        self._sending = sending
        self._memory = memory
        self._fill = fill

    # --- lists ---

    def listed(self, kind: str, key: str = "full") -> list[Any]:
        """The items of the first page of the list of a kind, as a key sees it.

        The list is asked for once. Empty for a kind without a list, and for a list that cannot be
        asked for or answers no items.
        """
        lists, place = self._memory.lists, (kind, key)
        if place not in lists:
            lists[place] = []  # for a list whose values need the list itself
            operation = self.contract.list_of(kind)
            if operation is not None and self.has(key):
                lists[place] = self._first_page(operation, key)
        return lists[place]

    def has(self, key: str) -> bool:
        """Whether there is a key. That of another business may be missing where its id is given."""
        return key != Business.OTHER or key in self.target.keys

    def forget(self, kind: str, key: str) -> list[Any]:
        """Drop what the list of a kind showed, so that it is asked for again. Returns that."""
        return self._memory.lists.pop((kind, key), [])

    def listing(self, operation: Operation, key: str = "full") -> Values | None:
        """Valid values for a list; None if one is not known.

        A list of one object's items is asked for an object that has several.
        """
        place = (operation.id, key)
        if place not in self._memory.listings:
            self._memory.listings[place] = self._filled(operation, key)
        known = self._memory.listings[place]
        if known is None:
            return None
        return dict(known)

    def _filled(self, operation: Operation, key: str) -> Values | None:
        values = self._fill(operation, key)
        owner = self._owner(operation)
        if values is not None and owner is not None:
            values[owner.name] = self._fullest(operation, values, owner, key)
        return values

    def _owner(self, operation: Operation) -> Parameter | None:
        """The required parameter that names the object whose items a list shows."""
        return next(filter(self._names_object, operation.required), None)

    def _names_object(self, parameter: Parameter) -> bool:
        """Whether a parameter names an object other than a business."""
        return parameter.references != "" and parameter.name != self.contract.tenant

    def ask(self, operation: Operation, values: Mapping[str, Any], key: str) -> Answer:
        """What an operation answers to some values, in a request that arranges a scenario."""
        exchange = self._sending.send(operation, values, key=key, role=Role.ARRANGE)
        return Answer(self.contract, operation, exchange)

    def _first_page(self, operation: Operation, key: str) -> list[Any]:
        """The items of the first page, in a large size if the usual one is small."""
        values, paging = self.listing(operation, key), operation.paging
        if values is None or paging is None:
            return []
        page = self.ask(operation, values, key)
        items = page.listed[:MOST]
        limit = self.within(operation, WANTED)
        is_enough = len(items) >= limit or not page.more
        if is_enough:
            return items
        larger = self.ask(operation, {**values, paging.limit: str(limit)}, key)
        return max(items, larger.listed[:MOST], key=len)

    def within(self, operation: Operation, limit: int) -> int:
        """A limit, or the declared maximum of the list if that is smaller."""
        return min(limit, self.target.maximum.get(operation.id, limit))

    def _fullest(
        self, operation: Operation, values: Mapping[str, Any], owner: Parameter, key: str
    ) -> Any:
        """The object with the longest list, among a few; the first with several items is enough."""
        best, most = values[owner.name], -1
        for candidate in self._busiest(owner, key):
            page = self.ask(operation, {**values, owner.name: candidate}, key)
            count = len(page.listed)
            if count > most:
                best, most = candidate, count
            if count >= SEVERAL:
                break
        return best

    def _busiest(self, owner: Parameter, key: str) -> list[Id]:
        """A few objects: those that items of other lists name most often, then the first ones."""
        named: Counter[Id] = Counter()
        for listing in self.contract.operations_by("list"):
            member = self._member_naming(listing, owner)
            if member is not None:
                named.update(self._names_in(listing, member, key))
        kind = owner.references
        first = identifiers(self.contract, self.listed(kind, key), kind, owner.by)
        often = [name for name, _ in named.most_common(OWNERS_TRIED)]
        return list(dict.fromkeys([*often, *first]))[: 2 * OWNERS_TRIED]

    def _member_naming(self, listing: Operation, owner: Parameter) -> str | None:
        """The member by which items of a list name an object of the same kind."""
        optional = filterfalse(attrgetter("required"), listing.filters)
        for parameter in optional:
            if parameter.references == owner.references:
                return parameter.filters
        return None

    def _names_in(self, listing: Operation, member: str, key: str) -> list[Id]:
        """What the items of a list name by a member, once for each item."""
        names = []
        for row in rows_of(self.listed(listing.kind, key)):
            value = row.get(member)
            if isinstance(value, str | int):
                names.append(value)
        return names

    # --- objects ---

    def known_ids(self, kind: str, key: str = "full", member: str | None = None) -> list[Id]:
        """The ids of the objects that a key sees, those of its own business first.

        A key may reach several businesses, while other keys reach only that one. ``member`` holds
        the id, if it is not the identifier of the kind.
        """
        tenant, business = self.contract.tenant, self.business(key)

        def elsewhere(item: Any) -> bool:
            if not isinstance(item, dict):
                return True
            return item.get(tenant) != business

        ordered = sorted(self.listed(kind, key), key=elsewhere)
        return list(identifiers(self.contract, ordered, kind, member))

    def known_id(self, kind: str, key: str = "full", member: str | None = None) -> Id | None:
        """The id of an object of a kind that a key sees, or None."""
        return next(iter(self.known_ids(kind, key, member)), None)

    def business(self, key: str = "full") -> str | None:
        """The id of the business of a key: as declared, else as its objects show it.

        None if the target file does not declare it, and no list has shown it so far.
        """
        owner = business_of(key) or Business.MAIN
        if owner in self.target.businesses:
            return self.target.businesses[owner]
        for item in self._remembered(key):
            value = members_of(item).get(self.contract.tenant or "")
            if isinstance(value, str):
                return value
        return None

    def _remembered(self, key: str) -> Iterator[Any]:
        """The items that the lists of a key have shown so far, in the order of the contract."""
        kinds = list(map(attrgetter("kind"), self.contract.operations_by("list")))
        for kind in dict.fromkeys(kinds):
            yield from self._memory.lists.get((kind, key), ())

    def free(self, kind: str, key: str) -> Id | None:
        """An object of a pool that the run has not used yet; None if the pool has none left.

        When all listed objects are used, the list is asked for again. Objects that it still shows
        are free: they were used in refused requests. The latest may yet be taken.
        """
        used = self._memory.used.setdefault(kind, [])
        chosen = self._listed_beside(used, kind, key)
        if chosen is None and used:
            self.forget(kind, key)
            del used[:-1]
            chosen = self._listed_beside(used, kind, key) or self._listed_beside([], kind, key)
        if chosen is not None and chosen not in used:
            used.append(chosen)
        return chosen

    def _listed_beside(self, used: Collection[Id], kind: str, key: str) -> Id | None:
        """The last listed object of a pool that is none of those ``used``.

        Others that take from the pool mostly begin with the first.
        """
        listed = reversed(list(identifiers(self.contract, self.listed(kind, key), kind)))
        return next(filterfalse(used.__contains__, listed), None)

    def readable(
        self, operation: Operation, values: Mapping[str, Any], selector: Parameter, key: str
    ) -> Id:
        """The first known object that a read returns, among a few; else the first known one.

        Raises IndexError if no object is known.
        """
        readable, place = self._memory.readable, (operation.id, key)
        if place in readable:
            return readable[place]
        known = self.known_ids(selector.references, key, selector.by)
        readable[place] = known[0]
        for candidate in known[:WANTED]:
            if self.ask(operation, {**values, selector.name: candidate}, key).ok:
                readable[place] = candidate
                break
        return readable[place]

    # --- objects that are gone ---

    def renewable(self, operation: Operation, values: Mapping[str, Any]) -> bool:
        """Whether a request names objects, and may be sent again if they are not found."""
        return self._memory.retries > 0 and bool(self._naming(operation, values))

    def renewed(self, operation: Operation, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values with another object in place of each that its list no longer shows.

        Each call counts as one of the retries of the run.
        """
        self._memory.retries -= 1
        fresh = dict(values)
        for parameter in self._naming(operation, values):
            if self._has_gone(parameter, values[parameter.name]):
                other = self._another(parameter)
                if other is not None:
                    fresh[parameter.name] = other
        return fresh

    def _another(self, parameter: Parameter) -> Id | None:
        """An object that is listed, for a parameter whose object has gone."""
        kind = parameter.references
        listing = self.contract.list_of(kind)
        if listing is not None and listing.pool:
            return self.free(kind, "full")
        return self.known_id(kind, member=parameter.by)

    def _has_gone(self, parameter: Parameter, name: Id) -> bool:
        """Whether the list of an object showed it before, but does not when asked again."""
        kind, member = parameter.references, parameter.by
        before = self.forget(kind, "full")
        if name not in identifiers(self.contract, before, kind, member):
            return False
        return name not in identifiers(self.contract, self.listed(kind), kind, member)

    def _naming(self, operation: Operation, values: Mapping[str, Any]) -> list[Parameter]:
        """The parameters that name objects."""
        naming = []
        for parameter in filter(self._names_object, operation.parameters):
            if isinstance(values.get(parameter.name), str | int):
                naming.append(parameter)
        return naming
