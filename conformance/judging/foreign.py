"""What requests for something of another tenant have done: in their answers, and afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product, starmap
from operator import attrgetter
from typing import Any

from conformance.judging.answers import said, unusable
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.writes import tied, untied
from conformance.model import Exchange, Step, compact
from conformance.reading import Answer, answer_of, compared, same, sought_in
from conformance.values import ABSENT

NOTHING_FOREIGN = "nothing of another business"


def foreign_effects(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Judge what the requests for objects of another business have done."""
    for taking in filter(attrgetter("ok"), trial.at(Step.TAKING)):
        expected = "refused, as another business has it"
        yield Violation("status", expected, said(taking), (taking.id,))
    for listing in trial.at(Step.LISTING):
        yield from _not_created(context, trial, listing)
    yield from untied(context, trial.at(Step.TIED), NOTHING_FOREIGN)
    for before, after in product(trial.at(Step.BEFORE), trial.at(Step.AFTER)[-1:]):
        yield from _unchanged(context, before, after)


def answers_untied(context: JudgeContext, trial: Trial) -> Iterator[Violation]:
    """A success does not show what the request named of another business.

    A change that such a success confirms does not take the object away, either.
    """
    for exchange in trial.at(Step.OPTIONAL):
        if not exchange.ok:
            continue
        shown = Answer(context.contract, context.operation, exchange).object
        yield from tied(exchange, shown, NOTHING_FOREIGN)
        if context.operation.action == "update":
            yield from _taken_away(exchange, trial.at(Step.TIED))


def _taken_away(change: Exchange, looks: list[Exchange]) -> Iterator[Violation]:
    """An object that was there for a change, and is not for the last look after it."""
    for look in looks[-1:]:
        if look.status in (403, 404):
            expected = "the object, as a change may not move it to another business"
            yield Violation("status", expected, said(look), (change.id, look.id))


def _not_created(context: JudgeContext, trial: Trial, listing: Exchange) -> Iterator[Outcome]:
    """A refused object is not in the list of the other business.

    What the list showed before is no such object.
    """
    answer = answer_of(context.contract, listing)
    if answer is None:
        return
    before = _listed_before(context, trial, listing)
    for row in answer.rows:
        if _looks_like(row, listing.facts.sent) and answer.identity(row) not in before:
            expected = "nothing created in another business"
            yield Violation("/", expected, compact(row), (listing.id,))


def _listed_before(context: JudgeContext, trial: Trial, listing: Exchange) -> set[str]:
    """The identities of what the list of the other business showed before a creation."""
    place = trial.exchanges.index(listing)
    known: set[str] = set()
    for exchange in trial.exchanges[:place]:
        answer = answer_of(context.contract, exchange)
        if answer is not None and exchange.operation == listing.operation:
            known.update(map(answer.identity, answer.rows))
    return known


def _looks_like(row: dict[str, Any], sent: Mapping[str, Any]) -> bool:
    """Whether a row shows some of the members that were sent, and each as it was sent."""
    shown = compared(sent, row)
    return bool(shown) and all(starmap(same, shown))


def _unchanged(context: JudgeContext, before: Exchange, after: Exchange) -> Iterator[Outcome]:
    """Another business neither removed nor changed an object."""
    old, _ = sought_in(context.contract, before)
    new, goes_on = sought_in(context.contract, after)
    if old is None:
        return
    if unusable(context, after):
        return
    if goes_on:
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
    """The first member that now has the value that the other business sent, or a turned switch.

    Other members may change by themselves; a switch seldom does.
    """
    if not isinstance(old, dict) or not isinstance(new, dict):
        return None
    for name, value in sent.items():
        if old.get(name) != new.get(name) == value:
            return name
    turned = (name for name, value in old.items() if new.get(name) is _opposite(value))
    return next(turned, None)


def _opposite(switch: Any) -> Any:
    """The other value of a switch; of anything else, what no member is."""
    return not switch if isinstance(switch, bool) else ABSENT
