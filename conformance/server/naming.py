"""Ids and keys: opaque, and the same for the same seed."""

from __future__ import annotations

import base64
import hashlib
import uuid

KEY_LENGTH = 44
"""Characters of a key after its prefix: 33 bytes in base64url."""


def identifier(seed: int, *what: object) -> str:
    """An id in the form of a UUID."""
    return str(uuid.UUID(bytes=_digest(seed, "id", *what)[:16], version=4))


def secret(prefix: str, seed: int, *what: object) -> str:
    """A key with its prefix."""
    return prefix + base64.urlsafe_b64encode(_digest(seed, "key", *what)[:33]).decode()[:KEY_LENGTH]


def _digest(seed: int, *what: object) -> bytes:
    return hashlib.sha512("\0".join(str(part) for part in (seed, *what)).encode()).digest()
