"""Judges of requests: valid ones succeed as documented, mistakes are refused for what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import jsonschema_rs

from conformance.checks.envelope import json_fault
from conformance.judging.answers import (
    answered,
    control_gap,
    kept_out,
    odd_cursor,
    refusal,
    refusals,
    role_of,
    said,
    unusable,
)
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.rules import USABLE, every, passive, trial
from conformance.judging.shown import Asked
from conformance.judging.writes import untied
from conformance.model import (
    Clause,
    CodeRole,
    Contract,
    Exchange,
    Form,
    Open,
    Operation,
    Parameter,
    Role,
    Step,
    compact,
)
from conformance.reading import Answer, asked, is_id, is_named, members_of
from conformance.values import NOT_JSON

NEEDS_OBJECT = "an object would have to be known, to make an id that is not one"

Judge = Callable[[JudgeContext, Exchange, tuple[CodeRole, ...]], Outcome]
NAMES_NOTHING = (CodeRole.NOT_FOUND, CodeRole.FORBIDDEN, CodeRole.INVALID_PARAMETER)
"""The roles of the codes that refuse a request which names what does not exist."""


@trial("id.unknown", hint=NEEDS_OBJECT, provide=True, asks=Asked.OBJECT)
def id_unknown(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """An id that names nothing is answered not found."""
    if Open.ABSENT_OBJECT in context.operation.open:
        yield from shown_absent(context, trial, trial.probes, CodeRole.NOT_FOUND)
    else:
        yield from refusals(context, trial, trial.probes, CodeRole.NOT_FOUND)


@trial("id.reference", hint="an object would have to be known, to name one that does not exist")
def id_reference(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A write that names an object which does not exist is refused, or ignores that name."""
    named = trial.at(Step.REFERENCE)
    named += [optional for optional in trial.at(Step.OPTIONAL) if optional.refused]
    gap = control_gap(context, trial) if named else None
    if gap:
        yield gap
        return
    for exchange in named:
        yield kept_out(context, exchange, NAMES_NOTHING)
    yield from untied(context, trial, "no object that does not exist")


def shown_absent(
    context: JudgeContext,
    trial: Trial,
    requests: list[Exchange],
    *roles: CodeRole,
    judge: Judge = refusal,
) -> Iterator[Outcome]:
    """Judge requests that may be refused, or succeed without the object that they ask for."""
    gap = control_gap(context, trial)
    if gap:
        yield gap
        return
    for exchange in requests:
        excuse = unusable(context, exchange)
        if excuse:
            yield excuse
            continue
        answer = Answer(context.contract, context.operation, exchange)
        yield _not_shown(answer) if answer.ok else judge(context, exchange, roles)


def _not_shown(answer: Answer) -> Outcome:
    """Judge a success: it does not show the object that the key cannot reach."""
    name = answer.contract.identifier_of(answer.operation.kind)
    identifier = members_of(answer.object).get(name)
    ids = (answer.exchange.id,)
    if str(identifier) != answer.exchange.facts.sought:
        return Pass(ids)
    expected = "nothing, as the key reaches no such object"
    return Violation(f"/{name}", expected, compact(answer.object), ids)


def _named_by(operation: Operation) -> Parameter | None:
    """The query parameter that names the object to read.

    None where the sources leave open what such a read returns.
    """
    selector = operation.selector
    uncertain = {Open.INPUT, Open.ABSENT_OBJECT} & operation.open
    if operation.action != "read" or uncertain:
        return None
    return selector if selector in operation.parameters_in("query") else None


