"""Judges of keys, of the accounts that issue them, and of scopes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from conformance.base.values import pointed
from conformance.judging.outcomes import (
    Answered,
    Gap,
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
)
from conformance.judging.responses import answered, ids_of, lets_in, refusals, said
from conformance.judging.rules import every, passive, probe, trial
from conformance.judging.writes import last_success
from conformance.model import (
    KEY_ROLES,
    Body,
    CodeRole,
    Exchange,
    Form,
    KeyName,
    Placeholder,
    Response,
    Role,
    SecretKind,
    Side,
    Step,
    compact,
)
from conformance.model.placeholder import PART
from conformance.reading import answer_of, members_of

HANDED_OUT = "Needs a key that the target hands out, and its use."


@trial("auth.missing")
def auth_missing(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request without a key is refused as unauthenticated."""
    yield from refusals(context, trial, trial.of_form(Form.MISSING), CodeRole.UNAUTHENTICATED)


@trial(
    "auth.invalid",
    hint="Sending more than 20 requests with invalid keys requires flood "
    "(allow: in the target file).",
    provide=True,
    place="allow: flood",
)
def auth_invalid(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A key that was never issued, or an altered valid key, is refused as unauthenticated."""
    for form in (Form.UNKNOWN, Form.ALTERED):
        yield from refusals(context, trial, trial.of_form(form), CodeRole.UNAUTHENTICATED)


@trial(
    "auth.expired",
    hint=KEY_ROLES[KeyName.EXPIRED].advice,
    provide=True,
    place=KEY_ROLES[KeyName.EXPIRED].place,
)
def auth_expired(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """An expired key is refused as unauthenticated."""
    yield from refusals(context, trial, trial.of_form(Form.EXPIRED), CodeRole.UNAUTHENTICATED)


@trial(
    "auth.revoked",
    hint=KEY_ROLES[KeyName.REVOKED].advice,
    provide=True,
    place=KEY_ROLES[KeyName.REVOKED].place,
)
def auth_revoked(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A revoked key is refused as unauthenticated."""
    yield from refusals(context, trial, trial.of_form(Form.REVOKED), CodeRole.UNAUTHENTICATED)


@trial("auth.scheme")
def auth_scheme(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A valid key is accepted after the scheme of the contract, and nowhere else."""
    for control in trial.controls:
        if control.status == 401:
            yield Violation("status", "a valid key to be accepted", said(control), (control.id,))
            return
    # a header that is not the scheme and one token may be called malformed
    malformed = trial.of_form(Form.SCHEME)
    yield from refusals(context, trial, malformed, CodeRole.UNAUTHENTICATED, statuses=(400,))
    open_to_all = any(exchange.ok for exchange in trial.of_form(Form.MISSING))
    accepted = any(control.ok for control in trial.controls)
    if open_to_all or not accepted:
        return  # where no key is needed, or none is accepted, its place shows nothing
    for exchange in trial.of_form(Form.MISPLACED):
        if exchange.response is not None:
            yield _misplaced(context, exchange)


def _misplaced(context: JudgeContext, exchange: Exchange) -> Outcome:
    """Judge a valid key in a place where no server may accept it."""
    ids = (exchange.id,)
    if not exchange.ok:
        return Pass(ids)
    header = context.contract.authentication.header
    return Violation("status", f"a key in the header {header} only", said(exchange), ids)


@trial("auth.spelling")
def auth_spelling(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """No other spelling of a path shows without a key what the path shows only with one."""
    guarded = [control.json for control in trial.controls if control.ok]
    for exchange in trial.of_form(Form.SPELLED):
        answer = answered(context, exchange)
        if isinstance(answer, Answered):
            yield _spelled(answer, guarded)
        else:
            yield answer


def _spelled(answer: Answered, guarded: list[Any]) -> Outcome:
    """Judge a response to a request without a key; ``guarded`` are the bodies that need one."""
    names = members_of(answer.response.json).keys()
    is_guarded = any(names == members_of(body).keys() for body in guarded)
    if answer.ok and names and is_guarded:
        expected = "nothing without a key, however the path is spelled"
        return Violation("status", expected, said(answer.exchange), answer.ids)
    return Pass(answer.ids)


@probe("auth.prefixes", select=lambda trial: (*trial.controls, *trial.probes))
def auth_prefixes(context: JudgeContext, answer: Answered) -> Iterator[Outcome]:
    """Keys of every prefix are accepted."""
    if answer.status == 401:
        expected = "a key with this prefix to be accepted"
        yield Violation("status", expected, said(answer.exchange), answer.ids)
    elif answer.exchange.role is Role.PROBE and lets_in(context.contract, answer.exchange):
        yield Pass(answer.ids)  # the success of the control proves nothing about the other prefix


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
        # a key that never works may have to be confirmed by a person first
        yield Violation("status", expected, said(refused[0]), ids, note=refused == used)
    elif all(_works(use) for use in used):
        yield Pass(ids)


def _works(use: Exchange) -> bool:
    """Whether a use of a new key shows that it works. The key may lack the scope of the list."""
    return use.ok or use.status == 403


@trial("account.rows", hint=HANDED_OUT)
def account_rows(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A new key shows nothing of an earlier business, and no later sign-up gets the same key."""
    made, tenant = trial.at(Step.MADE), context.contract.tenant
    yield from _handed_out_again(made, trial.at(Step.REPEATED))
    twice = _given_twice(made, tenant)
    if twice is not None:
        expected = "a business of its own for each account"
        ids = ids_of(made)
        yield Violation(f"/{tenant}", expected, f"{compact(twice)} twice", ids)
        return
    before: set[str] = set()
    for exchange in trial.exchanges:
        names = _listed(context, exchange)
        if names is None:
            continue
        common = names & before
        if exchange.facts.side is Side.OWN:
            before |= names
        elif common:
            yield Violation("/", "no item of another business", min(common), (exchange.id,))
            return
        else:
            yield Pass((exchange.id,))


def _handed_out_again(made: list[Exchange], repeated: list[Exchange]) -> Iterator[Violation]:
    """The violation of a repeated request that returned the key of an account that exists."""
    known = {secret for exchange in made for secret in _handed_out(exchange)}
    for exchange in repeated:
        old = known & _handed_out(exchange)
        if old:
            expected = "a key that no existing account has"
            yield Violation("/", expected, str(min(old, key=str)), (exchange.id,))


def _given_twice(made: list[Exchange], tenant: str | None) -> Any:
    """The business that two accounts were given; None if each got its own."""
    if tenant is None:
        return None
    known: list[Any] = []
    for exchange in made:
        value = members_of(exchange.json).get(tenant)
        if value is not None and value in known:
            return value
        known.append(value)
    return None


def _listed(context: JudgeContext, exchange: Exchange) -> set[str] | None:
    """The identities of the items of an accepted list; None for any other exchange."""
    answer = answer_of(context.contract, exchange)
    if answer is None or answer.items is None:
        return None
    return {answer.identity(row) for row in answer.rows}


@trial("scope.refused")
def scope_refused(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A key without the scope is refused as forbidden."""
    yield from refusals(context, trial, trial.probes, CodeRole.FORBIDDEN)


@probe("scope.opens")
def scope_opens(context: JudgeContext, answer: Answered) -> Iterator[Outcome]:
    """A key with the scope is accepted."""
    exchange = answer.exchange
    if answer.status in (401, 403):
        if exchange.identity == KeyName.FULL and not context.target.full_declared:
            yield Gap(f"The key was rejected with {answer.status}: give one that has the scope.")
        else:
            expected = "not refused, as the key has the scope"
            yield Violation("status", expected, said(exchange), answer.ids)
    elif lets_in(context.contract, exchange):
        yield Pass(answer.ids)


# --- secrets --------------------------------------------------------------------------------------


@passive("secret.elsewhere", applies=every, hint="No request succeeded.")
def secret_elsewhere(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """No response shows a key, and no success shows a secret that another response issued."""
    response = exchange.response
    if response is None:
        return
    if not response.ok:
        yield from _in_error(context, exchange, response)
        return
    if exchange.facts.mistake:
        return
    shown = _secrets_in(context, response)
    if shown:
        expected = "no key, and no secret that this request does not hand out"
        # where a response is not an object, a text like a key may be an example
        is_text = not context.operation.kind
        note = is_text and all(name.kind is SecretKind.FOUND for name in shown)
        yield Violation("/", expected, str(shown[0]), (exchange.id,), note=note)
        if not note:
            return
    yield Pass((exchange.id,))


def _secrets_in(context: JudgeContext, response: Response) -> list[Placeholder]:
    """The placeholders of whole secrets in a body that its operation does not issue."""
    placeholders = Placeholder.all_in(response.body.written)
    return [
        each for each in placeholders if each.suffix != PART and _is_out_of_place(context, each)
    ]


def _in_error(context: JudgeContext, exchange: Exchange, response: Response) -> Iterator[Violation]:
    """The first key of the target file that an error shows outside its message.

    An error may quote what was sent in its URL or body.
    """
    body = response.body.written
    if "\\" not in body and not any(Placeholder.all_in(body)):
        return
    message = compact(pointed(response.json, context.contract.message_pointer), sys.maxsize)
    rest = compact(response.json, sys.maxsize).replace(message, "")
    sent = exchange.request.url + (exchange.request.body or Body()).written
    for shown in Placeholder.all_in(rest):
        if shown.kind is not SecretKind.KEY or not _is_out_of_place(context, shown):
            continue
        if not shown.suffix and str(shown) not in sent:
            yield Violation("/error", "no key", str(shown), (exchange.id,))
            return


@trial("secret.new", hint="Needs an object whose secret can be replaced.")
def secret_new(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Work that issues a secret issues a new one."""
    work = last_success(context, trial, Step.WRITE)
    if work is None:
        return
    known: set[Placeholder] = set()
    for exchange in trial.exchanges:
        if exchange is work.exchange:
            break
        known |= _handed_out(exchange)
    old = known & _handed_out(work.exchange)
    if old:
        expected = "a secret that no earlier answer handed out"
        yield Violation("/", expected, str(min(old, key=str)), (work.exchange.id,))
    else:
        yield Pass((work.exchange.id,))


def _handed_out(exchange: Exchange) -> set[Placeholder]:
    """The placeholders of the secrets that a response issues."""
    if exchange.response is None:
        return set()
    placeholders = Placeholder.all_in(exchange.response.body.written)
    return {each for each in placeholders if each.kind is SecretKind.SECRET}


def _is_out_of_place(context: JudgeContext, placeholder: Placeholder) -> bool:
    """Whether a response of the operation must not show a secret.

    That is a key of the run, a key-like text unless the operation issues keys, and a secret member
    that the operation does not declare. Links may be shown.
    """
    if placeholder.kind is SecretKind.KEY:
        return placeholder.name in context.target.keys
    if placeholder.kind is SecretKind.FOUND:
        return context.operation.key is None
    if placeholder.kind is SecretKind.SECRET:
        return placeholder.member not in context.operation.secrets
    return False
