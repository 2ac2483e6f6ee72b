"""Judges of what a request asks wrongly: unknown ids, missing, invalid and unparsable parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs

from conformance.judging.answers import (
    control_gap,
    odd_cursor,
    refusal,
    refusals,
    role_of,
    said,
    unusable,
)
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.rules import every, passive, trial
from conformance.model import (
    Clause,
    Contract,
    Exchange,
    Form,
    Open,
    Operation,
    Parameter,
    Role,
    compact,
)
from conformance.reading import asked, object_of
from conformance.values import NOT_JSON

Judge = Callable[[JudgeContext, Exchange, tuple[str, ...]], Outcome]


@trial("id.unknown", hint="an object would have to be known, to make an id that is not one")
def id_unknown(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """An id that names nothing is answered not found."""
    if Open.ABSENT_OBJECT in context.operation.open:
        yield from shown_absent(context, trial, trial.probes, "not_found")
    else:
        yield from refusals(context, trial, trial.probes, "not_found")


def shown_absent(
    context: JudgeContext, trial: Trial, probes: list[Exchange], *roles: str, judge: Judge = refusal
) -> Iterator[Outcome]:
    """Judge probes that may be refused, or answered as a success that does not show what was asked for."""
    gap = control_gap(context, trial)
    if gap:
        yield gap
        return
    for probe in probes:
        excuse = unusable(context, probe)
        if excuse or probe.response is None:
            yield excuse or Pass(())
        elif not probe.response.ok:
            yield judge(context, probe, roles)
        else:
            yield _not_shown(context, probe, probe.response.json)


def _not_shown(context: JudgeContext, probe: Exchange, body: Any) -> Outcome:
    shown = object_of(context.contract, context.operation, body)
    name = context.contract.identifier_of(context.operation.kind)
    sought = probe.facts.sought
    if sought is not None and isinstance(shown, dict) and str(shown.get(name)) == sought:
        return Violation(
            f"/{name}", "nothing, as the key reaches no such object", compact(shown), (probe.id,)
        )
    return Pass((probe.id,))


def _named_by(operation: Operation) -> Parameter | None:
    """What names the one object that is read, in the query; None where the sources leave open what may come."""
    selector = operation.selector
    if operation.action != "read" or selector is None or selector.place != "query":
        return None
    return (
        None if Open.INPUT in operation.open or Open.ABSENT_OBJECT in operation.open else selector
    )


def _named_in_query(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies where one object is read by what names it in the query."""
    return _named_by(operation) is not None


