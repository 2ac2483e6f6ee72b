"""Triggers and payments: errors that clients cannot provoke, and requests that must be paid for.

A magic input makes an operation respond with its code, as if the error had really occurred. If the
code demands a payment, a request with a proof of payment is accepted.
"""

# ruff: noqa: ARG002 - a method may ignore an argument that an overriding one needs

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from conformance.model import Contract, Operation, Payment
from conformance.server.core import Core
from conformance.server.extras import MagicInput
from conformance.server.messages import Context, Refusal, Request

X402_VERSION = 1
PROOF = base64.b64encode(json.dumps({"signature": "sandbox"}).encode()).decode()
"""A proof of payment that this server accepts."""


class Triggers(Core):
    """Refuses magic inputs, and unpaid requests."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        special = []  # the magic inputs that the served contract has an operation and a code for
        for magic in self.extras.triggers:
            has_operation = magic.operation in self.contract.operations
            if has_operation and magic.code in self.contract.errors:
                special.append(magic)
        self.triggers = (*special, *_default_triggers(self.contract, special))

    # --- triggers ---

    def triggered(self, context: Context) -> str | None:
        """The code that the input of a request triggers, or None.

        The first matching magic input decides; special ones come before the default ones.
        """
        for magic in self.triggers:
            if magic.operation == context.operation.id and _matches(magic, context):
                return magic.code
        return None

    def check_triggers(self, context: Context) -> None:
        """Raise Refusal if the input triggers a code. ``check_payment`` handles payments.

        Raises RuntimeError for an internal error code, as a bug in the server would.
        """
        code = self.triggered(context)
        if code is None or code in self.contract.codes_of("payment_required"):
            return
        if code in self.contract.codes_of("internal"):
            raise RuntimeError("set off by a trigger")
        raise Refusal(code=code)

    # --- payments ---

    def payment_due(self, context: Context) -> bool:
        """Whether a request must be paid for."""
        code = self.triggered(context)
        return code is not None and code in self.contract.codes_of("payment_required")

    def payment_proof(self, payment: Payment, request: Request) -> str | None:
        """The proof of payment in a request, or None."""
        for name in payment.proof_headers:
            proof = request.header(name)
            if proof is not None:
                return proof
        return None

    def is_paid(self, proof: str | None) -> bool:
        """Whether a proof is well-formed: base64 of a JSON object. The server takes no money."""
        try:
            text = base64.b64decode(proof or "", validate=True)
            return isinstance(json.loads(text), dict)
        except (ValueError, RecursionError):  # base64 also raises a kind of ValueError
            return False

    def payment_terms(self, payment: Payment, context: Context) -> dict[str, Any]:
        """The terms of a payment, with the names from the contract."""
        resource = context.request.path
        return {
            payment.version: X402_VERSION,
            payment.terms: [{**terms, "resource": resource} for terms in self.extras.terms],
        }

    def terms_header(self, payment: Payment, terms: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        """The header with the terms, as base64 of their JSON."""
        encoded = base64.b64encode(json.dumps(terms).encode())
        return ((payment.terms_header, encoded.decode()),)

    def terms_members(self, payment: Payment, terms: dict[str, Any]) -> dict[str, Any]:
        """The body members with the terms, in addition to those of the error."""
        return terms

    def check_payment(self, context: Context) -> None:
        """Raise Refusal if the request must be paid for and has no proof of payment.

        The refusal contains the payment terms in a header and next to the error (x402).
        """
        payment = context.operation.payment
        if payment is None:
            return
        if not self.payment_due(context):
            return
        if self.is_paid(self.payment_proof(payment, context.request)):
            return
        terms = self.payment_terms(payment, context)
        headers = self.terms_header(payment, terms)
        members = self.terms_members(payment, terms)
        raise Refusal("payment_required", headers=headers, members=members)


def _default_triggers(contract: Contract, special: list[MagicInput]) -> Iterator[MagicInput]:
    """A magic text for each code that an operation provokes, if no special magic input does."""
    has_special = {(magic.operation, magic.code) for magic in special}
    for operation in contract.operations.values():
        member = _free_text(operation)
        if member is None:
            continue
        for code in operation.provokes:
            if (operation.id, code) not in has_special:
                yield MagicInput(code, operation.id, {member: f"{code} trigger"})


def _free_text(operation: Operation) -> str | None:
    """The name of the first body member that accepts any text, or None."""
    for member in operation.body:
        if "format" in member.schema or "enum" in member.schema:
            continue
        if member.references:
            continue
        if member.phone:
            continue
        if member.schema.get("type") == "string":
            return member.name
    return None


def _matches(magic: MagicInput, context: Context) -> bool:
    """Whether a request contains every value of a magic input.

    A robust one also matches in any letter case and inside a longer text.
    """
    for name, value in magic.input.items():
        sent = context.values.get(name)
        is_within = magic.robust and _occurs_within(value, sent)
        if sent != value and not is_within:
            return False
    return True


def _occurs_within(text: str, longer: Any) -> bool:
    """Whether a text occurs in another, ignoring case. A text without letters does not count."""
    has_letters = text.upper() != text.lower()
    if not has_letters:
        return False
    if not isinstance(longer, str):
        return False
    return text.casefold() in longer.casefold()
