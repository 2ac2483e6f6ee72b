"""Judges of businesses: what belongs to another one is neither shown nor changed."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.requests import shown_absent
from conformance.judging.rules import (
    Gap,
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
    control_gap,
    kept_out,
    page_of,
    passive,
    said,
    trial,
    unusable,
)
from conformance.model import (
    Business,
    Clause,
    Contract,
    Exchange,
    Open,
    Operation,
    Side,
    Step,
    compact,
    key_role,
)
from conformance.reading import id_of, identity_of, items_of, object_of, sought_in


@trial(
    "tenant.object",
    hint="an object of another business would have to be known (keys: other in the target file)",
)
def tenant_object(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """An object of another business is refused, and stays as it was."""
    objects, references = (
        trial.at(Step.FOREIGN),
        trial.at(Step.REFERENCE),
    )
    references += [
        probe for probe in trial.at(Step.OPTIONAL) if probe.response and not probe.response.ok
    ]
    if not objects and not references and not trial.at(Step.TIED):
        return
    gap = control_gap(context, trial)
    if gap:
        yield gap
        return
    if Open.ABSENT_OBJECT in context.operation.open:
        yield from shown_absent(context, trial, objects, "forbidden", "not_found", judge=kept_out)
    else:
        for probe in objects:
            namesake = _is_namesake(context, trial, probe)
            yield (
                Pass((probe.id,))
                if namesake or _advises(context, probe)
                else kept_out(context, probe, ("forbidden", "not_found"))
            )
    for probe in references:  # a reference may also be called invalid
        yield kept_out(context, probe, ("forbidden", "not_found", "invalid_parameter"))
    for listing in trial.at(Step.LISTING):
        yield from _not_there(context, listing)
    for look in trial.at(Step.TIED):
        yield from _untied(context, look)
    for before in trial.at(Step.BEFORE):
        for after in trial.at(Step.AFTER):
            yield from _unchanged(context, before, after)


def _advises(context: JudgeContext, probe: Exchange) -> bool:
    """Whether what may be open to any input answers what is wrong with it, and does nothing."""
    operation, response = context.operation, probe.response
    open_to_any = (
        operation is not None and Open.INPUT in operation.open and operation.action == "perform"
    )
    return open_to_any and response is not None and (response.ok or response.status == 400)


def _is_namesake(context: JudgeContext, trial: Trial, probe: Exchange) -> bool:
    """Whether an object is shown that only shares a name with the one of the other business: its id is another one."""
    if (
        context.operation is None
        or context.operation.selector is None
        or context.operation.selector.by is None
    ):
        return False
    shown = _id_shown(context, probe)
    theirs = [_id_shown(context, owner) for owner in trial.at(Step.OWNER)]
    return shown is not None and None not in theirs and shown not in theirs


def _id_shown(context: JudgeContext, exchange: Exchange) -> str | None:
    """The id of the object that an exchange shows, if it does."""
    if exchange.response is None or not exchange.response.ok:
        return None
    return id_of(
        context.contract,
        context.operation.kind,
        object_of(context.contract, context.operation, exchange.response.json),
    )


def _untied(context: JudgeContext, look: Exchange) -> Iterator[Outcome]:
    """What was made does not show the object of the other business that it was to be tied to."""
    shown, tied = sought_in(context.contract, look)[0], look.facts.tied
    for name, value in tied.items():
        if isinstance(shown, dict) and shown.get(name) == value:
            yield Violation(f"/{name}", "nothing of another business", compact(value), (look.id,))
        elif isinstance(shown, dict):
            yield Pass((look.id,))


def _not_there(context: JudgeContext, listing: Exchange) -> Iterator[Outcome]:
    """What was refused is not in the list of the other business."""
    operation, sent = context.contract.operations[listing.operation], listing.facts.sent
    if listing.response is None or not listing.response.ok:
        return
    for item in items_of(operation, listing.response.json) or []:
        if isinstance(item, dict) and all(item.get(name) == value for name, value in sent.items()):
            yield Violation(
                "/", "nothing created in another business", compact(item), (listing.id,)
            )


def _unchanged(context: JudgeContext, before: Exchange, after: Exchange) -> Iterator[Outcome]:
    (old, _), (new, goes_on) = (
        sought_in(context.contract, before),
        sought_in(context.contract, after),
    )
    if old is None or unusable(context, after) or goes_on:
        return
    ids = (before.id, after.id)
    sent = after.facts.sent
    if new is None:
        yield Violation(
            "/", f"{after.facts.sought}, as another business may not remove it", said(after), ids
        )
        return
    for name, value in sent.items():
        if (
            isinstance(old, dict)
            and isinstance(new, dict)
            and old.get(name) != new.get(name)
            and new.get(name) == value
        ):
            yield Violation(
                f"/{name}",
                f"{compact(old.get(name))}, as another business may not change it",
                compact(value),
                ids,
            )
            return
    yield Pass(ids)


@trial(
    "tenant.filter",
    hint="the id of another business or of one of its objects would have to be known",
)
def tenant_filter(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A list that is asked for another business is refused, or empty; one that may ignore it shows what it shows without."""
    unfiltered = trial.at(Step.UNFILTERED)
    ignored = {
        identity_of(context.contract, context.operation.kind, item)
        for exchange in unfiltered
        if exchange.response is not None
        for item in items_of(context.operation, exchange.response.json) or []
    }
    for probe in trial.probes:
        excuse = unusable(context, probe)
        if excuse or probe.response is None:
            yield excuse or Pass(())
        elif not probe.response.ok:
            placed = ("invalid_parameter",) if probe.facts.placed else ()
            yield kept_out(context, probe, ("forbidden", "not_found", *placed))
        else:
            yield from _no_item(context, probe, probe.response.json, ignored)