@passive(
    "read.asked", applies=_named_in_query, hint="an object would have to be known, to be asked for"
)
def read_asked(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """What is read is what was asked for, by the member that named it."""
    operation, response = context.operation, exchange.response
    assert operation is not None
    selector = _named_by(operation)
    if selector is None or response is None or not response.ok:
        return
    wanted, shown = (
        asked(exchange, selector.name),
        object_of(context.contract, operation, response.json),
    )
    own = selector.references == operation.kind
    member = selector.by or (
        context.contract.identifier_of(operation.kind) if own else selector.name
    )
    told = shown.get(member) if isinstance(shown, dict) else None
    if wanted is None or not isinstance(told, str | int) or isinstance(told, bool):
        yield Pass((exchange.id,))  # an answer without that member tells nothing against it
    elif _plain(str(told)) == _plain(wanted):
        yield Pass((exchange.id,))
    else:
        yield Violation(f"/{member}", compact(wanted), compact(told), (exchange.id,))


def _plain(text: str) -> str:
    """A name without the signs and the case that a server may write otherwise."""
    return re.sub(r"[\W_]", "", text).casefold()


@trial("parameter.missing")
def parameter_missing(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request without a required parameter is refused as that."""
    yield from refusals(context, trial, trial.of_form(Form.OMITTED), "missing_parameter")


@trial("parameter.blank")
def parameter_blank(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A required parameter that is null is refused; it may be called missing or invalid."""
    yield from refusals(
        context, trial, trial.of_form(Form.NULL), "missing_parameter", "invalid_parameter"
    )


@trial("parameter.invalid")
def parameter_invalid(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A value that no reading can accept is refused as invalid."""
    yield from refusals(context, trial, trial.probes, "invalid_parameter")


@trial(
    "parameter.unparsable", hint="a value that cannot be parsed would have to be refused or ignored"
)
def parameter_unparsable(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A value that cannot be parsed is refused as invalid, or ignored."""
    gap = control_gap(context, trial)
    if gap:
        yield gap
        return
    for probe in trial.probes:
        excuse = unusable(context, probe)
        if excuse:
            yield excuse
        elif probe.response is not None and probe.response.ok:
            yield Pass((probe.id,))
        elif (
            probe.response is not None and probe.response.status < 500
        ):  # status.client-mistake blames the rest
            yield refusal(context, probe, ("invalid_parameter",))


@trial("body.broken")
def body_broken(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A body that is no JSON object is refused; either code of a bad request is right."""
    yield from refusals(context, trial, trial.probes, "invalid_parameter", "missing_parameter")


REFUSED_FOR_ACCESS = (401, 403)
"""Answers to a valid request that other rules judge."""


def _excused(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether a valid request may well have been refused here."""
    role = role_of(context.contract, exchange)
    operation = context.operation
    assert operation is not None
    if unusable(context, exchange) or role == "refusal" or odd_cursor(context, exchange):
        return True
    assert exchange.response is not None
    if operation.payment and exchange.response.status == 402:
        return True
    if Open.INPUT in operation.open and exchange.response.status in (400, 404):
        return True
    phones = any(p.phone for p in operation.body if p.required)
    return phones and not context.target.phone_numbers and exchange.response.status == 400


def _same_status(contract: Contract, operation: Operation, clause: Clause) -> bool:
    return clause.about is None or operation.successes == (clause.about.status,)


@passive("success.status", applies=_same_status, hint="no request succeeded")
def success_status(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A valid request succeeds, and with the status of its operation."""
    response, operation = exchange.response, context.operation
    assert operation is not None
    if response is None:
        return
    about = str(operation.success)
    expected = " or ".join(map(str, operation.successes))
    if response.ok and response.status in context.contract.statuses:
        if response.status in operation.successes:
            yield Pass((exchange.id,), about=about)
        else:
            yield Violation("status", expected, said(exchange), (exchange.id,), about=about)
    elif (
        exchange.role is Role.CONTROL
        and response.status not in REFUSED_FOR_ACCESS
        and not _excused(context, exchange)
        and not response.ok
    ):
        yield Violation(
            "status", f"{expected} for a valid request", said(exchange), (exchange.id,), about=about
        )


_VALIDATORS: dict[int, tuple[Operation, jsonschema_rs.Validator]] = {}


def _valid(operation: Operation, value: Any) -> bool:
    """Whether a body obeys the schema of its operation; the fast validator, the other one finds the words."""
    if id(operation) not in _VALIDATORS:
        _VALIDATORS[id(operation)] = operation, jsonschema_rs.validator_for(dict(operation.schema))
    try:
        return bool(_VALIDATORS[id(operation)][1].is_valid(value))
    except (
        ValueError,
        RecursionError,
    ):  # a value that only Python can hold, such as a lone surrogate
        from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import

        return Draft202012Validator(operation.schema).is_valid(value)


@passive("success.shape", applies=every, hint="no request succeeded")
def success_shape(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The body of a success is JSON with the documented members and types."""
    response, operation = exchange.response, context.operation
    assert operation is not None
    if (
        response is None
        or not response.ok
        or response.body.withheld
        or exchange.request.method == "HEAD"
    ):
        return
    if response.body.cut:
        yield unusable(context, exchange) or Pass(())
        return
    if response.json is NOT_JSON:
        if response.body.text != "" or operation.schema.get("type"):
            yield Violation("/", "a JSON value", said(exchange), (exchange.id,))
        else:
            yield Pass((exchange.id,))  # where no source shows a body there may be none
        return
    if (
        operation.paging
        and isinstance(response.json, dict)
        and not isinstance(response.json.get(operation.paging.more), bool)
    ):
        return  # list.more-flag judges it
    if _valid(operation, response.json):
        yield Pass((exchange.id,))
        return
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    error = best_match(Draft202012Validator(operation.schema).iter_errors(response.json))
    if error is not None:
        where = "/" + "/".join(str(step) for step in error.absolute_path)
        yield Violation(
            where,
            compact({error.validator: error.validator_value}),
            error.message[:200],
            (exchange.id,),
        )
