"""The reference server as a process: waitress around the application.

Waitress supports HTTP/1.1, keeps connections open and avoids the Nagle delay. It refuses some
requests before the application sees them, such as those with broken framing or overlong headers.
These refusals have the error envelope of the contract, too.
"""

from __future__ import annotations

import json
import logging
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import create_server
from waitress.task import ErrorTask

from conformance.base import files
from conformance.base.errors import UsageError
from conformance.model import Contract
from conformance.server import seeding
from conformance.server.application import Application, application
from conformance.server.catalog import JSON_TYPE
from conformance.server.declaration import target_file
from conformance.server.messages import Refusal, Request

THREADS = 8
MOST_CONNECTIONS = 500
"""Maximum open connections. Beyond that, the one that has been idle longest is closed."""
IDLE_SECONDS = 60
"""How long a connection may be idle, or an incomplete request may stall."""
IDENT = "sandbox"


def serve(
    contract: Contract,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    seed: int = 0,
    database: str = ":memory:",
    target_out: Path,
    log: Path | None = None,
    out: TextIO,
) -> None:
    """Serve a contract until SIGINT or SIGTERM.

    Writes the target file, then prints the keys and ``ready <url>``. Each request adds a JSON line
    to ``log``. Raises UsageError if the port is taken or a file cannot be written.
    """
    with ExitStack() as stack:
        journal = stack.enter_context(_writable(log, "a")) if log else None
        app = application(contract, seed, database=database, journal=journal)
        stack.callback(app.store.close)
        server = listen(app, host, port)
        stack.callback(server.close)
        url = _url(host, server.effective_port, contract.base_path)
        _write_target_file(target_out, target_file(app, url))
        stack.enter_context(_stopped_by_signals())
        announce(app, url, out)
        server.run()


def _url(host: str, port: int, base_path: str) -> str:
    in_brackets = f"[{host}]" if ":" in host else host
    return f"http://{in_brackets}:{port}{base_path}"


def _write_target_file(path: Path, content: str) -> None:
    """Write the target file. Raises UsageError instead of overwriting any other file."""
    first_line, _, _ = content.partition("\n")
    if path.is_file() and path.stat().st_size:
        existing = path.read_text(encoding="utf-8", errors="replace")
        if not existing.startswith(first_line):
            raise UsageError(
                f"{path} already exists and is not a target file of a reference server."
                " Choose another name with --target-out."
            )
    with _writable(path, "w") as file:
        file.write(content)


def listen(app: Application, host: str, port: int) -> Any:
    """A server that is listening on ``effective_port``. Call its ``run`` to serve.

    Raises UsageError if it cannot listen there.
    """
    try:
        server = create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            ident=IDENT,
            max_request_body_size=1 << 26,
            connection_limit=2 * MOST_CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=IDLE_SECONDS // 6,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"Cannot listen on {host} port {port}: {reason}; use --port 0 for a free port"
        ) from error
    server.channel_class = _channel(app)
    # A full queue is normal for a sandbox, so it is not worth a warning.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    return server


def announce(app: Application, url: str, out: TextIO) -> None:
    """Print the keys, one per line, and then that the server is ready."""
    for name, identity in seeding.identities(app.contract, app.seed).items():
        print(name, identity.key, file=out)
    print("ready", url, file=out, flush=True)


def _writable(path: Path, mode: Literal["w", "a"]) -> TextIO:
    try:
        return files.open_private(path, mode)
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}") from error


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into KeyboardInterrupt, which ends waitress.

    Does nothing outside the main thread, because other threads cannot handle signals.
    """

    def stop(_signal: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _channel(app: Application) -> type[HTTPChannel]:
    """A channel class whose own refusals have the error envelope of the contract."""

    class EnvelopeTask(ErrorTask):  # type: ignore[misc]
        def execute(self) -> None:
            """Send the refusal with the error envelope, and close the connection."""
            reply = app.refused(Request("", ""), _refusal_of(self.request.error.code))
            body = json.dumps(reply.body).encode()
            self.status = app.status_line(reply)
            self.response_headers.append(("Content-Type", JSON_TYPE))
            self.set_close_on_finish()
            self.content_length = len(body)
            self.write(body)

    class Channel(HTTPChannel):  # type: ignore[misc]
        error_task_class = EnvelopeTask
        parser_class = _Parser

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            _close_surplus(self.server.active_channels)

    return Channel


def _close_surplus(channels: Mapping[int, HTTPChannel]) -> None:
    """If there are too many connections, close the one that has been idle longest, if any is."""
    if len(channels) <= MOST_CONNECTIONS:
        return
    idle = [each for each in channels.values() if not each.requests and not each.total_outbufs_len]
    if idle:
        longest_idle = min(idle, key=lambda channel: channel.last_activity)
        longest_idle.handle_close()


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Parses a request, and refuses one whose length is ambiguous because two headers state it."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        chunked = self.chunked or "TRANSFER_ENCODING" in self.headers
        if chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("both Content-Length and Transfer-Encoding")


def _refusal_of(status: int) -> Refusal:
    """The refusal that replaces a waitress error with this status.

    Every status but 500 is a client mistake, even 501: it stands for an unknown transfer coding.
    """
    if status == 500:
        return Refusal("internal")
    return Refusal("invalid_parameter", "The request cannot be read")
