"""The deployment behind the address of a target, as connections to it see it."""

from __future__ import annotations

import hashlib
import threading

from conformance.model import Peer

MOST = 16
"""Maximum numbers of addresses and of certificates that are kept. A few are usual."""


class Deployment:
    """The addresses that connections reached, and the certificates that were shown there.

    Threads may add to it at the same time. The first of each kind come first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._addresses: list[str] = []
        self._certificates: list[bytes] = []

    def add(self, address: str, certificate: bytes | None) -> None:
        """Record a connection. ``certificate`` is in DER; None without TLS."""
        with self._lock:
            if address not in self._addresses and len(self._addresses) < MOST:
                self._addresses.append(address)
            if certificate is None or certificate in self._certificates:
                return
            if len(self._certificates) < MOST:
                self._certificates.append(certificate)

    def peer(self, host: str) -> Peer | None:
        """What was seen of the target under a host name; None if no connection was made."""
        with self._lock:
            addresses, certificates = tuple(self._addresses), tuple(self._certificates)
        if not addresses:
            return None
        digests = [key_digest(certificate) for certificate in certificates]
        keys = list(dict.fromkeys(digest for digest in digests if digest is not None))
        return Peer(host, addresses, keys[0] if keys else None, tuple(keys[1:]))


def key_digest(certificate: bytes) -> str | None:
    """The SHA-256 of the public key (SubjectPublicKeyInfo) of a certificate in DER, in hex.

    None if the certificate cannot be read, or without the packages of the extra ``certify``.
    """
    try:
        from cryptography import x509  # noqa: PLC0415 - an extra, and slow to import
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
            Encoding,
            PublicFormat,
        )
    except ImportError:
        return None
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except Exception:  # whatever a hostile certificate makes the library raise
        return None
    info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(info).hexdigest()
