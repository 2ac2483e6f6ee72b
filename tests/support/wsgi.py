"""A wire that calls a WSGI application in this process, for fast tests of the suite itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import EnvironBuilder, run_wsgi_app

from conformance.transport.wire import BODY_LIMIT, Loss, WireFailure, WireRequest, WireResponse

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WsgiWire:
    """Calls an application as a server would. An exception in it is a lost connection."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def send(self, request: WireRequest) -> WireResponse:
        """Send one request; see Wire."""
        parts = urlsplit(request.url)
        builder = EnvironBuilder(
            method=request.method,
            path=parts.path,
            query_string=parts.query,
            base_url=f"{parts.scheme}://{parts.netloc}",
            headers=list(request.headers),
            data=request.body,
            environ_overrides={"REMOTE_ADDR": request.address or "127.0.0.1"},
        )
        try:
            chunks, status, headers = run_wsgi_app(
                self._application, builder.get_environ(), buffered=True
            )
        except Exception as error:
            reason = f"the application raised {type(error).__name__}"
            raise WireFailure(reason, Loss.CLOSED) from None
        finally:
            builder.close()
        body = b"".join(chunks)
        cut = len(body) > BODY_LIMIT
        return WireResponse(int(status.split()[0]), tuple(headers.items()), body[:BODY_LIMIT], cut)
