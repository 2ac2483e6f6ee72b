"""What a scenario has in hand: valid values for an operation, and what the target is known to hold."""

from __future__ import annotations

import hashlib
import re
import string
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from conformance.model import (
    NOTHING,
    Business,
    Effect,
    Exchange,
    Facts,
    Open,
    Operation,
    Parameter,
    Role,
    key_role,
)
from conformance.reading import before_last, items_of, object_of, runs_forward, sought_in
from conformance.suite.sending import Id, Sending
from conformance.target import FICTIONAL_NUMBER
from conformance.values import ABSENT

OWNERS_TRIED = 4
"""Objects that a list or a read is tried with, at first."""
PAGES_TO_END = 40
"""Pages that are turned to come to the end of a list that runs from old to new."""
LAST = 5
"""Items that are looked at before what is made next."""
LARGE = 100
"""A limit that is the usual maximum."""
PAGES_SOUGHT = 8
"""Pages of a list that an object is looked for on."""
LONGEST_NUMBER = 19
"""Digits of a number that can grow no more: it fills 64 bits."""
MALFORMED = "not-an-id"
"""What names nothing, and is no id at all where these are numbers, or have a type of the database."""
SHOWN = 20
"""Objects of a kind that it is good to know."""
SEVERAL = 5
"""Items that the list of an object must have for walks to say something."""

_SAMPLES: Mapping[str, Any] = {
    "string": "sample",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "object": {},
}


