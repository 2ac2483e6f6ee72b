"""Traces the values in requests to the responses that showed them first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.base.values import read_json
from conformance.model import Body, Exchange, Run

SHORTEST = 6
"""Minimum length of a value that is carried over. Shorter ones are counts and flags."""
ROUNDS = 3
"""How many levels of origins of origins are traced."""
_IN_WORDS = re.compile(r"[\s{]")
"""Characters that do not occur in ids and cursors."""
OWN_ID = "id"
"""The member with the id of an object."""
OTHERWISE = 1_000
"""Added to the rank of a place that is not the id of an object, so that any row precedes it."""

Path = tuple[str | int, ...]
"""The path of a member in a JSON value: member names and list indexes."""


@dataclass(frozen=True)
class Origin:
    """Where a value appeared first: the exchange, and the path of the member."""

    exchange: str
    path: Path


def origins_of(run: Run, exchanges: Iterable[Exchange]) -> dict[str, Origin]:
    """The origins of the values in some requests that a response showed first.

    Values declared in the target file or invented by the suite have none.
    """
    found: dict[str, Origin] = {}
    settled = set(_declared(run))
    wanted = _values_of_all(exchanges) - settled
    for _ in range(ROUNDS):
        if not wanted:
            break
        new = dict(_first_shown(run.exchanges, wanted))
        found |= new
        settled |= wanted
        before = [run.exchange[origin.exchange] for origin in new.values()]
        wanted = _values_of_all(before) - settled
    return found


def _values_of_all(exchanges: Iterable[Exchange]) -> set[str]:
    """The values in some requests."""
    return {value for exchange in exchanges for value in values_of(exchange)}


def _declared(run: Run) -> Iterator[str]:
    """The values given in the target file and the examples of the contract."""
    yield from run.target.businesses.values()
    yield from run.target.phone_numbers
    for given in run.target.inputs.values():
        yield from (str(value) for value in given.values())
    for operation in run.contract.operations.values():
        for parameter in operation.parameters:
            yield from (text for _, text in _texts_in(parameter.example, ()))


def values_of(exchange: Exchange) -> set[str]:
    """The values in the path, query and body of a request that may be carried over."""
    named = list(_parts(exchange.request.url))
    if exchange.request.body:
        named += [text for _, text in _texts(exchange.request.body)]
    return {value for value in named if _may_be_carried_over(value)}


def _parts(url: str) -> Iterator[str]:
    """The path segments of a URL, and the values in its query."""
    with suppress(ValueError):
        parts = urlsplit(url)
        yield from parts.path.split("/")
        yield from (value for _, value in parse_qsl(parts.query))


def _may_be_carried_over(value: str) -> bool:
    """Whether a value may come from a response.

    Counts and flags are too short, text with spaces is for people, and a placeholder already has a
    variable.
    """
    return len(value) >= SHORTEST and _IN_WORDS.search(value) is None


def _first_shown(
    exchanges: Iterable[Exchange], wanted: Collection[str]
) -> Iterator[tuple[str, Origin]]:
    """The origin of each wanted value that a response shows before any request contains it.

    Of several responses, the one that shows it as the id of an object near its top is preferred.
    """
    left = set(wanted)
    best: dict[str, tuple[int, Origin]] = {}
    for exchange in exchanges:
        left -= values_of(exchange)
        for path, value in _shown(exchange, left):
            rank = _rank(path)
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


def _rank(path: Path) -> int:
    """How unlikely a place in a response is to have the equivalent value later; lower is better."""
    places = sum(step for step in path if isinstance(step, int))
    is_own_id = bool(path) and path[-1] == OWN_ID
    return places if is_own_id else places + OTHERWISE


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
