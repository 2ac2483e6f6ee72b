"""What most judges ask of an exchange: was it answered, what came back, and was it refused rightly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.judging.outcomes import (
    Answered,
    Gap,
    JudgeContext,
    JudgeError,
    Outcome,
    Pass,
    Trial,
    Violation,
)
from conformance.model import UNAVAILABLE, Contract, Exchange, Paging, Step, compact
from conformance.reading import asked
from conformance.values import ABSENT, NOT_JSON, instant, pointed


def answered(context: JudgeContext, exchange: Exchange) -> Answered | Gap | JudgeError:
    """An exchange with its answer, or why that proves nothing about its operation."""
    excuse = unusable(context, exchange)
    if excuse is not None:
        return excuse
    assert exchange.response is not None  # else it is unusable
    return Answered(exchange, exchange.response)


def status_of(exchange: Exchange) -> int | None:
    """The status of an answer; None without an answer."""
    return None if exchange.response is None else exchange.response.status


def code_of(contract: Contract, exchange: Exchange) -> str | None:
    """The error code of a response, if it has a text where the code stands."""
    value = pointed(exchange.response.json, contract.code_pointer) if exchange.response else ABSENT
    return value if isinstance(value, str) else None


def role_of(contract: Contract, exchange: Exchange) -> str | None:
    """The role of the error code of a response."""
    code = contract.errors.get(code_of(contract, exchange) or "")
    return code.role if code else None


def pointer(path: tuple[str, ...]) -> str:
    """A JSON pointer as text."""
    return "/" + "/".join(path)


def said(exchange: Exchange) -> str:
    """What came back, in a few words."""
    response = exchange.response
    if response is None:
        return f"no response ({exchange.failure})"
    if response.body.withheld:
        return f"{response.status}, body withheld"
    text = (
        response.body.text
        if response.body.text is not None
        else f"{response.body.size} bytes that are not UTF-8"
    )
    shown = (
        compact(response.json) if response.json is not NOT_JSON else " ".join(text.split())[:160]
    )
    return f"{response.status} {shown}".strip()


def unusable(context: JudgeContext, exchange: Exchange) -> Gap | JudgeError | None:
    """Why an exchange proves nothing about its operation, if so."""
    response = exchange.response
    if response is None:
        return JudgeError(f"no response: {exchange.failure}", (exchange.id,))
    if response.body.cut:
        return JudgeError(
            "the body of the response did not end within the limits of size and time",
            (exchange.id,),
        )
    role = role_of(context.contract, exchange)
    if response.status == 429:
        return Gap(
            "the target kept answering 429: run again later, or set rate: in the target file"
        )
    if (
        response.status in UNAVAILABLE
        and role is None
        and code_of(context.contract, exchange) is None
    ):
        return JudgeError(
            f"something between the suite and the target answered {response.status}", (exchange.id,)
        )
    if response.status >= 500 and role == "upstream":
        return Gap("a provider of the target was failing: run again later")
    return None


def control_gap(
    context: JudgeContext, trial: Trial, step: Step | None = None
) -> Gap | JudgeError | None:
    """Why the refusals of a trial prove nothing: a control that did not succeed. None if all did."""
    controls = trial.controls if step is None else trial.at(step)
    if not controls:
        return Gap("no control request could be made: the target shows no object to make it with")
    for control in controls:
        excuse = unusable(context, control)
        if isinstance(excuse, Gap | JudgeError):
            return excuse
        if control.response is not None and not control.response.ok:
            return Gap(
                f"the control request {control.id} was answered {control.response.status}, so a refusal proves nothing"
            )
    return None


def refusals(
    context: JudgeContext,
    trial: Trial,
    probes: list[Exchange],
    *roles: str,
    statuses: tuple[int, ...] = (),
) -> Iterator[Outcome]:
    """Judge probes of a trial as refusals for one of some roles, given a control that succeeds.

    The first role is the one that the clause names; ``statuses`` are let pass whatever their code.
    """
    if not probes:
        return
    gap = control_gap(context, trial)
    if gap:
        yield gap
        return
    for probe in probes:
        yield refusal(context, probe, roles, statuses)


def kept_out(context: JudgeContext, probe: Exchange, roles: tuple[str, ...]) -> Outcome:
    """Judge one refusal by what it keeps in: status or code is of one of some roles; that both are is what other rules judge."""
    rows = [row for row in context.contract.errors.values() if row.role in roles]
    refused = not unusable(context, probe)
    told = (
        refused
        and probe.response is not None
        and probe.response.status in {row.status for row in rows}
    )
    return (
        Pass((probe.id,))
        if told or (refused and role_of(context.contract, probe) in roles)
        else refusal(context, probe, roles)
    )


def refusal(
    context: JudgeContext, probe: Exchange, roles: tuple[str, ...], statuses: tuple[int, ...] = ()
) -> Outcome:
    """Judge one refusal: status and code of one of some roles."""
    excuse = unusable(context, probe)
    if excuse:
        return excuse
    assert probe.response is not None
    rows = [row for row in context.contract.errors.values() if row.role in roles]
    expected = " or ".join(f"{row.status} {row.code}" for row in rows)
    status = probe.response.status
    if status in statuses and status not in {row.status for row in rows}:
        return Pass((probe.id,))
    if status not in {row.status for row in rows}:
        return Violation("status", expected, said(probe), (probe.id,))
    code = code_of(context.contract, probe)
    # without a code the error structure is broken, which its own rules blame
    if code is not None and code not in {row.code for row in rows if row.status == status}:
        return Violation(pointer(context.contract.code_pointer), expected, said(probe), (probe.id,))
    return Pass((probe.id,))


def page_of(context: JudgeContext, exchange: Exchange) -> tuple[Paging, Any] | None:
    """Paging and body of a successful list response."""
    response, operation = exchange.response, context.operation
    if (
        response is None
        or operation is None
        or operation.paging is None
        or not response.ok
        or exchange.request.method == "HEAD"
    ):
        return None
    if response.body.cut or response.body.withheld:
        return None
    return operation.paging, response.json


def odd_cursor(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether a page was asked for with a cursor that is no timestamp. Where the target served it, list.position blames that."""
    paging = context.operation.paging if context.operation else None
    after = asked(exchange, paging.after) if paging else None
    return after is not None and instant(after) is None
