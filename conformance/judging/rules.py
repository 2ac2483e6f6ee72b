"""What a judge is: a small pure function over exchanges, registered under a neutral rule id.

Two forms. A passive rule looks at every exchange, whichever test sent it. A trial rule looks at
one trial: the exchanges of one case in one attempt. Both yield outcomes; who they blame (clauses)
and what the sum is (verdicts) is not their business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from conformance.model import (
    Case,
    Clause,
    Contract,
    Declaration,
    Exchange,
    Facts,
    Form,
    Operation,
    Paging,
    Response,
    Role,
    Step,
    compact,
)
from conformance.reading import asked
from conformance.values import ABSENT, NOT_JSON, instant, pointed


@dataclass(frozen=True)
class Pass:
    """Judged, and nothing found."""

    exchanges: tuple[str, ...]
    about: str | None = (
        None  # the code or status that it is about, where a clause has one row of many
    )


@dataclass(frozen=True)
class Violation:
    """A departure: where, what was expected, what came. ``note`` is never graded."""

    where: str
    expected: str
    actual: str
    exchanges: tuple[str, ...]
    about: str | None = None
    note: bool = False


@dataclass(frozen=True)
class Gap:
    """Could not be judged for want of something: why, and what to provide."""

    reason: str


@dataclass(frozen=True)
class JudgeError:
    """Could not be judged although everything was there: the connection was lost, or we crashed."""

    reason: str
    exchanges: tuple[str, ...] = ()


Outcome = Pass | Violation | Gap | JudgeError


@dataclass(frozen=True)
class JudgeContext:
    """What a judge may know beside the exchanges.

    ``case_operation`` is the operation of the exchange or case; None for a case of the whole API.
    """

    contract: Contract
    target: Declaration
    case_operation: Operation | None

    @property
    def operation(self) -> Operation:
        """The operation that is judged. Raises LookupError for a case of the whole API."""
        if self.case_operation is None:
            raise LookupError("this case belongs to no operation")
        return self.case_operation


@dataclass(frozen=True)
class Answered:
    """An exchange with an answer that can be judged: it came whole, from the target itself."""

    exchange: Exchange
    response: Response

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of the exchange, as outcomes name it."""
        return (self.exchange.id,)

    @property
    def facts(self) -> Facts:
        """What the scenario says of the request."""
        return self.exchange.facts

    @property
    def ok(self) -> bool:
        """Whether the request was accepted."""
        return self.response.ok

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self.response.status


@dataclass(frozen=True, eq=False)
class Trial:
    """The exchanges of one case in one attempt, in order. Retried ones are left out."""

    case: Case
    exchanges: tuple[Exchange, ...]

    @property
    def probes(self) -> list[Exchange]:
        """The exchanges that the case is about."""
        return [exchange for exchange in self.exchanges if exchange.role is Role.PROBE]

    @property
    def controls(self) -> list[Exchange]:
        """The valid requests that must succeed."""
        return [exchange for exchange in self.exchanges if exchange.role is Role.CONTROL]

    @property
    def plain_probes(self) -> list[Exchange]:
        """The probes that are no step of a longer case."""
        return [probe for probe in self.probes if probe.facts.step is None]

    def at(self, step: Step) -> list[Exchange]:
        """The exchanges of a step."""
        return [exchange for exchange in self.exchanges if exchange.facts.step is step]

    def last(self, step: Step) -> Exchange | None:
        """The last exchange of a step, or None."""
        return next(reversed(self.at(step)), None)

    def of_form(self, form: Form) -> list[Exchange]:
        """The exchanges that are wrong in one way."""
        return [exchange for exchange in self.exchanges if exchange.facts.form is form]


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


def answered(context: JudgeContext, exchange: Exchange) -> Answered | Gap | JudgeError:
    """An exchange with its answer, or why that proves nothing about its operation."""
    excuse = unusable(context, exchange)
    if excuse is not None:
        return excuse
    assert exchange.response is not None  # else it is unusable
    return Answered(exchange, exchange.response)


# --- what most judges ask of an exchange ----------------------------------------------------------