def _no_item(
    context: JudgeContext, probe: Exchange, body: object, ignored: set[str]
) -> Iterator[Outcome]:
    """Judge a list that was asked for another business, and came."""
    kind, items = context.operation.kind, items_of(context.operation, body)
    first = next(
        (item for item in items or [] if identity_of(context.contract, kind, item) not in ignored),
        None,
    )
    if first is not None:
        yield Violation(
            "/",
            "no item, as it was asked for what belongs to another business",
            compact(first),
            (probe.id,),
        )
    elif items is not None:
        yield Pass((probe.id,))


@trial(
    "tenant.rows",
    hint="a list of another business would have to be known (keys: other in the target file)",
)
def tenant_rows(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Two businesses have no item in common, and no item names another business."""
    seen: dict[Side, dict[str, Exchange]] = {Side.OWN: {}, Side.FOREIGN: {}}
    empty = context.target.businesses.get("empty")  # which the full key may reach, too
    nameless: set[str] = set()  # two that are alike may well be two
    for exchange in trial.exchanges:
        side, operation = exchange.facts.side, context.contract.operations.get(exchange.operation)
        if side and operation and exchange.response is not None and exchange.response.ok:
            for item in items_of(operation, exchange.response.json) or []:
                if isinstance(item, dict) and (
                    empty is None or item.get(context.contract.tenant or "") != empty
                ):
                    identity = identity_of(context.contract, operation.kind, item)
                    seen[side].setdefault(identity, exchange)
                    nameless |= (
                        {identity}
                        if id_of(context.contract, operation.kind, item) is None
                        else set()
                    )
                yield from _named_business(context, exchange, item)
    if seen[Side.OWN] and seen[Side.FOREIGN]:
        common = sorted(set(seen[Side.OWN]) & set(seen[Side.FOREIGN]))
        ids = tuple(dict.fromkeys(e.id for side in seen.values() for e in side.values()))
        named = [identity for identity in common if identity not in nameless]
        if named:
            first, *_ = named
            actual = f"{len(named)} items are listed for both businesses: {first}"
            yield Violation("/", "no item of another business", actual, ids)
        elif not common:
            yield Pass(ids)


def _owned(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies where a list belongs to a business."""
    return bool(contract.tenant and operation.paging and operation.keyed and not operation.pool)


@passive(
    "tenant.named", applies=_owned, hint="the items of a list would have to name their business"
)
def tenant_named(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """No item of any page names a business that the key cannot reach."""
    page = page_of(context, exchange)
    items = items_of(context.operation, page[1]) if page and context.operation else None
    if items is None or exchange.facts.side or (context.operation and context.operation.pool):
        return
    found = [problem for item in items for problem in _named_business(context, exchange, item)]
    yield next(iter(found), Pass((exchange.id,)))


def _side(identity: str) -> Side | None:
    """Whose data a key shows; None for a key that may belong to any business."""
    role = key_role(identity)
    if role is None or role.business is None:
        return None
    return Side.OWN if role.business is Business.MAIN else Side.FOREIGN


def _named_business(context: JudgeContext, exchange: Exchange, item: object) -> Iterator[Outcome]:
    """No item names the business that the key cannot reach; one of a third business may be within its reach."""
    side = exchange.facts.side or _side(exchange.identity or "")
    foreign = (
        context.target.businesses.get("other" if side is Side.OWN else "main") if side else None
    )
    tenant = context.contract.tenant
    if foreign and tenant and isinstance(item, dict) and item.get(tenant) == foreign:
        yield Violation(
            f"/{tenant}", "no item of another business", compact(item[tenant]), (exchange.id,)
        )


@trial("paging.empty")
def paging_empty(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A list without data is an empty page, not an error."""
    for probe in trial.probes:
        excuse = unusable(context, probe)
        if excuse or probe.response is None:
            yield excuse or Pass(())
        elif not probe.response.ok:
            yield Violation("status", "200 with an empty list", said(probe), (probe.id,))
        else:
            yield from _empty(context, probe)


def _empty(context: JudgeContext, probe: Exchange) -> Iterator[Outcome]:
    """Judge an answer to a list without data."""
    page = page_of(context, probe)
    items = items_of(context.operation, page[1]) if page else None
    if items and Open.EMPTY_TENANT in context.operation.open:
        yield Gap("a business without data may have items in this list, and has")
    elif items:
        yield Violation("/", "an empty list", f"{len(items)} items", (probe.id,))
    elif page and items is not None:
        more = page[1].get(page[0].more)
        if more is True:
            yield Violation(f"/{page[0].more}", "false, as the list is empty", "true", (probe.id,))
        else:
            yield Pass((probe.id,))
