"""How often, and for what price: the rate of an operation, and the payment that it may ask for.

The window of a rate opens with the first request that counts and closes after its seconds; then all is
allowed again. Only what passed every other check counts. The address is that of the connection: no header
is believed. Payment is asked for where a trigger says so, and never counts against the rate.
"""

# ruff: noqa: ARG002 - what a method here has no use for, an overriding one may need

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from conformance.model import Payment, Rate
from conformance.server.intake import Intake
from conformance.server.messages import Context, Refusal, Request
from conformance.server.moments import MICRO

X402_VERSION = 1
PROOF = base64.b64encode(json.dumps({"signature": "sandbox"}).encode()).decode()
"""A proof of payment, of those that this server takes."""
_MANY = 10_000


class Limits(Intake):
    """Rates and payments."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._windows: dict[tuple[str, str], tuple[int, int]] = {}

    # --- rates ---

    def rate_address(self, request: Request) -> str:
        """Whose requests are counted together."""
        return request.address

    def rate_allowance(self, rate: Rate) -> int:
        """How many requests a window allows."""
        return rate.requests

    def rate_seconds(self, rate: Rate) -> int:
        """How long a window is."""
        return rate.seconds

    def too_many(self, retry_after: int) -> Refusal:
        """The refusal of a request beyond the rate."""
        return Refusal("rate_limited", headers=(("Retry-After", str(retry_after)),))

    def check_rate(self, context: Context) -> None:
        """Count a request, or refuse it beyond the rate of its operation."""
        rate = context.operation.rate
        if rate is None:
            return
        place = (context.operation.id, self.rate_address(context.request))
        length = self.rate_seconds(rate) * MICRO
        with self.store.lock:
            now = self.clock.now()
            if len(self._windows) > _MANY:
                self._windows = {
                    key: window for key, window in self._windows.items() if now < window[0] + length
                }
            start, count = self._windows.get(place, (now, 0))
            if now >= start + length:
                start, count = now, 0
            if count >= self.rate_allowance(rate):
                raise self.too_many(-(-(start + length - now) // MICRO))
            self._windows[place] = (start, count + 1)

    # --- payments ---

    def payment_due(self, context: Context) -> bool:
        """Whether a request has to be paid for."""
        code = self.triggered(context)
        return code is not None and code in self.contract.codes_of("payment_required")

    def payment_proof(self, payment: Payment, request: Request) -> str | None:
        """The proof of a payment that a request carries."""
        return request.header(payment.proof_header)

    def is_paid(self, proof: str | None) -> bool:
        """Whether a proof is well formed: an object in JSON in base64. This server settles nothing."""
        try:
            return isinstance(json.loads(base64.b64decode(proof or "", validate=True)), dict)
        except (ValueError, RecursionError, binascii.Error):
            return False

    def payment_terms(self, payment: Payment, context: Context) -> dict[str, Any]:
        """The terms of a payment, by the names of the contract."""
        resource = context.request.path
        return {
            payment.version: X402_VERSION,
            payment.terms: [{**terms, "resource": resource} for terms in self.extras.terms],
        }

    def terms_header(self, payment: Payment, terms: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        """The header that carries the terms."""
        return ((payment.terms_header, base64.b64encode(json.dumps(terms).encode()).decode()),)

    def terms_members(self, payment: Payment, terms: dict[str, Any]) -> dict[str, Any]:
        """The members beside the error that carry the terms."""
        return terms

    def check_payment(self, context: Context) -> None:
        """Refuse what has to be paid for and is not."""
        payment = context.operation.payment
        if (
            payment is None
            or not self.payment_due(context)
            or self.is_paid(self.payment_proof(payment, context.request))
        ):
            return
        terms = self.payment_terms(payment, context)
        headers, members = self.terms_header(payment, terms), self.terms_members(payment, terms)
        raise Refusal("payment_required", headers=headers, members=members)
