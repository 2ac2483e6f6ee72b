"""What a judge is: a small pure function over exchanges, registered under a neutral rule id.

Two forms. A passive rule looks at every exchange, whichever test sent it. A trial rule looks at
one trial: the exchanges of one case in one attempt. Both yield outcomes; who they blame (clauses)
and what the sum is (verdicts) is not their business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from conformance.judging.answers import answered
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Trial
from conformance.model import (
    Clause,
    Contract,
    Exchange,
    Operation,
)

Applies = Callable[[Contract, Operation, Clause], bool]


def _nowhere(contract: Contract, operation: Operation, clause: Clause) -> bool:
    return False


PassiveJudge = Callable[[JudgeContext, Exchange], Iterable[Outcome]]
TrialJudge = Callable[[JudgeContext, Trial], Iterable[Outcome]]


@dataclass(frozen=True)
class Rule:
    """A rule of the engine; exactly one of ``passive`` and ``trial`` is its judge.

    ``applies`` says for which operations a passive rule plans a cell. ``hint`` says what a target
    needs for the rule to have something to judge. ``confirm``: the state of the target may have
    moved meanwhile, so the case is repeated and only what every attempt shows is a finding.
    """

    id: str
    summary: str
    passive: PassiveJudge | None = None
    trial: TrialJudge | None = None
    applies: Applies = _nowhere
    hint: str = "nothing that this rule judges was seen"
    confirm: bool = False


RULES: dict[str, Rule] = {}


def _register(rule: Rule) -> None:
    if rule.id in RULES:
        raise ValueError(f"two rules have the id {rule.id}")
    RULES[rule.id] = rule


def passive(
    rule_id: str, *, applies: Applies | None = None, hint: str = "no answer of this kind was seen"
) -> Callable[[PassiveJudge], PassiveJudge]:
    """Register a judge of single exchanges; without ``applies`` it plans no cell of its own."""

    def register(judge: PassiveJudge) -> PassiveJudge:
        summary = (judge.__doc__ or "").strip()
        _register(Rule(rule_id, summary, passive=judge, applies=applies or _nowhere, hint=hint))
        return judge

    return register


def trial(
    rule_id: str, *, hint: str = "the case did not come to its probe", confirm: bool = False
) -> Callable[[TrialJudge], TrialJudge]:
    """Register a judge of trials."""

    def register(judge: TrialJudge) -> TrialJudge:
        summary = (judge.__doc__ or "").strip()
        _register(Rule(rule_id, summary, trial=judge, hint=hint, confirm=confirm))
        return judge

    return register


ProbeJudge = Callable[[JudgeContext, Answered], Iterable[Outcome]]


def probe(
    rule_id: str,
    *,
    hint: str = "the case did not come to its probe",
    select: Callable[[Trial], Iterable[Exchange]] = lambda trial: trial.probes,
) -> Callable[[ProbeJudge], ProbeJudge]:
    """Register a judge of single probes of a trial, by default of all.

    Answers that are lost, cut, limited or unavailable are settled here; the judge gets the others.
    """

    def register(judge: ProbeJudge) -> ProbeJudge:
        def judged(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
            for exchange in select(trial):
                answer = answered(context, exchange)
                if isinstance(answer, Answered):
                    yield from judge(context, answer)
                else:
                    yield answer

        _register(Rule(rule_id, (judge.__doc__ or "").strip(), trial=judged, hint=hint))
        return judge

    return register


# --- what most judges ask of an exchange ----------------------------------------------------------


def every(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies to every operation."""
    return True


def lists(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies to lists."""
    return operation.paging is not None
