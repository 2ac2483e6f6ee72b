"""A real authority for time stamps (RFC 3161): ``openssl ts -reply`` behind a tiny HTTP server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

CONFIGURATION = """\
[tsa]
default_tsa = main
[main]
serial = serial
signer_cert = signer.pem
signer_key = signer.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
[stamping]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""
KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"


@dataclass(frozen=True)
class Authority:
    """An authority in a directory, with the certificate that others trust."""

    directory: Path

    @property
    def certificate(self) -> Path:
        """The certificate of its root, in PEM."""
        return self.directory / "root.pem"

    def reply(self, query: bytes) -> bytes:
        """The response to a query."""
        (self.directory / "query.tsq").write_bytes(query)
        self.openssl("ts -reply -queryfile query.tsq -config tsa.cnf -out reply.tsr")
        return (self.directory / "reply.tsr").read_bytes()

    def stamp(self, text: str) -> bytes:
        """The stamp of a text, asked for as anyone would."""
        (self.directory / "text").write_text(text)
        self.openssl("ts -query -data text -sha256 -cert -out text.tsq")
        return self.reply((self.directory / "text.tsq").read_bytes())

    def openssl(self, words: str) -> None:
        """Run openssl in the directory."""
        subprocess.run(
            ["openssl", *words.split()], cwd=self.directory, check=True, capture_output=True
        )


def founded(directory: Path) -> Authority:
    """A new authority in a new directory."""
    directory.mkdir()
    (directory / "tsa.cnf").write_text(CONFIGURATION)
    (directory / "serial").write_text("01\n")
    authority = Authority(directory)
    authority.openssl(f"req -x509 {KEY} -subj /CN=Root -keyout root.key -out root.pem")
    authority.openssl(
        f"req -x509 {KEY} -subj /CN=Stamps -CA root.pem -CAkey root.key -config tsa.cnf "
        "-extensions stamping -keyout signer.key -out signer.pem"
    )
    return authority


@contextmanager
def serving(authority: Authority) -> Iterator[str]:
    """The URL of an authority that serves for a while."""

    class Stamps(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reply = authority.reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Stamps) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
