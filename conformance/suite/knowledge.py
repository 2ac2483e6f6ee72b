"""What a run knows of its target: it asks for each list once and remembers what it showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from conformance.model import Business, Open, Operation, Paging, Parameter, Role, key_role
from conformance.reading import Answer, before_last, members_of, rows_of, runs_forward
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
PAGES_TO_END = 40
"""Pages that are turned to reach the end of a list that runs from old to new."""
LAST = 5
"""Items before the end of such a list that its last page should show."""

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
        """The items of the first page of the list of a kind."""
        place = (kind, key)
        if place not in self._memory.lists:
            self._memory.lists[place] = []  # for a list whose values need the list itself
            operation = self.contract.list_of(kind)
            if operation is not None:
                self._memory.lists[place] = self._first_page(operation, key)
        return self._memory.lists[place]

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
        return None if known is None else dict(known)

    def _filled(self, operation: Operation, key: str) -> Values | None:
        values = self._fill(operation, key)
        owner = self._owner(operation)
        if values is not None and owner is not None:
            values[owner.name] = self._fullest(operation, values, owner, key)
        return values

    def _owner(self, operation: Operation) -> Parameter | None:
        """The required parameter that names the object whose items a list shows."""
        for parameter in operation.parameters:
            tenant = parameter.name == self.contract.tenant
            if parameter.required and parameter.references and not tenant:
                return parameter
        return None

    def _ask(self, operation: Operation, values: Mapping[str, Any], key: str) -> Answer:
        exchange = self._sending.send(operation, values, key=key, role=Role.ARRANGE)
        return Answer(self.contract, operation, exchange)

    def _first_page(self, operation: Operation, key: str) -> list[Any]:
        """The first page, in a large size if the usual one is small."""
        values, paging = self.listing(operation, key), operation.paging
        if values is None or paging is None:
            return []
        page = self._ask(operation, values, key)
        items = page.items or []
        limit = self.within(operation, WANTED)
        if not page.more or len(items) >= limit:
            return items
        larger = self._ask(operation, {**values, paging.limit: str(limit)}, key)
        return max(items, larger.items or [], key=len)

    def within(self, operation: Operation, limit: int) -> int:
        """A limit, or the declared maximum of the list if that is smaller."""
        return min(limit, self.target.maximum.get(operation.id, limit))

    def _fullest(
        self, operation: Operation, values: Mapping[str, Any], owner: Parameter, key: str
    ) -> Any:
        """The object with the longest list, among a few; the first with several items is enough."""
        best, most = values[owner.name], -1
        for candidate in self._busiest(owner, key):
            page = self._ask(operation, {**values, owner.name: candidate}, key)
            count = len(page.items or [])
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
        kind = owner.references or ""
        first = identifiers(self.contract, self.listed(kind, key), kind, owner.by)
        often = [name for name, _ in named.most_common(OWNERS_TRIED)]
        return list(dict.fromkeys([*often, *first]))[: 2 * OWNERS_TRIED]

    def _member_naming(self, listing: Operation, owner: Parameter) -> str | None:
        """The member by which items of a list name an object of the same kind."""
        for parameter in listing.filters:
            if parameter.references == owner.references and not parameter.required:
                return parameter.filters
        return None

    def _names_in(self, listing: Operation, member: str, key: str) -> Iterable[Id]:
        items = self.listed(listing.kind or "", key)
        values = [row.get(member) for row in rows_of(items)]
        return [value for value in values if isinstance(value, str | int)]

    # --- objects ---

    def known_ids(self, kind: str, key: str = "full", member: str | None = None) -> list[Id]:
        """The ids of the objects that a key sees, those of its own business first.

        A key may reach several businesses, while other keys reach only that one.
        """
        tenant, business = self.contract.tenant, self.business(key)

        def elsewhere(item: Any) -> bool:
            return not isinstance(item, dict) or item.get(tenant) != business

        ordered = sorted(self.listed(kind, key), key=elsewhere)
        return list(identifiers(self.contract, ordered, kind, member))

    def known_id(self, kind: str, key: str = "full", member: str | None = None) -> Id | None:
        """The id of an object of a kind that a key sees, or None."""
        return next(iter(self.known_ids(kind, key, member)), None)

    def business(self, key: str = "full") -> str | None:
        """The id of the business of a key: as declared, else as its objects show it."""
        role = key_role(key)
        owner = (role and role.business) or Business.MAIN
        if owner in self.target.businesses:
            return self.target.businesses[owner]
        for item in self._remembered(key):
            value = members_of(item).get(self.contract.tenant or "")
            if isinstance(value, str):
                return value
        return None

    def _remembered(self, key: str) -> Iterator[Any]:
        """The items that the lists of a key have shown so far, in the order of the contract."""
        kinds = [listing.kind for listing in self.contract.operations_by("list")]
        for kind in dict.fromkeys(kinds):
            yield from self._memory.lists.get((kind or "", key), ())

    def free(self, kind: str, key: str) -> Id | None:
        """An object of a pool that the run has not used yet.

        When all listed objects are used, the list is asked for again. Objects that it still shows
        are free: they were used in refused requests. The latest may yet be taken.
        """
        used = self._memory.used.setdefault(kind, {})
        unused = [name for name in self._names(kind, key) if name not in used]
        if not unused:
            self.forget(kind, key)
            shown = self._names(kind, key)
            unused = [name for name in shown if name not in used]
            unused += [name for name in used if name in shown]
        if not unused:
            return None
        chosen = unused[0]
        used.pop(chosen, None)
        used[chosen] = None
        return chosen

    def _names(self, kind: str, key: str) -> list[Id]:
        return list(identifiers(self.contract, self.listed(kind, key), kind))

    def readable(
        self, operation: Operation, values: Mapping[str, Any], selector: Parameter, key: str
    ) -> Id:
        """The first known object that a read returns, among a few; else the first known one."""
        place = (operation.id, key)
        if place not in self._memory.readable:
            known = self.known_ids(selector.references or "", key, selector.by)
            self._memory.readable[place] = known[0]
            for candidate in known[:WANTED]:
                if self._ask(operation, {**values, selector.name: candidate}, key).ok:
                    self._memory.readable[place] = candidate
                    break
        return self._memory.readable[place]

    # --- objects of our own ---

    def own_id(self, operation: Operation) -> Id | None:
        """The id of an object to change, work on or delete; None if there is none to use.

        It is one that the run created, if it can. A change may share one; a deletion gets its own.
        Objects that were there before are changed only if none can be created, and never deleted.
        """
        kind = operation.kind or ""
        creation = self._creation(kind)
        if operation.action == "delete":
            return self._id_to_delete(kind, creation)
        if creation is None:
            return self._existing(operation)
        if kind not in self._memory.created:
            created = self._create(creation)
            if created is None:
                return self._existing(operation) if Open.INPUT in creation.open else None
            self._memory.created[kind] = created
        return self._memory.created[kind]

    def _id_to_delete(self, kind: str, creation: Operation | None) -> Id | None:
        """The id of an object that was just created; None if none can be."""
        created = None if creation is None else self._create(creation)
        if created is not None and self._memory.created.get(kind) == created:
            # the target keeps a single object of the kind, which changes share
            del self._memory.created[kind]
        return created

    def _existing(self, operation: Operation) -> Id | None:
        """The id of an object that was there before the run."""
        member = operation.selector.by if operation.selector else None
        return self.known_id(operation.kind or "", member=member)

    def _creation(self, kind: str) -> Operation | None:
        """The operation that creates objects of a kind, if the target file allows it."""
        creations = self.contract.operations_by("create", kind)
        return next((one for one in creations if one.effect in self.target.allow), None)

    def _create(self, creation: Operation) -> Id | None:
        values = self._fill(creation, "full")
        return None if values is None else self._ask(creation, values, "full").id

    # --- the end of a list ---

    def newest(self, operation: Operation, values: Values) -> Values:
        """Cursor and limit of a page near the end of a list that runs from old to new.

        Empty for a list that runs the other way: what is new stands on its first page.
        """
        paging = operation.paging
        if paging is None or not runs_forward(paging, self.listed(operation.kind or "")):
            return {}
        begin = self._memory.ends.get(operation.id, {})
        sizes = [str(self.within(operation, limit)) for limit in (LARGE, WANTED)]
        positions = self._positions_from(operation, paging, values, begin, sizes)
        if positions is None:
            return {}
        before = before_last(positions, LAST)
        if before is not None:
            begin = {paging.after: before}
        self._memory.ends[operation.id] = begin
        return {**begin, paging.limit: sizes[0]} if positions else dict(begin)

    def _positions_from(
        self, operation: Operation, paging: Paging, values: Values, begin: Values, sizes: list[str]
    ) -> list[str] | None:
        """The positions from a cursor to the end of a list; None if its pages run back."""
        place, positions = begin, list[str]()
        for _ in range(PAGES_TO_END):
            page = self._page_with_items(operation, {**values, **place}, sizes)
            if place and page.items and not _follows(paging, place[paging.after], page.items[0]):
                return None
            positions += page.positions
            if not page.more or page.cursor is None:
                break
            place = {paging.after: page.cursor}
        return positions

    def _page_with_items(
        self, operation: Operation, values: Mapping[str, Any], sizes: list[str]
    ) -> Answer:
        """The first page that has items, in one of some sizes; ``sizes`` keeps that size alone."""
        assert operation.paging is not None
        for size in list(sizes):
            page = self._ask(operation, {**values, operation.paging.limit: size}, "full")
            if page.items:
                sizes[:] = [size]
                break
        return page

    # --- objects that are gone ---

    def renewable(self, operation: Operation, values: Mapping[str, Any]) -> bool:
        """Whether a request names objects, and may be sent again if they are not found."""
        return self._memory.retries > 0 and bool(self._naming(operation, values))

    def renewed(self, operation: Operation, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values with another object in place of each that its list no longer shows."""
        self._memory.retries -= 1
        fresh = dict(values)
        for parameter in self._naming(operation, values):
            kind, member = parameter.references or "", parameter.by
            before = self.forget(kind, "full")
            if values[parameter.name] not in identifiers(self.contract, before, kind, member):
                continue
            now = identifiers(self.contract, self.listed(kind), kind, member)
            other = self.known_id(kind, member=member)
            if values[parameter.name] not in now and other is not None:
                fresh[parameter.name] = other
        return fresh

    def _naming(self, operation: Operation, values: Mapping[str, Any]) -> list[Parameter]:
        """The parameters that name objects."""
        return [
            parameter
            for parameter in operation.parameters
            if parameter.references
            and parameter.name != self.contract.tenant
            and isinstance(values.get(parameter.name), str | int)
        ]


def _follows(paging: Paging, cursor: str, item: Any) -> bool:
    """Whether an item is newer than a cursor."""
    return runs_forward(paging, [{paging.position: cursor}, item])
