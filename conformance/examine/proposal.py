"""Proposes values for a target file, each with how it was seen, and notes about the target.

It needs only reads with one key, and requests that the target must reject.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from conformance.base.errors import Unjudgeable
from conformance.base.text import clean
from conformance.base.values import cut
from conformance.examine import data
from conformance.examine.around import clock_offset
from conformance.examine.data import answers, named, offered_lists, shown_lists
from conformance.examine.document import contradictions
from conformance.examine.keys import keys, shown_businesses
from conformance.examine.sizes import Size, defaults, maxima, with_more_items
from conformance.examine.survey import Survey
from conformance.model import Business, Json, KeyName, State
from conformance.model.routes import LONGEST, few, lacked
from conformance.run import preflight
from conformance.run.session import Session
from conformance.scenarios.client.knowledge import LARGE
from conformance.transport.message import Message
from conformance.transport.patience import OverBudget

REQUESTS = 120
"""Maximum number of requests."""
MAXIMA, DEFAULTS = 4, 2
"""Number of lists whose maximum and default are tried. The rest of the budget is for routes."""
UNCLEAR = "No response from {} identifies the API. Is the address right?"
T = TypeVar("T")
BARE = Message("GET", "/", (), (), None, outside_base_path=True)
"""A request to the address without the path of the API."""


@dataclass(frozen=True)
class Found:
    """A value for a member of a target file, and how it was seen."""

    value: Json
    how: str


@dataclass(frozen=True)
class Proposal:
    """Values for members of a target file by name, and notes about the target."""

    members: Mapping[str, Found]
    notes: tuple[str, ...]


def propose(session: Session) -> Proposal:
    """Examine a target within its request budget, and propose values for its target file.

    Raises Unjudgeable if it cannot be reached or is not this API.
    """
    try:
        preflight.check(session)
        survey = Survey(session, limit=LARGE, thorough=True)
        early_notes = [*_redirect(survey), *_document(survey)]  # before the budget is used up
    except OverBudget:
        raise Unjudgeable(UNCLEAR.format(session.target.declaration.url)) from None
    first_pages = _affordable(answers(survey, offered_lists(survey)))
    long_lists = [page.operation.id for page in with_more_items(first_pages)]
    maximum_sizes = dict(_affordable(maxima(survey, long_lists[:MAXIMA])))
    default_sizes = _affordable(defaults(survey, long_lists[:DEFAULTS]))
    survey.narrow()  # the rest of the budget is for routes
    members = _members(survey, maximum_sizes)
    notes = [
        *_lists(survey),
        *_routes(survey),
        *_default_sizes(survey, default_sizes),
        *_unsized(survey, [name for name in long_lists if name not in maximum_sizes]),
        *_time(survey),
        *_key_problem(survey),
        *_key(session),
        *early_notes,
    ]
    # escaped, so that each note stays on one line whatever the target sends
    return Proposal(members, tuple(clean(note) for note in notes))


def _affordable(found: Iterator[T]) -> list[T]:
    """The values found before the request budget is used up."""
    kept: list[T] = []
    with suppress(OverBudget):
        for each in found:
            kept.append(each)
    return kept


def _members(survey: Survey, maximum_sizes: Mapping[str, int]) -> dict[str, Found]:
    """The values, by member: name, address, business, maxima, and the missing routes."""
    members = {
        "name": Found(urlsplit(survey.target.url).netloc, "The host of the address."),
        "url": Found(survey.target.url, "The server responds and accepts the key."),
    }
    seen = shown_businesses(survey, KeyName.FULL)
    if len(seen) == 1:
        how = "The only business in the lists of the key."
        members["businesses"] = Found({str(Business.MAIN): seen[0]}, how)
    if maximum_sizes:
        how = "A page had this many items. A limit of one more returned as many, or was rejected."
        members["maximum"] = Found(dict[str, Json](maximum_sizes), how)
    shown = survey.routes(survey.checked)
    routes = [route for route, exists in shown.items() if exists is False]
    if routes:
        how = f"{lacked(routes, len(shown))}."
        members["inapplicable"] = Found(list[Json](routes), how)
    return members


# --- notes ----------------------------------------------------------------------------------------


def _lists(survey: Survey) -> Iterator[str]:
    """How many lists hold items."""
    shown = shown_lists(survey)
    filled = [page for page in shown if page.listed]
    yield f"{len(filled)} of {len(shown)} readable lists hold items{named(filled)}."


def _routes(survey: Survey) -> Iterator[str]:
    """Which routes were not requested, could not be checked, or do not show a listed object."""
    operations = survey.contract.operations.values()
    left = [each.route for each in operations if each.keyed and each not in survey.checked]
    if left:
        yield f"Not requested: {', '.join(dict.fromkeys(left))}."
    for remark in data.operations(survey):
        if remark.state is State.OPEN:
            yield f"{remark.seen}."
    for remark in data.objects(survey):
        if remark.mend:
            yield f"{remark.seen}. {remark.mend}"


def _default_sizes(survey: Survey, default_sizes: Sequence[Size]) -> Iterator[str]:
    """How many items lists return without a limit."""
    operations = survey.contract.operations
    if default_sizes:
        shown = ", ".join(f"{count} of {operations[name].route}" for name, count in default_sizes)
        yield f"Without a limit, a page contains {shown}."


def _unsized(survey: Survey, names: Iterable[str]) -> Iterator[str]:
    """Which lists, given by their ids, did not reveal their maximum page size."""
    routes = [survey.contract.operations[name].route for name in names]
    if routes:
        yield f"The maximum page size of these lists was not found: {few(routes)}."


def _time(survey: Survey) -> Iterator[str]:
    """By how much the clocks differ."""
    for remark in clock_offset(survey):
        yield f"Time: {remark.seen}."


def _key_problem(survey: Survey) -> Iterator[str]:
    """What is wrong with the key, by the first read that it should open but does not."""
    for remark in keys(survey):
        if remark.mend:
            yield f"{remark.seen}. {remark.mend}"


def _key(session: Session) -> Iterator[str]:
    """The prefix of the key, and whether it is sent in clear text."""
    key = session.target.keys[session.target.declaration.main_key or ""]
    for prefix in session.contract.authentication.prefixes:
        if key.startswith(prefix):
            yield f"The key begins with {prefix}."
    if urlsplit(session.target.declaration.url).scheme == "http":
        yield "The address does not use TLS: keys are sent in clear text."


def _redirect(survey: Survey) -> Iterator[str]:
    """Where the bare address redirects: a client that follows a redirect may drop the key."""
    response = survey.client.raw(BARE, key=None, carried=()).response
    place = response.header("Location") if response else None
    if place:
        yield f"The bare address redirects to {cut(place, LONGEST)}. Use the final address."


def _document(survey: Survey) -> Iterator[str]:
    """How the OpenAPI document of the target contradicts the contract."""
    open_to_all = [read for read in survey.reads if not read.keyed]
    base = urlsplit(survey.target.url).path.rstrip("/")
    for document in answers(survey, open_to_all):
        yield from contradictions(survey.contract, document.body, base)
