"""What plain reads show of the keys of a target file: each must be what the file says it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, islice, repeat
from operator import attrgetter, methodcaller
from typing import NamedTuple

from conformance.contact.survey import Remark, Survey, looked_at, said, untold
from conformance.model import Business, KeyRole, Operation, Reach, key_role
from conformance.reading import Answer
from conformance.suite.ids import is_sendable
from conformance.values import texts_in

OPENS, CLOSED, DEAD = "opens", "closed", "dead"
"""What a key is expected to do to a read."""
REFUSED = "it is refused: is it a valid key of this server?"
SHOWN = 2
"""Answers that a remark on a key that works names."""
TELLING = (200, 401, 403)
"""Statuses that tell something of a key."""
WRONG: Mapping[tuple[str, int | None], str] = {
    (OPENS, 401): REFUSED,
    (OPENS, 403): "it lacks the scope {scopes}, or the business: give one that has both",
    (CLOSED, 200): "it opens what it should not: give one without {scopes}",
    (CLOSED, 401): REFUSED,
    (DEAD, 200): "it still works: give one that does not",
    (DEAD, 403): "it is refused for its scope: give one that was valid, and is not any more",
}
"""What to do where a read with a key is answered with a status."""


class _Look(NamedTuple):
    """What a key was shown of a read, and what it is expected to do to it."""

    answer: Answer
    expected: str

    @property
    def came(self) -> int | None:
        """The status of the answer, 200 for any success."""
        return {True: 200}.get(self.answer.ok, self.answer.exchange.status)

    @property
    def tells(self) -> bool:
        """Whether the answer tells something of the key."""
        return self.came in TELLING

    def wrong(self) -> str:
        """What is wrong with the key; empty if nothing is."""
        scopes = " or ".join(self.answer.operation.scopes)
        return WRONG.get((self.expected, self.came), "").format(scopes=scopes)


def keys(survey: Survey) -> Iterator[Remark]:
    """A remark for each key, the main one first."""
    names = sorted(survey.target.keys, key=_order)
    return map(partial(_key, survey), names)


def _order(name: str) -> tuple[bool, str]:
    """The main key first, then the others by name."""
    return name != "full", name


def _key(survey: Survey, name: str) -> Remark:
    """A remark on one key."""
    role = key_role(name)
    assert role is not None  # the loader knows every role
    looks: list[_Look] = []
    for operation, expected in _asked(survey, role):
        looks.append(_Look(survey.ask(operation.id, name), expected))
    wrong = list(filter(_Look.wrong, looks))
    if wrong:
        return looked_at(place(name), said([wrong[0].answer]), wrong[0].wrong(), wrong=True)
    seen = said(map(attrgetter("answer"), looks[:SHOWN]))
    if any(map(attrgetter("tells"), looks)):
        return looked_at(place(name), seen, "", wrong=False)
    return untold(place(name), seen or "no read tells of it")


def place(name: str) -> str:
    """Where a key stands in the target file."""
    if name.startswith("scope:"):
        return f"scoped_keys: {name.removeprefix('scope:')}"
    return f"keys: {name}"


def _asked(survey: Survey, role: KeyRole) -> Iterable[tuple[Operation, str]]:
    """Reads for a key, each with what the key is expected to do.

    A dead key gets one. A valid one gets a read of each scope that it has, and one that it lacks.
    Reads without a scope tell nothing: a server may ask for one that no source names.
    """
    opened = _one_of_each_scope(survey.opened(role.name))
    if role.dead:
        return zip(opened, [DEAD], strict=False)
    closed = zip(survey.closed(role.name), [CLOSED], strict=False)
    if role.reach is Reach.NONE:
        return closed
    return chain(zip(opened, repeat(OPENS)), closed)


def _one_of_each_scope(operations: Iterable[Operation]) -> Iterable[Operation]:
    """The first of some operations for each scope that they ask for."""
    first: dict[tuple[str, ...], Operation] = {}
    for operation in filter(attrgetter("scopes"), operations):
        first.setdefault(tuple(operation.scopes), operation)
    return first.values()


# --- businesses -----------------------------------------------------------------------------------

OWNERS = {"full": Business.MAIN, "other": Business.OTHER}
"""The keys that show the business that they belong to."""
LISTS = 4
"""Lists that are looked at for the name of a business."""


def businesses(survey: Survey) -> Iterator[Remark]:
    """Each business that the target file names is the one that its key shows."""
    given = filter(survey.target.keys.__contains__, OWNERS)
    return map(partial(_shown, survey), given)


def _shown(survey: Survey, key: str) -> Remark:
    """What the lists of a key show of its business."""
    owner, seen = OWNERS[key], shown_businesses(survey, key)
    about, declared = f"businesses: {owner}", survey.target.businesses.get(owner)
    if not seen:
        return untold(about, f"no list that keys: {key} is shown names a business")
    shown = f"keys: {key} is shown {seen[0]}"
    if declared is None:
        return untold(about, shown, f"declare it under businesses: {owner}: {seen[0]}")
    mend = f"the target file says {declared}: mend one of the two"
    return looked_at(about, shown, mend, wrong=declared not in seen)


def shown_businesses(survey: Survey, key: str) -> list[str]:
    """The ids of the businesses that the lists of a key name, if they fit into a URL."""
    rows = chain.from_iterable(map(attrgetter("rows"), _lists(survey, key)))
    named = map(methodcaller("get", survey.contract.tenant), rows)
    return sorted(filter(is_sendable, set(texts_in(named))))


def emptiness(survey: Survey) -> Iterator[Remark]:
    """The business without data has none."""
    if Business.EMPTY not in survey.target.keys:
        return
    items = list(chain.from_iterable(map(attrgetter("listed"), _lists(survey, "empty"))))
    seen, mend = f"its lists show {len(items)} items", "give a key of a business without data"
    yield looked_at("businesses: empty", seen, mend, wrong=items)


def _lists(survey: Survey, key: str) -> Iterator[Answer]:
    """The first pages of some lists that a key opens and that belong to its business."""
    owned = filter(attrgetter("owned"), survey.opened(key))
    names = map(attrgetter("id"), islice(owned, LISTS))
    return map(partial(survey.ask, key=key), names)
