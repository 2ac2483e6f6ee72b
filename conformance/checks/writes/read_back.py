"""Judges a write by a later read of its object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.judging.effects import promised
from conformance.judging.outcomes import (
    Answered,
    Gap,
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
)
from conformance.judging.responses import answered, quote
from conformance.model import NEW_ID, Exchange, Operation, ReasonKind, Step, compact
from conformance.reading import (
    answer_of,
    as_shown,
    comparable_members,
    differences,
    members_of,
    sent_members,
    sought_in,
)


def read_back(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Judge each accepted write by its response and by the last read of its object.

    Of several writes to an object, only the last is judged. Whether a creation may return the
    object of an earlier one is judged by create.one. A write without a read is wrong if it shows no
    required id.
    """
    reads = _last_reads(context, trial)
    for write in _last_writes(context, trial):
        answer = answered(context, write)
        if not isinstance(answer, Answered):
            yield answer
            continue
        if not answer.ok:
            continue
        yield from _misquoted(context, trial, write)
        if write.id in reads:
            yield from _judge_read(context, trial, write, reads[write.id])
        elif _lacks_id(context, answer):
            name = context.contract.identifier_of(context.operation.kind)
            yield Violation(f"/{name}", NEW_ID, quote(write), answer.ids)


def _misquoted(context: JudgeContext, trial: Trial, write: Exchange) -> Iterator[Violation]:
    """A violation for each member that an accepted write returns with a value that was not sent.

    It is only a note if the member had that value before the write: no source rules out that a
    change returns the object as it was.
    """
    answer = answer_of(context.contract, write)
    if answer is None or not answer.ok:
        return
    sent = promised(context, context.operation, _sent_in_body(write))
    for where, expected, actual in differences(context.operation, sent, answer.object):
        earlier = _earlier_values(context, trial, write, where.removeprefix("/"))
        yield Violation(
            where, f"{expected}, as it was sent", actual, (write.id,), note=actual in earlier
        )


def _earlier_values(context: JudgeContext, trial: Trial, write: Exchange, member: str) -> set[str]:
    """The values of a member before a write: those that looks showed, and earlier requests sent.

    If one of these lacks the member, null is among the values.
    """
    place = trial.exchanges.index(write)
    earlier: set[str] = set()
    for exchange in trial.exchanges[:place]:
        shown, _ = sought_in(context.contract, exchange)
        sent = as_shown(context.operation, _sent_in_body(exchange))
        earlier.update(compact(each.get(member)) for each in (members_of(shown), sent))
    return earlier


def _last_writes(context: JudgeContext, trial: Trial) -> list[Exchange]:
    """The last write to each object of a trial, in order, and all writes that show no id."""
    writes: dict[str, Exchange] = {}
    for write in trial.at(Step.WRITE):
        object_id = _written_id(context, write)
        key = write.id if object_id is None else f"object {object_id}"
        writes.pop(key, None)  # so that the last one determines the order
        writes[key] = write
    return list(writes.values())


def _last_reads(context: JudgeContext, trial: Trial) -> dict[str, Exchange]:
    """The last read that belongs to each write, by the id of the exchange of the write.

    A read belongs to the last write to the object that it asks for, or else to the last write.
    """
    reads: dict[str, Exchange] = {}
    writes: list[Exchange] = []
    for exchange in trial.exchanges:
        if exchange.facts.step is Step.WRITE:
            writes.append(exchange)
        elif exchange.facts.step is Step.READ and writes:
            sought = exchange.facts.sought
            of_object = [write for write in writes if _written_id(context, write) == sought]
            last_write = of_object[-1] if of_object else writes[-1]
            reads[last_write.id] = exchange
    return reads


def _written_id(context: JudgeContext, write: Exchange) -> str | None:
    """The id that the response to a write shows."""
    answer = answer_of(context.contract, write)
    if answer is None or answer.id is None:
        return None
    return str(answer.id)


