"""Judges of what is written: it is there, as sent, once, and nothing else has changed; what is refused has no effect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.judging.answers import said, unusable
from conformance.judging.outcomes import Gap, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.rules import trial
from conformance.model import Contract, Exchange, Operation, Step, compact
from conformance.reading import (
    absent,
    as_shown,
    differences,
    items_of,
    newly,
    object_of,
    runs_forward,
    same,
    shown,
    sought_in,
)
from conformance.values import instant, strict_json


@trial("create.read-back", hint="an object would have to be created and read again")
def create_read_back(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """What was created can be read, with the values that were sent."""
    yield from _read_back(context, trial)


@trial(
    "update.read-back",
    hint="an object would have to be changed, and to show the change when it is read again",
)
def update_read_back(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """What was changed reads as changed."""
    yield from _read_back(context, trial)


def _read_back(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Judge each write by the last read of what it made, or else that follows it."""
    pairs: list[tuple[Exchange, list[Exchange]]] = []
    for exchange in trial.exchanges:
        if exchange.facts.step is Step.WRITE:
            pairs.append((exchange, []))
        elif exchange.facts.step is Step.READ and pairs:
            sought, (*_, (_, last)) = exchange.facts.sought, pairs
            next(
                (
                    reads
                    for write, reads in reversed(pairs)
                    if _written_id(context, write) == sought
                ),
                last,
            ).append(exchange)
    for place, (write, reads) in enumerate(pairs):
        excuse = unusable(context, write)
        own = _written_id(context, write)
        if own is not None and any(
            _written_id(context, later) == own for later, _ in pairs[place + 1 :]
        ):
            continue  # it was written again since: create.one tells whether it may be
        if excuse:
            yield excuse
        elif reads:
            yield from _one_read_back(context, write, reads[-1])
        elif (
            write.response is not None
            and write.response.ok
            and not write.facts.sought
            and _without_id(context, write.response.json)
        ):
            name = context.contract.identifier_of(context.operation.kind)
            yield Violation(f"/{name}", "the id of what was written", said(write), (write.id,))


def _written_id(context: JudgeContext, write: Exchange) -> str | None:
    """The id that the answer to a write shows."""
    if write.response is None:
        return None
    shown = object_of(context.contract, context.operation, write.response.json)
    value = (
        shown.get(context.contract.identifier_of(context.operation.kind))
        if isinstance(shown, dict)
        else None
    )
    return None if value is None else str(value)


def _without_id(context: JudgeContext, value: Any) -> bool:
    """Whether an answer that must have an id has none."""
    name = context.contract.identifier_of(context.operation.kind)
    return (
        name in context.operation.schema.get("required", ())
        and isinstance(value, dict)
        and not isinstance(value.get(name), str | int)
    )


def _one_read_back(context: JudgeContext, write: Exchange, read: Exchange) -> Iterator[Outcome]:
    excuse = unusable(context, read)
    response = read.response
    ids = (write.id, read.id)
    if excuse or response is None:
        yield excuse or Pass(())
        return
    if not response.ok:
        yield Violation("status", "200, as it was just written", said(read), ids)
        return
    got, goes_on = sought_in(context.contract, read)
    if goes_on:
        yield Gap("the list is too long to find in it what was just written")
        return
    body, told = (
        strict_json(write.request.body.text or "") if write.request.body else None,
        write.facts.sent,
    )
    # an object that had gone meanwhile was named anew
    sent = (
        {name: body.get(name, value) for name, value in told.items()}
        if isinstance(body, dict)
        else told
    )
    found: list[Outcome] = [
        Violation(where, expected, actual, ids)
        for where, expected, actual in differences(context.operation, sent, got)
    ]
    name = context.contract.identifier_of(context.contract.operations[read.operation].kind)
    own = got.get(name) if isinstance(got, dict) else None
    if own is not None and str(own) != read.facts.sought:
        found.append(Violation(f"/{name}", compact(read.facts.sought), compact(own), ids))
    if found:
        yield from found
    elif got is None:
        yield Violation("/", f"{read.facts.sought}, which was just written", said(read), ids)
    elif context.operation.action == "create" or shown(
        context.operation, as_shown(context.operation, sent), got
    ):
        yield Pass(ids)  # a change that the read does not show proves nothing


