"""What plain reads show of the keys of a target file: each must be what the file says it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, islice, repeat
from operator import attrgetter, methodcaller
from typing import NamedTuple

from conformance.contact.survey import Survey, looked_at, said, untold
from conformance.model import Business, KeyRole, Operation, Reach, Remark, key_role, place_of_key
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


def keys(survey: Survey, *, brief: bool = False) -> Iterator[Remark]:
    """A remark for each key, the main one first; in ``brief`` one read with each, scopes aside."""
    names = sorted(survey.target.keys, key=_order)
    if brief:
        names = [name for name in names if not name.startswith("scope:")]
    return map(partial(_key, survey, most=1 if brief else None), names)


def _order(name: str) -> tuple[bool, str]:
    """The main key first, then the others by name."""
    return name != "full", name


def _key(survey: Survey, name: str, most: int | None) -> Remark:
    """A remark on one key, by ``most`` reads."""
    role = key_role(name)
    assert role is not None  # the loader knows every role
    looks: list[_Look] = []
    for operation, expected in islice(_asked(survey, role), most):
        looks.append(_Look(survey.ask(operation.id, name), expected))
    wrong = list(filter(_Look.wrong, looks))
    if wrong:
        return looked_at(place_of_key(name), said([wrong[0].answer]), wrong[0].wrong(), wrong=True)
    seen = said(map(attrgetter("answer"), looks[:SHOWN]))
    if any(map(attrgetter("tells"), looks)):
        return looked_at(place_of_key(name), seen, "", wrong=False)
    return untold(place_of_key(name), seen or "no read tells of it")


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
    owner = OWNERS[key]
    about, declared = f"businesses: {owner}", survey.target.businesses.get(owner)
    seen = shown_businesses(survey, key, declared)
    if not seen:
        return untold(about, f"no list that keys: {key} is shown names a business")
    shown = f"keys: {key} is shown {seen[0]}"
    if declared is None:
        return untold(about, shown, f"declare it under businesses: {owner}: {seen[0]}")
    mend = f"the target file says {declared}: mend one of the two"
    return looked_at(about, shown, mend, wrong=declared not in seen)


def shown_businesses(survey: Survey, key: str, sought: str | None = None) -> list[str]:
    """The ids of the businesses that the lists of a key name, if they fit into a URL.

    Once one names the business that is ``sought``, no more are looked at.
    """
    names: set[str] = set()
    for answer in _lists(survey, key):
        named = map(methodcaller("get", survey.contract.tenant), answer.rows)
        names.update(filter(is_sendable, texts_in(named)))
        if sought in names:
            break
    return sorted(names)


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
    asked = map(partial(survey.ask, key=key), map(attrgetter("id"), owned))
    return islice(filter(attrgetter("ok"), asked), LISTS)
