"""Exchanges as the page shows them: cut to size, and only as many as keep the page small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from markupsafe import escape

from conformance.model import Body, Cell, Exchange, Finding, Role, Run, Verdict
from conformance.report import view
from conformance.report.text import amount, clean, cut

BODY_LIMIT = 4096
"""Characters of a body that are shown."""

HEADERS_LIMIT = 60
"""Headers of a message that are shown."""

PER_FINDING = 3
"""Exchanges shown for a finding, and findings shown in full for a cell."""

PAGE_LIMIT = 500_000
"""Characters of findings and exchanges on one page, as escaped."""


@dataclass(frozen=True)
class Message:
    """A request or a response as shown; ``body`` is None where ``note`` says all there is to say."""

    line: str
    headers: tuple[tuple[str, str], ...]
    body: str | None
    note: str

    @cached_property
    def weight(self) -> int:
        """Characters that it takes on the page, about."""
        return _weight(
            self.line, self.note, self.body or "", *(part for pair in self.headers for part in pair)
        )


@dataclass(frozen=True)
class Exhibit:
    """An exchange as shown."""

    exchange: Exchange
    request: Message
    response: Message | None
    curl: str

    @cached_property
    def weight(self) -> int:
        """Characters that it takes on the page, about."""
        return (
            self.request.weight
            + (self.response.weight if self.response else 0)
            + _weight(self.curl)
        )


@dataclass(frozen=True)
class Point:
    """A finding with its exhibits.

    ``above`` names exchanges that an earlier finding of the cell shows, ``left_out`` those not on the page.
    """

    finding: Finding | None
    exhibits: tuple[Exhibit, ...]
    above: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Problem:
    """A cell that failed, was waived, warned or in error, with what shows it."""

    cell: Cell
    points: tuple[Point, ...]
    more: int  # findings beyond those shown


class Exhibition:
    """Makes problems of cells, until the page is full; then only their first line is left."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._room = PAGE_LIMIT
        self._made: dict[str, Exhibit] = {}

    def problem(self, cell: Cell) -> Problem:
        """A cell with its first findings and their exchanges, as far as there is room."""
        seen: set[str] = set()
        points = []
        for finding in cell.findings[:PER_FINDING]:
            if self._fits(
                _weight(finding.where, view.shown(finding.expected), view.shown(finding.actual))
            ):
                points.append(self._point(finding, finding.exchanges, seen))
        if not cell.findings and cell.verdict is Verdict.ERROR:
            points.append(self._point(None, _unjudged(self._run, cell), seen))
        return Problem(
            cell,
            tuple(points),
            len(cell.findings) - sum(point.finding is not None for point in points),
        )

    def _point(self, finding: Finding | None, ids: tuple[str, ...], seen: set[str]) -> Point:
        above = tuple(name for name in ids if name in seen)
        shown: list[Exhibit] = []
        for exchange in _telling(view.exchanges_of(self._run, ids)):
            if exchange.id not in seen and self._fits((exhibit := self._exhibit(exchange)).weight):
                shown.append(exhibit)
                seen.add(exchange.id)
        return Point(finding, tuple(shown), above, tuple(name for name in ids if name not in seen))

    def _exhibit(self, exchange: Exchange) -> Exhibit:
        if exchange.id not in self._made:
            self._made[exchange.id] = _exhibit(exchange)
        return self._made[exchange.id]

    def _fits(self, weight: int) -> bool:
        """Take room on the page, if there is enough."""
        weight += 500  # the elements around it
        if weight > self._room:
            return False
        self._room -= weight
        return True


def _weight(*texts: str) -> int:
    return sum(len(escape(clean(text, lines=True))) for text in texts)


def _telling(exchanges: list[Exchange]) -> list[Exchange]:
    """The few that tell most, probes before others, in the order of the log."""
    chosen = {
        exchange.id
        for exchange in sorted(exchanges, key=lambda exchange: exchange.role is not Role.PROBE)[
            :PER_FINDING
        ]
    }
    return [exchange for exchange in exchanges if exchange.id in chosen]


def _unjudged(run: Run, cell: Cell) -> tuple[str, ...]:
    """The exchanges of a cell in error: those without a response, else the last ones."""
    held = view.exchanges_of(run, cell.exchanges)
    broken = [exchange for exchange in held if exchange.response is None]
    return tuple(exchange.id for exchange in (broken or held)[-PER_FINDING:])


def _exhibit(exchange: Exchange) -> Exhibit:
    request, response = exchange.request, exchange.response
    return Exhibit(
        exchange,
        _message(f"{request.method} {cut(request.url, 2000)}", request.headers, request.body),
        _message(str(response.status), response.headers, response.body) if response else None,
        view.repeat_line(exchange),
    )


def _message(line: str, headers: Iterable[tuple[str, str]], body: Body | None) -> Message:
    pairs = [(name, cut(value, 500)) for name, value in headers]
    shown, note = _body(body)
    more = len(pairs) - HEADERS_LIMIT
    notes = [f"{amount(more, 'more header')}." if more > 0 else "", note]
    return Message(line, tuple(pairs[:HEADERS_LIMIT]), shown, " ".join(filter(None, notes)))


def _body(body: Body | None) -> tuple[str | None, str]:
    """What is shown of a body, and what is to be said of it."""
    if body is None or (not body.size and not body.text and not body.base64 and not body.withheld):
        return None, "No body."
    if body.withheld:
        return (
            None,
            f"Body withheld ({amount(body.size, 'byte')}): it held a secret in an encoded form.",
        )
    text = body.text if body.base64 is None else body.base64
    if text is None:
        return None, f"Body not kept ({amount(body.size, 'byte')})."
    notes = []
    if body.base64 is not None:
        notes.append(f"Not UTF-8: shown as base64 ({amount(body.size, 'byte')}).")
    if len(text) > BODY_LIMIT:
        notes.append(
            f"The first {BODY_LIMIT:,} of {amount(len(text), 'character')}; {len(text) - BODY_LIMIT:,} cut here."
        )
    if body.cut:
        notes.append("More came than the log keeps.")
    return text[:BODY_LIMIT], " ".join(notes)
