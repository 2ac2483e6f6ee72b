"""What a run made on its target and has not removed again, and what it changed there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_plus, urlsplit

from conformance.base.values import read_json
from conformance.model import (
    PREFLIGHT,
    WHOLE_API,
    Case,
    Contract,
    Effect,
    Exchange,
    Operation,
)
from conformance.reading.items import members_of
from conformance.reading.response import Answer, answer_of, asked

CLEAN = Case("clean[api]", PREFLIGHT, WHOLE_API, "", (), Effect.READ)
"""The case of requests that remove what a run has made. Nothing is judged by them."""
GONE = 404
"""What a deletion answers where another one, whose answer was lost, came before it."""

Id = str | int
"""The id of an object, as the target gave it."""
Place = tuple[str, Id]
"""The kind and the id of an object."""


@dataclass(frozen=True)
class Made:
    """An object that a run made. ``identity`` is the key that made it, None for none.

    ``at`` is when the request went out that made it.
    """

    kind: str
    id: Id
    identity: str | None
    at: str = field(default="", compare=False)


def made_by(contract: Contract, exchanges: Iterable[Exchange]) -> list[Made]:
    """What some exchanges made and did not remove, the oldest first.

    An object counts only if no answer showed it before its creation: it may be somebody else's.
    """
    seen: set[Place] = set()
    made: dict[Place, Made] = {}
    for answer, shown in _successes(contract, exchanges):
        if answer.operation.action == "delete":
            kept = {place: each for place, each in made.items() if not _removes(answer, each)}
            seen -= made.keys() - kept.keys()  # what is gone may be made again
            made = kept
        elif answer.operation.action == "create":
            sent = answer.exchange
            made |= {place: Made(*place, sent.identity, sent.started) for place in shown - seen}
        seen |= shown
    return list(made.values())


def worked_on(contract: Contract, exchanges: Iterable[Exchange]) -> list[Made]:
    """The objects that were there before some exchanges, and that one of these worked on.

    An operation that did more than read has named them, and succeeded.
    """
    seen: set[Place] = set()
    older: dict[tuple[str, str], Place] = {}  # by kind, and by the id as a request names it
    found: dict[Place, Made] = {}
    for answer, shown in _successes(contract, exchanges):
        for named in _worked_on_by(answer) & older.keys():
            place = older[named]
            found[place] = Made(*place, answer.exchange.identity)
        if answer.operation.action != "create":
            older |= {(kind, str(name)): (kind, name) for kind, name in shown - seen}
        seen |= shown
    return list(found.values())


def _successes(
    contract: Contract, exchanges: Iterable[Exchange]
) -> Iterator[tuple[Answer, set[Place]]]:
    """The successes among some exchanges, and removals that found nothing, with what they show."""
    for exchange in exchanges:
        answer = answer_of(contract, exchange)
        if answer is not None and (answer.ok or _finds_nothing(exchange)):
            yield answer, _names_in(contract, answer)


def _finds_nothing(exchange: Exchange) -> bool:
    """Whether a removal finds that its object is gone. In other cases a 404 may hide an object."""
    return (exchange.case, exchange.status) == (CLEAN.id, GONE)


def _worked_on_by(answer: Answer) -> set[tuple[str, str]]:
    """The objects that a request did more than read to, by kind and id."""
    operation, request = answer.operation, answer.exchange.request
    if operation.selector is None or not operation.works_on(operation.selector):
        return set()
    name, written = operation.selector.name, request.body.kept if request.body else ""
    member = members_of(read_json(written).value).get(name)
    segments = urlsplit(request.url).path.split("/")
    names = (asked(answer.exchange, name), member, *segments)
    return {(operation.kind, str(each)) for each in names}


def _names_in(contract: Contract, answer: Answer) -> set[Place]:
    """What the answer to a request shows, by kind and id."""
    kind = answer.operation.kind
    rows = (row.get(contract.identifier_of(kind)) for row in answer.rows)
    return {(kind, name) for name in (*rows, answer.id) if isinstance(name, str | int)}


def _removes(answer: Answer, made: Made) -> bool:
    """Whether an accepted deletion names an object."""
    request = answer.exchange.request
    body = request.body.kept if request.body else ""
    texts = (unquote_plus(request.url), body)
    return made.kind == answer.operation.kind and any(str(made.id) in text for text in texts)


def removals(
    contract: Contract, made: Iterable[Made], allowed: Iterable[Effect]
) -> list[tuple[Made, Operation]]:
    """What can be removed of some objects, each with its deletion, the latest first."""
    found = ((each, _deletion(contract, each.kind, allowed)) for each in made)
    return [(each, deletion) for each, deletion in found if deletion is not None][::-1]


def _deletion(contract: Contract, kind: str, allowed: Iterable[Effect]) -> Operation | None:
    """The operation that removes one object of a kind, if it may be used."""
    for operation in contract.operations_by("delete", kind):
        selector = operation.selector
        if operation.effect in allowed and selector and selector.references == kind:
            return operation
    return None
