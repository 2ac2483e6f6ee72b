"""Draws programs of walks mixed with writes. Only the drawing process imports this module.

A Hypothesis state machine that sends nothing. What it draws is sent later, step by step, without
retries or shrinking.
"""

from __future__ import annotations

from typing import Any, ClassVar

import hypothesis
from hypothesis import stateful
from hypothesis.strategies import sampled_from

Program = list[list[Any]]
"""The steps of a mixed walk, each of which is a word and its arguments."""


def settings(max_examples: int, **more: Any) -> hypothesis.settings:
    """Settings that only draw, the same for one seed: nothing is stored, shrunk or timed."""
    return hypothesis.settings(
        max_examples=max_examples,
        phases=[hypothesis.Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
        **more,
    )


def _is_page(step: list[Any]) -> bool:
    """Whether a step of a program requests a page."""
    word, *_ = step
    return bool(word == "turn")


class Mixed(stateful.RuleBasedStateMachine):
    """Follows pages. Between two pages of a walk, an object may be created, changed or deleted.

    Only an object that was created is deleted.
    """

    drawn: ClassVar[list[Program]]

    def __init__(self) -> None:
        super().__init__()
        self.pages = 0  # of this walk
        self.made = 0
        self.program: Program = []
        self.drawn.append(self.program)

    def between(self) -> bool:
        """Whether the last step was a page."""
        return bool(self.program) and _is_page(self.program[-1])

    @stateful.rule(limit=sampled_from((1, 2, 3, 5)))
    def turn(self, limit: int) -> None:
        """Request the next page."""
        self.pages += 1
        self.program.append(["turn", limit])

    @stateful.precondition(lambda self: self.between() and self.pages > 2)
    @stateful.rule()
    def restart(self) -> None:
        """Begin another walk."""
        self.pages = 0
        self.program.append(["restart"])

    @stateful.precondition(lambda self: self.between())
    @stateful.rule()
    def make(self) -> None:
        """Create an object."""
        self.made += 1
        self.program.append(["make"])

    @stateful.precondition(lambda self: self.between())
    @stateful.rule()
    def change(self) -> None:
        """Change an object."""
        self.program.append(["change"])

    @stateful.precondition(lambda self: self.between() and self.made > 0)
    @stateful.rule()
    def remove(self) -> None:
        """Delete an object that was created."""
        self.made -= 1
        self.program.append(["remove"])


def programs(count: int, steps: int, seed: int) -> list[Program]:
    """Up to ``count`` programs that end with a page, those with the most kinds of steps first.

    Five times as many are drawn. ``steps`` is the most steps of a program.
    """

    class Recorded(Mixed):
        """Records the steps as they are drawn."""

        drawn: ClassVar[list[Program]] = []

    only_drawing = settings(5 * count, stateful_step_count=steps)
    stateful.run_state_machine_as_test(hypothesis.seed(seed)(Recorded), settings=only_drawing)
    usable = [program for program in Recorded.drawn if program and _is_page(program[-1])]
    return sorted(usable, key=lambda program: -len({word for word, *_ in program}))[:count]
