"""Judges of issued secrets: the keys of new accounts, and secrets where none belongs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.base.values import pointed
from conformance.judging.outcomes import (
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
    WholeLog,
    once_for_each_log,
)
from conformance.judging.responses import ids_of, quote
from conformance.judging.rules import every, passive, trial
from conformance.judging.writes import last_success
from conformance.model import (
    Body,
    Clause,
    Contract,
    Exchange,
    Operation,
    Placeholder,
    Response,
    SecretKind,
    Side,
    Step,
    compact,
)
from conformance.model.placeholder import ISSUED, PART
from conformance.reading import answer_of, issued_secrets, issuing, members_of

HANDED_OUT = "Needs a key that the target hands out, and its use."
WORKS = (200, 403)
"""The statuses of a list that a new key may get. The key may lack the scope."""


@trial("account.key", hint=HANDED_OUT)
def account_key(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Each account gets a key of its own, and the key works more than once."""
    used, made = trial.at(Step.USED), trial.at(Step.MADE)
    if not used:
        return
    ids = ids_of([*made, *used])
    several = min(len(made), len(used)) > 1
    identities = {use.identity for use in used}
    if several and len(identities) == 1:
        yield Violation("/", "a key of its own for each account", "the same key twice", ids)
        return
    refused = [use for use in used if use.status == 401]
    if refused:
        expected = "the new key to be accepted"
        never_works = refused == used  # it may have to be confirmed by a person first
        yield Violation("status", expected, quote(refused[0]), ids, note=never_works)
    elif all(use.status in WORKS for use in used):
        yield Pass(ids)


