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
KindAndId = tuple[str, Id]
"""The kind and the id of an object."""


@dataclass(frozen=True)
class Made:
    """An object that a run created, or an older one that it worked on.

    ``identity`` names the key that the run used for that; None if it used none. ``at`` is the time
    when the creation was sent; empty for an older object.
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
    seen: set[KindAndId] = set()  # whatever a response has shown so far
    made: dict[KindAndId, Made] = {}
    for answer, shown in _successes(contract, sent):
        if answer.operation.action == "delete":
            kept = {key: each for key, each in made.items() if not _removes(answer, each)}
            seen -= made.keys() - kept.keys()  # a removed object may be created again
            made = kept
        elif answer.operation.action == "create":
            creation = answer.exchange
            for kind, name in shown - seen:
                made[kind, name] = Made(kind, name, creation.identity, creation.started)
        seen |= shown
    return list(made.values())


def worked_on(contract: Contract, exchanges: Iterable[Exchange]) -> list[Made]:
    """The objects that existed before some exchanges, and that some exchange worked on.

    An exchange works on an object if its operation does more than read, its request names the
    object, and it succeeds. Any response but that of a creation shows objects that existed before.
    """
    seen: set[KindAndId] = set()  # whatever a response has shown so far, also when created
    older: dict[tuple[str, str], KindAndId] = {}  # by kind and by the id as requests spell it
    found: dict[KindAndId, Made] = {}
    for answer, shown in _successes(contract, exchanges):
        for named in _possibly_named(answer) & older.keys():
            key = older[named]
            found[key] = Made(*key, answer.exchange.identity)
        if answer.operation.action != "create":
            older |= {(kind, str(name)): (kind, name) for kind, name in shown - seen}
        seen |= shown
    return list(found.values())


def _successes(
    contract: Contract, exchanges: Iterable[Exchange]
) -> Iterator[tuple[Answer, set[KindAndId]]]:
    """The successes among some exchanges, and cleanups that found nothing, with what they show."""
    for exchange in exchanges:
        answer = answer_of(contract, exchange)
        if answer is not None and (answer.ok or _finds_nothing(exchange)):
            yield answer, _names_in(contract, answer)


def _finds_nothing(exchange: Exchange) -> bool:
    """Whether a cleanup request found its object gone. In other cases, a 404 may hide an object."""
    return (exchange.case, exchange.status) == (CLEAN.id, GONE)


def _possibly_named(answer: Answer) -> set[tuple[str, str]]:
    """The objects that a request may name, each as kind and id; empty unless it works on one.

    Any of these may be the id: the query parameter, the body member, and each segment of the path.
    """
    operation, request = answer.operation, answer.exchange.request
    if operation.selector is None or not operation.works_on(operation.selector):
        return set()
    name = operation.selector.name
    body = request.body.kept if request.body else ""
    member = members_of(read_json(body).value).get(name)
    segments = urlsplit(request.url).path.split("/")
    names = (query_value(answer.exchange, name), member, *segments)
    return {(operation.kind, str(each)) for each in names}


def _names_in(contract: Contract, answer: Answer) -> set[KindAndId]:
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
    """The objects that can be removed, each with its deletion; the last of ``made`` comes first.

    ``allowed`` are the effects that a deletion may have.
    """
    found = [(each, _deletion(contract, each.kind, allowed)) for each in made]
    return [(each, deletion) for each, deletion in reversed(found) if deletion is not None]


def _deletion(contract: Contract, kind: str, allowed: Iterable[Effect]) -> Operation | None:
    """The operation that removes an object of a kind, if it is allowed."""
    for operation in contract.operations_by("delete", kind):
        selector = operation.selector
        if operation.effect in allowed and selector and selector.references == kind:
            return operation
    return None
