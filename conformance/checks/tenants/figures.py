"""The judge of reports of figures: they show nothing of another tenant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.judging.answers import answered, kept_out
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.rules import trial
from conformance.model import Business, CodeRole, Exchange, Step, compact
from conformance.values import NOT_JSON

KEPT_OUT = (CodeRole.FORBIDDEN, CodeRole.NOT_FOUND, CodeRole.INVALID_PARAMETER)
"""The roles of the codes that refuse a report which names another business."""

Leaves = Mapping[str, Any]
"""The plain values of a report, by their pointers."""


@trial("tenant.figures", hint="Needs a report, and the key of another business.")
def tenant_figures(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
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
    before = trial.last(Step.BEFORE)
    other = context.target.businesses.get(Business.OTHER)
    for where, value in own.items():
        if before is not None and other is not None and value == other:
            yield Violation(where, "nothing of another business", compact(value), (before.id,))
            return


def _not_shown(trial: Trial, probe: Exchange, own: Leaves) -> Outcome:
    """Judge a report that was asked for another business.

    It may show what it shows without that name, or nothing. A figure that moves by itself proves
    nothing.
    """
    shown, later = _leaves(probe), _leaves(trial.last(Step.AFTER)) or own
    theirs: dict[str, Any] = {}
    for owner in trial.at(Step.OWNER):
        if owner.facts.sought == probe.facts.sought:
            theirs.update(_leaves(owner))
    for where, value in shown.items():
        is_still = own.get(where) == later.get(where)
        is_theirs = where in theirs and theirs[where] == value != own.get(where)
        if value and is_still and is_theirs and str(value) != probe.facts.sought:
            expected = "no figure of another business"
            return Violation(where, expected, compact(value), (probe.id,))
    return Pass((probe.id,))


def _leaves(exchange: Exchange | None) -> dict[str, Any]:
    """The plain values of a report that was shown; none for any other answer."""
    if exchange is None or not exchange.ok or exchange.json is NOT_JSON:
        return {}
    return dict(_walked("", exchange.json))


def _walked(where: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Each plain value in a value, with its pointer."""
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for name, member in members:
            yield from _walked(f"{where}/{name}", member)
    else:
        yield where, value