class Client(Sending):
    """Builds valid requests from the contract and from what the target shows, and sends them."""

    def call(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        *,
        key: str | None = "full",
        role: Role = Role.PROBE,
        facts: Facts = NOTHING,
        **options: Any,
    ) -> Exchange:
        """Send an operation; again where an object that it rests on was not found, for lists move and writes take time."""
        sure = facts.mistake or role is Role.ARRANGE or key != "full"
        if not sure and self._memory.doubts and self._named(operation, values):
            options["renewed"] = lambda: self._renewed(operation, values)
        return super().call(operation, values, key=key, role=role, facts=facts, **options)

    def _named(self, operation: Operation, values: Mapping[str, Any]) -> list[Parameter]:
        """The parameters that name objects."""
        named = [p for p in operation.parameters if p.references and p.name != self.contract.tenant]
        return [p for p in named if isinstance(values.get(p.name), str | int)]

    def _renewed(self, operation: Operation, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values, but for objects that were listed and are so no longer: in their place stand others."""
        self._memory.doubts -= 1
        fresh = dict(values)
        for parameter in self._named(operation, values):
            place, member = (parameter.references or "", "full"), parameter.by
            seen = [
                self.identifier(item, parameter.references, member)
                for item in self._memory.lists.pop(place, [])
            ]
            if values[parameter.name] in seen:
                shown = [
                    self.identifier(item, parameter.references, member)
                    for item in self.listed(*place)
                ]
                other = self.known_id(*place, member)
                fresh[parameter.name] = (
                    values[parameter.name]
                    if values[parameter.name] in shown or other is None
                    else other
                )
        return fresh

    # --- values ---

    def token(self) -> str:
        """A short text that no other request of the run has: from seed, case and count."""
        self._tokens += 1
        text = f"{self.seed} {self.case.id} {self._attempt} {self._tokens} {self._nonce}"
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    def listed(self, kind: str, key: str = "full") -> list[Any]:
        """The items of the first page of the list of a kind, asked for once a run."""
        if (kind, key) not in self._memory.lists:
            self._memory.lists[
                kind, key
            ] = []  # a list that needs itself to be asked for has no items
            operation = self.contract.list_of(kind)
            if operation is not None:
                self._memory.lists[kind, key] = self._first_page(operation, key)
        return self._memory.lists[kind, key]

    def _first_page(self, operation: Operation, key: str) -> list[Any]:
        values, paging = self.listing(operation, key), operation.paging
        if values is None or paging is None:
            return []
        items, more = self._page(operation, values, key)
        limit = self.within(operation, SHOWN)
        if more and len(items) < limit:  # pages are small unless they are asked to be large
            items = max(
                items, self._page(operation, {**values, paging.limit: str(limit)}, key)[0], key=len
            )
        return items

    def _page(
        self, operation: Operation, values: dict[str, Any], key: str
    ) -> tuple[list[Any], bool]:
        """The items of a page, and whether more follow."""
        response = self.call(operation, values, key=key, role=Role.ARRANGE).response
        if response is None or not response.ok or operation.paging is None:
            return [], False
        items = items_of(operation, response.json)
        return items or [], items is not None and response.json.get(operation.paging.more) is True

    def listing(self, operation: Operation, key: str = "full") -> dict[str, Any] | None:
        """Values for what a list must be given; of the objects that it may be asked for, one that has several items.

        None where a value is not known.
        """
        place = (operation.id, key)
        if place not in self._memory.listings:
            values = self.valid(operation, key)
            owner = next(
                (
                    p
                    for p in operation.parameters
                    if p.required and p.references and p.name != self.contract.tenant
                ),
                None,
            )
            if values is not None and owner is not None:
                values[owner.name] = self._fullest(operation, values, owner, key)
            self._memory.listings[place] = values
        found = self._memory.listings[place]
        return None if found is None else dict(found)

    def lister(self, kind: str | None) -> Callable[..., Exchange] | None:
        """What asks, given a label, for the page of the list of a kind that will show what is made next; None where none can."""
        operation = self.contract.list_of(kind)
        values = self.listing(operation) if operation is not None else None
        if operation is None or values is None:
            return None
        return partial(self.call, operation, {**values, **self._newest(operation, values)})

    def _newest(self, operation: Operation, values: dict[str, Any]) -> dict[str, Any]:
        """Cursor and limit of a page near the end of a list that runs from old to new; nothing for one that does not."""
        paging, place = operation.paging, self._memory.ends.get(operation.id, {})
        if paging is None or not runs_forward(paging, self.listed(operation.kind or "")):
            return {}
        limits = [{paging.limit: str(self.within(operation, limit))} for limit in (LARGE, SHOWN)]
        begin, seen = dict(place), list[str]()
        for _ in range(PAGES_TO_END):
            pages = (
                (size, *self._page(operation, {**values, **place, **size}, "full"))
                for size in limits
            )
            size, items, more = next((page for page in pages if page[1]), ({}, [], False))
            limits = [size] if size else limits
            told = [item.get(paging.position) for item in items if isinstance(item, dict)]
            if (
                place
                and items
                and not runs_forward(paging, [{paging.position: place[paging.after]}, items[0]])
            ):
                return {}  # its pages run the other way
            seen += [position for position in told if isinstance(position, str)]
            if not more or not told or not isinstance(told[-1], str):
                break
            place = {paging.after: told[-1]}
        before = before_last(seen, LAST)
        begin = {paging.after: before} if before else begin
        self._memory.ends[operation.id] = begin
        return {**begin, **(limits[0] if seen else {})}

    def _answered(
        self, operation: Operation, values: dict[str, Any], selector: Parameter, key: str
    ) -> Id:
        """Of the objects that a read may be asked for, the first of a few that it answers, else the first of all."""
        place = (operation.id, key)
        if place not in self._memory.answered:
            known = [
                self.identifier(item, selector.references, selector.by)
                for item in self._own_first(selector.references or "", key)
            ]
            tried = [value for value in known if value is not None][:SHOWN]
            self._memory.answered[place] = tried[0]
            for value in tried:
                response = self.call(
                    operation, {**values, selector.name: value}, key=key, role=Role.ARRANGE
                ).response
                if response is not None and response.ok:
                    self._memory.answered[place] = value
                    break
        return self._memory.answered[place]

    def _fullest(
        self, operation: Operation, values: dict[str, Any], owner: Parameter, key: str
    ) -> Any:
        """The first object of a few whose list has several items, else the one whose list has most."""
        best, most = values[owner.name], -1
        for value in self._busiest(owner, key):
            response = self.call(
                operation, {**values, owner.name: value}, key=key, role=Role.ARRANGE
            ).response
            count = len(
                (items_of(operation, response.json) if response and response.ok else None) or []
            )
            if count > most:
                best, most = value, count
            if count >= SEVERAL:
                break
        return best

    def _busiest(self, owner: Parameter, key: str) -> list[Id]:
        """A few objects that a list may be asked for: those that most items of other lists name, then the first ones."""
        named: Counter[Id] = Counter()
        for listing in self.contract.operations_by("list"):
            members = [
                p.filters
                for p in listing.filters
                if p.references == owner.references and not p.required
            ]
            for item in self.listed(listing.kind or "", key) if members else ():
                shown = item.get(members[0]) if isinstance(item, dict) else None
                named.update([shown] if isinstance(shown, str | int) else [])
        first = [
            self.identifier(item, owner.references, owner.by)
            for item in self.listed(owner.references or "", key)
        ]
        known = dict.fromkeys([*(value for value, _ in named.most_common(OWNERS_TRIED)), *first])
        return [value for value in known if value is not None][: 2 * OWNERS_TRIED]

    def identifier(self, item: Any, kind: str | None, member: str | None = None) -> Id | None:
        """What names an item of a list: its identifier, or another member of it; the item itself if it is text."""
        value = (
            item.get(member or self.contract.identifier_of(kind))
            if isinstance(item, dict)
            else item
        )
        return value if isinstance(value, str | int) and not isinstance(value, bool) else None

    def _own_first(self, kind: str, key: str) -> list[Any]:
        """What is listed; first what names the business of the key, for a key may reach several, and other keys only that one."""
        tenant, business = self.contract.tenant, self.business(key)
        return sorted(
            self.listed(kind, key),
            key=lambda item: not (isinstance(item, dict) and item.get(tenant) == business),
        )

    def known(self, kind: str, key: str = "full") -> Any | None:
        """An object of a kind that a key sees, or None."""
        return next(
            (item for item in self.listed(kind, key) if self.identifier(item, kind) is not None),
            None,
        )

    def known_id(self, kind: str, key: str = "full", member: str | None = None) -> Id | None:
        """The id of an object of a kind that a key sees, or None."""
        found = (self.identifier(item, kind, member) for item in self._own_first(kind, key))
        return next((value for value in found if value is not None), None)

    def known_ids(self, kind: str, member: str | None = None) -> list[Id]:
        """The ids of the objects of a kind that the full key sees first, those of its own business first."""
        found = (self.identifier(item, kind, member) for item in self._own_first(kind, "full"))
        return [value for value in found if value is not None]

    def within(self, operation: Operation, limit: int) -> int:
        """A limit, or the maximum that the target declares for a list where that is smaller."""
        return min(limit, self.target.maximum.get(operation.id, limit))

    def business(self, key: str = "full") -> str | None:
        """The id of the business of a key: as declared, else as its objects show it."""
        role = key_role(key)
        owner = (role and role.business) or Business.MAIN
        if owner in self.target.businesses:
            return self.target.businesses[owner]
        for kind in dict.fromkeys(o.kind for o in self.contract.operations_by("list") if o.kind):
            for item in self._memory.lists.get((kind, key), ()):
                value = item.get(self.contract.tenant) if isinstance(item, dict) else None
                if isinstance(value, str):
                    return value
        return None

    def value(self, parameter: Parameter, key: str = "full") -> Any:
        """A valid value for a parameter; ABSENT where none is known."""
        kind = parameter.schema.get("type", "string")
        if parameter.references or parameter.name == self.contract.tenant:
            known = self._reference(parameter, key)
            return ABSENT if known is None else [known] if kind == "array" else known
        if parameter.phone:
            return (self.target.phone_numbers or (FICTIONAL_NUMBER,))[0]
        if parameter.fresh:
            return parameter.fresh.replace("{}", self.token())
        if parameter.example is not None:
            return parameter.example
        return (
            parameter.schema.get("enum", [None])[0]
            or _SAMPLES[kind if isinstance(kind, str) else kind[0]]
        )

    def _reference(self, parameter: Parameter, key: str) -> Id | None:
        """The id of a business or of an object that a key sees; of a pool one that is still free."""
        if parameter.name == self.contract.tenant:
            return self.business(key)
        if any(o.pool for o in self.contract.operations_by("list", parameter.references)):
            return self._taken_from_pool(parameter.references or "", key)
        return self.known_id(parameter.references or "", key, parameter.by)

    def _taken_from_pool(self, kind: str, key: str) -> Id | None:
        """An object of a pool that the run has not used yet; the list is asked for again when all that it showed are used.

        What it still shows then is free, though it was used in requests that were refused; the latest may yet be taken.
        """
        used = self._memory.used.setdefault(kind, {})
        for fresh in (False, True):
            if fresh:
                self._memory.lists.pop((kind, key), None)
            shown = [self.identifier(item, kind) for item in self.listed(kind, key)]
            known = [value for value in shown if value is not None]
            found = next((value for value in known if value not in used), None)
            if found is None and fresh:
                found = next((value for value in used if value in known), None)
            if found is not None:
                used.pop(found, None)
                used[found] = None
                return found
        return None

    def valid(self, operation: Operation, key: str = "full") -> dict[str, Any] | None:
        """Valid values for the parameters that are required or advised; None where a required one is not known."""
        values = {
            p.name: self.value(p, key) for p in operation.parameters if p.required or p.advised
        }
        selector = operation.selector
        if (
            selector
            and operation.effect is not Effect.READ
            and selector.references == operation.kind
        ):
            own = self.own_id(operation)
            values[selector.name] = (
                ABSENT if own is None else [own] if selector.schema.get("type") == "array" else own
            )
        if operation.action == "update" and all(
            p.references or p.name == self.contract.tenant for p in _given(operation, values)
        ):
            values |= {
                p.name: self.value(p, key) for p in [p for p in operation.body if p.fresh][:1]
            }
        if (
            selector
            and Open.INPUT in operation.open
            and operation.action == "read"
            and values[selector.name] is not ABSENT
        ):
            values[selector.name] = self._answered(operation, values, selector, key)
        told = self.target.inputs.get(operation.id, {})
        values |= {name: self.filled(value) for name, value in told.items()}
        required = {p.name for p in operation.parameters if p.required}
        if any(values[name] is ABSENT for name in required):
            return None
        return {name: value for name, value in values.items() if value is not ABSENT}

    def filled(self, value: Any) -> Any:
        """A value of the target file, with a fresh text in the place of {} in it."""
        return value.replace("{}", self.token()) if isinstance(value, str) else value

    def look(
        self,
        kind: str,
        sought: Id,
        facts: Facts = NOTHING,
        *,
        key: str = "full",
        role: Role = Role.PROBE,
    ) -> Exchange | None:
        """Read an object, or look for it in the list of its kind; None where a contract has neither.

        The exchange is the read, or the last page that was asked for: the one that shows the object, if any.
        """
        reader = next(
            (
                o
                for o in self.contract.operations_by("read", kind)
                if o.selector and o.selector.references == kind
            ),
            None,
        )
        facts = replace(facts, sought=str(sought))
        if reader is not None and reader.selector is not None:
            read = {reader.selector.name: sought}
            return super().call(reader, read, key=key, role=role, facts=facts)
        listing = self.contract.list_of(kind)
        values = self.listing(listing, key) if listing is not None else None
        if listing is None or listing.paging is None or values is None:
            return None
        if listing.id in self.target.maximum:
            values[listing.paging.limit] = str(self.target.maximum[listing.id])
        after: dict[str, Any] = {}
        for _ in range(PAGES_SOUGHT):
            exchange = self.call(listing, {**values, **after}, key=key, role=role, facts=facts)
            if not sought_in(self.contract, exchange)[1] or exchange.response is None:
                break
            items = items_of(listing, exchange.response.json) or []
            position = (
                items[-1].get(listing.paging.position)
                if items and isinstance(items[-1], dict)
                else None
            )
            if not isinstance(position, str) or position == after.get(listing.paging.after):
                break
            after = {listing.paging.after: position}
        return exchange

    def settled(self, kind: str, sought: Id, facts: Facts = NOTHING) -> Exchange | None:
        """Look for an object that was just made, again after a moment while it does not show."""
        for pause in (0.5, 1.5, 0.0):
            seen = self.look(kind, sought, facts, role=Role.ARRANGE)
            if seen is None or sought_in(self.contract, seen)[0] is not None or not pause:
                break
            self.pause(pause)
        return seen

    def position(self, exchange: Exchange | None) -> str | None:
        """Where an object stands in time, as the exchange shows it that it was looked for in."""
        found = sought_in(self.contract, exchange)[0] if exchange else None
        paging = next((o.paging for o in self.contract.operations.values() if o.paging), None)
        value = found.get(paging.position) if isinstance(found, dict) and paging else None
        return value if isinstance(value, str) else None

    def created_id(self, exchange: Exchange) -> Id | None:
        """The id in a success."""
        response, operation = exchange.response, self.contract.operations.get(exchange.operation)
        if response is None or not response.ok or operation is None:
            return None
        shown = object_of(self.contract, operation, response.json)
        return self.identifier(shown, operation.kind) if isinstance(shown, dict) else None

    def own_id(self, operation: Operation) -> Id | None:
        """The id of an object to change, work on or delete: of our own making where one may be made.

        A change may share one; what was there before us is changed only where nothing can be made, and never deleted.
        """
        kind, shared = operation.kind or "", operation.action != "delete"
        creation = next(
            (
                o
                for o in self.contract.operations_by("create", kind)
                if o.effect in self.target.allow
            ),
            None,
        )
        member = operation.selector.by if operation.selector else None
        if creation is None:
            return self.known_id(kind, member=member) if shared else None
        if shared and kind in self._memory.own:
            return self._memory.own[kind]
        values = self.valid(creation)
        made = (
            self.created_id(self.call(creation, values, role=Role.ARRANGE))
            if values is not None
            else None
        )
        if made is None:
            return (
                self.known_id(kind, member=member)
                if shared and Open.INPUT in creation.open
                else None
            )
        if shared:
            self._memory.own[kind] = made
        elif self._memory.own.get(kind) == made:  # a target that keeps one object of the kind alone
            del self._memory.own[kind]
        return made

    def unknown_id(self, sample: str, salt: str = "") -> str:
        """An id of the form of another one that names nothing; another one for another salt, where ids are no numbers."""
        digest = hashlib.sha256(f"{self.seed} {sample}{salt}".encode()).digest()
        if re.fullmatch(r"\+[0-9]{7,15}", sample):
            return f"+1{200 + digest[0]}5550{100 + digest[1] % 100}"  # the fictional range
        if sample.isdigit() and len(sample) < LONGEST_NUMBER:
            return str(int(sample) + 7 * 10 ** len(sample))
        tail = re.search(r"[A-Za-z0-9]*$", sample)
        own = tail[0] if tail else ""
        if own.isdigit() and len(own) < 6:
            return sample[: len(sample) - len(own)] + str(int(own) + 7 * 10 ** len(own))
        changed = list(sample)
        places = [
            index
            for index, char in enumerate(sample)
            if char.isalnum() and index >= len(sample) - max(6, len(own))
        ][-12:]
        known = own if len(places) == 12 and not own.isdigit() else ""
        for byte, index in zip(digest, places, strict=False):
            changed[index] = _alike(sample[index], byte, known)
        unknown = "".join(changed)
        return unknown if unknown != sample else sample + "0"


def _given(operation: Operation, values: Mapping[str, Any]) -> list[Parameter]:
    return [p for p in operation.parameters if values.get(p.name, ABSENT) is not ABSENT]


def _alike(char: str, byte: int, known: str) -> str:
    """Another character of the same class; of those that are known to stand in ids, where some are."""
    for alphabet in (
        string.digits,
        "abcdef",
        "ABCDEF",
        string.ascii_lowercase,
        string.ascii_uppercase,
    ):
        if char in alphabet:
            usable = [other for other in alphabet if other in known] or alphabet
            return usable[byte % len(usable)]
    return char
