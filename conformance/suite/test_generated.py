"""Generated requests: what no one thought of, for the rules that hold on everything."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.plan import Draft, Planning, operations, scenario
from conformance.suite.client import Client
from conformance.suite.drawing import NEGATIVE, POSITIVE
from conformance.suite.generate import COUNT, draw, message


def both_modes(planning: Planning) -> Iterator[Draft]:
    """Each operation, with data that its schemas allow and with data that they do not."""
    for operation in operations(planning):
        if operation.parameters:
            for mode in (POSITIVE, NEGATIVE):
                yield Draft(
                    operation,
                    mode,
                    needs=("full",) if operation.keyed else (),
                    cost=COUNT[planning.depth],
                )


@scenario(both_modes, phase=3)
def test_generated(client: Client) -> None:
    """Drawn first, then sent one by one."""
    mode, drawing = client.case.variant, draw(client)
    cases = drawing.cases(client.operation, mode) if drawing else []
    for case in (
        cases[: max(1, len(cases) // 2)] if mode == NEGATIVE else cases
    ):  # of mistakes others send many
        made = message(client, client.operation, case, mode)
        if made is not None:
            key = "full" if client.operation.takes_key else None
            client.raw(
                made,
                client.operation.id,
                carried=None if key else (),
                key=key,
                mistake=True,
                generated=mode,
            )
