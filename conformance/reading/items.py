"""The items and objects in a body: where they stand, and what tells one from another."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Any

from conformance.model import Contract, Operation, Paging, compact
from conformance.values import instant


def members_of(value: Any) -> dict[str, Any]:
    """The members of a JSON object; none for any other value."""
    return value if isinstance(value, dict) else {}


def rows_of(items: list[Any]) -> list[dict[str, Any]]:
    """The items that are objects."""
    return [item for item in items if isinstance(item, dict)]


def items_of(operation: Operation, value: Any) -> list[Any] | None:
    """The items of the body of a list; None if no array of it is clearly the collection.

    The collection is the member that the contract names, else the usual one, else the only array.
    Of several arrays it is the only one that holds objects with a position.
    """
    paging = operation.paging
    if not isinstance(value, dict) or paging is None:
        return None
    arrays = {name: member for name, member in value.items() if isinstance(member, list)}
    if paging.collection is not None:
        return arrays.get(paging.collection)
    if paging.usual in arrays:
        return arrays[paging.usual]
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    return _likeliest(paging, list(arrays.values()))


def _likeliest(paging: Paging, arrays: list[list[Any]]) -> list[Any] | None:
    """The only array that holds objects with a position; an empty one if none holds objects."""
    if not any(rows_of(array) for array in arrays):
        return next((array for array in arrays if not array), None)
    placed = [array for array in arrays if _shows_positions(paging, array)]
    return placed[0] if len(placed) == 1 else None


def _shows_positions(paging: Paging, items: list[Any]) -> bool:
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
    return inner.get(operation.kind or "", value)


# --- identity -------------------------------------------------------------------------------------


def id_of(contract: Contract, kind: str | None, item: Any) -> str | None:
    """The id of an item as JSON text, else the member that tells its kind apart; None without."""
    members = members_of(item)
    for name in (contract.identifier, contract.identifier_of(kind)):
        if members.get(name) is not None:
            return compact(members[name], sys.maxsize)
    return None


def identity_of(contract: Contract, kind: str | None, item: Any) -> str:
    """What tells an item from another: its id, else its whole content."""
    return id_of(contract, kind, item) or compact(item, sys.maxsize)


def newly(contract: Contract, listing: Operation, old: list[Any], new: list[Any]) -> list[Any]:
    """The items that a list shows now and did not show before.

    An item without an id may look different the next time. It is new only if no old item stands at
    its moment.
    """
    known = {identity_of(contract, listing.kind, item) for item in old}
    moments = {moment_of(listing, item) for item in old} - {None}
    added = [item for item in new if identity_of(contract, listing.kind, item) not in known]
    return [
        item
        for item in added
        if id_of(contract, listing.kind, item) is not None
        or moment_of(listing, item) not in moments
    ]


# --- places in a list -----------------------------------------------------------------------------


def position_of(listing: Operation, item: Any) -> Any:
    """The member of an item that is the cursor of the page after it; None without one."""
    return members_of(item).get(listing.paging.position) if listing.paging else None


def moment_of(listing: Operation, item: Any) -> Fraction | None:
    """Where an item of a list stands in time; None if it shows no timestamp."""
    return instant(position_of(listing, item))


def moments_of(paging: Paging, items: list[Any]) -> list[Fraction]:
    """The moments of the items of a list, in their order; items without a time are left out."""
    positions = [row.get(paging.position) for row in rows_of(items)]
    return [moment for moment in map(instant, positions) if moment is not None]


def runs_forward(paging: Paging, items: list[Any]) -> bool:
    """Whether a list runs from old to new, judged by its first and last item."""
    moments = moments_of(paging, items)
    return len(moments) > 1 and moments[0] < moments[-1]


def before_last(positions: list[str], count: int) -> str | None:
    """The newest position that leaves at least ``count`` items after it and is older than the last.

    ``positions`` run from old to new. None if there is no such position.
    """
    last = instant(positions[-1]) if positions else None
    if last is None:
        return None
    for position in reversed(positions[:-count]):
        moment = instant(position)
        if moment is not None and moment < last:
            return position
    return None
