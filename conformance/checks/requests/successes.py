"""Judges of successes: valid requests succeed, with the documented status and body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import jsonschema_rs

from conformance.base.values import NOT_JSON, http_date, instant, instants
from conformance.checks.envelope import json_fault, repeated_names
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Violation
from conformance.judging.responses import answered, odd_cursor, quote, role_of, unusable, with_body
from conformance.judging.rules import every, passive
from conformance.model import (
    Clause,
    CodeRole,
    Contract,
    Exchange,
    Open,
    Operation,
    Response,
    Role,
    Step,
    compact,
)
from conformance.reading import answer_to, members_of

OK, INTERNAL_ERROR = 200, 500
AT_ONCE = Fraction(1, 100)
"""The most seconds between the two times of a new object."""
SECOND = 1
"""The most seconds that the header Date leaves out."""
REFUSED_FOR_ACCESS = (401, 403)
"""Statuses of refusals of a valid request that other rules judge."""


def _excused(context: JudgeContext, exchange: Exchange, status: int) -> bool:
    """Whether a valid request may get this response, which is not a success.

    It may if the response proves nothing about the operation, or if the cursor is not a timestamp.
    So may a refusal whose code is for what is valid but not allowed, and one with a status that the
    contract leaves open or that other rules judge.
    """
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
    return any(member.required and member.phone for member in operation.body)


def _same_status(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies where the status that the clause is about, if any, is the only one of a success."""
    if clause.about is None:
        return True
    return operation.successes == (clause.about.status,)


