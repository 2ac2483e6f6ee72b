"""Effects of requests for another tenant's objects, in their responses and afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from conformance.base.values import instants, texts_in
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import ids_of, quote, unusable
from conformance.judging.writes import judge_untied, shows_sent, tied_violations
from conformance.model import HELD, Exchange, Step, compact
from conformance.reading import Answer, answer_of, sought_in, state_prefixes

TELLING = 6
"""The fewest characters of a text that no member has by chance."""
LONG_ID = 16
"""The fewest characters of an id that is not a counter."""
NOTHING_FOREIGN = "nothing of another business"


def foreign_effects(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Judge what the requests of one business for objects of another have done.

    Such a request may take no item that is already held, and create nothing in the list of the
    other business. It may tie none of its own objects to the other business, and change or remove
    nothing. A creation with the same values in both businesses must make two objects.
    """
    for taking in trial.at(Step.TAKING):
        if taking.ok:
            yield Violation("status", f"refused, because {HELD}", quote(taking), (taking.id,))
    for creation in trial.at(Step.NAMESAKE):
        if creation.ok:
            yield from _same_object(context, trial, creation)
    for listing in trial.at(Step.LISTING):
        yield from _not_created(context, trial, listing)
    yield from judge_untied(context, trial.at(Step.TIED), NOTHING_FOREIGN)
    after = trial.last(Step.AFTER)
    if after is not None:
        signs = _signs(context, trial)
        for before in trial.at(Step.BEFORE):
            yield from _unchanged(context, signs, before, trial.at(Step.FOREIGN), after)


def successes_untied(context: JudgeContext, trial: Trial) -> Iterator[Violation]:
    """Judge that a success does not show the other business's object that the request named.

    After a change that succeeds, its own business must still be able to read the changed object.
    """
    for exchange in trial.at(Step.OPTIONAL):
        if not exchange.ok:
            continue
        shown = Answer(context.contract, context.operation, exchange).object
        yield from tied_violations(exchange, shown, NOTHING_FOREIGN)
        look = trial.last(Step.TIED)
        if context.operation.action == "update" and look and look.status in (403, 404):
            expected = "the object, as a change may not move it to another business"
            yield Violation("status", expected, quote(look), (exchange.id, look.id))


def _same_object(context: JudgeContext, trial: Trial, creation: Exchange) -> Iterator[Outcome]:
    """A violation if a creation for another business returns what the main one created.

    Both businesses may number their objects alike, so only a long id is conclusive.
    """
    of_other = Answer(context.contract, context.operation, creation)
    for named in trial.at(Step.NAMED):
        if not named.ok:
            continue
        of_main = Answer(context.contract, context.operation, named)
        if of_main.object == of_other.object and len(str(of_main.id)) >= LONG_ID:
            header = context.operation.naming_header
            names = f"names, such as {header}" if header else "names"
            expected = f"an object of its own, although both businesses sent the same {names}"
            yield Violation("/", expected, compact(of_other.object), (named.id, creation.id))


def _not_created(context: JudgeContext, trial: Trial, listing: Exchange) -> Iterator[Outcome]:
    """A violation for each row in the other business's list that looks like a refused object.

    A row that the list showed before the creation does not count. Neither does one that is older
    than the newest of those, because pages may differ in length.
    """
    answer = answer_of(context.contract, listing)
    if answer is None:
        return
    before = _listed_before(context, trial, listing)
    listed_before = {answer.identity(row) for row in before}
    newest = max(_moments(context, before), default=0)
    for row in answer.rows:
        is_older = any(moment < newest for moment in _moments(context, [row]))
        is_new = answer.identity(row) not in listed_before and not is_older
        if is_new and shows_sent(listing.facts.sent, row):
            expected = "nothing created in another business"
            yield Violation("/", expected, compact(row), (listing.id,))


