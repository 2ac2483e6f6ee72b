"""TLS: which certificates are accepted, and what is reported about the others."""

from __future__ import annotations

import hashlib
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from conformance.base.tls import CA_VARIABLES, Trust, check
from conformance.model import Peer
from conformance.transport import deployment
from conformance.transport.http import HttpWire
from conformance.transport.wire import Loss, WireFailure, WireRequest
from tests import servers


def certificate(folder: Path, host: str = "127.0.0.1") -> Path:
    """A certificate that vouches for itself, with its key in the same file."""
    made = folder / f"{host}.pem"
    kind = "IP" if host[0].isdigit() else "DNS"
    alone = folder / "only.pem"
    request = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=test "
        f"-addext subjectAltName={kind}:{host} -keyout {made} -out {alone} -days 2"
    )
    subprocess.run(request.split(), check=True, capture_output=True)
    made.write_text(made.read_text() + alone.read_text())
    return made


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(pem: Path | None) -> Iterator[str]:
    """A server with a certificate, or without TLS."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hello) as server:
        if pem:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def ask(site: str, trust: Trust, *, apart: bool = False) -> int:
    """The status of a request."""
    request = WireRequest("GET", f"{site}/it", (), None, own_connection=apart)
    return HttpWire(30, trust).send(request).status


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine."""
    return certificate(tmp_path_factory.mktemp("trust"))


@pytest.fixture(autouse=True)
def _no_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CA_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("apart", [False, True], ids=["kept", "of its own"])
def test_a_private_authority_is_accepted_where_it_is_named(
    pem: Path, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    """By ca: in the target file, by a variable of the environment, or by verify: false."""
    with serving(pem) as site:
        with pytest.raises(WireFailure, match="self-signed") as refused:
            ask(site, Trust(), apart=apart)
        assert refused.value.loss is Loss.UNTRUSTED
        assert ask(site, Trust(ca=pem), apart=apart) == 200
        assert ask(site, Trust(verified=False), apart=apart) == 200
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        assert ask(site, Trust(), apart=apart) == 200


def key_digest(pem: Path) -> str:
    """The SHA-256 of the public key of a certificate, as openssl finds it."""
    command = ["openssl", "x509", "-in", str(pem), "-noout", "-pubkey"]
    public = subprocess.run(command, check=True, capture_output=True).stdout
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(_as_certificate(public))).hexdigest()


def _as_certificate(public: bytes) -> str:
    """A public key in PEM, under the name that ssl takes."""
    return public.decode().replace("PUBLIC KEY", "CERTIFICATE")


def test_the_key_of_a_deployment_is_recorded(pem: Path, tmp_path: Path) -> None:
    """With its address; a key that another connection sees comes after it."""
    other = certificate(tmp_path)
    wire = HttpWire(30, Trust(verified=False))
    for shown in (pem, other, pem):
        with serving(shown) as site:
            wire.send(WireRequest("GET", f"{site}/it", (), None))
    peer = wire.peer("https://127.0.0.1:1/api")
    assert peer == Peer("127.0.0.1", ("127.0.0.1",), key_digest(pem), (key_digest(other),))


def test_a_plain_deployment_has_no_key() -> None:
    """And nothing is known of one that no connection reached."""
    wire = HttpWire(30)
    assert wire.peer("http://127.0.0.1/") is None
    with serving(None) as site:
        wire.send(WireRequest("GET", site.replace("https", "http") + "/it", (), None))
    assert wire.peer(site) == Peer("127.0.0.1", ("127.0.0.1",))


def test_a_run_stores_what_it_saw_of_the_deployment(pem: Path, tmp_path: Path) -> None:
    """Also if it judges nothing good of it."""
    with serving(pem) as site:
        told = {"name": "it", "url": f"{site}/api/v1", "ca": str(pem), "keys": {"full": KEY[1]}}
        target = tmp_path / "target.yaml"
        target.write_text(yaml.safe_dump(told))
        outcome = servers.command(
            "run", "--target", target, "--clause", servers.BRIEF, cwd=tmp_path
        )
    assert outcome.code in (1, 3), outcome.said
    peer = servers.stored(servers.run_of(tmp_path))["peer"]
    assert peer == {"host": "127.0.0.1", "addresses": ["127.0.0.1"], "tls_key": key_digest(pem)}


