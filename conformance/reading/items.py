"""The items and objects in a body: where they are, and what identifies them."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from typing import Any, TypeGuard

from conformance.base.values import instant, instants, only
from conformance.model import Contract, Operation, Paging, compact


def members_of(value: Any) -> dict[str, Any]:
    """The members of a JSON object; empty for any other value."""
    return value if isinstance(value, dict) else {}


def arrays_of(value: Any) -> dict[str, list[Any]]:
    """The members of a JSON object that are arrays; empty for any other value."""
    members = members_of(value).items()
    return {name: member for name, member in members if isinstance(member, list)}


def is_id(value: Any) -> TypeGuard[str | int]:
    """Whether a value can be an id: a string or a number, but not a boolean."""
    return isinstance(value, str | int) and not isinstance(value, bool)


def is_hexadecimal(text: str) -> bool:
    """Whether a text has only hexadecimal digits and punctuation, like a UUID (case is ignored)."""
    return re.fullmatch(r"[0-9a-fA-F\W_]*", text) is not None


def is_named(wanted: str, shown: str, *, is_own: bool) -> bool:
    """Whether a name refers to an object that shows a possibly different spelling of it.

    A server may change the punctuation, and the case of hexadecimal digits. The case of other
    letters matters, unless the object has an id of the server's own making (``is_own``) whose last
    part has letters of only one case.
    """
    end = re.split(r"[\W_]", shown)[-1]
    one_case = is_own and end in (end.upper(), end.lower())
    if one_case or is_hexadecimal(wanted):
        return _plain(wanted).casefold() == _plain(shown).casefold()
    return _plain(wanted) == _plain(shown)


def _plain(text: str) -> str:
    """A name without punctuation."""
    return re.sub(r"[\W_]", "", text)


def rows_of(items: list[Any]) -> list[dict[str, Any]]:
    """The items that are objects, in order. Other rules report the rest."""
    return [item for item in items if isinstance(item, dict)]


def items_of(operation: Operation, value: Any) -> list[Any] | None:
    """The items in the body of a list; None if no array in it is clearly the collection.

    The collection is the member that the contract names, or else the usual one, or else the only
    array. Among several arrays, it is the only one that contains objects with a position.
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
    """The only array of objects with a position; an empty array if none contains objects."""
    if any(rows_of(items) for items in arrays):
        return only(
            [items for items in arrays if any(paging.position in row for row in rows_of(items))]
        )
    empty = [items for items in arrays if not items]
    return empty[0] if empty else None


def object_of(contract: Contract, operation: Operation, value: Any) -> Any:
    """The object in the body of a success; the body itself if it is not clearly nested.

    The object is the member that the contract names as its wrapper, or the bare body, or the only
    member with an id. Among several such members, it is the one named after the kind.
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
    """The id of an item as JSON text, or else the identifier of its kind; None without either.

    The text is never truncated, so that different ids never compare equal.
    """
    members = members_of(item)
    value = members.get(contract.identifier)
    if value is None:
        value = members.get(contract.identifier_of(kind))
    return None if value is None else compact(value, sys.maxsize)


def identity_of(contract: Contract, kind: str, item: Any) -> str:
    """What identifies an item: its id, or else its entire content.

    Two items without an id that look alike have the same identity.
    """
    return id_of(contract, kind, item) or compact(item, sys.maxsize)


def newly_listed(
    contract: Contract, listing: Operation, old: list[Any], new: list[Any]
) -> list[Any]:
    """The items that a list shows now but did not show before.

    An item without an id may look different the next time. It is new only if no old item has the
    same timestamp.
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
    """The member of an item that is the cursor of the page after it; None if it has none."""
    if listing.paging is None:
        return None
    return members_of(item).get(listing.paging.position)


def moment_of(listing: Operation, item: Any) -> Fraction | None:
    """The timestamp of a list item, in seconds since 1970; None if it has none."""
    return instant(position_of(listing, item))


def moments_of(paging: Paging, items: list[Any]) -> list[Fraction]:
    """The timestamps of list items, in order, in seconds since 1970.

    Items without a timestamp are left out, so there may be fewer timestamps than items.
    """
    return instants(row.get(paging.position) for row in rows_of(items))


def runs_forward(paging: Paging, items: list[Any]) -> bool:
    """Whether a list is ordered from old to new, judged by its first and last item.

    False for a list with fewer than two different timestamps.
    """
    moments = moments_of(paging, items)
    return bool(moments) and moments[0] < moments[-1]


def before_last(positions: list[str], count: int) -> str | None:
    """The newest position that has at least ``count`` items after it and is older than the last.

    A page requested from there shows the last items of the list. ``positions`` are ordered from old
    to new. None if there is no such position.
    """
    if not positions:
        return None
    last = instant(positions[-1])
    if last is None:
        return None
    with_enough_after = positions[:-count]
    for position in reversed(with_enough_after):
        moment = instant(position)
        if moment is not None and moment < last:
            return position
    return None
