"""What requests for something of another tenant have done: in their answers, and afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import chain, product, starmap
from operator import attrgetter
from typing import Any

from conformance.base.values import ABSENT, instants, texts_in
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import said, unusable
from conformance.judging.writes import tied, untied
from conformance.model import Exchange, Step, compact
from conformance.reading import Answer, answer_of, compared, orders_of, same, sought_in

TELLING = 6
"""Characters of a text that no member has by chance."""
LONG_ID = 16
"""Characters of an id that is no counter."""
NOTHING_FOREIGN = "nothing of another business"


def foreign_effects(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Judge what the requests for objects of another business have done."""
    for taking in filter(attrgetter("ok"), trial.at(Step.TAKING)):
        expected = "refused, as another business has it"
        yield Violation("status", expected, said(taking), (taking.id,))
    for creation in filter(attrgetter("ok"), trial.at(Step.NAMESAKE)):
        yield from _made_anew(context, trial, creation)
    for listing in trial.at(Step.LISTING):
        yield from _not_created(context, trial, listing)
    yield from untied(context, trial.at(Step.TIED), NOTHING_FOREIGN)
    signs = _signs(context, trial)
    for before, after in product(trial.at(Step.BEFORE), trial.at(Step.AFTER)[-1:]):
        yield from _unchanged(context, signs, before, after)


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


def _made_anew(context: JudgeContext, trial: Trial, creation: Exchange) -> Iterator[Outcome]:
    """A creation of another business is not answered with what the main one made.

    Two businesses may count their objects alike, so only a long id says something.
    """
    made = Answer(context.contract, context.operation, creation)
    for named in filter(attrgetter("ok"), trial.at(Step.NAMED)):
        first = Answer(context.contract, context.operation, named)
        if first.object == made.object and len(str(first.id)) >= LONG_ID:
            expected = "an object of its own"
            yield Violation("/", expected, compact(made.object), (named.id, creation.id))


def _not_created(context: JudgeContext, trial: Trial, listing: Exchange) -> Iterator[Outcome]:
    """A refused object is not in the list of the other business.

    What the list showed before is no such object, and what is older is none, either: pages may
    differ in length.
    """
    answer = answer_of(context.contract, listing)
    if answer is None:
        return
    before = _listed_before(context, trial, listing)
    known, newest = set(map(answer.identity, before)), max(_moments(context, before), default=0)
    for row in filter(partial(_looks_like, listing.facts.sent), answer.rows):
        is_older = any(moment < newest for moment in _moments(context, [row]))
        if answer.identity(row) not in known and not is_older:
            expected = "nothing created in another business"
            yield Violation("/", expected, compact(row), (listing.id,))


def _listed_before(context: JudgeContext, trial: Trial, listing: Exchange) -> list[dict[str, Any]]:
    """What the list of the other business showed before a creation."""
    place = trial.exchanges.index(listing)
    rows: list[dict[str, Any]] = []
    for exchange in trial.exchanges[:place]:
        answer = answer_of(context.contract, exchange)
        if answer is not None and exchange.operation == listing.operation:
            rows += answer.rows
    return rows


def _moments(context: JudgeContext, rows: list[dict[str, Any]]) -> list[Fraction]:
    """When some rows were created, as far as they show it."""
    return instants(row.get(context.contract.position) for row in rows)


def _looks_like(sent: Mapping[str, Any], row: dict[str, Any]) -> bool:
    """Whether a row shows some of the members that were sent, and each as it was sent."""
    shown = compared(sent, row)
    return bool(shown) and all(starmap(same, shown))


@dataclass(frozen=True)
class _Signs:
    """What tells that an object was changed by others, not by itself.

    ``texts`` were sent for it, ``words`` are what was to be done to it. ``written`` are the members
    that only clients write, and ``secrets`` those that are replaced.
    """

    texts: tuple[str, ...]
    words: tuple[str, ...]
    written: frozenset[str]
    secrets: tuple[str, ...]

    def tell(self, name: str, value: Any) -> bool:
        """Whether a member that has changed shows that a request changed it."""
        if name in self.written:
            return True
        if any(map(name.__contains__, self.secrets)):
            return True
        if any(map(json.dumps(value).__contains__, self.texts)):
            return True
        return isinstance(value, str) and value.lower().startswith(self.words)


def _signs(context: JudgeContext, trial: Trial) -> _Signs:
    """The signs of what some requests would do to an object of another business."""
    operation = context.operation
    asked = chain.from_iterable(map(partial(orders_of, operation), trial.at(Step.FOREIGN)))
    sent = texts_in(chain.from_iterable(each.facts.sent.values() for each in trial.at(Step.AFTER)))
    creations = context.contract.operations_by("create", operation.kind)
    fresh = chain.from_iterable(map(attrgetter("fresh_members"), creations))
    return _Signs(
        texts=tuple(json.dumps(text)[1:-1] for text in sent if len(text) >= TELLING),
        words=tuple(asked),
        written=frozenset(map(attrgetter("shown_as"), fresh)),
        secrets=tuple(operation.secrets) if operation.action == "perform" else (),
    )


def _unchanged(
    context: JudgeContext, signs: _Signs, before: Exchange, after: Exchange
) -> Iterator[Outcome]:
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
    changed = _first_changed(old, new, after.facts.sent, signs)
    if changed is None:
        yield Pass(ids)
        return
    expected = f"{compact(old.get(changed))}, as another business may not change it"
    yield Violation(f"/{changed}", expected, compact(new[changed]), ids)


def _first_changed(old: Any, new: Any, sent: Mapping[str, Any], signs: _Signs) -> str | None:
    """The first member that now has the value that the other business sent, or a turned switch.

    Others count that only others change, by some signs. The rest may change by itself.
    """
    if not isinstance(old, dict) or not isinstance(new, dict):
        return None
    for name, value in sent.items():
        if old.get(name) != new.get(name) == value:
            return name
    turned = (name for name, value in old.items() if new.get(name) is _opposite(value))
    return next(chain(turned, _telling(old, new, signs)), None)


def _telling(old: dict[str, Any], new: dict[str, Any], signs: _Signs) -> Iterator[str]:
    """The members that have changed, and not by themselves."""
    for name, value in new.items():
        if value != old.get(name) and signs.tell(name, value):
            yield name


def _opposite(switch: Any) -> Any:
    """The other value of a switch; of anything else, what no member is."""
    return not switch if isinstance(switch, bool) else ABSENT
