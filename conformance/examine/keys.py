"""What plain reads show of the keys of a target file: each must be what the file says it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from conformance.base.values import texts_in
from conformance.examine.survey import Survey, looked_at, said, undecided
from conformance.model import Business, KeyRole, Operation, Reach, Remark, key_role, place_of_key
from conformance.reading import Answer
from conformance.scenarios.client.ids import is_sendable

OPENS, CLOSED, DEAD = "opens", "closed", "dead"
"""What a key is expected to do to a read."""
REFUSED = "it is refused: is it a valid key of this server?"
SHOWN = 2
"""Responses that a remark on a key that works names."""
TELLING = (200, 401, 403)
"""Statuses that say something about a key."""
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
    """A read with a key, and what the key is expected to do to it."""

    answer: Answer
    expected: str

    @property
    def came(self) -> int | None:
        """The status of the response, 200 for any success."""
        return 200 if self.answer.ok else self.answer.exchange.status

    @property
    def wrong(self) -> str:
        """What is wrong with the key; empty if nothing is."""
        scopes = " or ".join(self.answer.operation.scopes)
        return WRONG.get((self.expected, self.came), "").format(scopes=scopes)


def keys(survey: Survey, *, brief: bool = False) -> Iterator[Remark]:
    """A remark on each key, the main one first; in ``brief`` one read with each, scopes aside."""
    for name in sorted(survey.target.keys, key=_order):
        if brief and name.startswith("scope:"):
            continue
        yield _key(survey, name, brief)


def _order(name: str) -> tuple[bool, str]:
    """The main key first, then the others by name."""
    return name != "full", name


def _key(survey: Survey, name: str, brief: bool) -> Remark:
    """A remark on one key, by one read if it is to be ``brief``."""
    role = key_role(name)
    assert role is not None  # the loader knows every role
    asked = _asked(survey, role)
    if brief:
        asked = asked[:1]
    looks = [_Look(survey.ask(operation.id, name), expected) for operation, expected in asked]
    for look in looks:
        if look.wrong:
            return looked_at(place_of_key(name), said([look.answer]), look.wrong, wrong=True)
    seen = said(look.answer for look in looks[:SHOWN])
    if any(look.came in TELLING for look in looks):
        return looked_at(place_of_key(name), seen, "", wrong=False)
    return undecided(place_of_key(name), seen or "no read shows what it opens")


def _asked(survey: Survey, role: KeyRole) -> list[tuple[Operation, str]]:
    """Reads for a key, each with what the key is expected to do.

    A dead key gets one. A valid one gets a read of each scope that it has, and one that it lacks.
    Reads without a scope say nothing: a server may ask for one that no source names.
    """
    opened = _one_of_each_scope(survey.opened(role.name))
    if role.dead:
        return [(opened[0], DEAD)] if opened else []
    asked = []
    if role.reach is not Reach.NONE:
        asked += [(operation, OPENS) for operation in opened]
    closed = survey.closed(role.name)
    if closed:
        asked.append((closed[0], CLOSED))
    return asked


def _one_of_each_scope(operations: Iterable[Operation]) -> list[Operation]:
    """The first of some operations for each scope that they ask for."""
    first: dict[tuple[str, ...], Operation] = {}
    for operation in operations:
        if operation.scopes:
            first.setdefault(tuple(operation.scopes), operation)
    return list(first.values())


# --- businesses -----------------------------------------------------------------------------------

OWNERS = {"full": Business.MAIN, "other": Business.OTHER}
"""The keys that show the business that they belong to."""
LISTS = 4
"""Lists that are read to learn which business they belong to."""


def businesses(survey: Survey) -> Iterator[Remark]:
    """Each business that the target file names is the one that its key shows."""
    for key in OWNERS:
        if key in survey.target.keys:
            yield _shown(survey, key)


def _shown(survey: Survey, key: str) -> Remark:
    """What the lists of a key show of its business."""
    owner = OWNERS[key]
    about, declared = f"businesses: {owner}", survey.target.businesses.get(owner)
    seen = shown_businesses(survey, key, declared)
    if not seen:
        return undecided(about, f"no list that keys: {key} is shown names a business")
    shown = f"keys: {key} is shown {seen[0]}"
    if declared is None:
        return undecided(about, shown, f"declare it under businesses: {owner}: {seen[0]}")
    fix = f"the target file says {declared}: fix one of the two"
    return looked_at(about, shown, fix, wrong=declared not in seen)


def shown_businesses(survey: Survey, key: str, sought: str | None = None) -> list[str]:
    """The ids of the businesses that the lists of a key name, if they fit into a URL.

    Once one names the business that is ``sought``, no more are read.
    """
    tenant = survey.contract.tenant
    names: set[str] = set()
    for page in _lists(survey, key):
        named = texts_in(row[tenant] for row in page.rows if tenant in row)
        names.update(name for name in named if is_sendable(name))
        if sought in names:
            break
    return sorted(names)


def emptiness(survey: Survey) -> Iterator[Remark]:
    """The business without data has none."""
    if Business.EMPTY not in survey.target.keys:
        return
    count = sum(len(page.listed) for page in _lists(survey, "empty"))
    seen, fix = f"its lists show {count} items", "give a key of a business without data"
    yield looked_at("businesses: empty", seen, fix, wrong=count > 0)


def _lists(survey: Survey, key: str) -> Iterator[Answer]:
    """The first pages of some lists that a key opens and that belong to its business."""
    found = 0
    for operation in survey.opened(key):
        if not operation.owned:
            continue
        page = survey.ask(operation.id, key)
        if page.ok:
            yield page
            found += 1
        if found == LISTS:
            return
