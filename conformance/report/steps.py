"""What shows a cause, as numbered steps for a shell: ids and cursors are taken from answers.

A request often names what an earlier answer showed: an id of a new object, the cursor of a page.
Those are gone when somebody repeats it. So the steps begin with the requests whose answers showed
them, and carry each value over in a variable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, dropwhile
from operator import attrgetter, itemgetter
from shlex import quote as quoted
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from conformance.model import Body, Exchange, Placeholder, Request, Run, SecretKind, Step
from conformance.report.curl import curl, variable
from conformance.text import clean
from conformance.values import read_json

SHORTEST = 6
"""Characters of a value that is carried over. Shorter ones are counts and flags."""
ROUNDS = 3
"""How far back the values of values are looked for."""
MOST = 8
"""Steps of a cause. Nobody pastes more."""
MOST_THAT_FILL = 12
"""The same where most of them are alike."""
FILLING = {Step.COUNT, Step.EVASION, Step.SOON, Step.LATER, Step.AGAIN}
"""The steps of requests that a limit counts, from one address."""
FROM_ONE_ADDRESS = "# All from one address, which must not have been used within the window."
LONGEST = 4_000
"""Characters of a line."""
OWN_ID = '["id"]'
"""How the path of the id of an object ends."""
OTHERWISE = 1_000
"""The rank of a place that is no id of an object: behind any row of a page."""
SECRETS = {
    SecretKind.KEY: "the key {} of the target file",
    SecretKind.UNKNOWN: "a key that nobody issued",
    SecretKind.PLAIN: "a text that the log left out",
}
"""What a variable holds that somebody has to set, by its kind. All others came from answers."""


@dataclass(frozen=True)
class Origin:
    """Where a value was shown first: the exchange, and the path of the member for jq."""

    exchange: str
    path: str


def blocks(run: Run, shown: Sequence[Sequence[Exchange]]) -> list[str]:
    """The steps for the exchanges of each of some causes; empty for one that has none."""
    origins = _origins(run, chain.from_iterable(shown))
    return ["\n".join(_block(run, exchanges, origins)) for exchanges in shown]


Names = dict[str, dict[str, str]]
"""By value: the placeholders that stand for it, each with the filter of jq that it takes."""


# --- where values come from -----------------------------------------------------------------------


def _origins(run: Run, exchanges: Iterable[Exchange]) -> dict[str, Origin]:
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
        yield from map(itemgetter(1), _texts_in(list(examples), ""))


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

    A count and a flag are too short, and a placeholder has its own variable already.
    """
    return len(value) >= SHORTEST and "{" not in value


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


def _shown(exchange: Exchange, wanted: set[str]) -> Iterator[tuple[str, str]]:
    """The members of a success that show some values, each with its path for jq."""
    if not wanted or exchange.response is None or not exchange.ok:
        return
    body = exchange.response.body
    if any(map(body.kept.__contains__, wanted)):
        yield from filter(lambda shown: shown[1] in wanted, _texts(body))


def _rank(path: str) -> int:
    """How well a place in an answer stands for a value another day; less is better."""
    places = sum(map(int, re.findall(r"\[(\d+)\]", path)))
    return places if path.endswith(OWN_ID) else places + OTHERWISE


def _texts(body: Body) -> Iterator[tuple[str, str]]:
    """Each text in a JSON body, with its path for jq."""
    value = read_json(body.kept).value
    if isinstance(value, dict | list):
        yield from _texts_in(value, "")


