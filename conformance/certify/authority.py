"""Asks an authority for time stamps (RFC 3161), bounded in time and size."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from conformance.base.errors import UsageError
from conformance.certify.stamps import granted
from conformance.run.binding import NoStamp
from conformance.transport.http import HttpWire
from conformance.transport.wire import WireFailure, WireRequest, WireResponse

SECONDS = 5.0
"""Maximum seconds for a request."""
LARGEST = 64 * 1024
"""Maximum bytes of a stamp. One with its certificates has 2,000 to 8,000."""
TYPES = (
    ("Content-Type", "application/timestamp-query"),
    ("Accept", "application/timestamp-reply"),
)


def stamp_requester(url: str) -> Callable[[str], bytes]:
    """A function that requests a time stamp of a text from the authority at a URL.

    The function sends one request. It returns the response if that grants a stamp of this very
    text, and raises NoStamp otherwise. Whether the authority is trusted is not checked here, but
    when the run is verified.

    Raises UsageError unless the URL uses http or https, and has a host and no user name.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise UsageError(
            f"--stamp {url}: not a URL for a time stamp authority. Use http:// or https:// with "
            "a host, and no user name."
        )
    address = parts._replace(path=parts.path or "/", fragment="").geturl()
    wire = HttpWire(SECONDS)

    def ask(text: str) -> bytes:
        builder = TimestampRequestBuilder().data(text.encode())
        request = builder.hash_algorithm(HashAlgorithm.SHA256).build()
        response = _response_to(request.as_bytes(), wire, address)
        stamp = granted(response.body)
        stamped = (stamp.tst_info.message_imprint.message, stamp.tst_info.nonce)
        if stamped != (request.message_imprint.message, request.nonce):
            raise NoStamp("the authority stamped something else")
        return response.body

    return ask


def _response_to(query: bytes, wire: HttpWire, url: str) -> WireResponse:
    """Send a query. Raises NoStamp unless the response is complete and has status 200."""
    headers = (*TYPES, ("Content-Length", str(len(query))))
    try:
        response = wire.send(WireRequest("POST", url, headers, query, most=LARGEST))
    except WireFailure as failure:
        raise NoStamp(f"the authority gave no response: {failure}") from None
    if response.status != 200:
        raise NoStamp(f"the authority returned status {response.status}")
    if response.cut:
        raise NoStamp(f"the response of the time stamp authority has more than {LARGEST:,} bytes")
    return response
