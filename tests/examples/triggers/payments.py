"""Examples of payments: where they are wanted, their terms, and the paid retry."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from conformance.model import Exchange
from tests.examples.base import Example, accepted, examples_of, gap, noted, refused, silent
from tests.support.exchanges import answer, error, refusal

TERMS: dict[str, Any] = {
    "x402Version": 1,
    "accepts": [{"scheme": "exact", "network": "base", "maxAmountRequired": "1"}],
}
SIGN_UP: dict[str, Any] = {"operation": "sign_up"}


def packed(terms: dict[str, Any]) -> str:
    """Terms in base64, as the header of a payment holds them."""
    return base64.b64encode(json.dumps(terms).encode()).decode()


def payment(header: str | None = None, **beside: Any) -> Exchange:
    """A payment is wanted for a sign-up, with members beside the envelope."""
    headers = [("Payment-Required", header)] if header is not None else []
    return answer(402, error("payment_required", **beside), headers=headers, **SIGN_UP)


def opened(**options: Any) -> Exchange:
    """A sign-up that is accepted."""
    account = {"api_key": "{secret:api_key-1}", "business_id": "b"}
    return answer(201, account, identity=None, **SIGN_UP, **options)


def turned_down(code: str) -> Exchange:
    """A sign-up that is refused."""
    return refusal(code, identity=None, **SIGN_UP)


@examples_of("payment.elsewhere")
def a_payment_is_wanted_for_sign_up_only() -> Iterator[Example]:
    """Neither the status nor the code of a payment is seen elsewhere."""
    others = (answer(200, {}), refusal("forbidden"))
    yield accepted("success and refusal without a payment", *others)
    yield refused("402 from a list", refusal("payment_required"))
    yield refused("402 without a code", answer(402, {}))
    yield refused("the code of a payment under 400", refusal("payment_required", 400))
    at_sign_up = refusal("payment_required", **SIGN_UP)
    yield silent("402 from an operation that takes payments", at_sign_up)


@examples_of("payment.terms", operation="sign_up")
def a_payment_has_terms() -> Iterator[Example]:
    """The terms of a payment stand in the body or in the header."""
    yield accepted("terms in the body", payment(**TERMS))
    in_header = payment(json.dumps(TERMS))
    yield accepted("terms in the header, as JSON", in_header)
    yield refused("no terms", payment(), mentions="actual='402 {")
    yield refused("terms with an empty list", payment(accepts=[]))
    yield refused("terms with a list of empty objects", payment(accepts=[{}]))
    text = "please pay"
    yield refused("terms in a header that is neither JSON nor base64", payment(text), mentions=text)


@examples_of("payment.terms", operation="sign_up")
def terms_are_packed() -> Iterator[Example]:
    """The header may hold base64 of either alphabet, with padding or without."""
    for note in ("", "a", "ab"):
        padded = packed({**TERMS, "note": note})
        sentence = f"terms in the header, in base64, with the note '{note}'"
        yield accepted(sentence, payment(padded))
        sentence = f"terms in the header, in base64 without padding, with the note '{note}'"
        yield accepted(sentence, payment(padded.rstrip("=")))
    url_safe = packed(TERMS).rstrip("=").replace("+", "-").replace("/", "_")
    yield accepted("terms in the header, in url-safe base64 without padding", payment(url_safe))


@examples_of("payment.terms", operation="sign_up")
def terms_are_looked_for_in_an_unpaid_402() -> Iterator[Example]:
    """Only 402 for a request without a payment has terms. A false payment is refused."""
    lost = answer(None, **SIGN_UP)
    others = (lost, turned_down("bad_request"))
    yield refused("no terms, after other answers", *others, payment())
    no_json = answer(402, text="pay", **SIGN_UP)
    paid = refusal("payment_required", step="paid", **SIGN_UP)
    yield silent("402 without JSON, and 402 for a false payment", no_json, paid)
    taken = answer(201, {}, step="paid", **SIGN_UP)
    real = answer(201, {}, step="settled", **SIGN_UP)
    yield refused("a false payment is accepted", payment(**TERMS), taken, real)
    yield noted("a false payment is accepted, and no real one is known", payment(**TERMS), taken)
    yield silent("a false payment is accepted, as no payment is", opened(), taken, real)
    unpaid = (opened(), turned_down("bad_request"), turned_down("forbidden"))
    yield silent("no answer wants a payment", *unpaid)


@examples_of("payment.retry", operation="sign_up")
def a_paid_sign_up_is_taken() -> Iterator[Example]:
    """With a proof of payment the same request is accepted."""
    wanted = payment(**TERMS)
    settled: dict[str, Any] = {**SIGN_UP, "step": "settled"}
    taken = answer(201, {}, **settled)
    yield accepted("the paid sign-up is accepted", wanted, taken)
    again = refusal("payment_required", **settled)
    yield refused("the paid sign-up wants another payment", wanted, again)
    yield gap("the paid sign-up is answered 429", wanted, refusal("rate_limit_exceeded", **settled))
    not_asked = opened(step="count", address="127.0.0.2")
    yield silent("no payment was wanted before", not_asked, taken)


@examples_of("payment.nothing", operation="sign_up")
def a_request_for_payment_hands_out_nothing() -> Iterator[Example]:
    """A 402 holds terms and the error, and nothing that a success holds."""
    yield accepted("terms alone", payment(**TERMS))
    yield refused("a key", payment(**TERMS, api_key="{secret:api_key-1}"))
    yield refused("a business", payment(**TERMS, business_id="b_new"))
    yield accepted("a link to pay by", payment(**TERMS, checkout_url="{link:checkout_url-1}"))
    yield accepted("members without a value", payment(**TERMS, api_key=None, business_id=None))
    yield silent("an account is opened", opened())
    yield silent("another refusal", turned_down("bad_request"))
