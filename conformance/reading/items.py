"""The items and objects in a body: where they stand, and what tells one from another."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from typing import Any, TypeGuard

from conformance.base.values import instant, instants, only
from conformance.model import Contract, Operation, Paging, compact


def members_of(value: Any) -> dict[str, Any]:
    """The members of a JSON object; none for any other value."""
    return value if isinstance(value, dict) else {}


def arrays_of(value: Any) -> dict[str, list[Any]]:
    """The members of a JSON object that are arrays; none for any other value."""
    members = members_of(value).items()
    return {name: member for name, member in members if isinstance(member, list)}


def is_id(value: Any) -> TypeGuard[str | int]:
    """Whether a value can be an id: a text or a number, but neither true nor false."""
    return isinstance(value, str | int) and not isinstance(value, bool)


def is_hexadecimal(text: str) -> bool:
    """Whether a text is of hexadecimal digits and signs, as a UUID is: its case means nothing."""
    return re.fullmatch(r"[0-9a-fA-F\W_]*", text) is not None


def is_named(wanted: str, shown: str, *, is_own: bool) -> bool:
    """Whether a name means an object that shows another spelling of it.

    A server may write the signs otherwise, and the case of hexadecimal digits. The case of its own
    id tells nothing, either, if the end of the id has letters of one case only.
    """
    end = re.split(r"[\W_]", shown)[-1]
    one_case = is_own and end in (end.upper(), end.lower())
    if one_case or is_hexadecimal(wanted):
        return _plain(wanted).casefold() == _plain(shown).casefold()
    return _plain(wanted) == _plain(shown)


def _plain(text: str) -> str:
    """A name without its signs."""
    return re.sub(r"[\W_]", "", text)


def rows_of(items: list[Any]) -> list[dict[str, Any]]:
    """The items that are objects, in their order; other rules blame the rest."""
    return [item for item in items if isinstance(item, dict)]


def items_of(operation: Operation, value: Any) -> list[Any] | None:
    """The items of the body of a list; None if no array of it is clearly the collection.

    The collection is the member that the contract names, else the usual one, else the only array.
    Of several arrays it is the only one that holds objects with a position.
    """
    paging = operation.paging
    if paging is None:
        return None
    arrays = arrays_of(value)
    if paging.collection is not None:
        return arrays.get(paging.collection)
    if paging.usual in arrays:
        return arrays[paging.usual]
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    return _likeliest(paging, list(arrays.values()))


def _likeliest(paging: Paging, arrays: list[list[Any]]) -> list[Any] | None:
    """The only array that holds objects with a position; an empty one if none holds objects."""
    if any(rows_of(items) for items in arrays):
        return only([items for items in arrays if _shows_positions(paging, items)])
    empty = [items for items in arrays if not items]
    return empty[0] if empty else None


def _shows_positions(paging: Paging, items: list[Any]) -> bool:
    """Whether an object among some items has the member that is the cursor of a list."""
    return any(paging.position in row for row in rows_of(items))


def object_of(contract: Contract, operation: Operation, value: Any) -> Any:
    """The object that the body of a success shows; the body itself if it is not clearly inside.

    The object is the member that the contract names as its wrapper, or the bare body, or the only
    member with an id. Of several such members it is the one that is named after the kind.
    """
    if not isinstance(value, dict):
        return value
    if operation.wrapper is not None:
        return value.get(operation.wrapper)
    name = contract.identifier_of(operation.kind)
    if name in value:
        return value
    inner = {key: member for key, member in value.items() if name in members_of(member)}
    if len(inner) == 1:
        return next(iter(inner.values()))
    return inner.get(operation.kind, value)


# --- identity -------------------------------------------------------------------------------------


def id_of(contract: Contract, kind: str, item: Any) -> str | None:
    """The id of an item as JSON text, else the member that tells its kind apart; None without.

    The text is whole, however long, so that two ids are equal only if they are the same.
    """
    members = members_of(item)
    for name in (contract.identifier, contract.identifier_of(kind)):
        if members.get(name) is not None:
            return compact(members[name], sys.maxsize)
    return None


def identity_of(contract: Contract, kind: str, item: Any) -> str:
    """What tells an item from another: its id, else its whole content.

    Two items without an id that look alike have the same identity.
    """
    return id_of(contract, kind, item) or compact(item, sys.maxsize)


def newly(contract: Contract, listing: Operation, old: list[Any], new: list[Any]) -> list[Any]:
    """The items that a list shows now and did not show before.

    An item without an id may look different the next time. It is new only if no old item stands at
    its moment.
    """
    known = {identity_of(contract, listing.kind, item) for item in old}
    moments = {moment_of(listing, item) for item in old} - {None}
    added = []
    for item in new:
        if identity_of(contract, listing.kind, item) in known:
            continue
        nameless = id_of(contract, listing.kind, item) is None
        if nameless and moment_of(listing, item) in moments:
            continue
        added.append(item)
    return added


# --- places in a list -----------------------------------------------------------------------------


def position_of(listing: Operation, item: Any) -> Any:
    """The member of an item that is the cursor of the page after it; None without one."""
    if listing.paging is None:
        return None
    return members_of(item).get(listing.paging.position)


def moment_of(listing: Operation, item: Any) -> Fraction | None:
    """Where an item of a list stands in time, in seconds since 1970; None without a timestamp."""
    return instant(position_of(listing, item))


def moments_of(paging: Paging, items: list[Any]) -> list[Fraction]:
    """The moments of the items of a list, in their order, in seconds since 1970.

    Items without a time are left out, so there may be fewer moments than items.
    """
    return instants(row.get(paging.position) for row in rows_of(items))


def runs_forward(paging: Paging, items: list[Any]) -> bool:
    """Whether a list runs from old to new, judged by its first and last item.

    False for a list that shows less than two different times.
    """
    moments = moments_of(paging, items)
    return bool(moments) and moments[0] < moments[-1]


def before_last(positions: list[str], count: int) -> str | None:
    """The newest position that leaves at least ``count`` items after it and is older than the last.

    A page that is asked for from there shows the last items of the list. ``positions`` run from
    old to new. None if there is no such position.
    """
    if not positions:
        return None
    last = instant(positions[-1])
    if last is None:
        return None
    for position in reversed(positions[:-count]):
        moment = instant(position)
        if moment is not None and moment < last:
            return position
    return None
