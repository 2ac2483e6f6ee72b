"""What changed from the nights before to a night, as notices. Nothing is said twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from conformance.base.text import amount
from conformance.base.values import without
from conformance.model import Verdict
from conformance.nightly import instability, losses
from conformance.nightly.facts import Night, Seen, unjudged_now
from conformance.nightly.following import Followed, Reach, followed, parts_of, places_of, routes
from conformance.nightly.notices import Kind, Notice
from conformance.nightly.state import RECENT, Good, Open, State

MOST = 500
"""Maximum number of open causes that are remembered."""
MOST_PARTS = 5_000
"""Maximum number of parts of open causes that are remembered for a night."""
STILL = 3
"""Maximum number of causes that are repeated once a target can be judged again."""
RAW = re.compile(r": \w+(?:Error|Exception|Timeout): .*", re.DOTALL)
"""What a library says about why a connection failed, which a notice leaves out."""
NAMED = 5
"""Maximum number of clauses that a notice names."""


@dataclass(frozen=True)
class Step:
    """The step from one night to the next: the new state, and what there is to say.

    ``new`` are the causes that the night before did not have, ``wider`` those that reach further,
    and ``fixed`` those that are gone, by id. ``lost`` counts by clause the cells that the last good
    night judged and this one could not. ``judges_less`` means that the night judges less than the
    last good one, and that this was not accepted.
    """

    state: State
    notices: tuple[Notice, ...]
    new: tuple[Seen, ...]
    fixed: Mapping[str, Open]
    lost: Mapping[str, int]
    judges_less: bool
    wider: tuple[Reach, ...] = ()

    @property
    def new_or_wider(self) -> tuple[Seen, ...]:
        """The causes that are new, and those that reach further."""
        return (*self.new, *(reach.seen for reach in self.wider if reach.seen))


def step(state: State, night: Night, good: Mapping[str, Verdict], *, accept: bool = False) -> Step:
    """The step to a night. ``good`` has the verdicts of the last good night, empty without one.

    A night becomes the last good one if it is complete and not red, and judges no less. With
    ``accept``, it may judge less.

    ``lost`` of the step counts all cells that the last good night judged and this one could not.
    Notices count only those that no cause of the night blocks.
    """
    fewer_than_before = losses.judges_fewer_than_before(state.judged, good, night)
    found = followed(state, night, tried_less=night.stopped != "" or fewer_than_before)
    after = _after(state, night, found)
    lost = {} if night.stopped else unjudged_now(good, night)
    # lost without a cause of the night that explains it
    unexplained = {} if night.stopped else unjudged_now(without(good, night.blocked), night)
    notices = [
        *_of_causes(state, after, found),
        *_of_standing(state, night, unexplained, judges_fewer=fewer_than_before),
        *_of_resumption(state, night, found),
    ]
    after = _with_judged(state, after, night, unexplained)
    less_than_good = not accept and losses.judges_less(state.good, good, night)
    if night.is_complete and not night.red and not less_than_good:
        after = replace(after, good=Good(night.run, night.judged), lost=())
    wider = found.wider({*after.unstable, *state.unstable})
    return Step(after, tuple(notices), found.new, found.fixed, lost, less_than_good, wider)


def _with_judged(state: State, after: State, night: Night, unexplained: Mapping[str, int]) -> State:
    """The state ``after`` a night, with how much the night judged, or with one more stopped night.

    ``state`` is the one before the night.
    """
    if night.stopped:
        return replace(after, stopped=state.stopped + 1)
    return replace(after, judged=night.judged, stopped=0, lost=tuple(sorted(unexplained)))


def in_full(stopped: str) -> str:
    """The full reason why a night was not judged, if its notice shortens it; else empty."""
    return stopped if RAW.search(stopped) else ""


# --- causes ---------------------------------------------------------------------------------------


def _after(state: State, night: Night, found: Followed) -> State:
    """The state with the causes that are open after a night, and the open and unstable parts."""
    kept = dict(list(found.open.items())[:MOST])
    recent = state.recent
    if not night.stopped:
        recent = (*recent, tuple(sorted(parts_of(kept))[:MOST_PARTS]))[-RECENT:]
    unstable = instability.unstable(state, kept, recent)
    return replace(state, open=kept, recent=recent, unstable=unstable)


def _of_causes(state: State, after: State, found: Followed) -> Iterator[Notice]:
    """The notices about causes. An unstable part is announced once, and again when it settles.

    So a cause that is new or fixed has a notice of its own only if some part of it is not unstable.
    """
    shifting = {*after.unstable, *state.unstable}
    for seen in found.new:
        if not shifting.issuperset(places_of(seen.id, seen)):
            lapsed = f" (its waiver ended on {seen.lapsed})" if seen.lapsed else ""
            yield Notice(Kind.NEW, f"{seen.words}{lapsed}")
    for reach in found.moved.values():
        yield from _of_reach(reach, shifting)
    for name, cause in found.fixed.items():
        if not shifting.issuperset(places_of(name, cause)):
            yield Notice(Kind.FIXED, cause.words)
    yield from instability.notices(state, after)


def _of_reach(reach: Reach, shifting: set[str]) -> Iterator[Notice]:
    """The notices about a cause that reaches further, or less far."""
    more = [place for part, place in reach.more.items() if part not in shifting]
    fixed = [place for part, place in reach.fixed.items() if part not in shifting]
    now = amount(reach.now, "operation")
    if more:
        counts = f"{now}, {reach.before:,} the night before"
        yield Notice(Kind.WIDER, f"{reach.title}, now also {routes(more)} ({counts})")
    if fixed:
        are = "is" if len(fixed) == 1 else "are"
        words = f"{routes(fixed)} {are} fixed, {now} left"
        yield Notice(Kind.NARROWER, f"{reach.title}: {words}")


# --- how much was judged --------------------------------------------------------------------------


def _of_standing(
    state: State, night: Night, unexplained: Mapping[str, int], *, judges_fewer: bool
) -> Iterator[Notice]:
    """The notices about how much a night judged.

    ``unexplained`` counts, by clause, the cells that the last good night judged and this one could
    not, without those that a cause of the night explains. A clause is reported once.
    """
    if night.stopped:
        if not state.stopped:
            yield Notice(Kind.STOPPED, RAW.sub("", night.stopped))
        return
    if state.stopped:
        since = amount(state.stopped, "night")
        yield Notice(Kind.RESUMED, f"{amount(night.judged, 'cell')}, after {since} not judged")
    if judges_fewer:
        cells = amount(night.judged, "cell")
        yield Notice(Kind.LESS, f"{cells}, and {state.judged:,} the night before")
    newly = {clause: count for clause, count in unexplained.items() if clause not in state.lost}
    if newly:
        yield Notice(Kind.UNTESTED, _listed(newly))


def _of_resumption(state: State, night: Night, found: Followed) -> Iterator[Notice]:
    """Notices of causes that are still there after nights that could not be judged.

    Causes that are new or reach further have notices of their own.
    """
    if night.stopped or not state.stopped:
        return
    reported = (*found.new, *(reach.seen for reach in found.moved.values() if reach.more))
    still = [seen.words for seen in night.causes if seen not in reported]
    for words in still[:STILL]:
        yield Notice(Kind.STILL, words)
    more = len(still) - STILL
    if more > 0:
        yield Notice(Kind.STILL, amount(more, "more cause"))


def _listed(cells: Mapping[str, int]) -> str:
    """The first clauses with their number of cells, such as ``status-404 (12 cells)``.

    Those with most cells come first.
    """
    most_first = sorted(cells, key=lambda clause: (-cells[clause], clause))
    named = [f"{clause} ({amount(cells[clause], 'cell')})" for clause in most_first[:NAMED]]
    beyond = len(most_first) - NAMED
    return ", ".join(named) + (f", and {amount(beyond, 'more clause')}" if beyond > 0 else "")
