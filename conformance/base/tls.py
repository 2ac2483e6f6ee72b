"""TLS: which certificates of a target are accepted, and whether a port speaks TLS at all."""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Environment variables that name authorities. The first that is set is used."""


@dataclass(frozen=True)
class Trust:
    """The authorities whose certificates are accepted.

    ``ca`` is a file or a directory of certificates. Without it the environment may name one; else
    the default authorities are used. Unless ``verified``, any certificate is accepted.
    """

    ca: Path | None = None
    verified: bool = True

    def of_connection(self) -> dict[str, Any]:
        """The keyword arguments that give a urllib3 connection this trust."""
        if not self.verified:
            return {"cert_reqs": "CERT_NONE", "assert_hostname": False}
        place = "ca_cert_dir" if Path(self._authorities).is_dir() else "ca_certs"
        return {place: self._authorities, "cert_reqs": "CERT_REQUIRED"}

    @property
    def _authorities(self) -> str:
        from requests.utils import DEFAULT_CA_BUNDLE_PATH  # noqa: PLC0415 - slow to import

        if self.ca:
            return str(self.ca)
        named = [os.environ[name] for name in CA_VARIABLES if os.environ.get(name)]
        return named[0] if named else str(DEFAULT_CA_BUNDLE_PATH)


def is_spoken_at(host: str, port: int, seconds: float) -> bool:
    """Whether a port completes a TLS handshake, with any certificate. Nothing else is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), seconds) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return True
    except (OSError, ValueError):  # ValueError: the host is no valid name
        return False


def check(place: Path) -> None:
    """Raise OSError or ssl.SSLError unless a path holds certificates of authorities."""
    if place.is_dir():
        if not any(place.iterdir()):
            raise OSError("the directory is empty")
        return
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(place)
