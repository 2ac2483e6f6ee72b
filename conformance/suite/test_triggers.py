"""Triggers: inputs that make a target fail on purpose, by its own documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.model import Effect, Facts, Params, Role, Step
from conformance.scenarios import Draft, Planning, operations, scenario
from conformance.suite.client import Client
from conformance.transport.message import message_for
from conformance.values import ABSENT


@dataclass(frozen=True)
class Recipe(Params):
    """The input of a trigger, the proof of payment that settles it, and whether it is robust."""

    input: Mapping[str, Any]
    payment: str | None
    robust: bool


def triggers(planning: Planning) -> Iterator[Draft]:
    """Each code that an operation may be made to answer, and each trigger of the target."""
    contract = planning.contract
    given = {(trigger.code, trigger.operation) for trigger in planning.target.triggers}
    wanted = {
        (code, operation.id) for operation in operations(planning) for code in operation.provokes
    }
    for code, operation_id in sorted(given | wanted):
        operation = contract.operations[operation_id]
        recipe = next(
            (t for t in planning.target.triggers if (t.code, t.operation) == (code, operation_id)),
            None,
        )
        gap = (
            None
            if recipe
            else f"give a trigger for {code} at {operation_id} (triggers: in the target file)"
        )
        rules = (
            (
                "trigger.answer",
                "payment.terms",
                *(["payment.retry"] if recipe and recipe.payment else []),
            )
            if operation.payment and contract.errors[code].role == "payment_required"
            else ("trigger.answer", "trigger.effect")
            if contract.operations_by("list", operation.kind)
            and operation.effect is not Effect.READ
            else ("trigger.answer",)
        )
        yield Draft(
            operation,
            code,
            needs=("full",) if operation.keyed else (),
            about=code,
            params=Recipe(
                dict(recipe.input) if recipe else {},
                recipe.payment if recipe else None,
                recipe.robust if recipe else False,
            ),
            cost=8 if recipe and recipe.robust else 5,
            gap=gap,
            rules=rules,
        )
    named = {code for code, _ in given | wanted}
    for row in contract.errors.values():
        if row.role == "internal" and row.code not in named:
            yield Draft(
                None,
                row.code,
                about=row.code,
                gap=f"give a trigger for {row.code} (triggers: in the target file)",
                rules=("trigger.answer",),
            )


def _otherwise(client: Client, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The input of a trigger with its texts in capitals, within longer ones, and beside each optional object."""
    texts = {
        name: value
        for name, value in given.items()
        if isinstance(value, str) and value.upper() != value.lower()
    }
    if texts:
        yield {**given, **{name: value.upper() for name, value in texts.items()}}
        yield {
            **given,
            **{name: f"Good day. {value} - and thank you." for name, value in texts.items()},
        }
    beside = [
        p for p in client.operation.body if p.references and not p.required and p.name not in given
    ]
    found = {p.name: client.value(p) for p in beside if p.name != client.contract.tenant}
    yield {**given, **{name: value for name, value in found.items() if value is not ABSENT}}


@scenario(
    triggers, rules=("trigger.answer", "trigger.effect", "payment.terms", "payment.retry"), phase=2
)
def test_trigger(client: Client) -> None:
    """A request that the target answers with a certain code, by its own documentation."""
    recipe = client.params(Recipe)
    given = recipe.input
    selector = client.operation.selector
    values = client.valid(client.operation)
    if values is None and selector is not None and selector.name in given:
        values = {}
    if values is None:
        return
    ask = (
        client.lister(client.operation.kind) if client.operation.effect is not Effect.READ else None
    )
    if ask:
        client.control(client.operation, values, facts=Facts(step=Step.TAKEN))
        ask(role=Role.CONTROL, facts=Facts(step=Step.BEFORE))
    for told in (given, *(_otherwise(client, given) if recipe.robust else [given])):
        values = client.valid(client.operation) or values
        client.call(client.operation, {**values, **told})
    if ask:
        ask(facts=Facts(step=Step.AFTER))
    payment = client.operation.payment
    if payment is not None and "payment.terms" in client.case.rules:
        message = message_for(client.operation, {**values, **given})
        for proof in ("not a payment", "bm90IGEgcGF5bWVudA=="):
            paid = replace(message, headers=(*message.headers, (payment.proof_header, proof)))
            client.raw(
                paid,
                client.operation.id,
                carried=(),
                key=None,
                facts=Facts(mistake=True, step=Step.PAID),
            )
        if recipe.payment:
            proof = recipe.payment
            paid = replace(message, headers=(*message.headers, (payment.proof_header, proof)))
            client.raw(
                paid, client.operation.id, carried=(), key=None, facts=Facts(step=Step.SETTLED)
            )