@trial("account.prefix", hint=HANDED_OUT)
def account_prefix(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A new key starts with a documented prefix."""
    member = context.operation.key or ""
    for exchange in trial.at(Step.MADE):
        key = Placeholder.parse(str(members_of(exchange.json).get(member)))
        if key is None or key.kind not in ISSUED:
            continue
        if key.kind is SecretKind.UNPREFIXED:
            prefixes = " or ".join(context.contract.authentication.prefixes)
            expected = f"a key that starts with {prefixes}"
            yield Violation(f"/{member}", expected, "it starts with neither", (exchange.id,))
            return
        yield Pass((exchange.id,))


@trial("account.rows", hint=HANDED_OUT)
def account_rows(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A new key shows nothing of an earlier business, and no later sign-up gets the same key."""
    made, tenant = trial.at(Step.MADE), context.contract.tenant
    yield from _judge_issued_again(made, trial.at(Step.REPEATED))
    twice = _business_given_twice(made, tenant)
    if twice is not None:
        expected = "a business of its own for each account"
        ids = ids_of(made)
        yield Violation(f"/{tenant}", expected, f"{compact(twice)} twice", ids)
        return
    own: set[str] = set()
    for exchange in trial.exchanges:
        identities = _listed_identities(context, exchange)
        if identities is None:
            continue
        common = identities & own
        if exchange.facts.side is Side.OWN:
            own |= identities
        elif common:
            yield Violation("/", "no item of another business", min(common), (exchange.id,))
            return
        else:
            yield Pass((exchange.id,))


def _judge_issued_again(made: list[Exchange], repeated: list[Exchange]) -> Iterator[Violation]:
    """A violation for each repeated request that returned a secret of an existing account."""
    earlier: set[Placeholder] = set()
    for exchange in made:
        earlier |= issued_secrets(exchange)
    for exchange in repeated:
        old = earlier & issued_secrets(exchange)
        if old:
            expected = "a key that no existing account has"
            yield Violation("/", expected, str(min(old, key=str)), (exchange.id,))


def _business_given_twice(made: list[Exchange], tenant: str | None) -> Any:
    """The business that two accounts were given; None if each got its own."""
    if tenant is None:
        return None
    earlier: list[Any] = []
    for exchange in made:
        business = members_of(exchange.json).get(tenant)
        if business is not None and business in earlier:
            return business
        earlier.append(business)
    return None


def _listed_identities(context: JudgeContext, exchange: Exchange) -> set[str] | None:
    """The identities of the items of an accepted list; None for any other exchange."""
    answer = answer_of(context.contract, exchange)
    if answer is None or answer.items is None:
        return None
    return {answer.identity(row) for row in answer.rows}


# --- secrets --------------------------------------------------------------------------------------


@passive("secret.elsewhere", applies=every, hint="No request succeeded.")
def secret_elsewhere(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """No response shows a key, and no success shows a secret that another response issued."""
    response = exchange.response
    if response is None:
        return
    if not response.ok:
        yield from _key_in_error(context, exchange, response)
        return
    if exchange.facts.mistake:
        return
    shown = _secrets_out_of_place(context, response)
    if shown:
        expected = "no key, and no secret that this request does not hand out"
        # where a response is not an object, a text like a key may be an example
        shows_no_object = not context.operation.kind
        only_look_like_keys = all(each.kind is SecretKind.FOUND for each in shown)
        note = shows_no_object and only_look_like_keys
        yield Violation("/", expected, str(shown[0]), (exchange.id,), note=note)
        if not note:
            return
    yield Pass((exchange.id,))


def _secrets_out_of_place(context: JudgeContext, response: Response) -> list[Placeholder]:
    """The placeholders of complete secrets in a body that must not show them."""
    placeholders = Placeholder.all_in(response.body.written)
    return [
        each for each in placeholders if each.suffix != PART and _is_out_of_place(context, each)
    ]


def _key_in_error(
    context: JudgeContext, exchange: Exchange, response: Response
) -> Iterator[Violation]:
    """A violation for the first complete key of the target file that an error response shows.

    The message of the error is left out, which other rules judge. So is a key in the URL or body of
    the request, because an error may quote these.
    """
    body = response.body.written
    if "\\" not in body and not any(Placeholder.all_in(body)):
        return  # there is no secret, not even one with escapes: the body need not be parsed
    message = compact(pointed(response.json, context.contract.message_pointer), sys.maxsize)
    without_message = compact(response.json, sys.maxsize).replace(message, "")
    sent = exchange.request.url + (exchange.request.body or Body()).written
    for shown in Placeholder.all_in(without_message):
        if shown.kind is not SecretKind.KEY or not _is_out_of_place(context, shown):
            continue
        is_complete = not shown.suffix
        if is_complete and str(shown) not in sent:
            yield Violation("/error", "no key", str(shown), (exchange.id,))
            return


def _may_show_secret(_contract: Contract, operation: Operation, _clause: Clause) -> bool:
    """Applies to changes whose documented response has a secret among its members."""
    return operation.action == "update" and bool(operation.secrets)


@passive("secret.again", applies=_may_show_secret, hint="No change succeeded.", whole=True)
def secret_again(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A change does not show the secret that an earlier response issued."""
    if context.operation.action != "update" or not exchange.ok:
        return
    issued = _issuing(context)
    for secret in issued_secrets(exchange):
        if secret in issued and issued[secret].id != exchange.id:
            ids = (issued[secret].id, exchange.id)
            expected = "no secret that an earlier response issued"
            yield Violation(_place_of(secret, exchange), expected, str(secret), ids)
            return
    yield Pass((exchange.id,))


def _place_of(secret: Placeholder, exchange: Exchange) -> str:
    """The pointer to a secret in a response; that of the whole body if no member is the secret."""
    members = [name for name, value in members_of(exchange.json).items() if value == str(secret)]
    return f"/{members[0]}" if members else "/"


@once_for_each_log
def _issuing(context: JudgeContext, log: WholeLog) -> Mapping[Placeholder, Exchange]:
    """For each secret's placeholder, the exchange that issued it."""
    return issuing(context.contract, log.exchanges)


@trial("secret.new", hint="Needs an object whose secret can be replaced.")
def secret_new(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Work that issues a secret issues a new one."""
    work = last_success(context, trial, Step.WRITE)
    if work is None:
        return
    earlier: set[Placeholder] = set()
    for exchange in trial.exchanges:
        if exchange is work.exchange:
            break
        earlier |= issued_secrets(exchange)
    old = earlier & issued_secrets(work.exchange)
    if old:
        expected = "a secret that no earlier answer handed out"
        yield Violation("/", expected, str(min(old, key=str)), (work.exchange.id,))
    else:
        yield Pass((work.exchange.id,))


def _is_out_of_place(context: JudgeContext, placeholder: Placeholder) -> bool:
    """Whether a response of the operation must not show a secret.

    Forbidden are a key of the target file, an issued secret of a member that the operation does not
    declare, and, unless the operation issues keys, a text that looks like a key. Links are allowed.
    """
    if placeholder.kind is SecretKind.KEY:
        return placeholder.name in context.target.keys
    if placeholder.kind is SecretKind.FOUND:
        return context.operation.key is None
    if placeholder.kind in ISSUED:
        return placeholder.member not in context.operation.secrets
    return False
