"""The DSSE envelope of a statement, and the detached signatures beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, UnverifiedSignatureError
from securesystemslib.signer import CryptoSigner, Signature, SSlibKey

from conformance.base.stored import Bounds, parsed
from conformance.certify.keys import PrivateKey, PublicKey, SignatureInvalid

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def signed(payload: bytes, key: PrivateKey, earlier: Mapping[str, Signature]) -> str:
    """The envelope of a payload, with its ``earlier`` signatures and a new one by a key."""
    envelope = Envelope(payload, PAYLOAD_TYPE, dict(earlier))
    envelope.sign(CryptoSigner(key.secret, _key(key.public)))
    return _text(envelope)


def _text(envelope: Envelope) -> str:
    return json.dumps(envelope.to_dict(), indent=1) + "\n"


def read(text: str) -> Envelope:
    """The envelope in a text. Raises ValueError, with the reason, if it is malformed."""
    value = parsed(text, Bounds())
    try:
        envelope = Envelope.from_dict(value)
    except (KeyError, TypeError, AttributeError, FormatError):
        raise ValueError("it is not a DSSE envelope") from None
    if _text(envelope) != text:
        raise ValueError("it is not written as the suite writes it")
    if envelope.payload_type != PAYLOAD_TYPE:
        raise ValueError(f"its payload must be {PAYLOAD_TYPE}")
    return envelope


def require(envelope: Envelope, key: PublicKey) -> None:
    """Raise SignatureInvalid unless an envelope has a valid signature by a key."""
    signature = envelope.signatures.get(key.keyid)
    if signature is None:
        raise SignatureInvalid("the envelope has no signature of the key")
    try:
        _key(key).verify_signature(signature, envelope.pae())
    except UnverifiedSignatureError:
        raise SignatureInvalid("the signature does not fit the statement") from None


def _key(key: PublicKey) -> SSlibKey:
    return SSlibKey(key.keyid, "ed25519", "ed25519", {"public": key.raw.hex()})
