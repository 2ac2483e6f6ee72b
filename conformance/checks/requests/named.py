"""Judges of requests that name an object: only that object is shown, and only if it exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from conformance.base.values import NOT_JSON
from conformance.judging.capabilities import Asked
from conformance.judging.inputs import roles_of_refusal
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import (
    control_gap,
    kept_out,
    quote,
    refusal,
    refusals,
    role_of,
    unusable,
)
from conformance.judging.rules import USABLE, passive, trial
from conformance.judging.writes import judge_untied
from conformance.model import (
    Clause,
    CodeRole,
    Contract,
    Exchange,
    Json,
    Open,
    Operation,
    Parameter,
    Step,
    compact,
)
from conformance.reading import Answer, answer_to, is_id, is_named, members_of, query_value

NEEDS_OBJECT = "Needs a known object id, to derive one that does not exist."

NUMBER = re.compile("[1-9][0-9]{0,8}")
"""The spelling of a number that every server reads alike."""
Judge = Callable[[JudgeContext, Exchange, tuple[CodeRole, ...]], Outcome]
NAMES_NOTHING = (CodeRole.NOT_FOUND, CodeRole.FORBIDDEN, CodeRole.INVALID_PARAMETER)
"""The roles of the codes that refuse a request which names what does not exist."""


@trial("id.unknown", hint=NEEDS_OBJECT, provide=True, asks=Asked.OBJECT)
def id_unknown(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request with an id that names nothing gets not found."""
    if Open.ABSENT_OBJECT in context.operation.open:
        yield from refused_or_not_shown(context, trial, trial.probes, CodeRole.NOT_FOUND)
    else:
        yield from refusals(context, trial, trial.probes, CodeRole.NOT_FOUND)


@trial("id.reference", hint="Needs a known object id, to derive one that does not exist.")
def id_reference(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A write that names an object which does not exist is refused, or ignores that name."""
    named = refusable_references(trial)
    gap = control_gap(context, trial) if named else None
    if gap:
        yield gap
        return
    for exchange in named:
        yield kept_out(context, exchange, NAMES_NOTHING)
    # an optional reference may be ignored, but then the object must not show it
    looks = (*trial.at(Step.OPTIONAL), *trial.at(Step.TIED))
    yield from judge_untied(context, looks, "no object that does not exist")


def refusable_references(trial: Trial) -> list[Exchange]:
    """The requests to judge as refusals, because they refer to what the key does not reach.

    A request with an optional reference may ignore it and succeed, so it counts only if refused.
    """
    refused = [exchange for exchange in trial.at(Step.OPTIONAL) if exchange.refused]
    return [*trial.at(Step.REFERENCE), *refused]


def refused_or_not_shown(
    context: JudgeContext,
    trial: Trial,
    requests: list[Exchange],
    *roles: CodeRole,
    judge: Judge = refusal,
) -> Iterator[Outcome]:
    """Judge requests that may be refused, or succeed without the object that they ask for.

    ``roles`` are those of the codes that may refuse them, and ``judge`` judges a refusal. Unless
    all controls succeeded, there is only a gap.
    """
    gap = control_gap(context, trial)
    if gap:
        yield gap
        return
    for exchange in requests:
        excuse = unusable(context, exchange)
        if excuse:
            yield excuse
            continue
        answer = answer_to(context.contract, context.operation, exchange)
        right_roles = roles_of_refusal(context, trial, exchange, roles)
        yield _judge_not_shown(answer) if answer.ok else judge(context, exchange, right_roles)


def _judge_not_shown(answer: Answer) -> Outcome:
    """Judge a success: it does not show the object that the request sought."""
    identifier = answer.contract.identifier_of(answer.operation.kind)
    shown_id = members_of(answer.object).get(identifier)
    ids = (answer.exchange.id,)
    if str(shown_id) != answer.exchange.facts.sought:
        return Pass(ids)
    expected = "nothing, as the key reaches no such object"
    return Violation(f"/{identifier}", expected, compact(answer.object), ids)


def _query_selector(operation: Operation) -> Parameter | None:
    """The query parameter that names the object to read; None without one."""
    selector = operation.selector
    if operation.action != "read":
        return None
    return selector if selector in operation.parameters_in("query") else None


def _named_in_query(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies where a query parameter names the object to read, and an object must be returned."""
    if {Open.INPUT, Open.ABSENT_OBJECT} & operation.open:
        return False
    return _query_selector(operation) is not None


@passive(
    "read.asked",
    applies=_named_in_query,
    hint="Needs a known object to ask for.",
    provide=True,
    asks=Asked.OBJECT,
    rests_on=USABLE,
)
def read_asked(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A read returns the object whose id, or other value, the query gives."""
    answer = answer_to(context.contract, context.operation, exchange)
    selector = _query_selector(context.operation)
    if selector is None or not answer.ok:
        return
    if not answer.object:
        return  # nothing is shown, which other rules judge
    member = _member_named(context, selector)
    wanted = query_value(exchange, selector.name)
    shown = members_of(answer.object).get(member)
    is_own = selector.by is None  # the server made the value, so its case may not matter
    if wanted is None or not is_id(shown) or is_named(wanted, str(shown), is_own=is_own):
        yield Pass((exchange.id,))  # also if either of the two does not say which object it is
    else:
        yield Violation(f"/{member}", compact(wanted), compact(shown), (exchange.id,))


def _member_named(context: JudgeContext, selector: Parameter) -> str:
    """The member of an object that holds the value by which the selector names it."""
    if selector.by is not None:
        return selector.by
    if selector.references == context.operation.kind:
        return context.contract.identifier_of(context.operation.kind)
    return selector.name


def _picks(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies where a parameter names the one thing to show."""
    return operation.pick is not None


@passive("id.picked", applies=_picks, hint="No object was requested by its name.")
def id_picked(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A success shows what was asked for by its name: it is not empty, and has no other number."""
    pick = context.operation.pick
    sought = None if pick is None else query_value(exchange, pick.name)
    if pick is None or not sought:
        return
    answer = answer_to(context.contract, context.operation, exchange)
    if not answer.ok:
        if role_of(context.contract, exchange) is CodeRole.NOT_FOUND:
            yield Pass((exchange.id,))
        return
    if answer.object is NOT_JSON:
        return  # success.label judges it
    is_empty = answer.object in ({}, None)
    if is_empty or _is_other_number(members_of(answer.object).get(pick.name), sought):
        expected = f"404, or what {pick.name} asks for"
        yield Violation("status", expected, quote(exchange), (exchange.id,))
    else:
        yield Pass((exchange.id,))


def _is_other_number(shown: Json, sought: str) -> bool:
    """Whether a number is shown that is not the number sought."""
    if type(shown) is not int or NUMBER.fullmatch(sought) is None:
        return False
    return str(shown) != sought
