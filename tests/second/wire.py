"""HTTP: a thread for each connection, keys, and the form of answers on the wire."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.second import actions, reads, writes  # noqa: F401 - they register their routes
from tests.second.intake import ROUTES, Refused, Reply, Request, read_body, read_query
from tests.second.world import SECOND, Business, Key, World

BASE = "/voice/api/v1"
CLOCK = "/_time"
PUBLIC = "/signup"
LARGEST = 1 << 20
TYPE = "Application/JSON ; Charset=UTF-8"
ERROR_TYPE = "application/vnd.second+json; charset=utf-8"
PAUSE_EVERY, PAUSE = 2000, 3
"""After so many uses, a key has to wait for so many seconds."""


def identify(world: World, request: Request) -> Key:
    """The key of a request. Raises Refused: 400 for a header that is not Bearer and a token."""
    carried = request.headers.get("authorization")
    if carried is None:
        raise Refused(
            "unauthorized",
            "Who are you? Send Authorization: Bearer YOUR_API_KEY_FROM_THE_DASHBOARD",
        )
    token = re.fullmatch(r"Bearer ([^\s]+)", carried)
    if token is None:
        raise Refused("invalid_request", "The header Authorization is not Bearer and a key")
    key = world.keys.get(token[1])
    if key is None or key.dead:
        raise Refused("unauthorized", "This key opens nothing")
    key.used += 1
    if key.used % PAUSE_EVERY == 0:
        key.closed_until = time.time() + PAUSE
    if time.time() < key.closed_until:
        headers = {"retry-after": formatdate(int(key.closed_until) + 1, usegmt=True)}
        raise Refused("rate_limit_exceeded", "Slow down, please", headers=headers)
    return key


def answer(world: World, request: Request) -> Reply:
    """Check key, path, method, input and scope in this order, then answer. Raises Refused."""
    if request.path != PUBLIC:
        request.key = identify(world, request)
    methods = ROUTES.get(request.path)
    if methods is None:
        raise Refused("not_found", f"There is no {ascii(request.path)[:80]} here")
    route = methods.get(request.method)
    if route is None:
        raise Refused(
            "bad_request",
            f"{request.method} is not for this path",
            405,
            {"allow": ", ".join(sorted(methods))},
        )
    request.query = read_query(route.query, request.raw_query)
    if route.body is not None:
        request.body = read_body(route.body, request)
    if route.scopes and not request.key.has(*route.scopes):
        raise Refused("forbidden", f"Your key does not have {' or '.join(route.scopes)}")
    return route.handle(world, request)


def tide(world: World, business: Business) -> None:
    """Add a call and a lead, and delete older ones, at every fortieth request."""
    world.counts["tide"] += 1
    if world.counts["tide"] % 40 == 0 and business.things["call"]:
        for kind in ("call", "lead"):
            things = business.things[kind]
            facts = dict(things[0].facts)
            world.add(business, kind, **facts)
            next(thing for thing in things[3:] if not thing.gone).gone = True


def tick(world: World, request: Request) -> Reply:
    """Move the clock on."""
    world.moved += int(json.loads(request.content)["forward"]) * SECOND
    return Reply(200, {"now": world.now()})


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def version_string(self) -> str:
        """The name of the server."""
        return "second"

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def __getattr__(self, name: str) -> Any:
        """Handle every method in one place."""
        if name.startswith("do_"):
            return self.handle_request
        raise AttributeError(name)

    def handle_request(self) -> None:
        """Read a request, answer it, and add it to the log of usage."""
        parts, world = urlsplit(self.path), self.server.world
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, address = unquote(parts.path), self.client_address[0]
        request = Request(self.command, path, parts.query, headers, b"", address)
        content = self.read_content(headers)
        with world.lock:
            reply = self.reply_to(request, content)
            if request.key.businesses:
                business = world.businesses[request.key.businesses[0]]
                tide(world, business)
                facts = {"method": request.method, "path": request.path}
                world.add(business, "usage", **facts, answered=reply.status)
        self.write(reply)

    def reply_to(self, request: Request, content: bytes | Refused) -> Reply:
        """The answer to a request, or its refusal."""
        try:
            if isinstance(content, Refused):
                raise content
            request.content = content
            if request.path == CLOCK:
                return tick(self.server.world, request)
            inside = request.path.startswith(f"{BASE}/")
            request.path = request.path.removeprefix(BASE) if inside else "/.."
            return answer(self.server.world, request)
        except Refused as refused:
            return self.refusal(refused)
        except Exception:
            return self.refusal(Refused("internal_error", "Something went wrong on our side"))

    def read_content(self, headers: dict[str, str]) -> bytes | Refused:
        """The body of a request, or the refusal of one that cannot be read."""
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not re.fullmatch("[0-9]{1,12}", length):
            return Refused("invalid_request", "The length of the body is not told", 411)
        if int(length) > LARGEST:
            return Refused("invalid_request", "The body is too large", 413)
        return self.rfile.read(int(length))

    def refusal(self, refused: Refused) -> Reply:
        """The envelope of an error, with further members; it ends the connection."""
        self.close_connection = True
        self.server.refusals += 1
        number = f"req-{self.server.refusals:06x}"
        error = {
            "code": refused.code,
            "message": f"{refused.message} ({number})",
            "retryable": False,
            "param": None,
        }
        body = {"success": False, "error": error, "request_id": number}
        return Reply(refused.status, body, refused.headers)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that http.server refuses."""
        status = 400 if code >= 500 else int(code)
        self.write(self.refusal(Refused("bad_request", message or "That was no HTTP", status)))

    def write(self, reply: Reply) -> None:
        """Send an answer: in chunks if it is large, and compressed if the client asks for it."""
        content = b"" if reply.body is None else json.dumps(reply.body).encode()
        chunked = len(content) > 2000 and self.request_version == "HTTP/1.1"
        self.send_response(reply.status)
        if reply.body is not None:
            self.send_header("content-type", ERROR_TYPE if reply.status >= 400 else TYPE)
        if self.offers_gzip():
            content = gzip.compress(content)
            self.send_header("content-encoding", "gzip")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.write_body(content, chunked)

    def write_body(self, content: bytes, chunked: bool) -> None:
        """Send the headers of the connection, and the body unless the method is HEAD."""
        if chunked:
            self.send_header("transfer-encoding", "chunked")
        else:
            self.send_header("content-length", str(len(content)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            for piece in chunks(content) if chunked else (content,):
                self.wfile.write(piece)

    def offers_gzip(self) -> bool:
        """Whether the client takes compressed answers; False before its headers are read."""
        headers = getattr(self, "headers", None)
        return headers is not None and "gzip" in headers.get("accept-encoding", "")


def chunks(content: bytes) -> Iterator[bytes]:
    """A body in chunks of at most 1,500 bytes, and the end of the body."""
    for start in range(0, len(content), 1500):
        piece = content[start : start + 1500]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


class Server(ThreadingHTTPServer):
    """The server and its world."""

    daemon_threads = True

    def __init__(self, world: World, port: int) -> None:
        self.world, self.refusals = world, 0
        super().__init__(("127.0.0.1", port), Handler)
