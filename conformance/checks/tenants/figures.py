"""The judge of reports of figures: they show nothing of another tenant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Any

from conformance.base.values import ABSENT, NOT_JSON
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import answered, ids_of, kept_out
from conformance.judging.rules import trial
from conformance.model import Business, CodeRole, Exchange, Step, compact
from conformance.reading import members_of

KEPT_OUT = (CodeRole.FORBIDDEN, CodeRole.NOT_FOUND, CodeRole.INVALID_PARAMETER)
"""The roles of the codes that refuse a report which names another business."""

Leaves = Mapping[str, Any]
"""The plain values of a report, by their pointers."""


@trial("figures.own", hint="Needs a report, and the key of another business.")
def figures_own(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A report shows no figure of another business, whatever the request names."""
    own = _leaves(trial.last(Step.BEFORE))
    if not own:
        return
    yield from _names(context, Business.OTHER, trial.at(Step.BEFORE))
    yield from _names(context, Business.MAIN, trial.at(Step.OWNER))
    yield from _kept_for_all(trial, own)
    for probe in trial.at(Step.FOREIGN):
        answer = answered(context, probe)
        if not isinstance(answer, Answered):
            yield answer
        elif answer.ok:
            yield _not_shown(trial, probe, own)
        else:
            yield kept_out(context, probe, KEPT_OUT)


def _names(context: JudgeContext, business: Business, looks: list[Exchange]) -> Iterator[Outcome]:
    """The first of some reports does not name a business that its key cannot reach."""
    other = context.target.businesses.get(business, ABSENT)
    leaves = _leaves(next(iter(looks), None))
    named = [where for where, value in leaves.items() if other in (value, *where.split("/"))]
    for where in named[:1]:
        yield Violation(where, "nothing of another business", compact(other), ids_of(looks[:1]))


def _kept_for_all(trial: Trial, own: Leaves) -> Iterator[Outcome]:
    """The other business is not shown the report that was kept for the first one.

    It is, if it gets just that report under the same URL, again and again, but other figures under
    a URL that nobody asked for before.
    """
    kept, again = _leaves(trial.last(Step.OWNER)), _leaves(trial.last(Step.CACHED))
    uncached = _leaves(trial.last(Step.UNCACHED))
    if not own == kept == again:
        return
    shown_twice = sorted(uncached.keys() & own.keys())
    differing = list(filter(partial(_differ, own, uncached), shown_twice))
    for where in differing[:1]:
        ids = ids_of([*trial.at(Step.OWNER), *trial.at(Step.UNCACHED), *trial.at(Step.CACHED)])
        expected = f"{compact(uncached[where])}, as under a URL that nobody asked for before"
        yield Violation(where, expected, compact(own[where]), ids)


def _differ(one: Leaves, other: Leaves, where: str) -> bool:
    """Whether two reports show different numbers at a place."""
    numbers = _number(one[where]), _number(other[where])
    return all((None not in numbers, numbers[0] != numbers[1]))


def _number(value: Any) -> int | float | None:
    """A value that is a number; None for any other."""
    if isinstance(value, bool):
        return None
    return value if isinstance(value, int | float) else None


@trial("figures.grown", hint="Needs reports, and the key of another business.", confirm=True)
def figures_grown(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """No figure of a business grows by the number of objects that another one has just made."""
    made = list(filter(attrgetter("ok"), trial.at(Step.WRITE)))
    for after in filter(attrgetter("ok"), trial.at(Step.AFTER)):
        before = [each for each in trial.at(Step.BEFORE) if each.operation == after.operation]
        later, ids = _leaves(after), ids_of([*before, *made, after])
        for where, value in _steady(before):
            if made and _difference(value, later.get(where)) == len(made):
                expected = f"{value}, as only another business has made {len(made)} objects"
                yield Violation(where, expected, compact(later[where]), ids)
                return
        yield Pass(ids)


def _steady(looks: list[Exchange]) -> list[tuple[str, Any]]:
    """The values of a report that are the same in two looks. Those that move prove nothing."""
    first, second = map(_leaves, looks[:2])
    return sorted(first.items() & second.items(), key=str)


def _difference(old: Any, new: Any) -> int | float:
    """By how much a number has grown; 0 for what is no number."""
    return (_number(new) or 0) - (_number(old) or 0)


@trial("figures.empty", hint="Needs a report, and the key of a business without data.")
def figures_empty(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Where a business has nothing, no parameter makes it more."""
    plain = trial.last(Step.BEFORE)
    if plain is None or not plain.ok:
        return
    for probe in filter(attrgetter("ok"), trial.at(Step.NARROWED)):
        ids = (plain.id, probe.id)
        where = _more_than(_leaves(plain), probe) or _item_beyond(context, plain, probe)
        if where is None:
            yield Pass(ids)
        else:
            actual = compact(_leaves(probe)[where])
            yield Violation(where, "nothing, as without the parameter", actual, ids)


def _item_beyond(context: JudgeContext, plain: Exchange, probe: Exchange) -> str | None:
    """The id of an object that a report shows in a list which is empty without the parameter."""
    for where in _leaves(probe):
        item, _, member = where.rpartition("/")
        items, _, _ = item.rpartition("/")
        if member == context.contract.identifier and _at(plain.json, items) == []:
            return where
    return None


def _at(value: Any, pointer: str) -> Any:
    """The member at a pointer that names members alone; ABSENT where there is none."""
    for name in pointer.split("/")[1:]:
        value = members_of(value).get(name, ABSENT)
    return value


def _more_than(whole: Leaves, probe: Exchange) -> str | None:
    """A place where the whole is 0 and a part of it is more; None without one.

    A report may repeat what it was asked for.
    """
    for where, value in _leaves(probe).items():
        more = (_number(value) or 0) > 0
        is_asked_for = str(value) in probe.request.url
        if whole.get(where) == 0 and more and not is_asked_for:
            return where
    return None


def _not_shown(trial: Trial, probe: Exchange, own: Leaves) -> Outcome:
    """Judge a report that was asked for another business.

    It may show what it shows without that name or with an own one, or nothing. A figure that moves
    by itself proves nothing.
    """
    later = _leaves(trial.last(Step.AFTER)) or own
    theirs = _theirs(trial, probe.facts.sought)
    foreign = _leaves(probe).items() & theirs.items() - own.items()
    for again in trial.at(Step.AFTER):
        foreign -= _leaves(again).items()
    for where, value in sorted(foreign, key=str):
        is_echo = str(value) == probe.facts.sought
        if value and not is_echo and own.get(where) == later.get(where):
            expected = "no figure of another business"
            return Violation(where, expected, compact(value), (probe.id,))
    return Pass((probe.id,))


def _theirs(trial: Trial, sought: str | None) -> Leaves:
    """What the other business is shown of the report that was asked for."""
    theirs: dict[str, Any] = {}
    for owner in trial.at(Step.OWNER):
        if owner.facts.sought == sought:
            theirs.update(_leaves(owner))
    return theirs


def _leaves(exchange: Exchange | None) -> dict[str, Any]:
    """The plain values of a report that was shown; none for any other answer."""
    if exchange is None or not exchange.ok:
        return {}
    if exchange.json is NOT_JSON:
        return {}
    return dict(_walked("", exchange.json))


def _walked(where: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Each plain value in a value, with its pointer."""
    match value:
        case dict():
            yield from chain.from_iterable(_walked(f"{where}/{n}", v) for n, v in value.items())
        case list():
            yield from _walked(where, dict(enumerate(value)))
        case _:
            yield where, value
