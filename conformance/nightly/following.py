"""Follows causes from night to night, operation by operation: what is new, what is fixed.

A part is a cause in one operation alone. A cause may reach further or less far than the night
before, so it is the parts that come, go, and prove unstable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.base.text import amount
from conformance.base.values import without
from conformance.model import BROKEN, Verdict
from conformance.nightly.facts import Night, Seen
from conformance.nightly.state import Open, Place, State

NAMED = 3
"""Maximum number of operations that a notice names."""

Places = Mapping[str, Place]
"""The operations of a cause, by the id of its part."""


@dataclass(frozen=True)
class Reach:
    """How far an open cause reaches, compared with the night before.

    ``more`` are the parts that are new, and ``fixed`` those that passed. ``now`` and ``before`` are
    the numbers of its operations. ``seen`` is the cause as the night shows it; None if it does not.
    """

    seen: Seen | None
    title: str
    now: int
    before: int
    more: Places
    fixed: Places


@dataclass(frozen=True)
class Followed:
    """The causes that are open after a night, by id, and what changed.

    ``new`` are those that the night before did not have, and ``fixed`` those that are gone, by id.
    ``moved`` says how far each of the others reaches.
    """

    open: Mapping[str, Open]
    new: tuple[Seen, ...]
    fixed: Mapping[str, Open]
    moved: Mapping[str, Reach]

    def wider(self, shifting: set[str]) -> tuple[Reach, ...]:
        """The causes that reach further, in at least one part that is not ``shifting``.

        ``shifting`` has the ids of the parts that come and go.
        """
        reaches = self.moved.values()
        return tuple(reach for reach in reaches if not shifting.issuperset(reach.more))


@dataclass(frozen=True)
class _Gone:
    """The parts of an open cause that a night did not show: those that passed, and those not tried.

    A part whose cell is still broken is neither: it belongs to another cause, or is waived.
    """

    fixed: Places
    untried: Places


def followed(state: State, night: Night, *, tried_less: bool) -> Followed:
    """Follow the open causes of a state to a night. If it tried less, nothing counts as fixed.

    A cause of the night continues each open cause with which it shares a part. An open cause that
    no cause continues stays open in its parts that were not tried. If there are none, the cause is
    fixed if one of its parts passed.
    """
    shown = {part for seen in night.causes for part in places_of(seen.id, seen)}
    gone = {
        name: _gone(places_of(name, cause), shown, night, tried_less=tried_less)
        for name, cause in state.open.items()
    }
    continues = {seen.id: _continued_by(seen, state) for seen in night.causes}
    kept, new, moved = _continued(state, night, gone, continues)
    continued: set[str] = set().union(*continues.values())
    unseen = without(state.open, continued)
    untried = {name: cause for name, cause in unseen.items() if gone[name].untried}
    for name, cause in untried.items():
        kept[name], moved[name] = _only_untried(cause, gone[name])
    fixed = {name: cause for name, cause in without(unseen, untried).items() if gone[name].fixed}
    return Followed(kept, tuple(new), fixed, moved)


def _continued(
    state: State, night: Night, gone: Mapping[str, _Gone], continues: Mapping[str, set[str]]
) -> tuple[dict[str, Open], list[Seen], dict[str, Reach]]:
    """The causes of a night as open ones, by id; the new ones; the reach of the others, by id.

    ``continues`` has, for each cause of the night, the ids of the open causes that it continues. It
    keeps one of these ids. ``gone`` has, for each open cause, the parts that the night did not
    show. The first cause that continues the open one inherits them.
    """
    known = parts_of(state.open)
    kept: dict[str, Open] = {}
    moved: dict[str, Reach] = {}
    new: list[Seen] = []
    inherited_from: set[str] = set()
    for seen in night.causes:
        earlier = continues[seen.id]
        # if an open cause has split, another part of it may have taken its id already
        free = [name for name in sorted(earlier) if name not in kept]
        name = free[0] if free else seen.id
        inherited = [gone[each] for each in sorted(earlier - inherited_from)]
        kept[name] = _as_open(seen, inherited)
        if earlier:
            before = parts_of({each: state.open[each] for each in earlier})
            moved[name] = _reach(seen, kept[name], before, known, inherited)
        else:
            new.append(seen)
        inherited_from |= earlier
    return kept, new, moved


def places_of(name: str, cause: Seen | Open) -> Places:
    """The places of the parts of a cause, by the id of the part.

    A cause without parts counts as one part, whose id is ``name``, the id of the cause. A part
    whose place is not known is taken to be where the main cell is.
    """
    main = Place("", cause.cell)
    return {part: cause.places.get(part, main) for part in cause.parts or (name,)}


def parts_of(causes: Mapping[str, Open]) -> set[str]:
    """The ids of the parts of some open causes."""
    return {part for name, cause in causes.items() for part in places_of(name, cause)}


def routes(places: Sequence[Place]) -> str:
    """The operations of some parts in words: the first ones, and how many more there are."""
    named = list(dict.fromkeys(place.route for place in places if place.route))
    if not named:
        return amount(len(places), "operation")
    return listed(named)


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """The first names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _continued_by(seen: Seen, state: State) -> set[str]:
    """The ids of the open causes that a cause of a night continues: the same, or sharing a part.

    There may be several, because causes spread, or are fixed in part.
    """
    parts = set(seen.parts)
    return {
        name
        for name, cause in state.open.items()
        if name == seen.id or not parts.isdisjoint(cause.parts)
    }


