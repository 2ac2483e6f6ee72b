"""Whether a target is known to accept the input of a request that it must reject for its key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conformance.judging.outcomes import JudgeContext, Trial
from conformance.model import Body, CodeRole, Effect, Exchange, KeyName, Role
from conformance.reading import sent_members
from conformance.reading.response import query_of

INVALID_INPUT = (CodeRole.MISSING_PARAMETER, CodeRole.INVALID_PARAMETER)
"""The roles of the codes that refuse an input."""
SOME_ID = "(an id)"
"""Replaces whatever an input names, which may differ between a probe and its control."""


def roles_of_refusal(
    context: JudgeContext, trial: Trial, probe: Exchange, roles: tuple[CodeRole, ...]
) -> tuple[CodeRole, ...]:
    """The roles that may refuse a probe which must be refused for its key or for what it names.

    The contract leaves the order of checks open. So a server may refuse the input first, unless it
    is known to accept that input. A probe whose mistake is its input keeps the roles that refuse
    exactly that.
    """
    if any(role in INVALID_INPUT for role in roles) or is_accepted_input(context, trial, probe):
        return roles
    return (*roles, *INVALID_INPUT)


def is_accepted_input(context: JudgeContext, trial: Trial, probe: Exchange) -> bool:
    """Whether a control with the input of a probe succeeded in the same trial.

    The two may differ in the key and in what they name. A control of a write counts only after the
    probe: an earlier one may have taken the name that the probe asks for, or removed the object.
    False if the log lacks the body of the probe.
    """
    wanted = _input(context, probe)
    if wanted is None:
        return False
    others = trial.exchanges
    if context.operation.effect is not Effect.READ:
        others = others[others.index(probe) + 1 :]
    return any(_is_control(context, other) and _input(context, other) == wanted for other in others)


def _is_control(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether a request of the judged operation succeeded, and is a control or has the main key."""
    if exchange.operation != context.operation.id or not exchange.ok:
        return False
    main = context.target.main_key or KeyName.FULL
    return exchange.role is Role.CONTROL or exchange.identity == main


def _input(context: JudgeContext, exchange: Exchange) -> Any:
    """What two requests must share to have the same input: query and body, but no ids.

    ``SOME_ID`` stands for each id. A body without members counts as text, and no body as an empty
    one. None if the log lacks a part of the body.
    """
    body = exchange.request.body or Body(text="")
    if not body.is_whole_text:
        return None
    asked = query_of(exchange.request.url).items()
    query = [(name, value) for name, values in asked for value in values]
    members = sent_members(exchange).items()
    sent = dict(_without_ids(context, members))
    return sorted(_without_ids(context, query)), sent or body.written


def _without_ids(
    context: JudgeContext, values: Iterable[tuple[str, Any]]
) -> Iterator[tuple[str, Any]]:
    """Names and values, with ``SOME_ID`` in place of each value that names something."""
    for name, value in values:
        parameter = context.operation.parameter(name)
        names_object = parameter is not None and bool(parameter.references)
        is_id = names_object or name == context.contract.tenant
        yield name, SOME_ID if is_id else value