def _texts_in(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each text in a value, with its path for jq.

    The path begins with that of the value, and is empty for the value itself.
    """
    match value:
        case str():
            yield path, value
        case dict():
            for name, member in value.items():
                yield from _texts_in(member, f"{path}[{_jq_text(name)}]")
        case list():
            for index, member in enumerate(value):
                yield from _texts_in(member, f"{path}[{index}]")


def _jq_text(name: str) -> str:
    """A name as jq reads it: JSON, in which no interpolation can begin."""
    return json.dumps(name)


# --- the lines ------------------------------------------------------------------------------------


def _block(run: Run, exchanges: Sequence[Exchange], origins: Mapping[str, Origin]) -> Iterator[str]:
    """The lines of the steps for some exchanges; none if there are too many."""
    shown = set(map(attrgetter("id"), exchanges))
    filling = list(_filling(run, exchanges))
    needed = filling or _needed(run, exchanges, origins)
    if filling:
        yield FROM_ONE_ADDRESS
    elif len(needed) > MOST:
        return
    names = _names(needed, origins)
    requests = [_carried(exchange.request, names) for exchange in needed]
    used = "".join(map(_text, requests))
    captures = _captures(names, origins, used)
    yield from _owed(used)
    for number, (exchange, request) in enumerate(zip(needed, requests, strict=True), 1):
        yield f"# {number}. {clean(_said(exchange))}"
        taken = captures.get(exchange.id)
        if not taken:
            yield f"{_line(exchange, request)}\necho"
            continue
        yield f"answer=$(\n{_line(exchange, request, quiet=True)}\n)"
        if exchange.id in shown:
            yield "printf '%s\\n' \"$answer\""
        yield from taken


def _line(exchange: Exchange, request: Request, *, quiet: bool = False) -> str:
    """The line of a request, or where to find one that is too long for a shell."""
    line = curl(request, quiet=quiet)
    if len(line) <= LONGEST:
        return line
    return f"# too long for a shell line; the log has it as {clean(exchange.id)}"


def _text(request: Request) -> str:
    """All of a request that can hold a value."""
    body = request.body or Body()
    headers = "\n".join(chain.from_iterable(request.headers))
    return f"{request.url}\n{headers}\n{body.kept}\n"


def _owed(used: str) -> Iterator[str]:
    """For each variable that the reader has to set, the line that stops without it and says so."""
    for secret in filter(_is_owed, dict.fromkeys(Placeholder.all_in(used))):
        held = SECRETS.get(secret.kind, "a secret of an earlier answer").format(secret.name)
        altered = f", altered: {secret.suffix}" if secret.suffix else ""
        yield f': "${{{variable(str(secret))}:?must be {held}{altered}}}"'


def _is_owed(secret: Placeholder) -> bool:
    """Whether no step takes the value of a variable from an answer."""
    return secret.kind is not SecretKind.VALUE


def _captures(names: Names, origins: Mapping[str, Origin], used: str) -> dict[str, list[str]]:
    """By exchange, the lines that take values from its answer: those that are used."""
    lines: dict[str, list[str]] = {}
    for value, placeholders in names.items():
        origin = origins[value]
        for placeholder, form in placeholders.items():
            if placeholder in used:
                line = _capture(placeholder, origin.path, form)
                lines.setdefault(origin.exchange, []).append(line)
    return lines


def _filling(run: Run, exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
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
    """Some exchanges, and those that they take values from, in the order of the log."""
    needed: dict[str, Exchange] = {}
    left = list(exchanges)
    while left:
        exchange = left.pop()
        if exchange.id not in needed:
            needed[exchange.id] = exchange
            sources = map(origins.get, values_of(exchange))
            left += [run.exchange[origin.exchange] for origin in sources if origin]
    places = {exchange.id: place for place, exchange in enumerate(run.exchanges)}
    return sorted(needed.values(), key=lambda exchange: places[exchange.id])


def _names(needed: Sequence[Exchange], origins: Mapping[str, Origin]) -> Names:
    """The placeholders of the values that are carried over."""
    used = [
        value for exchange in needed for value in sorted(values_of(exchange)) if value in origins
    ]
    names: Names = {}
    for number, value in enumerate(dict.fromkeys(used), 1):
        names[value] = {
            str(Placeholder(SecretKind.VALUE, f"{number}")): "",
            str(Placeholder(SecretKind.VALUE, f"{number}-in-url")): "|@uri",
        }
    return names


def _carried(request: Request, names: Names) -> Request:
    """A request with placeholders for the values that are carried over."""
    url, body = request.url, request.body
    for value, placeholders in names.items():
        plain, in_url = placeholders
        for written in (quote(value, safe=""), quote_plus(value), quote(value), value):
            url = url.replace(written, in_url)
        if body and body.text:
            body = replace(body, text=body.text.replace(value, plain))
    return replace(request, url=url, body=body)


def _capture(placeholder: str, path: str, form: str) -> str:
    """The line that takes a value from the last answer."""
    return f'{variable(placeholder)}=$(printf %s "$answer" | jq -r {quoted(f".{path}{form}")})'


def _said(exchange: Exchange) -> str:
    """What a step does, for people, such as ``GET as full, answered 200 in the run``."""
    words = [exchange.request.method, "without a key,", "not answered"]
    if exchange.identity:
        words[1] = f"as {exchange.identity},"
    if exchange.response:
        words[2] = f"answered {exchange.response.status}"
    return " ".join([*words, "in the run"])
