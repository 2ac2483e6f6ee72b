"""What a look at a target gives for its target file: values, each with how it was seen, and notes.

Everything is read, with one key, and in few requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, filterfalse
from operator import attrgetter
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
from conformance.contact.keys import keys, shown_businesses
from conformance.contact.survey import Survey
from conformance.model import Business, Json
from conformance.reading import members_of
from conformance.run import preflight
from conformance.run.session import Session
from conformance.text import clean
from conformance.transport.message import Message
from conformance.values import cut

PATHS = "paths"
"""The member of an OpenAPI document that holds its routes."""
METHODS = frozenset({"get", "post", "put", "patch", "delete"})
"""The members of a path of such a document that are routes."""
READS = 26
"""Plain reads that are sent at most."""
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
    """Look at a target. Raises Unjudgeable if it cannot be reached, or is not this API."""
    preflight.check(session)
    survey = Survey(session, most=READS)
    members = dict(chain(_address(survey), _business(survey), _lacking(survey)))
    notes = chain(
        _lists(survey),
        _time(survey),
        _lacks(survey),
        _key(session),
        _bare(survey),
        _document(survey),
    )
    return Proposal(members, tuple(map(clean, notes)))  # a line each, whatever the target says


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
    for document in answers(survey, open_to_all):
        paths = members_of(members_of(document.body).get(PATHS))
        if paths:
            yield from _compared(survey, set(chain.from_iterable(map(_routes, paths.items()))))


def _routes(path: tuple[str, Json]) -> Iterator[str]:
    """The routes of a path of an OpenAPI document."""
    name, item = path
    for method in filter(METHODS.__contains__, members_of(item)):
        yield f"{method.upper()} {name}"


def _compared(survey: Survey, documented: set[str]) -> Iterator[str]:
    """The routes that only the contract has, and those that only the document has."""
    base = urlsplit(survey.target.url).path.rstrip("/")
    plain = {route.replace(f" {base}/", " /", 1) for route in documented}
    lacking = sorted(set(survey.contract.routes) - plain)
    more = sorted(plain - set(survey.contract.routes))
    if lacking:
        yield f"Its OpenAPI document lacks {few(lacking)}."
    if more:
        yield f"Its OpenAPI document also has {few(more)}."
