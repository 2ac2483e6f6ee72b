"""Traces the values in requests to the responses that showed them first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.base.values import read_json
from conformance.model import Body, Exchange, KeyName, Run

SHORTEST = 6
"""Minimum length of a value that is carried over. Shorter ones are counts and flags."""
ROUNDS = 3
"""How many levels of origins of origins are traced."""
_IN_WORDS = re.compile(r"[\s{]")
"""Characters that do not occur in ids and cursors."""
OWN_ID = "id"
"""The member with the id of an object."""
Path = tuple[str | int, ...]
"""The path of a member in a JSON value: member names and list indexes."""
Rank = tuple[bool, bool, int, int, bool]
"""A sort key: not a creation, not an id, values in the query, indexes, and another key."""


@dataclass(frozen=True)
class Origin:
    """Where a value appeared first: the exchange, and the path of the member."""

    exchange: str
    path: Path


def origins_of(
    run: Run, exchanges: Iterable[Exchange], named: Mapping[str, Collection[str]]
) -> dict[str, Origin]:
    """By value, the origins of the values in some requests that a response showed first.

    ``named`` holds further values by the id of an exchange: only an earlier response can be their
    origin. Then the values in the requests that got these responses are traced, and so on, at most
    ROUNDS times. Values that the target file or the contract declares, or that the suite invented,
    have no origin.
    """
    found: dict[str, Origin] = {}
    done = set(_declared(run))
    wanted = _values_of_all(exchanges).union(*named.values()) - done
    for _ in range(ROUNDS):
        if not wanted:
            break
        new = dict(_first_shown(run.exchanges, wanted, named))
        found |= new
        done |= wanted
        sources = [run.exchange[origin.exchange] for origin in new.values()]
        wanted = _values_of_all(sources) - done
    return found


def _values_of_all(exchanges: Iterable[Exchange]) -> set[str]:
    """The values in some requests."""
    return {value for exchange in exchanges for value in values_of(exchange)}


def _declared(run: Run) -> Iterator[str]:
    """The values given in the target file, and those that the contract names."""
    yield from run.target.businesses.values()
    yield from run.target.phone_numbers
    for values in run.target.inputs.values():
        yield from (str(value) for value in values.values())
    for operation in run.contract.operations.values():
        for parameter in operation.parameters:
            listed = parameter.schema.get("enum", ())
            named = [parameter.example, *parameter.refuse, *listed]
            yield from (text for _, text in _texts_in(named, ()))


def values_of(exchange: Exchange) -> set[str]:
    """The values in the path, query and body of a request that may be carried over."""
    named = [*_segments(exchange.request.url), *_in_query(exchange.request.url)]
    if exchange.request.body:
        named += [text for _, text in _texts(exchange.request.body)]
    return {value for value in named if _may_be_carried_over(value)}


def _segments(url: str) -> Iterator[str]:
    """The segments of the path of a URL."""
    with suppress(ValueError):
        yield from urlsplit(url).path.split("/")


def _in_query(url: str) -> Iterator[str]:
    """The values in the query of a URL."""
    with suppress(ValueError):
        yield from (value for _, value in parse_qsl(urlsplit(url).query))


def _may_be_carried_over(value: str) -> bool:
    """Whether a value may come from a response.

    Counts and flags are too short, text with spaces is for people, and a placeholder already has a
    variable.
    """
    return len(value) >= SHORTEST and _IN_WORDS.search(value) is None


def _first_shown(
    exchanges: Iterable[Exchange], wanted: Collection[str], named: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, Origin]]:
    """Each wanted value that a response shows before any request contains it, with its origin.

    ``named`` has values by the id of the exchange that is treated as if its request contained them.
    Of several responses that show a value, the one with the lowest ``_rank`` is its origin.
    """
    not_sent_yet = set(wanted)
    best: dict[str, tuple[Rank, Origin]] = {}
    for exchange in exchanges:
        not_sent_yet -= values_of(exchange)
        not_sent_yet.difference_update(named.get(exchange.id, ()))
        for path, value in _shown(exchange, not_sent_yet):
            rank = _rank(exchange, path)
            if value not in best or rank < best[value][0]:
                best[value] = (rank, Origin(exchange.id, path))
    for value, (_, origin) in best.items():
        yield value, origin


def _shown(exchange: Exchange, wanted: set[str]) -> Iterator[tuple[Path, str]]:
    """The members of a success that contain wanted values, each with its path."""
    if not wanted or exchange.response is None or not exchange.ok:
        return
    body = exchange.response.body
    if any(value in body.kept for value in wanted):
        yield from ((path, text) for path, text in _texts(body) if text in wanted)


def _rank(exchange: Exchange, path: Path) -> Rank:
    """How unlikely a place in a response is to have the equivalent value later; lower is better.

    The request that created an object is best. A page is worse than a whole list, because it
    depends on the pages before it. Of equal places, one that the main key shows is better.
    """
    is_own_id = bool(path) and path[-1] == OWN_ID
    is_creation = is_own_id and exchange.request.method != "GET"
    values = [value for value in _in_query(exchange.request.url) if not value.isdecimal()]
    carried = [value for value in values if _may_be_carried_over(value)]
    places = sum(step for step in path if isinstance(step, int))
    with_other_key = exchange.identity != KeyName.FULL
    return not is_creation, not is_own_id, len(carried), places, with_other_key


def _texts(body: Body) -> Iterator[tuple[Path, str]]:
    """Every string in a JSON body, with its path."""
    value = read_json(body.kept).value
    if isinstance(value, dict | list):
        yield from _texts_in(value, ())


def _texts_in(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every string in a value, with its path, which starts with the given path."""
    match value:
        case str():
            yield path, value
        case dict():
            for name, member in value.items():
                yield from _texts_in(member, (*path, name))
        case list():
            for index, member in enumerate(value):
                yield from _texts_in(member, (*path, index))