def every(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies to every operation."""
    return True


def lists(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies to lists."""
    return operation.paging is not None


def code_of(contract: Contract, exchange: Exchange) -> str | None:
    """The error code of a response, if it has a text where the code stands."""
    value = pointed(exchange.response.json, contract.code_pointer) if exchange.response else ABSENT
    return value if isinstance(value, str) else None


def role_of(contract: Contract, exchange: Exchange) -> str | None:
    """The role of the error code of a response."""
    code = contract.errors.get(code_of(contract, exchange) or "")
    return code.role if code else None


def pointer(path: tuple[str, ...]) -> str:
    """A JSON pointer as text."""
    return "/" + "/".join(path)


def said(exchange: Exchange) -> str:
    """What came back, in a few words."""
    response = exchange.response
    if response is None:
        return f"no response ({exchange.failure})"
    if response.body.withheld:
        return f"{response.status}, body withheld"
    text = (
        response.body.text
        if response.body.text is not None
        else f"{response.body.size} bytes that are not UTF-8"
    )
    shown = (
        compact(response.json) if response.json is not NOT_JSON else " ".join(text.split())[:160]
    )
    return f"{response.status} {shown}".strip()


def unusable(context: JudgeContext, exchange: Exchange) -> Gap | JudgeError | None:
    """Why an exchange proves nothing about its operation, if so."""
    response = exchange.response
    if response is None:
        return JudgeError(f"no response: {exchange.failure}", (exchange.id,))
    if response.body.cut:
        return JudgeError(
            "the body of the response did not end within the limits of size and time",
            (exchange.id,),
        )
    role = role_of(context.contract, exchange)
    if response.status == 429:
        return Gap(
            "the target kept answering 429: run again later, or set rate: in the target file"
        )
    if (
        response.status in (502, 503, 504)
        and role is None
        and code_of(context.contract, exchange) is None
    ):
        return JudgeError(
            f"something between the suite and the target answered {response.status}", (exchange.id,)
        )
    if response.status >= 500 and role == "upstream":
        return Gap("a provider of the target was failing: run again later")
    return None


def control_gap(
    context: JudgeContext, trial: Trial, step: Step | None = None
) -> Gap | JudgeError | None:
    """Why the refusals of a trial prove nothing: a control that did not succeed. None if all did."""
    controls = trial.controls if step is None else trial.at(step)
    if not controls:
        return Gap("no control request could be made: the target shows no object to make it with")
    for control in controls:
        excuse = unusable(context, control)
        if isinstance(excuse, Gap | JudgeError):
            return excuse
        if control.response is not None and not control.response.ok:
            return Gap(
                f"the control request {control.id} was answered {control.response.status}, so a refusal proves nothing"
            )
    return None


def refusals(
    context: JudgeContext,
    trial: Trial,
    probes: list[Exchange],
    *roles: str,
    statuses: tuple[int, ...] = (),
) -> Iterator[Outcome]:
    """Judge probes of a trial as refusals for one of some roles, given a control that succeeds.

    The first role is the one that the clause names; ``statuses`` are let pass whatever their code.
    """
    if not probes:
        return
    gap = control_gap(context, trial)
    if gap:
        yield gap
        return
    for probe in probes:
        yield refusal(context, probe, roles, statuses)


def kept_out(context: JudgeContext, probe: Exchange, roles: tuple[str, ...]) -> Outcome:
    """Judge one refusal by what it keeps in: status or code is of one of some roles; that both are is what other rules judge."""
    rows = [row for row in context.contract.errors.values() if row.role in roles]
    refused = not unusable(context, probe)
    told = (
        refused
        and probe.response is not None
        and probe.response.status in {row.status for row in rows}
    )
    return (
        Pass((probe.id,))
        if told or (refused and role_of(context.contract, probe) in roles)
        else refusal(context, probe, roles)
    )


def refusal(
    context: JudgeContext, probe: Exchange, roles: tuple[str, ...], statuses: tuple[int, ...] = ()
) -> Outcome:
    """Judge one refusal: status and code of one of some roles."""
    excuse = unusable(context, probe)
    if excuse:
        return excuse
    assert probe.response is not None
    rows = [row for row in context.contract.errors.values() if row.role in roles]
    expected = " or ".join(f"{row.status} {row.code}" for row in rows)
    status = probe.response.status
    if status in statuses and status not in {row.status for row in rows}:
        return Pass((probe.id,))
    if status not in {row.status for row in rows}:
        return Violation("status", expected, said(probe), (probe.id,))
    code = code_of(context.contract, probe)
    # without a code the error structure is broken, which its own rules blame
    if code is not None and code not in {row.code for row in rows if row.status == status}:
        return Violation(pointer(context.contract.code_pointer), expected, said(probe), (probe.id,))
    return Pass((probe.id,))


def page_of(context: JudgeContext, exchange: Exchange) -> tuple[Paging, Any] | None:
    """Paging and body of a successful list response."""
    response, operation = exchange.response, context.operation
    if (
        response is None
        or operation is None
        or operation.paging is None
        or not response.ok
        or exchange.request.method == "HEAD"
    ):
        return None
    if response.body.cut or response.body.withheld:
        return None
    return operation.paging, response.json


def odd_cursor(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether a page was asked for with a cursor that is no timestamp. Where the target served it, list.position blames that."""
    paging = context.operation.paging if context.operation else None
    after = asked(exchange, paging.after) if paging else None
    return after is not None and instant(after) is None
