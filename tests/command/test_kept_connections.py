"""A server that compares the headers of a connection without regard to case, as Jetty does."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from conformance.run import runfile
from tests import servers
from tests.servers import command, no_traceback, run_of, text_of


class RemembersHeaders:
    """An application that takes a key in another letter case for the first such key.

    The port of the client stands for the connection.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._first: dict[tuple[str, str], str] = {}  # by port and key without case

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        key = environ.get("HTTP_AUTHORIZATION", "")
        first = self._first.setdefault((environ["REMOTE_PORT"], key.casefold()), key)
        changed = {**environ, "HTTP_AUTHORIZATION": first}
        result: Iterable[bytes] = self._app(changed, start_response)
        return result


def test_a_key_in_another_case_has_a_connection_of_its_own(tmp_path: Path) -> None:
    """Such a server is not blamed: it refuses the key where the right one was not sent before."""
    app = servers.faulty()
    with servers.serving(RemembersHeaders(app)) as origin:
        target = servers.target_file(app, origin, tmp_path / "target.yaml")
        judged = command("run", "--clause", "status-401", "--target", target, cwd=tmp_path)
    no_traceback(judged)
    assert judged.code == 0, judged.said
    assert "{key:full~case}" in text_of(run_of(tmp_path), runfile.PACKED)
