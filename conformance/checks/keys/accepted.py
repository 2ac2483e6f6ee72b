"""Judges of which keys are accepted, and for what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.judging.outcomes import (
    Answered,
    Gap,
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
)
from conformance.judging.responses import answered, lets_in, quote, refusals
from conformance.judging.rules import probe, trial
from conformance.model import KEY_ROLES, CodeRole, Exchange, Form, KeyName, Role
from conformance.reading import members_of


@trial("auth.missing")
def auth_missing(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request without a key is refused as unauthenticated."""
    yield from refusals(context, trial, trial.of_form(Form.MISSING), CodeRole.UNAUTHENTICATED)


@trial(
    "auth.invalid",
    hint="Sending more than 20 requests with invalid keys requires flood "
    "(allow: in the target file).",
    provide=True,
    place="allow: flood",
)
def auth_invalid(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A key that was never issued, or an altered valid key, is refused as unauthenticated."""
    for form in (Form.UNKNOWN, Form.ALTERED):
        yield from refusals(context, trial, trial.of_form(form), CodeRole.UNAUTHENTICATED)


@trial(
    "auth.expired",
    hint=KEY_ROLES[KeyName.EXPIRED].advice,
    provide=True,
    place=KEY_ROLES[KeyName.EXPIRED].place,
)
def auth_expired(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """An expired key is refused as unauthenticated."""
    yield from refusals(context, trial, trial.of_form(Form.EXPIRED), CodeRole.UNAUTHENTICATED)


@trial(
    "auth.revoked",
    hint=KEY_ROLES[KeyName.REVOKED].advice,
    provide=True,
    place=KEY_ROLES[KeyName.REVOKED].place,
)
def auth_revoked(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A revoked key is refused as unauthenticated."""
    yield from refusals(context, trial, trial.of_form(Form.REVOKED), CodeRole.UNAUTHENTICATED)


@trial("auth.scheme")
def auth_scheme(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A valid key is accepted after the scheme of the contract, and nowhere else."""
    for control in trial.controls:
        if control.status == 401:
            yield Violation("status", "a valid key to be accepted", quote(control), (control.id,))
            return
    # a header that is not the scheme and a key may be called malformed
    malformed = trial.of_form(Form.SCHEME)
    yield from refusals(context, trial, malformed, CodeRole.UNAUTHENTICATED, statuses=(400,))
    open_to_all = any(exchange.ok for exchange in trial.of_form(Form.MISSING))
    accepted = any(control.ok for control in trial.controls)
    if open_to_all or not accepted:
        return  # where no key is needed, or none is accepted, its place shows nothing
    for exchange in trial.of_form(Form.MISPLACED):
        if exchange.response is not None:
            yield _judge_misplaced(context, exchange)


def _judge_misplaced(context: JudgeContext, exchange: Exchange) -> Outcome:
    """Judge a valid key in a place where no server may accept it."""
    ids = (exchange.id,)
    if not exchange.ok:
        return Pass(ids)
    header = context.contract.authentication.header
    return Violation("status", f"a key in the header {header} only", quote(exchange), ids)


@trial("auth.spelling")
def auth_spelling(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """No other spelling of a path shows without a key what the path shows only with one."""
    guarded = [control.json for control in trial.controls if control.ok]
    for exchange in trial.of_form(Form.SPELLED):
        answer = answered(context, exchange)
        if isinstance(answer, Answered):
            yield _judge_spelled(answer, guarded)
        else:
            yield answer


def _judge_spelled(answer: Answered, guarded: list[Any]) -> Outcome:
    """Judge the response to another spelling of a path, requested without a key.

    ``guarded`` are the bodies that the path shows with a key. The response is wrong if it has the
    same members as one of them.
    """
    names = members_of(answer.response.json).keys()
    is_guarded = any(names == members_of(body).keys() for body in guarded)
    if answer.ok and names and is_guarded:
        expected = "nothing without a key, however the path is spelled"
        return Violation("status", expected, quote(answer.exchange), answer.ids)
    return Pass(answer.ids)


@probe("auth.prefixes", select=lambda trial: (*trial.controls, *trial.probes))
def auth_prefixes(context: JudgeContext, answer: Answered) -> Iterator[Outcome]:
    """Keys of every prefix are accepted."""
    if answer.status == 401:
        expected = "a key with this prefix to be accepted"
        yield Violation("status", expected, quote(answer.exchange), answer.ids)
    elif answer.exchange.role is Role.PROBE and lets_in(context.contract, answer.exchange):
        yield Pass(answer.ids)  # the success of the control proves nothing about the other prefix


@trial("scope.refused")
def scope_refused(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A key without the scope is refused as forbidden."""
    outcomes = list(refusals(context, trial, trial.probes, CodeRole.FORBIDDEN))
    some_refused = any(isinstance(outcome, Pass) for outcome in outcomes)
    for outcome in outcomes:
        if some_refused and isinstance(outcome, Violation):
            expected = f"{outcome.expected}, as for other keys without the scope"
            yield replace(outcome, expected=expected)
        else:
            yield outcome


@probe("scope.opens")
def scope_opens(context: JudgeContext, answer: Answered) -> Iterator[Outcome]:
    """A key with the scope is accepted."""
    exchange = answer.exchange
    if answer.status in (401, 403):
        if exchange.identity == KeyName.FULL and not context.target.full_declared:
            # nobody has declared that the key has every scope
            yield Gap(f"The key was rejected with {answer.status}: give one that has the scope.")
        else:
            expected = "not refused, as the key has the scope"
            yield Violation("status", expected, quote(exchange), answer.ids)
    elif lets_in(context.contract, exchange):
        yield Pass(answer.ids)
