"""What shows a cause, as numbered steps for a shell: ids and cursors are taken from answers.

A request often names what an earlier answer showed: an id of a new object, the cursor of a page.
Those are gone when somebody repeats it. So the steps begin with the requests whose answers showed
them, and carry each value over in a variable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, dropwhile, islice, takewhile
from operator import attrgetter
from shlex import quote as quoted
from urllib.parse import quote, quote_plus

from conformance.model import Body, Exchange, Placeholder, Request, Run, SecretKind, Step
from conformance.report.curl import curl, owed, variable
from conformance.report.origins import Origin, Path, origins_of, values_of
from conformance.text import clean

MOST = 8
"""Steps of a cause. Nobody pastes more."""
WRITES = 2
"""Writes before a read that are repeated with it."""
MOST_THAT_FILL = 12
"""The same where most of them are alike."""
FILLING = {Step.COUNT, Step.EVASION, Step.SOON, Step.LATER, Step.AGAIN}
"""The steps of requests that a limit counts, from one address."""
FROM_ONE_ADDRESS = "# All from one address, which must not have been used within the window."
LONGEST = 4_000
"""Characters of a line."""


@dataclass(frozen=True)
class Capture:
    """What a step takes from its answer: a member, for a placeholder of later requests."""

    placeholder: str
    path: Path
    in_url: bool = False


@dataclass(frozen=True)
class Sending:
    """One step: an exchange of the run, its request with placeholders, what its answer gives.

    ``shown``: it is one of the exchanges that show the cause. ``again`` is what came when it was
    sent again at the end of the run, None if it was not.
    """

    exchange: Exchange
    request: Request
    captures: tuple[Capture, ...]
    shown: bool
    again: Exchange | None = None


def steps_of(run: Run, shown: Sequence[Sequence[Exchange]]) -> list[list[Sending]]:
    """The steps for the exchanges of each of some causes; empty for one that takes too many."""
    origins = origins_of(run, chain.from_iterable(shown))
    return [_steps(run, exchanges, origins) for exchanges in shown]


def block(run: Run, sendings: Sequence[Sending]) -> str:
    """Some steps as lines for a shell; empty without any."""
    return "\n".join(_lines(run, sendings))


def outcome(sendings: Sequence[Sending]) -> str:
    """What came of some steps at the end of the run, as a sentence; empty if they were not sent."""
    if not any(map(attrgetter("again"), sendings)):
        return ""
    other = list(filter(_came_otherwise, sendings))
    if not other:
        return "Sent again at the end of the run: answered as before."
    number = sendings.index(other[0]) + 1
    return f"Sent again at the end of the run: step {number} was answered otherwise."


def _came_otherwise(each: Sending) -> bool:
    """Whether what shows a cause did not come again with the same status."""
    return each.shown and getattr(each.again, "status", None) != each.exchange.status


Names = dict[str, tuple[str, str]]
"""By value: the placeholders that stand for it, in a body and in a URL."""


# --- the steps, and their lines -------------------------------------------------------------------


def _steps(run: Run, exchanges: Sequence[Exchange], origins: Mapping[str, Origin]) -> list[Sending]:
    """The steps for some exchanges; none if there are too many."""
    shown = set(map(attrgetter("id"), exchanges))
    filling = list(filling_of(run, exchanges))
    needed = filling or _needed(run, exchanges, origins)
    if not filling and len(needed) > MOST:
        return []
    names = _names(needed, origins)
    requests = [_carried(exchange.request, names) for exchange in needed]
    used = "".join(map(_text, requests))
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


def _lines(run: Run, sendings: Sequence[Sending]) -> Iterator[str]:
    """The lines of some steps."""
    if any(filling_of(run, [each.exchange for each in sendings if each.shown])):
        yield FROM_ONE_ADDRESS
    yield from owed("".join(_text(each.request) for each in sendings))
    for number, each in enumerate(sendings, 1):
        yield f"# {number}. {clean(_said(each))}"
        if not each.captures:
            yield f"{_line(each)}\necho"
            continue
        yield f"answer=$(\n{_line(each, quiet=True)}\n)"
        if each.shown:
            yield "printf '%s\\n' \"$answer\""
        yield from map(_taken, each.captures)


def _line(each: Sending, *, quiet: bool = False) -> str:
    """The line of a request, or where to find one that is too long for a shell."""
    line = curl(each.request, quiet=quiet)
    if len(line) <= LONGEST:
        return line
    return f"# too long for a shell line; the log has it as {clean(each.exchange.id)}"


def _text(request: Request) -> str:
    """All of a request that can hold a value."""
    body = request.body or Body()
    headers = "\n".join(chain.from_iterable(request.headers))
    return f"{request.url}\n{headers}\n{body.kept}\n"


def _captures(names: Names, origins: Mapping[str, Origin], used: str) -> dict[str, list[Capture]]:
    """By exchange, what is taken from its answer: what is used."""
    captures: dict[str, list[Capture]] = {}
    for value, placeholders in names.items():
        origin = origins[value]
        for placeholder, in_url in zip(placeholders, (False, True), strict=True):
            if placeholder in used:
                capture = Capture(placeholder, origin.path, in_url)
                captures.setdefault(origin.exchange, []).append(capture)
    return captures


def filling_of(run: Run, exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    """What fills a limit and then goes beyond it: requests of one case, from one address.

    None for exchanges that no limit counts, and for those that compare two addresses.
    """
    steps = set(map(attrgetter("facts.step"), exchanges))
    if not steps or not steps <= FILLING:
        return
    first, shown = exchanges[0], set(map(attrgetter("id"), exchanges))
    of_case = dropwhile(lambda exchange: exchange.case != first.case, run.exchanges)
    alike = filter(partial(_is_sent_with, first), of_case)
    sent = list(dropwhile(lambda exchange: exchange.facts.address is None, alike))[:MOST_THAT_FILL]
    places = [place for place, exchange in enumerate(sent, 1) if exchange.id in shown]
    yield from sent[: max(places, default=0)]


def _is_sent_with(first: Exchange, other: Exchange) -> bool:
    """Whether two exchanges are of one attempt, and of one address as far as that is known."""
    same_attempt = (first.case, first.attempt) == (other.case, other.attempt)
    return same_attempt and other.facts.address in (None, first.facts.address)


def _needed(
    run: Run, exchanges: Sequence[Exchange], origins: Mapping[str, Origin]
) -> list[Exchange]:
    """Some exchanges, and those that they take values from, in the order of the log.

    A read comes with the last writes to what it names: they may have made what it shows.
    """
    needed: dict[str, Exchange] = {}
    reads = filter(lambda exchange: exchange.request.method == "GET", exchanges)
    left = [*exchanges, *chain.from_iterable(_writes(run, each, origins) for each in reads)]
    while left:
        exchange = left.pop()
        if exchange.id not in needed:
            needed[exchange.id] = exchange
            sources = map(origins.get, values_of(exchange))
            left += [run.exchange[origin.exchange] for origin in sources if origin]
    places = {exchange.id: place for place, exchange in enumerate(run.exchanges)}
    return sorted(needed.values(), key=lambda exchange: places[exchange.id])


def _writes(run: Run, shown: Exchange, origins: Mapping[str, Origin]) -> list[Exchange]:
    """The last accepted writes to what a read names, since that was made in the run."""
    named = values_of(shown) & origins.keys()
    made = set(map(attrgetter("exchange"), map(origins.__getitem__, named)))
    before = run.exchanges[: run.exchanges.index(shown)] if made else ()
    since = takewhile(lambda exchange: exchange.id not in made, reversed(before))
    return list(islice(filter(partial(_is_write_to, named), since), WRITES))


def _is_write_to(named: set[str], exchange: Exchange) -> bool:
    """Whether an exchange is an accepted write that names some values."""
    accepted = exchange.ok and exchange.request.method != "GET"
    return accepted and not named.isdisjoint(values_of(exchange))


def _names(needed: Sequence[Exchange], origins: Mapping[str, Origin]) -> Names:
    """The placeholders of the values that are carried over."""
    used = [
        value for exchange in needed for value in sorted(values_of(exchange)) if value in origins
    ]
    names: Names = {}
    for number, value in enumerate(dict.fromkeys(used), 1):
        plain = Placeholder(SecretKind.VALUE, f"{number}")
        names[value] = (str(plain), str(replace(plain, name=f"{number}-in-url")))
    return names


def _carried(request: Request, names: Names) -> Request:
    """A request with placeholders for the values that are carried over."""
    url, body = request.url, request.body
    for value, placeholders in names.items():
        plain, in_url = placeholders
        for written in (quote(value, safe=""), quote_plus(value), quote(value), value):
            url = url.replace(written, in_url)
        if body and body.text:
            body = Body(text=body.text.replace(value, plain), size=body.size, cut=body.cut)
    return replace(request, url=url, body=body)


def _taken(capture: Capture) -> str:
    """The line that takes a value from the last answer. Names are JSON, so nothing is filled in."""
    path = "." + "".join(f"[{json.dumps(step)}]" for step in capture.path)
    form = "|@uri" if capture.in_url else ""
    name = variable(capture.placeholder)
    return f'{name}=$(printf %s "$answer" | jq -r {quoted(path + form)})'


def _said(each: Sending) -> str:
    """What a step does, for people, such as ``GET as full, answered 200 in the run``."""
    exchange = each.exchange
    key = f"as {exchange.identity}" if exchange.identity else "without a key"
    said = f"{exchange.request.method} {key}, {_answered(exchange)} in the run"
    if each.again is None:
        return said
    return f"{said}, {_answered(each.again)} at its end"


def _answered(exchange: Exchange) -> str:
    return f"answered {exchange.response.status}" if exchange.response else "not answered"