def _listed_before(context: JudgeContext, trial: Trial, listing: Exchange) -> list[dict[str, Any]]:
    """The rows that the list of the other business showed before a creation."""
    place = trial.exchanges.index(listing)
    rows: list[dict[str, Any]] = []
    for exchange in trial.exchanges[:place]:
        answer = answer_of(context.contract, exchange)
        if answer is not None and exchange.operation == listing.operation:
            rows += answer.rows
    return rows


def _moments(context: JudgeContext, rows: list[dict[str, Any]]) -> list[Fraction]:
    """The creation times of those rows that show one."""
    return instants(row.get(context.contract.position) for row in rows)


@dataclass(frozen=True)
class _Signs:
    """The signs that an object was changed by a request, and not by itself.

    ``texts`` were sent for it, escaped as in JSON, and ``words`` begin the states that were asked
    for. ``written`` are the members that only clients write. ``secrets`` are parts of the names of
    members with secrets that the request would replace.
    """

    texts: tuple[str, ...]
    words: tuple[str, ...]
    written: frozenset[str]
    secrets: tuple[str, ...]

    def show_request(self, name: str, value: Any) -> bool:
        """Whether a member that has changed to a value shows that a request changed it."""
        if name in self.written or any(secret in name for secret in self.secrets):
            return True
        as_json = json.dumps(value)
        if any(text in as_json for text in self.texts):
            return True
        # such as the state "cancelled" after the order "cancel"
        return isinstance(value, str) and value.lower().startswith(self.words)


def _signs(context: JudgeContext, trial: Trial) -> _Signs:
    """The signs of what the requests of a trial would do to an object of another business.

    The labels of the looks after the requests hold what these sent.
    """
    operation = context.operation
    words: list[str] = []
    for request in trial.at(Step.FOREIGN):
        words += state_prefixes(operation, request)
    sent: list[str] = []
    for look in trial.at(Step.AFTER):
        sent += texts_in(look.facts.sent.values())
    written: set[str] = set()
    for creation in context.contract.operations_by("create", operation.kind):
        written.update(member.shown_as for member in creation.fresh_members)
    without_quotes = slice(1, -1)
    escaped = [json.dumps(text)[without_quotes] for text in sent if len(text) >= TELLING]
    return _Signs(
        texts=tuple(escaped),
        words=tuple(words),
        written=frozenset(written),
        secrets=tuple(operation.secrets) if operation.action == "perform" else (),
    )


def _unchanged(
    context: JudgeContext,
    signs: _Signs,
    before: Exchange,
    attempts: list[Exchange],
    after: Exchange,
) -> Iterator[Outcome]:
    """Judge that the attempts of another business neither removed nor changed an object.

    Nothing is judged if the object was not shown before, or if a later page may still show it.
    """
    old, _ = sought_in(context.contract, before)
    new, goes_on = sought_in(context.contract, after)
    if old is None or goes_on or unusable(context, after):
        return
    ids = ids_of([before, *attempts, after])
    if new is None:
        expected = f"{after.facts.sought}, as another business may not remove it"
        yield Violation("/", expected, quote(after), ids)
        return
    are_objects = isinstance(old, dict) and isinstance(new, dict)
    changed = _first_changed(old, new, after.facts.sent, signs) if are_objects else None
    if changed is None:
        yield Pass(ids)
        return
    expected = f"{compact(old.get(changed))}, as another business may not change it"
    yield Violation(f"/{changed}", expected, compact(new[changed]), ids)


def _first_changed(
    old: dict[str, Any], new: dict[str, Any], sent: Mapping[str, Any], signs: _Signs
) -> str | None:
    """The first member that another business changed; None if there is none.

    It now has the value that the other business ``sent``, or is a flipped switch, or the signs
    show that a request changed it.
    """
    for name, value in sent.items():
        if new.get(name) == value and new.get(name) != old.get(name):
            return name
    for name, value in old.items():
        if isinstance(value, bool) and new.get(name) is (not value):
            return name
    for name, value in new.items():
        if value != old.get(name) and signs.show_request(name, value):
            return name
    return None
