"""Exchanges as the page shows them: truncated, with the offending part of the response marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.base.text import amount
from conformance.base.values import cut
from conformance.causes.shown import Shown
from conformance.causes.telling import FEW, best
from conformance.model import Body, Cell, Exchange, Finding, Run, Step
from conformance.report import view
from conformance.report.places import STATUS, Place, places_of
from conformance.report.walk_faults import WalkFault, places_in_page, walk_fault
from conformance.report.window import HEAD, Window, window

HEADERS_LIMIT = 30
"""Headers shown of each message."""
TRIED = 40
"""Maximum number of exchanges that are searched for a place if those chosen have none."""
EARLIER = (Step.BEFORE, Step.LISTED_BEFORE)
"""The steps of looks that come before the request that is blamed."""
URL = 200
"""Characters of the request URL in the words for a place."""
NOTE = "note"
"""The accused part of a message whose body is wrong but not shown: its note is marked instead."""
BRIEF = 6
"""Lines shown of a response without a mark if another response has one."""


@dataclass(frozen=True)
class Message:
    """A request or a response as shown.

    ``accused`` is the name of the header that a finding is about, STATUS for the first line, or
    NOTE if the body is wrong but not shown; empty for none of these. ``lacks`` means that there is
    no such header. ``body`` is None if ``note`` says everything.
    """

    line: str
    headers: tuple[tuple[str, str], ...]
    body: Window | None
    note: str
    accused: str = ""
    lacks: bool = False

    @property
    def weight(self) -> int:
        """The characters of its first line, its headers and what is shown of its body."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.line) + headers + (len(self.body.text) if self.body else 0)


@dataclass(frozen=True)
class Exhibit:
    """An exchange as shown. ``places`` are those in its response that a finding is about."""

    exchange: Exchange
    request: Message
    response: Message | None
    curl: str
    places: tuple[Place, ...] = ()

    @property
    def weight(self) -> int:
        """Its approximate size in characters."""
        response = self.response.weight if self.response else 0
        return len(self.curl) + self.request.weight + response


def exhibits(
    run: Run, ids: Iterable[str], finding: Finding | None = None, few: int = FEW
) -> list[Exhibit]:
    """At most ``few`` of the given exchanges, those that show most, as the page shows them.

    The places in their responses that the ``finding`` is about are marked, except in looks from
    before the request that is blamed. If the chosen exchanges have no such place, one that has it
    replaces the last of them: the last such exchange among the first TRIED.
    """
    exchanges = run.exchanges_of(ids)
    chosen = best(exchanges, finding, few)
    if finding is None:
        return [exhibit_of(exchange) for exchange in chosen]
    walk = walk_fault(run, finding)
    places = [_places(run, finding, walk, exchange) for exchange in chosen]
    candidates = [] if any(places) else exchanges[:TRIED]
    for other in reversed(candidates):
        found = _places(run, finding, walk, other)
        if found:
            # the last of ``few``, or one more if there are fewer
            chosen[few - 1 :] = [other]
            places[few - 1 :] = [found]
            break
    head = BRIEF if any(places) else HEAD
    return [exhibit_of(each, own, head) for each, own in zip(chosen, places, strict=True)]


def _places(run: Run, finding: Finding, walk: WalkFault | None, exchange: Exchange) -> list[Place]:
    """The places in a response that a finding is about, more precisely if a ``walk`` shows them.

    None in a look from before the request that is blamed, unless it shows the finding on its own.
    """
    decides = finding.apart or exchange.id in finding.exchanges[-1:]
    if exchange.facts.step in EARLIER and not decides:
        return []
    if walk is not None:
        return places_in_page(run, walk, exchange)
    return places_of(run, finding, exchange)


def place_in(exhibited: Iterable[Exhibit], shown: Shown, asked: Exchange | None) -> str:
    """The place of the value that is wrong: the places marked in one exhibit, in words.

    It is the exhibit of the decisive exchange if that has a mark, otherwise the first with one. If
    its request is not the one ``asked``, the request is named. Without marks, it is the place in
    the finding.
    """
    marked = [exhibit for exhibit in exhibited if exhibit.places]
    if not marked:
        return shown.finding.where
    exhibit = next((each for each in marked if each.exchange is shown.decisive), marked[0])
    words = " and ".join(place.words for place in exhibit.places)
    if exhibit.exchange is asked:
        return words
    request = exhibit.exchange.request
    return f"{words} in the response to {request.method} {cut(request.url, URL)}"


def unjudged(run: Run, cell: Cell) -> list[Exhibit]:
    """The last FEW exchanges of a cell in error that got no response, or of all if each got one."""
    exchanges = run.exchanges_of(cell.exchanges)
    unanswered = [exchange for exchange in exchanges if exchange.response is None]
    last = (unanswered or exchanges)[-FEW:]
    return [exhibit_of(exchange) for exchange in last]


# --- messages -------------------------------------------------------------------------------------


def exhibit_of(exchange: Exchange, places: Sequence[Place] = (), head: int = HEAD) -> Exhibit:
    """An exchange as shown, with some places of its response marked.

    If no place is in the body of the response, the first ``head`` lines of the body are shown.
    """
    line = f"{exchange.request.method} {cut(exchange.request.url, 2000)}"
    request = _message(line, exchange.request.headers, exchange.request.body)
    response = None
    if exchange.response:
        status = str(exchange.response.status)
        headers, body = exchange.response.headers, exchange.response.body
        response = _message(status, headers, body, places, head)
    return Exhibit(exchange, request, response, view.repeat_line(exchange), tuple(places))


def _message(
    line: str,
    headers: Sequence[tuple[str, str]],
    body: Body | None,
    places: Sequence[Place] = (),
    head: int = HEAD,
) -> Message:
    """A request or a response as shown; ``line`` is its first line.

    Of several places outside the body, the first is accused.
    """
    pairs = [(name, cut(value, 500)) for name, value in headers]
    shown, note = _body(body, places, head)
    more = len(pairs) - HEADERS_LIMIT
    if more > 0:
        note = f"{amount(more, 'more header')}. {note}".strip()
    outside = [place.pointer.lower() for place in places if not place.in_body]
    accused = outside[0] if outside else ""
    if shown is None and places:
        accused = accused or NOTE
    existing = {"", NOTE, STATUS, *(name.lower() for name, _ in headers)}
    lacks = accused not in existing
    return Message(line, tuple(pairs[:HEADERS_LIMIT]), shown, note, accused, lacks)


def _body(body: Body | None, places: Sequence[Place], head: int) -> tuple[Window | None, str]:
    """The part of a body that is shown, and a note about it; None and a note if none is shown."""
    if body is None:
        return None, "No body."
    size = amount(body.size, "byte")
    if body.withheld:
        return None, f"Body withheld ({size}): it contained an encoded secret."
    if not body.size and not body.kept:
        return None, "No body."
    if body.text is None and body.base64 is None:
        return None, f"Body not in the log ({size})."
    shown = window(body.kept, [place for place in places if place.in_body], head)
    return shown, " ".join(_body_notes(body, shown))


def _body_notes(body: Body, shown: Window) -> Iterator[str]:
    """Notes on the encoding and the truncation of a body; none if it is a complete text."""
    if body.base64 is not None:
        yield f"Not UTF-8: shown as base64 ({amount(body.size, 'byte')})."
    if shown.cut:
        yield f"{amount(shown.cut, 'character')} cut here."
    if body.cut:
        yield "Truncated: the log keeps only the beginning."
