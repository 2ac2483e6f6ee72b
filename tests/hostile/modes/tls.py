"""Servers whose TLS is wrong."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

from tests.hostile.base import LEGAL, Mode, When, add, given_up
from tests.hostile.front import Asked, Line, Secure

NONE = When("none", lambda asked: False)


def _openssl(directory: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)


def _certified(name: str, alternative: str, *more: str) -> Secure:
    """A context with a certificate of its own, for a name."""

    def secure(directory: Path) -> ssl.SSLContext:
        _openssl(
            directory,
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem"),
            *("-out", "ca.pem", "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}"),
            *(more or ("-days", "2")),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "ca.pem", directory / "key.pem")
        return context

    return secure


def _right(line: Line, asked: Asked) -> None:
    line.send(asked.answer())


HERE = "IP:127.0.0.1,DNS:localhost"
OLD = ("-not_before", "20200101000000Z", "-not_after", "20210101000000Z")
TRUSTED = {"ca": "{directory}/ca.pem"}

add(
    Mode(
        "tls-self-signed",
        "The certificate is not signed by a known authority.",
        NONE,
        given_up("self.signed|certificate"),
        _right,
        secure=_certified("localhost", HERE),
        scheme="https",
    )
)
add(
    Mode(
        "tls-private-authority",
        "The certificate is signed by an authority that the target file names.",
        NONE,
        LEGAL,
        _right,
        secure=_certified("localhost", HERE),
        scheme="https",
        declares=TRUSTED,
    )
)
add(
    Mode(
        "tls-expired",
        "The certificate is known, and has expired.",
        NONE,
        given_up("expired"),
        _right,
        secure=_certified("localhost", HERE, *OLD),
        scheme="https",
        declares=TRUSTED,
    )
)
add(
    Mode(
        "tls-other-host",
        "The certificate is known, and is for another host.",
        NONE,
        given_up("hostname|host name|IP address mismatch|not valid for|other host"),
        _right,
        secure=_certified("example.com", "DNS:example.com"),
        scheme="https",
        declares=TRUSTED,
    )
)
add(
    Mode(
        "tls-expected",
        "The address says https, and the server does not speak TLS.",
        NONE,
        given_up("tls|ssl|https"),
        _right,
        scheme="https",
    )
)
add(
    Mode(
        "tls-unexpected",
        "The address says http, and the server speaks TLS.",
        NONE,
        given_up("speaks TLS on this port"),
        _right,
        secure=_certified("localhost", HERE),
    )
)
