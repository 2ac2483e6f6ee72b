"""Exchanges as the page shows them: cut to size, and only as many as keep the page small."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import filterfalse
from operator import attrgetter

from markupsafe import escape

from conformance.model import Body, Cell, Exchange, Finding, Role, Run, Verdict
from conformance.report import view
from conformance.text import amount, clean
from conformance.values import cut

BODY_LIMIT = 4096
"""Characters of a body that are shown."""

HEADERS_LIMIT = 60
"""Headers of a message that are shown."""

PER_FINDING = 3
"""Exchanges shown for a finding, and findings shown in full for a cell."""

PAGE_LIMIT = 500_000
"""Characters of findings and exchanges on one page, as escaped."""

FRAME = 500
"""Characters of the elements around a finding or an exchange, about."""


@dataclass(frozen=True)
class Message:
    """A request or a response as shown; ``body`` is None where ``note`` says all there is."""

    line: str
    headers: tuple[tuple[str, str], ...]
    body: str | None
    note: str


@dataclass(frozen=True)
class Exhibit:
    """An exchange as shown."""

    exchange: Exchange
    request: Message
    response: Message | None
    curl: str
    weight: int  # the characters that it takes on the page, about


@dataclass(frozen=True)
class Point:
    """A finding with its exhibits.

    ``above`` names exchanges that an earlier finding of the cell shows, ``left_out`` those that are
    not on the page.
    """

    finding: Finding | None
    exhibits: tuple[Exhibit, ...]
    above: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Problem:
    """A cell that failed, was waived, warned or in error, with the evidence."""

    cell: Cell
    points: tuple[Point, ...]
    more: int  # findings beyond those shown


class Exhibition:
    """Makes problems of cells until the page is full; the rest keeps only its first line."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._room = PAGE_LIMIT
        self._made: dict[str, Exhibit] = {}

    def problem(self, cell: Cell) -> Problem:
        """A cell with its first findings and their exchanges, as far as there is room."""
        shown: set[str] = set()
        points = []
        for finding in cell.findings[:PER_FINDING]:
            texts = (finding.where, view.shown(finding.expected), view.shown(finding.actual))
            if self._fits(_weight(*texts)):
                points.append(self._point(finding, finding.exchanges, shown))
        more = len(cell.findings) - len(points)
        if not cell.findings and cell.verdict is Verdict.ERROR:
            points.append(self._point(None, _unjudged(self._run, cell), shown))
        return Problem(cell, tuple(points), more)

    def _point(self, finding: Finding | None, ids: tuple[str, ...], shown: set[str]) -> Point:
        """A finding with the best of its exchanges; ``shown`` grows by those on the page."""
        above = tuple(filter(shown.__contains__, ids))
        exhibits = []
        for exchange in _best(view.exchanges_of(self._run, ids)):
            if exchange.id in shown:
                continue
            exhibit = self._exhibit(exchange)
            if self._fits(exhibit.weight):
                exhibits.append(exhibit)
                shown.add(exchange.id)
        left_out = tuple(filterfalse(shown.__contains__, ids))
        return Point(finding=finding, exhibits=tuple(exhibits), above=above, left_out=left_out)

    def _exhibit(self, exchange: Exchange) -> Exhibit:
        if exchange.id not in self._made:
            self._made[exchange.id] = _exhibit(exchange)
        return self._made[exchange.id]

    def _fits(self, weight: int) -> bool:
        """Take room on the page, if there is enough."""
        if weight + FRAME > self._room:
            return False
        self._room -= weight + FRAME
        return True


def _weight(*texts: str) -> int:
    """How many characters some texts take on the page, once they are escaped."""
    return sum(len(escape(clean(text, lines=True))) for text in texts)


def _best(exchanges: list[Exchange]) -> list[Exchange]:
    """The few exchanges that show most, probes before others, in the order of the log."""
    probes_first = sorted(exchanges, key=lambda exchange: exchange.role is not Role.PROBE)
    chosen = probes_first[:PER_FINDING]
    return sorted(chosen, key=exchanges.index)


def _unjudged(run: Run, cell: Cell) -> tuple[str, ...]:
    """The last exchanges of a cell in error: those without a response if there are any."""
    exchanges = view.exchanges_of(run, cell.exchanges)
    unanswered = list(filterfalse(attrgetter("response"), exchanges))
    last = (unanswered or exchanges)[-PER_FINDING:]
    return tuple(map(attrgetter("id"), last))


# --- messages -------------------------------------------------------------------------------------


def _exhibit(exchange: Exchange) -> Exhibit:
    """An exchange as shown, with its weight."""
    line = f"{exchange.request.method} {cut(exchange.request.url, 2000)}"
    request = _message(line, exchange.request.headers, exchange.request.body)
    curl = view.repeat_line(exchange)
    texts = [curl, *_texts(request)]
    response = None
    if exchange.response:
        status = str(exchange.response.status)
        response = _message(status, exchange.response.headers, exchange.response.body)
        texts += _texts(response)
    return Exhibit(exchange, request, response, curl, _weight(*texts))


def _texts(message: Message) -> list[str]:
    """All texts of a message."""
    texts = [message.line, message.note, message.body or ""]
    for name, value in message.headers:
        texts += [name, value]
    return texts


def _message(line: str, headers: Iterable[tuple[str, str]], body: Body | None) -> Message:
    pairs = [(name, cut(value, 500)) for name, value in headers]
    shown, note = _body(body)
    more = len(pairs) - HEADERS_LIMIT
    if more > 0:
        note = f"{amount(more, 'more header')}. {note}".strip()
    return Message(line, tuple(pairs[:HEADERS_LIMIT]), shown, note)


def _body(body: Body | None) -> tuple[str | None, str]:
    """The part of a body that is shown, and a note about it."""
    if body is None:
        return None, "No body."
    size = amount(body.size, "byte")
    if body.withheld:
        return None, f"Body withheld ({size}): it held a secret in an encoded form."
    if not body.size and not body.kept:
        return None, "No body."
    if body.text is None and body.base64 is None:
        return None, f"Body not kept ({size})."
    return body.kept[:BODY_LIMIT], " ".join(_body_notes(body))


def _body_notes(body: Body) -> Iterator[str]:
    """What else a reader of a body should know."""
    if body.base64 is not None:
        yield f"Not UTF-8: shown as base64 ({amount(body.size, 'byte')})."
    rest = len(body.kept) - BODY_LIMIT
    if rest > 0:
        total = amount(len(body.kept), "character")
        yield f"The first {BODY_LIMIT:,} of {total}; {rest:,} cut here."
    if body.cut:
        yield "More came than the log keeps."
