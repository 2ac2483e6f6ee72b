"""Where the values that requests name came from: the answers that showed them first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.model import Body, Exchange, Run
from conformance.values import read_json

SHORTEST = 6
"""Characters of a value that is carried over. Shorter ones are counts and flags."""
ROUNDS = 3
"""How far back the values of values are looked for."""
_IN_WORDS = re.compile(r"[\s{]")
"""What no id and no cursor has."""
OWN_ID = "id"
"""The member that is the id of an object."""
OTHERWISE = 1_000
"""The rank of a place that is no id of an object: behind any row of a page."""

Path = tuple[str | int, ...]
"""Where a member stands in a JSON value: names of members and places in lists."""


@dataclass(frozen=True)
class Origin:
    """Where a value was shown first: the exchange, and the path of the member."""

    exchange: str
    path: Path


def origins_of(run: Run, exchanges: Iterable[Exchange]) -> dict[str, Origin]:
    """The origin of every value that some requests name and that an answer showed first.

    What the target file declares, and what the suite made up, has none.
    """
    found: dict[str, Origin] = {}
    asked: set[str] = set(_declared(run))
    wanted = set(chain.from_iterable(map(values_of, exchanges))) - asked
    for _ in range(ROUNDS):
        if not wanted:
            break
        new = dict(_first_shown(run.exchanges, wanted))
        found |= new
        asked |= wanted
        before = [run.exchange[origin.exchange] for origin in new.values()]
        wanted = set(chain.from_iterable(map(values_of, before))) - asked
    return found


def _declared(run: Run) -> Iterator[str]:
    """The values that the target file gives, and the examples of the contract."""
    yield from run.target.businesses.values()
    yield from run.target.phone_numbers
    for given in run.target.inputs.values():
        yield from map(str, given.values())
    for operation in run.contract.operations.values():
        examples = map(attrgetter("example"), operation.parameters)
        yield from map(itemgetter(1), _texts_in(list(examples), ()))


def values_of(exchange: Exchange) -> set[str]:
    """The values that a request names: parts of its path, of its query and of its body."""
    named = [*_parts(exchange.request.url)]
    if exchange.request.body:
        named += map(itemgetter(1), _texts(exchange.request.body))
    return set(filter(_is_carried, named))


def _parts(url: str) -> Iterator[str]:
    """The parts of the path of a URL, and the values of its query."""
    with suppress(ValueError):
        parts = urlsplit(url)
        yield from parts.path.split("/")
        yield from map(itemgetter(1), parse_qsl(parts.query))


def _is_carried(value: str) -> bool:
    """Whether a value may come from an answer.

    A count and a flag are too short, words are for people, and a placeholder has its own variable
    already.
    """
    return len(value) >= SHORTEST and _IN_WORDS.search(value) is None


def _first_shown(
    exchanges: Iterable[Exchange], wanted: Collection[str]
) -> Iterator[tuple[str, Origin]]:
    """The origin of each wanted value that a member of an answer shows before any request.

    Of several answers the one counts that shows it as the id of an object, near its top.
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
    """The members of a success that show some values, each with its path."""
    if not wanted or exchange.response is None or not exchange.ok:
        return
    body = exchange.response.body
    if any(map(body.kept.__contains__, wanted)):
        yield from filter(lambda shown: shown[1] in wanted, _texts(body))


def _rank(path: Path) -> int:
    """How well a place in an answer stands for a value another day; less is better."""
    places = sum(step for step in path if isinstance(step, int))
    return places if path[-1:] == (OWN_ID,) else places + OTHERWISE


def _texts(body: Body) -> Iterator[tuple[Path, str]]:
    """Each text in a JSON body, with its path."""
    value = read_json(body.kept).value
    if isinstance(value, dict | list):
        yield from _texts_in(value, ())


def _texts_in(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Each text in a value, with its path, which begins with that of the value."""
    match value:
        case str():
            yield path, value
        case dict():
            for name, member in value.items():
                yield from _texts_in(member, (*path, name))
        case list():
            for index, member in enumerate(value):
                yield from _texts_in(member, (*path, index))