def _named_in_query(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies where a query parameter names the object to read."""
    return _named_by(operation) is not None


@passive(
    "read.asked",
    applies=_named_in_query,
    hint="Needs a known object to ask for.",
    provide=True,
    asks=Asked.OBJECT,
    rests_on=USABLE,
)
def read_asked(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A read returns the object that was asked for, by the member that named it."""
    answer = Answer(context.contract, context.operation, exchange)
    selector = _named_by(context.operation)
    if selector is None or not answer.ok:
        return
    member = _member_named(context, selector)
    wanted = asked(exchange, selector.name)
    shown = members_of(answer.object).get(member)
    is_own = selector.by is None
    if wanted is None or not is_id(shown) or is_named(wanted, str(shown), is_own=is_own):
        yield Pass((exchange.id,))  # an answer without that member says nothing against it
    else:
        yield Violation(f"/{member}", compact(wanted), compact(shown), (exchange.id,))


def _member_named(context: JudgeContext, selector: Parameter) -> str:
    """The member of the object that a selector holds."""
    if selector.by is not None:
        return selector.by
    if selector.references == context.operation.kind:
        return context.contract.identifier_of(context.operation.kind)
    return selector.name


@trial("parameter.missing")
def parameter_missing(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request without a required parameter is refused as that."""
    yield from refusals(context, trial, trial.of_form(Form.OMITTED), CodeRole.MISSING_PARAMETER)


@trial("parameter.blank")
def parameter_blank(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A required parameter that is null is refused; it may be called missing or invalid."""
    yield from refusals(
        context,
        trial,
        trial.of_form(Form.NULL),
        CodeRole.MISSING_PARAMETER,
        CodeRole.INVALID_PARAMETER,
    )


@trial("parameter.invalid")
def parameter_invalid(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A value that no reading can accept is refused as invalid."""
    yield from refusals(context, trial, trial.probes, CodeRole.INVALID_PARAMETER)


@trial(
    "parameter.unparsable", hint="A value that cannot be parsed must have been refused or ignored."
)
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
    """A body that is no JSON object is refused; either code of a bad request is right."""
    yield from refusals(
        context, trial, trial.probes, CodeRole.INVALID_PARAMETER, CodeRole.MISSING_PARAMETER
    )


INTERNAL_ERROR = 500
REFUSED_FOR_ACCESS = (401, 403)
"""Answers to a valid request that other rules judge."""


def _excused(context: JudgeContext, exchange: Exchange, status: int) -> bool:
    """Whether a valid request may have been refused here."""
    if unusable(context, exchange) or odd_cursor(context, exchange):
        return True
    if role_of(context.contract, exchange) is CodeRole.REFUSAL:
        return True
    return status in _open_refusals(context)


def _open_refusals(context: JudgeContext) -> set[int]:
    """The statuses with which a valid request may be refused, whatever its code."""
    operation = context.operation
    statuses = set(REFUSED_FOR_ACCESS)
    if operation.payment:
        statuses.add(402)
    if Open.INPUT in operation.open:
        statuses |= {400, 404}
    if _needs_phone(context, operation):
        statuses.add(400)
    return statuses


def _needs_phone(context: JudgeContext, operation: Operation) -> bool:
    """Whether a request needs a phone number, and the target file gives none."""
    if context.target.phone_numbers:
        return False
    required = filter(attrgetter("required"), operation.body)
    return any(map(attrgetter("phone"), required))


def _same_status(contract: Contract, operation: Operation, clause: Clause) -> bool:
    return clause.about is None or operation.successes == (clause.about.status,)


def _should_succeed(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether a request must not be answered as it was.

    What only prepares a case, or asks its question, may be refused. Without a mistake it is no
    reason for a server fault.
    """
    if exchange.role in (Role.ARRANGE, Role.PROBE):
        broken = exchange.status == INTERNAL_ERROR and not exchange.facts.mistake
        return broken and not _may_be_triggered(context, exchange)
    return exchange.role is Role.CONTROL


def _may_be_triggered(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether a trigger of the target file makes the operation answer with this status."""
    errors = context.contract.errors
    return exchange.role is Role.PROBE and any(
        trigger.operation == exchange.operation
        and trigger.code in errors
        and errors[trigger.code].status == exchange.status
        for trigger in context.target.triggers
    )


@passive("success.status", applies=_same_status, hint="no request succeeded")
def success_status(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A valid request succeeds, and with the status of its operation."""
    response, operation = exchange.response, context.operation
    if response is None:
        return
    about = str(operation.success)
    ids = (exchange.id,)
    expected = " or ".join(map(str, operation.successes))
    if response.ok:
        if response.status in operation.successes:
            yield Pass(ids, about=about)
        elif response.status in context.contract.statuses:
            yield Violation("status", expected, said(exchange), ids, about=about)
    elif _should_succeed(context, exchange) and not _excused(context, exchange, response.status):
        expected = f"{expected} for a valid request"
        yield Violation("status", expected, said(exchange), ids, about=about)


@passive("success.label", applies=every, hint="no request succeeded")
def success_label(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The body of a success is JSON and labelled so."""
    response = exchange.response
    if response is None or not response.ok or exchange.request.method == "HEAD":
        return
    if response.body.withheld or response.body.cut or not response.body.size:
        return
    fault = json_fault(response)
    yield Violation(*fault, (exchange.id,)) if fault else Pass((exchange.id,))


@passive(
    "success.shape",
    applies=every,
    hint="no request succeeded",
    rests_on=("success.status", "list.more-flag"),
)
def success_shape(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The body of a success is JSON with the documented members and types."""
    response = exchange.response
    if response is None or not response.ok or exchange.request.method == "HEAD":
        return
    if response.body.withheld:
        return
    answer = answered(context, exchange)
    if isinstance(answer, Answered):
        yield from _shape(context.operation, answer)
    else:
        yield answer


def _shape(operation: Operation, answer: Answered) -> Iterator[Outcome]:
    """Judge the body of a success by the schema of its operation."""
    body = answer.response.json
    if body is NOT_JSON:
        yield _no_json(operation, answer)
        return
    if _lacks_flag(operation, body):
        return  # list.more-flag judges it
    if _valid(operation, body):
        yield Pass(answer.ids)
        return
    error = _best_error(operation, body)
    if error is not None:
        where = "/" + "/".join(map(str, error.absolute_path))
        expected = compact({error.validator: error.validator_value})
        yield Violation(where, expected, error.message[:200], answer.ids)


def _no_json(operation: Operation, answer: Answered) -> Outcome:
    """Judge a body that is no JSON: where no source shows a body there may be none."""
    nothing_shown = not operation.schema.get("type")
    if nothing_shown and answer.response.body.text == "":
        return Pass(answer.ids)
    return Violation("/", "a JSON value", said(answer.exchange), answer.ids)


def _best_error(operation: Operation, body: Any) -> Any:
    """What is most wrong with a body, in words; None if nothing is."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import
    from jsonschema.exceptions import best_match  # noqa: PLC0415 - the same

    return best_match(Draft202012Validator(operation.schema).iter_errors(body))


def _lacks_flag(operation: Operation, body: Any) -> bool:
    """Whether a list does not say whether more follows."""
    if operation.paging is None or not isinstance(body, dict):
        return False
    return not isinstance(body.get(operation.paging.more), bool)


_VALIDATORS: dict[str, tuple[Operation, jsonschema_rs.Validator]] = {}
"""The fast validator of each operation; jsonschema finds the words for what it refuses."""


def _valid(operation: Operation, value: Any) -> bool:
    """Whether a body obeys the schema of its operation."""
    known = _VALIDATORS.get(operation.id)
    if known is None or known[0] is not operation:
        known = operation, jsonschema_rs.validator_for(dict(operation.schema))
        _VALIDATORS[operation.id] = known
    try:
        return bool(known[1].is_valid(value))
    except (ValueError, RecursionError):  # only Python holds the value, such as a lone surrogate
        return _best_error(operation, value) is None
