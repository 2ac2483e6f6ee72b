"""evidence.har: the exchanges as HTTP Archive 1.2, for HAR viewers.

This is an export; the evidence is the log. HAR cannot represent a request without a response, so
these are left out, and the comment of the file counts them. It cannot represent a binary request
body either, so that is written as base64, with a comment. The file may use a share of the disk
limit of the run: long bodies are truncated, and once the share is used up, bodies are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import harfile

from conformance.base.text import amount
from conformance.model import IDENTITIES, Body, Exchange, Request, Response, Run, header_in

NAME = "evidence.har"

LONGEST_BODY = 65_536
"""Characters of a body that are shown."""

SHARE = 0.15
"""The share of the disk limit of a run that the file may use."""

_CUT_HERE = "truncated: the evidence log has the complete body"

_UNKNOWN_VERSION = "HTTP/1.1"  # the log does not contain it, but HAR requires it


def telling(run: Run) -> list[Exchange]:
    """The exchanges that show the causes of a run, in the order of the log."""
    ids = {name for cause in run.causes for name in cause.exchanges}
    return [exchange for exchange in run.exchanges if exchange.id in ids]


def write(run: Run, exchanges: Sequence[Exchange], path: Path) -> None:
    """Write the given exchanges of a run as a HAR file, except those without a response."""
    answered = [exchange for exchange in exchanges if exchange.response is not None]
    left_out = amount(len(exchanges) - len(answered), "exchange")
    comment = (
        f"{run.contract.name}. From the evidence log. Left out: {left_out} without a response. "
        f"Secrets are replaced by placeholders. Client: {IDENTITIES[run.target.identity]}."
    )
    creator = harfile.Creator(name="conformance", version=run.suite)
    with (
        path.open("w", encoding="utf-8", newline="\n") as stream,
        harfile.HarFile(stream, creator=creator, comment=comment) as har,
    ):
        room = SHARE * run.target.disk * 1_000_000
        for exchange in answered:
            longest = LONGEST_BODY if stream.tell() < room else 0
            _add(har, exchange, run.started, longest)


def _add(har: harfile.HarFile, exchange: Exchange, run_started: str, longest: int) -> None:
    """Add an exchange that has a response.

    ``run_started`` is used if the log lacks the time of the exchange. ``longest`` is the maximum
    number of characters of each body.
    """
    assert exchange.response is not None
    elapsed = round(exchange.elapsed_ms, 1)
    har.add_entry(
        startedDateTime=exchange.started or run_started,
        time=elapsed,
        request=_request(exchange.request, longest),
        response=_response(exchange.response, longest),
        timings=harfile.Timings(send=0, wait=elapsed, receive=0),
        comment=f"{exchange.case}, exchange {exchange.id}, {exchange.role}",
    )


def _request(request: Request, longest: int) -> harfile.Request:
    try:
        query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    except ValueError:
        query = []
    body = request.body
    return harfile.Request(
        method=_without_surrogates(request.method),
        url=_without_surrogates(request.url),
        httpVersion=_UNKNOWN_VERSION,
        headers=_records(request.headers),
        queryString=_records(query),
        postData=_post_data(request, body, longest) if body else None,
        bodySize=body.size if body else 0,
    )


def _post_data(request: Request, body: Body, longest: int) -> harfile.PostData:
    """The body of a request. HAR has no member for its encoding, so the comment may name it."""
    text, encoding, comment = _content(body, longest)
    return harfile.PostData(
        mimeType=_without_surrogates(header_in(request.headers, "content-type")),
        text=text,
        comment=comment or encoding,
    )


def _response(response: Response, longest: int) -> harfile.Response:
    text, encoding, comment = _content(response.body, longest)
    return harfile.Response(
        status=response.status,
        statusText="",
        httpVersion=_UNKNOWN_VERSION,
        headers=_records(response.headers),
        content=harfile.Content(
            size=response.body.size,
            mimeType=_without_surrogates(response.header("content-type")),
            text=text,
            encoding=encoding,
            comment=comment,
        ),
        redirectURL=_without_surrogates(response.header("location")),
    )


def _content(body: Body, longest: int) -> tuple[str | None, str | None, str | None]:
    """The text, encoding and comment of a body, each None if there is none.

    The text is truncated after ``longest`` characters.
    """
    if body.withheld:
        return None, None, "withheld: it contained an encoded secret"
    if body.left_out:
        return None, None, "left out: it is not in the log"
    comment = "truncated: the log keeps only the beginning" if body.cut else None
    if len(body.kept) > longest:
        kept = _without_surrogates(body.kept[:longest])
        return kept, "base64" if body.base64 else None, _CUT_HERE
    if body.base64 is not None:
        return body.base64, "base64", comment
    if body.text is None:
        return None, None, comment
    return _without_surrogates(body.text), None, comment


def _records(pairs: Iterable[tuple[str, str]]) -> list[harfile.Record]:
    """The names and values of headers or of a query, in order."""
    return [
        harfile.Record(name=_without_surrogates(name), value=_without_surrogates(value))
        for name, value in pairs
    ]


def _without_surrogates(text: str) -> str:
    """The text without lone surrogates, which strict JSON parsers reject."""
    return text.encode("utf-8", "backslashreplace").decode()
