"""Cells that accepted challenges exclude, for every report."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.base.text import amount
from conformance.model import Challenge, Run
from conformance.report.view import first_of, operation_name, shown


@dataclass(frozen=True)
class Excluded:
    """An accepted challenge that took effect in a run: how many cells, and the first of them."""

    challenge: Challenge
    cells: int
    operations: str

    @property
    def text(self) -> str:
        """A sentence on what is excluded, and why."""
        challenge = self.challenge
        what = f"{challenge.clause} on {self.operations} ({amount(self.cells, 'cell')})"
        return f"{what}: {shown(str(challenge))}"


def excluded(run: Run) -> list[Excluded]:
    """The accepted challenges that took effect in a run, by number."""
    found = []
    for challenge in run.contract.challenges.accepted:
        cells = [cell for cell in run.cells if challenge.number in cell.challenges]
        if cells:
            names = [operation_name(cell.operation) for cell in cells]
            found.append(Excluded(challenge, len(cells), first_of(names)))
    return found


def lines(run: Run) -> list[str]:
    """A sentence for each accepted challenge that took effect."""
    return [each.text for each in excluded(run)]
