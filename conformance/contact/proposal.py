"""What a look at a target gives for its target file: values, each with how it was seen, and notes.

Everything is read, with one key, and in few requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, filterfalse
from operator import attrgetter
from typing import TypeVar
from urllib.parse import urlsplit

from conformance.contact.around import time_of_day
from conformance.contact.data import (
    LONGEST,
    MISSING,
    answers,
    few,
    missing,
    named,
    routes_of,
    shown_lists,
)
from conformance.contact.document import contradictions
from conformance.contact.keys import keys, shown_businesses
from conformance.contact.sizes import Size, defaults, longer, maxima
from conformance.contact.survey import Survey
from conformance.errors import Unjudgeable
from conformance.model import Business, Json
from conformance.run import preflight
from conformance.run.session import Session
from conformance.suite.knowledge import LARGE
from conformance.text import clean
from conformance.transport.message import Message
from conformance.transport.patience import OverBudget
from conformance.values import cut, without

REQUESTS = 30
"""Requests that a look sends at most."""
MAXIMA, DEFAULTS = 4, 2
"""Lists that are asked for their maximum, and for their default. The rest is left for routes."""
UNCLEAR = "Nothing that was read of {} tells what it is. Is the address right?"
T = TypeVar("T")
BARE = Message("GET", "/", (), (), None, outside=True)
"""A request for the address without the path of the API."""


@dataclass(frozen=True)
class Found:
    """A value for a member of a target file, and how it was seen."""

    value: Json
    how: str


@dataclass(frozen=True)
class Proposal:
    """Values for members of a target file by name, and sentences about the target."""

    members: Mapping[str, Found]
    notes: tuple[str, ...]


def propose(session: Session) -> Proposal:
    """Look at a target, within its request budget.

    Raises Unjudgeable if it cannot be reached, or is not this API.
    """
    try:
        preflight.check(session)
        survey = Survey(session, limit=LARGE)
        around = (*_bare(survey), *_document(survey))  # they tell most
    except OverBudget:
        raise Unjudgeable(UNCLEAR.format(session.target.declaration.url)) from None
    pages = longer(_affordable(answers(survey, filter(attrgetter("paging"), survey.offered))))
    long = list(map(attrgetter("operation.id"), pages))
    most = _affordable(maxima(survey, long[:MAXIMA]))
    usual = _affordable(defaults(survey, long[:DEFAULTS]))
    survey.narrow()
    members = dict(chain(_address(survey), _business(survey), _maxima(most), _lacking(survey)))
    notes = chain(
        _lists(survey),
        _usual(survey, usual),
        _unsized(survey, without(dict.fromkeys(long), dict(most))),
        _time(survey),
        _lacks(survey),
        _key(session),
        around,
    )
    return Proposal(members, tuple(map(clean, notes)))  # a line each, whatever the target says


def _affordable(found: Iterator[T]) -> list[T]:
    """What is found before the request budget is used up."""
    kept: list[T] = []
    with suppress(OverBudget):
        kept.extend(found)
    return kept


# --- values ---------------------------------------------------------------------------------------

Members = Iterator[tuple[str, Found]]


def _address(survey: Survey) -> Members:
    """The address, which answered."""
    yield "url", Found(survey.target.url, "It answers, and takes the key.")


def _business(survey: Survey) -> Members:
    """The business that the key shows, if it is one."""
    seen = shown_businesses(survey, "full")
    if len(seen) == 1:
        how = "The only business that the key is shown."
        yield "businesses", Found({str(Business.MAIN): seen[0]}, how)


def _maxima(most: Sequence[Size]) -> Members:
    """The largest page of each list that shows one."""
    if most:
        how = "A page held so many. A limit of one more gave as many, or was refused."
        yield "maximum", Found(dict[str, Json](most), how)


def _lacking(survey: Survey) -> Members:
    """The routes that are not there."""
    routes = routes_of(missing(survey))
    if routes:
        how = f"These plain reads answered {', '.join(map(str, MISSING))}."
        yield "inapplicable", Found(list[Json](routes), how)


# --- notes ----------------------------------------------------------------------------------------


def _lists(survey: Survey) -> Iterator[str]:
    """How many lists hold items, and which reads were not asked for."""
    shown = shown_lists(survey)
    filled = list(filter(attrgetter("listed"), shown))
    yield f"{len(filled)} of {len(shown)} lists that are shown hold items{named(filled)}."
    left = list(filterfalse(survey.offered.__contains__, filter(attrgetter("keyed"), survey.reads)))
    if left:
        yield f"Not asked for: {', '.join(map(attrgetter('route'), left))}."


def _usual(survey: Survey, usual: Sequence[Size]) -> Iterator[str]:
    """How many items lists show without a limit."""
    operations = survey.contract.operations
    if usual:
        shown = ", ".join(f"{count} of {operations[name].route}" for name, count in usual)
        yield f"Without a limit, a page holds {shown}."


def _unsized(survey: Survey, long: Iterable[str]) -> Iterator[str]:
    """The lists that go on after a page, and whose maximum was not seen."""
    routes = [survey.contract.operations[name].route for name in long]
    if routes:
        yield f"More items follow a page of {few(routes)}, whose maximum was not seen."


def _time(survey: Survey) -> Iterator[str]:
    """How far the clocks are apart."""
    for remark in time_of_day(survey):
        yield f"Time: {remark.seen}."


def _lacks(survey: Survey) -> Iterator[str]:
    """What the key lacks: it is taken for one with every scope."""
    for remark in filter(attrgetter("mend"), keys(survey)):
        yield f"{remark.seen}: {remark.mend}."


def _key(session: Session) -> Iterator[str]:
    """How the key begins, and whether it travels in the clear."""
    key = session.target.keys[session.target.declaration.main_key or ""]
    for prefix in filter(key.startswith, session.contract.authentication.prefixes):
        yield f"The key begins with {prefix}."
    if urlsplit(session.target.declaration.url).scheme == "http":
        yield "The address has no TLS: keys travel in the clear."


def _bare(survey: Survey) -> Iterator[str]:
    """Where the bare address leads: a client that follows a redirect may drop the key."""
    response = survey.client.raw(BARE, key=None, carried=()).response
    place = response.header("Location") if response else None
    if place:
        yield f"The bare address redirects to {cut(place, LONGEST)}. Give the one that answers."


def _document(survey: Survey) -> Iterator[str]:
    """What the OpenAPI document of the target says otherwise than the contract."""
    open_to_all = filterfalse(attrgetter("keyed"), survey.reads)
    base = urlsplit(survey.target.url).path.rstrip("/")
    for document in answers(survey, open_to_all):
        yield from contradictions(survey.contract, document.body, base)
