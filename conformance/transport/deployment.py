"""The deployment behind the address of a target, as connections to it see it."""

from __future__ import annotations

import hashlib
import threading

from conformance.model import Peer

MOST = 16
"""Maximum numbers of addresses and of certificates that are kept. A few are usual."""


class Deployment:
    """The addresses that connections reached, and the certificates that were shown there.

    Threads may add to it at the same time. Addresses and certificates are in the order seen.
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
        """What was seen of the target at ``host``; None if no connection was made."""
        with self._lock:
            addresses, certificates = tuple(self._addresses), tuple(self._certificates)
        if not addresses:
            return None
        digests = [key_digest(certificate) for certificate in certificates]
        keys = list(dict.fromkeys(digest for digest in digests if digest is not None))
        return Peer(host, addresses, keys[0] if keys else None, tuple(keys[1:]))


def key_digest(certificate: bytes) -> str | None:
    """The SHA-256 of the public key (SubjectPublicKeyInfo) of a certificate in DER, in hex.

    None if the certificate cannot be read.
    """
    try:
        (outer,) = _values(certificate)
        signed, *_ = _values(_content(outer))
        members = _values(_content(signed))
        has_version = members[0].startswith(VERSION)  # else all members are one place earlier
        key = members[KEY if has_version else KEY - 1]
    except (IndexError, ValueError):
        return None
    return hashlib.sha256(key).hexdigest()


VERSION = b"\xa0"
"""The tag of the version in a certificate. The oldest certificates have none."""
KEY = 6
"""The index of the key: after version, number, algorithm, issuer, validity and subject."""


def _values(encoded: bytes) -> list[bytes]:
    """The consecutive DER values in some bytes. Raises IndexError if the last one is cut."""
    values = []
    while encoded:
        _, end = _extent(encoded)
        if end > len(encoded):
            raise IndexError("a value is cut")
        values.append(encoded[:end])
        encoded = encoded[end:]
    return values


def _content(value: bytes) -> bytes:
    """The content of a value in DER, without tag and length."""
    return value[_extent(value)[0] :]


def _extent(encoded: bytes) -> tuple[int, int]:
    """Where the content of the first value in DER starts and ends.

    A short length is in the byte after the tag. For a long one, that byte says how many follow.
    """
    length = encoded[1]
    if length < LONG:
        return 2, 2 + length
    start = 2 + length - LONG
    return start, start + int.from_bytes(encoded[2:start], "big")


LONG = 0x80
"""From here on, the byte after a tag says how many bytes hold the length."""
