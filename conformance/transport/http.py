"""HTTP through requests, with the comforts that would blur the evidence switched off.

No redirects (they want our keys), no environment (a netrc entry would replace the key), no
retries; the body is bounded in bytes and the whole response in time. What requests and urllib3 would mend
(a broken percent sign, two slashes) goes out over a connection by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import ReadTimeoutError
from urllib3.util import parse_url

from conformance.transport.clocked import CONNECTIONS, POOLS
from conformance.transport.wire import BODY_LIMIT, WireFailure, WireRequest, WireResponse

CHUNK = 65_536


class _Adapter(HTTPAdapter):
    """An adapter that sends from one local address."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._address:
            kwargs["source_address"] = (self._address, 0)
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS


class HttpWire:
    """One kept connection per local address. ``timeout`` is in seconds for one whole response."""

    def __init__(self, timeout: float) -> None:
        logging.getLogger("urllib3").setLevel(
            logging.CRITICAL + 1
        )  # it quotes odd answers, and pytest shows what is logged
        self._timeout = timeout
        self._sessions: dict[str | None, requests.Session] = {}

    def _session(self, address: str | None) -> requests.Session:
        if address not in self._sessions:
            session = requests.Session()
            session.trust_env = False
            session.headers.clear()
            for scheme in ("http://", "https://"):
                session.mount(scheme, _Adapter(address))
            self._sessions[address] = session
        return self._sessions[address]

    def send(self, request: WireRequest) -> WireResponse:
        """Send one request; see Wire."""
        try:
            with (
                self._alone(request)
                if request.plain or request.apart
                else self._pooled(request) as raw
            ):
                body, cut = _bounded(raw)
        except requests.ConnectTimeout:
            raise WireFailure("no connection within the time limit", unreachable=True) from None
        except requests.Timeout:
            raise WireFailure(f"no response within {self._timeout:g} s") from None
        except WireFailure:
            raise
        except Exception as error:  # of any kind: what came may have broken the library anywhere
            raise WireFailure(_reason(error), _refused(error)) from None
        return WireResponse(raw.status, tuple(raw.headers.items()), body, cut)

    @contextmanager
    def _pooled(self, request: WireRequest) -> Iterator[BaseHTTPResponse]:
        session = self._session(request.address)
        made = _connections(session)
        try:
            response = session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.body,
                allow_redirects=False,
                stream=True,
                timeout=self._timeout,
            )
        except requests.ConnectionError as error:
            if (
                _connections(session) > made
                or isinstance(error, requests.Timeout)
                or _refused(error)
            ):
                raise
            raise WireFailure(_reason(error), stale=True) from None
        yield response.raw

    @contextmanager
    def _alone(self, request: WireRequest) -> Iterator[BaseHTTPResponse]:
        """Over a connection of its own, path and query as they are."""
        start = request.url.index("/", request.url.index("://") + 3)
        origin, target = parse_url(request.url[:start]), request.url[start:]
        source = (request.address, 0) if request.address else None
        trusted = (
            {"ca_certs": DEFAULT_CA_BUNDLE_PATH, "cert_reqs": "CERT_REQUIRED"}
            if origin.scheme == "https"
            else {}
        )
        with closing(
            CONNECTIONS[origin.scheme or "http"](
                origin.host or "",
                origin.port,
                timeout=self._timeout,
                source_address=source,
                **trusted,
            )
        ) as connection:
            connection.request(
                request.method, target, request.body, dict(request.headers), preload_content=False
            )
            yield connection.getresponse()


def _refused(error: Exception) -> bool:
    """Whether not even a connection was made."""
    return any(word in str(error) for word in ("NewConnectionError", "refused", "NameResolution"))


def _connections(session: requests.Session) -> int:
    """The connections that a session has made."""
    pools = [
        adapter.poolmanager.pools
        for adapter in session.adapters.values()
        if isinstance(adapter, HTTPAdapter)
    ]
    return sum(known[origin].num_connections for known in pools for origin in known.keys())  # noqa: SIM118 - it is no dict


def _bounded(raw: BaseHTTPResponse) -> tuple[bytes, bool]:
    """The body up to the limits of size and time, and whether more was to come."""
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
    return bytes(kept), False  # read to its end, so the connection is kept for the next request


def _reason(error: Exception) -> str:
    """One line for people, without addresses of objects."""
    inner: BaseException = error
    while inner.__cause__ is not None or inner.__context__ is not None:
        inner = inner.__cause__ or inner.__context__ or inner
    text = " ".join(str(inner).split())
    return f"{type(inner).__name__}: {text}"[:200]
