"""Triggers and payments: what cannot be provoked from outside, and what has to be paid for.

A magic input makes an operation answer with its code, as if the thing itself had happened.
If that code demands a payment, a request that carries a proof of payment passes.
"""

# ruff: noqa: ARG002 - a method may ignore an argument that an overriding one needs

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from conformance.model import Contract, Operation, Payment
from conformance.server.core import Core
from conformance.server.extras import MagicInput
from conformance.server.messages import Context, Refusal, Request

X402_VERSION = 1
PROOF = base64.b64encode(json.dumps({"signature": "sandbox"}).encode()).decode()
"""One of the proofs of payment that this server accepts."""


class Triggers(Core):
    """Refuses magic inputs, and requests that are not paid for."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        operations, codes = self.contract.operations, self.contract.errors
        special = [
            magic
            for magic in self.extras.triggers
            if magic.operation in operations and magic.code in codes
        ]
        self.triggers = (*special, *_usual_triggers(self.contract, special))

    # --- triggers ---

    def triggered(self, context: Context) -> str | None:
        """The code that the input of a request triggers, or None."""
        for magic in self.triggers:
            if magic.operation == context.operation.id and _matches(magic, context):
                return magic.code
        return None

    def check_triggers(self, context: Context) -> None:
        """Raise Refusal if the input triggers a code. ``check_payment`` deals with payments."""
        code = self.triggered(context)
        if code is None or code in self.contract.codes_of("payment_required"):
            return
        if code in self.contract.codes_of("internal"):
            raise RuntimeError("set off by a trigger")
        raise Refusal(code=code)

    # --- payments ---

    def payment_due(self, context: Context) -> bool:
        """Whether a request has to be paid for."""
        code = self.triggered(context)
        return code is not None and code in self.contract.codes_of("payment_required")

    def payment_proof(self, payment: Payment, request: Request) -> str | None:
        """The proof of payment that a request carries, or None."""
        return request.header(payment.proof_header)

    def is_paid(self, proof: str | None) -> bool:
        """Whether a proof is well formed: base64 of a JSON object. This server takes no money."""
        try:
            return isinstance(json.loads(base64.b64decode(proof or "", validate=True)), dict)
        except (ValueError, RecursionError, binascii.Error):
            return False

    def payment_terms(self, payment: Payment, context: Context) -> dict[str, Any]:
        """The terms of a payment, under the names of the contract."""
        resource = context.request.path
        return {
            payment.version: X402_VERSION,
            payment.terms: [{**terms, "resource": resource} for terms in self.extras.terms],
        }

    def terms_header(self, payment: Payment, terms: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        """The header that carries the terms."""
        return ((payment.terms_header, base64.b64encode(json.dumps(terms).encode()).decode()),)

    def terms_members(self, payment: Payment, terms: dict[str, Any]) -> dict[str, Any]:
        """The members of the body that carry the terms, beside the members of the error."""
        return terms

    def check_payment(self, context: Context) -> None:
        """Raise Refusal if the request has to be paid for and carries no proof of payment."""
        payment = context.operation.payment
        if payment is None or not self.payment_due(context):
            return
        if self.is_paid(self.payment_proof(payment, context.request)):
            return
        terms = self.payment_terms(payment, context)
        headers = self.terms_header(payment, terms)
        members = self.terms_members(payment, terms)
        raise Refusal("payment_required", headers=headers, members=members)


def _usual_triggers(contract: Contract, special: list[MagicInput]) -> Iterator[MagicInput]:
    """A magic text for each code that an operation provokes without a special magic input."""
    known = {(magic.operation, magic.code) for magic in special}
    for operation in contract.operations.values():
        member = _free_text(operation)
        for code in operation.provokes:
            if member is not None and (operation.id, code) not in known:
                yield MagicInput(code, operation.id, {member: f"{code} trigger"})


def _free_text(operation: Operation) -> str | None:
    """The first member of the body that takes any text, or None."""
    for parameter in operation.body:
        bound = (
            parameter.references or parameter.phone or {"format", "enum"} & set(parameter.schema)
        )
        if parameter.schema.get("type") == "string" and not bound:
            return parameter.name
    return None


def _matches(magic: MagicInput, context: Context) -> bool:
    """Whether a request holds every value of a magic input."""
    for name, value in magic.input.items():
        sent = context.values.get(name)
        if sent != value and not (magic.robust and _stands_within(value, sent)):
            return False
    return True


def _stands_within(text: str, longer: Any) -> bool:
    """Whether a text that has letters occurs in another one, in any case."""
    has_letters = text.upper() != text.lower()
    if not has_letters or not isinstance(longer, str):
        return False
    return text.casefold() in longer.casefold()
