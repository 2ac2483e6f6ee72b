"""Scenarios of triggers: inputs, given in the target file, that make a target fail on purpose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.model import (
    CodeRole,
    Contract,
    Effect,
    Exchange,
    Facts,
    KeyName,
    Operation,
    Params,
    Role,
    Step,
    Trigger,
)
from conformance.plan.registry import Draft, Planning, key_needs, operations, scenario
from conformance.scenarios.client.client import Client
from conformance.transport.message import Message, message_for

FALSE_PROOFS = ("not a payment", "bm90IGEgcGF5bWVudA==")
"""Proofs of payment that no target may accept."""

# --- the cases ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recipe(Params):
    """The request of a trigger, the proof of payment that settles it, and whether it is robust."""

    input: Mapping[str, Any]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    payment: str | None
    payment_headers: tuple[str, ...]
    robust: bool


NO_RECIPE = Recipe({}, {}, {}, None, (), robust=False)
"""The recipe of a trigger that the target file does not give."""


def triggers(planning: Planning) -> Iterator[Draft]:
    """Each code that an operation can be made to return, with its trigger of the target file.

    A code without a trigger is a gap, and so is a code for internal errors without an operation.
    """
    contract = planning.contract
    given = {
        (trigger.code, trigger.operation): trigger
        for trigger in planning.target.triggers
        if trigger.operation in contract.operations
    }
    pairs = set(given)
    for operation in operations(planning):
        pairs.update((code, operation.id) for code in operation.provokes)
    for code, operation_id in sorted(pairs):
        operation = contract.operations[operation_id]
        yield _draft(contract, operation, code, given.get((code, operation_id)))
    codes = {code for code, _ in pairs}
    for code in contract.codes_of(CodeRole.INTERNAL):
        if code not in codes:
            yield Draft(
                None,
                code,
                about=code,
                gap=_advice(code),
                place=f"triggers: {code}",
                rules=("trigger.answer",),
            )


def _draft(contract: Contract, operation: Operation, code: str, trigger: Trigger | None) -> Draft:
    """The case of a code and an operation; without a trigger, one that reports a gap."""
    recipe, gap, place = NO_RECIPE, None, ""
    if trigger is None:
        missing = f"{code} at {operation.id}"
        gap, place = _advice(missing), f"triggers: {missing}"
    else:
        recipe = _recipe(operation, trigger)
    return Draft(
        operation,
        code,
        needs=key_needs(operation),
        about=code,
        params=recipe,
        cost=8 if recipe.robust else 5,
        gap=gap,
        place=place,
        rules=_rules(contract, operation, code, recipe),
    )


def _recipe(operation: Operation, trigger: Trigger) -> Recipe:
    """What a trigger sends. A proof is sent under each name that the target may read."""
    names = operation.payment.proof_headers if operation.payment else ()
    return Recipe(
        dict(trigger.input),
        dict(trigger.query),
        dict(trigger.headers),
        trigger.payment,
        trigger.proof_headers(names),
        trigger.robust,
    )


def _advice(missing: str) -> str:
    """What to add to the target file to provide a trigger."""
    return f"give a trigger for {missing} (triggers: in the target file)"


def _rules(contract: Contract, operation: Operation, code: str, recipe: Recipe) -> tuple[str, ...]:
    """The rules that a trigger feeds.

    A request for payment is judged by its terms. For any other trigger, a list shows whether the
    refused request had an effect.
    """
    rules = ["trigger.answer"]
    listed = contract.operations_by("list", operation.kind)
    if operation.payment and code in contract.codes_of(CodeRole.PAYMENT_REQUIRED):
        rules.append("payment.terms")
        if recipe.payment:
            rules.append("payment.retry")
    elif listed and operation.effect is not Effect.READ:
        rules.append("trigger.effect")
    return tuple(rules)


# --- the scenario ---------------------------------------------------------------------------------


@scenario(
    triggers,
    rules=("trigger.answer", "trigger.effect", "payment.terms", "payment.retry"),
    phase=2,
    alone=True,
)
def test_trigger(client: Client) -> None:
    """Send a request that, according to the target file, makes the target return a certain code.

    If the request would have an effect, read the list before and after it. Then pay, if the code
    is one that requires a payment.
    """
    recipe, operation = client.params(Recipe), client.operation
    values = _values(client, recipe)
    if values is None:
        return
    ask = client.lister(operation.kind) if operation.effect is not Effect.READ else None
    if ask is not None:
        _send_plainly(client, values)
        ask(role=Role.CONTROL, facts=Facts(step=Step.BEFORE))
    for inputs in list(_inputs(client, recipe)):
        values = client.valid_or(values, operation)
        client.raw(
            _request(client, {**values, **inputs}),
            operation.id,
            key=KeyName.FULL if operation.takes_key else None,
        )
    if ask is not None:
        ask(facts=Facts(step=Step.AFTER))
    if operation.payment is not None and "payment.terms" in client.case.rules:
        _pay(client, _request(client, {**values, **recipe.input}))


def _send_plainly(client: Client, values: dict[str, Any]) -> None:
    """Send the request without the trigger, as a control.

    If the API cannot delete what the request creates, it is sent once for all triggers.
    """
    operation = client.operation
    if not client.shared.creates_undeletable:
        client.control(operation, values, facts=Facts(step=Step.TAKEN))
        return
    others = [case for case in client.shared.cases_of("trigger") if case != client.case.id]
    facts = Facts(step=Step.TAKEN, serves=tuple(others))
    client.once(("taken", operation.id), lambda: client.control(operation, values, facts=facts))


def _values(client: Client, recipe: Recipe) -> dict[str, Any] | None:
    """Valid values; None if one is not known, but empty if the trigger itself names the object."""
    values, selector = client.valid(client.operation), client.operation.selector
    if values is None and selector is not None and selector.name in recipe.input:
        return {}
    return values


def _inputs(client: Client, recipe: Recipe) -> Iterator[Mapping[str, Any]]:
    """The input of a trigger, followed by the same again, or by variations if it is robust.

    The variations must give the same result. They put texts in capitals, embed them in longer
    texts, and add optional members.
    """
    given = recipe.input
    yield given
    if not recipe.robust:
        yield given
        return
    capitals, longer = dict(given), dict(given)
    names = [name for name, value in given.items() if _has_letters(value)]
    for name in names:
        capitals[name] = given[name].upper()
        longer[name] = f"{OPENING}\n{given[name]} - and thank you."
    if names:
        yield capitals
        yield longer
    yield {**given, **_unnamed_members(client, given)}


OPENING = "Good day. " * 18
"""Makes a text too long for a single short message."""


def _has_letters(value: Any) -> bool:
    """Whether a value is a text that capitalization changes."""
    return isinstance(value, str) and value.upper() != value.lower()


def _unnamed_members(client: Client, given: Mapping[str, Any]) -> dict[str, Any]:
    """Known values for the optional members that an input does not name.

    Switches, phone numbers and the business are left out.
    """
    members = []
    for parameter in client.operation.body:
        if parameter.name in given or parameter.name == client.contract.tenant:
            continue
        if not (parameter.required or parameter.is_switch or parameter.phone):
            members.append(parameter)
    return client.known(members)


def _request(client: Client, values: Mapping[str, Any]) -> Message:
    """The request of a trigger, with the parameters and headers that the contract does not name."""
    recipe, message = client.params(Recipe), message_for(client.operation, values)
    return replace(
        message,
        query=(*message.query, *recipe.query.items()),
        headers=(*message.headers, *recipe.headers.items()),
    )


def _pay(client: Client, message: Message) -> None:
    """Send the request with false proofs of payment, then with one that the target accepts.

    The accepted proof is sent under one header name after another until the target takes it.
    """
    recipe = client.params(Recipe)
    for name in recipe.payment_headers:
        for proof in FALSE_PROOFS:
            false = Facts(mistake=True, step=Step.PAID)
            _send_with_proof(client, message, (name, proof), false)
    if not recipe.payment:
        return
    for name in recipe.payment_headers:
        accepted = (name, recipe.payment)
        if _send_with_proof(client, message, accepted, Facts(step=Step.SETTLED)).ok:
            return


def _send_with_proof(
    client: Client, message: Message, proof: tuple[str, str], facts: Facts
) -> Exchange:
    """Send a request with a proof of payment in a header, without a key."""
    paid = replace(message, headers=(*message.headers, proof))
    return client.raw(paid, client.operation.id, carried=(), key=None, facts=facts)