LOOKS = {
    Step.BEFORE: Step.AFTER,
    Step.OLDER_BEFORE: Step.OLDER_AFTER,
    Step.NEWER_BEFORE: Step.NEWER_AFTER,
    Step.LISTED_BEFORE: Step.LISTED_AFTER,
}
"""The looks before a deletion, each with the one after it."""
NEIGHBOURS = (Step.OLDER_BEFORE, Step.NEWER_BEFORE)
"""Looks at objects that are not deleted."""


@trial("delete.gone", hint="an object would have to be made, deleted, and looked for")
def delete_gone(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A deleted object is gone or shown as deleted, and no other object is gone."""
    deleted = trial.last(Step.DELETE)
    if deleted is None or deleted.response is None or not deleted.response.ok:
        return
    itself = trial.last(Step.BEFORE)
    for step, following in LOOKS.items():
        before, after = trial.last(step), trial.last(following)
        if before is None or after is None:
            continue
        if step in NEIGHBOURS and itself and before.facts.sought == itself.facts.sought:
            continue  # the target keeps a single object
        yield from _around_deletion(context, step, before, deleted, after)


def _around_deletion(
    context: JudgeContext, step: Step, before: Exchange, deleted: Exchange, after: Exchange
) -> Iterator[Outcome]:
    """Compare one object before and after the deletion."""
    excuse = unusable(context, after)
    if excuse:
        yield excuse
        return
    old, _ = sought_in(context.contract, before)
    new, goes_on = sought_in(context.contract, after)
    ids = (before.id, deleted.id, after.id)
    if old is None or goes_on:
        if step is not Step.LISTED_BEFORE:
            yield Gap("the object could not be seen before or after the deletion")
    elif step in NEIGHBOURS and new is None:
        expected = f"{after.facts.sought}, which was not deleted"
        yield Violation("/", expected, said(after), ids)
    elif step not in NEIGHBOURS and new == old:
        expected = "nothing, or an object that is shown as deleted"
        yield Violation("/", expected, compact(new), ids)
    else:
        yield Pass(ids)


def _holding(context: JudgeContext, exchange: Exchange, texts: Sequence[str]) -> list[Any]:
    """The items of a list, or the object of a read, that hold one of some texts."""
    operation, response = context.contract.operations.get(exchange.operation), exchange.response
    if operation is None or response is None or not response.ok:
        return []
    if operation.paging is None:
        shown = [object_of(context.contract, operation, response.json)]
    else:
        shown = items_of(operation, response.json) or []
    written = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts]
    return [
        one for one in shown if any(text in json.dumps(one, ensure_ascii=False) for text in written)
    ]


@trial("create.one", hint="two objects would have to be created")
def create_one(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Each creation makes one object, with an id of its own."""
    seen: dict[str, Exchange] = {}
    for write in (
        e
        for e in trial.exchanges
        if e.facts.step is Step.WRITE and e.response is not None and e.response.ok
    ):
        assert write.response is not None
        operation = context.contract.operations[write.operation]
        name = context.contract.identifier_of(operation.kind)
        shown = object_of(context.contract, operation, write.response.json)
        value = shown.get(name) if isinstance(shown, dict) else None
        if (
            value is not None
            and compact(value) in seen
            and write.response.status not in operation.successes[:-1]
        ):
            yield Violation(
                f"/{name}", "an id of its own", compact(value), (seen[compact(value)].id, write.id)
            )
            return
        if value is not None:
            seen[compact(value)] = write
    for page in trial.at(Step.LISTED):
        alike = _holding(context, page, page.facts.fresh)
        if len(alike) > 1:
            _, second, *_ = alike
            yield Violation(
                "/", "one object", f"{len(alike)} of them: {compact(second)}", (page.id,)
            )
            return
    if len(seen) > 1:
        yield Pass(tuple(write.id for write in seen.values()))


@trial("create.listed", hint="an object would have to be created, and its list be seen")
def create_listed(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """What was created and can be read is listed, too."""
    pages = trial.at(Step.LISTED)
    if not pages:
        return
    *_, page = pages
    excuse = unusable(context, page)
    if excuse:
        yield excuse
    elif absent(context.contract, page):
        yield Violation("/", f"{page.facts.sought}, which was just made", said(page), (page.id,))
    elif page.response is not None and page.response.ok:
        yield Pass((page.id,))


@trial(
    "create.count",
    confirm=True,
    hint="something would have to be made, and its list be seen before and after",
)
def create_count(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """One request makes one object: not two that show what was sent."""
    before, write, after = map(trial.last, (Step.BEFORE, Step.WRITE, Step.AFTER))
    if (
        before is None
        or write is None
        or after is None
        or write.response is None
        or not write.response.ok
    ):
        return
    listing, sent = context.contract.operations[after.operation], write.facts.sent
    old, new = (
        items_of(listing, e.response.json) if e.response is not None and e.response.ok else None
        for e in (before, after)
    )
    if old is None or new is None:
        return
    alike = [item for item in newly(context.contract, listing, old, new) if _shows(sent, item)]
    ids = (before.id, write.id, after.id)
    if len(alike) > 1:
        yield Violation("/", "one object", f"{len(alike)} of them: {compact(alike[1])}", ids)
    else:
        yield Pass(ids)


def _shows(sent: Mapping[str, Any], item: Any) -> bool:
    """Whether an item shows something of what was sent, and nothing else in its place."""
    both = (
        [(value, item[name]) for name, value in sent.items() if item.get(name) is not None]
        if isinstance(item, dict)
        else []
    )
    return bool(both) and all(same(value, got) for value, got in both)


@trial("update.alone", hint="an object would have to be changed and read again")
def update_alone(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A change is of what was sent, and of no other member and no other object."""
    before, write, after = map(trial.last, (Step.BEFORE, Step.WRITE, Step.READ))
    if before is None or write is None or after is None:
        return
    if write.response is None or not write.response.ok:
        return
    (old, _), (new, _) = sought_in(context.contract, before), sought_in(context.contract, after)
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    ids = (before.id, write.id, after.id)
    sent = as_shown(context.operation, write.facts.sent)
    partial = context.operation.method == "PATCH"
    first = trial.last(Step.FIRST)
    set_before = _settable(context.contract, context.operation)
    if first is not None:
        earlier = {**first.facts.sent, **first.facts.beside}
        set_before |= set(as_shown(context.operation, earlier))
    for name in sorted(set_before - set(sent)) if partial else ():
        if old.get(name) is not None and not same(old[name], new.get(name)):
            yield Violation(
                f"/{name}", f"{compact(old[name])}, as it was not sent", compact(new.get(name)), ids
            )
            return
    if first is not None and first.response is not None and first.response.ok:
        for where, expected, actual in differences(context.operation, first.facts.sent, old):
            yield Violation(where, expected, actual, (first.id, before.id))
            return
    yield from _moved(context, old, new, ids)
    page = trial.last(Step.LISTED)
    if page is not None:
        name = context.contract.identifier_of(context.operation.kind)
        alike = _holding(context, page, page.facts.fresh)
        other = next(
            (
                one
                for one in alike
                if isinstance(one, dict) and str(one.get(name)) != page.facts.sought
            ),
            None,
        )
        if other is not None:
            yield Violation(
                "/",
                f"no object but {page.facts.sought} changed",
                compact(other),
                (write.id, page.id),
            )
            return
    yield Pass(ids)


def _moved(
    context: JudgeContext, old: dict[str, Any], new: dict[str, Any], ids: tuple[str, ...]
) -> Iterator[Outcome]:
    """The position of an object, by which its list is paged, is not changed by a change of another member."""
    name = next((o.paging.position for o in context.contract.operations.values() if o.paging), "")
    was, now = instant(old.get(name)), instant(new.get(name))
    if was is not None and now is not None and was != now:
        yield Violation(f"/{name}", f"{old[name]}, as it was not sent", compact(new[name]), ids)


def _settable(contract: Contract, changed: Operation) -> set[str]:
    """The free texts of an object that a client sets: nothing but a change of them changes them."""
    writes = [
        *contract.operations_by("create", changed.kind),
        *contract.operations_by("update", changed.kind),
    ]
    return {
        p.shows_as or p.name
        for operation in writes
        if not operation.when
        for p in operation.body
        if p.fresh
    }


def _newcomers(context: JudgeContext, old: Exchange, new: Exchange) -> list[Any]:
    """The items of a page of a list that were not on it before, and are newer than what was."""
    listing, items = context.contract.operations[new.operation], _listed(context, new)
    unknown = newly(context.contract, listing, _listed(context, old), items)
    places = [place for place, item in enumerate(items) if item not in unknown]
    if not places or listing.paging is None:
        return []
    return items[places[-1] + 1 :] if runs_forward(listing.paging, items) else items[: places[0]]


def _may_be_of(context: JudgeContext, attempt: Exchange, item: Any) -> bool:
    """Whether an item may come of a request: it shows nothing else in the place of what was sent."""
    body = strict_json(attempt.request.body.text or "") if attempt.request.body else None
    sent = (
        as_shown(context.contract.operations[attempt.operation], body)
        if isinstance(body, dict)
        else {}
    )
    shown = item if isinstance(item, dict) else {}
    return all(shown.get(name) is None or same(value, shown[name]) for name, value in sent.items())


def _listed(context: JudgeContext, page: Exchange) -> list[Any]:
    """The items of a list that was answered."""
    answer = page.response
    items = (
        items_of(context.contract.operations[page.operation], answer.json)
        if answer is not None and answer.ok
        else None
    )
    return items or []


@trial(
    "refused.effect",
    hint="a request would have to be refused, and its effect looked for",
    confirm=True,
)
def refused_effect(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """What was refused has had no effect."""
    attempts = [
        e for e in trial.at(Step.ATTEMPT) if e.response is not None and e.response.status >= 400
    ]
    taken = [e for e in trial.at(Step.ATTEMPT) if e not in attempts]
    told = {text for attempt in taken for text in attempt.facts.fresh}
    looks, before = trial.at(Step.LOOK), trial.at(Step.BEFORE)
    was = next((old for old, _ in (sought_in(context.contract, one) for one in before)), None)
    listed = trial.at(Step.LISTED_BEFORE)
    for look in looks if attempts else ():
        ids = (*(attempt.id for attempt in attempts), look.id)
        excuse = unusable(context, look)
        held = _holding(context, look, [text for text in look.facts.fresh if text not in told])
        found, goes_on = sought_in(context.contract, look)
        new = [one for old in listed for one in _newcomers(context, old, look)]
        if excuse:
            yield excuse
        elif held:
            first, *_ = held
            yield Violation("/", "no effect of requests that were refused", compact(first), ids)
        elif not taken and (
            made := [
                one for one in new if any(_may_be_of(context, attempt, one) for attempt in attempts)
            ]
        ):
            first, *_ = made
            yield Violation("/", "nothing made by requests that were refused", compact(first), ids)
        elif (
            not taken
            and look.facts.sought is not None
            and was is not None
            and found is None
            and not goes_on
        ):
            yield Violation(
                "/", f"{look.facts.sought}, as its deletion was refused", said(look), ids
            )
        elif look.response is not None and look.response.ok:
            yield Pass(ids)
