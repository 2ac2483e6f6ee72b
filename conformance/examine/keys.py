"""Checks by plain reads that each key of a target file is what the file says it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from conformance.base.text import amount
from conformance.base.values import texts_in
from conformance.examine.survey import Survey, looked_at, said, undecided
from conformance.model import (
    Business,
    KeyName,
    KeyRole,
    Operation,
    Reach,
    Remark,
    key_role,
    place_of_key,
)
from conformance.reading import Answer
from conformance.scenarios.client.ids import is_sendable

OPENS, CLOSED, DEAD = "opens", "closed", "dead"
"""What is expected of a read with a key: success, 403, or 401."""
REFUSED = "The server rejects the key. Specify a valid key of this server."
LACKING = "The key lacks the scope {scopes}, or access to the business. Specify one with both."
STILL_VALID = "The key seems valid, but lacks a scope. Specify an invalid key, or fix the target."
SHOWN = 2
"""Maximum number of responses in a remark on a working key."""
TELLING = (200, 401, 403)
"""Statuses that reveal something about a key."""
WRONG: Mapping[tuple[str, int | None], str] = {
    (OPENS, 401): REFUSED,
    (OPENS, 403): LACKING,
    (CLOSED, 200): "The key has a scope that it should not have. Specify one without {scopes}.",
    (CLOSED, 401): REFUSED,
    (DEAD, 200): "The key still works. Specify one that no longer works, or fix the target.",
    (DEAD, 403): STILL_VALID,
}
"""What is wrong, and how to fix it, by expectation and status of a read."""


class _Look(NamedTuple):
    """The response to a read with a key, and what was expected."""

    answer: Answer
    expected: str

    @property
    def status(self) -> int | None:
        """The status of the response, 200 for any success."""
        return 200 if self.answer.ok else self.answer.exchange.status

    @property
    def problem(self) -> str:
        """What is wrong with the key, and how to fix it; empty if it is as expected."""
        scopes = " or ".join(self.answer.operation.scopes)
        return WRONG.get((self.expected, self.status), "").format(scopes=scopes)

    def is_disproved_by(self, shown_scopes: set[str]) -> bool:
        """Whether the read was refused with 403 although other reads show a scope for it."""
        is_lacking = self.expected == OPENS and self.status == 403
        return is_lacking and not shown_scopes.isdisjoint(self.answer.operation.scopes)


def keys(survey: Survey, *, brief: bool = False) -> Iterator[Remark]:
    """Check each key by reads, the main key first.

    If ``brief``, only one read is sent with each key, and keys for single scopes are skipped.
    """
    for name in sorted(survey.target.keys, key=lambda name: (name != KeyName.FULL, name)):
        if brief and name.startswith("scope:"):
            continue
        yield _key(survey, name, brief)


def _key(survey: Survey, name: str, brief: bool) -> Remark:
    """Check one key by reads, by a single one if ``brief``.

    The first read whose status is wrong for the key decides, unless another read shows that the
    target is to blame. If no status reveals anything about the key, the remark is undecided.
    """
    role = key_role(name)
    assert role is not None  # the loader knows every role
    reads = _reads_for(survey, role)
    if brief:
        reads = reads[:1]
    looks = [_Look(survey.ask(operation.id, name), expected) for operation, expected in reads]
    wrong = _wrong(looks)
    if wrong:
        look = wrong[0]
        return looked_at(place_of_key(name), said([look.answer]), look.problem, wrong=True)
    seen = said(look.answer for look in looks[:SHOWN])
    if any(look.status in TELLING for look in looks):
        return looked_at(place_of_key(name), seen, "", wrong=False)
    return undecided(place_of_key(name), seen or "no read shows which scopes it has")


def _wrong(looks: Iterable[_Look]) -> list[_Look]:
    """The looks whose status is wrong for the key.

    A read that only one scope opens shows that the key has it. If a read that this scope should
    open is refused, too, the target is wrong.
    """
    opened = [look.answer.operation for look in looks if look.expected == OPENS and look.answer.ok]
    scopes = {read.scopes[0] for read in opened if len(read.scopes) == 1}
    return [look for look in looks if look.problem and not look.is_disproved_by(scopes)]


def _reads_for(survey: Survey, role: KeyRole) -> list[tuple[Operation, str]]:
    """The reads that check a key, each with what is expected.

    A dead key is checked by one read, a valid one by a read for each scope that it has and by one
    for a scope that it lacks. Reads without a scope prove nothing, because a server may require a
    scope that no source names.
    """
    opened = _one_of_each_scope(survey.opened(role.name))
    if role.dead:
        return [(opened[0], DEAD)] if opened else []
    reads = []
    if role.reach is not Reach.NONE:
        reads += [(operation, OPENS) for operation in opened]
    closed = survey.closed(role.name)
    if closed:
        reads.append((closed[0], CLOSED))
    return reads


def _one_of_each_scope(operations: Iterable[Operation]) -> list[Operation]:
    """The first operation for each combination of required scopes."""
    first: dict[tuple[str, ...], Operation] = {}
    for operation in operations:
        if operation.scopes:
            first.setdefault(tuple(operation.scopes), operation)
    return list(first.values())


# --- businesses -----------------------------------------------------------------------------------

OWNERS: dict[str, Business] = {KeyName.FULL: Business.MAIN, KeyName.OTHER: Business.OTHER}
"""The keys whose lists show their business."""
LISTS = 4
"""Number of lists that are read to learn the business of a key."""


def businesses(survey: Survey) -> Iterator[Remark]:
    """Check that each business in the target file is the one that its key shows."""
    for key in OWNERS:
        if key in survey.target.keys:
            yield _business(survey, key)


def _business(survey: Survey, key: str) -> Remark:
    """Check the business of a key by its lists."""
    owner = OWNERS[key]
    about, declared = f"businesses: {owner}", survey.target.businesses.get(owner)
    seen = shown_businesses(survey, key, declared)
    if not seen:
        return undecided(about, f"no list that was read with the key {key} shows a business")
    shown = f"keys: {key} belongs to {seen[0]}"
    if declared is None:
        return undecided(
            about, shown, f"Add to the target file: businesses: {{{owner}: {seen[0]}}}"
        )
    fix = f"The target file says {declared}. Correct the key or the id."
    return looked_at(about, shown, fix, wrong=declared not in seen)


def shown_businesses(survey: Survey, key: str, sought: str | None = None) -> list[str]:
    """The ids of the businesses in the lists of a key, except ids that cannot be put in a URL.

    Stops reading lists as soon as the business ``sought`` is found.
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
    """Check that the business without data has none."""
    if KeyName.EMPTY not in survey.target.keys:
        return
    about, pages = "businesses: empty", list(_lists(survey, KeyName.EMPTY))
    if not pages:
        yield undecided(about, "no list can be read with the key empty")
        return
    count = sum(len(page.listed) for page in pages)
    fix = "Specify the key of a business without data in keys: empty."
    yield looked_at(about, f"its lists show {amount(count, 'item')}", fix, wrong=count > 0)


def _lists(survey: Survey, key: str) -> Iterator[Answer]:
    """Request the first pages of a few lists that a key may read, and that show its business."""
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
