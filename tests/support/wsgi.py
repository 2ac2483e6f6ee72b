"""A wire that calls a WSGI application in this process, for fast tests of the suite itself."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

from conformance.transport.wire import BODY_LIMIT, Loss, WireFailure, WireRequest, WireResponse

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WsgiWire:
    """Calls an application as a server would. An exception in it is a lost connection."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def send(self, request: WireRequest) -> WireResponse:
        """Send one request; see Wire."""
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
            begun.append((status, headers))

        try:
            chunks = self._application(environ(request), start_response)
            body = b"".join(chunks)
            if hasattr(chunks, "close"):
                chunks.close()
            status, headers = begun[-1]
        except Exception as error:
            reason = f"the application raised {type(error).__name__}"
            raise WireFailure(reason, Loss.CLOSED) from None
        cut = len(body) > BODY_LIMIT
        return WireResponse(int(status.split()[0]), tuple(headers), body[:BODY_LIMIT], cut)


def environ(request: WireRequest) -> dict[str, Any]:
    """The variables with which a server passes a request to an application.

    They are made by hand, because a client for tests takes twice as long as the application.
    """
    parts, body = urlsplit(request.url), request.body or b""
    variables: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path).encode(errors="replace").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "REMOTE_ADDR": request.address or "127.0.0.1",
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body:
        variables["CONTENT_LENGTH"] = str(len(body))
    for name, value in request.headers:
        variable = name.upper().replace("-", "_")
        if variable == "CONTENT_TYPE":
            variables[variable] = value
        elif variable != "CONTENT_LENGTH":
            known = variables.get(f"HTTP_{variable}")
            is_second = known is not None and variable != "HOST"
            variables[f"HTTP_{variable}"] = f"{known}, {value}" if is_second else value
    return variables
