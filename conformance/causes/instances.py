"""The instances of a cause: each wrong value that was accepted, or that got a wrong response.

A server that accepts wrong values of several members has one cause, and each value is one thing to
fix.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.base.text import clean
from conformance.model import Contract, Exchange, Form, Operation, compact
from conformance.reading import asked, sent_members

MOST = 30
"""Maximum number of instances of a cause."""
LONGEST = 80
"""Maximum characters of a value."""


def instances_of(contract: Contract, exchanges: Iterable[Exchange]) -> tuple[str, ...]:
    """The wrong values in some requests, each with the response, such as ``to: accepted "x"``."""
    found: dict[str, None] = {}
    for exchange in exchanges:
        operation = contract.operations.get(exchange.operation)
        if operation is not None and exchange.response is not None and exchange.facts.mistake:
            found.update(dict.fromkeys(_instances(operation, exchange)))
    return tuple(found)[:MOST]


def _instances(operation: Operation, exchange: Exchange) -> Iterator[str]:
    """The wrong values in one request."""
    got = "accepted" if exchange.ok else f"{exchange.status} for"
    for name, value in _wrong_values(operation, exchange):
        yield clean(f"{name}: {got} {value}")


def _wrong_values(operation: Operation, exchange: Exchange) -> Iterator[tuple[str, str]]:
    """The parameters whose values no reading can accept, with these as JSON.

    Also required ones that are null or missing, if that is what the request is about.
    """
    members, form = sent_members(exchange), exchange.facts.form
    for parameter in operation.parameters:
        name = parameter.name
        if parameter.place == "body":
            value, is_sent = members.get(name), name in members
        else:
            value = asked(exchange, name)
            is_sent = value is not None
        if is_sent and (value in parameter.refuse or (form is Form.NULL and value is None)):
            yield name, compact(value, LONGEST)
        elif form is Form.OMITTED and parameter.required and not is_sent:
            yield name, "a request without it"
