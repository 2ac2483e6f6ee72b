"""``python -m tests.leaves``: what each case leaves on a target and spends there, as data.

It runs the whole suite against the reference server: with new objects, with those of an earlier run
(``--reuse``), and with these but without any additional creation (``--turns``).
"""

from __future__ import annotations

import json
from collections import Counter

from conformance.model import Effect, Reuse, Run
from conformance.plan.leaves import DATA, MODES
from conformance.reading import answer_of, made_by
from conformance.server import application
from tests.faults import harness
from tests.support.contracts import real

Counts = dict[str, dict[str, dict[str, list[int]]]]
"""By case: the numbers for each mode, by kind of object left and by operation paid for."""


def measured() -> Counts:
    """The numbers of all cases."""
    modes: list[Reuse | None] = [None, Reuse(), Reuse(turn=-1, turns=2)]
    found: Counts = {}
    for place, reuse in enumerate(modes):
        run = harness.run(
            real(), application(real()), reuse=reuse is not None, turns=reuse or Reuse()
        )
        for part, counts in (("leaves", left_by(run)), ("spends", spent_by(run))):
            for (case, name), count in counts.items():
                row = found.setdefault(case, {"leaves": {}, "spends": {}})[part]
                row.setdefault(name, [0] * len(MODES))[place] += count
    return found


def left_by(run: Run) -> Counter[tuple[str, str]]:
    """The objects that nobody can delete, by case and kind; those that cost money are left out."""
    contract, counts = run.contract, Counter[tuple[str, str]]()
    left = {(each.kind, each.id) for each in made_by(contract, run.exchanges)}
    for exchange in run.exchanges:
        answer = answer_of(contract, exchange)
        if answer is None or not answer.ok or answer.operation.action != "create":
            continue
        operation = answer.operation
        if operation.effect is not Effect.WRITE or contract.operations_by("delete", operation.kind):
            continue
        if answer.id is not None and (operation.kind, answer.id) in left:
            left.remove((operation.kind, answer.id))
            counts[exchange.case, operation.kind] += 1
    return counts


def spent_by(run: Run) -> Counter[tuple[str, str]]:
    """The accepted requests that cost money, by case and operation."""
    counts = Counter[tuple[str, str]]()
    for exchange in run.exchanges:
        operation = run.contract.operations.get(exchange.operation)
        if operation is not None and operation.effect is Effect.SPEND and exchange.ok:
            counts[exchange.case, operation.id] += 1
    return counts


def text(found: Counts) -> str:
    """The data, with one line for each case."""
    lines = [f"{json.dumps(case)}: {json.dumps(row)}" for case, row in sorted(found.items())]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    DATA.write_text(text(measured()), encoding="utf-8")
