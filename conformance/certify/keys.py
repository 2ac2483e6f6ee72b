"""Plain OpenSSH ed25519 keys, and the detached signatures that ``ssh-keygen -Y`` makes and checks.

The format of the signatures is that of PROTOCOL.sshsig, version 1, in OpenSSH.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
)

from conformance.base.errors import UsageError, reason

VENDOR, CERTIFIER = "kaicalls-conformance-vendor", "kaicalls-conformance-certifier"
"""The namespaces: a signature made for one purpose never counts for another."""

PASSPHRASE = "CONFORMANCE_PASSPHRASE"  # noqa: S105 - the name of a variable
"""The environment variable for the passphrase of a private key."""

ED25519 = b"ssh-ed25519"
RAW, RAW_SIGNATURE = 32, 64
"""Bytes of an ed25519 key and of a signature."""

MAGIC, VERSION = b"SSHSIG", (1).to_bytes(4, "big")
HASHES = {b"sha512": hashlib.sha512, b"sha256": hashlib.sha256}
"""The hash algorithms that OpenSSH permits in a signature."""
BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_ARMORED = re.compile(rf"\s*{BEGIN}([A-Za-z0-9+/=\s]+){END}\s*")
WIDTH = 70
"""Characters of a line of an armored signature."""
LONGEST = 4_096
"""Maximum characters of an armored signature, and of a public key. Real ones have 300 and 80."""


class SignatureInvalid(Exception):  # noqa: N818 - it says what is wrong
    """A detached signature that cannot be read, or does not fit key, namespace or message."""


class Locked(UsageError):  # noqa: N818 - it says what the key is
    """A private key that needs a passphrase."""


@dataclass(frozen=True)
class PublicKey:
    """An ed25519 public key, as its 32 bytes."""

    raw: bytes

    @property
    def blob(self) -> bytes:
        """The key as OpenSSH encodes it."""
        return _packed(ED25519) + _packed(self.raw)

    @property
    def fingerprint(self) -> str:
        """The fingerprint as ``ssh-keygen -l`` prints it."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    @property
    def keyid(self) -> str:
        """A name for the key in file names and envelopes: SHA-256 of its encoding, in hex."""
        return hashlib.sha256(self.blob).hexdigest()

    def require(self, signature: bytes, message: bytes) -> None:
        """Raise SignatureInvalid unless a raw signature of this key fits a message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise SignatureInvalid("the signature does not fit key and message") from None


@dataclass(frozen=True)
class PrivateKey:
    """An ed25519 private key, in memory only."""

    secret: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """Its public key."""
        return PublicKey(self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def load_private(path: Path, passphrase: str | None = None) -> PrivateKey:
    """The private key in a file that ``ssh-keygen -t ed25519`` wrote.

    A passphrase that it does not need is ignored. Raises Locked if it needs one and there is none,
    and UsageError if it cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None
    try:
        secret = load_ssh_private_key(content, passphrase.encode() if passphrase else None)
    except TypeError:  # a passphrase is missing or not needed
        if passphrase:
            return load_private(path)
        raise Locked(f"{path}: the key has a passphrase. Set {PASSPHRASE} to it.") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        wrong = "wrong passphrase" if passphrase else "not a private key of OpenSSH"
        raise UsageError(f"{path}: {wrong} ({error})") from None
    if not isinstance(secret, Ed25519PrivateKey):
        raise UsageError(
            f"{path}: not an ed25519 key. Make one with: ssh-keygen -t ed25519 -f {path.name}"
        )
    return PrivateKey(secret)


def public_line(key: PrivateKey | PublicKey) -> str:
    """The public key as in a ``.pub`` file, without a comment."""
    public = key.public if isinstance(key, PrivateKey) else key
    return f"{ED25519.decode()} {base64.b64encode(public.blob).decode()}"


def public_key(line: str) -> PublicKey:
    """The key of a line such as ``ssh-ed25519 AAAA... comment``.

    Raises ValueError for other kinds of keys and broken ones.
    """
    kind, _, rest = line.strip().partition(" ")
    if kind != ED25519.decode():
        raise ValueError(f"only {ED25519.decode()} keys are accepted")
    encoded = rest.split(maxsplit=1)[0] if rest.split() else ""
    return _from_blob(_decoded(encoded))


