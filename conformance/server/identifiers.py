"""Ids and keys that look random but are always the same for the same seed."""

from __future__ import annotations

import base64
import hashlib
import uuid

KEY_LENGTH = 44
"""Characters of a key after its prefix: 33 bytes in base64url."""


def identifier(seed: int, *parts: object) -> str:
    """An id in the form of a UUID, derived from the seed and the parts."""
    return str(uuid.UUID(bytes=_digest(seed, "id", *parts)[:16], version=4))


def secret(prefix: str, seed: int, *parts: object) -> str:
    """A key with a prefix, derived from the seed and the parts."""
    digest = _digest(seed, "key", *parts)[:33]
    return prefix + base64.urlsafe_b64encode(digest).decode()[:KEY_LENGTH]


def _digest(seed: int, *parts: object) -> bytes:
    text = "\0".join(str(part) for part in (seed, *parts))
    return hashlib.sha512(text.encode()).digest()
