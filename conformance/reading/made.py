"""What a run created on its target without removing it, and what it changed there."""

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
from conformance.reading.response import Answer, answer_of, query_value

CLEAN = Case("clean[api]", PREFLIGHT, WHOLE_API, "", (), Effect.READ)
"""The case of requests that remove what a run created. They are not judged."""
GONE = 404
"""The status of a deletion after an earlier one whose response was lost."""

Id = str | int
"""The id of an object, as returned by the target."""
Place = tuple[str, Id]
"""The kind and the id of an object."""


@dataclass(frozen=True)
class Made:
    """An object that a run created, or an older one that it worked on.

    ``identity`` is the key that the run used for that, or None, and ``at`` the time when a creating
    request was sent.
    """

    kind: str
    id: Id
    identity: str | None
    at: str = field(default="", compare=False)


def made_by(contract: Contract, exchanges: Iterable[Exchange]) -> list[Made]:
    """What some exchanges created and did not remove, oldest first.

    An object counts only if no response showed it before its creation, because otherwise it may be
    someone else's.
    """
    sent = list(exchanges)
    creations = {operation.id for operation in contract.operations_by("create")}
    if not any(each.operation in creations for each in sent):
        return []
    seen: set[Place] = set()  # whatever a response has shown so far
    made: dict[Place, Made] = {}
    for answer, shown in _successes(contract, sent):
        if answer.operation.action == "delete":
            kept = {place: each for place, each in made.items() if not _removes(answer, each)}
            seen -= made.keys() - kept.keys()  # a removed object may be created again
            made = kept
        elif answer.operation.action == "create":
            creation = answer.exchange
            new = {each: Made(*each, creation.identity, creation.started) for each in shown - seen}
            made |= new
        seen |= shown
    return list(made.values())


def worked_on(contract: Contract, exchanges: Iterable[Exchange]) -> list[Made]:
    """The objects that existed before some exchanges, and that some exchange worked on.

    An exchange works on an object if its operation does more than read, its request names the
    object, and it succeeds. Any response but that of a creation shows objects that existed before.
    """
    seen: set[Place] = set()
    older: dict[tuple[str, str], Place] = {}  # by kind and by the id as requests spell it
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
    """The successes among some exchanges, and cleanups that found nothing, with what they show."""
    for exchange in exchanges:
        answer = answer_of(contract, exchange)
        if answer is not None and (answer.ok or _finds_nothing(exchange)):
            yield answer, _names_in(contract, answer)


def _finds_nothing(exchange: Exchange) -> bool:
    """Whether a cleanup request found its object gone. Otherwise a 404 may hide an object."""
    return (exchange.case, exchange.status) == (CLEAN.id, GONE)


def _worked_on_by(answer: Answer) -> set[tuple[str, str]]:
    """What a request that does more than read may name, each as kind and id.

    The id may be in the query, in the body, or any segment of the path.
    """
    operation, request = answer.operation, answer.exchange.request
    if operation.selector is None or not operation.works_on(operation.selector):
        return set()
    name, written = operation.selector.name, request.body.kept if request.body else ""
    member = members_of(read_json(written).value).get(name)
    segments = urlsplit(request.url).path.split("/")
    names = (query_value(answer.exchange, name), member, *segments)
    return {(operation.kind, str(each)) for each in names}


def _names_in(contract: Contract, answer: Answer) -> set[Place]:
    """The objects in a response, by kind and id."""
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
    """The objects that can be removed, each with its deletion, latest first."""
    found = ((each, _deletion(contract, each.kind, allowed)) for each in made)
    return [(each, deletion) for each, deletion in found if deletion is not None][::-1]


def _deletion(contract: Contract, kind: str, allowed: Iterable[Effect]) -> Operation | None:
    """The operation that removes an object of a kind, if it is allowed."""
    for operation in contract.operations_by("delete", kind):
        selector = operation.selector
        if operation.effect in allowed and selector and selector.references == kind:
            return operation
    return None