@pytest.mark.parametrize("broken", [b"", b"\x30", b"\x30\x03\x02\x01", b"\x30\x80", bytes(99)])
def test_a_certificate_that_cannot_be_read_has_no_key(broken: bytes) -> None:
    """A server may show anything if nothing is verified."""
    assert deployment.key_digest(broken) is None


@pytest.mark.parametrize("apart", [False, True], ids=["kept", "of its own"])
def test_a_certificate_of_another_host_is_refused(tmp_path: Path, apart: bool) -> None:
    """Though its authority is known; the reason names both."""
    other = certificate(tmp_path, "elsewhere.example")
    with serving(other) as site, pytest.raises(WireFailure, match=r"not valid for '127.0.0.1'"):
        ask(site, Trust(ca=other), apart=apart)


def test_a_server_without_tls_is_told_apart() -> None:
    """It is no matter of certificates, and nothing was sent."""
    with serving(None) as site:
        with pytest.raises(WireFailure, match="does not speak TLS on this port") as refused:
            ask(site, Trust())
        assert refused.value.loss is Loss.MISMATCHED


KEY = ("--key", "kc_live_" + "a" * 32)


def told_at(address: str, directory: Path, command: str) -> str:
    """What a command says that can judge nothing at an address."""
    outcome = servers.command(command, "--url", f"{address}/api/v1", *KEY, cwd=directory)
    servers.no_traceback(outcome)
    assert outcome.code == 3, outcome.said
    assert "SSL" not in outcome.said
    return outcome.err.replace(address, "ADDRESS")


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_https_to_a_plain_port_names_the_other_scheme(tmp_path: Path, command: str) -> None:
    """One message says what to try, without the words of OpenSSL."""
    with serving(None) as site:
        told = told_at(site, tmp_path, command)
    plain = site.replace("https:", "http:")
    assert f"ADDRESS/api/v1: the server does not speak TLS on this port. Try {plain}/api/v1" in told


def test_plain_http_to_a_port_with_tls_names_the_other_scheme(pem: Path, tmp_path: Path) -> None:
    """The port resets the connection, and completes a handshake."""
    with serving(pem) as site:
        told = told_at(site.replace("https:", "http:"), tmp_path, "run")
    assert f"ADDRESS/api/v1: the server speaks TLS on this port. Try {site}/api/v1" in told


BAD_REQUEST = (
    b"HTTP/1.0 400 Bad Request\r\n\r\n",
    b"Client sent an HTTP request to an HTTPS server.\n",
)


def test_a_server_that_asks_for_https_names_the_other_scheme(tmp_path: Path) -> None:
    """Some servers explain it in a response."""

    def answer(write: Callable[[bytes], Any]) -> None:
        for part in BAD_REQUEST:
            write(part)

    with servers.raw({"api": answer}) as site:
        told = told_at(site, tmp_path, "run")
    https = site.replace("http:", "https:")
    assert f"ADDRESS/api/v1: the server speaks TLS on this port. Try {https}/api/v1" in told


def test_a_server_that_closes_connections_speaks_no_tls(tmp_path: Path) -> None:
    """Then the other scheme is not proposed."""
    with servers.raw({"api": lambda _write: None}) as site:
        told = told_at(site, tmp_path, "run")
    assert "TLS" not in told
    assert "https" not in told


def test_a_port_that_answers_no_handshake_is_told_apart() -> None:
    """A plain server may wait for the end of a line that never comes."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        site = f"https://127.0.0.1:{silent.getsockname()[1]}"
        request = WireRequest("GET", f"{site}/it", (), None)
        with pytest.raises(WireFailure, match=r"no TLS handshake \(does the port speak https\?\)"):
            HttpWire(0.2, Trust()).send(request)


def test_an_empty_directory_holds_no_authority(tmp_path: Path) -> None:
    """A target file that names it is refused before a run."""
    with pytest.raises(OSError, match="empty"):
        check(tmp_path)
