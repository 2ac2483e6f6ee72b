"""Faults of the envelope on unknown paths and methods."""

from __future__ import annotations

from conformance.model import Operation
from conformance.server.messages import Refusal, Reply, Request
from tests.faults.base import Faulty, fault


@fault("envelope-unrouted", depth=2)
class HtmlForUnknownPath(Faulty):
    """Unknown paths and methods get the web server's HTML page."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        if self.operation_of(request) or self.is_control(request):
            return reply, body
        return Reply(404, b"<h1>404</h1>"), b"<h1>404</h1>"


@fault("envelope-unrouted", depth=3)
class EmptyMethodNotAllowed(Faulty):
    """An unknown method on a known path returns 405 with an empty body."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        known = {path for _, path in self._exact}
        return (
            (Reply(405, {}), b"")
            if not self.operation_of(request) and self.local_path(request) in known
            else (reply, body)
        )


@fault("envelope-unrouted", depth=3)
class OwnCodeForUnknownPath(Faulty):
    """Unknown paths and methods get an unregistered code."""

    def unknown_route(self, request: Request) -> Refusal:
        return Refusal(code="route_not_found")


@fault("envelope-unrouted", depth=3)
class FaultForUnknownMethod(Faulty):
    """Unknown routes return 500 for every method except GET."""

    def unknown_route(self, request: Request) -> Refusal:
        return super().unknown_route(request) if request.method == "GET" else Refusal("internal")


@fault("envelope-unrouted", at="*", depth=4)
class BrokenPercentInPathFails(Faulty):
    """An unknown path with a malformed percent escape returns 500."""

    def find_route(self, request: Request) -> tuple[list[Operation], dict[str, str]] | None:
        route = super().find_route(request)
        if route is None and ("%" in request.path or "\ufffd" in request.path):
            raise Refusal("internal")
        return route


@fault("envelope-unrouted", at="*", depth=4)
class PageForBrokenPercentInPath(Faulty):
    """A path with a malformed percent escape gets the page of the framework, and 400."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        if reply.status == 404 and "%" in request.path:
            return Reply(400, b"<h1>Bad Request</h1>"), b"<h1>Bad Request</h1>"
        return reply, body


@fault("envelope-unrouted", at="*", depth=2)
class PageForEveryPath(Faulty):
    """Every path that does not exist gets the start page of a web application."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        if self.operation_of(request) or self.is_control(request) or request.method != "GET":
            return reply, body
        return Reply(200, b"<html></html>"), b"<html></html>"
