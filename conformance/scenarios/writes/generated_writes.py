"""The generated cases of a run: valid writes with rare texts, and wrong values."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.plan.registry import Draft, Planning, key_needs, operations
from conformance.scenarios.client.client import Client
from conformance.scenarios.generated.generate import draw
from conformance.scenarios.generated.wrong import (
    has_clearly_invalid,
    requests_of,
    send_wrong,
    wants_control,
)
from conformance.scenarios.writes.rich_texts import (
    JUDGED_BY,
    THEMES,
    change_richly,
    create_richly,
    richly_written,
)

POSITIVE, NEGATIVE = "positive", "negative"
"""The variants: valid requests, and wrong ones. Changes add the theme of their texts."""
UNPARSABLE = "parameter.unparsable"
"""The rule of the codes of wrong values."""
RULES = (*JUDGED_BY.values(), UNPARSABLE)
"""The rules of all generated cases."""


def generated(planning: Planning) -> Iterator[Draft]:
    """Writes with every member and rare texts, and all operations with wrong values."""
    for operation in richly_written(planning):
        needs, rules = key_needs(operation), (JUDGED_BY[operation.action],)
        if operation.selector is None:
            cost = 1 + 2 * len(THEMES)
            yield Draft(operation, POSITIVE, needs=needs, cost=cost, rules=rules)
            continue
        for theme in THEMES:
            yield Draft(operation, f"{POSITIVE}-{theme}", needs=needs, rules=rules)
    for operation in operations(planning):
        wrong_requests = requests_of(operation, planning.depth)
        if wrong_requests:
            has_control = wants_control(operation)
            is_judged = has_control and has_clearly_invalid(operation, planning.depth)
            yield Draft(
                operation,
                NEGATIVE,
                needs=key_needs(operation),
                cost=wrong_requests + 1 if has_control else wrong_requests,
                rules=(UNPARSABLE,) if is_judged else (),
            )


def send_generated(client: Client) -> None:
    """Send what was drawn for the operation and the variant of a case.

    If it is not the turn of the case, nothing is sent but the one wrong value that is judged.
    """
    drawing, variant = draw(client), client.case.variant
    has_turn = client.shared.has_turn(variant)
    if drawing is None or not (has_turn or variant == NEGATIVE):
        return
    client.own.renew(client.operation)
    if variant == NEGATIVE:
        send_wrong(client, drawing, only_judged=not has_turn)
    elif variant == POSITIVE:
        create_richly(client, drawing)
    else:
        change_richly(client, drawing, variant.removeprefix(f"{POSITIVE}-"))
