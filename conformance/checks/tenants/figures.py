"""The judge of reports of figures: they show nothing of another tenant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from conformance.judging.answers import answered, ids_of, kept_out
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.rules import trial
from conformance.model import Business, CodeRole, Exchange, Step, compact
from conformance.values import ABSENT, NOT_JSON

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
    yield from _names_another(context, trial, own)
    for probe in trial.at(Step.FOREIGN):
        answer = answered(context, probe)
        if not isinstance(answer, Answered):
            yield answer
        elif answer.ok:
            yield _not_shown(trial, probe, own)
        else:
            yield kept_out(context, probe, KEPT_OUT)


def _names_another(context: JudgeContext, trial: Trial, own: Leaves) -> Iterator[Outcome]:
    """The plain report does not name the other business."""
    other = context.target.businesses.get(Business.OTHER, ABSENT)
    named = [where for where, value in own.items() if other in (value, *where.split("/"))]
    for where in named[:1]:
        ids = ids_of(trial.at(Step.BEFORE))
        yield Violation(where, "nothing of another business", compact(other), ids)


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