def _gone(before: Places, shown: set[str], night: Night, *, tried_less: bool) -> _Gone:
    """What became of the parts of an open cause that a night did not show.

    ``before`` are the parts of the cause, and ``shown`` the ids of all parts that the night showed.
    A part is fixed if its cell passed, unless the night tried less. It was not tried if its cell is
    not broken, or if the night was stopped.
    """
    fixed, untried = {}, {}
    for part, place in before.items():
        if part in shown:
            continue
        verdict = night.verdicts.get(place.cell)
        if verdict is Verdict.PASSED and not tried_less:
            fixed[part] = place
        elif verdict not in BROKEN or night.stopped:
            untried[part] = place
    return _Gone(fixed, untried)


def _as_open(seen: Seen, inherited: Sequence[_Gone]) -> Open:
    """A cause of a night as an open one, with the inherited parts that were not tried."""
    untried = {part: place for gone in inherited for part, place in gone.untried.items()}
    parts = tuple(sorted({*seen.parts, *untried})) if seen.parts else ()
    return Open(seen.words, seen.cell, parts, seen.title, {**untried, **seen.places})


def _only_untried(cause: Open, gone: _Gone) -> tuple[Open, Reach]:
    """An open cause, reduced to its parts that were not tried, and how far it reaches."""
    left = len(gone.untried)
    title = cause.title or cause.words
    reach = Reach(None, title, left, left, {}, gone.fixed)
    if not cause.parts:
        return cause, reach
    places = {part: place for part, place in cause.places.items() if part in gone.untried}
    words = f"{title}, {amount(left, 'operation')}" if cause.title else cause.words
    return replace(cause, words=words, parts=tuple(sorted(gone.untried)), places=places), reach


def _reach(
    seen: Seen, kept: Open, before: set[str], known: set[str], inherited: Sequence[_Gone]
) -> Reach:
    """How far a cause reaches that was open already.

    ``kept`` is the same cause as an open one. ``before`` has the ids of the parts that it had the
    night before. ``known`` has those of all open causes: a part that another cause had is not new.
    """
    places = places_of(seen.id, seen)
    more = {part: place for part, place in places.items() if part not in known}
    fixed = {part: place for gone in inherited for part, place in gone.fixed.items()}
    title = seen.title or seen.words
    return Reach(seen, title, len(kept.parts or places), len(before), more, fixed)
