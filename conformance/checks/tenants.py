"""Judges of tenants: what belongs to another tenant is neither shown nor changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.checks.requests import shown_absent
from conformance.judging.answers import control_gap, kept_out, page_of, said, unusable
from conformance.judging.outcomes import (
    Answered,
    Gap,
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
)
from conformance.judging.rules import passive, probe, trial
from conformance.model import (
    Business,
    Clause,
    CodeRole,
    Contract,
    Exchange,
    Open,
    Operation,
    Side,
    Step,
    compact,
    key_role,
)
from conformance.reading import Answer, answer_of, id_of, identity_of, items_of, sought_in

FOREIGN_KEY = "(keys: other in the target file)"

# --- objects ---


@trial("tenant.object", hint=f"Needs a known object of another business {FOREIGN_KEY}.")
def tenant_object(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """An object of another business is refused, and stays as it was."""
    objects, references = trial.at(Step.FOREIGN), trial.at(Step.REFERENCE)
    references += [e for e in trial.at(Step.OPTIONAL) if e.response and not e.response.ok]
    ties = trial.at(Step.TIED)
    if not objects and not references and not ties:
        return
    gap = control_gap(context, trial)
    if gap:
        yield gap
        return
    yield from _objects_refused(context, trial, objects)
    for exchange in references:  # a reference may also be called invalid
        yield kept_out(
            context, exchange, (CodeRole.FORBIDDEN, CodeRole.NOT_FOUND, CodeRole.INVALID_PARAMETER)
        )
    for listing in trial.at(Step.LISTING):
        yield from _not_created(context, listing)
    for look in ties:
        yield from _untied(context, look)
    for before in trial.at(Step.BEFORE):
        for after in trial.at(Step.AFTER):
            yield from _unchanged(context, before, after)


def _objects_refused(
    context: JudgeContext, trial: Trial, objects: list[Exchange]
) -> Iterator[Outcome]:
    """Judge the requests for an object of another business."""
    roles = (CodeRole.FORBIDDEN, CodeRole.NOT_FOUND)
    if Open.ABSENT_OBJECT in context.operation.open:
        yield from shown_absent(context, trial, objects, *roles, judge=kept_out)
        return
    owners = [_id_shown(context, owner) for owner in trial.at(Step.OWNER)]
    for exchange in objects:
        if _is_namesake(context, owners, exchange) or _advises(context, exchange):
            yield Pass((exchange.id,))
        else:
            yield kept_out(context, exchange, roles)


def _advises(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether an action that takes any input only tells what is wrong with it."""
    operation, response = context.operation, exchange.response
    if Open.INPUT not in operation.open or operation.action != "perform":
        return False
    return response is not None and (response.ok or response.status == 400)


def _is_namesake(context: JudgeContext, owners: list[str | None], exchange: Exchange) -> bool:
    """Whether the answer shows another object, which only shares its name with the foreign one."""
    selector = context.operation.selector
    if selector is None or selector.by is None:
        return False
    shown = _id_shown(context, exchange)
    return shown is not None and None not in owners and shown not in owners


def _id_shown(context: JudgeContext, exchange: Exchange) -> str | None:
    """The id of the object that an answer shows, or None."""
    answer = Answer(context.contract, context.operation, exchange)
    return id_of(context.contract, context.operation.kind, answer.object)


def _untied(context: JudgeContext, look: Exchange) -> Iterator[Outcome]:
    """A new object does not show the foreign object that the request tied it to."""
    shown, _ = sought_in(context.contract, look)
    if not isinstance(shown, dict):
        return
    for name, value in look.facts.tied.items():
        if shown.get(name) == value:
            yield Violation(f"/{name}", "nothing of another business", compact(value), (look.id,))
        else:
            yield Pass((look.id,))


def _not_created(context: JudgeContext, listing: Exchange) -> Iterator[Outcome]:
    """A refused object is not in the list of the other business."""
    answer = answer_of(context.contract, listing)
    sent = listing.facts.sent
    for row in answer.rows if answer else ():
        if all(row.get(name) == value for name, value in sent.items()):
            expected = "nothing created in another business"
            yield Violation("/", expected, compact(row), (listing.id,))


def _unchanged(context: JudgeContext, before: Exchange, after: Exchange) -> Iterator[Outcome]:
    """Another business neither removed nor changed an object."""
    old, _ = sought_in(context.contract, before)
    new, goes_on = sought_in(context.contract, after)
    if old is None or unusable(context, after) or goes_on:
        return
    ids = (before.id, after.id)
    if new is None:
        expected = f"{after.facts.sought}, as another business may not remove it"
        yield Violation("/", expected, said(after), ids)
        return
    changed = _first_changed(old, new, after.facts.sent)
    if changed is None:
        yield Pass(ids)
        return
    expected = f"{compact(old.get(changed))}, as another business may not change it"
    yield Violation(f"/{changed}", expected, compact(new[changed]), ids)


def _first_changed(old: Any, new: Any, sent: Mapping[str, Any]) -> str | None:
    """The first member that now has the value that the other business sent."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return None
    for name, value in sent.items():
        if old.get(name) != new.get(name) == value:
            return name
    return None


# --- filters ---


@trial("tenant.filter", hint="Needs the id of another business, or of one of its objects.")
def tenant_filter(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A list narrowed to another business is refused, or shows nothing that is not its own."""
    ignored: set[str] = set()  # where the filter may be ignored, the list without it
    for exchange in trial.at(Step.UNFILTERED):
        answer = Answer(context.contract, context.operation, exchange)
        ignored |= {_identity(answer, item) for item in answer.items or []}
    for exchange in trial.probes:
        excuse = unusable(context, exchange)
        if excuse:
            yield excuse
        else:
            yield from _narrowed_to_foreign(context, exchange, ignored)


