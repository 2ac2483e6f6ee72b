"""What changed from the nights before to a night, as notices. Nothing is said twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from conformance.base.text import amount
from conformance.base.values import without
from conformance.model import BROKEN, Verdict, flips
from conformance.nightly import losses
from conformance.nightly.facts import Night, Seen, unjudged_now
from conformance.nightly.notices import Kind, Notice
from conformance.nightly.state import RECENT, Good, Open, State

MOST = 500
"""Maximum number of open causes, and of unstable ones, that are remembered."""
NAMED = 5
"""Maximum number of clauses that a notice names."""


@dataclass(frozen=True)
class Step:
    """The step from one night to the next: the new state, and what there is to say.

    It is ``thinner`` if the night judges less than the last good one, and that was not accepted.
    ``new`` are the causes that the night before did not have, and ``fixed`` those that are gone, by
    id. ``lost`` counts by clause the cells that the last good night judged and this one could not.
    """

    state: State
    notices: tuple[Notice, ...]
    new: tuple[Seen, ...]
    fixed: Mapping[str, Open]
    lost: Mapping[str, int]
    thinner: bool


def step(state: State, night: Night, good: Mapping[str, Verdict], *, accept: bool = False) -> Step:
    """The step to a night. ``good`` has the verdicts of the last good night, empty without one.

    A night becomes the last good one if it is neither red, stopped, nor thinner. With ``accept``,
    it may be thinner.
    """
    less = losses.is_less_than_before(state.judged, good, night)
    after, new, fixed = _causes(state, night, tried_less=night.stopped != "" or less)
    lost = {} if night.stopped else unjudged_now(good, night)
    unstable = _unstable(state, after, fixed)
    notices = [
        *_of_causes(state, new, fixed, unstable, after),
        *_of_standing(state, night, lost, less=less),
    ]
    after = replace(
        after,
        unstable=unstable,
        judged=state.judged if night.stopped else night.judged,
        stopped=state.stopped + 1 if night.stopped else 0,
        lost=state.lost if night.stopped else tuple(sorted(lost)),
    )
    thinner = not accept and losses.is_thinner(state.good, good, night)
    if night.whole and not night.red and not thinner:
        after = replace(after, good=Good(night.run, night.judged), lost=())
    return Step(after, tuple(notices), new, fixed, lost, thinner)


# --- causes ---------------------------------------------------------------------------------------


def _causes(
    state: State, night: Night, *, tried_less: bool
) -> tuple[State, tuple[Seen, ...], dict[str, Open]]:
    """The state with the open causes of a night, the causes that are new, and those fixed."""
    kept: dict[str, Open] = {}
    new = []
    continued: set[str] = set()
    for seen in night.causes:
        earlier = _earlier(state, seen)
        continued |= earlier
        if not earlier:
            new.append(seen)
        free = [name for name in sorted(earlier) if name not in kept]  # it may have split
        kept[free[0] if free else seen.id] = Open(seen.words, seen.cell, seen.parts)
    unseen, fixed = _gone(night, without(state.open, continued), tried_less=tried_less)
    kept = dict(list({**kept, **unseen}.items())[:MOST])
    recent = state.recent
    if not night.stopped:
        recent = (*recent, tuple(sorted(kept)))[-RECENT:]
    return replace(state, open=kept, recent=recent), tuple(new), fixed


def _gone(
    night: Night, causes: Mapping[str, Open], *, tried_less: bool
) -> tuple[dict[str, Open], dict[str, Open]]:
    """Open causes that a night did not show: those that nobody looked for, and those fixed.

    One whose cell is still broken is neither: it is part of another cause, or waived.
    """
    unseen, fixed = {}, {}
    for name, cause in causes.items():
        verdict = night.verdicts.get(cause.cell)
        if verdict is Verdict.PASSED and not tried_less:
            fixed[name] = cause
        elif verdict not in BROKEN or night.stopped:
            unseen[name] = cause
    return unseen, fixed


def _unstable(state: State, after: State, fixed: Mapping[str, Open]) -> dict[str, str]:
    """The words of the causes that are unstable after a night, by id."""
    words = {**state.unstable, **{name: cause.words for name, cause in after.open.items()}}
    words |= {name: cause.words for name, cause in fixed.items()}
    return {name: words.get(name, name) for name in list(flips(after.recent))[:MOST]}


def _earlier(state: State, seen: Seen) -> set[str]:
    """The ids by which a cause was open already; it may have spread, or be fixed in part."""
    parts = set(seen.parts)
    return {
        name
        for name, cause in state.open.items()
        if name == seen.id or not parts.isdisjoint(cause.parts)
    }


def _of_causes(
    state: State,
    new: tuple[Seen, ...],
    fixed: Mapping[str, Open],
    unstable: Mapping[str, str],
    after: State,
) -> Iterator[Notice]:
    """What there is to say about causes. An unstable one is announced once, until it settles."""
    shifting = {*unstable, *state.unstable}
    for seen in new:
        if seen.id not in shifting:
            lapsed = f" (its waiver ended on {seen.lapsed})" if seen.lapsed else ""
            yield Notice(Kind.NEW, f"{seen.words}{lapsed}")
    for name, cause in fixed.items():
        if name not in shifting:
            yield Notice(Kind.FIXED, cause.words)
    for name, words in unstable.items():
        if name not in state.unstable:
            nights = amount(len(after.recent), "night")
            yield Notice(Kind.UNSTABLE, f"{words}, came and went within {nights}")
    for name, words in without(state.unstable, set(unstable)).items():
        kind = Kind.NEW if name in after.open else Kind.FIXED
        yield Notice(kind, f"{words}, no longer unstable")


# --- how much was judged --------------------------------------------------------------------------


def _of_standing(
    state: State, night: Night, lost: Mapping[str, int], *, less: bool
) -> Iterator[Notice]:
    """What there is to say about how much a night judged."""
    if night.stopped:
        if not state.stopped:
            yield Notice(Kind.STOPPED, night.stopped)
        return
    if state.stopped:
        since = amount(state.stopped, "night")
        yield Notice(Kind.RESUMED, f"{amount(night.judged, 'cell')}, after {since} not judged")
    if less:
        cells = amount(night.judged, "cell")
        yield Notice(Kind.LESS, f"{cells}, and {state.judged:,} the night before")
    newly = {clause: count for clause, count in lost.items() if clause not in state.lost}
    if newly:
        yield Notice(Kind.UNTESTED, _listed(newly))


def _listed(cells: Mapping[str, int]) -> str:
    """Clauses with their number of cells, most first, such as ``status-404 (12 cells)``."""
    most = sorted(cells.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{clause} ({amount(count, 'cell')})" for clause, count in most[:NAMED]]
    beyond = len(most) - NAMED
    return ", ".join(named) + (f", and {amount(beyond, 'more clause')}" if beyond > 0 else "")
