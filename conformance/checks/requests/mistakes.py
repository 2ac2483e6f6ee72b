"""Judges of requests with a mistake in a parameter or body: they get the matching error."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging.effects import takes_effect
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import answered, control_gap, quote, refusal, refusals
from conformance.judging.rules import trial
from conformance.model import CodeRole, Exchange, Form
from conformance.reading import refused_member, sent_members

INVALID, MISSING = CodeRole.INVALID_PARAMETER, CodeRole.MISSING_PARAMETER
UNFIT = CodeRole.REFUSAL
"""The role of the codes for what is valid but not allowed, such as a text that nobody may send."""


@trial("parameter.missing")
def parameter_missing(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request without a required parameter is refused as that."""
    yield from refusals(context, trial, trial.of_form(Form.OMITTED), MISSING)


@trial("parameter.blank")
def parameter_blank(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A required parameter that is null is refused; it may be called missing or invalid."""
    yield from refusals(context, trial, trial.of_form(Form.NULL), MISSING, INVALID)


@trial(
    "parameter.invalid",
    hint="Needs a value that must be rejected, for a member that takes effect on the target.",
    whole=True,
)
def parameter_invalid(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A value that no reading can accept is refused as invalid, unless its member has no effect."""
    ignored = [probe for probe in trial.probes if _is_ignored(context, probe)]
    probes = [probe for probe in trial.probes if probe not in ignored]
    yield from _judge_wrong_values(context, trial, probes)
    if context.log is None:  # only the whole log shows whether a member has an effect
        return
    for probe in ignored:
        name = refused_member(context.operation, probe)
        expected = f"a refusal, if {name} has any effect on the target"
        yield Violation("status", expected, quote(probe), (probe.id,), note=True)


def _judge_wrong_values(
    context: JudgeContext, trial: Trial, probes: list[Exchange]
) -> Iterator[Outcome]:
    """Judge probes as refusals of their wrong value.

    An empty value may also be called missing, or unfit as a text.
    """
    empty: list[Exchange] = []
    others: list[Exchange] = []
    for probe in probes:
        wrong_member = refused_member(context.operation, probe) or ""
        is_empty = sent_members(probe).get(wrong_member) == ""
        group = empty if is_empty else others
        group.append(probe)
    yield from refusals(context, trial, others, INVALID)
    yield from refusals(context, trial, empty, INVALID, MISSING, UNFIT)


def _is_ignored(context: JudgeContext, probe: Exchange) -> bool:
    """Whether a probe succeeded, and the member with its wrong value has no effect in the log.

    Only an optional member counts, because a server may lack such members.
    """
    name = refused_member(context.operation, probe)
    parameter = context.operation.parameter(name or "")
    if not probe.ok or parameter is None or parameter.required:
        return False
    return not takes_effect(context, context.operation, parameter.name)


@trial("parameter.unparsable", hint="Needs a request with a value that cannot be parsed.")
def parameter_unparsable(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A value that cannot be parsed is refused as invalid, or ignored."""
    gap = control_gap(context, trial)
    if gap:
        yield gap
        return
    for exchange in trial.probes:
        answer = answered(context, exchange)
        if not isinstance(answer, Answered):
            yield answer
        elif answer.ok:
            yield Pass(answer.ids)
        elif answer.status < 500:  # status.client-mistake blames the rest
            yield refusal(context, exchange, (CodeRole.INVALID_PARAMETER,))


@trial("body.broken")
def body_broken(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A body that is not a JSON object is refused; either code of a bad request is right."""
    yield from refusals(
        context, trial, trial.probes, CodeRole.INVALID_PARAMETER, CodeRole.MISSING_PARAMETER
    )