def _narrowed_to_foreign(
    context: JudgeContext, exchange: Exchange, ignored: set[str]
) -> Iterator[Outcome]:
    """Judge one answer to a list that is narrowed to another business."""
    answer = Answer(context.contract, context.operation, exchange)
    if not answer.ok:
        more = (CodeRole.INVALID_PARAMETER,) if exchange.facts.placed else ()
        yield kept_out(context, exchange, (CodeRole.FORBIDDEN, CodeRole.NOT_FOUND, *more))
        return
    if answer.items is None:
        return
    new = [item for item in answer.items if _identity(answer, item) not in ignored]
    if new:
        expected = "no item, as the list was asked for another business"
        yield Violation("/", expected, compact(new[0]), (exchange.id,))
    else:
        yield Pass((exchange.id,))


def _identity(answer: Answer, item: Any) -> str:
    return identity_of(answer.contract, answer.operation.kind, item)


# --- rows ---


@trial("tenant.rows", hint=f"Needs the list of another business {FOREIGN_KEY}.")
def tenant_rows(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Two businesses have no item in common, and no item names another business."""
    rows = _Rows(context)
    for exchange in trial.exchanges:
        answer = answer_of(context.contract, exchange)
        side = exchange.facts.side
        if answer is None or side is None or not answer.ok:
            continue
        for item in answer.items or []:
            rows.add(side, answer, item)
            yield from _named_business(context, exchange, item)
    yield from rows.compared()


class _Rows:
    """The items of two businesses, as their lists show them."""

    def __init__(self, context: JudgeContext) -> None:
        self._tenant = context.contract.tenant or ""
        # the full key may reach the empty business as well
        self._empty = context.target.businesses.get(Business.EMPTY)
        self._shown: dict[Side, dict[str, str]] = {Side.OWN: {}, Side.FOREIGN: {}}
        self._nameless: set[str] = set()  # two items without an id that look alike may be two

    def add(self, side: Side, answer: Answer, item: Any) -> None:
        """Count an item for the business whose list shows it."""
        if not isinstance(item, dict):
            return
        if self._empty is not None and item.get(self._tenant) == self._empty:
            return
        identity = _identity(answer, item)
        self._shown[side].setdefault(identity, answer.exchange.id)
        if id_of(answer.contract, answer.operation.kind, item) is None:
            self._nameless.add(identity)

    def compared(self) -> Iterator[Outcome]:
        """Judge what both lists show."""
        own, foreign = self._shown[Side.OWN], self._shown[Side.FOREIGN]
        if not own or not foreign:
            return
        common = sorted(own.keys() & foreign.keys())
        named = [identity for identity in common if identity not in self._nameless]
        ids = tuple(dict.fromkeys([*own.values(), *foreign.values()]))
        if named:
            actual = f"{len(named)} items are listed for both businesses: {named[0]}"
            yield Violation("/", "no item of another business", actual, ids)
        elif not common:
            yield Pass(ids)


def _owned(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies where a list belongs to a business."""
    return bool(contract.tenant and operation.paging and operation.keyed and not operation.pool)


@passive("tenant.named", applies=_owned, hint="The items of the list must name their business.")
def tenant_named(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """No item of any page names a business that the key cannot reach."""
    page = page_of(context, exchange)
    items = items_of(context.operation, page[1]) if page else None
    if items is None or exchange.facts.side or context.operation.pool:
        return
    for item in items:
        for violation in _named_business(context, exchange, item):
            yield violation
            return
    yield Pass((exchange.id,))


def _named_business(context: JudgeContext, exchange: Exchange, item: object) -> Iterator[Outcome]:
    """An item does not name the business that the key cannot reach.

    An item of a third business may be within the reach of the key.
    """
    tenant = context.contract.tenant
    side = exchange.facts.side or _side(exchange.identity or "")
    if side is None or tenant is None or not isinstance(item, dict):
        return
    unreachable = Business.OTHER if side is Side.OWN else Business.MAIN
    foreign = context.target.businesses.get(unreachable)
    if foreign and item.get(tenant) == foreign:
        expected = "no item of another business"
        yield Violation(f"/{tenant}", expected, compact(item[tenant]), (exchange.id,))


def _side(identity: str) -> Side | None:
    """Whose data a key shows; None for a key that may belong to any business."""
    role = key_role(identity)
    if role is None or role.business is None:
        return None
    return Side.OWN if role.business is Business.MAIN else Side.FOREIGN


# --- a business without data ---


@probe("tenant.empty")
def tenant_empty(context: JudgeContext, answer: Answered) -> Iterator[Outcome]:
    """A list without data is an empty page, not an error."""
    if not answer.ok:
        yield Violation("status", "200 with an empty list", said(answer.exchange), answer.ids)
        return
    page = Answer(context.contract, context.operation, answer.exchange)
    paging = context.operation.paging
    if page.items is None or paging is None:
        return
    if page.items and Open.EMPTY_TENANT in context.operation.open:
        yield Gap("A business without data may have items in this list, and has some.")
    elif page.items:
        yield Violation("/", "an empty list", f"{len(page.items)} items", answer.ids)
    elif page.more:
        yield Violation(f"/{paging.more}", "false, as the list is empty", "true", answer.ids)
    else:
        yield Pass(answer.ids)
