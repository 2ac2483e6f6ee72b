"""The judge of creations whose requests have names: one object for each name."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import said
from conformance.judging.rules import trial
from conformance.model import Exchange, Step, compact
from conformance.model.exchange import header_in
from conformance.reading import Answer


@trial("create.named", hint="Needs a creation that is sent under a name twice.")
def create_named(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request under a known name returns the first object, and one under a new name another."""
    header = context.operation.naming_header
    if header is None:
        return
    first: dict[str, Answer] = {}
    for exchange in trial.exchanges:
        if exchange.operation != context.operation.id:
            continue
        name = header_in(exchange.request.headers, header)
        answer = Answer(context.contract, context.operation, exchange)
        violation = _of_name(first, name, answer)
        if violation is not None:
            yield violation
            return
        if name in first:
            yield Pass((first[name].exchange.id, exchange.id))
        if answer.id is not None:
            first.setdefault(name, answer)


def _of_name(first: dict[str, Answer], name: str, answer: Answer) -> Violation | None:
    """The violation of a response, given the first object under each name; else None."""
    member = answer.contract.identifier_of(answer.operation.kind)
    earlier = first.get(name)
    if earlier is not None:
        ids = (earlier.exchange.id, answer.exchange.id)
        if _is_refused_later(answer.exchange):
            expected = f"the first result, which is {compact(earlier.id)}"
            return Violation("status", expected, said(answer.exchange), ids)
        if answer.id not in (None, earlier.id):
            expected = f"{compact(earlier.id)}, as under the same name before"
            return Violation(f"/{member}", expected, compact(answer.id), ids)
        return None
    for other, made in first.items():
        if answer.id is not None and answer.id == made.id:
            ids = (made.exchange.id, answer.exchange.id)
            expected = "an object of its own, as the name is new"
            return Violation(f"/{member}", expected, f"the object under {other}", ids)
    return None


def _is_refused_later(exchange: Exchange) -> bool:
    """Whether a request that repeats an earlier one is refused as invalid.

    While the first of several requests is worked on, the others may be refused.
    """
    return exchange.facts.step is Step.REPEATED and exchange.status in (400, 404, 409, 422)
