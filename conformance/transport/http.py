"""HTTP through requests, without the conveniences that would blur the evidence.

There are no redirects (they would get our keys), no settings from the environment (a netrc entry
would replace the key), no cookies (they would mix identities) and no retries. A body is bounded in
bytes, a whole response in time. requests and urllib3 mend a malformed path, so such a request goes
over a connection of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ReadTimeoutError
from urllib3.util import parse_url

from conformance.transport.bounded import CONNECTIONS, OPENED, POOLS
from conformance.transport.wire import BODY_LIMIT, WireFailure, WireRequest, WireResponse

NO_COOKIES = DefaultCookiePolicy(allowed_domains=[])
"""Neither takes a cookie nor sends one back."""

CHUNK = 65_536
"""Bytes of a body that are read at a time."""

SILENT = logging.CRITICAL + 1
"""The level of urllib3's logger: it quotes odd answers, and pytest shows what is logged."""

REFUSED = ("NewConnectionError", "refused", "NameResolution")
"""Words in an error that say that not even a connection was made."""


class _Adapter(HTTPAdapter):
    """An adapter that keeps one bounded connection and sends from one local address."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._address:
            kwargs["source_address"] = (self._address, 0)
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS


class HttpWire:
    """Sends over one kept connection for each local address.

    ``timeout`` is the seconds for one whole response.
    """

    def __init__(self, timeout: float) -> None:
        logging.getLogger("urllib3").setLevel(SILENT)
        self._timeout = timeout
        self._sessions: dict[str | None, requests.Session] = {}

    def send(self, request: WireRequest) -> WireResponse:
        """Send one request; see Wire."""
        way = self._alone if request.plain or request.apart else self._kept
        try:
            with way(request) as raw:
                body, cut = _bounded(raw)
        except requests.ConnectTimeout:
            raise WireFailure("no connection within the time limit", unreachable=True) from None
        except requests.Timeout:
            raise WireFailure(f"no response within {self._timeout:g} s") from None
        except WireFailure:
            raise
        except Exception as error:  # of any kind: an odd response may break the library anywhere
            refused = any(map(str(error).__contains__, REFUSED))
            raise WireFailure(_reason(error), unreachable=refused) from None
        return WireResponse(raw.status, tuple(raw.headers.items()), body, cut)

    @contextmanager
    def _kept(self, request: WireRequest) -> Iterator[BaseHTTPResponse]:
        """The response over a connection that is kept for the next request."""
        opened = OPENED.count
        try:
            response = self._session(request.address).request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.body,
                allow_redirects=False,
                stream=True,
                timeout=self._timeout,
            )
        except requests.ConnectionError as error:
            if OPENED.count > opened:
                raise
            raise WireFailure(_reason(error), stale=True) from None
        yield response.raw

    @contextmanager
    def _alone(self, request: WireRequest) -> Iterator[BaseHTTPResponse]:
        """The response over a connection of its own, with path and query as they are."""
        start = request.url.index("/", request.url.index("://") + len("://"))
        origin, target = request.url[:start], request.url[start:]
        with closing(self._connection(origin, request.address)) as connection:
            connection.request(
                request.method, target, request.body, dict(request.headers), preload_content=False
            )
            yield connection.getresponse()

    def _session(self, address: str | None) -> requests.Session:
        if address not in self._sessions:
            session = requests.Session()
            session.trust_env = False
            session.headers.clear()
            session.cookies.set_policy(NO_COOKIES)
            for scheme in ("http://", "https://"):
                session.mount(scheme, _Adapter(address))
            self._sessions[address] = session
        return self._sessions[address]

    def _connection(self, origin: str, address: str | None) -> HTTPConnection:
        where = parse_url(origin)
        trust: dict[str, Any] = {}
        if where.scheme == "https":
            trust = {"ca_certs": DEFAULT_CA_BUNDLE_PATH, "cert_reqs": "CERT_REQUIRED"}
        kind: type[HTTPConnection] = CONNECTIONS[where.scheme or "http"]
        return kind(
            where.host or "",
            where.port,
            timeout=self._timeout,
            source_address=(address, 0) if address else None,
            **trust,
        )


def _bounded(raw: BaseHTTPResponse) -> tuple[bytes, bool]:
    """The body up to the limits of size and time, and whether more was to come.

    A body that is read to its end leaves the connection open for the next request.
    """
    kept = bytearray()
    try:
        for chunk in raw.stream(CHUNK, decode_content=True):
            kept += chunk
            if len(kept) > BODY_LIMIT:
                raw.close()
                return bytes(kept[:BODY_LIMIT]), True
    except ReadTimeoutError:
        raw.close()
        return bytes(kept), True
    except BaseException:
        raw.close()
        raise
    return bytes(kept), False


def _reason(error: Exception) -> str:
    """One line for people: type and text of the innermost error."""
    innermost: BaseException = error
    while cause := innermost.__cause__ or innermost.__context__:
        innermost = cause
    text = " ".join(str(innermost).split())
    return f"{type(innermost).__name__}: {text}"[:200]
