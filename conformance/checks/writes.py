"""Judges of what is written: it is there, as sent, once, and nothing else has changed; what is refused has no effect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.checks.base import (
    Gap,
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
    said,
    trial,
    unusable,
)
from conformance.checks.objects import object_of, sought_in
from conformance.model import Exchange, Operation, compact
from conformance.values import strict_json


def shown(operation: Operation, sent: dict[str, Any], got: Any) -> list[str]:
    """The members that were sent and that a read shows. An optional one may be left out, or null unless it is free text."""
    if not isinstance(got, dict):
        return []
    kept = {p.shows_as or p.name for p in operation.body if p.required or p.fresh}
    return [name for name in sent if name in got and (got[name] is not None or name in kept)]


def as_shown(operation: Operation, sent: dict[str, Any]) -> dict[str, Any]:
    """What was sent, by the names under which the object shows it."""
    known = {p.name: p for p in operation.body}
    return {
        (known[name].shows_as or name) if name in known else name: value
        for name, value in sent.items()
    }


def differences(
    operation: Operation, sent: dict[str, Any], got: Any
) -> Iterator[tuple[str, str, str]]:
    """Members that were sent and read with another value."""
    sent = as_shown(operation, sent)
    for name in shown(operation, sent, got):
        if not same(sent[name], got[name]):
            yield f"/{name}", compact(sent[name]), compact(got[name])


def same(sent: Any, got: Any) -> bool:
    """Equal as JSON values; text may come back trimmed, and an object with members that were not sent."""
    if isinstance(sent, dict) and isinstance(got, dict):
        return all(name in got and same(value, got[name]) for name, value in sent.items())
    if isinstance(sent, list) and isinstance(got, list):
        return len(sent) == len(got) and all(map(same, sent, got))
    if isinstance(sent, bool) or isinstance(got, bool):
        return sent is got
    if isinstance(sent, str) and isinstance(got, str):
        return re.sub(r"\s+", " ", sent).strip() == re.sub(r"\s+", " ", got).strip()
    return bool(sent == got)


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
        if exchange.fact("step") == "write":
            pairs.append((exchange, []))
        elif exchange.fact("step") == "read" and pairs:
            sought, (*_, (_, last)) = exchange.fact("sought"), pairs
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
            and not write.fact("sought")
            and _without_id(context, write.response.json)
        ):
            assert context.operation is not None
            name = context.contract.identifier_of(context.operation.kind)
            yield Violation(f"/{name}", "the id of what was written", said(write), (write.id,))


def _written_id(context: JudgeContext, write: Exchange) -> str | None:
    """The id that the answer to a write shows."""
    assert context.operation is not None
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
    assert context.operation is not None
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
    assert context.operation is not None
    body, told = (
        strict_json(write.request.body.text or "") if write.request.body else None,
        write.fact("sent") or {},
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
    if own is not None and str(own) != read.fact("sought"):
        found.append(Violation(f"/{name}", compact(read.fact("sought")), compact(own), ids))
    if found:
        yield from found
    elif got is None:
        yield Violation("/", f"{read.fact('sought')}, which was just written", said(read), ids)
    elif context.operation.action == "create" or shown(
        context.operation, as_shown(context.operation, sent), got
    ):
        yield Pass(ids)  # a change that the read does not show proves nothing