def _lacks_id(context: JudgeContext, answer: Answered) -> bool:
    """Whether an accepted write shows no id where the contract requires one.

    A write of an object whose id is known needs none. Other rules judge a response that is not an
    object.
    """
    if not answer.ok or answer.facts.sought:
        return False
    name, body = context.contract.identifier_of(context.operation.kind), answer.response.json
    if name not in context.operation.schema.get("required", ()):
        return False
    return isinstance(body, dict) and not isinstance(body.get(name), str | int)


def _judge_read(
    context: JudgeContext, trial: Trial, write: Exchange, read: Exchange
) -> Iterator[Outcome]:
    """Judge one write by one read, which must succeed and show the object.

    ``sought`` in the labels of the read is the id of the object.
    """
    ids, answer = (write.id, read.id), answered(context, read)
    found, goes_on = sought_in(context.contract, read)
    if not isinstance(answer, Answered):
        yield answer
    elif not answer.ok:
        yield Violation("status", "200 for an object that was just written", quote(read), ids)
    elif goes_on:
        reason = "The list is too long to search for what was just written."
        yield Gap(reason, ReasonKind.OWN_LIMIT)
    elif not isinstance(found, dict):
        expected = f"{read.facts.sought}, which was just written"
        yield Violation("/", expected, quote(read), ids)
    else:
        yield from _judge_found(context, trial, write, read, found)


def _judge_found(
    context: JudgeContext, trial: Trial, write: Exchange, read: Exchange, found: Any
) -> Iterator[Outcome]:
    """Judge that the object that a read found shows what was sent, under the id that was sought.

    Nothing passes if the read proves nothing; see ``_proves``.
    """
    ids = (write.id, read.id)
    sent = promised(context, context.operation, _sent_in_body(write))
    wrong = [
        *differences(context.operation, sent, found),
        *_dropped_references(context, sent, found),
    ]
    identifier = context.contract.identifier_of(context.contract.operations[read.operation].kind)
    found_id = members_of(found).get(identifier)
    if found_id is not None and str(found_id) != read.facts.sought:
        wrong.append((f"/{identifier}", compact(read.facts.sought), compact(found_id)))
    for where, expected, actual in wrong:
        sender = _earlier_sender(context, trial, write, where.removeprefix("/"))
        yield Violation(where, expected, actual, (*sender, *ids))
    if not wrong and _proves(context.operation, sent, found, found_id):
        yield Pass(ids)


def _earlier_sender(
    context: JudgeContext, trial: Trial, last: Exchange, member: str
) -> tuple[str, ...]:
    """The id of the write that sent a member, if the last write to the object did not; or none."""
    object_id = _written_id(context, last)
    for write in reversed(trial.at(Step.WRITE)):
        is_of_object = write is last or (write.ok and _written_id(context, write) == object_id)
        if is_of_object and member in as_shown(context.operation, sent_members(write)):
            return () if write is last else (write.id,)
    return ()


def _dropped_references(
    context: JudgeContext, sent: Mapping[str, Any], found: dict[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """The references that a creation sent and its object shows as null: where, expected, actual."""
    if context.operation.action != "create":
        return
    for parameter in context.operation.body:
        if not context.contract.refers(parameter):
            continue
        name, sent_id = parameter.shown_as, sent.get(parameter.name)
        if sent_id is not None and found.get(name, sent_id) is None:
            yield f"/{name}", compact(sent_id), "null"


def _proves(operation: Operation, sent: Mapping[str, Any], found: Any, found_id: Any) -> bool:
    """Whether a read proves a write: it shows a value that was sent, or the id of a new object."""
    if operation.selector is None and found_id is not None:
        return True
    return bool(comparable_members(operation, as_shown(operation, sent), found))


def _sent_in_body(write: Exchange) -> dict[str, Any]:
    """The sent members in the labels of a write, with the values that its body has.

    These differ where the object of a reference had disappeared, so that another one was sent.
    """
    body = sent_members(write)
    return {name: body.get(name, value) for name, value in write.facts.sent.items()}