def _should_succeed(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether a response to a request breaks the contract if it is not a success.

    For a control it always does. For a probe or a preparation, only an internal server error does,
    unless the request has a mistake or a trigger causes the error.
    """
    if exchange.role in (Role.ARRANGE, Role.PROBE):
        is_fault = exchange.status == INTERNAL_ERROR and not exchange.facts.mistake
        return is_fault and not _may_be_triggered(context, exchange)
    return exchange.role is Role.CONTROL


def _may_be_triggered(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether a trigger of the target file makes the operation return this status."""
    if exchange.role is not Role.PROBE:
        return False
    for each in context.target.triggers:
        row = context.contract.errors.get(each.code)
        if each.operation == exchange.operation and row and row.status == exchange.status:
            return True
    return False


@passive(
    "success.status",
    applies=_same_status,
    hint="No request succeeded.",
    rests_on=("status.listed",),
)
def success_status(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A valid request succeeds, and with the status of its operation."""
    response = exchange.response
    if response is None:
        return
    if response.ok:
        yield from _judge_success(context, exchange, response)
    elif _should_succeed(context, exchange) and not _excused(context, exchange, response.status):
        yield _wrong_status(
            context, exchange, f"{_successes(context.operation)} for a valid request"
        )


def _judge_success(
    context: JudgeContext, exchange: Exchange, response: Response
) -> Iterator[Outcome]:
    """Judge the status of a success; a body that reports an error must not have one."""
    operation = context.operation
    if _reports_error(context, exchange):
        expected = "the status of an error, because the body reports one"
        yield _wrong_status(context, exchange, expected)
    elif response.status in operation.successes:
        yield Pass((exchange.id,), about=str(operation.success))
    elif response.status == OK and _may_be_older(context, exchange):
        return  # nothing was created
    elif response.status in context.contract.statuses:  # status.listed judges any other
        yield _wrong_status(context, exchange, _successes(operation))


def _successes(operation: Operation) -> str:
    """The statuses of an operation's successes, in words."""
    return " or ".join(str(status) for status in operation.successes)


def _wrong_status(context: JudgeContext, exchange: Exchange, expected: str) -> Violation:
    about = str(context.operation.success)
    return Violation("status", expected, quote(exchange), (exchange.id,), about=about)


def _reports_error(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether the body of a success reports that a creation, a change or a deletion failed.

    Then it has the member of the error structure, and no id of an object. Tests and replays may
    succeed and report that something else failed. Other rules judge requests that must be refused.
    """
    if exchange.role is Role.PROBE and exchange.facts.mistake:
        return False
    operation, member = context.operation, context.contract.code_pointer[0]
    if operation.action not in ("create", "update", "delete"):
        return False
    if member in operation.schema.get("properties", {}):  # a success may show it, too
        return False
    answer = answer_to(context.contract, operation, exchange)
    return bool(members_of(answer.body).get(member)) and answer.id is None


def _other_times(context: JudgeContext, shown: Mapping[str, Any]) -> list[Fraction]:
    """The other times of an object by which its list can be bounded, such as the last change."""
    listing = context.contract.list_of(context.operation.kind)
    if listing is None:
        return []
    members = {bound.filters for bound in listing.filters if bound.compare}
    members.discard(context.contract.position)
    return instants(shown.get(member) for member in members)


def _may_be_older(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether the object that a creation returns may be older: a server may merge equal objects.

    It is older if its time of change is later than that of its creation, or if the latter is before
    the request by the clock of the target. It may be older if the request repeats another one,
    belongs to a sequence, or has a mistake and a name that another request may have had.
    """
    if exchange.facts.step in (Step.REPEATED, Step.SEQUENCE):
        return True
    is_bystander = exchange.role is Role.BYSTANDER
    if is_bystander and exchange.facts.mistake and context.operation.naming_header is not None:
        return True
    shown = members_of(answer_to(context.contract, context.operation, exchange).object)
    created = instant(shown.get(context.contract.position))
    if created is None:
        return False
    if any(later - created > AT_ONCE for later in _other_times(context, shown)):
        return True
    now = http_date(exchange.response.header("Date")) if exchange.response else None
    if now is None:
        return False
    return created < now.timestamp() - exchange.elapsed_ms / 1000 - SECOND


@passive("success.label", applies=every, hint="No request succeeded.")
def success_label(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The body of a success, if it has one, is JSON and labelled as JSON."""
    response = with_body(exchange) if exchange.ok else None
    if response is None:
        return
    fault = json_fault(response) if response.body.size else None
    yield Violation(*fault, (exchange.id,)) if fault else Pass((exchange.id,))
    yield from repeated_names(response, exchange)


@passive(
    "success.shape",
    applies=every,
    hint="No request succeeded.",
    rests_on=("success.status", "list.more-flag"),
)
def success_shape(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The body of a success is JSON with the documented members and types."""
    response = exchange.response
    if response is None or not response.ok:
        return
    if response.body.withheld or exchange.request.method == "HEAD":
        return
    answer = answered(context, exchange)
    if isinstance(answer, Answered):
        yield from _judge_shape(context.operation, answer)
    else:
        yield answer


def _judge_shape(operation: Operation, answer: Answered) -> Iterator[Outcome]:
    """Judge the body of a success by the schema of its operation.

    A violation reports only one error of the schema: the one that explains most.
    """
    body = answer.response.json
    if body is NOT_JSON:
        yield _judge_no_json(operation, answer)
        return
    if _lacks_flag(operation, body):
        return  # list.more-flag judges it
    if _obeys_schema_of(operation, body):
        yield Pass(answer.ids)
        return
    error = _best_error(operation.schema, body)
    if error is not None:
        where = "/" + "/".join(str(name) for name in error.absolute_path)
        expected = compact({error.validator: error.validator_value})
        yield Violation(where, expected, error.message[:200], answer.ids)


Documented = Mapping[str, tuple[dict[str, Any], jsonschema_rs.Validator]]
"""By member: a schema that states only its type, and the fast validator of that schema."""


@passive("success.members", hint="No response to a write showed its object.")
def success_members(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The object in the response to a write has the types that reads and lists document."""
    operation = context.operation
    if operation.action not in ("create", "update") or with_body(exchange) is None:
        return
    answer = answer_to(context.contract, operation, exchange)
    if not answer.ok or answer.id is None:
        return
    for name, (schema, validator) in _documented(context.contract, operation.kind).items():
        value = members_of(answer.object).get(name)
        if value is None or _obeys(validator, schema, value):  # a member may be left out
            continue
        error = _best_error(schema, value)
        if error is not None:
            expected = compact({"type": schema["type"]})
            yield Violation(f"/{name}", expected, error.message[:200], (exchange.id,))
            return
    yield Pass((exchange.id,))


def _documented(contract: Contract, kind: str) -> Documented:
    """The members of a kind whose type a read or a list documents; see ``Documented``.

    Computed once for each kind of a contract.
    """
    known_contract, documented = _DOCUMENTED.get(kind, (None, {}))
    if known_contract is contract:
        return documented
    members: dict[str, Any] = {}
    for operation in contract.operations_by("read", kind):
        members |= operation.schema.get("properties", {})
    listing = contract.list_of(kind)
    if listing is not None and listing.paging is not None:
        collection = listing.paging.collection or listing.paging.usual
        listed = listing.schema.get("properties", {}).get(collection, {})
        members |= listed.get("items", {}).get("properties", {})
    typed = {name: {"type": each["type"]} for name, each in members.items() if "type" in each}
    documented = {
        name: (schema, jsonschema_rs.validator_for(schema)) for name, schema in typed.items()
    }
    _DOCUMENTED[kind] = contract, documented
    return documented


_DOCUMENTED: dict[str, tuple[Contract, Documented]] = {}
"""The documented members of each kind, for the contract that was used last."""


def _judge_no_json(operation: Operation, answer: Answered) -> Outcome:
    """Judge a body that is not JSON. It may be empty where no source shows a body."""
    nothing_shown = not operation.schema.get("type")
    if nothing_shown and answer.response.body.text == "":
        return Pass(answer.ids)
    return Violation("/", "a JSON value", quote(answer.exchange), answer.ids)


def _best_error(schema: Mapping[str, Any], body: Any) -> Any:
    """The most important schema error of a body; None if there is none."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import
    from jsonschema.exceptions import best_match  # noqa: PLC0415 - the same

    return best_match(Draft202012Validator(schema).iter_errors(body))


def _lacks_flag(operation: Operation, body: Any) -> bool:
    """Whether a list does not say whether more follows."""
    if operation.paging is None:
        return False
    if not isinstance(body, dict):
        return False
    return not isinstance(body.get(operation.paging.more), bool)


_VALIDATORS: dict[str, tuple[Operation, jsonschema_rs.Validator]] = {}
"""The fast validator of each operation. jsonschema words the errors of what it rejects."""


def _obeys_schema_of(operation: Operation, body: Any) -> bool:
    """Whether a body obeys the schema of its operation, whose fast validator is made once."""
    known_operation, validator = _VALIDATORS.get(operation.id, (None, None))
    if validator is None or known_operation is not operation:
        validator = jsonschema_rs.validator_for(dict(operation.schema))
        _VALIDATORS[operation.id] = operation, validator
    return _obeys(validator, operation.schema, body)


def _obeys(validator: jsonschema_rs.Validator, schema: Mapping[str, Any], value: Any) -> bool:
    """Whether a value obeys a schema; ``validator`` is the fast one for the schema.

    The slow one decides about a value that the fast one cannot read.
    """
    try:
        return bool(validator.is_valid(value))
    except (ValueError, RecursionError):  # such as a text with a lone surrogate
        return _best_error(schema, value) is None