def sign_detached(key: PrivateKey, namespace: str, message: bytes) -> str:
    """The detached signature of a message, as ``ssh-keygen -Y sign`` writes it."""
    algorithm = b"sha512"
    signature = key.secret.sign(_to_be_signed(namespace, algorithm, message))
    parts = [
        MAGIC + VERSION,
        _packed(key.public.blob),
        _packed(namespace.encode()),
        _packed(b""),
        _packed(algorithm),
        _packed(_packed(ED25519) + _packed(signature)),
    ]
    text = base64.b64encode(b"".join(parts)).decode()
    lines = [text[start : start + WIDTH] for start in range(0, len(text), WIDTH)]
    return "\n".join([BEGIN, *lines, END, ""])


def signing_key(armored: str) -> PublicKey:
    """The public key that a detached signature names; it proves nothing by itself.

    Raises SignatureInvalid if the signature cannot be read.
    """
    return _parsed(armored).key


def namespace_of(armored: str) -> str:
    """The namespace that a detached signature names.

    Raises SignatureInvalid if the signature cannot be read.
    """
    return _parsed(armored).namespace.decode(errors="replace")


def check_detached(public: PublicKey, namespace: str, message: bytes, armored: str) -> None:
    """Raise SignatureInvalid unless a signature of a key fits a message in a namespace."""
    found = _parsed(armored)
    if found.key != public:
        raise SignatureInvalid("the signature was made with a different key from the one expected")
    if found.namespace != namespace.encode():
        other = found.namespace.decode(errors="replace")
        raise SignatureInvalid(f"the signature was made for {other!r}, not for {namespace!r}")
    public.require(found.signature, _to_be_signed(namespace, found.algorithm, message))


# --- the format -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Signature:
    """A detached signature, not yet checked."""

    key: PublicKey
    namespace: bytes
    algorithm: bytes
    signature: bytes


def _to_be_signed(namespace: str, algorithm: bytes, message: bytes) -> bytes:
    """What is signed for a message: not the message itself, but its hash and the namespace."""
    digest = HASHES[algorithm](message).digest()
    members = (namespace.encode(), b"", algorithm, digest)
    return MAGIC + b"".join(_packed(each) for each in members)


def _parsed(armored: str) -> _Signature:
    """The parts of an armored signature. Raises SignatureInvalid if it is malformed."""
    found = _ARMORED.fullmatch(armored[: LONGEST + 1])
    if not found or len(armored) > LONGEST:
        raise SignatureInvalid("not a signature of ssh-keygen")
    try:
        content = _decoded("".join(found[1].split()))
        head = len(MAGIC + VERSION)
        if content[:head] != MAGIC + VERSION:
            raise ValueError("not version 1 of the format")
        blob, namespace, _reserved, algorithm, signature = _unpacked(content[head:], 5)
        kind, raw = _unpacked(signature, 2)
        if kind != ED25519 or len(raw) != RAW_SIGNATURE or algorithm not in HASHES:
            raise ValueError("not an ed25519 signature")
        return _Signature(_from_blob(blob), namespace, algorithm, raw)
    except ValueError as error:
        raise SignatureInvalid(f"the signature is malformed: {error}") from None


def _from_blob(blob: bytes) -> PublicKey:
    """A public key from its encoding. Raises ValueError for any other kind."""
    kind, raw = _unpacked(blob, 2)
    if kind != ED25519 or len(raw) != RAW:
        raise ValueError(f"only {ED25519.decode()} keys are accepted")
    return PublicKey(raw)


def _packed(content: bytes) -> bytes:
    """A string as SSH encodes it: its length in four bytes, and its content."""
    return len(content).to_bytes(4, "big") + content


def _unpacked(content: bytes, count: int) -> list[bytes]:
    """The ``count`` strings that make up a content. Raises ValueError for any other content."""
    strings = []
    for _ in range(count):
        length = int.from_bytes(content[:4], "big")
        string, rest = content[4 : 4 + length], content[4 + length :]
        if len(content) < 4 or len(string) != length:
            raise ValueError("it is too short")
        strings.append(string)
        content = rest
    if content:
        raise ValueError("it is too long")
    return strings


def _decoded(text: str) -> bytes:
    """The bytes of a base64 text. Raises ValueError if it is not base64, or too long."""
    if len(text) > LONGEST:
        raise ValueError("it is too long")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("it is not base64") from None
