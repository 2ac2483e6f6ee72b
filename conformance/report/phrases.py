"""How reports describe a request: the key that it was sent with, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.causes.finding_key import FILTERED
from conformance.model import WHOLE_API, Cause, Exchange, Form, Run, mistake_of

KEYED: Mapping[Form | None, str] = {
    None: "with the key {}",
    Form.MISPLACED: "with the key {} in the query",
    Form.SCHEME: "with the key {} after another scheme",
    Form.UNKNOWN: "with the invented key {}",
}
"""How reports describe the key of a request, by what is wrong with the key or its place."""
KEYLESS: Mapping[Form | None, str] = {
    None: "without a key",
    Form.SCHEME: "with a header that contains no key",
    Form.UNKNOWN: "with a text that is no key",
    Form.SPELLED: "without a key, using another spelling of the path",
}
"""How reports describe a request without a key, by what is wrong with it."""
OF_KEYS = frozenset(Form) - {Form.OMITTED, Form.NULL, Form.INVENTED}
"""The forms that concern a key or where it is sent."""


def with_key(exchange: Exchange) -> str:
    """The key that a request was sent with, and where, if it was not in the usual place.

    For a request that counts towards a rate limit, also the address that it came from.
    """
    key, address = exchange.identity or "", exchange.facts.address
    phrases = KEYED if key else KEYLESS
    template = phrases.get(exchange.facts.form, phrases[None])
    phrase = template.format(key.removeprefix("unknown:").replace("~", ", altered: "))
    return f"{phrase} from {address}" if address else phrase


def mistake(cause: Cause, exchange: Exchange | None) -> str:
    """What is wrong with the request of a cause: its flaw, or else the mistake in the request.

    If not the status but the body of the response is wrong, only the filters of the request count.
    Empty if the key is what is wrong, because ``with_key`` describes the key.
    """
    if exchange is None or (cause.flaw and cause.flaw != FILTERED):
        return cause.flaw
    if cause.finding.where != "status":
        return " and ".join(f"the filter {name}" for name in exchange.facts.filters)
    return "" if exchange.facts.form in OF_KEYS else mistake_of(exchange)


def flawed(flaw: str) -> str:
    """The end of a phrase that says what is wrong with a request; empty if ``flaw`` is."""
    return f", with {flaw}" if flaw else ""


def route(run: Run, name: str) -> str:
    """The method and path of an operation, or the name of the whole API."""
    operation = run.contract.operations.get(name)
    if operation is None:
        return "whole API" if name == WHOLE_API else name
    return f"{operation.method} {operation.path}"
