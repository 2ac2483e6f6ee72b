"""Federation: a run that its owner publishes is taken if it holds, and replaced by a run if not."""

from __future__ import annotations

import json
import shutil
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from conformance.base.errors import UsageError
from conformance.certify import bundle
from conformance.fleet import published, unit
from tests.fleet.conftest import Night
from tests.fleet.targets import problems_of, rows_of
from tests.forging import forged

pytestmark = pytest.mark.long

Respond = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def web(respond: Respond) -> Iterator[str]:
    """A web server that responds to every GET with a function; gives its origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            respond(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def content(body: bytes) -> Respond:
    """A response with a body."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body)

    return respond


def redirect(to: str) -> Respond:
    """A redirect."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.end_headers()

    return respond


def publishing(night: Night, name: str, source: str, directory: Path) -> Path:
    """Write a copy of a target file whose owner publishes a run."""
    text = (night.servers.directory / "targets" / f"{name}.yaml").read_text()
    path = directory / f"{name}.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(text), "published": source}))
    return path


def test_a_published_run_is_taken_only_if_it_holds(night: Night, tmp_path: Path) -> None:
    """One that holds is self-declared. For one that was edited, the suite runs, and says why."""
    original = night.folder("fault") / "run"
    hidden = forged(original, tmp_path / "hidden", line=without_failures)
    files = [
        publishing(night, "sound", str(night.folder("sound") / "run"), tmp_path),
        publishing(night, "fault", str(hidden), tmp_path),
    ]
    here = night.servers
    command = ["plan", *files, "--output", tmp_path / "fleet.json", "--clause", "envelope-unrouted"]
    assert here.command(*command, "--depth", "quick").code == 0
    outcome = here.command("run", tmp_path / "fleet.json", "--output", tmp_path / "results")
    assert outcome.code == 0, outcome.said
    assert "sound: published" in outcome.out
    result = unit.read(tmp_path / "results" / "fault")
    assert (result.origin, result.exit_code) == ("fleet", 1)
    assert result.words.startswith("The published run was not accepted: ")
    collected = ["collect", tmp_path / "fleet.json", tmp_path / "results"]
    here.command(*collected, "--output", tmp_path / "collected")
    rows = rows_of(tmp_path / "collected")
    assert {name: row["origin"] for name, row in rows.items()} == {
        "sound": "self-declared",
        "fault": "fleet",
    }
    assert rows["fault"]["verdict"] == "broken"
    assert problems_of(tmp_path / "collected") == []


def without_failures(line: dict[str, object]) -> dict[str, object]:
    """A line of the log in which no response is an internal error."""
    text = json.dumps(line).replace('"status": 500', '"status": 404')
    changed: dict[str, object] = json.loads(text)
    return changed


def test_a_run_is_fetched_by_its_address(night: Night, tmp_path: Path) -> None:
    """The zip of a run with its reports, or the two files with its evidence in a directory."""
    run = night.folder("sound") / "run"
    plain = tmp_path / "plain.zip"
    with zipfile.ZipFile(plain, "w") as made:
        for path in run.iterdir():
            made.write(path, path.name)

    def respond(handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.rpartition("/")[2]
        path = plain if name == "run.zip" else run / name
        content(path.read_bytes())(handler)

    with web(respond) as origin:
        for number, source in enumerate((f"{origin}/run.zip", f"{origin}/latest")):
            folder = tmp_path / str(number)
            folder.mkdir()
            published.fetch(source, folder)
            for name in published.EVIDENCE:
                assert (folder / "run" / name).read_bytes() == (run / name).read_bytes()


def refusal(source: str, folder: Path) -> str:
    """Why nothing is fetched from a source."""
    folder.mkdir(exist_ok=True)
    with pytest.raises((UsageError, bundle.Invalid)) as raised:
        published.fetch(source, folder)
    return str(raised.value)


def test_what_is_fetched_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redirects, bytes, statuses and schemes are limited."""
    monkeypatch.setattr(published, "LARGEST", 1000)
    with web(redirect("/again.zip")) as origin:
        assert "status 302" in refusal(f"{origin}/run.zip", tmp_path / "a")
    with web(redirect("file:///etc/passwd")) as origin:
        assert "only http" in refusal(f"{origin}/run.zip", tmp_path / "b")
    with web(redirect("http://[::1")) as origin:
        assert "cannot be fetched" in refusal(f"{origin}/run.zip", tmp_path / "g")
    with web(content(b"x" * 2000)) as origin:
        assert "more than 1,000 bytes" in refusal(f"{origin}/run.zip", tmp_path / "c")
    with web(content(b"no zip")) as origin:
        assert "not a zip" in refusal(f"{origin}/run.zip", tmp_path / "d")
    with web(lambda handler: handler.send_error(404)) as origin:
        assert "status 404" in refusal(f"{origin}/run", tmp_path / "e")
    assert "only http" in refusal("file:///etc/passwd", tmp_path / "f")


def test_a_redirect_reaches_no_private_host(tmp_path: Path) -> None:
    """The owner of a target could otherwise look around in the network of the fleet."""
    asked: list[str] = []
    with (
        web(lambda handler: asked.append(handler.path)) as inner,
        web(redirect(inner.replace("127.0.0.1", "localhost"))) as outer,
    ):
        assert "host that is not public" in refusal(f"{outer}/run.zip", tmp_path / "a")
    assert asked == []


def test_no_secret_of_an_address_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It authenticates by its own password, and never by the .netrc file of the user."""
    sent: list[str | None] = []

    def respond(handler: BaseHTTPRequestHandler) -> None:
        sent.append(handler.headers.get("Authorization"))
        handler.send_error(404)

    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with web(respond) as origin:
        address = f"{origin.replace('//', '//ann:s3cr3t@')}/run.zip?token=s3cr3t"
        assert refusal(address, tmp_path / "a").startswith(f"{origin}/run.zip: the response")
        refusal(f"{origin}/run.zip", tmp_path / "b")
    assert sent == [f"Basic {b64encode(b'ann:s3cr3t').decode()}", None]


def test_a_link_is_not_published(night: Night, tmp_path: Path) -> None:
    """A path of this machine must lead to the files themselves."""
    run = shutil.copytree(night.folder("sound") / "run", tmp_path / "run")
    (run / "run.json").rename(tmp_path / "elsewhere")
    (run / "run.json").symlink_to(tmp_path / "elsewhere")
    assert "this is a link" in refusal(str(run), tmp_path / "a")
