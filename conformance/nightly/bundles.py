"""When the certificates in bundles end. Whether they hold is for ``verify`` to say."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from conformance.base.errors import UsageError
from conformance.certify import bundle, statement
from conformance.nightly.dates import Certificate


def certificate_in(path: Path) -> Certificate:
    """What a bundle says about its certificate. Raises UsageError if it cannot be read."""
    try:
        with bundle.unpacked(path) as directory:
            content = (directory / bundle.STATEMENT).read_bytes()
        _, claims = statement.parse(content)
        expires = datetime.fromisoformat(claims.expires).astimezone(UTC)
    except (bundle.Invalid, OSError, ValueError) as error:
        raise UsageError(f"{path}: not a bundle of `certify`: {error}") from None
    product = f"{claims.product} {claims.version}"
    return Certificate(product, expires.date(), hashlib.sha256(content).hexdigest())
