"""The judge of reports of figures: they contain no data of another tenant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.base.text import amount
from conformance.base.values import ABSENT, NOT_JSON
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import answered, ids_of, kept_out
from conformance.judging.rules import trial
from conformance.model import Business, CodeRole, Exchange, Open, Step, compact
from conformance.reading import members_of

KEPT_OUT = (CodeRole.FORBIDDEN, CodeRole.NOT_FOUND, CodeRole.INVALID_PARAMETER)
"""The roles of the codes that refuse a report which names another business."""

Leaves = Mapping[str, Any]
"""The plain values of a report, by their pointers."""


@trial(
    "figures.own", hint="Needs an operation that returns a report, and the key of another business."
)
def figures_own(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A report shows no figure of another business, whatever the request names."""
    own = _leaves(trial.last(Step.BEFORE))
    if not own:
        return
    yield from _names_unreachable(context, trial, Business.OTHER, Step.BEFORE)
    yield from _names_unreachable(context, trial, Business.MAIN, Step.OWNER)
    yield from _cached_for_all(trial, own)
    for probe in trial.at(Step.FOREIGN):
        answer = answered(context, probe)
        if not isinstance(answer, Answered):
            yield answer
        elif answer.ok:
            yield _counts_foreign(trial, probe) or _judge_not_shown(trial, probe, own)
        else:
            yield kept_out(context, probe, KEPT_OUT)


def _counts_foreign(trial: Trial, probe: Exchange) -> Violation | None:
    """A violation for a figure of a foreign object that is 0 for an object that nobody has.

    The request about the latter comes directly after the probe. None if there is no such request.
    """
    later = trial.exchanges[trial.exchanges.index(probe) + 1 :]
    if not later:
        return None
    for_nobody = later[0]
    if for_nobody.facts.step is not Step.NOBODY or not for_nobody.ok:
        return None
    empty = _leaves(for_nobody)
    for where, value in _leaves(probe).items():
        if _number(value) and _number(empty.get(where)) == 0:
            expected = "0, as for an object that nobody has"
            return Violation(where, expected, compact(value), (probe.id, for_nobody.id))
    return None


def _names_unreachable(
    context: JudgeContext, trial: Trial, business: Business, step: Step
) -> Iterator[Outcome]:
    """A violation if the first report of a step names a business that its key cannot reach.

    A report names it as a value or as the name of a member. Earlier requests for the same URL
    belong to the violation, because the report may have been cached for one of them. Nothing is
    judged if the target file does not give that business.
    """
    unreachable = context.target.businesses.get(business, ABSENT)
    looks = trial.at(step)
    if not looks:
        return
    look = looks[0]
    for where, value in _leaves(look).items():
        if unreachable == value or unreachable in where.split("/"):
            earlier = trial.exchanges[: trial.exchanges.index(look)]
            ids = ids_of([each for each in earlier if each.request.url == look.request.url])
            actual = compact(unreachable)
            yield Violation(where, "nothing of another business", actual, (*ids, look.id))
            return


def _cached_for_all(trial: Trial, own: Leaves) -> Iterator[Outcome]:
    """A violation if the other business is shown the report that was cached for the main one.

    ``own`` is that report. It is a violation only if the other business gets exactly ``own`` twice
    under the same URL, but other figures under a URL that nobody requested before.
    """
    other_first, other_again = _leaves(trial.last(Step.OWNER)), _leaves(trial.last(Step.CACHED))
    uncached = _leaves(trial.last(Step.UNCACHED))
    if own != other_first or other_first != other_again:
        return
    for where in sorted(uncached.keys() & own.keys()):
        cached_figure, figure = _number(own[where]), _number(uncached[where])
        if cached_figure is None or figure is None or cached_figure == figure:
            continue
        ids = ids_of([*trial.at(Step.OWNER), *trial.at(Step.UNCACHED), *trial.at(Step.CACHED)])
        expected = f"{compact(uncached[where])}, as under a URL that nobody asked for before"
        yield Violation(where, expected, compact(own[where]), ids)
        return


def _number(value: Any) -> int | float | None:
    """A value that is a number; None for any other."""
    if isinstance(value, bool):
        return None
    return value if isinstance(value, int | float) else None


