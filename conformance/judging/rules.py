"""Judges: small pure functions over exchanges, each registered under the id of its rule.

A passive rule judges every exchange, whichever scenario sent it. A trial rule judges one trial: the
exchanges of one case in one attempt. A probe rule is a trial rule that judges each probe alone. All
yield outcomes. Which clauses they blame, and which verdict follows, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from conformance.judging.capabilities import Asked
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Trial
from conformance.judging.responses import answered
from conformance.model import Clause, Contract, Exchange, Operation

Applies = Callable[[Contract, Operation, Clause], bool]
PassiveJudge = Callable[[JudgeContext, Exchange], Iterable[Outcome]]
TrialJudge = Callable[[JudgeContext, Trial], Iterable[Outcome]]
ProbeJudge = Callable[[JudgeContext, Answered], Iterable[Outcome]]


def _nowhere(_contract: Contract, _operation: Operation, _clause: Clause) -> bool:
    return False


@dataclass(frozen=True)
class Rule:
    """A rule of the engine; exactly one of ``passive`` and ``trial`` is its judge.

    ``applies`` says on which operations a passive rule plans a cell. ``hint`` says why the rule may
    have nothing to judge. With ``confirm`` the case is repeated, because other clients may have
    changed the state of the target; findings count only if every attempt has some.

    ``provide`` says whether a person can provide what the hint names, ``place`` where the target
    file may give it, such as ``keys: expired``, and ``asks`` what the log may
    show to be there. ``rests_on`` are the rules whose failures may leave this one without evidence.
    ``errors``: a passive rule judges only responses with a status of 400 or more, so no other is
    shown to it. ``whole``: the rule compares what it judges with the whole log. A passive rule
    waits for its end. A trial rule judges twice: during the run what needs no log, and at the end
    everything.
    """

    id: str
    summary: str
    passive: PassiveJudge | None = None
    trial: TrialJudge | None = None
    applies: Applies = _nowhere
    hint: str = "Nothing that this rule judges was seen."
    confirm: bool = False
    provide: bool = False
    place: str = ""
    asks: Asked | None = None
    rests_on: tuple[str, ...] = ()
    errors: bool = False
    whole: bool = False


USABLE = ("success.status", "list.items", "list.more-flag", "list.position")
"""The rules that say whether the response to a valid request can be used."""
CODED = ("error.json", "error.shape", "error.code-text")
"""The rules that say whether an error shows its code."""

RULES: dict[str, Rule] = {}


def _register(rule: Rule) -> None:
    if rule.id in RULES:
        raise ValueError(f"two rules have the id {rule.id}")
    RULES[rule.id] = rule


def _summary(judge: Callable[..., object]) -> str:
    """What a judge says of itself."""
    return (judge.__doc__ or "").strip()


def passive(
    rule_id: str,
    *,
    applies: Applies = _nowhere,
    hint: str = "No response of this kind was seen.",
    **more: Any,
) -> Callable[[PassiveJudge], PassiveJudge]:
    """Register a judge of single exchanges; without ``applies`` it plans no cell of its own.

    ``more`` are further fields of the rule.
    """

    def register(judge: PassiveJudge) -> PassiveJudge:
        _register(Rule(rule_id, _summary(judge), passive=judge, applies=applies, hint=hint, **more))
        return judge

    return register


def trial(
    rule_id: str,
    *,
    hint: str = "The case did not reach its probe.",
    rests_on: tuple[str, ...] = USABLE,
    **more: Any,
) -> Callable[[TrialJudge], TrialJudge]:
    """Register a judge of trials. ``more`` are further fields of the rule."""

    def register(judge: TrialJudge) -> TrialJudge:
        _register(Rule(rule_id, _summary(judge), trial=judge, hint=hint, rests_on=rests_on, **more))
        return judge

    return register


def probe(
    rule_id: str,
    *,
    hint: str = "The case did not reach its probe.",
    select: Callable[[Trial], Iterable[Exchange]] = lambda trial: trial.probes,
    provide: bool = False,
) -> Callable[[ProbeJudge], ProbeJudge]:
    """Register a judge of single probes of a trial, by default of all.

    The judge gets only usable responses, because those that are lost, cut, limited or unavailable
    are handled here.
    """

    def register(judge: ProbeJudge) -> ProbeJudge:
        def judged(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
            for exchange in select(trial):
                answer = answered(context, exchange)
                if isinstance(answer, Answered):
                    yield from judge(context, answer)
                else:
                    yield answer

        judged.__doc__ = judge.__doc__
        trial(rule_id, hint=hint, provide=provide)(judged)
        return judge

    return register


# --- where passive rules apply --------------------------------------------------------------------


def every(_contract: Contract, _operation: Operation, _clause: Clause) -> bool:
    """Applies to every operation."""
    return True


def lists(_contract: Contract, operation: Operation, _clause: Clause) -> bool:
    """Applies to lists."""
    return operation.paging is not None
