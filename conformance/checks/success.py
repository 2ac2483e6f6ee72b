"""Judges of successes: status, members, and that what was created or changed is so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from conformance.checks.base import (
    JudgeContext,
    Outcome,
    Pass,
    Violation,
    every,
    passive,
    role_of,
    said,
    unusable,
)
from conformance.checks.lists import odd_cursor
from conformance.model import Clause, Contract, Exchange, Open, Operation, compact
from conformance.values import NOT_JSON

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
        exchange.role == "control"
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
    error = best_match(Draft202012Validator(operation.schema).iter_errors(response.json))
    if error is not None:
        where = "/" + "/".join(str(step) for step in error.absolute_path)
        yield Violation(
            where,
            compact({error.validator: error.validator_value}),
            error.message[:200],
            (exchange.id,),
        )