@trial("figures.grown", hint="Needs reports, and the key of another business.", confirm=True)
def figures_grown(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """No figure of a business grows by the number of objects that another one has just created."""
    made = [write for write in trial.at(Step.WRITE) if write.ok]
    for after in trial.at(Step.AFTER):
        if not after.ok:
            continue
        before = [each for each in trial.at(Step.BEFORE) if each.operation == after.operation]
        if len(before) < 2:  # a log that was cut short
            continue
        figures = _steady(before, context.target.businesses.get(Business.MAIN))
        # figures of the whole service may grow
        of_service = Open.SERVICE in context.contract.operations[after.operation].open
        grown = None if of_service else _grown_by(len(made), figures, _leaves(after))
        ids = ids_of([*before, *made, after])
        if grown is not None:
            where, value = grown
            expected = (
                f"{value}, because only another business created {amount(len(made), 'object')}"
            )
            yield Violation(where, expected, compact(_leaves(after)[where]), ids)
        else:
            yield Pass(ids)


def _steady(before: list[Exchange], creator: str | None) -> list[tuple[str, Any]]:
    """The pointers and figures on which the two reports before the creations agree.

    A figure that changes by itself proves nothing. A figure in the same object as the id of the
    ``creator``, the business that creates the objects, belongs to that business and may grow.
    """
    first, second = (_leaves(look) for look in before[:2])
    named_at = [where for where, value in first.items() if value == creator]
    of_creator = tuple(where.rpartition("/")[0] + "/" for where in named_at)
    steady = sorted(first.items() & second.items(), key=str)
    return [(where, value) for where, value in steady if not where.startswith(of_creator)]


def _grown_by(count: int, figures: list[tuple[str, Any]], later: Leaves) -> tuple[str, Any] | None:
    """The pointer and former value of the first figure that grew by ``count``.

    None if no figure did, or if the count is 0.
    """
    if count == 0:
        return None
    for where, value in figures:
        if (_number(later.get(where)) or 0) - (_number(value) or 0) == count:
            return where, value
    return None


@trial("figures.empty", hint="Needs a report, and the key of a business without data.")
def figures_empty(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """No parameter adds data to the report of a business that has none."""
    plain = trial.last(Step.BEFORE)
    if plain is None or not plain.ok:
        return
    for probe in trial.at(Step.NARROWED):
        if not probe.ok:
            continue
        ids = (plain.id, probe.id)
        where = _figure_above_zero(_leaves(plain), probe) or _item_added(context, plain, probe)
        if where is None:
            yield Pass(ids)
        else:
            actual = compact(_leaves(probe)[where])
            yield Violation(where, "nothing, as without the parameter", actual, ids)


def _item_added(context: JudgeContext, plain: Exchange, probe: Exchange) -> str | None:
    """The pointer to the id of an object that a probe shows in a list that was empty before.

    None if there is none. ``plain`` is the report without the parameter, where the list must be
    empty, and ``probe`` the one with it.
    """
    for where in _leaves(probe):
        item, _, member = where.rpartition("/")
        items, _, _ = item.rpartition("/")
        if member == context.contract.identifier and _at(plain.json, items) == []:
            return where
    return None


def _at(value: Any, pointer: str) -> Any:
    """The member at a pointer of member names; ABSENT where there is none."""
    for name in pointer.split("/")[1:]:
        value = members_of(value).get(name, ABSENT)
    return value


def _figure_above_zero(plain: Leaves, probe: Exchange) -> str | None:
    """The pointer to a figure that is 0 in the ``plain`` report, but positive in that of a probe.

    None if there is none. A value in the URL of the probe does not count, because a report may
    repeat it.
    """
    for where, value in _leaves(probe).items():
        is_positive = (_number(value) or 0) > 0
        is_asked_for = str(value) in probe.request.url
        if plain.get(where) == 0 and is_positive and not is_asked_for:
            return where
    return None


def _judge_not_shown(trial: Trial, probe: Exchange, own: Leaves) -> Outcome:
    """Judge a report that was requested for the data of another business.

    It may show the figures of ``own``, the report without the name of the other business, and those
    of later reports without it. A figure that changes by itself between these proves nothing, and
    neither does an empty value or 0.
    """
    later = _leaves(trial.last(Step.AFTER)) or own
    only_of_owner = _leaves_of_owner(trial, probe.facts.sought).items() - own.items()
    foreign = _leaves(probe).items() & only_of_owner
    for own_again in trial.at(Step.AFTER):
        foreign -= _leaves(own_again).items()
    for where, value in sorted(foreign, key=str):
        is_echo = str(value) == probe.facts.sought
        if value and not is_echo and own.get(where) == later.get(where):
            expected = "no figure of another business"
            return Violation(where, expected, compact(value), (probe.id,))
    return Pass((probe.id,))


def _leaves_of_owner(trial: Trial, sought: str | None) -> Leaves:
    """The plain values that the other business sees in the report with the id ``sought``."""
    values: dict[str, Any] = {}
    for exchange in trial.at(Step.OWNER):
        if exchange.facts.sought == sought:
            values.update(_leaves(exchange))
    return values


def _leaves(exchange: Exchange | None) -> dict[str, Any]:
    """The plain values of a report by pointer; empty for any other response."""
    if exchange is None or not exchange.ok or exchange.json is NOT_JSON:
        return {}
    return dict(_walked("", exchange.json))


def _walked(where: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Each plain value in a value, with its pointer."""
    match value:
        case dict():
            for name, member in value.items():
                yield from _walked(f"{where}/{name}", member)
        case list():
            yield from _walked(where, dict(enumerate(value)))
        case _:
            yield where, value
