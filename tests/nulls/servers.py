"""Null servers: small applications without any of the API behind them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from conformance.server import Application, application
from conformance.server.messages import Reply, Request
from conformance.transport.http import HttpWire
from conformance.transport.wire import Wire
from tests.support.contracts import real
from tests.support.wsgi import WsgiWire

Start = Callable[[str, list[tuple[str, str]]], Any]
JSON = [("Content-Type", "application/json")]

NOT_FOUND = {"error": {"code": "not_found", "message": "There is no such resource."}}
UNAUTHORIZED = {"error": {"code": "unauthorized", "message": "The API key is invalid."}}


def empty_success(_environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Every response is 200 without a body."""
    start("200 OK", [])
    return []


def echo(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Every response is 200 with the body of the request, or else with its query as JSON."""
    sent = environ["wsgi.input"].read()
    start("200 OK", JSON)
    return [sent or json.dumps({"query": environ["QUERY_STRING"]}).encode()]


def not_found(_environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Every response is 404 with a correct error."""
    start("404 Not Found", JSON)
    return [json.dumps(NOT_FOUND).encode()]


def unauthorized(_environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Every response is 401 with a correct error."""
    start("401 Unauthorized", JSON)
    return [json.dumps(UNAUTHORIZED).encode()]


class Examples(Application):
    """Every known path has the example of the OpenAPI document as its only response."""

    def dispatch(self, request: Request) -> Reply:
        operation, in_path = self.route(request)
        del in_path
        return Reply(operation.success, self.catalog.example(operation))


@contextmanager
def refusing() -> Iterator[str]:
    """No server: connections are refused."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # without listen: nobody else gets the port
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


NULLS: dict[str, Callable[..., Any]] = {
    "refuses connections": refusing,
    "empty success": empty_success,
    "echo": echo,
    "always not found": not_found,
    "always unauthorized": unauthorized,
    "static examples": Examples,
}
"""Every null server by name; its docstring says what it does."""


@contextmanager
def reached(name: str) -> Iterator[tuple[str, Wire]]:
    """The origin of a null server, and the wire to it: HTTP only where there is no application."""
    made = NULLS[name]
    if made is refusing:
        with refusing() as origin, closing(HttpWire(15.0)) as wire:
            yield origin, wire
        return
    yield (
        "http://127.0.0.1:1",
        WsgiWire(application(real(), kind=Examples) if made is Examples else made),
    )
