"""The steps that reproduce a cause: requests in order, with values from earlier responses.

A request often contains a value from an earlier response, such as the id of a new object or the
cursor of a page. These values have changed when the request is repeated later. So the steps start
with the requests whose responses showed the values, and carry each value over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile
from urllib.parse import quote, quote_plus

from conformance.causes.origins import Origin, Path, origins_of, values_of
from conformance.causes.telling import telling
from conformance.model import Body, Exchange, Placeholder, Request, Run, SecretKind, Step

MOST = 8
"""Maximum number of steps of a cause. Nobody would paste more."""
WRITES = 2
"""Writes before a read that are repeated along with it."""
MOST_THAT_FILL = 12
"""Maximum number of steps if they fill a rate limit, because most of these are alike."""
FILLING = {Step.COUNT, Step.EVASION, Step.SOON, Step.LATER, Step.AGAIN}
"""The steps whose requests count towards the limit of one address."""


@dataclass(frozen=True)
class Capture:
    """A member that a step takes from its response for a placeholder in later requests."""

    placeholder: str
    path: Path
    in_url: bool = False


@dataclass(frozen=True)
class Sending:
    """One step: an exchange of the run, its request with placeholders, and its captures.

    ``shown``: it is one of the exchanges that show the cause. ``again`` is the exchange that
    repeated it at the end of the run; None if it was not repeated.
    """

    exchange: Exchange
    request: Request
    captures: tuple[Capture, ...]
    shown: bool
    again: Exchange | None = None

    @property
    def came_otherwise(self) -> bool:
        """Whether it shows the cause but was not repeated with the same status."""
        status = self.again.status if self.again else None
        return self.shown and status != self.exchange.status


def steps_of(run: Run, shown: Sequence[Sequence[Exchange]]) -> list[list[Sending]]:
    """The steps for the exchanges of each cause; empty for a cause that needs too many."""
    origins = origins_of(run, [exchange for exchanges in shown for exchange in exchanges])
    return [_steps(run, exchanges, origins) for exchanges in shown]


def answered_otherwise(run: Run) -> frozenset[str]:
    """The ids of the causes whose steps did not show the cause again at the end of the run.

    Empty if the run did not repeat any steps. Scans the whole log otherwise.
    """
    if not run.again:
        return frozenset()
    found = steps_of(run, [telling(run, cause) for cause in run.causes])
    repeated = {cause.id: sendings for cause, sendings in zip(run.causes, found, strict=True)}
    return frozenset(name for name, sendings in repeated.items() if came_otherwise(sendings))


def came_otherwise(sendings: Sequence[Sending]) -> bool:
    """Whether steps were repeated at the end of the run, but did not show the cause again."""
    if not any(each.again for each in sendings):
        return False
    return any(each.came_otherwise for each in sendings)


Names = dict[str, tuple[str, str]]
"""By value, the placeholders that replace it in a body and in a URL."""


def _steps(run: Run, exchanges: Sequence[Exchange], origins: Mapping[str, Origin]) -> list[Sending]:
    """The steps for some exchanges; empty if there are too many."""
    shown = {exchange.id for exchange in exchanges}
    filling = filling_of(run, exchanges)
    needed = filling or _needed(run, exchanges, origins)
    if not filling and len(needed) > MOST:
        return []
    names = _placeholders_of(needed, origins)
    requests = [_with_placeholders(exchange.request, names) for exchange in needed]
    used = "".join(text_of(request) for request in requests)
    captures = _captures(names, origins, used)
    return [
        Sending(
            exchange,
            request,
            captures=tuple(captures.get(exchange.id, ())),
            shown=exchange.id in shown,
            again=run.again.get(exchange.id),
        )
        for exchange, request in zip(needed, requests, strict=True)
    ]


def filling_of(run: Run, exchanges: Sequence[Exchange]) -> list[Exchange]:
    """The requests of one case from one address that fill a rate limit and then exceed it.

    Empty for exchanges that do not count towards a limit, and for those that compare two addresses.
    """
    steps = {exchange.facts.step for exchange in exchanges}
    if not steps or not steps <= FILLING:
        return []
    first, shown = exchanges[0], {exchange.id for exchange in exchanges}
    alike = [exchange for exchange in run.exchanges if _is_sent_with(first, exchange)]
    sent = list(dropwhile(lambda exchange: exchange.facts.address is None, alike))[:MOST_THAT_FILL]
    places = [place for place, exchange in enumerate(sent, 1) if exchange.id in shown]
    return sent[: max(places, default=0)]


def _is_sent_with(first: Exchange, other: Exchange) -> bool:
    """Whether two exchanges are from one attempt and, if known, from one address."""
    same_attempt = (first.case, first.attempt) == (other.case, other.attempt)
    return same_attempt and other.facts.address in (None, first.facts.address)


def _needed(
    run: Run, exchanges: Sequence[Exchange], origins: Mapping[str, Origin]
) -> list[Exchange]:
    """The exchanges, and those that their values come from, in log order.

    A read also needs the last writes to the objects it names, because they may have produced what
    it shows.
    """
    needed: dict[str, Exchange] = {}
    left = list(exchanges)
    for exchange in exchanges:
        if exchange.request.method == "GET":
            left += _writes(run, exchange, origins)
    while left:
        exchange = left.pop()
        if exchange.id not in needed:
            needed[exchange.id] = exchange
            sources = [origins[value] for value in values_of(exchange) if value in origins]
            left += [run.exchange[origin.exchange] for origin in sources]
    places = {exchange.id: place for place, exchange in enumerate(run.exchanges)}
    return sorted(needed.values(), key=lambda exchange: places[exchange.id])


def _writes(run: Run, shown: Exchange, origins: Mapping[str, Origin]) -> list[Exchange]:
    """The last accepted writes to the objects that a read names, since their creation."""
    named = values_of(shown) & origins.keys()
    if not named:
        return []
    made = {origins[value].exchange for value in named}
    writes: list[Exchange] = []
    for exchange in reversed(run.exchanges[: run.exchanges.index(shown)]):
        if exchange.id in made or len(writes) == WRITES:
            break
        is_write = exchange.ok and exchange.request.method != "GET"
        if is_write and not named.isdisjoint(values_of(exchange)):
            writes.append(exchange)
    return writes


def _placeholders_of(needed: Sequence[Exchange], origins: Mapping[str, Origin]) -> Names:
    """The placeholders of the values that are carried over."""
    used = [
        value for exchange in needed for value in sorted(values_of(exchange)) if value in origins
    ]
    names: Names = {}
    for number, value in enumerate(dict.fromkeys(used), 1):
        plain = Placeholder(SecretKind.VALUE, f"{number}")
        names[value] = (str(plain), str(replace(plain, name=f"{number}-in-url")))
    return names


def _with_placeholders(request: Request, names: Names) -> Request:
    """A request with placeholders for the values that are carried over."""
    url, body = request.url, request.body
    for value, placeholders in names.items():
        plain, in_url = placeholders
        for written in (quote(value, safe=""), quote_plus(value), quote(value), value):
            url = url.replace(written, in_url)
        if body and body.text:
            body = Body(text=body.text.replace(value, plain), size=body.size, cut=body.cut)
    return replace(request, url=url, body=body)


def _captures(names: Names, origins: Mapping[str, Origin], used: str) -> dict[str, list[Capture]]:
    """The values that requests use, by the exchange whose response they are taken from."""
    captures: dict[str, list[Capture]] = {}
    for value, placeholders in names.items():
        origin = origins[value]
        for placeholder, in_url in zip(placeholders, (False, True), strict=True):
            if placeholder in used:
                capture = Capture(placeholder, origin.path, in_url)
                captures.setdefault(origin.exchange, []).append(capture)
    return captures


def text_of(request: Request) -> str:
    """All parts of a request that can contain a value."""
    body = request.body or Body()
    headers = "\n".join(text for header in request.headers for text in header)
    return f"{request.url}\n{headers}\n{body.kept}\n"
