"""The reference server as a process: waitress (HTTP/1.1, kept connections, no Nagle delay) around the application.

What waitress refuses by itself, before the application sees it (broken framing, headers too long), is told
in the envelope of the contract, too.
"""

from __future__ import annotations

import json
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from conformance.errors import UsageError
from conformance.model import Contract
from conformance.server import seeding
from conformance.server.application import Application, application
from conformance.server.catalog import JSON_TYPE
from conformance.server.declaration import target_file
from conformance.server.messages import Refusal, Request

THREADS = 8
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

    Writes the target file, then prints the keys and ``ready <url>``. Raises UsageError where the port is
    taken or a file cannot be written.
    """
    with ExitStack() as stack:
        journal = stack.enter_context(_writable(log, "a")) if log else None
        app = application(contract, seed, database=database, journal=journal)
        stack.callback(app.store.close)
        server = listen(app, host, port)
        stack.callback(server.close)
        url = f"http://{f'[{host}]' if ':' in host else host}:{server.effective_port}{contract.base_path}"
        content = target_file(app, url)
        _must_be_own(target_out, content)
        with _writable(target_out, "w") as file:
            file.write(content)
        stack.enter_context(_stopped_by_signals())
        announce(app, url, out)
        server.run()


def _must_be_own(path: Path, content: str) -> None:
    """Nothing is written over a file that somebody else made. Raises UsageError."""
    first, _, _ = content.partition("\n")
    if (
        path.is_file()
        and path.stat().st_size
        and not path.read_text(encoding="utf-8", errors="replace").startswith(first)
    ):
        raise UsageError(
            f"{path} is there already, and no target file of a reference server: give another name (--target-out)"
        )


def listen(app: Application, host: str, port: int) -> Any:
    """A server that listens already; its ``run`` serves, its ``effective_port`` tells the port."""
    try:
        server = create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            ident=IDENT,
            max_request_body_size=1 << 26,
            connection_limit=1000,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"Cannot listen on {host} port {port}: {reason}; --port 0 takes a free one"
        ) from error
    server.channel_class = _channel(app)
    logging.getLogger("waitress.queue").setLevel(
        logging.ERROR
    )  # a full queue is no news to a sandbox
    return server


def announce(app: Application, url: str, out: TextIO) -> None:
    """Print the keys, one a line, and then that the server is ready."""
    for name, identity in seeding.identities(app.contract, app.seed).items():
        print(name, identity.key, file=out)
    print("ready", url, file=out, flush=True)


def _writable(path: Path, mode: str) -> TextIO:
    try:
        return path.open(mode, encoding="utf-8")  # type: ignore[return-value]
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}") from error


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Turn both signals into the one exception that waitress ends on."""

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
    """Connections whose own refusals keep to the envelope."""

    class Told(ErrorTask):  # type: ignore[misc]
        def execute(self) -> None:
            ours = (
                self.request.error.code == 500
            )  # 501 is for a transfer coding that nobody asked for
            refusal = Refusal(
                "internal" if ours else "invalid_parameter",
                "" if ours else "The request cannot be read",
            )
            reply = app.refused(Request("", ""), refusal)
            body = json.dumps(reply.body).encode()
            self.status = app.status_line(reply)
            self.response_headers.append(("Content-Type", JSON_TYPE))
            self.set_close_on_finish()
            self.content_length = len(body)
            self.write(body)

    class Channel(HTTPChannel):  # type: ignore[misc]
        error_task_class = Told

    return Channel
