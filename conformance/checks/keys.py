"""Judges of keys, of the accounts that hand them out, and of scopes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.judging.rules import (
    Gap,
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
    refusals,
    role_of,
    said,
    trial,
    unusable,
)
from conformance.model import Form, Side, Step, compact
from conformance.reading import identity_of, items_of


@trial("auth.missing")
def auth_missing(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request without a key is refused as unauthenticated."""
    yield from refusals(context, trial, trial.of_form(Form.MISSING), "unauthenticated")


@trial(
    "auth.invalid",
    hint="more than 20 requests with a bad key want flood (allow: in the target file)",
)
def auth_invalid(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A key that was never issued, or is not quite one that was, is refused as unauthenticated."""
    for form in (Form.UNKNOWN, Form.ALTERED):
        yield from refusals(context, trial, trial.of_form(form), "unauthenticated")


@trial("auth.expired", hint="give an expired key (keys: expired in the target file)")
def auth_expired(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """An expired key is refused as unauthenticated."""
    yield from refusals(context, trial, trial.of_form(Form.EXPIRED), "unauthenticated")


@trial("auth.revoked", hint="give a revoked key (keys: revoked in the target file)")
def auth_revoked(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A revoked key is refused as unauthenticated."""
    yield from refusals(context, trial, trial.of_form(Form.REVOKED), "unauthenticated")


@trial("auth.scheme")
def auth_scheme(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A valid key is taken after the scheme of the contract, and after no other."""
    for control in trial.controls:
        if control.response is not None and control.response.status == 401:
            yield Violation("status", "a valid key to be taken", said(control), (control.id,))
            return
    # a header that is not the scheme and one token may be called malformed
    yield from refusals(
        context, trial, trial.of_form(Form.SCHEME), "unauthenticated", statuses=(400,)
    )
    opened = any(
        probe.response is not None and probe.response.ok for probe in trial.of_form(Form.MISSING)
    )
    for probe in trial.of_form(Form.MISPLACED):
        if probe.response is not None and probe.response.ok and not opened:
            expected = (
                f"a key to be taken in the header {context.contract.authentication.header} alone"
            )
            yield Violation("status", expected, said(probe), (probe.id,))
        elif probe.response is not None:
            yield Pass((probe.id,))


@trial("auth.spelling")
def auth_spelling(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """No other spelling of a path opens without a key what the path itself guards."""
    controls = [e.response.json for e in trial.controls if e.response is not None and e.response.ok]
    for probe in trial.of_form(Form.SPELLED):
        excuse, response = unusable(context, probe), probe.response
        if excuse or response is None:
            yield excuse or Pass(())
        elif response.ok and any(
            isinstance(body, dict) and _alike(body, response.json) for body in controls
        ):
            yield Violation(
                "status",
                "nothing without a key, however the path is spelled",
                said(probe),
                (probe.id,),
            )
        else:
            yield Pass((probe.id,))


def _alike(body: dict[str, Any], other: Any) -> bool:
    """Whether two answers are of one form: every member of one is one of the other."""
    return isinstance(other, dict) and bool(body) and set(body) == set(other)


@trial("auth.prefixes")
def auth_prefixes(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Keys of every prefix are taken."""
    for sent in (*trial.controls, *trial.probes):
        excuse = unusable(context, sent)
        if excuse:
            yield excuse
        elif sent.response is not None and sent.response.status == 401:
            yield Violation("status", "a key with this prefix to be taken", said(sent), (sent.id,))
        else:
            yield Pass((sent.id,))


@trial("account.key", hint="a key would have to be handed out, and used")
def account_key(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A key that was handed out is one of its own, and is taken again and again."""
    used, made = trial.at(Step.USED), trial.at(Step.MADE)
    ids = tuple(exchange.id for exchange in (*made, *used))
    others = used[1:]
    if len(made) > 1 and others and all(probe.identity == used[0].identity for probe in others):
        yield Violation("/", "a key of its own for each account", "the same key twice", ids)
        return
    refused = [
        probe for probe in used if probe.response is not None and probe.response.status == 401
    ]
    if refused and refused != used:
        first, *_ = refused
        yield Violation(
            "status", "a key that was handed out to be taken, like others", said(first), ids
        )
    elif refused:  # it may want to be confirmed first, by a person
        first, *_ = refused
        yield Violation(
            "status", "a key that was handed out to be taken", said(first), ids, note=True
        )
    elif used:
        yield Pass(ids)


@trial("account.rows", hint="a key would have to be handed out, and used")
def account_rows(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A key that was handed out shows nothing of a business that was there before."""
    own: set[str] = set()
    made, tenant = trial.at(Step.MADE), context.contract.tenant
    bodies = [exchange.response.json for exchange in made if exchange.response is not None]
    named = [
        body.get(tenant)
        for body in bodies
        if isinstance(body, dict) and body.get(tenant) is not None
    ]
    twice = next((one for place, one in enumerate(named) if one in named[:place]), None)
    if twice is not None:
        ids = tuple(exchange.id for exchange in made)
        yield Violation(
            f"/{tenant}", "a business of its own for each account", f"{compact(twice)} twice", ids
        )
        return
    for exchange in trial.exchanges:
        operation, response = context.contract.operations.get(exchange.operation), exchange.response
        if operation is None or operation.paging is None or response is None or not response.ok:
            continue
        items = items_of(operation, response.json) or []
        shown = {
            identity_of(context.contract, operation.kind, item)
            for item in items
            if isinstance(item, dict)
        }
        if exchange.facts.side is Side.OWN:
            own |= shown
        elif common := shown & own:
            yield Violation("/", "no item of another business", min(common), (exchange.id,))
            return
        else:
            yield Pass((exchange.id,))


@trial("scope.refused")
def scope_refused(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A key without the scope is refused as forbidden."""
    yield from refusals(context, trial, trial.probes, "forbidden")


@trial("scope.opens")
def scope_opens(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A key with the scope is let in."""
    for probe in trial.probes:
        excuse = unusable(context, probe)
        response = probe.response
        if excuse or response is None:
            yield excuse or Pass(())
        elif response.status in (401, 403):
            if probe.identity == "full" and not context.target.full_declared:
                yield Gap(
                    f"the key was refused with {response.status}: give one that has the scope"
                )
            else:
                yield Violation(
                    "status", "not refused, as the key has the scope", said(probe), (probe.id,)
                )
        elif response.ok or role_of(context.contract, probe):
            yield Pass((probe.id,))
