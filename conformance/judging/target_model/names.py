"""What becomes of the names of requests: one object for each name.

The name of a request is its idempotency key, which a header such as ``Idempotency-Key`` contains.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Violation
from conformance.judging.responses import quote, with_body
from conformance.judging.target_model.departures import Judged
from conformance.judging.target_model.events import Write
from conformance.model import Exchange, Step, compact
from conformance.model.exchange import header_in
from conformance.reading import Answer, at_once

NAMED = "create.named"
AS_FIRST = "as in the first result"
"""What a repetition must show."""
BEFORE, AT_ONCE = "before", "at the same time"
"""When the first request under a name was sent."""
REFUSED_AS_INVALID = (400, 404, 409, 422)

Place = tuple[str, str, str]
"""Where a name is valid: an operation and a key, with the name itself."""
Named = dict[Place, Answer]
"""The first response with an object under each name."""


def judged_names(context: JudgeContext, writes: Iterable[Write]) -> Iterator[Judged]:
    """The outcome of each request whose name or object an earlier one had, in the order of time."""
    first: Named = {}
    for write in writes:
        exchange, header = write.exchange, write.operation.naming_header
        name = header_in(exchange.request.headers, header) if header else ""
        if not name:
            continue
        place: Place = (write.operation.id, exchange.identity or "", name)
        answer = Answer(context.contract, write.operation, exchange)
        outcome = _outcome(first, place, answer)
        if outcome is not None:
            yield Judged(NAMED, exchange.id, outcome)
        if answer.ok and answer.id is not None:
            first.setdefault(place, answer)


def _outcome(first: Named, place: Place, answer: Answer) -> Outcome | None:
    """The outcome of a response under a name; None if that name says nothing about it.

    The name says nothing about a later request with a different body: servers may do anything then.
    """
    earlier = first.get(place)
    if earlier is None:
        return _object_of_other_name(first, place, answer)
    if not _have_same_body(earlier.exchange, answer.exchange):
        return None
    return _other_result(earlier, answer) or Pass((earlier.exchange.id, answer.exchange.id))


def _object_of_other_name(first: Named, place: Place, answer: Answer) -> Violation | None:
    """The violation of a new name that returns the object of another name; None if it does not.

    A server may take two requests with the same body for one.
    """
    new_operation, new_key, _ = place
    for (operation, key, name), earlier in first.items():
        is_same_place = (operation, key) == (new_operation, new_key)
        if not is_same_place or earlier.id != answer.id or not answer.ok:
            continue
        if not _have_same_body(earlier.exchange, answer.exchange):
            member = answer.contract.identifier_of(answer.operation.kind)
            expected = "an object of its own, as the name is new"
            ids = (earlier.exchange.id, answer.exchange.id)
            return Violation(f"/{member}", expected, f"the object under {name}", ids)
    return None


def _other_result(first: Answer, answer: Answer) -> Violation | None:
    """The violation of a repetition under a name with a different result than the first; or None.

    While a server works on the first request, it may refuse those sent at the same time. Only a
    repetition that was sent alone must succeed and show the id.
    """
    exchange = answer.exchange
    ids = (first.exchange.id, exchange.id)
    is_alone = exchange.facts.step is Step.REPEATED
    if is_alone and exchange.status in REFUSED_AS_INVALID:
        expected = f"the first result, which is {compact(first.id)}"
        return Violation("status", expected, quote(exchange), ids)
    if not answer.ok or answer.id == first.id:
        return None
    member = answer.contract.identifier_of(answer.operation.kind)
    if answer.id is None:
        must_show_id = is_alone and with_body(exchange) is not None
        expected = f"{compact(first.id)}, {AS_FIRST}"
        return Violation(f"/{member}", expected, quote(exchange), ids) if must_show_id else None
    when = AT_ONCE if at_once(first.exchange, exchange) else BEFORE
    expected = f"{compact(first.id)}, as under the same name {when}"
    return Violation(f"/{member}", expected, compact(answer.id), ids)


def _have_same_body(one: Exchange, other: Exchange) -> bool:
    """Whether two requests have the same body."""
    bodies = [each.request.body.written if each.request.body else "" for each in (one, other)]
    return bodies[0] == bodies[1]
