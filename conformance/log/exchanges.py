"""Exchanges as lines of the log, and back.

A log has thousands of exchanges, and a run reads each one that it writes. So they are read here
member by member, which is several times as fast as a converter for any class.
"""

from __future__ import annotations

from functools import lru_cache

from conformance.log import convert
from conformance.log.archive import KINDS, Archive, StoredBody
from conformance.log.size_limit import SHARED_HEADERS
from conformance.model import Body, Exchange, Facts, Json, Request, Response, Role


def to_json(exchange: Exchange) -> dict[str, Json]:
    """The line of an exchange as an object, without empty members."""
    members: dict[str, Json] = convert.to_json(exchange)
    return members


def from_json(line: dict[str, Json], archive: Archive) -> Exchange:
    """The inverse of ``to_json``, for an object that satisfies the schema.

    Its bodies may be in the archive.
    """
    response = line.get("response")
    return Exchange(
        id=line["exchange"],
        case=line["case"],
        scenario=line["scenario"],
        attempt=int(line["attempt"]),
        operation=line["operation"],
        role=Role(line["role"]),
        identity=line.get("identity"),
        facts=Facts.of(line.get("facts", {})),
        request=_request(line["request"], archive),
        response=None if response is None else _response(response, archive),
        failure=line.get("failure"),
        started=line.get("started", ""),
        elapsed_ms=float(line.get("elapsed_ms", 0)),
        part=line.get("part"),
    )


def _request(value: dict[str, Json], archive: Archive) -> Request:
    body = value.get("body")
    return Request(
        value["method"],
        value["url"],
        _headers(value),
        None if body is None else _body(body, archive),
    )


def _response(value: dict[str, Json], archive: Archive) -> Response:
    return Response(
        int(value["status"]),
        _headers(value),
        _body(value.get("body", {}), archive),
        value.get("headers_cut", False),
    )


def _headers(message: dict[str, Json]) -> tuple[tuple[str, str], ...]:
    return tuple([_header(name, value) for name, value in message.get("headers", ())])


@lru_cache(maxsize=SHARED_HEADERS)
def _header(name: str, value: str) -> tuple[str, str]:
    """A header as a pair. Equal headers share one object, because most headers of a log repeat."""
    return name, value


def _body(value: dict[str, Json], archive: Archive) -> Body:
    """A body, whose content is in the archive if the line has only its digest."""
    if not value.keys().isdisjoint(KINDS.values()):
        return StoredBody(archive, value)
    return Body(
        value.get("text"),
        value.get("base64"),
        int(value.get("size", 0)),
        value.get("cut", False),
        value.get("withheld", False),
        value.get("left_out", False),
    )
