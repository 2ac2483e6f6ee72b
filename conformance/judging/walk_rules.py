"""Registers the judges of the walks of a trial."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from conformance.judging import rules
from conformance.judging.capabilities import Asked
from conformance.judging.outcomes import Gap, JudgeContext, Outcome, Trial
from conformance.judging.walks import Walks, walks_of
from conformance.model import ReasonKind

NEEDS_ITEMS = (
    "Needs a list with more items than one page: at least 3, with different creation times."
)
POLLED = (
    'The list reads its cursor as "newer than", which the sources allow for this list, '
    "so the rules of pagination do not apply."
)

TOO_MUCH = "The pages of the walks are too large to compare, and some were left out."

BORDERS = ("list.limit", "paging.order", "paging.advances")
"""The rules that say whether a list has proper page borders, in addition to USABLE."""


WalkJudge = Callable[[JudgeContext, Trial, Walks], Iterable[Outcome]]


def walked(
    rule_id: str,
    *,
    hint: str = NEEDS_ITEMS,
    asks: Asked | None = Asked.ITEMS,
    sound: bool = False,
    confirm: bool = True,
) -> Callable[[WalkJudge], WalkJudge]:
    """Register a judge of the walks of a trial.

    A ``sound`` judge checks the borders of pages, and does not run where a page is out of order. No
    judge runs on a list whose cursor is a lower bound. ``asks`` is what the hint asks for.
    """

    def register(judge: WalkJudge) -> WalkJudge:
        def judged(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
            walks = walks_of(context, trial)
            if walks.polled:
                yield Gap(POLLED, ReasonKind.OWN_LIMIT)
            elif not sound or walks.sound:
                yield from judge(context, trial, walks)
            if walks.cut:
                yield Gap(TOO_MUCH, ReasonKind.OWN_LIMIT)

        judged.__doc__ = judge.__doc__
        others = tuple(rule for rule in (*rules.USABLE, *BORDERS) if rule != rule_id)
        register_trial = rules.trial(
            rule_id, hint=hint, rests_on=others, provide=True, asks=asks, confirm=confirm
        )
        register_trial(judged)
        return judge

    return register
