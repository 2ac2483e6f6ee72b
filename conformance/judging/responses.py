"""Questions common to most judges: what the response is, and whether it was rightly a refusal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conformance.base.values import ABSENT, NOT_JSON, as_text, instant, pointed
from conformance.judging.capabilities import Asked
from conformance.judging.inputs import roles_of_refusal
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
from conformance.model import (
    KEY_ROLES,
    LEFT_OUT,
    UNAVAILABLE,
    CodeRole,
    Contract,
    ErrorCode,
    Exchange,
    Paging,
    ReasonKind,
    Response,
    Step,
    compact,
)
from conformance.reading import query_value

LONGEST_RENDERED = 50_000
"""The most characters of a body that is shown as JSON. Of a longer body the start is quoted."""

SUMMARY_LENGTH = 160
"""The most characters that findings quote of a body that is not JSON."""

MORE_ADDRESSES = "run again later, or provide more local addresses (addresses: in the target file)"
"""What helps where an operation has a limit of its own for each address."""


def answered(context: JudgeContext, exchange: Exchange) -> Answered | Gap | JudgeError:
    """An exchange with its response, or why it proves nothing about its operation."""
    excuse = unusable(context, exchange)
    if excuse is not None:
        return excuse
    assert exchange.response is not None  # else it is unusable
    return Answered(exchange, exchange.response)


def code_of(contract: Contract, exchange: Exchange) -> str | None:
    """The error code of a response; None if there is no text at the place of the code."""
    return as_text(pointed(exchange.json, contract.code_pointer))


def role_of(contract: Contract, exchange: Exchange) -> CodeRole | None:
    """The role of the error code of a response; None without a registered code."""
    code = contract.errors.get(code_of(contract, exchange) or "")
    return code.role if code else None


def lets_in(contract: Contract, exchange: Exchange) -> bool:
    """Whether a response shows that a key was accepted: a success, or a refusal for another reason.

    Redirects, server failures and refusals without a registered code show nothing about a key.
    """
    if exchange.ok:
        return True
    if exchange.status is None or exchange.status >= 500:
        return False
    return role_of(contract, exchange) is not None


def pointer(path: tuple[str, ...]) -> str:
    """A JSON pointer as text."""
    return "/" + "/".join(path)


def ids_of(exchanges: Iterable[Exchange]) -> tuple[str, ...]:
    """The ids of some exchanges, in their order, as outcomes name them."""
    return tuple(exchange.id for exchange in exchanges)


def quoted(value: Any) -> str:
    """A member of a body as findings show it; ``nothing`` for ABSENT."""
    return "nothing" if value is ABSENT else compact(value)


def quote(exchange: Exchange) -> str:
    """The response in a few words: the status and the start of the body."""
    response = exchange.response
    if response is None:
        return f"no response ({exchange.failure})"
    if response.body.withheld:
        return f"{response.status}, body withheld"
    return f"{response.status} {_summary(response)}".strip()


def _summary(response: Response) -> str:
    """The start of a body on one line."""
    text = response.body.text
    if text is None:
        return f"{response.body.size} bytes that are not UTF-8"
    if len(text) <= LONGEST_RENDERED and response.json is not NOT_JSON:
        return compact(response.json)
    return " ".join(text[:LONGEST_RENDERED].split())[:SUMMARY_LENGTH]


def unusable(context: JudgeContext, exchange: Exchange) -> Gap | JudgeError | None:
    """Why an exchange proves nothing about its operation; None if it can be judged."""
    response, ids = exchange.response, (exchange.id,)
    if response is None:
        return JudgeError(f"no response: {exchange.failure}", ids)
    unread = _unread(response, ids)
    if unread is not None:
        return unread
    if response.status == 429:
        operation = context.contract.operations.get(exchange.operation)
        per_address = operation is not None and operation.rate is not None
        advice = (
            MORE_ADDRESSES if per_address else "run again later, or set rate: in the target file"
        )
        return Gap(f"the target kept returning 429: {advice}")
    if response.status in UNAVAILABLE and code_of(context.contract, exchange) is None:
        reason = f"something between the suite and the target returned {response.status}"
        return JudgeError(reason, ids)
    if response.status >= 500 and role_of(context.contract, exchange) is CodeRole.UPSTREAM:
        return Gap("a provider of the target was failing: run again later")
    return None


def _unread(response: Response, ids: tuple[str, ...]) -> Gap | JudgeError | None:
    """Why a response that is incomplete or not stored cannot be judged; None if it can.

    Only more room for the log is something that a person can provide.
    """
    if response.body.cut:
        reason = "the body of the response exceeded the limits of size or time of the suite"
        return JudgeError(reason, ids)
    if response.why_unjudgeable is None:
        return None
    can_give = response.why_unjudgeable == LEFT_OUT
    return Gap(response.why_unjudgeable, ReasonKind.PROVIDE if can_give else ReasonKind.OWN_LIMIT)


def control_gap(
    context: JudgeContext, trial: Trial, step: Step | None = None
) -> Gap | JudgeError | None:
    """Why the refusals of a trial prove nothing: a control did not succeed. None if all did.

    The controls are those of the trial, or the exchanges of a step.
    """
    controls = trial.controls if step is None else trial.at(step)
    if not controls:
        reason = "no control request was sent, because the target shows no object for it"
        return Gap(reason, asks=Asked.OBJECT)
    for control in controls:
        answer = answered(context, control)
        if not isinstance(answer, Answered):
            return answer
        if not answer.ok:
            failed = f"the control request {control.id} returned {answer.status}"
            return _failed_control(failed, answer.status)
    return None


def _failed_control(failed: str, status: int) -> Gap:
    """The gap of a trial whose control failed with a status, so that refusals prove nothing.

    ``failed`` says which control that was. A person can help only where its key was not accepted.
    """
    if status in (401, 403):
        return Gap(f"{failed}: give a key that may do this, or declare the operation inapplicable")
    return Gap(f"{failed}, so a refusal proves nothing", ReasonKind.OWN_LIMIT)


def refusals(
    context: JudgeContext,
    trial: Trial,
    probes: list[Exchange],
    *roles: CodeRole,
    statuses: tuple[int, ...] = (),
) -> Iterator[Outcome]:
    """Judge probes of a trial as refusals for one of some roles, if the controls succeeded.

    The first role is the one that the clause names. A refusal with one of ``statuses`` is right
    whatever its code. So is a refusal of the input, if no control had the same input. A probe that
    may have spoiled the controls is judged even if they failed. Where the main key lacks the scope
    there is no control. Then a success is wrong, a refusal with a right code is right, and other
    refusals prove nothing.
    """
    if not probes:
        return
    if not context.target.opens(context.operation):
        for probe in probes:
            yield _without_control(refusal(context, probe, roles, statuses), probe)
        return
    gap = control_gap(context, trial)
    for probe in probes:
        if gap is None or spoils(trial, probe):
            right_roles = roles_of_refusal(context, trial, probe, roles)
            yield refusal(context, probe, right_roles, statuses)
    if gap:
        yield gap


def spoils(trial: Trial, probe: Exchange) -> bool:
    """Whether a probe was accepted before the first control, which may fail for that reason.

    The probe may have deleted what the control works on, or taken its name.
    """
    exchanges, controls = trial.exchanges, trial.controls
    if not probe.ok or not controls:
        return False
    return exchanges.index(probe) < exchanges.index(controls[0])


def _without_control(outcome: Outcome, probe: Exchange) -> Outcome:
    """The outcome of a refusal that no control confirms: a wrong refusal leaves a gap only.

    A success stays a violation.
    """
    if isinstance(outcome, Violation) and not probe.ok:
        return Gap(f"a refusal with {probe.status} proves nothing: {KEY_ROLES['full'].advice}")
    return outcome


def kept_out(context: JudgeContext, probe: Exchange, roles: tuple[CodeRole, ...]) -> Outcome:
    """Judge that a probe was refused with the status or with the code of one of the roles.

    Whether both are right is for other rules. A probe with neither is judged by ``refusal``.
    """
    answer = answered(context, probe)
    if not isinstance(answer, Answered):
        return answer
    has_status = answer.status in {row.status for row in _rows(context.contract, roles)}
    has_code = role_of(context.contract, probe) in roles
    if has_status or has_code:
        return Pass(answer.ids, without_code=code_of(context.contract, probe) is None)
    return refusal(context, probe, roles)


def refusal(
    context: JudgeContext,
    probe: Exchange,
    roles: tuple[CodeRole, ...],
    statuses: tuple[int, ...] = (),
) -> Outcome:
    """Judge one refusal: it has the status and the code of one of the roles.

    It may lack a code, which other rules blame. A refusal with a status that no role has, but that
    is among ``statuses``, is right whatever its code.
    """
    answer = answered(context, probe)
    if not isinstance(answer, Answered):
        return answer
    rows = _rows(context.contract, roles)
    codes = {row.code for row in rows if row.status == answer.status}
    if not codes and answer.status in statuses:
        return Pass(answer.ids)
    expected = " or ".join(f"{row.status} {row.code}" for row in rows)
    if not codes:
        return Violation("status", expected, quote(probe), answer.ids)
    code = code_of(context.contract, probe)
    if code is None or code in codes:
        return Pass(answer.ids, without_code=code is None)
    where = pointer(context.contract.code_pointer)
    return Violation(where, expected, quote(probe), answer.ids)


def _rows(contract: Contract, roles: tuple[CodeRole, ...]) -> list[ErrorCode]:
    """The rows of the registry that have one of some roles."""
    return [row for row in contract.errors.values() if row.role in roles]


def page_of(context: JudgeContext, exchange: Exchange) -> tuple[Paging, Any] | None:
    """Paging and body of an accepted list; None for anything else, and for a body not stored."""
    paging = context.operation.paging
    response = with_body(exchange) if paging and exchange.ok else None
    if paging is None or response is None:
        return None
    return paging, response.json


def with_body(exchange: Exchange) -> Response | None:
    """The response of an exchange whose body can be judged.

    None for a response to HEAD, and where the log does not hold the whole body.
    """
    response = exchange.response
    if response is None or exchange.request.method == "HEAD":
        return None
    if response.body.cut or response.body.withheld or response.why_unjudgeable:
        return None
    return response


def odd_cursor(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether a page was requested with a cursor that is not a timestamp.

    If the target itself served that cursor, the rule list.position blames it.
    """
    paging = context.operation.paging
    after = query_value(exchange, paging.after) if paging else None
    return after is not None and instant(after) is None
