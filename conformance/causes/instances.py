"""The instances of a cause: each wrong value that was accepted, or that got a wrong response.

A server that accepts wrong values of several members has one cause, and each value is one thing to
fix.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conformance.base.text import clean
from conformance.base.values import ABSENT
from conformance.causes.finding_key import is_fault
from conformance.model import Contract, Exchange, Form, Operation, Parameter, compact
from conformance.model.mistake_names import HUGE_VALUE, ODD_VALUE, oddity_of
from conformance.model.placeholder import Placeholder
from conformance.reading import query_value, sent_members

MOST = 30
"""Maximum number of instances of a cause."""
LONGEST = 80
"""Maximum characters of a value."""


def instances_of(contract: Contract, exchanges: Iterable[Exchange]) -> tuple[str, ...]:
    """The distinct wrong values in some requests, each with the response.

    Such as ``to: accepted "x"`` or ``to: 500 for "x"``.
    """
    found: dict[str, None] = {}
    for exchange in exchanges:
        operation = contract.operations.get(exchange.operation)
        if operation is not None and exchange.response is not None and exchange.facts.mistake:
            found.update(dict.fromkeys(_instances(operation, exchange)))
    return tuple(found)[:MOST]


def _instances(operation: Operation, exchange: Exchange) -> Iterator[str]:
    """The wrong values in one request, and its key if that is an altered one."""
    got = "accepted" if exchange.ok else f"{exchange.status} for"
    for parameter, value in [*wrong_values(operation, exchange), *_odd(operation, exchange)]:
        what = "a request without it" if value is ABSENT else compact(value, LONGEST)
        yield clean(f"{parameter.name}: {got} {what}")
    key = Placeholder.of_identity(exchange.identity or "")
    if key.suffix:
        yield clean(f"{got} the key {key.name}, altered: {key.suffix}")


def _odd(operation: Operation, exchange: Exchange) -> Iterator[tuple[Parameter, Any]]:
    """The parameter with an odd value on which the server fails, and the value; at most one."""
    if not is_fault(exchange.status or 0):
        return
    oddity = oddity_of(exchange)
    for beginning in (ODD_VALUE, HUGE_VALUE):
        name = oddity.removeprefix(beginning)
        parameter = operation.parameter(name) if oddity.startswith(beginning) else None
        if parameter is not None:
            sent = sent_members(exchange).get(name)
            value = sent if parameter.place == "body" else query_value(exchange, name)
            if value is not None:
                yield parameter, value


def wrong_values(operation: Operation, exchange: Exchange) -> Iterator[tuple[Parameter, Any]]:
    """The parameters of a request with a value that must be refused, each with this value.

    If the request is about null or omitted values, these are wrong, too. A required parameter that
    is missing has the value ABSENT.
    """
    members, form = sent_members(exchange), exchange.facts.form
    for parameter in operation.parameters:
        value = members.get(parameter.name, ABSENT)
        if parameter.place != "body":
            text = query_value(exchange, parameter.name)
            value = ABSENT if text is None else text
        is_null = form is Form.NULL and value is None
        is_missing = form is Form.OMITTED and value is ABSENT and parameter.required
        if value in parameter.refuse or is_null or is_missing:
            yield parameter, value
