"""Exchanges as the page shows them: truncated, with the offending part of the response marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.base.text import amount
from conformance.base.values import cut
from conformance.causes.telling import FEW, best
from conformance.model import Body, Cell, Exchange, Run
from conformance.report import view
from conformance.report.window import Window, window

HEADERS_LIMIT = 30
"""Headers shown of each message."""


@dataclass(frozen=True)
class Message:
    """A request or a response as shown.

    ``accused`` is the name of the header that a finding is about, or ``status`` for the first line.
    ``body`` is None if ``note`` says everything.
    """

    line: str
    headers: tuple[tuple[str, str], ...]
    body: Window | None
    note: str
    accused: str = ""

    @property
    def weight(self) -> int:
        """Its size in characters."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        texts = self.body.texts if self.body else ()
        return len(self.line) + headers + sum(len(text) for text in texts)


@dataclass(frozen=True)
class Exhibit:
    """An exchange as shown."""

    exchange: Exchange
    request: Message
    response: Message | None
    curl: str

    @property
    def weight(self) -> int:
        """Its approximate size in characters."""
        response = self.response.weight if self.response else 0
        return len(self.curl) + self.request.weight + response


def exhibits(
    run: Run, ids: Iterable[str], where: str = "", said: str = "", few: int = FEW
) -> list[Exhibit]:
    """At most ``few`` of the given exchanges, the most telling ones, as the page shows them.

    ``where`` is the place that the finding is about, and ``said`` what the finding says about it.
    """
    chosen = best(run.exchanges_of(ids), few)
    return [_exhibit(exchange, where, said) for exchange in chosen]


def unjudged(run: Run, cell: Cell) -> list[Exhibit]:
    """The last exchanges of a cell in error: those without a response, if there are any."""
    exchanges = run.exchanges_of(cell.exchanges)
    unanswered = [exchange for exchange in exchanges if exchange.response is None]
    last = (unanswered or exchanges)[-FEW:]
    return [_exhibit(exchange) for exchange in last]


# --- messages -------------------------------------------------------------------------------------


def _exhibit(exchange: Exchange, where: str = "", said: str = "") -> Exhibit:
    """An exchange as shown, with the part of its response that a finding is about."""
    line = f"{exchange.request.method} {cut(exchange.request.url, 2000)}"
    request = _message(line, exchange.request.headers, exchange.request.body)
    response = None
    if exchange.response:
        status = str(exchange.response.status)
        response = _message(status, exchange.response.headers, exchange.response.body, where, said)
    return Exhibit(exchange, request, response, view.repeat_line(exchange))


def _message(
    line: str,
    headers: Iterable[tuple[str, str]],
    body: Body | None,
    where: str = "",
    said: str = "",
) -> Message:
    pairs = [(name, cut(value, 500)) for name, value in headers]
    shown, note = _body(body, where, said)
    more = len(pairs) - HEADERS_LIMIT
    if more > 0:
        note = f"{amount(more, 'more header')}. {note}".strip()
    return Message(line, tuple(pairs[:HEADERS_LIMIT]), shown, note, where.lower())


def _body(body: Body | None, where: str, said: str) -> tuple[Window | None, str]:
    """The part of a body that is shown, and a note about it."""
    if body is None:
        return None, "No body."
    size = amount(body.size, "byte")
    if body.withheld:
        return None, f"Body withheld ({size}): it contained an encoded secret."
    if not body.size and not body.kept:
        return None, "No body."
    if body.text is None and body.base64 is None:
        return None, f"Body not in the log ({size})."
    shown = window(body.kept, where, said)
    return shown, " ".join(_body_notes(body, shown))


def _body_notes(body: Body, shown: Window) -> Iterator[str]:
    """Notes on encoding and truncation."""
    if body.base64 is not None:
        yield f"Not UTF-8: shown as base64 ({amount(body.size, 'byte')})."
    if shown.above or shown.below:
        yield f"Left out: {shown.above:,} lines above, {shown.below:,} below."
    if shown.cut:
        yield f"{amount(shown.cut, 'character')} cut here."
    if body.cut:
        yield "Truncated: the log keeps only the beginning."
